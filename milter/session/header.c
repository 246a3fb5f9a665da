/* SPDX-License-Identifier: BSD-2-Clause
 *
 * header: the fields of a message, collected as the raw text that the engine reads
 *
 * libmilter gives each field as name and value; with SMFIP_HDR_LEADSPC the value begins
 * with whatever stood after the colon. Folded lines come with LF (Postfix) or CRLF and
 * are kept with CRLF.
 *
 * Threads: any; one message, one thread.
 */
#include "session/session.h"

#include <stdlib.h>

/* As many as max_headers can allow. More in one message: too long. */
#define FIELDS_MAX 100000

/* Copies a value, line ends as CRLF. */
static int
add_value(struct buf *raw, struct str value)
{
	struct str line;

	while (str_split(&value, '\n', &line)) {
		if (value.p != NULL && line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (buf_add_str(raw, line) != 0 ||
		    (value.p != NULL && buf_add(raw, "\r\n", 2) != 0))
			return -1;
	}
	return 0;
}

void
session_header_add(struct session_message *message, const char *name, const char *value)
{
	struct session_field field = {.name = message->raw.len, .name_len = strlen(name)};

	if (message->too_long)
		return;
	buf_add(&message->raw, name, field.name_len);
	buf_add_char(&message->raw, ':');
	field.value = message->raw.len;
	if (message->field_count == FIELDS_MAX || add_value(&message->raw, str_c(value)) != 0) {
		message->too_long = true;
		return;
	}
	field.value_len = message->raw.len - field.value;
	if (buf_add(&message->raw, "\r\n", 2) != 0) {
		message->too_long = true;
		return;
	}
	if (message->field_count == message->field_size) {
		message->field_size = message->field_size == 0 ? 64 : 2 * message->field_size;
		message->fields =
		    realloc(message->fields, message->field_size * sizeof *message->fields);
		if (message->fields == NULL)
			abort();
	}
	message->fields[message->field_count++] = field;
}

struct mime_header *
session_header_list(struct session_message *message)
{
	struct mime_header *list =
	    arena_zalloc(message->envelope, message->field_count, sizeof *list);
	const char *raw = message->raw.data;

	if (list == NULL)
		return NULL;
	for (size_t i = 0; i < message->field_count; i++) {
		const struct session_field *field = &message->fields[i];

		list[i].name = (struct str){raw + field->name, field->name_len};
		list[i].value = (struct str){raw + field->value, field->value_len};
	}
	return list;
}
