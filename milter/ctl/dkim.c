/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dkim: `mailtailor dkim`: makes keys, shows their DNS records and whether they are there
 *
 * dkim_verify.c has `dkim verify`.
 *
 * Threads: one.
 */
#include "ctl/ctl.h"

#include "conf/check.h"
#include "ctl/dkim.h"
#include "dkim/dns.h"
#include "dkim/key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define KEY_FOLDER   SYSCONFDIR "/mailtailor/keys"
#define BITS_DEFAULT 2048
/* RFC 8301 section 3.2: verifiers must cope with so many. */
#define BITS_MAX   4096
#define RECORD_MAX 16384

/* --- dkim new --- */

struct new_key {
	const char *domain, *selector; /* checked */
	enum dkim_algorithm algorithm;
	size_t bits;
	const char *folder;
	char *path;
};

static const char *
checked(const char *what, const char *check, const char *text, struct arena *arena)
{
	const struct conf_check *rule = conf_check_find(check);
	const char *good = rule->check(text, "/", arena);

	if (good == NULL || good[0] == '\0') {
		ctl_error("%s: expected %s, got \"%s\"", what, rule->expected, text);
		return NULL;
	}
	return good;
}

static bool
read_algorithm(const char *text, enum dkim_algorithm *algorithm_r)
{
	for (int i = 0; i < DKIM_ALGORITHMS; i++) {
		if (strcmp(text, dkim_algorithm_name((enum dkim_algorithm)i)) == 0) {
			*algorithm_r = (enum dkim_algorithm)i;
			return true;
		}
	}
	ctl_error("--algorithm: expected rsa or ed25519, got \"%s\"", text);
	return false;
}

static int
read_new_options(struct new_key *key, int argc, char **argv, struct arena *arena)
{
	static const struct option options[] = {{"algorithm", required_argument, NULL, 'a'},
	    {"bits", required_argument, NULL, 'b'}, {"dir", required_argument, NULL, 'd'},
	    {NULL, 0, NULL, 0}};
	bool bits = false;
	int option;

	optind = 0;
	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option == 'a') {
			if (!read_algorithm(optarg, &key->algorithm))
				return EX_USAGE;
		} else if (option == 'b') {
			bits = true;
			if (!ctl_number("--bits", optarg, BITS_MAX, &key->bits))
				return EX_USAGE;
		} else if (option == 'd') {
			key->folder = optarg;
		} else {
			return EX_USAGE;
		}
	}
	if (optind + 2 != argc)
		return ctl_usage("dkim");
	if (bits && (key->algorithm != DKIM_RSA || key->bits < BITS_DEFAULT)) {
		ctl_error("--bits: expected 2048 to 4096, for an RSA key");
		return EX_USAGE;
	}
	key->domain = checked("DOMAIN", "domain", argv[optind], arena);
	key->selector = checked("SELECTOR", "selector", argv[optind + 1], arena);
	return key->domain == NULL || key->selector == NULL ? EX_USAGE : 0;
}

static EVP_PKEY *
generate(const struct new_key *key)
{
	EVP_PKEY *made = key->algorithm == DKIM_RSA ? EVP_RSA_gen(key->bits)
						    : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	if (made == NULL)
		abort();
	return made;
}

/* Never over another file: a key that is gone can't be had again. */
static int
write_key(const struct new_key *key, EVP_PKEY *made, struct err *err)
{
	int fd = open(key->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	bool good;

	if (out == NULL)
		return err_set(err, ERR_IO, "%s: %s", key->path, strerror(errno));
	good = fchmod(fd, 0600) == 0 &&
	    PEM_write_PKCS8PrivateKey(out, made, NULL, NULL, 0, NULL, NULL) == 1 &&
	    fflush(out) == 0 && fsync(fd) == 0;
	if (fclose(out) != 0 || !good) {
		err_set(err, ERR_IO, "%s: %s", key->path, strerror(errno));
		unlink(key->path);
		return -1;
	}
	return 0;
}

static void
print_zone(const char *name, const char *text)
{
	struct buf line;

	buf_init(&line, RECORD_MAX);
	dkim_record_write_zone(name, text, &line);
	puts(line.data);
	buf_fini(&line);
}

static void
print_new(const struct new_key *key, const EVP_PKEY *made)
{
	char name[DKIM_NAME_MAX];
	char *text = dkim_record_text(made);

	dkim_record_name(key->selector, key->domain, name);
	printf("# The private key is %s. The record for DNS:\n", key->path);
	print_zone(name, text);
	printf("# The section for the configuration, behind those of the domain's other keys:\n"
	       "dkim \"%s\" {\n\tkey = \"%s\"\n\tactive = auto\n}\n",
	    name, key->path);
	g_free(text);
}

static int
run_new(struct ctl *ctl, int argc, char **argv)
{
	struct new_key key = {.bits = BITS_DEFAULT, .folder = KEY_FOLDER};
	struct arena *arena = arena_new(65536);
	struct err err = ERR_INIT;
	char *folder;
	int status = read_new_options(&key, argc, argv, arena);

	(void)ctl;
	if (status == 0) {
		EVP_PKEY *made = generate(&key);

		/* The section that is printed may stand in any file. */
		folder = realpath(key.folder, NULL);
		key.path = g_strdup_printf(
		    "%s/%s.%s.pem", folder == NULL ? key.folder : folder, key.selector, key.domain);
		if (write_key(&key, made, &err) != 0)
			status = ctl_fail(&err);
		else
			print_new(&key, made);
		EVP_PKEY_free(made);
		g_free(key.path);
		free(folder);
	}
	arena_free(&arena);
	return status;
}

/* --- dkim dns --- */

struct ctl_dkim_record *
ctl_dkim_record_new(const struct conf_dkim *section, struct err *err)
{
	struct ctl_dkim_record *record = g_new0(struct ctl_dkim_record, 1);

	dkim_record_name(section->selector, section->domain, record->name);
	if (dkim_key_read(section->key, &record->key, err) != 0) {
		g_free(record);
		return NULL;
	}
	(void)dkim_algorithm_of(record->key, &record->algorithm);
	record->text = dkim_record_text(record->key);
	return record;
}

void
ctl_dkim_record_free(struct ctl_dkim_record *record)
{
	if (record == NULL)
		return;
	EVP_PKEY_free(record->key);
	g_free(record->text);
	g_free(record);
}

void
ctl_dkim_record_ask(struct ctl_dkim_record *record, const char *dns)
{
	char *public_key = dkim_record_public(record->key);

	switch (dkim_dns_txt(dns, record->name, record->found)) {
	case DKIM_ANSWER_SILENT:
		record->state = "silent";
		record->why = "DNS does not answer";
		break;
	case DKIM_ANSWER_NONE:
		record->state = "missing";
		record->why = "DNS has no such record";
		break;
	case DKIM_ANSWER_RECORD:
		switch (
		    dkim_record_match(record->found, record->algorithm, public_key, &record->why)) {
		case DKIM_MATCH_OK:
			record->state = "ok";
			break;
		case DKIM_MATCH_REVOKED:
			record->state = "revoked";
			break;
		case DKIM_MATCH_DIFFERENT:
			record->state = "different";
			break;
		}
	}
	g_free(public_key);
}

static void
print_record(const struct ctl_dkim_record *record)
{
	printf("%s: %s%s%s\n", record->name, record->state, record->why == NULL ? "" : ": ",
	    record->why == NULL ? "" : record->why);
	print_zone(record->name, record->text);
}

static void
put_record(const struct ctl_dkim_record *record)
{
	ctl_put_json(json_pack("{s:s, s:s, s:s, s:s?, s:s, s:o}", "name", record->name, "algorithm",
	    dkim_algorithm_name(record->algorithm), "state", record->state, "reason", record->why,
	    "expected", record->text, "found",
	    record->found[0] == '\0' ? json_null() : ctl_json_str(str_c(record->found))));
}

/* 0, or what speaks against this key's record as an exit status. */
static int
show_record(const struct conf *conf, const struct conf_dkim *section, bool json)
{
	struct err err = ERR_INIT;
	struct ctl_dkim_record *record = ctl_dkim_record_new(section, &err);
	int status;

	if (record == NULL)
		return ctl_fail(&err);
	ctl_dkim_record_ask(record, conf->dkim_dns);
	if (json)
		put_record(record);
	else
		print_record(record);
	status = strcmp(record->state, "ok") == 0  ? 0
	    : strcmp(record->state, "silent") == 0 ? EX_TEMPFAIL
						   : 1;
	ctl_dkim_record_free(record);
	return status;
}

static int
run_dns(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	const char *domain = NULL, *selector = NULL;
	const struct conf *conf;
	bool json = false, any = false;
	int option, status = 0;

	optind = 0;
	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option != 'j')
			return EX_USAGE;
		json = true;
	}
	if (argc - optind > 2)
		return ctl_usage("dkim");
	if (optind < argc)
		domain = argv[optind];
	if (optind + 1 < argc)
		selector = argv[optind + 1];
	conf = ctl_configuration(ctl);
	if (conf == NULL)
		return EX_CONFIG;
	for (size_t i = 0; i < conf->dkim_count; i++) {
		const struct conf_dkim *section = &conf->dkims[i];
		int one;

		if ((domain != NULL && g_ascii_strcasecmp(domain, section->domain) != 0) ||
		    (selector != NULL && g_ascii_strcasecmp(selector, section->selector) != 0))
			continue;
		any = true;
		one = show_record(conf, section, json);
		status = one != 0 ? one : status;
	}
	if (!any) {
		ctl_error("the configuration has no such dkim section");
		return EX_DATAERR;
	}
	return status;
}

int
ctl_dkim(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_action actions[] = {
	    {"new", run_new}, {"dns", run_dns}, {"verify", ctl_dkim_verify}, {NULL, NULL}};

	return ctl_act(ctl, argc, argv, actions);
}
