/* SPDX-License-Identifier: BSD-2-Clause
 *
 * preferences: what a contact prefers, as the page shows it and as it comes back
 *
 * Lists may be left alone, and all mail for a while. How often, in which language and whether
 * it is measured is asked of contacts only: there is no row for others that could say so.
 *
 * Threads: the server's.
 */
#include "web/leave.h"

#include "base/clock.h"
#include "liquid/texts.h"
#include "liquid/value.h"
#include "store/frequency.h"
#include "store/suppression.h"

#include <jansson.h>
#include <stdio.h>

/* a...@shop.example: its owner knows it again, others learn little. */
static struct str
masked(struct str address, struct arena *arena)
{
	const char *at = memrchr(address.p, '@', address.n);
	size_t first = 1;

	if (at == NULL || at == address.p)
		return STR("");
	while (address.p + first < at && ((unsigned char)address.p[first] & 0xc0) == 0x80)
		first++;
	return arena_printf(arena, "%.*s\xe2\x80\xa6%.*s", (int)first, address.p,
	    (int)(address.p + address.n - at), at);
}

/* --- what somebody chose --- */

/* The lists of our campaigns, each once, and what its address chose so far. */
struct choices {
	int64_t now_ms;
	bool left;
	int64_t paused_ms; /* until then; 0: not paused */
	size_t count;
	struct {
		struct str name;  /* for people */
		struct str scope; /* "list:ID" */
		bool unwanted;
	} list[LEAVE_LISTS_MAX];
};

static bool
has_list(const struct choices *choices, struct str scope)
{
	for (size_t i = 0; i < choices->count; i++) {
		if (str_eq(choices->list[i].scope, scope))
			return true;
	}
	return false;
}

static void
find_lists(const struct conf *conf, struct arena *arena, struct choices *choices)
{
	for (size_t i = 0; i < conf->campaign_count && choices->count < LEAVE_LISTS_MAX; i++) {
		const struct conf_campaign *campaign = &conf->campaigns[i];
		struct str scope = arena_printf(arena, STORE_SCOPE_LIST "%s", campaign->list_id);

		if (campaign->kind != CONF_KIND_MARKETING || campaign->list_id[0] == '\0' ||
		    scope.p == NULL || has_list(choices, scope))
			continue;
		choices->list[choices->count].scope = scope;
		choices->list[choices->count++].name =
		    str_c(campaign->list_name[0] != '\0' ? campaign->list_name : campaign->list_id);
	}
}

static bool
take_entry(const struct store_suppression *entry, void *closure)
{
	struct choices *choices = closure;

	if (entry->until_ms != 0 && entry->until_ms <= choices->now_ms)
		return true;
	if (str_is(entry->scope, STORE_SCOPE_PAUSE))
		choices->paused_ms = entry->until_ms;
	if (str_is(entry->scope, STORE_SCOPE_ALL) || str_is(entry->scope, STORE_SCOPE_MARKETING))
		choices->left = true;
	for (size_t i = 0; i < choices->count; i++) {
		if (str_eq(entry->scope, choices->list[i].scope))
			choices->list[i].unwanted = true;
	}
	return true;
}

/* What can't be read counts as not chosen: a page is shown, nothing is done by it. */
static struct choices *
choices_of(struct web_request *request, struct str address)
{
	struct choices *choices = arena_zalloc(request->arena, 1, sizeof *choices);

	if (choices == NULL)
		return NULL;
	choices->now_ms = clock_now();
	find_lists(request->web->conf, request->arena, choices);
	(void)store_suppression_of(request->web->store, address, take_entry, choices, NULL);
	return choices;
}

static void
add(struct liquid_object *values, struct arena *arena, struct str key, struct liquid_value value)
{
	/* A page without a value is a page still; the arena's ceiling shows elsewhere. */
	(void)liquid_object_set(values, arena, key, value);
}

/* page.lists: name, field (of the form) and wanted of each. */
static struct liquid_value
lists_value(const struct choices *choices, struct arena *arena)
{
	struct liquid_array *array = arena_zalloc(arena, 1, sizeof *array);
	struct liquid_value *at = arena_zalloc(arena, choices->count + 1, sizeof *at);

	if (array == NULL || at == NULL)
		return LIQUID_NIL_VALUE;
	for (size_t i = 0; i < choices->count; i++) {
		struct liquid_object *list = liquid_object_new(arena, 4);

		if (list == NULL)
			return LIQUID_NIL_VALUE;
		add(list, arena, STR("name"), liquid_string(choices->list[i].name));
		add(list, arena, STR("field"), liquid_string(choices->list[i].scope));
		add(list, arena, STR("wanted"), liquid_bool(!choices->list[i].unwanted));
		at[i] = liquid_object_value(list);
	}
	*array = (struct liquid_array){.at = at, .count = choices->count};
	return (struct liquid_value){.type = LIQUID_ARRAY, .array = array};
}

/* The day on which a pause ends, in the page's ISO form; nil: there is none. */
static struct liquid_value
paused_value(const struct choices *choices, struct arena *arena)
{
	char text[CLOCK_TEXT_SIZE];
	struct str day;

	if (choices->paused_ms == 0 || choices->left)
		return LIQUID_NIL_VALUE;
	day = arena_printf(arena, "%.10s", clock_iso(choices->paused_ms, text));
	return day.p == NULL ? LIQUID_NIL_VALUE : liquid_string(day);
}

/* Which of the languages to choose from the person has; else the default one, else the first. */
static size_t
language_of(const struct web_request *request, struct str tag)
{
	const struct conf_list *languages = &request->web->conf->languages;
	const struct liquid_texts *texts = request->web->texts;
	const struct liquid_language *language = liquid_texts_language(texts, tag);

	for (size_t i = 0; i < languages->count; i++) {
		if (str_eq_nocase(tag, str_c(languages->at[i])))
			return i;
	}
	if (language == NULL)
		language = liquid_texts_default(texts);
	for (size_t i = 0; i < languages->count; i++) {
		if (liquid_texts_language(texts, str_c(languages->at[i])) == language)
			return i;
	}
	return 0;
}

/* page.languages: tag, name, and whether it is the one. Without them nobody is asked. */
static struct liquid_value
languages_value(const struct web_request *request, const struct leave_person *person)
{
	const struct conf_list *languages = &request->web->conf->languages;
	struct arena *arena = request->arena;
	struct liquid_array *array = arena_zalloc(arena, 1, sizeof *array);
	struct liquid_value *at = arena_zalloc(arena, languages->count + 1, sizeof *at);
	size_t now = language_of(request, person->contact.language);

	if (array == NULL || at == NULL)
		return LIQUID_NIL_VALUE;
	for (size_t i = 0; i < languages->count; i++) {
		struct str tag = str_c(languages->at[i]);
		const struct liquid_language *language =
		    liquid_texts_language(request->web->texts, tag);
		struct liquid_object *object = liquid_object_new(arena, 4);

		if (object == NULL || language == NULL)
			return LIQUID_NIL_VALUE;
		add(object, arena, STR("tag"), liquid_string(tag));
		add(object, arena, STR("name"),
		    liquid_string(liquid_language_text(language, STR("language"), NULL)));
		add(object, arena, STR("chosen"), liquid_bool(i == now));
		at[i] = liquid_object_value(object);
	}
	*array = (struct liquid_array){.at = at, .count = languages->count};
	return (struct liquid_value){.type = LIQUID_ARRAY, .array = array};
}

/* What only a contact has. */
static void
add_contact(
    struct web_request *request, struct liquid_object *values, const struct leave_person *person)
{
	const struct str attributes = person->contact.attributes;
	struct arena *arena = request->arena;
	json_t *json = json_loadb(attributes.p, attributes.n, 0, NULL);

	add(values, arena, STR("untracked"), liquid_bool(store_contact_untracked(json)));
	add(values, arena, STR("frequency"),
	    liquid_string(str_c(store_frequency_name(store_contact_frequency(json)))));
	add(values, arena, STR("languages"), languages_value(request, person));
	json_decref(json);
}

void
leave_show(
    struct web_request *request, const char *name, const struct leave_person *person, bool done)
{
	struct liquid_object *values = liquid_object_new(request->arena, 12);
	const struct choices *choices = choices_of(request, person->address);
	struct arena *arena = request->arena;

	if (values == NULL || choices == NULL) {
		web_page(request, MHD_HTTP_SERVICE_UNAVAILABLE, "busy", NULL);
		return;
	}
	add(values, arena, STR("address"), liquid_string(masked(person->address, arena)));
	add(values, arena, STR("known"), liquid_bool(person->known));
	add(values, arena, STR("done"), liquid_bool(done));
	add(values, arena, STR("left"), liquid_bool(choices->left));
	add(values, arena, STR("paused_until"), paused_value(choices, arena));
	add(values, arena, STR("lists"), lists_value(choices, arena));
	if (person->known)
		add_contact(request, values, person);
	web_page(request, MHD_HTTP_OK, name, values);
}

/* --- what somebody chooses --- */

/* Of lists that the page showed: an unchecked box sends nothing. */
static void
take_lists(struct web_request *request, const struct choices *choices, struct leave_wish *wish)
{
	char shown[STORE_SCOPE_MAX + 16], field[STORE_SCOPE_MAX + 1];
	bool wanted;

	for (size_t i = 0; i < choices->count; i++) {
		if (choices->list[i].scope.n > STORE_SCOPE_MAX)
			continue;
		snprintf(field, sizeof field, "%.*s", STR_F(choices->list[i].scope));
		snprintf(shown, sizeof shown, "shown:%s", field);
		if (web_form(request, shown).p == NULL)
			continue;
		wanted = web_form(request, field).p != NULL;
		if (wanted != choices->list[i].unwanted)
			continue;
		wish->list[wish->list_count].scope = choices->list[i].scope;
		wish->list[wish->list_count++].wanted = wanted;
	}
}

/* What the page has for contacts only; anything that it does not offer changes nothing. */
static void
take_contact(struct web_request *request, struct leave_wish *wish)
{
	struct str track = web_form(request, "track"), language = web_form(request, "language"),
		   frequency = web_form(request, "frequency");
	const struct conf_list *languages = &request->web->conf->languages;
	enum store_frequency chosen;

	if (str_is(track, "yes") || str_is(track, "no"))
		wish->track = str_is(track, "yes");
	if (store_frequency_find(frequency, &chosen))
		wish->frequency = str_c(store_frequency_name(chosen));
	for (size_t i = 0; i < languages->count; i++) {
		if (str_is(language, languages->at[i]))
			wish->language = str_c(languages->at[i]);
	}
	if (wish->language.p != NULL)
		web_speak(request, wish->language);
}

void
web_preferences(struct web_request *request, const struct link_facts *facts)
{
	const struct leave_person *person = leave_person(request, facts);
	const struct choices *choices;
	struct leave_wish *wish;
	struct str mail;

	if (person == NULL)
		return;
	if (request->method != WEB_POST) {
		leave_show(request, "preferences", person, false);
		return;
	}
	choices = choices_of(request, person->address);
	if (choices == NULL) {
		web_page(request, MHD_HTTP_SERVICE_UNAVAILABLE, "busy", NULL);
		return;
	}
	wish = leave_wish_new(request, facts, person);
	if (wish == NULL)
		return;
	mail = web_form(request, "mail");
	wish->leave = str_is(mail, "no");
	wish->back = (str_is(mail, "yes") || str_is(mail, "pause")) && choices->left;
	wish->pause = str_is(mail, "pause");
	wish->go_on = str_is(mail, "yes") || wish->leave;
	take_lists(request, choices, wish);
	if (person->known)
		take_contact(request, wish);
	web_page(request, MHD_HTTP_OK, "saved", NULL);
}
