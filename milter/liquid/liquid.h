/* SPDX-License-Identifier: BSD-2-Clause
 *
 * liquid: templates, compiled once and rendered for many
 *
 * Knows nothing of mail. liquid_compile turns source into an immutable program;
 * liquid_render runs it over a scope of values into an arena, allocating nothing
 * from the heap once the arena is warm. Semantics are Shopify's; values are data
 * and never read as template text.
 *
 * Threads: a program may be rendered by any number of threads at once, each with
 * an arena of its own.
 */
#ifndef LIQUID_LIQUID_H
#define LIQUID_LIQUID_H

#include "base/arena.h"
#include "base/err.h"
#include "base/origin.h"
#include "base/str.h"
#include "liquid/value.h"

#include <stdint.h>

enum liquid_mode {
	LIQUID_TEXT,   /* output as it is: plain Liquid, which passes over unknown filters and
		       * stray words unless it is strict */
	LIQUID_HTML,   /* output is HTML-escaped unless it went through `raw` or is markup
	               * that a filter made (escape, newline_to_br, ...) */
	LIQUID_HEADER, /* like text; control characters in output become spaces */
	/* iCalendar without folds: output is escaped as a property's value, and loses in its
	 * parameters what would end them. */
	LIQUID_CALENDAR
};
#define LIQUID_MODES (LIQUID_CALENDAR + 1)

/* Ceilings for one compile and one render; each exceeded one is ERR_LIMIT. */
struct liquid_limits {
	size_t source; /* bytes of template text, with partials */
	int64_t steps; /* outputs, conditions, loop turns */
	size_t output; /* bytes */
	int depth;     /* nesting of blocks */
	int64_t turns; /* of loops, in one render; 0: as many as the steps allow */
	int partials;  /* nesting of partials; 0: as `depth` */
};

struct liquid_extensions;
struct liquid_language;
struct liquid_texts;

/* Where {% render %} and {% include %} find the templates they name. All of them are
 * compiled together with the template that names them. */
struct liquid_partials {
	/* The source of `name`, which must last until liquid_compile returns. 1 found, 0
	 * there is none, -1 with err filled. */
	int (*get)(void *closure, struct str name, struct str *source_r, struct err *err);
	/* What the source that `get` has just given was translated from; it is copied. NULL,
	 * or returns NULL: it wasn't. */
	const struct origin *(*origin)(void *closure);
	/* The name of number `i`, false after the last. Asked only where a template computes
	 * the name; NULL: then only those that are named elsewhere are found. */
	bool (*list)(void *closure, size_t i, struct str *name_r);
	void *closure;
};

struct liquid_options {
	enum liquid_mode mode;
	bool strict; /* in LIQUID_TEXT: what is passed over otherwise is an error; the others
		      * always are strict in this */
	struct liquid_limits limits;
	const struct liquid_partials *partials;	    /* NULL: there are none */
	const struct liquid_extensions *extensions; /* filter.h; NULL: there are none */
	const struct liquid_texts *texts;	    /* texts.h; NULL: keys of `t` aren't checked */
	const struct origin *origin; /* the source was translated: places in messages are those
				      * of the author's text; copied. NULL: it wasn't */
};

struct liquid_program;

/* `name` stands in messages. The source is copied. ERR_TEMPLATE with
 * "name:line:column: sentence", or ERR_LIMIT. */
int liquid_compile(struct liquid_program **program_r, struct str name, struct str source,
    const struct liquid_options *options, struct err *err);
void liquid_free(struct liquid_program **program);

/* What one render sees beside the program. Zero-initialise, then fill. */
struct liquid_render_options {
	int64_t now_ms;	       /* what "now" means, milliseconds since the epoch */
	const char *time_zone; /* IANA name for dates; NULL: UTC, and a date with an offset
				* of its own keeps it */
	/* Called for each variable that had no value and no default filter after it where
	 * its value is wanted: in output, in filters and their arguments, in a `for`
	 * without `else`. Conditions may ask for what is not there, and so may a plain
	 * assign: who prints the variable is reported then. `path` is as written. NULL:
	 * nobody asks. */
	void (*missing)(void *closure, struct str path);
	void *closure;
	const struct liquid_language *language; /* that `t` speaks; NULL: it fails */
	void *context; /* for filters and tags that others added; see filter_context */
};

/* `globals`: what the outermost names mean, normally an object. The result is in
 * the arena. ERR_TEMPLATE ("name:line:column: sentence"), ERR_LIMIT or ERR_ABORT. */
int liquid_render(const struct liquid_program *program, const struct liquid_value *globals,
    const struct liquid_render_options *options, struct arena *arena, struct str *output_r,
    struct err *err);

/* May rendering ask for member `key` of the outermost name `name`, here or in a partial? True,
 * too, where it can't be known before: name[x], or the name passed on as a whole. */
bool liquid_asks_for(const struct liquid_program *program, struct str name, struct str key);

/* The name of filter or tag number `number`, from 0; NULL after the last. Words that stand
 * only inside of a tag (else, when) count as tags, those that close one do not. */
const char *liquid_filter_name(size_t number);
const char *liquid_tag_name(size_t number);

#endif
