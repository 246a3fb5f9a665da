/* SPDX-License-Identifier: BSD-2-Clause
 *
 * form_read: what somebody sent with a form, checked
 *
 * Every value has a kind and a ceiling; what is not known is not read.
 *
 * Threads: the server's.
 */
#include "web/form.h"
#include "web/internal.h"

#include <glib.h>
#include <stdlib.h>

#define NUMBER_LETTERS 30

/* One line of visible text. */
static bool
is_line(struct str text)
{
	if (!g_utf8_validate(text.p, (gssize)text.n, NULL))
		return false;
	for (const char *p = text.p; p < text.p + text.n; p += g_utf8_skip[(guchar)*p]) {
		switch (g_unichar_type(g_utf8_get_char(p))) {
		case G_UNICODE_CONTROL:
		case G_UNICODE_SURROGATE:
		case G_UNICODE_LINE_SEPARATOR:
		case G_UNICODE_PARAGRAPH_SEPARATOR:
			return false;
		default:
			break;
		}
	}
	return true;
}

/* What a browser sends of a choice is the choice as it is configured. */
static bool
is_choice(struct str choices, struct str sent)
{
	struct str choice;

	while (str_split(&choices, '|', &choice)) {
		if (str_eq(choice, sent))
			return true;
	}
	return false;
}

static const char *
check_number(const struct conf_field *field, struct str sent, json_t *profile)
{
	char text[NUMBER_LETTERS + 1], *end;
	double number;

	if (sent.n > NUMBER_LETTERS)
		return "number";
	memcpy(text, sent.p, sent.n);
	text[sent.n] = '\0';
	if (strspn(text, "+-.0123456789") < sent.n)
		return "number";
	number = g_ascii_strtod(text, &end);
	if (end == text || *end != '\0')
		return "number";
	if (number < (double)field->low || number > (double)field->high)
		return "range";
	json_object_setn_new(profile, field->name.p, field->name.n,
	    number == (double)(json_int_t)number ? json_integer((json_int_t)number)
						 : json_real(number));
	return NULL;
}

const char *
form_check_field(const struct conf_field *field, struct str sent, json_t *profile)
{
	struct str text = str_trim(sent);

	if (field->kind == CONF_FIELD_CHECKBOX) {
		if (sent.p == NULL && field->required)
			return "missing";
		json_object_setn_new(
		    profile, field->name.p, field->name.n, json_boolean(sent.p != NULL));
		return NULL;
	}
	if (text.n == 0)
		return field->required ? "missing" : NULL;
	if (!is_line(text))
		return "text";
	if (field->kind == CONF_FIELD_NUMBER)
		return check_number(field, text, profile);
	if (field->kind == CONF_FIELD_CHOICE && !is_choice(field->choices, text))
		return "choice";
	if (field->kind == CONF_FIELD_TEXT &&
	    g_utf8_strlen(text.p, (gssize)text.n) > (glong)field->high)
		return "long";
	json_object_setn_new(profile, field->name.p, field->name.n, json_stringn(text.p, text.n));
	return NULL;
}

/* Nobody has a quoted local part or an address literal: they are tricks. */
const char *
form_check_address(struct str sent, struct arena *arena, struct str *address_r)
{
	struct str text = str_trim(sent), key;
	const char *at = text.n == 0 ? NULL : memrchr(text.p, '@', text.n);
	const char *domain;

	*address_r = STR_NONE;
	if (text.n == 0)
		return "missing";
	if (at == NULL || text.n > FORM_EMAIL_MAX || strchr("-\"", text.p[0]) != NULL ||
	    at[1] == '[' || store_address_key(text, arena, &key, NULL) != 0)
		return "address";
	domain = memrchr(key.p, '@', key.n);
	if (memchr(domain, '.', (size_t)(key.p + key.n - domain)) == NULL)
		return "address";
	*address_r = arena_printf(arena, "%.*s%s", (int)(at - text.p), text.p, domain);
	return address_r->p == NULL || address_r->n > FORM_EMAIL_MAX ? "address" : NULL;
}

static void
read_fields(struct web_request *request, const struct conf_form *form, struct form_answers *answers,
    json_t *profile)
{
	for (size_t i = 0; i < form->fields.count && i < CONF_FIELDS_MAX; i++) {
		struct form_answer *answer = &answers->fields[i];
		struct conf_field field;
		char name[64];

		conf_field_parse(str_c(form->fields.at[i]), request->arena, &field);
		snprintf(name, sizeof name, "%.*s", STR_F(field.name));
		answer->sent = web_form(request, name);
		answer->wrong = form_check_field(&field, answer->sent, profile);
		answers->wrong |= answer->wrong != NULL;
	}
}

void
form_read(struct web_request *request, const struct conf_form *form, struct form_answers *answers_r)
{
	json_t *profile = json_object();
	char *text;

	*answers_r = (struct form_answers){.wrong = false};
	answers_r->email.sent = web_form(request, "email");
	answers_r->email.wrong =
	    form_check_address(answers_r->email.sent, request->arena, &answers_r->address);
	answers_r->agree.sent = web_form(request, "agree");
	if (!str_is(answers_r->agree.sent, "yes"))
		answers_r->agree.wrong = "agree";
	answers_r->wrong = answers_r->email.wrong != NULL || answers_r->agree.wrong != NULL;
	read_fields(request, form, answers_r, profile);
	text = json_dumps(profile, JSON_COMPACT);
	answers_r->profile = arena_str(request->arena, str_c(text));
	answers_r->wrong |= answers_r->profile.p == NULL;
	free(text);
	json_decref(profile);
}
