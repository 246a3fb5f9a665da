/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plugin_test: plugins that load and those that don't, their parameters, and their hooks in the
 * engine
 */
#include "tailor_fixture.h"

#include "base/buf.h"
#include "plugin/internal.h"
#include "store/event.h"
#include "store/plugin.h"
#include "store/product.h"
#include "tailor/internal.h"

#include <dirent.h>
#include <dlfcn.h>
#include <glib.h>

static struct {
	const struct conf *conf;
	struct dkim_keys *keys;
	struct tailor_templates *templates;
	struct store *store;
	struct tailor *tailor;
	struct arena *arena;
} world;

#define CONFIGURATION                                                                       \
	"plugin_path = \"%s\"\n"                                                            \
	"plugin \"sample\" { greeting = \"moin\"  places = 5  from = {\"a@b.example\"} }\n" \
	"plugin \"old\" { }\n"                                                              \
	"campaign \"spring\" { plugins = {\"sample\", \"old\"} }\n"                         \
	"campaign \"without\" { plugins = {\"sample:without\"} }\n"                         \
	"campaign \"stop\" { plugins = {\"sample:stop\"} }\n"                               \
	"campaign \"none\" { }\n"                                                           \
	"dkim \"shop.example\" { selector = \"s1\"  key = \"key.pem\" }\n"

static char plugin_folder[100];

/* They have to lie where only their owner may write, which the build folder need not be. */
static void
each_plugin(bool copy)
{
	DIR *folder = opendir(copy ? PLUGINS : plugin_folder);
	const struct dirent *entry;

	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		char from[600], to[600], *bytes;
		gsize size;

		if (!g_str_has_suffix(entry->d_name, ".so"))
			continue;
		snprintf(from, sizeof from, "%s/%s", PLUGINS, entry->d_name);
		snprintf(to, sizeof to, "%s/%s", plugin_folder, entry->d_name);
		unlink(to);
		if (!copy)
			continue;
		assert_true(g_file_get_contents(from, &bytes, &size, NULL));
		assert_true(g_file_set_contents(to, bytes, (gssize)size, NULL));
		assert_int_equal(chmod(to, 0755), 0);
		g_free(bytes);
	}
	closedir(folder);
}

static void
copy_plugins(void)
{
	snprintf(plugin_folder, sizeof plugin_folder, "%s/plugins", fixture_folder);
	assert_int_equal(mkdir(plugin_folder, 0755), 0);
	each_plugin(true);
}

/* --- loading --- */

static void
assert_refused(const char *path, const char *name, const char *wanted)
{
	struct plugin_module *module = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(plugin_module_open(&module, path, name, &err), -1);
	if (strstr(err.text, wanted) == NULL)
		fail_msg("%s: expected \"%s\", got \"%s\"", path, wanted, err.text);
}

static void
bad_plugins_are_refused(void **state)
{
	static const struct {
		const char *file, *wanted;
	} cases[] = {
	    {"nothing", "it has no function mt_plugin"},
	    {"major",
		"it was built for version 2.0 of the plugin interface, this mailtailor has 1.0"},
	    {"minor", "it needs version 1.1 of the plugin interface, this mailtailor has 1.0"},
	    {"small", "its struct mt_definition has"},
	    {"magic", "it is no plugin"},
	    {"hook", "expected a name of"},
	    {"name", "it is the plugin \"somebody_else\", expected \"bad\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char path[300];

		snprintf(path, sizeof path, "%s/bad_%s.so", plugin_folder, cases[i].file);
		assert_refused(path, "bad", cases[i].wanted);
	}
}

static void
files_that_others_may_change_are_refused(void **state)
{
	char path[128];

	(void)state;
	write_file("text.so", "this is no shared object\n");
	path_of("text.so", path);
	assert_refused(path, "text", "it can't be loaded");
	assert_int_equal(chmod(path, 0664), 0);
	assert_refused(path, "text", "expected that only its owner may write it, its mode is 0664");
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(chmod(fixture_folder, 0777), 0);
	assert_refused(path, "text", "its mode is 0777");
	assert_int_equal(chmod(fixture_folder, 01777), 0);
	assert_refused(path, "text", "its mode is 1777");
	assert_int_equal(chmod(fixture_folder, 0700), 0);
	unlink(path);
	assert_refused(path, "text", "No such file");
	assert_refused("/tmp", "text", "expected a file");
}

/* --- parameters --- */

struct problems {
	char text[2000];
};

static void
note_problem(const char *text, void *closure)
{
	struct problems *problems = closure;

	strncat(problems->text, text, sizeof problems->text - strlen(problems->text) - 2);
	strcat(problems->text, "\n");
}

/* All problems of a section, as one text. */
static const char *
problems_of(const char *section)
{
	static struct problems problems;
	struct plugin_set *set = NULL;
	struct err err = ERR_INIT;
	struct conf *conf;
	const struct conf *gone;
	char path[128], text[1500];

	problems.text[0] = '\0';
	snprintf(text, sizeof text, "plugin_path = \"%s\"\n%s\n", plugin_folder, section);
	write_file("params.conf", text);
	path_of("params.conf", path);
	if (conf_load(&conf, path, note_problem, &problems, &err) == 0) {
		plugin_set_new(&set, conf, NULL, note_problem, &problems, &err);
		plugin_set_free(&set);
		gone = conf;
		conf_unref(&gone);
	}
	unlink(path);
	return problems.text;
}

static void
parameters_are_checked_with_their_line(void **state)
{
	static const struct {
		const char *section, *wanted;
	} cases[] = {
	    {"plugin \"sample\" { }", ""},
	    {"plugin \"sample\" { places = 20 wait = 2h mode = hard data = \"x\" }", ""},
	    {"plugin \"sample\" {\n places = 21 }",
		"params.conf:3: places: expected a number from 1 to 20, got \"21\""},
	    {"plugin \"sample\" { wait = 5 }",
		"params.conf:2: wait: expected a time from 1s to 1d"},
	    {"plugin \"sample\" { mode = loud }",
		"params.conf:2: mode: expected one of soft, hard"},
	    {"plugin \"sample\" { from = {\"a@b.example\", \"nobody\"} }",
		"params.conf:2: from: expected a mail address"},
	    {"plugin \"sample\" { places = {\"1\", \"2\"} }",
		"params.conf:2: places: expected one value, got 2"},
	    {"plugin \"sample\" { gretting = \"x\" }",
		"params.conf:2: plugin \"sample\" has no parameter \"gretting\" (did you mean "
		"\"greeting\"?)"},
	    {"plugin \"sample\" { places = 1 places = 2 }", ""},
	    {"plugin \"sample\" { deadline = 1h }", "params.conf:2: deadline: expected a time"},
	    {"plugin \"sample\" { }\ncampaign \"x\" { greeting = \"x\" }",
		"params.conf:3: unknown parameter \"greeting\""},
	    {"plugin \"sample\" { }\nplugin \"sample\" { }", "there is such a section already"},
	    {"plugin \"No Name\" { }", "plugin: expected a name of 1 to 40"},
	    {"campaign \"x\" { plugins = {\"sample\"} }",
		"params.conf:2: plugins: expected a section plugin \"sample\", there is none"},
	    {"plugin \"sample\" { }\ncampaign \"x\" { plugins = {\"sample\", \"sample:stop\"} }",
		"sample stands there twice"},
	    {"plugin \"sample\" { }\ncampaign \"x\" { plugins = {\"sample:maybe\"} }",
		"expected the name of a plugin"},
	    {"plugin \"missing\" { }", "missing.so: No such file"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *got = problems_of(cases[i].section);

		if (cases[i].wanted[0] == '\0' ? got[0] != '\0'
					       : strstr(got, cases[i].wanted) == NULL)
			fail_msg("%s\nexpected \"%s\", got \"%s\"", cases[i].section,
			    cases[i].wanted, got);
	}
}

/* --- hooks --- */

#define HEAD                                                                               \
	"From: Shop <news@shop.example>\r\nTo: all@shop.example\r\nX-Campaign: spring\r\n" \
	"Message-ID: <one@tool>\r\nX-Drop: me\r\nMIME-Version: 1.0\r\nSubject: s\r\n"
#define HTML "Content-Type: text/html; charset=utf-8\r\n\r\n"
#define TEXT "Content-Type: text/plain; charset=utf-8\r\n\r\n"

/* The copy for one recipient as text; it lives until the next call. */
static const char *
render(const char *campaign, const char *raw, const char *to, struct tailor_copy *copy)
{
	static struct buf out;
	const struct conf_campaign *found = conf_campaign_find(world.conf, str_c(campaign));
	struct tailor_message *message;
	struct err err = ERR_INIT;

	arena_reset(world.arena);
	buf_fini(&out);
	buf_init(&out, (size_t)1 << 20);
	if (tailor_message_new(&message, world.tailor, found, str_c(campaign),
		STR("bounce@shop.example"), str_c(raw), &err) != 0)
		fail_msg("%s", err.text);
	tailor_render(world.tailor, message, str_c(to), world.arena, copy);
	if (copy->verdict == STORE_SENT)
		assert_int_equal(tailor_copy_write(copy, &out), 0);
	tailor_message_free(&message);
	buf_add_char(&out, '\0');
	return out.data;
}

static void
assert_has(const char *text, const char *wanted)
{
	if (strstr(text, wanted) == NULL)
		fail_msg("\"%s\" is not in\n%s", wanted, text);
}

static int *
counter(const char *name)
{
	char path[128];
	void *handle;
	int *symbol;

	snprintf(path, sizeof path, "%s/sample.so", plugin_folder);
	handle = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
	assert_non_null(handle);
	symbol = dlsym(handle, name);
	assert_non_null(symbol);
	dlclose(handle);
	return symbol;
}

static void
values_filters_and_tags_work(void **state)
{
	struct tailor_copy copy;
	const char *text = render("spring",
	    HEAD HTML
	    "{{ shop.city }} {{ shop.hours[1] }} {{ shop.hours.size }} {{ shop.greeting }}\r\n"
	    "{{ shop.tags }} {{ square['7'] }} {{ 'ab' | repeat: 2, between: '-' }}\r\n"
	    "{% badge '<x>' %}{% frame %}{{ '<' }}<i>i</i>{% endframe %} {{ old }}\r\n"
	    "{% for h in shop.hours %}({{ h }}){% endfor %}\r\n",
	    "ada@example.org", &copy);

	(void)state;
	assert_int_equal(copy.verdict, STORE_SENT);
	assert_has(text, "Th&lt;rso Tue 9-18 2 moin");
	assert_has(text, "<b>open</b> 49 ab-ab");
	assert_has(text, "[&lt;x&gt;][&lt;<i>i</i>] ada@example.org");
	assert_has(text, "(Mon 9-17)(Tue 9-18)");
	assert_has(text, "X-Sample: spring");
	assert_null(strstr(text, "X-Drop"));
}

static void
put_order(const char *who, const char *key, int64_t time_ms)
{
	struct store_contact contact;
	char properties[100];
	struct store_event event = {.kind = STORE_EVENT_TRACK,
	    .type = STR("Order Completed"),
	    .time_ms = time_ms,
	    .source = STR("test"),
	    .properties = {properties, 0}};
	struct err err = ERR_INIT;

	assert_int_equal(
	    store_contact_get(world.store, str_c(who), world.arena, &contact, &err), 1);
	event.contact = contact.id;
	event.properties.n =
	    (size_t)snprintf(properties, sizeof properties, "{\"product_id\": \"%s\"}", key);
	assert_int_equal(store_event_put(world.store, &event, 1, NULL, &err), 0);
}

static void
put_products(void)
{
	static const struct store_product products[] = {
	    {.key = {"k1", 2},
		.title = {"Kettle <1>", 10},
		.price = 5000000,
		.sale_price = 4000000,
		.currency = {"EUR", 3},
		.category = {"Home > Kitchen", 14},
		.availability = STORE_IN_STOCK},
	    {.key = {"k2", 2},
		.title = {"Cup", 3},
		.price = STORE_PRICE_NONE,
		.sale_price = STORE_PRICE_NONE,
		.category = {"Home", 4},
		.availability = STORE_OUT_OF_STOCK},
	};
	struct store_product_run run;
	struct err err = ERR_INIT;

	assert_int_equal(store_begin(world.store, &err), 0);
	assert_int_equal(
	    store_product_begin(world.store, STR(STORE_CATALOGUE_DEFAULT), &run, &err), 0);
	for (size_t i = 0; i < sizeof products / sizeof products[0]; i++)
		assert_int_equal(
		    store_product_put(world.store, &run, &products[i], &err), STORE_PRODUCT_NEW);
	assert_int_equal(store_commit(world.store, &err), 0);
}

static void
events_and_products_are_told(void **state)
{
	const char *template = HEAD HTML "{{ history.count }}:{% for line in history.orders %}"
					 "({{ line.title }} {{ line.price }} {{ line.sale }} "
					 "{{ line.time }}){% endfor %}\r\n";
	struct tailor_copy copy;

	(void)state;
	put_products();
	put_order("ada@example.org", "k1", 1000);
	put_order("ada@example.org", "k2", 2000);
	put_order("bob@example.org", "gone", 3000);
	assert_has(render("spring", template, "ada@example.org", &copy),
	    "2:(Cup -9223372036854775808 false 2000)(Kettle &lt;1&gt; 5000000 true 1000)");
	assert_has(render("spring", template, "sig@example.org", &copy), "0:");
	/* A product that isn't there: the hook says MT_NONE, which is nil. */
	assert_has(render("spring", template, "bob@example.org", &copy), "1:\r\n");
}

/* In the background there is no copy, and all contacts' events; in its path only its own. */
static void
data_has_its_places(void **state)
{
	struct plugin_call *call;
	struct plugin_occasion occasion;
	const struct mt_event *const *events;
	const struct mt_product *const *products;
	const struct mt_product *product;
	struct mt_query query = {.size = sizeof query, .most = 1};
	struct err err = ERR_INIT;
	int64_t number;
	size_t used = 0, count;

	(void)state;
	arena_reset(world.arena);
	occasion = (struct plugin_occasion){.plugin = &world.tailor->plugins->plugins[0],
	    .kind = BOARD_TASK,
	    .hook = "test",
	    .deadline_ms = 60000,
	    .arena = world.arena,
	    .used = &used,
	    .ceiling = (size_t)1 << 20};
	assert_int_equal(plugin_call_begin(&call, &occasion, &err), 0);
	assert_int_equal(plugin_host.events_after(&call->mt, 0, 2, &events, &count), MT_OK);
	assert_int_equal(count, 2);
	assert_true(events[0]->id < events[1]->id);
	assert_true(mt_str_eq(events[0]->type, MT_STR("Order Completed")));
	assert_int_equal(
	    plugin_host.events_after(&call->mt, events[1]->id, 1000, &events, &count), MT_OK);
	assert_int_equal(count, 1);
	assert_int_equal(plugin_host.events_after(&call->mt, 0, 1001, &events, &count), MT_MISUSE);
	assert_int_equal(plugin_host.events(&call->mt, &query, &events, &count), MT_MISUSE);
	assert_int_equal(plugin_host.event_count(&call->mt, &query, &number), MT_MISUSE);
	assert_int_equal(plugin_host.products_after(&call->mt, 0, 1000, &products, &count), MT_OK);
	assert_int_equal(count, 2);
	assert_int_equal(
	    plugin_host.products_after(&call->mt, products[0]->id, 1000, &products, &count), MT_OK);
	assert_int_equal(count, 1);
	assert_int_equal(
	    plugin_host.products_in(&call->mt, MT_STR(""), MT_STR("Home"), 10, &products, &count),
	    MT_OK);
	assert_int_equal(count, 1); /* the other is out of stock */
	assert_true(mt_str_eq(products[0]->key, MT_STR("k1")));
	assert_int_equal(plugin_host.product_by_id(&call->mt, products[0]->id, &product), MT_OK);
	assert_int_equal(product->sale_price, 4000000);
	assert_int_equal(
	    plugin_host.product(&call->mt, MT_STR("other"), MT_STR("k1"), &product), MT_NONE);
	assert_true(used > 0);
	*call->used = occasion.ceiling;
	assert_int_equal(
	    plugin_host.product(&call->mt, MT_STR(""), MT_STR("k1"), &product), MT_LIMIT);
	assert_int_equal(plugin_call_end(&call, MT_OK, &err), 0);
}

static void
value_that_nobody_names_is_never_asked(void **state)
{
	int before = *counter("sample_values");
	struct tailor_copy copy;

	(void)state;
	render("spring",
	    HEAD TEXT "{{ contact.city }} {% if false %}{{ shop.city }}{% endif %}\r\n",
	    "ada@example.org", &copy);
	assert_int_equal(copy.verdict, STORE_SENT);
	assert_int_equal(*counter("sample_values"), before);
	render("spring",
	    HEAD TEXT
	    "{{ shop.city }}{{ shop.city }}{{ shop.greeting }}{{ square['2'] }}{{ square['2'] }}"
	    "{{ square['3'] }}\r\n",
	    "ada@example.org", &copy);
	assert_int_equal(copy.verdict, STORE_SENT);
	assert_int_equal(*counter("sample_values"), before + 3);
}

static void
copy_is_the_same_each_time(void **state)
{
	struct tailor_copy copy;
	char first[64];
	const char *text =
	    render("spring", HEAD TEXT "lucky {{ shop.lucky }}.\r\n", "ada@example.org", &copy);

	(void)state;
	snprintf(first, sizeof first, "%.20s", strstr(text, "lucky "));
	text = render("spring", HEAD TEXT "lucky {{ shop.lucky }}.\r\n", "ada@example.org", &copy);
	assert_has(text, first);
	text = render("spring", HEAD TEXT "lucky {{ shop.lucky }}.\r\n", "bob@example.org", &copy);
	assert_null(strstr(text, first));
}

static void
parts_are_rewritten_even_without_a_template(void **state)
{
	struct tailor_copy copy;
	const char *text = render("spring", HEAD HTML "<p>x</p>\r\n", "sig@example.org", &copy);

	(void)state;
	assert_has(text, "<p>x</p>");
	assert_has(text, "<p>signed, the plugin</p>");
	text = render("spring", HEAD TEXT "x\r\n", "sig@example.org", &copy);
	assert_has(text, "- signed, the plugin");
	text = render("none", HEAD TEXT "x\r\n", "sig@example.org", &copy);
	assert_null(strstr(text, "signed"));
}

static void
gates_close(void **state)
{
	struct tailor_copy copy;

	(void)state;
	render("spring", HEAD TEXT "x\r\n", "skip@example.org", &copy);
	assert_int_equal(copy.verdict, STORE_SUPPRESSED);
	assert_string_equal(copy.reason.p, "plugin sample: gate door: not today");
	render("none", HEAD TEXT "x\r\n", "skip@example.org", &copy);
	assert_int_equal(copy.verdict, STORE_SENT);
	plugin_process.live = true;
	render("spring", HEAD TEXT "x\r\n", "later@example.org", &copy);
	assert_int_equal(copy.verdict, STORE_DEFERRED);
	assert_true(copy.later_ms > 0);
	render("spring", HEAD TEXT "x\r\n", "later@example.org", &copy);
	assert_int_equal(copy.verdict, STORE_SENT);
}

static void
failures_do_what_the_campaign_says(void **state)
{
	static const struct {
		const char *campaign, *to, *reason;
		enum store_verdict verdict;
	} cases[] = {
	    {"spring", "fail@example.org", "plugin sample: value shop: the shop is closed",
		STORE_DEFERRED},
	    {"stop", "fail@example.org", "plugin sample: value shop: the shop is closed",
		STORE_FAILED},
	    {"without", "fail@example.org", "", STORE_SENT},
	    {"spring", "garbage@example.org", "its text is no UTF-8", STORE_DEFERRED},
	    {"spring", "greedy@example.org", "it asked for more memory than its ceiling of 4194304",
		STORE_DEFERRED},
	    {"spring", "forge@example.org",
		"plugin sample: header fields: the header field From is not a plugin's to change",
		STORE_DEFERRED},
	    {"without", "forge@example.org", "", STORE_SENT},
	};
	struct tailor_copy copy;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *text = render(
		    cases[i].campaign, HEAD TEXT "({{ shop.city }})\r\n", cases[i].to, &copy);

		if (copy.verdict != cases[i].verdict ||
		    strstr(copy.reason.p, cases[i].reason) == NULL)
			fail_msg("%s in %s: %s: \"%s\"", cases[i].to, cases[i].campaign,
			    store_verdict_name(copy.verdict), copy.reason.p);
		if (copy.verdict == STORE_SENT)
			assert_has(text, "From: Shop <news@shop.example>");
	}
	/* What a failed hook did to header fields is undone. */
	assert_null(
	    strstr(render("without", HEAD TEXT "x\r\n", "forge@example.org", &copy), "X-Sample"));
}

static void
changes_are_heard(void **state)
{
	struct plugin *plugin = &world.tailor->plugins->plugins[0];
	struct tailor_copy copy;
	struct err err = ERR_INIT;

	(void)state;
	assert_string_equal(plugin->name, "sample");
	assert_has(render("spring", HEAD TEXT "({{ shop.reloads }})\r\n", "ada@example.org", &copy),
	    "(0)");
	assert_int_equal(store_plugin_changed(world.store, plugin->row, &err), 0);
	plugin->looked_us = 0;
	assert_has(render("spring", HEAD TEXT "({{ shop.reloads }})\r\n", "ada@example.org", &copy),
	    "(1)");
	plugin->looked_us = 0;
	assert_has(render("spring", HEAD TEXT "({{ shop.reloads }})\r\n", "ada@example.org", &copy),
	    "(1)");
}

/* --- the key-value store --- */

static struct store_plugin_entry
entry(const char *key, const char *value, int64_t expires)
{
	return (struct store_plugin_entry){str_c(key), str_c(value), expires};
}

static void
entries_are_kept_swapped_and_claimed(void **state)
{
	struct store_plugin_entry e, *list;
	struct err err = ERR_INIT;
	int64_t id;
	size_t n;

	(void)state;
	arena_reset(world.arena);
	assert_int_equal(store_plugin_add(world.store, STR("keeper"), &id, &err), 0);
	e = entry("pool/b", "B", 0);
	assert_int_equal(store_plugin_put(world.store, id, &e, 1, &err), 0);
	e = entry("pool/a", "A", 0);
	assert_int_equal(store_plugin_put(world.store, id, &e, 1, &err), 0);
	e = entry("pool0", "not in it", 0);
	assert_int_equal(store_plugin_put(world.store, id, &e, 1, &err), 0);
	e = entry("short", "lived", 100);
	assert_int_equal(store_plugin_put(world.store, id, &e, 1, &err), 0);
	assert_int_equal(
	    store_plugin_get(world.store, id, STR("short"), 99, world.arena, &e, &err), 1);
	assert_int_equal(
	    store_plugin_get(world.store, id, STR("short"), 100, world.arena, &e, &err), 0);
	assert_int_equal(store_plugin_list(world.store, id, STR("pool/"), STR_NONE, 10, 1,
			     world.arena, &list, &n, &err),
	    0);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].value.p, "A");
	assert_int_equal(store_plugin_claim(world.store, id, STR("pool/"), STR("for/ada"), 1,
			     world.arena, &e, &err),
	    1);
	assert_string_equal(e.value.p, "A");
	assert_int_equal(store_plugin_claim(world.store, id, STR("pool/"), STR("for/ada"), 1,
			     world.arena, &e, &err),
	    1);
	assert_string_equal(e.value.p, "A");
	assert_int_equal(store_plugin_claim(world.store, id, STR("pool/"), STR("for/bob"), 1,
			     world.arena, &e, &err),
	    1);
	assert_string_equal(e.value.p, "B");
	assert_int_equal(store_plugin_claim(world.store, id, STR("pool/"), STR("for/eve"), 1,
			     world.arena, &e, &err),
	    0);
	e = entry("lock", "1", 0);
	assert_int_equal(store_plugin_swap(world.store, id, &e, STR_NONE, 1, &err), 1);
	assert_int_equal(store_plugin_swap(world.store, id, &e, STR_NONE, 1, &err), 0);
	e = entry("lock", "2", 0);
	assert_int_equal(store_plugin_swap(world.store, id, &e, STR("1"), 1, &err), 1);
	assert_int_equal(store_plugin_swap(world.store, id, &e, STR("1"), 1, &err), 0);
	assert_int_equal(store_plugin_delete(world.store, id, STR("lock"), 1, &err), 1);
	assert_int_equal(store_plugin_delete(world.store, id, STR("lock"), 1, &err), 0);
	assert_int_equal(store_plugin_purge(world.store, 200, 100, &err), 0);
	e = entry("", "no key", 0);
	assert_int_equal(store_plugin_put(world.store, id, &e, 1, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
}

/* --- the board --- */

static void
board_counts_and_strikes(void **state)
{
	struct board *board;
	struct err err = ERR_INIT;
	char path[128];
	int at;

	(void)state;
	path_of("board", path);
	assert_int_equal(board_create(&board, path, geteuid(), getegid(), &err), 0);
	at = board_add(board, STR("sample"));
	assert_int_equal(at, 0);
	assert_int_equal(board_add(board, STR("sample")), 0);
	assert_int_equal(board_find(board, STR("other")), -1);
	for (int i = 1; i <= 100; i++)
		board_count_call(&board->plugin[at], i * 100);
	assert_in_range(board_percentile(&board->plugin[at], 50), 5000, 6200);
	assert_in_range(board_percentile(&board->plugin[at], 99), 9900, 12300);
	board_count(&board->plugin[at], STR("codes"), 2);
	board_count(&board->plugin[at], STR("codes"), 3);
	assert_int_equal(board->plugin[at].counter[0].value, 5);
	assert_false(board_strike(&board->plugin[at], 1000));
	assert_false(board_strike(&board->plugin[at], 2000));
	assert_true(board_strike(&board->plugin[at], 3000));
	board_enable(&board->plugin[at]);
	assert_false(board_strike(&board->plugin[at], 4000));
	/* Long ago counts no more. */
	assert_false(board_strike(&board->plugin[at], 5000));
	assert_false(board_strike(&board->plugin[at], (int64_t)3600 * 1000000));
	board_close(&board);
	unlink(path);
}

static void
stale_calls_are_noticed(void **state)
{
	struct mt_call made_up = {.size = sizeof made_up};

	(void)state;
	assert_null(plugin_host.memory(&made_up, 10));
	assert_null(plugin_host.text(NULL, MT_STR("x")));
	assert_int_equal(plugin_host.kv_put(&made_up, MT_STR("k"), MT_STR("v"), 0), MT_MISUSE);
}

static int
set_up(void **state)
{
	struct err err = ERR_INIT;
	struct conf *conf;
	char path[128], text[2000];

	(void)state;
	plugin_process_init();
	fixture_make_folder("plugin_test");
	copy_plugins();
	write_key();
	snprintf(text, sizeof text, CONFIGURATION, plugin_folder);
	write_file("test.conf", text);
	path_of("test.conf", path);
	if (conf_load(&conf, path, NULL, NULL, &err) != 0)
		fail_msg("%s", err.text);
	world.conf = conf;
	path_of("test.db", path);
	if (dkim_keys_load(&world.keys, conf, &err) != 0 ||
	    store_open(&world.store, path, STORE_CREATE, &err) != 0 ||
	    tailor_templates_load(&world.templates, conf, &err) != 0)
		fail_msg("%s", err.text);
	plugin_process.live = true;
	if (tailor_new(&world.tailor, conf, world.keys, NULL, world.templates, world.store, &err) !=
	    0)
		fail_msg("%s", err.text);
	world.arena = arena_new((size_t)64 << 20);
	add_contact(world.store, "ada@example.org", "{\"city\": \"Th<rso\"}");
	add_contact(world.store, "bob@example.org", "{\"city\": \"Wick\"}");
	add_contact(world.store, "sig@example.org", "{\"sign\": \"please\"}");
	add_contact(world.store, "skip@example.org", "{\"gate\": \"skip\"}");
	add_contact(world.store, "later@example.org", "{\"gate\": \"later\"}");
	add_contact(world.store, "fail@example.org", "{\"plugin\": \"fail\"}");
	add_contact(world.store, "garbage@example.org", "{\"plugin\": \"garbage\"}");
	add_contact(world.store, "greedy@example.org", "{\"plugin\": \"greedy\"}");
	add_contact(world.store, "forge@example.org", "{\"plugin\": \"forge\"}");
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const files[] = {
	    "key.pem", "test.conf", "test.db", "test.db-wal", "test.db-shm"};
	int *started = counter("sample_started");
	char path[128];

	(void)state;
	assert_int_equal(*started, 1);
	tailor_free(&world.tailor);
	assert_int_equal(*started, 0);
	store_close(&world.store);
	tailor_templates_unref(&world.templates);
	dkim_keys_unref(&world.keys);
	conf_unref(&world.conf);
	arena_free(&world.arena);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		path_of(files[i], path);
		unlink(path);
	}
	each_plugin(false);
	rmdir(plugin_folder);
	rmdir(fixture_folder);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bad_plugins_are_refused),
	    cmocka_unit_test(files_that_others_may_change_are_refused),
	    cmocka_unit_test(parameters_are_checked_with_their_line),
	    cmocka_unit_test(values_filters_and_tags_work),
	    cmocka_unit_test(events_and_products_are_told),
	    cmocka_unit_test(data_has_its_places),
	    cmocka_unit_test(value_that_nobody_names_is_never_asked),
	    cmocka_unit_test(copy_is_the_same_each_time),
	    cmocka_unit_test(parts_are_rewritten_even_without_a_template),
	    cmocka_unit_test(gates_close),
	    cmocka_unit_test(failures_do_what_the_campaign_says),
	    cmocka_unit_test(changes_are_heard),
	    cmocka_unit_test(entries_are_kept_swapped_and_claimed),
	    cmocka_unit_test(board_counts_and_strikes),
	    cmocka_unit_test(stale_calls_are_noticed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
