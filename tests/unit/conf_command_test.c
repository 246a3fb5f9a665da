/* SPDX-License-Identifier: BSD-2-Clause
 *
 * conf_command_test: mailtailor conf sample|manual|check
 */
#include "ctl/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

static const struct {
	const char *name;
	const char *file; /* NULL: there is none */
	const char *word;
	int exit_code;
	const char *out;    /* how it begins; % stands for the path */
	const char *errors; /* the whole */
} cases[] = {
    {"sample", "", "sample", EX_OK, "# mailtailor.conf: configuration", ""},
    {"manual", "", "manual", EX_OK, ".Ss Global parameters\n", ""},
    {"a good file", "campaign a { }\n", "check", EX_OK, "%: ok, 1 campaign and 0 dkim sections\n",
	""},
    {"all errors of a bad file", "sessions = x\nlog_level = y\n", "check", EX_CONFIG, "",
	"%:1: sessions: expected a number from 0 to 64, got \"x\"\n"
	"%:2: log_level: expected one of error, warning, info, debug, got \"y\"\n"},
    {"no file", NULL, "check", EX_NOINPUT, "", "%: No such file or directory\n"},
    {"an unknown word", "", "chekc", EX_USAGE, "",
	"usage: mailtailor -c FILE conf sample|manual|check\n"},
};

static char *
with_path(const char *text, const char *path)
{
	char *result = calloc(1, strlen(text) + 4 * strlen(path) + 1), *end = result;

	assert_non_null(result);
	for (; *text != '\0'; text++) {
		if (*text == '%')
			end = stpcpy(end, path);
		else
			*end++ = *text;
	}
	return result;
}

static void
expect(size_t i, const char *path)
{
	char first[] = "conf", second[20], *argv[] = {first, second, NULL};
	char *out_text = NULL, *error_text = NULL, *begin, *errors;
	size_t size;
	FILE *out = open_memstream(&out_text, &size);
	FILE *error = open_memstream(&error_text, &size);

	snprintf(second, sizeof second, "%s", cases[i].word);
	if (conf_command(path, 2, argv, out, error) != cases[i].exit_code)
		fail_msg("%s: another exit code", cases[i].name);
	fclose(out);
	fclose(error);
	begin = with_path(cases[i].out, path);
	errors = with_path(cases[i].errors, path);
	if (strncmp(out_text, begin, strlen(begin)) != 0 ||
	    (begin[0] == '\0' && out_text[0] != '\0'))
		fail_msg("%s: output is %s", cases[i].name, out_text);
	if (strcmp(error_text, errors) != 0)
		fail_msg("%s: errors are %s", cases[i].name, error_text);
	free(begin);
	free(errors);
	free(out_text);
	free(error_text);
}

static void
words_do_what_they_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char path[] = "/tmp/conf_command_test.XXXXXX";
		int fd = mkstemp(path);

		assert_int_not_equal(fd, -1);
		if (cases[i].file == NULL)
			unlink(path);
		else
			assert_int_equal(
			    write(fd, cases[i].file, strlen(cases[i].file)), strlen(cases[i].file));
		close(fd);
		expect(i, path);
		if (cases[i].file != NULL)
			unlink(path);
	}
}

static void
output_that_fails_is_told(void **state)
{
	char first[] = "conf", second[] = "sample", *argv[] = {first, second, NULL};
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	assert_int_equal(conf_command("none", 2, argv, full, stderr), EX_IOERR);
	fclose(full);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_do_what_they_say),
	    cmocka_unit_test(output_that_fails_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
