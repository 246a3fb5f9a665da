/* SPDX-License-Identifier: BSD-2-Clause
 *
 * name: what the names in merge tags mean
 *
 * Names of Mailchimp's own are in the table, with what they become or why they have no meaning
 * here; any other word is a field of the audience, that is an attribute of the contact.
 *
 * Threads: any; touches only its arguments.
 */
#include "merge/internal.h"

#include <glib.h>
#include <stdio.h>

#define FIELD_MAX 64

struct row {
	const char *tag;
	enum merge_kind kind;
	const char *path;    /* UNKNOWN: why */
	const char *filters; /* NULL: none */
};

#define LIST_TAG(tag, member)                                          \
	{                                                              \
		"LIST:" tag, MERGE_FACT, "campaign.list." member, NULL \
	}
#define USER_TAG(tag, member)                                          \
	{                                                              \
		"USER:" tag, MERGE_FACT, "campaign.user." member, NULL \
	}
#define UNKNOWN(tag, why)                     \
	{                                     \
		tag, MERGE_UNKNOWN, why, NULL \
	}
#define ADDRESS_OR_LINES " | newline_to_br"

static const struct row rows[] = {
    {"EMAIL", MERGE_VALUE, "contact.email", NULL},
    {"MERGE0", MERGE_VALUE, "contact.email", NULL},
    {"FNAME", MERGE_VALUE, "contact.first_name", NULL},
    {"LNAME", MERGE_VALUE, "contact.last_name", NULL},
    {"MC_LANGUAGE", MERGE_VALUE, "contact.language", NULL},
    {"UNIQID", MERGE_VALUE, "contact.email", " | downcase | sha256 | slice: 0, 16"},
    {"EMAIL_UID", MERGE_VALUE, "contact.email", " | downcase | sha256 | slice: 0, 16"},
    {"CAMPAIGN_UID", MERGE_VALUE, "campaign.name", NULL},
    {"CURRENT_YEAR", MERGE_VALUE, "\"now\"", " | date: \"%Y\""},
    {"MC:SUBJECT", MERGE_SUBJECT, "", NULL},
    {"MC_SUBJECT", MERGE_SUBJECT, "", NULL},
    {"MC_PREVIEW_TEXT", MERGE_VALUE, "campaign.preview_text", " | default: \"\""},
    {"UNSUB", MERGE_LINK, "unsubscribe", NULL},
    {"UPDATE_PROFILE", MERGE_LINK, "preferences", NULL},
    {"ARCHIVE", MERGE_LINK, "view", NULL},
    {"FORWARD", MERGE_LINK, "forward", NULL},
    {"ABOUT_LIST", MERGE_LINK, "about", NULL},
    {"LIST:SUBSCRIBE", MERGE_LINK, "subscribe", NULL},
    {"FACEBOOK:PROFILEURL", MERGE_LINK, "facebook", NULL},
    {"TWITTER:PROFILEURL", MERGE_LINK, "twitter", NULL},
    {"REWARDS", MERGE_NOTHING, "", NULL},
    {"REWARDS_TEXT", MERGE_NOTHING, "", NULL},
    {"MONKEYREWARDS", MERGE_NOTHING, "", NULL},
    {"HTML:REWARDS", MERGE_NOTHING, "", NULL},
    {"ARCHIVE_PAGE", MERGE_FALSE, "", NULL},
    LIST_TAG("NAME", "name"),
    LIST_TAG("COMPANY", "company"),
    LIST_TAG("DESCRIPTION", "description"),
    LIST_TAG("ADDRESS", "address"),
    {"LIST:ADDRESSLINE", MERGE_FACT, "campaign.list.address", " | strip | replace: \"\n\", \", \""},
    {"LIST:ADDRESS_HTML", MERGE_FACT, "campaign.list.address", ADDRESS_OR_LINES},
    {"LIST_ADDRESS_HTML", MERGE_FACT, "campaign.list.address", ADDRESS_OR_LINES},
    {"HTML:LIST_ADDRESS_HTML", MERGE_FACT, "campaign.list.address", ADDRESS_OR_LINES},
    {"HTML:LIST:ADDRESS_HTML", MERGE_FACT, "campaign.list.address", ADDRESS_OR_LINES},
    LIST_TAG("PHONE", "phone"),
    LIST_TAG("EMAIL", "email"),
    {"ABUSE_EMAIL", MERGE_FACT, "campaign.list.email", NULL},
    LIST_TAG("URL", "url"),
    LIST_TAG("UID", "uid"),
    LIST_TAG("SUBSCRIBERS", "subscribers"),
    USER_TAG("COMPANY", "company"),
    USER_TAG("ADDRESS", "address"),
    {"USER:ADDRESS_HTML", MERGE_FACT, "campaign.user.address", ADDRESS_OR_LINES},
    USER_TAG("PHONE", "phone"),
    USER_TAG("EMAIL", "email"),
    USER_TAG("URL", "url"),
    USER_TAG("FNAME", "first_name"),
    USER_TAG("LNAME", "last_name"),
    UNKNOWN("MC:TOC", "no table of contents is made here"),
    UNKNOWN("MC:TOC_TEXT", "no table of contents is made here"),
    UNKNOWN("MC:DATE", "its format is a setting at Mailchimp: write DATE:m/d/Y or DATE:d/m/Y"),
    UNKNOWN("DATE", "its format is a setting at Mailchimp: write DATE:m/d/Y or DATE:d/m/Y"),
    UNKNOWN("MC_LANGUAGE_LABEL", "names of languages aren't known here; MC_LANGUAGE is the code"),
    UNKNOWN("MC:TRANSLATE", "nothing is translated here"),
    UNKNOWN("MC_TRANSLATE", "nothing is translated here"),
    UNKNOWN("LIST:ADDRESS_VCARD", "no address card is made here"),
    UNKNOWN("LIST:ADDRESS_VCARD_HREF", "no address card is made here"),
    UNKNOWN("UNSUBSCRIBE", "the unsubscribe link is UNSUB"),
    UNKNOWN("UNSUB_URL", "the unsubscribe link is UNSUB"),
    UNKNOWN("ARCHIVE_LINK_SHORT", "no short links are made here; ARCHIVE is the link"),
    UNKNOWN("SURVEY", "there are no surveys here"),
    UNKNOWN("GROUPS", "what a contact is interested in is asked for by INTERESTED:Group:Name"),
    UNKNOWN("ENDIF", "a condition ends with END:IF"),
    UNKNOWN("ELSIF", "another condition begins with ELSEIF:NAME"),
};

/* Families of tags by how they begin, after the rows above. */
static const struct {
	const char *begin;
	const char *why;
} families[] = {
    {"RSS", "no feed is read here"},
    {"FEED", "no feed is read here"},
    {"FACEBOOK:", "social networks aren't asked here; only FACEBOOK:PROFILEURL is known"},
    {"TWITTER:", "social networks aren't asked here; only TWITTER:PROFILEURL is known"},
    {"INSTAGRAM:", "social networks aren't asked here"},
    {"LINKEDIN:", "social networks aren't asked here"},
    {"SHARE:", "social networks aren't asked here"},
    {"SOCIAL:", "social networks aren't asked here"},
    {"TRANSLATE:", "nothing is translated here"},
    {"POLL:", "there are no polls here"},
    {"SURVEY:", "there are no surveys here"},
    {"PROMO_CODE", "Mailchimp's shop connection isn't here; import the code with the contact"},
    {"COUPON:", "there are no coupons of Mailchimp's here"},
    {"QRCOUPON:", "there are no coupons of Mailchimp's here"},
    {"PRODUCT:", "Mailchimp's shop connection isn't here"},
    {"PRODUCT_RECOMMENDATION", "Mailchimp's shop connection isn't here"},
    {"CART:", "Mailchimp's shop connection isn't here"},
    {"ORDER:", "Mailchimp's shop connection isn't here"},
    {"GROUP:", "what a contact is interested in is asked for by INTERESTED:Group:Name"},
    {"GROUPING:", "what a contact is interested in is asked for by INTERESTED:Group:Name"},
    {"LIST:RECENT", "earlier campaigns aren't listed here"},
    {"RECENT:", "earlier campaigns aren't listed here"},
    {"VIDEO:", "no picture is made of a video here"},
    {"YOUTUBE:", "no picture is made of a video here"},
    {"VIMEO:", "no picture is made of a video here"},
    {"COMMENTS", "there is no page with comments here"},
    {"HTML:", "a contact's data never becomes HTML by a merge tag; see the filter raw of Liquid"},
    {"LIST:", "nothing of that name is known of a list"},
    {"USER:", "nothing of that name is known of a user"},
    {"MC:", "Mailchimp has it, but it has no meaning here"},
    {"MC_", "Mailchimp has it, but it has no meaning here"},
};

static void
unknown(struct merge_name *name, const char *why)
{
	name->kind = MERGE_UNKNOWN;
	name->why = why;
	name->path[0] = '\0';
}

void
merge_contact_path(struct str name, char path[MERGE_PATH_MAX])
{
	char key[MERGE_TAG_MAX + 1];
	size_t n = 0;
	bool word;

	for (size_t i = 0; i < name.n && n + 1 < sizeof key; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (g_ascii_isalnum((char)c) || c >= 0x80)
			key[n++] = g_ascii_tolower((char)c);
		else if (n > 0 && key[n - 1] != '_')
			key[n++] = '_';
	}
	key[n] = '\0';
	/* Liquid reads size, first and last after a dot as questions about the object. */
	word = n > 0 && !g_ascii_isdigit(key[0]) && strcmp(key, "size") != 0 &&
	    strcmp(key, "first") != 0 && strcmp(key, "last") != 0;
	snprintf(path, MERGE_PATH_MAX, word ? "contact.%s" : "contact[\"%s\"]", key);
}

static bool
is_field(struct str name)
{
	bool letter = false;

	for (size_t i = 0; i < name.n; i++) {
		if (!g_ascii_isalnum(name.p[i]) && name.p[i] != '_')
			return false;
		letter = letter || g_ascii_isalpha(name.p[i]);
	}
	return letter && name.n <= FIELD_MAX;
}

/* The campaign's own address is what its administrator chose; else the one made for the
 * recipient. */
static void
find_link(const struct row *row, const struct merge_options *options, struct merge_name *name)
{
	snprintf(name->path, sizeof name->path, "campaign.links.%s", row->path);
	if (options->has != NULL && options->has(options->closure, str_c(name->path)))
		return;
	snprintf(name->path, sizeof name->path, "links.%s", row->path);
	if (options->has == NULL || options->has(options->closure, str_c(name->path)))
		return;
	snprintf(name->path, sizeof name->path, "campaign.links.%s", row->path);
	name->why = "there is no such page: give its address as links in the campaign's data";
}

static void
take_row(const struct row *row, const struct merge_options *options, struct merge_name *name)
{
	if (row->kind == MERGE_UNKNOWN) {
		unknown(name, row->path);
		return;
	}
	name->kind = row->kind;
	name->filters = row->filters == NULL ? "" : row->filters;
	if (!options->html && strcmp(name->filters, ADDRESS_OR_LINES) == 0)
		name->filters = "";
	snprintf(name->path, sizeof name->path, "%s", row->path);
	if (row->kind == MERGE_LINK)
		find_link(row, options, name);
	else if (row->kind == MERGE_FACT && options->has != NULL &&
	    !options->has(options->closure, str_c(name->path)))
		name->why = "the campaign's data has no such value";
}

void
merge_name_find(struct str name, const struct merge_options *options, struct merge_name *name_r)
{
	*name_r = (struct merge_name){.kind = MERGE_VALUE, .filters = ""};
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (str_is_nocase(name, rows[i].tag)) {
			take_row(&rows[i], options, name_r);
			return;
		}
	}
	for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
		struct str begin = str_c(families[i].begin);

		if (name.n >= begin.n && str_eq_nocase((struct str){name.p, begin.n}, begin)) {
			unknown(name_r, families[i].why);
			return;
		}
	}
	if (is_field(name))
		merge_contact_path(name, name_r->path);
	else
		unknown(name_r, "it is no merge tag that is known here, and no name of a field");
}
