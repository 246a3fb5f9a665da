/* SPDX-License-Identifier: BSD-2-Clause
 *
 * state: see state.h
 *
 * Owns:    the mapping, which lives as long as any process has it.
 * Threads: any.
 */
#include "dkim/state.h"

#include <stdlib.h>
#include <sys/mman.h>

static size_t
size_of(size_t count)
{
	return (count + 1) * sizeof(struct dkim_state);
}

struct dkim_state *
dkim_state_map(size_t count)
{
	void *memory =
	    mmap(NULL, size_of(count), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		abort();
	return memory;
}

void
dkim_state_unmap(struct dkim_state *states, size_t count)
{
	if (states != NULL)
		munmap(states, size_of(count));
}
