/* SPDX-License-Identifier: BSD-2-Clause
 *
 * link_fixture: lines of key files whose secrets are known, and an arena
 */
#ifndef LINK_FIXTURE_H
#define LINK_FIXTURE_H

#include "base/arena.h"
#include "link/code.h"
#include "link/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

static struct arena *arena;

static int
arena_setup(void **state)
{
	(void)state;
	arena = arena_new((size_t)64 << 20);
	return 0;
}

static int
arena_teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

/* A line of a key file; its secret is 64 times `fill`. */
static void
key_line(char line[200], unsigned id, unsigned char fill)
{
	unsigned char secret[LINK_SIV_KEY];
	char letters[87] = "";

	memset(secret, fill, sizeof secret);
	link_code_write(LINK_BASE64URL, secret, sizeof secret, letters);
	snprintf(line, 200, "key %u 2026-01-31T08:15:00Z %s\n", id, letters);
}

#endif
