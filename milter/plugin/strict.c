/* SPDX-License-Identifier: BSD-2-Clause
 *
 * strict: see strict.h
 */
#include "plugin/strict.h"

#include "base/clock.h"
#include "liquid/value_impl.h"
#include "plugin/guard.h"
#include "plugin/strict_fault.h"
#include "plugin/strict_memory.h"

#include <link.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZER 1
#endif
#endif
#ifdef SANITIZER
#include <sanitizer/allocator_interface.h>
#endif

#define CALL_MAX  ((size_t)1 << 30)
#define TIMES_MAX 100000
#define TRACE_MAX 4096

/* What one call of a hook decided. */
struct trace {
	const char *hook;
	int kind;
	uint64_t what;
};

static struct {
	struct strict_report *report;
	struct strict_hook hook[STRICT_HOOKS];
	size_t hooks;
	struct trace trace[TRACE_MAX]; /* of the first copy */
	size_t first, at;
	size_t copy; /* 0: none is being made */
	pthread_mutex_t lock;
} strict = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *
need(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		abort();
	return memory;
}

struct strict_report *
plugin_strict_report_new(void)
{
	return need(sizeof(struct strict_report));
}

void
plugin_strict_report_free(struct strict_report **report)
{
	if (*report != NULL)
		munmap(*report, sizeof **report);
	*report = NULL;
}

void
plugin_strict_install(struct strict_report *report, struct board *board)
{
	strict.report = report;
	plugin_guard_install(board, 0);
	plugin_strict_watch_faults(report);
	plugin_process.strict = true;
}

/* --- findings --- */

static void
tell(struct strict_report *report, const char *hook, const char *text)
{
	int count = atomic_load(&report->count);

	for (int i = 0; i < count; i++) {
		struct strict_finding *finding = &report->finding[i];

		if (strcmp(finding->text, text) == 0 && strcmp(finding->hook, hook) == 0) {
			atomic_fetch_add(&finding->times, 1);
			return;
		}
	}
	if (count == STRICT_FINDINGS)
		return;
	snprintf(report->finding[count].hook, sizeof report->finding[count].hook, "%s", hook);
	snprintf(report->finding[count].text, sizeof report->finding[count].text, "%s", text);
	atomic_store(&report->finding[count].times, 1);
	atomic_store(&report->count, count + 1);
}

void
plugin_strict_tell(const char *hook, const char *format, ...)
{
	char text[sizeof strict.report->finding[0].text];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	pthread_mutex_lock(&strict.lock);
	tell(strict.report, hook, text);
	pthread_mutex_unlock(&strict.lock);
}

void
plugin_strict_tell_in(struct strict_report *report, const char *hook, const char *format, ...)
{
	char text[sizeof report->finding[0].text];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	tell(report, hook, text);
}

#define HOOK_NAME 112

static const char *
name_of(int kind, const char *hook, char name[HOOK_NAME])
{
	const char *word = board_kind_name(kind);

	/* "start start" says nothing more. */
	if (strcmp(word, hook) == 0)
		snprintf(name, HOOK_NAME, "%s", word);
	else
		snprintf(name, HOOK_NAME, "%s %s", word, hook);
	return name;
}

/* --- one call --- */

void
plugin_strict_begin(struct plugin_call *call)
{
	char name[HOOK_NAME];

	/* What `extend` makes stays with the plugin. */
	call->pool = NULL;
	if (!plugin_process.strict || call->kind == BOARD_EXTEND)
		return;
	call->back_us = 0;
	call->pool = strict_pool_new(name_of(call->kind, call->hook, name), true);
	call->arena = strict_pool_arena(call->pool, CALL_MAX);
}

static struct strict_hook *
hook_of(const struct plugin_call *call)
{
	struct strict_hook *hook;

	for (size_t i = 0; i < strict.hooks; i++) {
		hook = &strict.hook[i];
		if (hook->kind == call->kind && strcmp(hook->name, call->hook) == 0)
			return hook;
	}
	if (strict.hooks == STRICT_HOOKS)
		return NULL;
	hook = &strict.hook[strict.hooks++];
	hook->kind = call->kind;
	snprintf(hook->name, sizeof hook->name, "%s", call->hook);
	hook->took_us = need(TIMES_MAX * sizeof *hook->took_us);
	return hook;
}

static void
count(const struct plugin_call *call, bool failed)
{
	int64_t took_us = (call->back_us != 0 ? call->back_us : clock_mono_us()) - call->since_us;
	int64_t deadline_us = call->deadline_us - call->since_us;
	struct strict_hook *hook;
	char name[HOOK_NAME];

	pthread_mutex_lock(&strict.lock);
	hook = hook_of(call);
	if (hook != NULL) {
		hook->calls++;
		hook->failures += failed;
		hook->late += took_us > deadline_us;
		hook->total_us += took_us;
		if (hook->took_count < TIMES_MAX)
			hook->took_us[hook->took_count++] = (int)took_us;
	}
	pthread_mutex_unlock(&strict.lock);
	if (took_us > deadline_us)
		plugin_strict_tell(name_of(call->kind, call->hook, name),
		    "it takes longer than its deadline of %lld ms",
		    (long long)(deadline_us / 1000));
}

static void
tell_border(void *closure, size_t size, bool behind)
{
	const struct plugin_call *call = closure;
	char name[HOOK_NAME];

	plugin_strict_tell(name_of(call->kind, call->hook, name),
	    "it wrote %s a piece of %zu bytes that it had been given",
	    behind ? "beyond the end of" : "in front of", size);
}

void
plugin_strict_end(struct plugin_call *call, int result)
{
	char name[HOOK_NAME];

	if (call->pool == NULL)
		return;
	count(call, result < 0);
	if (result < 0)
		plugin_strict_tell(name_of(call->kind, call->hook, name), "it failed: %s",
		    call->why[0] == '\0' ? "without saying why" : call->why);
	/* Before the arena, which knows nothing of borders. */
	strict_pool_give(call->pool, tell_border, call);
	arena_free(&call->arena);
	strict_pool_free(&call->pool);
}

void
plugin_strict_outside(const struct plugin_call *call, const char *function)
{
	static const char prefix[] = "host_";
	char name[HOOK_NAME];

	if (!plugin_process.strict)
		return;
	if (strncmp(function, prefix, sizeof prefix - 1) == 0)
		function += sizeof prefix - 1;
	if (call == NULL || call->hook == NULL)
		plugin_strict_tell(
		    "", "it called %s with something that is no call of the host", function);
	else if (atomic_load(&call->busy) != 0)
		plugin_strict_tell(name_of(call->kind, call->hook, name),
		    "it called %s from another thread than the hook's", function);
	else
		plugin_strict_tell(name_of(call->kind, call->hook, name),
		    "it called %s when the hook had returned", function);
}

struct mt_str
plugin_strict_give(struct plugin_call *call, struct str text)
{
	char *own;

	if (call == NULL || call->pool == NULL || text.p == NULL)
		return plugin_mt(text);
	own = strict_pool_take(call->pool, text.n);
	if (own != NULL && text.n > 0)
		memcpy(own, text.p, text.n);
	return mt_str_n(own, text.n);
}

/* --- what hooks hand back --- */

struct address {
	uintptr_t at;
	bool constant;
};

static int
look_at_object(struct dl_phdr_info *info, size_t size, void *closure)
{
	struct address *address = closure;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uintptr_t from = info->dlpi_addr + header->p_vaddr;

		if (header->p_type != PT_LOAD || address->at < from ||
		    address->at >= from + header->p_memsz)
			continue;
		address->constant = (header->p_flags & PF_W) == 0;
		return 1;
	}
	return 0;
}

/* Text that nobody can write. */
static bool
is_constant(const void *p)
{
	struct address address = {(uintptr_t)p, false};

	dl_iterate_phdr(look_at_object, &address);
	return address.constant;
}

static void
back(struct plugin_call *call)
{
	if (call->back_us == 0)
		call->back_us = clock_mono_us();
}

static uint64_t
mix(uint64_t hash, const void *p, size_t n)
{
	const unsigned char *byte = p;

	/* FNV-1a */
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ byte[i]) * UINT64_C(1099511628211);
	return hash;
}

void
plugin_strict_note(struct plugin_call *call, uint64_t what)
{
	struct trace now = {call->hook, call->kind, what};
	const struct trace *then;
	char name[HOOK_NAME];

	if (!plugin_process.strict || strict.copy == 0 || strict.at == TRACE_MAX)
		return;
	back(call);
	then = &strict.trace[strict.at++];
	if (strict.copy == 1) {
		strict.trace[strict.at - 1] = now;
		strict.first = strict.at;
	} else if (strict.at > strict.first || then->kind != now.kind ||
	    strcmp(then->hook, now.hook) != 0) {
		/* Another hook's fault: it was told, or the templates took another way. */
		strict.at = TRACE_MAX;
	} else if (then->what != what) {
		plugin_strict_tell(name_of(call->kind, call->hook, name),
		    "it gives something else when the same copy is made again");
	}
}

int32_t
plugin_strict_text(struct plugin_call *call, int32_t rc, struct mt_str *text)
{
	char *own;

	if (!plugin_process.strict || rc != MT_OK || text->p == NULL)
		return rc;
	back(call);
	if (!strict_pool_has(call->pool, text->p, text->n) && !is_constant(text->p))
		return plugin_call_misuse(call,
		    "its text is neither constant nor memory that it was given for this call");
	own = arena_alloc(call->copy->arena, text->n);
	if (own == NULL)
		return MT_LIMIT;
	if (text->n > 0)
		memcpy(own, text->p, text->n);
	text->p = own;
	plugin_strict_note(call, mix(UINT64_C(14695981039346656037), own, text->n));
	return rc;
}

static int copy_value(
    struct arena *arena, const struct liquid_value *from, struct liquid_value *to, uint64_t *hash);

static int
copy_array(
    struct arena *arena, const struct liquid_value *from, struct liquid_value *to, uint64_t *hash)
{
	struct liquid_value *at;

	if (value_array_new(arena, from->array->count, &at, to) != 0)
		return -1;
	for (size_t i = 0; i < from->array->count; i++) {
		if (copy_value(arena, &from->array->at[i], &at[i], hash) != 0)
			return -1;
	}
	return 0;
}

static int
copy_object(
    struct arena *arena, const struct liquid_value *from, struct liquid_value *to, uint64_t *hash)
{
	struct liquid_object *object = liquid_object_new(arena, from->object->count);

	if (object == NULL)
		return -1;
	for (size_t i = 0; i < from->object->count; i++) {
		const struct value_member *member = &from->object->member[i];
		struct str key = arena_str(arena, member->key);
		struct liquid_value value;

		*hash = mix(*hash, member->key.p, member->key.n);
		if (key.p == NULL || copy_value(arena, &member->value, &value, hash) != 0 ||
		    liquid_object_set(object, arena, key, value) != 0)
			return -1;
	}
	*to = liquid_object_value(object);
	return 0;
}

static int
copy_value(
    struct arena *arena, const struct liquid_value *from, struct liquid_value *to, uint64_t *hash)
{
	*hash = mix(*hash, &from->type, sizeof from->type);
	*to = *from;
	switch (from->type) {
	case LIQUID_STRING:
		*hash = mix(*hash, from->string.p, from->string.n);
		to->string = arena_str(arena, from->string);
		return to->string.p == NULL ? -1 : 0;
	case LIQUID_BOOL:
		*hash = mix(*hash, &from->boolean, sizeof from->boolean);
		return 0;
	case LIQUID_INT:
	case LIQUID_FLOAT:
		*hash = mix(*hash, &from->integer, sizeof from->integer);
		return 0;
	case LIQUID_ARRAY:
		return copy_array(arena, from, to, hash);
	case LIQUID_OBJECT:
		return copy_object(arena, from, to, hash);
	default:
		return 0;
	}
}

int32_t
plugin_strict_value(struct plugin_call *call, int32_t rc, const struct mt_value **value)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	struct mt_value *own;

	if (!plugin_process.strict)
		return rc;
	back(call);
	if (rc != MT_OK || *value == NULL) {
		plugin_strict_note(call, (uint64_t)rc);
		return rc;
	}
	if (!strict_pool_has(call->pool, *value, sizeof **value))
		return plugin_call_misuse(
		    call, "what it hands back is no value that the host gave it in this call");
	own = arena_zalloc(call->copy->arena, 1, sizeof *own);
	if (own == NULL || copy_value(call->copy->arena, &(*value)->v, &own->v, &hash) != 0)
		return MT_LIMIT;
	plugin_value_sign(call, own);
	*value = own;
	plugin_strict_note(call, hash);
	return rc;
}

/* --- in the background --- */

int
plugin_strict_background(const struct plugin_set *set, const char *what, struct err *err)
{
	static const char prefix[] = "task:";

	for (size_t i = 0; strncmp(what, prefix, sizeof prefix - 1) == 0 && i < set->count; i++) {
		const struct mt_tasks *tasks = &set->plugins[i].module->definition.tasks;

		for (uint32_t k = 0; k < tasks->count; k++) {
			if (strcmp(tasks->at[k].name, what + sizeof prefix - 1) == 0)
				return plugin_run_task(&set->plugins[i], &tasks->at[k], err);
		}
	}
	return err_set(
	    err, ERR_NOTFOUND, "--hook %s: expected task:NAME of a task that it has", what);
}

/* --- copies --- */

/* One at a time. */
struct arena *
plugin_strict_arena(size_t ceiling)
{
	static struct strict_pool *pool;

	if (pool == NULL)
		pool = strict_pool_new("an earlier copy", false);
	return strict_pool_arena(pool, ceiling);
}

void
plugin_strict_copy(size_t number)
{
	strict.copy = number;
	strict.at = 0;
}

void
plugin_strict_mute(bool mute)
{
	for (int i = 0; i < atomic_load(&plugin_process.board->plugins); i++)
		atomic_store(&plugin_process.board->plugin[i].out, mute);
}

int64_t
plugin_strict_heap(void)
{
#ifdef SANITIZER
	return (int64_t)__sanitizer_get_current_allocated_bytes();
#else
	struct mallinfo2 info = mallinfo2();

	return (int64_t)(info.uordblks + info.hblkhd);
#endif
}

/* --- times --- */

const struct strict_hook *
plugin_strict_hook(size_t i)
{
	return i < strict.hooks ? &strict.hook[i] : NULL;
}

double
plugin_strict_mean(const struct strict_hook *hook)
{
	return hook->calls == 0 ? 0 : (double)hook->total_us / (double)hook->calls;
}

static int
compare(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

int64_t
plugin_strict_p99(const struct strict_hook *hook)
{
	if (hook->took_count == 0)
		return 0;
	qsort(hook->took_us, hook->took_count, sizeof *hook->took_us, compare);
	return hook->took_us[(hook->took_count - 1) * 99 / 100];
}
