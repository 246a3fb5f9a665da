/* SPDX-License-Identifier: BSD-2-Clause
 *
 * choose: products for the contact of this copy
 *
 * A choice is filled from one source after the other until its places are taken. What a
 * product is like (stock, image, price) is read at this moment; the model says the order alone.
 *
 * Owns:    nothing; all lies in the copy's arena.
 * Threads: any; one copy by one thread.
 */
#ifndef RECOMMEND_CHOOSE_H
#define RECOMMEND_CHOOSE_H

#include "history.h"

#define CHOOSE_LOOKS 1000 /* products that are read for one choice, at most */

struct choice {
	struct mt_call *call;
	const struct recommend *me;
	const struct model *model;
	struct history history;
	size_t places;
	struct mt_value *list;
	size_t count;
	size_t looks;
	struct history_items tried; /* shown, or not to be shown */
};

/* Reads what the contact did, if there is a model. */
int32_t choose_begin(struct choice *choice_r, struct mt_call *call, size_t places);

/* MT_OK, or what went wrong. */
int32_t choose_from(struct choice *choice, enum recommend_source source);
/* The configured chain, and what is popular behind it. */
int32_t choose_chain(struct choice *choice);
/* Bought together with these items, which are not shown themselves. */
int32_t choose_together(struct choice *choice, const struct history_items *seeds);
/* The most popular of these categories, as one list. */
int32_t choose_categories(
    struct choice *choice, const struct history_items *categories, struct mt_str reason);

#endif
