/* SPDX-License-Identifier: BSD-2-Clause
 *
 * row: see row.h
 */
#include "conf/row.h"

#include "conf/conf.h"

#define NAME_MAX_LEN	  40
#define REQUIRED	  "required "
#define RULE(text)	  (IS_REQUIRED(text) ? &(text)[sizeof REQUIRED - 1] : (text))
#define IS_REQUIRED(text) (__builtin_strncmp(text, REQUIRED, sizeof REQUIRED - 1) == 0)

#define ROW(of, type, name, initial, rule, document)                                    \
	{CONF_TYPE_##type, #name, (initial), RULE(rule), IS_REQUIRED(rule), (document), \
	    offsetof(struct of, name)},
#define ROW_GLOBAL(type, name, initial, rule, document) \
	ROW(conf, type, name, initial, rule, document)
#define ROW_CAMPAIGN(type, name, initial, rule, document) \
	ROW(conf_campaign, type, name, initial, rule, document)
#define ROW_DKIM(type, name, initial, rule, document) \
	ROW(conf_dkim, type, name, initial, rule, document)

#define ROW_PLUGIN(type, name, initial, rule, document) \
	ROW(conf_plugin, type, name, initial, rule, document)

#define ROW_FORM(type, name, initial, rule, document) \
	ROW(conf_form, type, name, initial, rule, document)

#define ROW_WEBHOOK(type, name, initial, rule, document) \
	ROW(conf_webhook, type, name, initial, rule, document)

static const struct conf_row global[] = {CONF_GLOBAL(ROW_GLOBAL)};
static const struct conf_row campaign[] = {CONF_CAMPAIGN(ROW_CAMPAIGN)};
static const struct conf_row plugin[] = {CONF_PLUGIN(ROW_PLUGIN)};
static const struct conf_row form[] = {CONF_FORM(ROW_FORM)};
static const struct conf_row webhook[] = {CONF_WEBHOOK(ROW_WEBHOOK)};
static const struct conf_row dkim[] = {CONF_DKIM(ROW_DKIM)};

#define ROWS(array) ((struct conf_rows){(array), sizeof(array) / sizeof(array)[0]})

struct conf_rows
conf_rows_global(void)
{
	return ROWS(global);
}

struct conf_rows
conf_rows_campaign(void)
{
	return ROWS(campaign);
}

struct conf_rows
conf_rows_dkim(void)
{
	return ROWS(dkim);
}

struct conf_rows
conf_rows_plugin(void)
{
	return ROWS(plugin);
}

struct conf_rows
conf_rows_form(void)
{
	return ROWS(form);
}

struct conf_rows
conf_rows_webhook(void)
{
	return ROWS(webhook);
}

const struct conf_row *
conf_row_find(struct conf_rows rows, const char *name)
{
	for (size_t i = 0; i < rows.count; i++) {
		if (strcmp(rows.at[i].name, name) == 0)
			return &rows.at[i];
	}
	return NULL;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t
conf_name_distance(const char *a, const char *b)
{
	size_t cost[NAME_MAX_LEN + 1][NAME_MAX_LEN + 1];
	size_t a_len = strlen(a), b_len = strlen(b);

	if (a_len > NAME_MAX_LEN || b_len > NAME_MAX_LEN)
		return NAME_MAX_LEN;
	for (size_t i = 0; i <= a_len; i++) {
		for (size_t j = 0; j <= b_len; j++) {
			if (i == 0 || j == 0) {
				cost[i][j] = i + j;
				continue;
			}
			cost[i][j] = least(least(cost[i - 1][j], cost[i][j - 1]) + 1,
			    cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				cost[i][j] = least(cost[i][j], cost[i - 2][j - 2] + 1);
		}
	}
	return cost[a_len][b_len];
}

const char *
conf_row_guess(struct conf_rows rows, const char *name)
{
	const char *best = NULL;
	size_t best_distance = 3;

	for (size_t i = 0; i < rows.count; i++) {
		size_t distance = conf_name_distance(name, rows.at[i].name);

		if (distance < best_distance && distance * 2 < strlen(rows.at[i].name)) {
			best = rows.at[i].name;
			best_distance = distance;
		}
	}
	return best;
}
