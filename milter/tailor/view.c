/* SPDX-License-Identifier: BSD-2-Clause
 *
 * view: see view.h
 *
 * The same functions as in render.c, for one part, with the clock at the time of sending and
 * with the numbers of campaign, contact, message and links that the first copy had, so that
 * tokens come out the same. Plugins that fill templates belong into render_part(), beside the
 * scope.
 *
 * Owns:    nothing; the page lies in the caller's arena.
 * Threads: any; one arena, one thread.
 * Fails:   ERR_NOTFOUND, ERR_INPUT, ERR_TEMPLATE, ERR_LIMIT, ERR_STORE, ERR_BUSY.
 */
#include "base/clock.h"
#include "store/link.h"
#include "store/view.h"
#include "tailor/internal.h"
#include "tailor/view_impl.h"

#include <glib.h>
#include <stdlib.h>

#define MIME_DEPTH 100

struct viewing {
	struct tailor *tailor;
	const struct link_facts *facts;
	struct arena *arena;
	const struct conf_campaign *campaign;
	struct str name;
	struct tailor_contact contact;
	struct store_view kept;
	struct buf reduced;	   /* of what was kept that is wanted for the page */
	struct mime_message *mime; /* of that, with one part */
	const struct mime_part *part;
	struct tailor_data *data;
	struct tailor_compiled *compiled;
};

/* The same sentence whatever the reason: who holds the link learns nothing else. */
static int
gone(struct err *err)
{
	return err_set(err, ERR_NOTFOUND, "this message is no longer kept");
}

/* --- what was sent --- */

static int
find_campaign(struct viewing *viewing, struct err *err)
{
	struct tailor *tailor = viewing->tailor;
	int found = store_campaign_name(
	    tailor->store, viewing->facts->campaign, viewing->arena, &viewing->name, err);

	if (found == 1)
		viewing->campaign = conf_campaign_find(tailor->conf, viewing->name);
	if (found >= 0 && viewing->campaign == NULL)
		return gone(err);
	return found < 0 ? -1 : 0;
}

/* A contact that was erased has no messages any more. Who was none when it was sent stays
 * without what became known later. */
static int
find_contact(struct viewing *viewing, struct str *address_r, struct err *err)
{
	const struct link_facts *facts = viewing->facts;
	int found;

	*address_r = facts->address;
	if (facts->contact == 0)
		return facts->address.n == 0 ? gone(err) : 0;
	found = store_contact_get_id(
	    viewing->tailor->store, facts->contact, viewing->arena, &viewing->contact.row, err);
	if (found <= 0)
		return found < 0 ? -1 : gone(err);
	viewing->contact.known = true;
	*address_r = viewing->contact.row.address;
	return 0;
}

static int
find_body(struct viewing *viewing, struct str address, struct err *err)
{
	const int64_t keep = viewing->tailor->conf->view_keep;
	char prefix[LINK_MARK_SIZE];
	int found = store_view_find(viewing->tailor->store, viewing->name, address,
	    str_c(link_message_prefix(viewing->facts->message, prefix)), viewing->arena,
	    &viewing->kept, err);

	if (found <= 0)
		return found < 0 ? -1 : gone(err);
	if (viewing->kept.contact_id != viewing->facts->contact ||
	    clock_now() - viewing->kept.time_ms > keep || keep == 0)
		return gone(err);
	return 0;
}

/* --- its template --- */

static int
parse(const struct viewing *viewing, struct str raw, struct mime_message **mime_r, struct err *err)
{
	const struct conf *conf = viewing->tailor->conf;
	const struct mime_limits limits = {
	    (size_t)conf->max_headers, (size_t)conf->max_parts, MIME_DEPTH};

	return mime_parse(mime_r, raw, &limits, err);
}

/* What the outbox has is the whole message. Of what was kept by itself nothing is left to
 * leave out, and it comes out as it is. */
static int
read_message(struct viewing *viewing, struct err *err)
{
	struct str raw = {viewing->kept.raw, viewing->kept.size};
	struct mime_message *whole;
	int rc;

	if (parse(viewing, raw, &whole, err) != 0)
		return -1;
	buf_init(&viewing->reduced, TAILOR_VIEW_GROWTH * raw.n + TAILOR_VIEW_IMAGES_MAX);
	rc = tailor_view_reduce(whole, viewing->campaign, &viewing->reduced, err);
	mime_free(&whole);
	if (rc != 0 || parse(viewing, buf_str(&viewing->reduced), &viewing->mime, err) != 0 ||
	    tailor_data_new(&viewing->data, viewing->tailor->conf, viewing->mime, err) < 0)
		return -1;
	if (mime_part_count(viewing->mime) == 0)
		return gone(err);
	viewing->part = mime_part_at(viewing->mime, 0);
	return 0;
}

static int
compile(struct tailor_compiled **compiled_r, const struct viewing *viewing, struct err *err)
{
	const struct tailor *tailor = viewing->tailor;
	const struct conf_campaign *campaign = viewing->campaign;
	struct conf_campaign blind = *campaign;

	blind.track_opens = false;
	blind.honeypot = false;
	if (tailor_compile(compiled_r, tailor->conf, &blind, viewing->name,
		&tailor->data[campaign - tailor->conf->campaigns],
		tailor_templates_of(tailor->templates, campaign),
		plugin_use_extensions(plugin_set_use(tailor->plugins, campaign)), viewing->mime,
		err) != 0)
		return -1;
	if (tailor_track_recall(
		(*compiled_r)->track, tailor->store, viewing->facts->campaign, err) == 0)
		return 0;
	tailor_compiled_free(compiled_r);
	return -1;
}

/* No key of a message that is sent begins like this one. */
static struct id_digest
cache_key(const struct viewing *viewing)
{
	const struct mime_header *subject = mime_header_find(viewing->mime, "Subject");
	const struct str pieces[] = {STR("view"), viewing->name,
	    viewing->part->kind == MIME_HTML ? STR("HTML") : STR("text"), viewing->part->text,
	    subject == NULL || viewing->campaign->merge_tags != CONF_MERGE_TAGS_MAILCHIMP
		? STR("")
		: subject->value};

	return id_digest(pieces, G_N_ELEMENTS(pieces));
}

static int
find_compiled(struct viewing *viewing, struct err *err)
{
	struct tailor_cache *cache = viewing->tailor->cache;
	struct id_digest key = cache_key(viewing);
	struct tailor_compiled *fresh;

	viewing->compiled = tailor_cache_get(cache, &key);
	if (viewing->compiled != NULL)
		return 0;
	if (compile(&fresh, viewing, err) != 0)
		return -1;
	fresh->key = key;
	viewing->compiled = tailor_cache_put(cache, fresh);
	return 0;
}

/* --- the copy --- */

static void
prepare_links(const struct viewing *viewing, struct tailor_links *links)
{
	*links = (struct tailor_links){.facts = *viewing->facts,
	    .arena = viewing->arena,
	    .recipient = viewing->kept.recipient};
	tailor_links_prepare(links, viewing->tailor, viewing->campaign, viewing->compiled->track);
	/* In the token for us; each link says anew what it carries. */
	links->facts.address = STR_NONE;
}

static int
render_part(struct viewing *viewing, struct str *text_r, struct err *err)
{
	const struct liquid_program *program = viewing->compiled->parts[0];
	struct str zone = viewing->contact.row.time_zone;
	struct liquid_render_options options = {
	    .now_ms = viewing->kept.time_ms, .time_zone = zone.n > 0 ? zone.p : NULL};
	struct tailor_links links;
	struct liquid_value globals;

	*text_r = viewing->part->text;
	if (program == NULL)
		return 0;
	prepare_links(viewing, &links);
	if (tailor_scope_of(viewing->tailor, viewing->campaign, viewing->name, viewing->data,
		viewing->kept.recipient, viewing->arena, &links, &viewing->contact, &globals,
		err) != 0)
		return -1;
	options.language = tailor_language(
	    tailor_templates_of(viewing->tailor->templates, viewing->campaign).texts, &globals);
	links.off = viewing->contact.untracked;
	links.text = viewing->part->kind == MIME_PLAIN;
	if (liquid_render(program, &globals, &options, viewing->arena, text_r, err) != 0)
		return -1;
	return tailor_links_finish(&links, *text_r, text_r, err);
}

static int
make_page(struct viewing *viewing, struct str *html_r, struct err *err)
{
	struct mime_image *images;
	struct str text;
	size_t count;

	if (render_part(viewing, &text, err) != 0)
		return -1;
	if (viewing->part->kind != MIME_HTML)
		return tailor_view_wrap(text, viewing->arena, html_r, err);
	if (mime_images(
		viewing->mime, TAILOR_VIEW_IMAGES_MAX, viewing->arena, &images, &count, err) != 0)
		return -1;
	return tailor_view_inline(text, images, count, viewing->arena, html_r, err);
}

static void
finish(struct viewing *viewing)
{
	tailor_cache_unref(viewing->tailor->cache, &viewing->compiled);
	tailor_data_free(&viewing->data);
	mime_free(&viewing->mime);
	buf_fini(&viewing->reduced);
	free(viewing->kept.raw);
}

int
tailor_view(struct tailor *tailor, const struct link_facts *facts, struct arena *arena,
    struct str *html_r, struct err *err)
{
	struct viewing viewing = {.tailor = tailor, .facts = facts, .arena = arena};
	struct str address;
	int rc;

	if (facts->kind != LINK_VIEW)
		return err_set(err, ERR_INPUT, "token: of another kind than links.view");
	rc = find_campaign(&viewing, err);
	if (rc == 0)
		rc = find_contact(&viewing, &address, err);
	if (rc == 0)
		rc = find_body(&viewing, address, err);
	if (rc == 0)
		rc = read_message(&viewing, err);
	if (rc == 0)
		rc = find_compiled(&viewing, err);
	if (rc == 0)
		rc = make_page(&viewing, html_r, err);
	finish(&viewing);
	return rc;
}
