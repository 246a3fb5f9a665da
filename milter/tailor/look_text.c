/* SPDX-License-Identifier: BSD-2-Clause
 *
 * look_text: text as a reader sees it, so that addresses can be compared
 *
 * Threads: any; touches only its arguments.
 */
#include "tailor/look.h"
#include "tailor/look_work.h"

static bool
divides(gunichar c)
{
	return g_unichar_isspace(c) || c < 0x20 ||
	    strchr(",;|", (int)(c < 0x80 ? c : 'x')) != NULL || c == 0xb7 || c == 0x2022;
}

/* Zero width, or soft: a reader does not see it. */
static bool
is_unseen(gunichar c)
{
	return g_unichar_type(c) == G_UNICODE_FORMAT || c == 0x34f || c == 0x2800 || c == 0x3164;
}

char *
tailor_look_fold(struct str text)
{
	char *valid = g_utf8_make_valid(text.n == 0 ? "" : text.p, (gssize)text.n);
	char *normal = g_utf8_normalize(valid, -1, G_NORMALIZE_ALL_COMPOSE);
	char *plain = g_utf8_casefold(normal, -1);
	GString *out = g_string_sized_new(text.n);
	bool gap = false;

	for (const char *p = plain; *p != '\0'; p += g_utf8_skip[(guchar)*p]) {
		gunichar c = g_utf8_get_char(p);

		if (c != TAILOR_LOOK_GAP && divides(c)) {
			gap = true;
		} else if (!is_unseen(c)) {
			if (gap && out->len > 0)
				g_string_append_c(out, ' ');
			g_string_append_unichar(out, c);
			gap = false;
		}
	}
	g_free(plain);
	g_free(normal);
	g_free(valid);
	return g_string_free(out, FALSE);
}

bool
tailor_look_shows(struct str text)
{
	char *valid = g_utf8_make_valid(text.n == 0 ? "" : text.p, (gssize)text.n);
	bool found = false;

	for (const char *p = valid; *p != '\0' && !found; p += g_utf8_skip[(guchar)*p]) {
		gunichar c = g_utf8_get_char(p);

		found = g_unichar_isgraph(c) && !is_unseen(c);
	}
	g_free(valid);
	return found;
}
