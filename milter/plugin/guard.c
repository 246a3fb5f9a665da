/* SPDX-License-Identifier: BSD-2-Clause
 *
 * guard: see guard.h
 *
 * A signal that kills, or exit(), while a thread is within a hook: its call's number goes to the
 * board, so that the master blames this one and not those on other threads. Then all goes on as
 * it would have: the process dies.
 *
 * Threads: any; each notes its own call.
 */
#include "plugin/guard.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static __thread volatile int running; /* number of the call + 1 */

void
plugin_guard_note(const struct plugin_call *call, int number)
{
	running = call == NULL ? 0 : number + 1;
}

static void
tell(void)
{
	int none = 0;

	if (running != 0)
		atomic_compare_exchange_strong(
		    &plugin_process.board->culprit[plugin_process.line], &none, running);
}

/* The default action follows: SA_RESETHAND. */
static void
on_fault(int number)
{
	tell();
	raise(number);
}

/* exit() within a hook: destructors would pull the ground from under other threads. */
static void
on_exit_in_hook(void)
{
	if (running == 0)
		return;
	tell();
	_exit(EXIT_FAILURE);
}

void
plugin_guard_install(struct board *board, int line)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};
	struct sigaction action = {
	    .sa_handler = on_fault, .sa_flags = (int)(SA_RESETHAND | SA_NODEFER)};

	plugin_process.live = true;
	if (board == NULL || line < 0)
		return;
	plugin_process.board = board;
	plugin_process.line = line;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
		sigaction(faults[i], &action, NULL);
	atexit(on_exit_in_hook);
}
