/* SPDX-License-Identifier: BSD-2-Clause
 *
 * conf_machine_test: what -n finds wrong with the machine
 */
#include "base/buf.h"
#include "conf/machine.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

static char folder[64];

static void
put(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
collect(const char *text, void *closure)
{
	buf_printf(closure, "%s\n", text);
}

/* Each case changes a configuration that is good otherwise. Root looks with the
 * rights of nobody. */
static const struct {
	const char *text;
	const char *problem; /* "" for none; ~ stands for the folder */
	bool root_only;
} cases[] = {
    {"", "", false},
    {"socket = \"inet:1@localhost\"", "", false},
    {"campaign a { data = good.json }", "", false},
    {"user = \"no-such-user\"",
	"m.conf:6: user: there is no user \"no-such-user\" on this machine\n", true},
    {"socket_group = \"no-such-group\"",
	"m.conf:6: socket_group: there is no group \"no-such-group\" on this machine\n", false},
    {"socket = \"unix:none/s\"", "m.conf:6: socket: the folder ~/none: No such file or directory\n",
	false},
    {"pid_file = \"good.json/pid\"", "m.conf:6: pid_file: ~/good.json is not a folder\n", false},
    {"database = \"closed/db\"",
	"m.conf:6: database: the user nobody may not write in the "
	"folder ~/closed: Permission denied\n",
	true},
    {"log = \"closed/log\"",
	"m.conf:6: log: the user nobody may not enter the folder "
	"~/closed: Permission denied\n",
	true},
    {"mail_log = {\"none.log\"}",
	"m.conf:6: mail_log: ~/none.log can't be read by user nobody: No such file or directory\n",
	true},
    {"mail_log = {\"log\", \"none.log\"}", "", false},
    {"mail_log = {\"log\", \"closed.log\"}",
	"m.conf:6: mail_log: ~/closed.log can't be read by user nobody: Permission denied\n", true},
    {"campaign a { data = none.json }",
	"m.conf:6: data: ~/none.json can't be read: No such file or directory\n", false},
    {"campaign a { data = bad.json }",
	"m.conf:6: data: ~/bad.json:2: '}' expected near end of file\n", false},
    {"campaign a { data = list.json }", "m.conf:6: data: ~/list.json: expected one JSON object\n",
	false},
    {"campaign a { data = \".\" }", "m.conf:6: data: ~/. is no file of at most 16 MB\n", false},
};

static void
expect(const char *text, const char *problem)
{
	struct buf found, expected;
	struct conf *conf;
	const struct conf *last;
	struct err err = ERR_INIT;
	char whole[1000];
	int rc;

	snprintf(whole, sizeof whole,
	    "user = nobody\nsocket = \"unix:run/s\"\npid_file = \"run/pid\"\n"
	    "database = \"run/db\"  mail_log = {log}\nsocket_group = \"\"\n%s\n",
	    text);
	put("m.conf", whole);
	if (conf_load(&conf, "m.conf", NULL, NULL, &err) == -1)
		fail_msg("%s", err.text);
	buf_init(&found, 10000);
	buf_init(&expected, 10000);
	buf_add_c(&found, "");
	for (const char *c = problem; *c != '\0'; c++) {
		if (*c == '~')
			buf_add_c(&expected, folder);
		else
			buf_add_char(&expected, *c);
	}
	rc = conf_check_machine(conf, collect, &found, &err);
	assert_string_equal(buf_str(&found).p, buf_str(&expected).p);
	assert_int_equal(rc, problem[0] == '\0' ? 0 : -1);
	if (rc == -1)
		assert_memory_equal(err.text, found.data, strlen(err.text));
	buf_fini(&found);
	buf_fini(&expected);
	last = conf;
	conf_unref(&last);
}

static void
problems_are_told_with_their_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (geteuid() == 0 || !cases[i].root_only)
			expect(cases[i].text, cases[i].problem);
	}
}

static void
access_is_the_users(void **state)
{
	(void)state;
	assert_int_equal(machine_access("nobody", "log", R_OK), 0);
	assert_int_equal(machine_access("", "none", R_OK), ENOENT);
	if (geteuid() != 0)
		skip();
	assert_int_equal(machine_access("", "closed.log", R_OK), 0);
	assert_int_equal(machine_access("nobody", "closed.log", R_OK), EACCES);
	assert_int_equal(machine_access("no-such-user", "log", R_OK), ESRCH);
	assert_int_equal(geteuid(), 0);
}

static int
enter_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/conf_machine_test.XXXXXX");
	if (mkdtemp(folder) == NULL || chdir(folder) == -1 || chmod(folder, 0755) == -1 ||
	    mkdir("run", 0777) == -1 || chmod("run", 0777) == -1 || mkdir("closed", 0700) == -1)
		return -1;
	put("log", "");
	put("closed.log", "");
	put("good.json", "{\"season\": \"spring\"}\n");
	put("bad.json", "{\"season\": \"spring\"\n");
	put("list.json", "[1]\n");
	return chmod("log", 0644) == -1 || chmod("closed.log", 0600) == -1;
}

static int
leave_folder(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof command, "rm -r %s", folder);
	return chdir("/") == -1 || system(command) != 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(problems_are_told_with_their_place),
	    cmocka_unit_test(access_is_the_users),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
