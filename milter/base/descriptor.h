/* SPDX-License-Identifier: BSD-2-Clause
 *
 * descriptor: file descriptors that foreign code in this process must not close
 *
 * A number that is closed behind its owner's back is given to the next file or connection, and
 * one recipient's copy goes where another's belongs. So both programs have a close() of their
 * own, which all shared objects call, and which asks before it closes a guarded one. (Not with
 * sanitizers, which have one, too.)
 *
 * Threads: any.
 */
#ifndef BASE_DESCRIPTOR_H
#define BASE_DESCRIPTOR_H

#include <stdbool.h>

/* It is ours until it is closed. */
void descriptor_guard(int fd);
/* All that are open now. */
void descriptor_guard_all(void);
/* Closes without asking. For who opened it. */
int descriptor_close(int fd);
/* Who is asked; NULL: nobody. Once, before other threads. If it says no, close() fails with
 * EBADF. */
void descriptor_ask(bool (*may_close)(int fd));

#endif
