/* SPDX-License-Identifier: BSD-2-Clause
 *
 * copy: a database as it is at this moment, in another file
 */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "base/err.h"

/* Others may go on writing into `from`. `to` must not be there. ERR_NOTFOUND, ERR_STORE. */
int store_copy(const char *from, const char *to, struct err *err);

#endif
