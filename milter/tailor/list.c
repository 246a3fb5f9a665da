/* SPDX-License-Identifier: BSD-2-Clause
 *
 * list: see list.h
 */
#include "tailor/list.h"

#include "link/header.h"

static void
add(struct mime_header *fields, size_t *count, struct str name, struct str value)
{
	fields[(*count)++] = (struct mime_header){name, value};
}

static int
add_unsubscribe(
    struct tailor_links *links, struct mime_header *fields, size_t *count, struct err *err)
{
	bool web = links->base.n > 0;
	struct link_facts facts = links->facts;
	struct str url = STR(""), value, post, address = STR("");

	/* Beside the web address, one without a token would be of no use. */
	if ((facts.contact > 0 || !web) && tailor_links_leave(links, &address, err) != 0)
		return -1;
	if (facts.contact == 0)
		facts.address = links->recipient;
	if ((web &&
		link_unsubscribe_url(links->keys, links->base, &facts, links->arena, &url, err) !=
		    0) ||
	    link_list_unsubscribe(url, address, links->arena, &value, err) != 0)
		return -1;
	add(fields, count, STR("List-Unsubscribe"), value);
	post = link_list_unsubscribe_post(url);
	if (post.p != NULL)
		add(fields, count, STR("List-Unsubscribe-Post"), post);
	return 0;
}

/* The sender's own word counts: these fields have more values than the two. */
static void
add_automatic(
    bool marketing, const struct mime_message *mime, struct mime_header *fields, size_t *count)
{
	const char *name = marketing ? "Precedence" : "Auto-Submitted";

	if (mime_header_find(mime, name) == NULL)
		add(fields, count, str_c(name), marketing ? STR(" bulk") : STR(" auto-generated"));
}

int
tailor_list_fields(const struct conf_campaign *campaign, struct str name,
    const struct mime_message *mime, struct tailor_links *links,
    struct mime_header fields[TAILOR_LIST_FIELDS], size_t *count_r, struct err *err)
{
	bool marketing = campaign->kind == CONF_KIND_MARKETING;
	struct str value;

	*count_r = 0;
	if (marketing && (links->base.n > 0 ? links->keys != NULL : links->leave.n > 0) &&
	    add_unsubscribe(links, fields, count_r, err) != 0)
		return -1;
	if (campaign->feedback_id[0] != '\0') {
		if (link_feedback_id(name, STR(""),
			marketing ? STR("marketing") : STR("transactional"),
			str_c(campaign->feedback_id), links->arena, &value, err) != 0)
			return -1;
		add(fields, count_r, STR("Feedback-ID"), value);
	}
	if (campaign->list_id[0] != '\0') {
		if (link_list_id(str_c(campaign->list_name), str_c(campaign->list_id), links->arena,
			&value, err) != 0)
			return -1;
		add(fields, count_r, STR("List-Id"), value);
	}
	if (campaign->automatic)
		add_automatic(marketing, mime, fields, count_r);
	return 0;
}
