/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tally: see tally.h
 */
#include "base/tally.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define NAME_MAX_BYTES 64

/* Upper ends in microseconds; what is longer counts for +Inf alone. */
static const int64_t ends[] = {100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000,
    500000, 1000000, 2500000, 10000000, 60000000};
#define ENDS (sizeof ends / sizeof ends[0])

struct times {
	atomic_llong bucket[ENDS + 1];
	atomic_llong sum_us;
};

enum { FREE, TAKING, TAKEN };

struct campaign {
	atomic_int state;
	char name[NAME_MAX_BYTES];
	atomic_llong verdict[TALLY_VERDICT_COUNT];
};

struct tally {
	atomic_llong counter[TALLY_COUNTER_COUNT];
	struct times times[TALLY_TIME_COUNT];
	struct campaign campaign[TALLY_CAMPAIGNS];
	struct campaign others;
	atomic_llong event[TALLY_EVENTS][2];
};

static struct tally own;
static struct tally *tally = &own;

struct counter_row {
	const char *metric, *label, *value, *help;
};
struct time_row {
	const char *metric, *help;
};

#define COUNTER_ROW(name, ...) {__VA_ARGS__},
#define TIME_ROW(name, ...)    {__VA_ARGS__},
#define WORD(name, word)       word,
static const struct counter_row counter_rows[] = {TALLY_COUNTERS(COUNTER_ROW)};
static const struct time_row time_rows[] = {TALLY_TIMES(TIME_ROW)};
static const char *const verdict_words[] = {TALLY_VERDICTS(WORD)};

void
tally_share(void)
{
	void *memory =
	    mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	/* Without it each process counts for itself: no reason not to start. */
	if (memory != MAP_FAILED)
		tally = memory;
}

static void
add(atomic_llong *number, int64_t more)
{
	atomic_fetch_add_explicit(number, more, memory_order_relaxed);
}

static long long
read_number(atomic_llong *number)
{
	return atomic_load_explicit(number, memory_order_relaxed);
}

void
tally_count(enum tally_counter counter)
{
	add(&tally->counter[counter], 1);
}

void
tally_took(enum tally_time time, int64_t us)
{
	struct times *times = &tally->times[time];
	size_t at = 0;

	while (at < ENDS && us > ends[at])
		at++;
	add(&times->bucket[at], 1);
	add(&times->sum_us, us < 0 ? 0 : us);
}

/* Names are only added. Who finds a place that is being taken looks on: at worst a name stands
 * twice, and both are written. */
static struct campaign *
campaign_of(struct str name)
{
	if (name.n >= NAME_MAX_BYTES)
		return &tally->others;
	for (size_t i = 0; i < TALLY_CAMPAIGNS; i++) {
		struct campaign *campaign = &tally->campaign[i];
		int state = atomic_load_explicit(&campaign->state, memory_order_acquire);

		if (state == FREE &&
		    atomic_compare_exchange_strong(&campaign->state, &state, TAKING)) {
			memcpy(campaign->name, name.n == 0 ? "" : name.p, name.n);
			atomic_store_explicit(&campaign->state, TAKEN, memory_order_release);
			return campaign;
		}
		if (state == TAKEN && str_is(name, campaign->name))
			return campaign;
	}
	return &tally->others;
}

void
tally_copy(struct str campaign, enum tally_verdict verdict)
{
	add(&campaign_of(campaign)->verdict[verdict], 1);
}

void
tally_event(int kind, bool machine)
{
	if (kind >= 0 && kind < TALLY_EVENTS)
		add(&tally->event[kind][machine], 1);
}

/* --- Prometheus's text format --- */

void
tally_head(struct buf *out, const char *metric, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", metric, help, metric, type);
}

void
tally_label(struct buf *out, bool first, const char *label, struct str text)
{
	buf_printf(out, "%s%s=\"", first ? "{" : ",", label);
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			buf_add_char(out, '\\');
		if (text.p[i] == '\n')
			buf_add_c(out, "\\n");
		else
			buf_add_char(out, text.p[i]);
	}
	buf_add_char(out, '"');
}

static void
write_counters(struct buf *out)
{
	const char *last = "";

	for (size_t i = 0; i < TALLY_COUNTER_COUNT; i++) {
		const struct counter_row *row = &counter_rows[i];

		if (strcmp(row->metric, last) != 0)
			tally_head(out, row->metric, "counter", row->help);
		last = row->metric;
		buf_add_c(out, row->metric);
		if (row->label[0] != '\0') {
			tally_label(out, true, row->label, str_c(row->value));
			buf_add_char(out, '}');
		}
		buf_printf(out, " %lld\n", read_number(&tally->counter[i]));
	}
}

/* Cumulated, as the format has it. */
static void
write_times(struct buf *out)
{
	for (size_t i = 0; i < TALLY_TIME_COUNT; i++) {
		struct times *times = &tally->times[i];
		const char *metric = time_rows[i].metric;
		long long count = 0;

		tally_head(out, metric, "histogram", time_rows[i].help);
		for (size_t k = 0; k < ENDS; k++) {
			count += read_number(&times->bucket[k]);
			buf_printf(out, "%s_bucket{le=\"%g\"} %lld\n", metric,
			    (double)ends[k] / 1e6, count);
		}
		count += read_number(&times->bucket[ENDS]);
		buf_printf(out, "%s_bucket{le=\"+Inf\"} %lld\n%s_sum %.6f\n%s_count %lld\n", metric,
		    count, metric, (double)read_number(&times->sum_us) / 1e6, metric, count);
	}
}

static void
write_campaign(struct buf *out, struct campaign *campaign, const char *metric)
{
	for (size_t i = 0; i < TALLY_VERDICT_COUNT; i++) {
		buf_add_c(out, metric);
		tally_label(out, true, "campaign", str_c(campaign->name));
		tally_label(out, false, "verdict", str_c(verdict_words[i]));
		buf_printf(out, "} %lld\n", read_number(&campaign->verdict[i]));
	}
}

static void
write_copies(struct buf *out)
{
	static const char metric[] = "mailtailor_copies_total";

	tally_head(out, metric, "counter",
	    "Attempts for one recipient, by what the journal says of them.");
	for (size_t i = 0; i < TALLY_CAMPAIGNS; i++) {
		if (atomic_load_explicit(&tally->campaign[i].state, memory_order_acquire) == TAKEN)
			write_campaign(out, &tally->campaign[i], metric);
	}
	for (size_t i = 0; i < TALLY_VERDICT_COUNT; i++) {
		if (read_number(&tally->others.verdict[i]) > 0) {
			write_campaign(out, &tally->others, metric);
			break;
		}
	}
}

static void
write_events(struct buf *out, const char *(*event_name)(int kind))
{
	static const char metric[] = "mailtailor_events_total";

	tally_head(
	    out, metric, "counter", "Events that the daemon wrote, by kind and by who did it.");
	for (int kind = 0; kind < TALLY_EVENTS; kind++) {
		const char *name = event_name(kind);

		for (int machine = 0; name != NULL && machine < 2; machine++)
			buf_printf(out, "%s{kind=\"%s\",by=\"%s\"} %lld\n", metric, name,
			    machine ? "machine" : "person",
			    read_number(&tally->event[kind][machine]));
	}
}

void
tally_write(struct buf *out, const char *(*event_name)(int kind))
{
	write_copies(out);
	write_counters(out);
	write_times(out);
	write_events(out, event_name);
}
