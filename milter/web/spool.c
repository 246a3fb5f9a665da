/* SPDX-License-Identifier: BSD-2-Clause
 *
 * spool: see spool.h; this file: the folder, its files, and writing
 *
 * A new file gets its name when its lock is held, so that nobody takes it for a dead
 * process's.
 */
#include "web/spool_impl.h"

#include "base/clock.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* Some million clicks: then something is wrong with the database. */
#define BACKLOG_MAX ((int64_t)512 << 20)
#define NAME_END    ".events"
#define FRESH_END   ".new"
#define FRESH_MS    60000

/* --- the folder --- */

int
web_spool_new(struct web_spool **spool_r, const char *database, struct err *err)
{
	struct web_spool *spool = calloc(1, sizeof *spool);

	if (spool == NULL)
		abort();
	pthread_mutex_init(&spool->lock, NULL);
	spool->last = &spool->first;
	snprintf(spool->folder, sizeof spool->folder, "%s-web", database);
	buf_init(&spool->record, SPOOL_RECORD_MAX);
	if ((mkdir(spool->folder, 0700) != 0 && errno != EEXIST) ||
	    (spool->folder_fd = open(spool->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
		err_set(err, ERR_IO, "%s: %s", spool->folder, strerror(errno));
		spool->folder_fd = -1;
		web_spool_free(&spool);
		return -1;
	}
	*spool_r = spool;
	return 0;
}

void
spool_drop(struct web_spool *spool, struct spool_segment *gone, bool done)
{
	struct spool_segment **at;

	pthread_mutex_lock(&spool->lock);
	for (at = &spool->first; *at != gone; at = &(*at)->next)
		;
	*at = gone->next;
	if (*at == NULL)
		spool->last = at;
	pthread_mutex_unlock(&spool->lock);
	if (done)
		unlinkat(spool->folder_fd, gone->name, 0);
	close(gone->fd);
	free(gone);
}

/* The current file gets no more: what is not used of it goes. */
static void
close_current(struct web_spool *spool)
{
	struct spool_segment *current = spool->current;

	if (spool->map == NULL)
		return;
	munmap(spool->map, SPOOL_SEGMENT);
	spool->map = NULL;
	if (ftruncate(current->fd, atomic_load(&current->size)) != 0)
		log_warning("web: spool", LOG_STR("file", current->name),
		    LOG_STR("reason", strerror(errno)));
	pthread_mutex_lock(&spool->lock);
	spool->current = NULL;
	pthread_mutex_unlock(&spool->lock);
}

void
web_spool_free(struct web_spool **spool)
{
	struct web_spool *gone = *spool;

	*spool = NULL;
	if (gone == NULL)
		return;
	close_current(gone);
	while (gone->first != NULL)
		spool_drop(
		    gone, gone->first, gone->first->moved == atomic_load(&gone->first->size));
	if (gone->folder_fd >= 0)
		close(gone->folder_fd);
	buf_fini(&gone->record);
	free(gone->room);
	pthread_mutex_destroy(&gone->lock);
	free(gone);
}

static void
append(struct web_spool *spool, struct spool_segment *segment, bool current)
{
	pthread_mutex_lock(&spool->lock);
	segment->next = NULL;
	*spool->last = segment;
	spool->last = &segment->next;
	if (current)
		spool->current = segment;
	pthread_mutex_unlock(&spool->lock);
}

/* --- a file of ours --- */

static int
fail(struct web_spool *spool, const char *name, struct err *err)
{
	return err_set(err, ERR_IO, "%s/%s: %s", spool->folder, name, strerror(errno));
}

/* Its whole length, so that nothing can be missing later. */
static char *
map_file(int fd)
{
	int status = posix_fallocate(fd, 0, SPOOL_SEGMENT);
	char *map;

	if (status != 0) {
		errno = status;
		return NULL;
	}
	map = mmap(NULL, SPOOL_SEGMENT, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return map == MAP_FAILED ? NULL : map;
}

/* A name that no other process has: the time, the process, and a number. */
static int
open_current(struct web_spool *spool, struct err *err)
{
	struct spool_segment *segment = calloc(1, sizeof *segment);
	char fresh[SPOOL_NAME + 8];
	char *map;

	if (segment == NULL)
		abort();
	snprintf(segment->name, sizeof segment->name, "%lld-%d-%u" NAME_END, (long long)clock_now(),
	    (int)getpid(), ++spool->number);
	snprintf(fresh, sizeof fresh, "%s" FRESH_END, segment->name);
	segment->fd = openat(spool->folder_fd, fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (segment->fd < 0) {
		free(segment);
		return fail(spool, fresh, err);
	}
	map = map_file(segment->fd);
	if (map == NULL || flock(segment->fd, LOCK_EX | LOCK_NB) != 0 ||
	    renameat2(spool->folder_fd, fresh, spool->folder_fd, segment->name, RENAME_NOREPLACE) !=
		0) {
		fail(spool, fresh, err);
		if (map != NULL)
			munmap(map, SPOOL_SEGMENT);
		unlinkat(spool->folder_fd, fresh, 0);
		close(segment->fd);
		free(segment);
		return -1;
	}
	append(spool, segment, true);
	spool->map = map;
	return 0;
}

/* --- writing --- */

static int
encode(struct buf *record, const struct store_event *event, struct err *err)
{
	struct spool_head head = {.contact = event->contact,
	    .campaign = event->campaign,
	    .link = event->link,
	    .time_ms = event->time_ms,
	    .kind = (uint32_t)event->kind,
	    .machine =
		(event->machine ? SPOOL_MACHINE : 0) | (event->judge_client ? SPOOL_CLIENT : 0),
	    .judge_ms = (uint32_t)event->judge_ms,
	    .message_n = (uint32_t)event->message.n,
	    .source_id_n = (uint32_t)event->source_id.n,
	    .properties_n = (uint32_t)event->properties.n};

	/* What can't be moved later must not be acknowledged. */
	if (store_event_check(event, err) != 0)
		return -1;
	buf_reset(record);
	buf_add(record, &head, sizeof head);
	buf_add_str(record, event->message);
	buf_add_str(record, event->source_id);
	if (buf_add_str(record, event->properties) != 0)
		return err_set(err, ERR_LIMIT, "an event is too large");
	head.size = (uint32_t)record->len;
	memcpy(record->data, &head, sizeof head);
	head.sum = spool_sum(record->data, record->len);
	memcpy(record->data, &head, sizeof head);
	return 0;
}

/* The checksum is of everything behind it. */
uint32_t
spool_sum(const char *record, size_t n)
{
	size_t from = offsetof(struct spool_head, size);

	return (uint32_t)crc32_z(0, (const unsigned char *)record + from, n - from);
}

int
web_spool_add(struct web_spool *spool, const struct store_event *event, struct err *err)
{
	const struct buf *record = &spool->record;
	size_t size;

	if (encode(&spool->record, event, err) != 0)
		return -1;
	if (atomic_load(&spool->backlog) + (int64_t)record->len > BACKLOG_MAX)
		return err_set(err, ERR_LIMIT, "%s: more than %lld MB wait for the database",
		    spool->folder, (long long)(BACKLOG_MAX >> 20));
	if (spool->map != NULL &&
	    (size_t)atomic_load(&spool->current->size) + record->len > SPOOL_SEGMENT)
		close_current(spool);
	if (spool->map == NULL && open_current(spool, err) != 0)
		return -1;
	size = (size_t)atomic_load(&spool->current->size);
	memcpy(spool->map + size, record->data, record->len);
	atomic_store(&spool->current->size, (long long)(size + record->len));
	atomic_fetch_add(&spool->backlog, (long long)record->len);
	return 0;
}

/* --- what others left --- */

static bool
is_known(struct web_spool *spool, const char *name)
{
	bool known = false;

	pthread_mutex_lock(&spool->lock);
	for (struct spool_segment *at = spool->first; at != NULL; at = at->next)
		known |= strcmp(at->name, name) == 0;
	pthread_mutex_unlock(&spool->lock);
	return known;
}

static int
adopt(struct web_spool *spool, const char *name, struct err *err)
{
	struct spool_segment *segment = calloc(1, sizeof *segment);
	struct stat st;

	if (segment == NULL)
		abort();
	snprintf(segment->name, sizeof segment->name, "%s", name);
	segment->fd = openat(spool->folder_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (segment->fd < 0 || flock(segment->fd, LOCK_EX | LOCK_NB) != 0 ||
	    fstat(segment->fd, &st) != 0 || st.st_nlink == 0) {
		/* Another's, or gone meanwhile. */
		int rc = segment->fd < 0 && errno != ENOENT ? fail(spool, name, err) : 0;

		if (segment->fd >= 0)
			close(segment->fd);
		free(segment);
		return rc;
	}
	atomic_store(&segment->size, st.st_size);
	atomic_fetch_add(&spool->backlog, st.st_size);
	log_info("web: events of a process that is gone", LOG_STR("file", name),
	    LOG_NUM("bytes", st.st_size));
	append(spool, segment, false);
	return 0;
}

/* Who made it died before it had its name, and anything in it. */
static void
remove_fresh(struct web_spool *spool, const char *name)
{
	int fd = openat(spool->folder_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd < 0)
		return;
	/* A living one may have it open, and not locked yet: for a moment. */
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 && st.st_size == 0 &&
	    clock_now() - (int64_t)st.st_mtim.tv_sec * 1000 > FRESH_MS)
		unlinkat(spool->folder_fd, name, 0);
	close(fd);
}

int
web_spool_adopt(struct web_spool *spool, struct err *err)
{
	int fd = dup(spool->folder_fd), rc = 0;
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (folder == NULL) {
		if (fd >= 0)
			close(fd);
		return fail(spool, "", err);
	}
	rewinddir(folder);
	while (rc == 0 && (entry = readdir(folder)) != NULL) {
		struct str name = str_c(entry->d_name);

		if (str_ends_nocase(name, STR(NAME_END)) && name.n < SPOOL_NAME &&
		    !is_known(spool, entry->d_name))
			rc = adopt(spool, entry->d_name, err);
		else if (str_ends_nocase(name, STR(NAME_END FRESH_END)))
			remove_fresh(spool, entry->d_name);
	}
	closedir(folder);
	return rc;
}

int64_t
web_spool_backlog(const struct web_spool *spool)
{
	return atomic_load(&spool->backlog);
}
