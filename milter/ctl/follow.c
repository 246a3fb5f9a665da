/* SPDX-License-Identifier: BSD-2-Clause
 *
 * follow: logs of the relay read by hand, as the follower reads mail_log by itself
 *
 * Standard input may go on for ever: what came is learned whenever it pauses.
 *
 * Threads: one.
 */
#include "follow/learn.h"

#include "base/clock.h"
#include "ctl/ctl.h"
#include "maillog/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define CHUNK	 ((size_t)64 * 1024)
#define PAUSE_MS 500

struct follow_command {
	struct ctl *ctl;
	struct follow_learner *learner;
	struct maillog_feed feed;
	struct err err;
	int rc; /* of what was learned */
	bool json;
	int year;
	uint64_t lines;
};

static void
take(const struct maillog_line *line, int64_t time_ms, void *closure)
{
	struct follow_command *command = closure;

	follow_take(command->learner, line, time_ms);
	if (follow_is_full(command->learner) && command->rc == 0)
		command->rc = follow_learn(command->learner, NULL, 0, false, &command->err);
}

/* The bytes read, 0 at the end, -1; while there is nothing, what came before is learned. */
static ssize_t
read_some(struct follow_command *command, int fd, char *bytes)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	ssize_t got;

	while (command->rc == 0 && poll(&poll_fd, 1, PAUSE_MS) == 0)
		command->rc = follow_learn(command->learner, NULL, 0, false, &command->err);
	do {
		got = read(fd, bytes, CHUNK);
	} while (got < 0 && errno == EINTR);
	return got;
}

static int
read_all(struct follow_command *command, int fd, const char *name)
{
	static char bytes[CHUNK];
	struct stat st;
	int64_t written_ms = clock_now();
	ssize_t got = 0;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		written_ms = (int64_t)st.st_mtime * 1000;
	maillog_feed_init(&command->feed, written_ms, command->year, take, command);
	while (command->rc == 0 && (got = read_some(command, fd, bytes)) > 0)
		maillog_feed_put(&command->feed, bytes, (size_t)got);
	maillog_feed_end(&command->feed);
	if (command->rc == 0)
		command->rc = follow_learn(command->learner, NULL, 0, false, &command->err);
	command->lines += command->feed.lines;
	maillog_feed_fini(&command->feed);
	if (got < 0) {
		ctl_error("%s: %s", name, strerror(errno));
		return EX_IOERR;
	}
	return command->rc == 0 ? EX_OK : ctl_fail(&command->err);
}

static int
read_file(struct follow_command *command, const char *path)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int status;

	if (fd < 0) {
		ctl_error("%s: %s", path, strerror(errno));
		return EX_NOINPUT;
	}
	status = read_all(command, fd, standard ? "standard input" : path);
	if (!standard)
		close(fd);
	return status;
}

/* Those of mail_log, the oldest first; older ones need not exist. */
static int
read_configured(struct follow_command *command)
{
	const struct conf_list *paths = &command->ctl->conf->mail_log;
	int status = EX_OK;

	for (size_t i = paths->count; i > 0 && status == EX_OK; i--) {
		if (i == 1 || access(paths->at[i - 1], F_OK) == 0)
			status = read_file(command, paths->at[i - 1]);
	}
	return status;
}

static void
put_summary(const struct follow_command *command)
{
	const struct follow_counts *counts = follow_counts(command->learner);

	if (command->json) {
		ctl_put_json(json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "lines",
		    (json_int_t)command->lines, "about_messages", (json_int_t)counts->lines,
		    "results", (json_int_t)counts->results, "new", (json_int_t)counts->learned,
		    "known", (json_int_t)counts->known, "waiting", (json_int_t)counts->waiting,
		    "forgotten", (json_int_t)counts->forgotten));
		return;
	}
	printf("%llu lines, %llu results of deliveries; of copies of ours %llu are new, %llu were "
	       "known\n",
	    (unsigned long long)command->lines, (unsigned long long)counts->results,
	    (unsigned long long)counts->learned, (unsigned long long)counts->known);
	if (counts->waiting > 0)
		printf("%llu wait for their journal row\n", (unsigned long long)counts->waiting);
}

static int
run(struct follow_command *command, int count, char **paths)
{
	int status = ctl_store(command->ctl, STORE_READ);

	if (status != EX_OK)
		return status;
	if (follow_learner_new(
		&command->learner, command->ctl->store, command->ctl->conf, &command->err) != 0)
		return ctl_fail(&command->err);
	if (count == 0)
		status = read_configured(command);
	for (int i = 0; i < count && status == EX_OK; i++)
		status = read_file(command, paths[i]);
	if (status == EX_OK)
		put_summary(command);
	follow_learner_free(&command->learner);
	return status;
}

int
ctl_follow(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'},
	    {"year", required_argument, NULL, 'y'}, {NULL, 0, NULL, 0}};
	struct follow_command command = {.ctl = ctl, .err = ERR_INIT};
	unsigned long long year;
	int option;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		switch (option) {
		case 'j':
			command.json = true;
			break;
		case 'y':
			if (!str_to_u64(str_c(optarg), 9999, &year) || year < 1970) {
				ctl_error("--year %s: a year like 2026 was expected", optarg);
				return EX_USAGE;
			}
			command.year = (int)year;
			break;
		default:
			return ctl_usage("follow");
		}
	}
	return run(&command, argc - optind, argv + optind);
}
