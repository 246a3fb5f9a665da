/* SPDX-License-Identifier: BSD-2-Clause
 *
 * contacts: the actions of `mailtailor contacts` that have files of their own
 */
#ifndef CTL_CONTACTS_H
#define CTL_CONTACTS_H

#include "ctl/ctl.h"

int ctl_contacts_import(struct ctl *ctl, int argc, char **argv);
int ctl_contacts_export(struct ctl *ctl, int argc, char **argv);

#endif
