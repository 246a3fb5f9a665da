/* SPDX-License-Identifier: BSD-2-Clause
 *
 * apikey: make, list and revoke the keys of the event API
 *
 * The web process looks into the database with each request, so nothing has to be reloaded.
 *
 * Threads: one.
 */
#include "ctl/ctl.h"

#include "base/clock.h"
#include "store/apikey.h"

#include <openssl/crypto.h>
#include <sysexits.h>

static int
add(struct ctl *ctl, const struct store_apikey *key)
{
	char text[STORE_APIKEY_SIZE];
	struct err err = ERR_INIT;
	int64_t id;

	if (store_apikey_add(ctl->store, key, text, &id, &err) != 0)
		return ctl_fail(&err);
	/* Alone on its line, for scripts. */
	printf("%s\n", text);
	OPENSSL_cleanse(text, sizeof text);
	ctl_error("key %lld is kept as a hash: it can't be shown again", (long long)id);
	return EX_OK;
}

static int
run_new(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"scope", required_argument, NULL, 's'},
	    {"rate", required_argument, NULL, 'r'},
	    {NULL, 0, NULL, 0},
	};
	struct store_apikey key = {.scope = STORE_APIKEY_WRITE};
	size_t rate = 0;
	int option, status;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option == 'r' && !ctl_number("--rate", optarg, STORE_APIKEY_RATE_MAX, &rate))
			return EX_USAGE;
		if (option == 's')
			key.scope = store_apikey_scope_of(str_c(optarg));
		if (key.scope == STORE_APIKEY_NONE) {
			ctl_error("--scope %s: write, page or admin was expected", optarg);
			return EX_USAGE;
		}
		if (option != 's' && option != 'r')
			return ctl_usage("apikey");
	}
	if (optind + 1 != argc)
		return ctl_usage("apikey");
	key.name = str_c(argv[optind]);
	key.rate = (int64_t)rate;
	status = ctl_store(ctl, STORE_CREATE);
	return status != 0 ? status : add(ctl, &key);
}

static bool
list_one(const struct store_apikey *key, void *closure)
{
	const bool *json = closure;
	char created[CLOCK_TEXT_SIZE], used[CLOCK_TEXT_SIZE] = "-";

	if (*json) {
		ctl_put_json(json_pack("{s:I, s:o, s:s, s:o, s:o, s:o, s:o}", "id",
		    (json_int_t)key->id, "name", ctl_json_str(key->name), "scope",
		    store_apikey_scope_name(key->scope), "rate",
		    key->rate == 0 ? json_null() : json_integer(key->rate), "created",
		    ctl_json_time(key->created_ms), "used", ctl_json_time(key->used_ms), "revoked",
		    ctl_json_time(key->revoked_ms)));
		return true;
	}
	if (key->used_ms != 0)
		clock_iso(key->used_ms, used);
	printf("%lld\t", (long long)key->id);
	ctl_put(stdout, key->name);
	printf("\t%s\t%s\t%s\t%s\n", store_apikey_scope_name(key->scope),
	    clock_iso(key->created_ms, created), used, key->revoked_ms == 0 ? "good" : "revoked");
	return true;
}

static int
run_list(struct ctl *ctl, int argc, char **argv)
{
	struct err err = ERR_INIT;
	bool json;
	int status = ctl_json_option(argc, argv, "apikey", &json);

	if (status != EX_OK)
		return status;
	if (optind != argc)
		return ctl_usage("apikey");
	status = ctl_store(ctl, STORE_READ);
	if (status != 0)
		return status;
	return store_apikey_each(ctl->store, list_one, &json, &err) == 0 ? EX_OK : ctl_fail(&err);
}

static int
run_revoke(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {{NULL, 0, NULL, 0}};
	struct err err = ERR_INIT;
	int status, rc;
	size_t id;

	if (ctl_option(argc, argv, options) != -1 || optind == argc)
		return ctl_usage("apikey");
	status = ctl_store(ctl, STORE_READ);
	for (int i = optind; i < argc && ctl->store != NULL; i++) {
		if (!ctl_number("apikey revoke", argv[i], INT64_MAX, &id))
			return EX_USAGE;
		rc = store_apikey_revoke(ctl->store, (int64_t)id, &err);
		if (rc == 0)
			err_set(&err, ERR_NOTFOUND, "there is no good key %zu", id);
		if (rc != 1)
			status = ctl_fail(&err);
	}
	return status;
}

int
ctl_apikey(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_action actions[] = {
	    {"new", run_new},
	    {"list", run_list},
	    {"revoke", run_revoke},
	    {NULL, NULL},
	};

	return ctl_act(ctl, argc, argv, actions);
}
