/* SPDX-License-Identifier: BSD-2-Clause
 *
 * doctor_link: can tokens be made and read?
 *
 * Threads: see doctor.h.
 */
#include "ctl/doctor.h"

#include "base/clock.h"
#include "link/keyfile.h"

#include <unistd.h>

static void
report_keys(struct doctor *doctor, const struct link_keyfile *file)
{
	const struct link_keyfile_key *newest = &file->keys[file->count - 1];
	char time[CLOCK_TEXT_SIZE];

	finding_add(&doctor->found, FINDING_OK, "link.keys",
	    "Token key %u of %.10s signs; %zu older %s read.", newest->id,
	    clock_iso(newest->created_ms, time), file->count - 1,
	    file->count == 2 ? "one is" : "ones are");
}

void
doctor_check_link(struct doctor *doctor)
{
	const char *path = doctor->conf->token_keys;
	struct link_keyfile *file;
	struct err err = ERR_INIT;

	if (path[0] == '\0')
		return;
	if (link_keyfile_read(&file, path, doctor->conf->user, &err) == 0) {
		report_keys(doctor, file);
		link_keyfile_free(&file);
		return;
	}
	finding_add(&doctor->found, FINDING_ERROR, "link.keys",
	    "There are no usable token keys: %s.", err.text);
	if (access(path, F_OK) != 0)
		finding_remedy(&doctor->found, "mailtailor key new %s", path);
	else if (err.code == ERR_PERM)
		finding_remedy(&doctor->found, "chown root: %s && chmod 600 %s", path, path);
}
