/* SPDX-License-Identifier: BSD-2-Clause
 *
 * conf: references and look-ups; see conf.h
 */
#include "conf/check.h"
#include "conf/row.h"
#include "conf/snapshot.h"

#include <idn2.h>
#include <stdlib.h>

/* More than any sane configuration; keeps a hostile one from taking all memory. */
#define ARENA_MAX ((size_t)64 << 20)

struct snapshot *
snapshot_new(void)
{
	struct snapshot *snapshot = calloc(1, sizeof *snapshot);

	if (snapshot == NULL)
		abort();
	snapshot->arena = arena_new(ARENA_MAX);
	atomic_init(&snapshot->references, 1);
	return snapshot;
}

void
snapshot_free(struct snapshot **snapshot)
{
	if (*snapshot == NULL)
		return;
	arena_free(&(*snapshot)->arena);
	free(*snapshot);
	*snapshot = NULL;
}

const char *
snapshot_place(const struct snapshot *snapshot, const char *name)
{
	struct conf_rows rows = conf_rows_global();
	const char *place = snapshot->places[conf_row_find(rows, name) - rows.at];

	return place == NULL ? snapshot->conf.path : place;
}

/* The count changes, but nothing that a holder of the const pointer sees. */
static struct snapshot *
snapshot_of(const struct conf *conf)
{
	return (struct snapshot *)(uintptr_t)conf;
}

const char *
conf_place(const struct conf *conf, const char *name)
{
	return snapshot_place(snapshot_of(conf), name);
}

const struct conf *
conf_ref(const struct conf *conf)
{
	atomic_fetch_add_explicit(&snapshot_of(conf)->references, 1, memory_order_relaxed);
	return conf;
}

void
conf_unref(const struct conf **conf)
{
	struct snapshot *snapshot;

	if (*conf == NULL)
		return;
	snapshot = snapshot_of(*conf);
	*conf = NULL;
	if (atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) == 1)
		snapshot_free(&snapshot);
}

/* All sections begin with their name, see load.c. NULL if none has it. */
static const void *
section_by_name(const void *sections, size_t count, size_t size, struct str name)
{
	for (size_t i = 0; i < count; i++) {
		const void *section = (const char *)sections + i * size;

		if (str_is(name, *(const char *const *)section))
			return section;
	}
	return NULL;
}

const struct conf_campaign *
conf_campaign_find(const struct conf *conf, struct str name)
{
	const struct conf_campaign *found =
	    section_by_name(conf->campaigns, conf->campaign_count, sizeof *conf->campaigns, name);

	return found != NULL ? found
			     : section_by_name(conf->campaigns, conf->campaign_count,
				   sizeof *conf->campaigns, STR("*"));
}

const struct conf_plugin *
conf_plugin_find(const struct conf *conf, struct str name)
{
	return section_by_name(conf->plugins, conf->plugin_count, sizeof *conf->plugins, name);
}

const struct conf_form *
conf_form_find(const struct conf *conf, struct str name)
{
	return section_by_name(conf->forms, conf->form_count, sizeof *conf->forms, name);
}

const struct conf_webhook *
conf_webhook_find(const struct conf *conf, struct str name)
{
	return section_by_name(conf->webhooks, conf->webhook_count, sizeof *conf->webhooks, name);
}

bool
conf_plugin_use(const char *text, struct str *name_r, int fallback, int *use_r)
{
	static const char *const words[] = {"defer", "without", "stop"};
	struct str rest = str_c(text);

	*use_r = fallback;
	if (!str_split(&rest, ':', name_r) || !conf_check_plugin_name(*name_r))
		return false;
	if (rest.p == NULL)
		return true;
	for (int i = 0; i < 3; i++) {
		if (str_is(rest, words[i])) {
			*use_r = i;
			return true;
		}
	}
	return false;
}

/* `stored` is in lower case and A-labels; `domain` may come with U-labels (RFC 6531). */
static bool
domains_match(struct str stored, struct str domain)
{
	char copy[1000], *ascii = NULL;
	bool match;

	if (str_eq_nocase(stored, domain))
		return true;
	if (domain.n == 0 || domain.n >= sizeof copy)
		return false;
	memcpy(copy, domain.p, domain.n);
	copy[domain.n] = '\0';
	if (strlen(copy) != domain.n ||
	    idn2_to_ascii_8z(copy, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return false;
	match = str_is_nocase(stored, ascii);
	idn2_free(ascii);
	return match;
}

static bool
addresses_match(struct str stored, struct str address)
{
	const char *at = memrchr(stored.p, '@', stored.n);
	size_t local = (size_t)(at - stored.p) + 1;

	return address.n > local && memcmp(stored.p, address.p, local) == 0 &&
	    domains_match((struct str){stored.p + local, stored.n - local},
		(struct str){address.p + local, address.n - local});
}

static bool
list_has_address(const struct conf_list *list, struct str address)
{
	for (size_t i = 0; i < list->count; i++) {
		if (addresses_match(str_c(list->at[i]), address))
			return true;
	}
	return false;
}

const struct conf_campaign *
conf_campaign_by_sender(const struct conf *conf, struct str address)
{
	for (size_t i = 0; i < conf->campaign_count; i++) {
		if (list_has_address(&conf->campaigns[i].sender, address))
			return &conf->campaigns[i];
	}
	return NULL;
}

const struct conf_campaign *
conf_campaign_by_from(const struct conf *conf, struct str address)
{
	for (size_t i = 0; i < conf->campaign_count; i++) {
		if (list_has_address(&conf->campaigns[i].from, address))
			return &conf->campaigns[i];
	}
	return NULL;
}

const struct conf_dkim *
conf_dkim_find(const struct conf *conf, struct str domain)
{
	for (size_t i = 0; i < conf->dkim_count; i++) {
		if (domains_match(str_c(conf->dkims[i].domain), domain))
			return &conf->dkims[i];
	}
	return NULL;
}

/* The section that signs for this domain's subdomains, if any. */
static const struct conf_dkim *
find_parent(const struct conf *conf, struct str domain)
{
	for (size_t i = 0; i < conf->dkim_count; i++) {
		if (conf->dkims[i].subdomains &&
		    domains_match(str_c(conf->dkims[i].domain), domain))
			return &conf->dkims[i];
	}
	return NULL;
}

const char *
conf_dkim_signer(const struct conf *conf, struct str domain)
{
	const struct conf_dkim *found = conf_dkim_find(conf, domain);
	struct str label;

	while (found == NULL && str_split(&domain, '.', &label) && domain.p != NULL)
		found = find_parent(conf, domain);
	return found == NULL ? NULL : found->domain;
}

static bool
is_in(const struct conf_networks *networks, const char *address)
{
	struct net client;

	if (address == NULL || !net_parse_address(address, &client))
		return false;
	for (size_t i = 0; i < networks->count; i++) {
		if (net_holds(&networks->at[i], &client))
			return true;
	}
	return false;
}

bool
conf_trusted(const struct conf *conf, const char *address)
{
	return is_in(&snapshot_of(conf)->trusted, address);
}

bool
conf_web_proxy(const struct conf *conf, const char *address)
{
	return is_in(&snapshot_of(conf)->web_proxies, address);
}

bool
conf_metrics_for(const struct conf *conf, const char *address)
{
	return is_in(&snapshot_of(conf)->metrics, address);
}
