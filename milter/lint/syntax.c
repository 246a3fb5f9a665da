/* SPDX-License-Identifier: BSD-2-Clause
 *
 * syntax: all that does not compile
 *
 * The compiler stops at the first error. So the tag that it names is taken out, the rest is
 * compiled again, and so on. What opens a block gets a condition that compiles instead, so
 * that its end tag does not become an error that nobody made.
 *
 * Threads: one.
 */
#include "lint/work.h"
#include "merge/merge.h"

#define ERRORS_MAX 25
#define TRIES_MAX  100

struct attempt {
	struct lint *lint;
	struct lint_piece *piece;
	char *text; /* the source, with what was found wrong so far taken out */
};

/* The offset that the error is about; SIZE_MAX: it is about no place in this piece, but
 * in a partial perhaps. */
static size_t
offset_of(const struct lint_piece *piece, const struct err *err)
{
	struct str source = piece->piece->source;
	size_t at;

	if (err->place.line == 0 || err->place.line > piece->starts->len ||
	    !str_eq((struct str){err->text, err->place.name}, piece->piece->name))
		return SIZE_MAX;
	at = g_array_index(piece->starts, size_t, err->place.line - 1);
	for (unsigned column = err->place.column; column > 1 && at < source.n; column--) {
		at++;
		while (at < source.n && ((unsigned char)source.p[at] & 0xc0) == 0x80)
			at++;
	}
	return at;
}

static const struct lint_tag *
tag_at(const struct lint_mask *mask, size_t at)
{
	for (guint i = 0; i < mask->tags->len; i++) {
		const struct lint_tag *tag = &g_array_index(mask->tags, struct lint_tag, i);

		if (at >= tag->at && at < tag->end)
			return tag;
	}
	return NULL;
}

/* What compiles in the place of a faulty tag and leaves its block open. */
static const char *
stand_in(struct str name)
{
	static const struct {
		const char *name;
		const char *tag;
	} rows[] = {{"if", "{%if a%}"}, {"unless", "{%unless a%}"}, {"elsif", "{%elsif a%}"},
	    {"case", "{%case a%}"}, {"when", "{%when 1%}"}, {"for", "{%for a in a%}"},
	    {"tablerow", "{%tablerow a in a%}"}, {"capture", "{%capture a%}"}};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (str_is(name, rows[i].name))
			return rows[i].tag;
	}
	return "";
}

static void
blank(struct attempt *attempt, const struct lint_tag *tag)
{
	memset(attempt->text + tag->at, ' ', tag->end - tag->at);
}

/* The end tag of a block for which no stand-in fits. */
static void
take_end_out(struct attempt *attempt, const struct lint_tag *tag)
{
	const GArray *tags = attempt->piece->mask.tags;
	size_t depth = 0;

	for (guint i = 0; i < tags->len; i++) {
		const struct lint_tag *other = &g_array_index(tags, struct lint_tag, i);

		if (other->at <= tag->at)
			continue;
		if (str_eq(other->name, tag->name)) {
			depth++;
		} else if (str_starts(other->name, STR("end")) &&
		    str_eq((struct str){other->name.p + 3, other->name.n - 3}, tag->name) &&
		    depth-- == 0) {
			blank(attempt, other);
			return;
		}
	}
}

/* A merge tag (*|NAME|*); those of conditions would leave others without a partner. */
static bool
take_merge_tag_out(struct attempt *attempt, size_t at)
{
	struct str rest = {attempt->text + at, attempt->piece->piece->source.n - at};
	const char *end = memmem(rest.p, MIN(rest.n, (size_t)MERGE_TAG_MAX), "|*", 2);

	if (!str_starts(rest, STR("*|")) || end == NULL || str_starts(rest, STR("*|IF")) ||
	    str_starts(rest, STR("*|EL")) || str_starts(rest, STR("*|END")))
		return false;
	memset(attempt->text + at, ' ', (size_t)(end + 2 - rest.p));
	return true;
}

/* False if nothing can be taken out any more. */
static bool
take_out(struct attempt *attempt, size_t at)
{
	const struct lint_tag *tag = tag_at(&attempt->piece->mask, at);
	const char *instead;

	if (tag == NULL)
		return take_merge_tag_out(attempt, at);
	if (attempt->text[tag->at] != '{')
		return false;
	instead = stand_in(tag->name);
	if (strlen(instead) > tag->end - tag->at) {
		take_end_out(attempt, tag);
		instead = "";
	}
	/* A stand-in that is wrong as well would come up for ever. */
	if (instead[0] != '\0' && strncmp(attempt->text + tag->at, instead, strlen(instead)) == 0)
		instead = "";
	blank(attempt, tag);
	memcpy(attempt->text + tag->at, instead, strlen(instead));
	return true;
}

static void
report(struct attempt *attempt, const struct err *err, size_t at, const char *sentence)
{
	struct lint_place place =
	    at == SIZE_MAX ? lint_place_of(attempt->piece) : lint_place_at(attempt->piece, at);
	const struct tailor_piece *piece = attempt->piece->piece;
	size_t column = 1;

	if (at == SIZE_MAX) {
		lint_report_add(attempt->lint->report, LINT_SYNTAX, &place, "%s", err->text);
		return;
	}
	for (const char *p = piece->source.p + at; p > piece->source.p && p[-1] != '\n'; p--)
		column += ((unsigned char)p[-1] & 0xc0) != 0x80;
	if (piece->header != NULL)
		lint_report_add(attempt->lint->report, LINT_SYNTAX, &place, "%.*s:1:%zu: %s",
		    STR_F(piece->header->name), column, sentence);
	else
		lint_report_add(attempt->lint->report, LINT_SYNTAX, &place, "part %zu:%zu:%zu: %s",
		    piece->number, place.part_line, column, sentence);
}

void
lint_syntax(struct lint *lint, size_t i)
{
	struct lint_piece *piece = &lint->pieces[i];
	struct err err = piece->piece->err;
	struct attempt attempt = {lint, piece, NULL};
	size_t errors = 0;

	if (err.code == ERR_NONE)
		return;
	attempt.text = g_strndup(piece->piece->source.p, piece->piece->source.n);
	for (int tries = 0; tries < TRIES_MAX && errors < ERRORS_MAX; tries++) {
		const char *sentence = err.text + err.place.sentence;
		size_t at = offset_of(piece, &err);

		report(&attempt, &err, at, sentence);
		errors++;
		/* Without a block's end nothing can be said of what follows. */
		if (at == SIZE_MAX || strstr(sentence, "is not closed with") != NULL ||
		    !take_out(&attempt, at))
			break;
		err = ERR_INIT;
		if (tailor_inspect_try(lint->inspect, i,
			(struct str){attempt.text, piece->piece->source.n}, &err) == 0)
			break;
	}
	g_free(attempt.text);
}
