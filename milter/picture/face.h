/* SPDX-License-Identifier: BSD-2-Clause
 *
 * face: a countdown of one size and language, ready but for its numbers
 *
 * Pixels are indexes of 24 colors: eight steps each from background to box, from box to digits,
 * and from background to labels. So a face serves all colors: they stand in the GIF's head.
 *
 * Threads: one at a time.
 */
#ifndef PICTURE_FACE_H
#define PICTURE_FACE_H

#include <gd.h>
#include <stdbool.h>
#include <stdint.h>

#define FACE_STEPS  8
#define FACE_COLORS (3 * FACE_STEPS)
/* The first step of each. */
#define FACE_BOX    0
#define FACE_DIGITS FACE_STEPS
#define FACE_LABELS (2 * FACE_STEPS)

struct face_frame {
	void *bytes;
	int size;
};

struct face {
	gdImage *base;		       /* boxes and labels */
	gdImage *numbers[60];	       /* what stands in a box */
	struct face_frame seconds[60]; /* frames that change the seconds alone */
	struct face_frame over;	       /* what is shown when it is over */
	const char *font;	       /* NULL: built-in letters */
	double scale;
	int width, height;
};

struct face *face_new(const char *font, int size, int language);
void face_free(struct face **face);
/* A whole frame with so many seconds left. `bytes` is NULL if memory is out; gdFree frees it. */
struct face_frame face_draw(const struct face *face, int64_t left);
/* Can letters be drawn with this font? */
bool face_font_ok(const char *font);

#endif
