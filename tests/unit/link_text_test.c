/* SPDX-License-Identifier: BSD-2-Clause
 *
 * link_text_test: addresses of the web in text/plain templates
 */
#include "link/text.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

static struct arena *arena;

static int
setup(void **state)
{
	(void)state;
	arena = arena_new((size_t)64 << 20);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

/* The places as text: one in [], in {} if it is dynamic, in () if it is not whole, with L for
 * literal, C for captured. */
static const char *
scan(struct str source, bool template)
{
	static char text[4000];
	struct link_place *places;
	struct err err = ERR_INIT;
	size_t count, used = 0, last = 0;

	text[0] = '\0';
	if (link_text_scan(source, template, 100, arena, &places, &count, &err) != 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < count; i++) {
		const struct link_place *p = &places[i];
		const char *brackets = !p->whole ? "()" : p->dynamic != 0 ? "{}" : "[]";

		assert_true(p->begin >= last && p->begin < p->end && p->end <= source.n);
		last = p->end;
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%c%.*s%c%s",
		    i == 0 ? "" : " ", brackets[0], (int)(p->end - p->begin), source.p + p->begin,
		    brackets[1],
		    p->literal	      ? "L"
			: p->captured ? "C"
				      : "");
	}
	return text;
}

static const struct {
	const char *name, *source, *expected;
} cases[] = {
    {"nothing", "Hello", ""},
    {"empty", "", ""},
    {"alone", "https://x.example", "[https://x.example]"},
    {"http", "see http://x.example/a now", "[http://x.example/a]"},
    {"upper case", "HTTPS://X.EXAMPLE/A", "[HTTPS://X.EXAMPLE/A]"},
    {"two lines", "http://a.example\r\nhttp://b.example\n",
	"[http://a.example] [http://b.example]"},
    {"full stop", "Go to https://x.example/a.", "[https://x.example/a]"},
    {"inner full stop", "https://x.example/a.html.", "[https://x.example/a.html]"},
    {"three of them", "https://x.example/a...", "[https://x.example/a]"},
    {"comma, semicolon, colon", "https://a.example, https://b.example; https://c.example:",
	"[https://a.example] [https://b.example] [https://c.example]"},
    {"question, exclamation", "https://a.example/? https://b.example/!",
	"[https://a.example/] [https://b.example/]"},
    {"query stays", "https://a.example/?b=c&d=e%20f;g", "[https://a.example/?b=c&d=e%20f;g]"},
    {"fragment", "https://a.example/#b.", "[https://a.example/#b]"},
    {"slash at the end", "https://a.example/.", "[https://a.example/]"},
    {"underscore and dash stay", "https://a.example/a_- https://a.example/~b~",
	"[https://a.example/a_-] [https://a.example/~b~]"},
    {"in brackets", "(https://a.example/b)", "[https://a.example/b]"},
    {"brackets and full stop", "(see https://a.example/b).", "[https://a.example/b]"},
    {"brackets of its own", "https://a.example/b_(c)", "[https://a.example/b_(c)]"},
    {"of its own, in brackets", "(https://a.example/b_(c))", "[https://a.example/b_(c)]"},
    {"unclosed", "https://a.example/b(c", "[https://a.example/b(c]"},
    {"opened last", "https://a.example/b(", "[https://a.example/b]"},
    {"square", "[https://a.example/b]", "[https://a.example/b]"},
    {"markdown", "[text](https://a.example/b)", "[https://a.example/b]"},
    {"IPv6", "https://[2001:db8::1]:8080/a", "[https://[2001:db8::1]:8080/a]"},
    {"angle brackets", "<https://a.example/b>", "[https://a.example/b]"},
    {"RFC 3986 appendix C", "<URL:https://a.example/b>", "[https://a.example/b]"},
    {"quotes", "\"https://a.example/b\" 'https://c.example'",
	"[https://a.example/b] [https://c.example]"},
    {"apostrophe inside", "https://a.example/it's", "[https://a.example/it's]"},
    {"emphasis", "*https://a.example/b*", "[https://a.example/b]"},
    {"backtick", "`https://a.example`", "[https://a.example]"},
    {"pipe and caret", "https://a.example/a|b^c", "[https://a.example/a|b^c]"},
    {"backslash", "https://a.example\\n", "(https://a.example)"},
    {"braces", "https://a.example/?b=%7e{}, c", "(https://a.example/?b=%7e)"},
    {"in braces", "{https://a.example/}", "(https://a.example/)"},
    {"tab", "https://a.example/\tb", "[https://a.example/]"},
    {"user and port", "https://me:pw@a.example:8443/", "[https://me:pw@a.example:8443/]"},
    {"one in another", "https://a.example/?u=https://b.example/",
	"[https://a.example/?u=https://b.example/]"},
    {"other schemes", "ftp://a.example mailto:a@b.example tel:1", ""},
    {"part of a word", "xhttps://a.example git+https://b.example", ""},
    {"scheme only", "https:// http://. https://, http:///x", ""},
    {"no scheme", "www.a.example a.example/b", ""},
    {"umlaut",
	"https://b\xc3\xbc"
	"cher.example/\xc3\xa4.",
	"[https://b\xc3\xbc"
	"cher.example/\xc3\xa4]"},
    {"ideographic full stop", "\xe8\xa6\x8bhttps://a.example/b\xe3\x80\x82\xe6\xac\xa1",
	"[https://a.example/b]"},
    {"corner brackets", "\xe3\x80\x8chttps://a.example/b\xe3\x80\x8d", "[https://a.example/b]"},
    {"curly quotes", "\xe2\x80\x9chttps://a.example/b\xe2\x80\x9d", "[https://a.example/b]"},
    {"guillemets", "\xc2\xabhttps://a.example/b\xc2\xbb", "[https://a.example/b]"},
    {"ellipsis", "https://a.example/b\xe2\x80\xa6", "[https://a.example/b]"},
    {"no-break space",
	"https://a.example/b\xc2\xa0"
	"c",
	"[https://a.example/b]"},
    {"no UTF-8",
	"https://a.example/b\xff"
	"c",
	"[https://a.example/b]"},
    /* Template tags */
    {"output in the query", "https://a.example/?n={{ contact.name }}.",
	"{https://a.example/?n={{ contact.name }}}"},
    {"output is the host", "https://{{ host }}/a", "{https://{{ host }}/a}"},
    {"output alone", "{{ url }}", ""},
    {"address in a tag", "{{ 'https://a.example' | upcase }}", ""},
    {"in a comment", "{% comment %}https://a.example{% endcomment %} https://b.example",
	"[https://b.example]"},
    {"in raw", "{% raw %}https://a.example/{{ b }} {{{% endraw %} https://b.example/{{ c }}",
	"(https://a.example/)L {https://b.example/{{ c }}}"},
    {"raw in it", "https://a.example/{% raw %}b{% endraw %}", "(https://a.example/)"},
    {"block inside", "https://a.example/{% if b %}c{% else %}d{% endif %}/e.",
	"{https://a.example/{% if b %}c{% else %}d{% endif %}/e}"},
    {"block reaches out", "https://a.example/{% if b %}c d{% endif %}",
	"(https://a.example/{% if b %}c)"},
    {"in a block", "{% if b %}https://a.example{% endif %} c", "[https://a.example]"},
    {"in two branches", "{% if b %}https://a.example{% else %}https://b.example/{% endif %}\n",
	"[https://a.example] [https://b.example/]"},
    {"a path behind the block",
	"{% if b %}https://a.example{% else %}https://b.example{% endif %}/c",
	"(https://a.example) (https://b.example)"},
    {"a full stop behind the block", "{% if b %}https://a.example{% endif %}.",
	"[https://a.example]"},
    {"output behind the block", "{% if b %}https://a.example{% endif %}{{ c }}",
	"(https://a.example)"},
    {"in a capture", "{% capture a %}https://a.example{% endcapture %} https://b.example",
	"[https://a.example]C [https://b.example]"},
    {"capture behind it", "https://a.example/{% capture a %}b{% endcapture %}",
	"(https://a.example/)"},
    {"nested comments",
	"{% comment %}{% comment %}{% endcomment %}https://a.example{% endcomment "
	"%}https://b.example",
	"[https://b.example]"},
    {"when", "{% case a %}{% when 1 %}https://a.example{% when 2 %}b{% endcase %}",
	"[https://a.example]"},
    {"trimmed output", "https://a.example/ {{- b }}", "(https://a.example/)"},
    {"trimmed tag", "{% if a %}\nhttps://a.example/\n{%- endif %}\nb", "[https://a.example/]"},
    {"trimmed tag, then text", "{% if a %}\nhttps://a.example/\n{%- endif %}b",
	"(https://a.example/)"},
    {"output that trims", "https://a.example/{{ b -}} c", "(https://a.example/{{ b -}})"},
    {"output that trims the end", "https://a.example/{{ b -}}\n", "{https://a.example/{{ b -}}}"},
    {"assign inside", "https://a.example/{% assign b = 1 %}{{ b }}",
	"{https://a.example/{% assign b = 1 %}{{ b }}}"},
    {"brackets in a tag", "(https://a.example/{{ 'b)' }})", "{https://a.example/{{ 'b)' }}}"},
    {"single braces", "https://a.example/{b}", "(https://a.example/)"},
    {"unclosed output", "https://a.example/{{ b } https://b.example/{{ c }}",
	"[https://a.example/] (https://b.example/)"},
    {"unclosed tag", "https://a.example/{% b", "[https://a.example/]"},
};

static void
addresses_in_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *found = scan(str_c(cases[i].source), true);

		if (strcmp(found, cases[i].expected) != 0)
			fail_msg("%s: %s", cases[i].name, found);
	}
}

static void
braces_without_a_template(void **state)
{
	(void)state;
	assert_string_equal(
	    scan(STR("https://a.example/{{ b }} {% raw %}https://b.example"), false),
	    "(https://a.example/) [https://b.example]");
}

static void
ceilings(void **state)
{
	struct arena *small = arena_new(40);
	struct link_place *places;
	struct err err = ERR_INIT;
	size_t count;

	(void)state;
	assert_int_equal(
	    link_text_scan(STR("http://a http://b"), true, 2, arena, &places, &count, &err), 0);
	assert_int_equal(count, 2);
	assert_int_equal(
	    link_text_scan(STR("http://a http://b"), true, 1, arena, &places, &count, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_int_equal(count, 0);
	assert_int_equal(
	    link_text_scan(STR("http://a http://b"), true, 2, small, &places, &count, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_int_equal(link_text_scan(STR_NONE, true, 2, arena, &places, &count, &err), 0);
	arena_free(&small);
}

/* What would take quadratic time takes none. */
static void
hostile_text_is_fast(void **state)
{
	static const char *const patterns[] = {"https://a{% else %}", "{%", "{{", "https://a(",
	    "{% raw %}", "https://a{%- endif %} ", "https://a{% if b %}", "{% comment %}{%",
	    "https://a.", "{% raw %}{%", "https://a{% raw %}", "h", "https://a \xc3"};
	const size_t size = 1 << 20;
	char *text = malloc(size);

	(void)state;
	for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
		size_t n = strlen(patterns[i]), count;
		int64_t begin = clock_mono_us();
		struct link_place *places;

		for (size_t at = 0; at < size; at++)
			text[at] = patterns[i][at % n];
		link_text_scan((struct str){text, size}, true, 10000, arena, &places, &count, NULL);
		if (clock_mono_us() - begin > 10 * 1000 * 1000)
			fail_msg("%s", patterns[i]);
	}
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses_in_text),
	    cmocka_unit_test(braces_without_a_template),
	    cmocka_unit_test(ceilings),
	    cmocka_unit_test(hostile_text_is_fast),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
