/* SPDX-License-Identifier: BSD-2-Clause
 *
 * filter_html: markup and addresses
 *
 * Threads: see filter.h.
 */
#include "liquid/render.h"

static bool
is_markup(const struct filter_call *call)
{
	return call->input->safe && call->render->program->mode == LIQUID_HTML;
}

static int
result_markup(struct filter_call *call, struct str text)
{
	call->result = liquid_string(text);
	call->result.safe = true;
	return 0;
}

int
filter_run_escape(struct filter_call *call)
{
	struct str text;

	if (call->input->type == LIQUID_NIL || is_markup(call)) {
		call->result = *call->input;
		return 0;
	}
	if (filter_input(call, &text) < 0 || render_escape(call->render, text, &text) < 0)
		return -1;
	return result_markup(call, text);
}

/* Length of an entity that stands at the `&` s begins with; 0 if it is none. */
static size_t
entity_length(struct str s)
{
	size_t i = 1;
	bool hex = false;

	if (i < s.n && s.p[i] == '#') {
		i++;
		if (i < s.n && (s.p[i] == 'x' || s.p[i] == 'X')) {
			hex = true;
			i++;
		}
		for (size_t begin = i; i < s.n && i - begin < 9; i++) {
			char c = s.p[i];

			if (c == ';')
				return i > begin ? i + 1 : 0;
			if (!(c >= '0' && c <= '9') &&
			    !(hex && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))))
				return 0;
		}
		return 0;
	}
	for (; i < s.n; i++) {
		char c = s.p[i];

		if (c == ';')
			return i > 1 ? i + 1 : 0;
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
			return 0;
	}
	return 0;
}

static int
run_escape_once(struct filter_call *call)
{
	struct build build;
	struct str text;

	if (is_markup(call)) {
		call->result = *call->input;
		return 0;
	}
	if (filter_input(call, &text) < 0 || build_init(&build, call->render, text.n) < 0)
		return -1;
	while (text.n > 0) {
		size_t entity = text.p[0] == '&' ? entity_length(text) : 0;
		struct str piece = {text.p, entity > 0 ? entity : 1};

		text.p += piece.n;
		text.n -= piece.n;
		if (entity == 0 && render_escape(call->render, piece, &piece) < 0)
			return -1;
		if (build_add(&build, piece) < 0)
			return -1;
	}
	return result_markup(call, build_str(&build));
}

static int
run_raw(struct filter_call *call)
{
	call->result = *call->input;
	call->result.safe = true;
	return 0;
}

static int
run_newline_to_br(struct filter_call *call)
{
	bool html = call->render->program->mode == LIQUID_HTML;
	struct build build;
	struct str text;

	if (filter_input(call, &text) < 0)
		return -1;
	if (html && !call->input->safe && render_escape(call->render, text, &text) < 0)
		return -1;
	if (build_init(&build, call->render, text.n + text.n / 4) < 0)
		return -1;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\r' && i + 1 < text.n && text.p[i + 1] == '\n')
			continue;
		if (text.p[i] == '\n' ? build_add(&build, STR("<br />\n")) < 0
				      : build_char(&build, text.p[i]) < 0)
			return -1;
	}
	return result_markup(call, build_str(&build));
}

/* At most. */
#define SPAN_KINDS 3

struct span_kind {
	struct str open;
	struct str close;
};

/* End of the span that begins at p, or NULL. `unclosed` has a flag for each kind, set when
 * nothing closes one: then nothing closes those that follow either, and nobody looks. */
static const char *
span_end(
    const char *p, const char *end, const struct span_kind *kinds, size_t count, bool *unclosed)
{
	struct str rest = {p, (size_t)(end - p)};

	for (size_t i = 0; i < count; i++) {
		const char *found;

		if (unclosed[i] || !str_starts(rest, kinds[i].open))
			continue;
		found = memmem(p + kinds[i].open.n, rest.n - kinds[i].open.n, kinds[i].close.p,
		    kinds[i].close.n);
		if (found != NULL)
			return found + kinds[i].close.n;
		unclosed[i] = true;
	}
	return NULL;
}

static int
drop_spans(struct render *render, struct str *text, const struct span_kind *kinds, size_t count)
{
	const char *end = text->p + text->n;
	const char *p = text->p;
	bool unclosed[SPAN_KINDS] = {false};
	struct build build;

	if (build_init(&build, render, text->n) < 0)
		return -1;
	while (p < end) {
		const char *open = memchr(p, '<', (size_t)(end - p));
		const char *after;

		if (open == NULL)
			open = end;
		if (build_add(&build, (struct str){p, (size_t)(open - p)}) < 0)
			return -1;
		p = open;
		if (p == end)
			break;
		after = span_end(p, end, kinds, count, unclosed);
		if (after == NULL && build_char(&build, *p) < 0)
			return -1;
		p = after == NULL ? p + 1 : after;
	}
	*text = build_str(&build);
	return 0;
}

/* First what is never shown, with its contents; then the tags, as Ruby does. */
static int
run_strip_html(struct filter_call *call)
{
	static const struct span_kind blocks[SPAN_KINDS] = {
	    {{"<script", 7}, {"</script>", 9}},
	    {{"<!--", 4}, {"-->", 3}},
	    {{"<style", 6}, {"</style>", 8}},
	};
	static const struct span_kind tags[] = {{{"<", 1}, {">", 1}}};
	struct str text;

	if (filter_input(call, &text) < 0 ||
	    drop_spans(call->render, &text, blocks, SPAN_KINDS) < 0 ||
	    drop_spans(call->render, &text, tags, 1) < 0)
		return -1;
	return filter_result(call, text);
}

static bool
is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    c == '-' || c == '_' || c == '.';
}

static int
run_url_encode(struct filter_call *call)
{
	static const char hex[] = "0123456789ABCDEF";
	struct build build;
	struct str text;

	if (call->input->type == LIQUID_NIL) {
		call->result = *call->input;
		return 0;
	}
	if (filter_input(call, &text) < 0 || build_init(&build, call->render, text.n * 2) < 0)
		return -1;
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		char code[3] = {'%', hex[c >> 4], hex[c & 15]};

		if (c == ' ' || is_unreserved((char)c)
			? build_char(&build, c == ' ' ? '+' : (char)c) < 0
			: build_add(&build, (struct str){code, 3}) < 0)
			return -1;
	}
	return filter_result(call, build_str(&build));
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int
run_url_decode(struct filter_call *call)
{
	struct str text;
	char *p;
	size_t n = 0;

	if (call->input->type == LIQUID_NIL) {
		call->result = *call->input;
		return 0;
	}
	if (filter_input(call, &text) < 0)
		return -1;
	p = render_alloc(call->render, text.n);
	if (p == NULL)
		return -1;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '%' && i + 2 < text.n && hex_digit(text.p[i + 1]) >= 0 &&
		    hex_digit(text.p[i + 2]) >= 0) {
			c = (char)(hex_digit(text.p[i + 1]) << 4 | hex_digit(text.p[i + 2]));
			i += 2;
		} else if (c == '+') {
			c = ' ';
		}
		p[n++] = c;
	}
	return filter_result_decoded(call, (struct str){p, n});
}

const struct filter filter_html_table[] = {
    {"escape", filter_run_escape, 0, 0, FILTER_OWN, false, false},
    {"escape_once", run_escape_once, 0, 0, FILTER_OWN, false, false},
    {"h", filter_run_escape, 0, 0, FILTER_OWN, false, false},
    {"newline_to_br", run_newline_to_br, 0, 0, FILTER_OWN, false, false},
    {"raw", run_raw, 0, 0, FILTER_OWN, false, false},
    {"strip_html", run_strip_html, 0, 0, FILTER_PLAIN, false, false},
    {"url_decode", run_url_decode, 0, 0, FILTER_PLAIN, false, false},
    {"url_encode", run_url_encode, 0, 0, FILTER_PLAIN, false, false},
    {.name = NULL},
};
