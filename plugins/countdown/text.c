/* SPDX-License-Identifier: BSD-2-Clause
 *
 * text: see text.h
 *
 * Threads: any.
 */
#include "text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Which form a number takes: 0, 1 or 2. */
static int
plural_one(int64_t n)
{
	return n == 1 ? 0 : 1;
}

static int
plural_french(int64_t n)
{
	return n < 2 ? 0 : 1;
}

static int
plural_polish(int64_t n)
{
	if (n == 1)
		return 0;
	return n % 10 >= 2 && n % 10 <= 4 && (n % 100 < 12 || n % 100 > 14) ? 1 : 2;
}

static const struct language {
	char tag[3];
	int (*plural)(int64_t n);
	const char *unit[TEXT_UNITS][3];
	const char *less[TEXT_UNITS]; /* than one of these */
	const char *over;
} languages[] = {
    {"en", plural_one,
	{{"day", "days"}, {"hour", "hours"}, {"minute", "minutes"}, {"second", "seconds"}},
	{"less than a day", "less than an hour", "less than a minute", "less than a second"},
	"expired"},
    {"de", plural_one,
	{{"Tag", "Tage"}, {"Stunde", "Stunden"}, {"Minute", "Minuten"}, {"Sekunde", "Sekunden"}},
	{"weniger als ein Tag", "weniger als eine Stunde", "weniger als eine Minute",
	    "weniger als eine Sekunde"},
	"abgelaufen"},
    {"es", plural_one,
	{{"día", "días"}, {"hora", "horas"}, {"minuto", "minutos"}, {"segundo", "segundos"}},
	{"menos de un día", "menos de una hora", "menos de un minuto", "menos de un segundo"},
	"finalizado"},
    {"fr", plural_french,
	{{"jour", "jours"}, {"heure", "heures"}, {"minute", "minutes"}, {"seconde", "secondes"}},
	{"moins d\u2019un jour", "moins d\u2019une heure", "moins d\u2019une minute",
	    "moins d\u2019une seconde"},
	"expiré"},
    {"it", plural_one,
	{{"giorno", "giorni"}, {"ora", "ore"}, {"minuto", "minuti"}, {"secondo", "secondi"}},
	{"meno di un giorno", "meno di un\u2019ora", "meno di un minuto", "meno di un secondo"},
	"scaduto"},
    {"nl", plural_one,
	{{"dag", "dagen"}, {"uur", "uur"}, {"minuut", "minuten"}, {"seconde", "seconden"}},
	{"minder dan een dag", "minder dan een uur", "minder dan een minuut",
	    "minder dan een seconde"},
	"verlopen"},
    {"pl", plural_polish,
	{{"dzień", "dni", "dni"}, {"godzina", "godziny", "godzin"}, {"minuta", "minuty", "minut"},
	    {"sekunda", "sekundy", "sekund"}},
	{"mniej niż dzień", "mniej niż godzina", "mniej niż minuta", "mniej niż sekunda"},
	"zakończone"},
};

int
text_language(const char *tag, size_t n)
{
	if (n < 2 || (n > 2 && tag[2] != '-' && tag[2] != '_'))
		return 0;
	for (size_t i = 0; i < sizeof languages / sizeof languages[0]; i++) {
		if (tolower((unsigned char)tag[0]) == languages[i].tag[0] &&
		    tolower((unsigned char)tag[1]) == languages[i].tag[1])
			return (int)i;
	}
	return 0;
}

const char *
text_language_tag(int language)
{
	return languages[language].tag;
}

const char *
text_over(int language)
{
	return languages[language].over;
}

void
text_left(int language, int64_t seconds, int units, enum text_unit smallest, char text[TEXT_SIZE])
{
	static const int64_t lengths[TEXT_UNITS] = {86400, 3600, 60, 1};
	const struct language *l = &languages[language];
	int first = TEXT_DAY, used = 0;

	while (first < (int)smallest && seconds < lengths[first])
		first++;
	text[0] = '\0';
	for (int i = first; i <= (int)smallest && i < first + units; i++) {
		int64_t count = seconds / lengths[i];

		seconds -= count * lengths[i];
		if (count > 0)
			used += snprintf(text + used, TEXT_SIZE - (size_t)used, "%s%lld %s",
			    used == 0 ? "" : " ", (long long)count, l->unit[i][l->plural(count)]);
	}
	if (used == 0)
		snprintf(text, TEXT_SIZE, "%s", l->less[smallest]);
}
