/* SPDX-License-Identifier: BSD-2-Clause
 *
 * clock: the two clocks of the program
 *
 * Time of day is milliseconds since the Unix epoch, everywhere, in memory and in
 * the database. Only clock.c asks the system, so that tests can set the time
 * (libfaketime) and later parts can hand in their own.
 *
 * Threads: any.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since 1970-01-01T00:00:00Z. */
int64_t clock_now(void);
/* From now on clock_now says this, for who makes the same copy several times. Before other threads
 * start. */
void clock_stop(int64_t ms);
/* Microseconds of a clock that only goes forward: for durations. */
int64_t clock_mono_us(void);

#define CLOCK_TEXT_SIZE 32
/* "2026-01-31T08:15:00.123Z"; returns `text`. */
const char *clock_iso(int64_t ms, char text[CLOCK_TEXT_SIZE]);
/* RFC 5322 date-time in UTC: "Sat, 31 Jan 2026 08:15:00 +0000"; returns `text`. */
const char *clock_rfc5322(int64_t ms, char text[CLOCK_TEXT_SIZE]);
/* Reads "2026-01-31", "2026-01-31T08:15:00Z" (also without Z: UTC, also with a
 * fraction or +hh:mm), or "30m", "2h", "7d" for that long ago. 0 or -1. */
int clock_parse(const char *text, int64_t *ms_r);

#endif
