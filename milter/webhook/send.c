/* SPDX-License-Identifier: BSD-2-Clause
 *
 * send: see send.h
 *
 * Threads: any; touches only its arguments.
 */
#include "webhook/send.h"

#include <stdio.h>
#include <string.h>

/* What Retry-After may ask for. */
#define AFTER_MAX_MS ((int64_t)24 * 3600 * 1000)

int
webhook_request(struct fetch **fetch_r, const struct conf_webhook *section,
    const struct webhook_secrets *secrets, struct str id, struct str body, int64_t now_ms,
    struct err *err)
{
	const struct fetch_rules rules = {.from = &section->send_to,
	    .parameter = "the webhook's send_to",
	    .stay = true,
	    .cut = WEBHOOK_READ_MAX};
	struct buf headers;
	int rc;

	*fetch_r = NULL;
	buf_init(&headers, FETCH_HEADERS_MAX);
	buf_printf(&headers,
	    "Content-Type: application/json\nwebhook-id: %.*s\nwebhook-timestamp: "
	    "%lld\nwebhook-signature: ",
	    STR_F(id), (long long)(now_ms / 1000));
	webhook_sign(secrets, id, now_ms / 1000, body, &headers);
	rc = fetch_new(
	    fetch_r, &rules, str_c(section->url), buf_str(&headers), body, section->timeout, err);
	buf_fini(&headers);
	return rc;
}

void
webhook_judge(struct fetch *fetch, CURLcode code, struct webhook_answer *answer_r)
{
	struct err err = ERR_INIT;

	*answer_r = (struct webhook_answer){.result = WEBHOOK_AGAIN};
	if (fetch_ended(fetch, code, &err) != 0) {
		snprintf(answer_r->text, sizeof answer_r->text, "%.*s",
		    (int)sizeof answer_r->text - 1, err.text);
		return;
	}
	answer_r->status = fetch_status(fetch);
	if (answer_r->status >= 200 && answer_r->status <= 299)
		answer_r->result = WEBHOOK_TAKEN;
	else if (answer_r->status == 410)
		answer_r->result = WEBHOOK_CLOSED;
	else if (answer_r->status == 429 || answer_r->status == 503)
		answer_r->after_ms = fetch_retry_after(fetch) > AFTER_MAX_MS / 1000
		    ? AFTER_MAX_MS
		    : fetch_retry_after(fetch) * 1000;
	snprintf(answer_r->text, sizeof answer_r->text, "HTTP %d%s", answer_r->status,
	    answer_r->status >= 300 && answer_r->status <= 399 ? ", redirects are not followed"
							       : "");
}

int64_t
webhook_pause_ms(
    const struct conf_webhook *section, int64_t failures, double chance, int64_t after_ms)
{
	double pause = (double)section->retry_min;

	for (int64_t i = 1; i < failures && pause < (double)section->retry_max; i++)
		pause *= 2;
	pause *= 0.75 + 0.5 * chance;
	if (pause > (double)section->retry_max)
		pause = (double)section->retry_max * (0.75 + 0.25 * chance);
	if (pause < (double)section->retry_min)
		pause = (double)section->retry_min;
	return (int64_t)pause > after_ms ? (int64_t)pause : after_ms;
}
