/* SPDX-License-Identifier: BSD-2-Clause
 *
 * provider: who receives mail for an address
 *
 * Threads: one.
 */
#ifndef CTL_PROVIDER_H
#define CTL_PROVIDER_H

#include "base/str.h"

#define CTL_PROVIDER_SIZE 256

/* The organization (by the public suffix list) whose host took the mail, as the relay's log names
 * it; where that is no host with a name, that of the address's domain. */
void ctl_provider_of(struct str relay, struct str address, char provider[CTL_PROVIDER_SIZE]);

#endif
