/* SPDX-License-Identifier: BSD-2-Clause
 *
 * process: see process.h
 */
#include "plugin/process.h"

#include "base/id.h"

#include <unistd.h>

struct plugin_process plugin_process;
static __thread int64_t work;

void
plugin_process_init(void)
{
	plugin_process = (struct plugin_process){.owner = geteuid()};
	id_random(&plugin_process.secret, sizeof plugin_process.secret);
}

void
plugin_process_work(int64_t row)
{
	work = row;
}

int64_t
plugin_process_working(void)
{
	return work;
}
