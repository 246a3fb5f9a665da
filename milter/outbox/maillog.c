/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_maillog: see maillog.h
 *
 * Postfix's cleanup logs the Message-ID with the queue id as soon as it reads the field, that
 * is before the message is complete. Only what the queue manager or a delivery agent says later
 * about that queue id proves that Postfix has taken responsibility. Short queue ids are used
 * again, so a new Message-ID for a queue id ends what was known of it.
 *
 * The line with the Message-ID may be missing: a postlogd that is killed together with the rest
 * of Postfix takes the lines with it that it has not yet read (seen once in some fifty messages
 * in doubt). A message that came in after the row was claimed, that never got a Message-ID line,
 * and that has our sender and our recipient is then taken for the copy.
 *
 * Owns:    descriptors of the log files.
 * Threads: one at a time.
 * Fails:   ERR_IO.
 */
#include "outbox/maillog.h"

#include "outbox/logline.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK	    ((size_t)256 * 1024)
#define LINE_TOP    ((size_t)16 * 1024) /* longer lines are none of Postfix's */
#define UNNAMED_MAX 100000
#define NEAR	    ((off_t)1024 * 1024)
/* Local time in the log may jump by an hour, and so may two clocks. */
#define MARGIN_MS ((int64_t)2 * 3600 * 1000)

struct file {
	int fd;
	dev_t device;
	ino_t inode;
	off_t offset;
	size_t kept;   /* bytes of an unfinished line in `buffer` */
	bool skipping; /* the line is too long */
	char buffer[CHUNK + LINE_TOP];
};

/* A message that smtpd has begun to take. */
struct arrival {
	char time[OUTBOX_LOGLINE_TIME_SIZE];
	char *sender; /* NULL: the queue manager does not have it yet */
};

struct outbox_maillog {
	const struct conf_list *paths;
	int64_t since_ms;
	GPtrArray *files;     /* oldest first */
	GHashTable *by_local; /* clue->local -> clue */
	GHashTable *by_queue; /* owned text -> clue */
	GHashTable *unnamed;  /* queue id -> struct arrival; no Message-ID line so far */
	uint64_t bytes;
};

/* Is it a line that only follows when Postfix has the whole message in its queue? */
static bool
proves(const struct outbox_logline *line)
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
	g_hash_table_remove(log->unnamed, queue_id);
	value.p += sizeof "message-id=" - 1;
	value.n -= sizeof "message-id=" - 1;
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

/* --- messages without a Message-ID line --- */

static void
arrival_free(gpointer data)
{
	struct arrival *arrival = data;

	g_free(arrival->sender);
	g_free(arrival);
}

static void
note_arrival(struct outbox_maillog *log, const char *queue_id, struct str text)
{
	struct arrival *arrival = g_new0(struct arrival, 1);

	/* Transactions that were given up stay in the table. */
	if (g_hash_table_size(log->unnamed) >= UNNAMED_MAX)
		g_hash_table_remove_all(log->unnamed);
	snprintf(arrival->time, sizeof arrival->time, "%.*s", STR_F(text));
	g_hash_table_insert(log->unnamed, g_strdup(queue_id), arrival);
}

/* The original's sender, or what became of it: bounces@shop.example, bounces+TOKEN@shop.example. */
static bool
is_sender(struct str sender, const struct outbox_clue *clue)
{
	const char *at = clue->bounce.n == 0 ? NULL : memchr(clue->bounce.p, '@', clue->bounce.n);
	struct str local, domain;

	if (str_eq_nocase(sender, clue->sender))
		return true;
	if (at == NULL)
		return false;
	if (str_eq_nocase(sender, clue->bounce))
		return true;
	local = (struct str){clue->bounce.p, (size_t)(at - clue->bounce.p)};
	domain = (struct str){at, clue->bounce.n - local.n};
	return sender.n > local.n + domain.n && sender.p[local.n] == '+' &&
	    str_eq_nocase((struct str){sender.p, local.n}, local) &&
	    str_ends_nocase(sender, domain);
}

static void
match_unnamed(struct outbox_maillog *log, const char *queue_id, const struct arrival *arrival,
    struct str rest)
{
	struct str to = outbox_logline_address(rest, "to=<"),
		   orig_to = outbox_logline_address(rest, "orig_to=<");
	int64_t came_ms = outbox_logline_time(arrival->time);
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, log->by_local);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct outbox_clue *clue = value;

		if (!clue->accepted && came_ms >= clue->claimed_ms &&
		    is_sender(str_c(arrival->sender), clue) &&
		    (str_eq_nocase(to, clue->recipient) ||
			str_eq_nocase(orig_to, clue->recipient))) {
			clue->accepted = true;
			snprintf(clue->queue_id, sizeof clue->queue_id, "%s", queue_id);
		}
	}
}

static void
follow_unnamed(struct outbox_maillog *log, const char *queue_id, const struct outbox_logline *line)
{
	struct arrival *arrival = g_hash_table_lookup(log->unnamed, queue_id);
	struct str sender = outbox_logline_address(line->rest, "from=<");

	if (arrival == NULL || !proves(line))
		return;
	if (arrival->sender == NULL && sender.p != NULL && str_is(line->program, "qmgr"))
		arrival->sender = g_strndup(sender.p, sender.n);
	else if (arrival->sender != NULL && str_starts(line->rest, STR("to=<")))
		match_unnamed(log, queue_id, arrival, line->rest);
}

static void
take_line(struct outbox_maillog *log, struct str text)
{
	struct outbox_logline line;
	struct outbox_clue *clue;
	char queue_id[OUTBOX_QUEUE_ID_SIZE];

	if (!outbox_logline_parse(text, &line))
		return;
	snprintf(queue_id, sizeof queue_id, "%.*s", STR_F(line.queue_id));
	if (str_is(line.program, "cleanup") && str_starts(line.rest, STR("message-id="))) {
		note_message_id(log, queue_id, line.rest);
		return;
	}
	if (str_is(line.program, "smtpd") && str_starts(line.rest, STR("client="))) {
		g_hash_table_remove(log->by_queue, queue_id);
		note_arrival(log, queue_id, text);
		return;
	}
	follow_unnamed(log, queue_id, &line);
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

/* Where to begin: at a line that is older than `since_ms`, less than NEAR bytes before the first
 * that is not. At the beginning if the lines' times can't be read. */
static off_t
find_start(int fd, off_t size, int64_t since_ms)
{
	off_t low = 0, high = size;

	while (high - low > NEAR) {
		off_t middle = low + (high - low) / 2;
		char text[LINE_TOP + 1], *line;
		ssize_t got = pread(fd, text, LINE_TOP, middle);
		int64_t ms;

		if (got <= 0)
			return 0;
		text[got] = '\0';
		line = strchr(text, '\n');
		ms = line == NULL ? 0 : outbox_logline_time(line + 1);
		if (ms == 0)
			return 0;
		if (ms < since_ms)
			low = middle + (line + 1 - text);
		else
			high = middle;
	}
	return low;
}

/* `always`: even if it was last written to before the time that is of interest. */
static int
add_file(struct outbox_maillog *log, const char *path, bool always, struct err *err)
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
	if ((!always && (int64_t)st.st_mtime * 1000 + 999 < log->since_ms) || has_file(log, &st)) {
		close(fd);
		return 0;
	}
	file = g_new0(struct file, 1);
	file->fd = fd;
	file->device = st.st_dev;
	file->inode = st.st_ino;
	file->offset = find_start(fd, st.st_size, log->since_ms - MARGIN_MS);
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
	log->since_ms = since_ms;
	log->files = g_ptr_array_new_with_free_func(file_free);
	log->by_local = g_hash_table_new(g_str_hash, g_str_equal);
	log->by_queue = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	log->unnamed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, arrival_free);
	/* Older files need not exist. */
	for (size_t i = paths->count; i > 1; i--)
		(void)add_file(log, paths->at[i - 1], false, NULL);
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
	g_hash_table_destroy(old->unnamed);
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
	if (add_file(log, log->paths->at[0], true, err) != 0)
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
