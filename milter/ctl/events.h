/* SPDX-License-Identifier: BSD-2-Clause
 *
 * events: the action of `mailtailor events` that has a file of its own
 */
#ifndef CTL_EVENTS_H
#define CTL_EVENTS_H

#include "ctl/ctl.h"

int ctl_events_import(struct ctl *ctl, int argc, char **argv);

#endif
