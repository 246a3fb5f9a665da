/* SPDX-License-Identifier: BSD-2-Clause
 *
 * suppress: add, list, remove
 *
 * Threads: one.
 */
#include "ctl/suppress.h"

#include "base/clock.h"
#include "conf/check.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

struct wish {
	const char *scope; /* NULL: not said */
	struct str reason;
	struct str note;
	struct str source;
	const char *domain;
	int64_t since_ms; /* 0: not said */
	int64_t until_ms;
	bool dry_run;
	bool json;
};

bool
suppress_scope_ok(const char *text)
{
	struct str scope = str_c(text);

	if (str_starts(scope, STR(STORE_SCOPE_LIST)) && scope.n <= STORE_SCOPE_MAX &&
	    scope.n > strlen(STORE_SCOPE_LIST))
		return true;
	if (conf_check_campaign_name(scope) && !str_is(scope, "*"))
		return true;
	ctl_error(
	    "--scope %s: expected all, marketing, list:LIST-ID or the name of a campaign", text);
	return false;
}

static bool
take_time(const char *name, const char *text, int64_t *ms_r)
{
	if (clock_parse(text, ms_r) == 0)
		return true;
	ctl_error(
	    "%s %s: a time like 2026-01-31, 2026-01-31T08:15:00Z or 2h was expected", name, text);
	return false;
}

static bool
take_option(int option, struct wish *wish)
{
	switch (option) {
	case 's':
		wish->scope = optarg;
		return suppress_scope_ok(optarg);
	case 'r':
		wish->reason = str_c(optarg);
		return true;
	case 'n':
		wish->note = str_c(optarg);
		return true;
	case 'o':
		wish->source = str_c(optarg);
		return true;
	case 'd':
		wish->domain = optarg;
		return true;
	case 't':
		return take_time("--since", optarg, &wish->since_ms);
	case 'u':
		return take_time("--until", optarg, &wish->until_ms);
	case 'y':
		wish->dry_run = true;
		return true;
	case 'j':
		wish->json = true;
		return true;
	default:
		ctl_usage("suppress");
		return false;
	}
}

/* The addresses are argv from optind. */
static bool
read_options(int argc, char **argv, const struct option *options, struct wish *wish)
{
	int option;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (!take_option(option, wish))
			return false;
	}
	return true;
}

static bool
matches(const struct wish *wish, const struct store_suppression *entry)
{
	const char *at =
	    entry->address.n == 0 ? NULL : memrchr(entry->address.p, '@', entry->address.n);

	if (wish->domain != NULL &&
	    (at == NULL ||
		!str_is_nocase(
		    (struct str){at + 1, (size_t)(entry->address.p + entry->address.n - (at + 1))},
		    wish->domain)))
		return false;
	return (wish->scope == NULL || str_is(entry->scope, wish->scope)) &&
	    (wish->source.p == NULL || str_eq(entry->source, wish->source)) &&
	    entry->created_ms >= wish->since_ms &&
	    (wish->until_ms == 0 || entry->created_ms < wish->until_ms);
}

/* --- add --- */

static int
run_add(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"scope", required_argument, NULL, 's'},
	    {"campaign", required_argument, NULL, 's'},
	    {"reason", required_argument, NULL, 'r'},
	    {"note", required_argument, NULL, 'n'},
	    {NULL, 0, NULL, 0},
	};
	struct wish wish = {.scope = STORE_SCOPE_ALL, .reason = STR("by hand")};
	struct store_suppression entry;
	struct err err = ERR_INIT;
	int status, rc;

	if (!read_options(argc, argv, options, &wish))
		return EX_USAGE;
	if (optind >= argc)
		return ctl_usage("suppress");
	status = ctl_store(ctl, STORE_CREATE);
	for (int i = optind; i < argc && ctl->store != NULL; i++) {
		entry = (struct store_suppression){.address = str_c(argv[i]),
		    .scope = str_c(wish.scope),
		    .reason = wish.reason,
		    .source = STR("hand"),
		    .note = wish.note};
		rc = entry.address.n == 0 ? err_set(&err, ERR_INPUT, "expected a mail address")
					  : store_suppression_put(ctl->store, &entry, &err);
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

/* --- remove --- */

static int
remove_named(struct ctl *ctl, struct str scope, int argc, char **argv)
{
	struct err err = ERR_INIT;
	int status = EX_OK, rc;

	for (int i = optind; i < argc; i++) {
		rc = store_suppression_remove(ctl->store, str_c(argv[i]), scope, &err);
		if (rc == 0)
			err_set(&err, ERR_NOTFOUND, "it is not suppressed for %.*s", STR_F(scope));
		if (rc == 1)
			continue;
		err_prefix(&err, "%s", argv[i]);
		status = ctl_fail(&err);
	}
	return status;
}

struct selection {
	const struct wish *wish;
	GPtrArray *hashes, *scopes;
};

static bool
select_one(const struct store_suppression *entry, void *closure)
{
	struct selection *selection = closure;

	if (matches(selection->wish, entry)) {
		g_ptr_array_add(selection->hashes, g_strndup(entry->hash.p, entry->hash.n));
		g_ptr_array_add(selection->scopes, g_strndup(entry->scope.p, entry->scope.n));
	}
	return true;
}

static int
remove_selected(struct ctl *ctl, const struct selection *selection, struct err *err)
{
	int rc = store_begin(ctl->store, err);

	if (rc != 0)
		return rc;
	for (guint i = 0; i < selection->hashes->len && rc >= 0; i++)
		rc = store_suppression_remove_hashed(ctl->store,
		    str_c(g_ptr_array_index(selection->hashes, i)),
		    str_c(g_ptr_array_index(selection->scopes, i)), err);
	if (rc < 0) {
		store_rollback(ctl->store);
		return -1;
	}
	return store_commit(ctl->store, err);
}

/* A provider whose directory failed bounced everybody for an hour: they come back at once. */
static int
remove_matching(struct ctl *ctl, const struct wish *wish)
{
	struct selection selection = {
	    wish, g_ptr_array_new_with_free_func(g_free), g_ptr_array_new_with_free_func(g_free)};
	struct err err = ERR_INIT;
	int rc = store_suppression_each(ctl->store, select_one, &selection, &err);

	if (rc == 0 && !wish->dry_run)
		rc = remove_selected(ctl, &selection, &err);
	if (rc == 0)
		printf("%u %s\n", selection.hashes->len,
		    wish->dry_run ? "would be removed" : "removed");
	g_ptr_array_free(selection.hashes, TRUE);
	g_ptr_array_free(selection.scopes, TRUE);
	return rc == 0 ? EX_OK : ctl_fail(&err);
}

static int
run_remove(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"scope", required_argument, NULL, 's'},
	    {"campaign", required_argument, NULL, 's'},
	    {"source", required_argument, NULL, 'o'},
	    {"since", required_argument, NULL, 't'},
	    {"until", required_argument, NULL, 'u'},
	    {"domain", required_argument, NULL, 'd'},
	    {"dry-run", no_argument, NULL, 'y'},
	    {NULL, 0, NULL, 0},
	};
	struct wish wish = {.scope = NULL};
	bool named;
	int status;

	if (!read_options(argc, argv, options, &wish))
		return EX_USAGE;
	named = optind < argc;
	/* All of them is never meant: what selects has to be said, and of whom it came. */
	if (named ? wish.source.p != NULL || wish.since_ms != 0 || wish.until_ms != 0 ||
		    wish.domain != NULL || wish.dry_run
		  : wish.source.p == NULL || wish.since_ms == 0)
		return ctl_usage("suppress");
	status = ctl_store(ctl, STORE_READ);
	if (status != 0)
		return status;
	return named ? remove_named(ctl, str_c(wish.scope == NULL ? STORE_SCOPE_ALL : wish.scope),
			   argc, argv)
		     : remove_matching(ctl, &wish);
}

/* --- list --- */

static json_t *
text_or_null(struct str text)
{
	return text.n == 0 ? json_null() : ctl_json_str(text);
}

json_t *
suppress_json(const struct store_suppression *entry)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "address",
	    text_or_null(entry->address), "hash", ctl_json_str(entry->hash), "scope",
	    ctl_json_str(entry->scope), "reason", ctl_json_str(entry->reason), "source",
	    text_or_null(entry->source), "detail", text_or_null(entry->detail), "note",
	    text_or_null(entry->note), "created", ctl_json_time(entry->created_ms), "until",
	    entry->until_ms == 0 ? json_null() : ctl_json_time(entry->until_ms));
}

static bool
list_one(const struct store_suppression *entry, void *closure)
{
	const struct wish *wish = closure;
	const struct str texts[] = {entry->scope,
	    entry->address.n > 0 ? entry->address : entry->hash, entry->reason, entry->source,
	    entry->detail, entry->note};
	char time[CLOCK_TEXT_SIZE];

	if (!matches(wish, entry))
		return true;
	if (wish->json) {
		ctl_put_json(suppress_json(entry));
		return true;
	}
	fputs(clock_iso(entry->created_ms, time), stdout);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		putchar('\t');
		ctl_put(stdout, texts[i].n > 0 ? texts[i] : STR("-"));
	}
	putchar('\n');
	return true;
}

static int
run_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"scope", required_argument, NULL, 's'},
	    {"source", required_argument, NULL, 'o'},
	    {"since", required_argument, NULL, 't'},
	    {"json", no_argument, NULL, 'j'},
	    {NULL, 0, NULL, 0},
	};
	struct wish wish = {.scope = NULL};
	struct err err = ERR_INIT;
	int status;

	if (!read_options(argc, argv, options, &wish))
		return EX_USAGE;
	if (optind != argc)
		return ctl_usage("suppress");
	status = ctl_store(ctl, STORE_READ);
	if (status != 0)
		return status;
	return store_suppression_each(ctl->store, list_one, &wish, &err) != 0 ? ctl_fail(&err)
									      : EX_OK;
}

int
ctl_suppress(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_action actions[] = {
	    {"add", run_add},
	    {"explain", suppress_explain},
	    {"export", suppress_export},
	    {"import", suppress_import},
	    {"list", run_list},
	    {"remove", run_remove},
	    {NULL, NULL},
	};

	return ctl_act(ctl, argc, argv, actions);
}
