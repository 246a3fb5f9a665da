/* SPDX-License-Identifier: BSD-2-Clause
 *
 * render_campaign: a template as a part of a campaign's message, footer and all
 *
 * What the engine would know of the campaign joins the data; what the data say themselves
 * stays. Links are examples, without a token.
 *
 * Threads: one.
 * Fails:   ERR_NOTFOUND (campaign), ERR_IO, ERR_INPUT (its data file), ERR_LIMIT.
 */
#include "ctl/render.h"

#include "link/link.h"
#include "liquid/json.h"
#include "tailor/track.h"

/* The member, which is made if it is not there; borrowed. */
static json_t *
object_of(json_t *data, const char *name)
{
	json_t *object = json_object_get(data, name);

	if (object == NULL) {
		object = json_object();
		json_object_set_new(data, name, object);
	}
	return object;
}

static void
offer(json_t *object, const char *name, json_t *value)
{
	if (json_is_object(object) && json_object_get(object, name) == NULL)
		json_object_set(object, name, value);
	json_decref(value);
}

static int
add_file(json_t *object, const struct conf_campaign *campaign, struct err *err)
{
	json_t *file;

	if (campaign->data[0] == '\0' || !json_is_object(object))
		return 0;
	file = liquid_json_load_file(campaign->data, JSON_REJECT_DUPLICATES, err);
	if (file == NULL)
		return err_prefix(err, "%s: data", campaign->place);
	json_object_update_missing(object, file);
	json_decref(file);
	return 0;
}

static void
add_links(json_t *links, const struct conf *conf, const struct conf_campaign *campaign)
{
	static const char *const names[] = {"unsubscribe", "preferences", "view"};
	struct str base = link_base(conf, campaign);

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (tailor_track_configured(conf, campaign))
			offer(links, names[i], json_sprintf("%.*s/%s", STR_F(base), names[i]));
	}
	if (campaign->unsubscribe_address[0] != '\0')
		offer(links, "unsubscribe",
		    json_sprintf("mailto:%s?subject=unsubscribe", campaign->unsubscribe_address));
}

int
render_campaign(struct render_job *job, const struct conf *conf,
    const struct conf_campaign *campaign, const char *name, json_t *data, struct arena *arena,
    struct tailor_law **law_r, struct err *err)
{
	const char *postal = conf_postal_address(conf, campaign);
	json_t *object = object_of(data, "campaign");
	struct liquid_value value;

	job->merge_tags = campaign->merge_tags == CONF_MERGE_TAGS_MAILCHIMP;
	if (add_file(object, campaign, err) != 0)
		return -1;
	offer(object, "name", json_string(name));
	if (postal[0] != '\0')
		offer(object, "postal_address", json_string(postal));
	add_links(object_of(data, "links"), conf, campaign);
	if (liquid_from_json(object, arena, &value, err) != 0)
		return -1;
	if (job->mode == LIQUID_HTML || job->mode == LIQUID_TEXT)
		*law_r = tailor_law_new(conf, campaign, &value);
	job->law = *law_r;
	return 0;
}
