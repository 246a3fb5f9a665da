/* SPDX-License-Identifier: BSD-2-Clause
 *
 * inspect: the templates of a message one by one, for those who look for faults
 *
 * tailor_message_new stops at the first template that does not compile, and
 * tailor_render at the first that does not render, since nothing may leave then. Here
 * each header field and each part is compiled and rendered on its own, by the same
 * functions.
 *
 * Owns:    the programs. Message and engine are borrowed.
 * Threads: one.
 */
#ifndef TAILOR_INSPECT_H
#define TAILOR_INSPECT_H

#include "liquid/liquid.h"
#include "store/contact.h"
#include "tailor/law.h"
#include "tailor/tailor.h"

/* A header field that holds template tags, the Subject in any case, or a part. */
struct tailor_piece {
	const struct mime_header *header; /* NULL: it is a part */
	const struct mime_part *part;
	size_t number;	   /* of the part, from 1 */
	struct str name;   /* as it stands in messages */
	struct str source; /* decoded; lives as long as the struct tailor_inspect */
	bool is_template;
	struct err err; /* ERR_NONE: it compiles */
};

struct tailor_inspect;

/* `campaign` NULL: there is none, so there are no data of it. */
struct tailor_inspect *tailor_inspect_new(struct tailor *tailor,
    const struct conf_campaign *campaign, struct str name, const struct mime_message *mime);
void tailor_inspect_free(struct tailor_inspect **inspect);
/* NULL, or what is wrong with the data that came with the message. */
const struct err *tailor_inspect_data(const struct tailor_inspect *inspect);
size_t tailor_inspect_count(const struct tailor_inspect *inspect);
const struct tailor_piece *tailor_inspect_at(const struct tailor_inspect *inspect, size_t i);
/* Would piece `i` compile if it held `source`? 0 or -1. */
int tailor_inspect_try(
    const struct tailor_inspect *inspect, size_t i, struct str source, struct err *err);
/* What the law asks for in each part of this campaign's messages, and what piece `i` lacks of it:
 * TAILOR_LOOK_UNSUBSCRIBE, TAILOR_LOOK_POSTAL (look.h). 0 where it asks for nothing; lacks: -1 if that can't be
 * said, since the template is broken. Nothing here shows the footer. */
unsigned tailor_inspect_wants(const struct tailor_inspect *inspect);
int tailor_inspect_lacks(const struct tailor_inspect *inspect, size_t i, struct err *err);
/* What names mean for this contact (NULL: one of whom nothing is known). */
int tailor_inspect_scope(struct tailor_inspect *inspect, const struct store_contact *contact,
    struct str recipient, struct arena *arena, struct liquid_value *globals_r, struct err *err);
/* Is this a value of one of the campaign's plugins? Its hooks are not called here. */
bool tailor_inspect_is_plugins(const struct tailor_inspect *inspect, struct str name);
/* A piece that compiled, as text in the arena; that of an address field is checked as the
 * daemon does it. */
int tailor_inspect_render(const struct tailor_inspect *inspect, size_t i,
    const struct liquid_value *globals, const struct liquid_render_options *options,
    struct arena *arena, struct str *text_r, struct err *err);

#endif
