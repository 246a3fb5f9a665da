/* SPDX-License-Identifier: BSD-2-Clause
 *
 * call: what a shop tells of a contact: identify, track, page or screen
 *
 * The objects of Segment's HTTP API, and a short form of our own with "email", "event",
 * "time", "id" and "properties". intake_call_read takes one apart without asking the store;
 * intake_call_apply finds the contact and writes. Which members count stands in
 * mailtailor-events(7).
 *
 *     context.received_ms  context.sent_ms
 *     now                  the batch's        the event API: times are corrected by sentAt
 *     0                    0                  a file: only what it says itself
 */
#ifndef INTAKE_CALL_H
#define INTAKE_CALL_H

#include "store/event.h"

#include <jansson.h>

struct intake_call {
	enum store_event_kind kind; /* track, page, screen, identify */
	struct str address;	    /* normalised; may be empty, as may be the next two, not all */
	struct str user_id;
	struct str anonymous_id;
	struct str type;
	struct str id; /* Segment's messageId, or one made of the content; may be empty */
	int64_t time_ms;
	int64_t told_ms;       /* as the sender said it, for the id that is made; 0: time_ms */
	struct str properties; /* JSON object; of identify: the traits */
};

struct intake_context {
	enum store_event_kind kind; /* ANY: the object says it itself */
	int64_t received_ms;	    /* when it came in; 0: not known, as in a file */
	int64_t sent_ms;	    /* the sender's clock then, said outside the object; 0: not */
	bool repeatable;	    /* what has neither id nor time is refused */
};

/* Text in the arena. ERR_INPUT, ERR_LIMIT. */
int intake_call_read(const json_t *object, const struct intake_context *context,
    struct arena *arena, struct intake_call *call_r, struct err *err);
/* Checks a call that was put together otherwise, normalises its address, and gives it an id if
 * it has none and its time was told. */
int intake_call_finish(
    struct intake_call *call, bool time_told, struct arena *arena, struct err *err);

/* Calls `each` for the object, or for each call in it if it is a batch, {"batch": [...]}, whose
 * sentAt holds for calls that have none. `each` returns 0, or -1 to stop. -1 with err if the
 * object is unusable, without err if `each` said so. */
int intake_batch_each(const json_t *object, const struct intake_context *context,
    int (*each)(
	void *closure, size_t index, const json_t *call, const struct intake_context *context),
    void *closure, struct err *err);

enum intake_result {
	INTAKE_WRITTEN,
	INTAKE_KNOWN,	/* it came before */
	INTAKE_STRANGER /* no contact by that address or id: not written */
};

struct intake_options {
	struct str source; /* of the events: ids are unique in it */
	bool create;	   /* an unknown address becomes a contact, not only by identify */
};

/* One of the enum, or -1: then nothing of it was written. Goes, alone or with others, between
 * store_begin and store_commit. */
int intake_call_apply(struct store *store, const struct intake_options *options,
    const struct intake_call *call, struct err *err);

#endif
