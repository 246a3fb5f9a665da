/* SPDX-License-Identifier: BSD-2-Clause
 *
 * filter_digest: base64 and digests
 *
 * OpenSSL computes them; nothing of it stays behind a call.
 *
 * Threads: see filter.h.
 */
#include "liquid/render.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define BASE64_MAX ((size_t)1 << 30)

static int
encode(struct filter_call *call, bool url)
{
	struct str text;
	char *p;
	int n;

	if (filter_input(call, &text) < 0)
		return -1;
	if (text.n > BASE64_MAX)
		return render_full(call->render);
	p = render_alloc(call->render, (text.n + 2) / 3 * 4 + 1);
	if (p == NULL)
		return -1;
	n = EVP_EncodeBlock((unsigned char *)p, (const unsigned char *)text.p, (int)text.n);
	for (int i = 0; url && i < n; i++) {
		if (p[i] == '+')
			p[i] = '-';
		else if (p[i] == '/')
			p[i] = '_';
	}
	return filter_result(call, (struct str){p, (size_t)n});
}

static int
run_base64_encode(struct filter_call *call)
{
	return encode(call, false);
}

static int
run_base64_url_safe_encode(struct filter_call *call)
{
	return encode(call, true);
}

static int
sextet(char c, bool url)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == (url ? '-' : '+'))
		return 62;
	return c == (url ? '_' : '/') ? 63 : -1;
}

/* Strict: whole groups of four, padded; the URL-safe form may leave the padding out. */
static int
decode(struct filter_call *call, bool url)
{
	struct str text;
	unsigned bits = 0;
	size_t n = 0;
	size_t pad = 0;
	char *p;

	if (filter_input(call, &text) < 0)
		return -1;
	while (pad < 2 && pad < text.n && text.p[text.n - 1 - pad] == '=')
		pad++;
	p = render_alloc(call->render, text.n);
	if (p == NULL)
		return -1;
	if ((text.n % 4 != 0 && (!url || pad > 0)) || (text.n - pad) % 4 == 1)
		return render_err(call->render, ERR_TEMPLATE, "the text is not valid base64");
	for (size_t i = 0; i < text.n - pad; i++) {
		int value = sextet(text.p[i], url);

		if (value < 0)
			return render_err(
			    call->render, ERR_TEMPLATE, "the text is not valid base64");
		bits = bits << 6 | (unsigned)value;
		if (i % 4 > 0)
			p[n++] = (char)(bits >> (6 - i % 4 * 2) & 0xff);
	}
	return filter_result_decoded(call, (struct str){p, n});
}

static int
run_base64_decode(struct filter_call *call)
{
	return decode(call, false);
}

static int
run_base64_url_safe_decode(struct filter_call *call)
{
	return decode(call, true);
}

static int
result_hex(struct filter_call *call, const unsigned char *digest, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	char *p = render_alloc(call->render, n * 2);

	if (p == NULL)
		return -1;
	for (size_t i = 0; i < n; i++) {
		p[2 * i] = hex[digest[i] >> 4];
		p[2 * i + 1] = hex[digest[i] & 15];
	}
	return filter_result(call, (struct str){p, n * 2});
}

static int
digest_with(struct filter_call *call, const EVP_MD *kind)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n;
	struct str text;

	if (filter_input(call, &text) < 0)
		return -1;
	if (EVP_Digest(text.p, text.n, digest, &n, kind, NULL) != 1)
		return render_err(call->render, ERR_TEMPLATE, "this digest is not available");
	return result_hex(call, digest, n);
}

static int
run_md5(struct filter_call *call)
{
	return digest_with(call, EVP_md5());
}

static int
run_sha1(struct filter_call *call)
{
	return digest_with(call, EVP_sha1());
}

static int
run_sha256(struct filter_call *call)
{
	return digest_with(call, EVP_sha256());
}

static int
hmac_with(struct filter_call *call, const EVP_MD *kind)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n;
	struct str text, key;

	if (filter_input(call, &text) < 0 || filter_text(call, 0, &key) < 0)
		return -1;
	if (key.n > BASE64_MAX ||
	    HMAC(kind, key.p, (int)key.n, (const unsigned char *)text.p, text.n, digest, &n) ==
		NULL)
		return render_err(call->render, ERR_TEMPLATE, "this digest is not available");
	return result_hex(call, digest, n);
}

static int
run_hmac_sha1(struct filter_call *call)
{
	return hmac_with(call, EVP_sha1());
}

static int
run_hmac_sha256(struct filter_call *call)
{
	return hmac_with(call, EVP_sha256());
}

const struct filter filter_digest_table[] = {
    {"base64_decode", run_base64_decode, 0, 0, FILTER_PLAIN, false, false},
    {"base64_encode", run_base64_encode, 0, 0, FILTER_PLAIN, false, false},
    {"base64_url_safe_decode", run_base64_url_safe_decode, 0, 0, FILTER_PLAIN, false, false},
    {"base64_url_safe_encode", run_base64_url_safe_encode, 0, 0, FILTER_PLAIN, false, false},
    {"hmac_sha1", run_hmac_sha1, 1, 1, FILTER_PLAIN, false, false},
    {"hmac_sha256", run_hmac_sha256, 1, 1, FILTER_PLAIN, false, false},
    {"md5", run_md5, 0, 0, FILTER_PLAIN, false, false},
    {"sha1", run_sha1, 0, 0, FILTER_PLAIN, false, false},
    {"sha256", run_sha256, 0, 0, FILTER_PLAIN, false, false},
    {.name = NULL},
};
