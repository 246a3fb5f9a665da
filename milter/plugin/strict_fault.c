/* SPDX-License-Identifier: BSD-2-Clause
 *
 * strict_fault: what the address of a fault says
 *
 * The handler only notes; then all goes on as it would have without it (guard.c's handler, or a
 * sanitizer's).
 *
 * Threads: any.
 */
#include "plugin/strict_fault.h"

#include "plugin/strict_memory.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct strict_report *report;
static struct sigaction before[2];
static const int faults[2] = {SIGSEGV, SIGBUS};

static void
on_fault(int number, siginfo_t *info, void *context)
{
	struct strict_fault *fault = &report->fault;
	struct strict_place place;
	int none = 0;

	(void)context;
	if (atomic_compare_exchange_strong(&fault->number, &none, number)) {
		fault->address = info->si_addr;
		if (strict_memory_find(info->si_addr, &place)) {
			memcpy(fault->label, place.label, sizeof fault->label);
			fault->ours = true;
			fault->over = place.over;
			fault->behind = place.behind;
			fault->size = place.size;
		}
	}
	/* Returning runs the faulting instruction again, under whoever was there before. */
	for (size_t i = 0; i < 2; i++)
		sigaction(faults[i], &before[i], NULL);
}

void
plugin_strict_watch_faults(struct strict_report *into)
{
	static char room[65536];
	const stack_t stack = {.ss_sp = room, .ss_size = sizeof room};
	struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};

	report = into;
	sigaltstack(&stack, NULL);
	action.sa_sigaction = on_fault;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < 2; i++)
		sigaction(faults[i], &action, &before[i]);
}

static void
explain_address(const struct strict_fault *fault, char *text, size_t size)
{
	if ((uintptr_t)fault->address < 4096)
		snprintf(text, size, ": it followed a null pointer");
	else if (!fault->ours)
		snprintf(text, size, ": at address %p", fault->address);
	else if (fault->over)
		snprintf(text, size, ": it used memory that %s was given, and that ended with it",
		    fault->label);
	else
		snprintf(text, size, ": it went beyond the end of a piece of %zu bytes of %s",
		    fault->size, fault->label);
}

void
plugin_strict_explain(const struct strict_report *from, int signal_number, char *text, size_t size)
{
	int n = snprintf(
	    text, size, "it crashed with signal %d (%s)", signal_number, strsignal(signal_number));

	if (n > 0 && (size_t)n < size && atomic_load(&from->fault.number) == signal_number)
		explain_address(&from->fault, text + n, size - (size_t)n);
}
