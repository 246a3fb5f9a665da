/* SPDX-License-Identifier: BSD-2-Clause
 *
 * parse: expressions, filter chains and conditions
 *
 * The grammar is that of Shopify's strict2 mode. Values are literals, paths and
 * ranges; and/or bind from the right.
 *
 * Threads: one at a time.
 */
#include "liquid/compile.h"
#include "liquid/number.h"

#include <stdio.h>

#define EXPR_DEPTH 100

int
compile_expected(struct compiler *compiler, const char *what)
{
	const struct scan *scan = &compiler->scan;

	if (scan->token == TOKEN_END)
		return compile_err(compiler, scan->at, "expected %s, found the end", what);
	if (scan->token == TOKEN_BAD && (*scan->text.p == '"' || *scan->text.p == '\''))
		return compile_err(compiler, scan->at, "the string is not closed");
	return compile_err(
	    compiler, scan->at, "expected %s, found '%.*s'", what, STR_F(scan->text));
}

bool
parse_take(struct compiler *compiler, enum token token)
{
	if (compiler->scan.token != token)
		return false;
	scan_next(&compiler->scan);
	return true;
}

bool
parse_take_word(struct compiler *compiler, const char *word)
{
	if (compiler->scan.token != TOKEN_ID || !str_is(compiler->scan.text, word))
		return false;
	scan_next(&compiler->scan);
	return true;
}

int
parse_end(struct compiler *compiler)
{
	if (compiler->scan.token == TOKEN_END)
		return 0;
	return compile_expected(compiler, "the end of the tag");
}

void
attempt_begin(struct compiler *compiler, struct attempt *attempt)
{
	const struct scan *scan = &compiler->scan;

	*attempt = (struct attempt){.err = compiler->err, .depth = compiler->depth};
	attempt->markup.p = scan->base + scan->at;
	attempt->markup.n = (size_t)(scan->end - attempt->markup.p);
	if (compiler->lax)
		compiler->err = &attempt->fault;
}

bool
attempt_failed(struct compiler *compiler, struct attempt *attempt, int ret)
{
	compiler->err = attempt->err;
	if (ret == 0 || !compiler->lax)
		return false;
	if (attempt->fault.code != ERR_TEMPLATE) {
		if (compiler->err != NULL)
			*compiler->err = attempt->fault;
		return false;
	}
	compiler->depth = attempt->depth;
	return true;
}

int
attempt_end(struct compiler *compiler, const struct attempt *attempt, int ret)
{
	if (ret < 0 && compiler->err != NULL && compiler->err->code == ERR_TEMPLATE)
		*compiler->err = attempt->fault;
	return ret;
}

uint32_t
parse_add_expr(struct compiler *compiler, struct expr expr)
{
	g_array_append_val(compiler->expr, expr);
	return compiler->expr->len - 1;
}

bool
parse_literal_word(struct str word, struct liquid_value *value_r)
{
	static const struct {
		const char *word;
		struct liquid_value value;
	} words[] = {
	    {"nil", {.type = LIQUID_NIL}},
	    {"null", {.type = LIQUID_NIL}},
	    {"true", {.type = LIQUID_BOOL, .boolean = true}},
	    {"false", {.type = LIQUID_BOOL, .boolean = false}},
	    {"empty", {.type = LIQUID_EMPTY}},
	    {"blank", {.type = LIQUID_BLANK}},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		if (str_is(word, words[i].word)) {
			*value_r = words[i].value;
			return true;
		}
	}
	return false;
}

static struct step
key_step(struct str name)
{
	struct step step = {.kind = STEP_KEY, .key = value_key(name)};

	return step;
}

static enum command
command_of(struct str name)
{
	if (str_is(name, "size"))
		return COMMAND_SIZE;
	if (str_is(name, "first"))
		return COMMAND_FIRST;
	return str_is(name, "last") ? COMMAND_LAST : COMMAND_NONE;
}

struct step
parse_key_step(struct str name, bool member)
{
	struct step step = key_step(name);

	if (member)
		step.command = command_of(name);
	return step;
}

static int
dot_step(struct compiler *compiler, GArray *steps)
{
	struct step step;

	scan_next(&compiler->scan);
	if (compiler->scan.token != TOKEN_ID && !str_is(compiler->scan.text, "contains"))
		return compile_expected(compiler, "a name after the '.'");
	step = parse_key_step(compiler->scan.text, true);
	g_array_append_val(steps, step);
	scan_next(&compiler->scan);
	return 0;
}

static int
bracket_step(struct compiler *compiler, GArray *steps)
{
	struct step step = {.kind = STEP_EXPR};
	const struct expr *inner;

	scan_next(&compiler->scan);
	if (parse_expr(compiler, &step.expr) < 0)
		return -1;
	if (!parse_take(compiler, TOKEN_CLOSE_SQUARE))
		return compile_expected(compiler, "']'");
	inner = &g_array_index(compiler->expr, struct expr, step.expr);
	if (inner->kind == EXPR_LITERAL && inner->literal.type == LIQUID_STRING)
		step = key_step(inner->literal.string);
	else if (inner->kind == EXPR_LITERAL && inner->literal.type == LIQUID_INT)
		step = (struct step){.kind = STEP_INDEX, .index = inner->literal.integer};
	g_array_append_val(steps, step);
	return 0;
}

static int
parse_steps(struct compiler *compiler, GArray *steps)
{
	for (;;) {
		if (compiler->scan.token == TOKEN_DOT) {
			if (dot_step(compiler, steps) < 0)
				return -1;
		} else if (compiler->scan.token == TOKEN_OPEN_SQUARE) {
			if (bracket_step(compiler, steps) < 0)
				return -1;
		} else {
			return 0;
		}
	}
}

/* A name, or [expression] for a name that is computed, and the members after it. */
static int
parse_path(struct compiler *compiler, uint32_t *expr_r)
{
	struct expr expr = {.kind = EXPR_PATH, .at = compiler->scan.at};
	const char *begin = compiler->scan.base + compiler->scan.at;
	const char *end;
	GArray *steps;
	struct str name = compiler->scan.text;
	bool named = compiler->scan.token == TOKEN_ID;
	int ret;

	if (!named && compiler->program->strict)
		return compile_err(compiler, compiler->scan.at,
		    "a variable can't begin with '[': write self[...]");
	expr.path.slot = PROGRAM_NONE;
	steps = g_array_new(FALSE, FALSE, sizeof(struct step));
	if (named)
		scan_next(&compiler->scan);
	ret = parse_steps(compiler, steps);
	if (ret == 0 && named && steps->len == 0 && parse_literal_word(name, &expr.literal))
		expr.kind = EXPR_LITERAL;
	else if (ret == 0) {
		if (named)
			expr.path.slot = compile_slot(compiler, name);
		expr.path.step = compiler->step->len;
		expr.path.steps = steps->len;
		g_array_append_vals(compiler->step, steps->data, steps->len);
	}
	end = compiler->scan.base + compiler->scan.at;
	while (end > begin && lex_is_space(end[-1]))
		end--;
	expr.text = (struct str){begin, (size_t)(end - begin)};
	g_array_free(steps, TRUE);
	*expr_r = ret == 0 ? parse_add_expr(compiler, expr) : 0;
	return ret;
}

uint32_t
parse_add_path(struct compiler *compiler, struct str text, const GArray *steps)
{
	struct expr expr = {.kind = EXPR_PATH, .text = text};
	const struct step *step = (const struct step *)(const void *)steps->data;
	guint first = 0;

	expr.at = (uint32_t)(text.p - compiler->source.p);
	if (steps->len == 0) {
		expr.kind = EXPR_LITERAL;
		expr.literal = LIQUID_NIL_VALUE;
		return parse_add_expr(compiler, expr);
	}
	expr.path.slot = PROGRAM_NONE;
	if (step->kind == STEP_KEY) {
		expr.path.slot = compile_slot(compiler, step->key.name);
		first = 1;
	}
	expr.path.step = compiler->step->len;
	expr.path.steps = steps->len - first;
	g_array_append_vals(compiler->step, step + first, steps->len - first);
	return parse_add_expr(compiler, expr);
}

static int
parse_range(struct compiler *compiler, uint32_t *expr_r)
{
	struct expr expr = {.kind = EXPR_RANGE, .at = compiler->scan.at};

	scan_next(&compiler->scan);
	if (parse_expr(compiler, &expr.range.first) < 0)
		return -1;
	if (!parse_take(compiler, TOKEN_DOTDOT))
		return compile_expected(compiler, "'..'");
	if (parse_expr(compiler, &expr.range.last) < 0)
		return -1;
	if (!parse_take(compiler, TOKEN_CLOSE_ROUND))
		return compile_expected(compiler, "')'");
	*expr_r = parse_add_expr(compiler, expr);
	return 0;
}

static int
parse_literal(struct compiler *compiler, uint32_t *expr_r)
{
	struct expr expr = {.kind = EXPR_LITERAL, .at = compiler->scan.at};
	struct number number;

	expr.text = compiler->scan.text;
	expr.literal = liquid_string(compiler->scan.text);
	if (compiler->scan.token == TOKEN_NUMBER && number_parse(compiler->scan.text, &number))
		expr.literal = number_value(number);
	scan_next(&compiler->scan);
	*expr_r = parse_add_expr(compiler, expr);
	return 0;
}

int
parse_expr(struct compiler *compiler, uint32_t *expr_r)
{
	int ret;

	if (++compiler->depth > EXPR_DEPTH)
		return compile_limit(compiler, compiler->scan.at, "expressions", EXPR_DEPTH);
	switch (compiler->scan.token) {
	case TOKEN_ID:
	case TOKEN_OPEN_SQUARE:
		ret = parse_path(compiler, expr_r);
		break;
	case TOKEN_OPEN_ROUND:
		ret = parse_range(compiler, expr_r);
		break;
	case TOKEN_STRING:
	case TOKEN_NUMBER:
		ret = parse_literal(compiler, expr_r);
		break;
	default:
		ret = compile_expected(compiler, "a value");
		break;
	}
	compiler->depth--;
	return ret;
}

/* One argument: a value, or name: value. */
static int
parse_arg(struct compiler *compiler, GArray *args, GArray *nameds)
{
	struct scan before = compiler->scan;
	struct named_arg named = {.name = compiler->scan.text};
	uint32_t expr;

	if (before.token == TOKEN_ID) {
		scan_next(&compiler->scan);
		if (parse_take(compiler, TOKEN_COLON)) {
			if (parse_expr(compiler, &named.expr) < 0)
				return -1;
			g_array_append_val(nameds, named);
			return 0;
		}
		compiler->scan = before;
	}
	if (parse_expr(compiler, &expr) < 0)
		return -1;
	g_array_append_val(args, expr);
	return 0;
}

static bool
ends_args(const struct compiler *compiler)
{
	return compiler->scan.token == TOKEN_PIPE || compiler->scan.token == TOKEN_END;
}

static int
parse_args(struct compiler *compiler, GArray *args, GArray *nameds)
{
	while (!ends_args(compiler)) {
		if (parse_arg(compiler, args, nameds) < 0)
			return -1;
		if (!parse_take(compiler, TOKEN_COMMA))
			break;
	}
	return 0;
}

static int
check_use(struct compiler *compiler, const struct filter_use *use, const char *kind)
{
	const struct filter *filter = use->filter;

	if (use->args < filter->args_min || use->args > filter->args_max) {
		char range[16];

		snprintf(range, sizeof range,
		    filter->args_min == filter->args_max ? "%d" : "%d to %d", filter->args_min,
		    filter->args_max);
		return compile_err(compiler, use->at, "%s '%s' takes %s argument(s), found %u",
		    kind, filter->name, range, use->args);
	}
	if (use->nameds > FILTER_NAMED_MAX || (use->nameds > 0 && !filter->named))
		return compile_err(
		    compiler, use->at, "%s '%s' does not take that argument", kind, filter->name);
	return 0;
}

static void
keep_args(
    struct compiler *compiler, struct filter_use *use, const GArray *args, const GArray *nameds)
{
	use->arg = compiler->arg->len;
	use->args = args->len;
	use->named = compiler->named->len;
	use->nameds = nameds->len;
	g_array_append_vals(compiler->arg, args->data, args->len);
	g_array_append_vals(compiler->named, nameds->data, nameds->len);
}

int
parse_add_use(struct compiler *compiler, struct str name, const GArray *args, const GArray *nameds,
    GArray *uses, bool *covered)
{
	struct filter_use use = {.at = (uint32_t)(name.p - compiler->source.p)};

	use.filter = filter_find(compiler->extensions, name, &use.closure);
	if (use.filter == NULL && !compiler->lax)
		return compile_err(compiler, use.at, "there is no filter '%.*s'", STR_F(name));
	keep_args(compiler, &use, args, nameds);
	if (use.filter != NULL) {
		*covered |= use.filter->covers;
		if (check_use(compiler, &use, "filter") < 0)
			return -1;
	}
	g_array_append_val(uses, use);
	return 0;
}

int
parse_tag_use(struct compiler *compiler, const struct liquid_tag *tag, uint32_t *use_r)
{
	struct filter_use use = {
	    .at = (uint32_t)compiler->piece.at, .filter = &tag->row, .closure = tag->closure};
	GArray *args = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	GArray *nameds = g_array_new(FALSE, FALSE, sizeof(struct named_arg));
	int ret = parse_args(compiler, args, nameds);

	if (ret == 0)
		ret = parse_end(compiler);
	keep_args(compiler, &use, args, nameds);
	if (ret == 0)
		ret = check_use(compiler, &use, "tag");
	g_array_append_val(compiler->use, use);
	*use_r = compiler->use->len - 1;
	g_array_free(args, TRUE);
	g_array_free(nameds, TRUE);
	return ret;
}

static int
parse_filter(struct compiler *compiler, GArray *uses, bool *covered)
{
	struct str name = compiler->scan.text;
	GArray *args, *nameds;
	int ret = 0;

	if (compiler->scan.token != TOKEN_ID)
		return compile_expected(compiler, "the name of a filter");
	scan_next(&compiler->scan);
	args = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	nameds = g_array_new(FALSE, FALSE, sizeof(struct named_arg));
	if (parse_take(compiler, TOKEN_COLON))
		ret = parse_args(compiler, args, nameds);
	if (ret == 0)
		ret = parse_add_use(compiler, name, args, nameds, uses, covered);
	g_array_free(args, TRUE);
	g_array_free(nameds, TRUE);
	return ret;
}

uint32_t
parse_add_chain(struct compiler *compiler, struct chain chain, const GArray *uses)
{
	chain.use = compiler->use->len;
	chain.uses = uses->len;
	if (uses->len > 0 && compiler->program->mode != LIQUID_HEADER &&
	    compiler->program->mode != LIQUID_CALENDAR) {
		const struct filter *last =
		    g_array_index(uses, struct filter_use, uses->len - 1).filter;

		chain.escapes = last != NULL && last->run == filter_run_escape;
	}
	g_array_append_vals(compiler->use, uses->data, uses->len);
	g_array_append_val(compiler->chain, chain);
	return compiler->chain->len - 1;
}

uint32_t
parse_plain_chain(struct compiler *compiler, uint32_t expr)
{
	struct chain chain = {.expr = expr, .use = compiler->use->len};

	g_array_append_val(compiler->chain, chain);
	return compiler->chain->len - 1;
}

/* What a filter is given first may be known already. */
static int
check_first(struct compiler *compiler, uint32_t number, const struct filter_use *use)
{
	const struct expr *expr = &g_array_index(compiler->expr, struct expr, number);

	if (use->filter == NULL || use->filter->run != filter_run_t || expr->kind != EXPR_LITERAL ||
	    expr->literal.type != LIQUID_STRING)
		return 0;
	return filter_texts_check(compiler, use, expr->literal.string);
}

int
parse_chain(struct compiler *compiler, uint32_t *chain_r)
{
	struct chain chain = {.covered = false};
	GArray *uses;
	int ret = 0;

	if (parse_expr(compiler, &chain.expr) < 0)
		return -1;
	uses = g_array_new(FALSE, FALSE, sizeof(struct filter_use));
	while (ret == 0 && parse_take(compiler, TOKEN_PIPE)) {
		if (compiler->lax && ends_args(compiler))
			continue;
		ret = parse_filter(compiler, uses, &chain.covered);
	}
	if (ret == 0 && uses->len > 0)
		ret = check_first(compiler, chain.expr, &g_array_index(uses, struct filter_use, 0));
	*chain_r = parse_add_chain(compiler, chain, uses);
	g_array_free(uses, TRUE);
	return ret;
}

int
parse_whole_chain(struct compiler *compiler, uint32_t *chain_r)
{
	struct attempt attempt;
	int ret;

	attempt_begin(compiler, &attempt);
	ret = parse_chain(compiler, chain_r);
	if (ret == 0)
		ret = parse_end(compiler);
	if (!attempt_failed(compiler, &attempt, ret))
		return ret;
	return attempt_end(compiler, &attempt, lax_chain(compiler, attempt.markup, chain_r));
}

enum compare_op
parse_compare_op(struct str text)
{
	static const struct {
		const char *text;
		enum compare_op op;
	} ops[] = {
	    {"==", COMPARE_EQ},
	    {"!=", COMPARE_NE},
	    {"<>", COMPARE_NE},
	    {"<", COMPARE_LT},
	    {"<=", COMPARE_LE},
	    {">", COMPARE_GT},
	    {">=", COMPARE_GE},
	    {"contains", COMPARE_CONTAINS},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(ops); i++) {
		if (str_is(text, ops[i].text))
			return ops[i].op;
	}
	return COMPARE_TRUTHY;
}

static int
parse_comparison(struct compiler *compiler, uint32_t *condition_r)
{
	struct condition condition = {.op = COMPARE_TRUTHY};

	if (parse_expr(compiler, &condition.left) < 0)
		return -1;
	if (compiler->scan.token == TOKEN_COMPARE) {
		condition.op = parse_compare_op(compiler->scan.text);
		scan_next(&compiler->scan);
		if (parse_expr(compiler, &condition.right) < 0)
			return -1;
	}
	g_array_append_val(compiler->condition, condition);
	*condition_r = compiler->condition->len - 1;
	return 0;
}

static int
parse_terms(struct compiler *compiler, GArray *terms)
{
	struct term term;

	do {
		if (parse_comparison(compiler, &term.condition) < 0)
			return -1;
		term.link = LINK_END;
		if (parse_take_word(compiler, "and"))
			term.link = LINK_AND;
		else if (parse_take_word(compiler, "or"))
			term.link = LINK_OR;
		g_array_append_val(terms, term);
	} while (term.link != LINK_END);
	return parse_end(compiler);
}

/* Since and/or bind from the right, `a and REST` is false as soon as a is, and `a or
 * REST` is true as soon as a is, whatever REST holds: one jump each. */
static void
emit_terms(struct compiler *compiler, const GArray *terms, bool negate, GArray *falses)
{
	GArray *trues = g_array_new(FALSE, FALSE, sizeof(uint32_t));

	for (guint i = 0; i < terms->len; i++) {
		struct term term = g_array_index(terms, struct term, i);
		bool last = term.link == LINK_END;
		bool if_true = last ? negate : term.link == LINK_OR;
		uint32_t jump = compile_emit(
		    compiler, if_true ? OP_JUMP_TRUE : OP_JUMP_FALSE, term.condition, 0);

		g_array_append_val(last || if_true == negate ? falses : trues, jump);
	}
	compile_land_all(compiler, trues);
	g_array_free(trues, TRUE);
}

int
parse_condition(struct compiler *compiler, bool negate, GArray *falses)
{
	GArray *terms = g_array_new(FALSE, FALSE, sizeof(struct term));
	struct attempt attempt;
	int ret;

	attempt_begin(compiler, &attempt);
	ret = parse_terms(compiler, terms);
	if (attempt_failed(compiler, &attempt, ret)) {
		g_array_set_size(terms, 0);
		ret = attempt_end(compiler, &attempt, lax_terms(compiler, attempt.markup, terms));
	}
	if (ret == 0)
		emit_terms(compiler, terms, negate, falses);
	g_array_free(terms, TRUE);
	return ret;
}
