/* SPDX-License-Identifier: BSD-2-Clause
 *
 * show: a product as templates see it
 */
#ifndef RECOMMEND_SHOW_H
#define RECOMMEND_SHOW_H

#include <mailtailor/plugin.h>

/* NULL beyond the ceiling. */
const struct mt_value *show_product(
    struct mt_call *call, const struct mt_product *product, struct mt_str reason);

#endif
