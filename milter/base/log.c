/* SPDX-License-Identifier: BSD-2-Clause
 *
 * log: see log.h
 *
 * A line is built in a fixed buffer and written with one call, so that lines of
 * several processes in one file don't mix (O_APPEND).
 *
 * Threads: any. The target changes under `lock`; a line is built outside it.
 */
#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

#define LINE_MAX_BYTES ((size_t)4000)
#define VALUE_MAX      ((size_t)400)

static struct {
	pthread_mutex_t lock;
	bool to_syslog;
	int fd;
	atomic_int level; /* read without the lock: most lines of a quiet log end there */
	char ident[32];
} target = {PTHREAD_MUTEX_INITIALIZER, false, STDERR_FILENO, LOG_LEVEL_INFO, "mailtailor"};

static const struct {
	const char *name;
	int priority;
} levels[] = {
    [LOG_LEVEL_ERROR] = {"error", LOG_ERR},
    [LOG_LEVEL_WARNING] = {"warning", LOG_WARNING},
    [LOG_LEVEL_INFO] = {"info", LOG_INFO},
    [LOG_LEVEL_DEBUG] = {"debug", LOG_DEBUG},
};

int
log_open(const char *path, const char *ident, enum log_level level, struct err *err)
{
	bool to_syslog = strcmp(path, "syslog") == 0;
	int fd = STDERR_FILENO;

	if (!to_syslog && strcmp(path, "stderr") != 0) {
		fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
		if (fd < 0)
			return err_set(err, ERR_IO, "log file %s: %s", path, strerror(errno));
	}
	pthread_mutex_lock(&target.lock);
	if (target.fd != STDERR_FILENO)
		close(target.fd);
	target.to_syslog = to_syslog;
	target.fd = fd;
	atomic_store(&target.level, (int)level);
	snprintf(target.ident, sizeof target.ident, "%s", ident);
	if (to_syslog)
		openlog(target.ident, LOG_PID | LOG_NDELAY, LOG_MAIL);
	pthread_mutex_unlock(&target.lock);
	return 0;
}

/* How many bytes of well-formed UTF-8 start here: 1 to 4, or 0. */
static size_t
utf8_length(const unsigned char *p, size_t n)
{
	size_t length = p[0] < 0x80		    ? 1
	    : p[0] >= 0xc2 && (p[0] & 0xe0) == 0xc0 ? 2
	    : (p[0] & 0xf0) == 0xe0		    ? 3
	    : p[0] < 0xf5 && (p[0] & 0xf8) == 0xf0  ? 4
						    : 0;

	if (length > n)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return length;
}

static void
add_value(struct buf *line, struct str value)
{
	const unsigned char *p = (const unsigned char *)value.p;
	bool quote = value.n == 0;
	size_t i, step;

	if (value.n > VALUE_MAX)
		value.n = VALUE_MAX;
	for (i = 0; i < value.n && !quote; i++)
		quote = p[i] <= ' ' || p[i] == '"' || p[i] == '\\' || p[i] == '=' || p[i] == 0x7f;
	if (quote)
		buf_add_char(line, '"');
	for (i = 0; i < value.n; i += step) {
		step = utf8_length(p + i, value.n - i);
		if (step == 0 || p[i] < ' ' || p[i] == 0x7f) {
			step = 1;
			buf_printf(line, "\\x%02x", p[i]);
		} else {
			if (p[i] == '"' || p[i] == '\\')
				buf_add_char(line, '\\');
			buf_add(line, p + i, step);
		}
	}
	if (quote)
		buf_add_char(line, '"');
}

static void
emit(enum log_level level, struct str line)
{
	char when[CLOCK_TEXT_SIZE], head[128];
	struct buf whole;

	pthread_mutex_lock(&target.lock);
	if (target.to_syslog) {
		syslog(levels[level].priority, "%.*s", STR_F(line));
		pthread_mutex_unlock(&target.lock);
		return;
	}
	snprintf(head, sizeof head, "%s %s[%ld]: %s: ", clock_iso(clock_now(), when), target.ident,
	    (long)getpid(), levels[level].name);
	buf_init(&whole, LINE_MAX_BYTES + sizeof head + 1);
	buf_add_c(&whole, head);
	buf_add_str(&whole, line);
	buf_add_char(&whole, '\n');
	while (write(target.fd, whole.data, whole.len) < 0 && errno == EINTR)
		;
	pthread_mutex_unlock(&target.lock);
	buf_fini(&whole);
}

void
log_put(enum log_level level, const char *event, const struct log_field *fields)
{
	struct buf line;

	if ((int)level > atomic_load(&target.level))
		return;
	buf_init(&line, LINE_MAX_BYTES);
	buf_add_c(&line, event);
	for (; fields->key != NULL; fields++) {
		buf_printf(&line, " %s=", fields->key);
		if (fields->numeric)
			buf_printf(&line, "%lld", (long long)fields->number);
		else
			add_value(&line, fields->text);
	}
	emit(level, buf_str(&line));
	buf_fini(&line);
}
