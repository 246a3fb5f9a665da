/* SPDX-License-Identifier: BSD-2-Clause
 *
 * postfix: see postfix.h
 */
#include "ctl/postfix.h"

#include "base/arena.h"
#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX   ((size_t)4 << 20)
#define SERVICES_MAX 500
#define LIMIT_SUFFIX "_destination_recipient_limit"

struct postfix {
	struct arena *arena;
	struct str parameters; /* postconf -x */
	struct str overrides;  /* postconf -x -P */
	struct postfix_service services[SERVICES_MAX];
	size_t service_count;
	const char *command;
};

/* The end of an output that nobody reads is no reason to fail. */
static void
drain(int fd, struct buf *output)
{
	char piece[16384];
	ssize_t got;

	while ((got = read(fd, piece, sizeof piece)) > 0 || (got == -1 && errno == EINTR)) {
		if (got > 0)
			buf_add(output, piece, (size_t)got);
	}
}

/* Runs postconf; its standard output is added to `output`. -1 with errno if it could
 * not be run, else its exit status. */
static int
run_postconf(char *const argv[], struct buf *output)
{
	posix_spawn_file_actions_t actions;
	int pipe_fd[2], rc, status = 0;
	pid_t child;

	if (pipe2(pipe_fd, O_CLOEXEC) == -1)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, pipe_fd[1], 1);
	/* Warnings about unused parameters are for who runs postconf by hand. */
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	rc = posix_spawn(&child, "/usr/sbin/postconf", &actions, NULL, argv, environ);
	if (rc == ENOENT)
		rc = posix_spawnp(&child, "postconf", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipe_fd[1]);
	if (rc == 0)
		drain(pipe_fd[0], output);
	close(pipe_fd[0]);
	if (rc != 0) {
		errno = rc;
		return -1;
	}
	while (waitpid(child, &status, 0) == -1) {
		if (errno != EINTR)
			return -1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

static int
ask(struct postfix *postfix, const char *folder, const char *option, struct str *answer_r,
    struct err *err)
{
	char *argv[5],
	    *words[] = {strdup("postconf"), strdup("-c"), strdup(folder), strdup(option)};
	size_t argc = 0;
	struct buf output;
	int rc;

	for (size_t i = 0; i < 4; i++) {
		if (words[i] == NULL)
			abort();
		if (folder[0] != '\0' || (i != 1 && i != 2))
			argv[argc++] = words[i];
	}
	argv[argc] = NULL;
	buf_init(&output, OUTPUT_MAX);
	/* A line end before the first line makes every name begin after one. */
	buf_add_char(&output, '\n');
	rc = run_postconf(argv, &output);
	for (size_t i = 0; i < 4; i++)
		free(words[i]);
	if (rc == -1)
		rc = err_set(
		    err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO, "postconf: %s", strerror(errno));
	else if (rc != 0 || output.full)
		rc = err_set(err, ERR_IO, "%s %s failed (%d)", postfix->command, option, rc);
	else
		*answer_r = arena_str(postfix->arena, buf_str(&output));
	buf_fini(&output);
	return rc;
}

/* What stands behind "\nKEY = " up to the end of that line; NULL if nothing does. */
static const char *
look_up(const struct postfix *postfix, struct str text, struct str key)
{
	const char *at = memmem(text.p, text.n, key.p, key.n), *end;

	if (at == NULL)
		return NULL;
	at += key.n;
	if (*at == ' ')
		at++;
	end = strchrnul(at, '\n');
	return arena_str(postfix->arena, (struct str){at, (size_t)(end - at)}).p;
}

static const char *
need(struct str text)
{
	if (text.p == NULL)
		abort();
	return text.p;
}

/* "NAME/TYPE/FIELD = VALUE"; a service's fields come one after the other. */
static void
add_field(struct postfix *postfix, struct str line, bool chroot_default)
{
	struct str name, type, field, value = STR_NONE;
	struct postfix_service *service;
	const char *equals = memmem(line.p, line.n, " = ", 3);

	if (equals == NULL || postfix->service_count == SERVICES_MAX)
		return;
	value.p = equals + 3;
	value.n = (size_t)(line.p + line.n - value.p);
	line.n = (size_t)(equals - line.p);
	if (!str_split(&line, '/', &name) || !str_split(&line, '/', &type) ||
	    !str_split(&line, '/', &field))
		return;
	service = &postfix->services[postfix->service_count];
	if (str_is(field, "service")) {
		service->name = need(arena_str(postfix->arena, name));
		service->type = need(arena_str(postfix->arena, type));
	} else if (str_is(field, "chroot")) {
		service->chroot = str_is(value, "y") || (str_is(value, "-") && chroot_default);
	} else if (str_is(field, "command") && service->name != NULL) {
		value.n = strcspn(value.p, " \t\n") < value.n ? strcspn(value.p, " \t\n") : value.n;
		service->program = need(arena_str(postfix->arena, value));
		postfix->service_count++;
	}
}

static int
read_services(struct postfix *postfix, const char *folder, struct err *err)
{
	struct str text, line;
	const char *level;

	if (ask(postfix, folder, "-F", &text, err) == -1)
		return -1;
	/* master(5): "-" is y below compatibility level 1. */
	level = postfix_get(postfix, "compatibility_level");
	while (str_split(&text, '\n', &line))
		add_field(postfix, line, level[0] == '\0' || strcmp(level, "0") == 0);
	return 0;
}

int
postfix_open(struct postfix **postfix_r, const char *folder, struct err *err)
{
	struct postfix *postfix = calloc(1, sizeof *postfix);

	if (postfix == NULL)
		abort();
	postfix->arena = arena_new((size_t)64 << 20);
	postfix->command = folder[0] == '\0'
	    ? "postconf"
	    : need(arena_printf(postfix->arena, "postconf -c %s", folder));
	if (ask(postfix, folder, "-x", &postfix->parameters, err) == -1 ||
	    ask(postfix, folder, "-xP", &postfix->overrides, err) == -1 ||
	    read_services(postfix, folder, err) == -1) {
		postfix_close(&postfix);
		*postfix_r = NULL;
		return -1;
	}
	*postfix_r = postfix;
	return 0;
}

void
postfix_close(struct postfix **postfix)
{
	if (*postfix == NULL)
		return;
	arena_free(&(*postfix)->arena);
	free(*postfix);
	*postfix = NULL;
}

const char *
postfix_get(const struct postfix *postfix, const char *name)
{
	struct str key = arena_printf(postfix->arena, "\n%s =", name);
	const char *value = look_up(postfix, postfix->parameters, key);

	return value == NULL ? "" : value;
}

static const char *
override(const struct postfix *postfix, const struct postfix_service *service, const char *name)
{
	struct str key =
	    arena_printf(postfix->arena, "\n%s/%s/%s =", service->name, service->type, name);

	return look_up(postfix, postfix->overrides, key);
}

const char *
postfix_service_get(
    const struct postfix *postfix, const struct postfix_service *service, const char *name)
{
	const char *value = override(postfix, service, name);

	return value == NULL ? postfix_get(postfix, name) : value;
}

bool
postfix_service_overrides(
    const struct postfix *postfix, const struct postfix_service *service, const char *name)
{
	return override(postfix, service, name) != NULL;
}

const struct postfix_service *
postfix_services(const struct postfix *postfix, size_t *count_r)
{
	*count_r = postfix->service_count;
	return postfix->services;
}

const char *
postfix_splitting_transport(const struct postfix *postfix)
{
	for (size_t i = 0; i < postfix->service_count; i++) {
		const char *name = postfix->services[i].name;
		struct str parameter = arena_printf(postfix->arena, "%s" LIMIT_SUFFIX, name);

		/* Only what speaks SMTP: local(8) takes one recipient at a time by default. */
		if (strcmp(postfix->services[i].program, "smtp") == 0 &&
		    strcmp(postfix_get(postfix, parameter.p), "1") == 0)
			return name;
	}
	return NULL;
}

const char *
postfix_command(const struct postfix *postfix)
{
	return postfix->command;
}

int64_t
postfix_seconds(const char *value, char unit)
{
	size_t digits = strspn(value, "0123456789");
	unsigned long long number;

	if (!str_to_u64((struct str){value, digits}, 1000000000, &number))
		return -1;
	if (value[digits] != '\0') {
		unit = value[digits];
		if (value[digits + 1] != '\0')
			return -1;
	}
	switch (unit) {
	case 's':
		return (int64_t)number;
	case 'm':
		return (int64_t)number * 60;
	case 'h':
		return (int64_t)number * 3600;
	case 'd':
		return (int64_t)number * 86400;
	default:
		return -1;
	}
}

bool
postfix_next(struct str *rest, struct str *element_r)
{
	size_t depth = 0, len = 0;

	while (rest->n > 0 && strchr(" \t\r\n,", *rest->p) != NULL) {
		rest->p++;
		rest->n--;
	}
	if (rest->n == 0)
		return false;
	for (; len < rest->n; len++) {
		if (rest->p[len] == '{')
			depth++;
		else if (rest->p[len] == '}' && depth > 0)
			depth--;
		else if (depth == 0 && strchr(" \t\r\n,", rest->p[len]) != NULL)
			break;
	}
	*element_r = (struct str){rest->p, len};
	rest->p += len;
	rest->n -= len;
	if (element_r->n >= 2 && element_r->p[0] == '{')
		*element_r = str_trim((struct str){element_r->p + 1, element_r->n - 2});
	return true;
}
