/* SPDX-License-Identifier: BSD-2-Clause
 *
 * offer: coupon codes for contacts
 *
 * {{ offer.NAME.code }}: of a pool that was uploaded, each code for one contact, or computed, so
 * that the shop's till can check it without asking us. The same on each attempt.
 *
 * Threads: any; the state is constant once it is started, but for what the task notes.
 */
#include "offer.h"

#include <stdlib.h>

#define DAY_MS	 ((int64_t)86400000)
#define EVERY_MS 10000
#define LONG_MS	 600000

struct copy {
	struct mt_contact contact;
	struct mt_message message;
	struct mt_local today, sent; /* in the contact's zone */
};

/* Days since 1970-01-01 of a date. */
static int64_t
day_of(struct mt_call *call, const struct mt_local *date)
{
	struct mt_local noon = {.size = sizeof noon,
	    .year = date->year,
	    .month = date->month,
	    .day = date->day,
	    .hour = 12};
	int64_t time = 0;

	call->host->moment(call, &noon, MT_STR(""), &time);
	return time / DAY_MS;
}

static int32_t
look(struct mt_call *call, struct copy *copy, struct mt_str *zone_r)
{
	const struct mt_host *mt = call->host;
	int64_t now = mt->now(call);

	copy->contact.size = sizeof copy->contact;
	copy->message.size = sizeof copy->message;
	copy->today.size = copy->sent.size = sizeof copy->today;
	if (mt->contact(call, &copy->contact) != MT_OK ||
	    mt->message(call, &copy->message) != MT_OK)
		return MT_FAILED;
	*zone_r = copy->contact.time_zone;
	if (zone_r->n == 0 || mt->local(call, now, *zone_r, &copy->today) != MT_OK)
		*zone_r = mt->param_text(call, "time_zone");
	if (mt->local(call, now, *zone_r, &copy->today) != MT_OK)
		return mt->fail(call, MT_STR("time_zone: there is no such time zone"));
	return mt->local(
	    call, copy->message.sent > 0 ? copy->message.sent : now, *zone_r, &copy->sent);
}

static int32_t
find_code(struct mt_call *call, const struct offer *offer, const struct copy *copy,
    int64_t last_day, struct mt_str *code_r)
{
	char code[OFFER_COMPUTED_MAX];
	size_t n;

	if (offer->file[0] != '\0')
		return offer_pool_claim(call, offer, &copy->contact, &copy->message, code_r);
	if (copy->contact.id == 0)
		return MT_NONE;
	n = offer_code(offer, copy->contact.id, last_day, code);
	*code_r = call->host->as_text(call, call->host->text(call, mt_str_n(code, n)));
	return code_r->p == NULL ? MT_LIMIT : MT_OK;
}

/* The last second of its last day, by the contact's clock. */
static int32_t
set_validity(struct mt_call *call, struct mt_value *object, const struct copy *copy,
    const struct offer *offer, struct mt_str zone, int64_t left)
{
	const struct mt_host *mt = call->host;
	struct mt_local end = {.size = sizeof end,
	    .year = copy->sent.year,
	    .month = copy->sent.month,
	    .day = copy->sent.day + (int32_t)offer->days,
	    .hour = 23,
	    .minute = 59,
	    .second = 59};
	int64_t time;

	if (mt->moment(call, &end, zone, &time) != MT_OK)
		return MT_FAILED;
	mt->set(call, object, MT_STR("valid_until"), mt->time(call, time, zone));
	return mt->set(call, object, MT_STR("days_left"), mt->integer(call, left < 0 ? 0 : left));
}

static int32_t
none(struct mt_call *call, const struct offer *offer, const struct copy *copy)
{
	call->host->count(call, MT_STR("missing"), 1);
	if (!offer->fail)
		return MT_NONE;
	return call->host->fail(call,
	    offer->file[0] != '\0'	? MT_STR("there is no code left in the pool")
		: copy->contact.id == 0 ? MT_STR("codes are computed for contacts only")
					: MT_STR("there is no code"));
}

static int32_t
get(struct mt_call *call, void *closure, struct mt_str member, const struct mt_value **value_r)
{
	const struct mt_host *mt = call->host;
	const struct offer *offer = offer_rules_find(call->state, member);
	struct mt_value *object;
	struct copy copy;
	struct mt_str zone, code;
	int64_t last_day = 0;
	int32_t rc;

	(void)closure;
	if (offer == NULL)
		return MT_NONE;
	if (look(call, &copy, &zone) != MT_OK)
		return MT_FAILED;
	if (offer->days > 0)
		last_day = day_of(call, &copy.sent) + offer->days;
	rc = find_code(call, offer, &copy, last_day, &code);
	if (rc == MT_NONE)
		return none(call, offer, &copy);
	if (rc != MT_OK)
		return rc;
	object = mt->object(call);
	mt->set(call, object, MT_STR("name"), mt->text(call, member));
	rc = mt->set(call, object, MT_STR("code"), mt->text(call, code));
	if (rc == MT_OK && offer->days > 0)
		rc = set_validity(
		    call, object, &copy, offer, zone, last_day - day_of(call, &copy.today));
	*value_r = object;
	return rc;
}

/* --- the plugin --- */

static int32_t
start(struct mt_call *call, void **state_r)
{
	struct offers *offers = malloc(sizeof *offers);
	int32_t rc;

	if (offers == NULL)
		return MT_LIMIT;
	rc = offer_rules_read(call, offers, true);
	if (rc == MT_OK)
		*state_r = offers;
	else
		free(offers);
	return rc;
}

static void
stop(struct mt_call *call)
{
	free(call->state);
}

/* The hooks are always the same; but what is wrong in `offers` is told before anything starts. */
static int32_t
extend(struct mt_call *call, struct mt_definition *definition)
{
	struct offers *offers = call->host->memory(call, sizeof *offers);

	(void)definition;
	return offers == NULL ? MT_LIMIT : offer_rules_read(call, offers, false);
}

static const struct mt_namespace values[] = {
    {"offer", "offer.NAME: a coupon of the offer NAME, with code, valid_until and days_left.", get,
	NULL, MT_VALUE_MEMBERS, 0},
};

static const struct mt_task tasks[] = {
    {"fill", "Takes new codes of the files, and warns when few are left.", offer_pool_fill, NULL,
	EVERY_MS, LONG_MS, 0, 0},
};

static const struct mt_parameter parameters[] = {
    {"offers", MT_LIST, MT_REQUIRED, "", "",
	"The offers, each as \"NAME: option=value ...\". file=PATH: codes of this file, one a "
	"line, each for one contact; or key=PATH: codes are computed with the bytes of this file, "
	"16 at least. valid=7d: until the end of the 7th day after the message's date, by the "
	"contact's clock. per=campaign, contact or message (of a file): what a contact gets "
	"another code for. prefix=TEXT (computed): stands before each code. low=100 (of a file): "
	"so few codes left are a warning. empty=fail, or empty=nothing: what happens without a "
	"code, on_error or {% else %}. Paths have no white space."},
    {"time_zone", MT_TEXT, 0, "UTC", "",
	"The time zone of contacts without one, as in Europe/Berlin."},
};

const struct mt_definition *
mt_plugin(void)
{
	static struct mt_definition me =
	    MT_PLUGIN("offer", "1.0", "Coupon codes, of a pool or computed");

	me.threads = MT_THREADS_ANY;
	me.start = start;
	me.stop = stop;
	me.extend = extend;
	MT_SET(me.values, values);
	MT_SET(me.tasks, tasks);
	MT_SET(me.parameters, parameters);
	return &me;
}
