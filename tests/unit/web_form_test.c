/* SPDX-License-Identifier: BSD-2-Clause
 *
 * web_form_test: fields, addresses, rates, sign-ups in the store, scripts
 */
#include "base/clock.h"
#include "store/contact.h"
#include "store/signup.h"
#include "web/form.h"
#include "web/rates.h"

#include "store_fixture.h"

static void
fields(void **state)
{
	static const struct {
		const char *field, *sent, *wrong, *json; /* json NULL: absent */
	} cases[] = {
	    {"a text: A", "Ada", NULL, "\"Ada\""},
	    {"a text: A", "  Ada ", NULL, "\"Ada\""},
	    {"a text: A", "", NULL, NULL},
	    {"a text required: A", " ", "missing", NULL},
	    {"a text:3: A", "\xc3\xa4\xc3\xb6\xc3\xbc", NULL, "\"\xc3\xa4\xc3\xb6\xc3\xbc\""},
	    {"a text:3: A", "abcd", "long", NULL},
	    {"a text: A", "a\nb", "text", NULL},
	    {"a text: A", "a\xff", "text", NULL},
	    {"a text: A", "\xe2\x80\xa8x", "text", NULL},
	    {"a number: A", "42", NULL, "42"},
	    {"a number: A", "-1.5", NULL, "-1.5"},
	    {"a number: A", "1e3", "number", NULL},
	    {"a number: A", "nan", "number", NULL},
	    {"a number: A", "1.2.3", "number", NULL},
	    {"a number: A", "9999999999999999999999999999999", "number", NULL},
	    {"a number:1..5: A", "6", "range", NULL},
	    {"a number:-5..-1: A", "-5", NULL, "-5"},
	    {"a checkbox: A", "anything", NULL, "true"},
	    {"a choice:x|y_z: A", "y_z", NULL, "\"y_z\""},
	    {"a choice:x|y_z: A", "y z", "choice", NULL},
	    {"a choice:x|y: A", "x|y", "choice", NULL},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		json_t *profile = json_object(), *value;
		struct conf_field field;
		const char *wrong;
		char *text;

		assert_true(conf_field_parse(str_c(cases[i].field), f->arena, &field));
		wrong = form_check_field(&field, str_c(cases[i].sent), profile);
		if ((wrong == NULL) != (cases[i].wrong == NULL) ||
		    (wrong != NULL && strcmp(wrong, cases[i].wrong) != 0))
			fail_msg("%s, \"%s\": %s", cases[i].field, cases[i].sent, wrong);
		value = json_object_get(profile, "a");
		text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(3));
		if (cases[i].json == NULL)
			assert_null(value);
		else
			assert_string_equal(text, cases[i].json);
		free(text);
		json_decref(profile);
	}
}

static void
field_rows(void **state)
{
	static const char *const bad[] = {"", "a", "a text", "a: A", "a text:A",
	    "a text: ", "a text:0: A", "a text:1001: A", "a number:5: A", "a number:5..1: A",
	    "a choice: A", "a choice:x: A", "a choice:x||y: A", "a checkbox:1: A",
	    "a text optional: A", "email text: A", "agree text: A", "homepage text: A",
	    "9a text: A", "A text: A", "a text required more: A"};
	struct fixture *f = *state;
	struct conf_field field;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (conf_field_parse(str_c(bad[i]), f->arena, &field))
			fail_msg("\"%s\" is taken", bad[i]);
	}
	assert_true(
	    conf_field_parse(STR("size choice:a|b required: Size: yours"), f->arena, &field));
	assert_true(field.required);
	assert_true(str_is(field.label, "Size: yours"));
}

static void
addresses(void **state)
{
	static const struct {
		const char *sent, *address; /* NULL: refused */
	} cases[] = {
	    {" ada@x.example ", "ada@x.example"},
	    {"Ada@X.Example", "Ada@x.example"},
	    {"a@b\xc3\xbc"
	     "cher.example",
		"a@xn--bcher-kva.example"},
	    {"gr\xc3\xbc\xc3\x9f"
	     "e@x.example",
		"gr\xc3\xbc\xc3\x9f"
		"e@x.example"},
	    {"", NULL},
	    {"ada", NULL},
	    {"ada@localhost", NULL},
	    {"ada@[127.0.0.1]", NULL},
	    {"\"a b\"@x.example", NULL},
	    {"-f@x.example", NULL},
	    {"a b@x.example", NULL},
	    {"a@x.example\r\nBcc: b@y.example", NULL},
	    {"a@x.example,b@y.example", NULL},
	    {"<a@x.example>", NULL},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct str address;
		const char *wrong = form_check_address(str_c(cases[i].sent), f->arena, &address);

		if ((wrong == NULL) != (cases[i].address != NULL))
			fail_msg("\"%s\": %s", cases[i].sent, wrong == NULL ? "taken" : wrong);
		if (wrong == NULL && !str_is(address, cases[i].address))
			fail_msg("\"%s\" became %.*s", cases[i].sent, STR_F(address));
	}
}

static void
rates(void **state)
{
	struct conf_form forms[2] = {
	    {.name = "a", .client_rate = 3, .rate = 5}, {.name = "b", .client_rate = 3, .rate = 5}};
	const struct conf conf = {.forms = forms, .form_count = 2};
	struct web_rates *made = web_rates_new(&conf);
	const int64_t hour = INT64_C(3600) * 1000000;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(web_rates_take(made, &forms[0], STR("192.0.2.0"), 0));
	assert_false(web_rates_take(made, &forms[0], STR("192.0.2.0"), hour - 1));
	assert_true(web_rates_take(made, &forms[1], STR("192.0.2.0"), 0));
	assert_true(web_rates_take(made, &forms[0], STR("192.0.3.0"), 0));
	assert_true(web_rates_take(made, &forms[0], STR("192.0.4.0"), 0));
	assert_false(web_rates_take(made, &forms[0], STR("192.0.5.0"), 0));
	assert_int_equal(web_rates_refused(made, 0), 2);
	assert_int_equal(web_rates_refused(made, 2000000), 0);
	assert_true(web_rates_take(made, &forms[0], STR("192.0.2.0"), hour));
	web_rates_free(&made);
}

static void
script_is_small_and_plain(void **state)
{
	struct conf_campaign campaign = {.name = "c", .tracking_url = "https://t.x.example/m"};
	struct conf_form form = {.name = "news",
	    .campaign = "c",
	    .title = "</script><b>\"\xe2\x80\xa8",
	    .text = "",
	    .consent = "I agree & <want>",
	    .button = "Go"};
	struct conf conf = {.campaigns = &campaign,
	    .campaign_count = 1,
	    .forms = &form,
	    .form_count = 1,
	    .tracking_url = ""};
	struct liquid_texts *texts = liquid_texts_new();
	const struct liquid_language *language;
	struct fixture *f = *state;
	struct buf out;

	assert_int_equal(
	    liquid_texts_add(texts, STR("en"), STR("en"),
		STR("{\"form\": {\"email\": \"Post & \\\"bags\\\"\", \"trap\": \"no\", "
		    "\"close\": \"Shut\", \"button\": \"unseen\"}}"),
		&f->err),
	    0);
	assert_int_equal(liquid_texts_done(texts, STR("en"), &f->err), 0);
	language = liquid_texts_default(texts);
	buf_init(&out, 65536);
	assert_int_equal(
	    form_write_script(&conf, &form, language, STR("stamp"), f->arena, &out, &f->err), 0);
	assert_true(out.len < 4096);
	assert_true(str_has(buf_str(&out), STR("\"action\":\"https://t.x.example/m/f/news\"")));
	assert_false(str_has(buf_str(&out), STR("\xe2\x80\xa8")));
	assert_true(str_has(buf_str(&out), STR("\"email\":\"Post & \\\"bags\\\"\"")));
	assert_true(str_has(buf_str(&out), STR("\"button\":\"Go\"")));
	buf_reset(&out);
	assert_int_equal(form_write_html(&conf, &form, language, f->arena, &out, &f->err), 0);
	assert_true(str_has(buf_str(&out), STR("Post &amp; &quot;bags&quot;</label>")));
	assert_true(str_has(buf_str(&out), STR(">Go</button>")));
	form.button = "";
	buf_reset(&out);
	assert_int_equal(form_write_html(&conf, &form, language, f->arena, &out, &f->err), 0);
	assert_true(str_has(buf_str(&out), STR(">unseen</button>")));
	assert_true(str_has(buf_str(&out), STR("I agree &amp; &lt;want&gt;")));
	buf_fini(&out);
	liquid_texts_free(&texts);
}

static void
signups(void **state)
{
	const struct store_signup news = {.address = STR("Ada@X.example"),
	    .form = STR("news"),
	    .created_ms = 1000,
	    .expires_ms = 5000,
	    .mailed = true,
	    .client = STR("192.0.2.0"),
	    .consent = STR("00"),
	    .language = STR(""),
	    .fields = STR("{\"a\":1}")};
	struct fixture *f = *state;
	struct store_signup back;
	int64_t first, second;

	assert_int_equal(store_signup_put(f->store, &news, &first, &f->err), 0);
	assert_int_equal(store_signup_put(f->store, &news, &second, &f->err), 0);
	assert_int_equal(store_signup_mailed(f->store, STR("ada@x.EXAMPLE"), 1000, &f->err), 2);
	assert_int_equal(store_signup_mailed(f->store, STR("ada@x.example"), 1001, &f->err), 0);
	assert_int_equal(store_signup_get(f->store, first, f->arena, &back, &f->err), 1);
	assert_true(str_is(back.fields, "{\"a\":1}"));
	assert_int_equal(store_signup_confirmed(f->store, &back, 2000, &f->err), 0);
	assert_int_equal(store_signup_get(f->store, first, f->arena, &back, &f->err), 1);
	assert_int_equal(back.confirmed_ms, 2000);
	assert_true(str_is(back.fields, "{}"));
	assert_int_equal(store_signup_get(f->store, second, f->arena, &back, &f->err), 0);
	assert_int_equal(store_signup_purge(f->store, 5000, 10, &f->err), 0);
	assert_int_equal(store_signup_get(f->store, first, f->arena, &back, &f->err), 1);
	assert_int_equal(store_signup_purge(f->store, 5001, 10, &f->err), 0);
	assert_int_equal(store_signup_get(f->store, first, f->arena, &back, &f->err), 0);
	assert_int_equal(store_signup_put(f->store, &news, &second, &f->err), 0);
	assert_true(second > first);
	assert_int_equal(store_contact_delete(f->store, STR("ada@x.example"), &f->err), 1);
	assert_int_equal(store_signup_get(f->store, second, f->arena, &back, &f->err), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(fields),
	    STORE_TEST(field_rows),
	    STORE_TEST(addresses),
	    STORE_TEST(rates),
	    STORE_TEST(script_is_small_and_plain),
	    STORE_TEST(signups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
