/* SPDX-License-Identifier: BSD-2-Clause
 *
 * countdown_test: words and moments of the plugin countdown
 */
#include "plugins/countdown/moment.h"
#include "plugins/countdown/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#define DAY 86400
#define H   3600

static void
plural_forms_are_right(void **state)
{
	static const struct {
		const char *language;
		int64_t seconds;
		int units;
		enum text_unit smallest;
		const char *wanted;
	} cases[] = {
	    {"en", 2 * DAY + 4 * H + 59, 2, TEXT_MINUTE, "2 days 4 hours"},
	    {"en-GB", DAY + H, 2, TEXT_MINUTE, "1 day 1 hour"},
	    {"en", DAY + 59 * 60, 2, TEXT_MINUTE, "1 day"},
	    {"en", DAY + 59 * 60, 3, TEXT_MINUTE, "1 day 59 minutes"},
	    {"en", DAY + H + 61, 4, TEXT_SECOND, "1 day 1 hour 1 minute 1 second"},
	    {"en", DAY + H + 61, 1, TEXT_SECOND, "1 day"},
	    {"en", 59, 2, TEXT_MINUTE, "less than a minute"},
	    {"en", 59, 2, TEXT_SECOND, "59 seconds"},
	    {"en", 60, 2, TEXT_MINUTE, "1 minute"},
	    {"en", 5 * H, 2, TEXT_DAY, "less than a day"},
	    {"en", 23 * H + 3599, 2, TEXT_HOUR, "23 hours"},
	    {"en", 400 * DAY, 2, TEXT_MINUTE, "400 days"},
	    {"de", DAY + H, 2, TEXT_MINUTE, "1 Tag 1 Stunde"},
	    {"de_AT", 2 * DAY + 2 * H + 60, 3, TEXT_MINUTE, "2 Tage 2 Stunden 1 Minute"},
	    {"de", 1, 2, TEXT_MINUTE, "weniger als eine Minute"},
	    {"fr", DAY + 2 * H, 2, TEXT_MINUTE, "1 jour 2 heures"},
	    {"FR-CA", 2 * DAY + 61, 3, TEXT_MINUTE, "2 jours 1 minute"},
	    {"fr", 1, 2, TEXT_MINUTE, "moins d\u2019une minute"},
	    {"es", 2 * DAY + H, 2, TEXT_MINUTE, "2 días 1 hora"},
	    {"es", DAY + 2 * 60, 3, TEXT_MINUTE, "1 día 2 minutos"},
	    {"it", DAY + H, 2, TEXT_MINUTE, "1 giorno 1 ora"},
	    {"it", 3 * DAY + 3 * H, 2, TEXT_MINUTE, "3 giorni 3 ore"},
	    {"nl", DAY + 5 * H, 2, TEXT_MINUTE, "1 dag 5 uur"},
	    {"nl", 2 * DAY + 60, 3, TEXT_MINUTE, "2 dagen 1 minuut"},
	    {"pl", DAY + H, 2, TEXT_MINUTE, "1 dzień 1 godzina"},
	    {"pl", 2 * DAY + 2 * H, 2, TEXT_MINUTE, "2 dni 2 godziny"},
	    {"pl", 5 * DAY + 5 * H, 2, TEXT_MINUTE, "5 dni 5 godzin"},
	    {"pl", 12 * H + 12 * 60, 2, TEXT_MINUTE, "12 godzin 12 minut"},
	    {"pl", 21 * H + 21 * 60, 2, TEXT_MINUTE, "21 godzin 21 minut"},
	    {"pl", 22 * H + 34 * 60, 2, TEXT_MINUTE, "22 godziny 34 minuty"},
	    {"pl", 14 * 60 + 3, 2, TEXT_SECOND, "14 minut 3 sekundy"},
	    {"cs", 2 * DAY, 2, TEXT_MINUTE, "2 days"},
	    {"", 2 * DAY, 2, TEXT_MINUTE, "2 days"},
	    {"deu", 2 * DAY, 2, TEXT_MINUTE, "2 days"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[TEXT_SIZE];

		text_left(text_language(cases[i].language, strlen(cases[i].language)),
		    cases[i].seconds, cases[i].units, cases[i].smallest, text);
		if (strcmp(text, cases[i].wanted) != 0)
			fail_msg("%s, %lld s: expected \"%s\", got \"%s\"", cases[i].language,
			    (long long)cases[i].seconds, cases[i].wanted, text);
	}
	assert_string_equal(text_over(text_language("fr", 2)), "expiré");
}

static void
moments_are_read(void **state)
{
	static const struct {
		const char *text;
		int hour; /* -1: none */
	} cases[] = {
	    {"2026-12-24", 0},
	    {"2026-12-24 18:00", 18},
	    {" 2026-12-24T18:00:30 ", 18},
	    {"2028-02-29 01:00", 1},
	    {"2026-12-24 18:00 +0100", -1},
	    {"2026-12-24T18:00Z", -1},
	    {"2026-12-24 18", -1},
	    {"2026-12-24 1800", -1},
	    {"2026-12-24 24:00", -1},
	    {"2026-02-29", -1},
	    {"2026-13-01", -1},
	    {"1969-01-01", -1},
	    {"tomorrow", -1},
	    {"1790000000", -1},
	    {"", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct moment moment = {.hour = -1};
		bool ok = moment_read(cases[i].text, strlen(cases[i].text), &moment);

		if (ok != (cases[i].hour >= 0) || (ok && moment.hour != cases[i].hour))
			fail_msg("\"%s\": %d", cases[i].text, ok ? moment.hour : -1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plural_forms_are_right),
	    cmocka_unit_test(moments_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
