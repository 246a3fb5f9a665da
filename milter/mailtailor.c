/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mailtailor: the administrator's tool
 *
 * All of it is in ctl/, so that tests can link it.
 */
#include "ctl/ctl.h"
#include "plugin/process.h"

int
main(int argc, char **argv)
{
	plugin_process_init();
	return ctl_main(argc, argv);
}
