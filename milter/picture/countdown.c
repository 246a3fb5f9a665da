/* SPDX-License-Identifier: BSD-2-Clause
 *
 * countdown: a countdown as GIF, from frames that are ready
 *
 * Owns:    a studio: the faces that were asked for, and the last pictures.
 * Threads: one at a time for each studio.
 * Fails:   ERR_BUSY, ERR_LIMIT.
 */
#include "picture/face.h"
#include "picture/picture.h"
#include "picture/words.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

#include <glib.h>
#include <string.h>

#define KEPT	  32
#define SECOND_US INT64_C(1000000)

/* `end` is what is left. */
struct kept {
	struct picture picture;
	struct buf gif;
};

struct picture_studio {
	const char *font; /* NULL: built-in letters */
	struct face *faces[PICTURE_SIZES][WORDS_COUNT];
	struct kept kept[KEPT];
	size_t next;
	/* New pictures that may be made, and when that was so. */
	double allowed;
	int64_t since_us;
};

struct picture_studio *
picture_studio_new(const char *font)
{
	struct picture_studio *studio = g_new0(struct picture_studio, 1);

	studio->font = font;
	if (!face_font_ok(font)) {
		log_warning("countdowns have plain letters: the font can't be used",
		    LOG_STR("picture_font", font));
		studio->font = NULL;
	}
	studio->allowed = PICTURE_RATE;
	studio->since_us = clock_mono_us();
	return studio;
}

void
picture_studio_free(struct picture_studio **s)
{
	struct picture_studio *studio = *s;

	*s = NULL;
	if (studio == NULL)
		return;
	for (int i = 0; i < PICTURE_SIZES * WORDS_COUNT; i++)
		face_free(&studio->faces[i / WORDS_COUNT][i % WORDS_COUNT]);
	for (size_t i = 0; i < KEPT; i++)
		buf_fini(&studio->kept[i].gif);
	g_free(studio);
	gdFontCacheShutdown();
}

/* --- the ceiling --- */

static bool
is_allowed(struct picture_studio *studio)
{
	int64_t now_us = clock_mono_us();

	studio->allowed += (double)(now_us - studio->since_us) / SECOND_US * PICTURE_RATE;
	studio->since_us = now_us;
	if (studio->allowed > PICTURE_RATE)
		studio->allowed = PICTURE_RATE;
	if (studio->allowed < 1)
		return false;
	studio->allowed -= 1;
	return true;
}

/* --- the bytes --- */

static int
mix(uint32_t from, uint32_t to, int shift, int step)
{
	int a = (int)(from >> shift & 0xff), b = (int)(to >> shift & 0xff);

	return a + (b - a) * step / (FACE_STEPS - 1);
}

/* The head has the size and the colors. No loop: the last frame stays. */
static void
add_head(struct face *face, const struct picture *picture, struct buf *gif)
{
	const uint32_t from[3] = {picture->background, picture->box, picture->background};
	const uint32_t to[3] = {picture->box, picture->digits, picture->labels};
	void *bytes;
	int size;

	for (int i = 0; i < FACE_COLORS; i++) {
		int ramp = i / FACE_STEPS, step = i % FACE_STEPS;

		face->base->red[i] = mix(from[ramp], to[ramp], 16, step);
		face->base->green[i] = mix(from[ramp], to[ramp], 8, step);
		face->base->blue[i] = mix(from[ramp], to[ramp], 0, step);
	}
	bytes = gdImageGifAnimBeginPtr(face->base, &size, 1, -1);
	if (bytes != NULL)
		buf_add(gif, bytes, (size_t)size);
	gdFree(bytes);
}

static void
add_whole(const struct face *face, int64_t left, struct buf *gif)
{
	struct face_frame frame = face_draw(face, left);

	if (frame.bytes != NULL)
		buf_add(gif, frame.bytes, (size_t)frame.size);
	gdFree(frame.bytes);
}

static void
add_frames(const struct face *face, int64_t left, struct buf *gif)
{
	if (left == 0) {
		buf_add(gif, face->over.bytes, (size_t)face->over.size);
		return;
	}
	add_whole(face, left, gif);
	for (int i = 1; i < PICTURE_FRAMES && i <= left; i++) {
		const struct face_frame *second = &face->seconds[(left - i) % 60];

		if ((left - i) % 60 == 59)
			add_whole(face, left - i, gif);
		else
			buf_add(gif, second->bytes, (size_t)second->size);
	}
}

static struct kept *
make(struct picture_studio *studio, const struct picture *picture)
{
	struct face **face = &studio->faces[picture->size][picture->language];
	struct kept *kept = &studio->kept[studio->next];

	studio->next = (studio->next + 1) % KEPT;
	buf_fini(&kept->gif);
	buf_init(&kept->gif, PICTURE_BYTES_MAX);
	kept->picture = *picture;
	if (*face == NULL)
		*face = face_new(studio->font, picture->size, picture->language);
	add_head(*face, picture, &kept->gif);
	add_frames(*face, picture->end, &kept->gif);
	buf_add(&kept->gif, ";", 1);
	return kept;
}

int
picture_draw(struct picture_studio *studio, const struct picture *picture, int64_t now_ms,
    struct arena *arena, struct str *gif_r, struct err *err)
{
	struct picture wanted = *picture;
	struct kept *found = NULL;

	wanted.end -= now_ms / 1000;
	if (wanted.end < 0)
		wanted.end = 0;
	for (size_t i = 0; i < KEPT && found == NULL; i++) {
		if (studio->kept[i].gif.len > 0 &&
		    memcmp(&studio->kept[i].picture, &wanted, sizeof wanted) == 0)
			found = &studio->kept[i];
	}
	if (found == NULL && !is_allowed(studio))
		return err_set(
		    err, ERR_BUSY, "picture: more than %d new ones a second", PICTURE_RATE);
	if (found == NULL)
		found = make(studio, &wanted);
	*gif_r = arena_str(arena, buf_str(&found->gif));
	return gif_r->p == NULL || found->gif.full ? err_set(err, ERR_LIMIT, "picture: too large")
						   : 0;
}
