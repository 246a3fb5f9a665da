/* SPDX-License-Identifier: BSD-2-Clause
 *
 * strict_fault: see strict_fault.c
 */
#ifndef PLUGIN_STRICT_FAULT_H
#define PLUGIN_STRICT_FAULT_H

#include "plugin/strict.h"

/* From now on a fault's address is explained in the report. Once. */
void plugin_strict_watch_faults(struct strict_report *into);

#endif
