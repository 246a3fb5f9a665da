/* SPDX-License-Identifier: BSD-2-Clause
 *
 * data: what a message brings along for its templates
 *
 *     {"all": {"offer": "spring"}, "ada@example.org": {"total": 12.5}}
 *
 * Read once for each message; what a recipient's member holds is picked when the copy is
 * rendered, and no copy sees another's. Members of the recipient win over those of "all".
 * Addresses are compared as those of contacts are.
 *
 * Owns:    the JSON tree, the values of "all".
 * Threads: tailor_data_new and _free by one; tailor_data_of by any number.
 */
#ifndef TAILOR_DATA_H
#define TAILOR_DATA_H

#include "base/arena.h"
#include "base/err.h"
#include "conf/conf.h"
#include "liquid/value.h"
#include "mime/mime.h"

struct tailor_data;

/* 1; 0 the message has no such part, data_r is NULL; -1 ERR_INPUT with the place where the JSON
 * is broken, ERR_LIMIT (max_data, max_recipients, nesting). */
int tailor_data_new(struct tailor_data **data_r, const struct conf *conf,
    const struct mime_message *mime, struct err *err);
void tailor_data_free(struct tailor_data **data);
/* What `data` means for this recipient: an object in the arena, empty if there are no data
 * (`data` may be NULL). ERR_LIMIT, ERR_INPUT (address). */
int tailor_data_of(const struct tailor_data *data, struct str recipient, struct arena *arena,
    struct liquid_value *value_r, struct err *err);

#endif
