/* SPDX-License-Identifier: BSD-2-Clause
 *
 * form: see form.h
 */
#include "conf/form.h"

#include "conf/check.h"
#include "conf/parse.h"

#include <stdlib.h>

#define LABEL_MAX  300
#define CHOICE_MAX 60
/* JSON's and JavaScript's numbers are exact up to there. */
#define NUMBER_MAX INT64_C(9007199254740991)

/* They mean something else, in the contact or in the form. */
static const char *const reserved[] = {"email", "known", "language", "time_zone", "do_not_track",
    "consent", "consent_source", "consent_time", "consent_proof", "address", "stamp", "homepage",
    "lang", "agree"};

static bool
name_is_good(struct str name)
{
	for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
		if (str_is(name, reserved[i]))
			return false;
	}
	return conf_check_plugin_name(name);
}

static bool
read_number(struct str text, int64_t *number_r)
{
	unsigned long long number;
	bool minus = text.n > 0 && text.p[0] == '-';

	if (minus)
		text = (struct str){text.p + 1, text.n - 1};
	if (!str_to_u64(text, (unsigned long long)NUMBER_MAX, &number))
		return false;
	*number_r = minus ? -(int64_t)number : (int64_t)number;
	return true;
}

static bool
read_range(struct str rest, struct conf_field *field)
{
	const char *dots = rest.n == 0 ? NULL : memmem(rest.p, rest.n, "..", 2);

	field->low = -NUMBER_MAX;
	field->high = NUMBER_MAX;
	if (rest.p == NULL)
		return true;
	if (dots == NULL)
		return false;
	return read_number((struct str){rest.p, (size_t)(dots - rest.p)}, &field->low) &&
	    read_number(
		(struct str){dots + 2, (size_t)(rest.p + rest.n - dots) - 2}, &field->high) &&
	    field->low <= field->high;
}

static bool
read_choices(struct str rest, struct conf_field *field)
{
	struct str choice;
	size_t count = 0;

	field->choices = rest;
	if (rest.n == 0)
		return false;
	while (str_split(&rest, '|', &choice)) {
		if (choice.n == 0 || choice.n > CHOICE_MAX || ++count > CONF_CHOICES_MAX)
			return false;
	}
	return count > 1;
}

static bool
read_kind(struct str text, struct conf_field *field)
{
	struct str rest = text, word;

	if (!str_split(&rest, ':', &word))
		return false;
	if (str_is(word, "checkbox")) {
		field->kind = CONF_FIELD_CHECKBOX;
		return rest.p == NULL;
	}
	if (str_is(word, "choice")) {
		field->kind = CONF_FIELD_CHOICE;
		return read_choices(rest, field);
	}
	if (str_is(word, "number")) {
		field->kind = CONF_FIELD_NUMBER;
		return read_range(rest, field);
	}
	field->kind = CONF_FIELD_TEXT;
	field->high = 100;
	return str_is(word, "text") &&
	    (rest.p == NULL ||
		(read_number(rest, &field->high) && field->high > 0 &&
		    field->high <= CONF_FIELD_TEXT_MAX));
}

bool
conf_field_parse(struct str text, struct arena *arena, struct conf_field *field_r)
{
	/* The label begins behind the first colon with a space behind it: those of kinds
	 * have none. */
	const char *colon = text.n == 0 ? NULL : memmem(text.p, text.n, ": ", 2);
	struct str head, word;
	int words = 0;

	(void)arena;
	*field_r = (struct conf_field){.required = false};
	if (colon == NULL)
		return false;
	field_r->label = str_trim((struct str){colon + 1, (size_t)(text.p + text.n - colon) - 1});
	head = str_trim((struct str){text.p, (size_t)(colon - text.p)});
	while (head.n > 0 && str_split(&head, ' ', &word)) {
		if (word.n == 0)
			continue;
		if (words == 0 && name_is_good(word))
			field_r->name = word;
		else if (words == 2 && str_is(word, "required"))
			field_r->required = true;
		else if (words != 1 || !read_kind(word, field_r))
			return false;
		words++;
	}
	return words >= 2 && field_r->label.n > 0 && field_r->label.n <= LABEL_MAX;
}

static void
check_fields(struct parse *parse, const struct conf_form *form)
{
	struct conf_field field, other;

	if (form->fields.count > CONF_FIELDS_MAX)
		parse_complain(parse, ERR_CONFIG, "%s: fields: expected at most %d, got %zu",
		    form->place, CONF_FIELDS_MAX, form->fields.count);
	for (size_t i = 0; i < form->fields.count; i++) {
		conf_field_parse(str_c(form->fields.at[i]), NULL, &field);
		for (size_t j = 0; j < i; j++) {
			conf_field_parse(str_c(form->fields.at[j]), NULL, &other);
			if (str_eq(field.name, other.name))
				parse_complain(parse, ERR_CONFIG,
				    "%s: fields: %.*s stands there twice", form->place,
				    STR_F(field.name));
		}
	}
}

static void
check_campaign(struct parse *parse, const struct conf *conf, const struct conf_form *form)
{
	const struct conf_campaign *campaign = conf_campaign_find(conf, str_c(form->campaign));

	if (campaign == NULL || strcmp(form->campaign, "*") == 0) {
		parse_complain(parse, ERR_CONFIG,
		    "%s: campaign: expected a section campaign \"%.200s\", there is none",
		    form->place, form->campaign);
		return;
	}
	if (campaign->kind != CONF_KIND_TRANSACTIONAL)
		parse_complain(parse, ERR_CONFIG,
		    "%s: campaign: expected kind = transactional in campaign \"%.200s\", at %s: "
		    "who has to confirm has not agreed to marketing yet",
		    form->place, form->campaign, campaign->place);
	if (campaign->unknown != CONF_UNKNOWN_BARE)
		parse_complain(parse, ERR_CONFIG,
		    "%s: campaign: expected unknown = bare in campaign \"%.200s\", at %s: who has "
		    "to confirm is no contact yet",
		    form->place, form->campaign, campaign->place);
	if (campaign->tracking_url[0] == '\0' && conf->tracking_url[0] == '\0')
		parse_complain(parse, ERR_CONFIG,
		    "%s: form \"%s\": expected tracking_url to be set, here or for campaign "
		    "\"%.200s\"",
		    form->place, form->name, form->campaign);
}

static bool
has_list(const struct conf *conf, const char *id)
{
	for (size_t i = 0; i < conf->campaign_count; i++) {
		if (strcmp(conf->campaigns[i].list_id, id) == 0)
			return true;
	}
	return false;
}

static void
check_lists(struct parse *parse, const struct conf *conf, const struct conf_form *form)
{
	for (size_t i = 0; i < form->lists.count; i++) {
		if (!has_list(conf, form->lists.at[i]))
			parse_complain(parse, ERR_CONFIG,
			    "%s: lists: expected the list_id of a campaign, got %.200s",
			    form->place, form->lists.at[i]);
	}
}

void
conf_form_check(struct parse *parse, const struct conf *conf)
{
	for (size_t i = 0; i < conf->form_count; i++) {
		const struct conf_form *form = &conf->forms[i];

		check_fields(parse, form);
		check_campaign(parse, conf, form);
		check_lists(parse, conf, form);
		if (conf->web[0] == '\0')
			parse_complain(parse, ERR_CONFIG,
			    "%s: form \"%s\": expected web to be set, too", form->place,
			    form->name);
		if (form->fill_min >= form->fill_max)
			parse_complain(parse, ERR_CONFIG,
			    "%s: fill_min: expected less than fill_max", form->place);
		if ((form->incentive_url[0] == '\0') != (form->incentive[0] == '\0'))
			parse_complain(parse, ERR_CONFIG,
			    "%s: incentive: expected incentive and incentive_url, or neither",
			    form->place);
	}
}
