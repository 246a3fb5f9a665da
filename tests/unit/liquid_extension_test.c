/* SPDX-License-Identifier: BSD-2-Clause
 *
 * liquid_extension_test: filters, tags and values that others add; layouts
 */
#include "liquid/filter.h"
#include "liquid/liquid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct liquid_limits roomy = {
    .source = 1 << 20, .steps = 100000, .output = 1 << 20, .depth = 20};

struct sample {
	const char *template;
	const char *result; /* NULL: an error */
	const char *error;
};

/* stars: as many as its closure says, around the input. */
static int
run_stars(struct filter_call *call)
{
	size_t stars = *(const size_t *)call->closure;
	struct str text;
	char *p;

	if (filter_input(call, &text) < 0 || filter_charge(call, text.n) < 0)
		return -1;
	p = arena_alloc(filter_arena(call), text.n + 2 * stars);
	if (p == NULL)
		return filter_err(call, ERR_LIMIT, "no room for stars");
	memset(p, '*', text.n + 2 * stars);
	memcpy(p + stars, text.p, text.n);
	return filter_result(call, (struct str){p, text.n + 2 * stars});
}

static int
run_fail(struct filter_call *call)
{
	return filter_err(call, ERR_TEMPLATE, "no shop within %d km", 50);
}

/* shop "Town", as: "name": tells its argument and sets a variable. */
static int
run_shop(struct filter_call *call)
{
	struct str name = STR("shop");

	for (size_t i = 0; i < call->nameds; i++) {
		if (str_is(call->named[i].name, "as"))
			name = call->named[i].value.string;
	}
	filter_assign(call, name, call->arg[0]);
	return filter_result(call, STR("<shop>"));
}

/* box: its body in a frame, as markup. */
static int
run_box(struct filter_call *call)
{
	struct str body;
	struct str text;

	if (filter_input(call, &body) < 0)
		return -1;
	text = arena_printf(filter_arena(call), "<b>%.*s</b>", STR_F(body));
	filter_result(call, text);
	call->result.safe = true;
	return 0;
}

static int
run_now(struct filter_call *call)
{
	const char *zone;

	call->result = liquid_int(filter_now(call, &zone));
	return zone == NULL ? 0 : filter_err(call, ERR_TEMPLATE, "%s", zone);
}

static size_t two = 2;

static const struct liquid_filter filters[] = {
    {{"stars", run_stars, 0, 0, FILTER_PLAIN, false, false}, &two},
    {{"fail", run_fail, 0, 0, FILTER_PLAIN, false, false}, NULL},
};

static const struct liquid_tag tags[] = {
    {{"shop", run_shop, 1, 1, FILTER_PLAIN, true, false}, NULL, false},
    {{"box", run_box, 0, 0, FILTER_OWN, false, false}, NULL, true},
    {{"now", run_now, 0, 0, FILTER_PLAIN, false, false}, NULL, false},
};

static const struct liquid_extensions extensions = {filters, COUNT(filters), tags, COUNT(tags)};

static int
get_partial(void *closure, struct str name, struct str *source_r, struct err *err)
{
	static const char *const partials[][2] = {
	    {"brand", "[{{ title }}|{{ content_for_layout }}]"},
	    {"outer", "({{ content_for_layout }})"},
	    {"inner", "{% layout 'outer' %}<{{ content_for_layout }}>"},
	    {"loop", "{% layout 'loop' %}x"},
	    {"card", "{% layout 'outer' %}card"},
	};

	(void)closure;
	(void)err;
	for (size_t i = 0; i < COUNT(partials); i++) {
		if (str_is(name, partials[i][0])) {
			*source_r = str_c(partials[i][1]);
			return 1;
		}
	}
	return 0;
}

static int calls;

/* lazy.name, lazy.deep.name; lazy.broken fails. */
static int
get_lazy(void *closure, struct str key, struct arena *arena, struct liquid_value *value_r,
    struct err *err)
{
	calls++;
	if (str_is(key, "broken"))
		return err_set(err, ERR_STORE, "the shop table is locked");
	if (str_is(key, "deep"))
		*value_r = (struct liquid_value){.type = LIQUID_LAZY, .lazy = closure};
	else if (str_is(key, "name"))
		*value_r = liquid_string(arena_printf(arena, "<Shop %d>", calls));
	else
		return 0;
	return 1;
}

static int
render(enum liquid_mode mode, const char *template, struct arena *arena, struct str *output_r,
    struct err *err)
{
	const struct liquid_partials partials = {.get = get_partial};
	const struct liquid_options options = {
	    .mode = mode, .limits = roomy, .partials = &partials, .extensions = &extensions};
	const struct liquid_render_options render_options = {.now_ms = 5000};
	struct liquid_lazy lazy = {.get = get_lazy, .name = "shop"};
	struct liquid_object *globals = liquid_object_new(arena, 2);
	struct liquid_value value = liquid_object_value(globals);
	struct liquid_program *program;
	int ret;

	lazy.closure = &lazy;
	liquid_object_set(
	    globals, arena, STR("lazy"), (struct liquid_value){.type = LIQUID_LAZY, .lazy = &lazy});
	liquid_object_set(globals, arena, STR("title"), liquid_string(STR("a<b")));
	if (liquid_compile(&program, STR("t"), str_c(template), &options, err) < 0)
		return -1;
	ret = liquid_render(program, &value, &render_options, arena, output_r, err);
	liquid_free(&program);
	return ret;
}

static void
check(enum liquid_mode mode, const struct sample *sample)
{
	struct arena *arena = arena_new((size_t)1 << 22);
	struct str output = STR_NONE;
	struct err err = ERR_INIT;
	int ret;

	calls = 0;
	ret = render(mode, sample->template, arena, &output, &err);
	if (sample->result == NULL) {
		if (ret == 0)
			fail_msg("%s: expected an error", sample->template);
		assert_string_equal(err.text, sample->error);
	} else {
		if (ret < 0)
			fail_msg("%s: %s", sample->template, err.text);
		if (!str_is(output, sample->result))
			fail_msg("%s: expected \"%s\", got \"%.*s\"", sample->template,
			    sample->result, STR_F(output));
	}
	arena_free(&arena);
}

static void
added_filters(void **state)
{
	static const struct sample samples[] = {
	    {"{{ 'a' | upcase | stars | append: '<' }}", "**A**<", NULL},
	    {"{{ missing | stars }}", "****", NULL},
	    {"{{ 'a' | fail }}", NULL, "t:1:10: no shop within 50 km"},
	    {"{{ 'a' | stars: 1 }}", NULL, "t:1:10: filter 'stars' takes 0 argument(s), found 1"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++)
		check(LIQUID_TEXT, &samples[i]);
}

static void
added_tags(void **state)
{
	static const struct sample samples[] = {
	    {"{% shop 'Ulm' %}: {{ shop }}", "&lt;shop&gt;: Ulm", NULL},
	    {"{% shop 'Ulm', as: 'town' %}{{ town }}{{ shop }}", "&lt;shop&gt;Ulm", NULL},
	    {"{% box %}a<i>{{ title }}{% endbox %}", "<b>a<i>a&lt;b</b>", NULL},
	    {"{% for i in (1..3) %}{% box %}{{ i }}{% if i == 2 %}{% break %}{% endif %}"
	     "{% endbox %}{% endfor %}",
		"<b>1</b><b>2</b>", NULL},
	    {"{% box %}{% box %}x{% endbox %}{% endbox %}", "<b><b>x</b></b>", NULL},
	    {"{% now %}", "5000", NULL},
	    {"{% liquid\nbox\necho 1\nendbox\nnow %}", "<b>1</b>5000", NULL},
	    {"a{% box %}b", NULL, "t:1:2: 'box' is not closed with 'endbox'"},
	    {"{% endbox %}", NULL, "t:1:1: there is no tag 'endbox'"},
	    {"{% shop %}", NULL, "t:1:1: tag 'shop' takes 1 argument(s), found 0"},
	    {"{% now a: 1 %}", NULL, "t:1:1: tag 'now' does not take that argument"},
	    {"{% shop 1 2 %}", NULL, "t:1:11: expected the end of the tag, found '2'"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++)
		check(LIQUID_HTML, &samples[i]);
}

static void
lazy_values(void **state)
{
	static const struct sample samples[] = {
	    {"{{ lazy.name }} {{ lazy.deep.name }}", "&lt;Shop 1&gt; &lt;Shop 3&gt;", NULL},
	    {"{% if lazy.none %}a{% else %}b{% endif %}", "b", NULL},
	    {"{{ lazy }}", "shop", NULL},
	    {"x{{ lazy.broken }}", NULL, "the shop table is locked"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++)
		check(LIQUID_HTML, &samples[i]);
	check(LIQUID_HTML, &(struct sample){"{{ title }}", "a&lt;b", NULL});
	assert_int_equal(calls, 0);
}

static void
layouts(void **state)
{
	static const struct sample samples[] = {
	    {"\n{% layout 'brand' %}\n<i>{{ title }}</i>", "[a&lt;b|\n<i>a&lt;b</i>]", NULL},
	    {"{% layout 'brand' %}{% assign title = 'Mine' %}x", "[Mine|x]", NULL},
	    {"{% layout 'inner' %}x", "(<x>)", NULL},
	    {"{% layout none %}x", "x", NULL},
	    {"a{% render 'card' %}b", "a(card)b", NULL},
	    {"a{% layout 'brand' %}", NULL,
		"t:1:2: 'layout' stands once, in front of everything that is printed"},
	    {"{% if title %}{% layout 'brand' %}{% endif %}", NULL,
		"t:1:15: 'layout' stands once, in front of everything that is printed"},
	    {"{% layout 'none such' %}", NULL, "t:1:11: there is no partial 'none such'"},
	    {"{% layout brand %}", NULL,
		"t:1:11: expected the name of a partial, in quotes, or none, found 'brand'"},
	    {"{% layout 'loop' %}", NULL, "loop:1:1: partials are nested more than 20 deep"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++)
		check(LIQUID_HTML, &samples[i]);
}

static void
names(void **state)
{
	static const struct {
		const char *filter;
		const char *tag;
		const char *error;
	} bad[] = {
	    {"upcase", "a", "filter 'upcase': there is one of that name already"},
	    {"Up", "a", "filter 'Up': expected a name of lower case letters, digits and '_'"},
	    {"up", "if", "tag 'if': there is one of that name already"},
	    {"up", "endif", "tag 'endif': there is one of that name already"},
	    {"up", "else", "tag 'else': there is one of that name already"},
	    {"up", "", "tag '': expected a name of lower case letters, digits and '_'"},
	    {"up", "9a", "tag '9a': expected a name of lower case letters, digits and '_'"},
	};
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(liquid_extensions_check(&extensions, &err), 0);
	for (size_t i = 0; i < COUNT(bad); i++) {
		const struct liquid_filter filter = {.row = {.name = bad[i].filter}};
		const struct liquid_tag tag = {.row = {.name = bad[i].tag}};
		const struct liquid_extensions one = {&filter, 1, &tag, 1};

		assert_int_equal(liquid_extensions_check(&one, &err), -1);
		assert_string_equal(err.text, bad[i].error);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(added_filters),
	    cmocka_unit_test(added_tags),
	    cmocka_unit_test(lazy_values),
	    cmocka_unit_test(layouts),
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
