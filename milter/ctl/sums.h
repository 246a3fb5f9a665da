/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sums: numbers of a report, by section and name
 *
 * Threads: one.
 */
#ifndef CTL_SUMS_H
#define CTL_SUMS_H

#include "base/str.h"

#include <stdint.h>

/* clang-format off */
#define SUMS_MEASURES(X) \
X(recipients) X(sent) X(suppressed) X(waiting) X(failed) \
X(delivered) X(deferred) X(bounced) X(hard) X(deleted) X(unknown) X(attempts) \
X(opened) X(opens) X(machine_opened) X(machine_opens) \
X(clicked) X(clicks) X(machine_clicked) X(machine_clicks) \
X(unsubscribed) X(complained)
/* clang-format on */

enum sums_measure {
#define SUMS_ENUM(name) SUMS_##name,
	SUMS_MEASURES(SUMS_ENUM)
#undef SUMS_ENUM
	    SUMS_COUNT
};

#define SUMS_BIT(name) ((uint32_t)1 << SUMS_##name)

enum sums_section {
	SUMS_TOTAL,
	SUMS_REASONS,
	SUMS_PROVIDERS,
	SUMS_SENDERS,
	SUMS_HOURS,
	SUMS_LINKS,
	SUMS_SECTIONS
};

enum sums_form { SUMS_TEXT, SUMS_JSON, SUMS_CSV };

struct sums;

struct sums *sums_new(void);
void sums_free(struct sums **sums);
void sums_add(
    struct sums *sums, enum sums_section section, struct str name, enum sums_measure measure);
void sums_add_n(struct sums *sums, enum sums_section section, struct str name,
    enum sums_measure measure, int64_t n);
/* A longer text for the name: a link's address. */
void sums_describe(struct sums *sums, enum sums_section section, struct str name, struct str text);
/* By `title` and `subject` what it is about. `measures`: bits of what is shown of each section; 0:
 * it is left out. Hours come in order of time, others the largest first. */
void sums_put(const struct sums *sums, const char *title, struct str subject,
    const uint32_t measures[SUMS_SECTIONS], enum sums_form form);

#endif
