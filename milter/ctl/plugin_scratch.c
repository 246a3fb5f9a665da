/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plugin_scratch: a configuration, a key and a database for one run of mailtailor plugin test
 *
 * Contact, events and products come in the way that an administrator brings them in. A database
 * that was named is copied: nothing is written to it.
 *
 * Threads: one.
 */
#include "ctl/plugin_test.h"

#include "conf/check.h"
#include "liquid/json.h"
#include "mime/mime.h"
#include "store/copy.h"

#include <errno.h>
#include <ftw.h>
#include <glib.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define RECIPIENT "test@example.org"

static char *
path_in(const struct plugin_test *test, const char *name)
{
	return g_strdup_printf("%s/%s", test->folder, name);
}

static int
write_file(const struct plugin_test *test, const char *name, const char *text)
{
	char *path = path_in(test, name);
	GError *problem = NULL;
	int status = EX_OK;

	if (!g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, &problem)) {
		ctl_error("%s", problem->message);
		g_error_free(problem);
		status = EX_CANTCREAT;
	}
	g_free(path);
	return status;
}

/* --- the key of From's domain --- */

/* RSA: libopendkim loses some memory with each ed25519 signature, and the plugin would be blamed. */
static int
write_key(const struct plugin_test *test)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	BIO *out = BIO_new(BIO_s_mem());
	int status = EX_SOFTWARE;
	char *text;
	long n;

	if (key != NULL && out != NULL &&
	    PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1) {
		n = BIO_get_mem_data(out, &text);
		text = g_strndup(text, (gsize)n);
		status = write_file(test, "key.pem", text);
		g_free(text);
	} else {
		ctl_error("no DKIM key could be made");
	}
	BIO_free(out);
	EVP_PKEY_free(key);
	return status;
}

/* The domain behind the last @ of From. */
static char *
domain_of(struct str raw)
{
	const struct mime_limits limits = {1000, 1000, 100};
	struct mime_message *mime;
	const struct mime_header *from = NULL;
	struct err err = ERR_INIT;
	char *domain = NULL;
	const char *at;

	if (mime_parse(&mime, raw, &limits, &err) == 0) {
		from = mime_header_find(mime, "From");
		at = from == NULL ? NULL : memrchr(from->value.p, '@', from->value.n);
		if (at != NULL) {
			size_t n = 0, left = (size_t)(from->value.p + from->value.n - ++at);

			while (n < left && (g_ascii_isalnum(at[n]) || at[n] == '.' || at[n] == '-'))
				n++;
			domain = g_ascii_strdown(at, (gssize)n);
		}
		mime_free(&mime);
	}
	if (domain == NULL || domain[0] == '\0') {
		ctl_error("the message needs a From with an address");
		g_free(domain);
		domain = NULL;
	}
	return domain;
}

/* --- the configuration --- */

/* In single quotes nothing is expanded. */
static void
put_quoted(GString *out, const char *text)
{
	g_string_append_c(out, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'' || *text == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *text);
	}
	g_string_append_c(out, '\'');
}

static const struct mt_parameter *
parameter_of(const struct plugin_test *test, struct str name)
{
	const struct mt_parameters *all = &test->module->definition.parameters;

	for (uint32_t i = 0; i < all->count; i++) {
		if (str_is(name, all->at[i].name))
			return &all->at[i];
	}
	return NULL;
}

static bool
is_path(const struct mt_parameter *parameter)
{
	return parameter != NULL &&
	    (parameter->type == MT_PATH ||
		(parameter->rule != NULL && strcmp(parameter->rule, "path") == 0));
}

static void
put_value(const struct plugin_test *test, GString *out, struct str name, const char *value)
{
	if (is_path(parameter_of(test, name)) && value[0] != '/' && value[0] != '\0') {
		/* Not from the scratch folder, where the configuration lies. */
		char *here = g_get_current_dir();
		char *path = g_build_filename(here, value, NULL);

		put_quoted(out, path);
		g_free(path);
		g_free(here);
	} else {
		put_quoted(out, value);
	}
}

/* One of --param NAME=VALUE, with all values that it has: a list may come in several. */
static int
put_param(const struct plugin_test *test, GString *out, size_t at)
{
	const char *text = test->params.at[at], *equals = strchr(text, '=');
	struct str name = equals == NULL ? STR_NONE : (struct str){text, (size_t)(equals - text)};
	const struct mt_parameter *parameter = parameter_of(test, name);
	bool list = parameter != NULL && parameter->type == MT_LIST;

	if (name.n == 0 || !conf_check_plugin_name(name)) {
		ctl_error("--param %s: expected NAME=VALUE", text);
		return EX_USAGE;
	}
	for (size_t i = 0; list && i < at; i++) {
		if (strncmp(test->params.at[i], text, name.n + 1) == 0)
			return EX_OK;
	}
	g_string_append_printf(out, "\t%.*s = %s", STR_F(name), list ? "{" : "");
	for (size_t i = at; i < test->params.count; i++) {
		if (strncmp(test->params.at[i], text, name.n + 1) != 0 || (i > at && !list))
			continue;
		g_string_append(out, i > at ? ", " : "");
		put_value(test, out, name, test->params.at[i] + name.n + 1);
	}
	g_string_append(out, list ? "}\n" : "\n");
	return EX_OK;
}

static int
put_plugin(const struct plugin_test *test, GString *out)
{
	int status = EX_OK;

	g_string_append_printf(out, "plugin \"%s\" {\n\tfile = ", test->module->definition.name);
	put_quoted(out, test->file);
	g_string_append_c(out, '\n');
	if (test->deadline != NULL) {
		g_string_append(out, "\tdeadline = ");
		put_quoted(out, test->deadline);
		g_string_append_c(out, '\n');
	}
	for (size_t i = 0; i < test->params.count && status == EX_OK; i++)
		status = put_param(test, out, i);
	g_string_append(out, "}\n");
	return status;
}

/* Two campaigns: one calls the plugin, the other knows its words alone. There is nothing to make a
 * footer of, which would be in the way of who reads the difference. */
static int
write_conf(const struct plugin_test *test, const char *domain, bool data)
{
	const char *name = test->module->definition.name;
	GString *out = g_string_new(NULL);
	int status;

	g_string_append_printf(out,
	    "database = \"mailtailor.db\"\n"
	    "dkim \"%s\" { selector = \"test\" key = \"key.pem\" }\n",
	    domain);
	status = put_plugin(test, out);
	for (int with = 0; with < 2; with++)
		g_string_append_printf(out, "campaign \"%s\" {\n\tplugins = {\"%s:%s\"}\n%s}\n",
		    with ? "with" : "without", name, with ? "defer" : "without",
		    data ? "\tdata = \"campaign.json\"\n" : "");
	if (status == EX_OK)
		status = write_file(test, "mailtailor.conf", out->str);
	g_string_free(out, TRUE);
	return status;
}

/* --- who it goes to --- */

/* Either the contact itself, or as templates see it: {"contact": ..., "campaign": ...}. */
static int
write_contact(struct plugin_test *test, bool *data_r)
{
	struct err err = ERR_INIT;
	json_t *file, *contact, *campaign;
	char *text;
	int status;

	file = test->contact == NULL
	    ? json_object()
	    : liquid_json_load_file(test->contact, JSON_REJECT_DUPLICATES, &err);
	if (file == NULL)
		return ctl_fail(&err);
	contact = json_object_get(file, "contact");
	campaign = json_is_object(contact) ? json_object_get(file, "campaign") : NULL;
	if (!json_is_object(contact))
		contact = file;
	if (!json_is_object(contact)) {
		ctl_error("%s: expected one JSON object", test->contact);
		json_decref(file);
		return EX_DATAERR;
	}
	if (json_object_get(contact, "email") == NULL)
		json_object_set_new(contact, "email", json_string(RECIPIENT));
	test->recipient = g_strdup(json_string_value(json_object_get(contact, "email")));
	text = json_dumps(contact, JSON_COMPACT);
	status = write_file(test, "contact.jsonl", text);
	free(text);
	*data_r = campaign != NULL;
	if (status == EX_OK && campaign != NULL) {
		text = json_dumps(campaign, JSON_COMPACT);
		status = write_file(test, "campaign.json", text);
		free(text);
	}
	json_decref(file);
	if (status == EX_OK && test->recipient == NULL) {
		ctl_error("%s: email: expected text", test->contact);
		status = EX_DATAERR;
	}
	return status;
}

/* --- the database --- */

typedef int command(struct ctl *ctl, int argc, char **argv);

static int
run(struct plugin_test *test, command *run_command, const char *word, const char *path,
    const char *more)
{
	char *argv[] = {g_strdup(word), g_strdup("import"), g_strdup("--quiet"), g_strdup(path),
	    g_strdup(more), NULL};
	int status = run_command(&test->scratch, more == NULL ? 4 : 5, argv);

	for (size_t i = 0; i < 5; i++)
		g_free(argv[i]);
	return status;
}

static int
fill(struct plugin_test *test)
{
	char *contact = path_in(test, "contact.jsonl");
	int status = run(test, ctl_contacts, "contacts", contact, NULL);

	for (size_t i = 0; i < test->events.count && status == EX_OK; i++)
		status = run(test, ctl_events, "events", test->events.at[i], "--create");
	if (status == EX_OK && test->products != NULL)
		status = run(test, ctl_products, "products", test->products, NULL);
	g_free(contact);
	return status;
}

int
plugin_scratch_make(struct plugin_test *test, struct str raw)
{
	char *domain = domain_of(raw), *database = path_in(test, "mailtailor.db");
	struct err err = ERR_INIT;
	bool data = false;
	int status = domain == NULL ? EX_DATAERR : write_key(test);

	if (status == EX_OK)
		status = write_contact(test, &data);
	if (status == EX_OK)
		status = write_conf(test, domain, data);
	if (status == EX_OK && test->database != NULL &&
	    store_copy(test->database, database, &err) != 0)
		status = ctl_fail(&err);
	test->scratch =
	    (struct ctl){.conf_path = path_in(test, "mailtailor.conf"), .conf_named = true};
	if (status == EX_OK)
		status = ctl_store(&test->scratch, STORE_CREATE);
	if (status == EX_OK)
		status = fill(test);
	g_free(database);
	g_free(domain);
	return status;
}

/* --- away with it --- */

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st;
	(void)type;
	(void)walk;
	remove(path);
	return 0;
}

void
plugin_scratch_remove(const char *folder)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
