/* SPDX-License-Identifier: BSD-2-Clause
 *
 * form: reports in free form, as MTAs write them for people
 *
 * None is read by the MTA that wrote it. They all say in some line that something was not
 * delivered, put each address where the eye finds it, say why right behind it, and then
 * show what came back. The phrases and the ways in which an address stands in its line
 * are tables (form_words.c).
 *
 * Threads: any; touches only its arguments.
 */
#ifndef DELIVERY_FORM_H
#define DELIVERY_FORM_H

#include "delivery/content.h"
#include "delivery/found.h"

struct delivery_form {
	struct str text;     /* what the reporter says: the content's text up to what came back */
	struct str folded;   /* the same, by delivery_fold */
	struct str returned; /* what came back, as far as it stands in the text */
};

/* Parts the text. */
void delivery_form_read(
    const struct delivery_content *content, struct arena *arena, struct delivery_form *form_r);
/* The recipients that the text names, with what is said of each. `mine`: addresses that are
 * the sender's or the reporter's, unless nothing else is named. */
void delivery_form_recipients(const struct delivery_form *form, const struct str *mine,
    size_t mine_count, struct delivery_list *list);

/* Is the message a report at all, and what does it report? DELIVERY_ACTION_NONE: it is none. */
enum delivery_action delivery_form_action(
    const struct delivery_content *content, const struct delivery_form *form, struct arena *arena);
/* Does the sender look like a mail system? */
bool delivery_form_by_machine(const struct delivery_content *content, struct arena *arena);

/* --- form_words.c; lists end with NULL --- */

enum delivery_weight { DELIVERY_WEAK, DELIVERY_FAIR, DELIVERY_STRONG };

/* How an address stands in its line. `before` and `behind` are folded; what stands before the
 * address ends with `before` ("": it begins the line; "*": anything), what stands behind
 * begins with `behind` ("": it ends the line; "*": anything). */
struct delivery_shape {
	const char *before;
	const char *behind;
	enum delivery_weight weight;
};

extern const struct delivery_shape delivery_shapes[]; /* ends with before == NULL */
extern const char *const delivery_failed_words[];     /* in the text */
extern const char *const delivery_delayed_words[];
extern const char *const delivery_delivered_words[];
extern const char *const delivery_failed_subjects[];
extern const char *const delivery_delayed_subjects[];
extern const char *const delivery_delivered_subjects[];
extern const char *const delivery_machine_locals[]; /* local parts of senders */
extern const char *const delivery_machine_names[];  /* in their display names */
extern const char *const delivery_cut_words[]; /* in a line of dashes: what came back follows */

#endif
