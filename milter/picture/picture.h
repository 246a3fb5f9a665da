/* SPDX-License-Identifier: BSD-2-Clause
 *
 * picture: pictures that are drawn when somebody looks at them
 *
 * What a picture shows stands in its token (link/link.h) as words:
 *
 *	countdown to=1790000000 size=medium language=de background=ffffff box=222222
 *	    digits=ffffff labels=555555
 *
 * A countdown is a GIF of up to 60 frames: what is left of days, hours, minutes and seconds when
 * it is asked for, and then a minute of it. It ends at zero; after that a picture says that it is
 * over.
 *
 * What costs time is done once: the boxes with their labels and the 60 frames of seconds, which
 * are ready as bytes. A new picture is one frame to be compressed; the same one within its
 * second is taken from a small cache; and there is a ceiling for new ones a second.
 *
 * Threads: one at a time for each studio; reading: any.
 */
#ifndef PICTURE_PICTURE_H
#define PICTURE_PICTURE_H

#include "base/arena.h"
#include "base/err.h"

#include <stdint.h>

#define PICTURE_SIZES	  3
#define PICTURE_RATE	  100 /* new pictures a second */
#define PICTURE_FRAMES	  60
#define PICTURE_DAYS_MAX  999
#define PICTURE_BYTES_MAX ((size_t)100 << 10)

struct picture {
	int64_t end; /* seconds since 1970 */
	int32_t size;
	int32_t language;			  /* see words.h */
	uint32_t background, box, digits, labels; /* 0xRRGGBB */
};

/* ERR_INPUT: it is no picture that can be drawn. */
int picture_read(struct str text, struct picture *picture_r, struct err *err);

struct picture_studio;

/* `font`: path of a font file, which must stay; if it can't be used, letters are plain. */
struct picture_studio *picture_studio_new(const char *font);
void picture_studio_free(struct picture_studio **studio);
/* The GIF, in the arena. ERR_BUSY: too many new ones of late; ERR_LIMIT. */
int picture_draw(struct picture_studio *studio, const struct picture *picture, int64_t now_ms,
    struct arena *arena, struct str *gif_r, struct err *err);

#endif
