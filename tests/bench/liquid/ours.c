/* SPDX-License-Identifier: BSD-2-Clause
 *
 * ours: mailtailor's own renderer, as one of the engines that run.py compares
 *
 *     ours text|html TEMPLATE DATA PARTIALS
 *
 * DATA has a JSON object a line. Says "ready VERSION" when the template is compiled, then obeys
 * lines of standard input:
 *
 *     write STEP FILE   renders every STEPth object into FILE, a line "NUMBER BYTES" before each
 *     run SECONDS       renders one object after the other, from where it stopped before, for so
 *                       long, and says: renders, nanoseconds by the clock, nanoseconds of CPU
 *                       time, bytes, allocations from the heap
 *
 * Objects are read and parsed BATCH at a time while the clock stands. Allocations are counted
 * while it runs, by functions that stand in front of the C library's: from the second `run` on
 * there may be none.
 *
 * Threads: one.
 */
#include "base/clock.h"
#include "liquid/liquid.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BATCH	  50
#define DATA_MAX  ((size_t)256 * 1024 * 1024)
#define ARENA_MAX ((size_t)64 * 1024 * 1024)

static bool counting;
static unsigned long heap_calls;

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if !defined(SANITIZED) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *p, size_t size);

void *
malloc(size_t size)
{
	heap_calls += counting;
	return __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	heap_calls += counting;
	return __libc_calloc(count, size);
}

void *
realloc(void *p, size_t size)
{
	heap_calls += counting;
	return __libc_realloc(p, size);
}
#endif

struct engine {
	struct liquid_program *program;
	const char *partials;
	GPtrArray *sources; /* of partials, until all is compiled */
	FILE *data;
	char *line;
	size_t room;
	struct arena *objects; /* a batch of them */
	struct arena *arena;   /* one render */
	int64_t now;
	struct liquid_value batch[BATCH];
};

static void
fail(const char *what, const char *why)
{
	fprintf(stderr, "ours: %s: %s\n", what, why);
	exit(1);
}

static int
get_partial(void *closure, struct str name, struct str *source_r, struct err *err)
{
	struct engine *engine = closure;
	char *path = g_strdup_printf("%s/%.*s", engine->partials, STR_F(name));
	char *source;
	gsize n;
	bool found = g_file_get_contents(path, &source, &n, NULL);

	(void)err;
	g_free(path);
	if (!found)
		return 0;
	g_ptr_array_add(engine->sources, source);
	*source_r = (struct str){source, n};
	return 1;
}

static void
compile(struct engine *engine, const char *mode, const char *path)
{
	struct liquid_partials partials = {.get = get_partial, .closure = engine};
	struct liquid_options options = {
	    .mode = strcmp(mode, "html") == 0 ? LIQUID_HTML : LIQUID_TEXT,
	    .limits = {.source = 1 << 20, .steps = 1000000, .output = 1 << 22, .depth = 100},
	    .partials = &partials};
	struct err err = ERR_INIT;
	char *source;
	gsize n;

	if (!g_file_get_contents(path, &source, &n, NULL))
		fail(path, "can't be read");
	engine->sources = g_ptr_array_new_with_free_func(g_free);
	if (liquid_compile(
		&engine->program, STR("bench"), (struct str){source, n}, &options, &err) < 0)
		fail(path, err.text);
	g_ptr_array_free(engine->sources, true);
	g_free(source);
}

/* The next line; after the last the first. */
static size_t
next_line(struct engine *engine)
{
	ssize_t n = getline(&engine->line, &engine->room, engine->data);

	if (n < 0) {
		rewind(engine->data);
		n = getline(&engine->line, &engine->room, engine->data);
	}
	if (n < 0)
		fail("data", "there is no line");
	return (size_t)n;
}

static void
parse_line(struct engine *engine, size_t n, struct liquid_value *value_r)
{
	struct err err = ERR_INIT;
	json_error_t error;
	json_t *json = json_loadb(engine->line, n, 0, &error);

	if (json == NULL)
		fail("data", error.text);
	if (liquid_from_json(json, engine->objects, value_r, &err) < 0)
		fail("data", err.text);
	json_decref(json);
}

static struct str
render(struct engine *engine, const struct liquid_value *globals)
{
	struct liquid_render_options options = {.now_ms = engine->now};
	struct err err = ERR_INIT;
	struct str output;

	arena_reset(engine->arena);
	if (liquid_render(engine->program, globals, &options, engine->arena, &output, &err) < 0)
		fail("render", err.text);
	return output;
}

static int64_t
now(clockid_t clock)
{
	struct timespec at;

	clock_gettime(clock, &at);
	return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static void
run(struct engine *engine, double seconds)
{
	int64_t wall = 0;
	int64_t cpu = 0;
	unsigned long renders = 0;
	size_t bytes = 0;

	heap_calls = 0;
	while ((double)wall < seconds * 1e9) {
		int64_t wall_began, cpu_began;

		arena_reset(engine->objects);
		for (size_t i = 0; i < BATCH; i++)
			parse_line(engine, next_line(engine), &engine->batch[i]);
		counting = true;
		wall_began = now(CLOCK_MONOTONIC);
		cpu_began = now(CLOCK_PROCESS_CPUTIME_ID);
		for (size_t i = 0; i < BATCH; i++)
			bytes += render(engine, &engine->batch[i]).n;
		cpu += now(CLOCK_PROCESS_CPUTIME_ID) - cpu_began;
		wall += now(CLOCK_MONOTONIC) - wall_began;
		counting = false;
		renders += BATCH;
	}
	printf(
	    "%lu %lld %lld %zu %lu\n", renders, (long long)wall, (long long)cpu, bytes, heap_calls);
}

static void
write_some(struct engine *engine, unsigned long step, const char *path)
{
	FILE *out = fopen(path, "wb");
	ssize_t n;

	if (out == NULL)
		fail(path, "can't be written");
	rewind(engine->data);
	for (unsigned long i = 0; (n = getline(&engine->line, &engine->room, engine->data)) >= 0;
	     i++) {
		struct liquid_value value;
		struct str output;

		if (i % step != 0)
			continue;
		arena_reset(engine->objects);
		parse_line(engine, (size_t)n, &value);
		output = render(engine, &value);
		fprintf(out, "%lu %zu\n", i, output.n);
		fwrite(output.p, 1, output.n, out);
		fputc('\n', out);
	}
	rewind(engine->data);
	if (fclose(out) != 0)
		fail(path, "can't be written");
	puts("written");
}

static void
obey(struct engine *engine)
{
	char *line = NULL;
	size_t room = 0;
	char path[4096];
	unsigned long step;
	double seconds;

	while (getline(&line, &room, stdin) >= 0) {
		if (sscanf(line, "write %lu %4095s", &step, path) == 2 && step > 0)
			write_some(engine, step, path);
		else if (sscanf(line, "run %lf", &seconds) == 1)
			run(engine, seconds);
		else
			fail("what is this command?", line);
	}
	free(line);
}

int
main(int argc, char **argv)
{
	struct engine engine = {.now = clock_now()};

	if (argc != 5)
		fail("usage", "ours text|html TEMPLATE DATA PARTIALS");
	setvbuf(stdout, NULL, _IOLBF, 0);
	engine.partials = argv[4];
	engine.data = fopen(argv[3], "rb");
	if (engine.data == NULL)
		fail(argv[3], "can't be read");
	engine.objects = arena_new(DATA_MAX);
	engine.arena = arena_new(ARENA_MAX);
	compile(&engine, argv[1], argv[2]);
	puts("ready " PACKAGE_VERSION);
	obey(&engine);
	liquid_free(&engine.program);
	arena_free(&engine.objects);
	arena_free(&engine.arena);
	fclose(engine.data);
	free(engine.line);
	return 0;
}
