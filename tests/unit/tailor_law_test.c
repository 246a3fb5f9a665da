/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tailor_law_test: what marketing has to show, who gets it, and by what fields it is known
 */
#include "tailor_fixture.h"

#include "base/buf.h"
#include "link/keyfile.h"
#include "link/link.h"
#include "tailor/look.h"
#include "tailor/tailor.h"

#define BASE   "https://t.shop.example"
#define POSTAL "Shop Ltd, 1 Main Street, Dublin"

/* --- look --- */

#define U "{{ links.unsubscribe }}"
#define A "<a href=\"" U "\">Leave</a>"
#define P "{{ campaign.postal_address }}"

static const struct {
	const char *name;
	const char *source;
} partials[] = {
    {"both", "<p>" P "</p>" A},
    {"link", A},
    {"text", "Leave: " U "\n"},
    {"nest", "{% render \"link\" %}"},
    {"loop", "{% render \"loop\" %}"},
    {"frame", "<body>{{ content_for_layout }}" A "</body>"},
};

static int
get_partial(void *closure, struct str name, struct str *source_r, struct err *err)
{
	(void)closure;
	(void)err;
	for (size_t i = 0; i < sizeof partials / sizeof partials[0]; i++) {
		if (!str_is(name, partials[i].name))
			continue;
		*source_r = str_c(partials[i].source);
		return 1;
	}
	return 0;
}

struct look_case {
	const char *name;
	const char *source;
	unsigned has;
};

static void
look_cases(const struct look_case *cases, size_t count, bool html)
{
	const struct tailor_look_partials given = {get_partial, NULL};
	char *postal = tailor_look_fold(STR(POSTAL));
	const struct tailor_look_query query = {.html = html, .postal = postal, .partials = &given};

	for (size_t i = 0; i < count; i++) {
		struct err err = ERR_INIT;
		struct tailor_look_found found;

		if (tailor_look(&query, str_c(cases[i].source), &found, &err) != 0)
			fail_msg("%s: %s", cases[i].name, err.text);
		if (found.has != cases[i].has)
			fail_msg("%s: has %u, expected %u", cases[i].name, found.has, cases[i].has);
		assert_true(found.place <= strlen(cases[i].source));
	}
	free(postal);
}

static void
links_in_html(void **state)
{
	static const struct look_case cases[] = {
	    {"nothing", "<p>Hello</p>", 0},
	    {"a link", A, 1},
	    {"to the preferences", "<a href='{{ links.preferences }}'>x</a>", 1},
	    {"tight", "<a href={{links.unsubscribe}}>x</a>", 1},
	    {"in brackets", "<a href=\"{{ links['unsubscribe'] }}\">x</a>", 1},
	    {"with a filter", "<a href=\"{{ links.unsubscribe | default: '#' }}\">x</a>", 1},
	    {"with a query behind it", "<a href=\"" U "?x=1\">x</a>", 1},
	    {"white space before it", "<a href=\" \n" U "\">x</a>", 1},
	    {"dashes", "<a href=\"{{- links.unsubscribe -}}\">x</a>", 1},
	    {"to another place with it", "<a href=\"https://x.example/?u=" U "\">x</a>", 0},
	    {"another member", "<a href=\"{{ links.unsubscribes }}\">x</a>", 0},
	    {"a member of it", "<a href=\"{{ links.unsubscribe.x }}\">x</a>", 0},
	    {"another object", "<a href=\"{{ campaign.links.unsubscribe }}\">x</a>", 0},
	    {"a text that names it", "<a href=\"{{ 'links.unsubscribe' }}\">x</a>", 0},
	    {"no value", "<a href>x</a>", 0},
	    {"another attribute", "<a title=\"" U "\" href=\"#\">x</a>", 0},
	    {"the first href counts", "<a href=\"#\" href=\"" U "\">x</a>", 0},
	    {"printed as text", "<p>" U "</p>", 0},
	    {"no text in it", "<a href=\"" U "\"></a>", 0},
	    {"white space in it", "<a href=\"" U "\"> &nbsp;&#8203;&zwnj;</a>", 0},
	    {"an output in it", "<a href=\"" U "\">{{ contact.word }}</a>", 1},
	    {"a partial in it", "<a href=\"" U "\">{% render 'text' %}</a>", 1},
	    {"an image in it", "<a href=\"" U "\"><img src=x></a>", 1},
	    {"a pixel in it", "<a href=\"" U "\"><img src=x width=1 height=1></a>", 0},
	    {"a hidden image in it", "<a href=\"" U "\"><img src=x style='display:none'></a>", 0},
	    {"bold text in it", "<a href=\"" U "\"><b>x</b></a>", 1},
	    {"text behind it", "<a href=\"" U "\"></a>x", 0},
	    {"text in another link", "<a href=\"" U "\"><a href='#'>x</a></a>", 0},
	    {"an area", "<map><area href=\"" U "\"></map>", 1},
	    {"VML in the open", "<v:roundrect href=\"" U "\">x</v:roundrect>", 1},
	    {"upper case", "<A HREF=\"" U "\">x</A>", 1},
	    {"in a comment", "<!-- " A " -->", 0},
	    {"for Outlook alone", "<!--[if mso]>" A "<![endif]-->", 0},
	    {"for all but Outlook", "<!--[if !mso]><!-->" A "<!--<![endif]-->", 1},
	    {"in a comment of the template", "{% comment %}" A "{% endcomment %}", 0},
	    {"in a script", "<script>" A "</script>", 0},
	    {"in a title", "<title>" A "</title>", 0},
	    {"in the head", "<head>" A "</head>", 1}, /* a browser ends the head here */
	    {"in a template element", "<template>" A "</template>", 0},
	    {"raw", "{% raw %}" A "{% endraw %}", 0},
	    {"behind raw", "{% raw %}{{ x }}{% endraw %}" A, 1},
	    {"captured", "{% capture x %}" A "{% endcapture %}", 0},
	    {"a comment that is not closed", "<!-- " A, 0},
	    {"HTML that is not closed", "<table><tr><td><div><a href=\"" U "\">x", 1},
	};

	(void)state;
	look_cases(cases, sizeof cases / sizeof cases[0], true);
}

static void
hidden_links(void **state)
{
	static const struct look_case cases[] = {
	    {"display", "<a style=\"display:none\" href=\"" U "\">x</a>", 0},
	    {"around it", "<div style=\"color:red; DISPLAY : None !important\">" A "</div>", 0},
	    {"behind it", "<div style=\"display:none\">x</div>" A, 1},
	    {"far around it",
		"<div style=\"display:none\"><table><tr><td>" A "</td></tr></table></div>", 0},
	    {"undone by the same style", "<p style=\"display:none;display:block\">" A "</p>", 1},
	    {"not undone inside",
		"<p style=\"display:none\"><b style=\"display:block\">" A "</b></p>", 0},
	    {"an entity in the style", "<p style=\"display&#58;none\">" A "</p>", 0},
	    {"under a condition", "<p style=\"{% if x %}display:none{% endif %}\">" A "</p>", 0},
	    {"computed", "<p style=\"display:{{ x }}\">" A "</p>", 1},
	    {"visibility", "<p style=\"visibility:hidden\">" A "</p>", 0},
	    {"visible inside",
		"<p style=\"visibility:hidden\"><b style=\"visibility:visible\">" A "</b></p>", 1},
	    {"no size", "<p style=\"font-size:0\">" A "</p>", 0},
	    {"no size in pixels", "<p style=\"font-size:0px\">" A "</p>", 0},
	    {"no size in em", "<p style=\"font-size:.0em\">" A "</p>", 0},
	    {"half a size", "<p style=\"font-size:0.5em\">" A "</p>", 1},
	    {"ten pixels", "<p style=\"font-size:10px\">" A "</p>", 1},
	    {"a size again inside",
		"<td style=\"font-size:0\"><div style=\"font-size:12px\">" A "</div></td>", 1},
	    {"an image has a size",
		"<td style=\"font-size:0\"><a href=\"" U "\"><img src=x></a></td>", 1},
	    {"opacity", "<p style=\"opacity:0\">" A "</p>", 0},
	    {"hidden", "<p hidden>" A "</p>", 0},
	    {"the text in it", "<a href=\"" U "\"><span style=\"display:none\">x</span></a>", 0},
	    {"a paragraph ends itself", "<p style=\"display:none\">x<p>" A, 1},
	    {"a cell ends itself", "<table><tr><td style=\"display:none\">x<td>" A "</table>", 1},
	    {"an item ends itself", "<ul><li hidden>x<li>" A "</ul>", 1},
	    {"an image ends itself", "<img hidden>" A, 1},
	    {"not closed", "<div style=\"display:none\">x" A, 0},
	    {"an end tag of nothing", "<div hidden></b>" A "</div>", 0},
	    {"an end tag that a cell holds back",
		"<div hidden><table><tr><td></div>" A "</table></div>", 0},
	};

	(void)state;
	look_cases(cases, sizeof cases / sizeof cases[0], true);
}

static void
branches(void **state)
{
	static const struct look_case cases[] = {
	    {"one branch", "{% if x %}" A "{% endif %}", 0},
	    {"both", "{% if x %}" A "{% else %}" A "{% endif %}", 1},
	    {"else alone", "{% if x %}{% else %}" A "{% endif %}", 0},
	    {"three of three", "{% if x %}" A "{% elsif y %}" A "{% else %}" A "{% endif %}", 1},
	    {"two of three", "{% if x %}" A "{% elsif y %}{% else %}" A "{% endif %}", 0},
	    {"no else", "{% if x %}" A "{% elsif y %}" A "{% endif %}", 0},
	    {"unless", "{% unless x %}" A "{% else %}" A "{% endunless %}", 1},
	    {"case", "{% case x %}{% when 1 %}" A "{% when 2 %}" A "{% else %}" A "{% endcase %}",
		1},
	    {"case without else", "{% case x %}{% when 1 %}" A "{% endcase %}", 0},
	    {"before the first when", "{% case x %}" A "{% when 1 %}{% else %}{% endcase %}", 0},
	    {"nested",
		"{% if x %}{% if y %}" A "{% else %}" A "{% endif %}{% else %}" A "{% endif %}", 1},
	    {"nested, one lacks it",
		"{% if x %}{% if y %}" A "{% endif %}{% else %}" A "{% endif %}", 0},
	    {"behind a block", "{% if x %}{% endif %}" A, 1},
	    {"a loop", "{% for x in y %}" A "{% endfor %}", 0},
	    {"a loop with else", "{% for x in y %}" A "{% else %}" A "{% endfor %}", 0},
	    {"a table's loop", "{% tablerow x in y %}" A "{% endtablerow %}", 0},
	    {"link and address by turns", "{% if x %}" A P "{% else %}" A "{% endif %}" P, 3},
	    {"text in the branches", "<a href=\"" U "\">{% if x %}a{% else %}b{% endif %}</a>", 1},
	    {"a link begun in a branch", "{% if x %}<a href=\"" U "\">{% endif %}x</a>", 0},
	    {"and seen in another one",
		"{% if x %}<a href=\"" U "\">{% endif %}{% if y %}x</a>{% endif %}", 0},
	    {"an href in a branch", "<a {% if x %}href=\"" U "\"{% endif %}>x</a>", 0},
	    {"a branch in an href", "<a href=\"{% if x %}" U "{% endif %}\">x</a>", 0},
	    {"a class in a branch", "<a href=\"" U "\"{% if x %} class=y{% endif %}>x</a>", 1},
	    {"a branch in a comment", "<!-- {% if x %} -->" A "<!-- {% endif %} -->", 0},
	    {"text of the address in a branch", "{% if x %}" POSTAL "{% endif %}", 0},
	    {"in both", "{% if x %}" POSTAL "{% else %}<b>" POSTAL "</b>{% endif %}", 2},
	};

	(void)state;
	look_cases(cases, sizeof cases / sizeof cases[0], true);
}

static void
taken_in(void **state)
{
	static const struct look_case cases[] = {
	    {"render", "<p>{% render 'link' %}</p>", 1},
	    {"both", "{% render \"both\" %}", 3},
	    {"include", "{% include 'link' %}", 1},
	    {"with a value", "{% render 'link' with x as y, z: 1 %}", 1},
	    {"of a partial", "{% render 'nest' %}", 1},
	    {"for each", "{% render 'link' for x %}", 0},
	    {"computed", "{% include x %}", 0},
	    {"not there", "{% render 'nowhere' %}", 0},
	    {"hidden", "<div hidden>{% render 'link' %}</div>", 0},
	    {"in a comment", "<!-- {% render 'link' %} -->", 0},
	    {"captured", "{% capture x %}{% render 'link' %}{% endcapture %}", 0},
	    {"in itself", "{% render 'loop' %}", 0},
	    {"layout", "{% layout 'frame' %}<p>x</p>", 1},
	};

	(void)state;
	look_cases(cases, sizeof cases / sizeof cases[0], true);
}

static void
addresses(void **state)
{
	static const struct look_case cases[] = {
	    {"printed", "<p>" P "</p>", 2},
	    {"printed with a filter", "<p>{{ campaign.postal_address | upcase }}</p>", 2},
	    {"printed where it is hidden", "<p hidden>" P "</p>", 0},
	    {"printed into an attribute", "<p title=\"" P "\">x</p>", 0},
	    {"assigned", "{% assign x = campaign.postal_address %}", 0},
	    {"as text", "<p>We are " POSTAL ".</p>", 2},
	    {"by lines", "<p>Shop Ltd<br>1 Main Street<br>\n Dublin</p>", 2},
	    {"in cells", "<table><tr><td>Shop Ltd<td>1 Main Street<td>Dublin</table>", 2},
	    {"with signs", "<p>SHOP LTD &bull; 1&nbsp;Main Street | Dublin</p>", 2},
	    {"with entities", "<p>Sh&#111;p Ltd,1 Main Str&#x65;et,&#32;Dublin</p>", 2},
	    {"with markup", "<p>Shop <b>Ltd</b>, 1 M<i>ain</i> Street, Dublin</p>", 2},
	    {"with a soft hyphen", "<p>Shop Ltd, 1 Main Str&shy;eet, Dub&#8203;lin</p>", 2},
	    {"wide letters", "<p>\xef\xbc\xb3hop Ltd, 1 Main Street, Dublin</p>", 2},
	    {"another number", "<p>Shop Ltd, 2 Main Street, Dublin</p>", 0},
	    {"cut", "<p>Shop Ltd, 1 Main Street</p>", 0},
	    {"an output within", "<p>Shop Ltd, {{ x }} 1 Main Street, Dublin</p>", 0},
	    {"hidden", "<p style=\"display:none\">" POSTAL "</p>", 0},
	    {"in a comment", "<!-- " POSTAL " -->", 0},
	    {"in an alternative text", "<img alt=\"" POSTAL "\">", 0},
	    {"in raw", "{% raw %}<p>" POSTAL "</p>{% endraw %}", 2},
	    {"half of it hidden", "<p>Shop Ltd<b hidden>x</b>, 1 Main Street, Dublin</p>", 2},
	};
	struct tailor_look_query query = {.html = true};
	struct tailor_look_found found;

	(void)state;
	look_cases(cases, sizeof cases / sizeof cases[0], true);
	/* Only the campaign's data know it: then an output is looked for. */
	assert_int_equal(tailor_look(&query, STR("<p>" POSTAL "</p>"), &found, NULL), 0);
	assert_int_equal(found.has, 0);
	assert_int_equal(tailor_look(&query, STR("<p>" P "</p>"), &found, NULL), 0);
	assert_int_equal(found.has, TAILOR_LOOK_POSTAL);
}

static void
plain_text(void **state)
{
	static const struct look_case cases[] = {
	    {"nothing", "Hello\n", 0},
	    {"empty", "", 0},
	    {"the output", "Leave: " U "\n", 1},
	    {"the preferences", "{{ links.preferences }}", 1},
	    {"an address", POSTAL "\n" U, 3},
	    {"in lines", "Shop Ltd\r\n1 Main Street\r\nDublin\n", 2},
	    {"printed", P "\n", 2},
	    {"in a branch", "{% if x %}" U "{% endif %}", 0},
	    {"in a comment", "{% comment %}" U "{% endcomment %}", 0},
	    {"captured", "{% capture x %}\n" U "\n{% endcapture %}", 0},
	    {"raw", "{% raw %}" U "{% endraw %}", 0},
	    {"taken in", "{% render 'text' %}", 1},
	    {"markup means nothing", "<!-- " U " -->", 1},
	    {"entities neither", "Shop Ltd, 1 Main Str&#101;et, Dublin", 0},
	    {"a tag over two lines", "{% if x\n %}" U "\n{% endif %}", 0},
	    {"behind one", "{{ contact.x\n }}\n" U, 1},
	};

	(void)state;
	look_cases(cases, sizeof cases / sizeof cases[0], false);
}

/* Where a footer goes; | in the source is the place. */
static void
places(void **state)
{
	static const struct {
		const char *name;
		const char *source;
		bool html;
	} cases[] = {
	    {"before the body's end", "<body><p>x</p>|</body></html>\n", true},
	    {"the last one", "<body>x</body>y|</body>", true},
	    {"without a body", "<html><p>x</p>|</html>\n", true},
	    {"without anything", "<p>x</p>|\n \n", true},
	    {"empty", "|", true},
	    {"not in a comment", "<body>x|</body><!-- </body> -->", true},
	    {"not in a branch", "{% if x %}</body>{% else %}</body>{% endif %}|\n", true},
	    {"not in raw", "{% raw %}</body>{% endraw %}|", true},
	    {"behind blocks", "{% if x %}y{% endif %}|</body>", true},
	    {"at the end of text", "Hello\n|", false},
	    {"without a line end", "Hello|", false},
	    {"before a signature", "Hello\n|-- \nShop\n", false},
	    {"the last of two", "Hello\n-- \nShop\n|-- \nAda\n", false},
	    {"a signature needs its space", "Hello\n--\nShop\n|", false},
	    {"not one that is quoted", "> -- \n> Ada\n|", false},
	    {"not one in a branch", "{% if x %}\n-- \nA{% else %}\n-- \nB{% endif %}|", false},
	    {"not one in a tag", "{{ x |\ndefault: '\n-- \n' }}\n|", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct tailor_look_query query = {.html = cases[i].html};
		const char *bar = strrchr(cases[i].source, '|');
		char source[200];
		struct tailor_look_found found;

		snprintf(source, sizeof source, "%.*s%s", (int)(bar - cases[i].source),
		    cases[i].source, bar + 1);
		assert_int_equal(tailor_look(&query, str_c(source), &found, NULL), 0);
		if (found.place != (size_t)(bar - cases[i].source))
			fail_msg("%s: at %zu, expected %zu", cases[i].name, found.place,
			    (size_t)(bar - cases[i].source));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(links_in_html),
	    cmocka_unit_test(hidden_links),
	    cmocka_unit_test(branches),
	    cmocka_unit_test(taken_in),
	    cmocka_unit_test(addresses),
	    cmocka_unit_test(plain_text),
	    cmocka_unit_test(places),
	};

	return cmocka_run_group_tests_name("tailor_law", tests, NULL, NULL);
}
