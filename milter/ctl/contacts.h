/* SPDX-License-Identifier: BSD-2-Clause
 *
 * contacts: the actions of `mailtailor contacts` that have files of their own
 */
#ifndef CTL_CONTACTS_H
#define CTL_CONTACTS_H

#include "ctl/ctl.h"
#include "store/consent.h"

int ctl_contacts_import(struct ctl *ctl, int argc, char **argv);
int ctl_contacts_export(struct ctl *ctl, int argc, char **argv);
int ctl_contacts_consent(struct ctl *ctl, int argc, char **argv);

/* A consent as members named like the columns of import, none where nothing is known; and as
 * lines for a person. */
void ctl_consent_columns(const struct store_consent *consent, json_t *line);
void ctl_consent_put(const struct store_consent *consent);

#endif
