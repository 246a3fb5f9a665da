/* SPDX-License-Identifier: BSD-2-Clause
 *
 * names: see names.h
 *
 * A ring of entries and two hash tables of chains through them, newest first.
 *
 * Owns:    its memory.
 */
#include "follow/names.h"

#include "tailor/message_id.h"

#include <glib.h>
#include <stdio.h>

struct follow_names {
	struct follow_name *ring;
	uint32_t *by_queue, *by_message; /* 1 + index of the chain's first */
	uint32_t size, at;
	uint64_t serial;
};

struct follow_names *
follow_names_new(uint32_t size)
{
	struct follow_names *names = g_new0(struct follow_names, 1);

	names->size = size;
	names->ring = g_new0(struct follow_name, size);
	names->by_queue = g_new0(uint32_t, size);
	names->by_message = g_new0(uint32_t, size);
	return names;
}

void
follow_names_free(struct follow_names **names)
{
	if (*names == NULL)
		return;
	g_free((*names)->ring);
	g_free((*names)->by_queue);
	g_free((*names)->by_message);
	g_free(*names);
	*names = NULL;
}

static uint32_t *
queue_chain(const struct follow_names *names, const char *queue_id)
{
	return &names->by_queue[g_str_hash(queue_id) % names->size];
}

static uint32_t *
message_chain(const struct follow_names *names, const char *message_id)
{
	return &names->by_message[g_str_hash(message_id) % names->size];
}

static uint32_t
index_of(const struct follow_names *names, const struct follow_name *name)
{
	return (uint32_t)(name - names->ring) + 1;
}

static void
leave_queue_chain(struct follow_names *names, struct follow_name *name)
{
	uint32_t *link = queue_chain(names, name->queue_id);

	while (*link != 0 && *link != index_of(names, name))
		link = &names->ring[*link - 1].next_queue;
	if (*link != 0)
		*link = name->next_queue;
}

static void
leave_message_chain(struct follow_names *names, struct follow_name *name)
{
	uint32_t *link;

	if (name->message_id[0] == '\0')
		return;
	link = message_chain(names, name->message_id);
	while (*link != 0 && *link != index_of(names, name))
		link = &names->ring[*link - 1].next_message;
	if (*link != 0)
		*link = name->next_message;
}

static void
forget(struct follow_names *names, struct follow_name *name)
{
	if (name->queue_id[0] == '\0')
		return;
	leave_queue_chain(names, name);
	leave_message_chain(names, name);
	*name = (struct follow_name){.queue_id = ""};
}

struct follow_name *
follow_names_get(const struct follow_names *names, struct str queue_id)
{
	char text[FOLLOW_QUEUE_ID_SIZE];
	uint32_t at;

	if (queue_id.n == 0 || queue_id.n >= sizeof text)
		return NULL;
	snprintf(text, sizeof text, "%.*s", STR_F(queue_id));
	for (at = *queue_chain(names, text); at != 0; at = names->ring[at - 1].next_queue) {
		if (strcmp(names->ring[at - 1].queue_id, text) == 0)
			return &names->ring[at - 1];
	}
	return NULL;
}

struct follow_name *
follow_names_newest(const struct follow_names *names, const char *message_id)
{
	uint32_t at;

	for (at = *message_chain(names, message_id); at != 0;
	     at = names->ring[at - 1].next_message) {
		if (strcmp(names->ring[at - 1].message_id, message_id) == 0)
			return &names->ring[at - 1];
	}
	return NULL;
}

struct follow_name *
follow_names_begin(struct follow_names *names, struct str queue_id, int64_t time_ms)
{
	struct follow_name *name = follow_names_get(names, queue_id);
	uint32_t *chain;

	if (name != NULL)
		forget(names, name);
	if (queue_id.n == 0 || queue_id.n >= FOLLOW_QUEUE_ID_SIZE)
		return NULL;
	name = &names->ring[names->at];
	names->at = (names->at + 1) % names->size;
	forget(names, name);
	name->began_ms = time_ms;
	name->serial = ++names->serial;
	snprintf(name->queue_id, sizeof name->queue_id, "%.*s", STR_F(queue_id));
	chain = queue_chain(names, name->queue_id);
	name->next_queue = *chain;
	*chain = index_of(names, name);
	return name;
}

/* <0123456789abcdef0123456789abcdef@shop.example> */
static bool
is_derived(struct str message_id)
{
	if (message_id.n < TAILOR_MESSAGE_ID_LOCAL + 3 || message_id.p[0] != '<' ||
	    message_id.p[TAILOR_MESSAGE_ID_LOCAL + 1] != '@')
		return false;
	for (size_t i = 1; i <= TAILOR_MESSAGE_ID_LOCAL; i++) {
		char c = message_id.p[i];

		if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
			return false;
	}
	return true;
}

struct follow_name *
follow_names_put(
    struct follow_names *names, struct str queue_id, struct str message_id, int64_t time_ms)
{
	struct follow_name *name = follow_names_get(names, queue_id);
	uint32_t *chain;

	if (name != NULL && str_is(message_id, name->message_id))
		return name;
	if (name == NULL || name->message_id[0] != '\0')
		name = follow_names_begin(names, queue_id, time_ms);
	if (name == NULL || message_id.n <= 2 || message_id.n >= FOLLOW_MESSAGE_ID_SIZE)
		return NULL;
	memcpy(name->message_id, message_id.p, message_id.n);
	name->message_id[message_id.n] = '\0';
	name->derived = is_derived(message_id);
	chain = message_chain(names, name->message_id);
	name->next_message = *chain;
	*chain = index_of(names, name);
	return name;
}
