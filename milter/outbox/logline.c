/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_logline: see logline.h
 *
 * Threads: any; touches only its arguments.
 */
#include "outbox/logline.h"

#include "base/clock.h"

#include <stdio.h>
#include <time.h>

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
outbox_logline_parse(struct str line, struct outbox_logline *line_r)
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
	if (!str_split(&text, ':', &id) || id.n == 0 || id.n >= OUTBOX_QUEUE_ID_SIZE ||
	    text.n == 0 || text.p[0] != ' ')
		return false;
	for (size_t i = 0; i < id.n; i++) {
		if (!is_alnum(id.p[i]))
			return false;
	}
	skip(&text, 1);
	*line_r = (struct outbox_logline){tag, id, text};
	return true;
}

int64_t
outbox_logline_time(const char *text)
{
	time_t now = (time_t)(clock_now() / 1000), seconds;
	char word[OUTBOX_LOGLINE_TIME_SIZE];
	struct tm tm;
	int64_t ms;

	if (sscanf(text, "%40[0-9T:.Z+-]", word) == 1)
		return clock_parse(word, &ms) == 0 ? ms + 999 : 0;
	localtime_r(&now, &tm);
	if (strptime(text, "%b %d %H:%M:%S", &tm) == NULL)
		return 0;
	tm.tm_isdst = -1;
	seconds = mktime(&tm);
	/* There is no year in it: December's lines are read in January. */
	if (seconds > now + 86400) {
		tm.tm_year--;
		tm.tm_isdst = -1;
		seconds = mktime(&tm);
	}
	return (int64_t)seconds * 1000 + 999;
}

struct str
outbox_logline_address(struct str rest, const char *name)
{
	const char *at = memmem(rest.p, rest.n, name, strlen(name)), *end;

	if (at == NULL)
		return STR_NONE;
	skip(&rest, (size_t)(at - rest.p) + strlen(name));
	end = memmem(rest.p, rest.n, ">,", 2);
	return end == NULL ? STR_NONE : (struct str){rest.p, (size_t)(end - rest.p)};
}
