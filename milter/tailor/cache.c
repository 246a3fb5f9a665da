/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cache: compiled messages by content
 *
 * An entry that leaves the cache lives on until the last message lets go of it.
 *
 * Owns:    its entries, one reference each.
 * Threads: any; everything happens under `lock`, and nothing slow does.
 */
#include "tailor/internal.h"

#include "base/tally.h"

#include <assert.h>
#include <glib.h>
#include <pthread.h>

struct tailor_cache {
	pthread_mutex_t lock;
	GHashTable *links; /* key -> its link in `recent` */
	GQueue recent;	   /* of struct tailor_compiled; head: used last */
	size_t max;
};

static guint
key_hash(gconstpointer key)
{
	guint hash;

	memcpy(&hash, ((const struct id_digest *)key)->byte, sizeof hash);
	return hash;
}

static gboolean
key_equal(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, sizeof(struct id_digest)) == 0;
}

struct tailor_cache *
tailor_cache_new(size_t max)
{
	struct tailor_cache *cache = g_new0(struct tailor_cache, 1);

	pthread_mutex_init(&cache->lock, NULL);
	cache->links = g_hash_table_new(key_hash, key_equal);
	cache->max = max;
	return cache;
}

/* Gives up one reference; the caller holds the lock. */
static void
let_go(struct tailor_compiled *compiled)
{
	assert(compiled->references > 0);
	if (--compiled->references == 0)
		tailor_compiled_free(&compiled);
}

static void
drop_oldest(struct tailor_cache *cache)
{
	struct tailor_compiled *oldest = g_queue_pop_tail(&cache->recent);

	g_hash_table_remove(cache->links, &oldest->key);
	let_go(oldest);
}

void
tailor_cache_free(struct tailor_cache **cache)
{
	if (*cache == NULL)
		return;
	while ((*cache)->recent.length > 0)
		drop_oldest(*cache);
	g_hash_table_destroy((*cache)->links);
	pthread_mutex_destroy(&(*cache)->lock);
	g_free(*cache);
	*cache = NULL;
}

/* The entry with one more reference, now the most recent; the caller holds the lock. */
static struct tailor_compiled *
find(struct tailor_cache *cache, const struct id_digest *key)
{
	GList *link = g_hash_table_lookup(cache->links, key);
	struct tailor_compiled *compiled;

	if (link == NULL)
		return NULL;
	g_queue_unlink(&cache->recent, link);
	g_queue_push_head_link(&cache->recent, link);
	compiled = link->data;
	compiled->references++;
	return compiled;
}

struct tailor_compiled *
tailor_cache_get(struct tailor_cache *cache, const struct id_digest *key)
{
	struct tailor_compiled *compiled;

	pthread_mutex_lock(&cache->lock);
	compiled = find(cache, key);
	pthread_mutex_unlock(&cache->lock);
	tally_count(compiled != NULL ? TALLY_CACHE_HIT : TALLY_CACHE_MISS);
	return compiled;
}

struct tailor_compiled *
tailor_cache_put(struct tailor_cache *cache, struct tailor_compiled *compiled)
{
	struct tailor_compiled *present;

	pthread_mutex_lock(&cache->lock);
	present = find(cache, &compiled->key);
	if (present == NULL) {
		present = compiled;
		present->references = 2; /* the cache's and the caller's */
		g_queue_push_head(&cache->recent, present);
		g_hash_table_insert(cache->links, &present->key, cache->recent.head);
		while (cache->recent.length > cache->max)
			drop_oldest(cache);
	} else {
		tailor_compiled_free(&compiled);
	}
	pthread_mutex_unlock(&cache->lock);
	return present;
}

void
tailor_cache_unref(struct tailor_cache *cache, struct tailor_compiled **compiled)
{
	if (*compiled == NULL)
		return;
	pthread_mutex_lock(&cache->lock);
	let_go(*compiled);
	pthread_mutex_unlock(&cache->lock);
	*compiled = NULL;
}
