/* SPDX-License-Identifier: BSD-2-Clause
 *
 * check: all that lint looks for
 *
 * One row makes a check: its constant LINT_..., the name that output and --ignore
 * know, how bad it is, and what it means. `mailtailor lint --checks` prints this table,
 * and a test compares mailtailor(8) with it. A check of one's own is a row here and a
 * lint_report_add(report, LINT_..., ...) where it is found.
 */
#ifndef LINT_CHECK_H
#define LINT_CHECK_H

enum lint_severity { LINT_IS_INFO, LINT_IS_WARNING, LINT_IS_ERROR };

/* clang-format off */
/* X(CONSTANT, name, severity, meaning) */
#define LINT_CHECKS(X) \
/* templates */ \
X(SYNTAX, "syntax", ERROR, \
  "a tag that does not compile; an unknown tag or filter") \
X(UNKNOWN_NAME, "unknown-name", ERROR, \
  "a variable that belongs to no namespace") \
X(UNKNOWN_ATTRIBUTE, "unknown-attribute", WARNING, \
  "an attribute that no contact has, or that the campaign's data lack") \
X(MISSING_VALUE, "missing-value", WARNING, \
  "a variable that some contacts lack, without a default; " \
  "an error where the campaign defers or fails such messages") \
X(RENDER, "render", ERROR, \
  "contacts for whom the message can't be rendered") \
X(ABORT, "abort", INFO, \
  "contacts for whom the template itself gives up the message") \
X(FIXED_TEMPLATE, "fixed-template", ERROR, \
  "template tags in a part that can't be rewritten") \
X(DATA, "data", ERROR, \
  "the part with data for the templates can't be read") \
X(FIXED_PART, "fixed-part", WARNING, \
  "a text part that can't be rewritten: signed, malformed, or in a charset that can't be read") \
X(LEFTOVER, "leftover", ERROR, \
  "template marks in the rendered message: {{ {% *|") \
X(PLACEHOLDER, "placeholder", WARNING, \
  "dummy text: lorem ipsum, [First Name], %%name%%, {first_name}") \
X(NO_CONTACTS, "no-contacts", INFO, \
  "there were no contacts, so it was rendered for one of whom nothing is known") \
/* header fields */ \
X(CAMPAIGN, "campaign", WARNING, \
  "the message belongs to no campaign and would pass untouched") \
X(FROM, "from", ERROR, \
  "From is missing, occurs twice, or holds no address") \
X(DKIM_KEY, "dkim-key", WARNING, \
  "the configuration has no DKIM key for the domain of From") \
X(DMARC_ALIGNMENT, "dmarc-alignment", WARNING, \
  "the domain that signs is of another organization than From's; an info where it aligns " \
  "only as long as the DMARC record does not say adkim=s") \
X(SPF_ALIGNMENT, "spf-alignment", INFO, \
  "the envelope sender is of another organization than From, so DMARC rests on DKIM alone") \
X(SUBJECT_EMPTY, "subject-empty", ERROR, \
  "no subject, or an empty one for some contacts") \
X(SUBJECT_LONG, "subject-long", WARNING, \
  "a subject of more than 78 characters") \
X(SUBJECT_UNRELATED, "subject-unrelated", INFO, \
  "subject and body have no word in common") \
/* HTML */ \
X(HTML_BRANCH, "html-branch", WARNING, \
  "an element opened or closed under a condition, but not closed or opened under the same one") \
X(HTML_LOOP, "html-loop", WARNING, \
  "an element that a loop opens or closes more often than the other") \
X(HTML_UNCLOSED, "html-unclosed", WARNING, \
  "an element that is never closed") \
X(HTML_STRAY_END, "html-stray-end", WARNING, \
  "an end tag without an element to close") \
X(HTML_VALUE, "html-value", WARNING, \
  "elements out of balance only in the rendered part: a value brings markup") \
X(HTML_LIMIT, "html-limit", WARNING, \
  "HTML too large or too deep to be looked at") \
X(TAG_IN_COMMENT, "tag-in-comment", WARNING, \
  "a template tag inside of an HTML comment") \
X(TAG_IN_NAME, "tag-in-name", WARNING, \
  "a template tag in the name of an element or attribute") \
/* content */ \
X(PREHEADER, "preheader", INFO, \
  "no preheader, the text that mailboxes show beside the subject") \
X(UNSUBSCRIBE, "unsubscribe", WARNING, \
  "no link to unsubscribe; an error where the campaign is strict, an info where the footer has it") \
X(POSTAL_ADDRESS, "postal-address", WARNING, \
  "no postal address of the sender; the same") \
X(ACTION, "action", INFO, \
  "no call to action: no link or button beside the usual ones of the footer") \
X(ALT, "alt", WARNING, \
  "an image without an alt text") \
X(VIEWPORT, "viewport", WARNING, \
  "no viewport, so that phones show the page small") \
X(FIXED_WIDTH, "fixed-width", WARNING, \
  "an element wider than 600 pixels that does not shrink") \
X(IMAGE_HEAVY, "image-heavy", WARNING, \
  "much image for little text") \
X(SIZE, "size", WARNING, \
  "HTML over 102 KB, which Gmail cuts off") \
X(TEXT_MISSING, "text-missing", WARNING, \
  "no text part beside the HTML part") \
X(TEXT_UNRELATED, "text-unrelated", WARNING, \
  "text part and HTML part have no word in common") \
/* links */ \
X(LINK_MALFORMED, "link-malformed", ERROR, \
  "an address that is none, is relative, or has a scheme that mail programs refuse") \
X(LINK_EMPTY, "link-empty", WARNING, \
  "a link that leads nowhere: empty or #") \
X(LINK_INSECURE, "link-insecure", WARNING, \
  "a link or image by http instead of https") \
X(LINK_IP, "link-ip", WARNING, \
  "a link to an IP address") \
X(LINK_HOST, "link-host", WARNING, \
  "a link whose text shows another host than it leads to")
/* clang-format on */

#define LINT_CONSTANT(constant, name, severity, meaning) LINT_##constant,
enum lint_check { LINT_CHECKS(LINT_CONSTANT) LINT_CHECK_COUNT };
#undef LINT_CONSTANT

struct lint_check_row {
	const char *name;
	enum lint_severity severity;
	const char *meaning;
};

extern const struct lint_check_row lint_check_table[LINT_CHECK_COUNT];

/* "info", "warning", "error" */
const char *lint_severity_name(enum lint_severity severity);

#endif
