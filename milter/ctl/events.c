/* SPDX-License-Identifier: BSD-2-Clause
 *
 * events: list, show
 *
 * Threads: one.
 */
#include "ctl/events.h"

#include "base/clock.h"
#include "intake/contact.h"
#include "store/contact.h"
#include "store/event.h"
#include "store/link.h"

#include <stdlib.h>
#include <sysexits.h>

#define CONTACT_MEMORY ((size_t)4 * 1024 * 1024)

struct listing {
	struct ctl *ctl;
	struct arena *arena;
	bool json;
	/* The names of the last event's contact and campaign, which often come again. */
	int64_t contact, campaign;
	char address[256], campaign_name[256];
};

/* --- one event --- */

static void
find_names(struct listing *listing, const struct store_event *event)
{
	struct store_contact contact;
	struct str name;

	arena_reset(listing->arena);
	if (event->contact != listing->contact) {
		listing->contact = event->contact;
		listing->address[0] = '\0';
		if (event->contact != 0 &&
		    store_contact_get_id(
			listing->ctl->store, event->contact, listing->arena, &contact, NULL) == 1)
			snprintf(listing->address, sizeof listing->address, "%.*s",
			    STR_F(contact.address));
	}
	if (event->campaign != listing->campaign) {
		listing->campaign = event->campaign;
		listing->campaign_name[0] = '\0';
		if (event->campaign != 0 &&
		    store_campaign_name(
			listing->ctl->store, event->campaign, listing->arena, &name, NULL) == 1)
			snprintf(listing->campaign_name, sizeof listing->campaign_name, "%.*s",
			    STR_F(name));
	}
}

static void
put_json(const struct listing *listing, const struct store_event *event)
{
	ctl_put_json(
	    intake_event_json(event, str_c(listing->address), str_c(listing->campaign_name)));
}

static bool
list_one(const struct store_event *event, void *closure)
{
	struct listing *listing = closure;
	char time[CLOCK_TEXT_SIZE];

	find_names(listing, event);
	if (listing->json) {
		put_json(listing, event);
		return true;
	}
	printf("%lld\t%s\t", (long long)event->id, clock_iso(event->time_ms, time));
	ctl_put(stdout, listing->address[0] != '\0' ? str_c(listing->address) : STR("-"));
	printf("\t%s\t", store_event_kind_name(event->kind));
	ctl_put(stdout, event->type.n > 0 ? event->type : STR("-"));
	putchar('\t');
	ctl_put(stdout, event->properties);
	putchar('\n');
	return true;
}

static void
put_line(const char *name, struct str text)
{
	if (text.n == 0)
		return;
	printf("%s: ", name);
	ctl_put(stdout, text);
	putchar('\n');
}

static void
put_text(const struct listing *listing, const struct store_event *event)
{
	char time[CLOCK_TEXT_SIZE];

	printf("event: %lld\n", (long long)event->id);
	printf("kind: %s%s\n", store_event_kind_name(event->kind),
	    event->machine ? " (by a machine)" : "");
	put_line("type", event->type);
	put_line("contact", str_c(listing->address));
	printf("time: %s\n", clock_iso(event->time_ms, time));
	printf("received: %s\n", clock_iso(event->received_ms, time));
	put_line("source", event->source);
	put_line("id", event->source_id);
	put_line("campaign", str_c(listing->campaign_name));
	put_line("message", event->message);
	if (event->link != 0)
		printf("link: %lld\n", (long long)event->link);
	put_line("properties", event->properties);
}

/* --- list --- */

static int
set_contact(struct ctl *ctl, const char *address, int64_t *contact_r, struct err *err)
{
	struct arena *arena = arena_new(CONTACT_MEMORY);
	struct str key;
	int rc = store_address_key(str_c(address), arena, &key, err);

	if (rc == 0)
		rc = store_contact_find(ctl->store, key, contact_r, err);
	if (rc == 0)
		rc = err_set(err, ERR_NOTFOUND, "there is no contact %s", address);
	else if (rc < 0)
		err_prefix(err, "%s", address);
	arena_free(&arena);
	return rc == 1 ? 0 : -1;
}

static int
list(struct ctl *ctl, struct store_event_filter *filter, const char *address, bool json)
{
	struct listing listing = {.ctl = ctl, .json = json};
	struct err err = ERR_INIT;
	int rc = 0;

	if (address != NULL)
		rc = set_contact(ctl, address, &filter->contact, &err);
	if (rc == 0) {
		listing.arena = arena_new(CONTACT_MEMORY);
		rc = store_event_each(ctl->store, filter, list_one, &listing, &err);
		arena_free(&listing.arena);
	}
	return rc == 0 ? EX_OK : ctl_fail(&err);
}

static int
run_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"contact", required_argument, NULL, 'c'},
	    {"kind", required_argument, NULL, 'k'},
	    {"type", required_argument, NULL, 't'},
	    {"since", required_argument, NULL, 's'},
	    {"limit", required_argument, NULL, 'l'},
	    {"json", no_argument, NULL, 'j'},
	    {NULL, 0, NULL, 0},
	};
	struct store_event_filter filter = {.contact = 0};
	const char *address = NULL;
	bool json = false;
	int option, status;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		switch (option) {
		case 'c':
			address = optarg;
			break;
		case 'k':
			filter.kind = store_event_kind_of(str_c(optarg));
			if (filter.kind != STORE_EVENT_ANY)
				break;
			ctl_error("--kind %s: there is no such kind of event", optarg);
			return EX_USAGE;
		case 't':
			filter.type = str_c(optarg);
			break;
		case 's':
			if (clock_parse(optarg, &filter.since_ms) == 0)
				break;
			ctl_error("--since %s: a time like 2026-01-31, 2026-01-31T08:15:00Z or 2h "
				  "was expected",
			    optarg);
			return EX_USAGE;
		case 'l':
			if (!ctl_number("--limit", optarg, 1000000000, &filter.newest))
				return EX_USAGE;
			break;
		case 'j':
			json = true;
			break;
		default:
			return ctl_usage("events");
		}
	}
	if (optind != argc)
		return ctl_usage("events");
	status = ctl_store(ctl, STORE_READ);
	return status != 0 ? status : list(ctl, &filter, address, json);
}

/* --- show --- */

static int
show(struct ctl *ctl, int64_t id, bool json)
{
	struct listing listing = {.ctl = ctl};
	struct arena *arena = arena_new(CONTACT_MEMORY);
	struct store_event event;
	struct err err = ERR_INIT;
	int rc = store_event_get(ctl->store, id, arena, &event, &err);

	if (rc == 0)
		err_set(&err, ERR_NOTFOUND, "there is no event %lld", (long long)id);
	if (rc == 1) {
		listing.arena = arena_new(CONTACT_MEMORY);
		find_names(&listing, &event);
		if (json)
			put_json(&listing, &event);
		else
			put_text(&listing, &event);
		arena_free(&listing.arena);
	}
	arena_free(&arena);
	return rc == 1 ? EX_OK : ctl_fail(&err);
}

static int
run_show(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'},
	    {NULL, 0, NULL, 0},
	};
	bool json = false;
	int option, status;
	size_t id;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option != 'j')
			return ctl_usage("events");
		json = true;
	}
	if (optind + 1 != argc)
		return ctl_usage("events");
	if (!ctl_number("events show", argv[optind], INT64_MAX, &id))
		return EX_USAGE;
	status = ctl_store(ctl, STORE_READ);
	return status != 0 ? status : show(ctl, (int64_t)id, json);
}

int
ctl_events(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_action actions[] = {
	    {"import", ctl_events_import},
	    {"list", run_list},
	    {"show", run_show},
	    {NULL, NULL},
	};

	return ctl_act(ctl, argc, argv, actions);
}
