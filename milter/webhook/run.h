/* SPDX-License-Identifier: BSD-2-Clause
 *
 * run: the process that sends events to webhooks
 */
#ifndef WEBHOOK_RUN_H
#define WEBHOOK_RUN_H

#include "master/worker.h"
#include "webhook/secret.h"

/* In the new process, while it may read what only root may: reads the secrets. */
int webhook_prepare(struct worker *worker, struct err *err);

#endif
