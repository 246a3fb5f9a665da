/* SPDX-License-Identifier: BSD-2-Clause
 *
 * scope: what names in templates mean
 *
 * contact.*   the recipient: what was imported, and email, language, time_zone, known
 * campaign.*  the campaign's data file, name, and postal_address
 * data.*      what came with the message, for all and for the recipient
 * links.*     addresses of our own, made for this recipient (track.h)
 *
 * Threads: any; the campaigns' data is written once, by tailor_new.
 * Fails:   ERR_STORE, ERR_BUSY, ERR_LIMIT, ERR_INPUT (address), ERR_MISSING (unknown contact).
 */
#include "tailor/internal.h"

/* Names that the store's columns fill; an attribute of the same name does not hide them. */
static int
add_columns(struct liquid_object *object, struct arena *arena, const struct tailor_contact *contact,
    struct str recipient)
{
	const struct store_contact *row = &contact->row;
	struct str address = contact->known ? row->address : recipient;

	if (liquid_object_set(object, arena, STR("email"), liquid_string(address)) != 0 ||
	    liquid_object_set(object, arena, STR("known"), liquid_bool(contact->known)) != 0)
		return -1;
	if (row->language.n > 0 &&
	    liquid_object_set(object, arena, STR("language"), liquid_string(row->language)) != 0)
		return -1;
	if (row->time_zone.n > 0 &&
	    liquid_object_set(object, arena, STR("time_zone"), liquid_string(row->time_zone)) != 0)
		return -1;
	return 0;
}

static int
contact_object(struct liquid_object **object_r, struct tailor_contact *contact,
    struct str recipient, struct arena *arena, struct err *err)
{
	struct liquid_object *object = liquid_object_new(arena, 16);
	struct liquid_value value;
	json_error_t where;
	json_t *json = NULL;
	const char *key;
	json_t *member;
	int rc = 0;

	if (object == NULL)
		return err_set(err, ERR_LIMIT, "contact: too large");
	if (contact->row.attributes.n > 0) {
		json = json_loadb(contact->row.attributes.p, contact->row.attributes.n, 0, &where);
		if (json == NULL)
			return err_set(
			    err, ERR_STORE, "contact: broken attributes: %s", where.text);
	}
	contact->untracked = store_contact_untracked(json);
	contact->frequency = store_contact_frequency(json);
	json_object_foreach(json, key, member)
	{
		struct str name = arena_str(arena, str_c(key));

		if (name.p == NULL || liquid_from_json(member, arena, &value, err) != 0 ||
		    liquid_object_set(object, arena, name, value) != 0) {
			rc = err_set(err, ERR_LIMIT, "contact: too large");
			break;
		}
	}
	json_decref(json);
	if (rc == 0 && add_columns(object, arena, contact, recipient) != 0)
		rc = err_set(err, ERR_LIMIT, "contact: too large");
	*object_r = object;
	return rc;
}

static struct str
text_member(const struct liquid_object *object, struct str key)
{
	const struct liquid_value *value = liquid_object_get(object, key);

	return value != NULL && value->type == LIQUID_STRING ? value->string : STR("");
}

static struct str
display_name(const struct liquid_object *contact, struct arena *arena)
{
	struct str name = text_member(contact, STR("name"));
	struct str first = text_member(contact, STR("first_name"));
	struct str last = text_member(contact, STR("last_name"));

	if (name.n > 0)
		return name;
	if (first.n == 0 || last.n == 0)
		return first.n > 0 ? first : last;
	return arena_printf(arena, "%.*s %.*s", STR_F(first), STR_F(last));
}

const char *
tailor_refusal(const struct conf_campaign *campaign, enum store_consent_state state)
{
	if (campaign->kind != CONF_KIND_MARKETING)
		return NULL;
	if (state == STORE_CONSENT_WITHDRAWN)
		return "consent withdrawn";
	return campaign->consent == CONF_CONSENT_REQUIRED && state != STORE_CONSENT_GRANTED
	    ? "no consent"
	    : NULL;
}

static int
find_contact(struct tailor *tailor, const struct conf_campaign *campaign, struct str recipient,
    struct arena *arena, struct tailor_contact *contact_r, struct err *err)
{
	int found = store_contact_get(tailor->store, recipient, arena, &contact_r->row, err);

	if (found < 0)
		return -1;
	contact_r->known = found == 1;
	contact_r->refused = tailor_refusal(
	    campaign, found == 1 ? contact_r->row.consent.state : STORE_CONSENT_NONE);
	if (contact_r->refused != NULL)
		return 1;
	if (found == 1 || campaign->unknown == CONF_UNKNOWN_BARE)
		return 0;
	return err_set(err, ERR_MISSING, "%.*s is not among the contacts", STR_F(recipient));
}

/* Unless the campaign's data has a member of that name. */
static int
add_postal(const struct tailor *tailor, const struct conf_campaign *campaign,
    struct liquid_object *data, struct arena *arena)
{
	const char *postal = campaign == NULL ? "" : conf_postal_address(tailor->conf, campaign);

	if (postal[0] == '\0' || liquid_object_get(data, STR("postal_address")) != NULL)
		return 0;
	return liquid_object_set(data, arena, STR("postal_address"), liquid_string(str_c(postal)));
}

int
tailor_scope_of(struct tailor *tailor, const struct conf_campaign *campaign, struct str name,
    const struct tailor_data *sent_along, struct str recipient, struct arena *arena,
    struct tailor_links *links, struct tailor_contact *contact, struct liquid_value *globals_r,
    struct err *err)
{
	struct liquid_object *globals = liquid_object_new(arena, 4), *person = NULL, *data;
	struct liquid_value along;

	if (contact_object(&person, contact, recipient, arena, err) != 0 ||
	    tailor_data_of(sent_along, recipient, arena, &along, err) != 0)
		return -1;
	contact->display = display_name(person, arena);
	/* The data file's object is shared; a section "*" serves several names, so the name
	 * is the message's and joins a copy of the members. */
	data = campaign == NULL
	    ? liquid_object_new(arena, 1)
	    : liquid_object_copy(tailor->data[campaign - tailor->conf->campaigns].object, arena, 2);
	if (globals == NULL || data == NULL || add_postal(tailor, campaign, data, arena) != 0 ||
	    liquid_object_set(data, arena, STR("name"), liquid_string(name)) != 0 ||
	    liquid_object_set(globals, arena, STR("contact"), liquid_object_value(person)) != 0 ||
	    liquid_object_set(globals, arena, STR("campaign"), liquid_object_value(data)) != 0 ||
	    liquid_object_set(globals, arena, STR("data"), along) != 0 ||
	    liquid_object_set(globals, arena, STR("links"), tailor_links_value(links)) != 0)
		return err_set(err, ERR_LIMIT, "contact: too large");
	*globals_r = liquid_object_value(globals);
	return 0;
}

int
tailor_scope(struct tailor *tailor, const struct tailor_message *message, struct str recipient,
    struct arena *arena, struct tailor_links *links, struct tailor_contact *contact_r,
    struct liquid_value *globals_r, struct err *err)
{
	int found;

	*contact_r = (struct tailor_contact){.known = false};
	found = find_contact(tailor, message->campaign, recipient, arena, contact_r, err);
	if (found != 0)
		return found;
	return tailor_scope_of(tailor, message->campaign, str_c(message->name), message->data,
	    recipient, arena, links, contact_r, globals_r, err);
}
