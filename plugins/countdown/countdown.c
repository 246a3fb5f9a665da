/* SPDX-License-Identifier: BSD-2-Clause
 *
 * countdown: the time that is left, as text and as a picture that counts
 *
 *	{{ "2026-12-24 18:00" | countdown }}		2 days 4 hours
 *	{{ "2026-12-24 18:00" | countdown_image }}	<img ...>, in HTML parts
 *	{{ "2026-12-24 18:00" | countdown_url }}	its address alone
 *
 * The text counts to the time that the copy is made for. The picture is drawn by mailtailor's web
 * process when it is looked at: `image` of the host gives its address.
 *
 * Threads: any; there is no state.
 */
#include <mailtailor/plugin.h>

#include "moment.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

/* What a filter was asked for; texts are absent where nothing was said. */
struct wanted {
	struct mt_str zone, language, expired, alt, style, size;
	struct mt_str color[4];
	int64_t units;
	int64_t smallest;
};

static const char *const colors[4] = {"background", "box", "digits", "labels"};
static const char *const units[TEXT_UNITS] = {"day", "hour", "minute", "second"};

static const struct style {
	const char *name;
	const char *color[4];
} styles[] = {
    {"dark", {"ffffff", "222222", "ffffff", "555555"}},
    {"light", {"ffffff", "eeeeee", "222222", "555555"}},
    {"red", {"ffffff", "b00020", "ffffff", "555555"}},
    {"night", {"111111", "333333", "ffffff", "cccccc"}},
};

/* Half of its pixels, so that it is sharp on fine screens, too. */
static const struct size {
	const char *name;
	int width, height;
} sizes[] = {{"small", 200, 56}, {"medium", 280, 78}, {"large", 360, 100}};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* --- arguments --- */

static int32_t
expected(struct mt_call *call, const char *what, struct mt_str got)
{
	char text[200];

	snprintf(text, sizeof text, "expected %s, got \"%.*s\"", what, got.n > 60 ? 60 : (int)got.n,
	    got.n == 0 ? "" : got.p);
	return call->host->fail(call, mt_str_c(text));
}

static int
find_unit(struct mt_str name)
{
	for (int i = 0; i < TEXT_UNITS; i++) {
		if (mt_str_eq(name, mt_str_c(units[i])))
			return i;
	}
	return -1;
}

static int32_t
take_argument(
    struct mt_call *call, struct mt_str name, const struct mt_value *value, struct wanted *wanted)
{
	const struct mt_host *mt = call->host;
	struct mt_str text = mt->as_text(call, value);
	const struct {
		const char *name;
		struct mt_str *text;
	} texts[] = {{"zone", &wanted->zone}, {"language", &wanted->language},
	    {"expired", &wanted->expired}, {"alt", &wanted->alt}, {"style", &wanted->style},
	    {"size", &wanted->size}, {"background", &wanted->color[0]}, {"box", &wanted->color[1]},
	    {"digits", &wanted->color[2]}, {"labels", &wanted->color[3]}};

	for (size_t i = 0; i < COUNT(texts); i++) {
		if (mt_str_eq(name, mt_str_c(texts[i].name))) {
			*texts[i].text = text;
			return MT_OK;
		}
	}
	if (mt_str_eq(name, MT_STR("units")))
		return mt->as_int(call, value, &wanted->units) == MT_OK && wanted->units >= 1 &&
			wanted->units <= TEXT_UNITS
		    ? MT_OK
		    : expected(call, "units: 1 to 4", text);
	if (mt_str_eq(name, MT_STR("smallest"))) {
		wanted->smallest = find_unit(text);
		return wanted->smallest >= 0
		    ? MT_OK
		    : expected(call, "smallest: \"day\", \"hour\", \"minute\" or \"second\"", text);
	}
	return expected(call,
	    "one of the arguments zone, language, units, smallest, expired, alt, style, size, "
	    "background, box, digits and labels",
	    name);
}

static int32_t
read_arguments(struct mt_call *call, const struct mt_arguments *with, struct wanted *wanted)
{
	const struct mt_host *mt = call->host;
	struct mt_contact contact = {.size = sizeof contact};

	if (mt->contact(call, &contact) != MT_OK)
		return MT_FAILED;
	*wanted = (struct wanted){.zone = mt->param_text(call, "time_zone"),
	    .language = contact.language,
	    .style = mt->param_text(call, "style"),
	    .size = mt->param_text(call, "size"),
	    .units = mt->param_int(call, "units"),
	    .smallest = mt->param_int(call, "smallest")};
	if (wanted->zone.n == 0)
		wanted->zone = contact.time_zone;
	for (uint32_t i = 0; i < with->named_count; i++) {
		if (take_argument(call, with->name[i], with->named[i], wanted) != MT_OK)
			return MT_FAILED;
	}
	return MT_OK;
}

/* MT_NONE: there is no moment. */
static int32_t
read_moment(struct mt_call *call, const struct mt_value *value, const struct wanted *wanted,
    int64_t *time_r)
{
	const struct mt_host *mt = call->host;
	struct mt_str text = mt->as_text(call, value);
	struct moment m;
	struct mt_local local;

	if (text.n == 0)
		return MT_NONE;
	if (!moment_read(text.p, text.n, &m))
		return mt->as_time(call, value, time_r) == MT_OK
		    ? MT_OK
		    : expected(call, "a moment such as 2026-12-24 18:00", text);
	local = (struct mt_local){.size = sizeof local,
	    .year = m.year,
	    .month = m.month,
	    .day = m.day,
	    .hour = m.hour,
	    .minute = m.minute,
	    .second = m.second};
	if (mt->moment(call, &local, wanted->zone, time_r) == MT_OK)
		return MT_OK;
	/* A contact's zone may be anything. */
	return mt->moment(call, &local, mt_str_c(""), time_r);
}

/* --- text --- */

/* A moment's end counts to the second, so parts of one are left out. */
static int64_t
seconds_left(struct mt_call *call, int64_t time)
{
	int64_t now = call->host->now(call);

	return time <= now ? 0 : (time / 1000) - (now / 1000);
}

static const struct mt_value *
make_text(struct mt_call *call, const struct wanted *wanted, int64_t time)
{
	const struct mt_host *mt = call->host;
	int language = text_language(wanted->language.p, wanted->language.n);
	int64_t left = seconds_left(call, time);
	char text[TEXT_SIZE];

	if (left <= 0 && wanted->expired.p != NULL)
		return mt->text(call, wanted->expired);
	if (left <= 0)
		return mt->text(call, mt_str_c(text_over(language)));
	text_left(language, left, (int)wanted->units, (enum text_unit)wanted->smallest, text);
	return mt->text(call, mt_str_c(text));
}

/* --- the picture --- */

/* "1a2b3c", with or without #. */
static int
is_color(struct mt_str text)
{
	if (text.n != 6)
		return 0;
	for (size_t i = 0; i < 6; i++) {
		if (strchr("0123456789abcdefABCDEF", text.p[i]) == NULL || text.p[i] == '\0')
			return 0;
	}
	return 1;
}

static const struct size *
find_size(struct mt_str name)
{
	for (size_t i = 0; i < COUNT(sizes); i++) {
		if (mt_str_eq(name, mt_str_c(sizes[i].name)))
			return &sizes[i];
	}
	return NULL;
}

static const struct style *
find_style(struct mt_str name)
{
	for (size_t i = 0; i < COUNT(styles); i++) {
		if (mt_str_eq(name, mt_str_c(styles[i].name)))
			return &styles[i];
	}
	return NULL;
}

static int32_t
add_colors(struct mt_call *call, const struct wanted *wanted, char *text, size_t size)
{
	const struct style *style = find_style(wanted->style);
	size_t used = strlen(text);

	if (style == NULL)
		return expected(
		    call, "style: \"dark\", \"light\", \"red\" or \"night\"", wanted->style);
	for (int i = 0; i < 4; i++) {
		struct mt_str color = wanted->color[i];

		if (color.n > 0 && color.p[0] == '#')
			color = mt_str_n(color.p + 1, color.n - 1);
		if (color.n == 0)
			color = mt_str_c(style->color[i]);
		else if (!is_color(color))
			return expected(call, "a color such as \"#b00020\"", wanted->color[i]);
		used += (size_t)snprintf(text + used, size - used, " %s=%.6s", colors[i], color.p);
	}
	return MT_OK;
}

/* Absent text in url_r: there can be no pictures here. */
static int32_t
make_url(struct mt_call *call, const struct wanted *wanted, int64_t time, struct mt_str *url_r)
{
	char text[200];

	if (find_size(wanted->size) == NULL)
		return expected(call, "size: \"small\", \"medium\" or \"large\"", wanted->size);
	snprintf(text, sizeof text, "to=%lld size=%s language=%s",
	    (long long)(time < 0 ? 0 : time / 1000), find_size(wanted->size)->name,
	    text_language_tag(text_language(wanted->language.p, wanted->language.n)));
	if (add_colors(call, wanted, text, sizeof text) != MT_OK)
		return MT_FAILED;
	*url_r = call->host->image(call, MT_STR("countdown"), mt_str_c(text));
	return MT_OK;
}

/* Escaped for an attribute, in the arena. */
static struct mt_str
escape(struct mt_call *call, struct mt_str text)
{
	static const char special[] = "&<>\"'";
	static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
	char *room = call->host->memory(call, 6 * text.n + 1);
	size_t used = 0;

	for (size_t i = 0; room != NULL && i < text.n; i++) {
		const char *at = text.p[i] == '\0' ? NULL : strchr(special, text.p[i]);
		const char *name = at == NULL ? NULL : names[at - special];
		size_t n = name == NULL ? 1 : strlen(name);

		memcpy(room + used, name == NULL ? &text.p[i] : name, n);
		used += n;
	}
	return mt_str_n(room, room == NULL ? 0 : used);
}

static const struct mt_value *
make_image(struct mt_call *call, const struct wanted *wanted, struct mt_str url, struct mt_str alt)
{
	const struct mt_host *mt = call->host;
	const struct size *size = find_size(wanted->size);
	struct mt_str source = escape(call, url), text = escape(call, alt);
	size_t room = source.n + text.n + 200;
	char *html = mt->memory(call, room);
	int n;

	if (html == NULL || source.p == NULL || text.p == NULL)
		return NULL;
	n = snprintf(html, room,
	    "<img src=\"%.*s\" width=\"%d\" height=\"%d\" alt=\"%.*s\" border=\"0\" "
	    "style=\"max-width:100%%;height:auto;border:0\">",
	    (int)source.n, source.p, size->width, size->height, (int)text.n, text.p);
	return mt->markup(call, mt_str_n(html, (size_t)n));
}

/* --- filters --- */

static int32_t
begin(struct mt_call *call, const struct mt_arguments *with, struct wanted *wanted, int64_t *time_r)
{
	int32_t rc = read_arguments(call, with, wanted);

	return rc == MT_OK ? read_moment(call, with->input, wanted, time_r) : rc;
}

static int32_t
countdown(struct mt_call *call, void *closure, const struct mt_arguments *with,
    const struct mt_value **value_r)
{
	struct wanted wanted;
	int64_t time;
	int32_t rc = begin(call, with, &wanted, &time);

	(void)closure;
	if (rc != MT_OK)
		return rc;
	*value_r = make_text(call, &wanted, time);
	return *value_r == NULL ? MT_LIMIT : MT_OK;
}

/* Without a place for pictures: its text. */
static int32_t
countdown_image(struct mt_call *call, void *closure, const struct mt_arguments *with,
    const struct mt_value **value_r)
{
	const struct mt_host *mt = call->host;
	struct wanted wanted;
	struct mt_str url, alt;
	int64_t time;
	int32_t rc = begin(call, with, &wanted, &time);

	(void)closure;
	if (rc != MT_OK)
		return rc;
	*value_r = make_text(call, &wanted, time);
	if (make_url(call, &wanted, time, &url) != MT_OK)
		return MT_FAILED;
	if (url.n > 0) {
		alt = wanted.alt.p == NULL ? mt->as_text(call, *value_r) : wanted.alt;
		*value_r = make_image(call, &wanted, url, alt);
	}
	return *value_r == NULL ? MT_LIMIT : MT_OK;
}

static int32_t
countdown_url(struct mt_call *call, void *closure, const struct mt_arguments *with,
    const struct mt_value **value_r)
{
	struct wanted wanted;
	struct mt_str url;
	int64_t time;
	int32_t rc = begin(call, with, &wanted, &time);

	(void)closure;
	if (rc == MT_OK)
		rc = make_url(call, &wanted, time, &url);
	if (rc != MT_OK || url.n == 0)
		return rc == MT_OK ? MT_NONE : rc;
	*value_r = call->host->text(call, url);
	return *value_r == NULL ? MT_LIMIT : MT_OK;
}

/* --- the plugin --- */

static int32_t
start(struct mt_call *call, void **state_r)
{
	struct mt_local local = {.size = sizeof local};
	struct mt_str zone = call->host->param_text(call, "time_zone");

	*state_r = NULL;
	if (call->host->local(call, 0, zone, &local) == MT_OK)
		return MT_OK;
	return expected(call, "time_zone: a time zone such as Europe/Berlin", zone);
}

static const struct mt_parameter parameters[] = {
    {"time_zone", MT_TEXT, 0, "", "",
	"The time zone of moments that name none. If it is empty: the contact's, or UTC."},
    {"units", MT_INT, 0, "2", "1..4",
	"How many units the text has at most: 2 for \"2 days 4 hours\"."},
    {"smallest", MT_ENUM, 0, "minute", "day|hour|minute|second",
	"The smallest unit of the text. Mail is not read in the second it was made in."},
    {"style", MT_ENUM, 0, "dark", "dark|light|red|night",
	"The colors of pictures: dark boxes, light ones or red ones on white; or dark ones on "
	"black."},
    {"size", MT_ENUM, 0, "medium", "small|medium|large",
	"How large pictures are shown: 200 x 56, 280 x 78 or 360 x 100 pixels. They have twice as "
	"many, for fine screens."},
};

static const struct mt_filter filters[] = {
    {"countdown",
	"The time left to a moment, in the contact's language: {{ \"2026-12-24 18:00\" | countdown "
	"}}.",
	countdown, NULL, 0, 0, MT_FILTER_NAMED, 0},
    {"countdown_image",
	"A picture that counts down to a moment, with the text for who sees none: "
	"{{ \"2026-12-24 18:00\" | countdown_image: style: 'red' }}.",
	countdown_image, NULL, 0, 0, MT_FILTER_NAMED, 0},
    {"countdown_url", "The address of that picture alone.", countdown_url, NULL, 0, 0,
	MT_FILTER_NAMED, 0},
};

const struct mt_definition *
mt_plugin(void)
{
	static struct mt_definition me =
	    MT_PLUGIN("countdown", "1.0", "Time left, as text and as a picture that counts");

	me.threads = MT_THREADS_ANY;
	me.start = start;
	MT_SET(me.parameters, parameters);
	MT_SET(me.filters, filters);
	return &me;
}
