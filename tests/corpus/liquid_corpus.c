/* SPDX-License-Identifier: BSD-2-Clause
 *
 * liquid_corpus: runs the suites of other Liquid projects
 *
 *     liquid_corpus [-v] [SUITE...]
 *
 * golden and spec are looked for in $MAILTAILOR_CORPORA. Prints how many cases pass;
 * -v also each that does not. Exit 0 if at least the share given below passes, 77
 * where the suites are absent.
 *
 * liquid_SUITE.known beside this file lists the cases that do not pass, each with its
 * reason: "NAME<TAB>REASON". A case that fails and is not listed, or passes and is, is
 * a failure whatever the share.
 */
#include "liquid/json.h"
#include "liquid/liquid.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARENA_MAX ((size_t)64 * 1024 * 1024)

struct suite {
	const char *name;
	const char *file;
	const char *data;  /* the member that holds variables */
	const char *files; /* the member that holds partials */
	int share;	   /* per cent that must pass */
};

static const struct suite suites[] = {
    {"golden", "liquid-golden/golden_liquid.dev.json", "data", "templates", 100},
    {"spec", "liquid-spec/liquid_spec_portable.dev.json", "environment", "filesystem", 99},
};

static bool verbose;

static bool
has_tag(const json_t *test, const char *list, const char *word)
{
	const json_t *tags = json_object_get(test, list);
	size_t i;
	json_t *tag;

	if (json_is_string(tags))
		return strstr(json_string_value(tags), word) != NULL;
	json_array_foreach((json_t *)(uintptr_t)tags, i, tag)
	{
		if (strstr(json_string_value(tag), word) != NULL)
			return true;
	}
	return false;
}

static struct str
without_suffix(struct str name)
{
	if (str_ends_nocase(name, STR(".liquid")))
		name.n -= strlen(".liquid");
	return name;
}

/* As the suites' own file system: by name in any case, with or without .liquid. */
static int
get_partial(void *closure, struct str name, struct str *source_r, struct err *err)
{
	json_t *files = closure;
	const char *file;
	json_t *source;

	(void)err;
	json_object_foreach(files, file, source)
	{
		if (!str_eq_nocase(without_suffix(str_c(file)), without_suffix(name)))
			continue;
		if (!json_is_string(source))
			return 0;
		*source_r = str_c(json_string_value(source));
		return 1;
	}
	return 0;
}

static bool
list_partials(void *closure, size_t i, struct str *name_r)
{
	json_t *files = closure;
	void *iter = json_object_iter(files);

	while (iter != NULL && i-- > 0)
		iter = json_object_iter_next(files, iter);
	if (iter == NULL)
		return false;
	*name_r = without_suffix(str_c(json_object_iter_key(iter)));
	return true;
}

static int
render(const struct suite *suite, const json_t *test, struct arena *arena, struct str *output_r,
    struct err *err)
{
	struct liquid_options options = {.mode = LIQUID_TEXT,
	    .limits = {.source = 1 << 20, .steps = 1000000, .output = 1 << 22, .depth = 100}};
	struct liquid_render_options render_options = {.now_ms = INT64_C(1704067318000)};
	struct str source = str_c(json_string_value(json_object_get(test, "template")));
	struct liquid_partials partials = {.get = get_partial,
	    .list = list_partials,
	    .closure = json_object_get(test, suite->files)};
	struct liquid_program *program;
	struct liquid_value globals;
	int ret;

	options.partials = &partials;
	options.strict = has_tag(test, "tags", "strict") ||
	    (has_tag(test, "error_mode", "strict") && !has_tag(test, "error_mode", "lax"));
	if (liquid_from_json(json_object_get(test, suite->data), arena, &globals, err) < 0 ||
	    liquid_compile(&program, STR("t"), source, &options, err) < 0)
		return -1;
	ret = liquid_render(program, &globals, &render_options, arena, output_r, err);
	liquid_free(&program);
	return ret;
}

static void
report(const json_t *test, bool wants_error, struct str got, const struct err *err)
{
	const char *expected = json_string_value(json_object_get(test, "expected"));

	if (!verbose)
		return;
	if (expected == NULL)
		expected = json_string_value(json_object_get(test, "result"));
	printf("--- %s\n    template: %s\n    expected: %s\n    got:      %.*s%s%s\n",
	    json_string_value(json_object_get(test, "name")),
	    json_string_value(json_object_get(test, "template")),
	    wants_error		   ? "(an error)"
		: expected == NULL ? "(one of several)"
				   : expected,
	    STR_F(got), err->code == ERR_NONE ? "" : " ERROR ", err->text);
}

/* One result, or several of which any will do. */
static bool
is_expected(const json_t *test, struct str output)
{
	const json_t *results = json_object_get(test, "results");
	const json_t *one = json_object_get(test, "result");
	size_t i;
	json_t *each;

	if (one == NULL)
		one = json_object_get(test, "expected");
	if (results == NULL)
		return str_is(output, json_string_value(one));
	json_array_foreach((json_t *)(uintptr_t)results, i, each)
	{
		if (str_is(output, json_string_value(each)))
			return true;
	}
	return false;
}

static bool
run_test(const struct suite *suite, const json_t *test, struct arena *arena)
{
	bool wants_error =
	    json_object_get(test, "invalid") != NULL || json_object_get(test, "errors") != NULL;
	struct err err = ERR_INIT;
	struct str output = STR_NONE;
	bool failed = render(suite, test, arena, &output, &err) < 0;
	bool pass = wants_error ? failed : !failed && is_expected(test, output);

	if (!pass)
		report(test, wants_error, output, &err);
	arena_reset(arena);
	return pass;
}

/* Some cases have lost what they expect. */
static bool
is_checked(const json_t *test)
{
	static const char *const outcomes[] = {
	    "result", "results", "invalid", "expected", "errors"};

	for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
		if (json_object_get(test, outcomes[i]) != NULL)
			return true;
	}
	return false;
}

static json_t *
load(const char *path)
{
	struct err err = ERR_INIT;
	json_t *json = liquid_json_load_file(path, 0, &err);

	if (json == NULL && err.code != ERR_NOTFOUND) {
		fprintf(stderr, "%s\n", err.text);
		exit(99);
	}
	return json;
}

/* The names in liquid_SUITE.known; an empty set if there is no such file. */
static GHashTable *
load_known(const struct suite *suite)
{
	GHashTable *known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	char path[4096];
	char line[4096];
	FILE *file;

	snprintf(path, sizeof path, SOURCE_ROOT "/tests/corpus/liquid_%s.known", suite->name);
	file = fopen(path, "r");
	while (file != NULL && fgets(line, sizeof line, file) != NULL) {
		char *tab = strchr(line, '\t');

		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (tab == NULL || strlen(tab) < 10) {
			fprintf(stderr, "%s: expected NAME<TAB>REASON, found: %s", path, line);
			exit(1);
		}
		g_hash_table_add(known, g_strndup(line, (size_t)(tab - line)));
	}
	if (file != NULL)
		fclose(file);
	return known;
}

/* Is the outcome what the list says? */
static bool
is_known(GHashTable *known, const json_t *test, bool pass)
{
	const char *name = json_string_value(json_object_get(test, "name"));
	bool listed = g_hash_table_contains(known, name);

	if (pass && listed)
		printf("%s passes: take it from the list of known failures\n", name);
	if (!pass && !listed)
		printf("%s fails and is not in the list of known failures\n", name);
	return pass != listed;
}

/* 0 enough pass, 1 too few, 77 absent. */
static int
run_suite(const struct suite *suite, const char *corpora)
{
	struct arena *arena = arena_new(ARENA_MAX);
	GHashTable *known = load_known(suite);
	size_t passed = 0;
	size_t surprises = 0;
	size_t i, count;
	char path[4096];
	json_t *json, *tests, *test;

	snprintf(path, sizeof path, "%s/%s", corpora, suite->file);
	json = load(path);
	if (json == NULL) {
		printf("%s: %s is absent: skipped\n", suite->name, path);
		g_hash_table_destroy(known);
		arena_free(&arena);
		return 77;
	}
	tests = json_object_get(json, "tests");
	count = json_array_size(tests);
	json_array_foreach(tests, i, test)
	{
		bool pass = is_checked(test) && run_test(suite, test, arena);

		passed += pass;
		if (!is_checked(test))
			count--;
		else if (!is_known(known, test, pass))
			surprises++;
	}
	printf("%s: %zu of %zu pass\n", suite->name, passed, count);
	g_hash_table_destroy(known);
	json_decref(json);
	arena_free(&arena);
	return passed * 100 >= count * (size_t)suite->share && surprises == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	const char *corpora = getenv("MAILTAILOR_CORPORA");
	int worst = 0;

	if (corpora == NULL)
		corpora = SOURCE_ROOT "/../shared/data";
	if (getopt(argc, argv, "v") == 'v')
		verbose = true;
	for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
		int ret = run_suite(&suites[i], corpora);

		if (ret == 1 || worst == 0)
			worst = ret;
	}
	return worst;
}
