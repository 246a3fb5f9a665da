/* SPDX-License-Identifier: BSD-2-Clause
 *
 * filter_plural: the form of a word that goes with a number
 *
 *     {{ n }} {{ n | pluralize: "item", "items" }}
 *     {{ n }} {{ n | pluralize: one: "файл", few: "файла", many: "файлов", locale: "ru" }}
 *
 * The result is the word alone. Without a locale, 1 (and 1.0) takes the first form and all
 * else the second, as in Shopify. With one, forms are named by the plural categories of
 * Unicode CLDR (zero one two few many other); two words without names are `one` and
 * `other`. A single word gets an English -s for the plural, without a locale or with an
 * English one; in other languages it stands for all numbers.
 *
 * A form that is not given is replaced by the first of other, many, few, two, one, zero
 * that is; but `other` of a number with a fraction by `few` first, since that is the form
 * (1,5 файла) in the languages that have no other use for it.
 *
 * Text that is a number counts as such, text that begins with an integer counts as that,
 * and all else is 0.
 *
 * Threads: see filter.h.
 */
#include "liquid/plural.h"
#include "liquid/render.h"

struct forms {
	struct liquid_value of[PLURAL_COUNT]; /* nil: not given */
	struct str locale;
};

static int
take_named(struct filter_call *call, const struct filter_arg *named, struct forms *forms)
{
	if (str_is(named->name, "locale"))
		return render_text(call->render, &named->value, &forms->locale);
	for (size_t i = 0; i < PLURAL_COUNT; i++) {
		if (str_is(named->name, plural_names[i])) {
			forms->of[i] = named->value;
			return 0;
		}
	}
	return render_err(call->render, ERR_TEMPLATE,
	    "pluralize takes zero, one, two, few, many, other and locale, not '%.*s'",
	    STR_F(named->name));
}

/* "item" to "items". */
static int
add_s(struct filter_call *call, struct forms *forms)
{
	struct build build;
	struct str word;

	if (render_text(call->render, &forms->of[PLURAL_ONE], &word) < 0 ||
	    render_charge(call->render, word.n) < 0 ||
	    build_init(&build, call->render, word.n + 1) < 0 || build_add(&build, word) < 0 ||
	    build_char(&build, 's') < 0)
		return -1;
	forms->of[PLURAL_OTHER] = liquid_string(build_str(&build));
	return 0;
}

static int
take_forms(struct filter_call *call, struct forms *forms)
{
	*forms = (struct forms){.locale = STR("")};
	if (call->args > 0)
		forms->of[PLURAL_ONE] = call->arg[0];
	if (call->args > 1)
		forms->of[PLURAL_OTHER] = call->arg[1];
	for (size_t i = 0; i < call->nameds; i++) {
		if (take_named(call, &call->named[i], forms) < 0)
			return -1;
	}
	if (call->args == 1 && call->arg[0].type != LIQUID_NIL &&
	    forms->of[PLURAL_OTHER].type == LIQUID_NIL &&
	    (forms->locale.n == 0 || plural_speaks(forms->locale, "en")))
		return add_s(call, forms);
	return 0;
}

static enum plural
choose(const struct forms *forms, struct number number)
{
	static const enum plural order[] = {
	    PLURAL_OTHER, PLURAL_MANY, PLURAL_FEW, PLURAL_TWO, PLURAL_ONE, PLURAL_ZERO};
	enum plural plural = PLURAL_OTHER;

	if (forms->locale.n > 0)
		plural = plural_of(number, forms->locale);
	else if (number_cmp(number, number_from_int(1)) == 0)
		plural = PLURAL_ONE;
	if (forms->of[plural].type == LIQUID_NIL && plural == PLURAL_OTHER && !number.integer &&
	    forms->of[PLURAL_FEW].type != LIQUID_NIL)
		return PLURAL_FEW;
	for (size_t i = 0; i < PLURAL_COUNT && forms->of[plural].type == LIQUID_NIL; i++)
		plural = order[i];
	return plural;
}

static int
run_pluralize(struct filter_call *call)
{
	struct forms forms;
	struct str word;

	if (call->args == 0 && call->nameds == 0)
		return render_err(
		    call->render, ERR_TEMPLATE, "pluralize needs the forms of a word");
	if (take_forms(call, &forms) < 0 ||
	    render_text(call->render, &forms.of[choose(&forms, number_of(call->input))], &word) < 0)
		return -1;
	return filter_result(call, word);
}

const struct filter filter_plural_table[] = {
    {"pluralize", run_pluralize, 0, 2, FILTER_PLAIN, true, false},
    {.name = NULL},
};
