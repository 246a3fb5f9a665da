/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mark: addresses that are known only after rendering
 *
 * A mark is STX, the nonce, 0 (before) or 1 (behind), and the link's number, all of digits
 * and of one length: no filter for upper or lower case changes it. It is no text of HTML,
 * so a template that cuts one through is found out.
 *
 * Threads: any; touches only its arguments.
 * Fails:   ERR_TEMPLATE (a mark was cut), ERR_LIMIT.
 */
#include "base/id.h"
#include "html/html.h"

#include <stdio.h>

#define STX    '\x02'
#define NUMBER 8
#define MARK   (1 + HTML_NONCE + 1 + NUMBER)
/* So many digits of the nonce behind an STX are no accident. */
#define TRACE 4

struct found {
	size_t at; /* in the rendered text */
	bool behind;
	size_t link;
};

void
html_marks_init(struct html_marks *marks)
{
	unsigned char random[HTML_NONCE];

	id_random(random, sizeof random);
	for (size_t i = 0; i < HTML_NONCE; i++)
		marks->nonce[i] = (char)('0' + random[i] % 10);
}

bool
html_markable(const struct html_link *link)
{
	return link->value.dynamic != HTML_STATIC && link->whole && !link->literal &&
	    !link->captured;
}

struct str
html_mark(const struct html_marks *marks, size_t link, bool behind, char text[HTML_MARK_MAX])
{
	int n = snprintf(text, HTML_MARK_MAX, "%c%.*s%d%0*zu", STX, HTML_NONCE, marks->nonce,
	    behind, NUMBER, link % 100000000);

	return (struct str){text, (size_t)n};
}

/* Is there a mark at `at`, where an STX stands? 1, 0 (something else), -1 (a part of one). */
static int
read_mark(const struct html_marks *marks, struct str text, size_t at, struct found *found_r)
{
	const char *p = text.p + at + 1;
	size_t left = text.n - at - 1, same = 0;
	unsigned long long number;

	while (same < left && same < HTML_NONCE && p[same] == marks->nonce[same])
		same++;
	if (same < TRACE)
		return 0;
	if (same < HTML_NONCE || left < MARK - 1 || (p[same] != '0' && p[same] != '1') ||
	    !str_to_u64((struct str){p + same + 1, NUMBER}, 99999999, &number))
		return -1;
	*found_r = (struct found){at, p[same] == '1', (size_t)number};
	return 1;
}

/* The next mark from `at` on. 1, 0 (none), -1 (a part of one). */
static int
next_mark(const struct html_marks *marks, struct str text, size_t at, struct found *found_r)
{
	while (at < text.n) {
		const char *stx = memchr(text.p + at, STX, text.n - at);
		int is;

		if (stx == NULL)
			return 0;
		at = (size_t)(stx - text.p);
		is = read_mark(marks, text, at, found_r);
		if (is != 0)
			return is;
		at++;
	}
	return 0;
}

/* Does something in the rendered value end it? */
static bool
is_torn(struct str value, enum html_quote quote)
{
	if (quote == HTML_QUOTE_DOUBLE)
		return memchr(value.p, '"', value.n) != NULL;
	if (quote == HTML_QUOTE_SINGLE)
		return memchr(value.p, '\'', value.n) != NULL;
	for (size_t i = 0; i < value.n; i++) {
		if ((unsigned char)value.p[i] <= ' ' ||
		    (quote == HTML_QUOTE_NONE && strchr(">\"'", value.p[i]) != NULL))
			return true;
	}
	return value.n == 0;
}

static int
rewrite_value(struct html_unmarking *unmarking, size_t link, struct str value,
    enum html_quote quote, struct buf *out, struct err *err)
{
	struct str address;
	struct buf read;
	int result;

	buf_init(&read, 4 * value.n + 16);
	if (quote == HTML_QUOTE_TEXT)
		buf_add_str(&read, value);
	else
		html_address_read(value, &read);
	result = unmarking->rewrite(unmarking->closure, link, buf_str(&read), &address, err);
	if (result > 0 && quote == HTML_QUOTE_TEXT) {
		buf_add_str(out, address);
		unmarking->rewritten++;
	} else if (result > 0) {
		html_value_encode(address, quote, false, out);
		unmarking->rewritten++;
	} else if (result == 0) {
		buf_add_str(out, value);
	}
	buf_fini(&read);
	return result < 0 ? -1 : 0;
}

static int
cut_mark(struct err *err)
{
	return err_set(err, ERR_TEMPLATE,
	    "the template changed a link's address after it was put together: only a part of "
	    "it was printed");
}

/* From the mark `first` on; *at_r: how far the text is done. */
static int
take_value(const struct html_marks *marks, struct str rendered, const enum html_quote *quotes,
    struct html_unmarking *unmarking, const struct found *first, size_t *at_r, struct buf *out,
    struct err *err)
{
	struct str value = {rendered.p + first->at + MARK, 0};
	struct found second;
	int is;

	*at_r = first->at + MARK;
	if (first->behind)
		return 0;
	is = next_mark(marks, rendered, *at_r, &second);
	if (is < 0)
		return cut_mark(err);
	if (is == 0 || !second.behind || second.link != first->link ||
	    first->link >= unmarking->links) {
		unmarking->torn++;
		return 0;
	}
	value.n = second.at - *at_r;
	if (is_torn(value, quotes[first->link])) {
		unmarking->torn++;
		return 0;
	}
	*at_r = second.at + MARK;
	return rewrite_value(unmarking, first->link, value, quotes[first->link], out, err);
}

int
html_unmark(const struct html_marks *marks, struct str rendered, const enum html_quote *quotes,
    struct html_unmarking *unmarking, struct buf *out, struct err *err)
{
	struct found found;
	size_t at = 0;
	int is;

	unmarking->rewritten = unmarking->torn = 0;
	while ((is = next_mark(marks, rendered, at, &found)) > 0) {
		buf_add(out, rendered.p + at, found.at - at);
		if (take_value(marks, rendered, quotes, unmarking, &found, &at, out, err) < 0)
			return -1;
	}
	if (is < 0)
		return cut_mark(err);
	buf_add(out, rendered.p + at, rendered.n - at);
	if (out->full)
		return err_set(err, ERR_LIMIT, "HTML of more than %zu bytes", out->max);
	return 0;
}
