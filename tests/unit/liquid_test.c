/* SPDX-License-Identifier: BSD-2-Clause
 *
 * liquid_test: outputs, tags, partials, errors with their places, escaping, values
 */
#include "liquid_fixture.h"

static void
outputs(void **state)
{
	static const struct sample samples[] = {
	    {"", NULL, ""},
	    {"Hello", NULL, "Hello"},
	    {"{{ 'a' }}{{ \"b\" }}{{ 1 }}{{ -2 }}{{ 1.50 }}{{ true }}{{ nil }}{{ empty }}", NULL,
		"ab1-21.5true"},
	    {"{{ o.x }}{{ o['y'] }}{{ o.nothing.more }}", PEOPLE, "1z"},
	    {"{{ ns[0] }}{{ ns[-1] }}{{ ns[3] }}{{ ns.first }}{{ ns.last }}{{ ns.size }}", PEOPLE,
		"32323"},
	    {"{{ s.size }}{{ s.first }}{{ s.last }}{{ o.size }}", PEOPLE, "5ho2"},
	    {"{{ ps[ns[1]].n }}{{ o[o.nothing] }}", PEOPLE, "a"},
	    {"{{ ns }} {{ o }} {{ (1..3) }}", PEOPLE, "312 {\"x\"=>1, \"y\"=>\"z\"} 1..3"},
	    {"{{ 1e }}", NULL, ""},
	    {"{{ a-b }}{{ q? }}{{ größe }}", "{\"a-b\":1,\"q?\":2,\"größe\":3}", "123"},
	    {"{{ empty.size }}", "{\"empty\":[1]}", "1"},
	    {"{{ v }}", "{\"v\":\"{{ 'x' }}{% if %}\"}", "{{ 'x' }}{% if %}"},
	    {"{{ [k] }}{{ self.k }}{{ self[k] }}", "{\"k\":\"w\",\"w\":7}", "7w7"},
	};

	(void)state;
	check_all(LIQUID_TEXT, samples, COUNT(samples));
}

static void
branches(void **state)
{
	static const struct sample samples[] = {
	    {"{% if a == 1 %}1{% elsif a == 2 %}2{% else %}3{% endif %}", "{\"a\":1}", "1"},
	    {"{% if a == 1 %}1{% elsif a == 2 %}2{% else %}3{% endif %}", "{\"a\":2}", "2"},
	    {"{% if a == 1 %}1{% elsif a == 2 %}2{% else %}3{% endif %}", "{\"a\":9}", "3"},
	    {"{% unless a %}no{% else %}yes{% endunless %}", "{\"a\":false}", "no"},
	    {"{% unless a %}no{% else %}yes{% endunless %}", "{\"a\":0}", "yes"},
	    {"{% unless a == 1 or a == 2 %}n{% endunless %}", "{\"a\":2}", ""},
	    {"{% unless a == 1 and b %}n{% endunless %}", "{\"a\":1}", "n"},
	    {"{% if '' and 0 and e and ps %}T{% endif %}", PEOPLE, "T"},
	    {"{% if nil or false %}T{% else %}F{% endif %}", NULL, "F"},
	    /* and/or bind from the right */
	    {"{% if false and true or true %}T{% else %}F{% endif %}", NULL, "F"},
	    {"{% if true or false and false %}T{% else %}F{% endif %}", NULL, "T"},
	    {"{% if 1 < 2 %}a{% endif %}{% if 1 >= 1.0 %}b{% endif %}{% if 'a' < 'b' %}c{% endif "
	     "%}",
		NULL, "abc"},
	    {"{% if 1 == 1.0 %}a{% endif %}{% if '1' == 1 %}b{% endif %}{% if 1 <> 2 %}c{% endif "
	     "%}",
		NULL, "ac"},
	    {"{% if nil < 1 %}a{% endif %}{% if x > 1 %}b{% endif %}", NULL, ""},
	    {"{% if s contains 'é' %}a{% endif %}{% if ns contains 2 %}b{% endif %}"
	     "{% if o contains 'x' %}c{% endif %}{% if ns contains '2' %}d{% endif %}"
	     "{% if x contains 'x' %}e{% endif %}",
		PEOPLE, "abc"},
	    {"{% if e == empty %}a{% endif %}{% if e == blank %}b{% endif %}"
	     "{% if x == blank %}c{% endif %}{% if x == empty %}d{% endif %}"
	     "{% if '  ' == blank %}e{% endif %}{% if ns != empty %}f{% endif %}",
		PEOPLE, "abcef"},
	    {"{% case a %}x{% when 1 %}one{% when 2, 3 %}some{% else %}many{% endcase %}",
		"{\"a\":3}", "some"},
	    {"{% case a %}{% when 1 or 2 %}x{% else %}many{% endcase %}", "{\"a\":9}", "many"},
	    {"{% case a %}{% when 'a' %}1{% when 'a' %}2{% else %}3{% endcase %}", "{\"a\":\"a\"}",
		"12"},
	    {"{% case a %}{% when 'a', 'a' %}1{% endcase %}", "{\"a\":\"a\"}", "11"},
	    {"{% case 1 %}{% when 1 %}{% case 2 %}{% when 2 %}in{% endcase %}{% endcase %}", NULL,
		"in"},
	};

	(void)state;
	check_all(LIQUID_TEXT, samples, COUNT(samples));
}

static void
loops(void **state)
{
	static const struct sample samples[] = {
	    {"{% for p in ps limit: 2 %}{{ forloop.index }}{{ p.n }} {% endfor %}", PEOPLE,
		"1b 2a "},
	    {"{% for n in ns offset: 1 %}{{ n }}{% endfor %}", PEOPLE, "12"},
	    {"{% for n in ns reversed limit: 2 %}{{ n }}{% endfor %}", PEOPLE, "13"},
	    {"{% for n in ns limit: 1 %}{{ n }}{% endfor %}-"
	     "{% for n in ns offset: continue %}{{ n }}{% endfor %}",
		PEOPLE, "3-12"},
	    {"{% for i in (1..3) %}{{ i }}{% endfor %}{% for i in (3..1) %}x{% endfor %}", NULL,
		"123"},
	    {"{% for x in nothing %}x{% else %}none{% endfor %}", NULL, "none"},
	    {"{% for x in ns %}{{ x }}{% else %}none{% endfor %}", PEOPLE, "312"},
	    {"{% for i in (1..5) %}{% if i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}", NULL,
		"123"},
	    {"{% for i in (1..4) %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% endfor %}",
		NULL, "134"},
	    {"{% for i in (1..2) %}{% capture c %}<{% break %}>{% endcapture %}{% endfor %}{{ c }}",
		NULL, "<"},
	    {"a{% break %}b", NULL, "a"},
	    {"{% for a in (1..2) %}{% for b in (1..2) %}{{ forloop.parentloop.index }}{{ b }} "
	     "{% endfor %}{% endfor %}",
		NULL, "11 12 21 22 "},
	    {"{% for i in (1..3) %}{{ forloop.first }}{{ forloop.last }}{{ forloop.index0 }}"
	     "{{ forloop.rindex }}{{ forloop.rindex0 }}{{ forloop.length }} {% endfor %}",
		NULL, "truefalse0323 falsefalse1213 falsetrue2103 "},
	    {"{% for m in o %}{{ m[0] }}={{ m[1] }};{% endfor %}", PEOPLE, "x=1;y=z;"},
	    {"{% for c in 'abc' %}{{ c }}{% endfor %}", NULL, "abc"},
	    {"{% assign i = 9 %}{% for i in (1..2) %}{% assign i = 5 %}{{ i }}{% endfor %}{{ i }}",
		NULL, "125"},
	    {"{% for i in (1..3) %}{% cycle 'a', 'b' %}{% endfor %}", NULL, "aba"},
	    {"{% for i in (1..3) %}{% cycle 'g': 1, 2 %}{% cycle 'h': 1, 2 %}{% endfor %}", NULL,
		"112211"},
	    {"{% tablerow i in (1..3) cols: 2 %}{{ i }}{% endtablerow %}", NULL,
		"<tr class=\"row1\">\n<td class=\"col1\">1</td><td class=\"col2\">2</td></tr>\n"
		"<tr class=\"row2\"><td class=\"col1\">3</td></tr>\n"},
	    {"{% tablerow i in (1..3) %}{{ i }}{% break %}{% endtablerow %}", NULL,
		"<tr class=\"row1\">\n<td class=\"col1\">1</td></tr>\n"},
	    {"{% for i in ns %}{% ifchanged %}{{ t }}{% endifchanged %}{% endfor %}", PEOPLE,
		"true"},
	};

	(void)state;
	check_all(LIQUID_TEXT, samples, COUNT(samples));
}

static void
other_tags(void **state)
{
	static const struct sample samples[] = {
	    {"{% assign x = 'a' | append: 'b' %}{{ x }}", NULL, "ab"},
	    {"{% assign x = ns %}{{ x[1] }}", PEOPLE, "1"},
	    {"{% assign s = nil %}[{{ s }}]", PEOPLE, "[]"},
	    {"{% capture x %}a{{ ns[0] }}{% endcapture %}[{{ x }}{{ x }}]", PEOPLE, "[a3a3]"},
	    {"a{% comment %}{{ x {% if %} {% comment %}{% endcomment %}{% endcomment %}b", NULL,
		"ab"},
	    {"{% raw %}{{ x }}{% if %}{% endraw %}", NULL, "{{ x }}{% if %}"},
	    {"a{% # one\n # two %}b", NULL, "ab"},
	    {"a {%- if true -%} b {%- endif -%} c", NULL, "abc"},
	    {" {{- 'x' -}} y{{-}} z", NULL, "xyz"},
	    {"a {%- raw -%} b {%- endraw -%} c", NULL, "a b c"},
	    /* a body with nothing to see loses its white space */
	    {"[{% if true %} {% assign x = 1 %} {% endif %}]", NULL, "[]"},
	    {"[{% if true %} {{ x }} {% endif %}]", NULL, "[  ]"},
	    {"[{% for i in (1..3) %} {% break %} {% endfor %}]", NULL, "[ ]"},
	    {"[{% for i in (1..3) %} {% continue %} {% endfor %}]", NULL, "[   ]"},
	    {"{% increment c %}{% increment c %}{{ c }}{% decrement d %}", NULL, "012-1"},
	    {"{% echo 'a' | upcase %}", NULL, "A"},
	    {"{% liquid\n assign x = 1\n if x == 1\n echo 'one'\n endif\n # done %}", NULL, "one"},
	    {"{% doc %}{{ x }}{% enddoc %}a", NULL, "a"},
	};

	(void)state;
	check_all(LIQUID_TEXT, samples, COUNT(samples));
}

static const struct {
	const char *name;
	const char *source;
} partial_files[] = {
    {"hello", "Hello {{ name }}{{ x }}!"},
    {"item", "[{{ item.n }}{{ forloop.index }}]"},
    {"set", "{% assign x = 'set' %}"},
    {"stop", "{{ i }}{% break %}never"},
    {"skip", "{% continue %}"},
    {"again", "{% render 'again' %}"},
    {"outer", "<{% render 'hello', name: name %}>"},
    {"includes", "{% include 'hello' %}"},
    {"faulty", "a\n{{ 1 | divided_by: 0 }}"},
    {"broken", "a\n{% if %}"},
    {"parts/foot", "{{ contact.city }}"},
};

static int
get_partial(void *closure, struct str name, struct str *source_r, struct err *err)
{
	(void)closure;
	if (str_is(name, "locked"))
		return err_set(err, ERR_IO, "the folder is locked");
	for (size_t i = 0; i < COUNT(partial_files); i++) {
		if (str_is(name, partial_files[i].name)) {
			*source_r = str_c(partial_files[i].source);
			return 1;
		}
	}
	return 0;
}

static bool
list_partials(void *closure, size_t i, struct str *name_r)
{
	(void)closure;
	if (i >= COUNT(partial_files))
		return false;
	*name_r = str_c(partial_files[i].name);
	return true;
}

static void
partials(void **state)
{
	static const struct liquid_partials files = {.get = get_partial, .list = list_partials};
	static const struct sample samples[] = {
	    {"{% assign x = 1 %}{% render 'hello', name: 'Ada' %}", NULL, "Hello Ada!"},
	    {"{% assign x = 1 %}{% include 'hello', name: 'Ada' %}{{ name }}", NULL, "Hello Ada1!"},
	    {"{% render 'set' %}[{{ x }}]{% include 'set' %}[{{ x }}]", NULL, "[][set]"},
	    {"{% render 'item' for ps %}{% render 'item' with ps[1] %}", PEOPLE, "[b1][a2][c3][a]"},
	    {"{% render 'hello' for ns as name %}{% include 'hello' with 7 as name %}", PEOPLE,
		"Hello 3!Hello 1!Hello 2!Hello 7!"},
	    {"{% include 'item' for ps %}", PEOPLE, "[b][a][c]"},
	    {"{% for i in ns %}{% include 'stop' %}x{% endfor %}y", PEOPLE, "3y"},
	    {"{% for i in ns %}{% capture c %}{% include 'skip' %}x{% endcapture %}y{% endfor %}",
		PEOPLE, ""},
	    {"{% for i in ns %}{% render 'stop' %}x{% endfor %}y", PEOPLE, "xxxy"},
	    {"a{% include 'stop' %}b", NULL, "a"},
	    {"{% for n in names %}{% include n %}{% endfor %}",
		"{\"names\":[\"hello\",\"set\",\"hello\"]}", "Hello !Hello set!"},
	    {"{% render 'outer', name: 'Bo' %}", NULL, "<Hello Bo!>"},
	    /* the data is there, what the template assigned is not */
	    {"{% render 'parts/foot' %}", "{\"contact\":{\"city\":\"A&B\"}}", "A&amp;B"},
	};
	static const struct {
		const char *template;
		enum err_code code;
		const char *text;
	} errors[] = {
	    {"a {% render 'nope' %}", ERR_TEMPLATE, "t:1:13: there is no partial 'nope'"},
	    {"{% render nope %}", ERR_TEMPLATE,
		"t:1:11: expected the name of a partial, in quotes, found 'nope'"},
	    {"{% render 'broken' %}", ERR_TEMPLATE, "broken:2:7: expected a value, found the end"},
	    {"{% render 'faulty' %}", ERR_TEMPLATE, "faulty:2:8: divided by 0"},
	    {"{% render 'locked' %}", ERR_IO, "t:1:11: the folder is locked"},
	    {"{% render 'again' %}", ERR_LIMIT, "again:1:1: partials are nested more than 50 deep"},
	    {"{% render 'includes' %}", ERR_TEMPLATE,
		"includes:1:1: include usage is not allowed in this context"},
	    {"{% assign n = 'nope' %}{% include n %}", ERR_TEMPLATE,
		"t:1:24: there is no partial 'nope'"},
	    {"{% assign n = 'broken' %}{% include n %}", ERR_TEMPLATE,
		"t:1:26: partial 'broken': broken:2:7: expected a value, found the end"},
	    {"{% include 5 %}", ERR_TEMPLATE, "t:1:1: the name of a partial must be text"},
	};
	struct attempt attempt = attempt_in(LIQUID_HTML);

	(void)state;
	attempt.options.partials = &files;
	for (size_t i = 0; i < COUNT(samples); i++)
		check(&attempt, &samples[i]);
	for (size_t i = 0; i < COUNT(errors); i++)
		check_error(&attempt, errors[i].template, errors[i].code, errors[i].text);
	attempt.options.limits.source = 40;
	check_error(&attempt, "{% render 'hello' %}", ERR_LIMIT,
	    "t:1:11: the template and its partials are longer than 40 bytes");
}

#define EVIL "{\"v\":\"<b>&'\\\"\",\"n\":\"a\\nb\",\"l\":[\"<\",\">\"],\"o\":{\"<\":1}}"

static void
html_escapes(void **state)
{
	static const struct sample samples[] = {
	    {"<p>{{ v }}</p>", EVIL, "<p>&lt;b&gt;&amp;&#39;&quot;</p>"},
	    {"{{ v | raw }}", EVIL, "<b>&'\""},
	    {"{{ v | escape }}{{ v | escape | escape }}", EVIL,
		"&lt;b&gt;&amp;&#39;&quot;&lt;b&gt;&amp;&#39;&quot;"},
	    {"{{ v | escape_once }}", EVIL, "&lt;b&gt;&amp;&#39;&quot;"},
	    {"{{ v | upcase }}{{ v | escape | slice: 0, 4 }}", EVIL,
		"&lt;B&gt;&amp;&#39;&quot;&lt;"},
	    {"{{ n | newline_to_br }}", EVIL, "a<br />\nb"},
	    {"{{ v | newline_to_br }}", EVIL, "&lt;b&gt;&amp;&#39;&quot;"},
	    {"{{ '<i>' | raw | append: v }}", EVIL, "<i>&lt;b&gt;&amp;&#39;&quot;"},
	    {"{{ v | append: '<i>' }}", EVIL, "&lt;b&gt;&amp;&#39;&quot;&lt;i&gt;"},
	    {"{{ '<i>' | raw | replace: 'i', v }}", EVIL, "<&lt;b&gt;&amp;&#39;&quot;>"},
	    {"{{ l }}{{ l | join: '&' }}{{ l | first }}", EVIL, "&lt;&gt;&lt;&amp;&gt;&lt;"},
	    {"{{ o }}{{ v | json }}", EVIL,
		"{&quot;&lt;&quot;=&gt;1}&quot;\\u003cb\\u003e\\u0026&#39;\\&quot;&quot;"},
	    {"{% capture c %}<i>{{ v }}</i>{% endcapture %}{{ c }}", EVIL,
		"<i>&lt;b&gt;&amp;&#39;&quot;</i>"},
	    {"{% assign x = v | escape %}{{ x }}{{ x | url_decode }}", EVIL,
		"&lt;b&gt;&amp;&#39;&quot;&amp;lt;b&amp;gt;&amp;amp;&amp;#39;&amp;quot;"},
	    {"{{ '%3Cb%3E' | url_decode }}{{ nothing | default: v }}", EVIL,
		"&lt;b&gt;&lt;b&gt;&amp;&#39;&quot;"},
	    {"{% cycle v, 1 %}{% echo v %}", EVIL,
		"&lt;b&gt;&amp;&#39;&quot;&lt;b&gt;&amp;&#39;&quot;"},
	};

	(void)state;
	check_all(LIQUID_HTML, samples, COUNT(samples));
}

static void
header_controls(void **state)
{
	static const struct sample samples[] = {
	    {"Hi {{ v }}!", "{\"v\":\"a\\r\\nBcc: x\\tb\\u007f\\u0085\\u2028c\\u2029é\"}",
		"Hi a  Bcc: x b   c é!"},
	    {"{{ v | escape }}", "{\"v\":\"<\\n>\"}", "&lt; &gt;"},
	    {"{% capture c %}{{ v }}{% endcapture %}{{ c }}", "{\"v\":\"a\\nb\"}", "a b"},
	};

	(void)state;
	check_all(LIQUID_HEADER, samples, COUNT(samples));
}

static void
template_errors(void **state)
{
	static const struct {
		const char *template;
		const char *text;
	} errors[] = {
	    {"a\nb {{ x", "t:2:3: '{{' is not closed with '}}'"},
	    {"a\né {% if x", "t:2:3: '{%' is not closed with '%}'"},
	    {"{{ x } }}", "t:1:1: '{{' is not closed with '}}'"},
	    {"{% if x %}a", "t:1:1: 'if' is not closed with 'endif'"},
	    {"{% for x in y %}{% if x %}{% endfor %}", "t:1:27: expected 'endif', found 'endfor'"},
	    {"{% endif %}", "t:1:1: there is no tag 'endif'"},
	    {"\n\n {% nope %}", "t:3:2: there is no tag 'nope'"},
	    {"{% %}", "t:1:4: expected the name of a tag, found the end"},
	    {"{{ x | nope }}", "t:1:8: there is no filter 'nope'"},
	    {"{{ x | upcase: 1 }}", "t:1:8: filter 'upcase' takes 0 argument(s), found 1"},
	    {"{{ x | append }}", "t:1:8: filter 'append' takes 1 argument(s), found 0"},
	    {"{{ x | upcase: a: 1 }}", "t:1:8: filter 'upcase' does not take that argument"},
	    {"{{ x | }}", "t:1:8: expected the name of a filter, found the end"},
	    {"{{ x y }}", "t:1:6: expected the end of the tag, found 'y'"},
	    {"{{ x. }}", "t:1:7: expected a name after the '.', found the end"},
	    {"{{ x[1 }}", "t:1:8: expected ']', found the end"},
	    {"{{ 'x }}", "t:1:4: the string is not closed"},
	    {"{{ (1..) }}", "t:1:8: expected a value, found ')'"},
	    {"{% if %}{% endif %}", "t:1:7: expected a value, found the end"},
	    {"{% if a = b %}{% endif %}", "t:1:9: expected the end of the tag, found '='"},
	    {"{% else %}", "t:1:1: 'else' stands outside of 'if', 'unless', 'case' and 'for'"},
	    {"{% when 1 %}", "t:1:1: 'when' stands outside of 'case'"},
	    {"{% elsif 1 %}", "t:1:1: 'elsif' stands outside of 'if' and 'unless'"},
	    {"{% assign = 1 %}", "t:1:11: expected the name of a variable, found '='"},
	    {"{% assign x 1 %}", "t:1:13: expected '=', found '1'"},
	    {"{% for x of y %}{% endfor %}", "t:1:10: expected 'in', found 'of'"},
	    {"{% for x in y by: 1 %}{% endfor %}",
		"t:1:15: expected 'limit' or 'offset', found 'by'"},
	    {"{% comment %}", "t:1:1: 'comment' is not closed with 'endcomment'"},
	    {"{% raw %}{{ x", "t:1:1: 'raw' is not closed with 'endraw'"},
	    {"{% liquid\n if x\n%}", "t:2:2: 'if' is not closed with 'endif'"},
	    {"{% if x %}{% liquid endif %}", "t:1:21: there is no tag 'endif'"},
	    {"{{ 1 | divided_by: 0 }}", "t:1:8: divided by 0"},
	    {"{% if 1 < 'a' %}{% endif %}", "t:1:1: comparison of Integer with String failed"},
	    {"{{ 'a' | slice: 'b' }}", "t:1:10: invalid integer"},
	    {"{% for i in (1..3) limit: 'x' %}{% endfor %}", "t:1:1: invalid integer"},
	    {"{{ 'a,1' | split: ',' | concat: 1 }}", "t:1:25: filter 'concat' wants a list to add"},
	};
	struct attempt attempt = attempt_in(LIQUID_HTML);

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++)
		check_error(&attempt, errors[i].template, ERR_TEMPLATE, errors[i].text);
}

static void
aborts(void **state)
{
	struct attempt attempt = attempt_in(LIQUID_HTML);

	(void)state;
	check_error(&attempt, "a{% abort 'no <offer>' %}b", ERR_ABORT, "no <offer>");
	check_error(&attempt, "{% if true %}{% abort %}{% endif %}", ERR_ABORT,
	    "the template asked for it");
	check(&attempt, &(struct sample){"{% if false %}{% abort 'x' %}{% endif %}a", NULL, "a"});
}

static void
note_missing(void *closure, struct str path)
{
	char *noted = closure;

	snprintf(noted + strlen(noted), 200 - strlen(noted), "%.*s;", STR_F(path));
}

static void
missing(void **state)
{
	static const struct sample samples[] = {
	    {"{{ a.b }}{{ c['d'] }}{{ ok }}", "{\"ok\":1}", "a.b;c['d'];"},
	    {"{{ a | default: 'x' }}{{ a | upcase | default: 'x' }}", NULL, ""},
	    {"{{ a | default: b }}{{ ok | default: b }}", "{\"ok\":1}", "b;"},
	    {"{{ a | upcase }}{{ 'x' | append: b }}", NULL, "a;b;"},
	    {"{% if a %}{% endif %}{% unless a == 1 %}{% endunless %}{% case a %}{% endcase %}",
		NULL, ""},
	    {"{% assign x = a %}{% if x %}{% endif %}", NULL, ""},
	    {"{% assign x = a %}{{ x }}", NULL, "x;"},
	    {"{% assign x = a | plus: 1 %}", NULL, "a;"},
	    {"{% for p in a %}{% endfor %}{% for p in b %}{% else %}{% endfor %}", NULL, "a;"},
	    {"{{ nil }}{{ e }}", "{\"e\":\"\"}", ""},
	};
	struct attempt attempt = attempt_in(LIQUID_HTML);
	char noted[200];

	(void)state;
	attempt.render.missing = note_missing;
	attempt.render.closure = noted;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct arena *arena = arena_new(attempt.arena);
		struct str output;
		struct err err;

		noted[0] = '\0';
		assert_int_equal(render_into(&attempt, samples[i].template, samples[i].data, arena,
				     &output, &err),
		    0);
		if (strcmp(noted, samples[i].result) != 0)
			fail_msg("%s: missed \"%s\"", samples[i].template, noted);
		arena_free(&arena);
	}
}

static void
strictness(void **state)
{
	struct attempt attempt = attempt_in(LIQUID_TEXT);

	(void)state;
	check(&attempt, &(struct sample){"{{ 'a' | nope }}{{ 'b' c }}", NULL, "ab"});
	attempt.options.strict = true;
	check_error(
	    &attempt, "{{ 'a' | nope }}", ERR_TEMPLATE, "t:1:10: there is no filter 'nope'");
	check_error(
	    &attempt, "{{ 'b' c }}", ERR_TEMPLATE, "t:1:8: expected the end of the tag, found 'c'");
	check_error(&attempt, "{{ ['b'] }}", ERR_TEMPLATE,
	    "t:1:4: a variable can't begin with '[': write self[...]");
	/* What editors make of quotes and spaces. */
	check_error(&attempt, "{{ x | default: \xe2\x80\x9cyou\xe2\x80\x9d }}", ERR_TEMPLATE,
	    "t:1:17: expected a value, found '\xe2\x80\x9c'");
	check(&attempt,
	    &(struct sample){"{{\xc2\xa0x\xc2\xa0|\xc2\xa0upcase }}{{ stra\xc3\x9f"
			     "e }}",
		"{\"x\":\"a\",\"stra\xc3\x9f"
		"e\":\"b\"}",
		"Ab"});
}

static void
objects(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct liquid_object *object = liquid_object_new(arena, 0);
	char names[300][8];

	(void)state;
	for (int i = 0; i < 300; i++) {
		sprintf(names[i], "k%d", i);
		assert_int_equal(
		    liquid_object_set(object, arena, str_c(names[i]), liquid_int(i)), 0);
	}
	assert_int_equal(liquid_object_set(object, arena, STR("k7"), liquid_int(-7)), 0);
	for (int i = 0; i < 300; i++) {
		const struct liquid_value *value = liquid_object_get(object, str_c(names[i]));

		assert_non_null(value);
		assert_int_equal(value->integer, i == 7 ? -7 : i);
	}
	assert_null(liquid_object_get(object, STR("k300")));
	arena_free(&arena);
	arena = arena_new(64);
	assert_null(liquid_object_new(arena, 100));
	arena_free(&arena);
}

static int
get_lazy(void *closure, struct str key, struct arena *arena, struct liquid_value *value_r,
    struct err *err)
{
	int *asked = closure;

	(void)arena;
	++*asked;
	if (str_is(key, "fails"))
		return err_set(err, ERR_STORE, "the plugin said no");
	if (!str_is(key, "name"))
		return 0;
	*value_r = liquid_string(STR("lazy"));
	return 1;
}

static void
lazy_values(void **state)
{
	int asked = 0;
	struct liquid_lazy lazy = {.get = get_lazy, .closure = &asked};
	struct liquid_value globals = {.type = LIQUID_LAZY, .lazy = &lazy};
	struct liquid_options options = {.mode = LIQUID_HTML, .limits = roomy};
	struct liquid_render_options render_options = {.now_ms = NOW};
	struct liquid_program *program;
	struct arena *arena = arena_new(1 << 20);
	struct err err = ERR_INIT;
	struct str output;

	(void)state;
	assert_int_equal(
	    liquid_compile(&program, STR("t"), STR("{{ name }}{{ name }}{{ q }}"), &options, &err),
	    0);
	assert_int_equal(
	    liquid_render(program, &globals, &render_options, arena, &output, &err), 0);
	assert_true(str_is(output, "lazylazy"));
	assert_int_equal(asked, 2);
	liquid_free(&program);
	assert_int_equal(liquid_compile(&program, STR("t"), STR("{{ fails }}"), &options, &err), 0);
	assert_int_equal(
	    liquid_render(program, &globals, &render_options, arena, &output, &err), -1);
	assert_int_equal(err.code, ERR_STORE);
	liquid_free(&program);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(outputs),
	    cmocka_unit_test(branches),
	    cmocka_unit_test(loops),
	    cmocka_unit_test(other_tags),
	    cmocka_unit_test(partials),
	    cmocka_unit_test(html_escapes),
	    cmocka_unit_test(header_controls),
	    cmocka_unit_test(template_errors),
	    cmocka_unit_test(aborts),
	    cmocka_unit_test(missing),
	    cmocka_unit_test(strictness),
	    cmocka_unit_test(objects),
	    cmocka_unit_test(lazy_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
