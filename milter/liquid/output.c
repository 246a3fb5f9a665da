/* SPDX-License-Identifier: BSD-2-Clause
 *
 * output: values as text, into the region where a render's output grows
 *
 * Threads: one at a time per render.
 * Fails:   ERR_LIMIT.
 */
#include "liquid/number.h"
#include "liquid/render.h"
#include "liquid/text.h"

#include <stdio.h>

#define DEPTH_MAX 128
/* Finding the digits of a fraction counts as looking at this many bytes. */
#define FLOAT_WORK 128

int
render_make_room(struct render *render, size_t more)
{
	struct out *out = &render->out;
	size_t max = render->program->limits.output;
	size_t size = out->size * 2;
	char *p;

	if (more > max || out->n > max - more)
		return render_err(render, ERR_LIMIT, "the output is longer than %zu bytes", max);
	if (size < out->n + more + 256)
		size = out->n + more + 256;
	if (size > max)
		size = max;
	p = render_alloc(render, size + 1);
	if (p == NULL)
		return -1;
	memcpy(p, out->p, out->n);
	out->p = p;
	out->size = size;
	return 0;
}

/* Eight bytes, so that they can be written at once. */
struct entity {
	char text[7];
	unsigned char n; /* 0: the character stands for itself */
};

static const struct entity entities[256] = {
    ['&'] = {"&amp;", 5},
    ['<'] = {"&lt;", 4},
    ['>'] = {"&gt;", 4},
    ['"'] = {"&quot;", 6},
    ['\''] = {"&#39;", 5},
};

static const struct entity *
entity_of(char c)
{
	return &entities[(unsigned char)c];
}

#define BYTES(c) ((uint64_t)(c)*UINT64_C(0x0101010101010101))

/* Not 0 if a byte of the word is 0. The lowest bit is that of the first such byte; those
 * above may be wrong. */
static uint64_t
zero_bytes(uint64_t word)
{
	return (word - BYTES(1)) & ~word & BYTES(0x80);
}

/* The same for characters that need an entity, of eight. & and ' differ in one bit, < and >
 * too. */
static uint64_t
entity_bytes(uint64_t word)
{
	return zero_bytes((word & BYTES(0xfe)) ^ BYTES('&')) |
	    zero_bytes((word & BYTES(0xfd)) ^ BYTES('<')) | zero_bytes(word ^ BYTES('"'));
}

typedef unsigned char sixteen __attribute__((vector_size(16)));

#define EIGHT(c)   c, c, c, c, c, c, c, c
#define SIXTEEN(c) ((sixteen){EIGHT(c), EIGHT(c)})

/* Do sixteen characters stand for themselves? Most texts have only few that don't. */
static bool
are_plain(const char *p)
{
	sixteen text, found;
	uint64_t half[2];

	memcpy(&text, p, sizeof text);
	found = (sixteen)((text & SIXTEEN(0xfe)) == SIXTEEN('&')) |
	    (sixteen)((text & SIXTEEN(0xfd)) == SIXTEEN('<')) | (sixteen)(text == SIXTEEN('"'));
	memcpy(half, &found, sizeof half);
	return (half[0] | half[1]) == 0;
}

/* Where the next character stands that needs an entity. */
static size_t
plain_span(struct str s)
{
	for (size_t at = 0; at < s.n; at += sizeof(uint64_t)) {
		uint64_t found = entity_bytes(text_word(s, at));

		if (found != 0)
			return at + (size_t)__builtin_ctzll(found) / 8;
	}
	return s.n;
}

/* The longest entity, and what is written beyond the end. */
#define ENTITY_MAX ((size_t)6)
#define BEYOND	   sizeof(uint64_t)

/* Copies while it looks. There is room for entities only and BEYOND. */
static void
write_roomy(struct out *out, struct str s)
{
	char *to = out->p + out->n;
	size_t at = 0;

	while (at < s.n) {
		uint64_t word, found;
		size_t n;

		if (s.n - at >= sizeof(sixteen) && are_plain(s.p + at)) {
			memcpy(to, s.p + at, sizeof(sixteen));
			to += sizeof(sixteen);
			at += sizeof(sixteen);
			continue;
		}
		word = text_word(s, at);
		found = entity_bytes(word);
		n = s.n - at < sizeof word ? s.n - at : sizeof word;

		text_put_word(to, word);
		if (found != 0) {
			n = (size_t)__builtin_ctzll(found) / 8;
			memcpy(to + n, entity_of(s.p[at + n]), sizeof(struct entity));
			to += entity_of(s.p[at + n])->n;
			at++;
		}
		to += n;
		at += n;
	}
	out->n = (size_t)(to - out->p);
}

/* As much as there is room for, but at least up to the next entity. -1 at the ceiling. */
static int
write_escaped_part(struct render *render, struct str *s)
{
	struct out *out = &render->out;
	size_t room = out->size - out->n;
	struct str part = *s;

	if (room >= BEYOND + ENTITY_MAX) {
		room = (room - BEYOND) / ENTITY_MAX;
		part.n = part.n < room ? part.n : room;
		write_roomy(out, part);
	} else {
		part.n = plain_span(*s);
		if (render_write(render, part) < 0)
			return -1;
		if (part.n < s->n) {
			const struct entity *entity = entity_of(s->p[part.n++]);

			if (render_write(render, (struct str){entity->text, entity->n}) < 0)
				return -1;
		}
	}
	s->p += part.n;
	s->n -= part.n;
	return 0;
}

static int
write_escaped(struct render *render, struct str s)
{
	while (s.n > 0) {
		if (write_escaped_part(render, &s) < 0)
			return -1;
	}
	return 0;
}

static struct str
after(struct str s, size_t n)
{
	return (struct str){s.p + n, s.n - n};
}

int
render_escape(struct render *render, struct str s, struct str *escaped_r)
{
	size_t plain = plain_span(s);
	size_t need = s.n;
	char *p, *to;

	*escaped_r = s;
	if (plain == s.n)
		return 0;
	for (size_t at = plain; at < s.n; at += 1 + plain_span(after(s, at + 1)))
		need += entity_of(s.p[at])->n - 1;
	p = to = render_alloc(render, need);
	if (p == NULL)
		return -1;
	while (plain < s.n) {
		const struct entity *entity = entity_of(s.p[plain]);

		memcpy(to, s.p, plain);
		memcpy(to + plain, entity->text, entity->n);
		to += plain + entity->n;
		s = after(s, plain + 1);
		plain = plain_span(s);
	}
	memcpy(to, s.p, s.n);
	*escaped_r = (struct str){p, need};
	return 0;
}

/* Bytes of a character that may not stand in a header: C0, DEL, C1 and the line and
 * paragraph separators; 0 if it may. */
static size_t
control_length(const char *p, size_t n)
{
	unsigned char c = (unsigned char)p[0];

	if (c < ' ' || c == 0x7f)
		return 1;
	if (c == 0xc2 && n > 1 && (unsigned char)p[1] >= 0x80 && (unsigned char)p[1] < 0xa0)
		return 2;
	if (c == 0xe2 && n > 2 && (unsigned char)p[1] == 0x80 &&
	    ((unsigned char)p[2] == 0xa8 || (unsigned char)p[2] == 0xa9))
		return 3;
	return 0;
}

/* Bytes that are no UTF-8 are not let through: two pieces of a control character might
 * come together. */
static int
write_header(struct render *render, struct str s)
{
	while (s.n > 0) {
		size_t n = 0;
		size_t control = 0;
		bool broken = false;

		while (n < s.n && (control = control_length(s.p + n, s.n - n)) == 0 && !broken) {
			broken = text_char(s.p + n, s.n - n) == UINT32_MAX;
			n += broken ? 0 : text_step(s.p + n, s.n - n);
		}
		if (broken)
			control = 1;
		if (render_write(render, (struct str){s.p, n}) < 0 ||
		    (control > 0 && render_write(render, broken ? STR("?") : STR(" ")) < 0))
			return -1;
		s.p += n + control;
		s.n -= n + control;
	}
	return 0;
}

int
render_markup(struct render *render, struct str s)
{
	if (render->program->mode == LIQUID_HEADER)
		return write_header(render, s);
	return render_write(render, s);
}

static int
write_text(struct render *render, struct str s, bool safe)
{
	if (render->aside)
		return render_write(render, s);
	switch (render->program->mode) {
	case LIQUID_HTML:
		return safe ? render_write(render, s) : write_escaped(render, s);
	case LIQUID_HEADER:
		return write_header(render, s);
	case LIQUID_CALENDAR:
		return render_calendar(render, s, safe);
	case LIQUID_TEXT:
		break;
	}
	return render_write(render, s);
}

static int
put_range(struct render *render, const struct liquid_value *value)
{
	char text[NUMBER_TEXT_SIZE];
	size_t n = number_print_int(value->range.first, text);

	text[n++] = '.';
	text[n++] = '.';
	n += number_print_int(value->range.last, text + n);
	return render_write(render, (struct str){text, n});
}

static int put(struct render *render, const struct liquid_value *value, int depth);

static int
put_array(struct render *render, const struct liquid_array *array, int depth)
{
	if (render_charge(render, array->count * 16) < 0)
		return -1;
	for (size_t i = 0; i < array->count; i++) {
		if (put(render, &array->at[i], depth + 1) < 0)
			return -1;
	}
	return 0;
}

/* How Ruby's inspect writes a character that does not stand for itself; "" if it does. */
static struct str
inspect_char(struct str s, char code[8])
{
	static const char plain[] = "abtnvfr";
	unsigned char c = (unsigned char)s.p[0];
	bool hash = c == '#' && s.n > 1 && memchr("{$@", s.p[1], 3) != NULL;
	int n = 0;

	if (c == '"' || c == '\\' || hash)
		n = snprintf(code, 8, "\\%c", c);
	else if (c >= 7 && c <= 13)
		n = snprintf(code, 8, "\\%c", plain[c - 7]);
	else if (c == 27)
		n = snprintf(code, 8, "\\e");
	else if (c < ' ' || c == 127)
		n = snprintf(code, 8, "\\x%02X", c);
	return (struct str){code, (size_t)n};
}

/* Text in quotes. */
static int
inspect_string(struct render *render, struct str s)
{
	char code[8];

	if (write_text(render, STR("\""), false) < 0)
		return -1;
	while (s.n > 0) {
		struct str special = {NULL, 0};
		size_t n = 0;

		while (n < s.n && special.n == 0) {
			special = inspect_char((struct str){s.p + n, s.n - n}, code);
			n += special.n == 0;
		}
		if (write_text(render, (struct str){s.p, n}, false) < 0 ||
		    write_text(render, special, false) < 0)
			return -1;
		n += special.n > 0;
		s.p += n;
		s.n -= n;
	}
	return write_text(render, STR("\""), false);
}

static int inspect(struct render *render, const struct liquid_value *value, int depth);

static int
inspect_array(struct render *render, const struct liquid_array *array, int depth)
{
	if (render_charge(render, array->count * 16) < 0 || write_text(render, STR("["), false) < 0)
		return -1;
	for (size_t i = 0; i < array->count; i++) {
		if ((i > 0 && write_text(render, STR(", "), false) < 0) ||
		    inspect(render, &array->at[i], depth + 1) < 0)
			return -1;
	}
	return write_text(render, STR("]"), false);
}

static int
inspect_object(struct render *render, const struct liquid_object *object, int depth)
{
	if (render_charge(render, object->count * 16) < 0 ||
	    write_text(render, STR("{"), false) < 0)
		return -1;
	for (size_t i = 0; i < object->count; i++) {
		const struct value_member *member = &object->member[i];

		if ((i > 0 && write_text(render, STR(", "), false) < 0) ||
		    inspect_string(render, member->key) < 0 ||
		    write_text(render, STR("=>"), false) < 0 ||
		    inspect(render, &member->value, depth + 1) < 0)
			return -1;
	}
	return write_text(render, STR("}"), false);
}

static int
inspect(struct render *render, const struct liquid_value *value, int depth)
{
	if (depth > DEPTH_MAX)
		return render_err(render, ERR_LIMIT, "values are nested too deep to print");
	switch (value->type) {
	case LIQUID_NIL:
		return render_write(render, STR("nil"));
	case LIQUID_EMPTY:
	case LIQUID_BLANK:
		return inspect_string(render, STR(""));
	case LIQUID_STRING:
		return inspect_string(render, value->string);
	case LIQUID_ARRAY:
		return inspect_array(render, value->array, depth);
	case LIQUID_OBJECT:
		return inspect_object(render, value->object, depth);
	default:
		return put(render, value, depth);
	}
}

static int
put(struct render *render, const struct liquid_value *value, int depth)
{
	char text[NUMBER_TEXT_SIZE];
	size_t n;

	if (depth > DEPTH_MAX)
		return render_err(render, ERR_LIMIT, "values are nested too deep to print");
	switch (value->type) {
	case LIQUID_STRING:
		return write_text(render, value->string, value->safe);
	case LIQUID_INT:
		n = number_print_int(value->integer, text);
		return render_write(render, (struct str){text, n});
	case LIQUID_FLOAT:
		render->work += FLOAT_WORK;
		n = number_print_float(value->real, text);
		return render_write(render, (struct str){text, n});
	case LIQUID_BOOL:
		return render_write(render, value->boolean ? STR("true") : STR("false"));
	case LIQUID_RANGE:
		return put_range(render, value);
	case LIQUID_ARRAY:
		return put_array(render, value->array, depth);
	case LIQUID_OBJECT:
		return inspect_object(render, value->object, depth);
	case LIQUID_LAZY:
		return write_text(render, str_c(value->lazy->name), false);
	case LIQUID_NIL:
	case LIQUID_EMPTY:
	case LIQUID_BLANK:
		break;
	}
	return 0;
}

int
render_put_escaped(struct render *render, const struct liquid_value *text)
{
	if (text->safe && render->program->mode == LIQUID_HTML)
		return render_write(render, text->string);
	return write_escaped(render, text->string);
}

int
render_put(struct render *render, const struct liquid_value *value)
{
	if (value->type == LIQUID_STRING)
		return write_text(render, value->string, value->safe);
	return put(render, value, 0);
}

/* Prints at the end of the output and takes it away again, so that there is one
 * printer. What it prints is not meant for output yet: no escaping, and lists look as
 * Ruby's to_s shows them. */
static int
print_aside(struct render *render, const struct liquid_value *value, struct str *text_r)
{
	size_t begin = render->out.n;
	int ret;

	render->aside = true;
	ret = value->type == LIQUID_ARRAY ? inspect(render, value, 0) : put(render, value, 0);
	render->aside = false;
	if (ret < 0)
		return -1;
	*text_r =
	    arena_str(render->arena, (struct str){render->out.p + begin, render->out.n - begin});
	render->out.n = begin;
	return text_r->p == NULL ? render_full(render) : 0;
}

int
render_text(struct render *render, const struct liquid_value *value, struct str *text_r)
{
	switch (value->type) {
	case LIQUID_STRING:
		*text_r = value->string;
		return 0;
	case LIQUID_NIL:
		*text_r = STR("");
		return 0;
	default:
		return print_aside(render, value, text_r);
	}
}
