/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_letters: see letters.h
 *
 * A letter that nobody uses stays until its place or its memory is wanted. One that could not
 * be loaded stays for a moment, too, lest each of its recipients tries again.
 *
 * Owns:    raw messages and references of compiled ones.
 * Threads: any; `lock` is held for looking things up, not for loading.
 */
#include "outbox/letters.h"

#include "base/clock.h"
#include "store/view.h"
#include "tailor/view.h"

#include <glib.h>
#include <pthread.h>
#include <stdlib.h>

#define UNUSED_MAX	 32
#define UNUSED_BYTES_MAX ((size_t)128 << 20)
#define FAILED_KEEP_US	 ((int64_t)5 * 1000000)

struct outbox_letters {
	struct store *store;
	struct tailor *tailor;
	pthread_mutex_t lock;
	pthread_cond_t loaded;
	GHashTable *by_message; /* &letter->message -> letter */
	size_t unused, unused_bytes;
};

static void
letter_free(gpointer data)
{
	struct outbox_letter *letter = data;

	tailor_message_free(&letter->tailored);
	free(letter->raw);
	g_free(letter);
}

struct outbox_letters *
outbox_letters_new(struct store *store, struct tailor *tailor)
{
	struct outbox_letters *letters = g_new0(struct outbox_letters, 1);

	letters->store = store;
	letters->tailor = tailor;
	pthread_mutex_init(&letters->lock, NULL);
	pthread_cond_init(&letters->loaded, NULL);
	letters->by_message = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, letter_free);
	return letters;
}

void
outbox_letters_free(struct outbox_letters **letters)
{
	struct outbox_letters *old = *letters;

	*letters = NULL;
	if (old == NULL)
		return;
	g_hash_table_destroy(old->by_message);
	pthread_cond_destroy(&old->loaded);
	pthread_mutex_destroy(&old->lock);
	g_free(old);
}

static void
load(struct outbox_letters *letters, struct outbox_letter *letter,
    const struct store_outbox_row *row, const struct conf_campaign *campaign)
{
	if (store_outbox_body(
		letters->store, &row->body, &letter->raw, &letter->size, &letter->err) != 0)
		return;
	if (tailor_message_new(&letter->tailored, letters->tailor, campaign, row->campaign,
		row->sender, (struct str){letter->raw, letter->size}, &letter->err) != 0)
		letter->tailored = NULL;
	else
		tailor_message_set_key(letter->tailored, row->key);
	/* Before any copy leaves: else its links.view would lead nowhere. */
	if (letter->tailored != NULL && tailor_view_wanted(letter->tailored) &&
	    store_view_keep(letters->store, row->key, &row->body, &letter->err) != 0)
		tailor_message_free(&letter->tailored);
}

static void
use(struct outbox_letters *letters, struct outbox_letter *letter)
{
	if (letter->users++ == 0) {
		letters->unused--;
		letters->unused_bytes -= letter->size;
	}
	while (letter->loading)
		pthread_cond_wait(&letters->loaded, &letters->lock);
}

static bool
is_stale(const struct outbox_letter *letter)
{
	return !letter->loading && letter->users == 0 && letter->tailored == NULL &&
	    clock_mono_us() - letter->used_us > FAILED_KEEP_US;
}

static void
drop(struct outbox_letters *letters, struct outbox_letter *letter)
{
	letters->unused--;
	letters->unused_bytes -= letter->size;
	g_hash_table_remove(letters->by_message, &letter->message);
}

struct outbox_letter *
outbox_letters_get(struct outbox_letters *letters, const struct store_outbox_row *row,
    const struct conf_campaign *campaign)
{
	struct outbox_letter *letter;

	pthread_mutex_lock(&letters->lock);
	letter = g_hash_table_lookup(letters->by_message, &row->message);
	if (letter != NULL && is_stale(letter)) {
		drop(letters, letter);
		letter = NULL;
	}
	if (letter != NULL) {
		use(letters, letter);
		pthread_mutex_unlock(&letters->lock);
		return letter;
	}
	letter = g_new0(struct outbox_letter, 1);
	letter->message = row->message;
	letter->users = 1;
	letter->loading = true;
	g_hash_table_insert(letters->by_message, &letter->message, letter);
	pthread_mutex_unlock(&letters->lock);

	load(letters, letter, row, campaign);

	pthread_mutex_lock(&letters->lock);
	letter->loading = false;
	letter->used_us = clock_mono_us();
	pthread_cond_broadcast(&letters->loaded);
	pthread_mutex_unlock(&letters->lock);
	return letter;
}

/* The unused letter that was used longest ago. */
static struct outbox_letter *
oldest(const struct outbox_letters *letters)
{
	struct outbox_letter *found = NULL;
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, letters->by_message);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct outbox_letter *letter = value;

		if (letter->users == 0 && (found == NULL || letter->used_us < found->used_us))
			found = letter;
	}
	return found;
}

void
outbox_letters_put(struct outbox_letters *letters, struct outbox_letter **letter)
{
	struct outbox_letter *old = *letter;

	*letter = NULL;
	pthread_mutex_lock(&letters->lock);
	if (--old->users == 0) {
		/* A failure keeps its time: it is to be tried again, however often it is met. */
		if (old->tailored != NULL)
			old->used_us = clock_mono_us();
		letters->unused++;
		letters->unused_bytes += old->size;
	}
	while (letters->unused > UNUSED_MAX || letters->unused_bytes > UNUSED_BYTES_MAX)
		drop(letters, oldest(letters));
	pthread_mutex_unlock(&letters->lock);
}
