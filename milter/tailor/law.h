/* SPDX-License-Identifier: BSD-2-Clause
 *
 * law: marketing shows a way out and the sender's postal address, in each part
 *
 * Each HTML part and each text part that people read is looked at on its own (look.h) when
 * the message is compiled. What lacks one of the two gets the footer, which has both: as
 * {% render %} of the administrator's template or of one that is built in, put where no
 * other byte changes. A strict campaign's message is refused instead.
 *
 * Nothing is done for campaigns that are not marketing, and where the configuration has no
 * way to unsubscribe (conf_law_warnings tells).
 *
 * Owns:    a struct tailor_law is one compile's.
 * Threads: any; immutable once it is made.
 * Fails:   ERR_TEMPLATE (strict, or a footer that can't be seen), ERR_CONFIG (the footer's
 *          template).
 */
#ifndef TAILOR_LAW_H
#define TAILOR_LAW_H

#include "base/buf.h"
#include "base/origin.h"
#include "conf/conf.h"
#include "liquid/liquid.h"
#include "liquid/value.h"
#include "mime/mime.h"
#include "tailor/look.h"

/* What {% render %} calls the one that is built in; no file can be named so. */
#define TAILOR_LAW_FOOTER "(footer)"

struct tailor_law;

/* NULL: nothing is to be done. `data`: the campaign's. */
struct tailor_law *tailor_law_new(
    const struct conf *conf, const struct conf_campaign *campaign, const struct liquid_value *data);
void tailor_law_free(struct tailor_law **law);

/* TAILOR_LOOK_UNSUBSCRIBE, TAILOR_LOOK_POSTAL: what each part has to show. 0 for NULL. */
unsigned tailor_law_wants(const struct tailor_law *law);
/* Is it a part that the law is about? `law` may be NULL. */
bool tailor_law_covers(const struct tailor_law *law, const struct mime_part *part);
/* TAILOR_LOOK_UNSUBSCRIBE, TAILOR_LOOK_POSTAL: what must be there and isn't, or -1. `partials` may be NULL. */
int tailor_law_lacks(const struct tailor_law *law, bool html, struct str source,
    const struct tailor_look_partials *partials, struct err *err);
/* "no link to unsubscribe that can be seen and no postal address" */
const char *tailor_law_words(unsigned lacks);
/* The footer that is built in, as a partial. */
struct str tailor_law_partial(const struct tailor_law *law, bool html);

/* 1: the source with the footer is in `out` (and *origin_r the caller's), 0: it lacks nothing,
 * -1. `partials` know the footer. */
int tailor_law_source(const struct tailor_law *law, bool html, struct str name, struct str source,
    const struct origin *before, const struct tailor_look_partials *partials, struct buf *out,
    struct origin **origin_r, struct err *err);
/* Text that can't be rewritten shows no link: a strict campaign refuses it. */
int tailor_law_check_fixed(
    const struct conf_campaign *campaign, const struct mime_message *mime, struct err *err);

#endif
