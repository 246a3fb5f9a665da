/* SPDX-License-Identifier: BSD-2-Clause
 *
 * liquid_folder_test: partials from a folder, attempts to leave it, its ceilings
 */
#include "liquid/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* The folder is top/templates; top/secret.liquid lies beside it. */
static char top[64];
static char path[80];

static void
put(const char *name, struct str text)
{
	FILE *file = fopen(name, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(text.p, 1, text.n, file), text.n);
	fclose(file);
}

static int
set_up(void **state)
{
	(void)state;
	snprintf(top, sizeof top, "/tmp/liquid_folder_test.XXXXXX");
	if (mkdtemp(top) == NULL || chdir(top) != 0 || mkdir("templates", 0755) != 0)
		return -1;
	snprintf(path, sizeof path, "%s/templates", top);
	put("secret.liquid", STR("secret"));
	return chdir("templates");
}

static int
remove_one(const char *name, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(name);
}

static int
tear_down(void **state)
{
	(void)state;
	return chdir("/") != 0 || nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0;
}

static struct liquid_folder *
must_read(void)
{
	struct liquid_folder *folder;
	struct err err = ERR_INIT;

	if (liquid_folder_read(&folder, path, &err) != 0)
		fail_msg("%s", err.text);
	return folder;
}

/* Refused, with a sentence that begins with the folder's path and then says `problem`. */
static void
expect_refusal(enum err_code code, const char *problem)
{
	struct liquid_folder *folder;
	struct err err = ERR_INIT;
	char expected[200];

	assert_int_equal(liquid_folder_read(&folder, path, &err), -1);
	snprintf(expected, sizeof expected, "%s%s", path, problem);
	assert_string_equal(err.text, expected);
	assert_int_equal(err.code, code);
	assert_null(folder);
}

static void
expect_partial(
    const struct liquid_folder *folder, enum liquid_mode mode, struct str name, const char *text)
{
	const struct liquid_partials *partials = liquid_folder_partials(folder, mode);
	struct err err = ERR_INIT;
	struct str source;
	int found = partials->get(partials->closure, name, &source, &err);

	if (found != (text != NULL) || (found == 1 && !str_is(source, text)))
		fail_msg("%.*s in mode %d: %d %s", STR_F(name), mode, found, err.text);
}

static void
forms_of_a_partial(void **state)
{
	struct liquid_folder *folder;

	(void)state;
	assert_int_equal(mkdir("brand", 0755), 0);
	put("brand/footer.html.liquid", STR("html"));
	put("brand/footer.txt.liquid", STR("text"));
	put("plain.liquid", STR("\xef\xbb\xbfplain"));
	put("bare", STR("bare"));
	put("page.html.liquid", STR("page"));
	folder = must_read();
	expect_partial(folder, LIQUID_HTML, STR("brand/footer"), "html");
	expect_partial(folder, LIQUID_TEXT, STR("brand/footer"), "text");
	expect_partial(folder, LIQUID_HEADER, STR("brand/footer"), "text");
	expect_partial(folder, LIQUID_CALENDAR, STR("brand/footer"), "text");
	expect_partial(folder, LIQUID_TEXT, STR("brand/footer.html"), "html");
	expect_partial(folder, LIQUID_TEXT, STR("brand/footer.html.liquid"), "html");
	expect_partial(folder, LIQUID_HTML, STR("plain"), "plain");
	expect_partial(folder, LIQUID_HTML, STR("plain.liquid"), "plain");
	expect_partial(folder, LIQUID_TEXT, STR("bare"), "bare");
	expect_partial(folder, LIQUID_HTML, STR("page"), "page");
	expect_partial(folder, LIQUID_TEXT, STR("page"), NULL);
	expect_partial(folder, LIQUID_TEXT, STR("Plain"), NULL);
	liquid_folder_free(&folder);
	assert_null(folder);
}

static void
names_that_lead_out(void **state)
{
	static const struct str names[] = {STR("../secret"), STR("../secret.liquid"),
	    STR("brand/../../secret"), STR("brand/../plain"), STR("./plain"), STR("brand//in"),
	    STR("/etc/passwd"), STR("brand"), STR("brand/"), STR(".hidden"), STR(".hidden.liquid"),
	    STR(".git/config"), STR("plain\0"), STR("plain.liquid\0.html"), STR("..\0"), STR("."),
	    STR("..")};
	struct liquid_folder *folder;
	char longest[5000];

	(void)state;
	assert_int_equal(mkdir("brand", 0755), 0);
	assert_int_equal(mkdir(".git", 0755), 0);
	put("plain.liquid", STR("plain"));
	put("brand/in.liquid", STR("in"));
	put(".hidden.liquid", STR("\xff"));
	put(".git/config", STR("x"));
	folder = must_read();
	for (size_t i = 0; i < COUNT(names); i++) {
		expect_partial(folder, LIQUID_TEXT, names[i], NULL);
		expect_partial(folder, LIQUID_HTML, names[i], NULL);
	}
	memset(longest, 'a', sizeof longest);
	for (size_t n = 4080; n < 4110; n++)
		expect_partial(folder, LIQUID_TEXT, (struct str){longest, n}, NULL);
	expect_partial(folder, LIQUID_TEXT, (struct str){"", 0}, NULL);
	expect_partial(folder, LIQUID_TEXT, STR("brand/in"), "in");
	liquid_folder_free(&folder);
}

static void
links(void **state)
{
	static const struct {
		const char *target;
		const char *problem;
	} bad[] = {
	    {"../secret.liquid", "a symbolic link that leads out of the folder"},
	    {"/etc/passwd", "a symbolic link that leads out of the folder"},
	    {"brand/../../secret.liquid", "a symbolic link that leads out of the folder"},
	    {"/proc/self/environ", "a symbolic link that leads out of the folder"},
	    {"nowhere", "a symbolic link that can't be followed: No such file or directory"},
	    {"link.liquid",
		"a symbolic link that can't be followed: Too many levels of symbolic links"},
	    {"brand", "not a regular file"},
	};
	struct liquid_folder *folder;
	char problem[120];

	(void)state;
	assert_int_equal(mkdir("brand", 0755), 0);
	put("plain.liquid", STR("plain"));
	assert_int_equal(symlink("../plain.liquid", "brand/in.liquid"), 0);
	assert_int_equal(symlink("brand/in.liquid", "twice.liquid"), 0);
	folder = must_read();
	expect_partial(folder, LIQUID_TEXT, STR("brand/in"), "plain");
	expect_partial(folder, LIQUID_TEXT, STR("twice"), "plain");
	liquid_folder_free(&folder);
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(symlink(bad[i].target, "link.liquid"), 0);
		snprintf(problem, sizeof problem, "/link.liquid: %s", bad[i].problem);
		expect_refusal(i < 4 ? ERR_PERM : i < 6 ? ERR_IO : ERR_INPUT, problem);
		unlink("link.liquid");
	}
}

/* One that goes back up would never end. */
static void
link_to_a_folder_is_not_entered(void **state)
{
	struct liquid_folder *folder;

	(void)state;
	put("plain.liquid", STR("plain"));
	assert_int_equal(mkdir("brand", 0755), 0);
	assert_int_equal(symlink("..", "brand/up"), 0);
	assert_int_equal(symlink("../..", "brand/out"), 0);
	folder = must_read();
	expect_partial(folder, LIQUID_TEXT, STR("brand/up/plain"), NULL);
	expect_partial(folder, LIQUID_TEXT, STR("brand/out/secret"), NULL);
	liquid_folder_free(&folder);
}

static void
files_that_are_no_templates(void **state)
{
	static char large[(1 << 20) + 1];

	(void)state;
	assert_int_equal(mkfifo("pipe.liquid", 0644), 0);
	expect_refusal(ERR_INPUT, "/pipe.liquid: not a regular file");
	unlink("pipe.liquid");
	assert_int_equal(mkfifo("pipe", 0644), 0);
	assert_int_equal(symlink("pipe", "link.liquid"), 0);
	expect_refusal(ERR_INPUT, "/link.liquid: not a regular file");
	unlink("link.liquid");
	put("bad.liquid", STR("one\ntwo \xff\n"));
	expect_refusal(ERR_INPUT, "/bad.liquid: line 2 is not UTF-8 text");
	put("bad.liquid", STR("one\n\0two"));
	expect_refusal(ERR_INPUT, "/bad.liquid: line 2 is not UTF-8 text");
	memset(large, 'a', sizeof large);
	put("bad.liquid", (struct str){large, sizeof large});
	expect_refusal(ERR_LIMIT, "/bad.liquid: larger than 1024 KB");
	put("bad.liquid", (struct str){large, sizeof large - 1});
	for (int i = 0; i < 15; i++) {
		char name[32];

		snprintf(name, sizeof name, "large%d.liquid", i);
		put(name, (struct str){large, sizeof large - 1});
	}
	put("one.more", STR("a"));
	put("picture", STR("\xff"));
	liquid_folder_free(&(struct liquid_folder *){must_read()});
	unlink("one.more");
	put("z.liquid", STR("a"));
	expect_refusal(ERR_LIMIT, "/z.liquid: with this file all are larger than 16 MB");
}

/* What else lies in the folder does no harm until a template wants it. */
static void
other_files_fail_when_named(void **state)
{
	const struct liquid_partials *partials;
	struct liquid_folder *folder;
	struct err err = ERR_INIT;
	struct str source;
	char expected[200];

	(void)state;
	put("logo.png", STR("\x89PNG"));
	assert_int_equal(symlink("../secret.liquid", "link"), 0);
	folder = must_read();
	partials = liquid_folder_partials(folder, LIQUID_TEXT);
	assert_int_equal(partials->get(partials->closure, STR("logo.png"), &source, &err), -1);
	snprintf(expected, sizeof expected, "%s/logo.png: line 1 is not UTF-8 text", path);
	assert_string_equal(err.text, expected);
	assert_int_equal(partials->get(partials->closure, STR("link"), &source, &err), -1);
	assert_non_null(strstr(err.text, "leads out of the folder"));
	liquid_folder_free(&folder);
}

static void
too_many_and_too_deep(void **state)
{
	char name[128] = "";

	(void)state;
	for (int i = 0; i < LIQUID_FOLDER_DEPTH; i++) {
		snprintf(name + strlen(name), sizeof name - strlen(name), "%sd", i == 0 ? "" : "/");
		if (i == LIQUID_FOLDER_DEPTH - 1)
			liquid_folder_free(&(struct liquid_folder *){must_read()});
		assert_int_equal(mkdir(name, 0755), 0);
	}
	expect_refusal(ERR_LIMIT, "/d/d/d/d/d/d/d/d: folders are nested more than 8 deep");
	assert_int_equal(rmdir(name), 0);
	for (size_t i = LIQUID_FOLDER_DEPTH - 1; i < LIQUID_FOLDER_FILES; i++) {
		snprintf(name, sizeof name, "%zu", i);
		put(name, STR(""));
	}
	liquid_folder_free(&(struct liquid_folder *){must_read()});
	put("one more", STR(""));
	expect_refusal(ERR_LIMIT, ": more than 2000 files");
}

static void
no_folder(void **state)
{
	struct liquid_folder *folder;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(liquid_folder_read(&folder, "none", &err), -1);
	assert_string_equal(err.text, "none: No such file or directory");
	assert_int_equal(err.code, ERR_NOTFOUND);
	assert_int_equal(liquid_folder_read(&folder, "../secret.liquid", &err), -1);
	assert_string_equal(err.text, "../secret.liquid: Not a directory");
}

/* Renders as `mailtailor render` would. */
static void
expect_render(const struct liquid_folder *folder, enum liquid_mode mode, const char *template,
    const char *result)
{
	struct liquid_options options = {.mode = mode,
	    .limits = {.source = 1 << 20, .steps = 1000, .output = 1 << 20, .depth = 20},
	    .partials = liquid_folder_partials(folder, mode)};
	struct liquid_render_options render = {.now_ms = 0};
	struct arena *arena = arena_new((size_t)1 << 20);
	struct liquid_program *program;
	struct err err = ERR_INIT;
	struct liquid_value none = LIQUID_NIL_VALUE;
	struct str output;

	if (liquid_compile(&program, STR("t"), str_c(template), &options, &err) != 0) {
		assert_string_equal(err.text, result);
	} else {
		if (liquid_render(program, &none, &render, arena, &output, &err) != 0)
			fail_msg("%s", err.text);
		assert_true(str_is(output, result));
	}
	liquid_free(&program);
	arena_free(&arena);
}

static void
in_templates(void **state)
{
	struct liquid_folder *folder;
	char refusal[200];

	(void)state;
	assert_int_equal(mkdir("brand", 0755), 0);
	put("brand/footer.html.liquid", STR("<b>{{ x }}</b>"));
	put("brand/footer.txt.liquid", STR("-- {{ x }}"));
	put("other.html.liquid", STR("{% nonsense"));
	put("logo.png", STR("\x89PNG"));
	folder = must_read();
	expect_render(folder, LIQUID_HTML, "{% render 'brand/footer', x: '&' %}", "<b>&amp;</b>");
	expect_render(folder, LIQUID_TEXT, "{% render 'brand/footer', x: '&' %}", "-- &");
	/* A computed name: all are compiled, the broken one harms nobody. */
	expect_render(folder, LIQUID_HTML, "{% assign n = 'brand/footer' %}{% include n, x: 1 %}",
	    "<b>1</b>");
	expect_render(folder, LIQUID_HTML, "\n {% render '../secret' %}",
	    "t:2:12: there is no partial '../secret'");
	snprintf(refusal, sizeof refusal, "t:1:11: %s/logo.png: line 1 is not UTF-8 text", path);
	expect_render(folder, LIQUID_HTML, "{% render 'logo.png' %}", refusal);
	expect_render(
	    folder, LIQUID_HTML, "{% render 'other' %}", "other:1:1: '{%' is not closed with '%}'");
	liquid_folder_free(&folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(forms_of_a_partial, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(names_that_lead_out, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(links, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(link_to_a_folder_is_not_entered, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(files_that_are_no_templates, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(other_files_fail_when_named, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(too_many_and_too_deep, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(no_folder, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(in_templates, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
