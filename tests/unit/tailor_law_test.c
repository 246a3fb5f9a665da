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

/* --- copies --- */

static struct {
	const struct conf *conf;
	struct dkim_keys *keys;
	struct link_keys *link_keys;
	struct tailor_templates *templates;
	struct store *store;
	struct tailor *tailor;
	struct arena *arena;
} world;

static const char *const files[] = {"key.pem", "tokens", "test.conf", "test.db", "test.db-wal",
    "test.db-shm", "data.json", "tpl/foot.html.liquid", "tpl/foot.txt.liquid",
    "tpl/chimp.html.liquid", "tpl/chimp.txt.liquid", "tpl/has.html.liquid", "tpl/has.txt.liquid"};

static const char configuration[] =
    "database = \"test.db\"\n"
    "hostname = \"mx.shop.example\"\n"
    "token_keys = \"tokens\"\n"
    "templates = \"tpl\"\n"
    "postal_address = \"" POSTAL "\"\n"
    "campaign web { tracking_url = \"" BASE "\" track_opens = no }\n"
    "campaign mail { unsubscribe_address = \"leave@shop.example\" }\n"
    "campaign none { }\n"
    "campaign receipt { kind = transactional tracking_url = \"" BASE "\" }\n"
    "campaign strict { strict = yes tracking_url = \"" BASE "\" }\n"
    "campaign agreed { consent = required unknown = defer }\n"
    "campaign own { footer = foot tracking_url = \"" BASE "\" }\n"
    "campaign chimp { footer = chimp tracking_url = \"" BASE "\" merge_tags = mailchimp }\n"
    "campaign here { postal_address = \"Elsewhere 2\" tracking_url = \"" BASE "\" }\n"
    "campaign data { data = \"data.json\" tracking_url = \"" BASE "\" }\n"
    "campaign person { automatic = no }\n"
    "campaign failing { missing = fail tracking_url = \"" BASE "\" }\n"
    "dkim \"shop.example\" { selector = \"s1\"  key = \"key.pem\" }\n";

static void
open_world(void)
{
	struct err err = ERR_INIT;
	struct conf *conf;
	char path[128];
	unsigned id;

	path_of("tokens", path);
	if (link_keyfile_add(path, &id, &err) != 0)
		fail_msg("%s", err.text);
	path_of("test.conf", path);
	if (conf_load(&conf, path, NULL, NULL, &err) != 0)
		fail_msg("%s", err.text);
	world.conf = conf;
	path_of("test.db", path);
	if (dkim_keys_load(&world.keys, conf, &err) != 0 ||
	    link_keys_load(&world.link_keys, conf, &err) != 0 ||
	    store_open(&world.store, path, STORE_CREATE, &err) != 0 ||
	    tailor_templates_load(&world.templates, conf, &err) != 0 ||
	    tailor_new(&world.tailor, conf, world.keys, world.link_keys, world.templates,
		world.store, &err) != 0)
		fail_msg("%s", err.text);
}

static void
say(const char *address, enum store_consent_state state)
{
	const struct store_consent consent = {.state = state};
	struct err err = ERR_INIT;

	assert_int_equal(store_consent_set(world.store, str_c(address), &consent, &err), 1);
}

static int
set_up(void **state)
{
	char path[128];

	(void)state;
	fixture_make_folder("tailor_law_test");
	write_key();
	path_of("tpl", path);
	assert_int_equal(mkdir(path, 0700), 0);
	write_file("data.json", "{\"postal_address\": \"From the data 3\"}");
	write_file("tpl/foot.html.liquid",
	    "<p>{% if contact.first_name %}For {{ contact.first_name }}{% endif %} " P " " A
	    "</p>\n");
	write_file("tpl/foot.txt.liquid", "For {{ contact.first_name }}: " P "\n" U "\n");
	write_file(
	    "tpl/chimp.html.liquid", "<p>*|FNAME|*, " P " <a href=\"*|UNSUB|*\">Leave</a></p>");
	write_file("tpl/chimp.txt.liquid", "*|FNAME|*, " P ": *|UNSUB|*\n");
	write_file("tpl/has.html.liquid", P A);
	write_file("tpl/has.txt.liquid", P U);
	write_file("test.conf", configuration);
	open_world();
	world.arena = arena_new((size_t)64 << 20);
	add_contact(world.store, "ada@example.org", "{\"first_name\": \"Ada\"}");
	add_contact(world.store, "yes@example.org", "{}");
	add_contact(world.store, "no@example.org", "{}");
	add_contact(world.store, "wait@example.org", "{}");
	say("yes@example.org", STORE_CONSENT_GRANTED);
	say("no@example.org", STORE_CONSENT_WITHDRAWN);
	say("wait@example.org", STORE_CONSENT_PENDING);
	return 0;
}

static int
tear_down(void **state)
{
	char path[128];

	(void)state;
	tailor_free(&world.tailor);
	store_close(&world.store);
	tailor_templates_unref(&world.templates);
	link_keys_unref(&world.link_keys);
	dkim_keys_unref(&world.keys);
	conf_unref(&world.conf);
	arena_free(&world.arena);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		path_of(files[i], path);
		unlink(path);
	}
	path_of("tpl", path);
	rmdir(path);
	rmdir(fixture_folder);
	return 0;
}

/* A message of one part; `fields` end in CRLF. -1: it was not taken. */
static int
make(struct tailor_message **message_r, const char *campaign, const char *fields, const char *body,
    struct err *err)
{
	const struct conf_campaign *found = conf_campaign_find(world.conf, str_c(campaign));
	struct str raw = arena_printf(world.arena,
	    "From: Shop <news@shop.example>\r\nTo: x@y.example\r\nSubject: s\r\n"
	    "Date: Sun, 01 Mar 2026 08:00:00 +0000\r\nMessage-ID: <1@x.example>\r\n"
	    "MIME-Version: 1.0\r\n%s\r\n%s",
	    fields, body);

	assert_non_null(found);
	return tailor_message_new(
	    message_r, world.tailor, found, str_c(campaign), STR("bounce@shop.example"), raw, err);
}

#define HTML_TYPE "Content-Type: text/html; charset=utf-8\r\n"
#define TEXT_TYPE "Content-Type: text/plain; charset=utf-8\r\n"

/* All that leaves, and the first part as it is read in *text_r (may be NULL). */
static struct str
copy_of(
    const char *campaign, const char *fields, const char *body, const char *to, struct str *text_r)
{
	const struct mime_limits limits = {200, 20, 20};
	struct tailor_message *message;
	struct mime_message *mime;
	struct tailor_copy copy;
	struct err err = ERR_INIT;
	struct buf out;
	struct str all;

	if (make(&message, campaign, fields, body, &err) != 0)
		fail_msg("%s: %s", campaign, err.text);
	tailor_render(world.tailor, message, str_c(to), world.arena, &copy);
	if (copy.verdict != STORE_SENT)
		fail_msg("%s: %.*s", campaign, STR_F(copy.reason));
	buf_init(&out, (size_t)8 << 20);
	assert_int_equal(tailor_copy_write(&copy, &out), 0);
	all = arena_str(world.arena, buf_str(&out));
	buf_fini(&out);
	tailor_message_free(&message);
	if (text_r == NULL)
		return all;
	assert_int_equal(mime_parse(&mime, all, &limits, &err), 0);
	*text_r = arena_str(world.arena, mime_part_at(mime, 0)->text);
	mime_free(&mime);
	return all;
}

static struct str
text_of(const char *campaign, const char *fields, const char *body)
{
	struct str text;

	copy_of(campaign, fields, body, "ada@example.org", &text);
	return text;
}

/* `body` up to `at`, then something that holds all the words, then the rest. */
static void
assert_footer(struct str text, const char *body, size_t at, const char *const *words)
{
	size_t rest = strlen(body) - at;
	struct str footer;

	if (text.n < strlen(body))
		fail_msg("\"%.*s\" is shorter than what came", STR_F(text));
	assert_memory_equal(text.p, body, at);
	assert_memory_equal(text.p + text.n - rest, body + at, rest);
	footer = (struct str){text.p + at, text.n - at - rest};
	for (; *words != NULL; words++) {
		if (!str_has(footer, str_c(*words)))
			fail_msg("\"%.*s\" has no \"%s\"", STR_F(footer), *words);
	}
}

static void
footers(void **state)
{
	static const char html[] = "<HTML><body ><td>&copy; caf\xc3\xa9</BODY></html>\n";
	static const char text[] = "Hello\n\ntwo  spaces\n-- \nThe shop\n";
	static const char *const in_html[] = {"<div ", POSTAL, "<a href=\"" BASE "/u/",
	    ">Abmelden</a>", BASE "/p/", ">Einstellungen</a>", NULL};
	static const char *const in_text[] = {
	    "\n" POSTAL "\n", "Abmelden: " BASE "/u/", "\nEinstellungen: " BASE "/p/", NULL};
	static const char *const unknown[] = {"Unsubscribe: " BASE "/u/", NULL};
	static const char *const here[] = {"Elsewhere 2", NULL};
	static const char *const data[] = {"From the data 3", NULL};
	static const char *const mail[] = {
	    POSTAL, "href=\"mailto:leave+", "@shop.example?subject=unsubscribe", NULL};
	struct str got;

	(void)state;
	assert_footer(text_of("web", HTML_TYPE, html), html,
	    (size_t)(strstr(html, "</BODY>") - html), in_html);
	assert_footer(
	    text_of("web", TEXT_TYPE, text), text, (size_t)(strstr(text, "-- \n") - text), in_text);
	assert_footer(text_of("web", TEXT_TYPE, "Hello\n"), "Hello\n", 6, in_text);
	/* In the contact's language, which of a stranger is not known. */
	copy_of("web", TEXT_TYPE, "Hello\n", "stranger@example.org", &got);
	assert_footer(got, "Hello\n", 6, unknown);
	assert_footer(
	    text_of("here", HTML_TYPE, html), html, (size_t)(strstr(html, "</BODY>") - html), here);
	assert_footer(
	    text_of("data", HTML_TYPE, html), html, (size_t)(strstr(html, "</BODY>") - html), data);
	got = text_of("mail", HTML_TYPE, html);
	assert_footer(got, html, (size_t)(strstr(html, "</BODY>") - html), mail);
	assert_false(str_has(got, STR("Einstellungen")));
	/* What can't be offered is not added, and what the law does not ask for neither. */
	assert_true(str_is(text_of("none", HTML_TYPE, html), html));
	assert_true(str_eq(str_trim(text_of("receipt", TEXT_TYPE, text)), str_trim(str_c(text))));
}

static void
no_footer_where_both_are(void **state)
{
	struct str text;

	(void)state;
	text = text_of("web", HTML_TYPE, "<p>" P "</p>" A);
	assert_true(str_starts(text, STR("<p>" POSTAL "</p><a href=\"" BASE "/u/")));
	assert_true(str_ends_nocase(str_trim(text), STR("\">Leave</a>")));
	text = text_of("web", HTML_TYPE, "<p>{% render 'has' %}</p>");
	assert_false(str_has(text, STR("<div")));
	text = text_of("web", TEXT_TYPE, "{% render 'has' %}");
	assert_false(str_has(text, STR("Abmelden:")));
	/* One is not enough: the footer brings both. */
	text = text_of("web", HTML_TYPE, A);
	assert_true(str_has(text, STR("<div")) && str_has(text, STR(POSTAL)));
	/* A raw text behind it stays what it is. */
	text = text_of("web", HTML_TYPE, "{% raw %}{{ x }}</body>{% endraw %}");
	assert_true(str_starts(text, STR("{{ x }}</body><div")));
	/* Nothing is missing because of the footer. */
	text = text_of("failing", HTML_TYPE, "<p>x</p>");
	assert_true(str_has(text, STR("/u/")));
}

static void
footers_of_ones_own(void **state)
{
	struct str text;

	(void)state;
	text = text_of("own", HTML_TYPE, "<p>x</p></body>");
	assert_true(str_starts(text, STR("<p>x</p><p>For Ada " POSTAL " <a href=\"" BASE "/u/")));
	text = text_of("own", TEXT_TYPE, "Hi");
	assert_true(str_starts(text, STR("Hi\n\nFor Ada: " POSTAL "\n" BASE "/u/")));
	text = text_of("chimp", HTML_TYPE, "<p>x</p>");
	assert_true(str_starts(text, STR("<p>x</p><p>Ada, " POSTAL " <a href=\"" BASE "/u/")));
	text = text_of("chimp", TEXT_TYPE, "Hi *|FNAME|*\n");
	assert_true(str_starts(text, STR("Hi Ada\n\nAda, " POSTAL ": " BASE "/u/")));
}

/* Each part on its own, and no attachment. */
static void
parts(void **state)
{
	static const char body[] =
	    "--m\r\nContent-Type: multipart/alternative; boundary=\"a\"\r\n\r\n"
	    "--a\r\n" TEXT_TYPE "\r\nHello\r\n"
	    "--a\r\n" HTML_TYPE "\r\n" P A "\r\n"
	    "--a\r\nContent-Type: text/x-amp-html\r\n\r\n<p>amp</p>\r\n--a--\r\n"
	    "--m\r\nContent-Type: text/plain; name=\"a.txt\"\r\n"
	    "Content-Disposition: attachment; filename=\"a.txt\"\r\n\r\n"
	    "attached\r\n--m--\r\n";
	const struct mime_limits limits = {200, 20, 20};
	struct str all = copy_of("web", "Content-Type: multipart/mixed; boundary=\"m\"\r\n", body,
	    "ada@example.org", NULL);
	struct mime_message *mime;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(mime_parse(&mime, all, &limits, &err), 0);
	assert_int_equal(mime_part_count(mime), 3);
	assert_true(str_has(mime_part_at(mime, 0)->text, STR("Abmelden: " BASE "/u/")));
	assert_false(str_has(mime_part_at(mime, 1)->text, STR("<div")));
	assert_true(str_is(str_trim(mime_part_at(mime, 2)->text), "<p>amp</p>"));
	assert_true(str_has(all, STR("\r\n\r\nattached\r\n--m--")));
	mime_free(&mime);
}

static void
refusals(void **state)
{
	static const struct {
		const char *campaign;
		const char *fields;
		const char *body;
		const char *reason;
	} cases[] = {
	    {"strict", HTML_TYPE, "<p>x</p>",
		"HTML part 1 has no link to unsubscribe that can be seen and no postal address, "
		"which campaign \"strict\" insists on (strict)"},
	    {"strict", TEXT_TYPE, U,
		"text part 1 has no postal address, which campaign \"strict\" insists on (strict)"},
	    {"strict", HTML_TYPE, "<p hidden>" A "</p>" POSTAL,
		"HTML part 1 has no link to unsubscribe that can be seen, which campaign "
		"\"strict\" "
		"insists on (strict)"},
	    {"strict", "Content-Type: text/plain; charset=x-unknown\r\n", "x",
		"a text part that can't be rewritten has no link to unsubscribe that can be seen, "
		"which campaign \"strict\" insists on (strict)"},
	    {"web", HTML_TYPE, "<p>x</p><!-- never closed",
		"HTML part 1 has no link to unsubscribe that can be seen and no postal address, "
		"and "
		"the footer at its end could not be seen: expected all that is hidden or commented "
		"out to be closed"},
	};
	struct tailor_message *message;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err err = ERR_INIT;

		assert_int_equal(
		    make(&message, cases[i].campaign, cases[i].fields, cases[i].body, &err), -1);
		assert_int_equal(err.code, ERR_TEMPLATE);
		assert_string_equal(err.text, cases[i].reason);
	}
	text_of("strict", HTML_TYPE, P A);
	text_of("strict", TEXT_TYPE, P U);
}

/* --- consent --- */

static void
consents(void **state)
{
	static const struct {
		const char *campaign;
		const char *to;
		enum store_verdict verdict;
		const char *reason;
	} cases[] = {
	    {"agreed", "yes@example.org", STORE_SENT, ""},
	    {"agreed", "ada@example.org", STORE_SUPPRESSED, "no consent"},
	    {"agreed", "wait@example.org", STORE_SUPPRESSED, "no consent"},
	    {"agreed", "no@example.org", STORE_SUPPRESSED, "consent withdrawn"},
	    {"agreed", "unknown@example.org", STORE_SUPPRESSED, "no consent"},
	    {"web", "yes@example.org", STORE_SENT, ""},
	    {"web", "ada@example.org", STORE_SENT, ""},
	    {"web", "wait@example.org", STORE_SENT, ""},
	    {"web", "no@example.org", STORE_SUPPRESSED, "consent withdrawn"},
	    {"web", "unknown@example.org", STORE_SENT, ""},
	    {"receipt", "no@example.org", STORE_SENT, ""},
	    {"receipt", "unknown@example.org", STORE_SENT, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct tailor_message *message;
		struct tailor_copy copy;
		struct err err = ERR_INIT;

		assert_int_equal(make(&message, cases[i].campaign, HTML_TYPE, "<p>x</p>", &err), 0);
		tailor_render(world.tailor, message, str_c(cases[i].to), world.arena, &copy);
		if (copy.verdict != cases[i].verdict || !str_is(copy.reason, cases[i].reason))
			fail_msg("%s to %s: %s, \"%.*s\"", cases[i].campaign, cases[i].to,
			    store_verdict_name(copy.verdict), STR_F(copy.reason));
		tailor_message_free(&message);
	}
}

/* --- fields --- */

static void
fields(void **state)
{
	static const struct {
		const char *name;
		const char *campaign;
		const char *given;
		const char *has;   /* NULL: nothing */
		const char *lacks; /* NULL: nothing */
	} cases[] = {
	    {"marketing", "web", "", "\r\nPrecedence: bulk\r\n", "Auto-Submitted"},
	    {"transactional", "receipt", "", "\r\nAuto-Submitted: auto-generated\r\n",
		"Precedence"},
	    {"its own", "web", "Precedence: list\r\n", "\r\nPrecedence: list\r\n", "bulk"},
	    {"its own, transactional", "receipt", "auto-submitted: no\r\n",
		"\r\nauto-submitted: no\r\n", "auto-generated"},
	    {"switched off", "person", "", NULL, "Precedence"},
	    {"by mail alone", "mail", "", "\r\nList-Unsubscribe: <mailto:leave+", "One-Click"},
	    {"by nothing", "none", "", NULL, "List-Unsubscribe"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char all[300];
		struct str copy;

		snprintf(all, sizeof all, "%s%s", cases[i].given, TEXT_TYPE);
		copy = copy_of(cases[i].campaign, all, "x\r\n", "ada@example.org", NULL);
		/* DKIM's list of names stands in the first field. */
		copy = (struct str){strstr(copy.p, "\r\nFrom:"),
		    copy.n - (size_t)(strstr(copy.p, "\r\nFrom:") - copy.p)};
		if ((cases[i].has != NULL && !str_has(copy, str_c(cases[i].has))) ||
		    (cases[i].lacks != NULL && str_has(copy, str_c(cases[i].lacks))))
			fail_msg("%s: %.*s", cases[i].name, STR_F(copy));
	}
}

/* Who answers to links.unsubscribe by mail is known by the token. */
static void
leaving_by_mail(void **state)
{
	struct link_facts facts;
	struct err err = ERR_INIT;
	struct str text = text_of("mail", TEXT_TYPE, U), known;
	struct store_contact contact;

	(void)state;
	known = (struct str){
	    text.p + strlen("mailto:"), (size_t)(strchr(text.p, '?') - text.p) - strlen("mailto:")};
	if (link_mail_decode(
		world.link_keys, LINK_UNSUBSCRIBE_MAIL, known, world.arena, &facts, &err) != 0)
		fail_msg("%.*s: %s", STR_F(text), err.text);
	assert_int_equal(
	    store_contact_get(world.store, STR("ada@example.org"), world.arena, &contact, &err), 1);
	assert_int_equal(facts.contact, contact.id);
	assert_true(facts.campaign > 0);
	/* Nobody is known behind an address of no contact. */
	copy_of("mail", TEXT_TYPE, U, "unknown@example.org", &text);
	assert_true(str_starts(text, STR("mailto:leave@shop.example?subject=unsubscribe")));
}

/* --- footers that are no good --- */

static void
bad_footers(void **state)
{
	static const struct {
		const char *name;
		const char *html;
		const char *text;
		const char *reason;
	} cases[] = {
	    {"good", P A, P U, NULL},
	    {"does not compile", "x\n" P A "{{ x | nope }}", P U, "footer: in HTML: bad:2:"},
	    {"an unknown merge tag", P A "*|NOSUCH:X|*", P U, "footer: in HTML: bad:1:"},
	    {"no text form", P A, NULL, "footer: in text: bad:1:11: there is no partial 'bad'"},
	    {"no link", P, P U, "footer: bad in HTML has no link to unsubscribe that can be seen"},
	    {"no address", P A, U, "footer: bad in text has no postal address"},
	    {"the link for some", P "{% if contact.x %}" A "{% endif %}", P U,
		"footer: bad in HTML has no link to unsubscribe that can be seen"},
	};
	char path[128];

	(void)state;
	write_file("bad.conf",
	    "token_keys = \"tokens\"\ntemplates = \"tpl\"\npostal_address = \"" POSTAL "\"\n"
	    "campaign a { footer = bad merge_tags = mailchimp tracking_url = \"" BASE "\" }\n");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct tailor_templates *templates;
		struct tailor *tailor = NULL;
		struct err err = ERR_INIT;
		struct conf *conf;

		write_file("tpl/bad.html.liquid", cases[i].html);
		path_of("tpl/bad.txt.liquid", path);
		unlink(path);
		if (cases[i].text != NULL)
			write_file("tpl/bad.txt.liquid", cases[i].text);
		path_of("bad.conf", path);
		assert_int_equal(conf_load(&conf, path, NULL, NULL, &err), 0);
		assert_int_equal(tailor_templates_load(&templates, conf, &err), 0);
		if (tailor_new(&tailor, conf, NULL, NULL, templates, NULL, &err) !=
		    (cases[i].reason == NULL ? 0 : -1))
			fail_msg("%s: %s", cases[i].name, err.text);
		if (cases[i].reason != NULL &&
		    (strstr(err.text, cases[i].reason) == NULL ||
			strstr(err.text, "bad.conf:4: ") == NULL))
			fail_msg("%s: %s", cases[i].name, err.text);
		tailor_free(&tailor);
		tailor_templates_unref(&templates);
		{
			const struct conf *gone = conf;

			conf_unref(&gone);
		}
	}
	unlink(path);
	path_of("tpl/bad.html.liquid", path);
	unlink(path);
	path_of("tpl/bad.txt.liquid", path);
	unlink(path);
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
	    cmocka_unit_test(footers),
	    cmocka_unit_test(no_footer_where_both_are),
	    cmocka_unit_test(footers_of_ones_own),
	    cmocka_unit_test(parts),
	    cmocka_unit_test(refusals),
	    cmocka_unit_test(consents),
	    cmocka_unit_test(fields),
	    cmocka_unit_test(leaving_by_mail),
	    cmocka_unit_test(bad_footers),
	};

	return cmocka_run_group_tests_name("tailor_law", tests, set_up, tear_down);
}
