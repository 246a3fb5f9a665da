/* SPDX-License-Identifier: BSD-2-Clause
 *
 * line: see line.h
 *
 * What a line says of addresses and replies is in other people's hands. Fields are therefore read
 * from the front, in the order in which the mail system writes them: what a server answered
 * stands last and can't forge what stands before it.
 */
#include "maillog/line.h"

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
parse_5424(struct str rest, struct str *stamp_r, struct str *tag_r, struct str *text_r)
{
	word(&rest);
	*stamp_r = rest;
	word(&rest);
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
parse_tagged(struct str rest, struct str *stamp_r, struct str *tag_r, struct str *text_r)
{
	int before_tag = rest.p[0] >= '0' && rest.p[0] <= '9' ? 2 : 4;
	struct str tag;

	*stamp_r = rest;
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
maillog_line_make(struct str tag, struct str text, struct maillog_line *line_r)
{
	const char *slash = tag.n == 0 ? NULL : memrchr(tag.p, '/', tag.n);
	struct str id;

	if (slash != NULL)
		skip(&tag, (size_t)(slash - tag.p) + 1);
	if (!str_split(&text, ':', &id) || id.n == 0 || id.n >= MAILLOG_QUEUE_ID_SIZE ||
	    text.n == 0 || text.p[0] != ' ')
		return false;
	for (size_t i = 0; i < id.n; i++) {
		if (!is_alnum(id.p[i]))
			return false;
	}
	skip(&text, 1);
	*line_r = (struct maillog_line){STR_NONE, tag, slash != NULL, id, text};
	return true;
}

bool
maillog_line_parse(struct str line, struct maillog_line *line_r)
{
	struct str stamp, tag, text;
	bool tagged;

	/* A log that was truncated under its writer begins with a hole. */
	while (line.n > 0 && line.p[0] == '\0')
		skip(&line, 1);
	if (line.n > 0 && line.p[0] == '<') {
		if (!str_split(&line, '>', &tag))
			return false;
	}
	if (line.n < 2)
		return false;
	tagged = line.p[0] == '1' && line.p[1] == ' ' ? parse_5424(line, &stamp, &tag, &text)
						      : parse_tagged(line, &stamp, &tag, &text);
	if (!tagged || !maillog_line_make(tag, text, line_r))
		return false;
	line_r->stamp = stamp;
	return true;
}

struct str
maillog_line_address(struct str rest, const char *name)
{
	const char *at = memmem(rest.p, rest.n, name, strlen(name)), *end;

	if (at == NULL)
		return STR_NONE;
	skip(&rest, (size_t)(at - rest.p) + strlen(name));
	end = memmem(rest.p, rest.n, ">,", 2);
	return end == NULL ? STR_NONE : (struct str){rest.p, (size_t)(end - rest.p)};
}
