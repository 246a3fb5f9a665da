/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fault: what is wrong with a file, and where
 */
#ifndef NEAREST_FAULT_H
#define NEAREST_FAULT_H

#include <stddef.h>

struct fault {
	char text[400];
};

/* "FILE:LINE: ..."; without the line if it is 0. Returns -1. */
int fault_at(struct fault *fault, const char *file, size_t line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
