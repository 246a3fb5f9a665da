/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mailfile: see mailfile.h
 *
 * Threads: one.
 * Fails:   ERR_IO.
 */
#include "ctl/mailfile.h"

#include "base/buf.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE ((size_t)65536)

struct source {
	const char *path;
	FILE *file;
	struct buf raw;
	size_t number;
	bool blank; /* the line before is empty, or there is none */
	bool open;  /* at the beginning of a line */
	bool mbox;
	ctl_mail_take *take;
	void *closure;
};

/* "From ada@example.org Thu Apr 29 23:34:45 2010": a sentence that begins so does not end
 * in a year. */
static bool
is_from_line(struct str line)
{
	struct str tail;

	line = str_trim(line);
	if (!str_starts(line, STR("From ")) || line.n < 24)
		return false;
	for (size_t i = 0; i + 4 < line.n; i++) {
		tail = (struct str){line.p + i, 5};
		if (tail.p[0] == ' ' &&
		    (str_eq((struct str){tail.p, 3}, STR(" 19")) ||
			str_eq((struct str){tail.p, 3}, STR(" 20"))) &&
		    tail.p[3] >= '0' && tail.p[3] <= '9' && tail.p[4] >= '0' && tail.p[4] <= '9')
			return true;
	}
	return false;
}

/* What does not fit is left out; the ceiling is the buffer's. */
static void
add(struct buf *raw, struct str piece)
{
	size_t room = raw->max - raw->len;

	buf_add(raw, piece.p, piece.n < room ? piece.n : room);
}

static int
hand_over(struct source *source)
{
	struct ctl_mail mail = {source->path, source->number, buf_str(&source->raw)};
	int result;

	if (mail.raw.p == NULL)
		mail.raw = STR("");
	result = source->take(source->closure, &mail);
	source->number++;
	buf_reset(&source->raw);
	return result;
}

static int
take_line(struct source *source, struct str line)
{
	bool from = source->open && source->blank && is_from_line(line);
	int result = 0;

	if (from && source->number == 1 && source->raw.len == 0)
		source->mbox = true;
	else if (from && source->mbox)
		result = hand_over(source);
	if (!from || !source->mbox)
		add(&source->raw, line);
	source->blank = source->open && str_trim(line).n == 0;
	source->open = line.n > 0 && line.p[line.n - 1] == '\n';
	return result;
}

/* fgets would lose sight of NULs. */
static size_t
read_line(FILE *file, char *line, size_t size)
{
	size_t n = 0;
	int c;

	while (n < size && (c = getc_unlocked(file)) != EOF) {
		line[n++] = (char)c;
		if (c == '\n')
			break;
	}
	return n;
}

static int
read_source(struct source *source, struct err *err)
{
	char line[PIECE];
	size_t n;
	int result = 0;

	while (result == 0 && (n = read_line(source->file, line, sizeof line)) > 0)
		result = take_line(source, (struct str){line, n});
	if (result == 0 && ferror(source->file))
		return err_set(err, ERR_IO, "%s: %s", source->path, strerror(errno));
	return result == 0 ? hand_over(source) : result;
}

static int
read_file(const char *path, size_t max, ctl_mail_take *take, void *closure, struct err *err)
{
	bool standard = strcmp(path, "-") == 0;
	struct source source = {.path = path,
	    .file = standard ? stdin : fopen(path, "re"),
	    .number = 1,
	    .blank = true,
	    .open = true,
	    .take = take,
	    .closure = closure};
	int result;

	if (source.file == NULL)
		return err_set(
		    err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO, "%s: %s", path, strerror(errno));
	buf_init(&source.raw, max);
	result = read_source(&source, err);
	buf_fini(&source.raw);
	if (!standard)
		fclose(source.file);
	return result;
}

/* --- folders --- */

static int
visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static bool
is_kind(const char *path, mode_t kind)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_mode & S_IFMT) == kind;
}

static int
read_folder(const char *path, size_t max, ctl_mail_take *take, void *closure, struct err *err)
{
	struct dirent **entries;
	int count = scandir(path, &entries, visible, alphasort), result = 0;

	if (count < 0)
		return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	for (int i = 0; i < count; i++) {
		char *file = NULL;

		if (asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0)
			abort();
		if (result == 0 && is_kind(file, S_IFREG))
			result = read_file(file, max, take, closure, err);
		free(file);
		free(entries[i]);
	}
	free(entries);
	return result;
}

int
ctl_mail_each(const char *path, size_t max, ctl_mail_take *take, void *closure, struct err *err)
{
	static const char *const names[] = {"cur", "new"};
	char *folders[2];
	int result = 0;

	if (strcmp(path, "-") == 0 || !is_kind(path, S_IFDIR))
		return read_file(path, max, take, closure, err);
	for (size_t i = 0; i < 2; i++) {
		if (asprintf(&folders[i], "%s/%s", path, names[i]) < 0)
			abort();
	}
	if (!is_kind(folders[0], S_IFDIR) || !is_kind(folders[1], S_IFDIR)) {
		result = read_folder(path, max, take, closure, err);
	} else {
		for (size_t i = 0; i < 2 && result == 0; i++)
			result = read_folder(folders[i], max, take, closure, err);
	}
	free(folders[0]);
	free(folders[1]);
	return result;
}
