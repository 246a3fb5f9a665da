/* SPDX-License-Identifier: BSD-2-Clause
 *
 * web_fuzz: the web process itself, asked what somebody made up
 *
 * The input is what a client sends, with {c} and the like for the path of a token of that kind
 * (paths below). web_run() serves it in a thread, over a unix socket, with a store of its own:
 * whatever is routed is reached. What must hold: all that comes back is HTTP, nothing leads
 * elsewhere, the mark of an attack does not come back as it was, no page fails.
 */
#include "link/link.h"
#include "master/worker.h"
#include "store/contact.h"
#include "store/link.h"
#include "web/web.h"

#include "base/buf.h"
#include "link/keyfile.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

#define BASE   "https://t.shop.example"
#define TARGET "https://shop.example/sale"
/* tests/http/check_attack.py and web.dict have the same. */
#define MARK	  "<zq'\"x>"
#define REPLY_MAX ((size_t)8 << 20)
#define SENT_MS	  INT64_C(1760000000000)

static const struct {
	char letter;
	int (*make)(const struct link_keys *keys, struct str base, const struct link_facts *facts,
	    struct arena *arena, struct str *url_r, struct err *err);
} paths[] = {{'c', link_click_url}, {'o', link_open_url}, {'u', link_unsubscribe_url},
    {'p', link_preferences_url}, {'v', link_view_url}, {'h', link_hidden_url},
    {'s', link_signup_url}};

#define PATHS (sizeof paths / sizeof paths[0])

static struct {
	char folder[64];
	struct worker worker;
	struct str paths[PATHS];
	struct arena *arena;
	struct sockaddr_un address;
} world;

/* libFuzzer leaves without atexit, or by a crash: a child sees that, and cleans up. */
static void
remove_folder_later(void)
{
	int alive[2];
	char byte;

	MUST(pipe2(alive, O_CLOEXEC) == 0);
	if (fork() != 0) {
		close(alive[0]);
		return;
	}
	close(alive[1]);
	while (read(alive[0], &byte, 1) > 0)
		;
	execlp("rm", "rm", "-rf", world.folder, NULL);
	_exit(1);
}

static void
write_conf(const char *path)
{
	FILE *file = fopen(path, "we");

	MUST(file != NULL);
	fprintf(file,
	    "database = \"db\"\ntoken_keys = \"tokens\"\ntracking_url = \"" BASE "\"\n"
	    "web = \"unix:%s/web\"\nweb_timeout = 5s\nlog = stderr\nlog_level = error\n"
	    "languages = {\"de\", \"en\"}\n"
	    "campaign \"spring\" { }\ncampaign \"confirm\" { kind = transactional }\n"
	    "form \"news\" {\ntitle = \"News\"\nconsent = \"Yes.\"\ncampaign = \"confirm\"\n"
	    "from = \"news@shop.example\"\nfill_min = 0s\ndouble_opt_in = no\n"
	    "fields = {\"first_name text:40: Name\", \"age number:18..120: Age\"}\n"
	    "client_rate = 100000\nrate = 10000000\n}\n",
	    world.folder);
	MUST(fclose(file) == 0);
}

static void
make_paths(struct store *store)
{
	struct link_facts facts = {.message = 5, .sent_ms = SENT_MS};
	struct str target = STR(TARGET);
	struct store_contact contact;
	struct err err = ERR_INIT;
	int64_t link;

	MUST(store_contact_upsert(store, STR("ada@example.org"), STR_NONE, STR_NONE, NULL, &err) >=
	    0);
	MUST(store_contact_get(store, STR("ada@example.org"), world.arena, &contact, &err) == 1);
	MUST(store_campaign_id(store, STR("spring"), &facts.campaign, &err) == 0);
	MUST(store_link_ids(store, facts.campaign, &target, 1, &link, &err) == 0);
	facts.contact = contact.id;
	for (size_t i = 0; i < PATHS; i++) {
		facts.link = paths[i].letter == 'c' ? link : 0;
		MUST(paths[i].make(world.worker.link_keys, STR(BASE), &facts, world.arena,
			 &world.paths[i], &err) == 0);
		world.paths[i].p += strlen(BASE);
		world.paths[i].n -= strlen(BASE);
	}
}

static void *
serve(void *closure)
{
	MUST(web_run(closure) == 0);
	return NULL;
}

static void
open_world(void)
{
	struct err err = ERR_INIT;
	struct store *store;
	struct conf *conf;
	char path[160];
	pthread_t thread;
	unsigned id;
	int control[2];

	snprintf(world.folder, sizeof world.folder, "/tmp/web_fuzz.XXXXXX");
	MUST(mkdtemp(world.folder) != NULL);
	remove_folder_later();
	snprintf(path, sizeof path, "%s/tokens", world.folder);
	MUST(link_keyfile_add(path, &id, &err) == 0);
	snprintf(path, sizeof path, "%s/conf", world.folder);
	write_conf(path);
	if (conf_load(&conf, path, NULL, NULL, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	world.arena = arena_new((size_t)1 << 20);
	world.worker = (struct worker){.conf = conf, .slots = 1};
	MUST(link_keys_load(&world.worker.link_keys, conf, &err) == 0);
	MUST(tailor_templates_load(&world.worker.templates, conf, &err) == 0);
	MUST(store_open(&store, conf->database, STORE_CREATE, &err) == 0);
	make_paths(store);
	store_close(&store);
	MUST(pipe(control) == 0);
	world.worker.control_fd = control[0];
	MUST(web_listen(conf, &world.worker.listen_fd, &err) == 0);
	world.address.sun_family = AF_UNIX;
	snprintf(world.address.sun_path, sizeof world.address.sun_path, "%s/web", world.folder);
	MUST(pthread_create(&thread, NULL, serve, &world.worker) == 0);
}

/* {c} -> /c/TOKEN */
static void
expand(struct str input, struct buf *out)
{
	for (size_t i = 0; i < input.n; i++) {
		size_t at = 0;

		if (input.p[i] == '{' && i + 2 < input.n && input.p[i + 2] == '}') {
			while (at < PATHS && paths[at].letter != input.p[i + 1])
				at++;
			if (at < PATHS) {
				MUST(buf_add_str(out, world.paths[at]) == 0);
				i += 2;
				continue;
			}
		}
		MUST(buf_add(out, input.p + i, 1) == 0);
	}
}

static void
ask(struct str request, struct buf *reply)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char piece[16384];
	ssize_t n;

	MUST(fd >= 0 && connect(fd, (struct sockaddr *)&world.address, sizeof world.address) == 0);
	/* It may end the connection before all was sent. */
	for (size_t at = 0; at < request.n; at += (size_t)n) {
		n = send(fd, request.p + at, request.n - at, MSG_NOSIGNAL);
		if (n <= 0)
			break;
	}
	shutdown(fd, SHUT_WR);
	while ((n = recv(fd, piece, sizeof piece, 0)) > 0)
		MUST(buf_add(reply, piece, (size_t)n) == 0);
	close(fd);
}

static void
check_places(struct str reply)
{
	static const char field[] = "\r\nLocation: ";
	const char *end = reply.p + reply.n;

	for (const char *at = reply.p;
	     (at = memmem(at, (size_t)(end - at), field, sizeof field - 1)) != NULL;) {
		struct str value = {at + sizeof field - 1, 0};

		value.n = (size_t)(end - value.p);
		MUST(str_starts(value, STR(TARGET "\r\n")));
		at = value.p;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf request, reply;

	if (size > 100000)
		return 0;
	if (world.arena == NULL)
		open_world();
	buf_init(&request, (size_t)16 << 20);
	buf_init(&reply, REPLY_MAX);
	expand((struct str){(const char *)data, size}, &request);
	ask(buf_str(&request), &reply);
	if (reply.len > 0) {
		MUST(str_starts(buf_str(&reply), STR("HTTP/1.")));
		MUST(!str_starts(buf_str(&reply), STR("HTTP/1.1 500 ")));
		MUST(!str_has(buf_str(&reply), STR(MARK)));
		check_places(buf_str(&reply));
	}
	buf_fini(&request);
	buf_fini(&reply);
	return 0;
}
