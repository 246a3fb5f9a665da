/* SPDX-License-Identifier: BSD-2-Clause
 *
 * liquid_standard_test: the filters of the language, and dates
 */
#include "liquid_fixture.h"

static void
text_filters(void **state)
{
	static const struct sample samples[] = {
	    {"{{ x | default: 'd' }}{{ e | default: 'd' }}{{ 'a' | default: 'd' }}", PEOPLE, "dda"},
	    {"{{ false | default: 1 }}{{ false | default: 1, allow_false: true }}", NULL, "1false"},
	    {"{{ 'éCOLE straße' | capitalize }}|{{ 'straße é' | upcase }}|{{ 'ÉÀ' | downcase }}",
		NULL, "École straße|STRASSE É|éà"},
	    {"{{ v | escape }}", "{\"v\":\"<a href=\\\"x\\\">&'\"}",
		"&lt;a href=&quot;x&quot;&gt;&amp;&#39;"},
	    {"{{ '<&lt;&#39;&x' | escape_once }}", NULL, "&lt;&lt;&#39;&amp;x"},
	    {"[{{ ' a ' | strip }}][{{ ' a ' | lstrip }}][{{ ' a ' | rstrip }}]", NULL,
		"[a][a ][ a]"},
	    {"{{ '<p>Hi <b>you</b><!-- x --><script>1<2</script></p> 1 < 2' | strip_html }}", NULL,
		"Hi you 1 < 2"},
	    {"{{ v | strip_newlines }}|{{ v | newline_to_br }}", "{\"v\":\"a\\r\\nb\\nc\"}",
		"abc|a<br />\nb<br />\nc"},
	    {"{{ 'b' | append: 'c' | prepend: 'a' }}", NULL, "abc"},
	    {"{{ 'aXbX' | replace: 'X', '-' }}{{ 'aXbX' | replace_first: 'X', '-' }}"
	     "{{ 'aXbX' | replace_last: 'X', '-' }}",
		NULL, "a-b-a-bXaXb-"},
	    {"{{ 'aXbX' | remove: 'X' }} {{ 'aXbX' | remove_first: 'X' }} "
	     "{{ 'aXbX' | remove_last: 'X' }}",
		NULL, "ab abX aXb"},
	    {"{{ 'é1' | replace: '', '-' }}", NULL, "-é-1-"},
	    {"{{ 'Grüße an alle' | truncate: 8 }}|{{ 'abc' | truncate: 2, '' }}|"
	     "{{ 'abc' | truncate: 3 }}",
		NULL, "Grüße...|ab|abc"},
	    {"{{ 'a  b c' | truncatewords: 2 }}|{{ 'a b' | truncatewords: 2 }}|"
	     "{{ 'a b c' | truncatewords: 1, '!' }}",
		NULL, "a b...|a b|a!"},
	    {"{{ 'a,b,,' | split: ',' | size }}{{ ' a  b ' | split: ' ' | join: '-' }}"
	     "{{ 'éa' | split: '' | join: '-' }}",
		NULL, "2a-bé-a"},
	    {"{{ s | slice: 1 }}{{ s | slice: -3, 2 }}{{ s | slice: 9 }}{{ ns | slice: 1, 2 }}",
		PEOPLE, "éll12"},
	    {"{{ 'é &=/~' | url_encode }} {{ '%C3%A9+%2B%zz' | url_decode }}", NULL,
		"%C3%A9+%26%3D%2F%7E é +%zz"},
	    {"{{ o | json }}{{ ns | json }}{{ 'a\"b' | json }}{{ nil | json }}", PEOPLE,
		"{\"x\":1,\"y\":\"z\"}[3,1,2]\"a\\"
		"\"b\"null"},
	    {"{{ 12.5 | money: 'eur' }}|{{ 1234567.891 | money: 'USD', 'en' }}|"
	     "{{ -1234.5 | money: 'EUR', 'de' }}|{{ 1234.5 | money: 'JPY' }}|{{ '7' | money }}",
		NULL, "12.50 EUR|$1,234,567.89|-1.234,50\xc2\xa0€|1235 JPY|7.00"},
	    {"{{ 'free' | money: 'EUR' }}{{ nil | money: 'EUR' }}", NULL, "free"},
	    {"{{ s | nothing_known }}", PEOPLE, "héllo"},
	    {"{{ 1 | append: 2.0 }}{{ ns | upcase }}", PEOPLE, "12.0[3, 1, 2]"},
	};

	(void)state;
	check_all(LIQUID_TEXT, samples, COUNT(samples));
}

static void
digest_filters(void **state)
{
	static const struct sample samples[] = {
	    {"{{ 'one two' | base64_encode }} {{ 'b25lIHR3bw==' | base64_decode }}", NULL,
		"b25lIHR3bw== one two"},
	    {"{{ '_#/.' | base64_url_safe_encode }} {{ '4pyF' | base64_url_safe_decode }} "
	     "{{ 'YQ' | base64_url_safe_decode }}{{ '' | base64_decode }}",
		NULL, "XyMvLg== ✅ a"},
	    {"{{ 'abc' | md5 }} {{ 'abc' | sha1 }}", NULL,
		"900150983cd24fb0d6963f7d28e17f72 a9993e364706816aba3e25717850c26c9cd0d89d"},
	    {"{{ '' | sha256 }}", NULL,
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	    /* RFC 4231, test case 2 */
	    {"{{ 'what do ya want for nothing?' | hmac_sha256: 'Jefe' }}", NULL,
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
	};
	struct attempt attempt = attempt_in(LIQUID_TEXT);

	(void)state;
	check_all(LIQUID_TEXT, samples, COUNT(samples));
	check_error(&attempt, "{{ 'a' | base64_decode }}", ERR_TEMPLATE,
	    "t:1:10: the text is not valid base64");
	check_error(&attempt, "{{ 'a*==' | base64_decode }}", ERR_TEMPLATE,
	    "t:1:13: the text is not valid base64");
}

static void
list_filters(void **state)
{
	static const struct sample samples[] = {
	    {"{{ ns | sort | join }}{{ ns | reverse | join: '' }}", PEOPLE, "1 2 3213"},
	    {"{{ ps | sort: 'n' | map: 'n' | join }}|{{ ps | sort: 'v' | map: 'n' | join }}",
		PEOPLE, "a b c|a b c"},
	    {"{{ 'b,A,c,a' | split: ',' | sort | join }}|"
	     "{{ 'b,A,c,a' | split: ',' | sort_natural | join }}",
		NULL, "A a b c|A a b c"},
	    {"{{ ps | where: 'v', 2 | map: 'n' | join }}{{ ps | where: 'x' | size }}", PEOPLE,
		"b c0"},
	    {"{{ ps | reject: 'v', 2 | map: 'n' | join }}", PEOPLE, "a"},
	    {"{{ a | uniq | join }}{{ ps | uniq: 'v' | map: 'n' | join }}",
		"{\"a\":[1,\"1\",1.0,1,\"1\"],\"ps\":[{\"n\":\"x\",\"v\":1},{\"n\":\"y\",\"v\":1}]"
		"}",
		"1 1 1.0x"},
	    {"{{ a | compact | size }}{{ a | size }}", "{\"a\":[1,null,2,null]}", "24"},
	    {"{{ ns | concat: ns | join: '' }}", PEOPLE, "312312"},
	    {"{{ ns | first }}{{ ns | last }}{{ ns | sum }}{{ ps | sum: 'v' }}", PEOPLE, "3265"},
	    {"{{ s | first }}{{ s | last }}[{{ e | first }}{{ 5 | last }}]", PEOPLE, "ho[]"},
	    {"{{ ps | find: 'v', 2 | map: 'n' }}{{ ps | find_index: 'n', 'a' }}"
	     "{{ ps | has: 'n', 'q' }}",
		PEOPLE, "b1false"},
	    {"{{ a | join: ',' }}", "{\"a\":[[1,[2]],null,3]}", "1,2,,3"},
	    {"{{ nil | join }}{{ nil | sort }}{{ 5 | size }}{{ (1..4) | join: '' }}", NULL,
		"81234"},
	};

	(void)state;
	check_all(LIQUID_TEXT, samples, COUNT(samples));
}

static void
number_filters(void **state)
{
	static const struct sample samples[] = {
	    {"{{ 1 | plus: 2 }} {{ 0.1 | plus: 0.2 }} {{ '3' | plus: '4.0' }} {{ x | plus: 1 }}",
		NULL, "3 0.3 7.0 1"},
	    {"{{ 5 | minus: 7 }} {{ 3 | times: 1.1 }} {{ 4.35 | times: 100 }}", NULL,
		"-2 3.3 435.0"},
	    {"{{ 7 | divided_by: 2 }} {{ -7 | divided_by: 2 }} {{ 7 | divided_by: 2.0 }} "
	     "{{ 20 | divided_by: 7.0 }}",
		NULL, "3 -4 3.5 2.857142857142857"},
	    {"{{ 7 | modulo: 3 }} {{ -7 | modulo: 3 }} {{ 7.5 | modulo: 2 }}", NULL, "1 2 1.5"},
	    {"{{ 2.5 | round }} {{ -2.5 | round }} {{ 1.005 | round: 2 }} {{ 15 | round: -1 }} "
	     "{{ 3 | round: 2 }}",
		NULL, "3 -3 1.01 20 3"},
	    {"{{ 1.2 | floor }} {{ -1.2 | floor }} {{ 1.2 | ceil }} {{ -1.2 | ceil }}", NULL,
		"1 -2 2 -1"},
	    {"{{ -3 | abs }} {{ '-1.5' | abs }} {{ 3 | at_least: 5 }} {{ 3 | at_most: 2.5 }}", NULL,
		"3 1.5 5 2.5"},
	    {"{{ 100000000000000000000.0 }} {{ 0.00001 }} {{ 1234567.0 }} {{ 0.1 }} {{ 1.0 }}",
		NULL, "1.0e+20 1.0e-05 1234567.0 0.1 1.0"},
	    {"{{ 9223372036854775807 | plus: 1 }} {{ 9223372036854775807 | times: 2 }}", NULL,
		"9.223372036854776e+18 1.8446744073709552e+19"},
	    {"{{ '12abc' | plus: 1 }} {{ 'abc' | plus: 1 }}", NULL, "13 1"},
	    {"{{ 0.0725 | minus: 10099999999990000000000000000020590618420 }} "
	     "{{ 99999999999999999999999999999999999999 | plus: 0.5 | round: 1 | abs }}",
		NULL, "-1.009999999999e+40 1.0e+38"},
	    {"{{ 999999999999999.9 }} {{ 1000000000000000.0 }}", NULL, "999999999999999.9 1.0e+15"},
	    {"{{ v | ceil }} {{ v | round: 2 }} {{ v | plus: 4.5 }}",
		"{\"v\":2.451093526405581e-07}", "1 0.0 4.500000245109352"},
	    {"{{ v | times: 0.10661605284091957 }}", "{\"v\":753.7086444274059}",
		"80.35744066093017"},
	};

	(void)state;
	check_all(LIQUID_TEXT, samples, COUNT(samples));
}

static void
dates(void **state)
{
	static const struct sample samples[] = {
	    {"{{ 'now' | date: '%Y-%m-%d %H:%M:%S' }}", NULL, "2024-01-01 00:01:58"},
	    {"{{ 'March 14, 2016' | date: '%b %d, %y %T' }}", NULL, "Mar 14, 16 00:00:00"},
	    {"{{ 'Wed, 31 Jan 2024 23:05:09 -0500 (EST)' | date: '%F %T %z' }}", NULL,
		"2024-01-31 23:05:09 -0500"},
	    {"{{ '5 may 99' | date: '%F %H' }} {{ '2nd of feb 2020' | date: '%F %H' }}", NULL,
		"1999-05-05 00 2020-02-02 00"},
	    {"{{ '2016-03-04T05:06:07Z' | date: '%-d.%-m. %e %k %l %I %p %P %j %s' }}", NULL,
		"4.3.  4  5  5 05 AM am 064 1457067967"},
	    {"{{ '2016-03-04 05:06:07 +0130' | date: '%H:%M %z %:z %Z|' }}", NULL,
		"05:06 +0130 +01:30 |"},
	    {"{{ 0 | date: '%A %^a %B %C %D %F %T %R %r %c %x %X %u %w %U %W %V %G %g' }}", NULL,
		"Thursday THU January 19 01/01/70 1970-01-01 00:00:00 00:00 12:00:00 AM "
		"Thu Jan  1 00:00:00 1970 01/01/70 00:00:00 4 4 00 00 01 1970 70"},
	    {"{{ '1152098955' | date: '%m/%d/%Y' }}", NULL, "07/05/2006"},
	    {"{{ '14.3.2016 15:30' | date: '%Y%m%dT%H%M' }} {{ '3pm' | date: '%H' }}", NULL,
		"20160314T1530 15"},
	    {"{{ 0 | date: '%05d %_m %010Y %3N %L %q %%' }}", NULL,
		"00001  1 0000001970 000 000 %q %"},
	    {"{{ 'no date' | date: '%Y' }} {{ '31/02/2020' | date: '%F' }} {{ '2020-13-01' | date: "
	     "'%Y' }}",
		NULL, "no date 2020-03-02 2020-13-01"},
	    {"{{ nil | date: '%Y' }}{{ 0 | date: '' }}", NULL, "0"},
	};
	static const struct sample berlin[] = {
	    {"{{ 'now' | date: '%F %T %Z %z' }}", NULL, "2024-01-01 01:01:58 CET +0100"},
	    {"{{ '2024-07-01T12:00:00Z' | date: '%H %Z' }}", NULL, "14 CEST"},
	    {"{{ '2024-07-01 12:00' | date: '%H %z' }}", NULL, "12 +0200"},
	    {"{{ 1719828000 | date: '%H' }}", NULL, "12"},
	};
	struct attempt attempt = attempt_in(LIQUID_TEXT);

	(void)state;
	check_all(LIQUID_TEXT, samples, COUNT(samples));
	attempt.render.time_zone = "Europe/Berlin";
	for (size_t i = 0; i < COUNT(berlin); i++)
		check(&attempt, &berlin[i]);
	attempt.render.time_zone = "../../../etc/passwd";
	check(&attempt, &(struct sample){"{{ 0 | date: '%H %Z' }}", NULL, "00 UTC"});
	attempt.render.time_zone = "No/Where";
	check(&attempt, &(struct sample){"{{ 0 | date: '%H %Z' }}", NULL, "00 UTC"});
	/* An hour that summer time leaves out, and one that it gives twice. */
	attempt = attempt_in(LIQUID_TEXT);
	attempt.render.time_zone = "Europe/Vienna";
	check(&attempt,
	    &(struct sample){"{{ '2026-03-29 02:30' | date: '%F %T %z' }} "
			     "{{ '2026-10-25 02:30' | date: '%T %z' }}",
		NULL, "2026-03-29 03:30:00 +0200 02:30:00 +0100"});
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_filters),
	    cmocka_unit_test(digest_filters),
	    cmocka_unit_test(list_filters),
	    cmocka_unit_test(number_filters),
	    cmocka_unit_test(dates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
