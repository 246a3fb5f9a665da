/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mailtailord: the daemon's command line
 */
#include "master/master.h"
#include "plugin/process.h"

#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#define DEFAULT_PATH SYSCONFDIR "/mailtailor/mailtailor.conf"

static int
usage(FILE *out, int status)
{
	fputs("usage: mailtailord [-c FILE] [-f]    serve; -f: in the foreground\n"
	      "       mailtailord [-c FILE] -n      check configuration, keys and database, and "
	      "exit\n"
	      "FILE is " DEFAULT_PATH " unless given; see mailtailord(8)\n",
	    out);
	return status;
}

int
main(int argc, char **argv)
{
	const char *path = DEFAULT_PATH;
	bool check = false, foreground = false;
	int option;

	plugin_process_init();
	while ((option = getopt(argc, argv, "c:fhn")) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'f':
			foreground = true;
			break;
		case 'h':
			return usage(stdout, EX_OK);
		case 'n':
			check = true;
			break;
		default:
			return usage(stderr, EX_USAGE);
		}
	}
	if (optind != argc)
		return usage(stderr, EX_USAGE);
	return check ? master_check(path) : master_run(path, foreground);
}
