/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_reply: see reply.h
 *
 * Replies are as in RFC 5321 section 4.2: three digits, "-" on every line but the last, the
 * same code on all lines. Anything else means that we no longer know which reply belongs to
 * which command, so that the connection has to go.
 *
 * Threads: any; touches only its arguments.
 * Fails:   ERR_PROTO, and what outbox_wire_line says.
 */
#include "outbox/reply.h"

#include <glib.h>
#include <stdio.h>

#define LINES_MAX 100

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* 0: no reply line. */
static int
line_code(struct str line)
{
	if (line.n < 3 || line.p[0] < '2' || line.p[0] > '5' || !is_digit(line.p[1]) ||
	    !is_digit(line.p[2]) || (line.n > 3 && line.p[3] != ' ' && line.p[3] != '-'))
		return 0;
	return (line.p[0] - '0') * 100 + (line.p[1] - '0') * 10 + (line.p[2] - '0');
}

static void
add_text(struct outbox_reply *reply, size_t *used, struct str text)
{
	size_t room = sizeof reply->text - 1 - *used;

	if (text.n > room)
		text.n = room;
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		reply->text[*used + i] = c < ' ' || c == 0x7f ? '?' : text.p[i];
	}
	*used += text.n;
	reply->text[*used] = '\0';
}

/* The text goes into journal and log, which hold UTF-8 (RFC 6531 section 3.7.4.2 allows it). */
static void
make_utf8(char *text)
{
	if (g_utf8_validate(text, -1, NULL))
		return;
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text >= 0x80)
			*text = '?';
	}
}

/* "class.subject.detail" at the start (RFC 3463 section 2), of the same class as the code. */
static void
find_enhanced(struct outbox_reply *reply, struct str text)
{
	size_t n = 0;
	int dots = 0;

	while (n < text.n && n < sizeof reply->enhanced - 1 &&
	    (is_digit(text.p[n]) || (text.p[n] == '.' && n > 0 && is_digit(text.p[n - 1])))) {
		dots += text.p[n] == '.';
		n++;
	}
	if (dots != 2 || text.p[0] - '0' != reply->code / 100 || text.p[1] != '.' ||
	    !is_digit(text.p[n - 1]) || (n < text.n && text.p[n] != ' '))
		return;
	memcpy(reply->enhanced, text.p, n);
	reply->enhanced[n] = '\0';
}

int
outbox_reply_read(struct outbox_wire *wire, int64_t deadline_us, outbox_reply_line *each,
    void *closure, struct outbox_reply *reply_r, struct err *err)
{
	size_t used = 0;

	*reply_r = (struct outbox_reply){0};
	for (int count = 0; count < LINES_MAX; count++) {
		struct str line, text;
		int code;

		if (outbox_wire_line(wire, deadline_us, &line, err) != 0)
			return -1;
		code = line_code(line);
		if (code == 0 || (count > 0 && code != reply_r->code))
			return err_set(err, ERR_PROTO, "the relay's answer is no SMTP reply: %.*s",
			    STR_F(line));
		text = line.n > 4 ? (struct str){line.p + 4, line.n - 4} : STR("");
		reply_r->code = code;
		if (count == 0) {
			find_enhanced(reply_r, text);
			add_text(reply_r, &used, (struct str){line.p, 3});
		}
		add_text(reply_r, &used, STR(" "));
		add_text(reply_r, &used, text);
		if (each != NULL)
			each(text, closure);
		if (line.n == 3 || line.p[3] == ' ') {
			make_utf8(reply_r->text);
			return 0;
		}
	}
	return err_set(err, ERR_PROTO, "the relay's reply has more than %d lines", LINES_MAX);
}

static bool
is_id_char(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
}

/* The id that stands at `p`. */
static size_t
id_length(const char *p)
{
	size_t n = 0;

	while (is_id_char(p[n]))
		n++;
	return n < OUTBOX_QUEUE_ID_SIZE ? n : 0;
}

void
outbox_reply_queue_id(const struct outbox_reply *reply, char id[OUTBOX_QUEUE_ID_SIZE])
{
	static const char *const marks[] = {"queued as ", " id="};
	const char *p = NULL, *accepted = strstr(reply->text, " Message accepted for delivery");

	for (size_t i = 0; i < sizeof marks / sizeof marks[0] && p == NULL; i++) {
		p = strstr(reply->text, marks[i]);
		if (p != NULL)
			p += strlen(marks[i]);
	}
	if (p == NULL && accepted != NULL) {
		for (p = accepted; p > reply->text && is_id_char(p[-1]); p--)
			;
	}
	snprintf(id, OUTBOX_QUEUE_ID_SIZE, "%.*s", p == NULL ? 0 : (int)id_length(p),
	    p == NULL ? "" : p);
}
