/* SPDX-License-Identifier: BSD-2-Clause
 *
 * doctor_machine: the mail log, the database, disk and clock
 *
 * Threads: see doctor.h.
 */
#include "base/clock.h"
#include "conf/machine.h"
#include "ctl/doctor.h"
#include "tailor/templates.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#define LOG_TAIL (256 * 1024)
#define MEGABYTE (1024ULL * 1024)
/* Before this program existed: a clock that was never set. */
#define CLOCK_LEAST 1750000000000LL

static void
add_problem(const char *text, void *closure)
{
	struct doctor *doctor = closure;

	/* check_log says the same, with advice. */
	if (strstr(text, ": mail_log: ") != NULL)
		return;
	finding_add(&doctor->found, FINDING_ERROR, "machine", "%s.", text);
}

/* The mail log */

/* Is there a line "... NAME[/instance]/program[pid]: "? */
static bool
has_log_line(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = text; (at = strstr(at, name)) != NULL; at += len) {
		const char *end = at + strcspn(at, " \n");

		if (at > text && at[-1] == ' ' && (at[len] == '/' || at[len] == '-') &&
		    end - at > 4 && end[-1] == ':' && end[-2] == ']')
			return true;
	}
	return false;
}

/* 1 Postfix's lines, 0 something else, -1 empty or not readable. */
static int
look_into_log(const char *path, const char *name)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = calloc(1, LOG_TAIL + 1);
	struct stat st;
	ssize_t got = -1;
	int answer = -1;

	if (text == NULL)
		abort();
	if (fd != -1 && fstat(fd, &st) == 0)
		got = pread(fd, text, LOG_TAIL, st.st_size > LOG_TAIL ? st.st_size - LOG_TAIL : 0);
	if (got > 0)
		answer = has_log_line(text, name) ? 1 : 0;
	if (fd != -1)
		close(fd);
	free(text);
	return answer;
}

static void
advise_log_file(struct doctor *doctor, const char *path)
{
	if (access("/run/systemd/journal/socket", F_OK) == 0)
		finding_remedy(&doctor->found,
		    "apt-get install rsyslog\n"
		    "or: %s -e 'maillog_file = /var/log/postfix.log' && postfix reload\n"
		    "    with mail_log = {\"/var/log/postfix.log\"} here",
		    doctor->postfix == NULL ? "postconf" : postfix_command(doctor->postfix));
	else
		finding_remedy(&doctor->found, "mail.* -%s    # in /etc/rsyslog.conf", path);
}

/* Postfix may write its log itself. */
static void
check_log_place(struct doctor *doctor, const char *path)
{
	const char *own =
	    doctor->postfix == NULL ? "" : postfix_get(doctor->postfix, "maillog_file");

	if (own[0] == '\0' || strcmp(own, path) == 0)
		return;
	finding_add(&doctor->found, FINDING_ERROR, "log.place",
	    "Postfix writes its log to %s (maillog_file), but mail_log begins with %s: after a "
	    "crash nobody could tell which messages were accepted.",
	    own, path);
	finding_remedy(&doctor->found, "mail_log = {\"%s\"}", own);
}

static void
check_log_file(struct doctor *doctor, const char *path)
{
	const char *user = doctor->conf->user;
	const char *name =
	    doctor->postfix == NULL ? "postfix" : postfix_get(doctor->postfix, "syslog_name");
	int rc = machine_access(user, path, R_OK), lines;

	if (rc == ENOENT) {
		finding_add(&doctor->found, FINDING_ERROR, "log.missing",
		    "There is no mail log %s. mailtailord reads files; the journal alone is not "
		    "enough.",
		    path);
		advise_log_file(doctor, path);
		return;
	}
	if (rc != 0 && rc != ESRCH) {
		finding_add(&doctor->found, FINDING_ERROR, "log.rights",
		    "The user %s can't read the mail log %s: %s.", user, path, strerror(rc));
		finding_remedy(&doctor->found,
		    "chgrp adm %s && chmod 640 %s && adduser %s adm\n"
		    "and the same mode where the file is rotated",
		    path, path, user);
		return;
	}
	lines = look_into_log(path, name);
	if (lines == 1)
		finding_add(&doctor->found, FINDING_OK, "log.lines",
		    "The mail log %s can be read and holds lines of %s.", path, name);
	else
		finding_add(&doctor->found, FINDING_WARNING, "log.lines",
		    lines == 0
			? "The last part of the mail log %s holds no line of %s/PROGRAM[PID]: "
			  "is it the right file?"
			: "The mail log %s is empty; no line of %s could be looked at.",
		    path, name);
}

/* Rotated files are looked for beside the log. */
static void
check_log_folder(struct doctor *doctor, const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[4096];
	int rc;

	if (!doctor->conf->follow || slash == NULL || slash == path)
		return;
	snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
	rc = machine_access(doctor->conf->user, folder, R_OK | X_OK);
	if (rc == 0 || rc == ENOENT || rc == ESRCH)
		return;
	finding_add(&doctor->found, FINDING_WARNING, "log.folder",
	    "The user %s can't list the folder %s (%s): files that are rotated while mailtailord "
	    "does "
	    "not run are not found.",
	    doctor->conf->user, folder, strerror(rc));
	finding_remedy(&doctor->found, "setfacl -m u:%s:rx %s", doctor->conf->user, folder);
}

static void
check_log(struct doctor *doctor)
{
	if (doctor->conf->mail_log.count == 0) {
		finding_add(&doctor->found, FINDING_WARNING, "log.missing",
		    "mail_log is empty: after a crash recipients in doubt can't be settled, and "
		    "nobody "
		    "knows what became of copies.");
		finding_remedy(&doctor->found, "mail_log = {\"/var/log/mail.log\"}");
		return;
	}
	check_log_place(doctor, doctor->conf->mail_log.at[0]);
	check_log_file(doctor, doctor->conf->mail_log.at[0]);
	check_log_folder(doctor, doctor->conf->mail_log.at[0]);
}

/* The database: SQLite's two companions often are left behind by root. */
static void
check_database(struct doctor *doctor)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	const char *user = doctor->conf->user;
	char path[4200];

	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		int rc;

		snprintf(path, sizeof path, "%s%s", doctor->conf->database, suffixes[i]);
		rc = machine_access(user, path, R_OK | W_OK);
		if (rc == ENOENT && i == 0)
			finding_add(&doctor->found, FINDING_OK, "database",
			    "There is no database %s yet; mailtailord makes it.", path);
		else if (rc == 0 && i == 0)
			finding_add(&doctor->found, FINDING_OK, "database",
			    "The user %s can write the database %s.", user, path);
		else if (rc != 0 && rc != ENOENT && rc != ESRCH) {
			finding_add(&doctor->found, FINDING_ERROR, "database",
			    "The user %s can't write %s: %s.", user, path, strerror(rc));
			finding_remedy(
			    &doctor->found, "chown %s: %s && chmod 600 %s", user, path, path);
		}
	}
}

/* Disk */

static void
check_space(struct doctor *doctor, const char *path)
{
	char folder[4096];
	struct statvfs st;
	char *slash;
	unsigned long long free_mb;

	snprintf(folder, sizeof folder, "%s", path);
	while (statvfs(folder, &st) == -1) {
		slash = strrchr(folder, '/');
		if (slash == NULL || slash == folder)
			return;
		*slash = '\0';
	}
	free_mb = (unsigned long long)st.f_bavail * st.f_frsize / MEGABYTE;
	if (free_mb < 100)
		finding_add(&doctor->found, FINDING_ERROR, "disk", "Only %llu MB are free in %s.",
		    free_mb, folder);
	else if (free_mb < 1024)
		finding_add(&doctor->found, FINDING_WARNING, "disk",
		    "%llu MB are free in %s: a large campaign may need more.", free_mb, folder);
	else if (st.f_files > 0 && st.f_favail < 100000)
		finding_add(&doctor->found, FINDING_WARNING, "disk",
		    "%llu files can still be made in %s; each queued message is one.",
		    (unsigned long long)st.f_favail, folder);
	else
		finding_add(
		    &doctor->found, FINDING_OK, "disk", "%llu MB are free in %s.", free_mb, folder);
}

/* Due times, retries and signatures' time stamps count on it. */
static void
check_clock(struct doctor *doctor)
{
	struct timex state = {.modes = 0};
	char text[CLOCK_TEXT_SIZE];
	int rc = adjtimex(&state);

	if (clock_now() < CLOCK_LEAST) {
		finding_add(&doctor->found, FINDING_ERROR, "clock", "The clock says %s.",
		    clock_iso(clock_now(), text));
		finding_remedy(&doctor->found, "timedatectl set-ntp true");
	} else if (rc == TIME_ERROR || (rc >= 0 && (state.status & STA_UNSYNC) != 0)) {
		finding_add(&doctor->found, FINDING_WARNING, "clock",
		    "The kernel says that nothing keeps this clock synchronised.");
		finding_remedy(&doctor->found, "timedatectl set-ntp true");
	} else {
		finding_add(&doctor->found, FINDING_OK, "clock", "The clock is %s.",
		    rc == -1 ? "set" : "synchronised");
	}
}

static void
check_templates(struct doctor *doctor)
{
	struct tailor_templates *templates;
	struct err err = ERR_INIT;

	if (tailor_templates_load(&templates, doctor->conf, &err) != 0)
		add_problem(err.text, doctor);
	tailor_templates_unref(&templates);
}

void
doctor_check_machine(struct doctor *doctor)
{
	const char *queue =
	    doctor->postfix == NULL ? "" : postfix_get(doctor->postfix, "queue_directory");

	conf_check_machine(doctor->conf, add_problem, doctor, NULL);
	check_templates(doctor);
	check_log(doctor);
	check_database(doctor);
	check_space(doctor, doctor->conf->database);
	if (queue[0] == '/')
		check_space(doctor, queue);
	check_clock(doctor);
}
