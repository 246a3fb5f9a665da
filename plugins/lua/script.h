/* SPDX-License-Identifier: BSD-2-Clause
 *
 * script: what the files of the plugin lua share
 *
 * Lua files are read into a struct script_sources, which knows the hooks that they have. A
 * struct script is one Lua state with all of them compiled; one call at a time uses it. Each
 * call runs the file of its hook anew, in an environment of its own, and then the hook: so
 * nothing that a file keeps, be it global or local, is there in the next call.
 *
 * The prefix is script_, since lua_ is the library's.
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <mailtailor/plugin.h>

#include <lauxlib.h>
#include <lua.h>
#include <pthread.h>
#include <stdbool.h>

#define SCRIPT_FILES	64
#define SCRIPT_FILE_MAX ((size_t)256 << 10)
#define SCRIPT_ALL_MAX	((size_t)1 << 20)
#define SCRIPT_HOOKS	200
#define SCRIPT_NAME	41
#define SCRIPT_DEPTH	20
/* Calls in the background may take so many times the instructions of those in mail's path. */
#define SCRIPT_BACKGROUND 100

enum script_kind {
	SCRIPT_VALUE,
	SCRIPT_FILTER,
	SCRIPT_TAG,
	SCRIPT_BLOCK,
	SCRIPT_PART,
	SCRIPT_HEADER,
	SCRIPT_GATE,
	SCRIPT_EVENT,
	SCRIPT_TASK,
	SCRIPT_KINDS
};

extern const char *const script_kinds[SCRIPT_KINDS];

struct script_hook {
	enum script_kind kind;
	char name[SCRIPT_NAME];
	size_t file;
	uint64_t kinds; /* of parts or of events */
	int64_t every;	/* ms, of a task */
};

struct script_source {
	char name[64];
	char *text;
	size_t size;
};

struct script_sources {
	struct script_source at[SCRIPT_FILES];
	size_t count;
	struct script_hook hooks[SCRIPT_HOOKS];
	size_t hook_count;
};

/* --- folder.c --- */

/* All *.lua of the folder. MT_FAILED: `fail` was told why. */
int32_t script_sources_read(struct script_sources **sources_r, struct mt_call *call);
void script_sources_free(struct script_sources **sources);
bool script_sources_equal(const struct script_sources *a, const struct script_sources *b);
const struct script_hook *script_hook_find(
    const struct script_sources *sources, enum script_kind kind, const char *name);

/* --- state.c --- */

struct script {
	lua_State *L;
	struct script_sources *sources; /* while hooks are found out, they go there */
	struct mt_call *call;
	size_t used, heap;	      /* bytes */
	int64_t steps, most;	      /* instructions */
	bool spent;		      /* a ceiling was hit: pcall lets it through */
	bool refused;		      /* the heap's */
	bool looking;		      /* the hooks are to be found out */
	bool registering;	      /* a file is running, no hook */
	size_t file;		      /* the one that is running */
	size_t unnamed[SCRIPT_KINDS]; /* hooks of this file so far */
	const struct script_hook *wanted;
	int chunk[SCRIPT_FILES];
	char place[160]; /* where the heap was full */
	struct script *next;
};

/* With all files compiled. NULL: `fail` was told why. */
struct script *script_new(struct script_sources *sources, struct mt_call *call);
void script_free(struct script **script);
struct script *script_of(lua_State *L);
/* Compiles all, runs each file once, and notes the hooks. */
int32_t script_look(struct script_sources *sources, struct mt_call *call);
/* Runs the hook: `run` finds its function on top of the stack. What goes wrong is told to
 * `fail`. */
int32_t script_run(struct script *script, struct mt_call *call, const struct script_hook *hook,
    int32_t (*run)(lua_State *L, void *with), void *with);
/* A hook is made known, by a file that runs; its function is argument `function`. */
int script_register(lua_State *L, const struct script_hook *hook, int function);
/* So much was done beside Lua's own instructions. */
void script_steps(struct script *script, int64_t steps);

/* --- pool.c --- */

struct script_pool {
	pthread_mutex_t lock;
	struct script *idle;
	struct script_sources *sources;
	/* The task's: what the folder held the last time, and what it told about. */
	struct script_sources *seen, *told;
};

int32_t script_pool_open(struct mt_call *call, void **state_r);
void script_pool_close(struct mt_call *call);
int32_t script_pool_reload(struct mt_call *call);
int32_t script_pool_watch(struct mt_call *call, void *closure);
/* Any idle state runs the hook of that kind and name. */
int32_t script_pool_run(struct mt_call *call, enum script_kind kind, const char *name,
    int32_t (*run)(lua_State *L, void *with), void *with);

/* --- publish.c --- */

int32_t script_publish(struct mt_call *call, const struct script_sources *sources);
/* What was published last; false: nothing, or it can't be read. */
bool script_published(struct mt_call *call, struct script_sources **sources_r);

/* --- value.c --- */

void script_push(lua_State *L, const struct mt_value *value);
void script_push_str(lua_State *L, struct mt_str text);
/* Of any type; an error in Lua if it can't be one. NULL: nil. */
const struct mt_value *script_value(lua_State *L, int at);
/* Text of UTF-8, or a number; else an error that says `what`. */
struct mt_str script_text(lua_State *L, int at, const char *what);
/* What mailtailor.markup makes. */
int script_markup(lua_State *L);
void script_markup_open(lua_State *L);

/* --- safe.c, pattern.c, pairs.c, api.c, kv.c, data.c: what files may use --- */

/* Leaves the table of globals on the stack. */
void script_safe_open(lua_State *L);
/* An empty table that reads from the one on top of the stack takes its place. */
void script_protect(lua_State *L);
extern const luaL_Reg script_patterns[];
int script_pairs(lua_State *L);
/* The same without a look at __pairs. One result. */
int script_ordered(lua_State *L);
/* Leaves the table `mailtailor` on the stack. */
void script_api_open(lua_State *L);
extern const luaL_Reg script_hooks_api[];
extern const luaL_Reg script_kv_api[];
extern const luaL_Reg script_data_api[];
void script_header_open(lua_State *L);
void script_push_header(lua_State *L);
void script_push_event(lua_State *L, const struct mt_event *event);
uint64_t script_event_kind(const char *name);

static inline int64_t
script_seconds(int64_t ms)
{
	return ms >= 0 ? ms / 1000 : -((-ms + 999) / 1000);
}

#endif
