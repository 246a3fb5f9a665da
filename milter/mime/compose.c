/* SPDX-License-Identifier: BSD-2-Clause
 *
 * compose: a copy out of the message's own bytes and new texts
 *
 * Owns:    nothing; spans point into the raw message and the arena.
 * Threads: any.
 * Fails:   ERR_LIMIT.
 */
#include "mime/encode.h"
#include "mime/layout.h"
#include "mime/message.h"
#include "mime/text.h"

#include <assert.h>
#include <stdint.h>

/* Two splices and the content, each with the raw bytes before it, and a CRLF. */
#define SPANS_EACH 7

struct composer {
	struct arena *arena;
	const struct mime_out *how;
	const char *cursor; /* raw bytes up to here have been dealt with */
	struct mime_copy *copy;
	size_t span_size;
};

static const char *const encoding_names[] = {
    [MIME_QP] = "quoted-printable",
    [MIME_BASE64] = "base64",
};

static void
add_span(struct composer *c, struct str s)
{
	if (s.n == 0)
		return;
	assert(c->copy->span_count < c->span_size);
	c->copy->spans[c->copy->span_count++] = s;
}

/* Raw bytes up to `place`, then `text` in place of `place`. */
static void
splice(struct composer *c, struct str place, struct str text)
{
	assert(place.p >= c->cursor);
	add_span(c, (struct str){c->cursor, (size_t)(place.p - c->cursor)});
	add_span(c, text);
	c->cursor = place.p + place.n;
}

static struct str
new_field(struct composer *c, const char *name, struct str value)
{
	return arena_printf(c->arena, "%s:%.*s\r\n", name, STR_F(value));
}

/* A new field of an inner part goes before the empty line. */
static int
inner_headers(
    struct composer *c, const struct mime_slot *slot, const char *type_text, const char *encoding)
{
	struct str here = {slot->header_end, 0}, type = str_c(type_text), field;
	bool type_first = slot->cte.value.p == NULL || slot->type.value.p == NULL ||
	    slot->type.value.p < slot->cte.value.p;

	if (slot->type.value.p != NULL && type.p != NULL && type_first)
		splice(c, slot->type.place, type);
	if (slot->cte.value.p != NULL && !str_is_nocase(str_trim(slot->cte.place), encoding))
		splice(c, slot->cte.place, str_c(encoding));
	if (slot->type.value.p != NULL && type.p != NULL && !type_first)
		splice(c, slot->type.place, type);
	if (slot->type.value.p == NULL && type.p != NULL) {
		field = new_field(c, "Content-Type", type);
		if (field.p == NULL)
			return -1;
		splice(c, here, field);
	}
	if (slot->cte.value.p == NULL) {
		field = arena_printf(c->arena, "Content-Transfer-Encoding: %s\r\n", encoding);
		if (field.p == NULL)
			return -1;
		splice(c, here, field);
	}
	return 0;
}

/* A top-level field leaves through `replaced`; its name stays as it was written. */
static int
replace(struct composer *c, const struct mime_splice *splice_, const char *name, struct str text)
{
	struct mime_header *header = &c->copy->replaced[c->copy->replaced_count++];
	struct str value = splice_->value, place = splice_->place;

	if (value.p == NULL) {
		header->name = str_c(name);
		header->value = text;
		return 0;
	}
	header->name = splice_->header->name;
	header->value = arena_printf(c->arena, "%.*s%.*s%.*s", (int)(place.p - value.p), value.p,
	    STR_F(text), (int)(value.p + value.n - place.p - place.n), place.p + place.n);
	return header->value.p == NULL ? -1 : 0;
}

static int
top_headers(struct composer *c, const struct mime_message *message, const struct mime_slot *slot,
    const char *type_text, const char *encoding)
{
	struct str text = str_c(encoding);

	c->copy->replaced = arena_zalloc(c->arena, 3, sizeof *c->copy->replaced);
	if (c->copy->replaced == NULL)
		return -1;
	if (mime_header_find(message, "MIME-Version") == NULL)
		c->copy->replaced[c->copy->replaced_count++] =
		    (struct mime_header){STR("MIME-Version"), STR(" 1.0")};
	if (type_text != NULL && replace(c, &slot->type, "Content-Type", str_c(type_text)) != 0)
		return -1;
	if (slot->cte.value.p != NULL && str_is_nocase(str_trim(slot->cte.place), encoding))
		return 0;
	if (slot->cte.value.p == NULL) {
		text = arena_printf(c->arena, " %s", encoding);
		if (text.p == NULL)
			return -1;
	}
	return replace(c, &slot->cte, "Content-Transfer-Encoding", text);
}

/* In place of the part's own content. `type_text` NULL: the type stays. */
static int
put_encoded(struct composer *c, const struct mime_message *message, const struct mime_slot *slot,
    const char *type_text, struct str encoded, enum mime_encoding encoding)
{
	if (slot->top ? top_headers(c, message, slot, type_text, encoding_names[encoding])
		      : inner_headers(c, slot, type_text, encoding_names[encoding]))
		return -1;
	splice(c, slot->part.content, encoded);
	if (slot->crlf_needed && encoded.n > 0)
		add_span(c, STR("\r\n"));
	return 0;
}

static int
put_content(struct composer *c, const struct mime_message *message, const struct mime_slot *slot,
    const char *type_text, struct str content, enum mime_form form)
{
	enum mime_encoding encoding;
	struct str encoded = mime_encode(content, form, c->arena, &encoding);

	if (encoded.p == NULL)
		return -1;
	return put_encoded(c, message, slot, type_text, encoded, encoding);
}

/* The text as its lines stand in a message. */
static struct str
lay_out(const struct composer *c, const struct mime_part *part, struct str text)
{
	if (part->kind == MIME_CALENDAR)
		return mime_fold(text, c->arena);
	if (part->flow != MIME_FLOW_NONE)
		return mime_flow(text, part->flow, c->arena);
	return text;
}

static int
put_text(struct composer *c, const struct mime_message *message, const struct mime_slot *slot,
    struct str text)
{
	struct str fitting;
	int rc;

	text = lay_out(c, &slot->part, text);
	if (text.p == NULL)
		return -1;
	if (!c->how->keep_charset || slot->type_text == NULL ||
	    !mime_text_fit(slot->charset, text, &fitting))
		return put_content(c, message, slot, slot->type_text, text, MIME_FORM_UTF8);
	rc = put_content(c, message, slot, NULL, fitting, MIME_FORM_TEXT);
	g_free((char *)(uintptr_t)fitting.p);
	return rc;
}

/* The same text in another transfer encoding. */
static int
put_again(struct composer *c, const struct mime_message *message, const struct mime_slot *slot)
{
	/* Without a charset, it is UTF-8 that does not say so. */
	const char *type_text = slot->charset.p == NULL ? slot->type_text : NULL;
	struct str content;
	enum mime_form form;
	int rc;

	if (!mime_transfer_decode(slot->part.content, slot->encoding, &content))
		return 0;
	form = memchr(content.p, '\0', content.n) == NULL ? MIME_FORM_TEXT : MIME_FORM_BYTES;
	rc = put_content(c, message, slot, type_text, content, form);
	g_free((char *)(uintptr_t)content.p);
	return rc;
}

/* The part of data stands before `place`: it goes. */
static void
drop_data(struct composer *c, const struct mime_message *message, const char *place)
{
	if (message->data.p != NULL && c->cursor <= message->data_extent.p &&
	    message->data_extent.p < place)
		splice(c, message->data_extent, STR(""));
}

/* What is 7-bit says so. */
static int
put_label(struct composer *c, const struct mime_message *message, const struct mime_slot *slot)
{
	return slot->top ? top_headers(c, message, slot, NULL, "7bit")
			 : inner_headers(c, slot, NULL, "7bit");
}

static int
put_loose(struct composer *c, const struct mime_message *message, const struct mime_slot *slot)
{
	if (!c->how->survive || (slot->composite && !message->plain))
		return 0;
	drop_data(c, message, slot->part.content.p);
	if (slot->again.p == NULL)
		return put_label(c, message, slot);
	return put_encoded(c, message, slot, NULL, slot->again, MIME_BASE64);
}

static int
put_slot(struct composer *c, const struct mime_message *message, const struct mime_slot *slot,
    struct str text)
{
	drop_data(c, message, slot->part.content.p);
	if (text.p != NULL)
		return put_text(c, message, slot, text);
	if (c->how->survive && !mime_survives(slot->part.content))
		return put_again(c, message, slot);
	if (c->how->survive && mime_part_says_8bit(slot))
		return put_label(c, message, slot);
	return 0;
}

/* All parts in the order they stand in. */
static int
put_slots(struct composer *c, const struct mime_message *message, const struct str *texts)
{
	size_t i = 0, j = 0;

	while (i < message->slot_count || j < message->loose_count) {
		bool text = j == message->loose_count ||
		    (i < message->slot_count &&
			message->slots[i].part.content.p < message->loose[j].part.content.p);
		int rc;

		if (text) {
			rc = put_slot(c, message, &message->slots[i], texts[i]);
			i++;
		} else {
			rc = put_loose(c, message, &message->loose[j++]);
		}
		if (rc != 0)
			return -1;
	}
	drop_data(c, message, message->raw.p + message->raw.n);
	return 0;
}

static bool
ends_in_crlf(const struct mime_copy *copy)
{
	struct str last;

	if (copy->span_count == 0)
		return false;
	last = copy->spans[copy->span_count - 1];
	if (last.n == 1 && copy->span_count > 1 && last.p[0] == '\n') {
		last = copy->spans[copy->span_count - 2];
		return last.p[last.n - 1] == '\r';
	}
	return last.n >= 2 && memcmp(last.p + last.n - 2, "\r\n", 2) == 0;
}

int
mime_compose_as(const struct mime_message *message, const struct str *texts,
    const struct mime_out *how, struct arena *arena, struct mime_copy *copy_r, struct err *err)
{
	struct composer c = {.arena = arena,
	    .how = how,
	    .cursor = message->body.p,
	    .copy = copy_r,
	    .span_size = 5 + SPANS_EACH * (message->slot_count + message->loose_count)};
	struct str data;

	if (mime_data(message, &data, err) < 0)
		return -1;
	*copy_r = (struct mime_copy){.spans = arena_zalloc(arena, c.span_size, sizeof(struct str))};
	if (copy_r->spans == NULL || put_slots(&c, message, texts) != 0)
		return err_set(err, ERR_LIMIT, "no memory left for this copy's body");
	add_span(&c, (struct str){c.cursor, (size_t)(message->raw.p + message->raw.n - c.cursor)});
	if (!ends_in_crlf(copy_r))
		add_span(&c, STR("\r\n"));
	return 0;
}

int
mime_compose(const struct mime_message *message, const struct str *texts, struct arena *arena,
    struct mime_copy *copy_r, struct err *err)
{
	static const struct mime_out plain;

	return mime_compose_as(message, texts, &plain, arena, copy_r, err);
}
