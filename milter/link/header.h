/* SPDX-License-Identifier: BSD-2-Clause
 *
 * header: values of the fields by which mailboxes know a mailing
 *
 * Values begin with a space and are folded with CRLF, as mime/ has them. What is put in
 * can't make a second field: control characters are refused, or become something harmless
 * where it says so.
 *
 * Threads: any; touches only its arguments.
 */
#ifndef LINK_HEADER_H
#define LINK_HEADER_H

#include "base/arena.h"
#include "base/err.h"

/* List-Unsubscribe (RFC 2369 section 3.2): `url` as link_unsubscribe_url, `address` as
 * link_unsubscribe_address gives it; one of them may be empty. ERR_INPUT, ERR_LIMIT. */
int link_list_unsubscribe(
    struct str url, struct str address, struct arena *arena, struct str *value_r, struct err *err);
/* List-Unsubscribe-Post (RFC 8058 section 3.1), for a message whose List-Unsubscribe has this
 * url; absent if it is not https, which one-click asks for. */
struct str link_list_unsubscribe_post(struct str url);

/* Feedback-ID as Gmail reads it: campaign:customer:type:sender. The sender, 5 to 15 of letters,
 * digits, ".", "_" and "-", stays the same over all mail; the others may be empty. In
 * these any other character becomes "_", and they are cut at 64. ERR_INPUT, ERR_LIMIT. */
int link_feedback_id(struct str campaign, struct str customer, struct str type, struct str sender,
    struct arena *arena, struct str *value_r, struct err *err);

/* List-Id (RFC 2919): `name` is for people, UTF-8, may be empty; `id` is like a host name:
 * news.shop.example. ERR_INPUT, ERR_LIMIT. */
int link_list_id(
    struct str name, struct str id, struct arena *arena, struct str *value_r, struct err *err);

#endif
