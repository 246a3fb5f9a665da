/* SPDX-License-Identifier: BSD-2-Clause
 *
 * liquid_filter_test: the filters for words and numbers of the reader's language: pluralize,
 * time_ago, phone, money
 */
#include "liquid/liquid.h"
#include "liquid/phone.h"
#include "liquid/plural.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
/* 2024-01-01T00:01:58Z */
#define NOW INT64_C(1704067318000)

static const struct liquid_limits roomy = {
    .source = 1 << 20, .steps = 1000000, .output = 1 << 20, .depth = 50};

struct setting {
	enum liquid_mode mode;
	struct liquid_render_options render;
	struct liquid_value globals;
};

static struct setting
setting_at(int64_t now_ms, const char *zone)
{
	return (struct setting){
	    .mode = LIQUID_TEXT, .render = {.now_ms = now_ms, .time_zone = zone}};
}

static int
render_into(const struct setting *setting, const char *template, struct arena *arena,
    struct str *output_r, struct err *err)
{
	struct liquid_options options = {.mode = setting->mode, .strict = true, .limits = roomy};
	struct liquid_program *program;
	int ret;

	if (liquid_compile(&program, STR("t"), str_c(template), &options, err) < 0)
		return -1;
	ret = liquid_render(program, &setting->globals, &setting->render, arena, output_r, err);
	liquid_free(&program);
	return ret;
}

static void
check(const struct setting *setting, const char *template, const char *result)
{
	struct arena *arena = arena_new((size_t)1 << 24);
	struct str output = STR_NONE;
	struct err err = ERR_INIT;

	if (render_into(setting, template, arena, &output, &err) < 0)
		fail_msg("%s: expected \"%s\", got the error %s", template, result, err.text);
	if (!str_is(output, result))
		fail_msg("%s: expected \"%s\", got \"%.*s\"", template, result, STR_F(output));
	arena_free(&arena);
}

static void
check_error(
    const struct setting *setting, const char *template, enum err_code code, const char *text)
{
	struct arena *arena = arena_new((size_t)1 << 24);
	struct str output = STR_NONE;
	struct err err = ERR_INIT;

	if (render_into(setting, template, arena, &output, &err) == 0)
		fail_msg("%s: expected an error, got \"%.*s\"", template, STR_F(output));
	assert_string_equal(err.text, text);
	assert_int_equal(err.code, code);
	arena_free(&arena);
}

struct sample {
	const char *template;
	const char *result;
};

static void
check_all(const struct setting *setting, const struct sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check(setting, samples[i].template, samples[i].result);
}

/* Numbers by category, as the chart of CLDR's language plural rules lists them. */
static void
categories(void **state)
{
	static const struct {
		const char *locale;
		const char *numbers[PLURAL_COUNT]; /* zero one two few many other */
	} rows[] = {
	    {"en", {"", "1", "", "", "", "0 2 11 21 1.0 0.5 1000000"}},
	    {"de_AT.UTF-8", {"", "1", "", "", "", "0 2 1.0 1.5"}},
	    {"xx", {"", "1", "", "", "", "0 2 1.0"}},
	    {"hu", {"", "1 1.0", "", "", "", "0 2 0.1"}},
	    {"da", {"", "1 0.1 1.6", "", "", "", "0 2 0.0 2.0"}},
	    {"is", {"", "1 21 1.0 0.1 2.1", "", "", "", "0 2 11 111 1.2"}},
	    {"fr", {"", "0 1 0.0 1.5", "", "", "1000000 2000000", "2 17 2.0 1000001"}},
	    {"pt-BR", {"", "0 1 1.5", "", "", "1000000", "2"}},
	    {"pt_PT", {"", "1", "", "", "1000000", "0 2 1.5 1.0"}},
	    {"es-MX", {"", "1 1.0", "", "", "1000000", "0 2 1.5"}},
	    {"it", {"", "1", "", "", "1000000", "0 1.0 1.5"}},
	    {"hi", {"", "0 1 0.5 1.0", "", "", "", "2 1.1"}},
	    {"ja", {"", "", "", "", "", "0 1 2 1.5"}},
	    {"zh-Hans-CN", {"", "", "", "", "", "0 1 2"}},
	    {"vi", {"", "", "", "", "", "1"}},
	    {"th", {"", "", "", "", "", "1"}},
	    {"id", {"", "", "", "", "", "1"}},
	    {"ko", {"", "", "", "", "", "1"}},
	    {"ru", {"", "1 21 101", "", "2 4 22 104", "0 5 11 12 14 20 111 1000000", "1.0 1.5"}},
	    {"uk", {"", "1 31", "", "3 23", "0 6 13", "0.1 2.0"}},
	    {"be", {"", "1 21 1.0", "", "2 3.0", "0 5 11 5.0", "0.1 1.5"}},
	    {"sr", {"", "1 21 0.1 1.1", "", "2 24 0.2 1.3", "", "0 5 11 12 0.5 1.0 0.11"}},
	    {"hr", {"", "1 101", "", "3", "", "12"}},
	    {"bs", {"", "1", "", "4", "", "14"}},
	    {"mk", {"", "1 21 0.1", "", "", "", "0 2 11 0.2"}},
	    {"pl", {"", "1", "", "2 4 22 104", "0 5 12 14 21 25 112", "1.0 1.5"}},
	    {"cs", {"", "1", "", "2 3 4", "0.0 1.5 5.0", "0 5 22 100"}},
	    {"sk", {"", "1", "", "2", "0.5", "0 5"}},
	    {"ro", {"", "1", "", "0 2 19 101 119 1.5", "", "20 35 100 120"}},
	    {"lt", {"", "1 21 1.0", "", "2 9 22", "0.1 1.5", "0 10 11 19 30 111"}},
	    {"lv", {"0 10 11 19 30 0.0 0.11", "1 21 0.1 1.21", "", "", "", "2 9 22 0.2 1.22"}},
	    {"sl", {"", "1 101", "2 102", "3 4 103 0.5 1.0", "", "0 5 100"}},
	    {"ar", {"0 0.0", "1 1.0", "2 2.00", "3 10 103", "11 26 99 111", "100 102 200 0.1"}},
	    {"he", {"", "1 0.5 0.0", "2", "", "", "0 3 20 100 1.0 1.5 2.0"}},
	    {"cy", {"0", "1", "2", "3 3.0", "6", "4 5 7 0.1"}},
	    {"ga", {"", "1", "2", "3 6", "7 10", "0 11 1.5"}},
	    {"gd", {"", "1 11", "2 12", "3 10 13 19", "", "0 20 21"}},
	    {"mt", {"", "1", "2", "0 3 10 103", "11 19 111", "20 100 0.1"}},
	    {"br", {"", "1 21 81", "2 22", "3 4 9 23", "1000000", "0 5 11 12 13 71 72 73 91"}},
	    {"fil", {"", "0 1 2 3 5 13 0.1", "", "", "", "4 6 9 14 0.4"}},
	    {"si", {"", "0 1 0.1", "", "", "", "2 0.2"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t plural = 0; plural < PLURAL_COUNT; plural++) {
			struct str rest = str_c(rows[i].numbers[plural]);
			struct str text;

			while (str_split(&rest, ' ', &text)) {
				struct number number;
				enum plural found;

				if (text.n == 0)
					continue;
				assert_true(number_parse(text, &number));
				found = plural_of(number, str_c(rows[i].locale));
				if (found != plural)
					fail_msg("%s %.*s: expected %s, got %s", rows[i].locale,
					    STR_F(text), plural_names[plural], plural_names[found]);
			}
		}
	}
}

#define FILES " | pluralize: one: 'файл', few: 'файла', many: 'файлов', locale: 'ru' }}"
#define SHOES " | pluralize: 'shoe', 'shoes' }}"

static void
plurals(void **state)
{
	static const struct sample samples[] = {
	    {"{{ 1" SHOES, "shoe"},
	    {"{{ 0" SHOES, "shoes"},
	    {"{{ 2" SHOES, "shoes"},
	    {"{{ -1" SHOES, "shoes"},
	    {"{{ 1.0" SHOES, "shoe"},
	    {"{{ 1.5" SHOES, "shoes"},
	    {"{{ '1'" SHOES, "shoe"},
	    {"{{ ' 1 '" SHOES, "shoe"},
	    {"{{ '1 left'" SHOES, "shoe"},
	    {"{{ 'none'" SHOES, "shoes"},
	    {"{{ nil" SHOES, "shoes"},
	    {"{{ true" SHOES, "shoes"},
	    {"{{ 1 | pluralize: 'item' }} {{ 3 | pluralize: 'item' }}", "item items"},
	    {"{{ 3 | pluralize: 'item', locale: 'en-GB' }}", "items"},
	    {"{{ 3 | pluralize: 'Stück', locale: 'de' }}", "Stück"},
	    {"{{ 0 | pluralize: 'article', 'articles', locale: 'fr' }}", "article"},
	    {"{{ 1.5 | pluralize: 'article', 'articles', locale: 'fr_CA' }}", "article"},
	    {"{{ 2 | pluralize: 'article', 'articles', locale: 'fr' }}", "articles"},
	    {"{{ 1.0 | pluralize: 'item', 'items', locale: 'en' }}", "items"},
	    {"{{ -1 | pluralize: 'degree', 'degrees', locale: 'en' }}", "degree"},
	    {"{{ 1" FILES, "файл"},
	    {"{{ 22" FILES, "файла"},
	    {"{{ '111'" FILES, "файлов"},
	    {"{{ 1.5" FILES, "файла"},
	    {"{{ '2.0'" FILES, "файла"},
	    {"{{ nil" FILES, "файлов"},
	    {"{{ 5 | pluralize: one: 'a', few: 'b', locale: 'pl' }}", "b"},
	    {"{{ 3 | pluralize: one: 'a', other: 'c', locale: 'pl' }}", "c"},
	    {"{{ 3 | pluralize: 'a', 'c', few: 'b', locale: 'pl' }}", "b"},
	    {"{{ 0 | pluralize: zero: 'none', other: 'some', locale: 'ar' }}", "none"},
	    {"{{ 0 | pluralize: zero: 'none', other: 'some' }}", "some"},
	    {"{{ 2 | pluralize: zero: 'a', one: 'b', locale: 'en' }}", "b"},
	    {"{{ 2 | pluralize: zero: 'a', locale: 'en' }}", "a"},
	    {"{{ 3 | pluralize: one: 'a', few: missing, other: 'c', locale: 'ru' }}", "c"},
	    {"{{ 3 | pluralize: missing }}{{ 3 | pluralize: locale: 'ru' }}", ""},
	    {"{{ 3 | pluralize: 1, 2, locale: missing }}", "2"},
	    {"{{ '99999999999999999999999999999999999999999999' | pluralize: one: 'a', many: 'm', "
	     "locale: 'ru' }}",
		"m"},
	};
	struct setting setting = setting_at(NOW, NULL);

	(void)state;
	check_all(&setting, samples, COUNT(samples));
	check_error(&setting, "{{ 1 | pluralize }}", ERR_TEMPLATE,
	    "t:1:8: pluralize needs the forms of a word");
	check_error(&setting, "{{ 1 | pluralize: one: 'a', fev: 'b' }}", ERR_TEMPLATE,
	    "t:1:8: pluralize takes zero, one, two, few, many, other and locale, not 'fev'");
	check_error(&setting, "{{ 1 | pluralize: 'a', 'b', 'c' }}", ERR_TEMPLATE,
	    "t:1:8: filter 'pluralize' takes 0 to 2 argument(s), found 3");
}

struct moment {
	const char *date;
	const char *result;
};

/* Dates around 2024-05-15 12:00:00 UTC, a Wednesday. */
static void
check_moments(const char *options, const char *zone, const struct moment *moments, size_t count)
{
	struct setting setting = setting_at(INT64_C(1715774400000), zone);
	char template[200];

	for (size_t i = 0; i < count; i++) {
		snprintf(
		    template, sizeof template, "{{ '%s' | time_ago%s }}", moments[i].date, options);
		check(&setting, template, moments[i].result);
	}
}

static void
thresholds(void **state)
{
	static const struct moment moments[] = {
	    {"now", "now"},
	    {"2024-05-15 12:00:00", "now"},
	    {"2024-05-15T14:00:00+02:00", "now"},
	    {"1715774399", "1 second ago"},
	    {"2024-05-15 12:00:01", "in 1 second"},
	    {"2024-05-15 11:59:16", "44 seconds ago"},
	    {"2024-05-15 11:59:15", "1 minute ago"},
	    {"2024-05-15 11:58:31", "1 minute ago"},
	    {"2024-05-15 11:58:30", "2 minutes ago"},
	    {"2024-05-15 11:15:31", "44 minutes ago"},
	    {"2024-05-15 11:15:30", "1 hour ago"},
	    {"2024-05-15 10:30:01", "1 hour ago"},
	    {"2024-05-15 10:30:00", "2 hours ago"},
	    {"2024-05-15 14:00:00", "in 2 hours"},
	    {"2024-05-14 14:30:01", "21 hours ago"},
	    {"2024-05-14 14:30:00", "1 day ago"},
	    {"2024-05-14 00:00:00", "1 day ago"},
	    {"2024-05-13 23:59:59", "2 days ago"},
	    {"2024-05-16 11:00:00", "in 1 day"},
	    {"2024-05-18 00:00:00", "in 3 days"},
	    {"2024-04-20", "25 days ago"},
	    {"2024-04-19", "1 month ago"},
	    {"2024-03-29", "2 months ago"},
	    {"2024-03-30", "1 month ago"},
	    {"2024-06-15", "in 1 month"},
	    {"2023-06-15", "11 months ago"},
	    {"2023-05-15", "1 year ago"},
	    {"2022-11-30", "1 year ago"},
	    {"2022-11-29", "2 years ago"},
	    {"2034-05-15", "in 10 years"},
	    {"0001-01-01", "2023 years ago"},
	};
	struct setting late = setting_at(INT64_C(1715817000000), NULL); /* 23:50 */
	struct setting leap = setting_at(INT64_C(1709164800000), NULL); /* 2024-02-29 */

	(void)state;
	check_moments("", NULL, moments, COUNT(moments));
	check(&late, "{{ '2024-05-15 00:10:00' | time_ago }}", "24 hours ago");
	check(&late, "{{ '2024-05-16 23:59:00' | time_ago }}", "in 1 day");
	check(&leap, "{{ '2023-03-01' | time_ago }}", "1 year ago");
	check(&leap, "{{ '2024-01-31' | time_ago }}", "1 month ago");
	check(&leap, "{{ '2025-02-28' | time_ago }}", "in 1 year");
}

/* The same moments lie on other days elsewhere. */
static void
zones(void **state)
{
	static const struct moment berlin[] = {
	    {"2024-05-13T21:59:59Z", "2 days ago"},
	    {"2024-05-13T22:00:00Z", "1 day ago"},
	    {"2024-05-15 14:00", "now"},
	};
	static const struct moment auckland[] = {
	    {"2024-05-14T11:59:59Z", "2 days ago"},
	    {"2024-05-14T12:00:00Z", "1 day ago"},
	};

	(void)state;
	check_moments("", "Europe/Berlin", berlin, COUNT(berlin));
	check_moments("", "Pacific/Auckland", auckland, COUNT(auckland));
}

static void
named_days(void **state)
{
	static const struct moment english[] = {
	    {"2024-05-14 10:00", "yesterday"},
	    {"2024-05-16 23:00", "tomorrow"},
	    {"2024-05-15 08:00", "4 hours ago"},
	    {"2024-05-13 23:00", "2 days ago"},
	    {"2024-05-14 23:00", "13 hours ago"},
	};
	static const struct moment always[] = {{"2024-05-14 10:00", "1 day ago"}};
	static const struct moment french[] = {{"2024-05-14 10:00", "hier"}};

	(void)state;
	check_moments(": numeric: 'auto'", NULL, english, COUNT(english));
	check_moments(": numeric: 'always'", NULL, always, COUNT(always));
	check_moments(": 'fr', numeric: 'auto'", NULL, french, COUNT(french));
}

static void
languages(void **state)
{
	static const struct {
		const char *locale;
		const char
		    *results[7]; /* 5 min, 1 h, 3 days, 2 months ago; in 2 h, 5 days, 5 years */
	} rows[] = {
	    {"en",
		{"5 minutes ago", "1 hour ago", "3 days ago", "2 months ago", "in 2 hours",
		    "in 5 days", "in 5 years"}},
	    {"de_AT.UTF-8",
		{"vor 5 Minuten", "vor 1 Stunde", "vor 3 Tagen", "vor 2 Monaten", "in 2 Stunden",
		    "in 5 Tagen", "in 5 Jahren"}},
	    {"fr-CA",
		{"il y a 5 minutes", "il y a 1 heure", "il y a 3 jours", "il y a 2 mois",
		    "dans 2 heures", "dans 5 jours", "dans 5 ans"}},
	    {"es",
		{"hace 5 minutos", "hace 1 hora", "hace 3 días", "hace 2 meses",
		    "dentro de 2 horas", "dentro de 5 días", "dentro de 5 años"}},
	    {"it",
		{"5 minuti fa", "1 ora fa", "3 giorni fa", "2 mesi fa", "tra 2 ore", "tra 5 giorni",
		    "tra 5 anni"}},
	    {"nl",
		{"5 minuten geleden", "1 uur geleden", "3 dagen geleden", "2 maanden geleden",
		    "over 2 uur", "over 5 dagen", "over 5 jaar"}},
	    {"pt",
		{"há 5 minutos", "há 1 hora", "há 3 dias", "há 2 meses", "em 2 horas", "em 5 dias",
		    "em 5 anos"}},
	    {"pt_PT",
		{"há 5 minutos", "há 1 hora", "há 3 dias", "há 2 meses", "dentro de 2 horas",
		    "dentro de 5 dias", "dentro de 5 anos"}},
	    {"sv",
		{"för 5 minuter sedan", "för 1 timme sedan", "för 3 dagar sedan",
		    "för 2 månader sedan", "om 2 timmar", "om 5 dagar", "om 5 år"}},
	    {"da",
		{"for 5 minutter siden", "for 1 time siden", "for 3 dage siden",
		    "for 2 måneder siden", "om 2 timer", "om 5 dage", "om 5 år"}},
	    {"no",
		{"for 5 minutter siden", "for 1 time siden", "for 3 døgn siden",
		    "for 2 måneder siden", "om 2 timer", "om 5 døgn", "om 5 år"}},
	    {"fi",
		{"5 minuuttia sitten", "1 tunti sitten", "3 päivää sitten", "2 kuukautta sitten",
		    "2 tunnin päästä", "5 päivän päästä", "5 vuoden päästä"}},
	    {"pl",
		{"5 minut temu", "1 godzinę temu", "3 dni temu", "2 miesiące temu", "za 2 godziny",
		    "za 5 dni", "za 5 lat"}},
	    {"cs",
		{"před 5 minutami", "před 1 hodinou", "před 3 dny", "před 2 měsíci", "za 2 hodiny",
		    "za 5 dní", "za 5 let"}},
	    {"ru",
		{"5 минут назад", "1 час назад", "3 дня назад", "2 месяца назад", "через 2 часа",
		    "через 5 дней", "через 5 лет"}},
	    {"uk-UA",
		{"5 хвилин тому", "1 годину тому", "3 дні тому", "2 місяці тому", "через 2 години",
		    "через 5 днів", "через 5 років"}},
	    {"tr",
		{"5 dakika önce", "1 saat önce", "3 gün önce", "2 ay önce", "2 saat sonra",
		    "5 gün sonra", "5 yıl sonra"}},
	    {"tlh",
		{"5 minutes ago", "1 hour ago", "3 days ago", "2 months ago", "in 2 hours",
		    "in 5 days", "in 5 years"}},
	};
	static const char *const dates[] = {"2024-05-15 11:55", "2024-05-15 11:00", "2024-05-12",
	    "2024-03-15", "2024-05-15 14:00", "2024-05-20", "2029-05-15"};
	char options[64];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t j = 0; j < COUNT(dates); j++) {
			struct moment moment = {dates[j], rows[i].results[j]};

			snprintf(options, sizeof options, ": '%s'", rows[i].locale);
			check_moments(options, NULL, &moment, 1);
			snprintf(options, sizeof options, ": locale: '%s'", rows[i].locale);
			check_moments(options, NULL, &moment, 1);
		}
	}
}

static void
no_dates(void **state)
{
	static const struct sample samples[] = {
	    {"{{ 'soon' | time_ago }}", "soon"},
	    {"{{ '' | time_ago }}{{ nil | time_ago }}", ""},
	    {"{{ 1.5 | time_ago }}", "1.5"},
	    {"{{ true | time_ago: 'de' }}", "true"},
	    {"{{ 99999999999999999 | time_ago }}", "99999999999999999"},
	    {"{{ 1704067318 | time_ago: nil }}", "now"},
	    {"{{ 100000000000000 | time_ago }}", "in 3168820 years"},
	    {"{{ -100000000000000 | time_ago }}", "3168928 years ago"},
	};
	struct setting setting = setting_at(NOW, NULL);

	(void)state;
	check_all(&setting, samples, COUNT(samples));
	check_error(&setting, "{{ 'now' | time_ago: numeric: 'never' }}", ERR_TEMPLATE,
	    "t:1:12: numeric of time_ago is \"always\" or \"auto\"");
	check_error(&setting, "{{ 'now' | time_ago: style: 'short' }}", ERR_TEMPLATE,
	    "t:1:12: time_ago takes locale and numeric, not 'style'");
}

struct call {
	const char *number;
	const char *arguments;
	const char *result;
};

static void
check_calls(const struct call *calls, size_t count)
{
	struct setting setting = setting_at(NOW, NULL);
	char template[300];

	for (size_t i = 0; i < count; i++) {
		snprintf(template, sizeof template, "{{ \"%s\" | phone%s }}", calls[i].number,
		    calls[i].arguments);
		check(&setting, template, calls[i].result);
	}
}

static void
phone_reads(void **state)
{
	static const struct call calls[] = {
	    {"030 123456", ": 'DE'", "+4930123456"},
	    {"030 123456", ": '49'", "+4930123456"},
	    {"030 123456", ": '+49', nil", "+4930123456"},
	    {"030 123456", ": 49", "+4930123456"},
	    {"(030) 12 34-56", ": 'de'", "+4930123456"},
	    {"030/12.34.56", ": 'DE'", "+4930123456"},
	    {"+49 30 123456", ": 'DE'", "+4930123456"},
	    {"+49 (0)30 123456", ": 'DE'", "+4930123456"},
	    {"+49 030 123456", "", "+4930123456"},
	    {"(+49) 30 123456", "", "+4930123456"},
	    {"0049 30 123456", "", "+4930123456"},
	    {"0049 (0) 30 123456", ": 'US'", "+4930123456"},
	    {"011 49 30 123456", ": 'US'", "+4930123456"},
	    {"0011 49 30 123456", ": 'AU'", "+4930123456"},
	    {"8~10 49", ": 'RU'", "8~10 49"},
	    {"8 10 49 30 123456", ": 'RU'", "+4930123456"},
	    {"tel:+49-30-123456", "", "+4930123456"},
	    {"４９", ": 'DE'", "４９"},
	    {"＋４９（０）３０　１２３４５６", "", "+4930123456"},
	    {"+٤٩ ٣٠ ١٢٣٤٥٦", "", "+4930123456"},
	    {"‪+49 30 123456‬", "", "+4930123456"},
	    {"0170 1234567", ": 'DE'", "+491701234567"},
	    {"170 1234567", ": 'DE'", "+491701234567"},
	    {"49 170 1234567", ": 'DE'", "+491701234567"},
	    {"33612345678", ": 'FR'", "+33612345678"},
	    {"020 7946 0958", ": 'GB'", "+442079460958"},
	    {"020 7946 0958", ": 'UK'", "+442079460958"},
	    {"(212) 555-0123", ": 'US'", "+12125550123"},
	    {"1-212-555-0123", ": 'US'", "+12125550123"},
	    {"1.212.555.0123", ": 'CA'", "+12125550123"},
	    {"8 (912) 345-67-89", ": 'RU'", "+79123456789"},
	    {"812 345-67-89", ": 'RU'", "+78123456789"},
	    {"8 727 234 5678", ": 'KZ'", "+77272345678"},
	    {"06 20 123 4567", ": 'HU'", "+36201234567"},
	    {"+36 06 20 123 4567", "", "+36201234567"},
	    {"8 029 123-45-67", ": 'BY'", "+375291234567"},
	    {"8 612 34567", ": 'LT'", "+37061234567"},
	    {"0 612 34567", ": 'LT'", "+37061234567"},
	    {"044 55 1234 5678", ": 'MX'", "+525512345678"},
	    {"+52 1 55 1234 5678", "", "+525512345678"},
	    {"06 1234 5678", ": 'IT'", "+390612345678"},
	    {"+39 (0)6 1234 5678", "", "+390612345678"},
	    {"+39 312 345 6789", "", "+393123456789"},
	    {"0549 886377", ": 'SM'", "+3780549886377"},
	    {"01 23 45 67 89", ": 'CI'", "+2250123456789"},
	    {"612 34 56 78", ": 'ES'", "+34612345678"},
	    {"+45 (0) 32 12 34 56", "", "+4532123456"},
	    {"+47 (0)22 12 34 56", "", "+4722123456"},
	    {"+800 1234 5678", "", "+80012345678"},
	    {"+999 1234 5678", "", "+999 1234 5678"},
	    {"030 123456", "", "030 123456"},
	    {"030 123456", ": 'Germany'", "030 123456"},
	    {"030 123456", ": 'ZZ'", "030 123456"},
	    {"030 123456 ext. 12", ": 'DE'", "+4930123456"},
	    {"030 12", ": 'DE'", "+493012"},
	    {"03", ": 'DE'", "03"},
	    {"0000000", ": 'DE'", "0000000"},
	    {"112", ": 'FR'", "112"},
	    {"+49 30 12345678901234", "", "+49 30 12345678901234"},
	    {"112 555 0123", ": 'US'", "112 555 0123"},
	    {"555-0123", ": 'US'", "555-0123"},
	    {"1-800-FLOWERS", ": 'US'", "1-800-FLOWERS"},
	    {"030 123456 / 030 123457", ": 'DE'", "030 123456 / 030 123457"},
	    {"+49 30 +49", "", "+49 30 +49"},
	    {"-4930123456", ": 'DE'", "-4930123456"},
	    {"call me", ": 'DE'", "call me"},
	    {"+", ": 'DE'", "+"},
	    {"", ": 'DE'", ""},
	    {" - ", ": 'DE'", " - "},
	};

	(void)state;
	check_calls(calls, COUNT(calls));
}

static void
phone_prints(void **state)
{
	static const struct call calls[] = {
	    {"030 123456", ": 'DE', 'e164'", "+4930123456"},
	    {"030 123456", ": 'DE', 'international'", "+49 30123456"},
	    {"+4930123456", ": 'DE', 'national'", "030123456"},
	    {"+4930123456", ": 'FR', 'national'", "+49 30123456"},
	    {"+4930123456", ": '', 'national'", "+49 30123456"},
	    {"2125550123", ": 'US', 'international'", "+1 212-555-0123"},
	    {"2125550123", ": 'CA', 'national'", "(212) 555-0123"},
	    {"0123456789", ": 'FR', 'international'", "+33 1 23 45 67 89"},
	    {"+33123456789", ": 'FR', 'national'", "01 23 45 67 89"},
	    {"612345678", ": 'ES', 'international'", "+34 612 34 56 78"},
	    {"32123456", ": 'DK', 'national'", "32 12 34 56"},
	    {"21234567", ": 'NO', 'international'", "+47 21 23 45 67"},
	    {"40612345", ": 'NO', 'international'", "+47 406 12 345"},
	    {"512345678", ": 'PL', 'international'", "+48 512 345 678"},
	    {"+79123456789", ": 'RU', 'national'", "8 (912) 345-67-89"},
	    {"+375291234567", ": 'BY', 'national'", "8 0291234567"},
	    {"0612345678", ": 'NL', 'international'", "+31 6 12345678"},
	    {"0781234567", ": 'CH', 'national'", "078 123 45 67"},
	    {"+36201234567", ": 'HU', 'national'", "06201234567"},
	    {"+390612345678", ": 'IT', 'national'", "0612345678"},
	    {"+61412345678", ": 'AU', 'national'", "0412 345 678"},
	    {"+5511961234567", ": 'BR', 'national'", "(11) 96123-4567"},
	    {"+552223456789", ": 'BR', 'national'", "(22) 2345-6789"},
	    {"+525512345678", ": 'MX', 'national'", "551 234 5678"},
	    {"+998901234567", ": 'UZ', 'national'", "901234567"},
	    {"+8613123456789", ": 'CN', 'national'", "131 2345 6789"},
	    {"+97688123456", ": 'MN', 'national'", "88123456"},
	    {"030 123456", ": 'DE', 'link'", "tel:+4930123456"},
	    {"030 123456 ext. 12", ": 'DE', 'link'", "tel:+4930123456;ext=12"},
	    {"030 123456x12", ": 'DE', 'link'", "tel:+4930123456;ext=12"},
	    {"030 123456 Extension: 12 ", ": 'DE', 'link'", "tel:+4930123456;ext=12"},
	    {"tel:+4930123456;ext=12", ": '', 'link'", "tel:+4930123456;ext=12"},
	    {"030 123456, #12", ": 'DE', 'link'", "tel:+4930123456;ext=12"},
	    {"030 123456 ext. 123456789012", ": 'DE', 'link'", ""},
	    {"030 123456 x", ": 'DE', 'link'", ""},
	    {"030 123456 x12;phone-context=example.com", ": 'DE', 'link'", ""},
	    {"030 123456 ext 12", ": 'DE', 'international'", "+49 30123456"},
	    {"call me", ": 'DE', 'link'", ""},
	    {"1", ": 'DE', 'link'", ""},
	    {"javascript:030123456", ": 'DE', 'link'", ""},
	};
	struct setting setting = setting_at(NOW, NULL);

	(void)state;
	check_calls(calls, COUNT(calls));
	check(&setting, "{{ 4930123456 | phone }}{{ 30123456 | phone: 'DE' }}",
	    "4930123456+4930123456");
	check(&setting, "{{ -30123456 | phone: 'DE' }} {{ 30123456.0 | phone: 'DE' }}",
	    "-30123456 30123456.0");
	check(&setting, "{{ nil | phone: 'DE' }}{{ nil | phone: 'DE', 'link' }}", "");
	check_error(&setting, "{{ '1' | phone: 'DE', 'url' }}", ERR_TEMPLATE,
	    "t:1:10: the format of phone is e164, international, national or link, not 'url'");
}

/* Each calling code leads to one country, and no code begins another. */
static void
calling_codes(void **state)
{
	static const struct {
		const char *code;
		const char *iso;
	} rows[] = {{"1", "US"}, {"7", "RU"}, {"20", "EG"}, {"27", "ZA"}, {"30", "GR"},
	    {"34", "ES"}, {"39", "IT"}, {"44", "GB"}, {"49", "DE"}, {"61", "AU"}, {"64", "NZ"},
	    {"81", "JP"}, {"86", "CN"}, {"91", "IN"}, {"212", "MA"}, {"262", "RE"}, {"352", "LU"},
	    {"358", "FI"}, {"375", "BY"}, {"383", "XK"}, {"500", "FK"}, {"590", "GP"},
	    {"599", "CW"}, {"852", "HK"}, {"971", "AE"}, {"998", "UZ"}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct phone_country *country = phone_country(str_c(rows[i].code));

		assert_non_null(country);
		assert_string_equal(country->iso, rows[i].iso);
		assert_string_equal(phone_country(str_c(rows[i].iso))->code, rows[i].code);
	}
	for (int code = 1; code < 1000; code++) {
		char text[8], longer[12];
		const struct phone_country *country;

		snprintf(text, sizeof text, "%d", code);
		snprintf(longer, sizeof longer, "%d000", code);
		country = phone_country(str_c(text));
		if (country == NULL)
			continue;
		assert_ptr_equal(phone_called(str_c(longer), NULL), country);
		assert_true(country->min <= country->usual && country->usual <= country->max);
		assert_true(strlen(country->code) + country->max <= PHONE_DIGITS_MAX);
	}
}

static void
money(void **state)
{
	static const struct sample samples[] = {
	    {"{{ 1234567.5 | money: 'INR', 'en-IN' }}", "₹12,34,567.50"},
	    {"{{ 12345678901 | money: 'INR', 'hi' }}", "₹12,34,56,78,901.00"},
	    {"{{ 100000 | money: 'INR', 'hi_IN' }}", "₹1,00,000.00"},
	    {"{{ 99999 | money: 'INR', 'en_IN.UTF-8' }}", "₹99,999.00"},
	    {"{{ -1000 | money: 'INR', 'en-IN' }}", "-₹1,000.00"},
	    {"{{ 999 | money: 'INR', 'en-IN' }}", "₹999.00"},
	    {"{{ 1234567 | money: 'JPY', 'hi' }}", "¥12,34,567"},
	    {"{{ 1234567.5 | money: 'INR', 'en' }}", "₹1,234,567.50"},
	};
	struct setting setting = setting_at(NOW, NULL);

	(void)state;
	check_all(&setting, samples, COUNT(samples));
}

/* Results are text: never markup, and no second line in a header. */
static void
modes(void **state)
{
	struct setting setting = setting_at(NOW, NULL);

	(void)state;
	setting.mode = LIQUID_HTML;
	check(&setting, "{{ 1 | pluralize: '<b>', 'x' }}{{ '<i>' | time_ago }}{{ '<u>' | phone }}",
	    "&lt;b&gt;&lt;i&gt;&lt;u&gt;");
	check(&setting, "{% capture b %}<b>{% endcapture %}{{ 1 | pluralize: b, b }}", "&lt;b&gt;");
	check(&setting, "{{ '+49 30 123456 x1' | phone: '', 'link' }}", "tel:+4930123456;ext=1");
	setting.mode = LIQUID_HEADER;
	check(&setting, "{{ 1 | pluralize: 'a\nb', 'x' }}{{ 'c\nd' | phone }}", "a bc d");
}

/* `text` as the input of each filter, and as each argument. */
static void
check_hostile(struct str text, size_t arena_size, enum err_code code)
{
	static const char *const templates[] = {
	    "{{ s | pluralize: 'a', 'b' }}",
	    "{{ 1 | pluralize: s }}{{ 2 | pluralize: s }}",
	    "{{ 2 | pluralize: 'a', 'b', locale: s }}",
	    "{{ 2 | pluralize: few: s, locale: 'ru' }}",
	    "{{ s | time_ago }}",
	    "{{ 5 | time_ago: s }}",
	    "{{ s | phone: 'DE' }}",
	    "{{ s | phone: 'DE', 'link' }}",
	    "{{ '030123456' | phone: s }}",
	};

	for (size_t i = 0; i < COUNT(templates); i++) {
		struct arena *arena = arena_new(arena_size);
		struct setting setting = setting_at(NOW, "Europe/Berlin");
		struct liquid_object *object = liquid_object_new(arena, 1);
		struct err err = ERR_INIT;
		struct str output;

		assert_int_equal(
		    liquid_object_set(object, arena, STR("s"), liquid_string(text)), 0);
		setting.globals = liquid_object_value(object);
		if (render_into(&setting, templates[i], arena, &output, &err) == 0)
			assert_true(output.n <= 3 * text.n + 40);
		else if (err.code != code)
			fail_msg("%s: %s", templates[i], err.text);
		arena_free(&arena);
	}
}

static void
hostile(void **state)
{
	static const size_t size = 10000000;
	char *large = malloc(size);
	struct arena *arena;
	struct setting setting = setting_at(NOW, NULL);
	struct liquid_object *object;
	struct err err = ERR_INIT;
	struct str output;

	(void)state;
	check_hostile((struct str){"\xff\xfe\x80", 3}, (size_t)1 << 20, ERR_NONE);
	check_hostile((struct str){"+49\0"
				   "30123456",
			  12},
	    (size_t)1 << 20, ERR_NONE);
	check_hostile((struct str){"de\0", 3}, (size_t)1 << 20, ERR_NONE);
	check_hostile((struct str){"\xe2\x80", 2}, (size_t)1 << 20, ERR_NONE);
	check_hostile((struct str){"+4930123456\xef\xbc", 13}, (size_t)1 << 20, ERR_NONE);
	for (size_t i = 0; i < 3; i++) {
		memset(large, "1 \xff"[i], size);
		check_hostile((struct str){large, size}, (size_t)1 << 26, ERR_LIMIT);
	}

	/* 10 MB are 39,062 steps: a hundred numbers of that size are too many. */
	arena = arena_new((size_t)1 << 26);
	object = liquid_object_new(arena, 1);
	liquid_object_set(object, arena, STR("s"), liquid_string((struct str){large, size}));
	setting.globals = liquid_object_value(object);
	assert_int_equal(render_into(&setting,
			     "{% for i in (1..100) %}{% assign x = s | phone: 'DE' %}{% endfor %}",
			     arena, &output, &err),
	    -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.text, "t:1:42: the render takes more than 1000000 steps");
	arena_free(&arena);
	free(large);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(categories),
	    cmocka_unit_test(plurals),
	    cmocka_unit_test(thresholds),
	    cmocka_unit_test(zones),
	    cmocka_unit_test(named_days),
	    cmocka_unit_test(languages),
	    cmocka_unit_test(no_dates),
	    cmocka_unit_test(phone_reads),
	    cmocka_unit_test(phone_prints),
	    cmocka_unit_test(calling_codes),
	    cmocka_unit_test(money),
	    cmocka_unit_test(modes),
	    cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests_name("liquid_filter", tests, NULL, NULL);
}
