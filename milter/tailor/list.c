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
add_unsubscribe(const struct conf_campaign *campaign, const struct tailor_links *links,
    struct mime_header *fields, size_t *count, struct err *err)
{
	struct link_facts facts = links->facts;
	struct str url, value, post, address = STR("");

	if (campaign->unsubscribe_address[0] != '\0' && facts.contact > 0 &&
	    link_unsubscribe_address(links->keys, str_c(campaign->unsubscribe_address), &facts,
		links->arena, &address, err) != 0)
		return -1;
	if (facts.contact == 0)
		facts.address = links->recipient;
	if (link_unsubscribe_url(links->keys, links->base, &facts, links->arena, &url, err) != 0 ||
	    link_list_unsubscribe(url, address, links->arena, &value, err) != 0)
		return -1;
	add(fields, count, STR("List-Unsubscribe"), value);
	post = link_list_unsubscribe_post(url);
	if (post.p != NULL)
		add(fields, count, STR("List-Unsubscribe-Post"), post);
	return 0;
}

int
tailor_list_fields(const struct conf_campaign *campaign, struct str name,
    const struct tailor_links *links, struct mime_header fields[TAILOR_LIST_FIELDS],
    size_t *count_r, struct err *err)
{
	bool marketing = campaign->kind == CONF_KIND_MARKETING;
	struct str value;

	*count_r = 0;
	if (marketing && links->keys != NULL && links->base.n > 0 &&
	    add_unsubscribe(campaign, links, fields, count_r, err) != 0)
		return -1;
	if (campaign->feedback_id[0] != '\0') {
		if (link_feedback_id(name, STR(""),
			marketing ? STR("marketing") : STR("transactional"),
			str_c(campaign->feedback_id), links->arena, &value, err) != 0)
			return -1;
		add(fields, count_r, STR("Feedback-ID"), value);
	}
	if (campaign->list_id[0] != '\0') {
		if (link_list_id(STR(""), str_c(campaign->list_id), links->arena, &value, err) != 0)
			return -1;
		add(fields, count_r, STR("List-Id"), value);
	}
	return 0;
}
