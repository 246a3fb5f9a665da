/* SPDX-License-Identifier: BSD-2-Clause
 *
 * language: in which one somebody is answered
 *
 * What is known of the person goes first: what the contact's row or the form says. Then it is what
 * the browser asks for, then the configuration's.
 *
 * Threads: the server's.
 */
#include "liquid/texts.h"
#include "web/internal.h"

/* Of Accept-Language. */
#define ACCEPT_MAX   ((size_t)1000)
#define ACCEPT_COUNT 30

/* RFC 9110 section 12.4.2, in thousandths; what is none counts as 0. */
static int
weight_of(struct str text)
{
	struct str name;
	int weight = 0, unit = 1000;

	text = str_trim(text);
	if (text.n == 0)
		return 1000;
	str_split(&text, '=', &name);
	name = str_trim(name);
	text = text.p == NULL ? STR("") : str_trim(text);
	if (!str_is_nocase(name, "q") || text.n == 0 || text.n > 5)
		return 0;
	for (size_t i = 0; i < text.n; i++) {
		if (i == 1 ? text.p[i] != '.' : text.p[i] < '0' || text.p[i] > '9')
			return 0;
		if (i != 1) {
			weight += (text.p[i] - '0') * unit;
			unit /= 10;
		}
	}
	return weight > 1000 ? 0 : weight;
}

const struct liquid_language *
web_language_accepted(const struct liquid_texts *texts, struct str accept)
{
	const struct liquid_language *best = NULL;
	int best_weight = 0;
	struct str range;

	if (accept.n > ACCEPT_MAX)
		return NULL;
	for (int i = 0; i < ACCEPT_COUNT && accept.n > 0 && str_split(&accept, ',', &range); i++) {
		const struct liquid_language *language;
		struct str tag;
		int weight;

		str_split(&range, ';', &tag);
		weight = weight_of(range.p == NULL ? STR("") : range);
		if (weight <= best_weight)
			continue;
		language = liquid_texts_language(texts, str_trim(tag));
		if (language == NULL)
			continue;
		best = language;
		best_weight = weight;
	}
	return best;
}

void
web_speak(struct web_request *request, struct str tag)
{
	const struct liquid_language *language = liquid_texts_language(request->web->texts, tag);

	if (language != NULL)
		request->language = language;
}

const struct liquid_language *
web_language(struct web_request *request)
{
	const struct liquid_texts *texts = request->web->texts;

	if (request->language == NULL)
		request->language =
		    web_language_accepted(texts, web_header(request, "Accept-Language"));
	if (request->language == NULL)
		request->language = liquid_texts_default(texts);
	return request->language;
}
