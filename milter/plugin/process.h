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
	int line;	     /* of the board, this process's own */
	bool strict;	     /* strict.h: each hook is looked at closely */
};

extern struct plugin_process plugin_process;

/* First thing in main(): plugins may belong to root and to who started the program. */
void plugin_process_init(void);

#endif
