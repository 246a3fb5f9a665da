/* SPDX-License-Identifier: BSD-2-Clause
 *
 * form_page: a form, and what is said about it, as pages
 *
 * Threads: the server's.
 */
#include "web/form.h"
#include "web/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "liquid/value.h"

#include <glib.h>

/* What somebody sent is shown again; text that is none is not. */
#define SHOWN_MAX ((size_t)4000)

/* A page without a value is a page still; the arena's ceiling shows elsewhere. */
static void
add(struct liquid_object *object, struct arena *arena, const char *key, struct liquid_value value)
{
	if (object != NULL)
		(void)liquid_object_set(object, arena, str_c(key), value);
}

static void
add_text(struct liquid_object *object, struct arena *arena, const char *key, struct str text)
{
	if (text.n > SHOWN_MAX || (text.n > 0 && !g_utf8_validate(text.p, (gssize)text.n, NULL)))
		text = STR("");
	add(object, arena, key, liquid_string(text.p == NULL ? STR("") : text));
}

static struct liquid_value
array_of(struct liquid_value *at, size_t count, struct arena *arena)
{
	struct liquid_array *array = arena_alloc(arena, sizeof *array);

	if (array == NULL)
		return LIQUID_NIL_VALUE;
	*array = (struct liquid_array){at, count};
	return (struct liquid_value){.type = LIQUID_ARRAY, .array = array};
}

static struct str
shown_choice(struct str choice, struct arena *arena)
{
	struct str shown = arena_str(arena, choice);

	for (size_t i = 0; i < shown.n; i++) {
		if (shown.p[i] == '_')
			((char *)(uintptr_t)shown.p)[i] = ' ';
	}
	return shown;
}

static struct liquid_value
choices_of(struct str choices, struct arena *arena)
{
	struct liquid_value *at = arena_alloc(arena, CONF_CHOICES_MAX * sizeof *at);
	size_t count = 0;
	struct str choice;

	if (at == NULL)
		return LIQUID_NIL_VALUE;
	while (choices.n > 0 && count < CONF_CHOICES_MAX && str_split(&choices, '|', &choice)) {
		struct liquid_object *object = liquid_object_new(arena, 2);

		if (object == NULL)
			break;
		add_text(object, arena, "value", choice);
		add_text(object, arena, "label", shown_choice(choice, arena));
		at[count++] = liquid_object_value(object);
	}
	return array_of(at, count, arena);
}

static struct liquid_object *
answer_of(const struct form_answer *answer, struct arena *arena)
{
	struct liquid_object *object = liquid_object_new(arena, 12);

	if (answer != NULL) {
		add_text(object, arena, "value", answer->sent);
		add(object, arena, "checked", liquid_bool(answer->sent.p != NULL));
		if (answer->wrong != NULL)
			add_text(object, arena, "wrong", str_c(answer->wrong));
	}
	return object;
}

static struct liquid_value
field_of(
    const struct conf_form *form, size_t i, const struct form_answers *answers, struct arena *arena)
{
	static const char *const kinds[] = {
	    [CONF_FIELD_TEXT] = "text",
	    [CONF_FIELD_NUMBER] = "number",
	    [CONF_FIELD_CHECKBOX] = "checkbox",
	    [CONF_FIELD_CHOICE] = "choice",
	};
	struct liquid_object *object =
	    answer_of(answers == NULL ? NULL : &answers->fields[i], arena);
	struct conf_field field;

	conf_field_parse(str_c(form->fields.at[i]), arena, &field);
	add_text(object, arena, "name", field.name);
	add_text(object, arena, "label", field.label);
	add_text(object, arena, "kind", str_c(kinds[field.kind]));
	add(object, arena, "required", liquid_bool(field.required));
	add(object, arena, "low", liquid_int(field.low));
	add(object, arena, "high", liquid_int(field.high));
	add(object, arena, "choices", choices_of(field.choices, arena));
	return object == NULL ? LIQUID_NIL_VALUE : liquid_object_value(object);
}

static void
add_fields(struct liquid_object *values, const struct conf_form *form,
    const struct form_answers *answers, struct arena *arena)
{
	struct liquid_value *at = arena_alloc(arena, CONF_FIELDS_MAX * sizeof *at);
	size_t count = 0;

	while (at != NULL && count < form->fields.count && count < CONF_FIELDS_MAX) {
		at[count] = field_of(form, count, answers, arena);
		count++;
	}
	add(values, arena, "fields", array_of(at, count, arena));
}

static struct liquid_object *
about(const struct conf_form *form, struct arena *arena)
{
	struct liquid_object *values = liquid_object_new(arena, 16);

	add_text(values, arena, "name", str_c(form->name));
	add_text(values, arena, "title", str_c(form->title));
	add_text(values, arena, "text", str_c(form->text));
	add_text(values, arena, "consent", str_c(form->consent));
	add_text(values, arena, "button", str_c(form->button));
	return values;
}

void
form_show(struct web_request *request, unsigned status, const struct conf_form *form,
    const struct form_answers *answers, bool again)
{
	struct arena *arena = request->arena;
	struct liquid_object *values = about(form, arena), *email, *agree;
	struct err err = ERR_INIT;
	struct str stamp;

	email = answer_of(answers == NULL ? NULL : &answers->email, arena);
	agree = answer_of(answers == NULL ? NULL : &answers->agree, arena);
	if (values == NULL || email == NULL || agree == NULL ||
	    form_stamp_make(request->web->keys, form, clock_now(), arena, &stamp, &err) != 0) {
		web_page(request, MHD_HTTP_SERVICE_UNAVAILABLE, "busy", NULL);
		return;
	}
	add(values, arena, "email", liquid_object_value(email));
	add(values, arena, "agree", liquid_object_value(agree));
	add_fields(values, form, answers, arena);
	add_text(values, arena, "stamp", stamp);
	add(values, arena, "again", liquid_bool(again));
	add(values, arena, "wrong", liquid_bool(answers != NULL && answers->wrong));
	add_text(values, arena, "action", form_url(request->web->conf, form, arena));
	web_page(request, status, "form", values);
	request->reply.form_to = form_site(form->done_url, arena);
}

void
form_say(struct web_request *request, unsigned status, const char *page,
    const struct conf_form *form, const struct store_signup *signup)
{
	struct arena *arena = request->arena;
	struct liquid_object *values =
	    form == NULL ? liquid_object_new(arena, 4) : about(form, arena);

	if (form != NULL) {
		add_text(values, arena, "incentive", str_c(form->incentive));
		add_text(values, arena, "incentive_url", str_c(form->incentive_url));
		add(values, arena, "double_opt_in", liquid_bool(form->double_opt_in));
	}
	if (signup != NULL)
		add_text(values, arena, "address", signup->address);
	web_page(request, status, page, values);
	if (form != NULL)
		request->reply.form_to = form_site(form->confirmed_url, arena);
}
