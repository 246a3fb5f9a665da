/* SPDX-License-Identifier: BSD-2-Clause
 *
 * buf: see buf.h
 */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define KEEP_MAX ((size_t)1024 * 1024)

void
buf_init(struct buf *buf, size_t max)
{
	*buf = (struct buf){.max = max};
}

void
buf_fini(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){.max = buf->max};
}

void
buf_reset(struct buf *buf)
{
	if (buf->size > KEEP_MAX)
		buf_fini(buf);
	buf->len = 0;
	buf->full = false;
	if (buf->data != NULL)
		buf->data[0] = '\0';
}

char *
buf_reserve(struct buf *buf, size_t len)
{
	size_t need, size;

	if (buf->full || len > buf->max || buf->len > buf->max - len) {
		buf->full = true;
		return NULL;
	}
	need = buf->len + len + 1;
	if (need > buf->size) {
		size = buf->size == 0 ? 256 : buf->size;
		while (size < need)
			size *= 2;
		buf->data = realloc(buf->data, size);
		if (buf->data == NULL)
			abort();
		buf->size = size;
	}
	return buf->data + buf->len;
}

int
buf_add(struct buf *buf, const void *data, size_t len)
{
	char *end = buf_reserve(buf, len);

	if (end == NULL)
		return -1;
	if (len > 0)
		memcpy(end, data, len);
	end[len] = '\0';
	buf->len += len;
	return 0;
}

int
buf_add_str(struct buf *buf, struct str s)
{
	return buf_add(buf, s.p, s.n);
}

int
buf_add_c(struct buf *buf, const char *text)
{
	return buf_add(buf, text, strlen(text));
}

int
buf_add_char(struct buf *buf, char c)
{
	return buf_add(buf, &c, 1);
}

int
buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args, again;
	int need;
	char *end;

	va_start(args, format);
	va_copy(again, args);
	need = vsnprintf(NULL, 0, format, args);
	va_end(args);
	assert(need >= 0);
	end = buf_reserve(buf, (size_t)need);
	if (end != NULL) {
		vsnprintf(end, (size_t)need + 1, format, again);
		buf->len += (size_t)need;
	}
	va_end(again);
	return end == NULL ? -1 : 0;
}

void
buf_drop(struct buf *buf, size_t len)
{
	assert(len <= buf->len);
	buf->len -= len;
	if (buf->len > 0)
		memmove(buf->data, buf->data + len, buf->len);
	if (buf->data != NULL)
		buf->data[buf->len] = '\0';
}

struct str
buf_str(const struct buf *buf)
{
	return (struct str){buf->data == NULL ? "" : buf->data, buf->len};
}
