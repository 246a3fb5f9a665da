/* SPDX-License-Identifier: BSD-2-Clause
 *
 * key: make, list and retire the keys of link tokens
 *
 * Threads: one.
 */
#include "ctl/ctl.h"

#include "base/clock.h"
#include "link/keyfile.h"

#include <sysexits.h>

/* The file that was named, else the configuration's; NULL after an error message. */
static const char *
find_path(struct ctl *ctl, int argc, char **argv, int *status_r)
{
	const struct conf *conf;

	*status_r = EX_OK;
	if (optind < argc)
		return argv[optind];
	conf = ctl_configuration(ctl);
	*status_r = EX_CONFIG;
	if (conf == NULL)
		return NULL;
	if (conf->token_keys[0] != '\0')
		return conf->token_keys;
	ctl_error("%s: token_keys is not set; name the file", ctl->conf_path);
	return NULL;
}

static int
run_new(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {{NULL, 0, NULL, 0}};
	struct err err = ERR_INIT;
	const char *path;
	unsigned id;
	int status;

	if (ctl_option(argc, argv, options) != -1 || optind + 1 < argc)
		return ctl_usage("key");
	path = find_path(ctl, argc, argv, &status);
	if (path == NULL)
		return status;
	if (link_keyfile_add(path, &id, &err) != 0)
		return ctl_fail(&err);
	ctl_put(stdout, str_c(path));
	printf(": key %u; it signs once mailtailord has started or reloaded\n", id);
	return EX_OK;
}

static void
list_one(const struct link_keyfile_key *key, bool signs, bool json)
{
	char time[CLOCK_TEXT_SIZE];

	if (json)
		ctl_put_json(json_pack("{s:i, s:o, s:b}", "id", (int)key->id, "created",
		    ctl_json_time(key->created_ms), "signs", signs));
	else
		printf("%u\t%s\t%s\n", key->id, clock_iso(key->created_ms, time),
		    signs ? "signs" : "is read");
}

static int
run_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	struct link_keyfile *file;
	struct err err = ERR_INIT;
	bool json = false;
	const char *path;
	int option, status;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option != 'j')
			return ctl_usage("key");
		json = true;
	}
	if (optind + 1 < argc)
		return ctl_usage("key");
	path = find_path(ctl, argc, argv, &status);
	if (path == NULL)
		return status;
	if (link_keyfile_read(&file, path, ctl->conf == NULL ? NULL : ctl->conf->user, &err) != 0)
		return ctl_fail(&err);
	for (size_t i = 0; i < file->count; i++)
		list_one(&file->keys[i], i + 1 == file->count, json);
	link_keyfile_free(&file);
	return EX_OK;
}

static int
run_retire(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {{NULL, 0, NULL, 0}};
	struct err err = ERR_INIT;
	const char *path;
	size_t id;
	int status;

	if (ctl_option(argc, argv, options) != -1 || optind >= argc || optind + 2 < argc)
		return ctl_usage("key");
	if (!ctl_number("key retire", argv[optind++], LINK_KEY_ID_MAX, &id))
		return EX_USAGE;
	path = find_path(ctl, argc, argv, &status);
	if (path == NULL)
		return status;
	if (link_keyfile_retire(path, (unsigned)id, &err) != 0)
		return ctl_fail(&err);
	ctl_put(stdout, str_c(path));
	printf(": key %zu is gone; its links stop working once mailtailord has reloaded\n", id);
	return EX_OK;
}

int
ctl_key(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_action actions[] = {
	    {"new", run_new},
	    {"list", run_list},
	    {"retire", run_retire},
	    {NULL, NULL},
	};

	return ctl_act(ctl, argc, argv, actions);
}
