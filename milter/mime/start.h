/* SPDX-License-Identifier: BSD-2-Clause
 *
 * start: GMime is made ready once
 *
 * Threads: any.
 */
#ifndef MIME_START_H
#define MIME_START_H

#include <gmime/gmime.h>

/* Before any other call of GMime's; returns how header values are read: 8-bit
 * bytes outside encoded-words are UTF-8. */
GMimeParserOptions *mime_start(void);

#endif
