/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tailor_test: the engine on a real store, real keys and a configuration file
 */
#include "tailor_fixture.h"

#include "base/buf.h"
#include "store/suppression.h"
#include "tailor/internal.h"

#include <glib.h>
#include <openssl/rsa.h>

static struct {
	const struct conf *conf;
	struct dkim_keys *keys;
	struct tailor_templates *templates;
	struct store *store;
	struct tailor *tailor;
	struct arena *arena;
} world;

static const char configuration[] =
    "campaign \"spring\" { data = \"spring.json\" }\n"
    "campaign \"keep\" { to = keep }\n"
    "campaign \"patient\" { missing = defer  unknown = defer }\n"
    "campaign \"strict\" { missing = fail  unknown = refuse }\n"
    "campaign \"chimp\" { merge_tags = mailchimp  data = \"spring.json\" }\n"
    "campaign \"bysender\" { sender = {\"list@shop.example\"} }\n"
    "campaign \"byfrom\" { from = {\"boss@shop.example\"} }\n"
    "dkim \"shop.example\" { selector = \"s1\"  key = \"key.pem\" }\n";

static int
set_up(void **state)
{
	struct err err = ERR_INIT;
	struct conf *conf;
	char path[128];

	(void)state;
	fixture_make_folder("tailor_test");
	write_key();
	write_file(
	    "spring.json", "{\"offer\": \"20 %\", \"items\": [{\"n\": \"a\"}, {\"n\": \"b\"}]}");
	write_file("test.conf", configuration);
	path_of("test.conf", path);
	if (conf_load(&conf, path, NULL, NULL, &err) != 0)
		fail_msg("%s", err.text);
	world.conf = conf;
	if (dkim_keys_load(&world.keys, conf, &err) != 0)
		fail_msg("%s", err.text);
	path_of("test.db", path);
	if (store_open(&world.store, path, STORE_CREATE, &err) != 0)
		fail_msg("%s", err.text);
	if (tailor_templates_load(&world.templates, conf, &err) != 0 ||
	    tailor_new(&world.tailor, conf, world.keys, NULL, world.templates, world.store, &err) !=
		0)
		fail_msg("%s", err.text);
	world.arena = arena_new((size_t)64 << 20);
	add_contact(world.store, "ada@example.org",
	    "{\"first_name\": \"Ada\", \"last_name\": \"Lovelace\"}");
	add_contact(world.store, "evil@example.org",
	    "{\"first_name\": \"<b>x</b>\\r\\nBcc: all@example.org\\r\\n\\r\\n{{ contact.email "
	    "}}\"}");
	assert_int_equal(store_suppression_add(world.store, STR("gone@example.org"), STR("all"),
			     STR("asked us"), &err),
	    1);
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const files[] = {
	    "key.pem", "spring.json", "test.conf", "test.db", "test.db-wal", "test.db-shm"};
	char path[128];

	(void)state;
	tailor_free(&world.tailor);
	store_close(&world.store);
	tailor_templates_unref(&world.templates);
	dkim_keys_unref(&world.keys);
	conf_unref(&world.conf);
	arena_free(&world.arena);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		path_of(files[i], path);
		unlink(path);
	}
	rmdir(fixture_folder);
	return 0;
}

#define HEAD                                                                            \
	"From: Shop <news@shop.example>\r\nTo: all@shop.example\r\nCc: x@y.example\r\n" \
	"X-Campaign: spring\r\nMessage-ID: <one@tool>\r\nBcc: secret@shop.example\r\n"

static int
open_message(
    struct tailor_message **message_r, const char *campaign, const char *raw, struct err *err)
{
	const struct conf_campaign *found = conf_campaign_find(world.conf, str_c(campaign));

	assert_non_null(found);
	return tailor_message_new(message_r, world.tailor, found, str_c(campaign),
	    STR("bounce@shop.example"), str_c(raw), err);
}

/* The copy for one recipient as text; it lives until the next call. */
static const char *
render(const char *campaign, const char *raw, const char *to, struct tailor_copy *copy)
{
	static struct buf out;
	struct tailor_message *message;
	struct err err = ERR_INIT;

	arena_reset(world.arena);
	buf_fini(&out);
	buf_init(&out, (size_t)1 << 20);
	if (open_message(&message, campaign, raw, &err) != 0)
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

static void
assert_lacks(const char *text, const char *unwanted)
{
	if (strstr(text, unwanted) != NULL)
		fail_msg("\"%s\" is in\n%s", unwanted, text);
}

static void
person_gets_a_message_of_their_own(void **state)
{
	struct tailor_copy copy;
	const char *text = render("spring",
	    HEAD "Subject: Hello {{ contact.first_name }}, {{ campaign.offer }}\r\n"
		 "Content-Type: text/html; charset=utf-8\r\n\r\n"
		 "<p>{{ contact.first_name }}: {% for i in campaign.items %}{{ i.n }};{% endfor %}"
		 " {{ campaign.name }} {{ contact.email }}</p>",
	    "ada@example.org", &copy);

	(void)state;
	assert_int_equal(copy.verdict, STORE_SENT);
	assert_true(copy.contact_id > 0);
	assert_has(text, "Subject: Hello Ada, 20 %\r\n");
	assert_has(text, "<p>Ada: a;b; spring ada@example.org</p>");
	assert_has(text, "To: Ada Lovelace <ada@example.org>\r\n");
	assert_has(text, "MIME-Version: 1.0\r\n");
	assert_has(text, "\r\nDate: ");
	assert_true(
	    strncmp(text, "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;", 53) == 0);
	assert_lacks(text, "Cc:");
	assert_lacks(text, "X-Campaign");
	assert_lacks(text, "one@tool");
	assert_lacks(text, "all@shop.example");
	assert_lacks(text, "{{");
}

/* Messages whose parts are the same but not their Subjects, which the parts ask for. */
/* Tracked or not: an address that template tags make leads to the web, mail or a telephone. */
static void
made_addresses_lead_nowhere_odd(void **state)
{
	static const char raw[] = HEAD "Subject: s\r\nContent-Type: text/html\r\n\r\n"
				       "<A href = '{{ contact.link }}' >x</A>\r\n";
	static const struct {
		const char *link;
		bool sent;
	} links[] = {{"https://shop.example/?a=1&amp;b", true}, {"mailto:a@b.example", true},
	    {"TEL:1", true}, {"", true}, {"javascript:alert(1)", false},
	    {" java\\tscript:alert(1)", false}, {"data:text/html,x", false},
	    {"//b.example", false}};
	struct tailor_copy copy;
	char data[200], address[40];

	(void)state;
	for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
		const char *text;

		snprintf(data, sizeof data, "{\"link\": \"%s\"}", links[i].link);
		snprintf(address, sizeof address, "link%zu@example.org", i);
		add_contact(world.store, address, data);
		text = render("spring", raw, address, &copy);
		if (links[i].sent != (copy.verdict == STORE_SENT))
			fail_msg("%s: %.*s", links[i].link, STR_F(copy.reason));
		if (links[i].sent)
			assert_has(text, "<A href =3D '");
		else
			assert_true(str_has(copy.reason, STR("expected http, https")));
	}
}

static void
merge_tags_are_translated(void **state)
{
	static const char body[] = "Content-Type: text/html\r\n\r\n*|MC:SUBJECT|*: *|LNAME|* "
				   "*|EVIL|* {{ campaign.offer }}";
	struct tailor_copy copy;
	const char *text;
	char raw[1024];

	(void)state;
	snprintf(raw, sizeof raw, "%sSubject: One\r\n%s", HEAD, body);
	text = render("chimp", raw, "ada@example.org", &copy);
	assert_has(text, "One: Lovelace  20 %");
	snprintf(raw, sizeof raw, "%sSubject: *|FNAME|* & two\r\n%s", HEAD, body);
	text = render("chimp", raw, "ada@example.org", &copy);
	assert_has(text, "Subject: Ada & two\r\n");
	assert_has(text, "Ada &amp; two: Lovelace  20 %");
	text =
	    render("spring", HEAD "Subject: *|FNAME|*\r\n\r\n*|LNAME|*", "ada@example.org", &copy);
	assert_has(text, "Subject: *|FNAME|*\r\n");
	assert_has(text, "\r\n\r\n*|LNAME|*");
}

static void
unknown_merge_tags_are_refused(void **state)
{
	static const struct {
		const char *raw;
		const char *wanted;
	} cases[] = {
	    {HEAD "\r\na\r\n *|MC:TOC|*", "text part 1:2:2: merge tag *|MC:TOC|*: no table"},
	    {HEAD "Subject: =?utf-8?q?=C3=A4_*=7CRSS:X=7C*?=\r\n\r\n",
		"Subject:1:3: merge tag *|RSS:X|*: no feed"},
	    {HEAD "\r\n*|UNSUB|*", "merge tag *|UNSUB|* (campaign.links.unsubscribe): there is no"},
	    {HEAD "List-ID: *|FNAME\r\n\r\n", "List-ID:1:1: merge tag: a tag begins here"},
	    {HEAD "In-Reply-To: <*|FNAME|*>\r\n\r\n",
		"In-Reply-To: template tags can't stand here"},
	};
	struct tailor_message *message;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err err = ERR_INIT;

		assert_int_equal(open_message(&message, "chimp", cases[i].raw, &err), -1);
		assert_int_equal(err.code, ERR_TEMPLATE);
		assert_has(err.text, cases[i].wanted);
	}
}

static void
contact_data_stays_data(void **state)
{
	const char *body;
	char *head;
	struct tailor_copy copy;
	const char *text = render("spring",
	    HEAD
	    "Subject: Hi {{ contact.first_name }}\r\nReply-To: \"{{ contact.first_name }}\" "
	    "<r@shop.example>\r\nContent-Type: text/html\r\n\r\n<i>{{ contact.first_name }}</i>",
	    "evil@example.org", &copy);

	(void)state;
	assert_int_equal(copy.verdict, STORE_SENT);
	body = strstr(text, "\r\n\r\n");
	assert_non_null(body);
	assert_lacks(body, "<b>");
	assert_has(body, "&lt;b&gt;x&lt;/b&gt;");
	head = g_strndup(text, (gsize)(body - text));
	assert_lacks(head, "\nBcc:");
	assert_has(head, "Subject: Hi <b>x</b>  Bcc: all@example.org");
	g_free(head);
	/* It is not read as a template a second time. */
	assert_has(text, "{{ contact.email }}");
}

static void
copies_are_the_same_when_tried_again(void **state)
{
	static const char raw[] =
	    HEAD "Subject: {{ contact.first_name }}\r\nDate: Thu, 01 Jan 2026 "
		 "00:00:00 +0000\r\n\r\nHi {{ contact.first_name }}\r\n";
	struct tailor_copy copy;
	char first[80], other[80];

	(void)state;
	render("spring", raw, "ada@example.org", &copy);
	snprintf(first, sizeof first, "%.*s", STR_F(copy.message_id));
	render("spring", raw, "evil@example.org", &copy);
	snprintf(other, sizeof other, "%.*s", STR_F(copy.message_id));
	render("spring", raw, "ada@example.org", &copy);
	assert_true(str_is(copy.message_id, first));
	assert_string_not_equal(first, other);
	assert_has(first, "@shop.example>");
}

static void
single_keeps_its_message_id(void **state)
{
	struct tailor_message *message;
	struct tailor_copy copy;
	struct err err = ERR_INIT;

	(void)state;
	arena_reset(world.arena);
	assert_int_equal(open_message(&message, "keep", HEAD "Subject: x\r\n\r\nHi\r\n", &err), 0);
	tailor_message_set_single(message);
	tailor_render(world.tailor, message, STR("ada@example.org"), world.arena, &copy);
	assert_int_equal(copy.verdict, STORE_SENT);
	assert_true(str_is(copy.message_id, "<one@tool>"));
	for (size_t i = 0; i < copy.header_count; i++) {
		if (str_is(copy.headers[i].header.name, "Message-ID"))
			assert_int_equal(copy.headers[i].change, TAILOR_KEPT);
		if (str_is(copy.headers[i].header.name, "To"))
			assert_int_equal(copy.headers[i].change, TAILOR_KEPT);
	}
	tailor_message_free(&message);
}

static void
verdicts_follow_the_campaign(void **state)
{
#define HELLO HEAD "Subject: {{ contact.city }}\r\n\r\nx\r\n"
	static const struct {
		const char *name, *campaign, *raw, *to;
		enum store_verdict verdict;
		const char *reason;
	} cases[] = {
	    {"suppressed", "spring", HELLO, "Gone@Example.org", STORE_SUPPRESSED,
		"suppressed for all: asked us"},
	    {"missing is empty", "spring", HELLO, "ada@example.org", STORE_SENT, ""},
	    {"missing defers", "patient", HELLO, "ada@example.org", STORE_DEFERRED,
		"contact.city has no value and no default"},
	    {"missing fails", "strict", HELLO, "ada@example.org", STORE_FAILED,
		"contact.city has no value and no default"},
	    {"default covers", "strict",
		HEAD "Subject: {{ contact.city | default: 'here' }}\r\n\r\nx\r\n",
		"ada@example.org", STORE_SENT, ""},
	    {"unknown is bare", "spring", HELLO, "new@example.org", STORE_SENT, ""},
	    {"unknown defers", "patient", HELLO, "new@example.org", STORE_DEFERRED,
		"new@example.org is not among the contacts"},
	    {"unknown is refused", "strict", HELLO, "new@example.org", STORE_FAILED,
		"new@example.org is not among the contacts"},
	    {"template says no", "spring",
		HEAD "Subject: x\r\n\r\n{% abort \"nothing to say\" %}\r\n", "ada@example.org",
		STORE_FAILED, "nothing to say"},
	};
	struct tailor_copy copy;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		render(cases[i].campaign, cases[i].raw, cases[i].to, &copy);
		if (copy.verdict != cases[i].verdict ||
		    !str_has(copy.reason, str_c(cases[i].reason)))
			fail_msg("%s: got %s, \"%.*s\"", cases[i].name,
			    store_verdict_name(copy.verdict), STR_F(copy.reason));
		if (copy.verdict != STORE_SENT)
			assert_int_equal(copy.header_count + copy.span_count, 0);
	}
}

static void
bad_messages_say_where(void **state)
{
	static const struct {
		const char *raw;
		enum err_code code;
		const char *text;
	} cases[] = {
	    {HEAD "Subject: x\r\n\r\nline\r\n{% if contact.x %}open\r\n", ERR_TEMPLATE, ":2:"},
	    {HEAD "Subject: {{ x | nosuch }}\r\n\r\nx\r\n", ERR_TEMPLATE, "nosuch"},
	    {HEAD "Subject: x\r\n\r\n{{ x | nosuch }}\r\n", ERR_TEMPLATE, "nosuch"},
	    {"From: a@other.example\r\nSubject: x\r\n\r\nx\r\n", ERR_KEY, "other.example"},
	    {"Subject: x\r\n\r\nx\r\n", ERR_INPUT, "From is missing"},
	    {HEAD "From: b@shop.example\r\nSubject: x\r\n\r\nx\r\n", ERR_INPUT, "more than once"},
	    {"From: S <{{ contact.x }}@shop.example>\r\n\r\nx\r\n", ERR_TEMPLATE, "display name"},
	    {HEAD "Content-Type: text/plain; charset=klingon\r\n\r\nx {{ y }}\r\n", ERR_TEMPLATE,
		"can't be rewritten"},
	    {HEAD "Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: base64"
		  "\r\n\r\n5HsgeyB7eyB4IH19\r\n",
		ERR_TEMPLATE, "can't be rewritten"},
	    {HEAD "Content-Type: multipart/signed; boundary=b; protocol=\"application/x\"\r\n\r\n"
		  "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\n{% if x %}"
		  "\r\n--c--\r\n--b\r\nContent-Type: application/x\r\n\r\nsig\r\n--b--\r\n",
		ERR_TEMPLATE, "can't be rewritten"},
	    {HEAD "Content-Type: text/plain; charset={{ x }}\r\n\r\nx\r\n", ERR_TEMPLATE,
		"can't stand here"},
	};
	struct tailor_message *message;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err err = ERR_INIT;

		if (open_message(&message, "spring", cases[i].raw, &err) == 0)
			fail_msg("case %zu passed", i);
		if (err.code != cases[i].code || strstr(err.text, cases[i].text) == NULL)
			fail_msg("case %zu: %s: %s", i, err_code_name(err.code), err.text);
	}
}

static void
no_text_is_too_long_to_be_looked_at(void **state)
{
	struct tailor_message *message;
	struct err err = ERR_INIT;
	struct buf raw;

	(void)state;
	buf_init(&raw, (size_t)4 << 20);
	buf_add_c(&raw, HEAD "Content-Type: text/plain; charset=klingon\r\n\r\n");
	while (raw.len < (size_t)3 << 20)
		buf_add_c(&raw, "nothing to be seen in this line\r\n");
	buf_add_c(&raw, "{{ contact.first_name }}\r\n");
	if (open_message(&message, "spring", raw.data, &err) == 0)
		fail_msg("a raw template would leave");
	assert_int_equal(err.code, ERR_TEMPLATE);
	assert_has(err.text, "can't be rewritten");
	buf_fini(&raw);
}

static void
display_names_are_templates(void **state)
{
	struct tailor_copy copy;
	const char *text = render("spring",
	    "From: \"Team for {{ contact.first_name | default: \\\"you\\\" }}\" "
	    "<news@shop.example>\r\nSubject: "
	    "=?utf-8?q?Gr=C3=BC=C3=9Fe=2C_=7B=7B_contact=2Efirst=5Fname"
	    "_=7D=7D?=\r\n\r\nx\r\n",
	    "ada@example.org", &copy);

	(void)state;
	assert_int_equal(copy.verdict, STORE_SENT);
	assert_has(text, "From: Team for Ada <news@shop.example>\r\n");
	assert_has(text, "Subject: =?utf-8?");
	assert_lacks(text, "=7B=7B");
}

static void
same_text_is_compiled_once(void **state)
{
#define PARTS(id, boundary)                                                                     \
	HEAD "Subject: {{ contact.first_name }}\r\nX-Id: " id                                   \
	     "\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=" boundary \
	     "\r\n\r\n--" boundary "\r\n\r\n{{ 1 }}\r\n--" boundary                             \
	     "\r\nContent-Type: text/html\r\n\r\n<p>{{ 2 }}</p>\r\n--" boundary "--\r\n"
	struct tailor_message *one, *two, *three;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(open_message(&one, "spring", PARTS("1", "aaa"), &err), 0);
	assert_int_equal(open_message(&two, "spring", PARTS("2", "bbb"), &err), 0);
	assert_int_equal(open_message(&three, "keep", PARTS("2", "bbb"), &err), 0);
	assert_ptr_equal(one->compiled, two->compiled);
	assert_ptr_not_equal(one->compiled, three->compiled);
	assert_int_equal(one->compiled->part_count, 2);
	assert_string_equal(one->key, two->key);
	tailor_message_free(&one);
	tailor_message_free(&two);
	tailor_message_free(&three);
}

static void
campaign_is_found(void **state)
{
	static const struct {
		const char *header, *from, *sender, *campaign;
		int rc;
	} cases[] = {
	    {" spring", " a@b.example", "x@y.example", "spring", 1},
	    {NULL, " a@b.example", "x@y.example", NULL, 0},
	    {NULL, " a@b.example", "list@SHOP.example", "bysender", 1},
	    {NULL, " Boss <boss@shop.example>", "", "byfrom", 1},
	    {" spring", " boss@shop.example", "list@shop.example", "spring", 1},
	    {" nosuch", " a@b.example", "", NULL, -1},
	    {" a b", " a@b.example", "", NULL, -1},
	    {"", " a@b.example", "", NULL, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct mime_header headers[] = {{STR("From"), str_c(cases[i].from)},
		    {STR("x-campaign"), str_c(cases[i].header)}};
		const struct conf_campaign *campaign = NULL;
		struct err err = ERR_INIT;
		struct str name;

		assert_int_equal(
		    tailor_campaign_of(world.conf, headers, cases[i].header == NULL ? 1 : 2,
			str_c(cases[i].sender), &campaign, &name, &err),
		    cases[i].rc);
		if (cases[i].rc == 1)
			assert_true(str_is(name, cases[i].campaign));
	}
}

static void
resubmission_is_told_from_repetition(void **state)
{
	static const struct {
		const char *name, *id, *queue_id;
		bool has_id, same; /* as the reference below */
	} cases[] = {
	    {"the tool's own id", " <1.ABC@tool.example>", "XYZ", true, true},
	    {"another one", " <2.ABC@tool.example>", "XYZ", true, false},
	    {"the relay's, of this transaction", " <20260102.XYZ@relay.example>", "XYZ", false,
		false},
	    {"begins like it", " <20260102.XYZ9@relay.example>", "XYZ", true, false},
	    {"no id", NULL, "XYZ", false, false},
	};
	char reference[ID_HEX_SIZE], relays[ID_HEX_SIZE] = "", key[ID_HEX_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct mime_header headers[] = {{STR("Subject"), STR(" x")},
		    {STR("Date"), i % 2 == 0 ? STR(" one") : STR(" two")},
		    {STR("Message-ID"), str_c(cases[i].id)}};
		bool has_id = tailor_resubmit_key(STR("spring"), STR("a@b.example"), headers,
		    cases[i].id == NULL ? 2 : 3, STR("body"), str_c(cases[i].queue_id), key);

		if (i == 0)
			memcpy(reference, key, sizeof key);
		if (has_id != cases[i].has_id || (strcmp(key, reference) == 0) != cases[i].same)
			fail_msg("%s: %d %s", cases[i].name, has_id, key);
		/* Without an id of the tool's, the content counts, but Date and id don't. */
		if (!has_id && relays[0] != '\0')
			assert_string_equal(key, relays);
		if (!has_id)
			memcpy(relays, key, sizeof key);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(person_gets_a_message_of_their_own),
	    cmocka_unit_test(contact_data_stays_data),
	    cmocka_unit_test(made_addresses_lead_nowhere_odd),
	    cmocka_unit_test(merge_tags_are_translated),
	    cmocka_unit_test(unknown_merge_tags_are_refused),
	    cmocka_unit_test(copies_are_the_same_when_tried_again),
	    cmocka_unit_test(single_keeps_its_message_id),
	    cmocka_unit_test(verdicts_follow_the_campaign),
	    cmocka_unit_test(bad_messages_say_where),
	    cmocka_unit_test(no_text_is_too_long_to_be_looked_at),
	    cmocka_unit_test(display_names_are_templates),
	    cmocka_unit_test(same_text_is_compiled_once),
	    cmocka_unit_test(campaign_is_found),
	    cmocka_unit_test(resubmission_is_told_from_repetition),
	};

	return cmocka_run_group_tests_name("tailor", tests, set_up, tear_down);
}
