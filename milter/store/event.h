/* SPDX-License-Identifier: BSD-2-Clause
 *
 * event: what contacts did, and what became of their mail
 *
 * Append-only. Two families share the table:
 *   - told from outside (track, page, screen, identify): the type is the name that the
 *     shop gave it ("Order Completed"), everything else is in the properties;
 *   - our own (sent ... autoreplied): the type is empty, and campaign, message and link
 *     say what it was about.
 *
 * An event that comes a second time is not written again: it is known by source and
 * source_id. Who makes events for our own kinds derives a source_id from what cannot come
 * twice (queue id and recipient's row, a token and a second); it outlives an erasure, so
 * no address may be in it.
 *
 * Ids grow in the order of commits, so "all after this id" misses nothing. Time is when it
 * happened, which may be years before it was told.
 *
 * Erasing a contact deletes what was told from outside; our own events stay without the
 * contact and without properties, so that reports don't change.
 */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include "store/store.h"

/* Stored as numbers: never changed, only added to. */
enum store_event_kind {
	STORE_EVENT_ANY = 0, /* in queries */

	STORE_EVENT_TRACK = 1,
	STORE_EVENT_PAGE = 2,
	STORE_EVENT_SCREEN = 3,
	STORE_EVENT_IDENTIFY = 4, /* properties: the traits that came */

	/* Our own. */
	STORE_EVENT_OWN = 16,
	STORE_EVENT_SENT = 16,
	STORE_EVENT_DELIVERED = 17,
	STORE_EVENT_DEFERRED = 18,
	STORE_EVENT_BOUNCED = 19,
	STORE_EVENT_COMPLAINED = 20,
	STORE_EVENT_OPENED = 21,
	STORE_EVENT_CLICKED = 22,
	STORE_EVENT_SUBSCRIBED = 23,
	STORE_EVENT_UNSUBSCRIBED = 24,
	STORE_EVENT_AUTOREPLIED = 25, /* out of office, and what else answers by itself */
};

/* "track", "opened", ...; NULL if there is no such kind. */
const char *store_event_kind_name(enum store_event_kind kind);
/* STORE_EVENT_ANY if there is no such name. */
enum store_event_kind store_event_kind_of(struct str name);

/* Ceilings, in bytes. */
#define STORE_EVENT_TYPE_MAX	   255
#define STORE_EVENT_SOURCE_MAX	   64
#define STORE_EVENT_SOURCE_ID_MAX  255
#define STORE_EVENT_MESSAGE_MAX	   64
#define STORE_EVENT_PROPERTIES_MAX ((size_t)32 * 1024)

struct store_event {
	int64_t id;	 /* given when written */
	int64_t contact; /* 0: the contact is not known, or was erased */
	enum store_event_kind kind;
	struct str type; /* of track: the event's name; of page and screen: theirs, may be empty */
	int64_t time_ms;
	int64_t received_ms;  /* 0 when written: now */
	struct str source;    /* who told: "import", a key of the event API, "delivery", ... */
	struct str source_id; /* unique in its source; empty: it can't come twice */
	int64_t campaign;     /* store_campaign_id; 0: none */
	struct str message;   /* message key, as in the journal; may be empty */
	int64_t link;	      /* store_link_ids; 0: none */
	bool machine;	      /* no person did it (a scanner's click); properties say why */
	int64_t judge_ms;     /* when written, see below */
	bool judge_client;
	struct str properties; /* a JSON object; empty when written: {} */
};

/* Sometimes only a later click shows that earlier ones were a machine's. Where `judge_ms` is set,
 * the clicks of that contact on that message so shortly before become a machine's, too, for the
 * reason that this one gives; with `judge_client` clicks and opens, but only those that came from
 * the same agent and address. It is the one thing of an event that ever changes, so who counts
 * later counts right; a listener may have heard of them as they were. */

/* May it be written? ERR_INPUT or ERR_LIMIT, with what is wrong. Properties are only measured,
 * not parsed. */
int store_event_check(const struct store_event *event, struct err *err);
/* All or none, in one transaction. Those that are there already are left alone, and so is what
 * was told from outside of a contact that is not there any more; added_r (may be NULL): how many
 * are new. When it returns (or the caller's store_commit), they are on disk if
 * one of them was told from outside, else they survive the death of any process. */
int store_event_put(struct store *store, const struct store_event *events, size_t count,
    size_t *added_r, struct err *err);
/* 1 found, text in the arena; 0 there is none; -1. */
int store_event_get(struct store *store, int64_t id, struct arena *arena,
    struct store_event *event_r, struct err *err);

/* --- in a message's path --- */

#define STORE_EVENT_TYPES_MAX 16

struct store_event_query {
	int64_t contact;
	enum store_event_kind kind;
	const struct str *types; /* any of these; with types kind ANY means TRACK */
	size_t type_count;	 /* 0: all types */
	int64_t since_ms;	 /* happened then or later; 0: from the beginning */
	int64_t before_ms;	 /* happened before; 0: no end */
	bool people;		 /* without `machine` */
};

/* The newest `max` of a contact, newest first (of one time: the later told first). Read through
 * an index: the cost is in what is found, not in how much is stored. */
int store_event_newest(struct store *store, const struct store_event_query *query, size_t max,
    struct arena *arena, struct store_event **events_r, size_t *count_r, struct err *err);
/* Of the contact's newest `scan` events those of that kind which people did, `max` at most, newest
 * first. whole_r: there are no others at all. */
int store_event_recent(struct store *store, int64_t contact, enum store_event_kind kind,
    size_t scan, size_t max, struct arena *arena, struct store_event **events_r, size_t *count_r,
    bool *whole_r, struct err *err);
/* How many there are, counted up to `max` (0: all). */
int store_event_count(struct store *store, const struct store_event_query *query, int64_t max,
    int64_t *count_r, struct err *err);

/* --- for listeners and learners --- */

/* Up to `max` events with an id above `after`, in order of id, of all contacts and kinds. The
 * caller keeps the last id as its cursor. */
int store_event_after(struct store *store, int64_t after, size_t max, struct arena *arena,
    struct store_event **events_r, size_t *count_r, struct err *err);
/* The newest id, or 0: where a listener begins that wants nothing old. */
int store_event_last(struct store *store, int64_t *id_r, struct err *err);

/* --- for commands and upkeep --- */

struct store_event_filter {
	int64_t contact; /* 0: any */
	enum store_event_kind kind;
	struct str type; /* {NULL,0}: any */
	int64_t since_ms;
	size_t newest; /* only so many, the newest; 0: all */
};

/* In order of time; `each` returns false to stop. */
int store_event_each(struct store *store, const struct store_event_filter *filter,
    bool (*each)(const struct store_event *event, void *closure), void *closure, struct err *err);
/* Deletes up to `max` events that happened before; deleted_r: how many. To be called until it is
 * less than max, so that others may write in between. */
int store_event_purge(
    struct store *store, int64_t before_ms, size_t max, size_t *deleted_r, struct err *err);

#endif
