/* SPDX-License-Identifier: BSD-2-Clause
 *
 * moment: a date and time of the clock on the wall, as people write it
 */
#ifndef COUNTDOWN_MOMENT_H
#define COUNTDOWN_MOMENT_H

#include <stdbool.h>
#include <stddef.h>

struct moment {
	int year, month, day;
	int hour, minute, second;
};

/* 2026-12-24, 2026-12-24 18:00, 2026-12-24T18:00:30, with nothing behind it: what has a zone, or
 * is written otherwise, is none. */
bool moment_read(const char *text, size_t n, struct moment *moment_r);

#endif
