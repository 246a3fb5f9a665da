/* SPDX-License-Identifier: BSD-2-Clause
 *
 * limits: the ceilings that the configuration sets for templates
 */
#ifndef TAILOR_LIMITS_H
#define TAILOR_LIMITS_H

#include "conf/conf.h"
#include "liquid/liquid.h"

struct liquid_limits tailor_limits(const struct conf *conf, enum liquid_mode mode);

#endif
