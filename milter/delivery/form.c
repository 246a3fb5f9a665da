/* SPDX-License-Identifier: BSD-2-Clause
 *
 * form: see form.h
 *
 * Threads: any; touches only its arguments.
 */
#include "delivery/form.h"

#include "delivery/address.h"
#include "delivery/words.h"

#include <glib.h>

#define LINES_MAX 4000

/* --- what came back --- */

/* "Name: value" at the margin. */
static struct str
field_name(struct str line)
{
	size_t n = 0;

	while (n < line.n && n < 60 && (g_ascii_isalnum(line.p[n]) || line.p[n] == '-'))
		n++;
	return n > 1 && n < line.n && line.p[n] == ':' ? (struct str){line.p, n} : STR("");
}

/* Fields that reporters don't write of their own. */
static bool
is_trace(struct str name)
{
	static const char *const names[] = {"Received", "Return-Path", "Message-ID", "MIME-Version",
	    "DKIM-Signature", "DomainKey-Signature", "Delivered-To", "X-Mailer", "X-Originating-IP",
	    "ARC-Seal", "X-Received"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (str_is_nocase(name, names[i]))
			return true;
	}
	return false;
}

/* A header begins here: fields without a gap, of which one is a trace. */
static bool
is_header(struct str rest)
{
	struct str line, name;
	size_t fields = 0;
	bool trace = false;

	for (size_t i = 0; i < 40 && delivery_line(&rest, &line); i++) {
		name = field_name(line);
		if (name.n > 0) {
			fields++;
			trace = trace || is_trace(name);
		} else if (i == 0 || line.n == 0 || (line.p[0] != ' ' && line.p[0] != '\t')) {
			break;
		}
		if (trace && fields >= 3)
			return true;
	}
	return trace && fields >= 2;
}

/* "----- Original message -----" */
static bool
is_rule(struct str line, struct arena *arena)
{
	static const char *const rules[] = {"---", "===", "***", "___", NULL};
	bool rule = false;

	if (line.n < 8 || line.n > 200)
		return false;
	for (size_t i = 0; rules[i] != NULL; i++)
		rule = rule || str_has(line, str_c(rules[i]));
	return rule && delivery_any_in(delivery_fold(line, arena), delivery_cut_words);
}

void
delivery_form_read(
    const struct delivery_content *content, struct arena *arena, struct delivery_form *form_r)
{
	struct str rest = content->text, line, at = rest;

	form_r->text = content->text;
	form_r->returned = STR("");
	for (size_t i = 0; i < LINES_MAX && delivery_line(&rest, &line); i++) {
		if ((field_name(line).n > 0 && is_header(at)) || (i > 0 && is_rule(line, arena))) {
			form_r->text.n = (size_t)(at.p - content->text.p);
			form_r->returned = field_name(line).n > 0 ? at : rest;
			break;
		}
		at = rest;
	}
	while (form_r->returned.n > 0 && form_r->returned.p[0] == '\n')
		form_r->returned = (struct str){form_r->returned.p + 1, form_r->returned.n - 1};
	form_r->folded = delivery_fold(form_r->text, arena);
}

/* --- is it a report? --- */

static bool
has_null_sender(const struct delivery_content *content, struct arena *arena)
{
	struct str path = delivery_header(content, "Return-Path", arena);

	return str_is(path, "<>") || str_is_nocase(path, "<MAILER-DAEMON>");
}

bool
delivery_form_by_machine(const struct delivery_content *content, struct arena *arena)
{
	struct str from = delivery_fold(delivery_header(content, "From", arena), arena);
	struct str raw = delivery_header(content, "From", arena), address, local;

	if (from.n == 0)
		return delivery_has_header(content, "From") || has_null_sender(content, arena);
	if (str_is(from, "<>") || has_null_sender(content, arena) ||
	    delivery_any_in(from, delivery_machine_names))
		return true;
	if (!delivery_address_find(raw, &address))
		return delivery_any_in(from, delivery_machine_locals);
	local = delivery_fold(
	    (struct str){
		address.p, (size_t)((const char *)memrchr(address.p, '@', address.n) - address.p)},
	    arena);
	return delivery_any_begins(local, delivery_machine_locals);
}

enum delivery_action
delivery_form_action(
    const struct delivery_content *content, const struct delivery_form *form, struct arena *arena)
{
	struct str subject = delivery_fold(delivery_header(content, "Subject", arena), arena);
	bool failed = delivery_any_in(form->folded, delivery_failed_words);
	bool delayed = delivery_any_in(form->folded, delivery_delayed_words);
	bool subject_failed = delivery_any_in(subject, delivery_failed_subjects);
	bool subject_delayed = delivery_any_in(subject, delivery_delayed_subjects);

	if (delivery_has_header(content, "X-Failed-Recipients"))
		return DELIVERY_ACTION_FAILED;
	if (!delivery_form_by_machine(content, arena))
		return DELIVERY_ACTION_NONE;
	if (subject_delayed || (delayed && !subject_failed))
		return DELIVERY_ACTION_DELAYED;
	if (!failed && delivery_any_in(subject, delivery_delivered_subjects))
		return DELIVERY_ACTION_DELIVERED;
	if (!failed && delivery_any_in(form->folded, delivery_delivered_words))
		return DELIVERY_ACTION_DELIVERED;
	return failed || subject_failed ? DELIVERY_ACTION_FAILED : DELIVERY_ACTION_NONE;
}
