/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tailor: one generic message in, one person's message out
 *
 * The same calls serve the session (single mail in place), the outbox and
 * `mailtailor preview`. A message is compiled once by its content and shared; a
 * copy is rendered per recipient into an arena and signed last, over exactly the
 * bytes that leave.
 *
 * Threads: all of it may be used by any number of threads; one arena, one thread.
 */
#ifndef TAILOR_TAILOR_H
#define TAILOR_TAILOR_H

#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"
#include "conf/conf.h"
#include "dkim/dkim.h"
#include "link/keys.h"
#include "mime/mime.h"
#include "store/consent.h"
#include "store/journal.h"
#include "store/store.h"
#include "tailor/templates.h"

struct tailor; /* the engine of one process, for one configuration */

/* Takes references of conf, keys (`link_keys` may be NULL: nothing is tracked) and templates, which are of that conf; the store is
 * borrowed. Reads the campaigns' data files. Without keys and store (NULL) only
 * tailor_inspect works. ERR_CONFIG, ERR_IO. */
int tailor_new(struct tailor **tailor_r, const struct conf *conf, struct dkim_keys *keys,
    struct link_keys *link_keys, struct tailor_templates *templates, struct store *store,
    struct err *err);
void tailor_free(struct tailor **tailor);
/* Has it made as many copies as `worker_messages` allows, or has the process grown as large as
 * `worker_memory`? It should be replaced. */
bool tailor_is_worn(struct tailor *tailor);

/* Which campaign does this message belong to? By header, then envelope sender, then
 * From. `sender` without <>. 1 campaign_r and name_r are set (the name is the header's
 * text, or the section's), 0 it is ordinary mail, -1 the header names an unknown
 * campaign or is malformed: it must not leave. Does not look at the client: that is the
 * session's. */
int tailor_campaign_of(const struct conf *conf, const struct mime_header *headers, size_t count,
    struct str sender, const struct conf_campaign **campaign_r, struct str *name_r,
    struct err *err);

struct tailor_message; /* parsed and compiled */

/* `raw`: the whole message with CRLF; borrowed until tailor_message_free. `name`: the campaign's name as the message gave it. Finds the compiled form in
 * the cache or makes it. ERR_TEMPLATE, ERR_INPUT, ERR_LIMIT, ERR_KEY (no key for From). */
int tailor_message_new(struct tailor_message **message_r, struct tailor *tailor,
    const struct conf_campaign *campaign, struct str name, struct str sender, struct str raw,
    struct err *err);
void tailor_message_free(struct tailor_message **message);
/* The submission has one recipient, who is served in place: the copy keeps the Message-ID
 * that came. Otherwise each copy gets its own (see message_id.h). Call before rendering. */
void tailor_message_set_single(struct tailor_message *message);

/* What makes two submissions the same message: campaign, envelope sender and Message-ID (then
 * true), or all of the content where there is none, or where the relay made it from `queue_id`,
 * that of the transaction (then false: the same content may well be meant to go out again, so
 * it counts for a short while only). */
bool tailor_resubmit_key(struct str campaign, struct str sender, const struct mime_header *headers,
    size_t count, struct str body, struct str queue_id, char key_r[ID_HEX_SIZE]);

/* Makes of a resubmit key one that counts for the same texts, Subject and data part only: what
 * came with others is another message, since who joined the first would get its text. MIME
 * boundaries and other fields may differ. */
void tailor_message_mix_content(const struct tailor_message *message, char key[ID_HEX_SIZE]);

/* The message key, which journal rows and the copies' Message-IDs are made from: that of
 * tailor_resubmit_key without a queue id, unless another one was set (the outbox has its own).
 * Hex, lives as long as the message. */
struct str tailor_message_key(const struct tailor_message *message);
/* The domain of From, in lower case; lives as long as the message. */
struct str tailor_message_domain(const struct tailor_message *message);
/* Call before rendering. */
void tailor_message_set_key(struct tailor_message *message, struct str key);

/* How a header field of the copy differs from the original's. */
enum tailor_change { TAILOR_KEPT, TAILOR_CHANGED, TAILOR_ADDED, TAILOR_REMOVED };

struct tailor_header {
	struct mime_header header; /* value as it leaves, folded with CRLF */
	enum tailor_change change;
	size_t original; /* KEPT, CHANGED, REMOVED: index among the original's fields */
};

/* One recipient's copy, in the arena (and partly in the message). */
struct tailor_copy {
	enum store_verdict verdict; /* SENT: the copy may leave; else reason says why not */
	struct str reason; /* SENT: why something was not tailored, or empty; lives as long as the
			    * message */
	enum err_code code;
	int64_t contact_id;
	int64_t later_ms;	       /* DEFERRED by a gate until then; 0: no such time */
	struct str message_id;	       /* with <> */
	struct str sender;	       /* of the envelope, without <>; empty: the null sender */
	bool sender_changed;	       /* it is not the original's */
	struct tailor_header *headers; /* in the order they leave; REMOVED ones included;
	                                * DKIM-Signature first */
	size_t header_count;
	struct str *spans; /* body */
	size_t span_count;
};

/* Always fills `copy_r`: whatever goes wrong becomes a verdict with a reason. Only SENT may
 * leave. */
void tailor_render(struct tailor *tailor, struct tailor_message *message, struct str recipient,
    struct arena *arena, struct tailor_copy *copy_r);

/* The copy as one text, fields and body, CRLF. -1 if buf's ceiling is reached. */
struct buf;
int tailor_copy_write(const struct tailor_copy *copy, struct buf *out);

/* Why the campaign does not go to who has this consent ("no consent"); NULL: it does. */
const char *tailor_refusal(const struct conf_campaign *campaign, enum store_consent_state state);

#endif
