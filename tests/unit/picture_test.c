/* SPDX-License-Identifier: BSD-2-Clause
 *
 * picture_test: what pictures' words mean, and the GIFs that are drawn
 *
 * PICTURE_TEST_FOLDER, if it is set, gets the GIFs, to be looked at.
 */
#include "picture/picture.h"
#include "picture/face.h"
#include "picture/words.h"

#include "base/clock.h"

#include <gd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#define FONT "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"
#define NOW  INT64_C(1790000000)

/* --- words --- */

static void
words_are_read(void **state)
{
	static const struct {
		const char *text;
		int ok;
	} cases[] = {
	    {"countdown to=1790000000", 1},
	    {"countdown  to=0 size=large language=pl-PL labels=A0b1C2", 1},
	    {"countdown", 0},
	    {"", 0},
	    {"clock to=1", 0},
	    {"countdown to=", 0},
	    {"countdown to=-1", 0},
	    {"countdown to=999999999999", 0},
	    {"countdown to=1 size=huge", 0},
	    {"countdown to=1 box=fff", 0},
	    {"countdown to=1 box=gggggg", 0},
	    {"countdown to=1 box=fffffff", 0},
	    {"countdown to=1 blink=yes", 0},
	    {"countdown to=1 size", 0},
	};
	struct picture picture;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err err = ERR_INIT;
		int ok = picture_read(str_c(cases[i].text), &picture, &err) == 0;

		if (ok != cases[i].ok || (!ok && err.code != ERR_INPUT))
			fail_msg("\"%s\": %s", cases[i].text, ok ? "was taken" : err.text);
	}
	assert_int_equal(
	    picture_read(STR("countdown to=7 size=large language=de box=0A0b0c"), &picture, NULL),
	    0);
	assert_int_equal(picture.end, 7);
	assert_int_equal(picture.size, 2);
	assert_int_equal(picture.box, 0x0a0b0c);
	assert_string_equal(words_all[picture.language].over, "Abgelaufen");
	assert_int_equal(words_find(STR("xx")), 0);
	assert_int_equal(words_find(STR("deu")), 0);
	assert_string_equal(words_all[words_find(STR("PL"))].language, "pl");
}

/* --- GIFs --- */

struct shape {
	int width, height;
	int frames;
	bool loops, ends;
	int delay;
};

/* Walks over the blocks of a GIF (GIF89a specification, section 12 and on). */
static struct shape
shape_of(struct str gif)
{
	const unsigned char *p = (const unsigned char *)gif.p, *end = p + gif.n;
	struct shape shape = {.delay = -1};

	assert_true(gif.n > 13 && memcmp(p, "GIF89a", 6) == 0);
	shape.width = p[6] | p[7] << 8;
	shape.height = p[8] | p[9] << 8;
	assert_true(p[10] & 0x80);
	p += 13 + 3 * (2 << (p[10] & 7));
	while (p < end && *p != ';') {
		if (*p == '!') {
			shape.loops |= p[1] == 0xff;
			if (p[1] == 0xf9)
				shape.delay = p[4] | p[5] << 8;
			p += 2;
		} else {
			assert_int_equal(*p, ',');
			assert_int_equal(p[9] & 0x80, 0); /* no colors of its own */
			assert_true((p[1] | p[2] << 8) + (p[5] | p[6] << 8) <= shape.width);
			assert_true((p[3] | p[4] << 8) + (p[7] | p[8] << 8) <= shape.height);
			shape.frames++;
			p += 11;
		}
		while (p < end && *p != 0)
			p += 1 + *p;
		p++;
	}
	shape.ends = p + 1 == end;
	return shape;
}

static void
save(struct str gif, const char *name)
{
	const char *folder = getenv("PICTURE_TEST_FOLDER");
	char path[300];
	FILE *file;

	if (folder == NULL)
		return;
	snprintf(path, sizeof path, "%s/%s.gif", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fwrite(gif.p, 1, gif.n, file);
	fclose(file);
}

static struct str
draw(struct picture_studio *studio, const char *text, int64_t now, struct arena *arena)
{
	struct picture picture;
	struct err err = ERR_INIT;
	struct str gif = STR_NONE;

	if (picture_read(str_c(text), &picture, &err) != 0 ||
	    picture_draw(studio, &picture, now * 1000, arena, &gif, &err) != 0)
		fail_msg("%s: %s", text, err.text);
	return gif;
}

static void
pictures_are_drawn(void **state)
{
	static const struct {
		const char *name, *text;
		int64_t left;
		int width, frames;
	} cases[] = {
	    {"medium", "", 2 * 86400 + 4 * 3600 + 17 * 60 + 42, 560, 60},
	    {"small", "size=small language=de box=b00020 background=fff8e0", 45296, 400, 60},
	    {"large", "size=large language=pl", 86399, 720, 60},
	    {"large-minute", "size=large language=fr", 3600, 720, 60},
	    {"dark", "language=es background=101010 box=303030 labels=c0c0c0", 88888, 560, 60},
	    {"long", "language=it", 123 * 86400 + 59, 560, 60},
	    {"longest", "language=nl", 20000 * 86400, 560, 60},
	    {"last-minute", "", 59, 560, 60},
	    {"last-ten", "", 10, 560, 11},
	    {"last-one", "", 1, 560, 2},
	    {"over", "", 0, 560, 1},
	    {"long-over", "language=pl", -100000, 560, 1},
	};
	struct picture_studio *studio = picture_studio_new(FONT);
	struct arena *arena = arena_new((size_t)16 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[200];
		struct str gif;
		struct shape shape;
		gdImage *first;

		snprintf(text, sizeof text, "countdown to=%lld %s",
		    (long long)(NOW + cases[i].left), cases[i].text);
		gif = draw(studio, text, NOW, arena);
		shape = shape_of(gif);
		save(gif, cases[i].name);
		if (shape.width != cases[i].width || shape.frames != cases[i].frames ||
		    shape.loops || !shape.ends || shape.delay != 100)
			fail_msg("%s: %d x %d, %d frames, delay %d%s%s", cases[i].name, shape.width,
			    shape.height, shape.frames, shape.delay, shape.loops ? ", loops" : "",
			    shape.ends ? "" : ", no end");
		if (gif.n >= PICTURE_BYTES_MAX)
			fail_msg("%s: %zu bytes", cases[i].name, gif.n);
		print_message("%s: %zu bytes\n", cases[i].name, gif.n);
		first = gdImageCreateFromGifPtr((int)gif.n, (void *)(uintptr_t)gif.p);
		assert_non_null(first);
		assert_int_equal(gdImageSX(first), cases[i].width);
		gdImageDestroy(first);
	}
	arena_free(&arena);
	picture_studio_free(&studio);
}

/* The colors are those asked for, and each second has frames of its own. */
static void
colors_and_seconds_count(void **state)
{
	struct picture_studio *studio = picture_studio_new(FONT);
	struct arena *arena = arena_new((size_t)16 << 20);
	const char *text = "countdown to=1790000100 background=123456 box=654321";
	struct str one = draw(studio, text, NOW, arena), again = draw(studio, text, NOW, arena);
	struct str later = draw(studio, text, NOW + 1, arena);
	gdImage *image = gdImageCreateFromGifPtr((int)one.n, (void *)(uintptr_t)one.p);
	int corner, box;

	(void)state;
	assert_true(str_eq(one, again));
	assert_false(str_eq(one, later));
	corner = gdImageGetPixel(image, 0, 0);
	box = gdImageGetPixel(image, 22, 60);
	assert_int_equal(gdImageRed(image, corner), 0x12);
	assert_int_equal(gdImageBlue(image, corner), 0x56);
	assert_int_equal(gdImageRed(image, box), 0x65);
	assert_int_equal(gdImageGreen(image, box), 0x43);
	gdImageDestroy(image);
	arena_free(&arena);
	picture_studio_free(&studio);
}

static void
missing_font_is_no_trouble(void **state)
{
	struct picture_studio *studio = picture_studio_new("/nowhere/font.ttf");
	struct arena *arena = arena_new((size_t)16 << 20);
	struct str gif = draw(studio, "countdown to=1790100100 language=pl", NOW, arena);

	(void)state;
	save(gif, "plain");
	save(draw(studio, "countdown to=1 language=pl", NOW, arena), "plain-over");
	assert_int_equal(shape_of(gif).frames, 60);
	assert_true(gif.n < PICTURE_BYTES_MAX);
	arena_free(&arena);
	picture_studio_free(&studio);
}

/* What is drawn anew has a ceiling; what was drawn is given again. */
static void
too_many_are_refused(void **state)
{
	struct picture_studio *studio = picture_studio_new(FONT);
	struct arena *arena = arena_new((size_t)64 << 20);
	struct picture picture;
	struct err err = ERR_INIT;
	struct str gif;
	int made = 0, refused = 0, given = 0;
	int64_t begin_us = clock_mono_us();

	(void)state;
	assert_int_equal(picture_read(STR("countdown to=1 size=small"), &picture, NULL), 0);
	for (int i = 0; i < 20 * PICTURE_RATE; i++) {
		arena_reset(arena);
		picture.end = NOW + 1000 + i;
		if (picture_draw(studio, &picture, NOW * 1000, arena, &gif, &err) == 0) {
			made++;
			continue;
		}
		assert_int_equal(err.code, ERR_BUSY);
		refused++;
		picture.end = NOW + 1000;
	}
	/* So many at once, and so many in each second that it took. */
	assert_true(
	    made <= PICTURE_RATE + 1 + (clock_mono_us() - begin_us) * PICTURE_RATE / 1000000);
	assert_true(made >= PICTURE_RATE);
	print_message("%d made, %d refused, %lld ms\n", made, refused,
	    (long long)(clock_mono_us() - begin_us) / 1000);
	picture.end = NOW - 5;
	while (picture_draw(studio, &picture, NOW * 1000, arena, &gif, &err) != 0)
		;
	for (int i = 0; i < 10 * PICTURE_RATE; i++) {
		arena_reset(arena);
		given += picture_draw(studio, &picture, NOW * 1000, arena, &gif, &err) == 0;
	}
	assert_int_equal(given, 10 * PICTURE_RATE);
	arena_free(&arena);
	picture_studio_free(&studio);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_are_read),
	    cmocka_unit_test(pictures_are_drawn),
	    cmocka_unit_test(colors_and_seconds_count),
	    cmocka_unit_test(missing_font_is_no_trouble),
	    cmocka_unit_test(too_many_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
