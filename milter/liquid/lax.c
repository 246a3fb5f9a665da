/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lax: what Shopify's lax parser finds in a tag that its grammar refuses
 *
 * That parser looks for patterns and passes over what stands between them. Its unit is
 * the fragment: quoted strings and characters that are neither white space nor comma,
 * pipe or quote. A fragment that is no literal names a variable by the words in it, so
 * `foo=>bar` is foo.bar. Only plain Liquid comes here, after the grammar has failed.
 *
 * Threads: one at a time.
 */
#include "liquid/compile.h"
#include "liquid/number.h"

#define FRAGMENT_DEPTH 50

static struct str
from(struct str s, size_t at)
{
	return (struct str){s.p + at, s.n - at};
}

/* Bytes of the quoted string that s begins with, or 0. */
static size_t
quoted(struct str s)
{
	const char *close;

	if (s.n < 2 || (s.p[0] != '"' && s.p[0] != '\''))
		return 0;
	close = memchr(s.p + 1, s.p[0], s.n - 1);
	return close == NULL ? 0 : (size_t)(close - s.p) + 1;
}

static bool
ends_fragment(char c)
{
	return lex_is_space(c) || c == ',' || c == '|' || c == '"' || c == '\'';
}

/* Bytes of the fragment that s begins with, or 0. A string that stands first is one by
 * itself. */
static size_t
fragment(struct str s)
{
	size_t n = quoted(s);

	if (n > 0)
		return n;
	while (n < s.n) {
		size_t string = quoted(from(s, n));

		if (string == 0 && ends_fragment(s.p[n]))
			break;
		n += string > 0 ? string : 1;
	}
	return n;
}

/* The next fragment in *rest, which moves behind it; false if there is none. */
static bool
next_fragment(struct str *rest, struct str *fragment_r)
{
	while (rest->n > 0) {
		size_t n = fragment(*rest);

		*fragment_r = (struct str){rest->p, n};
		*rest = from(*rest, n > 0 ? n : 1);
		if (n > 0)
			return true;
	}
	return false;
}

static bool
is_segment(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    c == '_' || c == '-' || (unsigned char)c >= 0x80;
}

static size_t
segment(struct str s)
{
	size_t n = 0;

	while (n < s.n && is_segment(s.p[n]))
		n++;
	return n;
}

static struct str
skip_space(struct str s)
{
	while (s.n > 0 && lex_is_space(s.p[0]))
		s = from(s, 1);
	return s;
}

/* Digits with points, of which the second ends the number. */
static bool
is_number(struct str s, struct str *number_r)
{
	size_t n = s.n > 0 && s.p[0] == '-';
	size_t points = 0;
	size_t end = s.n;

	if (n == s.n || s.p[n] < '0' || s.p[n] > '9')
		return false;
	for (; n < s.n; n++) {
		if (s.p[n] == '.' && ++points == 2 && end == s.n)
			end = n;
		else if (s.p[n] != '.' && (s.p[n] < '0' || s.p[n] > '9'))
			return false;
	}
	*number_r = (struct str){s.p, end};
	return true;
}

static bool
literal(struct str s, struct liquid_value *value_r)
{
	struct number number;
	struct str digits;

	if (s.n == 0) {
		*value_r = LIQUID_NIL_VALUE;
		return true;
	}
	if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0]) {
		*value_r = liquid_string((struct str){s.p + 1, s.n - 2});
		return true;
	}
	if (is_number(s, &digits)) {
		if (digits.p[digits.n - 1] == '.')
			digits.n--;
		if (!number_parse(digits, &number))
			return false;
		number.integer &= memchr(s.p, '.', s.n) == NULL;
		*value_r = number_value(number);
		return true;
	}
	return parse_literal_word(s, value_r);
}

static int parse_fragment(struct compiler *compiler, struct str s, uint32_t *expr_r);

/* (FIRST..LAST): the last two points that are left of any white space divide it. */
static bool
split_range(struct str s, struct str *first_r, struct str *last_r)
{
	struct str inner;
	size_t at = 0;

	if (s.n < 2 || s.p[0] != '(' || s.p[s.n - 1] != ')')
		return false;
	inner = skip_space((struct str){s.p + 1, s.n - 2});
	for (size_t i = 1; i + 1 < inner.n && !lex_is_space(inner.p[i - 1]); i++) {
		if (inner.p[i] == '.' && inner.p[i + 1] == '.')
			at = i;
	}
	*first_r = (struct str){inner.p, at};
	*last_r = at == 0 ? STR("") : str_trim(from(inner, at + 2));
	return at > 0 && last_r->n > 0;
}

/* Bytes up to the bracket that closes the one s begins with, or 0. */
static size_t
bracket(struct str s)
{
	int depth = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '[')
			depth++;
		else if (s.p[i] == ']' && --depth == 0)
			return i + 1;
	}
	return 0;
}

/* The words and brackets of a fragment, as the name of a variable and its members. */
static int
parse_lookup(struct compiler *compiler, struct str s, uint32_t *expr_r)
{
	GArray *steps = g_array_new(FALSE, FALSE, sizeof(struct step));
	struct str text = s;
	struct step step;
	int ret = 0;

	while (s.n > 0 && ret == 0) {
		size_t n = s.p[0] == '[' ? bracket(s) : segment(s);

		if (n > 0 && s.p[0] == '[') {
			step = (struct step){.kind = STEP_EXPR};
			ret = parse_fragment(compiler, (struct str){s.p + 1, n - 2}, &step.expr);
		} else if (n > 0) {
			n += n < s.n && s.p[n] == '?';
			step = parse_key_step((struct str){s.p, n}, steps->len > 0);
		}
		if (n > 0)
			g_array_append_val(steps, step);
		s = from(s, n > 0 ? n : 1);
	}
	if (ret == 0)
		*expr_r = parse_add_path(compiler, text, steps);
	g_array_free(steps, TRUE);
	return ret;
}

static int
parse_fragment(struct compiler *compiler, struct str s, uint32_t *expr_r)
{
	struct expr expr = {.kind = EXPR_LITERAL};
	struct str first, last;
	int ret = 0;

	s = str_trim(s);
	expr.text = s;
	expr.at = (uint32_t)(s.p - compiler->source.p);
	if (++compiler->depth > FRAGMENT_DEPTH)
		return compile_limit(compiler, expr.at, "expressions", FRAGMENT_DEPTH);
	if (split_range(s, &first, &last)) {
		expr.kind = EXPR_RANGE;
		if (parse_fragment(compiler, first, &expr.range.first) < 0 ||
		    parse_fragment(compiler, last, &expr.range.last) < 0)
			ret = -1;
		*expr_r = parse_add_expr(compiler, expr);
	} else if (literal(s, &expr.literal)) {
		*expr_r = parse_add_expr(compiler, expr);
	} else {
		ret = parse_lookup(compiler, s, expr_r);
	}
	compiler->depth--;
	return ret;
}

static int
complain(struct compiler *compiler, const char *what)
{
	return compile_err(compiler, (uint32_t)compiler->piece.at, "expected %s", what);
}

/* Filters are divided by pipes outside of strings; an argument stands behind each colon
 * or comma. */
static int
parse_use(struct compiler *compiler, struct str s, GArray *uses, bool *covered)
{
	GArray *args = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	GArray *nameds = g_array_new(FALSE, FALSE, sizeof(struct named_arg));
	struct str name = {s.p, segment(s)};
	struct str rest = from(s, name.n);
	struct str text;
	uint32_t expr;
	int ret = 0;

	while (rest.n > 0 && ret == 0) {
		bool begins = rest.p[0] == ':' || rest.p[0] == ',';
		struct str after = skip_space(from(rest, 1));
		struct str key = {after.p, segment(after)};
		struct str value = skip_space(from(after, key.n));
		size_t n;

		rest = from(rest, 1);
		if (!begins)
			continue;
		if (key.n > 0 && value.n > 0 && value.p[0] == ':' &&
		    fragment(skip_space(from(value, 1))) > 0)
			after = skip_space(from(value, 1));
		else
			key.n = 0;
		n = fragment(after);
		if (n == 0)
			continue;
		text = (struct str){after.p, n};
		rest = from(after, n);
		ret = parse_fragment(compiler, text, &expr);
		if (key.n > 0) {
			struct named_arg named = {key, expr};

			g_array_append_val(nameds, named);
		} else {
			g_array_append_val(args, expr);
		}
	}
	if (ret == 0)
		ret = parse_add_use(compiler, name, args, nameds, uses, covered);
	g_array_free(args, TRUE);
	g_array_free(nameds, TRUE);
	return ret;
}

/* One filter's text: everything up to a pipe, or a quote that is not closed. */
static struct str
next_use(struct str *rest)
{
	struct str use;
	size_t n = 0;

	while (n < rest->n) {
		size_t string = quoted(from(*rest, n));
		char c = rest->p[n];

		if (string == 0 && (c == '|' || c == '"' || c == '\''))
			break;
		n += string > 0 ? string : 1;
	}
	use = (struct str){rest->p, n};
	*rest = from(*rest, n < rest->n ? n + 1 : n);
	while (use.n > 0 && (!is_segment(use.p[0]) || use.p[0] == '-'))
		use = from(use, 1);
	return use;
}

int
lax_chain(struct compiler *compiler, struct str markup, uint32_t *chain_r)
{
	struct chain chain = {.covered = false};
	GArray *uses;
	struct str text;
	int ret = 0;

	if (!next_fragment(&markup, &text))
		text = STR("");
	if (text.p == NULL || text.n == 0)
		text = (struct str){compiler->source.p, 0};
	if (parse_fragment(compiler, text, &chain.expr) < 0)
		return -1;
	uses = g_array_new(FALSE, FALSE, sizeof(struct filter_use));
	while (markup.n > 0 && markup.p[0] != '|')
		markup = from(markup, 1);
	while (markup.n > 0 && ret == 0) {
		text = next_use(&markup);
		if (text.n > 0)
			ret = parse_use(compiler, text, uses, &chain.covered);
	}
	*chain_r = parse_add_chain(compiler, chain, uses);
	g_array_free(uses, TRUE);
	return ret;
}

static bool
is_operator(char c)
{
	return c == '=' || c == '!' || c == '<' || c == '>' || c == '_' || (c >= 'a' && c <= 'z');
}

/* FRAGMENT [OPERATOR [FRAGMENT]] */
static int
parse_term(struct compiler *compiler, struct str s, struct term *term)
{
	struct condition condition = {.op = COMPARE_TRUTHY};
	struct str text, op;

	if (!next_fragment(&s, &text))
		return complain(compiler, "a condition");
	if (parse_fragment(compiler, text, &condition.left) < 0)
		return -1;
	op = skip_space(s);
	s = op;
	while (s.n > 0 && is_operator(s.p[0]))
		s = from(s, 1);
	op.n -= s.n;
	if (op.n > 0) {
		condition.op = parse_compare_op(op);
		if (condition.op == COMPARE_TRUTHY)
			return complain(compiler, "an operator such as ==");
		s = skip_space(s);
		if (parse_fragment(compiler, (struct str){s.p, fragment(s)}, &condition.right) < 0)
			return -1;
	}
	g_array_append_val(compiler->condition, condition);
	term->condition = compiler->condition->len - 1;
	return 0;
}

/* Bytes of the word `and` or `or` that s begins with. */
static size_t
boolean_word(struct str s)
{
	size_t n = segment(s);
	struct str word = {s.p, n};

	return str_is(word, "and") || str_is(word, "or") ? n : 0;
}

int
lax_terms(struct compiler *compiler, struct str markup, GArray *terms)
{
	struct str rest = markup;
	const char *begin = markup.p;
	bool fresh = true; /* a word may begin here */

	for (;;) {
		size_t word = fresh ? boolean_word(rest) : 0;
		size_t string;
		struct term term = {.link = LINK_END};

		if (word > 0 || rest.n == 0) {
			if (word > 0)
				term.link = rest.p[0] == 'a' ? LINK_AND : LINK_OR;
			if (parse_term(
				compiler, (struct str){begin, (size_t)(rest.p - begin)}, &term) < 0)
				return -1;
			g_array_append_val(terms, term);
			if (word == 0)
				return 0;
			rest = from(rest, word);
			begin = rest.p;
			continue;
		}
		string = quoted(rest);
		fresh = string > 0 || !is_segment(rest.p[0]);
		rest = from(rest, string > 0 ? string : 1);
	}
}

/* NAME: FRAGMENT, anywhere. */
static int
parse_attributes(struct compiler *compiler, struct str s, struct loop *loop)
{
	while (s.n > 0) {
		struct str key = {s.p, segment(s)};
		struct str value = skip_space(from(s, key.n));
		uint32_t *to, ignored;

		s = from(s, key.n > 0 ? key.n : 1);
		if (key.n == 0 || value.n == 0 || value.p[0] != ':')
			continue;
		value = skip_space(from(value, 1));
		value.n = fragment(value);
		if (value.n == 0)
			continue;
		s = (struct str){value.p + value.n, (size_t)(s.p + s.n - value.p - value.n)};
		to = loop_attribute(loop, key);
		if (to == &loop->offset && !loop->table && str_is(value, "continue"))
			loop->offset_continue = true;
		else if (parse_fragment(compiler, value, to == NULL ? &ignored : to) < 0)
			return -1;
	}
	return 0;
}

int
lax_loop(struct compiler *compiler, struct str markup, struct loop *loop)
{
	struct str s = skip_space(markup);
	struct str name = {s.p, segment(s)};
	struct str list;

	s = skip_space(from(s, name.n));
	if (name.n == 0 || segment(s) != 2 || memcmp(s.p, "in", 2) != 0)
		return complain(compiler, "NAME in LIST");
	s = skip_space(from(s, 2));
	list = (struct str){s.p, fragment(s)};
	if (list.n == 0)
		return complain(compiler, "a list after 'in'");
	s = skip_space(from(s, list.n));
	loop->reversed = !loop->table && str_starts(s, STR("reversed"));
	if (parse_fragment(compiler, list, &loop->collection) < 0)
		return -1;
	loop_set_name(compiler, loop, name, list);
	return parse_attributes(compiler, s, loop);
}

int
lax_value(struct compiler *compiler, struct str markup, uint32_t *expr_r)
{
	struct str text;

	if (!next_fragment(&markup, &text))
		return complain(compiler, "a value");
	return parse_fragment(compiler, text, expr_r);
}

/* Behind a value: moves to the next one; false if what divides them is missing. */
static bool
next_value(struct str *rest, bool or_too)
{
	struct str s = skip_space(*rest);
	size_t n = or_too ? fragment(s) : 0;

	if (n == 2 && memcmp(s.p, "or", 2) == 0) {
		*rest = from(s, 2);
		return true;
	}
	while (!or_too && s.n > 0 && s.p[0] != ',')
		s = from(s, fragment(s) > 0 ? fragment(s) : 1);
	*rest = s;
	return s.n > 0 && s.p[0] == ',';
}

int
lax_values(struct compiler *compiler, struct str markup, bool or_too, GArray *exprs)
{
	struct str text;
	uint32_t expr;

	while (next_fragment(&markup, &text)) {
		if (parse_fragment(compiler, text, &expr) < 0)
			return -1;
		g_array_append_val(exprs, expr);
		if (!next_value(&markup, or_too))
			break;
	}
	return exprs->len > 0 ? 0 : complain(compiler, "a value");
}

/* [NAME:] VALUES */
int
lax_cycle(struct compiler *compiler, struct str markup, uint32_t *name, GArray *exprs)
{
	struct str s = skip_space(markup);
	struct str first = {s.p, fragment(s)};
	struct str rest = skip_space(from(s, first.n));

	if (first.n > 1 && first.p[first.n - 1] == ':') {
		first.n--;
	} else if (rest.n > 0 && rest.p[0] == ':') {
		rest = from(rest, 1);
	} else {
		first.n = 0;
		rest = s;
	}
	if (first.n > 0 && parse_fragment(compiler, first, name) < 0)
		return -1;
	return lax_values(compiler, rest, false, exprs);
}
