/* SPDX-License-Identifier: BSD-2-Clause
 *
 * strict: the host, looking closely: what `mailtailor plugin test` runs plugins under
 *
 * Each hook gets memory of its own that ends with it (strict_memory.h); what it hands back is
 * looked at; calls of the host from other threads or when the hook is over are told; results are
 * compared from one try to the next; each hook's times are kept. What is found is written into
 * memory that outlives the process.
 *
 * Owns:    the report.
 * Threads: any.
 */
#ifndef PLUGIN_STRICT_H
#define PLUGIN_STRICT_H

#include "base/arena.h"
#include "plugin/board.h"
#include "plugin/plugin.h"

#define STRICT_FINDINGS 64
#define STRICT_HOOKS	128

struct strict_finding {
	char hook[112]; /* "filter shout" */
	char text[320];
	atomic_int times;
};

/* What a signal was about, where it says so. */
struct strict_fault {
	atomic_int number;
	bool ours; /* the address is of memory that hooks were given */
	bool over;
	bool behind;
	size_t size;
	void *address;
	char label[96];
};

struct strict_hook {
	int kind;
	char name[BOARD_NAME];
	long long calls, failures, late;
	int64_t total_us;
	int *took_us; /* of the first calls */
	size_t took_count;
};

struct strict_report {
	atomic_int count;
	struct strict_finding finding[STRICT_FINDINGS];
	struct strict_fault fault;
};

/* To be made before fork(): shared with children. */
struct strict_report *plugin_strict_report_new(void);
void plugin_strict_report_free(struct strict_report **report);
/* This process looks closely from now on. `board` has the plugins; line 0 is this process's. */
void plugin_strict_install(struct strict_report *report, struct board *board);

/* A finding about a hook ("filter shout"; "" is the plugin as a whole). */
void plugin_strict_tell(const char *hook, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same for a report that is not this process's own. */
void plugin_strict_tell_in(struct strict_report *report, const char *hook, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Runs a task, once: "task:NAME". ERR_NOTFOUND, ERR_PLUGIN. */
int plugin_strict_background(const struct plugin_set *set, const char *what, struct err *err);

/* Memory for one copy, which can't be touched when the arena is freed. */
struct arena *plugin_strict_arena(size_t ceiling);
/* A copy is about to be made. The first one says what the others are compared with. */
void plugin_strict_copy(size_t number);
/* Without: hooks are passed over as if the plugin were out of service. */
void plugin_strict_mute(bool mute);

/* Bytes that the heap has given out. */
int64_t plugin_strict_heap(void);
/* Hook `i`; NULL behind the last. */
const struct strict_hook *plugin_strict_hook(size_t i);
/* In microseconds. */
double plugin_strict_mean(const struct strict_hook *hook);
int64_t plugin_strict_p99(const struct strict_hook *hook);

/* strict_fault.c: "it was killed by signal 11 (Segmentation fault): ..." */
void plugin_strict_explain(
    const struct strict_report *report, int signal_number, char *text, size_t size);

#endif
