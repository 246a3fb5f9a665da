/* SPDX-License-Identifier: BSD-2-Clause
 *
 * source: see source.h
 */
#include "conf/source.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Walks the text once, knowing only comments and the two kinds of quotes. */
struct scan {
	struct source *source;
	char *at;
	int line;
	int depth; /* of braces */
	int brace; /* line of the outermost brace that is open */
	struct err *err;
};

static int
complain(const struct scan *scan, int line, const char *what)
{
	return err_set(scan->err, ERR_CONFIG, "%s:%d: %s", scan->source->path, line, what);
}

static void
blank_to(struct scan *scan, const char *end)
{
	for (; scan->at < end; scan->at++) {
		if (*scan->at == '\n')
			scan->line++;
		else
			*scan->at = ' ';
	}
}

static void
blank_line(struct scan *scan)
{
	blank_to(scan, scan->at + strcspn(scan->at, "\n"));
}

static int
blank_comment(struct scan *scan)
{
	const char *end = strstr(scan->at + 2, "*/");

	if (end == NULL)
		return complain(scan, scan->line, "this comment has no end, which would be */");
	blank_to(scan, end + 2);
	return 0;
}

static int
skip_quoted(struct scan *scan, char quote)
{
	int begun = scan->line;

	for (scan->at++; *scan->at != quote; scan->at++) {
		if (*scan->at == '\\' && scan->at[1] != '\0')
			scan->at++;
		else if (quote == '"' && scan->at[0] == '$' && scan->at[1] == '{')
			return complain(scan, scan->line,
			    "${...} is not replaced by environment variables here; in single "
			    "quotes it stands for itself");
		if (*scan->at == '\n')
			scan->line++;
		if (*scan->at == '\0')
			return complain(scan, begun, "this quoted text has no end");
	}
	scan->at++;
	return 0;
}

/* Does a token begin here? Inside of one, // is part of it, as in http://. */
static bool
token_begins(const struct scan *scan)
{
	return scan->at == scan->source->text || strchr(" \t\r\n={}()+,\"'", scan->at[-1]) != NULL;
}

static void
count_brace(struct scan *scan)
{
	if (*scan->at == '{' && scan->depth++ == 0)
		scan->brace = scan->line;
	else if (*scan->at == '}' && scan->depth > 0)
		scan->depth--;
}

static int
prepare(struct source *source, struct err *err)
{
	struct scan scan = {source, source->text, 1, 0, 0, err};

	if (strlen(source->text) != source->len)
		return err_set(
		    err, ERR_CONFIG, "%s: is no text: it holds a zero byte", source->path);
	while (*scan.at != '\0') {
		int rc = 0;

		if (*scan.at == '#' || (strncmp(scan.at, "//", 2) == 0 && token_begins(&scan)))
			blank_line(&scan);
		else if (strncmp(scan.at, "/*", 2) == 0 && token_begins(&scan))
			rc = blank_comment(&scan);
		else if (*scan.at == '"' || *scan.at == '\'')
			rc = skip_quoted(&scan, *scan.at);
		else if (strncmp(scan.at, "${", 2) == 0)
			rc = complain(&scan, scan.line,
			    "${...} is not replaced by environment variables here");
		else {
			count_brace(&scan);
			if (*scan.at++ == '\n')
				scan.line++;
		}
		if (rc == -1)
			return -1;
	}
	if (scan.depth > 0)
		return complain(&scan, scan.brace, "this { has no }");
	return 0;
}

static int
read_text(struct source *source, int fd, struct err *err)
{
	struct buf text;
	ssize_t got;

	buf_init(&text, SOURCE_MAX);
	do {
		char *room = buf_reserve(&text, 16384);

		if (room == NULL) {
			buf_fini(&text);
			return err_set(
			    err, ERR_LIMIT, "the file is larger than %zu bytes", SOURCE_MAX);
		}
		got = read(fd, room, 16384);
		if (got > 0)
			text.len += (size_t)got;
	} while (got > 0 || (got == -1 && errno == EINTR));
	if (got == -1) {
		err_set(err, ERR_IO, "%s", strerror(errno));
		buf_fini(&text);
		return -1;
	}
	text.data[text.len] = '\0';
	source->text = text.data;
	source->len = text.len;
	return 0;
}

/* The working folder may be another one when the paths are used. */
static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path);
	char *folder = NULL, *cwd = NULL;
	int rc;

	if (path[0] == '/')
		return len == 0 ? strdup("/") : strndup(path, len);
	cwd = getcwd(NULL, 0);
	if (cwd == NULL)
		return NULL;
	rc = len == 0 ? asprintf(&folder, "%s", cwd)
		      : asprintf(&folder, "%s/%.*s", cwd, (int)len, path);
	free(cwd);
	return rc == -1 ? NULL : folder;
}

int
source_open(struct source **source_r, const char *path, struct source *from, struct err *err)
{
	struct source *source = calloc(1, sizeof *source);
	struct stat st;
	int fd, rc = -1;

	if (source == NULL)
		abort();
	source->path = path;
	source->from = from;
	source->folder = folder_of(path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1 || source->folder == NULL || fstat(fd, &st) == -1) {
		err_set(err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO, "%s", strerror(errno));
	} else {
		source->device = st.st_dev;
		source->inode = st.st_ino;
		rc = read_text(source, fd, err);
	}
	if (fd != -1)
		close(fd);
	if (rc == 0)
		rc = prepare(source, err);
	if (rc == -1)
		source_close(&source);
	*source_r = source;
	return rc;
}

void
source_close(struct source **source)
{
	if (*source == NULL)
		return;
	free((*source)->text);
	free((*source)->folder);
	free(*source);
	*source = NULL;
}

/* As a word of its own: not within a path, or a longer name. */
static const char *
find_word(const char *at, const char *word)
{
	static const char before[] = " \t\r\n{}\"'";
	const char *begin = at;

	while ((at = strstr(at, word)) != NULL && at > begin && strchr(before, at[-1]) == NULL)
		at++;
	return at;
}

char
source_after(const struct source *source, int line, const char *name)
{
	const char *at = source->text;

	for (; line > 1 && at != NULL; line--) {
		at = strchr(at, '\n');
		at = at == NULL ? NULL : at + 1;
	}
	at = at == NULL ? NULL : find_word(at, name);
	if (at == NULL)
		return '\0';
	at += strlen(name);
	if (*at == '"' || *at == '\'')
		at++;
	at += strspn(at, " \t\r\n");
	return *at;
}
