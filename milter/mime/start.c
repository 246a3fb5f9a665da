/* SPDX-License-Identifier: BSD-2-Clause
 *
 * start: see start.h
 *
 * Owns:    GMime's state and the options, until the process ends.
 * Threads: any.
 */
#include "mime/start.h"

#include <pthread.h>

static GMimeParserOptions *options;

static void
start(void)
{
	const char *charsets[] = {"utf-8", NULL};

	g_mime_init();
	options = g_mime_parser_options_new();
	g_mime_parser_options_set_fallback_charsets(options, charsets);
}

GMimeParserOptions *
mime_start(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, start);
	return options;
}
