/* SPDX-License-Identifier: BSD-2-Clause
 *
 * doctor: `mailtailor doctor`; see doctor.h
 */
#include "ctl/doctor.h"

#include "ctl/ctl.h"

#include <getopt.h>
#include <sysexits.h>

static void
add_conf_error(const char *text, void *closure)
{
	finding_add(closure, FINDING_ERROR, "conf", "%s.", text);
}

static void
look(struct doctor *doctor, const char *folder)
{
	struct err err = ERR_INIT;

	if (postfix_open(&doctor->postfix, folder, &err) == -1)
		finding_add(&doctor->found,
		    err.code == ERR_NOTFOUND ? FINDING_WARNING : FINDING_ERROR, "postfix",
		    "Postfix was not looked at: %s.", err.text);
	if (doctor->postfix != NULL) {
		doctor_check_postfix(doctor);
		doctor_check_bytes(doctor);
	}
	doctor_check_reach(doctor);
	doctor_check_machine(doctor);
	doctor_check_dkim(doctor);
	doctor_check_dmarc(doctor);
	doctor_check_link(doctor);
	doctor_check_law(doctor);
	doctor_check_webhook(doctor);
	postfix_close(&doctor->postfix);
}

static int
usage(void)
{
	fputs("usage: mailtailor -c FILE doctor [--json] [--postfix DIR]\n", stderr);
	return EX_USAGE;
}

int
doctor_command(const char *path, int argc, char **argv, FILE *out)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'},
	    {"postfix", required_argument, NULL, 'p'}, {NULL, 0, NULL, 0}};
	struct doctor doctor = {.conf = NULL};
	struct conf *conf = NULL;
	const char *folder = NULL;
	bool json = false;
	int option, rc;

	optind = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'j')
			json = true;
		else if (option == 'p')
			folder = optarg;
		else
			return usage();
	}
	if (optind != argc)
		return usage();
	if (conf_load(&conf, path, add_conf_error, &doctor.found, NULL) == 0) {
		doctor.conf = conf;
		look(&doctor, folder == NULL ? conf->postfix_config : folder);
		conf_unref(&doctor.conf);
	}
	if (json)
		finding_print_json(&doctor.found, out);
	else
		finding_print(&doctor.found, out);
	rc = finding_count(&doctor.found, FINDING_ERROR) == 0 ? 0 : 1;
	finding_list_fini(&doctor.found);
	return rc;
}

int
ctl_doctor(struct ctl *ctl, int argc, char **argv)
{
	return doctor_command(ctl->conf_path, argc, argv, stdout);
}
