/* SPDX-License-Identifier: BSD-2-Clause
 *
 * memory: see memory.h
 *
 * Owns:    every block between take and give.
 * Threads: any; one list, one thread.
 */
#include "dkim/memory.h"

#include <stdint.h>
#include <stdlib.h>

/* Keeps what follows it aligned for anything. */
struct head {
	struct dkim_block block;
	max_align_t data[];
};

static void
ring_init(struct dkim_block *block)
{
	block->next = block->prev = block;
}

static void
ring_remove(struct dkim_block *block)
{
	block->next->prev = block->prev;
	block->prev->next = block->next;
}

void
dkim_memory_init(struct dkim_memory *memory)
{
	ring_init(&memory->blocks);
}

size_t
dkim_memory_fini(struct dkim_memory *memory)
{
	struct dkim_block *block, *next;
	size_t left = 0;

	for (block = memory->blocks.next; block != &memory->blocks; block = next) {
		next = block->next;
		free(block);
		left++;
	}
	ring_init(&memory->blocks);
	return left;
}

void *
dkim_memory_take(void *memory, size_t n)
{
	struct dkim_memory *list = memory;
	struct head *head = n > SIZE_MAX - sizeof *head ? NULL : malloc(sizeof *head + n);

	if (head == NULL)
		abort();
	ring_init(&head->block);
	if (list != NULL) {
		head->block.next = list->blocks.next;
		head->block.prev = &list->blocks;
		list->blocks.next->prev = &head->block;
		list->blocks.next = &head->block;
	}
	return head->data;
}

void
dkim_memory_give(void *memory, void *data)
{
	struct head *head;

	(void)memory;
	if (data == NULL)
		return;
	head = (struct head *)(void *)((char *)data - offsetof(struct head, data));
	ring_remove(&head->block);
	free(head);
}
