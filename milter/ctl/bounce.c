/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bounce: what returned messages say, and what follows from it
 *
 * milter/delivery/ reads and acts; this file finds the messages. As a pipe of the relay, each
 * failure is EX_TEMPFAIL: the relay keeps the message and tries again. What nothing can be done
 * with goes into a folder, for people.
 *
 * Threads: one.
 */
#include "ctl/bounce.h"

#include "base/buf.h"
#include "base/log.h"
#include "ctl/maildir.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

/* --- one message --- */

/* Tells what was done where nobody looks at standard output. */
static void
log_result(const struct bounce_command *command, const struct delivery_report *report,
    const struct bounce_result *result)
{
	if (!command->pipe || result->outcome == NULL)
		return;
	log_info("bounce: taken", LOG_STR("kind", delivery_kind_name(report->kind)),
	    LOG_STR("outcome", result->outcome), LOG_STR("scope", result->scope),
	    LOG_STR("proof", delivery_proof_name(result->proof)), LOG_STR("why", result->why));
}

/* Read, acted upon, then told. */
static int
take_message(void *closure, const struct ctl_mail *mail)
{
	struct bounce_command *command = closure;
	struct delivery_input input = {mail->raw, command->recipient, command->keys};
	struct bounce_result result = {.kept = true};
	struct delivery_report report;
	struct err err = ERR_INIT;
	int rc = 0;

	delivery_read(&input, command->arena, &report);
	if (command->act)
		rc = bounce_act(command, mail, &report, &result, &err);
	if (rc != 0) {
		arena_reset(command->arena);
		ctl_error("%s: %s", mail->path, err.text);
		command->failed = err_exit_code(err.code);
		return command->pipe ? -1 : 0;
	}
	(command->json ? bounce_put_json : bounce_put_text)(command, mail, &report, &result);
	log_result(command, &report, &result);
	command->messages++;
	command->kinds[report.kind]++;
	command->keep = !result.kept;
	arena_reset(command->arena);
	return 0;
}

static void
put_summary(const struct bounce_command *command)
{
	printf("%zu messages:", command->messages);
	for (int kind = DELIVERY_NONE; kind <= DELIVERY_AUTOREPLY; kind++) {
		if (command->kinds[kind] > 0)
			printf(" %zu %s", command->kinds[kind],
			    delivery_kind_name((enum delivery_kind)kind));
	}
	if (command->suppressed > 0)
		printf("; %zu suppressed", command->suppressed);
	putchar('\n');
}

/* --- the pipe --- */

static int
put_into_folder(const struct bounce_command *command, struct str raw, struct err *err)
{
	const struct conf *conf = command->ctl->conf;
	char path[PATH_MAX];

	if (conf->bounce_folder[0] != '\0')
		return ctl_maildir_put(conf->bounce_folder, raw, stdin, err);
	if ((size_t)snprintf(path, sizeof path, "%s-returned", conf->database) >= sizeof path)
		return err_set(err, ERR_IO, "%s: the path is too long", conf->database);
	return ctl_maildir_put(path, raw, stdin, err);
}

/* As much as is looked at; the rest waits in standard input. */
static int
read_pipe(struct buf *raw, struct err *err)
{
	char piece[8192];
	size_t n = sizeof piece;

	while (n == sizeof piece && raw->len < DELIVERY_RAW_MAX) {
		n = fread(piece, 1, sizeof piece, stdin);
		buf_add(raw, piece, n);
	}
	return ferror(stdin) ? err_set(err, ERR_IO, "standard input: %s", strerror(errno)) : 0;
}

static int
run_pipe(struct bounce_command *command)
{
	struct ctl_mail mail = {.path = "-", .number = 1};
	struct err err = ERR_INIT;
	struct buf raw;
	int rc;

	buf_init(&raw, DELIVERY_RAW_MAX + 8192);
	rc = read_pipe(&raw, &err);
	mail.raw = raw.len > 0 ? buf_str(&raw) : STR("");
	if (rc == 0)
		rc = take_message(command, &mail);
	if (rc == 0 && command->keep)
		rc = put_into_folder(command, mail.raw, &err);
	if (rc == 0)
		ctl_drain();
	if (rc != 0 && err.code != ERR_NONE)
		ctl_error("%s", err.text);
	buf_fini(&raw);
	return rc == 0 ? EX_OK : EX_TEMPFAIL;
}

/* --- the run --- */

/* Tokens need keys, and all that is done the database; reading works without. */
static int
open_parts(struct bounce_command *command)
{
	struct ctl *ctl = command->ctl;
	struct err err = ERR_INIT;

	if (!ctl->conf_named && access(ctl->conf_path, F_OK) != 0) {
		command->act = false;
		return EX_OK;
	}
	if (ctl_configuration(ctl) == NULL)
		return EX_CONFIG;
	if (link_keys_load(&command->keys, ctl->conf, &err) != 0)
		return ctl_fail(&err);
	if (command->pipe &&
	    log_open(ctl->conf->log, "mailtailor", (enum log_level)ctl->conf->log_level, &err) != 0)
		return ctl_fail(&err);
	if (!command->pipe && access(ctl->conf->database, F_OK) != 0) {
		command->act = false;
		return EX_OK;
	}
	return ctl_store(ctl, command->pipe && command->act ? STORE_CREATE : STORE_READ);
}

static int
run_files(struct bounce_command *command, int count, char **paths)
{
	struct err err = ERR_INIT;
	int worst = EX_OK;

	for (int i = 0; i < count; i++) {
		err = ERR_INIT;
		if (ctl_mail_each(paths[i], DELIVERY_RAW_MAX + 1, take_message, command, &err) != 0)
			worst = ctl_fail(&err);
	}
	if (!command->json && command->messages > 1)
		put_summary(command);
	return worst == EX_OK ? command->failed : worst;
}

static int
run(struct bounce_command *command, int count, char **paths)
{
	int status = open_parts(command);

	if (!command->pipe)
		return status == EX_OK ? run_files(command, count, paths) : status;
	return status == EX_OK ? run_pipe(command) : EX_TEMPFAIL;
}

/* Postfix's local(8) says these to a command in an alias. */
static void
take_environment(struct bounce_command *command)
{
	const char *recipient = getenv("ORIGINAL_RECIPIENT");

	if (command->recipient.n == 0 && recipient != NULL)
		command->recipient = str_c(recipient);
	if (command->client == NULL)
		command->client = getenv("CLIENT_ADDRESS");
}

int
ctl_bounce(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'},
	    {"dry-run", no_argument, NULL, 'n'}, {"recipient", required_argument, NULL, 'r'},
	    {"client", required_argument, NULL, 'c'}, {NULL, 0, NULL, 0}};
	struct bounce_command command = {.ctl = ctl, .recipient = STR(""), .act = true};
	int option, status;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option == 'j')
			command.json = true;
		else if (option == 'n')
			command.act = false;
		else if (option == 'r')
			command.recipient = str_c(optarg);
		else if (option == 'c')
			command.client = optarg;
		else
			return EX_USAGE;
	}
	command.pipe = optind == argc;
	if (command.pipe)
		take_environment(&command);
	command.arena = arena_new(DELIVERY_ARENA);
	status = run(&command, argc - optind, argv + optind);
	arena_free(&command.arena);
	link_keys_unref(&command.keys);
	return status;
}
