/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_run_test: a whole outbox process, with a real store, engine and key, against a relay
 * that treats recipients by their names and writes a log as Postfix does
 *
 *     ok-*     accepted                     never-*  RCPT 550
 *     busy-*   RCPT 450 once                slow-*   accepted after a while
 *     lost-*   accepted, but the connection breaks before the reply, once
 *     gone-*   the same, but not accepted, once
 */
#include "base/clock.h"
#include "master/ehlo.h"
#include "master/worker.h"
#include "store/contact.h"
#include "store/outbox.h"
#include "store/suppression.h"
#include "store/view.h"
#include "tailor/message_id.h"
#include "tailor/tailor.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <glib.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* --- the relay --- */

static struct {
	pthread_mutex_t lock;
	pthread_t thread;
	int listener, port;
	const char *log;
	const struct id_digest *key;
	GHashTable *seen, *accepted; /* address -> how often */
	int serial, strangers;
	GPtrArray *threads;
} relay = {.lock = PTHREAD_MUTEX_INITIALIZER, .listener = -1};

struct client {
	int fd;
	FILE *in;
	char recipient[256], message_id[256];
};

static int
count_up(GHashTable *table, const char *address)
{
	int n = GPOINTER_TO_INT(g_hash_table_lookup(table, address)) + 1;

	g_hash_table_insert(table, g_strdup(address), GINT_TO_POINTER(n));
	return n;
}

static int
count_of(GHashTable *table, const char *address)
{
	int n;

	pthread_mutex_lock(&relay.lock);
	n = GPOINTER_TO_INT(g_hash_table_lookup(table, address));
	pthread_mutex_unlock(&relay.lock);
	return n;
}

/* Called with the lock held. */
static void
log_line(const char *text)
{
	FILE *log = fopen(relay.log, "a");

	assert_non_null(log);
	fprintf(log, "Nov 22 20:19:15 relay postfix/%s\n", text);
	fclose(log);
}

static void
reply(struct client *client, const char *text)
{
	(void)!send(client->fd, text, strlen(text), MSG_NOSIGNAL);
}

static bool
is(const struct client *client, const char *prefix)
{
	return strncmp(client->recipient, prefix, strlen(prefix)) == 0;
}

static void
answer_recipient(struct client *client, const char *line)
{
	bool busy;

	sscanf(line, "RCPT TO:<%255[^>]", client->recipient);
	pthread_mutex_lock(&relay.lock);
	busy = is(client, "busy-") && count_up(relay.seen, client->recipient) == 1;
	pthread_mutex_unlock(&relay.lock);
	reply(client,
	    busy		       ? "450 4.2.0 try later\r\n"
		: is(client, "never-") ? "550 5.1.1 no such user\r\n"
				       : "250 2.1.5 Ok\r\n");
	if (busy || is(client, "never-"))
		client->recipient[0] = '\0';
}

/* False: the connection breaks. */
static bool
take_message(struct client *client)
{
	char line[2048], text[600], id[32];
	bool breaks, takes;

	client->message_id[0] = '\0';
	while (fgets(line, sizeof line, client->in) != NULL && strcmp(line, ".\r\n") != 0) {
		if (strncasecmp(line, "Message-ID: ", 12) == 0)
			sscanf(line + 12, "%255s", client->message_id);
	}
	if (is(client, "slow-"))
		usleep(300000);
	pthread_mutex_lock(&relay.lock);
	breaks = (is(client, "lost-") || is(client, "gone-")) &&
	    count_up(relay.seen, client->recipient) == 1;
	takes = !breaks || is(client, "lost-");
	snprintf(id, sizeof id, "4F%06d", ++relay.serial);
	snprintf(text, sizeof text, "cleanup[2]: %s: message-id=%s", id, client->message_id);
	log_line(text);
	if (takes) {
		count_up(relay.accepted, client->recipient);
		snprintf(
		    text, sizeof text, "qmgr[3]: %s: from=<a@shop.example> (queue active)", id);
		log_line(text);
	}
	pthread_mutex_unlock(&relay.lock);
	if (breaks)
		return false;
	snprintf(text, sizeof text, "250 2.0.0 Ok: queued as %s\r\n", id);
	reply(client, text);
	return true;
}

static bool
check_name(const char *line)
{
	struct str name = str_trim((struct str){line + 5, strlen(line) - 5});

	return ehlo_check(relay.key, clock_now(), name);
}

static void *
serve_client(void *closure)
{
	struct client *client = closure;
	char line[2048];
	bool going = true;

	pthread_mutex_lock(&relay.lock);
	log_line("smtpd[1]: connect from localhost[127.0.0.1]");
	pthread_mutex_unlock(&relay.lock);
	reply(client, "220 relay ESMTP\r\n");
	while (going && fgets(line, sizeof line, client->in) != NULL) {
		if (strncmp(line, "EHLO ", 5) == 0) {
			pthread_mutex_lock(&relay.lock);
			relay.strangers += !check_name(line);
			pthread_mutex_unlock(&relay.lock);
			reply(client, "250-relay\r\n250-DSN\r\n250 PIPELINING\r\n");
		} else if (strncmp(line, "RCPT", 4) == 0) {
			answer_recipient(client, line);
		} else if (strncmp(line, "DATA", 4) == 0 && client->recipient[0] == '\0') {
			reply(client, "554 5.5.1 no valid recipients\r\n");
		} else if (strncmp(line, "DATA", 4) == 0) {
			reply(client, "354 go on\r\n");
			going = take_message(client);
		} else {
			reply(client, "250 2.0.0 Ok\r\n");
			going = strncmp(line, "QUIT", 4) != 0;
		}
	}
	fclose(client->in);
	free(client);
	return NULL;
}

static void *
accept_clients(void *closure)
{
	int fd;

	(void)closure;
	while ((fd = accept(relay.listener, NULL, NULL)) >= 0) {
		struct client *client = calloc(1, sizeof *client);
		pthread_t *thread = g_new0(pthread_t, 1);

		client->fd = fd;
		client->in = fdopen(fd, "r");
		pthread_create(thread, NULL, serve_client, client);
		g_ptr_array_add(relay.threads, thread);
	}
	return NULL;
}

/* A port of our own; nobody listens yet. */
static void
relay_bind(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof address;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	relay.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(relay.listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(relay.listener, (struct sockaddr *)&address, &size), 0);
	relay.port = ntohs(address.sin_port);
	relay.seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	relay.accepted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	relay.threads = g_ptr_array_new_with_free_func(g_free);
	relay.strangers = 0;
	relay.thread = 0;
}

static void
relay_start(void)
{
	assert_int_equal(listen(relay.listener, 64), 0);
	assert_int_equal(pthread_create(&relay.thread, NULL, accept_clients, NULL), 0);
}

static void
relay_stop(void)
{
	shutdown(relay.listener, SHUT_RDWR);
	if (relay.thread != 0)
		pthread_join(relay.thread, NULL);
	close(relay.listener);
	for (guint i = 0; i < relay.threads->len; i++)
		pthread_join(*(pthread_t *)relay.threads->pdata[i], NULL);
	g_ptr_array_free(relay.threads, TRUE);
	g_hash_table_destroy(relay.seen);
	g_hash_table_destroy(relay.accepted);
}

/* --- the process --- */

struct fixture {
	char folder[64], log[96], database[96];
	struct worker worker;
	struct store *store;
	int control; /* our end */
	pthread_t thread;
	int status;
	struct arena *arena;
	size_t rows;
};

static const char letter[] =
    "From: Shop <news@shop.example>\r\nSubject: Hello {{ contact.address }}\r\n"
    "Message-ID: <one@shop.example>\r\n"
    "Date: Sun, 22 Nov 2026 19:15:40 +0000\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n\r\nHello\r\n.\r\n";

static void
write_key(const char *path)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	FILE *file;

	umask(077);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(file);
	EVP_PKEY_free(key);
}

static void
write_conf(const struct fixture *f, const char *path)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file,
	    "database = \"%s\"\nrelay = \"127.0.0.1:%d\"\nmail_log = {\"%s\"}\n"
	    "postfix_config = \"/nonexistent\"\noutbox_connections = 3\nsettle_wait = \"1s\"\n"
	    "outbox_retry_min = \"1s\"\noutbox_retry_max = \"2s\"\nrelay_timeout = \"10s\"\n"
	    "campaign \"spring\" { }\ndkim \"shop.example\" { selector = \"s1\" key = \"%s/key\" "
	    "}\n",
	    f->database, relay.port, f->log, f->folder);
	fclose(file);
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct err err = ERR_INIT;
	struct conf *conf;
	char path[96];
	int control[2];

	snprintf(f->folder, sizeof f->folder, "/tmp/outbox_test.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->log, sizeof f->log, "%s/mail.log", f->folder);
	snprintf(f->database, sizeof f->database, "%s/test.db", f->folder);
	relay.log = f->log;
	relay_bind();
	snprintf(path, sizeof path, "%s/key", f->folder);
	write_key(path);
	snprintf(path, sizeof path, "%s/conf", f->folder);
	write_conf(f, path);
	if (conf_load(&conf, path, NULL, NULL, &err) != 0 ||
	    dkim_keys_load(&f->worker.keys, conf, &err) != 0 ||
	    tailor_templates_load(&f->worker.templates, conf, &err) != 0 ||
	    store_open(&f->store, f->database, STORE_CREATE, &err) != 0)
		fail_msg("%s", err.text);
	f->worker.conf = conf;
	f->arena = arena_new((size_t)16 << 20);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control), 0);
	f->control = control[0];
	f->worker.control_fd = control[1];
	f->worker.slots = 1;
	f->worker.listen_fd = -1;
	f->worker.wake_fds[0] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	f->worker.wake_count = 1;
	id_random(f->worker.ehlo_key.byte, sizeof f->worker.ehlo_key.byte);
	relay.key = &f->worker.ehlo_key;
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;
	struct dirent *entry;
	char path[400];
	DIR *dir;

	relay_stop();
	store_close(&f->store);
	tailor_templates_unref(&f->worker.templates);
	dkim_keys_unref(&f->worker.keys);
	conf_unref(&f->worker.conf);
	arena_free(&f->arena);
	close(f->control);
	close(f->worker.control_fd);
	close(f->worker.wake_fds[0]);
	dir = opendir(f->folder);
	while ((entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof path, "%s/%s", f->folder, entry->d_name);
		unlink(path);
	}
	closedir(dir);
	rmdir(f->folder);
	free(f);
	return 0;
}

static void *
run_process(void *closure)
{
	struct fixture *f = closure;

	f->status = outbox_run(&f->worker);
	return NULL;
}

static void
start(struct fixture *f)
{
	assert_int_equal(pthread_create(&f->thread, NULL, run_process, f), 0);
}

static void
drain(struct fixture *f)
{
	char byte;

	assert_int_equal(write(f->control, "d", 1), 1);
	pthread_join(f->thread, NULL);
	assert_int_equal(f->status, 0);
	assert_int_equal(read(f->worker.control_fd, &byte, 1), 1);
}

static void
hold(struct fixture *f, const char *campaign, const char *const *addresses, size_t count)
{
	struct store_outbox_message message = {.resubmit_key = STR("same"),
	    .campaign = str_c(campaign),
	    .sender = STR("bounce@shop.example"),
	    .sender_domain = STR("shop.example"),
	    .mail_args = STR("RET=HDRS"),
	    .queue_id = STR("X"),
	    .raw = STR(letter),
	    .resubmit_ms = 1000000};
	struct store_outbox_recipient *recipients = calloc(count, sizeof *recipients);
	struct err err = ERR_INIT;
	size_t accepted;

	for (size_t i = 0; i < count; i++)
		recipients[i] = (struct store_outbox_recipient){
		    .address = str_c(addresses[i]), .rcpt_args = STR(""), .due_ms = clock_now()};
	if (store_outbox_put(f->store, &message, recipients, count, &accepted, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(accepted, count);
	assert_int_equal(eventfd_write(f->worker.wake_fds[0], 1), 0);
	free(recipients);
	f->rows += count;
}

struct totals {
	size_t count[STORE_OUTBOX_CANCELLED + 1];
	size_t attempts;
};

static bool
add_total(const struct store_outbox_item *item, void *closure)
{
	struct totals *totals = closure;

	totals->count[item->state]++;
	totals->attempts += (size_t)item->attempts;
	return true;
}

static struct totals
totals_of(struct fixture *f)
{
	struct totals totals = {0};
	struct err err = ERR_INIT;

	assert_int_equal(store_outbox_each(f->store, STR_NONE, true, add_total, &totals, &err), 0);
	return totals;
}

/* Until all rows are in one of the final states. */
static void
wait_for_all(struct fixture *f)
{
	int64_t until = clock_mono_us() + (int64_t)60 * 1000000;
	struct totals totals;

	do {
		usleep(20000);
		totals = totals_of(f);
		if (clock_mono_us() > until)
			fail_msg("waiting %zu claimed %zu", totals.count[STORE_OUTBOX_WAITING],
			    totals.count[STORE_OUTBOX_CLAIMED]);
	} while (totals.count[STORE_OUTBOX_WAITING] + totals.count[STORE_OUTBOX_CLAIMED] > 0);
}

struct search {
	const char *address;
	int found;
	enum store_verdict verdict;
	int64_t contact_id, attempts;
	char reason[200], queue_id[64], message_id[128], message[80], sender_domain[80];
};

static bool
match(const struct store_journal_row *row, void *closure)
{
	struct search *search = closure;

	if (!str_is(row->recipient, search->address))
		return true;
	search->found++;
	search->verdict = row->verdict;
	search->contact_id = row->contact_id;
	search->attempts = row->attempts;
	snprintf(search->reason, sizeof search->reason, "%.*s", STR_F(row->reason));
	snprintf(search->queue_id, sizeof search->queue_id, "%.*s", STR_F(row->queue_id));
	snprintf(search->message_id, sizeof search->message_id, "%.*s", STR_F(row->message_id));
	snprintf(search->message, sizeof search->message, "%.*s", STR_F(row->message));
	snprintf(
	    search->sender_domain, sizeof search->sender_domain, "%.*s", STR_F(row->sender_domain));
	return true;
}

static struct search
journal_of(struct fixture *f, const char *address)
{
	struct store_journal_filter filter = {.since_ms = 0};
	struct search search = {.address = address};
	struct err err = ERR_INIT;

	assert_int_equal(store_journal_each(f->store, &filter, match, &search, &err), 0);
	return search;
}

/* --- tests --- */

static void
every_recipient_comes_to_an_end_and_is_journalled(void **state)
{
	static const struct {
		const char *address;
		int accepted;
		enum store_verdict verdict;
		const char *reason;
	} cases[] = {
	    {"ok-1@example.org", 1, STORE_SENT, ""},
	    {"ok-2@example.org", 1, STORE_SENT, ""},
	    {"ok-3@example.org", 1, STORE_SENT, ""},
	    {"busy-1@example.org", 1, STORE_SENT, ""},
	    {"never-1@example.org", 0, STORE_FAILED, "550 5.1.1 no such user"},
	    {"lost-1@example.org", 1, STORE_SENT, ""},
	    {"gone-1@example.org", 1, STORE_SENT, ""},
	    {"barred@example.org", 0, STORE_SUPPRESSED, "asked us"},
	};
	const char *addresses[COUNT(cases)];
	struct fixture *f = *state;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < COUNT(cases); i++)
		addresses[i] = cases[i].address;
	assert_int_equal(store_suppression_add(f->store, STR("barred@example.org"), STR("all"),
			     STR("asked us"), &err),
	    1);
	relay_start();
	start(f);
	hold(f, "spring", addresses, COUNT(cases));
	wait_for_all(f);
	drain(f);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct search row = journal_of(f, cases[i].address);
		char hex[TAILOR_MESSAGE_ID_LOCAL + 1];

		if (count_of(relay.accepted, cases[i].address) != cases[i].accepted ||
		    row.found != 1 || row.verdict != cases[i].verdict ||
		    strstr(row.reason, cases[i].reason) == NULL ||
		    (row.queue_id[0] != '\0') != (row.verdict == STORE_SENT))
			fail_msg("%s: accepted %d found %d verdict %d reason %s queue id %s",
			    cases[i].address, count_of(relay.accepted, cases[i].address), row.found,
			    row.verdict, row.reason, row.queue_id);
		tailor_message_id_local(str_c(row.message), str_c(cases[i].address), hex);
		assert_string_equal(row.sender_domain, "shop.example");
		if (row.verdict == STORE_SENT)
			assert_memory_equal(row.message_id + 1, hex, TAILOR_MESSAGE_ID_LOCAL);
	}
	assert_int_equal(journal_of(f, "busy-1@example.org").attempts, 2);
	assert_int_equal(relay.strangers, 0);
}

static void
leaving_puts_back_what_was_not_begun(void **state)
{
	struct fixture *f = *state;
	char text[40][32];
	const char *addresses[COUNT(text)];
	struct totals totals;

	for (size_t i = 0; i < COUNT(text); i++) {
		snprintf(text[i], sizeof text[i], "slow-%zu@example.org", i);
		addresses[i] = text[i];
	}
	relay_start();
	hold(f, "spring", addresses, COUNT(text));
	start(f);
	while (totals_of(f).count[STORE_OUTBOX_DONE] == 0)
		usleep(10000);
	drain(f);
	totals = totals_of(f);
	assert_int_equal(totals.count[STORE_OUTBOX_CLAIMED], 0);
	assert_true(totals.count[STORE_OUTBOX_WAITING] > 0);
	assert_int_equal(
	    totals.count[STORE_OUTBOX_DONE] + totals.count[STORE_OUTBOX_WAITING], COUNT(text));
	/* What went back was not counted, and what left was committed. */
	assert_int_equal(totals.attempts, totals.count[STORE_OUTBOX_DONE]);
	for (size_t i = 0; i < COUNT(text); i++)
		assert_int_equal(
		    count_of(relay.accepted, addresses[i]), journal_of(f, addresses[i]).found);
}

static void
an_absent_relay_costs_no_attempts(void **state)
{
	static const char *const addresses[] = {"ok-1@example.org", "ok-2@example.org"};
	struct fixture *f = *state;
	struct totals totals;

	hold(f, "spring", addresses, COUNT(addresses));
	start(f);
	usleep(1200000);
	totals = totals_of(f);
	assert_int_equal(totals.attempts, 0);
	assert_int_equal(totals.count[STORE_OUTBOX_DONE], 0);
	assert_int_equal(journal_of(f, addresses[0]).found, 0);
	relay_start();
	wait_for_all(f);
	drain(f);
	assert_int_equal(journal_of(f, addresses[0]).attempts, 1);
	assert_int_equal(count_of(relay.accepted, addresses[1]), 1);
}

static int64_t
no_rate(void *closure, struct str campaign)
{
	(void)closure;
	(void)campaign;
	return 0;
}

/* As a process leaves them that is killed: one copy accepted, one seen but not accepted, one
 * never sent. */
static void
rows_of_a_dead_process_are_settled_by_the_log(void **state)
{
	static const char *const addresses[] = {
	    "ok-took@example.org", "ok-half@example.org", "ok-none@example.org"};
	struct fixture *f = *state;
	struct store_outbox_row *rows;
	struct err err = ERR_INIT;
	char hex[TAILOR_MESSAGE_ID_LOCAL + 1];
	int64_t next_ms;

	assert_int_equal(
	    store_contact_upsert(f->store, str_c(addresses[0]), STR(""), STR(""), NULL, &err), 1);
	hold(f, "spring", addresses, COUNT(addresses));
	/* A slot that the present set does not have any more. */
	assert_int_equal(
	    store_outbox_claim(f->store, 5, 10, no_rate, NULL, f->arena, &rows, &next_ms, &err), 3);
	relay_start();
	pthread_mutex_lock(&relay.lock);
	for (int i = 0; i < 2; i++) {
		char line[200];

		tailor_message_id_local(rows[0].key, str_c(addresses[i]), hex);
		snprintf(line, sizeof line, "cleanup[2]: ABCDEF%d: message-id=<%s@shop.example>", i,
		    hex);
		log_line(line);
	}
	log_line("qmgr[3]: ABCDEF0: from=<bounce@shop.example>, size=1, nrcpt=1 (queue active)");
	pthread_mutex_unlock(&relay.lock);
	start(f);
	wait_for_all(f);
	drain(f);
	assert_int_equal(count_of(relay.accepted, addresses[0]), 0);
	assert_string_equal(journal_of(f, addresses[0]).queue_id, "ABCDEF0");
	assert_string_equal(journal_of(f, addresses[0]).reason, "");
	assert_int_equal(journal_of(f, addresses[0]).verdict, STORE_SENT);
	assert_string_equal(journal_of(f, addresses[0]).sender_domain, "shop.example");
	assert_true(journal_of(f, addresses[0]).contact_id > 0);
	for (int i = 1; i < 3; i++) {
		assert_int_equal(count_of(relay.accepted, addresses[i]), 1);
		assert_int_equal(journal_of(f, addresses[i]).found, 1);
		assert_int_equal(journal_of(f, addresses[i]).attempts, 1);
	}
}

static void
a_campaign_without_configuration_waits(void **state)
{
	static const char *const addresses[] = {"ok-1@example.org"};
	struct fixture *f = *state;

	relay_start();
	hold(f, "autumn", addresses, 1);
	start(f);
	while (journal_of(f, addresses[0]).found == 0)
		usleep(20000);
	drain(f);
	assert_int_equal(totals_of(f).count[STORE_OUTBOX_WAITING], 1);
	assert_int_equal(journal_of(f, addresses[0]).verdict, STORE_DEFERRED);
	assert_non_null(strstr(journal_of(f, addresses[0]).reason, "not in the configuration"));
	assert_int_equal(count_of(relay.accepted, addresses[0]), 0);
}

/* `view_keep` counts, by the first process. */
static void
bodies_kept_for_viewing_leave(void **state)
{
	static const char *const keys[] = {"aa", "bb"};
	const struct store_view_body view = {id_sha256(STR("x")), STR("x")};
	struct fixture *f = *state;
	struct store_view found;
	struct err err = ERR_INIT;
	sqlite3 *handle;

	for (size_t i = 0; i < COUNT(keys); i++) {
		const struct store_journal_row row = {.time_ms = clock_now(),
		    .message = str_c(keys[i]),
		    .campaign = STR("spring"),
		    .recipient = STR("a@example.org"),
		    .view = &view};

		assert_int_equal(store_journal_put(f->store, &row, &err), 0);
	}
	assert_int_equal(sqlite3_open(f->database, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle,
			     "UPDATE view_body SET kept_ms = kept_ms - 91 * 86400000 "
			     "WHERE message = 'aa'",
			     NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(handle);
	start(f);
	while (store_view_find(f->store, STR("spring"), STR("a@example.org"), STR("aa"), f->arena,
		   &found, &err) == 1) {
		free(found.raw);
		arena_reset(f->arena);
		usleep(20000);
	}
	drain(f);
	assert_int_equal(store_view_find(f->store, STR("spring"), STR("a@example.org"), STR("bb"),
			     f->arena, &found, &err),
	    1);
	free(found.raw);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		every_recipient_comes_to_an_end_and_is_journalled, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		leaving_puts_back_what_was_not_begun, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(an_absent_relay_costs_no_attempts, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		rows_of_a_dead_process_are_settled_by_the_log, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_campaign_without_configuration_waits, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(bodies_kept_for_viewing_leave, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
