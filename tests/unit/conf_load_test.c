/* SPDX-License-Identifier: BSD-2-Clause
 *
 * conf_load_test: configuration files in, snapshot or errors with their places out
 */
#include "base/buf.h"
#include "conf/conf.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

static char folder[64];

static void
put(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
collect(const char *text, void *closure)
{
	buf_printf(closure, "%s\n", text);
}

static struct conf *
load(const char *text)
{
	struct conf *conf = NULL;
	struct buf errors;
	struct err err = ERR_INIT;

	buf_init(&errors, 100000);
	put("m.conf", text);
	if (conf_load(&conf, "m.conf", collect, &errors, &err) == -1)
		fail_msg("%s", errors.data);
	assert_int_equal(errors.len, 0);
	buf_fini(&errors);
	return conf;
}

static void
drop(struct conf *conf)
{
	const struct conf *last = conf;

	conf_unref(&last);
	assert_null(last);
}

/* One error a line, as conf_load reports them. */
static const struct bad {
	const char *text;
	const char *errors;
} bad[] = {
    {"\n\noutbox_workers = many\n",
	"m.conf:3: outbox_workers: expected a number from 0 to 64, got \"many\"\n"},
    {"outbox_workers = 65",
	"m.conf:1: outbox_workers: expected a number from 0 to 64, got "
	"\"65\"\n"},
    {"scoket = x\nuesr = {a, b}\n",
	"m.conf:1: unknown parameter \"scoket\" (did you mean \"socket\"?)\n"
	"m.conf:2: unknown parameter \"uesr\" (did you mean \"user\"?)\n"},
    {"zzz = {}", "m.conf:1: unknown parameter \"zzz\"\n"},
    {"rate = 5\ncampaign a {\n socket = x\n}\n",
	"m.conf:1: unknown parameter \"rate\" here (it belongs into a campaign section)\n"
	"m.conf:3: unknown parameter \"socket\" here (it belongs outside of sections)\n"},
    {"campain x {\n rate = 1\n blah = 2\n}\nlog_level = loud\n",
	"m.conf:1: unknown section \"campain\" (did you mean \"campaign\"?)\n"
	"m.conf:5: log_level: expected one of error, warning, info, debug, got \"loud\"\n"},
    {"campaign a {\n dkim x { }\n}\n", "m.conf:2: a dkim section can't stand inside of another\n"},
    {"web = \"127.0.0.1:1\"\ncampaign a { }\nform news {\n title = T\n consent = C\n campaign = a\n"
     " from = \"n@x.example\"\n fields = {\"email text: E\", \"a number:9..1: A\"}\n"
     " origins = {\"https://x.example/y\"}\n}\n",
	"m.conf:8: fields: expected \"NAME KIND: LABEL\" or \"NAME KIND required: LABEL\", with "
	"KIND "
	"text, text:MAX, number, number:LOW..HIGH, checkbox or choice:ONE|TWO, got \"email text: "
	"E\"\n"
	"m.conf:8: fields: expected \"NAME KIND: LABEL\" or \"NAME KIND required: LABEL\", with "
	"KIND "
	"text, text:MAX, number, number:LOW..HIGH, checkbox or choice:ONE|TWO, got \"a "
	"number:9..1: "
	"A\"\n"
	"m.conf:9: origins: expected a site like https://shop.example, without a path, got "
	"\"https://x.example/y\"\n"},
    {"campaign a { }\nform news {\n title = T\n consent = C\n campaign = a\n"
     " from = \"n@x.example\"\n fields = {\"a text: A\", \"a checkbox: B\"}\n}\n",
	"m.conf:2: fields: a stands there twice\n"
	"m.conf:2: campaign: expected kind = transactional in campaign \"a\", at m.conf:1: who has "
	"to "
	"confirm has not agreed to marketing yet\n"
	"m.conf:2: form \"news\": expected tracking_url to be set, here or for campaign \"a\"\n"
	"m.conf:2: form \"news\": expected web to be set, too\n"},
    {"form news {\n title = T\n}\n",
	"m.conf:1: form \"news\": the parameter consent is missing\n"
	"m.conf:1: form \"news\": the parameter campaign is missing\n"
	"m.conf:1: form \"news\": the parameter from is missing\n"},
    {"webhook crm {\n url = \"http://crm.example/x\"\n secret_file = s\n retry_min = 1h\n"
     " retry_max = 1m\n}\nwebhook b {\n url = \"http://localhost:1/x\"\n secret_file = s\n}\n",
	"m.conf:1: url: expected https://, or insecure = yes\n"
	"m.conf:1: retry_min: expected no more than retry_max\n"},
    {"webhook crm {\n events = {clicked, clickd}\n batch = 0\n send_to = {x}\n}\n",
	"m.conf:2: events: expected a kind of event, as in clicked, or track:NAME, page:NAME, "
	"screen:NAME, got \"clickd\"\n"
	"m.conf:3: batch: expected a number from 1 to 1000, got \"0\"\n"
	"m.conf:4: send_to: expected a network, as in 192.0.2.0/24 or 2001:db8::/32, got \"x\"\n"
	"m.conf:1: webhook \"crm\": the parameter url is missing\n"
	"m.conf:1: webhook \"crm\": the parameter secret_file is missing\n"},
    {"relay_timeout = 5\n",
	"m.conf:1: relay_timeout: expected a time from 1s to 1h "
	"(a number with ms, s, m, h or d), got \"5\"\n"},
    {"relay_timeout = 2h\n",
	"m.conf:1: relay_timeout: expected a time from 1s to 1h "
	"(a number with ms, s, m, h or d), got \"2h\"\n"},
    {"max_message = 99999999999999999999g\n",
	"m.conf:1: max_message: expected a size from 64k to 1g "
	"(a number, with k, m or g), got \"99999999999999999999g\"\n"},
    {"trust_authenticated = maybe\n",
	"m.conf:1: trust_authenticated: expected yes or no, got \"maybe\"\n"},
    {"trusted = {\"10.0.0.1/8\",\n \"::/0\",\n \"::/129\"}\n",
	"m.conf:1: trusted: expected a network, as in 192.0.2.0/24 or 2001:db8::/32, got "
	"\"10.0.0.1/8\"\n"
	"m.conf:3: trusted: expected a network, as in 192.0.2.0/24 or 2001:db8::/32, got "
	"\"::/129\"\n"},
    {"socket = \"\"\n",
	"m.conf:1: socket: expected unix:PATH (at most 107 bytes), "
	"inet:PORT@HOST or inet6:PORT@HOST, got \"\"\n"},
    {"socket = inet:70000@localhost\n",
	"m.conf:1: socket: expected unix:PATH (at most 107 bytes), inet:PORT@HOST or "
	"inet6:PORT@HOST, got \"inet:70000@localhost\"\n"},
    {"socket_mode = 0888\n",
	"m.conf:1: socket_mode: expected a file mode in octal, as in 0660, got \"0888\"\n"},
    {"relay = ::1:25\n", "m.conf:1: relay: expected HOST:PORT or [IPv6]:PORT, got \"::1:25\"\n"},
    {"log = sysolg\n",
	"m.conf:1: log: expected syslog, stderr or the path of a file, got \"sysolg\"\n"},
    {"campaign_header = \"X Campaign\"\n",
	"m.conf:1: campaign_header: expected the name of a header field, without the colon, got "
	"\"X Campaign\"\n"},
    {"hostname = \"a..b\"\n", "m.conf:1: hostname: expected a domain name, got \"a..b\"\n"},
    {"user = \"a\nb\"\n",
	"m.conf:2: user: expected a text without control characters, got \"a?b\"\n"},
    {"campaign \"a b\" { }\n",
	"m.conf:1: campaign: expected a name of 1 to 100 letters, digits, \".\", \"_\" and "
	"\"-\", or \"*\", got \"a b\"\n"},
    {"campaign a { }\n\ncampaign a { rate = x }\n",
	"m.conf:3: campaign \"a\": there is such a section already, at m.conf:1\n"
	"m.conf:3: rate: expected a number from 0 to 100000, got \"x\"\n"},
    {"campaign a { sender = {nobody} }\n",
	"m.conf:1: sender: expected a mail address, as in news@example.com, got \"nobody\"\n"},
    {"campaign a { sender = {\"n@a.example\"} }\ncampaign b { sender = {\"n@A.example\"} }\n",
	"m.conf:2: sender: \"n@a.example\" belongs to campaign \"a\" already, at m.conf:1\n"},
    {"dkim A.example { selector = s key = k }\ndkim a.example { selector = s key = k }\n",
	"m.conf:2: dkim \"a.example\": there is such a section already, at m.conf:1\n"},
    {"\ndkim a.example { }\n",
	"m.conf:2: dkim \"a.example\": the parameter selector is missing\n"
	"m.conf:2: dkim \"a.example\": the parameter key is missing\n"},
    {"dkim a.example { selector = \"\" key = k }\n",
	"m.conf:1: dkim \"a.example\": the parameter selector is missing\n"},
    {"dkim b._domainkey.a.example { selector = c key = k }\n",
	"m.conf:1: dkim \"b._domainkey.a.example\": expected the selector b or none, got \"c\"\n"},
    {"dkim a.example { selector = s key = k }\ndkim S._domainkey.A.example { key = k }\n",
	"m.conf:2: dkim: there is a section for the selector s of a.example already, at "
	"m.conf:1\n"},
    {"dkim \"not a domain\" { selector = s key = k }\n",
	"m.conf:1: dkim: expected a domain name, got \"not a domain\"\n"},
    {"tracking_url = \"https://t.example\"\n",
	"m.conf:1: tracking_url: expected token_keys to be set, too (mailtailor key new makes the "
	"file)\n"},
    {"token_keys = k\ntracking_url = \"http://t.example\"\n",
	"m.conf:2: tracking_url: expected https://, or tracking_insecure = yes, got "
	"\"http://t.example\"\n"},
    {"token_keys = k\n\ncampaign a { tracking_url = \"http://localhost.example\" }\n",
	"m.conf:3: tracking_url: expected https://, or tracking_insecure = yes, got "
	"\"http://localhost.example\"\n"},
    {"campaign a { strict = yes }\n",
	"m.conf:1: strict: expected tracking_url with token_keys, or unsubscribe_address, since "
	"marketing needs a way to unsubscribe\n"
	"m.conf:1: strict: expected postal_address to be set, here or for all\n"},
    {"postal_address = here\n\ncampaign a { strict = yes }\n",
	"m.conf:3: strict: expected tracking_url with token_keys, or unsubscribe_address, since "
	"marketing needs a way to unsubscribe\n"},
    {"campaign a { strict = yes unsubscribe_address = leave@a.example }\n",
	"m.conf:1: strict: expected postal_address to be set, here or for all\n"},
    {"campaign a { footer = \"foot.html.liquid\" }\n",
	"m.conf:1: footer: expected the name of a template without .html.liquid, as in "
	"brand/footer, got \"foot.html.liquid\"\n"},
    {"campaign a { footer = \"a'b\" }\n",
	"m.conf:1: footer: expected the name of a template without .html.liquid, as in "
	"brand/footer, got \"a'b\"\n"},
    {"token_keys = k\ntracking_url = t.example\n",
	"m.conf:2: tracking_url: expected an address like https://t.example.com, without ? and #, "
	"got \"t.example\"\n"},
    {"outbox_retry_min = 3h\n",
	"m.conf:1: outbox_retry_min: expected no more than outbox_retry_max\n"},
    {"user = \"${HOME}\"\n",
	"m.conf:1: ${...} is not replaced by environment variables here; in "
	"single quotes it stands for itself\n"},
    {"user = ${HOME}\n", "m.conf:1: ${...} is not replaced by environment variables here\n"},
    {"\n/* a\n\n", "m.conf:2: this comment has no end, which would be */\n"},
    {"\nuser = \"a\n\n", "m.conf:2: this quoted text has no end\n"},
    {"\ncampaign a {\n rate = 5\n", "m.conf:2: this { has no }\n"},
    {"user = a\n}\nuser = b\n", "m.conf:2: unexpected closing brace\n"},
    {"/* a\n b */ /* c */\n# d\n// e\nuser = {}\n", "m.conf:5: unexpected token '{'\n"},
    {"sessions = 99\nuser\n",
	"m.conf:1: sessions: expected a number from 0 to 64, got \"99\"\n"
	"m.conf:3: premature end of file\n"},
    {"include(\"none.conf\")\nsessions = x\n",
	"m.conf:1: include: can't read \"none.conf\": No such file or directory\n"
	"m.conf:2: sessions: expected a number from 0 to 64, got \"x\"\n"},
    {"include(\"m.conf\")\n",
	"m.conf:1: include: a file can't include itself, nor those that include it\n"},
    {"include(\"sub/in.conf\")\nsessions = x\n",
	"sub/in.conf:2: user: expected a text without control characters, got \"?\"\n"
	"sub/deep.conf:3: sessions: expected a number from 0 to 64, got \"y\"\n"
	"sub/in.conf:4: log_level: expected one of error, warning, info, debug, got \"z\"\n"
	"m.conf:2: sessions: expected a number from 0 to 64, got \"x\"\n"},
    {"include(\"sub/cycle.conf\")\n",
	"sub/cycle.conf:1: include: a file can't include itself, nor those that include it\n"},
    {"include(\"broken.conf\")\nsessions = x\n",
	"broken.conf:1: this quoted text has no end\n"
	"m.conf:2: sessions: expected a number from 0 to 64, got \"x\"\n"},
    {"\nfoo(\"a\")\n", "m.conf:2: unknown name \"foo\"\n"},
};

static void
errors_name_place_and_expectation(void **state)
{
	(void)state;
	put("sub/in.conf", "\nuser = \"\t\"\ninclude(\"deep.conf\")\nlog_level = z\n");
	put("sub/deep.conf", "\n\nsessions = y\n");
	put("sub/cycle.conf", "include(\"../m.conf\")\n");
	put("broken.conf", "user = 'a");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct conf *conf = NULL;
		struct err err = ERR_INIT;
		struct buf errors;

		buf_init(&errors, 100000);
		put("m.conf", bad[i].text);
		assert_int_equal(conf_load(&conf, "m.conf", collect, &errors, &err), -1);
		assert_null(conf);
		assert_string_equal(errors.data, bad[i].errors);
		assert_int_equal(err.code, ERR_CONFIG);
		assert_memory_equal(err.text, errors.data, strlen(err.text));
		buf_fini(&errors);
	}
}

static void
missing_file_is_told_apart(void **state)
{
	struct conf *conf = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(conf_load(&conf, "none.conf", NULL, NULL, &err), -1);
	assert_int_equal(err.code, ERR_NOTFOUND);
	assert_string_equal(err.text, "none.conf: No such file or directory");
}

static void
include_depth_has_a_ceiling(void **state)
{
	struct conf *conf = NULL;
	struct err err = ERR_INIT;
	char name[32], text[64];

	(void)state;
	for (int i = 1; i <= 10; i++) {
		snprintf(name, sizeof name, "n%d.conf", i);
		snprintf(text, sizeof text, "include(\"n%d.conf\")\n", i + 1);
		put(name, i == 10 ? "user = deep\n" : text);
	}
	drop(load("include(\"n2.conf\")\n"));
	assert_int_equal(conf_load(&conf, "m.conf", NULL, NULL, &err), 0);
	assert_string_equal(conf->user, "deep");
	drop(conf);
	put("m.conf", "include(\"n1.conf\")\n");
	assert_int_equal(conf_load(&conf, "m.conf", NULL, NULL, &err), -1);
	assert_string_equal(err.text, "n9.conf:1: include: too many files, or nested too deeply");
}

static void
empty_file_gives_the_defaults(void **state)
{
	struct conf *conf = load("");

	(void)state;
	assert_string_equal(conf->socket, "unix:/var/spool/postfix/mailtailor/milter.sock");
	assert_int_equal(conf->log_level, 2);
	assert_int_equal(conf->outbox_retry_min, 60000);
	assert_int_equal(conf->outbox_lifetime, 5 * 86400000LL);
	assert_int_equal(conf->max_message, 50 << 20);
	assert_int_equal(conf->max_recipients, 100000);
	assert_true(conf->trust_authenticated);
	assert_int_equal(conf->trusted.count, 2);
	assert_string_equal(conf->trusted.at[1], "::1/128");
	assert_string_equal(conf->postfix_config, "");
	assert_string_equal(conf->plugin_path, PLUGINDIR);
	assert_int_equal(conf->campaign_count, 0);
	assert_int_equal(conf->dkim_count, 0);
	drop(conf);
}

static void
values_arrive(void **state)
{
	struct conf *conf = load("# comment\n"
				 "socket = inet6:8891@[::1] /* why\n not */\n"
				 "outbox_keep = 500ms\nmax_message = 64k\nrender_memory = 4g\n"
				 "trust_authenticated = no\nlog_level = debug // most\n"
				 "user = first\nuser = last\npostfix_config = ''\n"
				 "trusted += {\"10.0.0.0/8\"}\nmail_log = {}\n"
				 "socket_group = '${not} #replaced'\n");

	(void)state;
	assert_string_equal(conf->socket, "inet6:8891@[::1]");
	assert_int_equal(conf->outbox_keep, 500);
	assert_int_equal(conf->max_message, 65536);
	assert_int_equal(conf->render_memory, 4LL << 30);
	assert_false(conf->trust_authenticated);
	assert_int_equal(conf->log_level, 3);
	assert_string_equal(conf->user, "last");
	assert_int_equal(conf->trusted.count, 3);
	assert_string_equal(conf->trusted.at[0], "127.0.0.0/8");
	assert_string_equal(conf->trusted.at[2], "10.0.0.0/8");
	assert_int_equal(conf->mail_log.count, 0);
	assert_string_equal(conf->socket_group, "${not} #replaced");
	drop(conf);
}

static void
paths_begin_where_they_are_named(void **state)
{
	char expected[200];
	struct conf *conf;

	(void)state;
	put("sub/in.conf",
	    "mail_log = {log, \"/var/log/x\"}\n"
	    "dkim a.example { selector = s key = \"keys/k.pem\" }\n");
	conf = load("database = data/x.db\nsocket = unix:run/s\nlog = ./x.log\n"
		    "include(\"sub/in.conf\")\n");
	snprintf(expected, sizeof expected, "%s/data/x.db", folder);
	assert_string_equal(conf->database, expected);
	snprintf(expected, sizeof expected, "unix:%s/run/s", folder);
	assert_string_equal(conf->socket, expected);
	snprintf(expected, sizeof expected, "%s/./x.log", folder);
	assert_string_equal(conf->log, expected);
	snprintf(expected, sizeof expected, "%s/sub/log", folder);
	assert_string_equal(conf->mail_log.at[0], expected);
	assert_string_equal(conf->mail_log.at[1], "/var/log/x");
	snprintf(expected, sizeof expected, "%s/sub/keys/k.pem", folder);
	assert_string_equal(conf->dkims[0].key, expected);
	snprintf(expected, sizeof expected, "%s/m.conf", folder);
	assert_string_equal(conf->path, expected);
	drop(conf);
}

static void
campaigns_are_found(void **state)
{
	struct conf *conf;
	const struct conf_campaign *spring;

	(void)state;
	put("sub/two.conf", "\ncampaign \"*\" { }\n");
	conf = load("campaign spring {\n"
		    "  sender = {\"News@B\xc3\xbc"
		    "cher.example\", \"b@shop.example\"}\n"
		    "  from = {\"offers@shop.example\"}\n  missing = defer  rate = 7\n}\n"
		    "include(\"sub/two.conf\")\n");
	spring = conf_campaign_find(conf, STR("spring"));
	assert_string_equal(spring->name, "spring");
	assert_string_equal(spring->place, "m.conf:1");
	assert_int_equal(spring->missing, CONF_MISSING_DEFER);
	assert_int_equal(spring->unknown, CONF_UNKNOWN_BARE);
	assert_int_equal(spring->rate, 7);
	assert_string_equal(conf_campaign_find(conf, STR("other"))->name, "*");
	assert_string_equal(conf_campaign_find(conf, STR("Spring"))->name, "*");
	assert_string_equal(conf_campaign_find(conf, STR("other"))->place, "sub/two.conf:2");
	assert_ptr_equal(conf_campaign_by_sender(conf, STR("News@XN--BCHER-KVA.example")), spring);
	assert_ptr_equal(conf_campaign_by_sender(conf,
			     STR("News@B\xc3\x9c"
				 "CHER.example")),
	    spring);
	assert_ptr_equal(conf_campaign_by_sender(conf, STR("b@Shop.Example")), spring);
	assert_null(conf_campaign_by_sender(conf, STR("news@xn--bcher-kva.example")));
	assert_null(conf_campaign_by_sender(conf, STR("offers@shop.example")));
	assert_null(conf_campaign_by_sender(conf, STR_NONE));
	assert_ptr_equal(conf_campaign_by_from(conf, STR("offers@shop.EXAMPLE")), spring);
	drop(conf);
	conf = load("campaign spring { }");
	assert_null(conf_campaign_find(conf, STR("other")));
	drop(conf);
}

static void
dkim_sections_may_be_named_by_their_record(void **state)
{
	struct conf *conf = load("dkim shop.example { selector = s1 key = k subdomains = yes }\n"
				 "dkim mt-2._domainkey.Shop.example { key = k active = auto }\n");

	(void)state;
	assert_int_equal(conf->dkim_count, 2);
	assert_string_equal(conf->dkims[1].domain, "shop.example");
	assert_string_equal(conf->dkims[1].selector, "mt-2");
	assert_int_equal(conf->dkims[0].active, CONF_ACTIVE_YES);
	assert_int_equal(conf->dkims[1].active, CONF_ACTIVE_AUTO);
	assert_string_equal(conf_dkim_signer(conf, STR("Shop.example")), "shop.example");
	assert_string_equal(conf_dkim_signer(conf, STR("a.b.shop.example")), "shop.example");
	assert_null(conf_dkim_signer(conf, STR("example")));
	assert_null(conf_dkim_signer(conf, STR("ashop.example")));
	drop(conf);
}

static void
dkim_domains_are_found(void **state)
{
	struct conf *conf = load("dkim \"B\xc3\xbc"
				 "cher.example\" {\n selector = \"a.b\"\n"
				 " key = \"/k\"\n headers = {X-One}\n}\n");

	(void)state;
	assert_string_equal(conf->dkims[0].domain, "xn--bcher-kva.example");
	assert_string_equal(conf->dkims[0].headers.at[0], "X-One");
	assert_ptr_equal(conf_dkim_find(conf, STR("XN--Bcher-KVA.example")), &conf->dkims[0]);
	assert_ptr_equal(conf_dkim_find(conf,
			     STR("b\xc3\xbc"
				 "cher.EXAMPLE")),
	    &conf->dkims[0]);
	assert_null(conf_dkim_find(conf, STR("bucher.example")));
	assert_null(conf_dkim_find(conf, STR("example")));
	drop(conf);
}

static void
take_warning(const char *text, void *closure)
{
	char *all = closure;

	snprintf(all + strlen(all), 2000 - strlen(all), "%s\n", text);
}

static void
law_warnings(void **state)
{
	static const struct {
		const char *text, *warnings;
	} cases[] = {
	    {"", ""},
	    {"campaign a { kind = transactional }\n", ""},
	    {"campaign a { strict = yes kind = transactional }\n", ""},
	    {"postal_address = x\ncampaign a { unsubscribe_address = a@b.example }\n", ""},
	    {"token_keys = k\npostal_address = x\ncampaign a { tracking_url = "
	     "\"https://t.example\" "
	     "}\n",
		""},
	    {"campaign a { unsubscribe_address = a@b.example }\n",
		"m.conf:1: campaign \"a\": marketing without postal_address: no footer can show "
		"it\n"},
	    {"\ncampaign a { postal_address = x }\ncampaign b { postal_address = x }\n",
		"m.conf:2: campaign \"a\", \"b\": marketing without a way to unsubscribe, for "
		"which "
		"tracking_url or unsubscribe_address was expected: no footer is added\n"},
	    {"campaign a { }\ncampaign b { unsubscribe_address = a@b.example }\n",
		"m.conf:1: campaign \"a\": marketing without a way to unsubscribe, for which "
		"tracking_url or unsubscribe_address was expected, and without postal_address: no "
		"footer is added\n"
		"m.conf:2: campaign \"b\": marketing without postal_address: no footer can show "
		"it\n"},
	    {"campaign a{}\ncampaign b{}\ncampaign c{}\ncampaign d{}\ncampaign e{}\ncampaign f{}\n"
	     "campaign g{}\ncampaign h{}\ncampaign i{}\ncampaign j{}\n",
		"m.conf:1: campaign \"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\", \"h\" and 2 "
		"more: marketing without a way to unsubscribe, for which tracking_url or "
		"unsubscribe_address was expected, and without postal_address: no footer is "
		"added\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct conf *conf = load(cases[i].text);
		char all[2000] = "";

		conf_law_warnings(conf, take_warning, all);
		if (strcmp(all, cases[i].warnings) != 0)
			fail_msg("%s: %s", cases[i].text, all);
		drop(conf);
	}
}

static void
tracking_urls(void **state)
{
	static const struct {
		const char *text, *stored; /* NULL: refused */
	} cases[] = {{"https://t.example", "https://t.example"},
	    {"https://t.example/", "https://t.example"},
	    {"https://t.example:8443/a/b//", "https://t.example:8443/a/b"},
	    {"https://192.0.2.1", "https://192.0.2.1"},
	    {"https://[2001:db8::1]", "https://[2001:db8::1]"},
	    {"https://[2001:db8::1]:8443/a", "https://[2001:db8::1]:8443/a"},
	    {"http://localhost:8080", "http://localhost:8080"},
	    {"http://127.0.0.1", "http://127.0.0.1"}, {"http://[::1]:80/x", "http://[::1]:80/x"},
	    {"http://localhost.example", NULL}, {"http://127.0.0.10", NULL},
	    {"http://t.example", NULL}, {"https://", NULL}, {"https:///a", NULL},
	    {"https://:80", NULL}, {"https://t.example:", NULL}, {"https://t.example:0", NULL},
	    {"https://t.example:x", NULL}, {"https://t.example:80:80", NULL},
	    {"https://t.example?a", NULL}, {"https://t.example/#a", NULL},
	    {"https://me@t.example", NULL}, {"https://t.example/a b", NULL},
	    {"https://t..example", NULL}, {"https://[::1", NULL}, {"https://[::1]x", NULL},
	    {"https://[t.example]", NULL}, {"ftp://t.example", NULL}, {"//t.example", NULL},
	    {"javascript:x", NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct conf *conf = NULL;
		char text[200];

		snprintf(text, sizeof text,
		    "token_keys = k\ntracking_url = \"%s\"\ncampaign a { }\n", cases[i].text);
		if (cases[i].stored == NULL) {
			put("m.conf", text);
			if (conf_load(&conf, "m.conf", NULL, NULL, NULL) != -1)
				fail_msg("%s", cases[i].text);
			continue;
		}
		conf = load(text);
		assert_string_equal(conf->tracking_url, cases[i].stored);
		assert_string_equal(conf->campaigns[0].tracking_url, "");
		drop(conf);
	}
	drop(load("token_keys = k\ntracking_insecure = yes\ncampaign a {\n tracking_url = "
		  "\"http://t.example\"\n}\n"));
}

static void
trusted_clients(void **state)
{
	static const struct {
		const char *address;
		bool trusted;
	} cases[] = {{"127.0.0.1", true}, {"127.255.255.255", true}, {"128.0.0.1", false},
	    {"::1", true}, {"::2", false}, {"IPv6:::1", true}, {"[IPv6:::1]", true},
	    {"[127.0.0.1]", true}, {"::ffff:127.0.0.1", true}, {"::ffff:10.1.2.3", false},
	    {"192.0.2.127", true}, {"192.0.2.128", false}, {"2001:db8:8000::1", false},
	    {"2001:db8:7fff::1", true}, {"IPv6:2001:DB8::1", true}, {"localhost", false},
	    {"unknown", false}, {"", false}, {"[", false}, {"IPv6:", false}, {"127.0.0.1 ", false},
	    {"127.1", false}, {NULL, false}};
	struct conf *conf =
	    load("trusted += {\"192.0.2.0/25\", \"2001:db8::/33\", \"198.51.100.7\"}\n");

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (conf_trusted(conf, cases[i].address) != cases[i].trusted)
			fail_msg("%s", cases[i].address);
	}
	assert_true(conf_trusted(conf, "198.51.100.7"));
	assert_false(conf_trusted(conf, "198.51.100.6"));
	drop(conf);
	conf = load("trusted = {}\n");
	assert_false(conf_trusted(conf, "127.0.0.1"));
	drop(conf);
	conf = load("trusted = {\"0.0.0.0/0\"}\n");
	assert_true(conf_trusted(conf, "203.0.113.9"));
	assert_false(conf_trusted(conf, "2001:db8::1"));
	drop(conf);
}

static void
references_keep_it(void **state)
{
	struct conf *conf = load("user = somebody\n");
	const struct conf *second = conf_ref(conf);

	(void)state;
	drop(conf);
	assert_string_equal(second->user, "somebody");
	conf_unref(&second);
	assert_null(second);
	conf_unref(&second);
}

static void *
use_in_thread(void *closure)
{
	const struct conf *shared = closure;

	for (int i = 0; i < 200; i++) {
		const struct conf *mine = conf_ref(shared);
		struct conf *other;

		assert_string_equal(mine->user, "shared");
		conf_unref(&mine);
		if (i % 20 == 0) {
			assert_int_equal(conf_load(&other, "m.conf", NULL, NULL, NULL), 0);
			drop(other);
		}
	}
	return NULL;
}

static void
threads_share_and_load(void **state)
{
	struct conf *conf = load("user = shared\ninclude(\"sub/two.conf\")\n");
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use_in_thread, conf), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_string_equal(conf->user, "shared");
	drop(conf);
}

static int
enter_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/conf_load_test.XXXXXX");
	return mkdtemp(folder) == NULL || chdir(folder) == -1 || mkdir("sub", 0700) == -1;
}

static int
leave_folder(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof command, "rm -r %s", folder);
	return chdir("/") == -1 || system(command) != 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(errors_name_place_and_expectation),
	    cmocka_unit_test(missing_file_is_told_apart),
	    cmocka_unit_test(include_depth_has_a_ceiling),
	    cmocka_unit_test(empty_file_gives_the_defaults),
	    cmocka_unit_test(values_arrive),
	    cmocka_unit_test(paths_begin_where_they_are_named),
	    cmocka_unit_test(campaigns_are_found),
	    cmocka_unit_test(dkim_sections_may_be_named_by_their_record),
	    cmocka_unit_test(dkim_domains_are_found),
	    cmocka_unit_test(tracking_urls),
	    cmocka_unit_test(law_warnings),
	    cmocka_unit_test(trusted_clients),
	    cmocka_unit_test(references_keep_it),
	    cmocka_unit_test(threads_share_and_load),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
