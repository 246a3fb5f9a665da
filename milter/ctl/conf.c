/* SPDX-License-Identifier: BSD-2-Clause
 *
 * conf: see ctl/conf.h
 */
#include "ctl/conf.h"

#include "ctl/ctl.h"

#include "conf/conf.h"

#include <sysexits.h>

static void
print_error(const char *text, void *closure)
{
	fprintf(closure, "%s\n", text);
}

static int
check(const char *path, FILE *out, FILE *errors)
{
	struct conf *conf;
	const struct conf *last;
	struct err err = ERR_INIT;

	if (conf_load(&conf, path, print_error, errors, &err) == -1)
		return err_exit_code(err.code);
	fprintf(out, "%s: ok, %zu campaign and %zu dkim sections\n", path, conf->campaign_count,
	    conf->dkim_count);
	last = conf;
	conf_unref(&last);
	return EX_OK;
}

int
conf_command(const char *path, int argc, char **argv, FILE *out, FILE *errors)
{
	int rc = EX_OK;

	if (argc == 2 && strcmp(argv[1], "sample") == 0) {
		conf_write_sample(out);
	} else if (argc == 2 && strcmp(argv[1], "manual") == 0) {
		conf_write_manual(out);
	} else if (argc == 2 && strcmp(argv[1], "check") == 0) {
		rc = check(path, out, errors);
	} else {
		fputs("usage: mailtailor -c FILE conf sample|manual|check\n", errors);
		return EX_USAGE;
	}
	if (fflush(out) != 0 || ferror(out))
		return EX_IOERR;
	return rc;
}

int
ctl_conf(struct ctl *ctl, int argc, char **argv)
{
	return conf_command(ctl->conf_path, argc, argv, stdout, stderr);
}
