/* SPDX-License-Identifier: BSD-2-Clause
 *
 * load: parsed options -> struct conf
 *
 * What concerns more than one parameter is checked here; then all is copied from
 * libConfuse's options, where every text is known to be good, into the snapshot.
 *
 * Owns:    the snapshot until it is handed out.
 * Threads: any; parse.c takes one at a time.
 * Fails:   ERR_CONFIG, ERR_NOTFOUND, ERR_IO.
 */
#include "conf/form.h"
#include "conf/parse.h"
#include "conf/snapshot.h"
#include "conf/value.h"

#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

/* Between selector and domain of a record's name. */
#define MIDDLE "._domainkey."

/* One kind of section: its name, rows and the size of its struct. */
struct kind {
	const char *name;
	struct conf_rows rows;
	size_t size;
};

static struct kind
kind_campaign(void)
{
	return (struct kind){"campaign", conf_rows_campaign(), sizeof(struct conf_campaign)};
}

static struct kind
kind_dkim(void)
{
	return (struct kind){"dkim", conf_rows_dkim(), sizeof(struct conf_dkim)};
}

static struct kind
kind_plugin(void)
{
	return (struct kind){"plugin", conf_rows_plugin(), sizeof(struct conf_plugin)};
}

static struct kind
kind_form(void)
{
	return (struct kind){"form", conf_rows_form(), sizeof(struct conf_form)};
}

static struct kind
kind_webhook(void)
{
	return (struct kind){"webhook", conf_rows_webhook(), sizeof(struct conf_webhook)};
}

static void *
need(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

static void
copy_list(struct arena *arena, cfg_opt_t *opt, struct conf_list *list)
{
	list->count = cfg_opt_size(opt);
	list->at = need(arena_zalloc(arena, list->count + 1, sizeof *list->at));
	for (unsigned i = 0; i < list->count; i++)
		list->at[i] =
		    need((void *)(uintptr_t)arena_str(arena, str_c(cfg_opt_getnstr(opt, i))).p);
}

/* Every text was found good before, and so were the defaults when they were written. */
static void
copy_rows(struct arena *arena, cfg_t *cfg, struct conf_rows rows, void *object)
{
	for (size_t i = 0; i < rows.count; i++) {
		const struct conf_row *row = &rows.at[i];
		cfg_opt_t *opt = cfg_getopt(cfg, row->name);
		struct conf_value value;
		struct err err;
		const char *text;

		if (row->type == CONF_TYPE_LIST) {
			copy_list(
			    arena, opt, (struct conf_list *)(void *)((char *)object + row->offset));
			continue;
		}
		text = cfg_opt_size(opt) == 0 ? row->initial : cfg_opt_getnstr(opt, 0);
		text = arena_str(arena, str_c(text)).p;
		if (text == NULL || conf_value_parse(row, text, "/", arena, &value, &err) == -1)
			abort();
		conf_value_store(row, &value, object);
	}
}

/* An array of the sections of one kind. The structs begin with name and place. */
static void *
copy_sections(struct arena *arena, const struct parse *parse, struct kind kind, size_t *count_r)
{
	size_t count = cfg_size(parse->cfg, kind.name);
	char *array = need(arena_zalloc(arena, count + 1, kind.size));

	for (unsigned i = 0; i < count; i++) {
		cfg_t *cfg = cfg_getnsec(parse->cfg, kind.name, i);
		const struct parse_section *section =
		    parse_section_find(parse, kind.name, cfg_title(cfg));
		char *object = array + i * kind.size;

		memcpy(object, &section->title, sizeof section->title);
		memcpy(object + offsetof(struct conf_campaign, place), &section->place,
		    sizeof section->place);
		copy_rows(arena, cfg, kind.rows, object);
	}
	*count_r = count;
	return array;
}

_Static_assert(offsetof(struct conf_campaign, name) == 0 &&
	offsetof(struct conf_dkim, domain) == 0 && offsetof(struct conf_plugin, name) == 0 &&
	offsetof(struct conf_form, name) == 0 && offsetof(struct conf_webhook, name) == 0 &&
	offsetof(struct conf_campaign, place) == offsetof(struct conf_webhook, place) &&
	offsetof(struct conf_campaign, place) == offsetof(struct conf_form, place) &&
	offsetof(struct conf_campaign, place) == offsetof(struct conf_plugin, place) &&
	offsetof(struct conf_campaign, place) == offsetof(struct conf_dkim, place),
    "copy_sections fills them all");

static bool
same_setting(const struct parse_setting *a, const struct parse_setting *b)
{
	return strcmp(a->section, b->section) == 0 && strcmp(a->name, b->name) == 0;
}

/* All values of one parameter, of which `last` is the last. */
static void
copy_setting(struct arena *arena, const struct parse_setting *last, struct conf_setting *setting_r)
{
	const struct parse_setting *s;
	size_t count = 0;

	for (s = last; s != NULL; s = s->next)
		count += !s->replaced && same_setting(s, last);
	*setting_r = (struct conf_setting){last->name, last->place, last->folder,
	    {need(arena_zalloc(arena, count, sizeof(const char *))), count}};
	for (s = last; s != NULL; s = s->next) {
		if (!s->replaced && same_setting(s, last))
			setting_r->values.at[--count] = s->value;
	}
}

/* Is there one of the same parameter behind it, which will be copied with all values? */
static bool
is_last(const struct parse *parse, const struct parse_setting *setting)
{
	for (const struct parse_setting *s = parse->settings; s != setting; s = s->next) {
		if (same_setting(s, setting))
			return false;
	}
	return true;
}

static void
copy_settings(struct arena *arena, const struct parse *parse, struct conf_plugin *plugin)
{
	size_t count = 0;

	for (const struct parse_setting *s = parse->settings; s != NULL; s = s->next)
		count += strcmp(s->section, plugin->name) == 0;
	plugin->settings = need(arena_zalloc(arena, count + 1, sizeof *plugin->settings));
	for (const struct parse_setting *s = parse->settings; s != NULL; s = s->next) {
		if (strcmp(s->section, plugin->name) == 0 && is_last(parse, s))
			copy_setting(arena, s, &plugin->settings[plugin->setting_count++]);
	}
}

static void
check_plugins(struct parse *parse, const struct conf_campaign *campaign, const struct conf *conf)
{
	for (size_t i = 0; i < campaign->plugins.count; i++) {
		struct str name, other;
		int use;

		conf_plugin_use(campaign->plugins.at[i], &name, 0, &use);
		if (conf_plugin_find(conf, name) == NULL)
			parse_complain(parse, ERR_CONFIG,
			    "%s: plugins: expected a section plugin \"%.*s\", there is none",
			    campaign->place, STR_F(name));
		for (size_t j = 0; j < i; j++) {
			conf_plugin_use(campaign->plugins.at[j], &other, 0, &use);
			if (str_eq(name, other))
				parse_complain(parse, ERR_CONFIG,
				    "%s: plugins: %.*s stands there twice", campaign->place,
				    STR_F(name));
		}
	}
}

static void
check_required(struct parse *parse, struct kind kind)
{
	for (unsigned i = 0; i < cfg_size(parse->cfg, kind.name); i++) {
		cfg_t *cfg = cfg_getnsec(parse->cfg, kind.name, i);
		const struct parse_section *section =
		    parse_section_find(parse, kind.name, cfg_title(cfg));

		for (size_t j = 0; section != NULL && j < kind.rows.count; j++) {
			if (kind.rows.at[j].required && cfg_size(cfg, kind.rows.at[j].name) == 0)
				parse_complain(parse, ERR_CONFIG,
				    "%s: %s \"%s\": the parameter %s is missing", section->place,
				    kind.name, section->title, kind.rows.at[j].name);
		}
	}
}

static void
check_selectors(struct parse *parse)
{
	for (unsigned i = 0; i < cfg_size(parse->cfg, "dkim"); i++) {
		cfg_t *cfg = cfg_getnsec(parse->cfg, "dkim", i);
		const struct parse_section *section =
		    parse_section_find(parse, "dkim", cfg_title(cfg));

		if (section != NULL && strstr(section->title, MIDDLE) == NULL &&
		    (cfg_size(cfg, "selector") == 0 ||
			cfg_opt_getnstr(cfg_getopt(cfg, "selector"), 0)[0] == '\0'))
			parse_complain(parse, ERR_CONFIG,
			    "%s: dkim \"%s\": the parameter selector is missing", section->place,
			    section->title);
	}
}

static void
check_together(struct parse *parse, const struct snapshot *snapshot)
{
	const struct conf *conf = &snapshot->conf;

	if (conf->outbox_retry_min > conf->outbox_retry_max)
		parse_complain(parse, ERR_CONFIG,
		    "%s: outbox_retry_min: expected no more than outbox_retry_max",
		    snapshot_place(snapshot, "outbox_retry_min"));
}

static bool
secure(const char *url)
{
	static const char *const here[] = {"localhost", "127.0.0.1", "[::1]"};
	const char *host = url + sizeof "http://" - 1;

	if (strncmp(url, "https://", sizeof "https://" - 1) == 0)
		return true;
	for (size_t i = 0; i < sizeof here / sizeof here[0]; i++) {
		size_t n = strlen(here[i]);

		if (strncmp(host, here[i], n) == 0 && strchr(":/", host[n]) != NULL)
			return true;
	}
	return false;
}

static void
check_webhooks(struct parse *parse, const struct conf *conf)
{
	for (size_t i = 0; i < conf->webhook_count; i++) {
		const struct conf_webhook *hook = &conf->webhooks[i];

		if (!hook->insecure && !secure(hook->url))
			parse_complain(parse, ERR_CONFIG,
			    "%s: url: expected https://, or insecure = yes", hook->place);
		if (hook->retry_min > hook->retry_max)
			parse_complain(parse, ERR_CONFIG,
			    "%s: retry_min: expected no more than retry_max", hook->place);
	}
}

static void
check_tracking_url(struct parse *parse, const struct conf *conf, const char *url, const char *place)
{
	if (url[0] == '\0')
		return;
	if (conf->token_keys[0] == '\0')
		parse_complain(parse, ERR_CONFIG,
		    "%s: tracking_url: expected token_keys to be set, too (mailtailor key new "
		    "makes "
		    "the file)",
		    place);
	if (!conf->tracking_insecure && !secure(url))
		parse_complain(parse, ERR_CONFIG,
		    "%s: tracking_url: expected https://, or tracking_insecure = yes, got "
		    "\"%.200s\"",
		    place, url);
}

static void
check_tracking(struct parse *parse, const struct snapshot *snapshot)
{
	const struct conf *conf = &snapshot->conf;

	check_tracking_url(
	    parse, conf, conf->tracking_url, snapshot_place(snapshot, "tracking_url"));
	for (size_t i = 0; i < conf->campaign_count; i++) {
		const struct conf_campaign *campaign = &conf->campaigns[i];

		check_tracking_url(parse, conf, campaign->tracking_url, campaign->place);
		if (campaign->bounce_address[0] != '\0' && conf->token_keys[0] == '\0')
			parse_complain(parse, ERR_CONFIG,
			    "%s: bounce_address: expected token_keys to be set, too (mailtailor "
			    "key "
			    "new makes the file)",
			    campaign->place);
	}
}

/* A strict campaign must be able to do what it insists on. */
static void
check_law(struct parse *parse, const struct conf *conf)
{
	for (size_t i = 0; i < conf->campaign_count; i++) {
		const struct conf_campaign *campaign = &conf->campaigns[i];

		if (!campaign->strict || campaign->kind != CONF_KIND_MARKETING)
			continue;
		if (!conf_can_unsubscribe(conf, campaign))
			parse_complain(parse, ERR_CONFIG,
			    "%s: strict: expected tracking_url with token_keys, or "
			    "unsubscribe_address, since marketing needs a way to unsubscribe",
			    campaign->place);
		if (conf_postal_address(conf, campaign)[0] == '\0')
			parse_complain(parse, ERR_CONFIG,
			    "%s: strict: expected postal_address to be set, here or for all",
			    campaign->place);
	}
}

/* One address means one campaign. */
static void
check_addresses(struct parse *parse, const struct conf *conf, size_t row_offset, const char *row,
    const struct conf_campaign *(*find)(const struct conf *, struct str))
{
	for (size_t i = 0; i < conf->campaign_count; i++) {
		const struct conf_campaign *campaign = &conf->campaigns[i], *first;
		const struct conf_list *list =
		    (const struct conf_list *)(const void *)((const char *)campaign + row_offset);

		for (size_t j = 0; j < list->count; j++) {
			first = find(conf, str_c(list->at[j]));
			if (first != campaign)
				parse_complain(parse, ERR_CONFIG,
				    "%s: %s: \"%.200s\" belongs to campaign \"%s\" already, at %s",
				    campaign->place, row, list->at[j], first->name, first->place);
		}
	}
}

/* "SELECTOR._domainkey.DOMAIN" (RFC 6376 section 3.6.2.1) names both. */
static void
split_title(struct parse *parse, struct arena *arena, struct conf_dkim *dkim)
{
	const char *at = strstr(dkim->domain, MIDDLE), *selector;

	if (at == NULL)
		return;
	selector = need((void *)(uintptr_t)arena_str(
	    arena, (struct str){dkim->domain, (size_t)(at - dkim->domain)})
			    .p);
	if (dkim->selector[0] != '\0' && strcasecmp(dkim->selector, selector) != 0)
		parse_complain(parse, ERR_CONFIG,
		    "%s: dkim \"%s\": expected the selector %s or none, got \"%s\"", dkim->place,
		    dkim->domain, selector, dkim->selector);
	dkim->selector = selector;
	dkim->domain = at + sizeof MIDDLE - 1;
}

static void
check_dkim(struct parse *parse, struct arena *arena, const struct conf *conf)
{
	for (size_t i = 0; i < conf->dkim_count; i++) {
		struct conf_dkim *dkim = &conf->dkims[i];

		split_title(parse, arena, dkim);
		for (size_t j = 0; j < i; j++) {
			const struct conf_dkim *other = &conf->dkims[j];

			if (strcmp(other->domain, dkim->domain) == 0 &&
			    strcasecmp(other->selector, dkim->selector) == 0)
				parse_complain(parse, ERR_CONFIG,
				    "%s: dkim: there is a section for the selector %s of %s "
				    "already, at %s",
				    dkim->place, dkim->selector, dkim->domain, other->place);
		}
	}
}

static struct conf_networks
parse_networks(const struct snapshot *snapshot, const struct conf_list *list)
{
	struct conf_networks networks = {.count = list->count};

	networks.at = need(arena_zalloc(snapshot->arena, list->count + 1, sizeof *networks.at));
	for (size_t i = 0; i < list->count; i++) {
		if (!net_parse(list->at[i], &networks.at[i]))
			abort();
	}
	return networks;
}

static void
fill(struct snapshot *snapshot, struct parse *parse)
{
	struct conf *conf = &snapshot->conf;

	copy_rows(snapshot->arena, parse->cfg, conf_rows_global(), conf);
	/* Not the row's default: sample and manual are the same wherever it is installed. */
	if (conf->plugin_path[0] == '\0')
		conf->plugin_path = PLUGINDIR;
	conf->campaigns =
	    copy_sections(snapshot->arena, parse, kind_campaign(), &conf->campaign_count);
	conf->dkims = copy_sections(snapshot->arena, parse, kind_dkim(), &conf->dkim_count);
	conf->plugins = copy_sections(snapshot->arena, parse, kind_plugin(), &conf->plugin_count);
	conf->forms = copy_sections(snapshot->arena, parse, kind_form(), &conf->form_count);
	conf->webhooks =
	    copy_sections(snapshot->arena, parse, kind_webhook(), &conf->webhook_count);
	for (size_t i = 0; i < conf->plugin_count; i++)
		copy_settings(snapshot->arena, parse, &conf->plugins[i]);
	for (size_t i = 0; i < conf->campaign_count; i++)
		check_plugins(parse, &conf->campaigns[i], conf);
	check_dkim(parse, snapshot->arena, conf);
	snapshot->trusted = parse_networks(snapshot, &conf->trusted);
	snapshot->web_proxies = parse_networks(snapshot, &conf->web_proxies);
	snapshot->metrics = parse_networks(snapshot, &conf->metrics);
	snapshot->places = parse->places;
	check_together(parse, snapshot);
	check_tracking(parse, snapshot);
	check_law(parse, conf);
	conf_form_check(parse, conf);
	check_webhooks(parse, conf);
	check_addresses(
	    parse, conf, offsetof(struct conf_campaign, sender), "sender", conf_campaign_by_sender);
	check_addresses(
	    parse, conf, offsetof(struct conf_campaign, from), "from", conf_campaign_by_from);
}

static const char *
absolute(struct arena *arena, const char *path)
{
	char *cwd = path[0] == '/' ? NULL : getcwd(NULL, 0);
	struct str result =
	    cwd == NULL ? arena_str(arena, str_c(path)) : arena_printf(arena, "%s/%s", cwd, path);

	free(cwd);
	return result.p;
}

int
conf_load(struct conf **conf_r, const char *path,
    void (*each_error)(const char *text, void *closure), void *closure, struct err *err)
{
	struct snapshot *snapshot = snapshot_new();
	struct parse parse;
	int rc = 0;

	parse_init(&parse, snapshot->arena, path);
	snapshot->conf.path = absolute(snapshot->arena, path);
	if (parse.complete) {
		check_required(&parse, kind_campaign());
		check_selectors(&parse);
		check_required(&parse, kind_dkim());
		check_required(&parse, kind_form());
		check_required(&parse, kind_webhook());
	}
	if (parse.problem_count == 0)
		fill(snapshot, &parse);
	if (parse.problems != NULL) {
		rc = err_set(err, parse.problems->err.code, "%s", parse.problems->err.text);
		snapshot_free(&snapshot);
	}
	for (const struct parse_problem *p = parse.problems; p != NULL && each_error != NULL;
	     p = p->next)
		each_error(p->err.text, closure);
	parse_fini(&parse);
	*conf_r = snapshot == NULL ? NULL : &snapshot->conf;
	return rc;
}
