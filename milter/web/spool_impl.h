/* SPDX-License-Identifier: BSD-2-Clause
 *
 * spool_impl: what spool.c and spool_move.c share; nobody else includes it
 */
#ifndef WEB_SPOOL_IMPL_H
#define WEB_SPOOL_IMPL_H

#include "base/buf.h"
#include "web/spool.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

#define SPOOL_NAME	 64
#define SPOOL_RECORD_MAX ((size_t)64 << 10)
/* Of a file, from the beginning: what is not used is zeros. A full one is followed by another. */
#define SPOOL_SEGMENT ((size_t)4 << 20)

/* A record: this, then message, source_id and properties. */
#define SPOOL_MACHINE 1 /* bits of `machine` */
#define SPOOL_CLIENT  2

struct spool_head {
	uint32_t sum;
	uint32_t size; /* of the record, this included */
	int64_t contact, campaign, link, time_ms;
	uint32_t kind, machine;
	uint32_t message_n, source_id_n, properties_n;
	uint32_t judge_ms;
};

struct spool_segment {
	struct spool_segment *next;
	int fd;
	atomic_llong size; /* whole records */
	int64_t moved;	   /* so many bytes are in the database */
	char name[SPOOL_NAME];
};

struct web_spool {
	char folder[PATH_MAX];
	int folder_fd;
	pthread_mutex_t lock; /* of the list */
	struct spool_segment *first, **last;
	struct spool_segment *current; /* is written to; the writer's */
	char *map;		       /* of the current one; the writer's; or NULL */
	unsigned number;
	struct buf record; /* the writer's */
	char *room;	   /* the mover's */
	atomic_llong backlog;
};

uint32_t spool_sum(const char *record, size_t n);
/* Takes a file off the list, and away if it is done. */
void spool_drop(struct web_spool *spool, struct spool_segment *gone, bool done);

#endif
