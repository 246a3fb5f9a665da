/* SPDX-License-Identifier: BSD-2-Clause
 *
 * face: boxes, labels and numbers, by libgd; see face.h
 *
 * Letters are drawn white on black, and their grey becomes a step between two colors.
 *
 * Threads: one at a time.
 */
#include "picture/face.h"

#include "picture/picture.h"
#include "picture/words.h"

#include <gdfontg.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In pixels of the medium size. */
#define WIDTH	    560
#define HEIGHT	    156
#define BOX_WIDTH   118
#define BOX_HEIGHT  96
#define BOX_TOP	    12
#define BOX_GAP	    16
#define MARGIN	    20
#define RADIUS	    12
#define DIGIT_PT    53.0 /* at gd's 100 dpi */
#define NARROW_PT   37.0 /* three digits of days */
#define LABEL_PT    15.5
#define OVER_PT	    44.0
#define DIGIT_LINE  86 /* baseline of digits */
#define NARROW_LINE 79
#define LABEL_LINE  135
#define OVER_LINE   76
#define DELAY	    100 /* hundredths of a second */
#define SMOOTH	    4

static const int widths[PICTURE_SIZES] = {400, 560, 720};
static const int heights[PICTURE_SIZES] = {112, 156, 200};

static int
scaled(const struct face *face, double pixels)
{
	return (int)(pixels * face->scale + 0.5);
}

/* --- images --- */

static gdImage *
new_image(int width, int height, int color)
{
	gdImage *image = gdImageCreate(width, height);

	if (image == NULL)
		abort();
	for (int i = 0; i < FACE_COLORS; i++)
		gdImageColorAllocate(image, i, i, i);
	gdImageFilledRectangle(image, 0, 0, width - 1, height - 1, color);
	return image;
}

static gdImage *
new_mask(int width, int height)
{
	gdImage *mask = gdImageCreateTrueColor(width, height);

	if (mask == NULL)
		abort();
	return mask;
}

/* Where the mask is grey, the image gets a step. */
static void
apply(gdImage *image, gdImage *mask, int steps)
{
	for (int y = 0; y < gdImageSY(mask); y++) {
		for (int x = 0; x < gdImageSX(mask); x++) {
			int grey = gdTrueColorGetBlue(gdImageTrueColorPixel(mask, x, y));
			int step = (grey * (FACE_STEPS - 1) + 127) / 255;

			if (step > 0)
				gdImageSetPixel(image, x, y, steps + step);
		}
	}
}

/* --- letters --- */

bool
face_font_ok(const char *font)
{
	int box[8];
	char text[] = "0";

	return gdImageStringFT(NULL, box, 0, font, DIGIT_PT, 0, 0, 0, text) == NULL;
}

/* gd's own letters, of 9 x 15 pixels and in ISO 8859-2, made larger. */
static void
draw_plain(gdImage *mask, double pt, int middle, int line, const char *text)
{
	gdFont *font = gdFontGetGiant();
	int times = pt < 24 ? 1 : (int)(pt / 12);
	char *latin =
	    g_convert_with_fallback(text, -1, "ISO-8859-2", "UTF-8", "?", NULL, NULL, NULL);
	int n = latin == NULL ? 0 : (int)strlen(latin);
	gdImage *small = new_mask(n * font->w + 1, font->h);

	for (int i = 0; i < n; i++)
		gdImageChar(small, font, i * font->w, 0, (unsigned char)latin[i], 0xffffff);
	gdImageCopyResized(mask, small, middle - n * font->w * times / 2,
	    line - (font->h - 3) * times, 0, 0, n * font->w * times, font->h * times, n * font->w,
	    font->h);
	gdImageDestroy(small);
	g_free(latin);
}

/* Text around `middle`, on the line `line`. `as` is text as wide as it should count: digits
 * must not jump when they change. */
static void
draw_text(const struct face *face, gdImage *image, double pt, int middle, int line,
    const char *text, const char *as, int steps)
{
	gdImage *mask = new_mask(gdImageSX(image), gdImageSY(image));
	int box[8];

	if (face->font == NULL) {
		draw_plain(mask, pt * face->scale, middle, line, text);
	} else if (gdImageStringFT(NULL, box, 0, face->font, pt * face->scale, 0, 0, 0, as) ==
	    NULL) {
		gdImageStringFT(mask, NULL, 0xffffff, face->font, pt * face->scale, 0,
		    middle - (box[0] + box[2]) / 2, line, text);
	}
	apply(image, mask, steps);
	gdImageDestroy(mask);
}

/* --- the base --- */

static int
box_left(const struct face *face, int i)
{
	return scaled(face, MARGIN + i * (BOX_WIDTH + BOX_GAP));
}

/* Corners are round, and smooth: drawn large, and made small. */
static void
draw_box(const struct face *face, gdImage *image, int i)
{
	gdImage *mask = new_mask(gdImageSX(image), gdImageSY(image));
	int width = scaled(face, BOX_WIDTH), height = scaled(face, BOX_HEIGHT);
	int w = width * SMOOTH - 1, h = height * SMOOTH - 1, r = scaled(face, RADIUS) * SMOOTH;
	gdImage *large = new_mask(w + 1, h + 1);

	gdImageFilledRectangle(large, r, 0, w - r, h, 0xffffff);
	gdImageFilledRectangle(large, 0, r, w, h - r, 0xffffff);
	for (int corner = 0; corner < 4; corner++)
		gdImageFilledEllipse(large, corner % 2 == 0 ? r : w - r,
		    corner / 2 == 0 ? r : h - r, 2 * r, 2 * r, 0xffffff);
	gdImageCopyResampled(mask, large, box_left(face, i), scaled(face, BOX_TOP), 0, 0, width,
	    height, w + 1, h + 1);
	apply(image, mask, FACE_BOX);
	gdImageDestroy(large);
	gdImageDestroy(mask);
}

static void
draw_base(struct face *face, int language)
{
	face->base = new_image(face->width, face->height, FACE_BOX);
	for (int i = 0; i < 4; i++) {
		const char *label = words_all[language].label[i];

		draw_box(face, face->base, i);
		draw_text(face, face->base, LABEL_PT,
		    box_left(face, i) + scaled(face, BOX_WIDTH) / 2, scaled(face, LABEL_LINE),
		    label, label, FACE_LABELS);
	}
}

/* --- numbers --- */

/* The inner part of a box, without its round corners. */
static int
inner_left(const struct face *face, int i)
{
	return box_left(face, i) + scaled(face, RADIUS) / 3;
}

static int
inner_top(const struct face *face)
{
	return scaled(face, BOX_TOP) + scaled(face, RADIUS);
}

static gdImage *
draw_number(const struct face *face, int number)
{
	gdImage *image = new_image(scaled(face, BOX_WIDTH) - 2 * (scaled(face, RADIUS) / 3),
	    scaled(face, BOX_HEIGHT) - 2 * scaled(face, RADIUS), FACE_DIGITS);
	bool narrow = number > 99;
	char text[12];

	snprintf(text, sizeof text, "%02d", number);
	draw_text(face, image, narrow ? NARROW_PT : DIGIT_PT, gdImageSX(image) / 2,
	    scaled(face, narrow ? NARROW_LINE : DIGIT_LINE) - inner_top(face), text,
	    narrow ? "000" : "00", FACE_DIGITS);
	return image;
}

static void
put_number(const struct face *face, gdImage *image, int i, int number)
{
	gdImage *drawn = number < 60 ? face->numbers[number] : draw_number(face, number);

	gdImageCopy(image, drawn, inner_left(face, i), inner_top(face), 0, 0, gdImageSX(drawn),
	    gdImageSY(drawn));
	if (number >= 60)
		gdImageDestroy(drawn);
}

static struct face_frame
encode(gdImage *image, int left, int top)
{
	struct face_frame frame;

	frame.bytes =
	    gdImageGifAnimAddPtr(image, &frame.size, 0, left, top, DELAY, gdDisposalNone, NULL);
	return frame;
}

static void
draw_numbers(struct face *face)
{
	for (int i = 0; i < 60; i++) {
		face->numbers[i] = draw_number(face, i);
		face->seconds[i] = encode(face->numbers[i], inner_left(face, 3), inner_top(face));
	}
}

static void
draw_over(struct face *face, int language)
{
	gdImage *image = new_image(face->width, face->height, FACE_BOX);
	const char *text = words_all[language].over;

	draw_text(face, image, OVER_PT, face->width / 2, scaled(face, OVER_LINE + 18), text, text,
	    FACE_LABELS);
	face->over = encode(image, 0, 0);
	gdImageDestroy(image);
}

struct face_frame
face_draw(const struct face *face, int64_t left)
{
	int64_t days = left / 86400;
	const int numbers[4] = {(int)(days > PICTURE_DAYS_MAX ? PICTURE_DAYS_MAX : days),
	    (int)(left / 3600 % 24), (int)(left / 60 % 60), (int)(left % 60)};
	gdImage *image = gdImageClone(face->base);
	struct face_frame frame;

	if (image == NULL)
		abort();
	for (int i = 0; i < 4; i++)
		put_number(face, image, i, numbers[i]);
	frame = encode(image, 0, 0);
	gdImageDestroy(image);
	return frame;
}

struct face *
face_new(const char *font, int size, int language)
{
	struct face *face = g_new0(struct face, 1);

	face->font = font;
	face->width = widths[size];
	face->height = heights[size];
	face->scale = (double)face->width / WIDTH;
	draw_base(face, language);
	draw_numbers(face);
	draw_over(face, language);
	return face;
}

void
face_free(struct face **f)
{
	struct face *face = *f;

	*f = NULL;
	if (face == NULL)
		return;
	for (int i = 0; i < 60; i++) {
		gdFree(face->seconds[i].bytes);
		gdImageDestroy(face->numbers[i]);
	}
	gdFree(face->over.bytes);
	gdImageDestroy(face->base);
	g_free(face);
}
