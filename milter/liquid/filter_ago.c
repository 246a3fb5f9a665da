/* SPDX-License-Identifier: BSD-2-Clause
 *
 * filter_ago: how long ago, or how far ahead
 *
 *     {{ order.date | time_ago }}                            3 days ago
 *     {{ event.begin | time_ago: "de_AT" }}                  in 2 Stunden
 *     {{ order.date | time_ago: "fr", numeric: "auto" }}     hier
 *
 * Measured from now_ms of the render. The input is what `date` reads; what is no date
 * passes as it is. Words are those of Unicode CLDR (relative time, long form, always with
 * a number); a language without a row speaks English. With numeric: "auto" the day before
 * and the day after have their names, yesterday and tomorrow.
 *
 *     0 seconds              now
 *     below 45 seconds       seconds
 *     below 45 minutes       minutes, rounded
 *     below 22 hours, or     hours, rounded
 *       still the same day
 *     below 26 days          days by the calendar: midnights between the two
 *     below 12 months        months by the calendar, 16 days beyond one more
 *     else                   years of 12 such months, rounded
 *
 * Days, months and years are those of the reader's time zone.
 *
 * Threads: see filter.h.
 */
#include "liquid/date.h"
#include "liquid/plural.h"
#include "liquid/render.h"

enum time_unit { SECOND, MINUTE, HOUR, DAY, MONTH, YEAR, UNIT_COUNT };

/* Nouns are written "one|few|others" or "one|others" or alike for all; `#` in a frame is
 * number and noun. */
struct speech {
	const char *language;
	const char *now;
	const char *yesterday;
	const char *tomorrow;
	const char *past;
	const char *future;
	const char *ago[UNIT_COUNT];
	const char *ahead[UNIT_COUNT]; /* where they differ */
};

/* The more special locale first. */
static const struct speech speeches[] = {
    {"en", "now", "yesterday", "tomorrow", "# ago", "in #",
	{"second|seconds", "minute|minutes", "hour|hours", "day|days", "month|months",
	    "year|years"},
	{NULL}},
    {"de", "jetzt", "gestern", "morgen", "vor #", "in #",
	{"Sekunde|Sekunden", "Minute|Minuten", "Stunde|Stunden", "Tag|Tagen", "Monat|Monaten",
	    "Jahr|Jahren"},
	{NULL}},
    {"fr", "maintenant", "hier", "demain", "il y a #", "dans #",
	{"seconde|secondes", "minute|minutes", "heure|heures", "jour|jours", "mois", "an|ans"},
	{NULL}},
    {"es", "ahora", "ayer", "mañana", "hace #", "dentro de #",
	{"segundo|segundos", "minuto|minutos", "hora|horas", "día|días", "mes|meses", "año|años"},
	{NULL}},
    {"it", "ora", "ieri", "domani", "# fa", "tra #",
	{"secondo|secondi", "minuto|minuti", "ora|ore", "giorno|giorni", "mese|mesi", "anno|anni"},
	{NULL}},
    {"nl", "nu", "gisteren", "morgen", "# geleden", "over #",
	{"seconde|seconden", "minuut|minuten", "uur", "dag|dagen", "maand|maanden", "jaar"},
	{NULL}},
    {"pt-pt", "agora", "ontem", "amanhã", "há #", "dentro de #",
	{"segundo|segundos", "minuto|minutos", "hora|horas", "dia|dias", "mês|meses", "ano|anos"},
	{NULL}},
    {"pt", "agora", "ontem", "amanhã", "há #", "em #",
	{"segundo|segundos", "minuto|minutos", "hora|horas", "dia|dias", "mês|meses", "ano|anos"},
	{NULL}},
    {"sv", "nu", "i går", "i morgon", "för # sedan", "om #",
	{"sekund|sekunder", "minut|minuter", "timme|timmar", "dag|dagar", "månad|månader", "år"},
	{NULL}},
    {"da", "nu", "i går", "i morgen", "for # siden", "om #",
	{"sekund|sekunder", "minut|minutter", "time|timer", "dag|dage", "måned|måneder", "år"},
	{NULL}},
    {"nb", "nå", "i går", "i morgen", "for # siden", "om #",
	{"sekund|sekunder", "minutt|minutter", "time|timer", "døgn", "måned|måneder", "år"},
	{NULL}},
    {"fi", "nyt", "eilen", "huomenna", "# sitten", "# päästä",
	{"sekunti|sekuntia", "minuutti|minuuttia", "tunti|tuntia", "päivä|päivää",
	    "kuukausi|kuukautta", "vuosi|vuotta"},
	{"sekunnin", "minuutin", "tunnin", "päivän", "kuukauden", "vuoden"}},
    {"pl", "teraz", "wczoraj", "jutro", "# temu", "za #",
	{"sekundę|sekundy|sekund", "minutę|minuty|minut", "godzinę|godziny|godzin", "dzień|dni",
	    "miesiąc|miesiące|miesięcy", "rok|lata|lat"},
	{NULL}},
    {"cs", "nyní", "včera", "zítra", "před #", "za #",
	{"sekundou|sekundami", "minutou|minutami", "hodinou|hodinami", "dnem|dny", "měsícem|měsíci",
	    "rokem|lety"},
	{"sekundu|sekundy|sekund", "minutu|minuty|minut", "hodinu|hodiny|hodin", "den|dny|dní",
	    "měsíc|měsíce|měsíců", "rok|roky|let"}},
    {"ru", "сейчас", "вчера", "завтра", "# назад", "через #",
	{"секунду|секунды|секунд", "минуту|минуты|минут", "час|часа|часов", "день|дня|дней",
	    "месяц|месяца|месяцев", "год|года|лет"},
	{NULL}},
    {"uk", "зараз", "учора", "завтра", "# тому", "через #",
	{"секунду|секунди|секунд", "хвилину|хвилини|хвилин", "годину|години|годин", "день|дні|днів",
	    "місяць|місяці|місяців", "рік|роки|років"},
	{NULL}},
    {"tr", "şimdi", "dün", "yarın", "# önce", "# sonra",
	{"saniye", "dakika", "saat", "gün", "ay", "yıl"}, {NULL}},
};

struct span {
	enum time_unit unit;
	int64_t count;
	bool ahead;
	bool next_day; /* the calendar's next day, or the one before */
};

static const struct speech *
find_speech(struct str locale)
{
	if (plural_speaks(locale, "no") || plural_speaks(locale, "nn"))
		locale = STR("nb");
	for (size_t i = 0; i < sizeof speeches / sizeof speeches[0]; i++) {
		if (plural_speaks(locale, speeches[i].language))
			return &speeches[i];
	}
	return &speeches[0];
}

static int64_t
day_number(const struct date_parts *parts)
{
	return date_days(parts->year, parts->month, parts->day);
}

/* `last` is on a later day. A day that its month does not have runs over into the next: that
 * is less than the rounding. */
static int64_t
months_between(const struct date_parts *first, const struct date_parts *last)
{
	int64_t months = (last->year - first->year) * 12 + last->month - first->month;
	int64_t reached;
	int64_t days;

	if (last->day < first->day)
		months--;
	reached = first->month - 1 + months;
	days = day_number(last) -
	    date_days(first->year + reached / 12, (int)(reached % 12) + 1, first->day);
	return months + (days >= 16);
}

static void
by_calendar(struct span *span, struct date first, struct date last, int64_t hours)
{
	struct date_parts from, to;
	int64_t days, months;

	date_split(&first, &from);
	date_split(&last, &to);
	days = day_number(&to) - day_number(&from);
	span->next_day = days == 1;
	if (hours < 22 || days < 1) {
		span->unit = HOUR;
		span->count = hours;
		return;
	}
	months = months_between(&from, &to);
	if (days < 26) {
		span->unit = DAY;
		span->count = days;
	} else if (months < 12) {
		span->unit = MONTH;
		span->count = months;
	} else {
		span->unit = YEAR;
		span->count = (months + 6) / 12;
	}
}

static struct span
measure(int64_t now, int64_t then, const char *zone)
{
	struct span span = {.ahead = then > now};
	int64_t first = span.ahead ? now : then;
	int64_t last = span.ahead ? then : now;
	int64_t seconds = last - first;

	if (seconds < 45) {
		span.unit = SECOND;
		span.count = seconds;
	} else if ((seconds + 30) / 60 < 45) {
		span.unit = MINUTE;
		span.count = (seconds + 30) / 60;
	} else {
		by_calendar(&span, date_at(first, 0, zone), date_at(last, 0, zone),
		    (seconds + 1800) / 3600);
	}
	return span;
}

static struct str
noun(const char *forms, enum plural plural)
{
	struct str rest = str_c(forms);
	struct str form[3];
	size_t count = 0;

	while (count < 3 && str_split(&rest, '|', &form[count]))
		count++;
	if (plural == PLURAL_ONE)
		return form[0];
	return plural == PLURAL_FEW && count == 3 ? form[1] : form[count - 1];
}

static int
say(struct build *build, const struct speech *speech, const struct span *span)
{
	struct str after = str_c(span->ahead ? speech->future : speech->past);
	const char *const *nouns =
	    span->ahead && speech->ahead[0] != NULL ? speech->ahead : speech->ago;
	enum plural plural = plural_of(number_from_int(span->count), str_c(speech->language));
	char text[NUMBER_TEXT_SIZE];
	struct str before;

	str_split(&after, '#', &before);
	if (build_add(build, before) < 0 ||
	    build_add(build, (struct str){text, number_print_int(span->count, text)}) < 0 ||
	    build_char(build, ' ') < 0 || build_add(build, noun(nouns[span->unit], plural)) < 0)
		return -1;
	return build_add(build, after);
}

static int
take_options(struct filter_call *call, struct str *locale_r, bool *auto_r)
{
	struct str numeric = STR("");

	*locale_r = STR("");
	if (call->args > 0 && filter_text(call, 0, locale_r) < 0)
		return -1;
	for (size_t i = 0; i < call->nameds; i++) {
		const struct filter_arg *named = &call->named[i];
		bool locale = str_is(named->name, "locale");

		if (!locale && !str_is(named->name, "numeric"))
			return render_err(call->render, ERR_TEMPLATE,
			    "time_ago takes locale and numeric, not '%.*s'", STR_F(named->name));
		if (render_text(call->render, &named->value, locale ? locale_r : &numeric) < 0)
			return -1;
	}
	*auto_r = str_is(numeric, "auto");
	if (*auto_r || numeric.n == 0 || str_is(numeric, "always"))
		return 0;
	return render_err(
	    call->render, ERR_TEMPLATE, "numeric of time_ago is \"always\" or \"auto\"");
}

static int
run_time_ago(struct filter_call *call)
{
	const struct liquid_render_options *options = call->render->options;
	const struct speech *speech;
	struct build build;
	struct date date;
	struct span span;
	struct str locale;
	bool names;

	call->result = *call->input;
	if (take_options(call, &locale, &names) < 0)
		return -1;
	if (!filter_date(call, &date))
		return 0;
	speech = find_speech(locale);
	span = measure(options->now_ms / 1000 - (options->now_ms % 1000 < 0), date.seconds,
	    options->time_zone);
	if (span.unit == SECOND && span.count == 0)
		return filter_result(call, str_c(speech->now));
	if (names && span.unit == DAY && span.next_day)
		return filter_result(
		    call, str_c(span.ahead ? speech->tomorrow : speech->yesterday));
	if (build_init(&build, call->render, 48) < 0 || say(&build, speech, &span) < 0)
		return -1;
	return filter_result(call, build_str(&build));
}

const struct filter filter_ago_table[] = {
    {"time_ago", run_time_ago, 0, 1, FILTER_PLAIN, true, false},
    {.name = NULL},
};
