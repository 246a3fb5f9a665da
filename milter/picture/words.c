/* SPDX-License-Identifier: BSD-2-Clause
 *
 * words: see words.h
 */
#include "picture/words.h"

const struct words words_all[WORDS_COUNT] = {
    {"en", {"days", "hours", "minutes", "seconds"}, "Expired"},
    {"de", {"Tage", "Stunden", "Minuten", "Sekunden"}, "Abgelaufen"},
    {"es", {"días", "horas", "minutos", "segundos"}, "Finalizado"},
    {"fr", {"jours", "heures", "minutes", "secondes"}, "Expiré"},
    {"it", {"giorni", "ore", "minuti", "secondi"}, "Scaduto"},
    {"nl", {"dagen", "uren", "minuten", "seconden"}, "Verlopen"},
    {"pl", {"dni", "godziny", "minuty", "sekundy"}, "Zakończone"},
};

int32_t
words_find(struct str tag)
{
	struct str first = {tag.p, tag.n < 2 ? tag.n : 2};

	if (tag.n > 2 && tag.p[2] != '-' && tag.p[2] != '_')
		return 0;
	for (int32_t i = 0; i < WORDS_COUNT; i++) {
		if (str_eq_nocase(first, str_c(words_all[i].language)))
			return i;
	}
	return 0;
}
