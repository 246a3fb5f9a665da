/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_maillog: see maillog.h
 *
 * Postfix's cleanup logs the Message-ID with the queue id as soon as it reads the field, that
 * is before the message is complete. Only what the queue manager or a delivery agent says later
 * about that queue id proves that Postfix has taken responsibility. Short queue ids are used
 * again, so a new Message-ID for a queue id ends what was known of it.
 *
 * Owns:    descriptors of the log files.
 * Threads: one at a time.
 * Fails:   ERR_IO.
 */
#include "outbox/maillog.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK	 ((size_t)256 * 1024)
#define LINE_TOP ((size_t)16 * 1024) /* longer lines are none of Postfix's */

struct file {
	int fd;
	dev_t device;
	ino_t inode;
	off_t offset;
	size_t kept;   /* bytes of an unfinished line in `buffer` */
	bool skipping; /* the line is too long */
	char buffer[CHUNK + LINE_TOP];
};

struct outbox_maillog {
	const struct conf_list *paths;
	GPtrArray *files;     /* oldest first */
	GHashTable *by_local; /* clue->local -> clue */
	GHashTable *by_queue; /* owned text -> clue */
	uint64_t bytes;
};

/* --- lines --- */

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* The word up to the next space; several spaces are one. */
static struct str
word(struct str *rest)
{
	struct str piece;

	str_split(rest, ' ', &piece);
	while (rest->n > 0 && rest->p[0] == ' ') {
		rest->p++;
		rest->n--;
	}
	return piece;
}

static void
skip(struct str *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

/* RFC 5424 section 6: after the version TIMESTAMP HOST APP PROCID MSGID SD, then the text. */
static bool
parse_5424(struct str rest, struct str *tag_r, struct str *text_r)
{
	for (int i = 0; i < 3; i++) /* version, time, host */
		word(&rest);
	*tag_r = word(&rest);
	word(&rest);
	word(&rest);
	if (rest.n > 0 && rest.p[0] == '[') {
		const char *end = memmem(rest.p, rest.n, "] ", 2);

		if (end == NULL)
			return false;
		skip(&rest, (size_t)(end - rest.p) + 2);
	} else {
		word(&rest);
	}
	if (str_starts(rest, STR("\xef\xbb\xbf")))
		skip(&rest, 3);
	*text_r = str_trim(rest);
	return true;
}

/* "tag[pid]: text" after time stamp and host. */
static bool
parse_tagged(struct str rest, struct str *tag_r, struct str *text_r)
{
	int before_tag = rest.p[0] >= '0' && rest.p[0] <= '9' ? 2 : 4;
	struct str tag;

	for (int i = 0; i < before_tag; i++)
		word(&rest);
	tag = word(&rest);
	if (tag.n < 4 || tag.p[tag.n - 1] != ':' || tag.p[tag.n - 2] != ']' ||
	    !str_split(&tag, '[', tag_r))
		return false;
	*text_r = rest;
	return true;
}

bool
outbox_maillog_parse(struct str line, struct outbox_maillog_line *line_r)
{
	struct str tag, text, id;
	const char *slash;
	bool tagged;

	if (line.n > 0 && line.p[0] == '<') {
		if (!str_split(&line, '>', &tag))
			return false;
	}
	if (line.n < 2)
		return false;
	tagged = line.p[0] == '1' && line.p[1] == ' ' ? parse_5424(line, &tag, &text)
						      : parse_tagged(line, &tag, &text);
	if (!tagged)
		return false;
	slash = memrchr(tag.p, '/', tag.n);
	if (slash != NULL)
		skip(&tag, (size_t)(slash - tag.p) + 1);
	if (!str_split(&text, ':', &id) || id.n == 0 || id.n >= OUTBOX_MAILLOG_QUEUE_ID_SIZE ||
	    text.n == 0 || text.p[0] != ' ')
		return false;
	for (size_t i = 0; i < id.n; i++) {
		if (!is_alnum(id.p[i]))
			return false;
	}
	skip(&text, 1);
	*line_r = (struct outbox_maillog_line){tag, id, text};
	return true;
}

/* Is it a line that only follows when Postfix has the whole message in its queue? */
static bool
proves(const struct outbox_maillog_line *line)
{
	if (str_is(line->program, "qmgr") || str_is(line->program, "nqmgr") ||
	    str_is(line->program, "oqmgr") || str_is(line->program, "bounce"))
		return true;
	return str_starts(line->rest, STR("to=<")) && !str_is(line->program, "smtpd") &&
	    !str_is(line->program, "cleanup");
}

static void
note_message_id(struct outbox_maillog *log, const char *queue_id, struct str rest)
{
	char local[TAILOR_MESSAGE_ID_LOCAL + 1];
	struct outbox_clue *clue;
	struct str value = rest;

	g_hash_table_remove(log->by_queue, queue_id);
	skip(&value, sizeof "message-id=" - 1);
	if (value.n < TAILOR_MESSAGE_ID_LOCAL + 3 || value.p[0] != '<' ||
	    value.p[TAILOR_MESSAGE_ID_LOCAL + 1] != '@' || value.n >= sizeof clue->message_id)
		return;
	memcpy(local, value.p + 1, TAILOR_MESSAGE_ID_LOCAL);
	local[TAILOR_MESSAGE_ID_LOCAL] = '\0';
	clue = g_hash_table_lookup(log->by_local, local);
	if (clue == NULL || clue->accepted)
		return;
	snprintf(clue->queue_id, sizeof clue->queue_id, "%s", queue_id);
	snprintf(clue->message_id, sizeof clue->message_id, "%.*s", STR_F(value));
	g_hash_table_insert(log->by_queue, g_strdup(queue_id), clue);
}

static void
take_line(struct outbox_maillog *log, struct str text)
{
	struct outbox_maillog_line line;
	struct outbox_clue *clue;
	char queue_id[OUTBOX_MAILLOG_QUEUE_ID_SIZE];
	bool names_id = memmem(text.p, text.n, ": message-id=", 13) != NULL;

	/* Most lines are about other mail. */
	if (!names_id && g_hash_table_size(log->by_queue) == 0)
		return;
	if (!outbox_maillog_parse(text, &line))
		return;
	snprintf(queue_id, sizeof queue_id, "%.*s", STR_F(line.queue_id));
	if (str_is(line.program, "cleanup") && str_starts(line.rest, STR("message-id="))) {
		note_message_id(log, queue_id, line.rest);
		return;
	}
	clue = g_hash_table_lookup(log->by_queue, queue_id);
	if (clue == NULL || !proves(&line))
		return;
	clue->accepted = true;
	snprintf(clue->queue_id, sizeof clue->queue_id, "%s", queue_id);
	g_hash_table_remove(log->by_queue, queue_id);
}

/* --- files --- */

static void
file_free(gpointer data)
{
	struct file *file = data;

	close(file->fd);
	g_free(file);
}

static bool
has_file(const struct outbox_maillog *log, const struct stat *st)
{
	for (guint i = 0; i < log->files->len; i++) {
		const struct file *file = log->files->pdata[i];

		if (file->device == st->st_dev && file->inode == st->st_ino)
			return true;
	}
	return false;
}

/* `since_ms`: not if it was last written to before that. */
static int
add_file(struct outbox_maillog *log, const char *path, int64_t since_ms, struct err *err)
{
	struct stat st;
	struct file *file;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(err, ERR_IO, "%s: not a regular file", path);
	}
	if ((int64_t)st.st_mtime * 1000 + 999 < since_ms || has_file(log, &st)) {
		close(fd);
		return 0;
	}
	file = g_new0(struct file, 1);
	file->fd = fd;
	file->device = st.st_dev;
	file->inode = st.st_ino;
	g_ptr_array_add(log->files, file);
	return 0;
}

/* Gives the whole lines in the buffer to take_line and keeps the rest. */
static void
take_lines(struct outbox_maillog *log, struct file *file, size_t filled)
{
	char *at = file->buffer, *end = file->buffer + filled, *lf;

	while ((lf = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		if (!file->skipping)
			take_line(log, (struct str){at, (size_t)(lf - at)});
		file->skipping = false;
		at = lf + 1;
	}
	file->kept = (size_t)(end - at);
	if (file->kept >= LINE_TOP) {
		file->skipping = true;
		file->kept = 0;
	}
	memmove(file->buffer, at, file->kept);
}

static int
read_file(struct outbox_maillog *log, struct file *file, struct err *err)
{
	struct stat st;
	ssize_t got;

	/* Rotated by copying and truncating. */
	if (fstat(file->fd, &st) == 0 && st.st_size < file->offset) {
		file->offset = 0;
		file->kept = 0;
	}
	while ((got = pread(file->fd, file->buffer + file->kept, CHUNK, file->offset)) > 0) {
		file->offset += got;
		log->bytes += (uint64_t)got;
		take_lines(log, file, file->kept + (size_t)got);
	}
	return got == 0 ? 0 : err_set(err, ERR_IO, "mail log: %s", strerror(errno));
}

/* --- the whole --- */

struct outbox_maillog *
outbox_maillog_new(const struct conf_list *paths, int64_t since_ms)
{
	struct outbox_maillog *log = g_new0(struct outbox_maillog, 1);

	log->paths = paths;
	log->files = g_ptr_array_new_with_free_func(file_free);
	log->by_local = g_hash_table_new(g_str_hash, g_str_equal);
	log->by_queue = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	/* Older files need not exist. */
	for (size_t i = paths->count; i > 1; i--)
		(void)add_file(log, paths->at[i - 1], since_ms, NULL);
	return log;
}

void
outbox_maillog_free(struct outbox_maillog **log)
{
	struct outbox_maillog *old = *log;

	*log = NULL;
	if (old == NULL)
		return;
	g_ptr_array_free(old->files, TRUE);
	g_hash_table_destroy(old->by_local);
	g_hash_table_destroy(old->by_queue);
	g_free(old);
}

void
outbox_maillog_watch(struct outbox_maillog *log, struct outbox_clue *clue)
{
	g_hash_table_insert(log->by_local, clue->local, clue);
}

int
outbox_maillog_read(struct outbox_maillog *log, struct err *err)
{
	if (log->paths->count == 0)
		return err_set(err, ERR_IO, "mail_log names no file");
	if (add_file(log, log->paths->at[0], 0, err) != 0)
		return -1;
	for (guint i = 0; i < log->files->len; i++) {
		if (read_file(log, log->files->pdata[i], err) != 0)
			return -1;
	}
	return 0;
}

uint64_t
outbox_maillog_bytes(const struct outbox_maillog *log)
{
	return log->bytes;
}
