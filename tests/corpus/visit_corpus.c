/* SPDX-License-Identifier: BSD-2-Clause
 *
 * visit_corpus DATABASE: judges made-up visits as the web process does, and writes them
 *
 * Each line of standard input is a visit: kind (c, o, h), contact, message, link, agent, time of
 * sending and of the visit, both in milliseconds. What is known in the end stands in the new
 * database's events, whose source_id is the line's number.
 */
#include "store/contact.h"
#include "store/event.h"
#include "web/visits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void
die(const char *what)
{
	fprintf(stderr, "visit_corpus: %s\n", what);
	exit(1);
}

static void
put(struct store *store, const struct web_visit *visit, unsigned line,
    const struct web_visit_verdict *verdict)
{
	char properties[128], id[24], message[24];
	struct err err = ERR_INIT;
	struct store_event event;

	snprintf(id, sizeof id, "%u", line);
	snprintf(message, sizeof message, "%08x", visit->message);
	if (verdict->reason == NULL)
		snprintf(
		    properties, sizeof properties, "{\"agent\":\"%" PRIu64 "\"}", visit->client);
	else
		snprintf(properties, sizeof properties,
		    "{\"agent\":\"%" PRIu64 "\",\"machine\":\"%s\"}", visit->client,
		    verdict->reason);
	event = (struct store_event){.contact = visit->contact,
	    .kind = visit->kind == WEB_VISIT_OPEN ? STORE_EVENT_OPENED : STORE_EVENT_CLICKED,
	    .time_ms = visit->now_ms,
	    .source = STR("web"),
	    .source_id = str_c(id),
	    .campaign = visit->campaign,
	    .message = str_c(message),
	    .machine = verdict->reason != NULL,
	    .judge_ms = verdict->back_ms,
	    .judge_client = verdict->same_client,
	    .properties = str_c(properties)};
	if (store_event_put(store, &event, 1, NULL, &err) != 0)
		die(err.text);
}

/* Events of contacts that are not there lose them. */
static void
add_contacts(struct store *store, int64_t count)
{
	struct err err = ERR_INIT;
	char address[64];

	for (int64_t i = 0; i < count; i++) {
		snprintf(address, sizeof address, "c%" PRId64 "@visits.example", i);
		if (store_contact_upsert(store, str_c(address), STR_NONE, STR_NONE, NULL, &err) < 0)
			die(err.text);
	}
}

int
main(int argc, char **argv)
{
	struct web_visits *visits = web_visits_new(2000, 2000);
	struct err err = ERR_INIT;
	struct store *store;
	int64_t contacts = 0;
	char kind;

	if (argc != 2 || scanf("%" SCNd64, &contacts) != 1)
		die("expected a database, and the number of contacts first");
	if (store_open(&store, argv[1], STORE_CREATE, &err) != 0 || store_begin(store, &err) != 0)
		die(err.text);
	add_contacts(store, contacts);
	for (unsigned line = 0;; line++) {
		struct web_visit visit = {.campaign = 1};
		struct web_visit_verdict verdict;

		if (scanf(" %c %" SCNd64 " %" SCNu32 " %" SCNu64 " %" SCNu64 " %" SCNd64
			  " %" SCNd64,
			&kind, &visit.contact, &visit.message, &visit.link, &visit.client,
			&visit.sent_ms, &visit.now_ms) != 7)
			break;
		visit.kind = kind == 'o' ? WEB_VISIT_OPEN
		    : kind == 'h'	 ? WEB_VISIT_HIDDEN
					 : WEB_VISIT_CLICK;
		verdict = web_visits_judge(visits, &visit);
		put(store, &visit, line, &verdict);
	}
	if (store_commit(store, &err) != 0)
		die(err.text);
	store_close(&store);
	web_visits_free(&visits);
	return 0;
}
