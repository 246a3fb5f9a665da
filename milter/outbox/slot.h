/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_slot: one process for each slot, whoever started it
 *
 * Rows that a slot has claimed are in doubt only if the process that claimed them is gone. After
 * the master was killed its outbox processes may still be finishing while those of the next
 * master start, so each holds a lock on a file beside the database as long as it lives.
 */
#ifndef OUTBOX_SLOT_H
#define OUTBOX_SLOT_H

#include "base/err.h"

/* 1: locked, fd_r holds it until it is closed; 0: another process has it; -1: ERR_IO. */
int outbox_slot_lock(const char *database, int slot, int *fd_r, struct err *err);

#endif
