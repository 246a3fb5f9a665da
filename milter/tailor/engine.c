/* SPDX-License-Identifier: BSD-2-Clause
 *
 * engine: the engine of one process, and messages ready to be tailored
 *
 * Owns:    references of configuration, keys and templates, the cache, the campaigns' data.
 * Threads: tailor_new by one; then any.
 * Fails:   ERR_CONFIG and ERR_IO (data files); ERR_TEMPLATE, ERR_INPUT, ERR_LIMIT, ERR_KEY
 *          (messages).
 */
#include "tailor/internal.h"

#include "liquid/json.h"

#include <glib.h>

#define DATA_MAX ((size_t)256 << 20) /* all campaigns' data files together */

static int
read_data(struct tailor *tailor, const struct conf_campaign *campaign, struct liquid_value *value_r,
    struct err *err)
{
	struct err where = ERR_INIT;
	json_t *json;
	int rc;

	if (campaign->data[0] == '\0') {
		struct liquid_object *none = liquid_object_new(tailor->arena, 1);

		*value_r = liquid_object_value(none);
		return none == NULL ? err_set(err, ERR_LIMIT, "campaign data: too large") : 0;
	}
	json = liquid_json_load_file(campaign->data, JSON_REJECT_DUPLICATES, &where);
	if (json == NULL)
		return err_set(err, ERR_CONFIG, "%s: data: %s", campaign->place, where.text);
	if (!json_is_object(json))
		rc = err_set(err, ERR_CONFIG, "%s: data: %s: expected one JSON object",
		    campaign->place, campaign->data);
	else if ((rc = liquid_from_json(json, tailor->arena, value_r, err)) != 0)
		err_prefix(err, "%s: data: %s", campaign->place, campaign->data);
	json_decref(json);
	return rc;
}

/* A footer that is broken is better found now than with the first message. */
static int
check_footer(const struct tailor *tailor, size_t i, struct err *err)
{
	const struct conf_campaign *campaign = &tailor->conf->campaigns[i];
	struct tailor_law *law = tailor_law_new(tailor->conf, campaign, &tailor->data[i]);
	struct tailor_work work = {.conf = tailor->conf,
	    .shelf = tailor_templates_of(tailor->templates, campaign),
	    .campaign = campaign,
	    .data = &tailor->data[i],
	    .extensions = plugin_use_extensions(plugin_set_use(tailor->plugins, campaign)),
	    .law = law};
	int rc = 0;

	tailor_work_init(&work, NULL);
	if (plugin_use_check(plugin_set_use(tailor->plugins, campaign), NULL) == 0)
		rc = tailor_check_footer(&work, err);
	tailor_law_free(&law);
	return rc;
}

int
tailor_new(struct tailor **tailor_r, const struct conf *conf, struct dkim_keys *keys,
    struct link_keys *link_keys, struct tailor_templates *templates, struct store *store,
    struct err *err)
{
	struct tailor *tailor = g_new0(struct tailor, 1);
	int rc;

	tailor->conf = conf_ref(conf);
	tailor->keys = keys == NULL ? NULL : dkim_keys_ref(keys);
	tailor->link_keys = link_keys_ref(link_keys);
	tailor->templates = tailor_templates_ref(templates);
	tailor->store = store;
	tailor->cache = tailor_cache_new((size_t)conf->cache_messages);
	tailor->arena = arena_new(DATA_MAX);
	tailor->data = g_new0(struct liquid_value, conf->campaign_count);
	rc = plugin_set_new(&tailor->plugins, conf, store, NULL, NULL, err);
	for (size_t i = 0; i < conf->campaign_count && rc == 0; i++) {
		rc = read_data(tailor, &conf->campaigns[i], &tailor->data[i], err);
		if (rc == 0)
			rc = check_footer(tailor, i, err);
	}
	if (rc != 0)
		tailor_free(&tailor);
	else
		*tailor_r = tailor;
	return rc;
}

void
tailor_free(struct tailor **tailor)
{
	if (*tailor == NULL)
		return;
	tailor_cache_free(&(*tailor)->cache);
	plugin_set_free(&(*tailor)->plugins);
	arena_free(&(*tailor)->arena);
	dkim_keys_unref(&(*tailor)->keys);
	link_keys_unref(&(*tailor)->link_keys);
	tailor_templates_unref(&(*tailor)->templates);
	conf_unref(&(*tailor)->conf);
	g_free((*tailor)->data);
	g_free(*tailor);
	*tailor = NULL;
}

bool
tailor_is_worn(struct tailor *tailor)
{
	if (resident_is_grown(&tailor->growth, tailor->conf->worker_memory))
		return true;
	return tailor->conf->worker_messages > 0 &&
	    atomic_load(&tailor->copies) >= tailor->conf->worker_messages;
}

/* The domain of From, which signs. */
static int
find_domain(struct tailor_message *message, struct arena *arena, struct err *err)
{
	const struct mime_header *from = mime_header_find(message->mime, "From");
	struct str display, address = STR_NONE;
	const char *at;

	if (from == NULL)
		return err_set(err, ERR_INPUT, "From is missing");
	for (size_t i = 0; i < mime_header_count(message->mime); i++) {
		const struct mime_header *header = mime_header_at(message->mime, i);

		if (header != from && str_is_nocase(header->name, "From"))
			return err_set(err, ERR_INPUT, "From occurs more than once");
	}
	/* A display name with tags is no RFC 5322 phrase; the address has none by now. */
	if (tailor_field_is_template(from, message->campaign, arena)) {
		struct str text = mime_header_decode(from->value, arena);

		tailor_split_mailbox(text, &display, &address);
		if (!mime_address_ok(address))
			return err_set(err, ERR_INPUT, "From: expected a name and <address>");
	} else if (mime_mailbox_parse(from->value, arena, &display, &address, err) != 0) {
		return err_prefix(err, "From");
	}
	at = memrchr(address.p, '@', address.n);
	if (at == NULL)
		return err_set(err, ERR_INPUT, "From: the address has no domain");
	message->domain = g_ascii_strdown(at + 1, (gssize)(address.p + address.n - (at + 1)));
	if (!dkim_keys_has(message->tailor->keys, str_c(message->domain)))
		return err_set(err, ERR_KEY,
		    "no DKIM key for %s: the configuration needs a section dkim \"%s\"",
		    message->domain, message->domain);
	return dkim_keys_ready(message->tailor->keys, str_c(message->domain),
	    (enum conf_signatures)message->campaign->signatures, err);
}

static void
make_key(struct tailor_message *message, struct str sender)
{
	size_t count = mime_header_count(message->mime);

	message->has_id = tailor_resubmit_key(str_c(message->name), sender,
	    count == 0 ? NULL : mime_header_at(message->mime, 0), count, mime_body(message->mime),
	    STR_NONE, message->key);
}

static void
read_date(struct tailor_message *message)
{
	const struct mime_header *date = mime_header_find(message->mime, "Date");

	if (date == NULL || !mime_header_date(date->value, &message->sent_ms) ||
	    message->sent_ms < 0 || message->sent_ms > LINK_SENT_MAX)
		message->sent_ms = 0;
}

static void
map_fields(struct tailor_message *message, struct arena *arena)
{
	size_t count = mime_header_count(message->mime);
	int next = 0;

	message->field_of = g_new(int, count);
	for (size_t i = 0; i < count; i++) {
		const struct mime_header *header = mime_header_at(message->mime, i);

		message->field_of[i] =
		    tailor_field_is_template(header, message->campaign, arena) ? next++ : -1;
	}
}

static int
find_compiled(struct tailor_message *message, struct err *err)
{
	struct tailor *tailor = message->tailor;
	const struct conf_campaign *campaign = message->campaign;
	struct id_digest key =
	    tailor_compiled_key(message->mime, campaign, str_c(message->name), message->field_of);
	const struct plugin_use *use = plugin_set_use(tailor->plugins, campaign);
	struct tailor_compiled *fresh;

	message->compiled = tailor_cache_get(tailor->cache, &key);
	if (message->compiled != NULL)
		return 0;
	if (plugin_use_check(use, err) != 0 ||
	    tailor_compile(&fresh, tailor->conf, campaign, str_c(message->name),
		&tailor->data[campaign - tailor->conf->campaigns],
		tailor_templates_of(tailor->templates, campaign), plugin_use_extensions(use),
		message->mime, err) != 0)
		return -1;
	if (tailor_track_settle(fresh->track, tailor->store, err) != 0) {
		tailor_compiled_free(&fresh);
		return -1;
	}
	fresh->key = key;
	message->compiled = tailor_cache_put(tailor->cache, fresh);
	return 0;
}

/* Signed and encrypted things stay as they are: the campaign decides whether they may go out. */
static int
check_seal(struct tailor_message *message, struct err *err)
{
	const struct mime_seal *seal = mime_seal(message->mime);

	if (seal == NULL)
		return 0;
	if (message->campaign->sealed == CONF_SEALED_REFUSE)
		return err_set(err, ERR_INPUT,
		    "the message is %s%s (%s), which the campaign's parameter sealed refuses",
		    seal->whole ? "" : "in part ", seal->kind, seal->how);
	message->note = g_strdup_printf("%s %s (%s): %s",
	    seal->whole ? "the message is" : "a part is", seal->kind, seal->how,
	    seal->whole ? "nothing in its body was tailored" : "it was left as it came");
	return 0;
}

/* Whoever wants to look at the message later finds nothing. */
static void
note_view(struct tailor_message *message)
{
	const struct conf *conf = message->tailor->conf;

	if (message->note == NULL && message->compiled->asks_view && conf->view_keep == 0 &&
	    tailor_track_configured(conf, message->campaign))
		message->note = g_strdup("links.view is empty, since view_keep is 0s");
}

int
tailor_message_new(struct tailor_message **message_r, struct tailor *tailor,
    const struct conf_campaign *campaign, struct str name, struct str sender, struct str raw,
    struct err *err)
{
	const struct mime_limits limits = {.headers = (size_t)tailor->conf->max_headers,
	    .parts = (size_t)tailor->conf->max_parts,
	    .depth = 100};
	struct tailor_message *message = g_new0(struct tailor_message, 1);
	struct arena *arena = arena_new((size_t)16 << 20);
	int rc;

	message->tailor = tailor;
	message->campaign = campaign;
	message->name = g_strndup(name.p, name.n);
	message->sender = g_strndup(sender.n == 0 ? "" : sender.p, sender.n);

	rc = mime_parse(&message->mime, raw, &limits, err);
	if (rc == 0)
		rc = tailor_check_fixed(message->mime, campaign, err);
	if (rc == 0)
		rc = check_seal(message, err);
	if (rc == 0)
		rc = tailor_law_check_fixed(campaign, message->mime, err);
	if (rc == 0 && tailor_data_new(&message->data, tailor->conf, message->mime, err) < 0)
		rc = -1;
	if (rc == 0) {
		make_key(message, sender);
		read_date(message);
		map_fields(message, arena);
		rc = find_compiled(message, err);
	}
	if (rc == 0)
		rc = find_domain(message, arena, err);
	if (rc == 0)
		note_view(message);
	arena_free(&arena);
	if (rc != 0)
		tailor_message_free(&message);
	else
		*message_r = message;
	return rc;
}

void
tailor_message_free(struct tailor_message **message)
{
	struct tailor_message *m = *message;

	*message = NULL;
	if (m == NULL)
		return;
	tailor_cache_unref(m->tailor->cache, &m->compiled);
	mime_free(&m->mime);
	tailor_data_free(&m->data);
	g_free(m->note);
	g_free(m->field_of);
	g_free(m->name);
	g_free(m->sender);
	g_free(m->domain);
	g_free(m);
}

void
tailor_message_set_single(struct tailor_message *message)
{
	message->single = true;
}

struct str
tailor_message_domain(const struct tailor_message *message)
{
	return str_c(message->domain);
}

struct str
tailor_message_key(const struct tailor_message *message)
{
	return str_c(message->key);
}

/* A list tool may send each part of its list with data of its own, under one Message-ID, and a
 * careless one each of its messages. */
void
tailor_message_mix_content(const struct tailor_message *message, char key[ID_HEX_SIZE])
{
	const struct mime_header *subject = mime_header_find(message->mime, "Subject");
	const struct id_digest *templates = &message->compiled->key;
	struct str pieces[] = {str_c(key), {(const char *)templates->byte, sizeof templates->byte},
	    subject == NULL ? STR("") : subject->value, STR("")};
	struct id_digest digest;

	if (mime_data(message->mime, &pieces[3], NULL) != 1)
		pieces[3] = STR("");
	digest = id_digest(pieces, G_N_ELEMENTS(pieces));
	id_hex(&digest, ID_DIGEST_SIZE, key);
}

void
tailor_message_set_key(struct tailor_message *message, struct str key)
{
	g_snprintf(message->key, sizeof message->key, "%.*s", STR_F(key));
}
