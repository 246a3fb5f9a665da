/* SPDX-License-Identifier: BSD-2-Clause
 *
 * board: memory that all processes of the daemon share about plugins
 *
 * Each process notes in a line of its own which hook of which plugin it is about to call, and
 * wipes the note when the hook has returned. When a process dies or hangs, the master reads
 * there whose fault it was. Calls, times and counters are added up for `mailtailor plugin list`.
 *
 * It is a mapped file beside the database, made anew by the master. Whoever maps it trusts
 * nothing in it but numbers within their ranges: the processes that write it run plugins.
 *
 * Threads: any; all that changes is atomic. Names are written by the master alone.
 */
#ifndef PLUGIN_BOARD_H
#define PLUGIN_BOARD_H

#include "base/err.h"
#include "base/str.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#define BOARD_PLUGINS	64
#define BOARD_PROCESSES 320
#define BOARD_CALLS	256
#define BOARD_BUCKETS	64
#define BOARD_COUNTERS	64
#define BOARD_NAME	48
#define BOARD_STRIKES	3

enum board_kind {
	BOARD_START = 1,
	BOARD_STOP,
	BOARD_RELOAD,
	BOARD_GATE,
	BOARD_VALUE,
	BOARD_FILTER,
	BOARD_TAG,
	BOARD_PART,
	BOARD_HEADER,
	BOARD_LISTENER,
	BOARD_TASK,
	BOARD_EXTEND,
	BOARD_KINDS
};

/* Why a process was ended over a hook. */
enum board_why {
	BOARD_CRASH,
	BOARD_DEADLINE,
	BOARD_OVERRUN, /* it wrote beyond the memory that it was given */
	BOARD_AFTER,   /* it had returned; the crash came while the same copy was made */
	BOARD_MEMORY,  /* the process had grown too large */
	BOARD_WHYS
};

/* "crash", "overrun", ... */
const char *board_why_name(int why);

/* "start", "gate", "value", ... */
const char *board_kind_name(int kind);

struct board_note {
	atomic_int plugin; /* its place on the board + 1; 0: no hook is running */
	atomic_int kind;
	atomic_int why; /* enum board_why, of last words */
	char hook[BOARD_NAME];
	atomic_llong row;      /* of the outbox; 0: none */
	atomic_llong since_us; /* clock_mono_us */
	atomic_llong until_us; /* then the process is killed */
};

struct board_counter {
	char name[BOARD_NAME];
	atomic_int used;
	atomic_llong value;
};

struct board_plugin {
	char name[BOARD_NAME];
	atomic_int out;	 /* out of service */
	atomic_int kind; /* of the hook that struck last */
	atomic_llong strikes;
	atomic_llong strike_us[BOARD_STRIKES]; /* the latest ones, by strikes % BOARD_STRIKES */
	atomic_llong calls;
	atomic_llong failures;
	atomic_llong late;
	atomic_llong bucket[BOARD_BUCKETS]; /* of calls, by time; see board_bucket_us */
	struct board_counter counter[BOARD_COUNTERS];
};

struct board {
	uint64_t magic;
	uint64_t size;
	atomic_int plugins;
	struct board_plugin plugin[BOARD_PLUGINS];
	/* Whose fault it was that the process ended: whoever sets `spoken` writes it, `plugin` last. */
	atomic_int spoken[BOARD_PROCESSES];
	struct board_note words[BOARD_PROCESSES];
	struct board_note note[BOARD_PROCESSES][BOARD_CALLS];
};

/* `path` is made anew, of this owner and mode 0640. ERR_IO. */
int board_create(struct board **board_r, const char *path, uid_t uid, gid_t gid, struct err *err);
/* The file of a running daemon, for a look or for board_enable. ERR_NOTFOUND, ERR_IO. */
int board_open(struct board **board_r, const char *path, struct err *err);
void board_close(struct board **board);

/* Place of the plugin; -1 if it has none. */
int board_find(const struct board *board, struct str name);
/* The same, and gives it one; -1: the board is full. The master only. */
int board_add(struct board *board, struct str name);

/* One more fault of this plugin: is it out of service now? */
bool board_strike(struct board_plugin *plugin, int64_t now_us);
void board_enable(struct board_plugin *plugin);

void board_count_call(struct board_plugin *plugin, int64_t took_us);
void board_count(struct board_plugin *plugin, struct str counter, int64_t add);
/* Microseconds that `percent` of the calls did not exceed, rounded up to a bucket's end. */
int64_t board_percentile(const struct board_plugin *plugin, int percent);

/* What one plugin did so far: a copy, so that it stays as it is while others count on. */
struct board_look {
	char name[BOARD_NAME];
	bool out;
	int64_t strikes, calls, failures, late;
	/* Calls that took less than `end_us`, and no less than the bucket before. */
	struct {
		int64_t end_us;
		int64_t calls;
	} bucket[BOARD_BUCKETS];
	size_t counter_count;
	struct {
		char name[BOARD_NAME];
		int64_t value;
	} counter[BOARD_COUNTERS];
};

/* All plugins, in the order of the board; `each` returns false to stop. */
void board_each(const struct board *board,
    bool (*each)(const struct board_look *look, void *closure), void *closure);

#endif
