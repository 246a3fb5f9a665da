/* SPDX-License-Identifier: BSD-2-Clause
 *
 * secret: see secret.h
 */
#include "webhook/secret.h"

#include "base/id.h"
#include "base/secret.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <unistd.h>

#define FILE_MAX ((size_t)4096)
#define PREFIX	 STR("whsec_")
/* Letters of the longest secret. */
#define LETTERS_MAX (4 * ((WEBHOOK_SECRET_MAX + 2) / 3))

/* Padded base64 and nothing else; how many bytes, or 0. */
static size_t
decode(struct str text, unsigned char bytes[LETTERS_MAX])
{
	size_t padding = 0;
	int n;

	if (text.n == 0 || text.n % 4 != 0 || text.n > LETTERS_MAX)
		return 0;
	while (padding < 2 && text.p[text.n - padding - 1] == '=')
		padding++;
	for (size_t i = 0; i < text.n - padding; i++) {
		char c = text.p[i];

		if ((c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') &&
		    c != '+' && c != '/')
			return 0;
	}
	n = EVP_DecodeBlock(bytes, (const unsigned char *)text.p, (int)text.n);
	return n < 0 ? 0 : (size_t)n - padding;
}

static int
take_line(struct webhook_secrets *secrets, struct str line, const char *path, unsigned number,
    struct err *err)
{
	unsigned char bytes[LETTERS_MAX];
	struct webhook_secret *secret;
	size_t n;

	if (line.n == 0 || line.p[0] == '#')
		return 0;
	if (secrets->count == WEBHOOK_SECRETS_MAX)
		return err_set(err, ERR_KEY, "%s:%u: expected at most %d secrets", path, number,
		    WEBHOOK_SECRETS_MAX);
	n = str_starts(line, PREFIX)
	    ? decode((struct str){line.p + PREFIX.n, line.n - PREFIX.n}, bytes)
	    : 0;
	if (n < WEBHOOK_SECRET_MIN || n > WEBHOOK_SECRET_MAX)
		return err_set(err, ERR_KEY,
		    "%s:%u: expected whsec_ and %d to %d bytes in base64 (mailtailor webhook "
		    "secret makes one)",
		    path, number, WEBHOOK_SECRET_MIN, WEBHOOK_SECRET_MAX);
	secret = &secrets->at[secrets->count++];
	secret->n = n;
	memcpy(secret->byte, bytes, n);
	OPENSSL_cleanse(bytes, sizeof bytes);
	return 0;
}

int
webhook_secrets_parse(
    struct webhook_secrets *secrets_r, struct str text, const char *path, struct err *err)
{
	struct str line;
	unsigned number = 0;

	*secrets_r = (struct webhook_secrets){.count = 0};
	while (text.n > 0 && str_split(&text, '\n', &line)) {
		if (take_line(secrets_r, str_trim(line), path, ++number, err) != 0) {
			webhook_secrets_wipe(secrets_r);
			return -1;
		}
	}
	return secrets_r->count > 0
	    ? 0
	    : err_set(err, ERR_KEY, "%s: expected a secret (mailtailor webhook secret makes one)",
		  path);
}

int
webhook_secrets_read(struct webhook_secrets *secrets_r, const struct conf_webhook *section,
    const char *user, struct err *err)
{
	const char *path = section->secret_file;
	char text[FILE_MAX];
	size_t n = 0;
	int fd = secret_open(path, sizeof text, user, NULL, err), rc = -1;

	*secrets_r = (struct webhook_secrets){.count = 0};
	if (fd >= 0) {
		rc = secret_read(fd, path, text, sizeof text, &n, err);
		close(fd);
	}
	if (rc == 0)
		rc = webhook_secrets_parse(secrets_r, (struct str){text, n}, path, err);
	OPENSSL_cleanse(text, sizeof text);
	return rc == 0 ? 0 : err_prefix(err, "%s: secret_file", section->place);
}

void
webhook_secrets_wipe(struct webhook_secrets *secrets)
{
	OPENSSL_cleanse(secrets, sizeof *secrets);
}

int
webhook_secrets_check(const struct conf *conf, struct err *err)
{
	struct webhook_secrets secrets;

	for (size_t i = 0; i < conf->webhook_count; i++) {
		if (webhook_secrets_read(&secrets, &conf->webhooks[i], conf->user, err) != 0)
			return -1;
		webhook_secrets_wipe(&secrets);
	}
	return 0;
}

void
webhook_sign(const struct webhook_secrets *secrets, struct str id, int64_t time_s, struct str body,
    struct buf *out)
{
	unsigned char letters[4 * ID_DIGEST_SIZE];
	struct buf text;

	buf_init(&text, body.n + id.n + 64);
	buf_printf(&text, "%.*s.%lld.", STR_F(id), (long long)time_s);
	buf_add_str(&text, body);
	for (size_t i = 0; i < secrets->count; i++) {
		const struct webhook_secret *secret = &secrets->at[i];
		struct id_digest digest =
		    id_hmac((struct str){(const char *)secret->byte, secret->n}, buf_str(&text));

		EVP_EncodeBlock(letters, digest.byte, sizeof digest.byte);
		buf_printf(out, "%sv1,%s", i > 0 ? " " : "", (const char *)letters);
	}
	buf_fini(&text);
}
