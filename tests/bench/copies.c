/* SPDX-License-Identifier: BSD-2-Clause
 *
 * copies: one message for many recipients by the daemon's engine, nothing sent
 *
 *     copies CONFIGURATION MESSAGE [THREADS [ROUNDS [WORKERS]]] < ADDRESSES
 *
 * Prints, in the order of the addresses, a JSON object a line: to, verdict, reason, text (of the
 * first text part). Then, to standard error: copies, microseconds of CPU a copy (of the last
 * round alone, when memory is warm). What plugins decide is not stored.
 *
 * Threads: THREADS of them share engine and plugins. Each of WORKERS has these of its own, as the
 *          daemon's processes do, but all of them share what plugins keep in static variables.
 */
#include "base/buf.h"
#include "ctl/message.h"
#include "plugin/process.h"
#include "tailor/tailor.h"

#include <glib.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS_MAX 16
#define WORKERS_MAX 8
#define ARENA_MAX   ((size_t)64 << 20)

static struct {
	const struct conf *conf;
	struct dkim_keys *keys;
	struct link_keys *link_keys;
	struct tailor_templates *templates;
	struct store *store;
	struct copier {
		struct tailor *tailor;
		struct tailor_message *message;
	} copiers[WORKERS_MAX];
	size_t count;
	struct buf raw;
	GPtrArray *addresses;
	char **lines; /* what is printed of each */
	atomic_size_t next;
	bool keep;
} world;

static void
must(int rc, const struct err *err)
{
	if (rc == 0)
		return;
	fprintf(stderr, "copies: %s\n", err->text);
	exit(1);
}

static int64_t
cpu_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

/* --- one copy --- */

static json_t *
text_of(const struct tailor_copy *copy)
{
	const struct mime_limits limits = {1000, 100, 100};
	struct mime_message *mime;
	struct err err = ERR_INIT;
	struct buf out;
	json_t *text = json_null();

	buf_init(&out, ARENA_MAX);
	if (tailor_copy_write(copy, &out) != 0 ||
	    mime_parse(&mime, buf_str(&out), &limits, &err) != 0) {
		buf_fini(&out);
		return text;
	}
	for (size_t i = 0; i < mime_part_count(mime) && json_is_null(text); i++) {
		const struct mime_part *part = mime_part_at(mime, i);

		if (part->kind == MIME_PLAIN)
			text = json_stringn(part->text.p, part->text.n);
	}
	mime_free(&mime);
	buf_fini(&out);
	return text;
}

static char *
line_of(const char *address, const struct tailor_copy *copy)
{
	json_t *line = json_pack("{s:s, s:s, s:s%, s:o}", "to", address, "verdict",
	    store_verdict_name(copy->verdict), "reason",
	    copy->reason.p == NULL ? "" : copy->reason.p, copy->reason.n, "text",
	    copy->verdict == STORE_SENT ? text_of(copy) : json_null());
	char *text = json_dumps(line, JSON_COMPACT);

	json_decref(line);
	return text;
}

static void *
make_copies(void *closure)
{
	const struct copier *copier = closure;
	struct arena *arena = arena_new(ARENA_MAX);
	size_t i;

	while ((i = atomic_fetch_add(&world.next, 1)) < world.addresses->len) {
		const char *address = g_ptr_array_index(world.addresses, i);
		struct tailor_copy copy;

		tailor_render(copier->tailor, copier->message, str_c(address), arena, &copy);
		if (world.keep)
			world.lines[i] = line_of(address, &copy);
		arena_reset(arena);
	}
	arena_free(&arena);
	return NULL;
}

static void
run(size_t threads)
{
	pthread_t thread[THREADS_MAX * WORKERS_MAX];

	atomic_store(&world.next, 0);
	for (size_t i = 0; i < threads * world.count; i++)
		pthread_create(&thread[i], NULL, make_copies, &world.copiers[i % world.count]);
	for (size_t i = 0; i < threads * world.count; i++)
		pthread_join(thread[i], NULL);
}

/* --- all of them --- */

static void
open_all(const char *configuration, const char *path)
{
	const struct conf_campaign *campaign;
	const struct mime_limits limits = {1000, 100, 100};
	struct mime_message *mime;
	struct err err = ERR_INIT;
	struct conf *conf;
	struct str name;

	must(conf_load(&conf, configuration, NULL, NULL, &err), &err);
	world.conf = conf;
	buf_init(&world.raw, (size_t)conf->max_message);
	must(ctl_read_message(path, &world.raw, &err), &err);
	must(mime_parse(&mime, buf_str(&world.raw), &limits, &err), &err);
	if (tailor_campaign_of(conf, mime_header_at(mime, 0), mime_header_count(mime), STR(""),
		&campaign, &name, &err) != 1)
		must(err_set(&err, ERR_INPUT, "%s: expected a campaign's message", path), &err);
	must(dkim_keys_load(&world.keys, conf, &err), &err);
	must(link_keys_load(&world.link_keys, conf, &err), &err);
	must(tailor_templates_load(&world.templates, conf, &err), &err);
	must(store_open(&world.store, conf->database, STORE_READ, &err), &err);
	for (size_t i = 0; i < world.count; i++) {
		struct copier *copier = &world.copiers[i];

		must(tailor_new(&copier->tailor, conf, world.keys, world.link_keys, world.templates,
			 world.store, &err),
		    &err);
		must(tailor_message_new(&copier->message, copier->tailor, campaign, name, STR(""),
			 buf_str(&world.raw), &err),
		    &err);
	}
	mime_free(&mime);
}

static void
close_all(void)
{
	for (size_t i = 0; i < world.count; i++) {
		tailor_message_free(&world.copiers[i].message);
		tailor_free(&world.copiers[i].tailor);
	}
	tailor_templates_unref(&world.templates);
	dkim_keys_unref(&world.keys);
	link_keys_unref(&world.link_keys);
	store_close(&world.store);
	conf_unref(&world.conf);
	buf_fini(&world.raw);
	g_ptr_array_free(world.addresses, TRUE);
	free(world.lines);
}

static void
read_addresses(void)
{
	char line[400];

	world.addresses = g_ptr_array_new_with_free_func(g_free);
	while (fgets(line, sizeof line, stdin) != NULL)
		g_ptr_array_add(world.addresses, g_strdup(g_strchomp(line)));
	world.lines = calloc(world.addresses->len + 1, sizeof *world.lines);
	if (world.lines == NULL)
		abort();
}

int
main(int argc, char **argv)
{
	size_t threads = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;
	size_t rounds = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
	int64_t began;

	plugin_process_init();
	world.count = argc > 5 ? strtoul(argv[5], NULL, 10) : 1;
	if (argc < 3 || threads < 1 || threads > THREADS_MAX || world.count < 1 ||
	    world.count > WORKERS_MAX) {
		fprintf(stderr,
		    "usage: copies CONFIGURATION MESSAGE [THREADS [ROUNDS [WORKERS]]] < "
		    "ADDRESSES\n");
		return 2;
	}
	open_all(argv[1], argv[2]);
	read_addresses();
	world.keep = true;
	run(threads);
	world.keep = false;
	for (size_t i = 0; i < world.addresses->len; i++) {
		puts(world.lines[i]);
		free(world.lines[i]);
	}
	began = cpu_us();
	for (size_t i = 0; i < rounds; i++) {
		began = cpu_us();
		run(threads);
	}
	if (rounds > 0 && world.addresses->len > 0)
		fprintf(stderr, "%u copies, %.1f us\n", world.addresses->len,
		    (double)(cpu_us() - began) / world.addresses->len);
	close_all();
	return 0;
}
