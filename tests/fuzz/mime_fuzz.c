/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mime_fuzz: any bytes as a message, as a field value, as an address
 *
 * What must hold: with nothing replaced the body is the same; a copy with replaced
 * texts has the same text parts with those texts, and no line end is torn apart; no copy
 * holds the part of data, and what it says of one address is not seen by another; flowed
 * text and calendars come out as they went in; an encoded value is one field and reads as
 * what was put in.
 */
#include "base/buf.h"
#include "mime/layout.h"
#include "mime/mime.h"
#include "tailor/data.h"

#include <glib.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static const struct mime_limits limits = {100, 100, 20};

static size_t
bare_lf(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n' && (i == 0 || s.p[i - 1] != '\r');
	return n;
}

static bool
bare_ends(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\r' && (i + 1 == s.n || s.p[i + 1] != '\n'))
			return true;
	}
	return bare_lf(s) > 0;
}

static bool
has_field(const struct mime_message *message, struct str name)
{
	for (size_t i = 0; i < mime_header_count(message); i++) {
		if (str_eq_nocase(mime_header_at(message, i)->name, name))
			return true;
	}
	return false;
}

/* Returns the place of the body. */
static size_t
write_copy(const struct mime_message *message, const struct mime_copy *copy, struct buf *out)
{
	size_t i, j, place;

	for (i = 0; i < mime_header_count(message); i++) {
		const struct mime_header *header = mime_header_at(message, i);

		for (j = 0; j < copy->replaced_count; j++) {
			if (str_eq_nocase(copy->replaced[j].name, header->name))
				break;
		}
		if (j < copy->replaced_count)
			header = &copy->replaced[j];
		buf_add_str(out, header->name);
		buf_add_char(out, ':');
		buf_add_str(out, header->value);
		buf_add_c(out, "\r\n");
	}
	for (j = 0; j < copy->replaced_count; j++) {
		if (!has_field(message, copy->replaced[j].name))
			buf_printf(out, "%.*s:%.*s\r\n", STR_F(copy->replaced[j].name),
			    STR_F(copy->replaced[j].value));
	}
	buf_add_c(out, "\r\n");
	place = out->len;
	for (i = 0; i < copy->span_count; i++)
		buf_add_str(out, copy->spans[i]);
	return place;
}

static void
check_identity(const struct mime_message *message, struct arena *arena)
{
	struct str none[100] = {{NULL, 0}}, body = mime_body(message), data;
	struct mime_copy copy;
	struct buf out;

	if (mime_data(message, &data, NULL) != 0)
		return;
	MUST(mime_compose(message, none, arena, &copy, NULL) == 0);
	buf_init(&out, 1 << 24);
	for (size_t i = 0; i < copy.span_count; i++)
		buf_add_str(&out, copy.spans[i]);
	MUST(out.len >= body.n && out.len <= body.n + 2 && out.len >= 2);
	MUST(body.n == 0 || memcmp(out.data, body.p, body.n) == 0);
	MUST(memcmp(out.data + out.len - 2, "\r\n", 2) == 0);
	buf_fini(&out);
}

static void
check_replaced(const struct mime_message *message, const struct mime_out *how, struct arena *arena)
{
	static const char text[] = "--b\n.\nFrom x\xc3\xa4 \n=\n\nend";
	struct str texts[100] = {{NULL, 0}}, data;
	struct mime_message *again;
	struct mime_copy copy;
	struct buf out;
	size_t place;

	for (size_t i = 0; i < mime_part_count(message); i++)
		texts[i] = STR(text);
	if (mime_data(message, &data, NULL) < 0) {
		MUST(mime_compose_as(message, texts, how, arena, &copy, NULL) != 0);
		return;
	}
	MUST(mime_compose_as(message, texts, how, arena, &copy, NULL) == 0);
	buf_init(&out, 1 << 24);
	place = write_copy(message, &copy, &out);
	MUST(bare_lf((struct str){out.data + place, out.len - place}) <=
	    bare_lf(mime_body(message)));
	MUST(mime_parse(&again, buf_str(&out), &limits, NULL) == 0);
	MUST(mime_data(again, &data, NULL) == 0);
	/* GMime's eye for boundaries differs where lines end in other things than CRLF, and
	 * the CRLF that a body is given at its end may be a part's empty line. */
	if (!bare_ends(mime_body(message)) && str_ends_nocase(mime_body(message), STR("\r\n"))) {
		MUST(mime_part_count(again) == mime_part_count(message));
		for (size_t i = 0; i < mime_part_count(message); i++)
			MUST(mime_part_at(again, i)->flow != MIME_FLOW_NONE ||
			    mime_part_at(again, i)->kind == MIME_CALENDAR ||
			    str_is(str_trim(mime_part_at(again, i)->text), text));
	}
	mime_free(&again);
	buf_fini(&out);
}

static void
check_data(const struct mime_message *message, struct arena *arena)
{
	const struct conf conf = {.max_data = 32768, .max_recipients = 50};
	struct liquid_value value, other;
	struct tailor_data *data;

	if (tailor_data_new(&data, &conf, message, NULL) != 1)
		return;
	MUST(tailor_data_of(data, STR("ada@example.org"), arena, &value, NULL) == 0);
	MUST(tailor_data_of(data, STR("nobody@else.example"), arena, &other, NULL) == 0);
	MUST(value.type == LIQUID_OBJECT && other.type == LIQUID_OBJECT);
	tailor_data_free(&data);
}

/* Written and read, text is what it is from then on. */
static void
check_layout(struct str input, struct arena *arena)
{
	for (int i = 0; i < 2; i++) {
		enum mime_flow flow = i == 0 ? MIME_FLOWED : MIME_FLOWED_DELSP;
		struct str wire = mime_flow(input, flow, arena), text, again;

		text = mime_unflow((struct str){g_strndup(wire.p, wire.n), wire.n}, flow);
		wire = mime_flow(text, flow, arena);
		again = mime_unflow((struct str){g_strndup(wire.p, wire.n), wire.n}, flow);
		MUST(str_eq(text, again));
		g_free((char *)(uintptr_t)text.p);
		g_free((char *)(uintptr_t)again.p);
	}
}

static void
check_fold(struct str input, struct arena *arena)
{
	struct str folded = mime_fold(input, arena), again;
	char *text = g_strndup(folded.p, folded.n);

	again = mime_fold((struct str){text, mime_unfold(text, folded.n)}, arena);
	MUST(str_eq(folded, again));
	g_free(text);
}

static void
check_values(struct str input, struct arena *arena)
{
	struct str value = mime_header_encode("Subject", input, arena), back, display, address,
		   again;

	MUST(value.p != NULL && value.p[0] == ' ');
	for (size_t i = 0; i < value.n; i++) {
		MUST(value.p[i] != '\0');
		if (value.p[i] == '\n')
			MUST(value.p[i - 1] == '\r' && i + 1 < value.n && value.p[i + 1] == ' ');
		if (value.p[i] == '\r')
			MUST(i + 1 < value.n && value.p[i + 1] == '\n');
	}
	back = mime_header_decode(value, arena);
	again = mime_header_decode(mime_header_encode("Subject", back, arena), arena);
	MUST(back.p != NULL && str_eq(back, again));
	MUST(g_utf8_validate_len(back.p, back.n, NULL));
	MUST(mime_header_decode(input, arena).p != NULL);
	if (mime_mailbox_parse(input, arena, &display, &address, NULL) != 0)
		return;
	MUST(mime_address_ok(address));
	MUST(g_utf8_validate_len(display.p, display.n, NULL));
	MUST(mime_mailbox_encode("From", display, address, arena, &value, NULL) == 0);
	MUST(mime_mailbox_parse(value, arena, &display, &again, NULL) == 0);
	MUST(str_eq(address, again));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(1 << 26);
	struct str input = {(const char *)data, size};
	struct mime_message *message;

	if (size < 65536 && mime_parse(&message, input, &limits, NULL) == 0) {
		check_identity(message, arena);
		check_replaced(message, &(struct mime_out){.survive = false}, arena);
		check_replaced(
		    message, &(struct mime_out){.keep_charset = true, .survive = true}, arena);
		check_data(message, arena);
		mime_free(&message);
	}
	if (size < 4096)
		check_values(input, arena);
	if (size < 4096 && size > 0 && memchr(data, '\0', size) == NULL) {
		check_layout(input, arena);
		check_fold(input, arena);
	}
	arena_free(&arena);
	return 0;
}
