/* SPDX-License-Identifier: BSD-2-Clause
 *
 * guard: see guard.h
 *
 * A signal that kills, or exit(), while a thread is within a hook: which hook goes to the board,
 * so that the master blames this one and not those on other threads. Then all goes on as it would
 * have: the process dies. Who corrupts memory may let others stumble over it; so a thread that
 * dies later, while it makes the same copy, names the last hook that it called.
 *
 * Signals are taken on a stack of their own, since a plugin may have used up the thread's.
 *
 * Threads: any; each notes its own call.
 */
#include "plugin/guard.h"

#include "base/descriptor.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STACK_SIZE 16384

struct words {
	const struct plugin *plugin;
	int kind;
	const char *hook;
	int64_t row, since_us;
};

static __thread struct plugin_call *volatile running;
static __thread struct words last;
static __thread bool has_stack;
static __thread _Alignas(16) char stack[STACK_SIZE];

/* Once a thread; a sanitizer has given it one already. */
static void
give_stack(void)
{
	stack_t own = {.ss_sp = stack, .ss_size = sizeof stack}, old;

	has_stack = true;
	if (sigaltstack(NULL, &old) == 0 && (old.ss_flags & SS_DISABLE) != 0)
		(void)sigaltstack(&own, NULL);
}

void
plugin_guard_note(struct plugin_call *call)
{
	if (!has_stack && plugin_process.board != NULL)
		give_stack();
	if (call == NULL && running != NULL)
		last = (struct words){running->plugin, running->kind, running->hook,
		    plugin_process_working(), running->since_us};
	running = call;
}

void
plugin_guard_forget(void)
{
	last.plugin = NULL;
}

struct plugin_call *
plugin_guard_call(void)
{
	return running;
}

/* --- last words --- */

static void
say(const struct words *words, enum board_why why)
{
	struct board *board = plugin_process.board;
	struct board_note *note;
	int none = 0;

	/* The first one is it. */
	if (board == NULL ||
	    !atomic_compare_exchange_strong(&board->spoken[plugin_process.line], &none, 1))
		return;
	note = &board->words[plugin_process.line];
	snprintf(note->hook, sizeof note->hook, "%s", words->hook);
	atomic_store(&note->kind, words->kind);
	atomic_store(&note->why, (int)why);
	atomic_store(&note->row, words->row);
	atomic_store(&note->since_us, words->since_us);
	atomic_store(&note->plugin, words->plugin->board_at + 1);
}

static void
tell(enum board_why why)
{
	const struct plugin_call *call = running;

	if (getpid() != plugin_process.pid)
		return;
	if (call != NULL)
		say(&(struct words){call->plugin, call->kind, call->hook, plugin_process_working(),
			call->since_us},
		    why);
	else if (last.plugin != NULL)
		say(&last, BOARD_AFTER);
}

/* The default action follows: SA_RESETHAND. */
static void
on_fault(int number)
{
	tell(BOARD_CRASH);
	raise(number);
}

/* exit() within a hook: destructors would pull the ground from under other threads. */
static void
on_exit_in_hook(void)
{
	if (running == NULL)
		return;
	tell(BOARD_CRASH);
	_exit(EXIT_FAILURE);
}

/* Not in a child that it forked: there it may close what it likes. */
static bool
may_close(int fd)
{
	struct plugin_call *call = running;

	if (call == NULL || getpid() != plugin_process.pid)
		return true;
	plugin_call_misuse(call, "it closed a descriptor that is not its own (%d)", fd);
	call->spoilt = true;
	return false;
}

_Noreturn void
plugin_guard_end(enum board_why why)
{
	tell(why);
	abort();
}

void
plugin_guard_install(struct board *board, int line)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};
	struct sigaction action = {
	    .sa_handler = on_fault, .sa_flags = (int)(SA_RESETHAND | SA_NODEFER | SA_ONSTACK)};

	plugin_process.live = true;
	if (board == NULL || line < 0)
		return;
	plugin_process.board = board;
	plugin_process.pid = getpid();
	plugin_process.line = line;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
		sigaction(faults[i], &action, NULL);
	atexit(on_exit_in_hook);
	descriptor_guard_all();
	descriptor_ask(may_close);
}
