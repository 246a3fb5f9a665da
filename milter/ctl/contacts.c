/* SPDX-License-Identifier: BSD-2-Clause
 *
 * contacts: list, show, set, delete
 *
 * Threads: one.
 */
#include "ctl/contacts.h"

#include "base/clock.h"
#include "ctl/column.h"
#include "ctl/form.h"
#include "intake/contact.h"
#include "intake/profile.h"
#include "store/contact.h"

#include <glib.h>
#include <stdlib.h>
#include <sysexits.h>

#define CONTACT_MEMORY ((size_t)8 * 1024 * 1024)

static json_t *
attributes_of(const struct store_contact *contact)
{
	json_t *attributes = json_loadb(contact->attributes.p, contact->attributes.n, 0, NULL);

	return attributes != NULL ? attributes : json_object();
}

/* --- list --- */

struct listing {
	bool json;
	size_t left;
};

static bool
list_one(const struct store_contact *contact, void *closure)
{
	struct listing *listing = closure;

	if (listing->json) {
		ctl_put_json(intake_contact_json(contact));
	} else {
		ctl_put(stdout, contact->address);
		putchar('\t');
		ctl_put(stdout, contact->language.n > 0 ? contact->language : STR("-"));
		putchar('\t');
		ctl_put(stdout, contact->time_zone.n > 0 ? contact->time_zone : STR("-"));
		putchar('\t');
		ctl_put(stdout, contact->attributes);
		printf("\t%s\n", store_consent_name(contact->consent.state));
	}
	return --listing->left > 0;
}

static int
run_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'},
	    {"limit", required_argument, NULL, 'l'},
	    {NULL, 0, NULL, 0},
	};
	struct listing listing = {.left = SIZE_MAX};
	struct err err = ERR_INIT;
	int option, status;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option == 'j')
			listing.json = true;
		else if (option != 'l')
			return ctl_usage("contacts");
		else if (!ctl_number("--limit", optarg, SIZE_MAX, &listing.left))
			return EX_USAGE;
	}
	if (optind != argc)
		return ctl_usage("contacts");
	status = ctl_store(ctl, STORE_READ);
	if (status != 0)
		return status;
	return store_contact_each(ctl->store, list_one, &listing, &err) != 0 ? ctl_fail(&err)
									     : EX_OK;
}

/* --- show --- */

static void
put_line(const char *name, struct str text)
{
	if (text.n == 0)
		return;
	printf("%s: ", name);
	ctl_put(stdout, text);
	putchar('\n');
}

static void
put_text(const struct store_contact *contact)
{
	json_t *attributes = attributes_of(contact);
	char time[CLOCK_TEXT_SIZE];
	const char *name;
	json_t *value;
	char *text;

	put_line("address", contact->address);
	put_line("language", contact->language);
	put_line("time_zone", contact->time_zone);
	ctl_consent_put(&contact->consent);
	printf("created: %s\n", clock_iso(contact->created_ms, time));
	printf("updated: %s\n", clock_iso(contact->updated_ms, time));
	json_object_foreach(attributes, name, value)
	{
		text = ctl_value_text(value);
		ctl_put(stdout, str_c(name));
		printf(" (%s): ", ctl_value_type_name(value));
		ctl_put(stdout, str_c(text));
		putchar('\n');
		free(text);
	}
	json_decref(attributes);
}

/* Sign-ups are shown, too, and of who has not confirmed any there is no contact. */
static int
show(struct ctl *ctl, struct str address, const struct store_contact *contact, bool json,
    struct err *err)
{
	json_t *signups = NULL, *object;
	size_t count = 0;

	if (!json && contact != NULL)
		put_text(contact);
	if (ctl_form_signups(ctl->store, address, json ? &signups : NULL, &count, err) != 0)
		return -1;
	if (contact == NULL && count == 0) {
		json_decref(signups);
		return err_set(err, ERR_NOTFOUND, "there is no contact %.*s", STR_F(address));
	}
	if (!json)
		return 0;
	object = contact == NULL ? json_pack("{s:n, s:o}", "id", "address", ctl_json_str(address))
				 : intake_contact_json(contact);
	json_object_set_new(object, "signups", signups);
	ctl_put_json(object);
	return 0;
}

static int
run_show(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'},
	    {NULL, 0, NULL, 0},
	};
	struct store_contact contact;
	struct err err = ERR_INIT;
	struct arena *arena;
	bool json = false;
	int option, status, rc;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option != 'j')
			return ctl_usage("contacts");
		json = true;
	}
	if (optind + 1 != argc)
		return ctl_usage("contacts");
	status = ctl_store(ctl, STORE_READ);
	if (status != 0)
		return status;
	arena = arena_new(CONTACT_MEMORY);
	rc = store_contact_get(ctl->store, str_c(argv[optind]), arena, &contact, &err);
	rc = rc < 0 ? -1 : show(ctl, str_c(argv[optind]), rc == 1 ? &contact : NULL, json, &err);
	arena_free(&arena);
	return rc == 0 ? EX_OK : ctl_fail(&err);
}

/* --- set --- */

struct changes {
	struct str language;
	struct str time_zone;
	char room[64];
	json_t *attributes;
};

/* One NAME=VALUE. */
static int
read_change(struct changes *changes, const char *text, struct err *err)
{
	const char *equals = strchr(text, '=');
	struct str name, value;
	enum ctl_type type;
	json_t *json = json_null();

	if (equals == NULL || equals == text)
		return err_set(err, ERR_INPUT, "%s: NAME=VALUE was expected", text);
	if (!g_utf8_validate(text, -1, NULL))
		return err_set(err, ERR_INPUT, "%s: that is not UTF-8", text);
	name = (struct str){text, (size_t)(equals - text)};
	value = str_c(equals + 1);
	switch (ctl_role_of(name)) {
	case CTL_LANGUAGE:
		changes->language = value;
		return intake_language_check(&changes->language, changes->room, err);
	case CTL_TIME_ZONE:
		changes->time_zone = value;
		return intake_time_zone_check(value, err);
	case CTL_ADDRESS:
		/* Beside the mail address, "address" may be the street. */
		if (!str_is(name, "address") || memchr(value.p, '@', value.n) != NULL)
			return err_set(err, ERR_INPUT, "an address can't be changed");
		break;
	case CTL_CONSENT:
	case CTL_CONSENT_SOURCE:
	case CTL_CONSENT_TIME:
	case CTL_CONSENT_PROOF:
		return err_set(err, ERR_INPUT,
		    "%.*s: a consent is set by mailtailor contacts consent", STR_F(name));
	default:
		break;
	}
	type = ctl_type_of_name(&name);
	if (value.n > 0)
		json = ctl_value_read(type, value, err);
	if (json == NULL)
		return err_prefix(err, "%.*s", STR_F(name));
	json_object_setn_new(changes->attributes, name.p, name.n, json);
	return 0;
}

static int
run_set(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {{NULL, 0, NULL, 0}};
	struct changes changes = {.language = STR_NONE};
	struct err err = ERR_INIT;
	int rc = 0, status;

	if (ctl_option(argc, argv, options) != -1 || optind + 2 > argc)
		return ctl_usage("contacts");
	changes.attributes = json_object();
	for (int i = optind + 1; i < argc && rc == 0; i++)
		rc = read_change(&changes, argv[i], &err);
	status = rc != 0 ? ctl_fail(&err) : ctl_store(ctl, STORE_CREATE);
	if (status == 0) {
		rc = store_contact_upsert(ctl->store, str_c(argv[optind]), changes.language,
		    changes.time_zone, changes.attributes, &err);
		if (rc < 0)
			status = ctl_fail(&err);
		else
			printf("%s\n", rc == 1 ? "added" : "changed");
	}
	json_decref(changes.attributes);
	return status;
}

/* --- delete --- */

static int
run_delete(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {{NULL, 0, NULL, 0}};
	struct err err = ERR_INIT;
	int status, rc;

	if (ctl_option(argc, argv, options) != -1 || optind == argc)
		return ctl_usage("contacts");
	status = ctl_store(ctl, STORE_READ);
	for (int i = optind; i < argc && ctl->store != NULL; i++) {
		rc = store_contact_delete(ctl->store, str_c(argv[i]), &err);
		if (rc == 0)
			err_set(&err, ERR_NOTFOUND, "there is no contact %s", argv[i]);
		if (rc != 1)
			status = ctl_fail(&err);
	}
	return status;
}

int
ctl_contacts(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_action actions[] = {
	    {"import", ctl_contacts_import},
	    {"list", run_list},
	    {"show", run_show},
	    {"set", run_set},
	    {"delete", run_delete},
	    {"export", ctl_contacts_export},
	    {"consent", ctl_contacts_consent},
	    {NULL, NULL},
	};

	return ctl_act(ctl, argc, argv, actions);
}
