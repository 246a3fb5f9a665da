/* SPDX-License-Identifier: BSD-2-Clause
 *
 * master_test: the EHLO name, the pid file's lock, the process that acts as the user
 */
#include "master/ehlo.h"
#include "master/identity.h"
#include "master/pidfile.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#define NOW INT64_C(1750000000000)

static const struct id_digest key = {{1, 2, 3}}, other_key = {{1, 2, 4}};

static void
ehlo_names_are_known_again(void **state)
{
	char name[EHLO_NAME_SIZE], second[EHLO_NAME_SIZE];

	(void)state;
	ehlo_make(&key, NOW, name);
	assert_true(ehlo_check(&key, NOW, str_c(name)));
	assert_true(ehlo_check(&key, NOW + 599000, str_c(name)));
	assert_true(ehlo_check(&key, NOW - 599000, str_c(name)));
	assert_false(ehlo_check(&key, NOW + 601000, str_c(name)));
	assert_false(ehlo_check(&key, NOW - 601000, str_c(name)));
	assert_false(ehlo_check(&other_key, NOW, str_c(name)));
	ehlo_make(&key, NOW, second);
	assert_string_not_equal(name, second);
}

static void
ehlo_names_cannot_be_changed(void **state)
{
	char name[EHLO_NAME_SIZE];
	size_t length;

	(void)state;
	ehlo_make(&key, NOW, name);
	length = strlen(name) - strlen(".mailtailor.invalid");
	for (size_t i = 0; i < length; i++) {
		char kept = name[i];

		name[i] = kept == '0' ? '1' : '0';
		assert_false(ehlo_check(&key, NOW, str_c(name)));
		name[i] = kept;
	}
	for (size_t i = 0; i < strlen(name); i++)
		assert_false(ehlo_check(&key, NOW, (struct str){name, i}));
	assert_true(ehlo_check(&key, NOW, str_c(name)));
}

static void
lock_is_held_by_one(void **state)
{
	char folder[] = "/tmp/master_test.XXXXXX", path[64], text[32];
	struct err err = ERR_INIT;
	int fd, second, status;
	pid_t child;
	ssize_t n;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/pid", folder);
	assert_int_equal(pidfile_open(path, &fd, &err), 0);
	second = open(path, O_RDONLY);
	n = read(second, text, sizeof text - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_int_equal(strtol(text, NULL, 10), getpid());
	assert_int_equal(flock(second, LOCK_EX | LOCK_NB), -1);

	/* A child that was forked holds it, too, even when its master has let go. */
	child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	close(fd);
	assert_int_equal(flock(second, LOCK_EX | LOCK_NB), -1);
	assert_int_equal(pidfile_open(path, &fd, &err), -1);
	assert_int_equal(err.code, ERR_BUSY);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	assert_int_equal(pidfile_open(path, &fd, &err), 0);
	pidfile_close(path, &fd);
	assert_int_equal(access(path, F_OK), -1);
	close(second);
	rmdir(folder);
}

static int
succeed(void *closure, struct err *err)
{
	const struct identity *identity = closure;

	return geteuid() == identity->uid && getegid() == identity->gid
	    ? 0
	    : err_set(err, ERR_PERM, "wrong user %d", (int)geteuid());
}

static int
complain(void *closure, struct err *err)
{
	return err_set(err, ERR_STORE, "%s", (const char *)closure);
}

static int
die(void *closure, struct err *err)
{
	(void)closure;
	(void)err;
	_exit(9);
}

static void
tasks_run_as_the_user(void **state)
{
	struct identity identity;
	struct err err = ERR_INIT;
	char text[] = "no such table";

	(void)state;
	assert_int_equal(identity_find("nobody", &identity, &err), 0);
	assert_true(identity.change == (geteuid() == 0));
	assert_int_equal(identity_run(&identity, succeed, &identity, &err), 0);
	assert_int_equal(identity_run(&identity, complain, text, &err), -1);
	assert_int_equal(err.code, ERR_STORE);
	assert_string_equal(err.text, text);
	assert_int_equal(identity_run(&identity, die, NULL, &err), -1);
	assert_int_equal(err.code, ERR_IO);
	if (geteuid() == 0) {
		assert_int_equal(identity_find("no-such-user", &identity, &err), -1);
		assert_int_equal(err.code, ERR_CONFIG);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ehlo_names_are_known_again),
	    cmocka_unit_test(ehlo_names_cannot_be_changed),
	    cmocka_unit_test(lock_is_held_by_one),
	    cmocka_unit_test(tasks_run_as_the_user),
	};

	return cmocka_run_group_tests_name("master", tests, NULL, NULL);
}
