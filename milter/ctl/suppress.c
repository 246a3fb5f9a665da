/* SPDX-License-Identifier: BSD-2-Clause
 *
 * suppress: add, list, remove
 *
 * Threads: one.
 */
#include "ctl/ctl.h"

#include "base/clock.h"
#include "store/suppression.h"

#include <sysexits.h>

struct wish {
	struct str scope;
	struct str reason;
};

/* 0 or the exit status; the addresses are argv from optind. */
static int
read_options(int argc, char **argv, const struct option *options, struct wish *wish)
{
	int option;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option == 's' && optarg[0] != '\0')
			wish->scope = str_c(optarg);
		else if (option == 'r')
			wish->reason = str_c(optarg);
		else
			return ctl_usage("suppress");
	}
	return optind < argc ? 0 : ctl_usage("suppress");
}

static int
run_add(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"scope", required_argument, NULL, 's'},
	    {"campaign", required_argument, NULL, 's'},
	    {"reason", required_argument, NULL, 'r'},
	    {NULL, 0, NULL, 0},
	};
	struct wish wish = {STR("all"), STR("by hand")};
	struct err err = ERR_INIT;
	int status = read_options(argc, argv, options, &wish);
	int rc;

	if (status == 0)
		status = ctl_store(ctl, STORE_CREATE);
	for (int i = optind; i < argc && ctl->store != NULL; i++) {
		rc = store_suppression_add(
		    ctl->store, str_c(argv[i]), wish.scope, wish.reason, &err);
		if (rc < 0) {
			err_prefix(&err, "%s", argv[i]);
			status = ctl_fail(&err);
			continue;
		}
		ctl_put(stdout, str_c(argv[i]));
		puts(rc == 1 ? ": suppressed" : ": was suppressed already");
	}
	return status;
}

static int
run_remove(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"scope", required_argument, NULL, 's'},
	    {"campaign", required_argument, NULL, 's'},
	    {NULL, 0, NULL, 0},
	};
	struct wish wish = {STR("all"), STR_NONE};
	struct err err = ERR_INIT;
	int status = read_options(argc, argv, options, &wish);
	int rc;

	if (status == 0)
		status = ctl_store(ctl, STORE_READ);
	for (int i = optind; i < argc && ctl->store != NULL; i++) {
		rc = store_suppression_remove(ctl->store, str_c(argv[i]), wish.scope, &err);
		if (rc == 0)
			err_set(
			    &err, ERR_NOTFOUND, "it is not suppressed for %.*s", STR_F(wish.scope));
		if (rc == 1)
			continue;
		err_prefix(&err, "%s", argv[i]);
		status = ctl_fail(&err);
	}
	return status;
}

static bool
list_one(const struct store_suppression *entry, void *closure)
{
	const bool *json = closure;
	char time[CLOCK_TEXT_SIZE];

	if (*json) {
		ctl_put_json(json_pack("{s:o, s:o, s:o, s:o, s:o}", "address",
		    entry->address.n == 0 ? json_null() : ctl_json_str(entry->address), "hash",
		    ctl_json_str(entry->hash), "scope", ctl_json_str(entry->scope), "reason",
		    ctl_json_str(entry->reason), "created", ctl_json_time(entry->created_ms)));
		return true;
	}
	printf("%s\t", clock_iso(entry->created_ms, time));
	ctl_put(stdout, entry->scope);
	putchar('\t');
	ctl_put(stdout, entry->address.n > 0 ? entry->address : entry->hash);
	putchar('\t');
	ctl_put(stdout, entry->reason);
	putchar('\n');
	return true;
}

static int
run_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'},
	    {NULL, 0, NULL, 0},
	};
	struct err err = ERR_INIT;
	bool json = false;
	int option, status;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option != 'j')
			return ctl_usage("suppress");
		json = true;
	}
	if (optind != argc)
		return ctl_usage("suppress");
	status = ctl_store(ctl, STORE_READ);
	if (status != 0)
		return status;
	return store_suppression_each(ctl->store, list_one, &json, &err) != 0 ? ctl_fail(&err)
									      : EX_OK;
}

int
ctl_suppress(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_action actions[] = {
	    {"add", run_add},
	    {"list", run_list},
	    {"remove", run_remove},
	    {NULL, NULL},
	};

	return ctl_act(ctl, argc, argv, actions);
}
