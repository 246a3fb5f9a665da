/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tally: numbers of a report, by section and name
 *
 * Threads: one.
 */
#ifndef CTL_TALLY_H
#define CTL_TALLY_H

#include "base/str.h"

#include <stdint.h>

/* clang-format off */
#define TALLY_MEASURES(X) \
X(recipients) X(sent) X(suppressed) X(waiting) X(failed) \
X(delivered) X(deferred) X(bounced) X(hard) X(deleted) X(unknown) X(attempts) \
X(opened) X(opens) X(machine_opened) X(machine_opens) \
X(clicked) X(clicks) X(machine_clicked) X(machine_clicks) \
X(unsubscribed) X(complained)
/* clang-format on */

enum tally_measure {
#define TALLY_ENUM(name) TALLY_##name,
	TALLY_MEASURES(TALLY_ENUM)
#undef TALLY_ENUM
	    TALLY_COUNT
};

#define TALLY_BIT(name) ((uint32_t)1 << TALLY_##name)

enum tally_section {
	TALLY_TOTAL,
	TALLY_REASONS,
	TALLY_PROVIDERS,
	TALLY_HOURS,
	TALLY_LINKS,
	TALLY_SECTIONS
};

enum tally_form { TALLY_TEXT, TALLY_JSON, TALLY_CSV };

struct tally;

struct tally *tally_new(void);
void tally_free(struct tally **tally);
void tally_add(
    struct tally *tally, enum tally_section section, struct str name, enum tally_measure measure);
void tally_add_n(struct tally *tally, enum tally_section section, struct str name,
    enum tally_measure measure, int64_t n);
/* A longer text for the name: a link's address. */
void tally_describe(
    struct tally *tally, enum tally_section section, struct str name, struct str text);
/* By `title` and `subject` what it is about. `measures`: bits of what is shown of each section; 0:
 * it is left out. Hours come in order of time, others the largest first. */
void tally_put(const struct tally *tally, const char *title, struct str subject,
    const uint32_t measures[TALLY_SECTIONS], enum tally_form form);

#endif
