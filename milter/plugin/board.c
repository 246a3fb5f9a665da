/* SPDX-License-Identifier: BSD-2-Clause
 *
 * board: see board.h
 */
#include "plugin/board.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC UINT64_C(0x6d74626f61726432)
/* Strikes that lie so close together take a plugin out of service. */
#define STRIKES_WITHIN_US ((int64_t)600 * 1000000)

static const char *const kinds[BOARD_KINDS] = {
    [BOARD_START] = "start",
    [BOARD_STOP] = "stop",
    [BOARD_RELOAD] = "reload",
    [BOARD_GATE] = "gate",
    [BOARD_VALUE] = "value",
    [BOARD_FILTER] = "filter",
    [BOARD_TAG] = "tag",
    [BOARD_PART] = "part",
    [BOARD_HEADER] = "header",
    [BOARD_LISTENER] = "listener",
    [BOARD_TASK] = "task",
    [BOARD_EXTEND] = "extend",
};

static const char *const whys[BOARD_WHYS] = {
    [BOARD_CRASH] = "crash",
    [BOARD_DEADLINE] = "deadline",
    [BOARD_OVERRUN] = "overrun",
    [BOARD_AFTER] = "after",
    [BOARD_MEMORY] = "memory",
};

const char *
board_why_name(int why)
{
	return why >= 0 && why < BOARD_WHYS ? whys[why] : "crash";
}

const char *
board_kind_name(int kind)
{
	return kind > 0 && kind < BOARD_KINDS ? kinds[kind] : "hook";
}

static int
map(struct board **board_r, int fd, const char *path, struct err *err)
{
	void *memory = mmap(NULL, sizeof **board_r, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	*board_r = memory;
	return 0;
}

int
board_create(struct board **board_r, const char *path, uid_t uid, gid_t gid, struct err *err)
{
	int fd, rc;

	/* A new file: who has mapped the old one keeps it. */
	if (unlink(path) != 0 && errno != ENOENT)
		return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	if (ftruncate(fd, sizeof **board_r) != 0 || (geteuid() == 0 && fchown(fd, uid, gid) != 0))
		rc = err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	else
		rc = map(board_r, fd, path, err);
	close(fd);
	if (rc != 0)
		return -1;
	(*board_r)->magic = MAGIC;
	(*board_r)->size = sizeof **board_r;
	return 0;
}

int
board_open(struct board **board_r, const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW), rc = -1;
	struct stat st;

	if (fd < 0)
		return err_set(
		    err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) != 0 || st.st_size != (off_t)sizeof **board_r)
		err_set(err, ERR_IO, "%s: it is of another version of mailtailor", path);
	else
		rc = map(board_r, fd, path, err);
	close(fd);
	if (rc == 0 && ((*board_r)->magic != MAGIC || (*board_r)->size != sizeof **board_r)) {
		board_close(board_r);
		return err_set(err, ERR_IO, "%s: it is of another version of mailtailor", path);
	}
	return rc;
}

void
board_close(struct board **board)
{
	if (*board != NULL)
		munmap(*board, sizeof **board);
	*board = NULL;
}

static int
plugin_count(const struct board *board)
{
	int count = atomic_load(&board->plugins);

	return count < 0 || count > BOARD_PLUGINS ? 0 : count;
}

static struct str
name_in(const char name[BOARD_NAME])
{
	return (struct str){name, strnlen(name, BOARD_NAME)};
}

int
board_find(const struct board *board, struct str name)
{
	for (int i = 0; i < plugin_count(board); i++) {
		if (str_eq(name_in(board->plugin[i].name), name))
			return i;
	}
	return -1;
}

int
board_add(struct board *board, struct str name)
{
	int at = board_find(board, name);

	if (at >= 0)
		return at;
	at = plugin_count(board);
	if (at == BOARD_PLUGINS || name.n >= BOARD_NAME)
		return -1;
	memcpy(board->plugin[at].name, name.p, name.n);
	atomic_store(&board->plugins, at + 1);
	return at;
}

bool
board_strike(struct board_plugin *plugin, int64_t now_us)
{
	int64_t number = atomic_fetch_add(&plugin->strikes, 1), oldest;
	size_t at = (size_t)((uint64_t)number % BOARD_STRIKES);

	atomic_store(&plugin->strike_us[at], now_us);
	oldest = atomic_load(&plugin->strike_us[(at + 1) % BOARD_STRIKES]);
	if (oldest > 0 && now_us - oldest < STRIKES_WITHIN_US)
		atomic_store(&plugin->out, 1);
	return atomic_load(&plugin->out) != 0;
}

void
board_enable(struct board_plugin *plugin)
{
	for (size_t i = 0; i < BOARD_STRIKES; i++)
		atomic_store(&plugin->strike_us[i], 0);
	atomic_store(&plugin->out, 0);
}

/* Four buckets for each doubling: 0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, ... */
static size_t
bucket_of(int64_t us)
{
	uint64_t value = us < 0 ? 0 : (uint64_t)us;
	unsigned top;
	size_t bucket;

	if (value < 4)
		return value;
	top = 63 - (unsigned)__builtin_clzll(value);
	bucket = 4 * (top - 1) + (value >> (top - 2) & 3);
	return bucket < BOARD_BUCKETS ? bucket : BOARD_BUCKETS - 1;
}

/* The first value of the bucket behind this one. */
static int64_t
bucket_end(size_t bucket)
{
	bucket++;
	if (bucket < 4)
		return (int64_t)bucket;
	return (int64_t)(4 + bucket % 4) << (bucket / 4 - 1);
}

void
board_count_call(struct board_plugin *plugin, int64_t took_us)
{
	atomic_fetch_add_explicit(&plugin->calls, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&plugin->bucket[bucket_of(took_us)], 1, memory_order_relaxed);
}

void
board_count(struct board_plugin *plugin, struct str name, int64_t add)
{
	for (size_t i = 0; i < BOARD_COUNTERS; i++) {
		struct board_counter *counter = &plugin->counter[i];
		int free = 0;

		/* 1: its name is being written; 2: it is there. */
		if (atomic_compare_exchange_strong(&counter->used, &free, 1)) {
			memcpy(counter->name, name.p, name.n);
			atomic_store(&counter->used, 2);
		}
		while (atomic_load(&counter->used) == 1)
			;
		if (str_eq(name_in(counter->name), name)) {
			atomic_fetch_add(&counter->value, add);
			return;
		}
	}
}

int64_t
board_percentile(const struct board_plugin *plugin, int percent)
{
	int64_t calls = 0, seen = 0;

	for (size_t i = 0; i < BOARD_BUCKETS; i++)
		calls += atomic_load(&plugin->bucket[i]);
	for (size_t i = 0; i < BOARD_BUCKETS && calls > 0; i++) {
		seen += atomic_load(&plugin->bucket[i]);
		if (seen * 100 >= calls * percent)
			return bucket_end(i);
	}
	return 0;
}

/* A name of a counter is there for good once `used` is 2. */
static void
look_at(const struct board_plugin *plugin, struct board_look *look)
{
	*look = (struct board_look){.out = atomic_load(&plugin->out) != 0,
	    .strikes = atomic_load(&plugin->strikes),
	    .calls = atomic_load(&plugin->calls),
	    .failures = atomic_load(&plugin->failures),
	    .late = atomic_load(&plugin->late)};
	memcpy(look->name, plugin->name, sizeof look->name - 1);
	for (size_t i = 0; i < BOARD_BUCKETS; i++) {
		look->bucket[i].end_us = i + 1 == BOARD_BUCKETS ? INT64_MAX : bucket_end(i);
		look->bucket[i].calls = atomic_load(&plugin->bucket[i]);
	}
	for (size_t i = 0; i < BOARD_COUNTERS; i++) {
		const struct board_counter *counter = &plugin->counter[i];
		size_t at = look->counter_count;

		if (atomic_load(&counter->used) != 2)
			continue;
		memcpy(look->counter[at].name, counter->name, BOARD_NAME - 1);
		look->counter[at].value = atomic_load(&counter->value);
		look->counter_count++;
	}
}

void
board_each(const struct board *board, bool (*each)(const struct board_look *look, void *closure),
    void *closure)
{
	struct board_look look;

	for (int i = 0; i < plugin_count(board); i++) {
		look_at(&board->plugin[i], &look);
		if (!each(&look, closure))
			return;
	}
}
