/* SPDX-License-Identifier: BSD-2-Clause
 *
 * machine: see machine.h
 */
#include "conf/machine.h"

#include <errno.h>
#include <grp.h>
#include <jansson.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Templates see the whole file; beyond this it is not meant for them. */
#define DATA_MAX ((off_t)16 << 20)
/* Rights in a folder in which files are made. */
#define FULL (R_OK | W_OK | X_OK)

struct check {
	const struct conf *conf;
	void (*each_problem)(const char *text, void *closure);
	void *closure;
	struct err *err;
	size_t problems;
};

static void __attribute__((format(printf, 5, 6))) complain(struct check *check, enum err_code code,
    const char *place, const char *name, const char *format, ...)
{
	char text[ERR_TEXT_MAX];
	struct err err;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	err_set(&err, code, "%s: %s: %s", place, name, text);
	if (check->problems++ == 0 && check->err != NULL)
		*check->err = err;
	if (check->each_problem != NULL)
		check->each_problem(err.text, check->closure);
}

static const char *
place(const struct check *check, const char *name)
{
	return conf_place(check->conf, name);
}

/* In a child of its own, which alone gives up its rights. */
static void __attribute__((noreturn))
access_in_child(const struct passwd *user, const char *path, int mode)
{
	if (initgroups(user->pw_name, user->pw_gid) == -1 || setgid(user->pw_gid) == -1 ||
	    setuid(user->pw_uid) == -1)
		_exit(errno);
	_exit(access(path, mode) == -1 ? errno : 0);
}

int
machine_access(const char *user, const char *path, int mode)
{
	const struct passwd *entry;
	int status;
	pid_t child;

	if (geteuid() != 0 || user[0] == '\0')
		return access(path, mode) == -1 ? errno : 0;
	entry = getpwnam(user);
	if (entry == NULL)
		return ESRCH;
	child = fork();
	if (child == -1)
		return errno;
	if (child == 0)
		access_in_child(entry, path, mode);
	while (waitpid(child, &status, 0) == -1) {
		if (errno != EINTR)
			return errno;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

static void
check_names(struct check *check)
{
	const struct conf *conf = check->conf;

	if (geteuid() == 0 && conf->user[0] != '\0' && getpwnam(conf->user) == NULL)
		complain(check, ERR_CONFIG, place(check, "user"), "user",
		    "there is no user \"%.100s\" on this machine", conf->user);
	if (conf->socket_group[0] != '\0' && strncmp(conf->socket, "unix:", 5) == 0 &&
	    getgrnam(conf->socket_group) == NULL)
		complain(check, ERR_CONFIG, place(check, "socket_group"), "socket_group",
		    "there is no group \"%.100s\" on this machine", conf->socket_group);
}

/* The folder of `path` has to be there, with these rights in it (as for access(2)); `user`
 * "" is whoever starts the daemon. */
static void
check_folder(struct check *check, const char *name, const char *path, const char *user, int mode)
{
	char *folder = strdup(path), *slash;
	struct stat st;
	int rc;

	if (folder == NULL)
		abort();
	slash = strrchr(folder, '/');
	slash[slash == folder ? 1 : 0] = '\0';
	if (stat(folder, &st) == -1)
		complain(check, ERR_IO, place(check, name), name, "the folder %.200s: %s", folder,
		    strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		complain(check, ERR_IO, place(check, name), name, "%.200s is not a folder", folder);
	else if ((rc = machine_access(user, folder, mode)) != 0 && rc != ESRCH)
		complain(check, ERR_IO, place(check, name), name,
		    "the user %s may not %s the folder %.200s: %s",
		    user[0] == '\0' ? "who starts the daemon" : user,
		    (mode & W_OK) != 0 ? "write in" : "enter", folder, strerror(rc));
	free(folder);
}

/* The master makes the file and gives it to the user, whose processes open it again when it
 * was rotated. */
static void
check_log(struct check *check)
{
	size_t before = check->problems;

	check_folder(check, "log", check->conf->log, "", FULL);
	if (check->problems == before)
		check_folder(check, "log", check->conf->log, check->conf->user, X_OK);
}

/* The newest log has to be there; older ones may have been rotated away. */
static void
check_mail_logs(struct check *check)
{
	const struct conf_list *logs = &check->conf->mail_log;

	for (size_t i = 0; i < logs->count; i++) {
		int rc = machine_access(check->conf->user, logs->at[i], R_OK);

		if (rc != 0 && rc != ESRCH && (rc != ENOENT || i == 0))
			complain(check, ERR_IO, place(check, "mail_log"), "mail_log",
			    "%.200s can't be read%s%s: %s", logs->at[i],
			    geteuid() == 0 ? " by user " : "",
			    geteuid() == 0 ? check->conf->user : "", strerror(rc));
	}
}

static void
check_data(struct check *check, const struct conf_campaign *campaign)
{
	struct stat st;
	json_error_t error;
	json_t *json;
	int rc = machine_access(check->conf->user, campaign->data, R_OK);

	if (rc == ESRCH)
		return;
	if (rc != 0 || stat(campaign->data, &st) == -1) {
		complain(check, ERR_IO, campaign->place, "data", "%.200s can't be read: %s",
		    campaign->data, strerror(rc == 0 ? errno : rc));
		return;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > DATA_MAX) {
		complain(check, ERR_CONFIG, campaign->place, "data",
		    "%.200s is no file of at most 16 MB", campaign->data);
		return;
	}
	/* Templates take integers of any size. */
	json = json_load_file(campaign->data,
	    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
	if (json == NULL)
		complain(check, ERR_CONFIG, campaign->place, "data", "%.200s:%d: %s",
		    campaign->data, error.line, error.text);
	else if (!json_is_object(json))
		complain(check, ERR_CONFIG, campaign->place, "data",
		    "%.200s: expected one JSON object", campaign->data);
	json_decref(json);
}

int
conf_check_machine(const struct conf *conf, void (*each_problem)(const char *text, void *closure),
    void *closure, struct err *err)
{
	struct check check = {conf, each_problem, closure, err, 0};

	check_names(&check);
	if (strncmp(conf->socket, "unix:", 5) == 0)
		check_folder(&check, "socket", conf->socket + 5, "", FULL);
	check_folder(&check, "pid_file", conf->pid_file, "", FULL);
	check_folder(&check, "database", conf->database, conf->user, FULL);
	if (conf->log[0] == '/')
		check_log(&check);
	check_mail_logs(&check);
	for (size_t i = 0; i < conf->campaign_count; i++) {
		if (conf->campaigns[i].data[0] != '\0')
			check_data(&check, &conf->campaigns[i]);
	}
	return check.problems == 0 ? 0 : -1;
}
