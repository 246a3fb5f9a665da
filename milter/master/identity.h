/* SPDX-License-Identifier: BSD-2-Clause
 *
 * identity: the user that the daemon's processes run as
 *
 * The master stays what it was started as, to read keys and open sockets again at a
 * reload; everything that touches mail or database runs as this user.
 */
#ifndef MASTER_IDENTITY_H
#define MASTER_IDENTITY_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

#define IDENTITY_NAME_MAX 64

struct identity {
	bool change; /* false: not started by root, nothing is changed */
	char name[IDENTITY_NAME_MAX];
	uid_t uid;
	gid_t gid;
};

/* ERR_CONFIG if there is no such user. */
int identity_find(const char *user, struct identity *identity_r, struct err *err);
/* For good: the process can't become root again. */
int identity_assume(const struct identity *identity, struct err *err);
/* Runs `task` in a process of its own as that user and waits for it. What the task puts
 * into its err comes back. A task that dies is ERR_IO. */
int identity_run(const struct identity *identity, int (*task)(void *closure, struct err *err),
    void *closure, struct err *err);

#endif
