/* SPDX-License-Identifier: BSD-2-Clause
 *
 * doctor_bytes: settings of Postfix that change a message once it is signed
 *
 * A tailored message comes back by SMTP, so that everything smtpd and cleanup do to
 * incoming mail happens after signing, too; and then what the delivery client does.
 * Left out is what only touches mail that mailtailor never makes (lines beyond
 * line_length_limit, missing Date or Message-ID, 8-bit headers).
 *
 * Threads: see doctor.h.
 */
#include "base/buf.h"
#include "ctl/doctor.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define TABLE_MAX ((size_t)1 << 20)

static void
advise_empty(struct doctor *doctor, const char *name)
{
	finding_remedy(&doctor->found, "%s -e '%s ='", postfix_command(doctor->postfix), name);
}

/* Does a regexp:, pcre: or other text table name one of the actions that change
 * bytes? 1 yes, 0 no, -1 it can't be read. header_checks(5): the action is the first
 * word behind the pattern, and these are no words of patterns in practice. */
static int
table_changes(struct str table)
{
	static const char *const actions[] = {"REPLACE", "STRIP", "IGNORE", "PREPEND"};
	const char *colon = memchr(table.p, ':', table.n);
	struct buf text;
	char path[4096];
	ssize_t got;
	int fd, answer = 0;

	if (colon == NULL)
		return -1;
	snprintf(path, sizeof path, "%.*s", (int)(table.p + table.n - colon - 1), colon + 1);
	fd = path[0] == '/' ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	if (fd == -1)
		return -1;
	buf_init(&text, TABLE_MAX);
	while ((got = read(fd, buf_reserve(&text, 4096), 4096)) > 0 && text.len + 8192 < TABLE_MAX)
		text.len += (size_t)got;
	close(fd);
	buf_add_c(&text, "");
	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
		for (const char *at = text.data; (at = strcasestr(at, actions[i])) != NULL; at++) {
			if (at > text.data && isspace((unsigned char)at[-1]))
				answer = 1;
		}
	}
	buf_fini(&text);
	return answer;
}

static void
check_tables(struct doctor *doctor)
{
	static const char *const names[] = {"header_checks", "mime_header_checks",
	    "nested_header_checks", "body_checks", "milter_header_checks", "smtp_header_checks",
	    "smtp_mime_header_checks", "smtp_nested_header_checks", "smtp_body_checks"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct str rest = str_c(postfix_get(doctor->postfix, names[i])), table;

		/* The defaults of the nested ones are $header_checks. */
		while (postfix_next(&rest, &table)) {
			int changes = table_changes(table);

			if (changes == 1)
				finding_add(&doctor->found, FINDING_WARNING, "postfix.checks",
				    "%s = %.*s changes messages (REPLACE, PREPEND, STRIP or "
				    "IGNORE): "
				    "where that hits a signed field or the body, the signature "
				    "breaks.",
				    names[i], STR_F(table));
			else if (changes == -1)
				finding_add(&doctor->found, FINDING_WARNING, "postfix.checks",
				    "%s = %.*s could not be looked into: see that it does not "
				    "change "
				    "signed messages.",
				    names[i], STR_F(table));
		}
	}
}

/* Rewriting of addresses in headers. */
static void
check_rewriting(struct doctor *doctor)
{
	static const struct {
		const char *name, *classes;
	} maps[] = {{"canonical_maps", "canonical_classes"},
	    {"sender_canonical_maps", "sender_canonical_classes"},
	    {"recipient_canonical_maps", "recipient_canonical_classes"},
	    {"masquerade_domains", "masquerade_classes"}, {"smtp_generic_maps", NULL}};

	for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
		const char *value = postfix_get(doctor->postfix, maps[i].name);

		if (value[0] == '\0' ||
		    (maps[i].classes != NULL &&
			strstr(postfix_get(doctor->postfix, maps[i].classes), "header") == NULL))
			continue;
		finding_add(&doctor->found, FINDING_WARNING, "postfix.rewriting",
		    "%s = %s rewrites addresses in From and To after signing: where it hits "
		    "campaign "
		    "mail, the signature breaks.",
		    maps[i].name, value);
		if (maps[i].classes != NULL)
			finding_remedy(&doctor->found, "%s -e '%s = envelope_sender%s'",
			    postfix_command(doctor->postfix), maps[i].classes,
			    strcmp(maps[i].name, "masquerade_domains") == 0
				? ""
				: ", envelope_recipient");
		else
			advise_empty(doctor, maps[i].name);
	}
}

static void
check_copies(struct doctor *doctor)
{
	static const char *const names[] = {"always_bcc", "sender_bcc_maps", "recipient_bcc_maps"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *value = postfix_get(doctor->postfix, names[i]);

		if (value[0] == '\0')
			continue;
		finding_add(&doctor->found, FINDING_WARNING, "postfix.bcc",
		    "%s = %s sends a copy of every tailored message to another address.", names[i],
		    value);
		advise_empty(doctor, names[i]);
	}
}

static void
check_filter(struct doctor *doctor)
{
	const char *filter = postfix_get(doctor->postfix, "content_filter");

	if (filter[0] == '\0')
		return;
	finding_add(&doctor->found, FINDING_WARNING, "postfix.content_filter",
	    "content_filter = %s gets tailored messages after signing: it must not change them, "
	    "and "
	    "the smtpd that takes them back must not call mailtailor again.",
	    filter);
	finding_remedy(&doctor->found, "-o receive_override_options=no_milters");
}

static void
check_conversion(struct doctor *doctor)
{
	const char *limit = postfix_get(doctor->postfix, "smtp_line_length_limit");
	const char *command = postfix_command(doctor->postfix);

	if (strcmp(postfix_get(doctor->postfix, "disable_mime_output_conversion"), "yes") != 0) {
		finding_add(&doctor->found, FINDING_WARNING,
		    "postfix.disable_mime_output_conversion",
		    "Postfix re-encodes 8-bit parts for receivers without 8BITMIME, which breaks "
		    "the signature; an untouched attachment can be one.");
		finding_remedy(
		    &doctor->found, "%s -e 'disable_mime_output_conversion = yes'", command);
	}
	if (strcmp(postfix_get(doctor->postfix, "force_mime_input_conversion"), "yes") == 0) {
		finding_add(&doctor->found, FINDING_WARNING, "postfix.force_mime_input_conversion",
		    "Postfix re-encodes 8-bit parts of what mailtailor hands back, which breaks "
		    "the "
		    "signature.");
		finding_remedy(&doctor->found, "%s -e 'force_mime_input_conversion = no'", command);
	}
	if (strtol(limit, NULL, 10) > 0 && strtol(limit, NULL, 10) < 998) {
		finding_add(&doctor->found, FINDING_WARNING, "postfix.smtp_line_length_limit",
		    "smtp_line_length_limit is %s: Postfix folds longer lines after signing.",
		    limit);
		finding_remedy(&doctor->found, "%s -e 'smtp_line_length_limit = 998'", command);
	}
}

void
doctor_check_bytes(struct doctor *doctor)
{
	check_tables(doctor);
	check_rewriting(doctor);
	check_copies(doctor);
	check_filter(doctor);
	check_conversion(doctor);
}
