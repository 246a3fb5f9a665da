/* SPDX-License-Identifier: BSD-2-Clause
 *
 * texts: what templates say, in several languages
 *
 *     {{ "unsubscribe.title" | t }}
 *     {{ "form.too_long" | t: high: 100 }}
 *     {{ "cart.items" | t: count: cart.size }}
 *
 * A language is a file of JSON, objects within each other: the key a.b names member b of
 * member a. In a text, {{ name }} stands for what the filter's named argument says; it is data
 * and never read as template text. An object whose members are plural categories (plural.h)
 * is a text that depends on `count`, by the rules of the language it is in.
 *
 * A text that a language lacks is taken from the next one: pt-BR, pt, the default language,
 * LIQUID_TEXTS_BASE.
 *
 * Owns:    all texts, until liquid_texts_free.
 * Threads: one until liquid_texts_done, then any.
 * Fails:   ERR_INPUT, with the name that was given to the file; ERR_LIMIT.
 */
#ifndef LIQUID_TEXTS_H
#define LIQUID_TEXTS_H

#include "base/err.h"
#include "base/str.h"
#include "liquid/folder.h"

#define LIQUID_TEXTS_BASE      "en"	 /* the language that has each text */
#define LIQUID_TEXTS_FOLDER    "locales" /* TAG.json in it, in a templates folder */
#define LIQUID_TEXTS_LANGUAGES ((size_t)64)
#define LIQUID_TEXTS_COUNT     ((size_t)5000) /* of one language */
#define LIQUID_TEXTS_LONGEST   ((size_t)8000) /* bytes of one text */

struct liquid_texts;
struct liquid_language;

struct liquid_texts *liquid_texts_new(void);
void liquid_texts_free(struct liquid_texts **texts);
/* Adds texts of a language; those that are there already are replaced. `name` stands in
 * messages. */
int liquid_texts_add(
    struct liquid_texts *texts, struct str tag, struct str name, struct str json, struct err *err);
/* The same of all that the folder has in LIQUID_TEXTS_FOLDER. NULL has nothing. */
int liquid_texts_add_folder(
    struct liquid_texts *texts, const struct liquid_folder *folder, struct err *err);
/* Nothing is added any more. `tag`: the default language. ERR_NOTFOUND if there is none. */
int liquid_texts_done(struct liquid_texts *texts, struct str tag, struct err *err);

/* The language of that tag, or of the longest beginning of it that there is (RFC 4647 section
 * 3.4). NULL: there is none. */
const struct liquid_language *liquid_texts_language(
    const struct liquid_texts *texts, struct str tag);
const struct liquid_language *liquid_texts_default(const struct liquid_texts *texts);
/* Number `i`, in order of their tags; NULL after the last. */
const struct liquid_language *liquid_texts_at(const struct liquid_texts *texts, size_t i);

/* As the file's name has it; ends in NUL. */
struct str liquid_language_tag(const struct liquid_language *language);
/* Absent if no language has it. *from_r, if not NULL: the language that it is in. */
struct str liquid_language_text(
    const struct liquid_language *language, struct str key, const struct liquid_language **from_r);

/* Is it a key that anything can have: words with dots between? */
bool liquid_texts_is_key(struct str key);
/* Cuts a text at its first {{ name }}: what is before it, and the name; false: there is none, and
 * all of the rest is before it. */
bool liquid_texts_cut(struct str *rest, struct str *before_r, struct str *name_r);

#endif
