/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_pace: how hard the relay may be worked
 *
 * Trouble that concerns the relay and not one recipient makes a pause, from half a second
 * doubling to 30; after it one connection goes on alone, and each time that all goes well their
 * number doubles, until all are at work again.
 *
 * Threads: one at a time; outbox/queue.c calls under its lock.
 */
#ifndef OUTBOX_PACE_H
#define OUTBOX_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct outbox_pace {
	int limit;	    /* connections when all is well */
	int allowed;	    /* now */
	int good;	    /* messages accepted since `allowed` changed */
	int refused;	    /* 4xx in a row for recipients */
	int64_t pause_us;   /* length of the last pause; 0: no trouble */
	int64_t until_us;   /* no new message before this time (clock_mono_us) */
	int64_t trouble_us; /* when trouble was last taken note of */
};

void outbox_pace_init(struct outbox_pace *pace, int limit);
/* The relay accepted a message. True if that ends the trouble. */
bool outbox_pace_good(struct outbox_pace *pace, int64_t now_us);
/* The relay itself said no, or was not there. `begun_us`: when the failed attempt began: what
 * began before the last pause says nothing new. True if it is the beginning of trouble. */
bool outbox_pace_trouble(struct outbox_pace *pace, int64_t begun_us, int64_t now_us);
/* 4xx for one recipient. Many in a row are trouble; then the result is outbox_pace_trouble's. */
bool outbox_pace_refused(struct outbox_pace *pace, int64_t begun_us, int64_t now_us);

#endif
