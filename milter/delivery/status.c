/* SPDX-License-Identifier: BSD-2-Clause
 *
 * status: see status.h
 *
 * Groups of fields stand apart by empty lines (RFC 3464 section 2.1); where those were lost, a
 * field that comes a second time begins the next group.
 *
 * Threads: any; touches only its arguments.
 */
#include "delivery/status.h"

#include "delivery/address.h"
#include "delivery/words.h"
#include "mime/field.h"

#include <glib.h>

#define VALUE_MAX 4096

enum field {
	FINAL,
	ORIGINAL,
	ACTUAL,
	ACTION,
	STATUS,
	DIAGNOSTIC,
	REMOTE,
	DISPLAY,
	FIELDS,
};

static const char *const names[FIELDS] = {
    [FINAL] = "Final-Recipient",
    [ORIGINAL] = "Original-Recipient",
    [ACTUAL] = "X-Actual-Recipient",
    [ACTION] = "Action",
    [STATUS] = "Status",
    [DIAGNOSTIC] = "Diagnostic-Code",
    [REMOTE] = "Remote-MTA",
    [DISPLAY] = "X-Display-Name",
};

struct group {
	struct str values[FIELDS];
};

int
delivery_field_next(struct str *rest, struct arena *arena, struct str *name_r, struct str *value_r)
{
	struct mime_header field;
	struct str line;
	int found;

	for (;;) {
		if (rest->n == 0)
			return -1;
		found = mime_field_next(rest, &field);
		if (found == 0)
			return 0;
		if (found > 0)
			break;
		delivery_line(rest, &line);
		if (str_trim(line).n == 0)
			return 0;
	}
	*name_r = field.name;
	*value_r = delivery_one_line(field.value, VALUE_MAX, arena);
	return 1;
}

static enum delivery_action
read_action(struct str value)
{
	static const struct {
		const char *word;
		enum delivery_action action;
	} words[] = {
	    {"fail", DELIVERY_ACTION_FAILED}, /* failed, failure, and "Failed (5.1.1)" */
	    {"delay", DELIVERY_ACTION_DELAYED},
	    {"deliverable", DELIVERY_ACTION_NONE}, /* RFC 3885, and probes */
	    {"deliver", DELIVERY_ACTION_DELIVERED},
	    {"relay", DELIVERY_ACTION_RELAYED},
	    {"expand", DELIVERY_ACTION_EXPANDED},
	    {"expire", DELIVERY_ACTION_FAILED},
	    {"reject", DELIVERY_ACTION_FAILED},
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		size_t n = strlen(words[i].word);

		if (value.n >= n && g_ascii_strncasecmp(value.p, words[i].word, n) == 0)
			return words[i].action;
	}
	return DELIVERY_ACTION_NONE;
}

/* The action that a group lacks is told by the class of its status (RFC 3463 section 3.1). */
static enum delivery_action
action_of(const struct group *group)
{
	enum delivery_action action = read_action(group->values[ACTION]);
	struct str status = group->values[STATUS];

	if (action != DELIVERY_ACTION_NONE || status.n == 0)
		return action;
	return status.p[0] == '2' ? DELIVERY_ACTION_DELIVERED
	    : status.p[0] == '4'  ? DELIVERY_ACTION_DELAYED
				  : DELIVERY_ACTION_FAILED;
}

/* "smtp; 550 5.1.1 ..." */
static struct str
without_type(struct str value)
{
	size_t n = 0;

	while (n < value.n && (g_ascii_isalnum(value.p[n]) || value.p[n] == '-'))
		n++;
	if (n == 0 || n == value.n || value.p[n] != ';')
		return value;
	return str_trim((struct str){value.p + n + 1, value.n - n - 1});
}

/* Some systems write a path, a pipe or a local name as Final-Recipient: then any other field
 * that holds an address says more. */
static struct str
address_of(const struct group *group, struct arena *arena)
{
	static const enum field order[] = {FINAL, ACTUAL, ORIGINAL, DISPLAY};
	struct str best = STR(""), address;

	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
		enum field field = order[i];

		address = delivery_address_field(group->values[field], field == ORIGINAL, arena);
		if (delivery_address_ok(address))
			return address;
		if (best.n == 0 && field == FINAL && memchr(address.p, ' ', address.n) == NULL)
			best = address;
	}
	if (delivery_address_find(group->values[DIAGNOSTIC], &address))
		return address;
	return best;
}

static void
finish(struct group *group, struct delivery_list *list)
{
	struct delivery_found found = {.action = action_of(group)};
	const struct str *values = group->values;

	if (values[FINAL].n > 0 || values[ORIGINAL].n > 0) {
		found.address = address_of(group, list->arena);
		found.original = delivery_address_field(values[ORIGINAL], true, list->arena);
		if (str_eq_nocase(found.original, found.address) ||
		    !delivery_address_ok(found.original))
			found.original = STR("");
		found.status = values[STATUS].n == 0 ? STR("") : values[STATUS];
		found.said = without_type(values[DIAGNOSTIC]);
		/* "Status: 4.0.0 (x.example: host name lookup failure)" */
		if (found.said.n == 0 && memchr(found.status.p, '(', found.status.n) != NULL)
			found.said = found.status;
		if (found.address.n > 0)
			delivery_list_add(list, &found);
	}
	memset(group, 0, sizeof *group);
}

/* What other systems call the message that it is about. */
static bool
names_message(struct str name)
{
	return str_is_nocase(name, "X-Original-Message-ID") ||
	    str_is_nocase(name, "Original-Message-ID") || str_is_nocase(name, "Message-ID");
}

void
delivery_status_read(struct str block, struct delivery_list *list, struct str *message_id_r)
{
	struct group group = {0};
	struct str name, value;
	int got;

	while ((got = delivery_field_next(&block, list->arena, &name, &value)) >= 0 &&
	    !list->truncated) {
		if (got == 0) {
			finish(&group, list);
			continue;
		}
		if (message_id_r->n == 0 && names_message(name))
			*message_id_r = value;
		for (int i = 0; i < FIELDS; i++) {
			if (!str_is_nocase(name, names[i]))
				continue;
			if (group.values[i].n > 0)
				finish(&group, list);
			group.values[i] = value;
		}
	}
	finish(&group, list);
}
