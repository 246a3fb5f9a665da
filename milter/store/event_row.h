/* SPDX-License-Identifier: BSD-2-Clause
 *
 * event_row: one row of events as SQL gives it, for the event_*.c of this folder
 */
#ifndef STORE_EVENT_ROW_H
#define STORE_EVENT_ROW_H

#include "store/db.h"
#include "store/event.h"

/* Of `event e` joined with `event_type t`. */
#define STORE_EVENT_COLUMNS                                                                  \
	"e.id, e.contact, t.kind, t.name, e.time_ms, e.received_ms, e.source, e.source_id, " \
	"e.campaign, e.message, e.link, e.machine, e.properties"

/* Text in the arena; `full` is set when that is. */
struct store_event store_event_copy(sqlite3_stmt *statement, struct arena *arena, bool *full);
/* Two of its columns alone. */
enum store_event_kind store_event_row_kind(sqlite3_stmt *statement);
bool store_event_row_machine(sqlite3_stmt *statement);

#endif
