/* SPDX-License-Identifier: BSD-2-Clause
 *
 * extend: see extend.h
 *
 * Threads: any; one copy, one thread.
 * Fails:   ERR_PLUGIN and ERR_ABORT (plugin/plugin.h), ERR_LIMIT.
 */
#include "tailor/extend.h"

/* --- links --- */

static struct str
make_link(void *closure, struct str address)
{
	struct tailor_extend *extend = closure;
	struct err ignored = ERR_INIT;
	struct str tracked;

	return tailor_links_address(extend->links, address, &tracked, &ignored) == 0 ? tracked
										     : STR_NONE;
}

static struct str
make_image(void *closure, struct str kind, struct str parameters)
{
	struct tailor_extend *extend = closure;
	struct err ignored = ERR_INIT;
	struct str url;

	return tailor_links_image(extend->links, kind, parameters, &url, &ignored) == 0 ? url
											: STR_NONE;
}

/* --- header fields --- */

static bool
leaves(const struct tailor_header *header)
{
	return header->change != TAILOR_REMOVED && !str_is(header->header.name, "DKIM-Signature");
}

static size_t
header_count(void *closure)
{
	const struct tailor_copy *copy = ((struct tailor_extend *)closure)->copy;
	size_t count = 0;

	for (size_t i = 0; i < copy->header_count; i++)
		count += leaves(&copy->headers[i]);
	return count;
}

static bool
header_at(void *closure, size_t number, struct str *name_r, struct str *value_r)
{
	const struct tailor_extend *extend = closure;
	const struct tailor_copy *copy = extend->copy;

	for (size_t i = 0; i < copy->header_count; i++) {
		const struct mime_header *header = &copy->headers[i].header;

		if (!leaves(&copy->headers[i]) || number-- > 0)
			continue;
		*name_r = header->name;
		*value_r = mime_header_decode(header->value, extend->arena);
		return value_r->p != NULL;
	}
	return false;
}

/* What was never in the original leaves no trace. */
static void
remove_at(struct tailor_copy *copy, size_t i)
{
	if (copy->headers[i].change != TAILOR_ADDED) {
		copy->headers[i].change = TAILOR_REMOVED;
		return;
	}
	copy->header_count--;
	memmove(&copy->headers[i], &copy->headers[i + 1],
	    (copy->header_count - i) * sizeof *copy->headers);
}

/* Removes the fields of that name behind `from`; how many. */
static size_t
remove_from(struct tailor_copy *copy, size_t from, struct str name)
{
	size_t removed = 0;

	for (size_t i = copy->header_count; i-- > from;) {
		if (leaves(&copy->headers[i]) &&
		    str_eq_nocase(copy->headers[i].header.name, name)) {
			remove_at(copy, i);
			removed++;
		}
	}
	return removed;
}

static size_t
header_remove(void *closure, struct str name)
{
	return remove_from(((struct tailor_extend *)closure)->copy, 0, name);
}

static int
add(struct tailor_extend *extend, struct str name, struct str value, struct err *err)
{
	struct tailor_copy *copy = extend->copy;
	struct str own = arena_str(extend->arena, name);

	if (copy->header_count == extend->header_room || own.p == NULL)
		return err_set(err, ERR_LIMIT, "a plugin may add %d header fields to a copy",
		    TAILOR_EXTEND_HEADERS);
	copy->headers[copy->header_count++] =
	    (struct tailor_header){.header = {own, value}, .change = TAILOR_ADDED};
	return 0;
}

static int
header_put(void *closure, struct str name, struct str text, bool all, struct err *err)
{
	struct tailor_extend *extend = closure;
	struct tailor_copy *copy = extend->copy;
	struct str own = arena_str(extend->arena, name), value;

	value = own.p == NULL ? STR_NONE : mime_header_encode(own.p, text, extend->arena);
	if (value.p == NULL)
		return err_set(err, ERR_LIMIT, "%.*s: too long", STR_F(name));
	for (size_t i = 0; all && i < copy->header_count; i++) {
		struct tailor_header *header = &copy->headers[i];

		if (!leaves(header) || !str_eq_nocase(header->header.name, name))
			continue;
		header->header.value = value;
		if (header->change == TAILOR_KEPT)
			header->change = TAILOR_CHANGED;
		remove_from(copy, i + 1, name);
		return 0;
	}
	return add(extend, own, value, err);
}

static void
header_mark(void *closure)
{
	struct tailor_extend *extend = closure;

	extend->mark_count = extend->copy->header_count;
	memcpy(extend->mark, extend->copy->headers, extend->mark_count * sizeof *extend->mark);
}

static void
header_back(void *closure)
{
	struct tailor_extend *extend = closure;

	extend->copy->header_count = extend->mark_count;
	memcpy(extend->copy->headers, extend->mark, extend->mark_count * sizeof *extend->mark);
}

/* --- the copy --- */

int
tailor_extend_init(struct tailor_extend *extend, const struct tailor_message *message,
    const struct tailor_contact *contact, struct str recipient, struct arena *arena,
    struct tailor_links *links, struct tailor_copy *copy, int64_t now_ms, struct err *err)
{
	*extend = (struct tailor_extend){.arena = arena, .links = links, .copy = copy};
	extend->plugins =
	    (struct plugin_copy){.use = plugin_set_use(message->tailor->plugins, message->campaign),
		.arena = arena,
		.mail = {extend, make_link, make_image, header_count, header_at, header_put,
		    header_remove, header_mark, header_back},
		.contact = contact->row.id,
		.do_not_track = contact->untracked,
		.address = contact->known ? contact->row.address : recipient,
		.language = contact->row.language,
		.time_zone = contact->row.time_zone,
		.campaign = str_c(message->name),
		.key = str_c(message->key),
		.sender = str_c(message->sender),
		.recipient = recipient,
		.transactional = message->campaign->kind == CONF_KIND_TRANSACTIONAL,
		.sent_ms = message->sent_ms,
		.now_ms = now_ms};
	return plugin_copy_init(&extend->plugins, err);
}

int
tailor_extend_gates(struct tailor_extend *extend, struct err *err)
{
	struct plugin_decision decision;

	if (plugin_copy_gates(&extend->plugins, &decision, err) != 0)
		return -1;
	if (decision.answer == PLUGIN_SEND)
		return 0;
	if (decision.reason.p == NULL)
		return err_set(err, ERR_LIMIT, "message: out of memory");
	extend->copy->verdict = decision.answer == PLUGIN_SKIP ? STORE_SUPPRESSED : STORE_DEFERRED;
	extend->copy->code = decision.answer == PLUGIN_SKIP ? ERR_NONE : ERR_BUSY;
	extend->copy->reason = decision.reason;
	extend->copy->later_ms = decision.when_ms;
	return 1;
}

int
tailor_extend_part(struct tailor_extend *extend, const struct mime_part *part, size_t number,
    struct str *text_r, struct err *err)
{
	bool html = part->kind == MIME_HTML;
	struct str before = *text_r;

	if ((!html && part->kind != MIME_PLAIN) || !plugin_use_rewrites(extend->plugins.use, html))
		return 0;
	if (plugin_copy_part(&extend->plugins, html, number, text_r, err) != 0)
		return -1;
	return before.p != text_r->p || before.n != text_r->n;
}

int
tailor_extend_headers(struct tailor_extend *extend, size_t room, struct err *err)
{
	if (extend->plugins.use == NULL)
		return 0;
	extend->header_room = room;
	extend->mark = arena_zalloc(extend->arena, room, sizeof *extend->mark);
	if (extend->mark == NULL)
		return err_set(err, ERR_LIMIT, "message: too many header fields");
	return plugin_copy_headers(&extend->plugins, err);
}
