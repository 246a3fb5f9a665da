/* SPDX-License-Identifier: BSD-2-Clause
 *
 * frequency: how often a contact wants marketing mail
 *
 * The wish is the contact's attribute mail_frequency: daily, weekly or monthly; anything else
 * means every message. Who has one takes a place for each message before it is tailored: the
 * place belongs to the message, so that another attempt finds its own, and no other message gets
 * one until the time is over.
 *
 * A day counts as 20 hours, a week as 6 1/2 days, a month as 28 days, so that what comes each
 * week at about the same hour is not too early by minutes.
 *
 * Threads: any.
 * Fails:   db.c's.
 */
#ifndef STORE_FREQUENCY_H
#define STORE_FREQUENCY_H

#include "store/store.h"

#include <jansson.h>

enum store_frequency { STORE_FREQUENCY_ALL, STORE_DAILY, STORE_WEEKLY, STORE_MONTHLY };

/* "all", "daily", "weekly", "monthly". */
const char *store_frequency_name(enum store_frequency frequency);
/* False if it is no such word. */
bool store_frequency_find(struct str name, enum store_frequency *frequency_r);
/* Of a contact's attributes; NULL has none. */
enum store_frequency store_contact_frequency(const json_t *attributes);

struct store_frequency_place {
	int64_t contact;
	struct str message; /* message key */
	enum store_frequency frequency;
	int64_t now_ms;
};

/* May it have this message? 1; 0: another one has the place until *until_ms_r; -1. */
int store_frequency_ask(struct store *store, const struct store_frequency_place *place,
    int64_t *until_ms_r, struct err *err);
/* The same, and takes the place. */
int store_frequency_take(struct store *store, const struct store_frequency_place *place,
    int64_t *until_ms_r, struct err *err);
/* The message does not go to it after all. Nothing happens if it has no place. */
int store_frequency_release(
    struct store *store, int64_t contact, struct str message, struct err *err);

#endif
