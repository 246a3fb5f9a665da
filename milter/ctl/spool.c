/* SPDX-License-Identifier: BSD-2-Clause
 *
 * spool: see spool.h
 *
 * A row is its numbers, then length and bytes of each text.
 *
 * Threads: one.
 * Fails:   ERR_IO, ERR_LIMIT (arena).
 */
#include "ctl/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdlib.h>
#include <unistd.h>

static int
io_error(struct err *err)
{
	return err_set(err, ERR_IO, "the temporary file: %s", strerror(errno));
}

int
ctl_spool_open(struct ctl_spool *spool, size_t texts, size_t numbers, struct err *err)
{
	const char *folder = getenv("TMPDIR");
	char *path = g_build_filename(
	    folder != NULL && folder[0] != '\0' ? folder : "/var/tmp", "mailtailor.XXXXXX", NULL);
	int fd = mkostemp(path, O_CLOEXEC);

	*spool = (struct ctl_spool){.texts = texts, .numbers = numbers};
	if (fd < 0)
		err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	else
		unlink(path);
	g_free(path);
	if (fd < 0)
		return -1;
	spool->file = fdopen(fd, "w+");
	if (spool->file == NULL)
		abort();
	return 0;
}

void
ctl_spool_close(struct ctl_spool *spool)
{
	if (spool->file != NULL)
		fclose(spool->file);
	spool->file = NULL;
}

static bool
put(struct ctl_spool *spool, const void *data, size_t size)
{
	return size == 0 || fwrite_unlocked(data, 1, size, spool->file) == size;
}

static bool
get(struct ctl_spool *spool, void *data, size_t size)
{
	return size == 0 || fread_unlocked(data, 1, size, spool->file) == size;
}

int
ctl_spool_put(
    struct ctl_spool *spool, const struct str *texts, const int64_t *numbers, struct err *err)
{
	bool ok = put(spool, numbers, spool->numbers * sizeof *numbers);

	for (size_t i = 0; i < spool->texts && ok; i++)
		ok = put(spool, &texts[i].n, sizeof texts[i].n) &&
		    put(spool, texts[i].p, texts[i].n);
	if (!ok)
		return io_error(err);
	spool->count++;
	return 0;
}

int
ctl_spool_rewind(struct ctl_spool *spool, struct err *err)
{
	if (fflush(spool->file) != 0 || fseek(spool->file, 0, SEEK_SET) != 0)
		return io_error(err);
	return 0;
}

static int
get_text(struct ctl_spool *spool, struct arena *arena, struct str *text_r, struct err *err)
{
	size_t n;
	char *room;

	if (!get(spool, &n, sizeof n))
		return io_error(err);
	room = arena_alloc(arena, n + 1);
	if (room == NULL)
		return err_set(err, ERR_LIMIT, "the batch is too large");
	if (!get(spool, room, n))
		return io_error(err);
	room[n] = '\0';
	*text_r = (struct str){room, n};
	return 0;
}

int
ctl_spool_get(struct ctl_spool *spool, struct arena *arena, struct str *texts_r, int64_t *numbers_r,
    struct err *err)
{
	int c = getc_unlocked(spool->file);

	if (c == EOF)
		return ferror(spool->file) ? io_error(err) : 0;
	ungetc(c, spool->file);
	if (!get(spool, numbers_r, spool->numbers * sizeof *numbers_r))
		return io_error(err);
	for (size_t i = 0; i < spool->texts; i++) {
		if (get_text(spool, arena, &texts_r[i], err) != 0)
			return -1;
	}
	return 1;
}
