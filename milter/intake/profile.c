/* SPDX-License-Identifier: BSD-2-Clause
 *
 * profile: see profile.h
 *
 * Threads: any (each remembers the last good time zone).
 * Fails:   ERR_INPUT.
 */
#include "intake/profile.h"

#include "base/language.h"

#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ZONE_MAX 64
#define ZONE_DIR "/usr/share/zoneinfo"

static const struct rename {
	const char *trait;
	const char *attribute;
} traits[] =
    {
	{"firstName", "first_name"},
	{"firstname", "first_name"},
	{"lastName", "last_name"},
	{"lastname", "last_name"},
	{"createdAt", "created_at"},
	{"created", "created_at"},
},
  address_parts[] = {
      {"city", "city"},
      {"country", "country"},
      {"postalCode", "postcode"},
      {"state", "state"},
      {"street", "street"},
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* --- a contact's own fields --- */

/* BCP 47: subtags of 1 to 8 letters and digits; de_DE is taken for de-DE. */
int
intake_language_check(struct str *language, char room[64], struct err *err)
{
	if (language->n == 0)
		return 0;
	if (language->n > LANGUAGE_TAG_MAX)
		return err_set(
		    err, ERR_INPUT, "a language tag of more than %zu characters", LANGUAGE_TAG_MAX);
	for (size_t i = 0; i < language->n; i++)
		room[i] = language->p[i] == '_' ? '-' : language->p[i];
	if (!language_is_tag((struct str){room, language->n}))
		return err_set(err, ERR_INPUT, "\"%.*s\" is no language tag like de or pt-BR",
		    STR_F(*language));
	language->p = room;
	return 0;
}

int
intake_time_zone_check(struct str time_zone, struct err *err)
{
	static _Thread_local char last[ZONE_MAX];
	char name[ZONE_MAX];
	GTimeZone *zone;
	bool known;

	if (time_zone.n == 0 || str_is(time_zone, last))
		return 0;
	known = time_zone.n < sizeof name && g_ascii_isalpha(time_zone.p[0]);
	for (size_t i = 0; i < time_zone.n && known; i++)
		known = g_ascii_isalnum(time_zone.p[i]) || strchr("/_+-", time_zone.p[i]) != NULL;
	if (known) {
		snprintf(name, sizeof name, "%.*s", STR_F(time_zone));
		zone = g_time_zone_new_identifier(name);
		/* Without tzdata there is nothing to compare with. */
		known = zone != NULL || access(ZONE_DIR, F_OK) != 0;
		if (zone != NULL)
			g_time_zone_unref(zone);
	}
	if (!known)
		return err_set(
		    err, ERR_INPUT, "\"%.*s\" is no time zone like Europe/Paris", STR_F(time_zone));
	memcpy(last, name, sizeof last);
	return 0;
}

/* --- traits --- */

static const char *
renamed(const struct rename *table, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(table[i].trait, name) == 0)
			return table[i].attribute;
	}
	return NULL;
}

/* The parts that have names of their own become attributes; what is left stays together. */
static void
take_postal_address(json_t *attributes, const json_t *address)
{
	json_t *rest = json_object();
	const char *name, *attribute;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)address, name, value)
	{
		attribute = renamed(address_parts, COUNT(address_parts), name);
		json_object_set(attribute != NULL ? attributes : rest,
		    attribute != NULL ? attribute : name, value);
	}
	if (json_object_size(rest) > 0)
		json_object_set(attributes, "address", rest);
	json_decref(rest);
}

static void
take_language(struct intake_profile *profile, const json_t *value)
{
	struct str language = {json_string_value(value), json_string_length(value)};
	char room[64] = "";

	profile->has_language = json_is_string(value) && language.n < sizeof profile->language &&
	    intake_language_check(&language, room, NULL) == 0;
	if (profile->has_language)
		snprintf(profile->language, sizeof profile->language, "%.*s", STR_F(language));
}

static void
take_time_zone(struct intake_profile *profile, const json_t *value)
{
	struct str zone = {json_string_value(value), json_string_length(value)};

	profile->has_time_zone = json_is_string(value) && zone.n < sizeof profile->time_zone &&
	    intake_time_zone_check(zone, NULL) == 0;
	if (profile->has_time_zone)
		snprintf(profile->time_zone, sizeof profile->time_zone, "%.*s", STR_F(zone));
}

static bool
is_one_of(const char *name, const char *const *names)
{
	for (; *names != NULL; names++) {
		if (strcmp(*names, name) == 0)
			return true;
	}
	return false;
}

void
intake_profile_init(struct intake_profile *profile, const json_t *object)
{
	static const char *const languages[] = {"language", "locale", NULL};
	static const char *const zones[] = {"time_zone", "timezone", "timeZone", NULL};
	const char *name, *attribute;
	json_t *value;

	*profile = (struct intake_profile){.attributes = json_object()};
	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		if (name[0] == '\0' || strcmp(name, "email") == 0)
			continue;
		if (is_one_of(name, languages)) {
			take_language(profile, value);
		} else if (is_one_of(name, zones)) {
			take_time_zone(profile, value);
		} else if (strcmp(name, "address") == 0 && json_is_object(value)) {
			take_postal_address(profile->attributes, value);
		} else {
			attribute = renamed(traits, COUNT(traits), name);
			json_object_set(
			    profile->attributes, attribute != NULL ? attribute : name, value);
		}
	}
}

void
intake_profile_fini(struct intake_profile *profile)
{
	json_decref(profile->attributes);
	profile->attributes = NULL;
}

void
intake_profile_subtract(struct intake_profile *profile, const struct intake_profile *later)
{
	const char *name;
	json_t *value;

	json_object_foreach(later->attributes, name, value)
	{
		json_object_del(profile->attributes, name);
	}
	profile->has_language = profile->has_language && !later->has_language;
	profile->has_time_zone = profile->has_time_zone && !later->has_time_zone;
}
