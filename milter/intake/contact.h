/* SPDX-License-Identifier: BSD-2-Clause
 *
 * contact: what is known of a contact as JSON, and changes that come as JSON
 *
 * For the event API and for the command alike.
 */
#ifndef INTAKE_CONTACT_H
#define INTAKE_CONTACT_H

#include "store/contact.h"
#include "store/event.h"

/* Text that may hold anything as a JSON string: invalid bytes become U+FFFD. */
json_t *intake_json_str(struct str text);
/* ISO 8601 text; null for 0. */
json_t *intake_json_time(int64_t ms);

/* The row of the contact, and of its consent; a new reference. */
json_t *intake_contact_json(const struct store_contact *contact);
json_t *intake_consent_json(const struct store_consent *consent);
struct store_signup;
json_t *intake_signup_json(const struct store_signup *signup);
/* `address`, `campaign`: empty where there is none. */
json_t *intake_event_json(const struct store_event *event, struct str address, struct str campaign);

/* Everything that is known of the address: the contact, its other names, consent, events,
 * suppressions, sign-ups, messages. 1 in json_r, 0 nothing is known, -1. ERR_LIMIT: more than
 * `max` bytes. */
int intake_contact_export(
    struct store *store, struct str address, size_t max, json_t **json_r, struct err *err);

/* "language", "time_zone", "attributes" (null removes one) and "consent" ("state", "source",
 * "proof") of an object; what it does not name stays. 1 changed, 0 there is no such contact,
 * -1: ERR_INPUT and ERR_LIMIT say what was wrong, and nothing was written. Goes between
 * store_begin and store_commit. */
int intake_contact_change(
    struct store *store, struct str address, const json_t *changes, struct err *err);

#endif
