/* SPDX-License-Identifier: BSD-2-Clause
 *
 * exec: what the files of this plugin share
 *
 * settings.c reads the parameters, spawn.c starts a helper program, helper.c keeps it running
 * and carries lines to and fro in a thread of its own, notes.c keeps what that thread has to
 * tell until a hook can, ask.c makes questions of hooks, exec.c makes hooks of parameters.
 */
#ifndef EXEC_H
#define EXEC_H

#include <mailtailor/plugin.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#define EXEC_HELPERS 16
#define EXEC_NOTES   16
#define EXEC_NOTE    300

struct exec_settings {
	char **argv;	    /* with a NULL behind the last */
	char **environment; /* the same */
	size_t helpers;
	int64_t wait_ms;
	int64_t patience_ms;
	size_t line_max;
	int64_t memory;
	char **attributes;
};

/* MT_OK, or `fail`. Freed by exec_settings_fini in any case. */
int32_t exec_settings_read(struct mt_call *call, struct exec_settings *settings);
void exec_settings_fini(struct exec_settings *settings);

/* --- notes --- */

/* Any thread writes; hooks hand on to the host. */
struct exec_notes {
	pthread_mutex_t lock;
	char text[EXEC_NOTES][EXEC_NOTE];
	size_t count;
	size_t dropped;
	int64_t budget;
	int64_t filled_us;
	atomic_llong restarts;
	atomic_llong late;
};

void exec_notes_init(struct exec_notes *notes);
void exec_notes_fini(struct exec_notes *notes);
void exec_note(struct exec_notes *notes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void exec_notes_flush(struct mt_call *call, struct exec_notes *notes);

/* --- one program --- */

struct exec_process {
	pid_t pid;    /* 0: none; leads a session and process group of its own */
	int fd;	      /* its standard input and output */
	int error_fd; /* its standard error */
};

/* 0, or -1 with errno. The thread that calls it has to outlive the program: if it ends, the
 * program is killed. */
int exec_spawn(struct exec_process *process, const struct exec_settings *settings);
/* Kills it and all that it started within its group. */
void exec_kill(struct exec_process *process, int *status_r);

/* --- a program that is kept running --- */

/* One question; in the memory of the thread that waits. */
struct exec_request {
	uint64_t id;
	struct exec_request *next;
	pthread_cond_t ready;
	bool done;
	char *reply; /* in the heap, the asker frees it; NULL: `why` */
	size_t reply_size;
	char why[EXEC_NOTE];
};

struct exec_helper {
	const struct exec_settings *settings;
	struct exec_notes *notes;
	pthread_t thread;
	bool threaded;
	int wake_fd;
	pthread_mutex_t lock;
	/* Under the lock: */
	struct exec_request *waiting;
	size_t waiting_count;
	char *out;
	size_t out_used;
	uint64_t last_id; /* the highest that this program was asked with */
	uint64_t unanswered;
	int64_t since_us; /* it has said nothing since, though it was asked */
	int64_t again_us; /* not running: it is started then */
	bool down;
	bool closing;
	/* The keeper's own: */
	struct exec_process process;
	char *in;
	size_t in_used;
	char error[EXEC_NOTE];
	size_t error_used;
	int64_t started_us;
	unsigned failures;
};

int exec_helper_init(
    struct exec_helper *helper, const struct exec_settings *settings, struct exec_notes *notes);
void exec_helper_fini(struct exec_helper *helper);
/* Sees to it that it runs, or will soon. */
int exec_helper_start(struct exec_helper *helper);
/* Sends the line and waits for the answer with that id, at most until `until_us` (of
 * exec_now_us). 0 with request->reply, or -1 with request->why. */
int exec_helper_ask(struct exec_helper *helper, struct exec_request *request, const char *line,
    size_t size, int64_t until_us);
size_t exec_helper_load(struct exec_helper *helper);
int64_t exec_now_us(void);

/* --- all of them --- */

struct exec {
	struct exec_settings settings;
	struct exec_notes notes;
	struct exec_helper helpers[EXEC_HELPERS];
	size_t count;
	atomic_ullong ids;
};

/* An object to be filled with what the hook has to say, then asked with. */
struct mt_value *exec_question(
    struct mt_call *call, const char *hook, const char *name, uint64_t *id_r);
/* The answer; a value without the members `error`. Below zero it has failed, and said why. */
int32_t exec_ask(struct mt_call *call, const struct mt_value *question, uint64_t id,
    const struct mt_value **answer_r);

#endif
