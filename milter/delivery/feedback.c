/* SPDX-License-Identifier: BSD-2-Clause
 *
 * feedback: see feedback.h
 *
 * Threads: any; touches only its arguments.
 */
#include "delivery/feedback.h"

#include "delivery/address.h"
#include "delivery/status.h"
#include "delivery/words.h"

#include <glib.h>

/* RFC 5965 section 3.5, RFC 6430, RFC 6591, and what is sent besides. */
static const struct {
	const char *type;
	enum delivery_kind kind;
	const char *detail;
} types[] = {
    {"abuse", DELIVERY_COMPLAINT, "abuse"},
    {"fraud", DELIVERY_COMPLAINT, "fraud"},
    {"virus", DELIVERY_COMPLAINT, "virus"},
    {"other", DELIVERY_COMPLAINT, "other"},
    {"complaint", DELIVERY_COMPLAINT, "abuse"},
    {"opt-out", DELIVERY_COMPLAINT, "opt-out"},
    {"opt-out-list", DELIVERY_COMPLAINT, "opt-out"},
    {"optout", DELIVERY_COMPLAINT, "opt-out"},
    {"unsubscribe", DELIVERY_COMPLAINT, "opt-out"},
    {"not-spam", DELIVERY_NONE, "not-spam"},
    {"auth-failure", DELIVERY_NONE, "auth-failure"},
    {"dkim", DELIVERY_NONE, "auth-failure"},
    {"dmarc", DELIVERY_NONE, "auth-failure"},
};

/* Complaints without a message/feedback-report: the message comes as it was, in a message/rfc822
 * or as the text. Folded; `sender` is looked for in From. */
static const struct {
	const char *sender;
	const char *subject;
	const char *text; /* may be empty */
	bool whole;	  /* the message has to be there */
	const char *detail;
} variants[] = {
    /* Junk Mail Reporting Program */
    {"staff@hotmail.com", "complaint about message from", "", true, "abuse"},
    {"staff@outlook.com", "complaint about message from", "", true, "abuse"},
    {"staff@live.com", "complaint about message from", "", true, "abuse"},
    {"scomp@aol.net", "client tos notification", "", true, "abuse"},
    {"scomp@aol.net", "email feedback report", "", true, "abuse"},
    {"feedback@arf.mail.yahoo.com", "", "abuse report", true, "abuse"},
    /* A reader who presses "Unsubscribe" in Apple's programs */
    {"", "unsubscribe", "apple mail sent this email to unsubscribe from the message", false,
	"opt-out"},
};

/* --- addresses --- */

static void
add_address(struct delivery_list *list, struct str value)
{
	struct delivery_found found = {
	    .address = delivery_address_field(value, false, list->arena)};

	/* RFC 6590: blacked out. */
	if (delivery_address_ok(found.address) &&
	    g_ascii_strncasecmp(found.address.p, "redacted", 8) != 0)
		delivery_list_add(list, &found);
}

/* Every address of one field of a header. */
static void
add_addresses(struct delivery_list *list, struct str value)
{
	struct str address;

	while (delivery_address_find(value, &address)) {
		const char *end = address.p + address.n;

		add_address(list, address);
		value = (struct str){end, (size_t)(value.p + value.n - end)};
	}
}

static void
add_field(struct delivery_list *list, struct str header, const char *wanted)
{
	struct str name, value;

	while (delivery_field_next(&header, list->arena, &name, &value) > 0) {
		if (str_is_nocase(name, wanted))
			add_addresses(list, value);
	}
}

/* Who got the message, if the report itself does not say it. */
static void
add_returned(const struct delivery_content *content, struct delivery_list *list)
{
	/* Our copies have one recipient, and name him in To. */
	static const char *const names[] = {
	    "X-HmXmrOriginalRecipient", "To", "X-Original-To", "Delivered-To"};

	for (size_t i = 0; i < sizeof names / sizeof names[0] && list->count == 0; i++)
		add_field(list, content->returned, names[i]);
}

/* --- the report --- */

static void
read_type(struct str value, enum delivery_kind *kind_r, const char **detail_r)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (str_is_nocase(value, types[i].type)) {
			*kind_r = types[i].kind;
			*detail_r = types[i].detail;
			return;
		}
	}
	*kind_r = DELIVERY_COMPLAINT;
	*detail_r = "other";
}

/* A type that comes without an address is one, too. */
static bool
read_block(
    struct str block, struct delivery_list *list, enum delivery_kind *kind_r, const char **detail_r)
{
	struct str name, value;
	bool found = false;
	int got;

	while ((got = delivery_field_next(&block, list->arena, &name, &value)) >= 0) {
		if (got == 0)
			continue;
		if (str_is_nocase(name, "Feedback-Type") && !found) {
			read_type(value, kind_r, detail_r);
			found = true;
		} else if (str_is_nocase(name, "Original-Rcpt-To") ||
		    str_is_nocase(name, "Removal-Recipient")) {
			add_addresses(list, value);
		}
	}
	return found;
}

/* Reports whose parts have lost their boundaries or types. */
static bool
claims_to_be(const struct delivery_content *content, struct arena *arena)
{
	struct str type = delivery_fold(delivery_header(content, "Content-Type", arena), arena);

	return delivery_phrase_in(type, "feedback-report");
}

static bool
read_variant(const struct delivery_content *content, struct arena *arena, const char **detail_r)
{
	struct str subject = delivery_fold(delivery_header(content, "Subject", arena), arena);
	struct str from = delivery_header(content, "From", arena), address = STR("");

	delivery_address_find(from, &address);
	for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
		if ((variants[i].sender[0] != '\0' &&
			!str_is_nocase(address, variants[i].sender)) ||
		    (variants[i].whole && !content->whole))
			continue;
		if (delivery_phrase_in(subject, variants[i].subject) +
			    (variants[i].subject[0] == '\0') >
			0 &&
		    (variants[i].text[0] == '\0' ||
			delivery_phrase_in(content->folded, variants[i].text))) {
			*detail_r = variants[i].detail;
			return true;
		}
	}
	return false;
}

bool
delivery_feedback_read(const struct delivery_content *content, struct delivery_list *list,
    enum delivery_kind *kind_r, const char **detail_r)
{
	bool found = false;

	*kind_r = DELIVERY_COMPLAINT;
	*detail_r = "other";
	if (content->feedback.p != NULL)
		found = read_block(content->feedback, list, kind_r, detail_r) || list->count > 0;
	else if (claims_to_be(content, list->arena))
		found = read_block(content->text, list, kind_r, detail_r);
	if (!found)
		found = read_variant(content, list->arena, detail_r);
	if (found)
		add_returned(content, list);
	/* The reader himself wrote it. */
	if (found && list->count == 0 && !content->whole)
		add_addresses(list, delivery_header(content, "From", list->arena));
	return found;
}
