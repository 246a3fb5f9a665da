/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pattern: Lua's patterns, with each step counted as an instruction
 *
 * Lua's own functions run in C, where no instruction is counted: a pattern of a few letters can
 * keep them busy for years. These do the same (Lua 5.4 manual, section 6.4.1), and stop at the
 * ceiling. A pattern is compiled into items first, so the stack can't get deeper than items.
 *
 * Threads: the state's.
 */
#include "script.h"

#include <ctype.h>
#include <string.h>

#define ITEMS_MAX    128
#define CAPTURES_MAX 32
#define OPEN	     ((ptrdiff_t)-1)
#define POSITION     ((ptrdiff_t)-2)

enum kind { ONE, BEGIN_CAPTURE, END_CAPTURE, MARK, BALANCE, FRONTIER, BACK, END };

struct item {
	enum kind kind;
	char many; /* 0, '*', '+', '-', '?' */
	unsigned char x, y;
	uint64_t set[4]; /* of bytes */
};

struct pattern {
	bool anchored;
	int count;
	struct item item[ITEMS_MAX];
};

struct capture {
	const char *at;
	ptrdiff_t size;
};

struct match {
	lua_State *L;
	const struct pattern *pattern;
	const char *begin, *end;
	int64_t steps;
	int level;
	struct capture capture[CAPTURES_MAX];
};

/* --- compiling --- */

static void
put(uint64_t set[4], unsigned char c)
{
	set[c >> 6] |= (uint64_t)1 << (c & 63);
}

static bool
has(const uint64_t set[4], unsigned char c)
{
	return (set[c >> 6] >> (c & 63) & 1) != 0;
}

static bool
is_of_class(int c, int class)
{
	switch (class) {
	case 'a':
		return isalpha(c) != 0;
	case 'c':
		return iscntrl(c) != 0;
	case 'd':
		return isdigit(c) != 0;
	case 'g':
		return isgraph(c) != 0;
	case 'l':
		return islower(c) != 0;
	case 'p':
		return ispunct(c) != 0;
	case 's':
		return isspace(c) != 0;
	case 'u':
		return isupper(c) != 0;
	case 'w':
		return isalnum(c) != 0;
	default:
		return isxdigit(c) != 0;
	}
}

/* What %C stands for: a class, all but a class, or itself. */
static void
put_escaped(uint64_t set[4], unsigned char c)
{
	bool upper = c < 128 && isupper(c) != 0;
	int class = upper ? tolower(c) : c;

	if (c >= 128 || memchr("acdglpsuwx", class, 10) == NULL) {
		put(set, c);
		return;
	}
	for (int i = 0; i < 256; i++) {
		if ((i < 128 && is_of_class(i, class)) != upper)
			put(set, (unsigned char)i);
	}
}

struct reader {
	lua_State *L;
	const char *p, *end;
};

static unsigned char
next(struct reader *reader, const char *missing)
{
	if (reader->p == reader->end)
		luaL_error(reader->L, "malformed pattern (%s)", missing);
	return (unsigned char)*reader->p++;
}

/* Behind the [. */
static void
read_set(struct reader *reader, uint64_t set[4])
{
	bool others = reader->p < reader->end && *reader->p == '^', first = true;

	if (others)
		reader->p++;
	for (;; first = false) {
		unsigned char c = next(reader, "missing ']'");

		if (c == ']' && !first)
			break;
		if (c == '%') {
			put_escaped(set, next(reader, "missing ']'"));
		} else if (reader->end - reader->p >= 2 && reader->p[0] == '-' &&
		    reader->p[1] != ']') {
			for (int i = c; i <= (unsigned char)reader->p[1]; i++)
				put(set, (unsigned char)i);
			reader->p += 2;
		} else {
			put(set, c);
		}
	}
	for (int i = 0; others && i < 4; i++)
		set[i] = ~set[i];
}

/* Behind a %. */
static void
read_escape(struct reader *reader, struct item *item)
{
	unsigned char c = next(reader, "ends with '%'");

	if (c == 'b') {
		item->kind = BALANCE;
		item->x = next(reader, "missing arguments to '%b'");
		item->y = next(reader, "missing arguments to '%b'");
	} else if (c == 'f') {
		item->kind = FRONTIER;
		if (next(reader, "missing '[' after '%f' in pattern") != '[')
			luaL_error(reader->L, "missing '[' after '%%f' in pattern");
		read_set(reader, item->set);
	} else if (c >= '0' && c <= '9') {
		item->kind = BACK;
		item->x = (unsigned char)(c - '1');
	} else {
		put_escaped(item->set, c);
	}
}

static void
read_item(struct reader *reader, struct item *item)
{
	unsigned char c = next(reader, "");

	if (c == '(') {
		item->kind = BEGIN_CAPTURE;
		if (reader->p < reader->end && *reader->p == ')') {
			item->kind = MARK;
			reader->p++;
		}
	} else if (c == ')') {
		item->kind = END_CAPTURE;
	} else if (c == '$' && reader->p == reader->end) {
		item->kind = END;
	} else if (c == '%') {
		read_escape(reader, item);
	} else if (c == '[') {
		read_set(reader, item->set);
	} else if (c == '.') {
		memset(item->set, 0xff, sizeof item->set);
	} else {
		put(item->set, c);
	}
	if (item->kind == ONE && reader->p < reader->end && strchr("*+-?", *reader->p) != NULL &&
	    *reader->p != '\0')
		item->many = *reader->p++;
}

static void
compile(lua_State *L, struct pattern *pattern, const char *text, size_t size, bool anchors)
{
	struct reader reader = {L, text, text + size};

	pattern->count = 0;
	pattern->anchored = anchors && size > 0 && text[0] == '^';
	if (pattern->anchored)
		reader.p++;
	while (reader.p < reader.end) {
		if (pattern->count == ITEMS_MAX)
			luaL_error(L, "the pattern has more than %d items", ITEMS_MAX);
		pattern->item[pattern->count] = (struct item){.kind = ONE};
		read_item(&reader, &pattern->item[pattern->count++]);
	}
}

/* --- matching --- */

static void
count(struct match *m, int64_t steps)
{
	m->steps += steps;
	if (m->steps >= 1000) {
		script_steps(script_of(m->L), m->steps);
		m->steps = 0;
	}
}

static bool
fits(struct match *m, const struct item *item, const char *s)
{
	count(m, 1);
	return s < m->end && has(item->set, (unsigned char)*s);
}

static const char *go(struct match *m, int i, const char *s);

static const char *
go_many(struct match *m, int i, const char *s)
{
	const struct item *item = &m->pattern->item[i];
	const char *first = s, *found;

	if (item->many == '-') {
		while ((found = go(m, i + 1, s)) == NULL && fits(m, item, s))
			s++;
		return found;
	}
	if (item->many == '?') {
		if (fits(m, item, s))
			s++;
	} else {
		while (fits(m, item, s))
			s++;
		if (item->many == '+' && first++ == s)
			return NULL;
	}
	while ((found = go(m, i + 1, s)) == NULL && s > first)
		s--;
	return found;
}

static const char *
go_balance(struct match *m, const struct item *item, const char *s)
{
	int depth = 1;

	if (s == m->end || (unsigned char)*s != item->x)
		return NULL;
	while (++s < m->end) {
		count(m, 1);
		if ((unsigned char)*s == item->y) {
			if (--depth == 0)
				return s + 1;
		} else if ((unsigned char)*s == item->x) {
			depth++;
		}
	}
	return NULL;
}

static const char *
go_back(struct match *m, const struct item *item, const char *s)
{
	const struct capture *capture = &m->capture[item->x];

	if (item->x >= m->level || capture->size == OPEN)
		luaL_error(m->L, "invalid capture index %%%d", item->x + 1);
	if (capture->size == POSITION)
		return NULL;
	count(m, capture->size / 8);
	if (m->end - s < capture->size || memcmp(s, capture->at, (size_t)capture->size) != 0)
		return NULL;
	return s + capture->size;
}

static const char *
go_open(struct match *m, int i, const char *s, ptrdiff_t size)
{
	const char *found;

	if (m->level == CAPTURES_MAX)
		luaL_error(m->L, "too many captures");
	m->capture[m->level++] = (struct capture){s, size};
	found = go(m, i + 1, s);
	if (found == NULL)
		m->level--;
	return found;
}

static const char *
go_close(struct match *m, int i, const char *s)
{
	int level = m->level - 1;
	const char *found;

	while (level >= 0 && m->capture[level].size != OPEN)
		level--;
	if (level < 0)
		luaL_error(m->L, "invalid pattern capture");
	m->capture[level].size = s - m->capture[level].at;
	found = go(m, i + 1, s);
	if (found == NULL)
		m->capture[level].size = OPEN;
	return found;
}

static bool
is_frontier(const struct match *m, const struct item *item, const char *s)
{
	unsigned char before = s == m->begin ? 0 : (unsigned char)s[-1];
	unsigned char at = s == m->end ? 0 : (unsigned char)*s;

	return !has(item->set, before) && has(item->set, at);
}

/* Where what begins at `s` ends, from item `i` on; NULL: it does not fit. */
static const char *
go(struct match *m, int i, const char *s)
{
	for (; s != NULL && i < m->pattern->count; i++) {
		const struct item *item = &m->pattern->item[i];

		count(m, 1);
		switch (item->kind) {
		case ONE:
			if (item->many != 0)
				return go_many(m, i, s);
			s = fits(m, item, s) ? s + 1 : NULL;
			break;
		case BEGIN_CAPTURE:
			return go_open(m, i, s, OPEN);
		case MARK:
			return go_open(m, i, s, POSITION);
		case END_CAPTURE:
			return go_close(m, i, s);
		case BALANCE:
			s = go_balance(m, item, s);
			break;
		case FRONTIER:
			s = is_frontier(m, item, s) ? s : NULL;
			break;
		case BACK:
			s = go_back(m, item, s);
			break;
		case END:
			s = s == m->end ? s : NULL;
			break;
		}
	}
	return s;
}

static const char *
try_at(struct match *m, const char *s)
{
	m->level = 0;
	return go(m, 0, s);
}

/* The first place from *s on that fits; NULL: none. */
static const char *
search(struct match *m, const char **s)
{
	const char *found;

	while ((found = try_at(m, *s)) == NULL && *s < m->end && !m->pattern->anchored)
		(*s)++;
	return found;
}

/* --- results --- */

static void
push_capture(struct match *m, int i, const char *s, const char *e)
{
	if (i >= m->level) {
		if (i != 0)
			luaL_error(m->L, "invalid capture index %%%d", i + 1);
		lua_pushlstring(m->L, s, (size_t)(e - s));
	} else if (m->capture[i].size == POSITION) {
		lua_pushinteger(m->L, m->capture[i].at - m->begin + 1);
	} else if (m->capture[i].size == OPEN) {
		luaL_error(m->L, "unfinished capture");
	} else {
		lua_pushlstring(m->L, m->capture[i].at, (size_t)m->capture[i].size);
	}
}

/* All; the whole if there are none and `whole`. */
static int
push_captures(struct match *m, const char *s, const char *e, bool whole)
{
	int n = m->level == 0 && whole ? 1 : m->level;

	luaL_checkstack(m->L, n, "captures");
	for (int i = 0; i < n; i++)
		push_capture(m, i, s, e);
	return n;
}

/* Arguments 1 and 2, the text and the pattern. */
static void
prepare(lua_State *L, struct match *m, struct pattern *pattern, bool anchors)
{
	size_t n, size;
	const char *text = luaL_checklstring(L, 1, &n), *p = luaL_checklstring(L, 2, &size);

	compile(L, pattern, p, size, anchors);
	*m = (struct match){.L = L, .pattern = pattern, .begin = text, .end = text + n};
}

/* Argument 3: where to begin, from 1; negative: from the end. NULL: behind the end. */
static const char *
start_of(lua_State *L, const struct match *m)
{
	lua_Integer at = luaL_optinteger(L, 3, 1), n = m->end - m->begin;

	if (at < 0)
		at = at < -n ? 1 : n + at + 1;
	if (at == 0)
		at = 1;
	return at > n + 1 ? NULL : m->begin + at - 1;
}

static int
find_plain(lua_State *L, const struct match *m, const char *s, const char *what, size_t n)
{
	const char *found = memmem(s, (size_t)(m->end - s), what, n);

	script_steps(script_of(L), (m->end - s) / 16);
	if (found == NULL) {
		lua_pushnil(L);
		return 1;
	}
	lua_pushinteger(L, found - m->begin + 1);
	lua_pushinteger(L, found - m->begin + (lua_Integer)n);
	return 2;
}

static int
find_or_match(lua_State *L, bool find)
{
	struct pattern pattern;
	struct match m = {.begin = luaL_checkstring(L, 1)};
	size_t n;
	const char *what = luaL_checklstring(L, 2, &n), *s, *e;

	m.end = m.begin + lua_rawlen(L, 1);
	if (find && lua_toboolean(L, 4)) {
		s = start_of(L, &m);
		if (s != NULL)
			return find_plain(L, &m, s, what, n);
		lua_pushnil(L);
		return 1;
	}
	prepare(L, &m, &pattern, true);
	s = start_of(L, &m);
	e = s == NULL ? NULL : search(&m, &s);
	if (e == NULL) {
		lua_pushnil(L);
		return 1;
	}
	if (!find)
		return push_captures(&m, s, e, true);
	lua_pushinteger(L, s - m.begin + 1);
	lua_pushinteger(L, e - m.begin);
	return 2 + push_captures(&m, s, e, false);
}

static int
find(lua_State *L)
{
	return find_or_match(L, true);
}

static int
match(lua_State *L)
{
	return find_or_match(L, false);
}

/* Upvalues: text, pattern, where to go on, where the last match ended (or -1). */
static int
gmatch_next(lua_State *L)
{
	struct pattern pattern;
	struct match m;
	const char *s, *e, *last;

	lua_settop(L, 0);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_pushvalue(L, lua_upvalueindex(2));
	prepare(L, &m, &pattern, false);
	s = m.begin + lua_tointeger(L, lua_upvalueindex(3));
	last = m.begin + lua_tointeger(L, lua_upvalueindex(4));
	for (; s <= m.end; s++) {
		e = search(&m, &s);
		if (e == NULL)
			break;
		if (e == last)
			continue;
		lua_pushinteger(L, e - m.begin);
		lua_copy(L, -1, lua_upvalueindex(3));
		lua_replace(L, lua_upvalueindex(4));
		return push_captures(&m, s, e, true);
	}
	return 0;
}

static int
gmatch(lua_State *L)
{
	struct pattern pattern;
	struct match m;
	const char *s;

	prepare(L, &m, &pattern, false);
	s = start_of(L, &m);
	lua_settop(L, 2);
	lua_tostring(L, 1);
	lua_pushinteger(L, s == NULL ? m.end - m.begin + 1 : s - m.begin);
	lua_pushinteger(L, -1);
	lua_pushcclosure(L, gmatch_next, 4);
	return 1;
}

/* --- gsub --- */

static void
add_text(struct match *m, luaL_Buffer *out, const char *s, const char *e)
{
	size_t n;
	const char *text = lua_tolstring(m->L, 3, &n);

	for (size_t i = 0; i < n; i++) {
		if (text[i] != '%') {
			luaL_addchar(out, text[i]);
			continue;
		}
		i++;
		if (i < n && text[i] == '%') {
			luaL_addchar(out, '%');
		} else if (i < n && text[i] == '0') {
			luaL_addlstring(out, s, (size_t)(e - s));
		} else if (i < n && text[i] >= '1' && text[i] <= '9') {
			push_capture(m, text[i] - '1', s, e);
			luaL_tolstring(m->L, -1, NULL);
			lua_remove(m->L, -2);
			luaL_addvalue(out);
		} else {
			luaL_error(m->L, "invalid use of '%%' in replacement string");
		}
	}
}

/* What a function or a table says instead. */
static void
add_answer(struct match *m, luaL_Buffer *out, const char *s, const char *e)
{
	lua_State *L = m->L;

	if (lua_type(L, 3) == LUA_TFUNCTION) {
		lua_pushvalue(L, 3);
		lua_call(L, push_captures(m, s, e, true), 1);
	} else {
		push_capture(m, 0, s, e);
		lua_gettable(L, 3);
	}
	if (!lua_toboolean(L, -1)) {
		lua_pop(L, 1);
		lua_pushlstring(L, s, (size_t)(e - s));
	} else if (!lua_isstring(L, -1)) {
		luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
	}
	luaL_addvalue(out);
}

static int
gsub(lua_State *L)
{
	struct pattern pattern;
	struct match m;
	luaL_Buffer out;
	lua_Integer most, n = 0;
	const char *s, *e, *last = NULL;
	int type = lua_type(L, 3);

	prepare(L, &m, &pattern, true);
	most = luaL_optinteger(L, 4, m.end - m.begin + 1);
	if (type != LUA_TSTRING && type != LUA_TNUMBER && type != LUA_TFUNCTION &&
	    type != LUA_TTABLE)
		return luaL_typeerror(L, 3, "string/function/table");
	luaL_buffinit(L, &out);
	for (s = m.begin; n < most;) {
		e = try_at(&m, s);
		if (e != NULL && e != last) {
			n++;
			if (type == LUA_TSTRING || type == LUA_TNUMBER)
				add_text(&m, &out, s, e);
			else
				add_answer(&m, &out, s, e);
			s = last = e;
		} else if (s < m.end) {
			luaL_addchar(&out, *s++);
		} else {
			break;
		}
		if (pattern.anchored)
			break;
	}
	if (s < m.end)
		luaL_addlstring(&out, s, (size_t)(m.end - s));
	luaL_pushresult(&out);
	lua_pushinteger(L, n);
	return 2;
}

const luaL_Reg script_patterns[] = {
    {"find", find}, {"match", match}, {"gmatch", gmatch}, {"gsub", gsub}, {NULL, NULL}};
