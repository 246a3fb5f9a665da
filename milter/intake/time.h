/* SPDX-License-Identifier: BSD-2-Clause
 *
 * time: points in time as other programs write them
 */
#ifndef INTAKE_TIME_H
#define INTAKE_TIME_H

#include "base/err.h"
#include "base/str.h"

#include <jansson.h>
#include <stdint.h>

/* ISO 8601 ("2026-01-31", "2026-01-31T08:15:00.5+01:00", "2026-01-31 08:15", also "+0100"), or
 * seconds or milliseconds since 1970; which of the two, the size tells. ERR_INPUT. */
int intake_time(struct str text, int64_t *ms_r, struct err *err);
/* The same of JSON text or a JSON number. */
int intake_time_json(const json_t *value, int64_t *ms_r, struct err *err);

#endif
