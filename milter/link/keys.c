/* SPDX-License-Identifier: BSD-2-Clause
 *
 * keys: see keys.h
 *
 * Owns:    a keyed cipher for each key; the secrets themselves are not kept.
 * Threads: any.
 */
#include "link/internal.h"

#include <stdatomic.h>
#include <stdlib.h>

struct link_keys {
	atomic_uint references;
	unsigned newest;
	bool known[LINK_KEY_ID_MAX + 1];
	struct link_siv siv[LINK_KEY_ID_MAX + 1]; /* by id */
};

struct link_keys *
link_keys_new(const struct link_keyfile *file)
{
	struct link_keys *keys = calloc(1, sizeof *keys);

	if (keys == NULL || file->count == 0)
		abort();
	atomic_init(&keys->references, 1);
	for (size_t i = 0; i < file->count; i++) {
		const struct link_keyfile_key *key = &file->keys[i];

		link_siv_init(&keys->siv[key->id], key->secret, sizeof key->secret);
		keys->known[key->id] = true;
	}
	keys->newest = file->keys[file->count - 1].id;
	return keys;
}

int
link_keys_load(struct link_keys **keys_r, const struct conf *conf, struct err *err)
{
	struct link_keyfile *file;

	*keys_r = NULL;
	if (conf->token_keys[0] == '\0')
		return 0;
	if (link_keyfile_read(&file, conf->token_keys, conf->user, err) != 0)
		return err_prefix(err, "%s: token_keys", conf_place(conf, "token_keys"));
	*keys_r = link_keys_new(file);
	link_keyfile_free(&file);
	return 0;
}

struct link_keys *
link_keys_ref(struct link_keys *keys)
{
	if (keys != NULL)
		atomic_fetch_add_explicit(&keys->references, 1, memory_order_relaxed);
	return keys;
}

void
link_keys_unref(struct link_keys **keys)
{
	struct link_keys *gone = *keys;

	*keys = NULL;
	if (gone == NULL ||
	    atomic_fetch_sub_explicit(&gone->references, 1, memory_order_acq_rel) > 1)
		return;
	for (unsigned id = 0; id <= LINK_KEY_ID_MAX; id++) {
		if (gone->known[id])
			link_siv_fini(&gone->siv[id]);
	}
	free(gone);
}

unsigned
link_keys_newest(const struct link_keys *keys)
{
	return keys->newest;
}

const struct link_siv *
link_keys_find(const struct link_keys *keys, unsigned id)
{
	return id <= LINK_KEY_ID_MAX && keys->known[id] ? &keys->siv[id] : NULL;
}
