/* SPDX-License-Identifier: BSD-2-Clause
 *
 * report: the actions of `mailtailor report` that have files of their own
 */
#ifndef CTL_REPORT_H
#define CTL_REPORT_H

#include "ctl/ctl.h"

int ctl_report_delivery(struct ctl *ctl, int argc, char **argv);
int ctl_report_campaign(struct ctl *ctl, int argc, char **argv);

#endif
