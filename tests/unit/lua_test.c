/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lua_test: the plugin lua in the engine: files, hooks, ceilings, and what must not get out
 */
#include "tailor_fixture.h"

#include "base/buf.h"
#include "plugin/internal.h"
#include "store/plugin.h"
#include "tailor/internal.h"

#include <glib.h>
#include <time.h>

#define INSTRUCTIONS "500000"

static struct {
	const struct conf *conf;
	struct dkim_keys *keys;
	struct tailor_templates *templates;
	struct store *store;
	struct tailor *tailor;
	struct arena *arena;
} world;

static void
put_lua(const char *name, const char *text)
{
	char path[200];

	snprintf(path, sizeof path, "%s/lua/%s", fixture_folder, name);
	assert_true(g_file_set_contents(path, text, -1, NULL));
	assert_int_equal(chmod(path, 0644), 0);
}

static void
remove_lua(const char *name)
{
	char path[200];

	snprintf(path, sizeof path, "%s/lua/%s", fixture_folder, name);
	unlink(path);
}

/* A process with the files as they are. */
static int
begin(struct err *err)
{
	*err = ERR_INIT;
	return tailor_new(
	    &world.tailor, world.conf, world.keys, NULL, world.templates, world.store, err);
}

#define HEAD                                                                               \
	"From: Shop <news@shop.example>\r\nTo: all@shop.example\r\nX-Campaign: spring\r\n" \
	"Message-ID: <one@tool>\r\nMIME-Version: 1.0\r\nSubject: s\r\n"

/* The copy for one recipient as text, or why there is none; until the next call. */
static const char *
render_with(
    struct arena *arena, struct buf *out, const char *kind, const char *template, const char *to)
{
	const struct conf_campaign *found = conf_campaign_find(world.conf, STR("spring"));
	struct tailor_message *message;
	struct tailor_copy copy;
	struct err err = ERR_INIT;
	char *raw = g_strdup_printf(
	    HEAD "Content-Type: text/%s; charset=utf-8\r\n\r\n%s\r\n", kind, template);

	arena_reset(arena);
	buf_fini(out);
	buf_init(out, (size_t)1 << 20);
	if (tailor_message_new(&message, world.tailor, found, STR("spring"),
		STR("bounce@shop.example"), str_c(raw), &err) != 0) {
		buf_add(out, err.text, strlen(err.text));
	} else {
		tailor_render(world.tailor, message, str_c(to), arena, &copy);
		if (copy.verdict == STORE_SENT)
			assert_int_equal(tailor_copy_write(&copy, out), 0);
		else
			buf_add(out, copy.reason.p, copy.reason.n);
		tailor_message_free(&message);
	}
	g_free(raw);
	buf_add_char(out, '\0');
	return out->data;
}

static const char *
render(const char *kind, const char *template, const char *to)
{
	static struct buf out;

	return render_with(world.arena, &out, kind, template, to);
}

static void
assert_has(const char *text, const char *wanted)
{
	if (strstr(text, wanted) == NULL)
		fail_msg("\"%s\" is not in\n%s", wanted, text);
}

struct one {
	const char *lua, *template, *wanted;
};

static void
check_each(const struct one *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct err err;

		put_lua("t.lua", cases[i].lua);
		if (begin(&err) != 0)
			fail_msg("%s\n%s", cases[i].lua, err.text);
		if (strstr(render("plain", cases[i].template, "ada@example.org"),
			cases[i].wanted) == NULL)
			fail_msg("%s\nwanted \"%s\", got \"%s\"", cases[i].lua, cases[i].wanted,
			    render("plain", cases[i].template, "ada@example.org"));
		tailor_free(&world.tailor);
	}
	remove_lua("t.lua");
}

#define CHECK(cases)  check_each(cases, sizeof cases / sizeof cases[0])
#define V(expression) "mailtailor.value('v', function(contact) return " expression " end)"
#define F(body)	      "mailtailor.filter('f', function(x, y, z) " body " end)"

/* --- values --- */

static void
values_go_both_ways(void **state)
{
	static const struct one cases[] = {
	    {V("'a'"), "({{ v }})", "(a)"},
	    {V("nil"), "({{ v }})", "()"},
	    {V("true"), "({{ v }})", "(true)"},
	    {V("42"), "({{ v }})", "(42)"},
	    {V("2.5"), "({{ v }})", "(2.5)"},
	    {V("{1, 2, {3}}"), "({{ v[1] }}{{ v[2][0] }}{{ v.size }})", "(233)"},
	    {V("{a = {b = 'c'}, d = false}"), "({{ v.a.b }}{{ v.d }})", "(cfalse)"},
	    {V("{z = 1, a = 2, m = 3}"), "({% for p in v %}{{ p[0] }}{% endfor %})", "(amz)"},
	    {V("contact.city"), "({{ v }})", "(Th<rso)"},
	    {V("contact.list[2]"), "({{ v }})", "(two)"},
	    {V("#contact.list"), "({{ v }})", "(2)"},
	    {V("mailtailor.find('contact.n') + 1"), "({{ v }})", "(8)"},
	    {V("mailtailor.json('{\"a\":[1,2]}').a[2]"), "({{ v }})", "(2)"},
	    {V("mailtailor.json('{')"), "({{ v }})", "()"},
	    {V("mailtailor.encode({b = 1, a = {1, 2}})"), "({{ v }})", "({\"a\":[1,2],\"b\":1})"},
	    {V("mailtailor.param('shop') .. mailtailor.param('no', 'x')"), "({{ v }})",
		"(Wick=3D1x)"},
	    {V("mailtailor.escape('<a&\"')"), "({{ v }})", "(&lt;a&amp;&quot;)"},
	    {V("mailtailor.local_time(0, 'Asia/Tokyo').hour"), "({{ v }})", "(9)"},
	    {V("mailtailor.moment({year = 1970, hour = 9}, 'Asia/Tokyo')"), "({{ v }})", "(0)"},
	    {V("mailtailor.date(0, 'Asia/Tokyo')"), "({{ v }})", "(1970-01-01 09:00:00 +0900)"},
	    {V("mailtailor.random('x', 6) == mailtailor.random('x', 6)"), "({{ v }})", "(true)"},
	    {V("mailtailor.message().campaign"), "({{ v }})", "(spring)"},
	    {F("return x:upper()"), "({{ 'ab' | f }})", "(AB)"},
	    {F("return x .. y .. z.k"), "({{ 'a' | f: 'b', k: 'c' }})", "(abc)"},
	    {"mailtailor.tag('t', function(a) return a * 2 end)", "({% t 21 %})", "(42)"},
	    {"mailtailor.block('b', function(body) return body:reverse() end)",
		"({% b %}abc{% endb %})", "(cba)"},
	};

	(void)state;
	CHECK(cases);
}

static void
bad_values_name_their_place(void **state)
{
	static const struct one cases[] = {
	    {"\n\n" V("'\\xff'"), "{{ v }}", "a value: its text is no UTF-8"},
	    {V("'\\xed\\xa0\\x80'"), "{{ v }}", "no UTF-8"},
	    {V("'\\xc0\\x80'"), "{{ v }}", "no UTF-8"},
	    {V("{['\\xff'] = 1}"), "{{ v }}", "a key: its text is no UTF-8"},
	    {V("{1, a = 2}"), "{{ v }}", "expected 1 to n, or text"},
	    {V("0/0"), "{{ v }}", "no number that templates know"},
	    {V("print"), "({{ v }})", "()"},
	    {V("function() end"), "{{ v }}", "a value is a function"},
	    {"local t = {} t.t = t\n" V("t"), "{{ v }}", "nests deeper than 20, or holds itself"},
	    {"\n\nmailtailor.value('v', function()\n  error('no shop')\nend)", "{{ v }}",
		"plugin lua: value v: t.lua:4: no shop"},
	    {"mailtailor.value('v', function()\n local x\n return x.y end)", "{{ v }}",
		"t.lua:3: attempt to index a nil value (local 'x')"},
	    {V("error({})"), "{{ v }}", "t.lua: its error is no text"},
	    {"mailtailor.value('v', function() return\n mailtailor.find({}) end)", "{{ v }}",
		"t.lua:2: find: expected text, got table"},
	    {V("mailtailor.value('w', function() end)"), "{{ v }}",
		"t.lua:1: hooks are made outside of functions"},
	};

	(void)state;
	CHECK(cases);
}

/* --- ceilings --- */

#define LOOP "it takes more than " INSTRUCTIONS " instructions"
#define HEAP "it needs more than the heap's 2097152 bytes"

static void
ceilings_hold(void **state)
{
	static const struct one cases[] = {
	    {F("while true do end"), "{{ 'a' | f }}", "filter f: t.lua:1: " LOOP},
	    {F("\n\nrepeat until false"), "{{ 'a' | f }}", "t.lua:3: " LOOP},
	    {F("while true do pcall(function() while true do end end) end"), "{{ 'a' | f }}", LOOP},
	    {F("pcall(function() while true do end end) return 'caught'"), "{{ 'a' | f }}", LOOP},
	    {F("local t <close> = setmetatable({}, {__close = function() while true do end end})"),
		"{{ 'a' | f }}", LOOP},
	    {F("return setmetatable({}, {__index = function(t) return t.x end}).x"),
		"{{ 'a' | f }}", "t.lua:1: "},
	    {F("local t = {} for i = 1, 1e9 do t[i] = {i} end"), "{{ 'a' | f }}", "t.lua:1: " HEAP},
	    {F("while true do x = x .. x end"), "{{ 'abc' | f }}", HEAP},
	    {F("return x:rep(1000000000)"), "{{ 'abc' | f }}", "larger than the heap"},
	    {F("return ('x'):rep(1 << 62)"), "{{ 'abc' | f }}", "larger than the heap"},
	    {F("return '[' .. (''):rep(1 << 62) .. ']'"), "({{ 'abc' | f }})", "([])"},
	    {F("return ('%1000d'):format(1)"), "{{ 'abc' | f }}", "t.lua:1: invalid conversion"},
	    {F("return ('a'):rep(30000):find(('.-'):rep(30) .. 'b')"), "{{ 'a' | f }}", LOOP},
	    {F("return ('a'):rep(30000):match(('a*'):rep(30) .. 'b')"), "{{ 'a' | f }}", LOOP},
	    {F("return (('a'):rep(90000):gsub('a*a*a*b', ''))"), "{{ 'a' | f }}", LOOP},
	    {F("for w in ('('):rep(90000):gmatch('%b()') do end"), "{{ 'a' | f }}", LOOP},
	    {F("return x:find(('('):rep(1000))"), "{{ 'a' | f }}", "more than 128 items"},
	    {"local function g() return 1 + g() end\n" F("return g()"), "{{ 'a' | f }}",
		"t.lua:1: "},
	    {F("local function g(s) return (s:gsub('.', g)) end return g('a')"), "{{ 'a' | f }}",
		"C stack overflow"},
	    {F("return table.concat(setmetatable({}, {__index = table.concat}), '', 1, 1 << 60)"),
		"{{ 'a' | f }}", "expected a table without a metatable"},
	    {F("return table.concat({}, '', 1, 1 << 60)"), "{{ 'a' | f }}", "invalid value"},
	    {F("return table.unpack({}, 1, 1 << 30)"), "{{ 'a' | f }}", "too many results"},
	    {F("local t = {} for i = 1, 300 do t = {t} end return t"), "{{ 'a' | f }}",
		"nests deeper"},
	};

	(void)state;
	CHECK(cases);
}

/* --- the sandbox --- */

static void
nothing_gets_out(void **state)
{
	static const struct one cases[] = {
	    {F("return io.open('/etc/passwd')"), "{{ 'a' | f }}",
		"t.lua:1: attempt to index a nil value (global 'io')"},
	    {F("return tostring(io) .. tostring(os) .. tostring(package) .. tostring(debug) .. "
	       "tostring(coroutine)"),
		"({{ 'a' | f }})", "(nilnilnilnilnil)"},
	    {F("return tostring(load) .. tostring(loadstring) .. tostring(dofile) .. "
	       "tostring(require) .. tostring(loadfile) .. tostring(string.dump)"),
		"({{ 'a' | f }})", "(nilnilnilnilnilnil)"},
	    {F("return tostring(collectgarbage) .. tostring(rawset) .. tostring(_G) .. "
	       "tostring(math.random) .. tostring(table.move) .. tostring(xpcall)"),
		"({{ 'a' | f }})", "(nilnilnilnilnilnil)"},
	    {F("string.upper = 1"), "{{ 'a' | f }}", "can't be changed"},
	    {F("mailtailor.find = 1"), "{{ 'a' | f }}", "can't be changed"},
	    {F("mailtailor.kv.get = 1"), "{{ 'a' | f }}", "can't be changed"},
	    {F("return getmetatable('').__index"), "{{ 'a' | f }}", "attempt to index a boolean"},
	    {F("return tostring(getmetatable(string)) .. tostring(getmetatable(_ENV))"),
		"({{ 'a' | f }})", "(falsefalse)"},
	    {F("setmetatable(string, {})"), "{{ 'a' | f }}", "protected metatable"},
	    {F("setmetatable(_ENV, nil)"), "{{ 'a' | f }}", "protected metatable"},
	    {F("setmetatable('', {})"), "{{ 'a' | f }}", "table expected"},
	    {F("setmetatable({}, {__gc = function() end})"), "{{ 'a' | f }}", "__gc"},
	    {F("return tostring({}) .. tostring(print) .. tostring(error)"), "({{ 'a' | f }})",
		"(tablenilfunction)"},
	    {F("return ('%s'):format({})"), "({{ 'a' | f }})", "(table)"},
	    {F("return ('%p'):format({})"), "{{ 'a' | f }}", "%p is not offered"},
	    {F("return ('%-5.3p'):format({})"), "{{ 'a' | f }}", "%p is not offered"},
	    {F("local s = '' for k in pairs({b = 1, a = 2, [2] = 3, [1] = 4}) do s = s .. k end "
	       "return s"),
		"({{ 'a' | f }})", "(12ab)"},
	};

	(void)state;
	CHECK(cases);
}

/* What one call leaves must not be there in the next, whoever it is for. */
static void
nothing_is_left_for_the_next(void **state)
{
	static const char lua[] =
	    "local seen, list = 'nobody', {}\n"
	    "mailtailor.value('v', function(contact)\n"
	    "  local before = seen .. tostring(leak) .. #list .. tostring(mailtailor.leak)\n"
	    "  seen, leak = contact.city, contact.city\n"
	    "  list[#list + 1] = contact\n"
	    "  pcall(function() string.leak = contact end)\n"
	    "  pcall(function() _ENV.mailtailor.leak = contact end)\n"
	    "  return before .. tostring(string.leak)\n"
	    "end)\n"
	    "mailtailor.filter('f', function(x) return tostring(leak) .. seen end)\n";
	struct err err;

	(void)state;
	put_lua("t.lua", lua);
	assert_int_equal(begin(&err), 0);
	for (int i = 0; i < 5; i++) {
		assert_has(render("plain", "({{ v }})({{ 'x' | f }})", "ada@example.org"),
		    "(nobodynil0nilnil)(nilnobody)");
		assert_has(render("plain", "({{ v }})({{ 'x' | f }})", "bob@example.org"),
		    "(nobodynil0nilnil)(nilnobody)");
	}
	tailor_free(&world.tailor);
	remove_lua("t.lua");
}

static void
contacts_are_only_data(void **state)
{
	struct err err;

	(void)state;
	put_lua("t.lua",
	    "mailtailor.value('v', function(c) return {c.evil, #c.evil, c['__index']} end)\n"
	    "mailtailor.filter('m', function(x) return mailtailor.markup('<i>' .. "
	    "mailtailor.escape(x) .. '</i>') end)\n"
	    "mailtailor.filter('f', function(x) return (x:gsub('%w+', '[%0]')) end)\n");
	assert_int_equal(begin(&err), 0);
	assert_has(
	    render("html", "<p>{{ v[0] }}</p>\r\n{{ contact.evil | m }}\r\n{{ contact.evil | f }}",
		"eve@example.org"),
	    "<p>&lt;script&gt;{{ 1 }}%b()&lt;/script&gt;</p>\r\n"
	    "<i>&lt;script&gt;{{ 1 }}%b()&lt;/script&gt;</i>\r\n"
	    "&lt;[script]&gt;{{ [1] }}%[b]()&lt;/[script]&gt;");
	tailor_free(&world.tailor);
	remove_lua("t.lua");
}

/* --- the other hooks --- */

static void
all_hooks_work(void **state)
{
	struct err err;
	const char *text;

	(void)state;
	put_lua("t.lua",
	    "mailtailor.part('html', function(html, part)\n"
	    "  return (html:gsub('</body>', '<p>by ' .. part.kind .. part.number .. "
	    "'</p></body>'))\n"
	    "end)\n"
	    "mailtailor.part('text', function(text) end)\n"
	    "mailtailor.header(function(h, contact)\n"
	    "  h['X-City'] = contact.city\n"
	    "  h['X-Was'] = h['subject']\n"
	    "  h['X-None'] = nil\n"
	    "end)\n"
	    "mailtailor.gate(function(contact)\n"
	    "  if contact.city == 'Wick' then return 'skip', 'not to Wick' end\n"
	    "  if contact.evil then return 'later', mailtailor.now() + 3600, 'in an hour' end\n"
	    "end)\n");
	assert_int_equal(begin(&err), 0);
	text = render("html", "<body>x</body>", "ada@example.org");
	assert_has(text, "<body>x<p>by html1</p></body>");
	assert_has(text, "X-City: Th<rso");
	assert_has(text, "X-Was: s");
	assert_has(render("plain", "x", "bob@example.org"), "plugin lua: gate t: not to Wick");
	assert_has(render("plain", "x", "eve@example.org"), "plugin lua: gate t: in an hour");
	tailor_free(&world.tailor);
	put_lua("t.lua", "mailtailor.header(function(h)\n h['From'] = 'x' end)");
	assert_int_equal(begin(&err), 0);
	assert_has(render("plain", "x", "ada@example.org"),
	    "plugin lua: header t: t.lua:2: the header field From is not a plugin's to change");
	tailor_free(&world.tailor);
	remove_lua("t.lua");
}

static void
store_is_shared(void **state)
{
	static const struct one cases[] = {
	    {V("mailtailor.kv.put('a/1', 'one') or mailtailor.kv.get('a/1')"), "({{ v }})",
		"(one)"},
	    {V("mailtailor.kv.get('a/1')"), "({{ v }})", "(one)"},
	    {V("mailtailor.kv.swap('a/1', 'two', 'three')"), "({{ v }})", "(false)"},
	    {V("mailtailor.kv.list('a/')[1].key"), "({{ v }})", "(a/1)"},
	    {V("mailtailor.kv.claim('a/', 'for/ada')"), "({{ v }})", "(one)"},
	    {V("mailtailor.kv.claim('a/', 'for/ada')"), "({{ v }})", "(one)"},
	    {V("mailtailor.kv.delete('for/ada')"), "({{ v }})", "(true)"},
	    {V("mailtailor.kv.put('', 'x')"), "{{ v }}", "t.lua:1: kv.put: expected a key"},
	    {V("mailtailor.event_count({type = 'x'})"), "({{ v }})", "(0)"},
	    {V("mailtailor.product('none')"), "({{ v }})", "()"},
	};

	(void)state;
	CHECK(cases);
}

/* --- patterns: as Lua's own manual has them --- */

static void
patterns_match(void **state)
{
	static const struct one cases[] = {
	    {F("return x:find('l+')"), "({{ 'hello' | f }})", "(3)"},
	    {F("return select(2, x:find('l+'))"), "({{ 'hello' | f }})", "(4)"},
	    {F("return x:match('^(%a+) (%d+)$')"), "({{ 'ab 12' | f }})", "(ab)"},
	    {F("return select(2, x:match('^(%a+) (%d+)$'))"), "({{ 'ab 12' | f }})", "(12)"},
	    {F("return x:match('()ll()')"), "({{ 'hello' | f }})", "(3)"},
	    {F("return (x:gsub('(%w+)', '<%1>'))"), "({{ 'a b' | f }})", "(<a> <b>)"},
	    {F("return (x:gsub('%w+', {a = 1, b = false}))"), "({{ 'a b c' | f }})", "(1 b c)"},
	    {F("return (x:gsub('', '-'))"), "({{ 'abc' | f }})", "(-a-b-c-)"},
	    {F("return (x:gsub('b*', '-'))"), "({{ 'abc' | f }})", "(-a-c-)"},
	    {F("return (x:gsub('%s+', '%%', 1))"), "({{ 'a b c' | f }})", "(a%b c)"},
	    {F("return (x:gsub('^a', ''))"), "({{ 'aab' | f }})", "(ab)"},
	    {F("return (x:gsub('%f[%a]%a', string.upper))"), "({{ 'the cat' | f }})", "(The Cat)"},
	    {F("return x:match('%b()')"), "({{ 'f(a(b)c)d)' | f }})", "((a(b)c))"},
	    {F("return x:match('(.)%1')"), "({{ 'hello' | f }})", "(l)"},
	    {F("return x:match('[^%s-]+', -3)"), "({{ 'a b-c d' | f }})", "(c)"},
	    {F("return x:match('a-b')"), "({{ 'aaab' | f }})", "(aaab)"},
	    {F("return x:match('[]]')"), "({{ 'a]' | f }})", "(])"},
	    {F("return x:match('[a-c%d]+')"), "({{ 'xb2ca-' | f }})", "(b2ca)"},
	    {F("return x:match('colou?r')"), "({{ 'my color' | f }})", "(color)"},
	    {F("return x:find('.', 1, true)"), "({{ 'ab.c' | f }})", "(3)"},
	    {F("return tostring(x:find('b', 9))"), "({{ 'ab' | f }})", "(nil)"},
	    {F("local s = '' for k, v in x:gmatch('(%w)=(%w)') do s = s .. v .. k end return s"),
		"({{ 'a=1,b=2' | f }})", "(1a2b)"},
	    {F("local n = 0 for w in x:gmatch('%a*') do n = n + 1 end return n"),
		"({{ 'ab cd' | f }})", "(2)"},
	    {F("return x:match('[a')"), "{{ 'a' | f }}",
		"t.lua:1: malformed pattern (missing ']')"},
	    {F("return x:match('%')"), "{{ 'a' | f }}", "malformed pattern (ends with '%')"},
	    {F("return x:match('(a')"), "{{ 'a' | f }}", "unfinished capture"},
	    {F("return x:match('a)')"), "{{ 'a' | f }}", "invalid pattern capture"},
	    {F("return x:gsub('a', '%2')"), "{{ 'a' | f }}", "invalid capture index"},
	};

	(void)state;
	CHECK(cases);
}

/* --- files --- */

static void
assert_begin_fails(const char *name, const char *lua, const char *wanted)
{
	struct plugin_set *set = NULL;
	struct err err = ERR_INIT;

	put_lua(name, lua);
	if (plugin_set_new(&set, world.conf, NULL, NULL, NULL, &err) == 0)
		fail_msg("it was taken: %s", lua);
	assert_has(err.text, wanted);
	remove_lua(name);
}

static void
bad_files_are_refused(void **state)
{
	char path[200], code[] = "\033Lua";
	struct err err;

	(void)state;
	assert_begin_fails("t.lua", "x = = 1",
	    "test.conf:2: plugin \"lua\": extend: t.lua:1: "
	    "unexpected symbol near '='");
	assert_begin_fails("t.lua", "\n\nerror('no')", "extend: t.lua:3: no");
	assert_begin_fails("t.lua", code, "attempt to load a binary chunk");
	assert_begin_fails("t.lua", "while true do end", "instructions");
	assert_begin_fails(
	    "t.lua", "mailtailor.filter('No Name', print)", "t.lua:1: filter: expected a name");
	assert_begin_fails("t.lua", "mailtailor.filter('x')", "function expected");
	assert_begin_fails("t.lua", "\nfor i = 1, 2 do mailtailor.filter('x', error) end",
	    "t.lua:2: filter x is there already, in t.lua");
	assert_begin_fails(
	    "t.lua", "mailtailor.event({'klicked'}, error)", "event: there is no kind \"klicked\"");
	assert_begin_fails("t.lua", "mailtailor.kv.put('a', 'b')", "outside of a file's first run");
	assert_begin_fails("No Name.lua", "", "No Name.lua: expected a name of at most 36");
	put_lua("t.lua", "");
	snprintf(path, sizeof path, "%s/lua/t.lua", fixture_folder);
	chmod(path, 0664);
	assert_int_equal(begin(&err), 0);
	assert_has(render("plain", "x", "ada@example.org"),
	    "t.lua: expected that only its owner may write it");
	tailor_free(&world.tailor);
	remove_lua("t.lua");
}

static struct plugin *
the_plugin(void)
{
	return &world.tailor->plugins->plugins[0];
}

/* The task, as the background process runs it. */
static int
run_look(struct err *err)
{
	struct plugin *plugin = the_plugin();
	const struct mt_task *task = &plugin->module->definition.tasks.at[0];
	size_t used = 0;
	struct plugin_occasion occasion = {.plugin = plugin,
	    .kind = BOARD_TASK,
	    .hook = task->name,
	    .deadline_ms = 60000,
	    .arena = arena_new((size_t)64 << 20),
	    .used = &used,
	    .ceiling = (size_t)64 << 20};
	struct plugin_call *call;
	int rc;

	*err = ERR_INIT;
	plugin->looked_us = 0;
	rc = plugin_call_begin(&call, &occasion, err);
	if (rc == 0)
		rc = plugin_call_end(&call, task->run(&call->mt, task->closure), err);
	arena_free(&occasion.arena);
	plugin->looked_us = 0;
	return rc;
}

static void
changes_come_into_service(void **state)
{
	struct err err;

	(void)state;
	put_lua("t.lua", F("return 'one'"));
	assert_int_equal(begin(&err), 0);
	assert_int_equal(run_look(&err), 0);
	put_lua("t.lua", F("return 'two'"));
	/* Once seen is not enough: somebody may be writing. */
	assert_int_equal(run_look(&err), 0);
	assert_has(render("plain", "({{ 'x' | f }})", "ada@example.org"), "(one)");
	assert_int_equal(run_look(&err), 0);
	assert_has(render("plain", "({{ 'x' | f }})", "ada@example.org"), "(two)");
	put_lua("t.lua", "\n" F("return = 3"));
	assert_int_equal(run_look(&err), 0);
	assert_int_equal(run_look(&err), -1);
	assert_has(err.text, "t.lua:2: unexpected symbol near '='");
	/* It is said once. */
	assert_int_equal(run_look(&err), 0);
	assert_has(render("plain", "({{ 'x' | f }})", "ada@example.org"), "(two)");
	put_lua("t.lua", "mailtailor.filter('g', error)");
	assert_int_equal(run_look(&err), 0);
	assert_int_equal(run_look(&err), -1);
	assert_has(err.text,
	    "t.lua: the filter f is gone, or is for something else: that takes a "
	    "SIGHUP");
	assert_has(render("plain", "({{ 'x' | f }})", "ada@example.org"), "(two)");
	put_lua("t.lua", F("return 'three'") "\nmailtailor.filter('g', error)");
	assert_int_equal(run_look(&err), 0);
	assert_int_equal(run_look(&err), 0);
	assert_has(render("plain", "({{ 'x' | f }})", "ada@example.org"), "(three)");
	tailor_free(&world.tailor);
	remove_lua("t.lua");
}

/* --- threads --- */

static void *
render_often(void *closure)
{
	struct arena *arena = arena_new((size_t)64 << 20);
	struct buf out = {0};
	const char *to = closure, *city = strcmp(to, "ada@example.org") == 0 ? "Th<rso" : "Wick";
	intptr_t wrong = 0;
	char wanted[100];

	snprintf(wanted, sizeof wanted, "(nobody %s)(%s!)", city, city);
	for (int i = 0; i < 200; i++)
		wrong += strstr(render_with(
				    arena, &out, "plain", "({{ v }})({{ contact.city | f }})", to),
			     wanted) == NULL;
	buf_fini(&out);
	arena_free(&arena);
	return (void *)wrong;
}

static void
threads_do_not_meet(void **state)
{
	static char ada[] = "ada@example.org", bob[] = "bob@example.org";
	pthread_t threads[4];
	struct err err;

	(void)state;
	put_lua("t.lua",
	    "local last = 'nobody'\n"
	    "mailtailor.value('v', function(c) local was = last last = c.city return was .. ' ' .. "
	    "c.city end)\n" F("return x .. '!'"));
	assert_int_equal(begin(&err), 0);
	/* So that a reload reads the folder. */
	store_plugin_delete(world.store, the_plugin()->row, STR("mailtailor/files"), 1, &err);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, render_often, i % 2 == 0 ? ada : bob), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(store_plugin_changed(world.store, the_plugin()->row, &err), 0);
		atomic_store(&the_plugin()->looked_us, 0);
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	}
	for (size_t i = 0; i < 4; i++) {
		void *wrong;

		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
	tailor_free(&world.tailor);
	remove_lua("t.lua");
}

/* --- the manual page --- */

/* All its examples, each a file: what stands between `.\" FILE name.lua` and .Ed. */
static void
write_examples(bool write)
{
	char *page, **lines, *name = NULL;
	GString *text = g_string_new(NULL);

	assert_true(g_file_get_contents(MANUAL, &page, NULL, NULL));
	lines = g_strsplit(page, "\n", -1);
	for (char **line = lines; *line != NULL; line++) {
		if (g_str_has_prefix(*line, ".\\\" FILE ")) {
			name = *line + 9;
			g_string_truncate(text, 0);
		} else if (name != NULL && strcmp(*line, ".Ed") == 0) {
			if (write)
				put_lua(name, text->str);
			else
				remove_lua(name);
			name = NULL;
		} else if (name != NULL && (*line)[0] != '.') {
			char *plain = g_strdup(*line), *from = plain, *to = plain;

			/* \e is the backslash of mdoc. */
			for (; *from != '\0'; from++) {
				*to++ = *from;
				if (from[0] == '\\' && from[1] == 'e')
					from++;
			}
			*to = '\0';
			g_string_append_printf(text, "%s\n", plain);
			g_free(plain);
		}
	}
	g_string_free(text, TRUE);
	g_strfreev(lines);
	g_free(page);
}

static void
examples_work(void **state)
{
	struct err err;
	const char *text;

	(void)state;
	write_examples(true);
	if (begin(&err) != 0)
		fail_msg("%s", err.text);
	text = render("html",
	    "<body>\r\n({{ 'now' | shout }})({{ shop.name }}, {{ shop.opens }})\r\n"
	    "({{ 9.5 | euro }}){% secret %}Tea{% endsecret %}\r\n{% stars 4 %}\r\n"
	    "({{ lucky }})</body>",
	    "ada@example.org");
	assert_has(text, "(NOW!)");
	assert_has(text, "(Thurso, 9:00)");
	assert_has(text, "(9,50 =E2=82=AC)Grn");
	assert_has(text, "<b>=E2=98=85=E2=98=85=E2=98=85=E2=98=85</b>");
	assert_has(text, "X-City: Th<rso");
	assert_has(text, "class=3D\"greeting\"");
	assert_has(render("plain", "x", "bob@example.org"), "gate snow: snow in Wick");
	tailor_free(&world.tailor);
	write_examples(false);
}

/* --- how long a call takes, for whoever wants to know: LUA_BENCH=1 --- */

static double
microseconds(const char *template, int rounds)
{
	struct timespec a, b;

	render("plain", template, "ada@example.org");
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
	for (int i = 0; i < rounds; i++)
		render("plain", template, "ada@example.org");
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
	return ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) / 1e3 /
	    rounds;
}

static void
calls_cost(void **state)
{
	struct err err;
	char without[4000] = "", with[4000] = "", value[4000] = "";

	(void)state;
	if (getenv("LUA_BENCH") == NULL)
		skip();
	put_lua("t.lua", F("return x:upper()") "\n" V("contact.city"));
	assert_int_equal(begin(&err), 0);
	for (int i = 0; i < 100; i++) {
		strcat(without, "{{ 'spring' }}");
		strcat(with, "{{ 'spring' | f }}");
	}
	strcat(value, "{{ v }}");
	printf("# filter call: %.2f us\n",
	    (microseconds(with, 500) - microseconds(without, 500)) / 100);
	printf("# value call: %.2f us\n", microseconds(value, 2000) - microseconds("", 2000));
	tailor_free(&world.tailor);
	remove_lua("t.lua");
}

/* --- set up --- */

static void
copy_plugin(void)
{
	char *bytes, path[128];
	gsize size;

	path_of("plugins", path);
	assert_int_equal(mkdir(path, 0755), 0);
	path_of("lua", path);
	assert_int_equal(mkdir(path, 0755), 0);
	path_of("plugins/lua.so", path);
	assert_true(g_file_get_contents(PLUGIN, &bytes, &size, NULL));
	assert_true(g_file_set_contents(path, bytes, (gssize)size, NULL));
	assert_int_equal(chmod(path, 0755), 0);
	g_free(bytes);
}

static int
set_up(void **state)
{
	struct err err = ERR_INIT;
	struct conf *conf;
	char path[128], text[2000];

	(void)state;
	plugin_process_init();
	fixture_make_folder("lua_test");
	copy_plugin();
	write_key();
	snprintf(text, sizeof text,
	    "plugin_path = \"%s/plugins\"\n"
	    "plugin \"lua\" { folder = \"%s/lua\"  instructions = " INSTRUCTIONS "  heap = 2m\n"
	    "    deadline = 10s  set = {\"shop=Wick=1\"} }\n"
	    "campaign \"spring\" { plugins = {\"lua\"} }\n"
	    "dkim \"shop.example\" { selector = \"s1\"  key = \"key.pem\" }\n",
	    fixture_folder, fixture_folder);
	write_file("test.conf", text);
	path_of("test.conf", path);
	if (conf_load(&conf, path, NULL, NULL, &err) != 0)
		fail_msg("%s", err.text);
	world.conf = conf;
	path_of("test.db", path);
	if (dkim_keys_load(&world.keys, conf, &err) != 0 ||
	    store_open(&world.store, path, STORE_CREATE, &err) != 0 ||
	    tailor_templates_load(&world.templates, conf, &err) != 0)
		fail_msg("%s", err.text);
	plugin_process.live = true;
	world.arena = arena_new((size_t)64 << 20);
	add_contact(world.store, "ada@example.org",
	    "{\"city\": \"Th<rso\", \"list\": [\"one\", \"two\"], \"n\": 7}");
	add_contact(world.store, "bob@example.org", "{\"city\": \"Wick\"}");
	add_contact(world.store, "eve@example.org",
	    "{\"evil\": \"<script>{{ 1 }}%b()</script>\", \"__index\": \"x\"}");
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const files[] = {
	    "key.pem", "test.conf", "test.db", "test.db-wal", "test.db-shm", "plugins/lua.so"};
	char path[128];

	(void)state;
	arena_free(&world.arena);
	tailor_templates_unref(&world.templates);
	dkim_keys_unref(&world.keys);
	conf_unref(&world.conf);
	store_close(&world.store);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		path_of(files[i], path);
		unlink(path);
	}
	path_of("plugins", path);
	rmdir(path);
	path_of("lua", path);
	rmdir(path);
	return rmdir(fixture_folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_go_both_ways),
	    cmocka_unit_test(bad_values_name_their_place),
	    cmocka_unit_test(ceilings_hold),
	    cmocka_unit_test(nothing_gets_out),
	    cmocka_unit_test(nothing_is_left_for_the_next),
	    cmocka_unit_test(contacts_are_only_data),
	    cmocka_unit_test(all_hooks_work),
	    cmocka_unit_test(store_is_shared),
	    cmocka_unit_test(patterns_match),
	    cmocka_unit_test(bad_files_are_refused),
	    cmocka_unit_test(changes_come_into_service),
	    cmocka_unit_test(threads_do_not_meet),
	    cmocka_unit_test(examples_work),
	    cmocka_unit_test(calls_cost),
	};

	return cmocka_run_group_tests_name("lua", tests, set_up, tear_down);
}
