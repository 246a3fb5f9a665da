/* SPDX-License-Identifier: BSD-2-Clause
 *
 * resident: how much memory a process has
 *
 * Threads: any.
 */
#ifndef BASE_RESIDENT_H
#define BASE_RESIDENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Bytes in use, without what it shares with others; 0: this one. -1: it can't be known. */
int64_t resident_bytes(pid_t pid);

/* Of this process, over time. Zero at its beginning. */
struct resident {
	atomic_llong looked_us;
	atomic_llong first; /* bytes at the first look */
};

/* Has this process grown to `most` bytes? Looks once a second; false in between. One that was
 * nearly as large from the beginning has not grown. */
bool resident_is_grown(struct resident *resident, int64_t most);

#endif
