/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rogue: a plugin for tests that does what plugins must not
 *
 * {{ contact.hook }} says in which hook, {{ contact.fault }} what. Without a fault all hooks do
 * something small that shows that they ran.
 */
#define _GNU_SOURCE
#include <mailtailor/plugin.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void *volatile escaped;
static struct mt_call *volatile kept_call;
static const struct mt_host *volatile kept_host;
static const struct mt_value *volatile kept_value;

static struct mt_str
attribute(struct mt_call *call, const char *path)
{
	return call->host->as_text(call, call->host->find(call, mt_str_c(path)));
}

static int
is(struct mt_call *call, const char *path, const char *text)
{
	return mt_str_eq(attribute(call, path), mt_str_c(text));
}

static void
nap(long ms)
{
	struct timespec pause = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&pause, NULL);
}

/* --- what kills --- */

static int
deeper(volatile char *above)
{
	volatile char room[4096];

	for (size_t i = 0; i < sizeof room; i++)
		room[i] = *above;
	if (room[9] == 'x')
		return 0;
	return deeper(room) + room[7];
}

/* Return addresses go, its own and its callers'. */
static int __attribute__((noinline)) smash(int size)
{
	volatile char room[16];

	for (int i = 0; i < size; i++)
		room[i] = 'S';
	return room[7];
}

static void
loop(void)
{
	for (volatile int i = 0;; i++)
		;
}

static void
block_and_loop(void)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	loop();
}

static void
block_and_crash(void)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	*(volatile int *)8 = 1;
}

/* Some megabytes a millisecond: what watches looks ten times a second. */
static void
grow(void)
{
	for (;;) {
		char *more = malloc((size_t)1 << 20);

		if (more != NULL)
			memset(more, 1, (size_t)1 << 20);
		escaped = more;
		nap(1);
	}
}

static void
free_twice(void)
{
	void *volatile a = malloc(40), *volatile b = malloc(40);

	free(a);
	free(b);
	free(a);
	free(a);
}

/* Nothing happens, until somebody else asks for memory. */
static void
overrun_heap(void)
{
	for (int i = 0; i < 64; i++) {
		char *volatile room = malloc(24 + (size_t)i * 16);

		memset(room, 0x5a, 24 + (size_t)i * 16 + 64);
		escaped = room;
	}
}

static int
kill_yourself(struct mt_call *call)
{
	if (is(call, "contact.fault", "segv"))
		*(volatile int *)8 = 1;
	else if (is(call, "contact.fault", "abort"))
		abort();
	else if (is(call, "contact.fault", "exit"))
		exit(0);
	else if (is(call, "contact.fault", "quick exit"))
		_exit(0);
	else if (is(call, "contact.fault", "recursion"))
		deeper("");
	else if (is(call, "contact.fault", "smash"))
		return smash(2000) + 1;
	else if (is(call, "contact.fault", "loop"))
		loop();
	else if (is(call, "contact.fault", "sleep"))
		nap(3600000);
	else if (is(call, "contact.fault", "thread exit"))
		pthread_exit(NULL);
	else if (is(call, "contact.fault", "blocked loop"))
		block_and_loop();
	else if (is(call, "contact.fault", "blocked crash"))
		block_and_crash();
	else if (is(call, "contact.fault", "grow"))
		grow();
	else if (is(call, "contact.fault", "free twice"))
		free_twice();
	else if (is(call, "contact.fault", "heap overrun"))
		overrun_heap();
	else
		return 0;
	return 1;
}

/* --- what only should not be --- */

static void *
stray(void *closure)
{
	struct mt_call *call = closure;
	const struct mt_value *value = call->host->text(call, MT_STR("from a thread"));

	call->host->kv_put(call, MT_STR("stray"), MT_STR("yes"), 0);
	call->host->header_add(call, MT_STR("X-Stray"), MT_STR("yes"));
	return (void *)(uintptr_t)value;
}

static void *
late(void *closure)
{
	(void)closure;
	for (int i = 0; i < 30; i++) {
		nap(10);
		kept_host->header_add(kept_call, MT_STR("X-Stray"), MT_STR("yes"));
		kept_host->memory(kept_call, 100);
	}
	return NULL;
}

static void
run_thread(void *(*run)(void *), void *closure, int wait)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, closure) != 0)
		return;
	if (wait)
		pthread_join(thread, NULL);
	else
		pthread_detach(thread);
}

static void
leak(void)
{
	size_t size = (size_t)16 << 20;
	char *lost = malloc(size);

	if (lost != NULL)
		memset(lost, 1, size);
	escaped = lost;
}

static void
misbehave(struct mt_call *call)
{
	const struct mt_host *mt = call->host;

	if (is(call, "contact.fault", "overrun")) {
		memset(mt->memory(call, 100), 'O', 108);
	} else if (is(call, "contact.fault", "underrun")) {
		memset((char *)mt->memory(call, 100) - 8, 'U', 8);
	} else if (is(call, "contact.fault", "thread")) {
		run_thread(stray, call, 1);
	} else if (is(call, "contact.fault", "late")) {
		kept_call = call;
		kept_host = mt;
		run_thread(late, NULL, 0);
	} else if (is(call, "contact.fault", "close")) {
		for (int fd = 3; fd < 256; fd++)
			close(fd);
	} else if (is(call, "contact.fault", "leak")) {
		leak();
	} else if (is(call, "contact.fault", "greedy")) {
		while (mt->memory(call, 65536) != NULL || mt->memory(call, 1) != NULL)
			;
	}
}

/* Nonzero: *rc is what the hook is to return. */
static int
fault(struct mt_call *call, const char *hook, int32_t *rc)
{
	*rc = MT_OK;
	if (!is(call, "contact.hook", hook) ||
	    mt_str_eq(attribute(call, "contact.fault"), MT_STR("")))
		return 0;
	if (kill_yourself(call))
		return 1;
	misbehave(call);
	if (is(call, "contact.fault", "code")) {
		*rc = 77;
		return 1;
	}
	if (is(call, "contact.fault", "itself")) {
		struct mt_value *object = call->host->object(call);

		*rc = call->host->set(call, object, MT_STR("me"), object);
		return 1;
	}
	if (is(call, "contact.fault", "minus")) {
		*rc = INT32_MIN;
		return 1;
	}
	return 0;
}

/* Values of all the wrong kinds. NULL: another fault. */
static const struct mt_value *
garbage(struct mt_call *call)
{
	static const char zeroes[512];
	static char copied[512];
	const struct mt_host *mt = call->host;

	if (is(call, "contact.fault", "zeroes"))
		return (const struct mt_value *)(const void *)zeroes;
	if (is(call, "contact.fault", "odd"))
		return (const struct mt_value *)((uintptr_t)zeroes + 3);
	if (is(call, "contact.fault", "wild"))
		return (const struct mt_value *)(uintptr_t)0x10000000010;
	if (is(call, "contact.fault", "copied"))
		return memcpy(copied, mt->text(call, MT_STR("copied")), 64);
	if (is(call, "contact.fault", "keep")) {
		/* Where another copy's arena begins anew. */
		kept_value = mt->text(call, attribute(call, "contact.email"));
		return kept_value;
	}
	if (is(call, "contact.fault", "foreign"))
		return kept_value != NULL ? kept_value
					  : (const struct mt_value *)(const void *)zeroes;
	return NULL;
}

/* Text of all the wrong kinds. */
static int
bad_text(struct mt_call *call, struct mt_str *text_r)
{
	char *room = call->host->memory(call, 100);

	memset(room, 'x', 100);
	if (is(call, "contact.fault", "not utf-8"))
		*text_r = MT_STR("\xff\xfe\xc3");
	else if (is(call, "contact.fault", "huge"))
		*text_r = mt_str_n(room, SIZE_MAX / 2);
	else if (is(call, "contact.fault", "beyond"))
		*text_r = mt_str_n(room, 400);
	else if (is(call, "contact.fault", "nowhere"))
		*text_r = mt_str_n((const char *)(uintptr_t)0x10000000010, 1000);
	else
		return 0;
	return 1;
}

/* --- hooks --- */

static int32_t
gate(struct mt_call *call, void *closure, struct mt_verdict *verdict)
{
	int32_t rc;

	(void)closure;
	if (fault(call, "gate", &rc))
		return rc;
	if (is(call, "contact.hook", "gate") && is(call, "contact.fault", "action"))
		verdict->action = 1234567;
	if (is(call, "contact.hook", "gate") && bad_text(call, &verdict->reason))
		verdict->action = MT_SKIP;
	return MT_OK;
}

static int32_t
give(struct mt_call *call, const char *hook, const struct mt_value **value_r)
{
	struct mt_str text = MT_STR("fine");
	int32_t rc;

	if (fault(call, hook, &rc))
		return rc;
	if (is(call, "contact.hook", hook)) {
		*value_r = garbage(call);
		if (*value_r != NULL)
			return MT_OK;
		bad_text(call, &text);
	}
	*value_r = call->host->text(call, text);
	return *value_r == NULL ? MT_LIMIT : MT_OK;
}

static int32_t
value(struct mt_call *call, void *closure, struct mt_str member, const struct mt_value **value_r)
{
	(void)closure;
	(void)member;
	return give(call, "value", value_r);
}

static int32_t
filter(struct mt_call *call, void *closure, const struct mt_arguments *with,
    const struct mt_value **value_r)
{
	(void)closure;
	(void)with;
	return give(call, "filter", value_r);
}

static int32_t
tag(struct mt_call *call, void *closure, const struct mt_arguments *with,
    const struct mt_value **value_r)
{
	(void)closure;
	(void)with;
	return give(call, "tag", value_r);
}

static int32_t
part(struct mt_call *call, void *closure, const struct mt_part *part, struct mt_str *text_r)
{
	int32_t rc;

	(void)closure;
	(void)part;
	if (fault(call, "part", &rc))
		return rc;
	return is(call, "contact.hook", "part") && bad_text(call, text_r) ? MT_OK : MT_NONE;
}

static int32_t
header(struct mt_call *call, void *closure)
{
	struct mt_str text = MT_STR("fine");
	int32_t rc;

	(void)closure;
	if (fault(call, "header", &rc))
		return rc;
	if (is(call, "contact.hook", "header"))
		bad_text(call, &text);
	return call->host->header_set(call, MT_STR("X-Rogue"), text);
}

/* What background hooks do wrong comes from the configuration. */
static int32_t
in_background(struct mt_call *call, const char *hook)
{
	struct mt_str what = call->host->param_text(call, hook);

	if (mt_str_eq(what, MT_STR("segv")))
		*(volatile int *)8 = 1;
	if (mt_str_eq(what, MT_STR("loop")))
		loop();
	if (mt_str_eq(what, MT_STR("leak")))
		leak();
	if (mt_str_eq(what, MT_STR("overrun")))
		memset(call->host->memory(call, 100), 'O', 108);
	return MT_OK;
}

static int32_t
task(struct mt_call *call, void *closure)
{
	(void)closure;
	return in_background(call, "task");
}

static int32_t
listener(struct mt_call *call, void *closure, const struct mt_event *const *events, size_t count)
{
	(void)closure;
	(void)events;
	(void)count;
	return in_background(call, "listener");
}

static const struct mt_parameter parameters[] = {
    {"task", MT_TEXT, 0, "", "", "What the task does wrong."},
    {"listener", MT_TEXT, 0, "", "", "What the listener does wrong."},
};
static const struct mt_namespace values[] = {{"rogue", "Fine.", value, NULL, 0, 0}};
static const struct mt_filter filters[] = {{"roguish", "Fine.", filter, NULL, 0, 0, 0, 0}};
static const struct mt_tag tags[] = {{"roguery", "Fine.", tag, NULL, 0, 0, 0, 0}};
static const struct mt_rewriter parts[] = {
    {"repaint", "Nothing.", part, NULL, MT_PART_TEXT | MT_PART_HTML, 0}};
static const struct mt_header headers[] = {{"stamp", "Fine.", header, NULL, 0, 0}};
static const struct mt_gate gates[] = {{"turnstile", "Open.", gate, NULL, 0, 0}};
static const struct mt_listener listeners[] = {
    {"ear", "Nothing.", listener, NULL, MT_EVENT_BIT(MT_EVENT_ANY), 0, 0}};
static const struct mt_task tasks[] = {{"chore", "Nothing.", task, NULL, 1000, 500, 0, 0}};

const struct mt_definition *
mt_plugin(void)
{
	static struct mt_definition me = MT_PLUGIN("rogue", "1.0", "For tests");

	me.threads = MT_THREADS_ANY;
	MT_SET(me.parameters, parameters);
	MT_SET(me.values, values);
	MT_SET(me.filters, filters);
	MT_SET(me.tags, tags);
	MT_SET(me.parts, parts);
	MT_SET(me.headers, headers);
	MT_SET(me.gates, gates);
	MT_SET(me.listeners, listeners);
	MT_SET(me.tasks, tasks);
	return &me;
}
