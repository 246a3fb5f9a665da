/* SPDX-License-Identifier: BSD-2-Clause
 *
 * process: see process.h
 */
#include "plugin/process.h"

#include <unistd.h>

struct plugin_process plugin_process;

void
plugin_process_init(void)
{
	plugin_process = (struct plugin_process){.owner = geteuid()};
}
