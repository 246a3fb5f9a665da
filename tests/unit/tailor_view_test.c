/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tailor_view_test: a message is sent, and made again from the link in it
 */
#include "tailor_fixture.h"

#include "base/buf.h"
#include "base/clock.h"
#include "link/keyfile.h"
#include "store/outbox.h"
#include "store/view.h"
#include "tailor/view.h"

#include <sqlite3.h>

#define BASE	"https://t.shop.example"
#define VIEW_AT "<a href=\"{{ links.view }}\">view</a>"

static struct {
	const struct conf *conf;
	struct dkim_keys *keys;
	struct link_keys *link_keys;
	struct tailor_templates *templates;
	struct store *store;
	struct tailor *tailor; /* sends */
	struct tailor *web;    /* views: no DKIM keys, a store that is only read */
	struct store *read;
	struct arena *arena;
} world;

static const char *const files[] = {"key.pem", "tokens", "test.conf", "test.db", "test.db-wal",
    "test.db-shm", "tpl/foot.html.liquid", "data.json"};

static const char configuration[] =
    "database = \"test.db\"\n"
    "token_keys = \"tokens\"\n"
    "tracking_url = \"" BASE "\"\n"
    "templates = \"tpl\"\n"
    "campaign \"spring\" { }\n"
    "campaign \"plain\" { track_opens = no track_clicks = no }\n"
    "campaign \"utm\" { utm_source = \"news\" data = \"data.json\" }\n"
    "campaign \"words\" { track_text = yes }\n"
    "campaign \"chimp\" { merge_tags = mailchimp }\n"
    "dkim \"shop.example\" { selector = \"s1\" key = \"key.pem\" }\n";

static void
open_world(void)
{
	struct err err = ERR_INIT;
	struct conf *conf;
	char path[128];

	path_of("test.conf", path);
	if (conf_load(&conf, path, NULL, NULL, &err) != 0)
		fail_msg("%s", err.text);
	world.conf = conf;
	path_of("test.db", path);
	if (dkim_keys_load(&world.keys, conf, &err) != 0 ||
	    link_keys_load(&world.link_keys, conf, &err) != 0 ||
	    store_open(&world.store, path, STORE_CREATE, &err) != 0 ||
	    store_open(&world.read, path, STORE_READ, &err) != 0 ||
	    tailor_templates_load(&world.templates, conf, &err) != 0 ||
	    tailor_new(&world.tailor, conf, world.keys, world.link_keys, world.templates,
		world.store, &err) != 0 ||
	    tailor_new(
		&world.web, conf, NULL, world.link_keys, world.templates, world.read, &err) != 0)
		fail_msg("%s", err.text);
}

static void
close_world(void)
{
	tailor_free(&world.web);
	tailor_free(&world.tailor);
	store_close(&world.read);
	store_close(&world.store);
	tailor_templates_unref(&world.templates);
	link_keys_unref(&world.link_keys);
	dkim_keys_unref(&world.keys);
	conf_unref(&world.conf);
}

static int
set_up(void **state)
{
	struct err err = ERR_INIT;
	char path[128];
	unsigned id;

	(void)state;
	fixture_make_folder("tailor_view_test");
	write_key();
	path_of("tpl", path);
	assert_int_equal(mkdir(path, 0700), 0);
	write_file("tpl/foot.html.liquid", "<p>Foot of {{ campaign.name }} " VIEW_AT "</p>");
	write_file("data.json", "{\"offer\": \"Tulips\"}");
	write_file("test.conf", configuration);
	path_of("tokens", path);
	if (link_keyfile_add(path, &id, &err) != 0)
		fail_msg("%s", err.text);
	open_world();
	world.arena = arena_new((size_t)256 << 20);
	add_contact(world.store, "ada@example.org",
	    "{\"first_name\": \"Ada\", \"page\": \"a b&c\", \"odd\": \"<b>\"}");
	add_contact(world.store, "bob@example.org", "{\"first_name\": \"Bob\"}");
	add_contact(world.store, "shy@example.org", "{\"do_not_track\": true}");
	return 0;
}

static int
tear_down(void **state)
{
	char path[128];

	(void)state;
	close_world();
	arena_free(&world.arena);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		path_of(files[i], path);
		unlink(path);
	}
	path_of("tpl", path);
	rmdir(path);
	rmdir(fixture_folder);
	return 0;
}

static int64_t
number(const char *sql)
{
	sqlite3_stmt *statement;
	sqlite3 *handle;
	int64_t value;
	char path[128];

	path_of("test.db", path);
	assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(handle);
	return value;
}

static void
change(const char *sql)
{
	sqlite3 *handle;
	char path[128];

	path_of("test.db", path);
	assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(handle);
}

/* --- sending --- */

static unsigned turn; /* makes each message another one */

/* A message as a program sends it that gives each a boundary of its own. */
static struct str
message_of(const char *more_fields, const char *parts)
{
	return arena_printf(world.arena,
	    "From: Shop <news@shop.example>\r\nTo: x@y.example\r\nSubject: s\r\n"
	    "Date: Sun, 01 Mar 2026 08:00:00 +0000\r\nMessage-ID: <%u@x.example>\r\n%s"
	    "MIME-Version: 1.0\r\n%s\r\n",
	    ++turn, more_fields, parts);
}

static struct str
html_message(const char *html)
{
	struct str type = arena_printf(world.arena,
	    "Content-Type: multipart/mixed; boundary=b%u\r\n\r\n--b%u\r\n"
	    "Content-Type: text/plain\r\n\r\nplain\r\n--b%u\r\n"
	    "Content-Type: text/html; charset=utf-8\r\n\r\n%s\r\n--b%u--\r\n",
	    turn, turn, turn, html, turn);

	return message_of("", type.p);
}

/* The part of a copy that a reader sees. */
static struct str
part_of(const struct tailor_copy *copy)
{
	const struct mime_limits limits = {200, 20, 20};
	struct mime_message *mime;
	struct err err = ERR_INIT;
	struct str text = STR("");
	struct buf out;

	buf_init(&out, (size_t)64 << 20);
	assert_int_equal(tailor_copy_write(copy, &out), 0);
	if (mime_parse(&mime, buf_str(&out), &limits, &err) != 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < mime_part_count(mime); i++) {
		const struct mime_part *part = mime_part_at(mime, i);

		if (text.n == 0 || part->kind == MIME_HTML)
			text = arena_str(world.arena, part->text);
	}
	mime_free(&mime);
	buf_fini(&out);
	return text;
}

static struct str
render(struct tailor_message *message, const char *to, struct tailor_copy *copy_r)
{
	tailor_render(world.tailor, message, str_c(to), world.arena, copy_r);
	if (copy_r->verdict != STORE_SENT)
		fail_msg("%.*s", STR_F(copy_r->reason));
	return part_of(copy_r);
}

/* What the session does. The part that leaves. */
static struct str
send_in_place(const char *campaign, struct str raw, const char *to)
{
	const struct conf_campaign *found = conf_campaign_find(world.conf, str_c(campaign));
	struct store_journal_row row = {
	    .time_ms = clock_now(), .campaign = str_c(campaign), .recipient = str_c(to)};
	struct store_view_body view;
	struct tailor_message *message;
	struct tailor_copy copy;
	struct err err = ERR_INIT;
	struct buf source;
	struct str text;

	if (tailor_message_new(&message, world.tailor, found, str_c(campaign),
		STR("bounce@shop.example"), raw, &err) != 0)
		fail_msg("%s", err.text);
	tailor_message_set_single(message);
	text = render(message, to, &copy);
	row.message = tailor_message_key(message);
	row.contact_id = copy.contact_id;
	buf_init(&source, (size_t)64 << 20);
	if (tailor_view_wanted(message)) {
		if (tailor_view_source(message, &source, &err) != 0)
			fail_msg("%s", err.text);
		view = (struct store_view_body){id_sha256(buf_str(&source)), buf_str(&source)};
		row.view = &view;
	}
	if (store_journal_put(world.store, &row, &err) != 0)
		fail_msg("%s", err.text);
	buf_fini(&source);
	tailor_message_free(&message);
	return text;
}

/* What the outbox does. */
static struct str
send_by_outbox(const char *campaign, struct str raw, const char *to)
{
	const struct conf_campaign *found = conf_campaign_find(world.conf, str_c(campaign));
	struct store_outbox_message held = {.resubmit_key = arena_printf(world.arena, "%u", turn),
	    .campaign = str_c(campaign),
	    .sender = STR("bounce@shop.example"),
	    .raw = raw};
	struct store_outbox_recipient recipient = {str_c(to), STR(""), 0};
	struct store_outbox_result result = {.state = STORE_OUTBOX_DONE, .attempted = true};
	struct store_outbox_row *row;
	struct tailor_message *message;
	struct tailor_copy copy;
	struct err err = ERR_INIT;
	struct str text;
	size_t accepted;
	int64_t next;

	if (store_outbox_put(world.store, &held, &recipient, 1, &accepted, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(
	    store_outbox_claim(world.store, 0, 1, NULL, NULL, world.arena, &row, &next, &err), 1);
	if (tailor_message_new(
		&message, world.tailor, found, row->campaign, row->sender, raw, &err) != 0)
		fail_msg("%s", err.text);
	tailor_message_set_key(message, row->key);
	assert_true(tailor_view_wanted(message));
	if (store_view_keep(world.store, row->key, &row->body, &err) != 0)
		fail_msg("%s", err.text);
	text = render(message, to, &copy);
	result.id = row->id;
	result.journal = (struct store_journal_row){.time_ms = clock_now(),
	    .message = row->key,
	    .campaign = row->campaign,
	    .recipient = row->address,
	    .contact_id = copy.contact_id};
	assert_int_equal(store_outbox_finish(world.store, &result, 1, &err), 0);
	tailor_message_free(&message);
	return text;
}

/* --- viewing --- */

/* The token of links.view in a part. */
static struct str
token_in(struct str text)
{
	const char *at = memmem(text.p, text.n, BASE "/v/", strlen(BASE "/v/")), *end;

	if (at == NULL)
		fail_msg("no link: %.*s", STR_F(text));
	at += strlen(BASE "/v/");
	for (end = at; end < text.p + text.n && strchr("\"'> \r\n", *end) == NULL;)
		end++;
	return (struct str){at, (size_t)(end - at)};
}

static struct link_facts
facts_in(struct str text)
{
	struct link_facts facts;
	struct err err = ERR_INIT;

	if (link_decode(world.link_keys, LINK_VIEW, token_in(text), world.arena, &facts, &err) != 0)
		fail_msg("%s", err.text);
	return facts;
}

static struct str
view(struct str text)
{
	struct link_facts facts = facts_in(text);
	struct err err = ERR_INIT;
	struct str html;

	if (tailor_view(world.web, &facts, world.arena, &html, &err) != 0)
		fail_msg("%s", err.text);
	return html;
}

static void
expect_gone(const struct link_facts *facts)
{
	struct err err = ERR_INIT;
	struct str html;

	assert_int_equal(tailor_view(world.web, facts, world.arena, &html, &err), -1);
	assert_int_equal(err.code, ERR_NOTFOUND);
	assert_string_equal(err.text, "this message is no longer kept");
}

/* The copy without its pixel, which stands last. */
static struct str
without_pixel(struct str text)
{
	static const char pixel[] = "<img src=\"" BASE "/o/";
	const char *at = memmem(text.p, text.n, pixel, sizeof pixel - 1), *end;

	if (at == NULL)
		return text;
	end = memchr(at, '>', (size_t)(text.p + text.n - at));
	assert_non_null(end);
	return arena_printf(world.arena, "%.*s%.*s", (int)(at - text.p), text.p,
	    (int)(text.p + text.n - end - 1), end + 1);
}

static void
expect_same(struct str sent, struct str seen)
{
	sent = without_pixel(sent);
	if (!str_eq(sent, seen))
		fail_msg("sent %.*s\nseen %.*s", STR_F(sent), STR_F(seen));
}

static const char *const bodies[][2] = {
    {"spring",
	"<html><body>Dear {{ contact.first_name }} <a "
	"href=\"https://shop.example/s?a=1&amp;b=2\">S</a>"
	"<a href=\"https://shop.example/{{ contact.page }}\">Y</a> {{ contact.odd }}" VIEW_AT
	"<a href=\"{{ links.unsubscribe }}\">u</a></body></html>"},
    {"plain",
	"<p>{{ contact.first_name | default: 'you' }}</p>" VIEW_AT
	"<a href=\"https://shop.example/\">x</a>"},
    {"utm", "<p>{{ campaign.offer }}</p><a href=https://shop.example/>x</a>{% render 'foot' %}"},
    {"chimp", "<p>*|FNAME|* *|MC:SUBJECT|* <a href=\"*|ARCHIVE|*\">view</a></p>"},
    /* The year alone: of the time of sending, whatever the clock says now. */
    {"spring", "{{ 'now' | date: '%Y' }}" VIEW_AT},
    {"spring", "{% raw %}{{ links.c0 }}{% endraw %} {{ links.pixel }}" VIEW_AT},
};

static void
the_same_as_was_sent(void **state)
{
	static const char *const people[] = {
	    "ada@example.org", "shy@example.org", "new@example.org"};

	(void)state;
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		for (size_t k = 0; k < sizeof people / sizeof people[0]; k++) {
			struct str text =
			    send_in_place(bodies[i][0], html_message(bodies[i][1]), people[k]);

			expect_same(text, view(text));
			text = send_by_outbox(bodies[i][0], html_message(bodies[i][1]), people[k]);
			expect_same(text, view(text));
			/* From the cache. */
			expect_same(text, view(text));
		}
	}
}

static void
the_clock_is_that_of_sending(void **state)
{
	struct str text = send_in_place(
	    "plain", html_message("{{ 'now' | date: '%Y-%m-%d' }}" VIEW_AT), "ada@example.org");
	struct str seen;

	(void)state;
	change("UPDATE journal SET time_ms = time_ms - 30 * 86400000 WHERE id = "
	       "(SELECT max(id) FROM journal)");
	seen = view(text);
	assert_false(str_eq(text, seen));
	assert_memory_equal(text.p + 10, seen.p + 10, text.n - 10);
}

/* Nothing of the campaign is written, not even a link that has no row. */
static void
viewing_writes_nothing(void **state)
{
	struct str text = send_in_place("spring",
	    html_message("<a href=\"https://shop.example/only-here\">x</a>" VIEW_AT),
	    "ada@example.org");
	int64_t links, campaigns = number("SELECT count(*) FROM campaign");
	struct str seen;

	(void)state;
	change("DELETE FROM link WHERE address LIKE '%only-here'");
	links = number("SELECT count(*) FROM link");
	seen = view(text);
	assert_non_null(memmem(seen.p, seen.n, BASE "/c/", strlen(BASE "/c/")));
	assert_int_equal(number("SELECT count(*) FROM link"), links);
	assert_int_equal(number("SELECT count(*) FROM campaign"), campaigns);
}

static void
one_body_is_kept_once(void **state)
{
	static const char html[] = "<p>{{ contact.first_name }} kept once</p>" VIEW_AT;
	int64_t before = number("SELECT count(*) FROM outbox_body");
	int64_t rows = number("SELECT count(*) FROM view_body");
	struct str ada, bob;

	(void)state;
	ada = send_in_place("plain", html_message(html), "ada@example.org");
	bob = send_in_place("plain", html_message(html), "bob@example.org");
	assert_int_equal(number("SELECT count(*) FROM outbox_body"), before + 1);
	assert_int_equal(number("SELECT count(*) FROM view_body"), rows + 2);
	expect_same(ada, view(ada));
	expect_same(bob, view(bob));
	/* Who does not ask for it pays nothing. */
	send_in_place("plain", html_message("<p>{{ contact.first_name }}</p>"), "ada@example.org");
	assert_int_equal(number("SELECT count(*) FROM view_body"), rows + 2);
}

static const struct {
	const char *fields;
	const char *html;
	bool wanted;
} wanted_cases[] = {
    {"", "<p>{{ links.view }}</p>", true},
    {"", "<p>{{ links['view'] }}</p>", true},
    {"", "<p>{{ self.links.view }}</p>", true},
    {"", "<p>{{ self['links']['view'] }}</p>", true},
    {"", "<p>{% assign l = links %}{{ l.view }}</p>", true},
    {"", "<p>{% assign v = 'view' %}{{ links[v] }}</p>", true},
    {"", "<p>{% if links.view %}x{% endif %}</p>", true},
    {"", "<p>{{ contact.x | default: links.view }}</p>", true},
    {"", "<p>{% render 'foot' %}</p>", true},
    {"X-View: {{ links.view }}\r\n", "<p>x</p>", true},
    {"", "<p>{{ links.unsubscribe }}{{ contact.view }}</p>", false},
    {"", "<p>{% raw %}{{ links.view }}{% endraw %}</p>", false},
    {"", "<p>{% comment %}{{ links.view }}{% endcomment %} links.view</p>", false},
    {"", "<p><a href=\"https://shop.example/view\">x</a>{{ 'links.view' }}</p>", false},
};

static void
only_what_asks_for_it_is_kept(void **state)
{
	const struct conf_campaign *found = conf_campaign_find(world.conf, STR("spring"));
	struct tailor_message *message;
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof wanted_cases / sizeof wanted_cases[0]; i++) {
		struct str type = arena_printf(world.arena,
		    "Content-Type: text/html; charset=utf-8\r\n\r\n%s", wanted_cases[i].html);
		struct str raw = message_of(wanted_cases[i].fields, type.p);

		if (tailor_message_new(&message, world.tailor, found, STR("spring"),
			STR("bounce@shop.example"), raw, &err) != 0)
			fail_msg("%s: %s", wanted_cases[i].html, err.text);
		if (tailor_view_wanted(message) != wanted_cases[i].wanted)
			fail_msg("%s%s", wanted_cases[i].fields, wanted_cases[i].html);
		tailor_message_free(&message);
	}
}

static void
text_becomes_a_page(void **state)
{
	struct str raw = message_of("",
	    "Content-Type: text/plain; charset=iso-8859-1\r\n\r\n"
	    "Gr\xfc\xdf"
	    " {{ contact.odd }} & co: {{ links.view }}\r\n two");
	struct str text = send_in_place("spring", raw, "ada@example.org"), seen, again;

	(void)state;
	seen = view(text);
	assert_true(str_starts(seen, STR("<!DOCTYPE html>\n")));
	assert_non_null(strstr(seen.p, "<meta charset=\"utf-8\">"));
	assert_non_null(strstr(seen.p, "\nGr\xc3\xbc\xc3\x9f &lt;b&gt; &amp; co: " BASE "/v/"));
	assert_non_null(strstr(seen.p, "\n two\n"));
	/* With the footer that marketing gets. */
	assert_true(str_ends_nocase(str_trim(seen), STR("</pre></body></html>")));
	again = send_by_outbox("spring",
	    message_of("", "Content-Type: text/plain\r\n\r\n{{ links.view }}"), "ada@example.org");
	assert_non_null(strstr(view(again).p, BASE "/v/"));
	/* Links in text, too, are those of the copy. */
	raw = message_of(
	    "", "Content-Type: text/plain\r\n\r\nhttps://shop.example/?a=1 {{ links.view }}");
	text = send_in_place("words", raw, "ada@example.org");
	assert_non_null(memmem(text.p, text.n, BASE "/c/", strlen(BASE "/c/")));
	assert_non_null(memmem(view(text).p, view(text).n, text.p, text.n));
}

/* A message with images; the tall one has a megabyte for each `size`. */
static struct str
image_message(const char *html, int size)
{
	struct buf out;
	struct str raw;

	buf_init(&out, (size_t)64 << 20);
	buf_printf(&out,
	    "Content-Type: multipart/related; boundary=r%u\r\n\r\n--r%u\r\n"
	    "Content-Type: text/html; charset=utf-8\r\n\r\n%s\r\n"
	    "--r%u\r\nContent-Type: image/PNG\r\nContent-ID: <logo@shop.example>\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n"
	    "--r%u\r\nContent-Type: image/svg+xml\r\nContent-ID: <svg>\r\n\r\n<svg/>\r\n"
	    "--r%u\r\nContent-Type: application/pdf\r\nContent-ID: <pdf>\r\n\r\n%%PDF\r\n"
	    "--r%u\r\nContent-Type: image/gif\r\nContent-ID: <tall>\r\n\r\n",
	    turn, turn, html, turn, turn, turn, turn);
	for (int i = 0; i < size * 16384; i++)
		buf_add_c(
		    &out, "GIF89a, and so on, line after line, until it is a megabyte....\r\n");
	buf_printf(&out, "end\r\n--r%u--\r\n", turn);
	assert_false(out.full);
	raw = message_of("", buf_str(&out).p);
	buf_fini(&out);
	return raw;
}

#define LOGO "data:image/png;base64,iVBORw0KGgo="

static const struct {
	const char *html, *seen;
} image_cases[] = {
    {"<img src=\"cid:logo@shop.example\">", "<img src=\"" LOGO "\">"},
    {"<img src='CID:logo%40shop.example'>", "<img src='" LOGO "'>"},
    {"<td background=cid:logo@shop.example>", "<td background=" LOGO ">"},
    {"<td style=\"background: url(cid:logo@shop.example)\">",
	"<td style=\"background: url(" LOGO ")\">"},
    {"<img src=\"cid:logo@shop.example.org\">", "<img src=\"cid:logo@shop.example.org\">"},
    {"<img src=\"cid:nothing\" alt=\"x\">", "<img src=\"cid:nothing\" alt=\"x\">"},
    {"<img src=\"cid:svg\">", "<img src=\"cid:svg\">"},
    {"<img src=\"cid:pdf\">", "<img src=\"cid:pdf\">"},
    {"acid:svg cid:", "acid:svg cid:"},
};

static void
images_become_part_of_the_page(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof image_cases / sizeof image_cases[0]; i++) {
		struct str html = arena_printf(world.arena, "%s" VIEW_AT, image_cases[i].html);
		struct str text =
		    send_in_place("plain", image_message(html.p, 0), "ada@example.org");
		struct str seen = view(text);

		if (!str_starts(seen, str_c(image_cases[i].seen)))
			fail_msg("%s: %.*s", image_cases[i].html, STR_F(seen));
		text = send_by_outbox("plain", image_message(html.p, 0), "ada@example.org");
		seen = view(text);
		if (!str_starts(seen, str_c(image_cases[i].seen)))
			fail_msg("%s: %.*s", image_cases[i].html, STR_F(seen));
	}
}

/* One image, however often it is named, may not make a page without end. */
static void
images_have_a_ceiling(void **state)
{
	static const char twice[] =
	    "<img src=\"cid:tall\">,<img src=\"cid:tall\">,"
	    "<img src=\"cid:tall\">,<img src=\"cid:logo@shop.example\">" VIEW_AT;
	struct str text, seen;

	(void)state;
	text = send_in_place("plain", image_message(twice, 1), "ada@example.org");
	seen = view(text);
	assert_true(seen.n > 3 * (1 << 20) * 4 / 3);
	text = send_in_place("plain", image_message(twice, 3), "ada@example.org");
	seen = view(text);
	assert_true(seen.n > (3 << 20) * 4 / 3 && seen.n < 5 << 20);
	assert_non_null(memmem(seen.p, seen.n, ",<img src=\"cid:tall\">,", 22));
	assert_non_null(memmem(seen.p, seen.n, LOGO, strlen(LOGO)));
	/* It is not even kept. */
	text = send_in_place("plain", image_message(twice, 5), "ada@example.org");
	seen = view(text);
	assert_true(str_starts(seen, STR("<img src=\"cid:tall\">,<img")));
	assert_non_null(memmem(seen.p, seen.n, LOGO, strlen(LOGO)));
}

static void
data_that_came_along(void **state)
{
	static const char parts[] =
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	    "Content-Type: text/html; charset=utf-8\r\n\r\n{{ data.sum }} {{ data.all }}" VIEW_AT
	    "\r\n--b\r\nContent-Type: " MIME_DATA_TYPE "\r\n\r\n"
	    "{\"all\": {\"all\": \"A\"}, \"ada@example.org\": {\"sum\": 12.5}, "
	    "\"new@example.org\": {\"sum\": 99}}\r\n--b--\r\n";
	struct str text = send_in_place("spring", message_of("", parts), "ada@example.org");
	struct str seen = view(text);

	(void)state;
	expect_same(text, seen);
	assert_memory_equal(seen.p, "12.5 A", 6);
	text = send_by_outbox("spring", message_of("", parts), "new@example.org");
	seen = view(text);
	expect_same(text, seen);
	assert_memory_equal(seen.p, "99 A", 4);
}

static void
nothing_of_an_erased_contact_is_seen(void **state)
{
	struct err err = ERR_INIT;
	struct link_facts facts, other;
	struct str text;

	(void)state;
	add_contact(world.store, "eve@example.org", "{\"first_name\": \"Eve\"}");
	text = send_in_place(
	    "plain", html_message("{{ contact.first_name }}" VIEW_AT), "eve@example.org");
	facts = facts_in(text);
	assert_memory_equal(view(text).p, "Eve", 3);
	assert_int_equal(store_contact_delete(world.store, STR("eve@example.org"), &err), 1);
	expect_gone(&facts);
	/* Nor after the address came back: that is another contact. */
	add_contact(world.store, "eve@example.org", "{\"first_name\": \"Evelyn\"}");
	expect_gone(&facts);
	other = facts;
	other.contact = number("SELECT id FROM contact WHERE address = 'eve@example.org'");
	expect_gone(&other);
}

/* Who was no contact when it was sent is seen as such. */
static void
what_became_known_later_is_not_shown(void **state)
{
	struct str text = send_in_place("plain",
	    html_message("{{ contact.first_name | default: 'you' }}" VIEW_AT), "late@example.org");

	(void)state;
	assert_true(str_is(facts_in(text).address, "late@example.org"));
	add_contact(world.store, "late@example.org", "{\"first_name\": \"Late\"}");
	assert_memory_equal(view(text).p, "you", 3);
	/* An attribute that changed shows as it is now. */
	text = send_in_place("plain",
	    html_message("{{ contact.first_name | default: 'you' }}" VIEW_AT), "late@example.org");
	change("UPDATE contact SET attributes = '{\"first_name\": \"Soon\"}' "
	       "WHERE address = 'late@example.org'");
	assert_memory_equal(view(text).p, "Soon", 4);
}

static void
what_is_not_there(void **state)
{
	struct str text = send_in_place("spring", html_message(VIEW_AT), "ada@example.org");
	const struct link_facts facts = facts_in(text);
	struct err err = ERR_INIT;
	struct link_facts wrong;
	struct str html;

	(void)state;
	wrong = facts;
	wrong.campaign = 999;
	expect_gone(&wrong);
	wrong = facts;
	wrong.contact = number("SELECT id FROM contact WHERE address = 'shy@example.org'");
	expect_gone(&wrong);
	wrong = facts;
	wrong.message ^= 1;
	expect_gone(&wrong);
	wrong = facts;
	wrong.contact = 0;
	expect_gone(&wrong);
	wrong.address = STR("ada@example.org");
	expect_gone(&wrong);
	wrong = facts;
	wrong.kind = LINK_PREFERENCES;
	assert_int_equal(tailor_view(world.web, &wrong, world.arena, &html, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
}

static void
after_view_keep_it_is_gone(void **state)
{
	struct str text = send_in_place("spring", html_message(VIEW_AT), "ada@example.org");
	struct link_facts facts = facts_in(text);
	struct err err = ERR_INIT;

	(void)state;
	change("UPDATE journal SET time_ms = time_ms - 89 * 86400000 WHERE id = "
	       "(SELECT max(id) FROM journal)");
	view(text);
	change("UPDATE journal SET time_ms = time_ms - 2 * 86400000 WHERE id = "
	       "(SELECT max(id) FROM journal)");
	expect_gone(&facts);

	text = send_in_place("spring", html_message(VIEW_AT), "ada@example.org");
	facts = facts_in(text);
	view(text);
	assert_int_equal(store_view_purge(world.store, clock_now() + 1000, &err), 0);
	expect_gone(&facts);
}

/* The whole configuration again, with what `more` adds. */
static void
configure(const char *more)
{
	struct str text = arena_printf(world.arena, "%s%s", configuration, more);

	close_world();
	write_file("test.conf", text.p);
	open_world();
}

static void
templates_that_changed(void **state)
{
	struct str text =
	    send_in_place("plain", html_message("{% render 'foot' %}"), "ada@example.org");
	struct link_facts facts = facts_in(text);
	struct err err = ERR_INIT;
	struct str html;

	(void)state;
	expect_same(text, view(text));
	write_file("tpl/foot.html.liquid", "<p>Another foot " VIEW_AT "</p>");
	expect_same(text, view(text));
	configure("");
	assert_true(str_starts(view(text), STR("<p>Another foot ")));
	/* One that is gone: told as it is, with the place. */
	write_file("tpl/foot.html.liquid", "<p>{{ contact.x | nope }}</p>");
	configure("");
	assert_int_equal(tailor_view(world.web, &facts, world.arena, &html, &err), -1);
	assert_int_equal(err.code, ERR_TEMPLATE);
	assert_string_equal(err.text, "foot:1:19: there is no filter 'nope'");
	write_file("tpl/foot.html.liquid", "<p>Foot of {{ campaign.name }} " VIEW_AT "</p>");
	configure("");
	expect_same(text, view(text));
}

static void
nothing_is_kept_with_view_keep_0(void **state)
{
	struct str before = send_in_place("spring", html_message(VIEW_AT), "ada@example.org");
	struct link_facts facts = facts_in(before);
	struct tailor_message *message;
	struct tailor_copy copy;
	struct err err = ERR_INIT;
	struct str text;

	(void)state;
	configure("view_keep = 0s\n");
	if (tailor_message_new(&message, world.tailor,
		conf_campaign_find(world.conf, STR("spring")), STR("spring"), STR("b@shop.example"),
		html_message("<p>a{{ links.view }}b</p>"), &err) != 0)
		fail_msg("%s", err.text);
	assert_false(tailor_view_wanted(message));
	text = render(message, "ada@example.org", &copy);
	assert_memory_equal(text.p, "<p>ab</p>", 9);
	assert_true(str_is(copy.reason, "links.view is empty, since view_keep is 0s"));
	tailor_message_free(&message);
	expect_gone(&facts);
	configure("");
	expect_same(before, view(before));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_same_as_was_sent),
	    cmocka_unit_test(the_clock_is_that_of_sending),
	    cmocka_unit_test(viewing_writes_nothing),
	    cmocka_unit_test(one_body_is_kept_once),
	    cmocka_unit_test(only_what_asks_for_it_is_kept),
	    cmocka_unit_test(text_becomes_a_page),
	    cmocka_unit_test(images_become_part_of_the_page),
	    cmocka_unit_test(images_have_a_ceiling),
	    cmocka_unit_test(data_that_came_along),
	    cmocka_unit_test(nothing_of_an_erased_contact_is_seen),
	    cmocka_unit_test(what_became_known_later_is_not_shown),
	    cmocka_unit_test(what_is_not_there),
	    cmocka_unit_test(after_view_keep_it_is_gone),
	    cmocka_unit_test(templates_that_changed),
	    cmocka_unit_test(nothing_is_kept_with_view_keep_0),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
