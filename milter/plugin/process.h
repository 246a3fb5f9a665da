/* SPDX-License-Identifier: BSD-2-Clause
 *
 * process: what this process is to plugins
 *
 * Threads: set before other threads start, then constant.
 */
#ifndef PLUGIN_PROCESS_H
#define PLUGIN_PROCESS_H

#include "plugin/board.h"

struct plugin_process {
	uid_t owner;	     /* besides root, who may own plugins */
	bool live;	     /* what plugins decide counts; else nothing is stored */
	struct board *board; /* NULL: nobody watches */
	pid_t pid;	     /* of this process; a child that it forks is not meant */
	int line;	     /* of the board, this process's own */
	bool strict;	     /* strict.h: each hook is looked at closely */
	uint64_t secret;     /* what marks are made of */
};

extern struct plugin_process plugin_process;

/* This thread is about to make the copy of this outbox row; 0: of none. */
void plugin_process_work(int64_t row);
int64_t plugin_process_working(void);

/* First thing in main(): plugins may belong to root and to who started the program. */
void plugin_process_init(void);

#endif
