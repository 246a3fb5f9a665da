/* SPDX-License-Identifier: BSD-2-Clause
 *
 * exec_test: helper programs that answer, and all the ways in which they don't
 *
 * The helper is a Python program that does what the campaign's name says.
 */
#include "gate_fixture.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

static const char program[] =
    "import json, os, signal, sys, time\n"
    "held = []\n"
    "def say(question, **answer):\n"
    "    answer['id'] = question['id']\n"
    "    os.write(1, (json.dumps(answer) + '\\n').encode())\n"
    "def skip(question, reason):\n"
    "    say(question, action='skip', reason=str(reason))\n"
    "for line in sys.stdin:\n"
    "    q = json.loads(line)\n"
    "    what, key = q['message']['campaign'], q['message']['key']\n"
    "    if what == 'key':\n"
    "        skip(q, key)\n"
    "    elif what == 'shuffled':\n"
    "        held.append(q)\n"
    "        if len(held) == 4:\n"
    "            for one in reversed(held):\n"
    "                skip(one, one['message']['key'])\n"
    "            held = []\n"
    "    elif what == 'pid':\n"
    "        skip(q, os.getpid())\n"
    "    elif what == 'deaf':\n"
    "        skip(q, os.getpid())\n"
    "        while True:\n"
    "            time.sleep(100)\n"
    "    elif what == 'die':\n"
    "        os.kill(os.getpid(), signal.SIGSEGV)\n"
    "    elif what == 'leave':\n"
    "        sys.exit(3)\n"
    "    elif what == 'hang':\n"
    "        time.sleep(100)\n"
    "    elif what == 'slow':\n"
    "        time.sleep(0.6)\n"
    "        skip(q, 'late for ' + key)\n"
    "    elif what == 'garbage':\n"
    "        os.write(1, b'oops\\xff\\0{\\n')\n"
    "    elif what == 'array':\n"
    "        os.write(1, b'[1]\\n')\n"
    "    elif what == 'other':\n"
    "        say({'id': q['id'] + 1000})\n"
    "    elif what == 'text':\n"
    "        say({'id': str(q['id'])})\n"
    "    elif what == 'long':\n"
    "        os.write(1, b'x' * 100000)\n"
    "    elif what == 'twice':\n"
    "        skip(q, 'first')\n"
    "        skip(q, 'second')\n"
    "    elif what == 'error':\n"
    "        say(q, error='the model is asleep')\n"
    "    elif what == 'maybe':\n"
    "        say(q, action='maybe')\n"
    "    elif what == 'later':\n"
    "        say(q, action='later', when=q['now'] + 60000, reason='soon')\n"
    "    elif what == 'when':\n"
    "        say(q, action='later')\n"
    "    elif what == 'fds':\n"
    "        skip(q, ' '.join(sorted(os.listdir('/proc/self/fd'))[:3]) + ' of ' +\n"
    "             str(len(os.listdir('/proc/self/fd')) - 1))\n"
    "    elif what == 'environment':\n"
    "        skip(q, ' '.join(sorted(name for name in os.environ if name != 'LC_CTYPE')))\n"
    "    elif what == 'place':\n"
    "        with open('/proc/self/status') as file:\n"
    "            facts = dict(line.split(':', 1) for line in file)\n"
    "        skip(q, (os.getcwd(), os.getsid(0) == os.getpid(), facts['SigBlk'].strip(),\n"
    "                 '%x' % (int(facts['SigIgn'], 16) & 0x7fffffff), "
    "facts['NoNewPrivs'].strip()))\n"
    "    elif what == 'contact':\n"
    "        skip(q, json.dumps(q['contact'], sort_keys=True))\n"
    "    else:\n"
    "        say(q)\n";

#define COMMAND "command = {\"/usr/bin/python3\", \"-B\", \"%s/helper.py\"}  gates = {\"door\"}  "

static struct gate_world world;

static void
prepare(const char *parameters)
{
	char text[1000];

	/* The folder's name is known only then. */
	gate_prepare("exec_test", "");
	write_file("helper.py", program);
	snprintf(text, sizeof text,
	    "plugin \"exec\" { file = \"%s/gate.so\"  deadline = 10s  " COMMAND "%s }\n"
	    "campaign \"spring\" { plugins = {\"exec\"} }\n",
	    fixture_folder, fixture_folder, parameters);
	write_file("gate.conf", text);
	plugin_process_init();
	plugin_process.live = true;
}

static void
begin(const char *parameters)
{
	prepare(parameters);
	assert_int_equal(gate_open(&world, NULL, NULL), 0);
}

static int
end(void **state)
{
	char path[128];

	(void)state;
	if (world.store != NULL)
		gate_close(&world);
	memset(&world, 0, sizeof world);
	path_of("helper.py", path);
	unlink(path);
	gate_clean();
	return 0;
}

static struct gate_answer
ask(const char *what, const char *key)
{
	const struct gate_copy copy = {
	    .campaign = what, .contact = 17, .key = key, .now_ms = 4102444800000};

	return gate_ask(&world, &copy);
}

static void
expect(const char *what, char wanted, const char *reason)
{
	struct gate_answer answer = ask(what, "k1");

	if ("sklf"[answer.answer] != wanted || strstr(answer.reason, reason) == NULL)
		fail_msg("%s: expected %c %s, got %c %s", what, wanted, reason,
		    "sklf"[answer.answer], answer.reason);
}

/* It takes a while until a helper is there again. */
static void
recover(void)
{
	for (int i = 0; i < 400; i++) {
		if (ask("key", "k1").answer == PLUGIN_SKIP)
			return;
		nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
	}
	fail_msg("the helper does not come back: %s", ask("key", "k1").reason);
}

static void
answers_are_understood(void **state)
{
	(void)state;
	begin("wait = 9s");
	expect("nothing", 's', "");
	expect("key", 'k', "plugin exec: gate door: k1");
	expect("later", 'l', "gate door: soon");
	assert_int_equal(ask("later", "k").when_ms, 4102444860000);
	expect("error", 'f', "the helper says: the model is asleep");
	expect("maybe", 'f', "none of send, skip and later");
	expect("when", 'f', "but not when");
	expect("twice", 'k', "first");
	expect("key", 'k', "k1");
	expect("contact", 'k', "{}");
}

static void
helper_is_alone_with_three_descriptors(void **state)
{
	(void)state;
	begin("wait = 9s  environment = {\"MODEL=small\"}");
	setenv("SECRET", "x", 1);
	signal(SIGHUP, SIG_IGN);
	expect("fds", 'k', "0 1 2 of 3");
	expect("environment", 'k', "HOME LANG MODEL PATH");
	/* Python ignores SIGPIPE (13) and SIGXFSZ (25) by itself. */
	expect("place", 'k', "('/', True, '0000000000000000', '1001000', '1')");
	signal(SIGHUP, SIG_DFL);
}

static void
what_goes_wrong_is_told_and_over_soon(void **state)
{
	static const struct {
		const char *what, *reason;
	} cases[] = {
	    {"die", "the helper has ended"},
	    {"leave", "the helper has ended"},
	    {"garbage", "no JSON object with the id of a question"},
	    {"array", "no JSON object with the id of a question"},
	    {"text", "no JSON object with the id of a question"},
	    {"other", "a question that it was never asked"},
	    {"long", "longer than line_max"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		begin("wait = 9s  line_max = 64k");
		expect(cases[i].what, 'f', cases[i].reason);
		recover();
		end(NULL);
	}
}

static void
pause_between_starts_grows(void **state)
{
	(void)state;
	begin("wait = 9s");
	expect("leave", 'f', "the helper has ended");
	expect("key", 'f', "the helper is not running; it is started again in ");
	recover();
	expect("leave", 'f', "the helper has ended");
	recover();
}

static void
hanging_helper_is_replaced(void **state)
{
	struct gate_answer before, after;

	(void)state;
	begin("wait = 300ms  patience = 500ms");
	recover();
	before = ask("pid", "k");
	expect("hang", 'f', "the helper did not answer in time");
	recover();
	for (int i = 0; i < 100; i++) {
		after = ask("pid", "k");
		if (after.answer == PLUGIN_SKIP)
			break;
	}
	assert_int_equal(after.answer, PLUGIN_SKIP);
	assert_string_not_equal(before.reason, after.reason);
}

/* It is given to nobody, least to the next one. */
static void
late_answer_is_dropped(void **state)
{
	struct gate_answer before, after;

	(void)state;
	begin("wait = 300ms  patience = 1m");
	recover();
	before = ask("pid", "k");
	expect("slow", 'f', "the helper did not answer in time");
	recover();
	after = ask("key", "k2");
	assert_string_equal(after.reason, "plugin exec: gate door: k2");
	after = ask("pid", "k");
	assert_string_equal(before.reason, after.reason);
}

static void *
ask_many(void *closure)
{
	bool *good = closure;

	for (int i = 0; i < 200; i++) {
		char key[40], wanted[100];

		snprintf(key, sizeof key, "%p %d", closure, i);
		snprintf(wanted, sizeof wanted, "plugin exec: gate door: %s", key);
		if (strcmp(ask("shuffled", key).reason, wanted) != 0)
			*good = false;
	}
	return NULL;
}

/* Four questions at once, answered from the last to the first. */
static void
each_thread_gets_its_own_answer(void **state)
{
	pthread_t threads[4];
	bool good[4] = {true, true, true, true};

	(void)state;
	begin("wait = 9s");
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_many, &good[i]), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_true(good[i]);
	}
}

static bool
is_gone(pid_t pid)
{
	for (int i = 0; i < 400; i++) {
		if (kill(pid, 0) != 0 && errno == ESRCH)
			return true;
		nanosleep(&(struct timespec){.tv_nsec = 25000000}, NULL);
	}
	return false;
}

static pid_t
pid_of(const char *reason)
{
	const char *number = strrchr(reason, ' ');

	assert_non_null(number);
	assert_true(atoi(number) > 1);
	return atoi(number);
}

static void
stop_takes_the_helper_along(void **state)
{
	pid_t good, deaf;

	(void)state;
	begin("wait = 9s");
	good = pid_of(ask("pid", "k").reason);
	gate_close(&world);
	memset(&world, 0, sizeof world);
	assert_true(kill(good, 0) != 0 && errno == ESRCH);
	end(NULL);
	begin("wait = 9s");
	deaf = pid_of(ask("deaf", "k").reason);
	gate_close(&world);
	memset(&world, 0, sizeof world);
	assert_true(kill(deaf, 0) != 0 && errno == ESRCH);
}

/* kill -9 of the process that asks. */
static void
nobody_is_left_behind(void **state)
{
	struct gate_answer answer;
	int fds[2], status;
	pid_t pid;

	(void)state;
	prepare("wait = 9s");
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		if (gate_open(&world, NULL, NULL) != 0)
			_exit(1);
		answer = ask("deaf", "k");
		if (write(fds[1], &answer, sizeof answer) != sizeof answer)
			_exit(1);
		pause();
		_exit(0);
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &answer, sizeof answer), sizeof answer);
	close(fds[0]);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(is_gone(pid_of(answer.reason)));
}

static void
preview_starts_it_when_it_is_asked(void **state)
{
	(void)state;
	prepare("wait = 9s");
	plugin_process.live = false;
	assert_int_equal(gate_open(&world, NULL, NULL), 0);
	expect("key", 'k', "k1");
}

/* --- parameters --- */

static void
note(const char *text, void *closure)
{
	snprintf(closure, 600, "%s", text);
}

static void
bad_parameters_are_told(void **state)
{
	static const struct {
		const char *parameters, *wanted;
	} cases[] = {
	    {"gates = {\"door\"}", "command"},
	    {"command = {\"python3\"}", "command: expected the path of a program"},
	    {"command = {\"/nonexistent/x\"}", "command: /nonexistent/x can't be run"},
	    {"command = {\"/etc/passwd\"}", "command: /etc/passwd can't be run"},
	    {"command = {\"/bin/true\"} environment = {\"X\"}", "environment: expected NAME=VALUE"},
	    {"command = {\"/bin/true\"} values = {\"Big Name\"}", "value 1: expected a name"},
	    {"command = {\"/bin/true\"} values = {\"a\", \"a\"}", "value a stands there twice"},
	    {"command = {\"/bin/true\"} filters = {\"upcase\"}", "upcase"},
	    {"command = {\"/bin/true\"} values = {\"contact\"}", "contact"},
	};

	(void)state;
	plugin_process_init();
	plugin_process.live = false;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char problem[600] = "";

		gate_prepare("exec_test", cases[i].parameters);
		gate_open(&world, note, problem);
		if (strstr(problem, cases[i].wanted) == NULL ||
		    strstr(problem, "gate.conf:") == NULL)
			fail_msg("%s: expected \"%s\", got \"%s\"", cases[i].parameters,
			    cases[i].wanted, problem);
		end(NULL);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(answers_are_understood, end),
	    cmocka_unit_test_teardown(helper_is_alone_with_three_descriptors, end),
	    cmocka_unit_test_teardown(what_goes_wrong_is_told_and_over_soon, end),
	    cmocka_unit_test_teardown(pause_between_starts_grows, end),
	    cmocka_unit_test_teardown(hanging_helper_is_replaced, end),
	    cmocka_unit_test_teardown(late_answer_is_dropped, end),
	    cmocka_unit_test_teardown(each_thread_gets_its_own_answer, end),
	    cmocka_unit_test_teardown(stop_takes_the_helper_along, end),
	    cmocka_unit_test_teardown(nobody_is_left_behind, end),
	    cmocka_unit_test_teardown(preview_starts_it_when_it_is_asked, end),
	    cmocka_unit_test(bad_parameters_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
