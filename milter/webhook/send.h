/* SPDX-License-Identifier: BSD-2-Clause
 *
 * send: one signed request, and what its answer means
 *
 * Fails:   ERR_INPUT: the address can't be asked.
 */
#ifndef WEBHOOK_SEND_H
#define WEBHOOK_SEND_H

#include "fetch/fetch.h"
#include "webhook/secret.h"

#define WEBHOOK_ANSWER_MAX 200

/* So much of an answer's body is read. */
#define WEBHOOK_READ_MAX ((size_t)64 << 10)

/* Ready for fetch_run or curl_multi. `section` must outlive it. */
int webhook_request(struct fetch **fetch_r, const struct conf_webhook *section,
    const struct webhook_secrets *secrets, struct str id, struct str body, int64_t now_ms,
    struct err *err);

enum webhook_result {
	WEBHOOK_TAKEN,
	WEBHOOK_AGAIN,
	WEBHOOK_CLOSED, /* 410: it wants no more */
};

struct webhook_answer {
	enum webhook_result result;
	int status;		       /* 0: there was no answer */
	int64_t after_ms;	       /* not before; 0: it did not say */
	char text[WEBHOOK_ANSWER_MAX]; /* "HTTP 500", or why there was none */
};

/* Of a transfer that ended so. */
void webhook_judge(struct fetch *fetch, CURLcode code, struct webhook_answer *answer_r);
/* The pause before the attempt after so many failures in a row, 1 or more; `chance`: 0 to 1. */
int64_t webhook_pause_ms(
    const struct conf_webhook *section, int64_t failures, double chance, int64_t after_ms);

#endif
