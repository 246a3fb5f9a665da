/* SPDX-License-Identifier: BSD-2-Clause
 *
 * nearest_engine_test: the plugin nearest in the engine, with 10,000 outlets
 *
 * Four threads make copies at once; each has to be the one that is made alone, and to have the
 * outlet that looking at all of them finds. It prints what a copy costs with the plugin and
 * without, beside an RSA signature.
 */
#include "tailor_fixture.h"

#include "base/buf.h"
#include "plugin/internal.h"
#include "plugins/nearest/geo.h"
#include "tailor/internal.h"

#include <glib.h>
#include <math.h>
#include <pthread.h>

#define OUTLETS	 10000
#define CONTACTS 200
#define THREADS	 4

static struct {
	const struct conf *conf;
	struct dkim_keys *keys;
	struct tailor_templates *templates;
	struct store *store;
	struct tailor *tailor;
	struct geo_unit outlets[OUTLETS], contacts[CONTACTS];
	char *alone[CONTACTS];
} world;

static char plugin_path[128];

#define HEAD                                                                                \
	"From: Shop <news@shop.example>\r\nTo: all@shop.example\r\nX-Campaign: near\r\n"    \
	"Date: Mon, 23 Nov 2026 08:00:00 +0000\r\nMessage-ID: <one@tool>\r\nSubject: s\r\n" \
	"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
#define WITH                                                                                \
	HEAD "<{{ nearest.id }}> {{ nearest.distance_km }} {{ nearest.hours_today }} "      \
	     "{{ nearest.open_now }} {{ nearest.others[0].name }} {{ nearest.coupon }}\r\n" \
	     "{% assign two = contact | outlets_near: 2 %}<{{ two[1].id }}>\r\n"
#define VALUE	HEAD "<{{ nearest.id }}>\r\n"
#define WITHOUT HEAD "{{ contact.latitude }}\r\n"

static double
some(uint64_t *seed, double low, double high)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return low + (high - low) * ((double)(*seed >> 11) / (double)(UINT64_C(1) << 53));
}

static void
write_outlets(uint64_t *seed)
{
	char path[128];
	FILE *file;

	path_of("outlets.csv", path);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("id,name,street,postcode,city,country,latitude,longitude,hours,time_zone,coupon\n",
	    file);
	for (int i = 0; i < OUTLETS; i++) {
		double latitude = round(some(seed, -60, 70) * 1e5) / 1e5;
		double longitude = round(some(seed, -180, 180) * 1e5) / 1e5;

		world.outlets[i] = geo_unit((struct geo_point){latitude, longitude});
		fprintf(file,
		    "O%d,Shop %d,Street %d,%05d,City %d,DE,%.5f,%.5f,\"Mo-Fr 09:00-18:30; Sa "
		    "10:00-16:00\",%s,C%d\n",
		    i, i, i, i, i / 10, latitude, longitude,
		    i % 2 == 0 ? "Europe/Berlin" : "America/New_York", i);
	}
	fclose(file);
}

static void
add_contacts(uint64_t *seed)
{
	for (int i = 0; i < CONTACTS; i++) {
		double latitude = round(some(seed, -80, 80) * 1e5) / 1e5;
		double longitude = round(some(seed, -180, 180) * 1e5) / 1e5;
		char address[40], attributes[100];

		world.contacts[i] = geo_unit((struct geo_point){latitude, longitude});
		snprintf(address, sizeof address, "c%d@example.org", i);
		snprintf(attributes, sizeof attributes,
		    "{\"latitude\": %.5f, \"longitude\": \"%.5f\"}", latitude, longitude);
		add_contact(world.store, address, attributes);
	}
}

/* --- copies --- */

static struct tailor_message *
message_of(const char *raw)
{
	const struct conf_campaign *campaign = conf_campaign_find(world.conf, STR("near"));
	struct tailor_message *message;
	struct err err = ERR_INIT;

	if (tailor_message_new(&message, world.tailor, campaign, STR("near"),
		STR("bounce@shop.example"), str_c(raw), &err) != 0)
		fail_msg("%s", err.text);
	return message;
}

/* NULL if it failed, which threads can't say to cmocka. */
static char *
copy_of(struct tailor_message *message, int contact, struct arena *arena)
{
	struct tailor_copy copy;
	struct buf out;
	char address[40], *text = NULL;

	arena_reset(arena);
	snprintf(address, sizeof address, "c%d@example.org", contact);
	tailor_render(world.tailor, message, str_c(address), arena, &copy);
	buf_init(&out, (size_t)1 << 20);
	if (copy.verdict == STORE_SENT && tailor_copy_write(&copy, &out) == 0)
		text = g_strndup(out.data, out.len);
	else
		fprintf(stderr, "%s: %.*s\n", address, STR_F(copy.reason));
	buf_fini(&out);
	return text;
}

/* --- tests --- */

static int
brute(const struct geo_unit *from)
{
	int best = 0;

	for (int i = 1; i < OUTLETS; i++) {
		if (geo_chord2(from, &world.outlets[i]) < geo_chord2(from, &world.outlets[best]))
			best = i;
	}
	return best;
}

static void
outlet_is_the_nearest(void **state)
{
	struct tailor_message *message = message_of(WITH);
	struct arena *arena = arena_new((size_t)64 << 20);

	(void)state;
	for (int i = 0; i < CONTACTS; i++) {
		int wanted = brute(&world.contacts[i]);
		double km = geo_km(&world.contacts[i], &world.outlets[wanted]);
		char text[60];

		world.alone[i] = copy_of(message, i, arena);
		assert_non_null(world.alone[i]);
		snprintf(text, sizeof text, "<O%d> %.1f ", wanted, round(km * 10) / 10);
		if (strstr(world.alone[i], text) == NULL)
			fail_msg("contact %d: expected \"%s\" in\n%s", i, text, world.alone[i]);
	}
	arena_free(&arena);
	tailor_message_free(&message);
}

/* What each copy has, behind header fields that hold the time. */
static bool
is_same(const char *a, const char *b)
{
	const char *left = strstr(a, "\r\n\r\n"), *right = strstr(b, "\r\n\r\n");

	return left != NULL && right != NULL && strcmp(left, right) == 0;
}

static void *
make_copies(void *closure)
{
	struct tailor_message *message = closure;
	struct arena *arena = arena_new((size_t)64 << 20);
	intptr_t wrong = 0;

	for (int i = 0; i < CONTACTS; i++) {
		char *text = copy_of(message, i, arena);

		wrong += text == NULL || !is_same(text, world.alone[i]);
		g_free(text);
	}
	arena_free(&arena);
	return (void *)wrong;
}

static void
threads_make_the_same_copies(void **state)
{
	struct tailor_message *message = message_of(WITH);
	pthread_t threads[THREADS];
	void *wrong;

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, make_copies, message), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
	tailor_message_free(&message);
}

static double
one_round(const char *raw)
{
	struct tailor_message *message = message_of(raw);
	struct arena *arena = arena_new((size_t)64 << 20);
	struct tailor_copy copy;
	clock_t begin = clock();
	int made = 0;

	for (; made < 3 * CONTACTS; made++) {
		char address[40];

		arena_reset(arena);
		snprintf(address, sizeof address, "c%d@example.org", made % CONTACTS);
		tailor_render(world.tailor, message, str_c(address), arena, &copy);
	}
	arena_free(&arena);
	tailor_message_free(&message);
	return (double)(clock() - begin) / CLOCKS_PER_SEC * 1e6 / made;
}

/* No test depends on it. The ways take turns, and the best round of each counts. */
static void
cost_is_shown(void **state)
{
	static const char *const ways[] = {WITHOUT, VALUE, WITH};
	double best[3] = {1e9, 1e9, 1e9};

	(void)state;
	for (int i = 0; i < 15; i++)
		best[i % 3] = fmin(best[i % 3], one_round(ways[i % 3]));
	print_message("%d outlets: a copy with an RSA signature takes %.0f us of CPU, the value "
		      "nearest %.1f us more, value, others and filter %.1f us more\n",
	    OUTLETS, best[0], best[1] - best[0], best[2] - best[0]);
}

/* --- the world --- */

static int
set_up(void **state)
{
	uint64_t seed = 7;
	struct err err = ERR_INIT;
	struct conf *conf;
	char path[128], text[1000], *bytes;
	gsize size;

	(void)state;
	plugin_process_init();
	fixture_make_folder("nearest_engine");
	write_key();
	write_outlets(&seed);
	/* It has to lie where only its owner may write. */
	path_of("nearest.so", plugin_path);
	assert_true(g_file_get_contents(PLUGINS "/nearest.so", &bytes, &size, NULL));
	assert_true(g_file_set_contents(plugin_path, bytes, (gssize)size, NULL));
	g_free(bytes);
	chmod(plugin_path, 0755);
	snprintf(text, sizeof text,
	    "plugin_path = \"%s\"\nplugin \"nearest\" { outlets = \"outlets.csv\" }\n"
	    "campaign \"near\" { plugins = {\"nearest\"}  kind = transactional }\n"
	    "dkim \"shop.example\" { selector = \"s1\"  key = \"key.pem\" }\n",
	    fixture_folder);
	write_file("test.conf", text);
	path_of("test.conf", path);
	if (conf_load(&conf, path, NULL, NULL, &err) != 0)
		fail_msg("%s", err.text);
	world.conf = conf;
	path_of("test.db", path);
	if (dkim_keys_load(&world.keys, conf, &err) != 0 ||
	    store_open(&world.store, path, STORE_CREATE, &err) != 0 ||
	    tailor_templates_load(&world.templates, conf, &err) != 0 ||
	    tailor_new(&world.tailor, conf, world.keys, NULL, world.templates, world.store, &err) !=
		0)
		fail_msg("%s", err.text);
	add_contacts(&seed);
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const files[] = {"key.pem", "test.conf", "test.db", "test.db-wal",
	    "test.db-shm", "outlets.csv", "nearest.so"};
	char path[128];

	(void)state;
	tailor_free(&world.tailor);
	store_close(&world.store);
	tailor_templates_unref(&world.templates);
	dkim_keys_unref(&world.keys);
	conf_unref(&world.conf);
	for (int i = 0; i < CONTACTS; i++)
		g_free(world.alone[i]);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		path_of(files[i], path);
		unlink(path);
	}
	return rmdir(fixture_folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(outlet_is_the_nearest),
	    cmocka_unit_test(threads_make_the_same_copies),
	    cmocka_unit_test(cost_is_shown),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
