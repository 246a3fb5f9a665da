/* SPDX-License-Identifier: BSD-2-Clause
 *
 * read: what a picture shows, from the words of its token
 *
 * Threads: any.
 * Fails:   ERR_INPUT.
 */
#include "picture/picture.h"
#include "picture/words.h"

/* The year 9999. */
#define END_MAX 253402300799ULL

static int
complain(struct err *err, struct str word, const char *expected)
{
	return err_set(err, ERR_INPUT, "picture: expected %s, got \"%.*s\"", expected,
	    word.n > 60 ? 60 : (int)word.n, word.p);
}

static bool
read_color(struct str text, uint32_t *color_r)
{
	uint32_t color = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		uint32_t digit;

		if (c >= '0' && c <= '9')
			digit = (uint32_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			digit = (uint32_t)((c | 32) - 'a') + 10;
		else
			return false;
		color = color << 4 | digit;
	}
	*color_r = color;
	return text.n == 6;
}

static bool
read_size(struct str text, int32_t *size_r)
{
	static const char *const names[PICTURE_SIZES] = {"small", "medium", "large"};

	for (int32_t i = 0; i < PICTURE_SIZES; i++) {
		if (str_is(text, names[i])) {
			*size_r = i;
			return true;
		}
	}
	return false;
}

static int
read_word(struct str word, struct picture *picture, struct err *err)
{
	const struct {
		const char *name;
		uint32_t *color;
	} colors[] = {{"background", &picture->background}, {"box", &picture->box},
	    {"digits", &picture->digits}, {"labels", &picture->labels}};
	struct str value = word, name;
	unsigned long long number;

	str_split(&value, '=', &name);
	if (str_is(name, "to")) {
		if (!str_to_u64(value, END_MAX, &number))
			return complain(err, word, "to=SECONDS");
		picture->end = (int64_t)number;
		return 0;
	}
	if (str_is(name, "size"))
		return read_size(value, &picture->size)
		    ? 0
		    : complain(err, word, "size=small, medium or large");
	if (str_is(name, "language")) {
		picture->language = words_find(value);
		return 0;
	}
	for (size_t i = 0; i < sizeof colors / sizeof colors[0]; i++) {
		if (str_is(name, colors[i].name))
			return read_color(value, colors[i].color)
			    ? 0
			    : complain(err, word, "a color as RRGGBB");
	}
	return complain(err, word, "to, size, language, background, box, digits or labels");
}

int
picture_read(struct str text, struct picture *picture_r, struct err *err)
{
	struct picture picture = {.end = -1,
	    .size = 1,
	    .background = 0xffffff,
	    .box = 0x222222,
	    .digits = 0xffffff,
	    .labels = 0x555555};
	struct str word;

	if (!str_split(&text, ' ', &word) || !str_is(word, "countdown"))
		return complain(err, word, "countdown");
	while (text.n > 0 && str_split(&text, ' ', &word)) {
		if (word.n > 0 && read_word(word, &picture, err) != 0)
			return -1;
	}
	if (picture.end < 0)
		return err_set(err, ERR_INPUT, "picture: expected to=SECONDS");
	*picture_r = picture;
	return 0;
}
