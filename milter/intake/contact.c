/* SPDX-License-Identifier: BSD-2-Clause
 *
 * contact: see contact.h; this file: single rows, and changes
 *
 * Threads: any; touches only its arguments.
 * Fails:   ERR_INPUT, ERR_LIMIT, and the store's.
 */
#include "intake/contact.h"

#include "base/clock.h"
#include "intake/profile.h"
#include "store/signup.h"

#include <glib.h>

#define CONTACT_MEMORY ((size_t)4 << 20)

/* --- JSON --- */

/* NUL stays; each byte that is no UTF-8 becomes U+FFFD. */
static json_t *
repaired(struct str text)
{
	GString *valid = g_string_sized_new(text.n);
	const char *end = text.p + text.n, *p = text.p, *stop;
	json_t *string;

	while (p < end) {
		g_utf8_validate_len(p, (gsize)(end - p), &stop);
		g_string_append_len(valid, p, stop - p);
		if (stop < end && *stop == '\0')
			g_string_append_c(valid, '\0');
		else if (stop < end)
			g_string_append(valid, "\xef\xbf\xbd");
		p = stop < end ? stop + 1 : stop;
	}
	string = json_stringn(valid->str, valid->len);
	g_string_free(valid, TRUE);
	return string;
}

json_t *
intake_json_str(struct str text)
{
	json_t *string = json_stringn(text.p == NULL ? "" : text.p, text.n);

	return string == NULL ? repaired(text) : string;
}

json_t *
intake_json_time(int64_t ms)
{
	char text[CLOCK_TEXT_SIZE];

	return ms == 0 ? json_null() : json_string(clock_iso(ms, text));
}

static json_t *
object_of(struct str text)
{
	json_t *object = json_loadb(text.p, text.n, 0, NULL);

	return object != NULL ? object : json_object();
}

json_t *
intake_consent_json(const struct store_consent *consent)
{
	return json_pack("{s:s, s:o, s:o, s:o}", "state", store_consent_name(consent->state),
	    "source", intake_json_str(consent->source), "time", intake_json_time(consent->time_ms),
	    "proof", intake_json_str(consent->proof));
}

json_t *
intake_contact_json(const struct store_contact *contact)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", (json_int_t)contact->id,
	    "address", intake_json_str(contact->address), "language",
	    intake_json_str(contact->language), "time_zone", intake_json_str(contact->time_zone),
	    "created", intake_json_time(contact->created_ms), "updated",
	    intake_json_time(contact->updated_ms), "consent",
	    intake_consent_json(&contact->consent), "attributes", object_of(contact->attributes));
}

static json_t *
text_or_null(struct str text)
{
	return text.n > 0 ? intake_json_str(text) : json_null();
}

static json_t *
number_or_null(int64_t number)
{
	return number != 0 ? json_integer(number) : json_null();
}

json_t *
intake_signup_json(const struct store_signup *signup)
{
	return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o}", "form", intake_json_str(signup->form),
	    "state", signup->confirmed_ms > 0 ? "confirmed" : "pending", "signed_up",
	    intake_json_time(signup->created_ms), "expires", intake_json_time(signup->expires_ms),
	    "confirmed", intake_json_time(signup->confirmed_ms), "client",
	    intake_json_str(signup->client));
}

json_t *
intake_event_json(const struct store_event *event, struct str address, struct str campaign)
{
	return json_pack("{s:I, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o}",
	    "event", (json_int_t)event->id, "contact", number_or_null(event->contact), "address",
	    text_or_null(address), "kind", store_event_kind_name(event->kind), "type",
	    intake_json_str(event->type), "time", intake_json_time(event->time_ms), "received",
	    intake_json_time(event->received_ms), "source", intake_json_str(event->source), "id",
	    intake_json_str(event->source_id), "campaign", text_or_null(campaign), "message",
	    intake_json_str(event->message), "link", number_or_null(event->link), "machine",
	    event->machine, "properties", object_of(event->properties));
}

/* --- changes --- */

struct changes {
	struct str language, time_zone;
	char room[64];
	const json_t *attributes;
	bool has_consent;
	struct store_consent consent;
};

/* Text, or absent. */
static int
take_text(const json_t *object, const char *name, struct str *text_r, struct err *err)
{
	const json_t *value = json_object_get(object, name);

	*text_r = STR_NONE;
	if (value == NULL)
		return 0;
	if (!json_is_string(value))
		return err_set(err, ERR_INPUT, "%s: text was expected", name);
	*text_r = (struct str){json_string_value(value), json_string_length(value)};
	return 0;
}

static int
check_members(const json_t *object, const char *const *known, struct err *err)
{
	const char *name;
	json_t *value;
	size_t i;

	/* Jansson's iteration wants a json_t that is not const, and does not change it. */
	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		for (i = 0; known[i] != NULL && strcmp(known[i], name) != 0; i++)
			;
		if (known[i] == NULL)
			return err_set(err, ERR_INPUT, "\"%.100s\" can't be changed", name);
	}
	return 0;
}

static int
take_consent(const json_t *object, struct store_consent *consent, struct err *err)
{
	static const char *const known[] = {"state", "source", "proof", NULL};
	struct str state;

	if (!json_is_object(object))
		return err_set(err, ERR_INPUT, "consent: an object was expected");
	if (check_members(object, known, err) != 0 ||
	    take_text(object, "state", &state, err) != 0 ||
	    take_text(object, "source", &consent->source, err) != 0 ||
	    take_text(object, "proof", &consent->proof, err) != 0)
		return err_prefix(err, "consent");
	if (state.p == NULL || !store_consent_find(state, &consent->state))
		return err_set(err, ERR_INPUT,
		    "consent: a state of granted, withdrawn, pending or none was expected");
	if (consent->state == STORE_CONSENT_NONE)
		consent->source = consent->proof = STR("");
	else if (consent->source.p == NULL)
		consent->source = STR("api");
	return 0;
}

static int
take_changes(const json_t *object, struct changes *changes, struct err *err)
{
	static const char *const known[] = {"language", "time_zone", "attributes", "consent", NULL};
	const json_t *consent = json_object_get(object, "consent");

	if (!json_is_object(object) || json_object_size(object) == 0)
		return err_set(err, ERR_INPUT,
		    "an object with language, time_zone, attributes or consent was expected");
	changes->attributes = json_object_get(object, "attributes");
	changes->has_consent = consent != NULL;
	if (check_members(object, known, err) != 0 ||
	    take_text(object, "language", &changes->language, err) != 0 ||
	    take_text(object, "time_zone", &changes->time_zone, err) != 0)
		return -1;
	if (changes->attributes != NULL && !json_is_object(changes->attributes))
		return err_set(err, ERR_INPUT, "attributes: an object was expected");
	if (changes->language.p != NULL &&
	    intake_language_check(&changes->language, changes->room, err) != 0)
		return -1;
	if (changes->time_zone.p != NULL && intake_time_zone_check(changes->time_zone, err) != 0)
		return -1;
	return consent == NULL ? 0 : take_consent(consent, &changes->consent, err);
}

static int
write_changes(
    struct store *store, struct str address, const struct changes *changes, struct err *err)
{
	if (store_contact_upsert(store, address, changes->language, changes->time_zone,
		changes->attributes, err) < 0)
		return -1;
	if (changes->has_consent && store_consent_set(store, address, &changes->consent, err) < 0)
		return -1;
	return 1;
}

int
intake_contact_change(
    struct store *store, struct str address, const json_t *changes, struct err *err)
{
	struct changes wanted = {.language = STR_NONE};
	struct store_contact contact;
	struct arena *arena;
	int rc;

	if (take_changes(changes, &wanted, err) != 0)
		return -1;
	arena = arena_new(CONTACT_MEMORY);
	rc = store_contact_get(store, address, arena, &contact, err);
	if (rc == 1 && store_part_begin(store, err) != 0)
		rc = -1;
	else if (rc == 1) {
		/* As it was written first, upper case and all. */
		rc = write_changes(store, contact.address, &wanted, err);
		if (store_part_end(store, rc == 1, err) != 0)
			rc = -1;
	}
	arena_free(&arena);
	return rc;
}
