/* SPDX-License-Identifier: BSD-2-Clause
 *
 * merge_corpus: Mailchimp's own templates, as a campaign would use them
 *
 *     merge_corpus [-v]
 *
 * html-mailchimp-blueprints is looked for in $MAILTAILOR_CORPORA, by default ../shared/data. Every template has to become
 * Liquid that compiles and renders without a mark left in it, or its unknown tags are listed.
 * -v shows what is rendered. Exit 77 where the folder is absent.
 */
#include "tailor/template.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SOURCE_MAX ((size_t)4 << 20)

/* What a campaign's data file and a contact hold. */
#define DATA                                                                                  \
	"{\"contact\":{\"email\":\"ada@example.org\",\"first_name\":\"Ada\"},\"campaign\":{"  \
	"\"list\":{\"company\":\"Shop & Sons\",\"address\":\"1 Main St\\nTown\","             \
	"\"description\":\"You bought here.\",\"name\":\"News\"},\"links\":{\"unsubscribe\":" \
	"\"https://s.example/u?a=1&b=2\",\"view\":\"https://s.example/v\",\"forward\":"       \
	"\"https://s.example/f\",\"preferences\":\"https://s.example/p\",\"facebook\":"       \
	"\"https://facebook.com/shop\",\"twitter\":\"https://twitter.com/shop\"}}}"

static struct {
	struct liquid_value data;
	struct arena *arena;
	int files;
	int rendered;
	int refused;
	size_t tags;
	bool verbose;
} run;

static void
count(void *closure, const struct merge_tag *tag)
{
	run.tags++;
	if (tag->why != NULL)
		printf("%s:%u:%u: *|%.*s|*: %s\n", (const char *)closure, tag->line, tag->column,
		    STR_F(tag->text), tag->why);
}

static bool
has_value(void *closure, struct str path)
{
	return tailor_has_value(closure, path);
}

static int
render(const char *path, struct str source, struct err *err)
{
	const struct liquid_options options = {.mode = LIQUID_HTML,
	    .limits = {.source = SOURCE_MAX, .steps = 1000000, .output = SOURCE_MAX, .depth = 100}};
	const struct liquid_render_options now = {.now_ms = INT64_C(1704067318000)};
	const struct merge_options merge = {
	    .subject = STR("News for *|FNAME|* & all"), .has = has_value, .closure = &run.data};
	const struct tailor_stages stages = {.merge = &merge};
	struct liquid_program *program = NULL;
	struct str output;
	int rc;

	rc = tailor_compile_template(&program, str_c(path), source, &options, &stages, err);
	if (rc == 0)
		rc = liquid_render(program, &run.data, &now, run.arena, &output, err);
	if (rc == 0 &&
	    (str_has(output, STR("href=\"\"")) ||
		!str_has(output, STR("https://s.example/u?a=1&amp;b=2"))))
		rc = err_set(err, ERR_TEMPLATE, "%s: a link is missing", path);
	if (rc == 0 && (merge_has(output) || str_has(output, STR("{%"))))
		rc = err_set(err, ERR_TEMPLATE, "%s: a tag is left in it", path);
	if (rc == 0 && run.verbose)
		printf("==== %s\n%.*s\n", path, STR_F(output));
	liquid_free(&program);
	return rc;
}

static int
take_file(const char *path, const struct stat *status, int type, struct FTW *place)
{
	const struct merge_options merge = {
	    .html = true, .subject = STR("Subject"), .has = has_value, .closure = &run.data};
	struct err err = ERR_INIT;
	char *bytes;
	FILE *file;
	size_t n;

	(void)status;
	(void)place;
	if (type != FTW_F || !str_ends_nocase(str_c(path), STR(".html")))
		return 0;
	file = fopen(path, "rbe");
	bytes = file == NULL ? NULL : malloc(SOURCE_MAX);
	if (bytes == NULL)
		return -1;
	n = fread(bytes, 1, SOURCE_MAX, file);
	fclose(file);
	run.files++;
	if (merge_each((struct str){bytes, n}, &merge, count, (void *)(uintptr_t)path) > 0)
		run.refused++;
	else if (render(path, (struct str){bytes, n}, &err) == 0)
		run.rendered++;
	else
		printf("%s\n", err.text);
	arena_reset(run.arena);
	free(bytes);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *corpora = getenv("MAILTAILOR_CORPORA");
	struct arena *kept = arena_new(1 << 20);
	json_t *json = json_loads(DATA, 0, NULL);
	char folder[4096];

	run.verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	if (corpora == NULL)
		corpora = SOURCE_ROOT "/../shared/data";
	snprintf(folder, sizeof folder, "%s/html-mailchimp-blueprints", corpora);
	if (access(folder, R_OK) != 0) {
		printf("merge_corpus: no templates in %s\n", folder);
		json_decref(json);
		arena_free(&kept);
		return 77;
	}
	if (json == NULL || liquid_from_json(json, kept, &run.data, NULL) != 0)
		return 1;
	json_decref(json);
	run.arena = arena_new((size_t)64 << 20);
	if (nftw(folder, take_file, 16, FTW_PHYS) != 0)
		perror(folder);
	printf("merge_corpus: %d templates with %zu merge tags: %d rendered, %d with unknown "
	       "tags\n",
	    run.files, run.tags, run.rendered, run.refused);
	arena_free(&run.arena);
	arena_free(&kept);
	return run.files > 0 && run.tags > 0 && run.rendered + run.refused == run.files ? 0 : 1;
}
