/* SPDX-License-Identifier: BSD-2-Clause
 *
 * work: what the files of lint/ share; nobody else includes it
 */
#ifndef LINT_WORK_H
#define LINT_WORK_H

#include "lint/html.h"
#include "lint/lint.h"
#include "lint/mask.h"
#include "lint/words.h"
#include "tailor/inspect.h"
#include "tailor/templates.h"

/* A header field or part, its tags, and where its lines are. */
struct lint_piece {
	const struct tailor_piece *piece;
	struct lint_mask mask;
	GArray *starts; /* size_t: where each line of the source begins */
	GArray *rows;	/* size_t: the message's line for each; NULL: `row` and on */
	size_t row;	/* the message's line where it begins */
	bool is_html;
	struct lint_html html; /* of the masked source */
	bool out_of_balance;
	bool has_address;      /* a postal one, as it is written */
	GHashTable *addresses; /* decoded href and src without tags: they were looked at */
};

/* What one contact's copy, or the message without templates, holds. */
struct lint_copy {
	struct str *texts;	/* one for each piece */
	struct lint_html *html; /* of the first HTML part; NULL: there is none */
	size_t html_piece;
	size_t text_piece; /* the first text part */
	bool has_html;
	bool has_text;
};

struct lint {
	const struct lint_request *request;
	struct lint_report *report;
	struct tailor_templates *templates;
	struct tailor *tailor;
	struct tailor_inspect *inspect;
	struct mime_message *mime;
	const struct conf_campaign *campaign; /* NULL: none */
	struct str name;		      /* the campaign's */
	struct lint_piece *pieces;
	size_t count;
	struct arena *arena;	 /* of the contact at hand */
	struct lint_html html;	 /* of the copy at hand */
	struct lint_words words; /* of subject or text part */
	GHashTable *attributes;	 /* names that some contact has */
	GHashTable *missing;	 /* variables without a value -> the piece where, plus one */
	GHashTable *told;	 /* variables of which it was said that nobody has them */
	bool is_template;
	uint64_t seen; /* contacts walked over */
};

/* --- place.c --- */

void lint_piece_init(struct lint *lint, struct lint_piece *piece, const struct tailor_piece *of);
void lint_piece_fini(struct lint_piece *piece);
/* The source with fillers for tags. */
struct str lint_piece_bare(const struct lint_piece *piece);
/* Is each copy of it another one? */
bool lint_piece_varies(const struct lint_piece *piece);
struct lint_place lint_place_at(const struct lint_piece *piece, size_t at);
/* The part or field as a whole. */
struct lint_place lint_place_of(const struct lint_piece *piece);
/* Where `text` stands in it, else as a whole. */
struct lint_place lint_place_find(const struct lint_piece *piece, struct str text);
/* The message as a whole: its first line. */
struct lint_place lint_place_message(void);
size_t lint_line_of(struct str raw, const char *p);

/* --- syntax.c --- */

void lint_syntax(struct lint *lint, size_t i);
/* Names outside of all namespaces. */
void lint_names(struct lint *lint, size_t i, const struct liquid_value *globals);
/* Attributes that nobody has; after the contacts. */
void lint_attributes(struct lint *lint, size_t i, const struct liquid_value *globals);
/* The name among `names` (NULL-terminated) that is most like it, or NULL. */
const char *lint_nearest(struct str name, const GPtrArray *names);

/* --- header.c --- */

void lint_header(struct lint *lint);
void lint_subject(struct lint *lint, const struct lint_copy *copy);

/* --- markup.c: the HTML of a part as it is written --- */

void lint_markup(struct lint *lint, struct lint_piece *piece);

/* --- link.c --- */

enum lint_address_kind { LINT_ADDRESS_LINK, LINT_ADDRESS_IMAGE };

/* `shown`: the link's text. `where`: NULL, or what stands in the template; then the
 * sentences name that. */
void lint_address(struct lint_report *report, const struct lint_place *place,
    enum lint_address_kind kind, struct str address, struct str shown, const char *where);
/* All links and images of a part as written, and what is computed in a rendered one. */
void lint_links(struct lint *lint, struct lint_piece *piece);
void lint_links_rendered(struct lint *lint, struct lint_piece *piece, const struct lint_html *html);
void lint_links_text(struct lint *lint, const struct lint_piece *piece, struct str text);

/* --- content.c: what people and the law expect of a newsletter --- */

void lint_content(struct lint *lint, const struct lint_copy *copy);
void lint_content_images(struct lint *lint, const struct lint_copy *copy);
bool lint_is_unsubscribe(struct str address, struct str shown);
bool lint_has_postal_address(struct str text);

/* --- law.c: what marketing has to show, by the engine's own rule --- */

void lint_law(struct lint *lint);
/* Is it said by the engine whether TAILOR_LOOK_UNSUBSCRIBE or TAILOR_LOOK_POSTAL is there, so that nothing has
 * to be guessed? */
bool lint_law_says(const struct lint *lint, unsigned what);

/* --- copy.c: what is looked at for each contact --- */

/* The rendered texts in `copy`. */
void lint_copy(struct lint *lint, struct lint_copy *copy);

#endif
