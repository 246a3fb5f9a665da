/* SPDX-License-Identifier: BSD-2-Clause
 *
 * liquid_lax_test: what plain Liquid makes of tags that the grammar refuses
 */
#include "liquid_fixture.h"

static void
chains(void **state)
{
	static const struct sample samples[] = {
	    {"{{ a b | upcase }}", "{\"a\":\"x\"}", "X"},
	    {"{{ 'a b c' | split$$$:' ' | last }}", NULL, "c"},
	    {"{{ 'hi there' | split:\"t\"\" | reverse | first }}", NULL, "here"},
	    {"{{ 'x' | append: 'y', }}", NULL, "xy"},
	    {"{{ a=>b }}", "{\"a\":{\"b\":\"deep\"}}", "deep"},
	    {"{{ 1e }}{{ 1..2 }}{{ -1..5 }}", NULL, "1.0-1.0"},
	    {"{{ | upcase }}", NULL, ""},
	    {"{{ ''' }}", NULL, ""},
	    {"{{ a[ }}{{ ]b }}", "{\"a\":1,\"b\":2}", "12"},
	    {"{{ $ }}", NULL, ""},
	    {"{% assign x = ('X' | downcase) %}[{{ x }}]", NULL, "[]"},
	    {"{% assign x = 'a' 'b' | upcase %}{{ x }}", NULL, "A"},
	};

	(void)state;
	check_all(LIQUID_TEXT, samples, COUNT(samples));
}

static void
conditions(void **state)
{
	static const struct sample samples[] = {
	    {"{% if (true) %}a{% endif %}", NULL, ""},
	    {"{% if x == 'a' or (x == 'b' and y) or false %}a{% else %}b{% endif %}",
		"{\"x\":\"a\"}", "a"},
	    {"{% if x & y %}a{% endif %}", "{\"x\":1}", "a"},
	    {"{% unless x=>y %}a{% endunless %}", "{\"x\":{\"y\":true}}", ""},
	    {"{% if 'a and b' == $x %}a{% endif %}", "{\"x\":\"a and b\"}", "a"},
	    {"{% case x=>y %}{% when 1, 2 or 3 junk, 4 %}a{% else %}b{% endcase %}",
		"{\"x\":{\"y\":3}}", "a"},
	    {"{% case 4 %}{% when 1, 2 or 3 junk, 4 %}a{% else %}b{% endcase %}", NULL, "b"},
	};

	(void)state;
	check_all(LIQUID_TEXT, samples, COUNT(samples));
}

static void
loops(void **state)
{
	static const struct sample samples[] = {
	    {"{% for i in (1...3) %}{{ i }}{% endfor %}", NULL, "123"},
	    {"{% for i in a=>b junk limit: 1 %}{{ i }}{% endfor %}", "{\"a\":{\"b\":[4,5]}}", "4"},
	    {"{% for i in (1..3) reversed; color: red offset:1 %}{{ i }}{% endfor %}", NULL, "32"},
	    {"{% tablerow i in (1..2) odd: 1 %}{{ i }}{% endtablerow %}", NULL,
		"<tr class=\"row1\">\n<td class=\"col1\">1</td><td class=\"col2\">2</td></tr>\n"},
	    {"{% cycle .a: 'x', 'y' %}{% cycle .a: 'x', 'y' %}", NULL, "xy"},
	    {"{% cycle .a, .b %}", "{\"a\":1,\"b\":2}", "1"},
	    {"{% increment %}{% increment %}", NULL, "01"},
	};

	(void)state;
	check_all(LIQUID_TEXT, samples, COUNT(samples));
}

/* The grammar's complaint is told, since it knows the place. */
static void
errors(void **state)
{
	struct attempt attempt = attempt_in(LIQUID_TEXT);

	(void)state;
	check_error(&attempt, "{% if %}a{% endif %}", ERR_TEMPLATE,
	    "t:1:7: expected a value, found the end");
	check_error(&attempt, "{% for i on a %}{% endfor %}", ERR_TEMPLATE,
	    "t:1:10: expected 'in', found 'on'");
	check_error(&attempt, "{% if a =! b %}{% endif %}", ERR_TEMPLATE,
	    "t:1:9: expected the end of the tag, found '='");
	check_error(&attempt, "{% case , %}{% endcase %}", ERR_TEMPLATE,
	    "t:1:9: expected a value, found ','");
	attempt.options.mode = LIQUID_HTML;
	check_error(
	    &attempt, "{{ a b }}", ERR_TEMPLATE, "t:1:6: expected the end of the tag, found 'b'");
}

/* Brackets in brackets end at a ceiling, not in the stack. */
static void
depth(void **state)
{
	struct attempt attempt = attempt_in(LIQUID_TEXT);
	char template[2048] = "{{ $a";

	(void)state;
	for (int i = 0; i < 200; i++)
		strcat(template, "[$");
	for (int i = 0; i < 200; i++)
		strcat(template, "]");
	strcat(template, " }}");
	check_error(
	    &attempt, template, ERR_LIMIT, "t:1:105: expressions are nested more than 50 deep");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(chains),
	    cmocka_unit_test(conditions),
	    cmocka_unit_test(loops),
	    cmocka_unit_test(errors),
	    cmocka_unit_test(depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
