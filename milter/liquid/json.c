/* SPDX-License-Identifier: BSD-2-Clause
 *
 * json: see json.h
 *
 * The text is looked over once for what Jansson would refuse or not guard against:
 * long integers and deep nesting. Only a text with such integers is copied, with
 * ".0" behind each of them; places in messages are those of the text as it came.
 *
 * Owns:    nothing.
 * Threads: any; touches only its arguments.
 * Fails:   ERR_INPUT, ERR_LIMIT, ERR_IO.
 */
#include "liquid/json.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#define WIDENER ".0"

struct look {
	struct str text;
	GArray *ends; /* size_t: where integers beyond 64 bits end */
	size_t depth;
	size_t too_deep; /* where the nesting goes too deep; SIZE_MAX: nowhere */
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Decimal digits without a sign. */
static bool
is_wide(struct str digits, bool negative)
{
	const char *limit = negative ? "9223372036854775808" : "9223372036854775807";
	size_t n = strlen(limit);

	return digits.n > n || (digits.n == n && memcmp(digits.p, limit, n) > 0);
}

/* From the quote; the place behind the closing one. */
static size_t
skip_string(struct str text, size_t at)
{
	for (at++; at < text.n && text.p[at] != '"'; at++) {
		if (text.p[at] == '\\')
			at++;
	}
	return at + 1;
}

/* From its first digit; the place behind it. */
static size_t
look_at_number(struct look *look, size_t at)
{
	struct str text = look->text, digits = {text.p + at, 0};
	bool negative = at > 0 && text.p[at - 1] == '-';
	size_t end = at;
	bool real;

	while (end < text.n && is_digit(text.p[end]))
		end++;
	digits.n = end - at;
	real = end < text.n && (text.p[end] == '.' || text.p[end] == 'e' || text.p[end] == 'E');
	if (!real && is_wide(digits, negative))
		g_array_append_val(look->ends, end);
	/* Not to take the digits of a fraction or exponent for an integer. */
	while (end < text.n && (is_digit(text.p[end]) || strchr(".eE+-", text.p[end]) != NULL) &&
	    text.p[end] != '\0')
		end++;
	return end;
}

static void
look_over(struct look *look)
{
	struct str text = look->text;

	for (size_t at = 0; at < text.n;) {
		char c = text.p[at];

		if (c == '"') {
			at = skip_string(text, at);
			continue;
		}
		if (is_digit(c)) {
			at = look_at_number(look, at);
			continue;
		}
		if ((c == '[' || c == '{') && ++look->depth > LIQUID_JSON_DEPTH) {
			look->too_deep = at;
			return;
		}
		if ((c == ']' || c == '}') && look->depth > 0)
			look->depth--;
		at++;
	}
}

static void
widen(const struct look *look, struct buf *wide)
{
	size_t from = 0;

	for (guint i = 0; i < look->ends->len; i++) {
		size_t end = g_array_index(look->ends, size_t, i);

		buf_add(wide, look->text.p + from, end - from);
		buf_add_c(wide, WIDENER);
		from = end;
	}
	buf_add(wide, look->text.p + from, look->text.n - from);
}

/* The same place in the text as it came. */
static size_t
narrow(const struct look *look, size_t position)
{
	size_t added = 0;

	for (guint i = 0; i < look->ends->len; i++) {
		if (g_array_index(look->ends, size_t, i) + added < position)
			added += strlen(WIDENER);
	}
	return position > added ? position - added : 0;
}

static void
complain(const struct look *look, struct str name, enum err_code code, size_t at,
    const char *sentence, struct err *err)
{
	unsigned line = 1, column = 1;

	for (size_t i = 0; i < at && i < look->text.n; i++) {
		unsigned char c = (unsigned char)look->text.p[i];

		if (c == '\n') {
			line++;
			column = 1;
		} else if ((c & 0xc0) != 0x80) {
			column++;
		}
	}
	err_set_at(err, code, name, line, column, sentence);
}

static json_t *
load(const struct look *look, struct str name, size_t flags, struct err *err)
{
	struct buf wide;
	struct str text = look->text;
	json_error_t where;
	json_t *json;

	buf_init(&wide, 2 * LIQUID_JSON_MAX);
	if (look->ends->len > 0) {
		widen(look, &wide);
		text = buf_str(&wide);
	}
	json = json_loadb(text.n == 0 ? "" : text.p, text.n, flags | JSON_ALLOW_NUL, &where);
	if (json == NULL) {
		/* Jansson's position is behind what it stumbled over. */
		size_t at = where.position > 0 ? (size_t)where.position - 1 : 0;

		complain(look, name, ERR_INPUT, narrow(look, at), where.text, err);
	}
	buf_fini(&wide);
	return json;
}

json_t *
liquid_json_load(struct str name, struct str text, size_t flags, struct err *err)
{
	struct look look = {.text = text, .too_deep = SIZE_MAX};
	json_t *json = NULL;
	char sentence[80];

	if (text.n > LIQUID_JSON_MAX) {
		err_set(
		    err, ERR_LIMIT, "%.*s: longer than %zu MB", STR_F(name), LIQUID_JSON_MAX >> 20);
		return NULL;
	}
	look.ends = g_array_new(FALSE, FALSE, sizeof(size_t));
	look_over(&look);
	if (look.too_deep != SIZE_MAX) {
		g_snprintf(
		    sentence, sizeof sentence, "nested more than %d deep", LIQUID_JSON_DEPTH);
		complain(&look, name, ERR_LIMIT, look.too_deep, sentence, err);
	} else {
		json = load(&look, name, flags, err);
	}
	g_array_free(look.ends, TRUE);
	return json;
}

static int
read_all(int fd, const char *path, struct buf *text, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_IO, "%s: not a regular file", path);
	for (;;) {
		char *room = buf_reserve(text, 65536);
		ssize_t n;

		if (room == NULL)
			return err_set(
			    err, ERR_LIMIT, "%s: longer than %zu MB", path, LIQUID_JSON_MAX >> 20);
		n = read(fd, room, 65536);
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
		if (n > 0)
			text->len += (size_t)n;
	}
}

json_t *
liquid_json_load_file(const char *path, size_t flags, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	json_t *json = NULL;
	struct buf text;

	if (fd < 0) {
		err_set(
		    err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO, "%s: %s", path, strerror(errno));
		return NULL;
	}
	buf_init(&text, LIQUID_JSON_MAX + 65536);
	if (read_all(fd, path, &text, err) == 0)
		json = liquid_json_load(str_c(path), buf_str(&text), flags, err);
	buf_fini(&text);
	close(fd);
	return json;
}
