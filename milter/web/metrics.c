/* SPDX-License-Identifier: BSD-2-Clause
 *
 * metrics: /metrics in Prometheus's text format
 *
 * What was counted comes from shared memory (base/tally.h) and the board of plugins; how much
 * waits comes from the database, so the page is made aside.
 *
 * Threads: aside's.
 */
#include "web/internal.h"

#include "base/clock.h"
#include "base/tally.h"
#include "plugin/board.h"
#include "store/outbox.h"
#include "store/webhook.h"
#include "web/spool.h"
#include "webhook/payload.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define METRICS_MAX ((size_t)8 << 20)
#define HOOK_MEMORY ((size_t)64 << 10)
/* Events that are looked at to tell how many a webhook has not taken. */
#define BEHIND_MAX 100000

struct page {
	struct buf out;
	const struct web *web;
	int64_t now_ms;
	const char *metric;
	size_t offset; /* of what put_number shows */
};

static const char *
event_name(int kind)
{
	return store_event_kind_name((enum store_event_kind)kind);
}

/* --- plugins --- */

static void
plugin_label(struct page *page, const char *metric, const struct board_look *look)
{
	buf_add_c(&page->out, metric);
	tally_label(&page->out, true, "plugin", str_c(look->name));
}

/* The member of that offset. */
static bool
put_number(const struct board_look *look, void *closure)
{
	struct page *page = closure;
	int64_t number;

	memcpy(&number, (const char *)look + page->offset, sizeof number);
	plugin_label(page, page->metric, look);
	buf_printf(&page->out, "} %lld\n", (long long)number);
	return true;
}

static bool
put_out(const struct board_look *look, void *closure)
{
	struct page *page = closure;

	plugin_label(page, page->metric, look);
	buf_printf(&page->out, "} %d\n", look->out);
	return true;
}

static bool
put_times(const struct board_look *look, void *closure)
{
	struct page *page = closure;
	int64_t count = 0;

	for (size_t i = 0; i < BOARD_BUCKETS; i++) {
		count += look->bucket[i].calls;
		/* The last one has no end that a call could not exceed. */
		if (i + 1 == BOARD_BUCKETS)
			break;
		plugin_label(page, "mailtailor_plugin_call_seconds_bucket", look);
		buf_printf(&page->out, ",le=\"%g\"} %lld\n", (double)look->bucket[i].end_us / 1e6,
		    (long long)count);
	}
	plugin_label(page, "mailtailor_plugin_call_seconds_bucket", look);
	buf_printf(&page->out, ",le=\"+Inf\"} %lld\n", (long long)count);
	plugin_label(page, "mailtailor_plugin_call_seconds_count", look);
	buf_printf(&page->out, "} %lld\n", (long long)count);
	return true;
}

static bool
put_counters(const struct board_look *look, void *closure)
{
	struct page *page = closure;

	for (size_t i = 0; i < look->counter_count; i++) {
		plugin_label(page, page->metric, look);
		tally_label(&page->out, false, "counter", str_c(look->counter[i].name));
		buf_printf(&page->out, "} %lld\n", (long long)look->counter[i].value);
	}
	return true;
}

static void
put_plugins(struct page *page)
{
	static const struct {
		const char *metric, *type, *help;
		bool (*each)(const struct board_look *look, void *closure);
		size_t offset;
	} rows[] = {
#define NUMBER(member) put_number, offsetof(struct board_look, member)
	    {"mailtailor_plugin_calls_total", "counter", "Calls of the plugin's hooks.",
		NUMBER(calls)},
	    {"mailtailor_plugin_failures_total", "counter", "Those that failed.", NUMBER(failures)},
	    {"mailtailor_plugin_late_total", "counter", "Those that missed their deadline.",
		NUMBER(late)},
	    {"mailtailor_plugin_strikes_total", "counter",
		"Processes that ended by the plugin's fault.", NUMBER(strikes)},
#undef NUMBER
	    {"mailtailor_plugin_out_of_service", "gauge",
		"1 if the plugin was taken out of service.", put_out, 0},
	    {"mailtailor_plugin_call_seconds", "histogram", "Time that the plugin's hooks took.",
		put_times, 0},
	    {"mailtailor_plugin_counter", "counter", "What the plugin counts itself.", put_counters,
		0},
	};

	for (size_t i = 0; page->web->board != NULL && i < sizeof rows / sizeof rows[0]; i++) {
		page->metric = rows[i].metric;
		page->offset = rows[i].offset;
		tally_head(&page->out, rows[i].metric, rows[i].type, rows[i].help);
		board_each(page->web->board, rows[i].each, page);
	}
}

/* --- what waits --- */

static bool
put_rows(const struct store_outbox_summary *summary, void *closure)
{
	struct page *page = closure;

	for (int state = 0; state <= STORE_OUTBOX_CANCELLED; state++) {
		buf_add_c(&page->out, page->metric);
		tally_label(&page->out, true, "campaign", summary->campaign);
		tally_label(&page->out, false, "state",
		    str_c(store_outbox_state_name((enum store_outbox_state)state)));
		buf_printf(&page->out, "} %lld\n", (long long)summary->count[state]);
	}
	return true;
}

static bool
put_age(const struct store_outbox_summary *summary, void *closure)
{
	struct page *page = closure;
	int64_t age_ms = summary->next_due_ms == 0 || summary->next_due_ms > page->now_ms
	    ? 0
	    : page->now_ms - summary->next_due_ms;

	buf_add_c(&page->out, page->metric);
	tally_label(&page->out, true, "campaign", summary->campaign);
	buf_printf(&page->out, "} %.3f\n", (double)age_ms / 1e3);
	return true;
}

static bool
put_paused(const struct store_outbox_summary *summary, void *closure)
{
	struct page *page = closure;

	buf_add_c(&page->out, page->metric);
	tally_label(&page->out, true, "campaign", summary->campaign);
	buf_printf(&page->out, "} %d\n", summary->paused);
	return true;
}

static int
put_outbox(struct page *page, struct err *err)
{
	static const struct {
		const char *metric, *help;
		bool (*each)(const struct store_outbox_summary *summary, void *closure);
	} rows[] = {
	    {"mailtailor_outbox_rows",
		"Recipients in the outbox, by state; finished ones until outbox_keep is over.",
		put_rows},
	    {"mailtailor_outbox_overdue_seconds",
		"How long the first of the waiting recipients is due already.", put_age},
	    {"mailtailor_outbox_paused", "1 if the campaign is paused.", put_paused},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		page->metric = rows[i].metric;
		tally_head(&page->out, rows[i].metric, "gauge", rows[i].help);
		if (store_outbox_summaries(page->web->store, rows[i].each, page, err) != 0)
			return -1;
	}
	return 0;
}

/* --- webhooks --- */

struct hooked {
	int64_t behind, failing_ms;
};

static int
look_at_webhook(
    struct page *page, const struct conf_webhook *section, struct hooked *hooked_r, struct err *err)
{
	struct arena *arena = arena_new(HOOK_MEMORY);
	struct store_webhook row;
	int rc = store_webhook_get(page->web->store, str_c(section->name), arena, &row, err);

	*hooked_r = (struct hooked){0, 0};
	if (rc == 1) {
		hooked_r->failing_ms = row.failing_ms == 0 ? 0 : page->now_ms - row.failing_ms;
		rc = webhook_behind(
		    page->web->store, section, row.cursor, BEHIND_MAX, &hooked_r->behind, err);
	}
	arena_free(&arena);
	return rc < 0 ? -1 : 0;
}

static void
webhook_label(struct page *page, const char *metric, const struct conf_webhook *section)
{
	buf_add_c(&page->out, metric);
	tally_label(&page->out, true, "webhook", str_c(section->name));
}

static int
put_webhooks(struct page *page, struct err *err)
{
	static const char behind[] = "mailtailor_webhook_behind";
	static const char failing[] = "mailtailor_webhook_failing_seconds";
	const struct conf *conf = page->web->conf;
	struct hooked *hooked = calloc(conf->webhook_count + 1, sizeof *hooked);
	int rc = 0;

	if (hooked == NULL)
		abort();
	for (size_t i = 0; rc == 0 && i < conf->webhook_count; i++)
		rc = look_at_webhook(page, &conf->webhooks[i], &hooked[i], err);
	tally_head(&page->out, behind, "gauge", "Events that the webhook has not taken yet.");
	for (size_t i = 0; i < conf->webhook_count; i++) {
		webhook_label(page, behind, &conf->webhooks[i]);
		buf_printf(&page->out, "} %lld\n", (long long)hooked[i].behind);
	}
	tally_head(&page->out, failing, "gauge",
	    "How long requests to the webhook fail already; 0: the last one was taken.");
	for (size_t i = 0; i < conf->webhook_count; i++) {
		webhook_label(page, failing, &conf->webhooks[i]);
		buf_printf(&page->out, "} %.3f\n", (double)hooked[i].failing_ms / 1e3);
	}
	free(hooked);
	return rc;
}

static void
put_process(struct page *page)
{
	tally_head(&page->out, "mailtailor_web_spool_bytes", "gauge",
	    "What clicks and opens wait to be moved into the database.");
	buf_printf(&page->out, "mailtailor_web_spool_bytes %lld\n",
	    (long long)web_spool_backlog(page->web->spool));
	tally_head(&page->out, "mailtailor_build_info", "gauge", "1, with the version.");
	buf_printf(&page->out, "mailtailor_build_info{version=\"%s\"} 1\n", PACKAGE_VERSION);
}

/* --- the page --- */

static void
make(struct web_request *request)
{
	struct page page = {.web = request->web, .now_ms = clock_now()};
	struct err err = ERR_INIT;
	struct str text;

	buf_init(&page.out, METRICS_MAX);
	tally_write(&page.out, event_name);
	put_plugins(&page);
	put_process(&page);
	if (put_outbox(&page, &err) != 0 || put_webhooks(&page, &err) != 0 || page.out.full) {
		request->reply = (struct web_reply){.status = MHD_HTTP_SERVICE_UNAVAILABLE,
		    .type = "text/plain; charset=utf-8",
		    .body = STR("the database does not answer\n")};
	} else {
		text = arena_str(request->arena, buf_str(&page.out));
		request->reply = (struct web_reply){
		    .status = text.p == NULL ? MHD_HTTP_INTERNAL_SERVER_ERROR : MHD_HTTP_OK,
		    .type = "text/plain; version=0.0.4; charset=utf-8",
		    .body = text.p == NULL ? STR("too large\n") : text};
	}
	buf_fini(&page.out);
}

void
web_metrics(struct web_request *request)
{
	if (!web_client_may(request, conf_metrics_for))
		web_page(request, MHD_HTTP_NOT_FOUND, "not_found", NULL);
	else
		request->aside = make;
}
