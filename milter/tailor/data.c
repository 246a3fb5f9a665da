/* SPDX-License-Identifier: BSD-2-Clause
 *
 * data: see data.h
 *
 * The tree stays as Jansson has it, since most of it is for others than the recipient at
 * hand; reading it changes nothing in it.
 *
 * Owns:    the tree, the table of addresses, the arena with the values of "all".
 * Threads: see data.h.
 * Fails:   ERR_INPUT, ERR_LIMIT.
 */
#include "tailor/data.h"

#include "liquid/json.h"
#include "liquid/value_impl.h"
#include "store/store.h"

#include <glib.h>

#define NAME "data part"
/* A number takes a byte or two as text and 32 as a value. */
#define GROWTH	     64
#define ARENA_EXTRA  ((size_t)1 << 20)
#define ADDRESS_ROOM ((size_t)64 << 10)

struct tailor_data {
	json_t *tree;
	GHashTable *own; /* address as the store compares it -> json_t of the tree */
	struct arena *arena;
	struct liquid_value all;
};

/* Would it render? Nobody's copy shall fail later for what can be known now. */
static int
try_values(const json_t *json, struct arena *scratch, const char *name, struct err *err)
{
	struct liquid_value value;

	arena_reset(scratch);
	if (!json_is_object(json))
		return err_set(err, ERR_INPUT, "%s: \"%s\": expected an object", NAME, name);
	if (liquid_from_json(json, scratch, &value, err) != 0)
		return err_prefix(err, "%s: \"%s\"", NAME, name);
	return 0;
}

static int
add_own(struct tailor_data *data, const char *name, json_t *member, struct arena *scratch,
    struct err *err)
{
	struct str key;
	char *copy;

	if (try_values(member, scratch, name, err) != 0)
		return -1;
	arena_reset(scratch);
	if (!mime_address_ok(str_c(name)) ||
	    store_address_key(str_c(name), scratch, &key, NULL) != 0)
		return err_set(err, ERR_INPUT,
		    "%s: \"%s\": expected \"all\" or a recipient's address", NAME, name);
	copy = g_strndup(key.p, key.n);
	if (g_hash_table_insert(data->own, copy, member))
		return 0;
	return err_set(err, ERR_INPUT, "%s: \"%s\": this address stands there twice", NAME, name);
}

static int
add_members(
    struct tailor_data *data, const struct conf *conf, struct arena *scratch, struct err *err)
{
	const char *name;
	json_t *member;
	int rc = 0;

	json_object_foreach(data->tree, name, member)
	{
		if (strcmp(name, "all") == 0)
			rc = try_values(member, scratch, name, err) != 0
			    ? -1
			    : liquid_from_json(member, data->arena, &data->all, err);
		else if ((int64_t)g_hash_table_size(data->own) == conf->max_recipients)
			rc = err_set(err, ERR_LIMIT,
			    "%s: more addresses than max_recipients allows (%lld)", NAME,
			    (long long)conf->max_recipients);
		else
			rc = add_own(data, name, member, scratch, err);
		if (rc != 0)
			break;
	}
	return rc;
}

static struct str
without_bom(struct str text)
{
	if (str_starts(text, STR("\xef\xbb\xbf")))
		return (struct str){text.p + 3, text.n - 3};
	return text;
}

static int
read_data(struct tailor_data *data, const struct conf *conf, struct str text, struct err *err)
{
	struct arena *scratch;
	int rc;

	if (text.n > (size_t)conf->max_data)
		return err_set(err, ERR_LIMIT, "%s: %zu bytes, max_data allows %lld", NAME, text.n,
		    (long long)conf->max_data);
	data->tree = liquid_json_load(STR(NAME), without_bom(text), JSON_REJECT_DUPLICATES, err);
	if (data->tree == NULL)
		return -1;
	if (!json_is_object(data->tree))
		return err_set(err, ERR_INPUT,
		    "%s: expected one object with \"all\" and addresses as members", NAME);
	scratch = arena_new(GROWTH * text.n + ADDRESS_ROOM);
	rc = add_members(data, conf, scratch, err);
	arena_free(&scratch);
	return rc;
}

int
tailor_data_new(struct tailor_data **data_r, const struct conf *conf,
    const struct mime_message *mime, struct err *err)
{
	struct tailor_data *data;
	struct str text;
	int found = mime_data(mime, &text, err);

	*data_r = NULL;
	if (found != 1)
		return found;
	data = g_new0(struct tailor_data, 1);
	data->own = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	data->arena = arena_new(GROWTH * text.n + ARENA_EXTRA);
	data->all = liquid_object_value(liquid_object_new(data->arena, 1));
	if (read_data(data, conf, text, err) != 0) {
		tailor_data_free(&data);
		return -1;
	}
	*data_r = data;
	return 1;
}

void
tailor_data_free(struct tailor_data **data)
{
	struct tailor_data *gone = *data;

	*data = NULL;
	if (gone == NULL)
		return;
	g_hash_table_destroy(gone->own);
	json_decref(gone->tree);
	arena_free(&gone->arena);
	g_free(gone);
}

/* NULL: nothing stands there for this one. */
static int
find_own(const struct tailor_data *data, struct str recipient, struct arena *arena,
    const json_t **own_r, struct err *err)
{
	struct str key;

	*own_r = NULL;
	if (g_hash_table_size(data->own) == 0)
		return 0;
	if (store_address_key(recipient, arena, &key, err) != 0)
		return -1;
	key = arena_str(arena, key);
	if (key.p == NULL)
		return err_set(err, ERR_LIMIT, "data: too large");
	*own_r = g_hash_table_lookup(data->own, key.p);
	return 0;
}

static int
add_to_copy(struct liquid_object *object, const struct liquid_value *own, struct arena *arena)
{
	for (size_t i = 0; i < own->object->count; i++) {
		const struct value_member *member = &own->object->member[i];

		if (liquid_object_set(object, arena, member->key, member->value) != 0)
			return -1;
	}
	return 0;
}

int
tailor_data_of(const struct tailor_data *data, struct str recipient, struct arena *arena,
    struct liquid_value *value_r, struct err *err)
{
	struct liquid_object *object;
	struct liquid_value own;
	const json_t *json;

	if (data == NULL) {
		object = liquid_object_new(arena, 1);
		*value_r = liquid_object_value(object);
		return object == NULL ? err_set(err, ERR_LIMIT, "data: too large") : 0;
	}
	*value_r = data->all;
	if (find_own(data, recipient, arena, &json, err) != 0)
		return -1;
	if (json == NULL)
		return 0;
	if (liquid_from_json(json, arena, &own, err) != 0)
		return err_prefix(err, "data");
	object = liquid_object_copy(data->all.object, arena, own.object->count);
	if (object == NULL || add_to_copy(object, &own, arena) != 0)
		return err_set(err, ERR_LIMIT, "data: too large");
	*value_r = liquid_object_value(object);
	return 0;
}
