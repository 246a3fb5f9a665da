/* SPDX-License-Identifier: BSD-2-Clause
 *
 * message: a message from a file or from standard input
 */
#ifndef CTL_MESSAGE_H
#define CTL_MESSAGE_H

#include "base/buf.h"
#include "base/err.h"

/* `path` may be "-". With CRLF line ends, as it would come through SMTP; `raw` is initialised
 * with max_message for its ceiling. ERR_IO, ERR_LIMIT. */
int ctl_read_message(const char *path, struct buf *raw, struct err *err);

#endif
