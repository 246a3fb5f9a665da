/* SPDX-License-Identifier: BSD-2-Clause
 *
 * conf_document_test: sample file and manual page say what table.h says
 *
 * With the argument --write it writes both files instead: `make documents`.
 */
#include "base/buf.h"
#include "conf/conf.h"
#include "conf/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#define SAMPLE SOURCE_FOLDER "/conf/mailtailor.conf"
#define MANUAL SOURCE_FOLDER "/milter/conf/mailtailor.conf.5"

static struct str
read_file(const char *path)
{
	static char text[2][200000];
	static unsigned turn;
	char *at = text[turn++ % 2];
	FILE *file = fopen(path, "r");
	size_t len;

	if (file == NULL)
		return STR_NONE;
	len = fread(at, 1, sizeof text[0] - 1, file);
	fclose(file);
	at[len] = '\0';
	return (struct str){at, len};
}

static void
put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static char *
make_sample(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	conf_write_sample(out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static char *
make_page(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct err err = ERR_INIT;
	struct str page = read_file(MANUAL);

	assert_non_null(out);
	assert_non_null(page.p);
	if (document_page(out, page, &err) == -1)
		fail_msg("%s", err.text);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void
sample_is_fresh(void **state)
{
	char *made = make_sample();

	(void)state;
	if (!str_is(read_file(SAMPLE), made))
		fail_msg("%s is stale: run \"make documents\"", SAMPLE);
	free(made);
}

static void
manual_is_fresh(void **state)
{
	char *made = make_page();

	(void)state;
	if (!str_is(read_file(MANUAL), made))
		fail_msg("%s is stale: run \"make documents\"", MANUAL);
	assert_non_null(strstr(made, "\n.It Ic socket No = Ar text\n"));
	free(made);
}

static void
page_without_markers_is_refused(void **state)
{
	static const char *const pages[] = {"", "\n.\\\" BEGIN parameters",
	    "\n.\\\" BEGIN parameters\n", "\n.\\\" END parameters\n.\\\" BEGIN parameters\n"};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
		FILE *out = fopen("/dev/null", "w");

		assert_int_equal(document_page(out, str_c(pages[i]), &err), -1);
		fclose(out);
	}
}

/* Lines of the sample without their "# ": what an administrator gets who takes every
 * line in. Prose stays a comment, since it does not look like a setting. */
static char *
uncomment(const char *sample)
{
	char *text = calloc(1, strlen(sample) + 1), *end = text;
	struct str rest = str_c(sample), line;
	bool section = false;

	while (str_split(&rest, '\n', &line)) {
		const char *equals = memmem(line.p, line.n, " = ", 3);
		bool setting = equals != NULL && line.n > 2 && line.p[2] >= 'a' &&
		    strcspn(line.p + 2, " ") == (size_t)(equals - line.p) - 2;

		section = section || str_starts(line, STR("# campaign \"")) ||
		    str_starts(line, STR("# dkim \""));
		if ((section || setting) && line.n >= 2)
			line = (struct str){line.p + 2, line.n - 2};
		if (str_is(line, "}"))
			section = false;
		memcpy(end, line.p, line.n);
		end += line.n;
		*end++ = '\n';
	}
	end[-1] = '\0';
	return text;
}

static void
drop(const struct conf *conf)
{
	conf_unref(&conf);
}

static void
sample_says_the_defaults(void **state)
{
	char path[] = "/tmp/conf_document_test.XXXXXX";
	int fd = mkstemp(path);
	char *sample = make_sample(), *active = uncomment(sample);
	struct conf *conf, *initial;
	struct err err;

	(void)state;
	assert_int_not_equal(fd, -1);
	close(fd);
	put(path, sample);
	if (conf_load(&initial, path, NULL, NULL, &err) == -1)
		fail_msg("%s", err.text);
	put(path, active);
	if (conf_load(&conf, path, NULL, NULL, &err) == -1)
		fail_msg("%s", err.text);
	assert_int_equal(initial->campaign_count, 0);
	assert_string_equal(conf->campaigns[0].name, "spring-sale");
	assert_string_equal(conf->dkims[0].selector, "mt1");
#define SAME_TEXT(name)	      assert_string_equal(conf->name, initial->name);
#define SAME_NUMBER(name)     assert_int_equal(conf->name, initial->name);
#define SAME_BOOL(name)	      SAME_NUMBER(name)
#define SAME_INT(name)	      SAME_NUMBER(name)
#define SAME_TIME(name)	      SAME_NUMBER(name)
#define SAME_SIZE(name)	      SAME_NUMBER(name)
#define SAME_ENUM(name)	      SAME_NUMBER(name)
#define SAME_LIST(name)	      SAME_NUMBER(name.count)
#define SAME(type, name, ...) SAME_##type(name)
	CONF_GLOBAL(SAME)
#define PRESENT(type, name, ...) assert_non_null(strstr(active, "\n" #name " = "));
	CONF_GLOBAL(PRESENT)
	drop(conf);
	drop(initial);
	unlink(path);
	free(active);
	free(sample);
}

static int
write_file(const char *path, char *text)
{
	FILE *file = fopen(path, "w");

	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
		perror(path);
		return 1;
	}
	free(text);
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sample_is_fresh),
	    cmocka_unit_test(manual_is_fresh),
	    cmocka_unit_test(page_without_markers_is_refused),
	    cmocka_unit_test(sample_says_the_defaults),
	};

	if (argc == 2 && strcmp(argv[1], "--write") == 0)
		return write_file(SAMPLE, make_sample()) + write_file(MANUAL, make_page());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
