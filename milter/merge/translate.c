/* SPDX-License-Identifier: BSD-2-Clause
 *
 * translate: from merge tags to Liquid
 *
 * One walk over the source does both jobs: it writes the translation and stops at the first
 * fault, or tells of every tag and goes on. Text and Liquid between the tags are copied.
 *
 * Owns:    what it builds, until it is handed over.
 * Threads: any; touches only its arguments.
 * Fails:   ERR_TEMPLATE, ERR_LIMIT, with name:line:column.
 */
#include "merge/internal.h"

#include <glib.h>
#include <stdio.h>

#define OUT_MAX ((size_t)64 << 20)

struct block {
	const char *end; /* END:... of the tag that opened it */
	const char *liquid_end;
	bool had_else;
	bool interest;
	size_t at;
};

struct place {
	size_t at;
	unsigned line;
	unsigned column;
};

struct walk {
	struct str source;
	const struct merge_options *options;
	struct buf out;
	struct buf prologue; /* assigns that conditions need */
	struct origin *origin;
	unsigned tags;
	struct block block[MERGE_DEPTH_MAX];
	int depth;
	int floor;	 /* blocks that the text at hand may not close */
	size_t outer_at; /* of *|MC:SUBJECT|*, while the subject is walked over */
	bool in_subject;
	char path[MERGE_PATH_MAX];
	/* one of the two */
	void (*each)(void *closure, const struct merge_tag *tag);
	void *closure;
	struct str name;
	struct err *err;
	size_t faults;
	struct place place; /* of the last tag told */
};

static int walk_over(struct walk *walk, struct str source);

static bool
is(struct str text, const char *word)
{
	return str_is_nocase(str_trim(text), word);
}

/* Goes on from the tag before, so that a long list takes no longer than the source. */
static void
find_place(struct walk *walk, size_t at, struct merge_tag *tag)
{
	unsigned line, column;

	if (at < walk->place.at || walk->place.line == 0)
		walk->place = (struct place){0, 1, 1};
	origin_place((struct str){walk->source.p + walk->place.at, at - walk->place.at},
	    at - walk->place.at, &line, &column);
	if (line == 1)
		column += walk->place.column - 1;
	walk->place = (struct place){at, walk->place.line + line - 1, column};
	tag->line = walk->place.line;
	tag->column = walk->place.column;
}

/* A fault ends the walk, unless somebody wants to hear of all. */
static int
tell(struct walk *walk, const struct merge_mark *mark, const char *why)
{
	size_t at = walk->in_subject ? walk->outer_at : mark->at;
	struct merge_tag tag = {
	    .text = mark->body, .at = at, .why = why, .path = str_c(walk->path)};
	char text[ERR_TEXT_MAX];

	if (walk->each != NULL ? walk->in_subject : why == NULL)
		return 0; /* the Subject is a source of its own */
	if (why != NULL)
		walk->faults++;
	find_place(walk, at, &tag);
	if (walk->each != NULL) {
		walk->each(walk->closure, &tag);
		return 0;
	}
	if (mark->body.n == 0)
		snprintf(text, sizeof text, "merge tag: %s", why);
	else
		snprintf(text, sizeof text, "merge tag *|%.*s|*%s%s%.100s%s: %s",
		    (int)MIN(mark->body.n, 64), mark->body.p,
		    walk->in_subject ? " of the Subject" : "", tag.path.n > 0 ? " (" : "",
		    walk->path, tag.path.n > 0 ? ")" : "", why);
	return err_set_at(walk->err, ERR_TEMPLATE, walk->name, tag.line, tag.column, text);
}

/* Text of the Subject is not yet HTML. */
static void
copy(struct walk *walk, struct str text, size_t from, bool liquid)
{
	if (text.n == 0)
		return;
	origin_add(walk->origin, walk->out.len, walk->in_subject ? walk->outer_at : from,
	    walk->in_subject);
	if (!walk->in_subject || !walk->options->html || liquid) {
		buf_add_str(&walk->out, text);
		return;
	}
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '&')
			buf_add_c(&walk->out, "&amp;");
		else if (text.p[i] == '<')
			buf_add_c(&walk->out, "&lt;");
		else if (text.p[i] == '>')
			buf_add_c(&walk->out, "&gt;");
		else
			buf_add_char(&walk->out, text.p[i]);
	}
}

static const char *
open_block(struct walk *walk, const struct merge_mark *mark, const struct block *block)
{
	if (walk->depth == MERGE_DEPTH_MAX)
		return "conditions are nested more than 32 deep";
	walk->block[walk->depth] = *block;
	walk->block[walk->depth++].at = mark->at;
	return NULL;
}

static const char *
open_if(struct walk *walk, const struct merge_mark *mark, struct str text, bool negate)
{
	const struct block block = {.end = "IF", .liquid_end = negate ? "unless" : "if"};
	const char *why = open_block(walk, mark, &block);

	if (why != NULL)
		return why;
	buf_printf(&walk->out, "{%% %s ", block.liquid_end);
	why = merge_condition(
	    text, walk->options, &walk->prologue, walk->tags, &walk->out, walk->path);
	buf_add_c(&walk->out, " %}");
	return why;
}

static const char *
open_interested(struct walk *walk, const struct merge_mark *mark, struct str text)
{
	const struct block block = {.end = "INTERESTED", .liquid_end = "if", .interest = true};
	const char *why = open_block(walk, mark, &block);

	if (why != NULL)
		return why;
	buf_add_c(&walk->out, "{% if ");
	why = merge_interest(text, &walk->prologue, walk->tags, &walk->out, walk->path);
	buf_add_c(&walk->out, " %}");
	return why;
}

/* That the text at hand may go on with or close; NULL if there is none. */
static struct block *
innermost(struct walk *walk)
{
	return walk->depth == walk->floor ? NULL : &walk->block[walk->depth - 1];
}

static const char *
add_elseif(struct walk *walk, struct str text)
{
	struct block *block = innermost(walk);
	const char *why;

	if (block == NULL || block->interest)
		return "no IF is open here";
	if (block->had_else)
		return "it stands after the ELSE";
	buf_add_c(&walk->out, "{% elsif ");
	why = merge_condition(
	    text, walk->options, &walk->prologue, walk->tags, &walk->out, walk->path);
	buf_add_c(&walk->out, " %}");
	return why;
}

static const char *
add_else(struct walk *walk)
{
	struct block *block = innermost(walk);

	if (block == NULL)
		return "no IF is open here";
	if (block->had_else)
		return "there is an ELSE already";
	block->had_else = true;
	buf_add_c(&walk->out, "{% else %}");
	return NULL;
}

static const char *
close_block(struct walk *walk, struct str what)
{
	if (!is(what, "IF") && !is(what, "INTERESTED"))
		return "it ends nothing that is known here";
	if (innermost(walk) == NULL)
		return "nothing is open that it could end";
	if (!is(what, innermost(walk)->end))
		return is(what, "IF") ? "the block that is open ends with END:INTERESTED"
				      : "the block that is open ends with END:IF";
	buf_printf(&walk->out, "{%% end%s %%}", walk->block[--walk->depth].liquid_end);
	return NULL;
}

/* The Subject's template in place of the tag. */
static const char *
insert_subject(struct walk *walk, const struct merge_mark *mark)
{
	int floor = walk->floor;
	const char *why = NULL;

	if (walk->in_subject)
		return "it stands in the Subject itself";
	if (walk->options->subject.n == 0)
		return NULL;
	walk->in_subject = true;
	walk->outer_at = mark->at;
	walk->floor = walk->depth;
	if (walk_over(walk, walk->options->subject) != 0)
		why = ""; /* told already */
	else if (walk->depth != walk->floor)
		why = "a condition in the Subject isn't closed";
	walk->depth = walk->floor;
	walk->floor = floor;
	walk->in_subject = false;
	walk->path[0] = '\0';
	return why;
}

static void
add_title(struct walk *walk, const struct merge_name *name)
{
	buf_printf(&walk->out,
	    "{%% assign merge_words = %s%s | split: \" \" %%}{%% for merge_word in merge_words %%}"
	    "{{ merge_word | capitalize }}{%% unless forloop.last %%}{{ \" \" }}{%% endunless "
	    "%%}{%% endfor "
	    "%%}",
	    name->path, name->filters);
}

/* An editor that resolves addresses puts its own folder before the tag. */
static bool
is_glued(const struct walk *walk, const struct merge_mark *mark, const struct merge_name *name)
{
	return name->kind == MERGE_LINK && mark->encoded && mark->at > 0 && !walk->in_subject &&
	    walk->source.p[mark->at - 1] == '/';
}

static const char *
print_name(struct walk *walk, const struct merge_mark *mark, struct str text, const char *filter)
{
	struct merge_name name;

	merge_name_find(text, walk->options, &name);
	if (name.kind == MERGE_VALUE || name.kind == MERGE_FACT || name.kind == MERGE_LINK)
		g_strlcpy(walk->path, name.path[0] == '"' ? "" : name.path, sizeof walk->path);
	if (name.why != NULL)
		return name.why;
	if (name.kind == MERGE_FALSE)
		return "it can only stand in a condition";
	if (name.kind == MERGE_NOTHING)
		return NULL;
	if (name.kind == MERGE_SUBJECT)
		return filter == NULL ? insert_subject(walk, mark) : "the Subject stays as it is";
	if (is_glued(walk, mark, &name))
		return "it stands behind another address, which an editor put there";
	if (filter != NULL && strcmp(filter, "title") == 0)
		add_title(walk, &name);
	else
		buf_printf(&walk->out, "{{ %s%s%s%s }}", name.path, name.filters,
		    filter == NULL ? "" : " | ", filter == NULL ? "" : filter);
	return NULL;
}

static const char *
print(struct walk *walk, const struct merge_mark *mark, struct str head, struct str rest)
{
	static const struct {
		const char *word;
		const char *filter;
	} ways[] = {
	    {"UPPER", "upcase"}, {"LOWER", "downcase"}, {"TITLE", "title"}, {"URL", "url_encode"}};

	for (size_t i = 0; i < G_N_ELEMENTS(ways) && rest.p != NULL; i++) {
		if (is(head, ways[i].word))
			return print_name(walk, mark, str_trim(rest), ways[i].filter);
	}
	return print_name(walk, mark, mark->body, NULL);
}

static const char *
translate_tag(struct walk *walk, const struct merge_mark *mark)
{
	struct str rest = mark->body, head;

	if (mark->why != NULL)
		return mark->why;
	str_split(&rest, ':', &head);
	if (is(head, "IF") || is(head, "IFNOT"))
		return open_if(walk, mark, rest, is(head, "IFNOT"));
	if (is(head, "ELSEIF"))
		return add_elseif(walk, rest);
	if (is(head, "ELSE"))
		return rest.p == NULL || str_trim(rest).n == 0 ? add_else(walk)
							       : "another condition begins with "
								 "ELSEIF:NAME";
	if (is(head, "END"))
		return close_block(walk, rest.p == NULL ? STR("") : rest);
	if (is(head, "INTERESTED"))
		return open_interested(walk, mark, rest);
	if (is(head, "DATE") && rest.p != NULL)
		return merge_date(rest, &walk->out);
	return print(walk, mark, head, rest);
}

static int
take_tag(struct walk *walk, const struct merge_mark *mark)
{
	const char *why;

	walk->path[0] = '\0';
	if (++walk->tags > MERGE_TAGS_MAX) {
		tell(walk, mark, "there are more than 10000 tags");
		return -1;
	}
	if (!walk->in_subject)
		origin_add(walk->origin, walk->out.len, mark->at, true);
	why = translate_tag(walk, mark);
	if (why != NULL && why[0] == '\0')
		return -1;
	return tell(walk, mark, why);
}

/* Liquid is copied. What stands in its marks can't be translated: {% raw %} would send the
 * translation, and {{ }} would hold another {{ }}. */
static int
take_liquid(struct walk *walk, struct str source, size_t *at)
{
	bool plain, dead;
	size_t end = merge_liquid_end(source, *at, &plain, &dead);
	struct merge_mark mark;

	for (size_t i = *at; i < end && !dead; i++) {
		if (!merge_mark_at(source, i, walk->options->html, &mark))
			continue;
		walk->path[0] = '\0';
		if (tell(walk, &mark,
			plain ? "a merge tag can't stand in {% raw %}"
			      : "a merge tag can't stand inside of Liquid's marks") != 0)
			return -1;
		i = mark.end - 1;
	}
	copy(walk, (struct str){source.p + *at, end - *at}, *at, true);
	*at = end;
	return 0;
}

static bool
is_liquid(struct str source, size_t at)
{
	return source.p[at] == '{' && at + 1 < source.n &&
	    (source.p[at + 1] == '{' || source.p[at + 1] == '%');
}

static int
walk_over(struct walk *walk, struct str source)
{
	bool html = walk->options->html && !walk->in_subject;
	struct merge_mark mark;
	size_t text = 0, at = 0;

	while (at < source.n) {
		bool liquid = is_liquid(source, at);

		if (!liquid && !merge_mark_at(source, at, html, &mark)) {
			at++;
			continue;
		}
		copy(walk, (struct str){source.p + text, at - text}, text, false);
		if (liquid ? take_liquid(walk, source, &at) != 0 : take_tag(walk, &mark) != 0)
			return -1;
		if (!liquid)
			at = mark.end;
		text = at;
	}
	copy(walk, (struct str){source.p + text, at - text}, text, false);
	return 0;
}

/* Every block that is open at the end, from the outermost. */
static int
tell_open(struct walk *walk)
{
	struct merge_mark mark;

	for (int i = 0; i < walk->depth; i++) {
		if (!merge_mark_at(walk->source, walk->block[i].at, walk->options->html, &mark))
			continue;
		walk->path[0] = '\0';
		if (tell(walk, &mark,
			walk->block[i].interest ? "no END:INTERESTED closes it"
						: "no END:IF closes it") != 0)
			return -1;
	}
	return 0;
}

static int
run(struct walk *walk)
{
	buf_init(&walk->out, OUT_MAX);
	buf_init(&walk->prologue, OUT_MAX);
	walk->origin = origin_new(walk->source);
	if (walk_over(walk, walk->source) != 0)
		return -1;
	return tell_open(walk);
}

static void
fini(struct walk *walk)
{
	buf_fini(&walk->out);
	buf_fini(&walk->prologue);
	origin_free(&walk->origin);
}

int
merge_translate(struct buf *out, struct origin **origin_r, struct str name, struct str source,
    const struct merge_options *options, struct err *err)
{
	struct walk walk = {.source = source, .options = options, .name = name, .err = err};
	int rc = run(&walk);

	*origin_r = NULL;
	if (rc == 0) {
		buf_add_str(out, buf_str(&walk.prologue));
		buf_add_str(out, buf_str(&walk.out));
		if (walk.out.full || walk.prologue.full || out->full)
			rc = err_set(
			    err, ERR_LIMIT, "%.*s: too long with its merge tags", STR_F(name));
	}
	if (rc == 0) {
		origin_prepend(walk.origin, walk.prologue.len);
		*origin_r = walk.origin;
		walk.origin = NULL;
	}
	fini(&walk);
	return rc;
}

size_t
merge_each(struct str source, const struct merge_options *options,
    void (*each)(void *closure, const struct merge_tag *tag), void *closure)
{
	struct walk walk = {.source = source, .options = options, .each = each, .closure = closure};

	run(&walk);
	fini(&walk);
	return walk.faults;
}
