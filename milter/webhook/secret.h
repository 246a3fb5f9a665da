/* SPDX-License-Identifier: BSD-2-Clause
 *
 * secret: what requests are signed with
 *
 * The signature is that of the Standard Webhooks specification: HMAC-SHA-256 over webhook-id,
 * webhook-timestamp and body with dots between them, by each secret, so that a receiver that
 * knows one of them is content.
 *
 * Threads: any; touches only its arguments.
 */
#ifndef WEBHOOK_SECRET_H
#define WEBHOOK_SECRET_H

#include "base/buf.h"
#include "base/err.h"
#include "conf/conf.h"

#define WEBHOOK_SECRETS_MAX 5
#define WEBHOOK_SECRET_MIN  24 /* bytes, decoded */
#define WEBHOOK_SECRET_MAX  64

struct webhook_secret {
	unsigned char byte[WEBHOOK_SECRET_MAX];
	size_t n;
};

struct webhook_secrets {
	struct webhook_secret at[WEBHOOK_SECRETS_MAX];
	size_t count;
};

/* One in a line; empty lines and those that begin with # are none. ERR_KEY: "PATH:LINE: ...". */
int webhook_secrets_parse(
    struct webhook_secrets *secrets_r, struct str text, const char *path, struct err *err);
/* The section's secret_file. `user`: as for secret_open. The text begins with the section's place. */
int webhook_secrets_read(struct webhook_secrets *secrets_r, const struct conf_webhook *section,
    const char *user, struct err *err);
void webhook_secrets_wipe(struct webhook_secrets *secrets);
/* Are all secret files good? The first that is not is in `err`. */
int webhook_secrets_check(const struct conf *conf, struct err *err);
/* "v1,BASE64" of each secret, with spaces between them, is added to `out`. */
void webhook_sign(const struct webhook_secrets *secrets, struct str id, int64_t time_s,
    struct str body, struct buf *out);

#endif
