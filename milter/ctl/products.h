/* SPDX-License-Identifier: BSD-2-Clause
 *
 * products: the action of `mailtailor products` that has a file of its own
 */
#ifndef CTL_PRODUCTS_H
#define CTL_PRODUCTS_H

#include "ctl/ctl.h"

int ctl_products_import(struct ctl *ctl, int argc, char **argv);

#endif
