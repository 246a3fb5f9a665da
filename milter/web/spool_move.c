/* SPDX-License-Identifier: BSD-2-Clause
 *
 * spool_move: see spool.h; this file: from the files into the database
 *
 * Threads: one at a time; web_spool_add may run beside it.
 */
#include "web/spool_impl.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is read at once; a transaction holds at most so much. */
#define ROOM	  ((size_t)1 << 20)
#define GROUP_MAX 4096

struct group {
	struct store_event events[GROUP_MAX];
	size_t count;
	size_t bytes;
};

/* Bytes of the record at the front; 0 if it is torn, or not all of it was read. */
static size_t
decode(const char *at, size_t n, struct store_event *event)
{
	struct spool_head head;
	size_t texts;

	if (n < sizeof head)
		return 0;
	memcpy(&head, at, sizeof head);
	if (head.size > n || head.size < sizeof head || head.sum != spool_sum(at, head.size))
		return 0;
	texts = head.size - sizeof head;
	if (head.message_n > texts || head.source_id_n > texts - head.message_n ||
	    head.properties_n != texts - head.message_n - head.source_id_n)
		return 0;
	at += sizeof head;
	*event = (struct store_event){.contact = head.contact,
	    .kind = head.kind,
	    .time_ms = head.time_ms,
	    .received_ms = head.time_ms,
	    .campaign = head.campaign,
	    .link = head.link,
	    .machine = (head.machine & SPOOL_MACHINE) != 0,
	    .judge_ms = head.judge_ms,
	    .judge_client = (head.machine & SPOOL_CLIENT) != 0,
	    .source = STR(WEB_SPOOL_SOURCE),
	    .message = {at, head.message_n},
	    .source_id = {at + head.message_n, head.source_id_n},
	    .properties = {at + head.message_n + head.source_id_n, head.properties_n}};
	return head.size;
}

/* The first file that has something to move, or that is done and not written to any more; NULL:
 * there is none. */
static struct spool_segment *
find(struct web_spool *spool)
{
	struct spool_segment *at;

	pthread_mutex_lock(&spool->lock);
	for (at = spool->first; at != NULL; at = at->next) {
		if (at->moved < atomic_load(&at->size) || at != spool->current)
			break;
	}
	pthread_mutex_unlock(&spool->lock);
	return at;
}

static struct spool_segment *
find_work(struct web_spool *spool)
{
	struct spool_segment *found;

	/* Its size can't grow any more once it is not the current one. */
	while ((found = find(spool)) != NULL && found->moved == atomic_load(&found->size))
		spool_drop(spool, found, true);
	return found;
}

static int
read_group(struct web_spool *spool, struct spool_segment *segment, size_t max, struct group *group,
    struct err *err)
{
	int64_t left = atomic_load(&segment->size) - segment->moved;
	size_t want = left > (int64_t)ROOM ? ROOM : (size_t)left;
	ssize_t n = pread(segment->fd, spool->room, want, segment->moved);

	if (n < 0)
		return err_set(
		    err, ERR_IO, "%s/%s: %s", spool->folder, segment->name, strerror(errno));
	group->count = group->bytes = 0;
	while (group->count < max) {
		size_t size = decode(spool->room + group->bytes, (size_t)n - group->bytes,
		    &group->events[group->count]);

		if (size == 0)
			break;
		group->bytes += size;
		group->count++;
	}
	return 0;
}

/* Nothing but zeros is left: whoever wrote it died, and used no more of it. 1, 0, -1. */
static int
is_unused(struct web_spool *spool, const struct spool_segment *segment, struct err *err)
{
	int64_t size = atomic_load(&segment->size);

	for (int64_t at = segment->moved; at < size;) {
		ssize_t n = pread(segment->fd, spool->room, ROOM, at);

		if (n <= 0)
			return err_set(err, ERR_IO, "%s/%s: %s", spool->folder, segment->name,
			    n == 0 ? "shorter than it was" : strerror(errno));
		for (ssize_t i = 0; i < n; i++) {
			if (spool->room[i] != '\0')
				return 0;
		}
		at += n;
	}
	return 1;
}

/* Nothing can be read behind here: whoever wrote it was cut off by a loss of power, or in the middle
 * of a record that nobody was told of. */
static int
put_aside(struct web_spool *spool, struct spool_segment *segment, struct err *err)
{
	char bad[SPOOL_NAME + 8];
	int64_t left = atomic_load(&segment->size) - segment->moved;
	bool current;

	pthread_mutex_lock(&spool->lock);
	current = segment == spool->current;
	pthread_mutex_unlock(&spool->lock);
	if (current)
		return err_set(err, ERR_IO, "%s/%s: what was just written can't be read",
		    spool->folder, segment->name);

	snprintf(bad, sizeof bad, "%s.bad", segment->name);
	log_error("web: events can't be read and were put aside", LOG_STR("folder", spool->folder),
	    LOG_STR("file", bad), LOG_NUM("bytes", left));
	if (renameat(spool->folder_fd, segment->name, spool->folder_fd, bad) != 0)
		log_error("web: can't rename", LOG_STR("reason", strerror(errno)));
	atomic_fetch_sub(&spool->backlog, left);
	spool_drop(spool, segment, false);
	return 0;
}

static bool
is_refused(const struct err *err)
{
	return err->code == ERR_INPUT || err->code == ERR_LIMIT;
}

static int
write_group(struct store *store, const struct group *group, struct err *err)
{
	if (store_event_put(store, group->events, group->count, NULL, err) == 0)
		return 0;
	if (!is_refused(err))
		return -1;
	for (size_t i = 0; i < group->count; i++) {
		if (store_event_put(store, &group->events[i], 1, NULL, err) == 0)
			continue;
		if (!is_refused(err))
			return -1;
		log_error("web: an event can't be written", LOG_STR("reason", err->text));
	}
	return 0;
}

int
web_spool_move(struct web_spool *spool, struct store *store, size_t max, struct err *err)
{
	struct spool_segment *segment = find_work(spool);
	struct group *group;
	int rc;

	if (segment == NULL)
		return 0;
	if (spool->room == NULL && (spool->room = malloc(ROOM)) == NULL)
		abort();
	group = malloc(sizeof *group);
	if (group == NULL)
		abort();
	rc = read_group(spool, segment, max < GROUP_MAX ? max : GROUP_MAX, group, err);
	if (rc == 0 && group->count > 0 && (rc = write_group(store, group, err)) == 0) {
		atomic_fetch_sub(&spool->backlog, (long long)group->bytes);
		segment->moved += (int64_t)group->bytes;
		rc = (int)group->count;
	} else if (rc == 0 && (rc = is_unused(spool, segment, err)) == 1) {
		atomic_fetch_sub(
		    &spool->backlog, atomic_load(&segment->size) - (long long)segment->moved);
		segment->moved = atomic_load(&segment->size);
		rc = 0;
	} else if (rc == 0) {
		rc = put_aside(spool, segment, err);
	}
	free(group);
	return rc != 0 ? rc : web_spool_move(spool, store, max, err);
}
