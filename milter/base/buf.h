/* SPDX-License-Identifier: BSD-2-Clause
 *
 * buf: bytes that grow, up to a ceiling
 *
 * Nothing that outside data can lengthen goes without a ceiling. Once it is
 * reached, the buffer keeps what it has, `full` stays set, and every later add
 * returns -1: a caller may add many pieces and look once at the end.
 * Out of memory below the ceiling stops the process.
 *
 * Threads: one at a time.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/str.h"

struct buf {
	char *data; /* len bytes; NUL follows, not counted; NULL before the first add */
	size_t len;
	size_t size;
	size_t max;
	bool full;
};

/* `max`: the ceiling in bytes. */
void buf_init(struct buf *buf, size_t max);
void buf_fini(struct buf *buf);
/* Empty again; memory is kept unless it is larger than 1 MB. */
void buf_reset(struct buf *buf);
int buf_add(struct buf *buf, const void *data, size_t len);
int buf_add_str(struct buf *buf, struct str s);
int buf_add_c(struct buf *buf, const char *text);
int buf_add_char(struct buf *buf, char c);
int buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for `len` more bytes at the end, to be written by the caller who then
 * adds to buf->len. NULL when the ceiling is reached. */
char *buf_reserve(struct buf *buf, size_t len);
/* Drops `len` bytes from the front. */
void buf_drop(struct buf *buf, size_t len);
struct str buf_str(const struct buf *buf);

#endif
