/* SPDX-License-Identifier: BSD-2-Clause
 *
 * careless: a plugin for tests that does one thing wrong, by its parameter `how`
 */
#define _POSIX_C_SOURCE 200809L
#include <mailtailor/plugin.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct state {
	char *kept;
	struct mt_str text;
	const struct mt_value *value;
	struct mt_call *call;
	int64_t count;
};

/* What a compiler must not leave out. */
static volatile char sink;
static void *volatile lost;
static char writable[] = "<p>from a variable</p>";

static int
is(struct mt_call *call, const char *how)
{
	return mt_str_eq(call->host->param_text(call, "how"), mt_str_c(how));
}

static void *
use_from_thread(void *call)
{
	((struct mt_call *)call)->host->now((struct mt_call *)call);
	return NULL;
}

static void *
use_later(void *call)
{
	const struct timespec moment = {0, 50000000};

	nanosleep(&moment, NULL);
	((struct mt_call *)call)->host->now((struct mt_call *)call);
	return NULL;
}

static void
wrong_memory(struct mt_call *call, struct state *state)
{
	const struct mt_host *mt = call->host;
	char *room = (char *)mt->memory(call, 100);

	memset(room, 'x', 100);
	if (is(call, "past"))
		room[100] = 'y';
	if (is(call, "far"))
		memset(room, 'y', 10000);
	if (is(call, "before"))
		room[-1] = 'y';
	if (is(call, "keep")) {
		if (state->kept != NULL)
			sink = state->kept[0];
		state->kept = room;
	}
	if (is(call, "keep_text")) {
		if (state->text.p != NULL)
			sink = state->text.p[0];
		state->text = mt->as_text(call, mt->find(call, MT_STR("contact.email")));
	}
	if (is(call, "keep_copy")) {
		struct mt_contact contact;

		contact.size = sizeof contact;
		if (state->text.p != NULL)
			sink = state->text.p[0];
		mt->contact(call, &contact);
		state->text = contact.address;
	}
}

static void
wrong_calls(struct mt_call *call, struct state *state)
{
	pthread_t thread;

	if (is(call, "thread")) {
		pthread_create(&thread, NULL, use_from_thread, call);
		pthread_join(thread, NULL);
	}
	if (is(call, "late")) {
		pthread_create(&thread, NULL, use_later, call);
		pthread_detach(thread);
	}
	if (is(call, "keep_call")) {
		if (state->call != NULL)
			state->call->host->now(state->call);
		state->call = call;
	}
}

static void
wrong_process(struct mt_call *call)
{
	if (is(call, "leak"))
		lost = malloc(100);
	if (is(call, "crash"))
		*(volatile char *)NULL = 1;
	if (is(call, "abort"))
		abort();
	if (is(call, "exit"))
		exit(0);
	if (is(call, "hang")) {
		for (;;)
			sink = 1;
	}
	if (is(call, "slow")) {
		const struct timespec moment = {0, 50000000};

		nanosleep(&moment, NULL);
	}
}

/* {{ careless }} */
static int32_t
get(struct mt_call *call, void *closure, struct mt_str member, const struct mt_value **value_r)
{
	const struct mt_host *mt = call->host;
	struct state *state = (struct state *)call->state;

	(void)closure;
	(void)member;
	wrong_memory(call, state);
	wrong_calls(call, state);
	wrong_process(call);
	*value_r =
	    is(call, "counts") ? mt->integer(call, state->count++) : mt->text(call, MT_STR("well"));
	if (is(call, "keep_value")) {
		const struct mt_value *now = *value_r;

		if (state->value != NULL)
			*value_r = state->value;
		state->value = now;
	}
	if (is(call, "no_value"))
		*value_r = (const struct mt_value *)(const void *)writable;
	return MT_OK;
}

static int32_t
part(struct mt_call *call, void *closure, const struct mt_part *of, struct mt_str *text_r)
{
	static char *own;

	(void)closure;
	(void)of;
	if (own == NULL) {
		own = (char *)malloc(sizeof writable);
		memcpy(own, writable, sizeof writable);
	}
	if (is(call, "heap"))
		*text_r = mt_str_c(own);
	else if (is(call, "variable"))
		*text_r = mt_str_c(writable);
	else if (is(call, "garbage"))
		*text_r = MT_STR("\xff\xfe");
	else if (is(call, "constant"))
		*text_r = MT_STR("<p>constant</p>");
	else
		return MT_NONE;
	return MT_OK;
}

static int32_t
start(struct mt_call *call, void **state_r)
{
	*state_r = calloc(1, sizeof(struct state));
	if (is(call, "start_leak"))
		lost = malloc(1000);
	return MT_OK;
}

static void
stop(struct mt_call *call)
{
	free(call->state);
}

static const struct mt_namespace values[] = {{"careless", "A value.", get, NULL, 0, 0}};
static const struct mt_rewriter parts[] = {
    {"parts", "Parts.", part, NULL, MT_PART_TEXT | MT_PART_HTML, 0}};
static const struct mt_parameter parameters[] = {
    {"how", MT_TEXT, 0, "well", "", "What it does wrong."}};

MT_EXPORT const struct mt_definition *
mt_plugin(void)
{
	static struct mt_definition me = MT_PLUGIN("careless", "1.0", "Does one thing wrong");

	me.threads = MT_THREADS_ANY;
	me.start = start;
	me.stop = stop;
	MT_SET(me.values, values);
	MT_SET(me.parts, parts);
	MT_SET(me.parameters, parameters);
	return &me;
}
