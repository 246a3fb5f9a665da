/* SPDX-License-Identifier: BSD-2-Clause
 *
 * doctor_dkim: keys, and what DNS should say about them
 *
 * The public key is made from the private one; the record is printed in the form of a
 * zone file and compared with DNS, where the resolver answers within two seconds.
 * Once it did not, it is not asked again.
 *
 * Threads: see doctor.h.
 */
#include "base/buf.h"
#include "ctl/doctor.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <pwd.h>
#include <resolv.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_MAX 8192
/* RFC 1035 section 3.3: one character-string. */
#define STRING_MAX   255
#define BITS_LEAST   1024
#define BITS_ADVISED 2048

/* A key with a passphrase must not make this program ask for one. */
static int
no_passphrase(char *text, int size, int writing, void *closure)
{
	(void)text;
	(void)size;
	(void)writing;
	(void)closure;
	return 0;
}

/* The public key in base64 (RFC 6376 section 3.6.1), to be freed; NULL if the file is
 * no usable key. */
static char *
public_key(const char *path, int *bits_r)
{
	BIO *file = BIO_new_file(path, "r");
	EVP_PKEY *key =
	    file == NULL ? NULL : PEM_read_bio_PrivateKey(file, NULL, no_passphrase, NULL);
	unsigned char *der = NULL;
	char *text = NULL;
	int size = key == NULL || !EVP_PKEY_is_a(key, "RSA") ? -1 : i2d_PUBKEY(key, &der);

	if (size > 0) {
		*bits_r = EVP_PKEY_get_bits(key);
		text = malloc((size_t)size * 2 + 8);
		if (text == NULL)
			abort();
		EVP_EncodeBlock((unsigned char *)text, der, size);
	}
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	BIO_free(file);
	return text;
}

static void
check_key_file(struct doctor *doctor, const struct conf_dkim *dkim)
{
	const struct passwd *user = getpwnam(doctor->conf->user);
	struct stat st;

	if (stat(dkim->key, &st) == -1) {
		finding_add(&doctor->found, FINDING_ERROR, "dkim.key",
		    "The key %s of %s can't be read: %s.", dkim->key, dkim->domain,
		    strerror(errno));
		finding_remedy(&doctor->found,
		    "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out %s && chmod "
		    "600 "
		    "%s",
		    dkim->key, dkim->key);
		return;
	}
	if ((st.st_mode & 077) != 0) {
		finding_add(&doctor->found, FINDING_ERROR, "dkim.key_mode",
		    "Others than its owner can use the key %s (mode %04o).", dkim->key,
		    st.st_mode & 07777);
		finding_remedy(&doctor->found, "chmod 600 %s", dkim->key);
	}
	if (st.st_uid != 0 && st.st_uid != geteuid() &&
	    (user == NULL || st.st_uid != user->pw_uid)) {
		finding_add(&doctor->found, FINDING_ERROR, "dkim.key_owner",
		    "The key %s belongs neither to root nor to %s.", dkim->key, doctor->conf->user);
		finding_remedy(&doctor->found, "chown root: %s", dkim->key);
	}
}

/* DNS */

enum answer { ANSWER_RECORD, ANSWER_NONE, ANSWER_SILENT };

static enum answer
no_record(const struct __res_state *state)
{
	return state->res_h_errno == HOST_NOT_FOUND || state->res_h_errno == NO_DATA
	    ? ANSWER_NONE
	    : ANSWER_SILENT;
}

/* The strings of the first TXT record that could be a key's, put together. */
static enum answer
ask_dns(const char *name, char record[RECORD_MAX])
{
	static unsigned char packet[65536];
	struct __res_state state = {.options = 0};
	enum answer answer = ANSWER_NONE;
	ns_msg message;
	int size;

	if (res_ninit(&state) == -1)
		return ANSWER_SILENT;
	state.retrans = 1;
	state.retry = 2;
	state.nscount = state.nscount > 1 ? 1 : state.nscount;
	size = res_nquery(&state, name, ns_c_in, ns_t_txt, packet, sizeof packet);
	if (size <= 0)
		answer = no_record(&state);
	else if (ns_initparse(packet, size, &message) == -1)
		answer = ANSWER_SILENT;
	for (int i = 0; size > 0 && answer == ANSWER_NONE && i < ns_msg_count(message, ns_s_an);
	     i++) {
		const unsigned char *at, *end;
		size_t len = 0;
		ns_rr rr;

		if (ns_parserr(&message, ns_s_an, i, &rr) == -1 || ns_rr_type(rr) != ns_t_txt)
			continue;
		at = ns_rr_rdata(rr);
		end = at + ns_rr_rdlen(rr);
		for (; at < end && at + 1 + *at <= end; at += 1 + *at) {
			if (len + *at < RECORD_MAX)
				memcpy(record + len, at + 1, *at);
			len += len + *at < RECORD_MAX ? *at : 0;
		}
		record[len] = '\0';
		if (strstr(record, "p=") != NULL)
			answer = ANSWER_RECORD;
	}
	res_nclose(&state);
	return answer;
}

/* The value of one tag without white space; false if it is not there. */
static bool
tag_value(const char *record, const char *name, char value[RECORD_MAX])
{
	struct str rest = str_c(record), tag, tag_name;

	while (str_split(&rest, ';', &tag)) {
		size_t len = 0;

		if (!str_split(&tag, '=', &tag_name) || tag.p == NULL ||
		    !str_is(str_trim(tag_name), name))
			continue;
		for (size_t i = 0; i < tag.n && len + 1 < RECORD_MAX; i++) {
			if (strchr(" \t\r\n", tag.p[i]) == NULL)
				value[len++] = tag.p[i];
		}
		value[len] = '\0';
		return true;
	}
	return false;
}

const char *
doctor_txt_differs(const char *record, const char *key)
{
	char value[RECORD_MAX];

	if (tag_value(record, "v", value) && strcmp(value, "DKIM1") != 0)
		return "it is no DKIM record (v=)";
	if (tag_value(record, "k", value) && strcmp(value, "rsa") != 0)
		return "it is for another kind of key (k=)";
	if (tag_value(record, "h", value) && strstr(value, "sha256") == NULL)
		return "it does not allow sha256 (h=)";
	if (tag_value(record, "s", value) && strstr(value, "email") == NULL &&
	    strchr(value, '*') == NULL)
		return "it is not for mail (s=)";
	if (!tag_value(record, "p", value))
		return "it holds no key (p=)";
	if (value[0] == '\0')
		return "the key is revoked (p= is empty)";
	if (strcmp(value, key) != 0)
		return "it holds another key (p=)";
	return NULL;
}

/* In the form of a zone file, cut into strings. */
static void
advise_record(struct doctor *doctor, const char *name, const char *key)
{
	struct buf line;
	size_t len = strlen(key);

	buf_init(&line, RECORD_MAX);
	buf_printf(&line, "%s. IN TXT ( \"v=DKIM1; k=rsa; p=\"", name);
	for (size_t at = 0; at < len; at += STRING_MAX)
		buf_printf(&line, " \"%.*s\"", STRING_MAX, key + at);
	buf_add_c(&line, " )");
	finding_remedy(&doctor->found, "%s", line.data);
	buf_fini(&line);
}

static void
check_record(struct doctor *doctor, const struct conf_dkim *dkim, const char *key, bool *silent)
{
	char name[600], record[RECORD_MAX], flags[RECORD_MAX];
	enum answer answer = ANSWER_SILENT;
	const char *differs = NULL;

	snprintf(name, sizeof name, "%s._domainkey.%s", dkim->selector, dkim->domain);
	if (!*silent)
		answer = ask_dns(name, record);
	*silent = answer == ANSWER_SILENT;
	if (answer == ANSWER_RECORD)
		differs = doctor_txt_differs(record, key);
	if (answer == ANSWER_SILENT) {
		finding_add(&doctor->found, FINDING_WARNING, "dkim.dns",
		    "DNS was not checked, since the resolver does not answer. %s has to hold this:",
		    name);
	} else if (answer == ANSWER_NONE) {
		finding_add(&doctor->found, FINDING_ERROR, "dkim.dns",
		    "DNS has no key at %s: receivers can't verify the signatures. Publish this:",
		    name);
	} else if (differs != NULL) {
		finding_add(&doctor->found, FINDING_ERROR, "dkim.dns",
		    "The record at %s does not belong to the key %s: %s. Publish this:", name,
		    dkim->key, differs);
	} else if (tag_value(record, "t", flags) && strchr(flags, 'y') != NULL) {
		finding_add(&doctor->found, FINDING_WARNING, "dkim.dns",
		    "The record at %s says that the domain only tests DKIM (t=y).", name);
	} else {
		finding_add(
		    &doctor->found, FINDING_OK, "dkim.dns", "DNS has the right key at %s.", name);
		return;
	}
	advise_record(doctor, name, key);
}

void
doctor_check_dkim(struct doctor *doctor)
{
	bool silent = false;

	if (doctor->conf->dkim_count == 0) {
		finding_add(&doctor->found, FINDING_WARNING, "dkim.none",
		    "There is no dkim section: campaign mail does not leave unsigned.");
		finding_remedy(&doctor->found,
		    "dkim \"DOMAIN\" { selector = \"mt1\" key = "
		    "\"/etc/mailtailor/keys/mt1.DOMAIN.pem\" "
		    "}");
	}
	for (size_t i = 0; i < doctor->conf->dkim_count; i++) {
		const struct conf_dkim *dkim = &doctor->conf->dkims[i];
		int bits = 0;
		char *key = public_key(dkim->key, &bits);

		check_key_file(doctor, dkim);
		if (key == NULL && access(dkim->key, R_OK) == 0)
			finding_add(&doctor->found, FINDING_ERROR, "dkim.key",
			    "%s is no RSA key in PEM form without a passphrase.", dkim->key);
		if (key != NULL && bits < BITS_ADVISED)
			finding_add(&doctor->found,
			    bits < BITS_LEAST ? FINDING_ERROR : FINDING_WARNING, "dkim.key_size",
			    "The key %s has %d bits; RFC 8301 section 3.2 asks for 2048.",
			    dkim->key, bits);
		if (key != NULL)
			check_record(doctor, dkim, key, &silent);
		free(key);
	}
}
