/* SPDX-License-Identifier: BSD-2-Clause
 *
 * view_page: from a rendered part to a page that stands alone
 *
 * Threads: any; touches only its arguments.
 * Fails:   ERR_LIMIT.
 */
#include "tailor/view_impl.h"

#include <glib.h>

/* What browsers show as an image and never run. */
static const char *const shown[] = {"image/png", "image/jpeg", "image/jpg", "image/gif",
    "image/webp", "image/avif", "image/bmp", "image/x-icon", "image/vnd.microsoft.icon"};

static const char page_begin[] =
    "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\"><title>Message</title></head>\n"
    "<body><pre style=\"white-space: pre-wrap; overflow-wrap: anywhere\">";
static const char page_end[] = "</pre></body></html>\n";

/* "&quot;" for one byte. */
#define GROWTH 6

static int
hex_value(char c)
{
	return g_ascii_isxdigit(c) ? g_ascii_xdigit_value(c) : -1;
}

/* Does `text` begin with this id, percent-encoded or not (RFC 2392 section 2), and does it end
 * there? The bytes that it takes, or 0. */
static size_t
id_length(struct str text, struct str id)
{
	size_t at = 0;

	for (size_t i = 0; i < id.n; i++) {
		if (at + 2 < text.n && text.p[at] == '%' && hex_value(text.p[at + 1]) >= 0 &&
		    hex_value(text.p[at + 2]) >= 0 &&
		    (char)(hex_value(text.p[at + 1]) * 16 + hex_value(text.p[at + 2])) == id.p[i])
			at += 3;
		else if (at < text.n && text.p[at] == id.p[i])
			at++;
		else
			return 0;
	}
	return at == text.n || strchr("\"'>) \t\r\n;,&<", text.p[at]) != NULL ? at : 0;
}

static const struct mime_image *
find_image(struct str text, const struct mime_image *images, size_t count, size_t *n_r)
{
	for (size_t i = 0; i < count; i++) {
		*n_r = id_length(text, images[i].id);
		if (*n_r > 0)
			return &images[i];
	}
	return NULL;
}

static bool
is_shown(const struct mime_image *image)
{
	for (size_t i = 0; i < G_N_ELEMENTS(shown); i++) {
		if (str_is(image->type, shown[i]))
			return true;
	}
	return false;
}

/* An address begins here: nothing that a word or another scheme could end with stands before. */
static bool
begins_address(struct str html, size_t at)
{
	return at > 0 && strchr("\"'=( \t\r\n", html.p[at - 1]) != NULL;
}

/* The next cid: from `at` on; the end if there is none. */
static size_t
next_cid(struct str html, size_t at)
{
	for (; at + 4 <= html.n; at++) {
		if ((html.p[at] == 'c' || html.p[at] == 'C') &&
		    g_ascii_strncasecmp(html.p + at, "cid:", 4) == 0 && begins_address(html, at))
			return at;
	}
	return html.n;
}

static void
add_data(struct buf *out, const struct mime_image *image)
{
	char *text = g_base64_encode((const guchar *)image->content.p, image->content.n);

	buf_printf(out, "data:%.*s;base64,", STR_F(image->type));
	buf_add_c(out, text);
	g_free(text);
}

int
tailor_view_inline(struct str html, const struct mime_image *images, size_t count,
    struct arena *arena, struct str *html_r, struct err *err)
{
	size_t from = 0, at, n, bytes = 0;
	struct buf out;

	*html_r = html;
	if (count == 0 || next_cid(html, 0) == html.n)
		return 0;
	buf_init(&out, html.n + 2 * TAILOR_VIEW_IMAGES_MAX);
	for (at = next_cid(html, 0); at < html.n; at = next_cid(html, at)) {
		struct str rest = {html.p + at + 4, html.n - at - 4};
		const struct mime_image *image = find_image(rest, images, count, &n);

		at += 4;
		if (image == NULL || !is_shown(image) ||
		    image->content.n > TAILOR_VIEW_IMAGES_MAX - bytes)
			continue;
		buf_add(&out, html.p + from, at - 4 - from);
		add_data(&out, image);
		bytes += image->content.n;
		from = at += n;
	}
	buf_add(&out, html.p + from, html.n - from);
	*html_r = out.full ? STR_NONE : arena_str(arena, buf_str(&out));
	buf_fini(&out);
	return html_r->p == NULL ? err_set(err, ERR_LIMIT, "message: too large to be shown") : 0;
}

static void
escape(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		switch (text.p[i]) {
		case '&':
			buf_add_c(out, "&amp;");
			break;
		case '<':
			buf_add_c(out, "&lt;");
			break;
		case '>':
			buf_add_c(out, "&gt;");
			break;
		case '"':
			buf_add_c(out, "&quot;");
			break;
		default:
			buf_add_char(out, text.p[i]);
		}
	}
}

int
tailor_view_wrap(struct str text, struct arena *arena, struct str *html_r, struct err *err)
{
	struct buf out;

	buf_init(&out, text.n * GROWTH + sizeof page_begin + sizeof page_end);
	buf_add_c(&out, page_begin);
	/* A browser drops a line end right behind <pre>. */
	buf_add_char(&out, '\n');
	escape(&out, text);
	buf_add_c(&out, page_end);
	*html_r = arena_str(arena, buf_str(&out));
	buf_fini(&out);
	return html_r->p == NULL ? err_set(err, ERR_LIMIT, "message: too large to be shown") : 0;
}
