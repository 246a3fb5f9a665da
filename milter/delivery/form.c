/* SPDX-License-Identifier: BSD-2-Clause
 *
 * form: see form.h
 *
 * Threads: any; touches only its arguments.
 */
#include "delivery/form.h"

#include "delivery/address.h"
#include "delivery/reason.h"
#include "delivery/words.h"

#include <glib.h>

#define LINES_MAX  4000
#define LINE_BYTES 1000
#define SAID_MAX   ((size_t)4096)
#define AROUND_MAX ((size_t)8192)
/* Addresses of one line that are looked at. */
#define EACH_MAX       20
#define PARAGRAPHS_MAX 6

/* --- what came back --- */

/* "Name: value" at the margin. */
static struct str
field_name(struct str line)
{
	size_t n = 0;

	while (n < line.n && n < 60 && (g_ascii_isalnum(line.p[n]) || line.p[n] == '-'))
		n++;
	return n > 1 && n < line.n && line.p[n] == ':' ? (struct str){line.p, n} : STR("");
}

/* Fields that reporters don't write of their own. */
static bool
is_trace(struct str name)
{
	static const char *const names[] = {"Received", "Return-Path", "Message-ID", "MIME-Version",
	    "DKIM-Signature", "DomainKey-Signature", "Delivered-To", "X-Mailer", "X-Originating-IP",
	    "ARC-Seal", "X-Received"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (str_is_nocase(name, names[i]))
			return true;
	}
	return false;
}

/* A header begins here: fields without a gap, of which one is a trace. */
static bool
is_header(struct str rest)
{
	struct str line, name;
	size_t fields = 0;
	bool trace = false;

	for (size_t i = 0; i < 40 && delivery_line(&rest, &line); i++) {
		name = field_name(line);
		if (name.n > 0) {
			fields++;
			trace = trace || is_trace(name);
		} else if (i == 0 || line.n == 0 || (line.p[0] != ' ' && line.p[0] != '\t')) {
			break;
		}
		if (trace && fields >= 3)
			return true;
	}
	return trace && fields >= 2;
}

/* "----- Original message -----" */
static bool
is_rule(struct str line, struct arena *arena)
{
	static const char *const rules[] = {"---", "===", "***", "___", NULL};
	bool rule = false;

	if (line.n < 8 || line.n > 200)
		return false;
	for (size_t i = 0; rules[i] != NULL; i++)
		rule = rule || str_has(line, str_c(rules[i]));
	return rule && delivery_any_in(delivery_fold(line, arena), delivery_cut_words);
}

void
delivery_form_read(
    const struct delivery_content *content, struct arena *arena, struct delivery_form *form_r)
{
	struct str rest = content->text, line, at = rest;

	form_r->text = content->text;
	form_r->returned = STR("");
	for (size_t i = 0; i < LINES_MAX && delivery_line(&rest, &line); i++) {
		if ((field_name(line).n > 0 && is_header(at)) || (i > 0 && is_rule(line, arena))) {
			form_r->text.n = (size_t)(at.p - content->text.p);
			form_r->returned = field_name(line).n > 0 ? at : rest;
			break;
		}
		at = rest;
	}
	while (form_r->returned.n > 0 && form_r->returned.p[0] == '\n')
		form_r->returned = (struct str){form_r->returned.p + 1, form_r->returned.n - 1};
	form_r->folded = delivery_fold(form_r->text, arena);
}

/* --- lines and addresses --- */

struct place {
	struct str address;
	struct str behind; /* the rest of its line */
	const char *line;
	enum delivery_weight weight;
	bool reply; /* "550 <...>... User unknown" */
};

struct places {
	struct place *items;
	size_t count;
	enum delivery_weight best;
	bool own; /* the sender's addresses count, too */
};

static bool
before_fits(const char *pattern, struct str before)
{
	struct str rest;
	const char *last;
	long at;

	if (strcmp(pattern, "*") == 0)
		return true;
	if (strcmp(pattern, "#") == 0) {
		/* A reply code, with an enhanced status perhaps. */
		return before.n >= 3 && before.n <= 24 &&
		    g_ascii_isdigit(
			before.p[before.n > 4 && str_starts(before, STR("<<< ")) ? 4 : 0]) &&
		    memchr(before.p, '@', before.n) == NULL;
	}
	if (pattern[0] == '\0' || before.n == 0)
		return before.n == 0 && pattern[0] == '\0';
	at = delivery_phrase_at(before, pattern);
	last = strrchr(pattern, '*');
	last = last == NULL ? pattern : last + 1;
	rest = str_c(last);
	return at >= 0 && str_ends_nocase(before, rest) && (rest.n == before.n || at >= 0);
}

static bool
behind_fits(const char *pattern, struct str behind)
{
	if (strcmp(pattern, "*") == 0)
		return true;
	if (pattern[0] == '\0')
		return behind.n == 0 || str_is(behind, ".");
	return delivery_phrase_at(behind, pattern) == 0;
}

static struct str
trim_end(struct str text)
{
	while (text.n > 0 && (unsigned char)text.p[text.n - 1] <= ' ')
		text.n--;
	return text;
}

static bool
is_bullet(struct str text)
{
	static const char *const bullets[] = {"*", "-", "+", "o", "\xe2\x80\xa2", "\xc2\xb7"};

	for (size_t i = 0; i < sizeof bullets / sizeof bullets[0]; i++) {
		if (str_is(text, bullets[i]))
			return true;
	}
	return false;
}

/* What stands before and behind, without <>, quotes and "rfc822;". */
static bool
weigh(struct str line, struct str address, struct arena *arena, enum delivery_weight *weight_r)
{
	struct str before = {line.p, (size_t)(address.p - line.p)};
	struct str behind = {
	    address.p + address.n, (size_t)(line.p + line.n - address.p) - address.n};
	bool found = false;

	before = str_trim(before);
	while (before.n > 0 && strchr("<'\"(", before.p[before.n - 1]) != NULL)
		before.n--;
	while (behind.n > 0 && strchr(">'\"", behind.p[0]) != NULL)
		behind = (struct str){behind.p + 1, behind.n - 1};
	if (is_bullet(str_trim(before)))
		before.n = 0;
	before = trim_end(delivery_fold(before, arena));
	behind = trim_end(delivery_fold(behind, arena));
	for (const struct delivery_shape *shape = delivery_shapes; shape->before != NULL; shape++) {
		if (!behind_fits(shape->behind, behind) || !before_fits(shape->before, before))
			continue;
		if (!found || shape->weight > *weight_r)
			*weight_r = shape->weight;
		found = true;
	}
	return found;
}

static bool
is_mine(struct str address, const struct str *mine, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (mine[i].n > 0 && str_eq_nocase(address, mine[i]))
			return true;
	}
	return false;
}

/* "For further assistance, please contact <...>" */
static bool
is_contact(struct str line, struct arena *arena)
{
	static const char *const words[] = {"contact", "assistance", "help", "support@", "kontakt",
	    "mail from:", "envelope-from", "from:", "sender:", "reply-to", "message-id",
	    "http:", "subject:", "from address", "return-path", NULL};

	return delivery_any_in(delivery_fold(line, arena), words);
}

static void
look_at_line(struct places *places, struct str line, const struct str *mine, size_t mine_count,
    struct arena *arena)
{
	const char *line_end = line.p + line.n;
	struct str rest, address;
	bool contact = false, asked = false;

	if (line.n > LINE_BYTES)
		line.n = LINE_BYTES;
	rest = line;

	for (size_t i = 0; i < EACH_MAX && places->count < DELIVERY_RECIPIENTS_MAX &&
	     delivery_address_find(rest, &address);
	     i++) {
		struct place *place = &places->items[places->count];
		const char *end = address.p + address.n;

		rest = (struct str){end, (size_t)(rest.p + rest.n - end)};
		if (is_mine(address, mine, mine_count) ||
		    !weigh(str_trim(line), address, arena, &place->weight))
			continue;
		if (!asked)
			contact = is_contact(line, arena);
		asked = true;
		if (contact && place->weight != DELIVERY_STRONG)
			continue;
		place->address = address;
		place->behind = (struct str){end, (size_t)(line_end - end)};
		place->line = line.p;
		place->reply = place->weight == DELIVERY_FAIR &&
		    g_ascii_isdigit(str_trim(line).p[0]) && str_has(place->behind, STR("..."));
		places->count++;
		if (place->weight > places->best)
			places->best = place->weight;
		/* What follows in its line is said of it. */
		if (place->weight == DELIVERY_STRONG &&
		    strchr(",;", rest.n > 0 ? rest.p[0] : ',') == NULL)
			break;
	}
}

/* --- what is said of each --- */

/* "--9B095B5ADSN=_01C9", where parts lost their structure */
static bool
is_boundary(struct str line)
{
	return line.n > 12 && str_starts(line, STR("--")) && line.p[2] != '-' &&
	    memchr(line.p, ' ', line.n) == NULL;
}

/* The lines up to an empty one; {NULL,0} at the end. */
static struct str
next_paragraph(struct str *rest)
{
	const char *begin = NULL, *stop = NULL;
	struct str line, text;

	while (delivery_line(rest, &line)) {
		text = str_trim(line);
		if (is_boundary(text)) {
			rest->n = 0;
			break;
		}
		if (text.n == 0 && begin != NULL)
			break;
		if (text.n == 0)
			continue;
		if (begin == NULL)
			begin = text.p;
		stop = text.p + text.n;
	}
	return begin == NULL ? STR_NONE : (struct str){begin, (size_t)(stop - begin)};
}

/* The rest of its line and what follows; if there is nothing, the next paragraph. One that
 * holds a reply code is better: "Technical details: ... The error was:", and then "550 ..." */
static struct str
said_behind(const struct place *place, const char *end)
{
	struct str rest = {place->behind.p, (size_t)(end - place->behind.p)}, first, paragraph;

	while (rest.n > 0 && strchr(">:;,.'\"", rest.p[0]) != NULL)
		rest = (struct str){rest.p + 1, rest.n - 1};
	first = paragraph = next_paragraph(&rest);
	for (int i = 0; i < PARAGRAPHS_MAX && paragraph.p != NULL; i++) {
		if (delivery_from_code(paragraph).n > 0) {
			first = paragraph;
			break;
		}
		paragraph = next_paragraph(&rest);
	}
	if (first.n > SAID_MAX)
		first.n = SAID_MAX;
	return first.p == NULL ? STR("") : first;
}

/* The reply in a line of a session: "<<< 550 5.1.1 ..."; some have the arrows the other way. */
static struct str
session_reply(struct str line)
{
	size_t max = line.n < 40 ? line.n : 40;
	const char *arrows = memmem(line.p, max, "<<< ", 4);
	struct str reply;

	if (arrows == NULL)
		arrows = memmem(line.p, max, ">>> ", 4);
	if (arrows == NULL)
		return STR("");
	reply = (struct str){arrows + 4, (size_t)(line.p + line.n - arrows) - 4};
	if (reply.n < 3 || strchr("45", reply.p[0]) == NULL || !g_ascii_isdigit(reply.p[1]) ||
	    !g_ascii_isdigit(reply.p[2]))
		return STR("");
	return reply;
}

/* What the server said, not what became of it. Replies that name others are passed over.
 * `last`: the last one, else the first. {NULL,0}: there is none. */
static struct str
said_in_session(struct str text, struct str address, bool last, struct arena *arena)
{
	struct str line, reply, other, said = STR_NONE;
	bool open = false;

	while (delivery_line(&text, &line)) {
		reply = session_reply(line);
		if (reply.n > 0 && open && said.n < SAID_MAX)
			said = arena_printf(arena, "%.*s %.*s", STR_F(said), STR_F(reply));
		else if (reply.n > 0 && (said.p == NULL || last) &&
		    (!delivery_address_find(reply, &other) || str_eq_nocase(other, address)))
			said = reply;
		open = reply.n > 0 && said.p != NULL;
		if (!open && said.p != NULL && !last)
			break;
	}
	return said.n > SAID_MAX ? (struct str){said.p, SAID_MAX} : said;
}

static struct str
between(const char *begin, const char *end)
{
	size_t n = (size_t)(end - begin);

	/* The end is nearer to what the server said than the greeting. */
	return n > AROUND_MAX ? (struct str){end - AROUND_MAX, AROUND_MAX} : (struct str){begin, n};
}

static bool
same(const struct place *a, const struct place *b)
{
	return str_eq_nocase(a->address, b->address);
}

/* From the last line about another recipient to the next one. */
static void
add_place(const struct places *places, size_t i, const struct delivery_form *form,
    struct delivery_list *list)
{
	const struct place *place = &places->items[i];
	const char *begin = form->text.p, *end = form->text.p + form->text.n, *next = end;
	struct delivery_found found = {.address = place->address};

	/* ">>> RCPT To:<...>" stands above the line that sums it up. */
	for (size_t j = i + 1; j < places->count && !place->reply; j++) {
		if (places->items[j].reply && places->items[j].weight == places->best &&
		    same(&places->items[j], place))
			return;
	}
	for (size_t j = 0; j < places->count; j++) {
		if (places->items[j].weight != places->best || j == i)
			continue;
		if (j < i && !same(&places->items[j], place))
			begin = places->items[j].behind.p;
		if (j > i && next == end)
			next = places->items[j].line;
		if (j > i && !same(&places->items[j], place)) {
			end = places->items[j].line;
			break;
		}
	}
	if (next > end || next < place->behind.p)
		next = end > place->behind.p ? end : place->behind.p;
	found.around = between(begin, end > begin ? end : begin);
	/* Sendmail's "550 <ada@x.example>... User unknown" ends what is about that address. */
	if (place->reply) {
		const char *lf = memchr(place->behind.p, '\n', (size_t)(end - place->behind.p));

		next = lf == NULL ? end : lf;
		found.around = between(begin, next);
	}
	found.said = said_in_session(place->reply ? between(begin, next) : found.around,
	    place->address, place->reply, list->arena);
	if (found.said.p == NULL)
		found.said = said_behind(place, next);
	delivery_list_add(list, &found);
}

static void
find_places(struct places *places, struct str text, const struct str *mine, size_t mine_count,
    struct arena *arena)
{
	struct str line;

	for (size_t i = 0; i < LINES_MAX && delivery_line(&text, &line); i++) {
		if (line.n > 0 && memchr(line.p, '@', line.n) != NULL)
			look_at_line(places, line, mine, mine_count, arena);
	}
}

void
delivery_form_recipients(const struct delivery_form *form, const struct str *mine,
    size_t mine_count, struct delivery_list *list)
{
	struct places places = {.best = DELIVERY_WEAK};

	places.items = arena_zalloc(list->arena, DELIVERY_RECIPIENTS_MAX + 1, sizeof *places.items);
	if (places.items == NULL)
		return;
	find_places(&places, form->text, mine, mine_count, list->arena);
	/* Somebody may have written to himself. */
	if (places.count == 0) {
		places.own = true;
		find_places(&places, form->text, NULL, 0, list->arena);
	}
	if (places.own && places.best != DELIVERY_STRONG)
		places.count = 0;
	for (size_t i = 0; i < places.count; i++) {
		if (places.items[i].weight == places.best)
			add_place(&places, i, form, list);
	}
}

/* --- is it a report? --- */

static bool
has_null_sender(const struct delivery_content *content, struct arena *arena)
{
	struct str path = delivery_header(content, "Return-Path", arena);

	return str_is(path, "<>") || str_is_nocase(path, "<MAILER-DAEMON>");
}

bool
delivery_form_by_machine(const struct delivery_content *content, struct arena *arena)
{
	struct str from = delivery_fold(delivery_header(content, "From", arena), arena);
	struct str raw = delivery_header(content, "From", arena), address, local;

	if (from.n == 0)
		return delivery_has_header(content, "From") || has_null_sender(content, arena);
	if (str_is(from, "<>") || has_null_sender(content, arena) ||
	    delivery_any_in(from, delivery_machine_names))
		return true;
	if (!delivery_address_find(raw, &address))
		return delivery_any_in(from, delivery_machine_locals);
	local = delivery_fold(
	    (struct str){
		address.p, (size_t)((const char *)memrchr(address.p, '@', address.n) - address.p)},
	    arena);
	return delivery_any_begins(local, delivery_machine_locals);
}

enum delivery_action
delivery_form_action(
    const struct delivery_content *content, const struct delivery_form *form, struct arena *arena)
{
	struct str subject = delivery_fold(delivery_header(content, "Subject", arena), arena);
	bool failed = delivery_any_in(form->folded, delivery_failed_words);
	bool delayed = delivery_any_in(form->folded, delivery_delayed_words);
	bool subject_failed = delivery_any_in(subject, delivery_failed_subjects);
	bool subject_delayed = delivery_any_in(subject, delivery_delayed_subjects);

	if (delivery_has_header(content, "X-Failed-Recipients"))
		return DELIVERY_ACTION_FAILED;
	if (!delivery_form_by_machine(content, arena))
		return DELIVERY_ACTION_NONE;
	if (subject_delayed || (delayed && !subject_failed))
		return DELIVERY_ACTION_DELAYED;
	if (!failed && delivery_any_in(subject, delivery_delivered_subjects))
		return DELIVERY_ACTION_DELIVERED;
	if (!failed && delivery_any_in(form->folded, delivery_delivered_words))
		return DELIVERY_ACTION_DELIVERED;
	return failed || subject_failed ? DELIVERY_ACTION_FAILED : DELIVERY_ACTION_NONE;
}
