/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fetch: one HTTP request of a plugin, by libcurl
 *
 * Only http and https; certificates are verified; no proxy, cookies or .netrc; no address that is
 * not public unless fetch_from in the plugin's section has its network. Redirects are followed
 * here, since libcurl would take a plugin's header fields, which may hold a secret, along to
 * another host.
 *
 * Owns:    all of a transfer.
 * Threads: any; one transfer by one thread at a time.
 * Fails:   ERR_INPUT (the request itself), ERR_IO (no answer). Texts name scheme and host alone:
 *          paths and queries may be secrets.
 */
#ifndef PLUGIN_FETCH_H
#define PLUGIN_FETCH_H

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

/* Before libcurl is used otherwise. */
void fetch_begin(void);
/* May it be asked for? ERR_INPUT, with what is wrong. */
int fetch_check(struct str url, struct str headers, struct err *err);
/* `body` {NULL,0}: GET. Texts are copied; `section` must outlive it. `timeout_ms` is for all of
 * it. */
int fetch_new(struct fetch **fetch_r, const struct conf_plugin *section, struct str url,
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
struct str fetch_type(const struct fetch *fetch);
struct str fetch_body(const struct fetch *fetch);
/* "https://api.example" */
const char *fetch_site(const struct fetch *fetch);

#endif
