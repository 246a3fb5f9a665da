/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cap_crowd_test: the cap holds for four processes of four threads that are killed again and again
 *
 * Each thread asks about copies of many messages to many contacts, at once and over and over, as
 * a relay does that tries again, and writes down each copy that it was told to send. Nobody may
 * be sent more messages than the limit says, in any window; and once all was asked again in
 * peace, nobody less.
 */
#include "gate_fixture.h"

#include "base/clock.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#define PROCESSES 4
#define THREADS	  4
#define KILLS	  24
#define CONTACTS  500
#define MESSAGES  10
#define MOST	  3
#define HOUR	  ((int64_t)3600000)
#define WINDOWS	  4			   /* two days apart */
#define T0	  ((int64_t)4102444800000) /* 2100-01-01: entries live by the system's clock */

struct line {
	int window;
	int contact;
	int message;
};

struct asker {
	struct gate_world *world;
	int sent_fd;
	unsigned seed;
	int window;
};

static bool
ask(const struct gate_world *world, int window, int contact, int message)
{
	char key[40];
	const struct gate_copy copy = {
	    .contact = contact + 1, .key = key, .now_ms = T0 + window * 48 * HOUR + message * 1000};

	snprintf(key, sizeof key, "window %d message %d", window, message);
	return gate_ask(world, &copy).answer == PLUGIN_SEND;
}

/* At any moment they all ask about the same contact. What was told to be sent is on file before anything else happens. */
static void *
ask_for_ever(void *closure)
{
	struct asker *asker = closure;

	for (;;) {
		struct line line = {asker->window, (int)(clock_mono_us() / 2000 % CONTACTS),
		    rand_r(&asker->seed) % MESSAGES};

		if (ask(asker->world, line.window, line.contact, line.message) &&
		    write(asker->sent_fd, &line, sizeof line) != sizeof line)
			abort();
	}
	return NULL;
}

static pid_t
start_process(int window, unsigned seed)
{
	pid_t parent = getpid(), pid = fork();
	struct asker askers[THREADS];
	struct gate_world world;
	pthread_t threads[THREADS];
	char path[128];

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	plugin_process_init();
	plugin_process.live = true;
	if (gate_open(&world, NULL, NULL) != 0)
		_exit(1);
	path_of("sent", path);
	for (unsigned i = 0; i < THREADS; i++) {
		askers[i] = (struct asker){&world, open(path, O_WRONLY | O_APPEND | O_CREAT, 0600),
		    seed * THREADS + i, window};
		if (pthread_create(&threads[i], NULL, ask_for_ever, &askers[i]) != 0)
			_exit(1);
	}
	pthread_join(threads[0], NULL);
	_exit(0);
}

static void
kill_one(pid_t pid)
{
	int status;

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* Nobody gave up by himself. */
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

static off_t
size_of_sent(void)
{
	struct stat info;
	char path[128];

	path_of("sent", path);
	return stat(path, &info) == 0 ? info.st_size : 0;
}

/* Processes die at random moments, but each time somebody got on. */
static void
play_window(int window, unsigned *seed)
{
	pid_t pids[PROCESSES];

	for (int i = 0; i < PROCESSES; i++)
		pids[i] = start_process(window, (*seed)++);
	for (int i = 0; i < KILLS / WINDOWS; i++) {
		off_t before = size_of_sent();

		for (int tries = 0; tries < 6000 && size_of_sent() < before + 200; tries++)
			nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
		assert_true(size_of_sent() > before);
		nanosleep(&(struct timespec){.tv_nsec = (long)(rand_r(seed) % 20000000)}, NULL);
		kill_one(pids[i % PROCESSES]);
		pids[i % PROCESSES] = start_process(window, (*seed)++);
	}
	for (int i = 0; i < PROCESSES; i++)
		kill_one(pids[i]);
}

/* Which messages were ever told to be sent. */
static void
read_sent(bool sent[WINDOWS][CONTACTS][MESSAGES])
{
	struct line line;
	char path[128];
	FILE *file;

	path_of("sent", path);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fread(&line, sizeof line, 1, file) == 1)
		sent[line.window][line.contact][line.message] = true;
	fclose(file);
}

static size_t
count(const bool *sent)
{
	size_t n = 0;

	for (int i = 0; i < MESSAGES; i++)
		n += sent[i];
	return n;
}

/* Once it is quiet. */
static void
check_window(int window)
{
	static bool sent[WINDOWS][CONTACTS][MESSAGES];
	struct gate_world world;

	assert_int_equal(gate_open(&world, NULL, NULL), 0);
	read_sent(sent);
	for (int contact = 0; contact < CONTACTS; contact++) {
		bool again[MESSAGES];

		assert_in_range(count(sent[window][contact]), 0, MOST);
		for (int i = 0; i < MESSAGES; i++)
			again[i] = ask(&world, window, contact, i);
		assert_int_equal(count(again), MOST);
		/* A place stays its message's. */
		for (int i = 0; i < MESSAGES; i++)
			assert_true(again[i] || !sent[window][contact][i]);
	}
	gate_close(&world);
}

static void
nobody_gets_more_or_less(void **state)
{
	struct gate_world world;
	unsigned seed = 5;

	(void)state;
	gate_prepare("cap_crowd", "limits = {\"3 in 1d\"}");
	plugin_process_init();
	plugin_process.live = true;
	/* The database is there before they all want to make it. */
	assert_int_equal(gate_open(&world, NULL, NULL), 0);
	gate_close(&world);
	for (int window = 0; window < WINDOWS; window++) {
		play_window(window, &seed);
		check_window(window);
	}
	gate_clean();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nobody_gets_more_or_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
