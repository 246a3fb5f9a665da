/* SPDX-License-Identifier: BSD-2-Clause
 *
 * header: field values, read and written
 *
 * Owns:    nothing; results are in the caller's arena.
 * Threads: any.
 */
#include "mime/mime.h"
#include "mime/start.h"
#include "mime/words.h"

/* Bytes of a Date; no honest one comes near. */
#define DATE_MAX ((size_t)200)

/* An encoded-word takes three characters for a byte, and twelve more for every
 * few characters. */
#define GROWTH 16
#define EXTRA  256

struct str
mime_header_decode(struct str value, struct arena *arena)
{
	GMimeParserOptions *options = mime_start();
	char *words = mime_words_read(value);
	char *decoded = g_mime_utils_header_decode_text(options, words);
	char *clean = mime_words_clean(str_c(decoded));
	struct str result = arena_str(arena, str_c(clean));

	g_free(clean);
	g_free(decoded);
	g_free(words);
	return result;
}

bool
mime_header_date(struct str value, int64_t *ms_r)
{
	char *text = g_strndup(value.p, MIN(value.n, DATE_MAX));
	GDateTime *date = g_mime_utils_header_decode_date(text);

	g_free(text);
	if (date == NULL)
		return false;
	*ms_r = g_date_time_to_unix(date) * 1000;
	g_date_time_unref(date);
	return true;
}

struct str
mime_header_encode(const char *name, struct str text, struct arena *arena)
{
	char *clean = mime_words_clean(text);
	struct str plain = str_c(clean), result = STR_NONE;
	struct buf out;
	struct mime_words words = {&out, strlen(name) + 1};

	buf_init(&out, GROWTH * plain.n + EXTRA);
	if (mime_words_plain(plain, words.column))
		mime_words_put(&words, plain);
	else
		mime_words_encode(&words, plain);
	if (!out.full)
		result = arena_str(arena, buf_str(&out));
	buf_fini(&out);
	g_free(clean);
	return result;
}
