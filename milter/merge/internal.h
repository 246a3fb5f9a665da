/* SPDX-License-Identifier: BSD-2-Clause
 *
 * internal: what the files of merge/ share; nobody else includes it
 */
#ifndef MERGE_INTERNAL_H
#define MERGE_INTERNAL_H

#include "merge/merge.h"

#define MERGE_PATH_MAX (MERGE_TAG_MAX + 32)

/* --- scan.c: where tags stand --- */

struct merge_mark {
	size_t at;
	size_t end;		      /* after the closing mark */
	bool encoded;		      /* *%7CNAME%7C*, as editors write it into addresses */
	const char *why;	      /* no tag: not closed, too long */
	struct str body;	      /* in `room`, decoded and trimmed */
	char room[MERGE_TAG_MAX + 1]; /* a mark is not copied */
};

/* Does a tag begin at this offset? */
bool merge_mark_at(struct str source, size_t at, bool html, struct merge_mark *mark_r);
/* After the Liquid output or tag that begins at this offset. `plain_r`: what stands before the
 * end is sent as it is ({% raw %}); `dead_r`: it is not sent at all ({% comment %}). */
size_t merge_liquid_end(struct str source, size_t at, bool *plain_r, bool *dead_r);

/* --- name.c: what names mean --- */

enum merge_kind {
	MERGE_VALUE,   /* `path`, and `filters` where it is printed */
	MERGE_FACT,    /* the same; has to be there where it is printed */
	MERGE_LINK,    /* the same; campaign.links.* or links.* */
	MERGE_NOTHING, /* prints nothing, and is false */
	MERGE_FALSE,   /* false; can't be printed */
	MERGE_SUBJECT,
	MERGE_UNKNOWN, /* `why` */
};

struct merge_name {
	enum merge_kind kind;
	char path[MERGE_PATH_MAX];
	const char *filters; /* "" or " | ..." */
	const char *why;
};

void merge_name_find(
    struct str name, const struct merge_options *options, struct merge_name *name_r);
/* contact.KEY for what a field or group is called: in lower case, with _ for what can't stand
 * in a name. */
void merge_contact_path(struct str name, char path_r[MERGE_PATH_MAX]);

/* --- condition.c --- */

/* The Liquid condition of IF:`text`. What has to be computed before is added to `prologue`,
 * with `number` to tell variables apart. NULL, or why it is none. */
const char *merge_condition(struct str text, const struct merge_options *options,
    struct buf *prologue, unsigned number, struct buf *out, char path_r[MERGE_PATH_MAX]);
/* The same for INTERESTED:`text`. */
const char *merge_interest(struct str text, struct buf *prologue, unsigned number, struct buf *out,
    char path_r[MERGE_PATH_MAX]);
/* "text" as a Liquid literal; false if it can't be one. */
bool merge_literal(struct str text, struct buf *out);

/* --- date.c --- */

/* What prints now in a format of PHP's date(). NULL, or why there is none. */
const char *merge_date(struct str format, struct buf *out);

#endif
