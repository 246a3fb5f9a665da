/* SPDX-License-Identifier: BSD-2-Clause
 *
 * header: From and Subject
 *
 * Threads: one.
 */
#include "dkim/align.h"
#include "lint/work.h"

#define SUBJECT_MAX 78 /* RFC 5322 section 2.1.1 */

static struct lint_place
header_place(const struct lint *lint, const struct mime_header *header)
{
	return (struct lint_place){
	    .header = header->name, .line = lint_line_of(lint->request->raw, header->name.p)};
}

static size_t
count_fields(const struct lint *lint, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < mime_header_count(lint->mime); i++)
		count += str_is_nocase(mime_header_at(lint->mime, i)->name, name);
	return count;
}

/* What stands in the last angle brackets: a display name with tags is no phrase. */
static struct str
address_of(const struct mime_header *from, struct arena *arena)
{
	struct str text = mime_header_decode(from->value, arena), display, address;
	const char *open;

	if (lint_has_tags(text)) {
		open = memrchr(text.p, '<', text.n);
		if (open == NULL || text.p[text.n - 1] != '>')
			return STR_NONE;
		address.p = open + 1;
		address.n = (size_t)(text.p + text.n - 1 - address.p);
		return mime_address_ok(address) ? address : STR_NONE;
	}
	if (mime_mailbox_parse(from->value, arena, &display, &address, NULL) != 0)
		return STR_NONE;
	return address;
}

/* RFC 7489 section 3.1.1; what DNS says is doctor's business. */
static void
check_signer(
    struct lint *lint, const struct lint_place *place, const char *signer, struct str domain)
{
	switch (dkim_align(str_c(signer), domain)) {
	case DKIM_ALIGN_STRICT:
		break;
	case DKIM_ALIGN_RELAXED:
		lint_report_add_as(lint->report, LINT_DMARC_ALIGNMENT, LINT_IS_INFO, place,
		    "From: %.*s is signed by %s, which aligns unless the DMARC record says "
		    "adkim=s; mailtailor doctor asks DNS",
		    STR_F(domain), signer);
		break;
	case DKIM_ALIGN_NONE:
		lint_report_add(lint->report, LINT_DMARC_ALIGNMENT, place,
		    "From: %.*s is signed by %s, which is of another organization: DMARC does not "
		    "count the signature",
		    STR_F(domain), signer);
	}
}

static void
check_sender(
    struct lint *lint, const struct lint_place *place, struct str sender, struct str domain)
{
	const char *at = sender.n == 0 ? NULL : memrchr(sender.p, '@', sender.n);
	struct str of_sender;

	if (at == NULL)
		return;
	of_sender = (struct str){at + 1, (size_t)(sender.p + sender.n - (at + 1))};
	if (dkim_align(of_sender, domain) == DKIM_ALIGN_NONE)
		lint_report_add(lint->report, LINT_SPF_ALIGNMENT, place,
		    "From: %.*s and the envelope sender's domain %.*s are of two organizations: "
		    "DMARC rests on the DKIM signature alone",
		    STR_F(domain), STR_F(of_sender));
}

/* Section 3.1.2. The sender at hand, else those that the campaign is known by. */
static void
check_senders(struct lint *lint, const struct lint_place *place, struct str domain)
{
	if (lint->request->sender.n > 0) {
		check_sender(lint, place, lint->request->sender, domain);
		return;
	}
	for (size_t i = 0; lint->campaign != NULL && i < lint->campaign->sender.count; i++)
		check_sender(lint, place, str_c(lint->campaign->sender.at[i]), domain);
}

static void
check_from(struct lint *lint)
{
	const struct mime_header *from = mime_header_find(lint->mime, "From");
	struct lint_place place = lint_place_message();
	struct str address, domain;
	const char *at, *signer;

	if (from == NULL) {
		lint_report_add(lint->report, LINT_FROM, &place, "From is missing");
		return;
	}
	place = header_place(lint, from);
	if (count_fields(lint, "From") > 1)
		lint_report_add(lint->report, LINT_FROM, &place, "From occurs more than once");
	address = address_of(from, lint->arena);
	at = address.n == 0 ? NULL : memrchr(address.p, '@', address.n);
	if (at == NULL) {
		lint_report_add(lint->report, LINT_FROM, &place,
		    "From: a name and <address> without template tags in it was expected");
		return;
	}
	domain.p = at + 1;
	domain.n = (size_t)(address.p + address.n - domain.p);
	signer = conf_dkim_signer(lint->request->conf, domain);
	if (signer == NULL)
		lint_report_add(lint->report, LINT_DKIM_KEY, &place,
		    "From: the configuration has no section dkim \"%.*s\"; the message would be "
		    "refused",
		    STR_F(domain));
	else
		check_signer(lint, &place, signer, domain);
	check_senders(lint, &place, domain);
}

void
lint_header(struct lint *lint)
{
	struct lint_place place = lint_place_message();

	check_from(lint);
	if (mime_header_find(lint->mime, "Subject") == NULL)
		lint_report_add(lint->report, LINT_SUBJECT_EMPTY, &place, "there is no Subject");
	if (lint->campaign == NULL)
		lint_report_add(lint->report, LINT_CAMPAIGN, &place,
		    "a field \"%s: NAME\" was expected, or a sender or From that belongs to a "
		    "campaign",
		    lint->request->conf->campaign_header);
}

static size_t
characters(struct str text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.n; i++)
		count += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return count;
}

static void
compare_with_body(struct lint *lint, const struct lint_place *place, struct str subject,
    const struct lint_copy *copy)
{
	struct str body = STR("");
	size_t count;

	if (copy->has_html)
		body = buf_str(&copy->html->text);
	else if (copy->has_text)
		body = copy->texts[copy->text_piece];
	lint_words_read(&lint->words, subject);
	if (lint_words_count(&lint->words) > 0 && !lint_words_meet(&lint->words, body, &count) &&
	    count > 0)
		lint_report_add(lint->report, LINT_SUBJECT_UNRELATED, place,
		    "Subject: no word of it stands in the body");
}

void
lint_subject(struct lint *lint, const struct lint_copy *copy)
{
	for (size_t i = 0; i < lint->count; i++) {
		const struct tailor_piece *piece = lint->pieces[i].piece;
		struct lint_place place = lint_place_of(&lint->pieces[i]);
		struct str subject = str_trim(copy->texts[i]);

		if (piece->header == NULL || !str_is_nocase(piece->header->name, "Subject"))
			continue;
		if (piece->err.code != ERR_NONE)
			return;
		if (subject.n == 0)
			lint_report_add(lint->report, LINT_SUBJECT_EMPTY, &place,
			    "Subject: a text was expected, nothing is left of it");
		else if (characters(subject) > SUBJECT_MAX)
			lint_report_add(lint->report, LINT_SUBJECT_LONG, &place,
			    "Subject: longer than %d characters", SUBJECT_MAX);
		if (subject.n > 0)
			compare_with_body(lint, &place, subject, copy);
		return;
	}
}
