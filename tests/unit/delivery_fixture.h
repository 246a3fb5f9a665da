/* SPDX-License-Identifier: BSD-2-Clause
 *
 * delivery_fixture: a report as one line of text
 *
 *     bounce ada@x.example 5.1.1 user unknown, hard; bob@x.example ... | <id@shop.example>
 */
#ifndef DELIVERY_FIXTURE_H
#define DELIVERY_FIXTURE_H

#include "delivery/report.h"

#include "base/buf.h"

#include <glib.h>

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
	arena = arena_new(DELIVERY_ARENA);
	return 0;
}

static int
arena_teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

/* Good until the next call. */
static const char *
describe(const struct delivery_report *report)
{
	static struct buf line;

	buf_fini(&line);
	buf_init(&line, 65536);
	buf_add_c(&line, delivery_kind_name(report->kind));
	if (report->detail[0] != '\0')
		buf_printf(&line, " (%s)", report->detail);
	for (size_t i = 0; i < report->count; i++) {
		const struct delivery_recipient *r = &report->recipients[i];

		buf_printf(&line, "%s %.*s", i == 0 ? "" : ";", STR_F(r->address));
		if (r->action == DELIVERY_ACTION_NONE)
			continue;
		if (report->kind != DELIVERY_BOUNCE || r->action != DELIVERY_ACTION_FAILED)
			buf_printf(&line, " %s", delivery_action_name(r->action));
		buf_printf(&line, " %.*s %s%s", STR_F(r->status), delivery_reason_name(r->reason),
		    r->hard ? ", hard" : "");
		if (r->original.n > 0)
			buf_printf(&line, " for %.*s", STR_F(r->original));
	}
	if (report->message_id.n > 0)
		buf_printf(&line, " | %.*s", STR_F(report->message_id));
	return line.data;
}

static struct delivery_report
read_message(struct str raw, struct str recipient, const struct link_keys *keys)
{
	struct delivery_input input = {raw, recipient, keys};
	struct delivery_report report;

	arena_reset(arena);
	delivery_read(&input, arena, &report);
	return report;
}

#endif
