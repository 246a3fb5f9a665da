/* SPDX-License-Identifier: BSD-2-Clause
 *
 * log: one line an event, as key=value
 *
 *     log_info("tailored", LOG_STR("queue", id), LOG_NUM("ms", 3));
 *     -> tailored queue=4fXk2 ms=3
 *
 * Values are quoted where they hold a space, a quote or nothing; control bytes
 * and broken UTF-8 become \xHH: what comes from outside can't forge a line.
 * A value is cut at 400 bytes. Every event that concerns a message carries
 * `queue` (Postfix's queue id) as its first field.
 *
 * Threads: any. After fork each process goes on with what it inherited.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

struct log_field {
	const char *key; /* NULL ends the list */
	struct str text; /* p == NULL: the number counts */
	int64_t number;
	bool numeric;
};

#define LOG_STR(key, c_string)                   \
	{                                        \
		(key), str_c(c_string), 0, false \
	}
#define LOG_TEXT(key, str)             \
	{                              \
		(key), (str), 0, false \
	}
#define LOG_NUM(key, n)                             \
	{                                           \
		(key), STR_NONE, (int64_t)(n), true \
	}

#define log_error(event, ...)	LOG_PUT(LOG_LEVEL_ERROR, event, __VA_ARGS__)
#define log_warning(event, ...) LOG_PUT(LOG_LEVEL_WARNING, event, __VA_ARGS__)
#define log_info(event, ...)	LOG_PUT(LOG_LEVEL_INFO, event, __VA_ARGS__)
#define log_debug(event, ...)	LOG_PUT(LOG_LEVEL_DEBUG, event, __VA_ARGS__)
#define LOG_PUT(level, event, ...) \
	log_put(level, event, (const struct log_field[]){__VA_ARGS__, {NULL, {NULL, 0}, 0, false}})

/* `target`: "syslog" (facility mail), "stderr", or the path of a file, which is
 * opened for appending. May be called again (reload, rotation): the old target
 * stays in use if the new one can't be opened. Before the first call lines go to
 * stderr. */
int log_open(const char *target, const char *ident, enum log_level level, struct err *err);
void log_put(enum log_level level, const char *event, const struct log_field *fields);

#endif
