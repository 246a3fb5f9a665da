/* SPDX-License-Identifier: BSD-2-Clause
 *
 * html_test: which bytes are links, edits by offset, addresses in and out
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "html/entity.h"
#include "html/html.h"
#include "liquid/liquid.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const struct html_options options = {.limits = {1 << 22, 10000}};

static struct html_doc *
scan(struct str source)
{
	struct html_doc *doc;
	struct err err = ERR_INIT;

	if (html_scan(&doc, source, &options, &err) != 0)
		fail_msg("%s", err.text);
	return doc;
}

static struct str
at(struct str source, struct html_range range)
{
	assert_true(range.begin <= range.end && range.end <= source.n);
	return (struct str){source.p + range.begin, range.end - range.begin};
}

static void
same(const char *name, struct str got, const char *want)
{
	if (!str_is(got, want))
		fail_msg("%s: expected \"%s\", got \"%.*s\"", name, want, STR_F(got));
}

/* --- which links there are --- */

/* "element:value" of each link as it stands in the source, joined by blanks */
static void
list_links(struct str source, struct buf *out)
{
	struct html_doc *doc = scan(source);

	for (size_t i = 0; i < html_link_count(doc); i++) {
		const struct html_link *link = html_link_at(doc, i);
		struct str value = at(source, link->value.range);

		buf_printf(
		    out, "%s%.*s:%.*s", i > 0 ? " " : "", STR_F(link->element), STR_F(value));
		assert_int_equal(source.p[link->tag.begin], '<');
		assert_int_equal(source.p[link->tag.end - 1], '>');
		assert_true(link->value.range.begin > link->tag.begin);
		assert_true(link->value.range.end < link->tag.end);
	}
	if (html_summary(doc)->mismatches > 0)
		buf_printf(
		    out, "%s%zu differ", out->len > 0 ? " " : "", html_summary(doc)->mismatches);
	html_free(&doc);
}

struct links_case {
	const char *name;
	struct str source;
	const char *links;
};

#define CASE(name, source, links)        \
	{                                \
		name, STR(source), links \
	}

static const struct links_case links_cases[] = {
    CASE("none", "", ""),
    CASE("text alone", "no tag", ""),
    CASE("double quotes", "<a href=\"x\">", "a:x"),
    CASE("single quotes", "<a href='x\"y'>", "a:x\"y"),
    CASE("no quotes", "<a href=x>", "a:x"),
    CASE("no quotes, slash", "<a href=http://x/>", "a:http://x/"),
    CASE("upper case, spaces", "<A HREF = x >", "A:x"),
    CASE("over lines", "<a\n class=y\n href\n =\n\"x\"\n>", "a:x"),
    CASE("value over lines", "<a href=\"x\ny\">", "a:x\ny"),
    CASE("slash instead of space", "<a/href=x>", "a:x"),
    CASE("no space between attributes", "<a class=\"y\"href=\"x\">", "a:x"),
    CASE("first of two", "<a href=x href=y>", "a:x"),
    CASE("other attributes", "<a data-href=y xhref=z hrefx=w>", ""),
    CASE("no value", "<a href><a href=><a href class=x>", ""),
    CASE("empty value", "<a href=\"\">", "a:"),
    CASE("a > in a value", "<a title=\"a>b\" href=x>", "a:x"),
    CASE("a tag in a value", "<a title=\"<a href=y>\" href=x>", "a:x"),
    CASE("an = in front of a name", "<a =href=y href=x>", "a:x"),
    CASE("area", "<map><area href=x></map>", "area:x"),
    CASE("link and base are none", "<link href=x><base href=y>", ""),
    CASE("longer names", "<abbr href=x><aa href=y>", ""),
    CASE("name with more behind", "<a\303\251 href=x>", ""),
    CASE("VML", "<v:roundrect href=\"x\" fill=t>", "v:roundrect:x"),
    CASE("VML without href", "<v:fill color=\"x\"/>", ""),
    CASE("self-closing", "<a href=\"x\"/>", "a:x"),
    CASE("end tag", "</a href=x>", ""),
    CASE("letters beyond ASCII", "\303\204<a href=\"\303\244\">", "a:\303\244"),
    CASE("invalid UTF-8", "\xff\xfe<a href=\"\xc3\">\x80<a href=y>", "a:\xc3 a:y"),
    CASE("byte order mark", "\357\273\277<a href=x>", "a:x"),
    CASE("charset declared", "<meta charset=utf-16><a href=\"\303\244\">", "a:\303\244"),
    CASE("NUL", "a\0b<p title=\"\0\"><a href=x>\0<a href=y>", "a:x a:y"),
    CASE("control characters", "\x01\x02<a title=\"\x01\" href=x>", "a:x"),
    /* what is text */
    CASE("stray <", "a < b <3 <<a href=x> <", "a:x"),
    CASE("</ and a space", "</ <a href=y><a href=x>", "a:x"),
    CASE("</>", "</><a href=x>", "a:x"),
    CASE("no end of tag", "<a href=x><a href=\"y\"", "a:x"),
    CASE("no closing quote", "<a href=x><a href=\"y>z</a><a href=z>", "a:x"),
    CASE("closing quote later", "<a href=\"x>z</a><a class=\"y\">", "a:x>z</a><a class="),
    CASE("script", "<script>'<a href=y>'</script><a href=x>", "a:x"),
    CASE("script in a script", "<script><!--<script></script><a href=y>--></script><a href=x>",
	"a:x"),
    CASE("script with a comment", "<script><!--</script><a href=x>", "a:x"),
    CASE("style", "<style><a href=y></styles></STYLE ><a href=x>", "a:x"),
    CASE("style without end", "<a href=x><style><a href=y>", "a:x"),
    CASE("title", "<title>5\" <a href=\"</title><a href=x>", "a:x"),
    CASE("textarea", "<textarea><a href=y></textarea><a href=x>", "a:x"),
    CASE("iframe", "<iframe><a href=y></iframe><a href=x>", "a:x"),
    CASE("noscript", "<noscript><a href=x></noscript>", "a:x"),
    CASE("plaintext", "<a href=x><plaintext><a href=y></plaintext><a href=z>", "a:x"),
    CASE("svg", "<svg><a href=x></a><title><a href=y></title></svg><a href=z>", "a:x a:y a:z"),
    CASE("CDATA in svg", "<svg><![CDATA[><a href=y>]]></svg><a href=x>", "a:x"),
    CASE("CDATA in HTML", "<![CDATA[><a href=x>]]>", "a:x"),
    CASE("style in svg", "<svg><style><a href=x></style></svg><style><a href=y></style>", "a:x"),
    CASE("svg left by p", "<svg><p><![CDATA[><a href=x>]]>", "a:x"),
    CASE("HTML in svg", "<svg><foreignObject><title><a href=y></title></foreignObject></svg>", ""),
    CASE("doctype", "<!DOCTYPE html PUBLIC \"a\" \"b\"><a href=x>", "a:x"),
    CASE("PHP", "<?php echo 1 ?><a href=x>", "a:x"),
    CASE("head twice", "<html><head></head><head><body><body><a href=x>", "a:x"),
    /* comments */
    CASE("comment", "<!-- <a href=y> --><a href=x>", "a:x"),
    CASE("comment with a >", "<!-- > <a href=y> -- > --><a href=x>", "a:x"),
    CASE("comment without end", "<a href=x><!-- <a href=y>", "a:x"),
    CASE("<!-->", "<!--><a href=x>", "a:x"),
    CASE("<!--->", "<!---><a href=x><!-- -->", "a:x"),
    CASE("<!---->", "<!----><a href=x>", "a:x"),
    CASE("--!>", "<!-- --!><a href=x>-->", "a:x"),
    CASE("for Outlook", "<!--[if mso]><a href=\"x\"><![endif]--><a href=\"y\">", "a:x a:y"),
    CASE("for Outlook, versions", "<!--[if (gte mso 9)|(IE)]><v:rect href=x></v:rect><![endif]-->",
	"v:rect:x"),
    CASE("not for Outlook", "<!--[if !mso]><!--><a href=\"x\"><!--<![endif]-->", "a:x"),
    CASE("not for Outlook, spaces", "<!--[if !mso]><!-- --><a href=x><!-- <![endif]-->", "a:x"),
    CASE("revealed", "<![if !mso]><a href=x><![endif]>", "a:x"),
    CASE("nested", "<!--[if mso]><a href=x><!--[if gte mso 9]><a href=y><![endif]--><a href=z>",
	"a:x a:z"),
    CASE("no condition", "<!--[iffy]><a href=y>--><!--[endif]><a href=z>-->", ""),
    CASE(
	"style for Outlook", "<!--[if mso]><style><a href=y></style><a href=x><![endif]-->", "a:x"),
    CASE("style for Outlook without end", "<!--[if mso]><style>a{}<![endif]--><a href=x>", "a:x"),
    CASE("tag for Outlook without end", "<!--[if mso]><a title=\"<![endif]--><a href=x>", "a:x"),
    /* templates */
    CASE("output", "<a href=\"{{ url }}\">", "a:{{ url }}"),
    CASE("quotes and > in an output", "<a href=\"{{ \"a > b\" }}\">", "a:{{ \"a > b\" }}"),
    CASE("> in a tag", "<a {% if a > b %}class='{{ \"'\" }}'{% endif %} href=x>", "a:x"),
    CASE("quote in a tag", "<a title=\"{% if a == \"b\" %}1{% endif %}\" href=x>", "a:x"),
    CASE("one of two", "<a {% if x %}href=\"a\"{% else %}href=\"b\"{% endif %}>", "a:a a:b"),
    CASE("first of two in each branch",
	"<a {% if x %}href='a' href='c'{% else %}href='b'{% endif %}>", "a:a a:b"),
    CASE("tag beside the name", "<a{% if x %} class=y{% endif %} href=x>", "a:x"),
    CASE("no quotes, output", "<a href={{ url }} class=x>", "a:{{ url }}"),
    CASE("no quotes, tag behind", "<a href={{ url }}{% if x %} class=y{% endif %}>", "a:{{ url }}"),
    CASE("no quotes, whole tags", "<a href={% if x %}y{% else %}z{% endif %}>",
	"a:{% if x %}y{% else %}z{% endif %}"),
    CASE("name from the template", "<{{ tag }} href=\"y\"><a href=x>", "a:x"),
    CASE("attributes from the template", "<a {{ attributes }} href=x>", "a:x"),
    CASE("comment of the template", "{% comment %}<a href=y>\"{% endcomment %}<a href=x>", "a:x"),
    CASE("comment in a tag", "<a {% comment %}href=y>{% endcomment %}href=x>", "a:x"),
    CASE("inline comment", "{% # <a href=y> %}<a href=x>", "a:x"),
    CASE("raw", "{% raw %}<a href=\"{{\">{% endraw %}<a href=x>", "a:{{ a:x"),
    CASE("quotes in raw", "{% raw %}<a title=\"{{ \"href=\"x\">{% endraw %}", "a:x"),
    CASE("comment for Outlook", "<!--[if mso]>{% if a %}<a href={{ x }}>{% endif %}<![endif]-->",
	"a:{{ x }}"),
    CASE("tag not closed", "<a href=x>{{ <a href=y>", "a:x a:y"),
    CASE("raw not closed", "<a href=x>{% raw %}<a href=y>", "a:x a:y"),
    CASE("script with output", "<script>{{ \"</script>\" }}<a href=y></script><a href=x>", "a:x"),
    /* where the readers differ, nothing is found */
    CASE("junk between attributes", "<a \"=\"<a href=y>\" href=x><a href=z>", "a:z 1 differ"),
};

static void
which_links(void **state)
{
	struct buf got;

	(void)state;
	buf_init(&got, 1 << 16);
	for (size_t i = 0; i < sizeof links_cases / sizeof links_cases[0]; i++) {
		buf_reset(&got);
		list_links(links_cases[i].source, &got);
		same(links_cases[i].name, buf_str(&got), links_cases[i].links);
	}
	buf_fini(&got);
}

/* --- what is said of a link --- */

/* address, scheme, quote, flags, line, text */
static void
describe(struct str source, struct buf *out)
{
	struct html_doc *doc = scan(source);

	for (size_t i = 0; i < html_link_count(doc); i++) {
		const struct html_link *link = html_link_at(doc, i);

		buf_printf(out, "%s<%.*s> %s %c%s%s%s%s%s%s%s %u '%.*s'", i > 0 ? "; " : "",
		    STR_F(link->address), html_scheme_name(link->scheme),
		    "ns d"[link->value.quote == HTML_QUOTE_DOUBLE ? 3 : link->value.quote],
		    link -> value.dynamic &HTML_DYNAMIC_OUTPUT ? " output" : "",
		    link->value.dynamic &HTML_DYNAMIC_TAG ? " tag" : "", link->off ? " off" : "",
		    link->conditional ? " mso" : "", link->literal ? " raw" : "",
		    link->captured ? " capture" : "", link->whole ? "" : " torn", link->line,
		    STR_F(link->text));
	}
	html_free(&doc);
}

static const struct links_case describe_cases[] = {
    CASE("entities", "<a href=\"http://x/?a=1&amp;b=2\">y</a>", "<http://x/?a=1&b=2> http d 1 'y'"),
    CASE("once", "<a href='?a=&amp;amp;'>", "<?a=&amp;> relative s 1 ''"),
    CASE("ambiguous ampersand", "<a href='?a&copy=1&copyx&copy;&lt=1&lt'>",
	"<?a&copy=1&copyx\302\251&lt=1<> relative s 1 ''"),
    CASE("numbers", "<a href='&#x68;&#116tp:&#0;&#128;'>",
	"<http:\357\277\275\342\202\254> http s 1 ''"),
    CASE("trimmed", "<a href=' \n http://x/a\tb\r\nc d '>", "<http://x/abc d> http s 1 ''"),
    CASE("line break by entity", "<a href='http://x/&#10;y&NewLine;'>", "<http://x/y> http s 1 ''"),
    CASE("bytes stay", "<a href='http://b\303\274cher.example/%zz?{a}=%E4|^ \\'>",
	"<http://b\303\274cher.example/%zz?{a}=%E4|^ \\> http s 1 ''"),
    CASE("schemes", "<a href=HTTPS:x><a href=mailto:x><a href=tel:1><a href=sms:1>",
	"<HTTPS:x> http n 1 ''; <mailto:x> mailto n 1 ''; <tel:1> tel n 1 ''; <sms:1> sms n 1 ''"),
    CASE("more schemes", "<a href=cid:x><a href=data:x><a href=javascript:x><a href=ftp:x>",
	"<cid:x> cid n 1 ''; <data:x> data n 1 ''; <javascript:x> javascript n 1 ''; "
	"<ftp:x> other n 1 ''"),
    CASE("no schemes", "<a href='#'><a href=x><a href=//x><a href=''><a href='1:2'><a href=?x:y>",
	"<#> fragment s 1 ''; <x> relative n 1 ''; <//x> relative n 1 ''; <> empty s 1 ''; "
	"<1:2> relative s 1 ''; <?x:y> relative n 1 ''"),
    CASE("scheme hidden", "<a href='java&Tab;script:x'>", "<javascript:x> javascript s 1 ''"),
    CASE("merge tag of others", "<a href='*|UNSUB|*'>", "<*|UNSUB|*> relative s 1 ''"),
    CASE("output", "<a href=\"http://x/{{ a | b: '&amp;' }}&amp;\">",
	"<http://x/{{ a | b: '&amp;' }}&> http d output 1 ''"),
    CASE("all from output", "<a href=\" {{ a }} \">", "<{{ a }}> unknown d output 1 ''"),
    CASE("scheme in a branch", "<a href='{% if a %}http:{% endif %}//x'>",
	"<{% if a %}http:{% endif %}//x> unknown s tag 1 ''"),
    CASE("no scheme yet", "<a href='ht{{ p }}:x'>", "<ht{{ p }}:x> unknown s output 1 ''"),
    CASE("fragment", "<a href='#{{ p }}'>", "<#{{ p }}> fragment s output 1 ''"),
    CASE("block not ended", "<a href='{% if a %}x' class='{% endif %}'>",
	"<{% if a %}x> unknown s tag torn 1 ''"),
    CASE("branch of another block", "{% if a %}<a href='x{% else %}y'>{% endif %}",
	"<x{% else %}y> unknown s tag torn 1 ''"),
    CASE("quotes in a branch", "<a href={% if a %}\"x\"{% endif %}>",
	"<{% if a %}\"x\"{% endif %}> unknown n tag torn 1 ''"),
    CASE("loop", "<a href='x{% for a in b %}{{ a }}{% endfor %}'>",
	"<x{% for a in b %}{{ a }}{% endfor %}> unknown s output tag 1 ''"),
    CASE("lines", "\n<a\nhref=x>\n\n<!--[if mso]>\n<a href=y><![endif]-->\n<a href=z>",
	"<x> relative n 2 ''; <y> relative n mso 6 ''; <z> relative n 7 ''"),
    CASE("off", "<a data-track=off href=x><a href=y DATA-TRACK=' OFF '><a data-track=on href=z>",
	"<x> relative n off 1 ''; <y> relative n off 1 ''; <z> relative n 1 ''"),
    CASE("off by ancestor",
	"<div data-track=off><div><br data-track=on><a href=x></div><a href=y></div><a href=z>",
	"<x> relative n off 1 ''; <y> relative n off 1 ''; <z> relative n 1 ''"),
    CASE("off in a paragraph", "<p data-track=off><a href=x><p><a href=y></p><a href=z>",
	"<x> relative n off 1 ''; <y> relative n 1 ''; <z> relative n 1 ''"),
    CASE("off around Outlook",
	"<p data-track=off><!--[if mso]><a href=x></p><![endif]--><a href=y>",
	"<x> relative n off mso 1 ''; <y> relative n off 1 ''"),
    CASE("text", "<a href=x> Buy\n <b>n&amp;w</b>&nbsp;<br>{{ p }}{% if a %}!{% endif %} </a> no",
	"<x> relative n 1 'Buy n&w {{ p }}!'"),
    CASE("text of an image", "<a href=x><img src=y alt='Sale &gt;'></a>",
	"<x> relative n 1 'Sale >'"),
    CASE("text of an area", "<area alt=Here href=x>there", "<x> relative n 1 'Here'"),
    CASE("text around Outlook", "<a href=x>a<!--[if mso]><a href=y>b</a>c<![endif]-->d</a>",
	"<x> relative n 1 'ad'; <y> relative n mso 1 'b'"),
    CASE("text of two", "<a {% if x %}href='x'{% else %}href='y'{% endif %}>b</a>",
	"<x> relative s 1 'b'; <y> relative s 1 'b'"),
    CASE("branches without quotes", "<a {% if x %}href=x{% else %}href=y{% endif %}>b</a>",
	"<x{% else %}href=y> unknown n tag torn 1 'b'"),
    CASE("raw", "{% raw %}<a href='{{ x }}'>{% endraw %}<a href=y>",
	"<{{ x }}> relative s raw 1 ''; <y> relative n 1 ''"),
    CASE("capture", "{% capture b %}<a href=x>{% endcapture %}<a href=y>",
	"<x> relative n capture 1 ''; <y> relative n 1 ''"),
};

static void
what_is_said(void **state)
{
	struct buf got;

	(void)state;
	buf_init(&got, 1 << 16);
	for (size_t i = 0; i < sizeof describe_cases / sizeof describe_cases[0]; i++) {
		buf_reset(&got);
		describe(describe_cases[i].source, &got);
		same(describe_cases[i].name, buf_str(&got), describe_cases[i].links);
	}
	buf_fini(&got);
}

static void
link_text_has_a_ceiling(void **state)
{
	struct buf source;
	struct html_doc *doc;

	(void)state;
	buf_init(&source, 1 << 16);
	buf_add_c(&source, "<a href=x>a");
	for (int i = 0; i < 300; i++)
		buf_add_c(&source, "\303\244");
	doc = scan(buf_str(&source));
	/* 1 + 2 * 99: no character is cut through */
	assert_int_equal(html_link_at(doc, 0)->text.n, 199);
	html_free(&doc);
	buf_fini(&source);
}

/* --- places --- */

static const struct {
	const char *name;
	const char *source; /* with H, E, B, P where head, its end, body and the end shall be */
} places_cases[] = {
    {"all", "<html><head>^H<title></title>^E</head><body class=x>^Bhi^P</body></html>\n"},
    {"none", "hi<br>^P \n"},
    {"html alone", "<html>hi^P</html> "},
    {"last end of body", "<body>^Bx</body>y^P</body>\n</html>"},
    {"end in a comment", "<body>^Bx^P</body><!-- </body> -->"},
    {"end in a script", "<body>^B<script>'</body>'</script>x^P\n"},
    {"head for Outlook", "<!--[if mso]><head></head><body><![endif]--><head>^H^E</head>^P"},
    {"end in a comment of the template", "<body>^Bx^P</body>{% comment %}</body>{% endcomment %}"},
    {"second body", "<body>^B<body>^P</body>"},
    {"empty", "^P"},
};

static void
where_places_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof places_cases / sizeof places_cases[0]; i++) {
		size_t want[128], *place = want, n = 0;
		const struct html_places *got;
		struct html_doc *doc;
		char source[512];

		for (int c = 0; c < 128; c++)
			want[c] = HTML_NOWHERE;
		for (const char *p = places_cases[i].source; *p != '\0'; p++) {
			if (*p == '^')
				place[(unsigned char)*++p] = n;
			else
				source[n++] = *p;
		}
		doc = scan((struct str){source, n});
		got = html_places(doc);
		if (got->head_begin != want['H'] || got->head_end != want['E'] ||
		    got->body_begin != want['B'] || got->body_end != want['P'] ||
		    got->has_body != (want['B'] != HTML_NOWHERE))
			fail_msg("%s: %zd %zd %zd %zd", places_cases[i].name,
			    (ssize_t)got->head_begin, (ssize_t)got->head_end,
			    (ssize_t)got->body_begin, (ssize_t)got->body_end);
		html_free(&doc);
	}
}

static void
place_in_raw_is_told(void **state)
{
	struct html_doc *doc = scan(STR("{% raw %}x</body>{% endraw %}"));

	(void)state;
	assert_true(html_places(doc)->end_literal);
	html_free(&doc);
	doc = scan(STR("{% raw %}x{% endraw %}</body>\n"));
	html_free(&doc);
	doc = scan(STR("{% raw %}x{% endraw %} </body>"));
	assert_false(html_places(doc)->end_literal);
	html_free(&doc);
}

static void
images(void **state)
{
	struct str source = STR("<img src='a.png' ALT width=10 height='20px'><img width=100%>"
				"<img src={{ x }} alt=''><!--[if mso]><img src=b><![endif]-->");
	struct html_doc *doc = scan(source);
	const struct html_image *image = html_image_at(doc, 0);

	(void)state;
	assert_int_equal(html_image_count(doc), 3);
	same("src", at(source, image->src.range), "a.png");
	assert_true(image->has_alt && !image->conditional);
	assert_int_equal(image->width, 10);
	assert_int_equal(image->height, 20);
	same("src", at(source, image[1].src.range), "{{ x }}");
	assert_int_equal(image[1].src.dynamic, HTML_DYNAMIC_OUTPUT);
	assert_int_equal(image[1].width, -1);
	assert_true(!image[2].has_alt && image[2].conditional);
	html_free(&doc);
}

/* --- visible text --- */

static const struct links_case text_cases[] = {
    CASE("text", "a  b\n\nc", "a b c"),
    CASE("blocks", "<p>a</p><div>b<br>c</div><table><tr><td>d<td>e</table>", "a\nb\nc\nd\ne"),
    CASE("inline", "a<b>b</b> <i>c</i>", "ab c"),
    CASE("head", "<head><title>t</title><style>s</style>h</head>x", "x"),
    CASE("head without end", "<head><title>t</title><body>x", "x"),
    CASE("head without end or body", "<head><meta><p>x", "x"),
    CASE("scripts", "a<script>b</script><style>c</style><textarea>d</textarea>e", "ae"),
    CASE("comments", "a<!-- b --><!--[if mso]>c<![endif]-->d", "ad"),
    CASE("not for Outlook", "<!--[if !mso]><!-->a<!--<![endif]-->", "a"),
    CASE("hidden", "a<div style='color:red;DISPLAY : none !important'>b<div>c</div>d</div>e", "ae"),
    CASE("hidden attribute", "a<span hidden>b</span>c", "ac"),
    CASE("hidden image", "a<img style='display:none' alt=x>b", "ab"),
    CASE("shown", "a<div style='display:block;x:display:none'>b</div>", "a\nb"),
    CASE("entities", "&lt;a&gt; &copy &copyx &nbsp; &amp;amp; &#65;",
	"<a> \302\251 \302\251x &amp; A"),
    CASE("template", "Hello {{ a }}{% if b %}!{% endif %}{% comment %}x{% endcomment %}",
	"Hello {{ a }}!"),
    CASE("raw", "{% raw %}{{ &lt; }}{% endraw %}", "{{ < }}"),
    CASE("stray", "1 < 2 & 3", "1 < 2 & 3"),
    CASE("image", "a<img src=x alt='b &amp; c'>d", "a b & c d"),
};

static void
visible_text(void **state)
{
	struct err err = ERR_INIT;
	struct buf got;

	(void)state;
	buf_init(&got, 4096);
	for (size_t i = 0; i < sizeof text_cases / sizeof text_cases[0]; i++) {
		buf_reset(&got);
		assert_int_equal(html_text(text_cases[i].source, &options, true, &got, &err), 0);
		same(text_cases[i].name, buf_str(&got), text_cases[i].links);
	}
	buf_reset(&got);
	html_text(STR("a<img alt=b>c"), &options, false, &got, &err);
	same("images left out", buf_str(&got), "ac");
	buf_fini(&got);
	buf_init(&got, 3);
	assert_int_equal(html_text(STR("abcd"), &options, false, &got, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	same("what fits", buf_str(&got), "abc");
	buf_fini(&got);
}

/* --- edits --- */

static void
edits(void **state)
{
	struct str source = STR("0123456789");
	struct html_edit edit[] = {{{8, 10}, STR("X")}, {{3, 3}, STR("a")}, {{0, 2}, STR("")},
	    {{3, 3}, STR("b")}, {{3, 5}, STR("c")}, {{10, 10}, STR("end")}};
	struct html_edit overlap[] = {{{2, 5}, STR("X")}, {{4, 6}, STR("Y")}};
	struct html_edit outside[] = {{{2, 11}, STR("X")}};
	struct html_edit backwards[] = {{{3, 2}, STR("X")}};
	struct err err = ERR_INIT;
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	assert_int_equal(html_splice(source, edit, 6, &out, &err), 0);
	same("edits", buf_str(&out), "2abc567Xend");
	buf_reset(&out);
	assert_int_equal(html_splice(source, NULL, 0, &out, &err), 0);
	same("none", buf_str(&out), "0123456789");
	assert_int_equal(html_splice(source, overlap, 2, &out, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_int_equal(html_splice(source, outside, 1, &out, &err), -1);
	assert_int_equal(html_splice(source, backwards, 1, &out, &err), -1);
	buf_fini(&out);
	buf_init(&out, 9);
	assert_int_equal(html_splice(source, NULL, 0, &out, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	buf_fini(&out);
}

static const struct {
	const char *text;
	enum html_quote quote;
	bool literal;
	const char *encoded;
} encode_cases[] = {
    {"a&b<c>\"'", HTML_QUOTE_DOUBLE, false, "a&amp;b&lt;c&gt;&quot;'"},
    {"a&b<c>\"'", HTML_QUOTE_SINGLE, false, "a&amp;b&lt;c&gt;\"&#39;"},
    {"a b", HTML_QUOTE_NONE, false, "\"a b\""},
    {"?a={{ b }}&c", HTML_QUOTE_DOUBLE, false, "?a={{ b }}&amp;c"},
    {"{{ b }}{%", HTML_QUOTE_DOUBLE, true, "&#123;&#123; b &#125;&#125;&#123;%"},
    {"a\r\nb", HTML_QUOTE_DOUBLE, false, "a&#13;\nb"},
};

static void
values_encoded(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	for (size_t i = 0; i < sizeof encode_cases / sizeof encode_cases[0]; i++) {
		buf_reset(&out);
		html_value_encode(str_c(encode_cases[i].text), encode_cases[i].quote,
		    encode_cases[i].literal, &out);
		same(encode_cases[i].text, buf_str(&out), encode_cases[i].encoded);
	}
	buf_fini(&out);
}

/* A value put into a tag is read as the same bytes, and the tag is still one. */
static void
check_round_trip(struct str text, enum html_quote quote, bool literal)
{
	static const char *const around[][2] = {
	    [HTML_QUOTE_NONE] = {"<a href=", " class=y>"},
	    [HTML_QUOTE_SINGLE] = {"<a href='", "'>"},
	    [HTML_QUOTE_DOUBLE] = {"<a href=\"", "\">"},
	};
	static const struct html_options plain = {.plain = true, .limits = {1 << 20, 10}};
	struct html_doc *doc;
	struct err err = ERR_INIT;
	struct buf source, back;

	buf_init(&source, 1 << 16);
	buf_init(&back, 1 << 16);
	buf_add_c(&source, around[quote][0]);
	html_value_encode(text, quote, literal, &source);
	buf_add_c(&source, around[quote][1]);
	assert_int_equal(html_scan(&doc, buf_str(&source), literal ? &options : &plain, &err), 0);
	assert_int_equal(html_link_count(doc), 1);
	html_value_decode(at(buf_str(&source), html_link_at(doc, 0)->value.range), &back);
	if (!str_eq(buf_str(&back), text))
		fail_msg("became \"%.*s\"", STR_F(buf_str(&back)));
	html_free(&doc);
	buf_fini(&back);
	buf_fini(&source);
}

static void
round_trips(void **state)
{
	static const char odd[] = "&;#<>\"'ax=3{}%amplt \n\r\t\303\244";
	char bytes[2000];

	(void)state;
	srandom(7);
	for (int i = 0; i < 3000; i++) {
		size_t n = (size_t)random() % (i % 100 == 0 ? sizeof bytes : 20);

		for (size_t k = 0; k < n; k++)
			bytes[k] = i % 2 ? odd[(size_t)random() % (sizeof odd - 1)]
					 : (char)(random() % 256);
		for (int quote = HTML_QUOTE_NONE; quote <= HTML_QUOTE_DOUBLE; quote++)
			check_round_trip((struct str){bytes, n}, (enum html_quote)quote, i % 4 > 1);
	}
}

/* An address that the author wrote is put back as the same address. */
static void
addresses_stay(void **state)
{
	static const char *const addresses[] = {"https://x.example/%zz%E4%?a=%20+ b",
	    "https://b\303\274cher.example/\346\227\245?q={a}|^`", "http://x/?a=1&amp;b&copy=2&lt;",
	    "http://x/?u=http://y/?a=1%26b", "HTTP://X.Example:80/../a/./b", "http://[::1]/#a#b"};
	char lengthy[2001];
	struct buf source, out;
	struct html_doc *doc;

	(void)state;
	memset(lengthy, 'y', sizeof lengthy);
	memcpy(lengthy, "http://", 7);
	lengthy[2000] = '\0';
	buf_init(&source, 1 << 16);
	buf_init(&out, 1 << 16);
	for (size_t i = 0; i <= sizeof addresses / sizeof addresses[0]; i++) {
		const char *address =
		    i < sizeof addresses / sizeof addresses[0] ? addresses[i] : lengthy;

		buf_reset(&source);
		buf_add_c(&source, "<a href=\" ");
		html_value_encode(str_c(address), HTML_QUOTE_DOUBLE, true, &source);
		buf_add_c(&source, "\n\">");
		doc = scan(buf_str(&source));
		same("address", html_link_at(doc, 0)->address, address);
		assert_int_equal(html_link_at(doc, 0)->scheme, HTML_SCHEME_HTTP);
		html_free(&doc);
	}
	buf_fini(&out);
	buf_fini(&source);
}

static void
entity_names_are_in_order(void **state)
{
	struct buf text, out;

	(void)state;
	buf_init(&text, 100);
	buf_init(&out, 100);
	assert_int_equal(html_entity_name_count, 2231);
	for (size_t i = 0; i < html_entity_name_count; i++) {
		assert_true(strlen(html_entity_names[i].name) <= HTML_ENTITY_NAME_MAX);
		if (i > 0)
			assert_true(
			    strcmp(html_entity_names[i - 1].name, html_entity_names[i].name) < 0);
		buf_reset(&text);
		buf_reset(&out);
		buf_printf(&text, "&%s", html_entity_names[i].name);
		html_text_decode(buf_str(&text), &out);
		same(html_entity_names[i].name, buf_str(&out), html_entity_names[i].text);
	}
	buf_fini(&text);
	buf_fini(&out);
}

/* --- marks --- */

struct seen {
	char text[512];
	size_t n;
};

/* Notes each address; those with "keep" stay, "fail" fails, others become short. */
static int
rewrite(void *closure, size_t link, struct str address, struct str *address_r, struct err *err)
{
	struct seen *seen = closure;

	seen->n += (size_t)snprintf(
	    seen->text + seen->n, sizeof seen->text - seen->n, "%zu=%.*s ", link, STR_F(address));
	if (str_has(address, STR("fail")))
		return err_set(err, ERR_STORE, "no");
	*address_r = STR("t?a&b");
	return !str_has(address, STR("keep"));
}

/* The source with marks, rendered with `json` by Liquid, and unmarked. */
static int
render_marked(struct str source, const char *json, struct seen *seen, struct buf *out,
    struct html_unmarking *unmarking, struct err *err)
{
	static const struct liquid_options liquid = {.mode = LIQUID_HTML,
	    .limits = {.source = 1 << 20, .steps = 10000, .output = 1 << 20, .depth = 100}};
	static const struct liquid_render_options render = {.now_ms = 0};
	struct arena *arena = arena_new(1 << 20);
	struct html_doc *doc = scan(source);
	struct html_edit edit[64];
	char text[64][HTML_MARK_MAX];
	enum html_quote quote[32];
	struct html_marks marks;
	struct liquid_program *program;
	struct liquid_value globals;
	struct str rendered;
	struct buf marked;
	json_t *data = json_loads(json, 0, NULL);
	size_t n = 0;
	int result;

	html_marks_init(&marks);
	buf_init(&marked, 1 << 20);
	for (size_t i = 0; i < html_link_count(doc); i++) {
		const struct html_link *link = html_link_at(doc, i);
		size_t begin = link->value.range.begin, end = link->value.range.end;

		quote[i] = link->value.quote;
		if (!html_markable(link))
			continue;
		edit[n] = (struct html_edit){{begin, begin}, html_mark(&marks, i, false, text[n])};
		n++;
		edit[n] = (struct html_edit){{end, end}, html_mark(&marks, i, true, text[n])};
		n++;
	}
	assert_int_equal(html_splice(source, edit, n, &marked, err), 0);
	if (liquid_compile(&program, STR("t"), buf_str(&marked), &liquid, err) != 0)
		fail_msg("%s", err->text);
	assert_non_null(data);
	assert_int_equal(liquid_from_json(data, arena, &globals, err), 0);
	assert_int_equal(liquid_render(program, &globals, &render, arena, &rendered, err), 0);
	*unmarking = (struct html_unmarking){
	    .links = html_link_count(doc), .rewrite = rewrite, .closure = seen};
	result = html_unmark(&marks, rendered, quote, unmarking, out, err);
	if (result == 0)
		assert_null(memmem(out->data, out->len, marks.nonce, HTML_NONCE));
	json_decref(data);
	buf_fini(&marked);
	liquid_free(&program);
	html_free(&doc);
	arena_free(&arena);
	return result;
}

static const struct {
	const char *name, *source, *json, *seen, *out;
	size_t rewritten, torn;
} mark_cases[] = {
    {"one", "<a href=\"http://x/{{ a }}\">", "{\"a\":\"1&2\"}", "0=http://x/1&2 ",
	"<a href=\"t?a&amp;b\">", 1, 0},
    {"static ones are not marked", "<a href=x><a href='{{ a }}'>", "{\"a\":\"y\"}", "1=y ",
	"<a href=x><a href='t?a&amp;b'>", 1, 0},
    {"loop", "{% for a in b %}<a href='{{ a }}'>{% endfor %}", "{\"b\":[1,\"keep\",3]}",
	"0=1 0=keep 0=3 ", "<a href='t?a&amp;b'><a href='keep'><a href='t?a&amp;b'>", 2, 0},
    {"branches", "<a {% if a %}href='{{ b }}'{% else %}href=\"{{ c }}\"{% endif %}>",
	"{\"c\":\"keep\"}", "1=keep ", "<a href=\"keep\">", 0, 0},
    {"no quotes", "<a href={{ a }}{% if a %} class=x{% endif %}>", "{\"a\":\"y\"}", "0=y ",
	"<a href=\"t?a&amp;b\" class=x>", 1, 0},
    {"a quote in the value", "<a href='{{ a | raw }}'>", "{\"a\":\"x' onclick='y\"}", "",
	"<a href='x' onclick='y'>", 0, 1},
    {"a blank without quotes", "<a href={{ a }}>", "{\"a\":\"x y\"}", "", "<a href=x y>", 0, 1},
    {"a mark from data", "<a href='{{ a }}'>", "{\"a\":\"keep\\u0002123\"}", "0=keep\002123 ",
	"<a href='keep\002123'>", 0, 0},
    {"upper case", "{% capture b %}<a href='{{ a }}'>{% endcapture %}{{ b | upcase }}",
	"{\"a\":\"x\"}", "", "<A HREF='X'>", 0, 0},
    {"raw", "{% raw %}<a href='{{ a }}'>{% endraw %}", "{}", "", "<a href='{{ a }}'>", 0, 0},
    {"block not ended", "<a href='{% if a %}x' class='{% endif %}'>", "{}", "", "<a href=''>", 0,
	0},
};

static void
marks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof mark_cases / sizeof mark_cases[0]; i++) {
		struct html_unmarking unmarking;
		struct seen seen = {"", 0};
		struct err err = ERR_INIT;
		struct buf out;

		buf_init(&out, 1 << 16);
		if (render_marked(str_c(mark_cases[i].source), mark_cases[i].json, &seen, &out,
			&unmarking, &err) != 0)
			fail_msg("%s: %s", mark_cases[i].name, err.text);
		same(mark_cases[i].name, str_c(seen.text), mark_cases[i].seen);
		same(mark_cases[i].name, buf_str(&out), mark_cases[i].out);
		assert_int_equal(unmarking.rewritten, mark_cases[i].rewritten);
		assert_int_equal(unmarking.torn, mark_cases[i].torn);
		buf_fini(&out);
	}
}

static void
mark_failures(void **state)
{
	struct html_marks made = {"1234567890123456"};
	char text[2][HTML_MARK_MAX];
	struct str before = html_mark(&made, 0, false, text[0]);
	struct html_unmarking unmarking = {.links = 1, .rewrite = rewrite};
	enum html_quote quote = HTML_QUOTE_DOUBLE;
	struct seen seen = {"", 0};
	struct err err = ERR_INIT;
	struct buf out;

	(void)state;
	unmarking.closure = &seen;
	buf_init(&out, 1000);
	assert_int_equal(render_marked(STR("<a href='{{ a }}'>"), "{\"a\":\"fail\"}", &seen, &out,
			     &unmarking, &err),
	    -1);
	assert_int_equal(err.code, ERR_STORE);
	/* cut through at each place from the fourth digit on */
	for (size_t n = 5; n < before.n; n++) {
		buf_reset(&out);
		assert_int_equal(
		    html_unmark(&made, (struct str){before.p, n}, &quote, &unmarking, &out, &err),
		    -1);
		assert_int_equal(err.code, ERR_TEMPLATE);
	}
	/* alone, or of a link that there is not */
	buf_reset(&out);
	assert_int_equal(html_unmark(&made, before, &quote, &unmarking, &out, &err), 0);
	same("alone", buf_str(&out), "");
	assert_int_equal(unmarking.torn, 1);
	buf_fini(&out);
}

/* --- threads --- */

static void *
scan_often(void *closure)
{
	const struct html_doc *shared = closure;

	for (int i = 0; i < 200; i++) {
		struct html_doc *own = scan(STR("<a href=\"x\">{{ y }}</a><img src=z>"));

		if (html_link_count(own) != html_link_count(shared) ||
		    !str_eq(html_link_at(own, 0)->text, html_link_at(shared, 0)->text))
			abort();
		html_free(&own);
	}
	return NULL;
}

static void
threads(void **state)
{
	struct html_doc *doc = scan(STR("<a href=\"x\">{{ y }}</a><img src=z>"));
	pthread_t thread[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, scan_often, doc), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	html_free(&doc);
}

/* --- ceilings and time --- */

static void
ceilings(void **state)
{
	static const struct html_options small = {.limits = {40, 2}};
	struct html_doc *doc;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(html_scan(&doc, STR("<a href=x><a href=y><img src=z>"), &small, &err), 0);
	html_free(&doc);
	assert_int_equal(html_scan(&doc, STR("<a href=x><a href=y><a href=z>"), &small, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_null(doc);
	assert_int_equal(
	    html_scan(&doc, STR("12345678901234567890123456789012345678901"), &small, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
}

static const char *const hostile[] = {"<", "<a ", "<a \"", "<a b='", "<!--", "<!--[if a]>", "</b>",
    "<b>", "<p>", "<table>", "<li>", "<div><p></span>", "<title>", "<script>", "<script><!--",
    "<![CDATA[", "<svg>", "&", "&amp", "&#", "&CounterClockwiseContourIntegra", "{{", "{{ }}", "{%",
    "{% a %}", "{% raw %}", "{% comment %}", "{% raw %}{% endraw", "{%{%\"", "{% capture a %}",
    "<a href=x data-track=off>", " a", "a=b ", "-", "<a href={% if a %}",
    "<img src=x alt=", "<select><option>", "<!-->", "<a href=\"{% if a %}", "{% doc %}", "<body>",
    "<html a=b>"};

/* CPU milliseconds for `size` bytes of one thing over and over. */
static long
cost_of(const char *begin, const char *part, size_t size)
{
	static const struct html_options large = {.limits = {1 << 21, 1 << 18}};
	struct buf source, text;
	struct html_doc *doc;
	clock_t started;
	long ms;

	buf_init(&source, 1 << 21);
	buf_init(&text, 1 << 21);
	buf_add_c(&source, begin);
	while (source.len < size)
		buf_add_c(&source, part);
	started = clock();
	html_scan(&doc, buf_str(&source), &large, NULL);
	html_text(buf_str(&source), &large, true, &text, NULL);
	ms = (long)((clock() - started) * 1000 / CLOCKS_PER_SEC);
	html_free(&doc);
	buf_fini(&source);
	buf_fini(&text);
	return ms;
}

/* Four times the bytes may not take much more than four times as long; what grows with the
 * square takes sixteen times as long. */
static void
hostile_sources_take_linear_time(void **state)
{
	static const char *const begins[] = {"", "<a href=\"x\" ", "{% raw %}", "<a href=\""};

	(void)state;
	for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
		for (size_t k = 0; k < sizeof begins / sizeof begins[0]; k++) {
			long small = cost_of(begins[k], hostile[i], 100000);
			long large = cost_of(begins[k], hostile[i], 400000);

			if (large > 10 * small + 200)
				fail_msg("%s%s...: 100 KB in %ld ms, 400 KB in %ld ms", begins[k],
				    hostile[i], small, large);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(which_links),
	    cmocka_unit_test(what_is_said),
	    cmocka_unit_test(link_text_has_a_ceiling),
	    cmocka_unit_test(where_places_are),
	    cmocka_unit_test(place_in_raw_is_told),
	    cmocka_unit_test(images),
	    cmocka_unit_test(visible_text),
	    cmocka_unit_test(edits),
	    cmocka_unit_test(values_encoded),
	    cmocka_unit_test(round_trips),
	    cmocka_unit_test(addresses_stay),
	    cmocka_unit_test(entity_names_are_in_order),
	    cmocka_unit_test(marks),
	    cmocka_unit_test(mark_failures),
	    cmocka_unit_test(threads),
	    cmocka_unit_test(ceilings),
	    cmocka_unit_test(hostile_sources_take_linear_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
