/* SPDX-License-Identifier: BSD-2-Clause
 *
 * campaign: which campaign does a message belong to
 *
 * The campaign header counts before the envelope sender, and that before From.
 *
 * Threads: any; touches only its arguments.
 * Fails:   ERR_INPUT (malformed or repeated header), ERR_NOTFOUND (no such campaign).
 */
#include "tailor/tailor.h"

#define NAME_MAX_BYTES 100

/* The same rule as for the names of sections in the configuration. */
static bool
name_ok(struct str name)
{
	if (name.n == 0 || name.n > NAME_MAX_BYTES)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			c == '.' || c == '_' || c == '-'))
			return false;
	}
	return true;
}

static int
by_header(const struct conf *conf, struct str value, const struct conf_campaign **campaign_r,
    struct str *name_r, struct err *err)
{
	struct str name = str_trim(value);

	if (!name_ok(name))
		return err_set(err, ERR_INPUT,
		    "%s: expected a name of letters, digits, '.', '_' and '-', at most %d",
		    conf->campaign_header, NAME_MAX_BYTES);
	*campaign_r = conf_campaign_find(conf, name);
	if (*campaign_r == NULL)
		return err_set(err, ERR_NOTFOUND,
		    "%s names \"%.*s\", but the configuration has no such campaign",
		    conf->campaign_header, STR_F(name));
	*name_r = name;
	return 1;
}

static const struct conf_campaign *
by_from(const struct conf *conf, const struct mime_header *headers, size_t count)
{
	const struct conf_campaign *campaign = NULL;
	struct arena *arena = NULL;
	struct str display, address;

	for (size_t i = 0; i < count && campaign == NULL; i++) {
		if (!str_is_nocase(headers[i].name, "From"))
			continue;
		if (arena == NULL)
			arena = arena_new((size_t)1 << 20);
		if (mime_mailbox_parse(headers[i].value, arena, &display, &address, NULL) == 0)
			campaign = conf_campaign_by_from(conf, address);
	}
	arena_free(&arena);
	return campaign;
}

static bool
any_by_from(const struct conf *conf)
{
	for (size_t i = 0; i < conf->campaign_count; i++) {
		if (conf->campaigns[i].from.count > 0)
			return true;
	}
	return false;
}

int
tailor_campaign_of(const struct conf *conf, const struct mime_header *headers, size_t count,
    struct str sender, const struct conf_campaign **campaign_r, struct str *name_r, struct err *err)
{
	const struct mime_header *mark = NULL;

	for (size_t i = 0; i < count; i++) {
		if (!str_is_nocase(headers[i].name, conf->campaign_header))
			continue;
		if (mark != NULL)
			return err_set(
			    err, ERR_INPUT, "%s occurs more than once", conf->campaign_header);
		mark = &headers[i];
	}
	if (mark != NULL)
		return by_header(conf, mark->value, campaign_r, name_r, err);
	*campaign_r = sender.n == 0 ? NULL : conf_campaign_by_sender(conf, sender);
	if (*campaign_r == NULL && any_by_from(conf))
		*campaign_r = by_from(conf, headers, count);
	if (*campaign_r == NULL)
		return 0;
	*name_r = str_c((*campaign_r)->name);
	return 1;
}
