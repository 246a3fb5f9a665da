/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tailor_track_test: links, pixel and links.* of one recipient's copy
 *
 * Tokens are read back, and lead to exactly what the author wrote.
 */
#include "tailor_fixture.h"

#include "base/buf.h"
#include "link/keyfile.h"
#include "link/link.h"
#include "store/link.h"
#include "tailor/tailor.h"

#define BASE "https://t.shop.example"

static struct {
	const struct conf *conf;
	struct dkim_keys *keys;
	struct link_keys *link_keys;
	struct tailor_templates *templates;
	struct store *store;
	struct tailor *tailor;
	struct arena *arena;
} world;

static const char *const files[] = {"key.pem", "tokens", "test.conf", "test.db", "test.db-wal",
    "test.db-shm", "tpl/foot.html.liquid", "tpl/foot.txt.liquid", "tpl/bad.html.liquid"};

static const char configuration[] =
    "database = \"test.db\"\n"
    "hostname = \"mx.shop.example\"\n"
    "token_keys = \"tokens\"\n"
    "tracking_url = \"" BASE "\"\n"
    "templates = \"tpl\"\n"
    "campaign \"spring\" { }\n"
    "campaign \"list\" { unsubscribe_address = \"leave@shop.example\" "
    "feedback_id = \"shop-01\" list_id = \"news.shop.example\" }\n"
    "campaign \"receipt\" { kind = transactional feedback_id = \"shop-01\" }\n"
    "campaign \"quiet\" { track_opens = no track_clicks = no kind = transactional }\n"
    "campaign \"plain\" { kind = transactional }\n"
    "campaign \"utm\" { utm_source = \"news\" utm_medium = \"email\" track_opens = no }\n"
    "campaign \"text\" { track_text = yes track_opens = no kind = transactional }\n"
    "campaign \"pot\" { honeypot = yes }\n"
    "campaign \"potquiet\" { honeypot = yes track_opens = no }\n"
    "campaign \"chimp\" { merge_tags = mailchimp track_opens = no }\n"
    "dkim \"shop.example\" { selector = \"s1\"  key = \"key.pem\" }\n";

static void
open_world(void)
{
	struct err err = ERR_INIT;
	struct conf *conf;
	char path[128];
	unsigned id;

	path_of("tokens", path);
	if (link_keyfile_add(path, &id, &err) != 0)
		fail_msg("%s", err.text);
	path_of("test.conf", path);
	if (conf_load(&conf, path, NULL, NULL, &err) != 0)
		fail_msg("%s", err.text);
	world.conf = conf;
	path_of("test.db", path);
	if (dkim_keys_load(&world.keys, conf, &err) != 0 ||
	    link_keys_load(&world.link_keys, conf, &err) != 0 ||
	    store_open(&world.store, path, STORE_CREATE, &err) != 0 ||
	    tailor_templates_load(&world.templates, conf, &err) != 0 ||
	    tailor_new(&world.tailor, conf, world.keys, world.link_keys, world.templates,
		world.store, &err) != 0)
		fail_msg("%s", err.text);
}

static int
set_up(void **state)
{
	char path[128];

	(void)state;
	fixture_make_folder("tailor_track_test");
	write_key();
	path_of("tpl", path);
	assert_int_equal(mkdir(path, 0700), 0);
	write_file("tpl/foot.html.liquid",
	    "<a href=\"https://shop.example/terms?x=1&amp;y=2\">Terms</a></body></html>");
	write_file("tpl/foot.txt.liquid", "Terms: https://shop.example/terms?x=1&y=2\n");
	write_file("tpl/bad.html.liquid",
	    "<a href=\"https://shop.example/\">x</a> *|FNAME|*\n"
	    "<a href=\"https://shop.example/{{ x }}\">y</a> {{ x | nope }}\n");
	write_file("test.conf", configuration);
	open_world();
	world.arena = arena_new((size_t)64 << 20);
	add_contact(
	    world.store, "ada@example.org", "{\"first_name\": \"Ada\", \"page\": \"a b&c\"}");
	add_contact(world.store, "shy@example.org", "{\"do_not_track\": true, \"page\": \"p\"}");
	add_contact(world.store, "csv@example.org", "{\"do_not_track\": \"Yes\", \"page\": \"p\"}");
	add_contact(world.store, "evil@example.org",
	    "{\"page\": \"x\\\" onclick=\\\"y\", \"url\": \"javascript:alert(1)\", "
	    "\"css\": \"red;background:u\\\\72l(javascript:x)\", \"empty\": \"\", "
	    "\"gap\": \"javascript:x onclick=y\"}");
	return 0;
}

static int
tear_down(void **state)
{
	char path[128];

	(void)state;
	tailor_free(&world.tailor);
	store_close(&world.store);
	tailor_templates_unref(&world.templates);
	link_keys_unref(&world.link_keys);
	dkim_keys_unref(&world.keys);
	conf_unref(&world.conf);
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

static struct str last_copy;	     /* all of it, of the message rendered last */
static const char *subtype = "html"; /* of the part */
static const char *message_date = "Sun, 01 Mar 2026 08:00:00 +0000";

/* The HTML that `to` gets; the verdict's reason if nothing may leave. */
static struct str
html_of(const char *campaign, const char *html, const char *to, enum store_verdict *verdict_r)
{
	const struct mime_limits limits = {200, 20, 20};
	const struct conf_campaign *found = conf_campaign_find(world.conf, str_c(campaign));
	struct tailor_message *message;
	struct mime_message *mime;
	struct tailor_copy copy;
	struct err err = ERR_INIT;
	struct str raw, text;
	struct buf out;

	last_copy = STR("");
	raw = arena_printf(world.arena,
	    "From: Shop <news@shop.example>\r\nTo: x@y.example\r\nSubject: s\r\n"
	    "Date: %s\r\nMessage-ID: <1@x.example>\r\n"
	    "MIME-Version: 1.0\r\nContent-Type: text/%s; charset=utf-8\r\n\r\n%s\r\n",
	    message_date, subtype, html);
	assert_non_null(found);
	if (tailor_message_new(&message, world.tailor, found, str_c(campaign),
		STR("bounce@shop.example"), raw, &err) != 0)
		fail_msg("%s", err.text);
	tailor_render(world.tailor, message, str_c(to), world.arena, &copy);
	*verdict_r = copy.verdict;
	if (copy.verdict != STORE_SENT) {
		tailor_message_free(&message);
		return copy.reason;
	}
	buf_init(&out, (size_t)8 << 20);
	assert_int_equal(tailor_copy_write(&copy, &out), 0);
	last_copy = arena_str(world.arena, buf_str(&out));
	if (mime_parse(&mime, buf_str(&out), &limits, &err) != 0)
		fail_msg("%s", err.text);
	text = arena_str(world.arena, mime_part_at(mime, 0)->text);
	mime_free(&mime);
	buf_fini(&out);
	tailor_message_free(&message);
	return text;
}

static struct str
sent(const char *campaign, const char *html, const char *to)
{
	enum store_verdict verdict;
	struct str text = html_of(campaign, html, to, &verdict);

	if (verdict != STORE_SENT)
		fail_msg("%s: %.*s", html, STR_F(text));
	return text;
}

/* Where the token of the first address behind `path` leads; "" if there is none. */
static struct str
target(struct str html, const char *path, struct link_facts *facts)
{
	char begin[64];
	const char *at, *end;
	struct store_link link;
	struct err err = ERR_INIT;
	struct str token_path;

	snprintf(begin, sizeof begin, BASE "%s", path);
	at = memmem(html.p, html.n, begin, strlen(begin));
	if (at == NULL)
		return STR("");
	token_path.p = at + strlen(BASE);
	for (end = token_path.p; end < html.p + html.n && strchr("\"'> \r\n.,)", *end) == NULL;)
		end++;
	token_path.n = (size_t)(end - token_path.p);
	if (link_path_decode(world.link_keys, token_path, world.arena, facts, &err) != 0)
		fail_msg("%.*s: %s", STR_F(token_path), err.text);
	if (facts->kind != LINK_CLICK || facts->link == 0)
		return facts->address;
	assert_int_equal(store_link_get(world.store, facts->link, world.arena, &link, &err), 1);
	assert_int_equal(link.campaign, facts->campaign);
	return link.address;
}

struct sample {
	const char *campaign;
	const char *html;
	const char *to;
	const char *address; /* where the click leads; "": it is not tracked */
};

static void
links_lead_where_the_author_wrote(void **state)
{
	static const struct sample samples[] = {
	    {"spring", "<a href=\"https://shop.example/a?b=1&amp;c=%7e{}\">x</a>",
		"ada@example.org", "https://shop.example/a?b=1&c=%7e{}"},
	    {"spring",
		"<A HREF='http://b\xc3\xbc"
		"cher.example/\xc3\xa4 b'>x</A>",
		"ada@example.org",
		"http://b\xc3\xbc"
		"cher.example/\xc3\xa4 b"},
	    {"spring", "<a href=https://shop.example/u>x</a>", "ada@example.org",
		"https://shop.example/u"},
	    {"spring",
		"<!--[if mso]><v:roundrect "
		"href=\"https://shop.example/v\"></v:roundrect><![endif]-->",
		"ada@example.org", "https://shop.example/v"},
	    {"spring",
		"<a href=\"https://shop.example/{{ contact.page | url_encode }}?x=1&amp;y\">x</a>",
		"ada@example.org", "https://shop.example/a+b%26c?x=1&y"},
	    {"spring", "{% if contact.known %}<a href=\"https://shop.example/k\">x</a>{% endif %}",
		"ada@example.org", "https://shop.example/k"},
	    {"spring", "{% raw %}<a href=\"https://shop.example/r\">{{x}}</a>{% endraw %}",
		"ada@example.org", "https://shop.example/r"},
	    {"spring", "<p>x</p>{% render 'foot' %}", "ada@example.org",
		"https://shop.example/terms?x=1&y=2"},
	    {"utm", "<a href=\"https://shop.example/a?b=1#top\">x</a>", "ada@example.org",
		"https://shop.example/a?b=1&utm_source=news&utm_medium=email&utm_campaign=utm#top"},
	    {"utm", "<a href=\"https://shop.example/{{ contact.page | url_encode }}\">x</a>",
		"ada@example.org",
		"https://shop.example/a+b%26c?utm_source=news&utm_medium=email&utm_campaign=utm"},
	    {"chimp", "<a href=\"https://shop.example/*|FNAME|*\">x</a>", "ada@example.org",
		"https://shop.example/Ada"},
	    {"spring", "<a href=\"mailto:a@b.example\">x</a>", "ada@example.org", ""},
	    {"spring", "<a href=\"#top\">x</a><a href=\"tel:1\">y</a>", "ada@example.org", ""},
	    {"spring", "<a data-track=\"off\" href=\"https://shop.example/\">x</a>",
		"ada@example.org", ""},
	    {"spring", "<a href=\"" BASE "/u/abc\">x</a>", "ada@example.org", ""},
	    {"spring", "<!-- <a href=\"https://shop.example/c\">x</a> -->", "ada@example.org", ""},
	    {"quiet", "<a href=\"https://shop.example/\">x</a>", "ada@example.org", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		struct str html = sent(samples[i].campaign, samples[i].html, samples[i].to);
		struct link_facts facts = {.link = 0};
		struct str to = target(html, "/c/", &facts);

		if (!str_is(to, samples[i].address))
			fail_msg("%s leads to \"%.*s\" in %.*s", samples[i].html, STR_F(to),
			    STR_F(html));
		if (to.n > 0) {
			assert_int_equal(facts.sent_ms, INT64_C(1772352000000));
			assert_true(facts.contact > 0);
		}
		arena_reset(world.arena);
	}
}

static void
links_in_text_lead_there_too(void **state)
{
	static const struct sample samples[] = {
	    {"text", "See https://shop.example/a?b=1&c=%7e, today.", "ada@example.org",
		"https://shop.example/a?b=1&c=%7e"},
	    {"text", "See https://shop.example/a?b={}, today.", "ada@example.org", ""},
	    {"text",
		"(http://b\xc3\xbc"
		"cher.example/\xc3\xa4)",
		"ada@example.org",
		"http://b\xc3\xbc"
		"cher.example/\xc3\xa4"},
	    {"text", "https://shop.example/{{ contact.page | url_encode }}?x=1.", "ada@example.org",
		"https://shop.example/a+b%26c?x=1"},
	    {"text", "{% raw %}https://shop.example/r {{x}}{% endraw %}", "ada@example.org",
		"https://shop.example/r"},
	    {"text", "{% render 'foot' %}", "ada@example.org",
		"https://shop.example/terms?x=1&y=2"},
	    {"text", "{% capture x %}https://shop.example/k{% endcapture %}\n{{ x }}",
		"ada@example.org", "https://shop.example/k"},
	    {"text", "mailto:a@b.example, ftp://shop.example/x, shop.example", "ada@example.org",
		""},
	    {"text", BASE "/imprint", "ada@example.org", ""},
	    {"text", "https://shop.example/a {{ 1 }}", "shy@example.org", ""},
	    {"spring", "https://shop.example/a {{ 1 }}", "ada@example.org", ""},
	    {"quiet", "https://shop.example/a {{ 1 }}", "ada@example.org", ""},
	};

	(void)state;
	subtype = "plain";
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		struct str text = sent(samples[i].campaign, samples[i].html, samples[i].to);
		struct link_facts facts = {.link = 0};
		struct str to = target(text, "/c/", &facts);

		if (!str_is(to, samples[i].address))
			fail_msg("%s leads to \"%.*s\" in %.*s", samples[i].html, STR_F(to),
			    STR_F(text));
		arena_reset(world.arena);
	}
	subtype = "html";
}

/* A value that ends the address: it stays as it would be without tracking. */
static void
values_in_text_addresses(void **state)
{
	static const struct {
		const char *text, *leaves;
	} samples[] = {
	    {"https://shop.example/{{ contact.page }}", "https://shop.example/a b&c"},
	    {"https://shop.example/{{ nothing }}", NULL},
	    {"{{ contact.page }}://shop.example/", "a b&c://shop.example/"},
	};

	(void)state;
	subtype = "plain";
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		struct str text = sent("text", samples[i].text, "ada@example.org");

		if (samples[i].leaves == NULL)
			assert_true(str_starts(text, STR(BASE "/c/")));
		else if (!str_is(str_trim(text), samples[i].leaves))
			fail_msg("%s: %.*s", samples[i].text, STR_F(text));
	}
	/* Not even what would be a mark between two values may leave. */
	assert_false(str_has(
	    sent("text", "https://shop.example/{{ contact.page | upcase }} x", "ada@example.org"),
	    STR("\x02")));
	subtype = "html";
}

static void
no_other_byte_changes(void **state)
{
	static const char html[] =
	    "<TABLE  width=600><!--x--><td\tclass=a>&copy; <b>caf\xc3\xa9</td>\n"
	    "<a class = 'y'  href= \"https://shop.example/\" >x</a ></TABLE>";
	static const char untracked[] =
	    "<a href='https://shop.example/?a=1&b=2'>x</a> <a href=https://shop.example/q>";
	struct str text = sent("spring", html, "ada@example.org");
	const char *at;

	(void)state;
	at = memmem(text.p, text.n, BASE "/c/", strlen(BASE "/c/"));
	assert_non_null(at);
	/* Up to the address, and from its end on. */
	assert_memory_equal(text.p, html, (size_t)(strstr(html, "https://") - html));
	at = memchr(at, '"', (size_t)(text.p + text.n - at));
	assert_memory_equal(at, "\" >x</a ></TABLE>", 17);
	/* Nobody is followed who does not want it: all as it was written. */
	text = sent("plain", untracked, "shy@example.org");
	assert_true(str_is(str_trim(text), untracked));
	text = sent("plain", untracked, "csv@example.org");
	assert_true(str_is(str_trim(text), untracked));
	text = sent("quiet", untracked, "ada@example.org");
	assert_true(str_is(str_trim(text), untracked));
}

static void
pixel_stands_once(void **state)
{
	static const struct {
		const char *html;
		const char *behind; /* what stands behind the pixel */
	} samples[] = {
	    {"<html><body><p>x</p></body></html>", "</body></html>"},
	    {"<p>x</p>", "\n"},
	    {"<html><body><p>x</p>{% render 'foot' %}", NULL},
	    {"<html><body>{% raw %}<p>{{x}}</p></body></html>{% endraw %}", "</body></html>"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		struct str text = sent("spring", samples[i].html, "ada@example.org");
		const char *first = memmem(text.p, text.n, "<img ", 5);
		struct link_facts facts;
		const char *end;

		assert_non_null(first);
		target(text, "/o/", &facts);
		assert_int_equal(facts.kind, LINK_OPEN);
		end = memchr(first, '>', (size_t)(text.p + text.n - first));
		assert_non_null(end);
		end++;
		/* No line of its own: it would move what stands below and make the page longer. */
		assert_true(str_has((struct str){first, (size_t)(end - first)},
		    STR("position:absolute!important")));
		assert_null(memmem(end, (size_t)(text.p + text.n - end), "<img ", 5));
		if (samples[i].behind != NULL)
			assert_memory_equal(end, samples[i].behind, strlen(samples[i].behind));
	}
	assert_false(str_has(sent("spring", samples[0].html, "shy@example.org"), STR("<img")));
}

/* Such a date counts as none, rather than that the message is refused for ever. */
static void
dates_that_no_token_holds(void **state)
{
	static const char *const dates[] = {"Mon, 30 Jun 3609 15:33:50 +0600",
	    "Tue, 30 Jun 1903 15:33:50 +0000", "Sun, 07 Feb 2106 06:28:16 +0000", "yesterday"};
	const char *usual = message_date;

	(void)state;
	for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
		struct link_facts facts;

		message_date = dates[i];
		target(sent("spring", "<a href=\"https://shop.example/\">x</a>", "ada@example.org"),
		    "/c/", &facts);
		assert_int_equal(facts.sent_ms, 0);
		arena_reset(world.arena);
	}
	message_date = usual;
}

static void
addresses_of_our_own(void **state)
{
	static const char html[] =
	    "<a href=\"{{ links.unsubscribe }}\">u</a> {{ links.preferences }} {{ links.view }}";
	struct str text = sent("quiet", html, "ada@example.org");
	struct link_facts facts;

	(void)state;
	target(text, "/u/", &facts);
	assert_int_equal(facts.kind, LINK_UNSUBSCRIBE);
	assert_true(facts.contact > 0);
	target(text, "/p/", &facts);
	assert_int_equal(facts.kind, LINK_PREFERENCES);
	target(text, "/v/", &facts);
	assert_int_equal(facts.kind, LINK_VIEW);
	/* Our own are never tracked, though template tags made them. */
	text = sent("spring", html, "ada@example.org");
	assert_null(memmem(text.p, text.n, "/c/", 3));
	/* Who is not among the contacts is named in the token. */
	text = sent("quiet", html, "new@example.org");
	assert_true(str_is(target(text, "/u/", &facts), "new@example.org"));
	/* A merge tag finds them. */
	text = sent("chimp", "<a href=\"*|UNSUB|*\">u</a>", "ada@example.org");
	target(text, "/u/", &facts);
	assert_int_equal(facts.kind, LINK_UNSUBSCRIBE);
}

/* The value of a field of the copy rendered last, unfolded; NULL if it isn't there once. */
static const char *
field(const char *name)
{
	const struct mime_limits limits = {200, 20, 20};
	struct mime_message *mime;
	struct err err = ERR_INIT;
	const char *value = NULL;
	int count = 0;

	assert_int_equal(mime_parse(&mime, last_copy, &limits, &err), 0);
	for (size_t i = 0; i < mime_header_count(mime); i++) {
		const struct mime_header *header = mime_header_at(mime, i);

		if (!str_is_nocase(header->name, name))
			continue;
		value = mime_header_decode(header->value, world.arena).p;
		count++;
	}
	mime_free(&mime);
	return count == 1 ? value : NULL;
}

static void
lists_are_left_by_one_click(void **state)
{
	struct link_facts facts;
	struct err err = ERR_INIT;
	const char *value, *mail, *end;

	(void)state;
	sent("list", "<p>x</p>", "ada@example.org");
	value = field("List-Unsubscribe");
	assert_non_null(value);
	target(str_c(value), "/u/", &facts);
	assert_int_equal(facts.kind, LINK_UNSUBSCRIBE);
	mail = strstr(value, "<mailto:leave+");
	assert_non_null(mail);
	mail += strlen("<mailto:");
	end = strpbrk(mail, "?>");
	assert_int_equal(link_mail_decode(world.link_keys, LINK_UNSUBSCRIBE_MAIL,
			     (struct str){mail, (size_t)(end - mail)}, world.arena, &facts, &err),
	    0);
	assert_true(facts.contact > 0);
	assert_string_equal(field("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
	assert_string_equal(field("Feedback-ID"), "list::marketing:shop-01");
	assert_string_equal(field("List-Id"), "<news.shop.example>");
	value = field("DKIM-Signature");
	assert_non_null(strstr(value, "List-Unsubscribe"));
	assert_non_null(strstr(value, "List-Unsubscribe-Post"));
	assert_non_null(strstr(value, "Feedback-ID"));
	sent("receipt", "<p>x</p>", "ada@example.org");
	assert_null(field("List-Unsubscribe"));
	assert_string_equal(field("Feedback-ID"), "receipt::transactional:shop-01");
	/* Somebody without a contact has the web address only. */
	sent("list", "<p>x</p>", "new@example.org");
	assert_null(strstr(field("List-Unsubscribe"), "mailto"));
}

static void
same_facts_give_the_same(void **state)
{
	static const char html[] = "<a href=\"https://shop.example/s\">x</a>";
	struct str once = sent("spring", html, "ada@example.org");
	struct str again = sent("spring", html, "ada@example.org");
	struct str other = sent("spring", html, "evil@example.org");

	(void)state;
	assert_true(str_eq(once, again));
	assert_false(str_eq(once, other));
}

static void
hostile_values_lead_nowhere(void **state)
{
	enum store_verdict verdict;
	struct str text =
	    html_of("spring", "<a href=\"{{ contact.url }}\">x</a>", "evil@example.org", &verdict);
	struct link_facts facts;

	(void)state;
	assert_int_equal(verdict, STORE_DEFERRED);
	assert_true(str_has(text, STR("expected http, https, mailto, tel or sms")));
	text = sent("spring", "<a href=\"https://shop.example/{{ contact.page }}\">x</a>",
	    "evil@example.org");
	assert_true(str_is(target(text, "/c/", &facts), "https://shop.example/x\" onclick=\"y"));
	assert_null(memmem(text.p, text.n, "onclick", 7));
	/* Values can't make the names of others' links. */
	text = sent("spring", "<p>{{ links.c99 }}{{ links.nosuch }}</p>", "ada@example.org");
	assert_memory_equal(text.p, "<p></p>", 7);
}

/* Values without quotes get some; nothing else of the tag changes. */
static void
values_stay_in_their_attribute(void **state)
{
	static const struct {
		const char *html;
		const char *sent;
	} samples[] = {
	    {"<p class={{ contact.gap }} id=x>", "<p class=\"javascript:x onclick=y\" id=x>"},
	    {"<p class={{ contact.empty }} id=x>", "<p class=\"\" id=x>"},
	    {"<p class=a{{ contact.page }}b/>", "<p class=\"ax&quot; onclick=&quot;yb/\">"},
	    {"<p class={% if contact.known %}{{ contact.gap }}{% endif %}>",
		"<p class=\"javascript:x onclick=y\">"},
	    {"<!--[if mso]><p class={{ contact.gap }}><![endif]-->",
		"<!--[if mso]><p class=\"javascript:x onclick=y\"><![endif]-->"},
	    {"<p {% if contact.known %}class={{ contact.gap }}{% endif %}>",
		"<p class=\"javascript:x onclick=y\">"},
	    {"<p title='{{ contact.gap }}' class=x>", "<p title='javascript:x onclick=y' class=x>"},
	    {"{% raw %}<p class={{ x }} id=x>{% endraw %}", "<p class={{ x }} id=x>"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		struct str text = sent("quiet", samples[i].html, "evil@example.org");

		if (!str_is(str_trim(text), samples[i].sent))
			fail_msg("%s became %.*s", samples[i].html, STR_F(text));
	}
}

/* Wherever an address may stand, and wherever its value was put together. */
static void
schemes_are_looked_at_everywhere(void **state)
{
	static const char *const samples[] = {
	    "<a href={{ contact.gap }}>x</a>",
	    "<a data-track=off href=\"{{ contact.url }}\">x</a>",
	    "{% capture c %}<a href=\"{{ contact.url }}\">x</a>{% endcapture %}{{ c }}",
	    "<a href=\"{% if contact.known %}{{ contact.url }}\"{% else %}#\"{% endif %}>x</a>",
	    "<a href={% if contact.known %}\"{{ contact.url }}\"{% else %}\"#\"{% endif %}>x</a>",
	    "<img src=\"{{ contact.url }}\">",
	    "<td background={{ contact.url }}>",
	    "<form action='{{ contact.url }}'>",
	    "<!--[if mso]><v:fill src=\"{{ contact.url }}\" /><![endif]-->",
	    "<img srcset=\"a.png 1x, {{ contact.url }} 2x\">",
	    "<meta http-equiv=refresh content=\"0; URL='{{ contact.url }}'\">",
	    "<p style=\"background: url('{{ contact.url }}')\">",
	    "<p style=\"color: {{ contact.css }}\">",
	    "<p style=\"background: url(&#1;{{ contact.url }})\">",
	    "<p style=\"background: url('\\9{{ contact.url }}')\">",
	    "<img srcset=\"a.png 1x, &#1;{{ contact.url }} 2x\">",
	};

	(void)state;
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		enum store_verdict verdict;
		struct str text = html_of("quiet", samples[i], "evil@example.org", &verdict);

		if (verdict != STORE_DEFERRED ||
		    !str_has(text, STR("expected http, https, mailto, tel or sms")))
			fail_msg("%s: %.*s", samples[i], STR_F(text));
	}
}

/* What the author wrote counts, not what a list says. */
static void
authors_may_use_other_schemes(void **state)
{
	static const char *const samples[] = {
	    "<a href=\"ftp://x.example/\">x</a>",
	    "<img src=\"cid:{{ contact.page | slice: 0 }}\">",
	    "<img src=\"/i/{{ contact.page | slice: 0 }}.png\">",
	    "<img src=\"data:image/png;base64,{{ contact.page | slice: 0 }}\">",
	    "<p style=\"background: url(cid:a); color: {{ contact.page | slice: 0 }}\">",
	    "<p style=\"color: {{ contact.page | slice: 0 }}; background: url('a.png')\">",
	    "{% capture c %}<a href=\"ftp://x/\"><a href=\"#{{ x }}\">{% endcapture %}{{ c }}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		struct str text = sent("quiet", samples[i], "evil@example.org");

		if (text.p[0] != '<' || str_has(text, STR("{{")))
			fail_msg("%s became %.*s", samples[i], STR_F(text));
	}
}

/* AMP's links are not tracked, but values are looked at. */
static void
amp_values_are_looked_at(void **state)
{
	enum store_verdict verdict;
	struct str text;

	(void)state;
	subtype = "x-amp-html";
	text = sent("spring", "<p class={{ contact.gap }} id=x><a href=\"https://shop.example/\">",
	    "evil@example.org");
	assert_true(str_is(str_trim(text),
	    "<p class=\"javascript:x onclick=y\" id=x><a href=\"https://shop.example/\">"));
	html_of("spring", "<amp-img src=\"{{ contact.url }}\">", "evil@example.org", &verdict);
	assert_int_equal(verdict, STORE_DEFERRED);
	subtype = "html";
}

static void
values_that_no_quotes_can_hold_are_refused(void **state)
{
	const struct conf_campaign *found = conf_campaign_find(world.conf, STR("spring"));
	struct tailor_message *message;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(
	    tailor_message_new(&message, world.tailor, found, STR("spring"), STR("b@shop.example"),
		STR("From: news@shop.example\r\nContent-Type: text/html\r\n\r\n"
		    "<b>x</b>\r\n<p class={% if contact.known %}{{ contact.gap }} id=x{% endif "
		    "%}>\r\n"),
		&err),
	    -1);
	assert_non_null(strstr(err.text, "HTML part 1:2:10: the attribute's value has no quotes"));
}

/* A second key signs; what the first one signed is still read. */
static void
keys_rotate(void **state)
{
	struct str before =
	    sent("spring", "<a href=\"https://shop.example/s\">x</a>", "ada@example.org");
	struct link_facts facts;
	struct str after;

	(void)state;
	before = arena_str(world.arena, before);
	tailor_free(&world.tailor);
	store_close(&world.store);
	tailor_templates_unref(&world.templates);
	link_keys_unref(&world.link_keys);
	dkim_keys_unref(&world.keys);
	conf_unref(&world.conf);
	open_world();
	after = sent("spring", "<a href=\"https://shop.example/s\">x</a>", "ada@example.org");
	assert_false(str_eq(before, after));
	assert_true(str_is(target(before, "/c/", &facts), "https://shop.example/s"));
	assert_true(str_is(target(after, "/c/", &facts), "https://shop.example/s"));
}

/* Places are those of the author's source, though it was edited. */
static void
errors_name_the_authors_place(void **state)
{
	const struct conf_campaign *found = conf_campaign_find(world.conf, STR("spring"));
	struct tailor_message *message;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(
	    tailor_message_new(&message, world.tailor, found, STR("spring"), STR("b@shop.example"),
		STR("From: news@shop.example\r\nContent-Type: text/html\r\n\r\n"
		    "<a href=\"https://shop.example/\">x</a>\r\n"
		    "<a href=\"https://shop.example/2\">y</a> {{ x | nope }}\r\n"),
		&err),
	    -1);
	assert_string_equal(err.text, "HTML part 1:2:47: there is no filter 'nope'");
	/* Of a partial, too, after both stages. */
	found = conf_campaign_find(world.conf, STR("chimp"));
	assert_int_equal(
	    tailor_message_new(&message, world.tailor, found, STR("chimp"), STR("b@shop.example"),
		STR("From: news@shop.example\r\nContent-Type: text/html\r\n\r\n"
		    "{% render 'bad' %}\r\n"),
		&err),
	    -1);
	assert_string_equal(err.text, "bad:2:53: there is no filter 'nope'");
}

/* One hidden link in each HTML part, of the kind that leads nowhere, without a text; none to who
 * is not followed, and none where nobody asked for it. */
static void
a_link_that_nobody_sees(void **state)
{
	static const char *const campaigns[] = {"pot", "potquiet"};
	struct link_facts facts;
	struct str html;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		html = sent(campaigns[i], "<html><body><p>Hi</p></body></html>", "ada@example.org");
		assert_int_equal(target(html, "/h/", &facts).n, 0);
		assert_int_equal(facts.kind, LINK_HIDDEN);
		assert_true(facts.contact > 0);
		assert_true(str_has(html,
		    STR("rel=\"nofollow\" aria-hidden=\"true\" tabindex=\"-1\" "
			"style=\"display:none!important\"></a>")));
		assert_int_equal(str_has(html, STR("/o/")), i == 0);
		assert_true(str_has(html, STR("</body></html>")));
	}
	assert_false(str_has(sent("spring", "<p>Hi</p>", "ada@example.org"), STR("/h/")));
	assert_false(str_has(sent("pot", "<p>Hi</p>", "shy@example.org"), STR("/h/")));
	subtype = "x-amp-html";
	assert_false(str_has(sent("pot", "<p>Hi</p>", "ada@example.org"), STR("/h/")));
	subtype = "html";
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(links_lead_where_the_author_wrote),
	    cmocka_unit_test(links_in_text_lead_there_too),
	    cmocka_unit_test(values_in_text_addresses),
	    cmocka_unit_test(no_other_byte_changes),
	    cmocka_unit_test(pixel_stands_once),
	    cmocka_unit_test(dates_that_no_token_holds),
	    cmocka_unit_test(addresses_of_our_own),
	    cmocka_unit_test(lists_are_left_by_one_click),
	    cmocka_unit_test(same_facts_give_the_same),
	    cmocka_unit_test(hostile_values_lead_nowhere),
	    cmocka_unit_test(values_stay_in_their_attribute),
	    cmocka_unit_test(schemes_are_looked_at_everywhere),
	    cmocka_unit_test(authors_may_use_other_schemes),
	    cmocka_unit_test(amp_values_are_looked_at),
	    cmocka_unit_test(values_that_no_quotes_can_hold_are_refused),
	    cmocka_unit_test(keys_rotate),
	    cmocka_unit_test(a_link_that_nobody_sees),
	    cmocka_unit_test(errors_name_the_authors_place),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
