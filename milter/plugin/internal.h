/* SPDX-License-Identifier: BSD-2-Clause
 *
 * internal: what the files of plugin/ share; nobody else includes it
 *
 * Locks, in the order in which they are taken: a plugin's `life` (its hooks share it; start,
 * stop and reload have it alone), then its `one` (MT_THREADS_ONE), then the store's.
 */
#ifndef PLUGIN_INTERNAL_H
#define PLUGIN_INTERNAL_H

#include "plugin/module.h"
#include "plugin/param.h"
#include "plugin/plugin.h"
#include "plugin/process.h"

#include <pthread.h>

/* A plugin in this process. */
struct plugin {
	const char *name;
	const struct conf_plugin *section;
	struct plugin_set *set;
	struct plugin_module *module;
	struct plugin_params params;
	struct arena *lasting;	    /* what `extend` made, or NULL */
	int64_t row;		    /* in the store */
	struct board_plugin *board; /* or NULL */
	int board_at;
	pthread_rwlock_t life;
	pthread_mutex_t one;
	/* Under `life`, written by who has it alone. */
	bool started;
	void *state;
	int64_t generation;
	atomic_llong retry_us;	/* `start` failed: not before */
	atomic_llong looked_us; /* at the generation */
	char why[ERR_TEXT_MAX]; /* why it is not started */
};

struct plugin_set {
	const struct conf *conf;
	struct store *store;
	struct plugin *plugins;
	size_t count;
	struct plugin_use **uses; /* one for each campaign, or NULL */
	struct wants *wants;	  /* NULL: nothing is fetched */
};

/* A plugin as one campaign uses it. */
struct plugin_member {
	struct plugin *plugin;
	int on_error;
};

struct plugin_word {
	const struct plugin_use *use;
	size_t member;
	int kind; /* BOARD_FILTER or BOARD_TAG */
	const char *name;
	int32_t (*run)(struct mt_call *call, void *closure, const struct mt_arguments *with,
	    const struct mt_value **value_r);
	void *closure;
};

struct plugin_namespace {
	size_t member;
	const struct mt_namespace *row;
};

struct plugin_use {
	struct plugin_member *members;
	size_t count;
	struct plugin_namespace *namespaces;
	size_t namespace_count;
	struct plugin_word *words; /* closures of filters and tags */
	size_t word_count;
	struct liquid_filter *filters;
	struct liquid_tag *tags;
	struct liquid_extensions extensions;
};

/* --- call.c --- */

#define PLUGIN_WHY_MAX ERR_TEXT_MAX

/* What stands behind a struct mt_call. They are all in one array that stays, so that a call
 * which a plugin kept, or made up, can be told. */
struct plugin_call {
	struct mt_call mt; /* first */
	atomic_int busy;
	pthread_t thread;
	struct plugin *plugin;
	int kind;
	const char *hook;
	struct plugin_copy *copy; /* NULL: not in a message's path */
	struct arena *arena;
	size_t *used;
	size_t ceiling;
	int64_t now_ms;
	int64_t since_us;
	int64_t deadline_us;
	bool dry;
	struct strict_pool *pool;  /* strict: the hook's own memory */
	int64_t back_us;	   /* strict: when the hook had returned; 0: not yet */
	bool alone;		   /* nothing is locked by the call */
	bool spoilt;		   /* it fails, whatever the hook says */
	struct plugin_room *rooms; /* what `memory` gave */
	uint64_t serial;	   /* of the copy; of the call itself in the background */
	atomic_int strays;	   /* uses of the call by who must not */
	char why[PLUGIN_WHY_MAX];
};

/* What a hook is called for. */
struct plugin_occasion {
	struct plugin *plugin;
	int kind;
	const char *hook;
	int64_t deadline_ms;
	struct plugin_copy *copy; /* NULL: in the background, with the next two */
	struct arena *arena;
	size_t *used;
	size_t ceiling;
	bool alone; /* extend, start, stop, reload: the caller holds `life` alone */
};

/* Waits for its turn. -1 with err (ERR_PLUGIN): the plugin is out of service or not started. */
int plugin_call_begin(
    struct plugin_call **call_r, const struct plugin_occasion *occasion, struct err *err);
/* `rc`: what the hook returned; 0 or 1 (MT_NONE), or -1 with err. */
int plugin_call_end(struct plugin_call **call, int32_t rc, struct err *err);
/* The running call behind what a plugin passed; NULL (and a line in the log): it is none, or
 * another thread's. */
struct plugin_call *plugin_call_of(struct mt_call *mt, const char *function);
/* Is the store there for this hook? */
static inline bool
plugin_call_has_store(const struct plugin_call *call)
{
	return call->kind != BOARD_STOP && call->kind != BOARD_EXTEND;
}
/* Notes a mistake of the plugin: why the hook will fail, if it does. Returns MT_MISUSE. */
int32_t plugin_call_misuse(struct plugin_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* From the arena, counted. NULL beyond the ceiling. */
void *plugin_call_memory(struct plugin_call *call, size_t size);
struct str plugin_call_text(struct plugin_call *call, struct str text);

/* --- strict.c: a closer look at each hook (plugin_process.strict); else they do nothing --- */

void plugin_strict_begin(struct plugin_call *call);
void plugin_strict_end(struct plugin_call *call, int result);
/* A host function was called with `call`, which is over, or another thread's. */
void plugin_strict_outside(const struct plugin_call *call, const char *function);
/* Texts that the host gives: the hook's own while it runs. */
struct mt_str plugin_strict_give(struct plugin_call *call, struct str text);
/* What a hook handed back with `rc`: looked at, and from here on the copy's own. Gives `rc`, or
 * MT_MISUSE. */
int32_t plugin_strict_text(struct plugin_call *call, int32_t rc, struct mt_str *text);
int32_t plugin_strict_value(struct plugin_call *call, int32_t rc, const struct mt_value **value);
/* A number that says what a hook decided: it has to be the same each time. */
void plugin_strict_note(struct plugin_call *call, uint64_t what);
/* --- room.c --- */

/* For a plugin to write into; see room.c. NULL beyond the ceiling. */
void *plugin_room_new(struct plugin_call *call, size_t size);
/* The hook has returned. Does not, if it wrote where it must not. */
void plugin_room_check(struct plugin_call *call);
/* May it be read? Text in memory that the call was given has to end there. */
bool plugin_room_text(struct plugin_call *call, struct mt_str text);

/* --- life.c --- */

/* Asks the plugin which hooks it has with these parameters. */
int plugin_extend(struct plugin *plugin, struct err *err);
/* Sees to it that the plugin is started, and that it has heard of changes. */
int plugin_start(struct plugin *plugin, struct err *err);
void plugin_stop(struct plugin *plugin);
void plugin_refresh(struct plugin *plugin);

/* --- background.c --- */

int plugin_run_task(struct plugin *plugin, const struct mt_task *task, struct err *err);

/* --- host.c and host_*.c: the functions of struct mt_host --- */

extern const struct mt_host plugin_host;

#define PLUGIN_DEPTH_MAX 100

/* `mark` says that the host made it, and for which copy. */
struct mt_value {
	uint64_t mark;
	struct liquid_value v;
	struct liquid_array array;
	struct liquid_value *room;
	size_t size;
	struct liquid_object *object;
	int depth;
	bool sealed; /* it is part of another value, or was handed back */
};

/* A value of ours for plugins. NULL beyond the ceiling. */
struct mt_value *plugin_value(struct plugin_call *call, struct liquid_value value);
/* Marks it as made by the host for this call's copy. */
void plugin_value_sign(struct plugin_call *call, struct mt_value *value);
/* The same value, or NULL: it is NULL, or (a misuse) none that the host made for this copy. */
const struct mt_value *plugin_value_of(struct plugin_call *call, const struct mt_value *value);
/* What a plugin hands back; NULL is nil. MT_MISUSE: it is no value of this copy. */
int32_t plugin_value_take(
    struct plugin_call *call, const struct mt_value *value, struct liquid_value *value_r);
/* Of a copy, or of a call in the background. */
uint64_t plugin_serial_next(void);

static inline struct str
plugin_str(struct mt_str s)
{
	return (struct str){s.p, s.p == NULL ? 0 : s.n};
}

static inline struct mt_str
plugin_mt(struct str s)
{
	return (struct mt_str){s.p, s.n};
}

/* --- listen.c --- */

/* Does any listener want events of this kind? */
bool plugin_set_hears(const struct plugin_set *set, unsigned kind);

/* --- host_data.c --- */

struct store_event;
/* Events as plugins see them, in the call's arena. MT_OK, MT_LIMIT, MT_STORE. */
int32_t plugin_events(struct plugin_call *call, const struct store_event *from, size_t count,
    const struct mt_event *const **events_r, size_t *count_r);

/* --- use.c --- */

int plugin_use_new(struct plugin_use **use_r, const struct plugin_set *set,
    const struct conf_campaign *campaign, struct err *err);
void plugin_use_free(struct plugin_use **use);

/* --- hooks.c --- */

/* A hook failed: 0 if the copy is made without it, else -1 with the code that says what becomes
 * of the copy. `err` has the reason, without the plugin's name. */
int plugin_member_failed(
    const struct plugin_member *member, int kind, const char *hook, struct err *err);
/* A hook of a copy's member. */
int plugin_copy_begin(struct plugin_call **call_r, struct plugin_copy *copy, size_t member,
    int kind, const char *hook, struct err *err);
int plugin_word_run(struct filter_call *call);

#endif
