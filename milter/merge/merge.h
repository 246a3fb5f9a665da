/* SPDX-License-Identifier: BSD-2-Clause
 *
 * merge: Mailchimp's merge tags, translated to Liquid
 *
 * A template that was written for Mailchimp says *|FNAME|* and *|IF:VIP|* ... *|END:IF|*.
 * merge_translate makes a Liquid template of it, which liquid_compile then takes like any
 * other; what the recipient's data holds is never read as a tag. Liquid that stands in the
 * template stays: both languages work side by side. mailtailor-merge(7) has the table of
 * tags. Knows nothing of mail, and of data only the names that it is told.
 *
 * Threads: any; touches only its arguments.
 */
#ifndef MERGE_MERGE_H
#define MERGE_MERGE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/origin.h"

/* Ceilings: what is beyond them is no template. */
#define MERGE_TAGS_MAX	10000 /* tags in one source */
#define MERGE_TAG_MAX	512   /* bytes between the marks of a tag */
#define MERGE_DEPTH_MAX 32    /* nesting of conditions */

struct merge_options {
	bool html;	    /* the source is HTML: character references in tags are read, and
			     * addresses keep their lines by <br /> */
	struct str subject; /* template of the Subject, which *|MC:SUBJECT|* stands for;
			     * STR_NONE: there is none */
	/* Is there a value for `path`, such as campaign.list.company? Asked for names that are
	 * the same for all recipients. NULL: taken for granted. */
	bool (*has)(void *closure, struct str path);
	void *closure;
};

/* Does the text hold a merge tag, or what begins like one? */
bool merge_has(struct str text);

/* `name` stands in messages. Appends the translation to `out`; `origin_r` says where it came
 * from, for liquid_options. ERR_TEMPLATE with "name:line:column: sentence" for the first tag
 * that is unknown, or not where it can stand; ERR_LIMIT. On failure there is no origin. */
int merge_translate(struct buf *out, struct origin **origin_r, struct str name, struct str source,
    const struct merge_options *options, struct err *err);

/* One tag of a source. */
struct merge_tag {
	struct str text; /* between the marks, decoded and trimmed; until the call returns */
	size_t at;	 /* offset in the source */
	unsigned line;
	unsigned column;
	const char *why; /* NULL: it is known; else why it isn't, a sentence's end */
	struct str path; /* the value that it prints or asks for, such as contact.first_name;
			  * empty: none */
};

/* Calls `each` for every tag, in order; a block that nobody closes is named last, at its
 * beginning. Returns how many have a `why`. */
size_t merge_each(struct str source, const struct merge_options *options,
    void (*each)(void *closure, const struct merge_tag *tag), void *closure);

#endif
