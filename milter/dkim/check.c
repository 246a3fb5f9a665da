/* SPDX-License-Identifier: BSD-2-Clause
 *
 * check: which keys with active = auto have their records in DNS
 *
 * A key becomes active when its record is seen and belongs to it, and stays so whatever DNS
 * says later: resolvers lose records for an hour, and mail goes out meanwhile. Only where
 * the record says that the key is revoked or another one, and a key before it may sign, that
 * one signs again. Each change is one line of the log.
 *
 * Owns:    nothing.
 * Threads: any; one process asks (master/watch.c), or nobody else yet runs.
 */
#include "base/log.h"
#include "dkim/dns.h"
#include "dkim/set.h"

static bool
is_watched(const struct dkim_key *key)
{
	return key->active == CONF_ACTIVE_AUTO;
}

bool
dkim_keys_watched(const struct dkim_keys *keys)
{
	for (guint i = 0; i < keys->keys->len; i++) {
		if (is_watched(keys->keys->pdata[i]))
			return true;
	}
	return false;
}

static bool
is_same(const struct dkim_key *a, const struct dkim_key *b)
{
	return strcmp(a->domain, b->domain) == 0 &&
	    g_ascii_strcasecmp(a->selector, b->selector) == 0 &&
	    strcmp(a->public_key, b->public_key) == 0;
}

void
dkim_keys_inherit(struct dkim_keys *keys, const struct dkim_keys *old)
{
	for (guint i = 0; i < keys->keys->len; i++) {
		struct dkim_key *key = keys->keys->pdata[i];

		for (guint j = 0; is_watched(key) && j < old->keys->len; j++) {
			const struct dkim_key *before = old->keys->pdata[j];

			if (!is_same(key, before))
				continue;
			atomic_store(&key->state->seen, atomic_load(&before->state->seen));
			atomic_store(&key->state->active,
			    before->active == CONF_ACTIVE_YES ||
				atomic_load(&before->state->active) != 0);
		}
	}
}

static enum dkim_seen
look(const struct dkim_key *key, const char *dns, const char *name, const char **why_r)
{
	char record[DKIM_RECORD_MAX];

	*why_r = "DNS has no such record";
	switch (dkim_dns_txt(dns, name, record)) {
	case DKIM_ANSWER_SILENT:
		*why_r = "DNS does not answer";
		return DKIM_SEEN_SILENT;
	case DKIM_ANSWER_NONE:
		return DKIM_SEEN_NONE;
	case DKIM_ANSWER_RECORD:
		break;
	}
	switch (dkim_record_match(record, key->algorithm, key->public_key, why_r)) {
	case DKIM_MATCH_OK:
		return DKIM_SEEN_OK;
	case DKIM_MATCH_REVOKED:
		return DKIM_SEEN_REVOKED;
	case DKIM_MATCH_DIFFERENT:
		break;
	}
	return DKIM_SEEN_DIFFERENT;
}

/* Decides what follows from the answer; returns what the log is to say. */
static const char *
apply(const struct dkim_keys *keys, struct dkim_key *key, enum dkim_seen seen)
{
	const GPtrArray *list = g_hash_table_lookup(keys->by_domain, key->domain);
	bool active = atomic_load(&key->state->active) != 0;

	if (seen == DKIM_SEEN_OK) {
		atomic_store(&key->state->active, 1);
		return active ? "dkim record is well again"
			      : "dkim record is there, the key may sign";
	}
	if (!active)
		return "dkim key waits for its record";
	if ((seen == DKIM_SEEN_REVOKED || seen == DKIM_SEEN_DIFFERENT) &&
	    dkim_set_signer(list, key->algorithm, key) != NULL) {
		atomic_store(&key->state->active, 0);
		return "dkim record is not the key's any more, another key signs";
	}
	return "dkim record is gone, the key signs on";
}

static bool
check_key(const struct dkim_keys *keys, struct dkim_key *key, const char *dns)
{
	char name[DKIM_NAME_MAX];
	const char *why, *news;
	enum dkim_seen seen, before = (enum dkim_seen)atomic_load(&key->state->seen);

	dkim_record_name(key->selector, key->domain, name);
	seen = look(key, dns, name, &why);
	news = apply(keys, key, seen);
	atomic_store(&key->state->seen, (int)seen);
	if (seen == before)
		return seen == DKIM_SEEN_OK;
	if (seen == DKIM_SEEN_OK)
		log_info(news, LOG_STR("record", name),
		    LOG_STR("algorithm", dkim_algorithm_name(key->algorithm)));
	else
		log_warning(news, LOG_STR("record", name), LOG_STR("reason", why));
	return seen == DKIM_SEEN_OK;
}

size_t
dkim_keys_check(struct dkim_keys *keys, const char *dns, bool (*stop)(void *closure), void *closure)
{
	size_t waiting = 0;

	for (guint i = 0; i < keys->keys->len; i++) {
		struct dkim_key *key = keys->keys->pdata[i];

		if (!is_watched(key))
			continue;
		if (stop != NULL && stop(closure))
			break;
		if (!check_key(keys, key, dns))
			waiting++;
	}
	return waiting;
}
