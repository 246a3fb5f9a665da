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
 * Sendmail logs sender and Message-ID in one line, and by the same rule what follows for that queue id.
 *
 * Owns:    descriptors of the log files.
 * Threads: one at a time.
 * Fails:   ERR_IO.
 */
#include "outbox/maillog.h"

#include "base/clock.h"
#include "maillog/entry.h"
#include "maillog/file.h"
#include "maillog/line.h"
#include "maillog/stamp.h"

#include <glib.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* So much of a line holds its time stamp. */
#define STAMP_SIZE  48
#define UNNAMED_MAX 100000
#define NEAR	    ((off_t)1024 * 1024)
/* Local time in the log may jump by an hour, and so may two clocks. */
#define MARGIN_MS ((int64_t)2 * 3600 * 1000)

/* A message that smtpd has begun to take. */
struct arrival {
	char time[STAMP_SIZE];
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

/* When a line was written, at the end of its second; 0 if that can't be read. */
static int64_t
time_of(const char *text)
{
	struct maillog_stamp stamp;
	int64_t ms;

	maillog_stamp_init(&stamp, clock_now(), 0);
	ms = maillog_stamp_read(&stamp, str_c(text));
	return ms == 0 ? 0 : ms + 999;
}

/* Is it a line that only follows when Postfix has the whole message in its queue? */
static bool
proves(const struct maillog_line *line)
{
	if (str_is(line->program, "qmgr") || str_is(line->program, "nqmgr") ||
	    str_is(line->program, "oqmgr") || str_is(line->program, "bounce"))
		return true;
	return str_starts(line->rest, STR("to=<")) && !str_is(line->program, "smtpd") &&
	    !str_is(line->program, "cleanup");
}

static void
note_message_id(struct outbox_maillog *log, const char *queue_id, struct str value)
{
	char local[TAILOR_MESSAGE_ID_LOCAL + 1];
	struct outbox_clue *clue;

	g_hash_table_remove(log->by_queue, queue_id);
	g_hash_table_remove(log->unnamed, queue_id);
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
	snprintf(arrival->time, sizeof arrival->time, "%.*s",
	    (int)(text.n < STAMP_SIZE ? text.n : STAMP_SIZE), text.p);
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
	struct str to = maillog_line_address(rest, "to=<"),
		   orig_to = maillog_line_address(rest, "orig_to=<");
	int64_t came_ms = time_of(arrival->time);
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
follow_unnamed(struct outbox_maillog *log, const char *queue_id, const struct maillog_line *line)
{
	struct arrival *arrival = g_hash_table_lookup(log->unnamed, queue_id);
	struct str sender = maillog_line_address(line->rest, "from=<");

	if (arrival == NULL || !proves(line))
		return;
	if (arrival->sender == NULL && sender.p != NULL && str_is(line->program, "qmgr"))
		arrival->sender = g_strndup(sender.p, sender.n);
	else if (arrival->sender != NULL && str_starts(line->rest, STR("to=<")))
		match_unnamed(log, queue_id, arrival, line->rest);
}

static void
accept(struct outbox_maillog *log, const char *queue_id)
{
	struct outbox_clue *clue = g_hash_table_lookup(log->by_queue, queue_id);

	if (clue == NULL)
		return;
	clue->accepted = true;
	snprintf(clue->queue_id, sizeof clue->queue_id, "%s", queue_id);
	g_hash_table_remove(log->by_queue, queue_id);
}

/* The line with the Message-ID comes when the body is there, but a milter may still refuse it then;
 * what it does for a recipient, or that it will, proves more. */
static void
take_sendmail(struct outbox_maillog *log, const char *queue_id, const struct maillog_line *line)
{
	struct maillog_entry entry;

	maillog_entry_read(line, &entry);
	if (entry.kind == MAILLOG_MESSAGE_ID)
		note_message_id(log, queue_id, entry.message_id);
	else if (entry.kind == MAILLOG_RESULT || str_is(entry.text, "queued"))
		accept(log, queue_id);
}

static void
take_line(struct str text, void *closure)
{
	struct outbox_maillog *log = closure;
	struct maillog_line line;
	struct str message_id;
	char queue_id[MAILLOG_QUEUE_ID_SIZE];

	if (!maillog_line_parse(text, &line))
		return;
	snprintf(queue_id, sizeof queue_id, "%.*s", STR_F(line.queue_id));
	if (!line.postfix) {
		take_sendmail(log, queue_id, &line);
		return;
	}
	if (str_is(line.program, "cleanup") && str_starts(line.rest, STR("message-id="))) {
		message_id = line.rest;
		message_id.p += sizeof "message-id=" - 1;
		message_id.n -= sizeof "message-id=" - 1;
		note_message_id(log, queue_id, message_id);
		return;
	}
	if (str_is(line.program, "smtpd") && str_starts(line.rest, STR("client="))) {
		g_hash_table_remove(log->by_queue, queue_id);
		note_arrival(log, queue_id, line.stamp);
		return;
	}
	follow_unnamed(log, queue_id, &line);
	if (proves(&line))
		accept(log, queue_id);
}

/* --- files --- */

static void
file_free(gpointer data)
{
	struct maillog_file *file = data;

	maillog_file_close(&file);
}

static bool
has_file(const struct outbox_maillog *log, const struct stat *st)
{
	for (guint i = 0; i < log->files->len; i++) {
		const struct maillog_file *file = log->files->pdata[i];

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
		char text[MAILLOG_LINE_TOP + 1], *line;
		ssize_t got = pread(fd, text, MAILLOG_LINE_TOP, middle);
		int64_t ms;

		if (got <= 0)
			return 0;
		text[got] = '\0';
		line = strchr(text, '\n');
		ms = line == NULL ? 0 : time_of(line + 1);
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
	struct maillog_file *file;
	struct stat st;

	if (maillog_file_open(&file, path, err) != 0)
		return -1;
	if (fstat(file->fd, &st) != 0 ||
	    (!always && (int64_t)st.st_mtime * 1000 + 999 < log->since_ms) || has_file(log, &st)) {
		maillog_file_close(&file);
		return 0;
	}
	maillog_file_seek(file, find_start(file->fd, st.st_size, log->since_ms - MARGIN_MS));
	g_ptr_array_add(log->files, file);
	return 0;
}

static int
read_file(struct outbox_maillog *log, struct maillog_file *file, struct err *err)
{
	ssize_t got;

	/* Rotated by copying and truncating. */
	if (maillog_file_shrunk(file))
		maillog_file_seek(file, 0);
	while ((got = maillog_file_read(file, take_line, log, err)) > 0)
		log->bytes += (uint64_t)got;
	return (int)got;
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
