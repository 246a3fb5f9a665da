/* SPDX-License-Identifier: BSD-2-Clause
 *
 * gate_fixture: a plugin with a gate in the daemon's host, asked about copies at any time
 *
 * GATE_FILE is the plugin, GATE_NAME what it calls itself.
 */
#ifndef GATE_FIXTURE_H
#define GATE_FIXTURE_H

#include "tailor_fixture.h"

#include "base/str.h"
#include "conf/conf.h"
#include "plugin/internal.h"
#include "store/plugin.h"

#include <glib.h>
#include <string.h>

/* One process's view. */
struct gate_world {
	const struct conf *conf;
	struct store *store;
	struct plugin_set *set;
};

struct gate_copy {
	const char *campaign;
	int64_t contact;
	const char *address;
	const char *zone;
	const char *key;
	bool transactional;
	int64_t sent_ms, now_ms;
};

#define GATE_FAILED 3

struct gate_answer {
	int answer; /* enum plugin_answer, or GATE_FAILED */
	int64_t when_ms;
	char reason[300];
};

/* The plugin lies where only its owner may write; the folder is the fixture's. */
static inline void
gate_prepare(const char *test, const char *parameters)
{
	char path[128], text[4000], *bytes;
	gsize size;

	fixture_make_folder(test);
	path_of("gate.so", path);
	assert_true(g_file_get_contents(GATE_FILE, &bytes, &size, NULL));
	assert_true(g_file_set_contents(path, bytes, (gssize)size, NULL));
	assert_int_equal(chmod(path, 0755), 0);
	g_free(bytes);
	snprintf(text, sizeof text,
	    "plugin \"" GATE_NAME "\" { file = \"%s\"  deadline = 10s  %s }\n"
	    "campaign \"spring\" { plugins = {\"" GATE_NAME "\"} }\n",
	    path, parameters);
	write_file("gate.conf", text);
}

/* Each problem goes to `each`. */
static inline int
gate_open(struct gate_world *world, void (*each)(const char *text, void *closure), void *closure)
{
	struct err err = ERR_INIT;
	struct conf *conf;
	char path[128];

	path_of("gate.conf", path);
	if (conf_load(&conf, path, NULL, NULL, &err) != 0)
		fail_msg("%s", err.text);
	world->conf = conf;
	path_of("gate.db", path);
	if (store_open(&world->store, path, STORE_CREATE, &err) != 0)
		fail_msg("%s", err.text);
	return plugin_set_new(&world->set, conf, world->store, each, closure, &err);
}

static inline void
gate_close(struct gate_world *world)
{
	plugin_set_free(&world->set);
	store_close(&world->store);
	conf_unref(&world->conf);
}

static inline void
gate_clean(void)
{
	static const char *const files[] = {
	    "gate.so", "gate.conf", "gate.db", "gate.db-wal", "gate.db-shm", "sent"};
	char path[128];

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		path_of(files[i], path);
		unlink(path);
	}
	rmdir(fixture_folder);
}

/* May be called by several threads. */
static inline struct gate_answer
gate_ask(const struct gate_world *world, const struct gate_copy *about)
{
	struct arena *arena = arena_new((size_t)1 << 20);
	struct plugin_decision decision;
	struct gate_answer answer;
	struct err err = ERR_INIT;
	/* All campaigns of a test are asked as this one uses its plugins. */
	struct plugin_copy copy = {
	    .use = plugin_set_use(world->set, conf_campaign_find(world->conf, STR("spring"))),
	    .arena = arena,
	    .contact = about->contact,
	    .address = str_c(about->address != NULL ? about->address : "ada@example.org"),
	    .time_zone = str_c(about->zone != NULL ? about->zone : ""),
	    .campaign = str_c(about->campaign != NULL ? about->campaign : "spring"),
	    .key = str_c(about->key),
	    .sender = STR("news@shop.example"),
	    .recipient = STR("ada@example.org"),
	    .transactional = about->transactional,
	    .sent_ms = about->sent_ms,
	    .now_ms = about->now_ms};

	if (plugin_copy_init(&copy, &err) != 0 || plugin_copy_gates(&copy, &decision, &err) != 0) {
		answer = (struct gate_answer){.answer = GATE_FAILED};
		snprintf(answer.reason, sizeof answer.reason, "%s", err.text);
	} else {
		answer = (struct gate_answer){
		    .answer = (int)decision.answer, .when_ms = decision.when_ms};
		snprintf(answer.reason, sizeof answer.reason, "%.*s",
		    STR_F(decision.answer != PLUGIN_SEND ? decision.reason : STR("")));
	}
	arena_free(&arena);
	return answer;
}

#endif
