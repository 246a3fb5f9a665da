/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fetch: one HTTP request, by libcurl, for plugins and webhooks
 *
 * Only http and https; certificates are verified; no proxy, cookies or .netrc; no address that is
 * not public unless the rules have its network. Redirects are followed here, if at all, since
 * libcurl would take header fields, which may hold a secret, along to another host.
 *
 * Owns:    all of a transfer.
 * Threads: any; one transfer by one thread at a time.
 * Fails:   ERR_INPUT (the request itself), ERR_IO (no answer). Texts name scheme and host alone:
 *          paths and queries may be secrets.
 */
#ifndef FETCH_FETCH_H
#define FETCH_FETCH_H

#include "base/buf.h"
#include "base/err.h"
#include "conf/conf.h"

#include <curl/curl.h>

#define FETCH_URL_MAX	  8192
#define FETCH_HEADERS_MAX 8192
#define FETCH_BODY_MAX	  ((size_t)1 << 20)
#define FETCH_TYPE_MAX	  255
#define FETCH_TIMEOUT_MAX 60000

struct fetch;

struct fetch_rules {
	const struct conf_list *from; /* networks beside the public internet; must outlive it */
	const char *parameter;	      /* where they stand, for messages */
	bool stay;		      /* no redirect is followed: it is the answer */
	size_t cut;		      /* so much of an answer is read, the rest dropped; 0: one of
				       * more than FETCH_BODY_MAX is none */
};

/* Before libcurl is used otherwise. */
void fetch_begin(void);
/* May it be asked for? ERR_INPUT, with what is wrong. */
int fetch_check(struct str url, struct str headers, struct err *err);
/* `body` {NULL,0}: GET. Texts are copied. `timeout_ms` is for all of it. */
int fetch_new(struct fetch **fetch_r, const struct fetch_rules *rules, struct str url,
    struct str headers, struct str body, int64_t timeout_ms, struct err *err);
void fetch_free(struct fetch **fetch);
/* For curl_multi; its CURLOPT_PRIVATE is free. */
CURL *fetch_handle(struct fetch *fetch);
/* A transfer ended so. 1: it goes on at another address, with the same handle; 0: there is an
 * answer; -1: there is none. */
int fetch_ended(struct fetch *fetch, CURLcode code, struct err *err);
/* All of it, waiting. */
int fetch_run(struct fetch *fetch, struct err *err);

int fetch_status(const struct fetch *fetch);
/* What Retry-After says, in seconds; 0: nothing. */
int64_t fetch_retry_after(const struct fetch *fetch);
struct str fetch_type(const struct fetch *fetch);
struct str fetch_body(const struct fetch *fetch);
/* "https://api.example" */
const char *fetch_site(const struct fetch *fetch);

#endif
