/* SPDX-License-Identifier: BSD-2-Clause
 *
 * doctor_test: doctor against private Postfix configurations, good and broken
 *
 * postconf reads the folder that a case has filled; no Postfix runs. The relay and
 * mailtailord are played by threads of this test.
 */
#include "ctl/doctor.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

static char folder[64];

static const char good_main[] = "compatibility_level = 3.6\n"
				"myhostname = mx.example\n"
				"queue_directory = ~/q\n"
				"smtpd_milters = unix:mailtailor/milter.sock\n"
				"mynetworks = 127.0.0.0/8 [::1]/128\n"
				"enable_long_queue_ids = yes\n"
				"disable_mime_output_conversion = yes\n"
				"maillog_file = ~/mail.log\n";
static const char good_master[] = "smtp inet n - y - - smtpd\n"
				  "pickup unix n - y 60 1 pickup\n"
				  "cleanup unix n - y - 0 cleanup\n"
				  "smtp unix - - y - - smtp\n";
static const char good_conf[] = "socket = \"unix:q/mailtailor/milter.sock\"\n"
				"socket_group = \"\"\n"
				"user = nobody\n"
				"pid_file = \"open/pid\"\n"
				"database = \"open/db\"\n"
				"relay = \"127.0.0.1:1\"\n"
				"mail_log = {\"mail.log\"}\n";

#define SECRET                                       \
	"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ" \
	"EBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ"
#define KEYS                                      \
	"mailtailor-keys 1\n"                     \
	"key 1 2026-01-31T08:15:00Z " SECRET "\n" \
	"key 2 2026-07-31T08:15:00Z " SECRET "\n"

/* ~ in a text is the scratch folder. */
static void
put(const char *name, const char *first, const char *second)
{
	const struct timespec old[2] = {{.tv_sec = time(NULL) - 60}, {.tv_sec = time(NULL) - 60}};
	FILE *file = fopen(name, "w");
	const char *parts[] = {first, second};

	assert_non_null(file);
	for (int i = 0; i < 2; i++) {
		for (const char *c = parts[i]; *c != '\0'; c++) {
			if (*c == '~')
				fputs(folder, file);
			else
				fputc(*c, file);
		}
	}
	assert_int_equal(fclose(file), 0);
	/* Postfix waits until a file is a few seconds old, lest somebody still writes it. */
	assert_int_equal(utimensat(AT_FDCWD, name, old, 0), 0);
}

/* Runs doctor with --json; its exit code goes to *rc_r. */
static json_t *
examine(int *rc_r)
{
	char word[] = "doctor", json_option[] = "--json", postfix_option[] = "--postfix";
	char postfix_folder[100],
	    *argv[] = {word, json_option, postfix_option, postfix_folder, NULL};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	json_error_t error;
	json_t *answer;

	assert_non_null(out);
	snprintf(postfix_folder, sizeof postfix_folder, "%s/pf", folder);
	*rc_r = doctor_command("m.conf", 4, argv, out);
	fclose(out);
	answer = json_loads(text, 0, &error);
	if (answer == NULL)
		fail_msg("%s in %s", error.text, text);
	free(text);
	return answer;
}

/* A finding with that check and severity ("" for any), whose text and remedy hold the
 * two pieces. */
static bool
has(json_t *answer, const char *severity, const char *check, const char *text, const char *remedy)
{
	size_t i;
	json_t *one;

	json_array_foreach(json_object_get(answer, "findings"), i, one)
	{
		const char *its_severity = json_string_value(json_object_get(one, "severity"));
		const char *its_text = json_string_value(json_object_get(one, "text"));
		const char *its_remedy = json_string_value(json_object_get(one, "remedy"));

		if ((severity[0] == '\0' || strcmp(its_severity, severity) == 0) &&
		    strcmp(json_string_value(json_object_get(one, "check")), check) == 0 &&
		    strstr(its_text, text) != NULL && strstr(its_remedy, remedy) != NULL)
			return true;
	}
	return false;
}

static int
run(const char *command)
{
	return system(command) == 0 ? 0 : -1;
}

static void
expect(
    json_t *answer, const char *severity, const char *check, const char *text, const char *remedy)
{
	if (!has(answer, severity, check, text, remedy)) {
		char *all = json_dumps(answer, JSON_INDENT(1));

		fail_msg("no %s %s \"%s\" \"%s\" in %s", severity, check, text, remedy, all);
	}
}

/* What a case adds to the good configuration, and what doctor has to say then that it
 * does not say about the good one. */
static const struct {
	const char *main, *master, *conf;
	const char *severity, *check, *text, *remedy;
} cases[] = {
    {"smtpd_milters =\n", "", "", "error", "postfix.smtpd_milters", "No smtpd calls",
	"-e 'smtpd_milters = unix:mailtailor/milter.sock'"},
    {"smtpd_milters = inet:127.0.0.1:7\n", "", "", "error", "postfix.smtpd_milters",
	"No smtpd calls", "smtpd_milters = inet:127.0.0.1:7 unix:mailtailor/milter.sock'"},
    {"smtpd_milters = unix:~/q/mailtailor/milter.sock\n", "", "", "error", "postfix.chroot",
	"smtpd smtp runs in the chroot", "smtpd_milters = unix:mailtailor/milter.sock'"},
    {"", "", "socket = \"unix:~/open/s\"\n", "error", "postfix.chroot",
	"/open/s is not to be found", "socket = \"unix:~/q/mailtailor/milter.sock\""},
    {"", "submission inet n - n - - smtpd -o smtpd_milters=\n", "", "warning",
	"postfix.smtpd_milters", "smtpd submission does not call",
	"-P 'submission/inet/smtpd_milters=unix:mailtailor/milter.sock'"},
    {"smtpd_milters =\nsplit_destination_recipient_limit = 1\n",
	"split unix - - n - - smtp\n"
	"127.0.0.1:10025 inet n - n - - smtpd -o smtpd_milters=unix:mailtailor/milter.sock\n",
	"", "ok", "postfix.split", "the transport split splits", ""},
    {"milter_default_action = accept\n", "", "", "error", "postfix.milter_default_action",
	"raw template", "-e 'milter_default_action = tempfail'"},
    {"", "587 inet n - n - - smtpd -o milter_default_action=accept\n", "", "error",
	"postfix.milter_default_action", "raw template",
	"-P '587/inet/milter_default_action=tempfail'"},
    {"smtpd_milters = { unix:mailtailor/milter.sock, default_action=accept }\n", "", "", "error",
	"postfix.milter_default_action", "raw template",
	"default_action=tempfail    # in the braces"},
    {"milter_default_action = reject\n", "", "", "warning", "postfix.milter_default_action",
	"is reject", "tempfail"},
    {"milter_protocol = 2\n", "", "", "error", "postfix.milter_protocol", "is 2",
	"milter_protocol = 6"},
    {"milter_content_timeout = 5s\n", "", "", "warning", "postfix.milter_timeouts",
	"milter_content_timeout is 5s", "milter_content_timeout = 300s"},
    {"smtpd_milters = {unix:mailtailor/milter.sock, command_timeout=1s}\n", "", "", "warning",
	"postfix.milter_timeouts", "milter_command_timeout is 1s", "command_timeout=30s"},
    {"smtpd_milters = unix:opendkim/s unix:mailtailor/milter.sock\n", "", "", "warning",
	"postfix.other_signer", "unix:opendkim/s stands before mailtailor", ""},
    {"smtpd_milters = unix:mailtailor/milter.sock, inet:localhost:8891\n", "", "", "warning",
	"postfix.other_signer", "inet:localhost:8891 stands behind mailtailor", ""},
    {"smtpd_milters = unix:mailtailor/milter.sock unix:spamass/s\n", "", "", "warning",
	"postfix.other_milter", "unix:spamass/s stands behind", ""},
    {"smtpd_proxy_filter = 127.0.0.1:9\n", "", "", "error", "postfix.smtpd_proxy_filter",
	"127.0.0.1:9", ""},
    {"receive_override_options = no_milters\n", "", "", "error", "postfix.receive_override_options",
	"no_milters", ""},
    {"milter_mail_macros = i\n", "", "", "warning", "postfix.milter_macros", "{auth_authen}",
	"milter_mail_macros = i {auth_type} {auth_authen}"},
    {"smtpd_recipient_limit = 200000\n", "", "", "warning", "postfix.smtpd_recipient_limit",
	"(200000) is above", "max_recipients = 200000"},
    {"mynetworks = 10.0.0.0/8\n", "", "", "error", "postfix.mynetworks", "does not hold 127.0.0.1",
	"mynetworks = 10.0.0.0/8, 127.0.0.0/8"},
    {"mynetworks = 127.0.0.0/8\n", "", "relay = \"[::1]:1\"\n", "error", "postfix.mynetworks",
	"does not hold ::1", "[::1]/128"},
    {"", "", "relay = \"0.0.0.0:1\"\n", "warning", "postfix.mynetworks",
	"Not checked whether 0.0.0.0:1", ""},
    {"enable_long_queue_ids = no\n", "", "", "warning", "postfix.enable_long_queue_ids",
	"come again", "enable_long_queue_ids = yes"},
    {"non_smtpd_milters = unix:mailtailor/milter.sock\n", "", "", "ok", "postfix.non_smtpd_milters",
	"passes mailtailor, too", ""},
    {"header_checks = regexp:~/replace.re\n", "", "", "warning", "postfix.checks",
	"header_checks = regexp:~/replace.re changes", ""},
    {"smtp_header_checks = ldap:x\n", "", "", "warning", "postfix.checks",
	"smtp_header_checks = ldap:x could not be looked into", ""},
    {"smtp_generic_maps = hash:/x\n", "", "", "warning", "postfix.rewriting",
	"smtp_generic_maps = hash:/x rewrites", "-e 'smtp_generic_maps ='"},
    {"masquerade_domains = example.com\n", "", "", "warning", "postfix.rewriting",
	"masquerade_domains = example.com", "masquerade_classes = envelope_sender'"},
    {"sender_canonical_maps = hash:/x\n", "", "", "warning", "postfix.rewriting",
	"sender_canonical_maps", "sender_canonical_classes = envelope_sender"},
    {"always_bcc = a@b.example\n", "", "", "warning", "postfix.bcc", "a@b.example",
	"-e 'always_bcc ='"},
    {"content_filter = smtp:[127.0.0.1]:9\n", "", "", "warning", "postfix.content_filter",
	"smtp:[127.0.0.1]:9", "no_milters"},
    {"disable_mime_output_conversion = no\n", "", "", "warning",
	"postfix.disable_mime_output_conversion", "8BITMIME", "= yes'"},
    {"smtp_line_length_limit = 500\n", "", "", "warning", "postfix.smtp_line_length_limit",
	"is 500", "= 998"},
    {"maillog_file = /var/log/x\n", "", "", "error", "log.place", "/var/log/x",
	"mail_log = {\"/var/log/x\"}"},
    {"maillog_file =\n", "", "mail_log = {\"none.log\"}\n", "error", "log.missing",
	"There is no mail log", ""},
    {"", "", "mail_log = {}\n", "warning", "log.missing", "mail_log is empty", "mail_log = {"},
    {"maillog_file =\n", "", "mail_log = {\"other.log\"}\n", "warning", "log.lines",
	"holds no line of postfix/PROGRAM[PID]", ""},
    {"maillog_file =\n", "", "mail_log = {\"empty.log\"}\n", "warning", "log.lines", "is empty",
	""},
    {"syslog_name = mx1\n", "", "", "warning", "log.lines", "holds no line of mx1/", ""},
    {"", "", "database = \"none/db\"\n", "error", "machine", "m.conf:8: database: the folder", ""},
    {"", "", "dkim a.example { selector = s key = none.pem }\n", "error", "dkim.key",
	"can't be read: No such file", "mailtailor dkim new a.example s"},
    {"", "", "dkim a.example { selector = s key = \"mail.log\" }\n", "error", "dkim.key",
	"mail.log holds no private key", ""},
    {"", "", "dkim a.example { selector = s key = \"open.pem\" }\n", "error", "dkim.key_mode",
	"(mode 0644)", "chmod 600 ~/open.pem"},
    {"", "", "dkim a.example { selector = s key = \"short.pem\" }\n", "warning", "dkim.key_size",
	"1024 bits", ""},
    {"", "", "token_keys = none\n", "error", "link.keys", "none: No such file",
	"mailtailor key new "},
    {"", "", "token_keys = open.keys\n", "error", "link.keys", "mode 0644", "chmod 600 "},
    {"", "", "token_keys = \"mail.log\"\n", "error", "link.keys", "no usable token keys", ""},
    {"", "", "token_keys = good.keys\n", "ok", "link.keys",
	"Token key 2 of 2026-07-31 signs; 1 older one is read.", ""},
    {"", "", "dkim nothing.invalid { selector = s key = \"short.pem\" }\n", "", "dkim.dns",
	"s._domainkey.nothing.invalid",
	"s._domainkey.nothing.invalid. IN TXT ( \"v=DKIM1; k=rsa; p=MI"},
};

static char *
with_folder(const char *text)
{
	static char results[4][400];
	static unsigned turn;
	char *result = results[turn++ % 4], *end = result;

	for (; *text != '\0'; text++)
		end += sprintf(end, *text == '~' ? "%s" : "%.1s", *text == '~' ? folder : text);
	*end = '\0';
	return result;
}

static void
configure(const char *main_cf, const char *master_cf, const char *conf)
{
	put("pf/main.cf", good_main, main_cf);
	put("pf/master.cf", good_master, master_cf);
	put("m.conf", good_conf, conf);
}

static void
good_settings_are_well(void **state)
{
	static const char *const checks[] = {"postfix.smtpd_milters",
	    "postfix.milter_default_action", "postfix.smtpd_recipient_limit", "postfix.mynetworks",
	    "postfix.non_smtpd_milters", "log.lines", "database", "disk"};
	size_t i, problems = 0;
	json_t *answer, *one;
	int rc;

	(void)state;
	configure("", "", "");
	answer = examine(&rc);
	for (i = 0; i < sizeof checks / sizeof checks[0]; i++)
		expect(answer, "ok", checks[i], "", "");
	/* Nobody listens, there is no key, and this machine's clock and disk are its own. */
	expect(answer, "error", "relay.connect", "Connection refused", "systemctl start postfix");
	expect(answer, "error", "milter.connect", "No such file", "systemctl start mailtailord");
	expect(answer, "warning", "dkim.none", "", "selector");
	json_array_foreach(json_object_get(answer, "findings"), i, one)
	{
		const char *check = json_string_value(json_object_get(one, "check"));

		problems +=
		    strcmp(json_string_value(json_object_get(one, "severity")), "ok") != 0 &&
		    strcmp(check, "clock") != 0 && strcmp(check, "disk") != 0;
	}
	assert_int_equal(problems, 3);
	assert_int_equal(json_integer_value(json_object_get(answer, "errors")), 2);
	assert_int_equal(rc, 1);
	json_decref(answer);
}

static void
broken_settings_are_told(void **state)
{
	json_t *good, *answer;
	int rc;

	(void)state;
	configure("", "", "");
	good = examine(&rc);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *text = with_folder(cases[i].text),
			   *remedy = with_folder(cases[i].remedy);

		configure(cases[i].main, cases[i].master, cases[i].conf);
		answer = examine(&rc);
		expect(answer, cases[i].severity, cases[i].check, text, remedy);
		if (has(good, cases[i].severity, cases[i].check, text, remedy))
			fail_msg("%s is said of good settings, too", cases[i].check);
		json_decref(answer);
	}
	json_decref(good);
}

static void
other_spellings_of_our_socket_are_known(void **state)
{
	static const struct {
		const char *main, *master, *conf;
	} spellings[] = {
	    {"smtpd_milters = unix:/mailtailor/milter.sock\n", "", ""},
	    {"smtpd_milters = {unix:mailtailor/milter.sock, command_timeout=60s}\n", "", ""},
	    {"smtpd_milters = unix:other, unix:mailtailor/milter.sock\n", "", ""},
	    {"", "", "socket = \"unix:link/milter.sock\"\n"},
	    {"smtpd_milters = inet:localhost:8800\n", "", "socket = \"inet:8800@127.0.0.1\"\n"},
	    {"smtpd_milters = inet:127.0.0.1:8800\n", "", "socket = \"inet:8800@0.0.0.0\"\n"},
	    {"smtpd_milters = inet:[::1]:8800\n", "", "socket = \"inet6:8800@::1\"\n"},
	};
	json_t *answer;
	int rc;

	(void)state;
	for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
		configure(spellings[i].main, spellings[i].master, spellings[i].conf);
		answer = examine(&rc);
		expect(answer, "ok", "postfix.smtpd_milters", "smtpd smtp calls mailtailor", "");
		json_decref(answer);
	}
	configure(
	    "smtpd_milters = inet:localhost:8801\n", "", "socket = \"inet:8800@127.0.0.1\"\n");
	answer = examine(&rc);
	expect(answer, "error", "postfix.smtpd_milters", "No smtpd",
	    "smtpd_milters = inet:localhost:8801 inet:127.0.0.1:8800'");
	json_decref(answer);
}

static void
rights_are_looked_at_as_the_user(void **state)
{
	json_t *answer;
	int rc;

	(void)state;
	if (geteuid() != 0)
		skip();
	put("closed.log", "", "");
	put("open/closed-db", "", "");
	assert_int_equal(chmod("closed.log", 0600), 0);
	assert_int_equal(chmod("open/closed-db", 0600), 0);
	configure(
	    "maillog_file =\n", "", "mail_log = {\"closed.log\"}\ndatabase = \"open/closed-db\"\n");
	answer = examine(&rc);
	expect(answer, "error", "log.rights", "The user nobody can't read", "chgrp adm");
	expect(answer, "error", "database", "The user nobody can't write", "chown nobody:");
	json_decref(answer);
}

/* Its files can be opened by name, but what they are called after a rotation can't be seen. */
static void
a_log_folder_that_can_not_be_listed_is_told(void **state)
{
	json_t *answer;
	int rc;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(run("mkdir -p shut && cp mail.log shut && chmod 711 shut"), 0);
	configure("maillog_file =\n", "", "mail_log = {\"shut/mail.log\"}\n");
	answer = examine(&rc);
	expect(answer, "ok", "log.lines", "shut/mail.log can be read", "");
	expect(answer, "warning", "log.folder", "The user nobody can't list the folder",
	    "setfacl -m u:nobody:rx");
	json_decref(answer);
	assert_int_equal(chmod("shut", 0755), 0);
	answer = examine(&rc);
	assert_false(has(answer, "warning", "log.folder", "", ""));
	json_decref(answer);
}

/* Who listens: accepts once, then says `lines`, one for each piece that it reads. */
struct server {
	int fd;
	pthread_t thread;
	const char *greeting;
	size_t greeting_size;
	const char *answer;
	size_t answer_size;
};

static void *
serve(void *closure)
{
	struct server *server = closure;
	char piece[1000];
	int fd = accept(server->fd, NULL, NULL);

	if (server->greeting_size > 0)
		assert_true(send(fd, server->greeting, server->greeting_size, MSG_NOSIGNAL) > 0);
	if (read(fd, piece, sizeof piece) > 0)
		send(fd, server->answer, server->answer_size, MSG_NOSIGNAL);
	while (read(fd, piece, sizeof piece) > 0)
		send(fd, "221 bye\r\n", 9, MSG_NOSIGNAL);
	close(fd);
	return NULL;
}

static void
start(struct server *server, const struct sockaddr *address, socklen_t size)
{
	server->fd = socket(address->sa_family, SOCK_STREAM, 0);
	assert_int_equal(bind(server->fd, address, size), 0);
	assert_int_equal(listen(server->fd, 5), 0);
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void
stop(struct server *server)
{
	pthread_join(server->thread, NULL);
	close(server->fd);
}

/* Plays both peers; the findings about them. */
static json_t *
examine_peers(const char *greeting, const char *hello, const char *optneg, size_t optneg_size)
{
	struct server relay = {.greeting = greeting,
	    .greeting_size = strlen(greeting),
	    .answer = hello,
	    .answer_size = strlen(hello)};
	struct server milter = {.answer = optneg, .answer_size = optneg_size};
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_un path = {.sun_family = AF_UNIX, .sun_path = "q/mailtailor/milter.sock"};
	socklen_t size = sizeof any;
	char line[64];
	json_t *answer;
	int rc;

	unlink(path.sun_path);
	start(&milter, (const struct sockaddr *)&path, sizeof path);
	assert_int_equal(chmod(path.sun_path, 0600), 0);
	start(&relay, (const struct sockaddr *)&any, size);
	assert_int_equal(getsockname(relay.fd, (struct sockaddr *)&any, &size), 0);
	snprintf(line, sizeof line, "relay = \"127.0.0.1:%d\"\n", ntohs(any.sin_port));
	configure("mail_owner = nobody\n", "", line);
	answer = examine(&rc);
	stop(&relay);
	stop(&milter);
	unlink(path.sun_path);
	return answer;
}

static void
peers_are_spoken_to(void **state)
{
	static const char optneg[] = "\0\0\0\15O\0\0\0\6\0\0\1\377\0\37\377\377";
	json_t *answer;

	(void)state;
	answer = examine_peers("220-mx.example\r\n220 ready\r\n",
	    "250-mx.example\r\n250-PIPELINING\r\n250-DSN\r\n250 SMTPUTF8\r\n", optneg,
	    sizeof optneg - 1);
	expect(answer, "ok", "relay.connect", "greets as an SMTP server", "");
	expect(answer, "ok", "milter.connect", "version 6", "");
	assert_false(has(answer, "", "relay.extensions", "", ""));
	if (geteuid() == 0)
		expect(answer, "error", "milter.socket_rights", "The user nobody may not connect",
		    "socket_group = \"nobody\"");
	json_decref(answer);

	answer =
	    examine_peers("220 ready\r\n", "250-mx.example\r\n250 PIPELINING\r\n", "\0\0\0\1t", 5);
	expect(answer, "warning", "relay.extensions", "does not offer DSN", "");
	expect(answer, "warning", "relay.extensions", "does not offer SMTPUTF8", "");
	assert_false(has(answer, "", "relay.extensions", "PIPELINING", ""));
	expect(answer, "error", "milter.connect", "does not speak the milter protocol", "");
	json_decref(answer);

	answer = examine_peers("554 go away\r\n", "", optneg, sizeof optneg - 1);
	expect(
	    answer, "error", "relay.connect", "does not greet as an SMTP server (554 go away", "");
	json_decref(answer);
}

static void
bad_configuration_is_all_that_is_told(void **state)
{
	json_t *answer;
	int rc;

	(void)state;
	configure("", "", "user = \"\t\"\nlog_level = loud\n");
	answer = examine(&rc);
	assert_int_equal(rc, 1);
	assert_int_equal(json_array_size(json_object_get(answer, "findings")), 2);
	expect(answer, "error", "conf", "m.conf:9: log_level: expected one of", "");
	json_decref(answer);
}

static void
postfix_folder_without_settings_is_told(void **state)
{
	json_t *answer;
	int rc;

	(void)state;
	configure("", "", "");
	assert_int_equal(unlink("pf/main.cf"), 0);
	answer = examine(&rc);
	expect(answer, "error", "postfix", "Postfix was not looked at", "");
	json_decref(answer);
}

static void
usage_is_told(void **state)
{
	char word[] = "doctor", wrong[] = "more", *argv[] = {word, wrong, NULL};

	(void)state;
	assert_int_equal(doctor_command("m.conf", 2, argv, stdout), EX_USAGE);
}

static int
enter_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/doctor_test.XXXXXX");
	if (mkdtemp(folder) == NULL || chdir(folder) == -1 ||
	    run("chmod 755 . && mkdir -p pf q/mailtailor open && chmod 777 open && "
		"ln -s q/mailtailor link && touch empty.log && "
		"openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out short.pem "
		"2>/dev/null && cp short.pem open.pem && chmod 600 short.pem && "
		"chmod 644 open.pem") == -1)
		return -1;
	put("good.keys", KEYS, "");
	put("open.keys", KEYS, "");
	if (chmod("good.keys", 0600) == -1 || chmod("open.keys", 0644) == -1)
		return -1;
	put("mail.log", "2026-11-22T10:00:00.123456+00:00 mx postfix/qmgr[123]: 4fXk2: removed\n",
	    "");
	put("other.log", "Nov 22 10:00:00 mx kernel: postfix is no word here\n", "");
	put("replace.re", "/^X-Mailer:/ REPLACE X-Mailer: none\n", "");
	return 0;
}

static int
leave_folder(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof command, "rm -r %s", folder);
	return chdir("/") == -1 ? -1 : run(command);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_settings_are_well),
	    cmocka_unit_test(broken_settings_are_told),
	    cmocka_unit_test(other_spellings_of_our_socket_are_known),
	    cmocka_unit_test(rights_are_looked_at_as_the_user),
	    cmocka_unit_test(a_log_folder_that_can_not_be_listed_is_told),
	    cmocka_unit_test(peers_are_spoken_to),
	    cmocka_unit_test(bad_configuration_is_all_that_is_told),
	    cmocka_unit_test(postfix_folder_without_settings_is_told),
	    cmocka_unit_test(usage_is_told),
	};

	if (access("/usr/sbin/postconf", X_OK) == -1) {
		puts("postconf is missing: skipped");
		return 77;
	}
	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
