/* SPDX-License-Identifier: BSD-2-Clause
 *
 * edit: a copy as the changes that the MTA has to make to the original
 *
 * The signature is made over the fields in the copy's order, and a verifier takes fields of
 * the same name from the bottom up (RFC 6376 section 5.4.2): so fields of one name must
 * end in that order, while names among each other need not. Added fields that stand first
 * go to the top, all others to the end. The body follows after all header edits, in one
 * run of chunks: Postfix can't mix a body replacement with other requests.
 *
 * MTAs count fields of a name differently once one is deleted, so edits go from the last
 * field to the first, and additions come after them.
 *
 * Threads: any; touches only its arguments.
 */
#include "session/session.h"

#include <stdint.h>
#include <stdlib.h>

#define CHUNK_BYTES ((size_t)65535)

struct edit {
	SMFICTX *ctx;
	const struct session_message *message;
	struct arena *arena;
	struct err *err;
};

static int
mta_gone(const struct edit *edit, const char *what)
{
	return err_set(edit->err, ERR_IO, "the MTA did not take the %s", what);
}

/* A C string; line ends become LF, which is what Postfix expects between folded lines.
 * NULL: the arena is full, or there is a NUL in the text. */
static char *
milter_text(struct arena *arena, struct str text)
{
	char *copy = arena_alloc(arena, text.n + 1);
	size_t used = 0;

	if (copy == NULL || (text.n > 0 && memchr(text.p, '\0', text.n) != NULL))
		return NULL;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\r' && i + 1 < text.n && text.p[i + 1] == '\n')
			continue;
		copy[used++] = text.p[i];
	}
	copy[used] = '\0';
	return copy;
}

/* Which one of its name is the original's field `at`? Counted from 1. */
static int
field_index(const struct session_message *message, size_t at)
{
	const struct session_field *field = &message->fields[at];
	struct str name = {message->raw.data + field->name, field->name_len};
	int index = 1;

	for (size_t i = 0; i < at; i++) {
		struct str other = {
		    message->raw.data + message->fields[i].name, message->fields[i].name_len};

		if (str_eq_nocase(other, name))
			index++;
	}
	return index;
}

/* Every field of the original stands in the copy once and in order, and no added field
 * has to stand above one of its name that was there. */
static int
check_order(const struct edit *edit, const struct tailor_copy *copy)
{
	size_t next = 0;
	bool top = true;

	for (size_t i = 0; i < copy->header_count; i++) {
		const struct tailor_header *field = &copy->headers[i];

		if (field->change != TAILOR_ADDED) {
			if (field->original != next++)
				return err_set(edit->err, ERR_INPUT, "header fields out of order");
			top = false;
			continue;
		}
		for (size_t k = i + 1; k < copy->header_count && !top; k++) {
			const struct tailor_header *later = &copy->headers[k];

			if (later->change != TAILOR_ADDED && later->change != TAILOR_REMOVED &&
			    str_eq_nocase(later->header.name, field->header.name))
				return err_set(edit->err, ERR_INPUT,
				    "header field %.*s would stand in the wrong place",
				    STR_F(field->header.name));
		}
	}
	if (next != edit->message->field_count)
		return err_set(edit->err, ERR_INPUT, "header fields are missing");
	return 0;
}

static int
change(const struct edit *edit, const struct tailor_header *field)
{
	const struct session_field *original = &edit->message->fields[field->original];
	char empty[] = "";
	/* The name as the MTA has it, whatever case the copy gives it. */
	char *name = milter_text(edit->arena,
	    (struct str){edit->message->raw.data + original->name, original->name_len});
	char *value =
	    field->change == TAILOR_REMOVED ? empty : milter_text(edit->arena, field->header.value);

	if (name == NULL || value == NULL)
		return err_set(edit->err, ERR_LIMIT, "no room for a header field");
	/* An empty value would remove the field. */
	if (field->change == TAILOR_CHANGED && value[0] == '\0')
		return err_set(edit->err, ERR_INPUT, "header field %s without value", name);
	if (smfi_chgheader(edit->ctx, name, field_index(edit->message, field->original), value) !=
	    MI_SUCCESS)
		return mta_gone(edit, "header");
	return 0;
}

static int
add(const struct edit *edit, const struct tailor_header *field, bool top)
{
	char *name = milter_text(edit->arena, field->header.name);
	char *value = milter_text(edit->arena, field->header.value);
	int done;

	if (name == NULL || value == NULL)
		return err_set(edit->err, ERR_LIMIT, "no room for a header field");
	done = top ? smfi_insheader(edit->ctx, 0, name, value)
		   : smfi_addheader(edit->ctx, name, value);
	return done == MI_SUCCESS ? 0 : mta_gone(edit, "header");
}

static int
edit_headers(const struct edit *edit, const struct tailor_copy *copy)
{
	size_t top = 0;

	if (check_order(edit, copy) != 0)
		return -1;
	for (size_t i = copy->header_count; i-- > 0;) {
		const struct tailor_header *field = &copy->headers[i];

		if ((field->change == TAILOR_CHANGED || field->change == TAILOR_REMOVED) &&
		    change(edit, field) != 0)
			return -1;
	}
	while (top < copy->header_count && copy->headers[top].change == TAILOR_ADDED)
		top++;
	for (size_t i = top; i-- > 0;) {
		if (add(edit, &copy->headers[i], true) != 0)
			return -1;
	}
	for (size_t i = top; i < copy->header_count; i++) {
		if (copy->headers[i].change == TAILOR_ADDED &&
		    add(edit, &copy->headers[i], false) != 0)
			return -1;
	}
	return 0;
}

/* Do the spans cover the original's body from its first byte to its last? */
static bool
body_kept(const struct session_message *message, const struct tailor_copy *copy)
{
	const char *next = message->raw.data + message->body_at;
	const char *end = message->raw.data + message->raw.len;

	for (size_t i = 0; i < copy->span_count; i++) {
		if (copy->spans[i].n == 0)
			continue;
		if (copy->spans[i].p != next)
			return false;
		next += copy->spans[i].n;
	}
	return next == end;
}

static int
replace_body(const struct edit *edit, const struct tailor_copy *copy)
{
	unsigned char *chunk = arena_alloc(edit->arena, CHUNK_BYTES);
	size_t used = 0;

	if (chunk == NULL)
		return err_set(edit->err, ERR_LIMIT, "no room for the body");
	for (size_t i = 0; i < copy->span_count; i++) {
		struct str rest = copy->spans[i];

		while (rest.n > 0) {
			size_t step = rest.n < CHUNK_BYTES - used ? rest.n : CHUNK_BYTES - used;

			memcpy(chunk + used, rest.p, step);
			used += step;
			rest = (struct str){rest.p + step, rest.n - step};
			if (used == CHUNK_BYTES) {
				if (smfi_replacebody(edit->ctx, chunk, (int)used) != MI_SUCCESS)
					return mta_gone(edit, "body");
				used = 0;
			}
		}
	}
	/* Also when nothing is left: a body can become empty. */
	if (smfi_replacebody(edit->ctx, chunk, (int)used) != MI_SUCCESS)
		return mta_gone(edit, "body");
	return 0;
}

/* RET and ENVID are said again: an MTA may forget them with the sender that they came with. */
static int
change_sender(const struct edit *edit, struct str sender)
{
	struct str bracketed = arena_printf(edit->arena, "<%.*s>", STR_F(sender));
	struct str args = arena_str(edit->arena, edit->message->mail_args);

	if (bracketed.p == NULL || (args.p == NULL && edit->message->mail_args.n > 0))
		return err_set(edit->err, ERR_LIMIT, "no room for the sender");
	if (smfi_chgfrom(edit->ctx, (char *)(uintptr_t)bracketed.p,
		args.n > 0 ? (char *)(uintptr_t)args.p : NULL) != MI_SUCCESS)
		return mta_gone(edit, "sender");
	return 0;
}

int
session_edit(SMFICTX *ctx, const struct session_message *message, const struct tailor_copy *copy,
    struct arena *arena, struct err *err)
{
	struct edit edit = {ctx, message, arena, err};

	if (copy->sender_changed && change_sender(&edit, copy->sender) != 0)
		return -1;
	if (edit_headers(&edit, copy) != 0)
		return -1;
	return body_kept(message, copy) ? 0 : replace_body(&edit, copy);
}
