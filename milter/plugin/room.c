/* SPDX-License-Identifier: BSD-2-Clause
 *
 * room: memory that a plugin may write into
 *
 * What `memory` gives lies in the arena of the copy, between things of the host. Before and behind
 * each piece stand marks that nobody can guess; when the hook has returned they are looked at, and
 * a broken one ends the process before anything leaves it (guard.c). Marks cost 48 bytes and some
 * nanoseconds a piece; they miss a write that jumps over them, as any but a guard page would, and a
 * page a piece costs microseconds.
 *
 * It is cleared, although the contract does not say so: an arena is used again, and what a plugin
 * forgets to write would be another contact's text.
 *
 * Threads: any; see call.c.
 */
#include "plugin/guard.h"

#include "base/log.h"

#include <string.h>

/* So many of the latest pieces are looked through for one that a text lies in. */
#define LOOK_MAX 32

struct plugin_room {
	_Alignas(max_align_t) struct plugin_room *next;
	size_t size;
	uint64_t mark;
	uint64_t same;
	_Alignas(max_align_t) char data[];
};

struct tail {
	uint64_t mark[2];
};

static uint64_t
mark_of(const struct plugin_room *room)
{
	uint64_t mark = plugin_process.secret ^ (uint64_t)(uintptr_t)room;

	/* Neither zero bytes nor text by chance. */
	return (mark ^ (uint64_t)room->size ^ (uint64_t)(uintptr_t)room->next << 7) |
	    UINT64_C(0x8000000000000081);
}

void *
plugin_room_new(struct plugin_call *call, size_t size)
{
	size_t most = SIZE_MAX - sizeof(struct plugin_room) - sizeof(struct tail);
	struct plugin_room *room;
	struct tail tail;

	/* The strict host has a page without access behind each piece. */
	if (call->pool != NULL)
		return plugin_call_memory(call, size);
	room = plugin_call_memory(
	    call, size > most ? SIZE_MAX : sizeof *room + size + sizeof(struct tail));
	if (room == NULL)
		return NULL;
	*room = (struct plugin_room){.next = call->rooms, .size = size};
	room->mark = room->same = mark_of(room);
	tail = (struct tail){{room->mark, room->mark}};
	memset(room->data, 0, size);
	memcpy(room->data + size, &tail, sizeof tail);
	call->rooms = room;
	return room->data;
}

static bool
is_whole(const struct plugin_room *room)
{
	uint64_t mark = mark_of(room);
	struct tail tail;

	if (room->mark != mark || room->same != mark)
		return false;
	memcpy(&tail, room->data + room->size, sizeof tail);
	return tail.mark[0] == mark && tail.mark[1] == mark;
}

void
plugin_room_check(struct plugin_call *call)
{
	const struct plugin_room *room = call->rooms;

	while (room != NULL && is_whole(room))
		room = room->next;
	call->rooms = NULL;
	if (room == NULL)
		return;
	log_error("plugin wrote beyond the memory that it was given",
	    LOG_STR("plugin", call->plugin->name), LOG_STR("kind", board_kind_name(call->kind)),
	    LOG_STR("hook", call->hook));
	plugin_guard_end(BOARD_OVERRUN);
}

bool
plugin_room_text(struct plugin_call *call, struct mt_str text)
{
	const struct plugin_room *room = call->rooms;
	uintptr_t at = (uintptr_t)text.p;

	for (int i = 0; i < LOOK_MAX && room != NULL; i++, room = room->next) {
		uintptr_t first = (uintptr_t)room->data;

		if (at >= first && at <= first + room->size) {
			if (text.n <= first + room->size - at)
				return true;
			plugin_call_misuse(call,
			    "its text of %zu bytes reaches beyond the memory that it was given",
			    text.n);
			return false;
		}
	}
	if (text.n <= call->ceiling)
		return true;
	plugin_call_misuse(
	    call, "its text has %zu bytes, expected at most %zu", text.n, call->ceiling);
	return false;
}
