/* SPDX-License-Identifier: BSD-2-Clause
 *
 * report: see report.h
 *
 * Threads: any; touches only its arguments.
 */
#include "delivery/report.h"

#include "delivery/address.h"
#include "delivery/autoreply.h"
#include "delivery/content.h"
#include "delivery/feedback.h"
#include "delivery/form.h"
#include "delivery/found.h"
#include "delivery/notification.h"
#include "delivery/reason.h"
#include "delivery/status.h"
#include "delivery/token.h"
#include "delivery/words.h"

#define MINE_MAX 32
/* With more recipients than these, only what is said of each alone counts. */
#define AROUND_RECIPIENTS 50

struct reading {
	const struct delivery_input *input;
	struct arena *arena;
	struct delivery_content content;
	struct delivery_form form;
	struct str mine[MINE_MAX];
	size_t mine_count;
	struct delivery_report *report;
};

const char *
delivery_kind_name(enum delivery_kind kind)
{
	static const char *const names[] = {
	    "none", "bounce", "delayed", "delivered", "complaint", "autoreply"};

	return names[kind];
}

const char *
delivery_reason_name(enum delivery_reason reason)
{
	static const char *const names[] = {"other", "user unknown", "mailbox full", "host unknown",
	    "policy", "spam", "too big", "content", "network", "rate limited", "moved", "suspended",
	    "expired"};

	return names[reason];
}

const char *
delivery_action_name(enum delivery_action action)
{
	static const char *const names[] = {
	    "none", "failed", "delayed", "delivered", "relayed", "expanded"};

	return names[action];
}

/* --- whose addresses --- */

static void
add_mine(struct reading *reading, struct str value)
{
	struct str address;

	while (reading->mine_count < MINE_MAX && delivery_address_find(value, &address)) {
		const char *end = address.p + address.n;

		reading->mine[reading->mine_count++] = address;
		value = (struct str){end, (size_t)(value.p + value.n - end)};
	}
}

/* The addresses that the report was sent to and from: not those it is about. */
static void
find_mine(struct reading *reading)
{
	static const char *const names[] = {"To", "From", "Return-Path", "Sender", "Reply-To",
	    "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To"};

	if (reading->input->recipient.n > 0)
		reading->mine[reading->mine_count++] = reading->input->recipient;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		add_mine(reading, delivery_header(&reading->content, names[i], reading->arena));
}

/* --- recipients --- */

static enum delivery_kind
kind_of_action(enum delivery_action action)
{
	switch (action) {
	case DELIVERY_ACTION_FAILED:
		return DELIVERY_BOUNCE;
	case DELIVERY_ACTION_DELAYED:
		return DELIVERY_DELAYED;
	case DELIVERY_ACTION_DELIVERED:
	case DELIVERY_ACTION_RELAYED:
	case DELIVERY_ACTION_EXPANDED:
		return DELIVERY_DELIVERED;
	default:
		return DELIVERY_NONE;
	}
}

/* What is worst for some recipient is the message's kind. */
static void
take_list(struct reading *reading, const struct delivery_list *list, enum delivery_action otherwise)
{
	struct delivery_report *report = reading->report;

	report->recipients =
	    arena_zalloc(reading->arena, list->count + 1, sizeof *report->recipients);
	if (report->recipients == NULL)
		return;
	for (size_t i = 0; i < list->count; i++) {
		struct delivery_found *found = &list->items[i];
		enum delivery_kind kind;

		if (found->action == DELIVERY_ACTION_NONE)
			found->action = otherwise;
		if (list->count > AROUND_RECIPIENTS)
			found->around = STR("");
		delivery_judge(found, reading->arena, &report->recipients[i]);
		kind = kind_of_action(found->action);
		if (kind != DELIVERY_NONE && (report->kind == DELIVERY_NONE || kind < report->kind))
			report->kind = kind;
	}
	report->count = list->count;
	report->truncated = report->truncated || list->truncated;
}

/* Those of a complaint or a reply: nothing is judged. */
static void
take_addresses(struct reading *reading, const struct delivery_list *list)
{
	struct delivery_report *report = reading->report;

	report->recipients =
	    arena_zalloc(reading->arena, list->count + 1, sizeof *report->recipients);
	if (report->recipients == NULL)
		return;
	for (size_t i = 0; i < list->count; i++) {
		report->recipients[i].address = list->items[i].address;
		report->recipients[i].original = report->recipients[i].status =
		    report->recipients[i].diagnostic = STR("");
	}
	report->count = list->count;
	report->truncated = report->truncated || list->truncated;
}

/* --- RFC 3464 --- */

static bool
is_type(struct reading *reading, const char *phrase)
{
	struct str type = delivery_header(&reading->content, "Content-Type", reading->arena);

	return delivery_phrase_in(delivery_fold(type, reading->arena), phrase);
}

/* "X-Unix; 77" is the exit status of a program. */
static bool
says_nothing(struct str said)
{
	for (size_t i = 0; i < said.n; i++) {
		if (said.p[i] > '9')
			return false;
	}
	return true;
}

/* The text for people says what the fields leave out. */
static void
complete_from_text(struct reading *reading, struct delivery_list *list)
{
	struct delivery_list texts;

	delivery_list_init(&texts, reading->arena);
	delivery_form_recipients(&reading->form, reading->mine, reading->mine_count, &texts);
	for (size_t i = 0; i < list->count; i++) {
		struct delivery_found *found = &list->items[i];
		const struct delivery_found *text = delivery_list_get(&texts, found->address);

		if (text == NULL && list->count == 1 && texts.count == 1)
			text = &texts.items[0];
		if (text != NULL) {
			found->said = says_nothing(found->said) ? text->said : found->said;
			found->around = text->around;
		} else if (list->count == 1) {
			found->around = reading->form.text;
		}
	}
	delivery_list_fini(&texts);
}

/* Exim says where it could not save a message, and in a field of the header for whom. */
static void
name_from_header(struct reading *reading, struct delivery_found *found)
{
	struct str failed =
	    delivery_header(&reading->content, "X-Failed-Recipients", reading->arena);
	struct str address;

	if (!delivery_address_ok(found->address) && delivery_address_find(failed, &address))
		found->address = address;
}

static bool
read_status(struct reading *reading, enum delivery_action action)
{
	const struct delivery_content *content = &reading->content;
	struct delivery_list list;
	bool found;

	/* A report inside a message that some person sent on reports nothing to us. */
	if (content->within && !delivery_form_by_machine(content, reading->arena))
		return false;
	delivery_list_init(&list, reading->arena);
	for (size_t i = 0; i < content->status_count; i++)
		delivery_status_read(content->status[i], &list, &reading->report->message_id);
	if (list.count == 0 &&
	    (action != DELIVERY_ACTION_NONE || is_type(reading, "delivery-status")))
		delivery_status_read(reading->form.text, &list, &reading->report->message_id);
	found = list.count > 0;
	if (list.count == 1)
		name_from_header(reading, &list.items[0]);
	if (found) {
		complete_from_text(reading, &list);
		take_list(reading, &list,
		    action == DELIVERY_ACTION_NONE ? DELIVERY_ACTION_FAILED : action);
	}
	delivery_list_fini(&list);
	return found;
}

/* --- free form --- */

/* The addresses of a field; what the text says of one is kept. */
static void
take_named(struct delivery_list *list, const struct delivery_list *texts, struct str value)
{
	struct str address;

	while (delivery_address_find(value, &address)) {
		const char *end = address.p + address.n;
		struct delivery_found found = {.address = address};
		const struct delivery_found *text = delivery_list_get(texts, address);

		if (text == NULL && texts->count == 1)
			text = &texts->items[0];
		if (text != NULL) {
			found.address =
			    delivery_address_ok(text->address) ? text->address : address;
			found.said = text->said;
			found.around = text->around;
		}
		delivery_list_add(list, &found);
		value = (struct str){end, (size_t)(value.p + value.n - end)};
	}
}

/* Nothing names a recipient but what came back. */
static void
take_returned(struct reading *reading, struct delivery_list *list)
{
	struct str header = reading->content.returned, name, value, address;

	while (
	    list->count == 0 && delivery_field_next(&header, reading->arena, &name, &value) > 0) {
		struct delivery_found found = {.around = reading->form.text};

		if (!str_is_nocase(name, "To") || !delivery_address_find(value, &address))
			continue;
		found.address = address;
		delivery_list_add(list, &found);
	}
}

static bool
read_form(struct reading *reading, enum delivery_action action)
{
	struct delivery_content *content = &reading->content;
	struct delivery_list list, texts;
	struct str failed = delivery_header(content, "X-Failed-Recipients", reading->arena);
	bool found;

	if (action == DELIVERY_ACTION_NONE)
		return false;
	delivery_list_init(&list, reading->arena);
	delivery_list_init(&texts, reading->arena);
	delivery_form_recipients(&reading->form, reading->mine, reading->mine_count, &texts);
	if (failed.n > 0)
		take_named(&list, &texts, failed);
	found = list.count > 0;
	if (!found && texts.count > 0) {
		take_list(reading, &texts, action);
		found = true;
	} else {
		if (!found)
			take_returned(reading, &list);
		for (size_t i = 0; i < list.count; i++) {
			if (list.items[i].around.n == 0)
				list.items[i].around = reading->form.text;
		}
		found = list.count > 0;
		if (found)
			take_list(reading, &list, action);
	}
	delivery_list_fini(&texts);
	delivery_list_fini(&list);
	return found;
}

/* --- the others --- */

static bool
read_notification(struct reading *reading)
{
	struct delivery_report *report = reading->report;
	struct delivery_list list;
	enum delivery_kind kind;
	bool found;

	delivery_list_init(&list, reading->arena);
	found =
	    delivery_notification_read(reading->content.text, &list, &kind, &report->message_id);
	if (found && kind == DELIVERY_COMPLAINT)
		take_addresses(reading, &list);
	else if (found)
		take_list(reading, &list, DELIVERY_ACTION_FAILED);
	if (found)
		report->kind = kind;
	delivery_list_fini(&list);
	return found;
}

static bool
read_feedback(struct reading *reading)
{
	struct delivery_list list;
	bool found;

	delivery_list_init(&list, reading->arena);
	found = delivery_feedback_read(
	    &reading->content, &list, &reading->report->kind, &reading->report->detail);
	if (found)
		take_addresses(reading, &list);
	else
		reading->report->kind = DELIVERY_NONE;
	if (!found)
		reading->report->detail = "";
	delivery_list_fini(&list);
	return found;
}

/* RFC 8098. A reader's program says that it showed or deleted the message: that is no matter
 * of delivery, and anybody can have it sent or not. */
static bool
read_receipt(struct reading *reading)
{
	struct str block = reading->content.disposition, name, value;

	if (block.p == NULL && !is_type(reading, "disposition-notification"))
		return false;
	reading->report->detail = "read-receipt";
	while (block.n > 0 && delivery_field_next(&block, reading->arena, &name, &value) >= 0) {
		if (str_is_nocase(name, "Original-Message-ID"))
			reading->report->message_id = value;
	}
	return true;
}

static bool
read_autoreply(struct reading *reading)
{
	struct str from = delivery_header(&reading->content, "From", reading->arena), address;
	struct delivery_list list;

	if (!delivery_autoreply_is(&reading->content, reading->arena, &reading->report->detail))
		return false;
	reading->report->kind = DELIVERY_AUTOREPLY;
	delivery_list_init(&list, reading->arena);
	if (delivery_address_find(from, &address)) {
		struct delivery_found found = {.address = address};

		delivery_list_add(&list, &found);
	}
	take_addresses(reading, &list);
	delivery_list_fini(&list);
	return true;
}

/* --- the message it is about --- */

static struct str
bare_id(struct str value)
{
	value = str_trim(value);
	if (value.n > 2 && value.p[0] == '<' && value.p[value.n - 1] == '>')
		value = (struct str){value.p + 1, value.n - 2};
	return value.n > 998 ? STR("") : value;
}

static void
find_message_id(struct reading *reading)
{
	struct delivery_report *report = reading->report;
	struct str header = reading->content.returned, name, value;
	int got;

	if (report->message_id.n == 0 && report->kind == DELIVERY_AUTOREPLY)
		report->message_id =
		    delivery_header(&reading->content, "In-Reply-To", reading->arena);
	while (report->message_id.n == 0 &&
	    (got = delivery_field_next(&header, reading->arena, &name, &value)) > 0) {
		if (str_is_nocase(name, "Message-ID"))
			report->message_id = value;
	}
	if (report->kind == DELIVERY_NONE && report->detail[0] == '\0')
		report->message_id = STR("");
	report->message_id = bare_id(report->message_id);
}

void
delivery_read(
    const struct delivery_input *input, struct arena *arena, struct delivery_report *report_r)
{
	struct reading reading = {.input = input, .arena = arena, .report = report_r};
	enum delivery_action action;

	memset(report_r, 0, sizeof *report_r);
	report_r->detail = "";
	report_r->message_id = STR("");
	delivery_content_read(input->raw, arena, &reading.content);
	report_r->truncated = reading.content.truncated;
	delivery_form_read(&reading.content, arena, &reading.form);
	if (!reading.content.whole)
		reading.content.returned = reading.form.returned;
	find_mine(&reading);
	action = delivery_form_action(&reading.content, &reading.form, arena);
	if (!read_feedback(&reading) && !read_status(&reading, action) && !read_receipt(&reading) &&
	    !read_notification(&reading) && !read_form(&reading, action))
		read_autoreply(&reading);
	find_message_id(&reading);
	report_r->has_token = delivery_token_find(
	    input, &reading.content, arena, &report_r->token, &report_r->token_in_envelope);
}
