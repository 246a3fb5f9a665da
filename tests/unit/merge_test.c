/* SPDX-License-Identifier: BSD-2-Clause
 *
 * merge_test: merge tags, translated, compiled and rendered
 *
 * The tables of mailtailor-merge(7) are cases, too: what the page says a tag prints, it
 * prints here.
 */
#include "liquid/liquid.h"
#include "merge/merge.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#define PAGE SOURCE_ROOT "/milter/merge/mailtailor-merge.7"
/* 2026-01-31T08:15:09Z */
#define NOW INT64_C(1769847309000)

static struct arena *arena;
static char *page;

static int
set_up(void **state)
{
	(void)state;
	arena = arena_new((size_t)16 << 20);
	return g_file_get_contents(PAGE, &page, NULL, NULL) ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	g_free(page);
	arena_free(&arena);
	return 0;
}

static bool
has_list_name(void *closure, struct str path)
{
	(void)closure;
	return str_is(path, "campaign.list.name");
}

/* The rendered text, or the message of the error; until the arena is reset. */
static struct str
render(const char *source, const struct merge_options *merge, enum liquid_mode mode,
    const struct liquid_value *data)
{
	struct liquid_options options = {.mode = mode,
	    .limits = {.source = 1 << 22, .steps = 100000, .output = 1 << 20, .depth = 100}};
	const struct liquid_render_options now = {.now_ms = NOW};
	struct liquid_program *program = NULL;
	struct err err = ERR_INIT;
	struct origin *origin;
	struct buf text;
	struct str output;

	buf_init(&text, 1 << 22);
	if (merge_translate(&text, &origin, STR("t"), str_c(source), merge, &err) == 0) {
		options.origin = origin;
		if (liquid_compile(&program, STR("t"), text.len == 0 ? STR("") : buf_str(&text),
			&options, &err) == 0 &&
		    liquid_render(program, data, &now, arena, &output, &err) == 0)
			err.code = ERR_NONE;
	}
	if (err.code != ERR_NONE)
		output = arena_str(arena, str_c(err.text));
	liquid_free(&program);
	origin_free(&origin);
	buf_fini(&text);
	return output;
}

static struct liquid_value
parse_data(const char *text)
{
	struct liquid_value value = LIQUID_NIL_VALUE;
	json_error_t where;
	json_t *json = json_loads(text, 0, &where);

	if (json == NULL)
		fail_msg("%s: %d:%d: %s", text, where.line, where.column, where.text);
	assert_int_equal(liquid_from_json(json, arena, &value, NULL), 0);
	json_decref(json);
	return value;
}

static void
check(const char *what, struct str got, const char *expected)
{
	if (!str_is(got, expected))
		fail_msg("%s\n  gave     \"%.*s\"\n  expected \"%s\"", what, STR_F(got), expected);
}

/* --- what is rendered, and errors --- */

struct example {
	const char *name;
	enum liquid_mode mode;
	const char *source;
	const char *expected;
};

#define DATA                                                                                  \
	"{\"contact\":{\"first_name\":\"Ada\",\"last_name\":\"<i>\\\"&\",\"points\":12,"      \
	"\"age\":\"9\",\"vip\":true,\"no\":false,\"topics\":[\"Rock\",\"Art & Craft\"],"      \
	"\"evil\":\"{{ contact.first_name }}*|FNAME|*\",\"blank\":\" \",\"q\":\"a'b\"},"      \
	"\"links\":{\"unsubscribe\":\"https://s.example/?a=1&b=2\",\"view\":\"https://v/\"}," \
	"\"campaign\":{\"list\":{\"address\":\"1 <A>\\nTown\"}}}"

static const struct example examples[] = {
    {"plain text stays", LIQUID_TEXT, "a * | b |* c *|", "a * | b |* c *|"},
    {"a frame in a comment is no tag", LIQUID_TEXT, "/*|====|*/ *||* *|-|*",
	"/*|====|*/ *||* *|-|*"},
    {"tags side by side", LIQUID_TEXT, "*|FNAME|**|FNAME|*", "AdaAda"},
    {"in either case, with spaces", LIQUID_TEXT, "*| fname |* *|Upper: fName |*", "Ada ADA"},
    {"a missing field is empty", LIQUID_TEXT, "[*|NOSUCH|*]", "[]"},
    {"values are escaped in HTML", LIQUID_HTML, "*|LNAME|*", "&lt;i&gt;&quot;&amp;"},
    {"and not in text", LIQUID_TEXT, "*|LNAME|*", "<i>\"&"},
    {"values are data", LIQUID_HTML, "*|EVIL|*", "{{ contact.first_name }}*|FNAME|*"},
    {"link in an attribute", LIQUID_HTML, "<a href=\"*|UNSUB|*\">",
	"<a href=\"https://s.example/?a=1&amp;b=2\">"},
    {"encoded by an editor", LIQUID_HTML, "<a href=\"*%7CUNSUB%7C*\">",
	"<a href=\"https://s.example/?a=1&amp;b=2\">"},
    {"all of it encoded", LIQUID_HTML, "<a href='%2A%7cARCHIVE%7c%2A'>", "<a href='https://v/'>"},
    {"encoded with a colon", LIQUID_HTML, "*%7CUPPER%3AFNAME%7C*", "ADA"},
    {"encoded and unfinished is an address", LIQUID_HTML, "x?a=*%7Cb", "x?a=*%7Cb"},
    {"an editor's own address before it", LIQUID_HTML, "<a href=\"https://e.example/*%7CUNSUB%7C*",
	"t:1:28: merge tag *|UNSUB|* (links.unsubscribe): it stands behind another address, "
	"which an editor put there"},
    {"in comments", LIQUID_HTML, "<!-- *|IFNOT:ARCHIVE_PAGE|* -->x<!-- *|END:IF|* -->",
	"<!--  -->x<!--  -->"},
    {"in comments for Outlook", LIQUID_HTML, "<!--[if mso]>*|FNAME|*<![endif]-->",
	"<!--[if mso]>Ada<![endif]-->"},
    {"character references in a condition", LIQUID_HTML, "*|IF:POINTS &gt;= 12|*y*|END:IF|*", "y"},
    {"and not in text", LIQUID_TEXT, "*|IF:Q=a&#39;b|*y*|ELSE:|*n*|END:IF|*", "n"},
    {"quotes as references", LIQUID_HTML, "*|IF:FNAME = &quot;Ada&quot;|*y*|END:IF|*", "y"},
    {"a tag over a line's end", LIQUID_TEXT, "*|IF:FNAME\n=Ada|*y*|END:IF|*", "y"},
    {"number in a text", LIQUID_TEXT, "*|IF:AGE < 10|*y*|END:IF|*", "y"},
    {"number equals text", LIQUID_TEXT, "*|IF:POINTS=12|*y*|END:IF|*", "y"},
    {"true and false", LIQUID_TEXT,
	"*|IF:VIP|*a*|END:IF|**|IF:VIP=true|*b*|END:IF|**|IF:NO|*c*|"
	"ELSEIF:NO=false|*d*|END:IF|*",
	"abd"},
    {"white space is no value", LIQUID_TEXT, "*|IF:BLANK|*y*|ELSE:|*n*|END:IF|*", "n"},
    {"missing is not below", LIQUID_TEXT, "*|IF:NOSUCH < 5|*y*|ELSE:|*n*|END:IF|*", "n"},
    {"missing is not equal", LIQUID_TEXT, "*|IF:NOSUCH!=x|*y*|END:IF|*", "y"},
    {"texts in order", LIQUID_TEXT, "*|IF:FNAME > Abe|*y*|END:IF|*", "y"},
    {"a value with a quote", LIQUID_TEXT, "*|IF:Q=a'b|*y*|END:IF|*", "y"},
    {"nested", LIQUID_TEXT, "*|IF:FNAME|**|IF:NOSUCH|*a*|ELSE:|*b*|END:IF|*c*|END:IF|*", "bc"},
    {"IFNOT with a comparison", LIQUID_TEXT, "*|IFNOT:FNAME=Eve|*y*|ELSE:|*n*|END:IF|*", "y"},
    {"IFNOT with ELSEIF", LIQUID_TEXT, "*|IFNOT:FNAME|*a*|ELSEIF:VIP|*b*|END:IF|*", "b"},
    {"a group's name with &", LIQUID_HTML,
	"*|INTERESTED:Topics:Jazz,Art &amp; Craft|*y*|END:INTERESTED|*", "y"},
    {"a group's name is no part of one", LIQUID_TEXT,
	"*|INTERESTED:Topics:Roc|*y*|ELSE:|*n*|END:INTERESTED|*", "n"},
    {"Liquid beside it", LIQUID_TEXT, "{% if contact.vip %}*|FNAME|*{% endif %}{{ 1 | plus: 1 }}",
	"Ada2"},
    {"Liquid's comment", LIQUID_TEXT, "{% comment %}*|MC:TOC|*{% endcomment %}x", "x"},
    {"title of words", LIQUID_TEXT, "*|TITLE:EVIL|*|", "{{ Contact.first_name }}*|fname|*|"},
    {"address in HTML", LIQUID_HTML, "*|HTML:LIST_ADDRESS_HTML|*;*|LIST:ADDRESSLINE|*",
	"1 &lt;A&gt;<br />\nTown;1 &lt;A&gt;, Town"},
    {"address in text", LIQUID_TEXT, "*|HTML:LIST_ADDRESS_HTML|*", "1 <A>\nTown"},
    {"subject in HTML", LIQUID_HTML, "<title>*|MC:SUBJECT|*</title>",
	"<title>5 &lt; 6 &lt;i&gt;&quot;&amp; &amp; 7</title>"},
    {"subject in text", LIQUID_TEXT, "*|MC:SUBJECT|*", "5 < 6 <i>\"& & 7"},
    {"date with letters that stand for themselves", LIQUID_TEXT, "*|DATE:\\d\\a\\y j, 50%, jS|*",
	"day 31, 50%, 31st"},
    {"control characters in a header", LIQUID_HEADER, "*|LIST:ADDRESS|*", "1 <A> Town"},
    {"unknown", LIQUID_TEXT, "a\n\xc3\xa4 *|MC:TOC|*",
	"t:2:3: merge tag *|MC:TOC|*: no table of contents is made here"},
    {"unknown with a modifier", LIQUID_TEXT, "*|UPPER:RSS:URL|*",
	"t:1:1: merge tag *|UPPER:RSS:URL|*: no feed is read here"},
    {"unknown in a condition", LIQUID_TEXT, "*|IF:RSSITEM:X|*",
	"t:1:1: merge tag *|IF:RSSITEM:X|*: no feed is read here"},
    {"not closed", LIQUID_TEXT, "\n *|FNAME *|LNAME|*",
	"t:2:2: merge tag: a tag begins here that is not closed by |*"},
    {"IF not closed", LIQUID_TEXT, "x\n*|IF:A|*a*|IF:B|*b*|END:IF|*",
	"t:2:1: merge tag *|IF:A|*: no END:IF closes it"},
    {"INTERESTED not closed", LIQUID_TEXT, "*|INTERESTED:A:B|*",
	"t:1:1: merge tag *|INTERESTED:A:B|*: no END:INTERESTED closes it"},
    {"END without IF", LIQUID_TEXT, "*|END:IF|*",
	"t:1:1: merge tag *|END:IF|*: nothing is open that it could end"},
    {"crossed", LIQUID_TEXT, "*|IF:A|**|END:INTERESTED|*",
	"t:1:9: merge tag *|END:INTERESTED|*: the block that is open ends with END:IF"},
    {"ELSE without IF", LIQUID_TEXT, "*|ELSE:|*", "t:1:1: merge tag *|ELSE:|*: no IF is open here"},
    {"two ELSE", LIQUID_TEXT, "*|IF:A|**|ELSE:|**|ELSE:|**|END:IF|*",
	"t:1:18: merge tag *|ELSE:|*: there is an ELSE already"},
    {"ELSEIF after ELSE", LIQUID_TEXT, "*|IF:A|**|ELSE:|**|ELSEIF:B|**|END:IF|*",
	"t:1:18: merge tag *|ELSEIF:B|*: it stands after the ELSE"},
    {"ELSEIF in INTERESTED", LIQUID_TEXT, "*|INTERESTED:A:B|**|ELSEIF:B|*",
	"t:1:19: merge tag *|ELSEIF:B|*: no IF is open here"},
    {"no group", LIQUID_TEXT, "*|INTERESTED:A|*",
	"t:1:1: merge tag *|INTERESTED:A|*: expected INTERESTED:Group:Name"},
    {"no name", LIQUID_TEXT, "*|IF:=x|*",
	"t:1:1: merge tag *|IF:=x|*: a name is missing: IF:NAME or IF:NAME=value"},
    {"braces in a value", LIQUID_TEXT, "*|IF:A=%}{{ x }}|*",
	"t:1:1: merge tag *|IF:A=%}{{ x }}|* (contact.a): the value holds both kinds of quotes, or "
	"braces"},
    {"braces in a date", LIQUID_TEXT, "*|DATE:Y}}|*",
	"t:1:1: merge tag *|DATE:Y}}|*: the format holds quotes or braces"},
    {"in Liquid's marks", LIQUID_TEXT, "{{ \"*|FNAME|*\" }}",
	"t:1:5: merge tag *|FNAME|*: a merge tag can't stand inside of Liquid's marks"},
    {"in raw", LIQUID_TEXT, "{% raw %}*|FNAME|*{% endraw %}",
	"t:1:10: merge tag *|FNAME|*: a merge tag can't stand in {% raw %}"},
    {"Liquid's own error has the author's place", LIQUID_HTML,
	"*|IF:FNAME=x|**|FNAME|* *|END:IF|*\n*|FNAME|* {{ nosuch | }}",
	"t:2:23: expected the name of a filter, found the end"},
    {"and when it renders", LIQUID_HTML,
	"*|IF:FNAME=x|*y*|END:IF|*\n*|FNAME|* {{ 1 | divided_by: 0 }}", "t:2:18: divided by 0"},
};

static void
test_examples(void **state)
{
	const struct merge_options html = {.html = true, .subject = STR("5 < 6 *|LNAME|* & 7")};
	const struct merge_options text = {.subject = STR("5 < 6 *|LNAME|* & 7")};
	struct liquid_value data = parse_data(DATA);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(examples); i++) {
		const struct example *example = &examples[i];
		bool in_html = example->mode == LIQUID_HTML;

		check(example->name,
		    render(example->source, in_html ? &html : &text, example->mode, &data),
		    example->expected);
	}
	arena_reset(arena);
}

static void
test_subject(void **state)
{
	static const struct {
		const char *subject;
		const char *expected;
	} cases[] = {
	    {"*|MC:SUBJECT|*",
		"t:1:3: merge tag *|MC:SUBJECT|* of the Subject: it stands in the "
		"Subject itself"},
	    {"*|MC:TOC|*",
		"t:1:3: merge tag *|MC:TOC|* of the Subject: no table of contents is "
		"made here"},
	    {"*|IF:FNAME|*",
		"t:1:3: merge tag *|MC:SUBJECT|*: a condition in the Subject isn't "
		"closed"},
	    {"*|END:IF|*",
		"t:1:3: merge tag *|END:IF|* of the Subject: nothing is open that it "
		"could end"},
	    {"{{ 'a<b' }} &", "x a&lt;b &amp; y"},
	    {"", "x  y"},
	};
	struct liquid_value data = parse_data(DATA);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct merge_options options = {
		    .html = true, .subject = str_c(cases[i].subject)};

		check(cases[i].subject, render("x *|MC:SUBJECT|* y", &options, LIQUID_HTML, &data),
		    cases[i].expected);
	}
	arena_reset(arena);
}

/* A fact or a link that nobody gives is refused; a condition may ask for it. */
static void
test_has(void **state)
{
	const struct merge_options options = {.has = has_list_name};
	struct liquid_value data = parse_data("{\"campaign\":{\"list\":{\"name\":\"N\"}}}");

	(void)state;
	check("given", render("*|LIST:NAME|*", &options, LIQUID_TEXT, &data), "N");
	check("not given", render("*|LIST:PHONE|*", &options, LIQUID_TEXT, &data),
	    "t:1:1: merge tag *|LIST:PHONE|* (campaign.list.phone): the campaign's data has no "
	    "such value");
	check("no link", render("*|UNSUB|*", &options, LIQUID_TEXT, &data),
	    "t:1:1: merge tag *|UNSUB|* (campaign.links.unsubscribe): there is no such page: give "
	    "its address as links in the campaign's data");
	check("asked for",
	    render("*|IF:LIST:PHONE|*y*|ELSE:|*n*|END:IF|*", &options, LIQUID_TEXT, &data), "n");
	arena_reset(arena);
}

static void
test_ceilings(void **state)
{
	const struct merge_options options = {.html = false};
	struct liquid_value data = parse_data("{}");
	GString *many = g_string_new("");
	struct str got;

	(void)state;
	for (int i = 0; i < MERGE_DEPTH_MAX + 1; i++)
		g_string_append(many, "*|IF:A|*");
	check("nested", render(many->str, &options, LIQUID_TEXT, &data),
	    "t:1:257: merge tag *|IF:A|*: conditions are nested more than 32 deep");
	g_string_truncate(many, 0);
	for (int i = 0; i < MERGE_TAGS_MAX + 1; i++)
		g_string_append(many, "*|REWARDS|*");
	got = render(many->str, &options, LIQUID_TEXT, &data);
	check("many", got, "t:1:110001: merge tag *|REWARDS|*: there are more than 10000 tags");
	g_string_truncate(many, 0);
	g_string_append(many, "*|DATE:");
	for (int i = 0; i < MERGE_TAG_MAX; i++)
		g_string_append_c(many, 'Y');
	g_string_append(many, "|*");
	check("long", render(many->str, &options, LIQUID_TEXT, &data),
	    "t:1:1: merge tag: a tag begins here that is not closed by |*");
	g_string_free(many, TRUE);
	arena_reset(arena);
}

static void
note(void *closure, const struct merge_tag *tag)
{
	g_string_append_printf(closure, "%u:%u %.*s (%.*s) %s\n", tag->line, tag->column,
	    STR_F(tag->text), STR_F(tag->path), tag->why == NULL ? "ok" : tag->why);
}

static void
test_each(void **state)
{
	const struct merge_options options = {.html = true, .subject = STR("*|MC:TOC|*")};
	GString *list = g_string_new("");

	(void)state;
	assert_int_equal(merge_each(STR("*|FNAME|*\n *|IF:X|**|MC:TOC|* *|LNAME *|MC:SUBJECT|*"),
			     &options, note, list),
	    3);
	assert_string_equal(list->str,
	    "1:1 FNAME (contact.first_name) ok\n2:2 IF:X (contact.x) ok\n"
	    "2:10 MC:TOC () no table of contents is made here\n"
	    "2:21  () a tag begins here that is not closed by |*\n2:29 MC:SUBJECT () ok\n"
	    "2:2 IF:X () no END:IF closes it\n");
	g_string_free(list, TRUE);
}

/* --- the manual page --- */

static void
note_path(void *closure, const struct merge_tag *tag)
{
	GString *path = closure;

	if (path->len == 0 && tag->path.n > 0)
		g_string_append_len(path, tag->path.p, (gssize)tag->path.n);
}

static char *
without_roff(const char *text)
{
	GString *plain = g_string_new(text);

	g_string_replace(plain, "\\en", "\\n", 0);
	return g_string_free(plain, FALSE);
}

static struct liquid_value
page_data(void)
{
	const char *begin = strstr(page, "{\"contact\"");
	const char *end = begin == NULL ? NULL : strstr(begin, "\n.Ed");
	char *roff, *json;
	struct liquid_value data;

	assert_non_null(end);
	roff = g_strndup(begin, (gsize)(end - begin));
	json = without_roff(roff);
	data = parse_data(json);
	g_free(json);
	g_free(roff);
	return data;
}

static void
check_tag(char **cell, const struct liquid_value *data)
{
	struct merge_options options = {
	    .html = strstr(cell[2], "<br />") != NULL, .subject = STR("News for *|FNAME|*")};
	GString *path = g_string_new("");
	char *plain = without_roff(cell[2]), *expected = g_strcompress(plain);

	if (strcmp(expected, "-") == 0 && strstr(cell[0], "|*-|*") == NULL &&
	    strstr(cell[0], "INTERESTED") == NULL)
		expected[0] = '\0';
	assert_int_equal(merge_each(str_c(cell[0]), &options, note_path, path), 0);
	if (strcmp(path->len == 0 ? "-" : path->str, cell[1]) != 0)
		fail_msg("%s asks for \"%s\", the page says %s", cell[0], path->str, cell[1]);
	check(cell[0], render(cell[0], &options, options.html ? LIQUID_HTML : LIQUID_TEXT, data),
	    expected);
	g_string_free(path, TRUE);
	g_free(expected);
	g_free(plain);
}

static void
check_letter(char **cell, const struct liquid_value *data)
{
	const struct merge_options options = {.html = false};
	char *tag = g_strdup_printf("*|DATE:%s|*", cell[0]);
	char *liquid = g_strdup_printf("{{ 'now' | date: '%s' }}", cell[1]);

	check(tag, render(tag, &options, LIQUID_TEXT, data), cell[2]);
	if (cell[1][0] == '%')
		check(liquid, render(liquid, &options, LIQUID_TEXT, data), cell[2]);
	g_free(liquid);
	g_free(tag);
}

static void
note_why(void *closure, const struct merge_tag *tag)
{
	*(const char **)closure = tag->why;
}

static void
check_unknown(char **cell)
{
	const struct merge_options options = {.html = false};
	const char *why = NULL;

	assert_int_equal(merge_each(str_c(cell[0]), &options, note_why, (void *)&why), 1);
	check(cell[0], str_c(why), cell[1]);
}

static void
test_page(void **state)
{
	struct liquid_value data = page_data();
	char **line = g_strsplit(page, "\n", -1);
	int tags = 0, letters = 0, unknown = 0;

	(void)state;
	for (size_t i = 0; line[i] != NULL; i++) {
		char **cell = g_strsplit(line[i], "\t", -1);
		guint cells = g_strv_length(cell);

		if (cells == 3 && g_str_has_prefix(cell[0], "*|") && ++tags > 0)
			check_tag(cell, &data);
		else if (cells == 3 && strlen(cell[0]) == 1 && ++letters > 0)
			check_letter(cell, &data);
		else if (cells == 2 && g_str_has_prefix(cell[0], "*|") && ++unknown > 0)
			check_unknown(cell);
		g_strfreev(cell);
	}
	g_strfreev(line);
	assert_true(tags >= 60 && letters >= 30 && unknown >= 20);
	arena_reset(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_examples),
	    cmocka_unit_test(test_subject),
	    cmocka_unit_test(test_has),
	    cmocka_unit_test(test_ceilings),
	    cmocka_unit_test(test_each),
	    cmocka_unit_test(test_page),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
