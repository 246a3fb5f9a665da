/* SPDX-License-Identifier: BSD-2-Clause
 *
 * names: variables that nobody fills
 *
 * Walks over the words of the tags: a name that follows neither '.' nor '|', and that no
 * ':' follows, is a variable. What the template itself assigns is left out. Each other one
 * must be a namespace, and the attribute after its '.' one that somebody has.
 *
 * Threads: one.
 */
#include "lint/work.h"
#include "liquid/lex.h"
#include "liquid/value_impl.h"

#define LOCALS_MAX     1000
#define NAME_MAX_BYTES 60

/* A variable as the template names it: contact.first_name. */
struct mention {
	struct str root;
	struct str member; /* {NULL,0}: none, or one that is computed */
	size_t at;
};

struct walk {
	struct str source;
	GHashTable *locals;
	void (*each)(void *closure, const struct mention *mention);
	void *closure;
};

static bool
is_word(struct str text, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (str_is(text, *words))
			return true;
	}
	return false;
}

static bool
is_key_word(struct str text)
{
	static const char *const words[] = {"nil", "null", "true", "false", "empty", "blank", "and",
	    "or", "in", "contains", "with", "for", "as", "reversed", "continue", "forloop",
	    "tablerowloop", "self", NULL};

	return is_word(text, words);
}

/* The attribute after a name, if one stands there as it is. */
static struct str
take_member(struct scan *scan)
{
	struct str member = STR_NONE;

	if (scan->token == TOKEN_DOT) {
		scan_next(scan);
		if (scan->token == TOKEN_ID)
			member = scan->text;
	} else if (scan->token == TOKEN_OPEN_SQUARE) {
		scan_next(scan);
		if (scan->token == TOKEN_STRING)
			member = scan->text;
	}
	return member;
}

static void
walk_words(const struct walk *walk, struct str markup)
{
	enum token before = TOKEN_END;
	struct scan scan;

	scan_init(&scan, walk->source, markup);
	while (scan.token != TOKEN_END) {
		struct mention mention = {.root = scan.text, .at = scan.at};
		bool variable = scan.token == TOKEN_ID && before != TOKEN_DOT &&
		    before != TOKEN_PIPE && !is_key_word(scan.text);

		before = scan.token;
		scan_next(&scan);
		if (!variable || scan.token == TOKEN_COLON)
			continue;
		mention.member = take_member(&scan);
		if (walk->each != NULL)
			walk->each(walk->closure, &mention);
		if (mention.member.p != NULL) {
			before = scan.token;
			scan_next(&scan);
		}
	}
}

static void
add_local(struct walk *walk, struct str name)
{
	if (name.n > 0 && g_hash_table_size(walk->locals) < LOCALS_MAX)
		g_hash_table_add(walk->locals, g_strndup(name.p, name.n));
}

static bool
is_local(const struct walk *walk, struct str name)
{
	char *copy = g_strndup(name.p, name.n);
	bool found = g_hash_table_contains(walk->locals, copy);

	g_free(copy);
	return found;
}

/* `rest` without the variable that the tag itself sets, which is noted. */
static struct str
without_target(struct walk *walk, struct str name, struct str rest)
{
	static const char *const setters[] = {
	    "assign", "capture", "increment", "decrement", "for", "tablerow", NULL};
	struct scan scan;

	if (!is_word(name, setters))
		return rest;
	scan_init(&scan, walk->source, rest);
	/* {% capture "x" %} names a variable, too. */
	if (scan.token != TOKEN_ID && scan.token != TOKEN_STRING)
		return rest;
	add_local(walk, scan.text);
	return scan_rest(&scan);
}

static void walk_line(struct walk *walk, struct str line);

static void
walk_tag(struct walk *walk, struct str name, struct str rest)
{
	static const char *const wordless[] = {
	    "else", "break", "continue", "#", "raw", "endraw", "comment", "doc", NULL};
	struct str line;

	if (str_is(name, "liquid")) {
		while (str_split(&rest, '\n', &line))
			walk_line(walk, str_trim(line));
	} else if (!is_word(name, wordless) && !str_starts(name, STR("end"))) {
		walk_words(walk, without_target(walk, name, rest));
	}
}

static void
walk_line(struct walk *walk, struct str line)
{
	struct scan scan;

	if (line.n == 0 || line.p[0] == '#')
		return;
	scan_init(&scan, walk->source, line);
	if (scan.token == TOKEN_ID && !str_is(scan.text, "liquid"))
		walk_tag(walk, scan.text, scan_rest(&scan));
}

static void
walk_tags(struct walk *walk, const struct lint_mask *mask)
{
	for (guint i = 0; i < mask->tags->len; i++) {
		const struct lint_tag *tag = &g_array_index(mask->tags, struct lint_tag, i);

		if (tag->kind == LINT_TAG_OUTPUT)
			walk_words(walk, tag->rest);
		else if (tag->kind == LINT_TAG_CONTROL)
			walk_tag(walk, tag->name, tag->rest);
	}
}

/* First to learn what the template sets itself, then for each other variable. */
static void
each_mention(const struct lint_piece *piece,
    void (*each)(void *closure, const struct mention *mention), void *closure, GHashTable *locals)
{
	struct walk walk = {.source = piece->piece->source, .locals = locals};

	walk_tags(&walk, &piece->mask);
	walk.each = each;
	walk.closure = closure;
	walk_tags(&walk, &piece->mask);
}

/* --- likeness --- */

/* Levenshtein's distance. */
static size_t
distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t row[NAME_MAX_BYTES + 1];

	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t best =
			    corner + (g_ascii_tolower(a[i - 1]) != g_ascii_tolower(b[j - 1]));

			best = MIN(best, MIN(row[j], row[j - 1]) + 1);
			corner = row[j];
			row[j] = best;
		}
	}
	return row[m];
}

const char *
lint_nearest(struct str name, const GPtrArray *names)
{
	const char *best = NULL;
	size_t least = name.n / 3 + 1;

	if (name.n > NAME_MAX_BYTES)
		return NULL;
	for (guint i = 0; i < names->len; i++) {
		const char *other = g_ptr_array_index(names, i);
		size_t n = strlen(other), far;

		if (n == 0 || n > NAME_MAX_BYTES)
			continue;
		far = distance(name.p, name.n, other, n);
		if (far < least || (far == least && best == NULL)) {
			least = far;
			best = other;
		}
	}
	return best;
}

/* --- namespaces and attributes --- */

struct looking {
	struct lint *lint;
	const struct lint_piece *piece;
	const struct liquid_object *globals;
	GHashTable *locals;
};

static const struct liquid_value *
find_root(const struct looking *looking, const struct mention *mention)
{
	return liquid_object_get(looking->globals, mention->root);
}

static void
add_names(GPtrArray *names, const struct liquid_object *object)
{
	for (size_t i = 0; i < object->count; i++)
		g_ptr_array_add(names, g_strndup(object->member[i].key.p, object->member[i].key.n));
}

static void
check_root(void *closure, const struct mention *mention)
{
	struct looking *looking = closure;
	struct walk walk = {.locals = looking->locals};
	struct lint_place place = lint_place_at(looking->piece, mention->at);
	GPtrArray *names;
	const char *nearest;

	if (find_root(looking, mention) != NULL || is_local(&walk, mention->root))
		return;
	names = g_ptr_array_new_with_free_func(g_free);
	add_names(names, looking->globals);
	nearest = lint_nearest(mention->root, names);
	if (nearest != NULL && mention->member.p != NULL)
		lint_report_add(looking->lint->report, LINT_UNKNOWN_NAME, &place,
		    "%.*s.%.*s: nothing is called %.*s; did you mean %s?", STR_F(mention->root),
		    STR_F(mention->member), STR_F(mention->root), nearest);
	else
		lint_report_add(looking->lint->report, LINT_UNKNOWN_NAME, &place,
		    "%.*s: nothing is called that; contact.NAME or campaign.NAME was expected",
		    STR_F(mention->root));
	g_ptr_array_free(names, TRUE);
}

/* {% include %} may set variables; what it sets stands elsewhere. */
static bool
includes(const struct lint_mask *mask)
{
	for (guint i = 0; i < mask->tags->len; i++) {
		if (str_is(g_array_index(mask->tags, struct lint_tag, i).name, "include"))
			return true;
	}
	return false;
}

void
lint_names(struct lint *lint, size_t i, const struct liquid_value *globals)
{
	struct looking looking = {lint, &lint->pieces[i], globals->object,
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};

	if (!includes(&lint->pieces[i].mask))
		each_mention(&lint->pieces[i], check_root, &looking, looking.locals);
	g_hash_table_destroy(looking.locals);
}

/* Has anybody this attribute? `names` gets those that there are. */
static bool
attribute_known(struct looking *looking, const struct mention *mention,
    const struct liquid_object *object, GPtrArray *names)
{
	GHashTableIter iter;
	gpointer name;
	bool found = liquid_object_get(object, mention->member) != NULL;

	add_names(names, object);
	if (!str_is(mention->root, "contact"))
		return found;
	g_hash_table_iter_init(&iter, looking->lint->attributes);
	while (g_hash_table_iter_next(&iter, &name, NULL)) {
		found = found || str_is(mention->member, name);
		g_ptr_array_add(names, g_strdup(name));
	}
	return found;
}

/* Once for each variable. */
static void
tell(struct looking *looking, const struct mention *mention, const char *nearest)
{
	struct lint_place place = lint_place_at(looking->piece, mention->at);
	bool person = str_is(mention->root, "contact");
	char *path = g_strdup_printf("%.*s.%.*s", STR_F(mention->root), STR_F(mention->member));
	char *hint = nearest == NULL
	    ? g_strdup("")
	    : g_strdup_printf("; did you mean %.*s.%s?", STR_F(mention->root), nearest);

	if (!g_hash_table_contains(looking->lint->told, path))
		lint_report_add(looking->lint->report, LINT_UNKNOWN_ATTRIBUTE, &place, "%s: %s%s",
		    path,
		    person ? "none of these contacts has that attribute"
			   : "the campaign's data have no such member",
		    hint);
	g_hash_table_add(looking->lint->told, path);
	g_free(hint);
}

static void
check_member(void *closure, const struct mention *mention)
{
	struct looking *looking = closure;
	const struct liquid_value *root = find_root(looking, mention);
	static const char *const columns[] = {
	    "language", "time_zone", "size", "first", "last", NULL};
	GPtrArray *names;

	if (root == NULL || root->type != LIQUID_OBJECT || mention->member.p == NULL ||
	    is_word(mention->member, columns))
		return;
	/* Without contacts nobody can have it, without a campaign there are no data. */
	if (str_is(mention->root, "contact") ? g_hash_table_size(looking->lint->attributes) == 0
					     : looking->lint->campaign == NULL)
		return;
	names = g_ptr_array_new_with_free_func(g_free);
	if (!attribute_known(looking, mention, root->object, names))
		tell(looking, mention, lint_nearest(mention->member, names));
	g_ptr_array_free(names, TRUE);
}

void
lint_attributes(struct lint *lint, size_t i, const struct liquid_value *globals)
{
	struct looking looking = {lint, &lint->pieces[i], globals->object,
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};

	each_mention(&lint->pieces[i], check_member, &looking, looking.locals);
	g_hash_table_destroy(looking.locals);
}
