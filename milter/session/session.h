/* SPDX-License-Identifier: BSD-2-Clause
 *
 * session: what the files of this folder share
 *
 * One process, many connections; a connection carries one message at a time. What
 * libmilter hands back to us as a `void *` begins with a magic word.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "base/arena.h"
#include "base/buf.h"
#include "conf/conf.h"
#include "master/worker.h"
#include "session/listen.h"
#include "store/outbox.h"
#include "tailor/tailor.h"

#include <libmilter/mfapi.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

/* libmilter has no place for a closure beside the connection's, so there is one of
 * these in run.c; all but what stands below `lock` is set before the first connection. */
struct session_process {
	const struct worker *worker;
	const struct conf *conf;
	struct store *store;
	struct tailor *tailor;
	bool noreply;	      /* to all callbacks whose answer is never needed; see callbacks.c */
	atomic_int handback;  /* connections accepted whole by their EHLO name */
	pthread_mutex_t lock; /* a leaf: nothing is called while it is held */
	bool leaving;	      /* new campaign messages are turned away */
	size_t in_hand;	      /* messages between MAIL and the reply to their end */
	struct session_message *idle; /* warm memory for the next messages */
	size_t idle_count;
};

struct session_field {
	size_t name, name_len; /* in raw */
	size_t value, value_len;
};

struct session_message {
	unsigned magic;
	struct session_message *next; /* while idle */
	bool trusted;		      /* may be campaign mail */
	bool refused;		      /* began when the process was leaving */
	bool too_long;		      /* beyond max_message: raw is incomplete */
	bool too_many;		      /* recipients: the list is incomplete */
	bool claimed;		      /* has the campaign header, from an untrusted client */
	bool smtputf8;
	struct str sender;    /* without <>; empty for <> */
	struct str mail_args; /* RET and ENVID */
	struct store_outbox_recipient *recipients;
	size_t recipient_count, recipient_size;
	struct buf raw; /* header fields, empty line, body; CRLF */
	struct session_field *fields;
	size_t field_count, field_size;
	size_t body_at; /* in raw; 0 before end of header */
	const struct conf_campaign *campaign;
	struct str campaign_name;
	struct arena *envelope; /* text that lives as long as the message */
	struct arena *work;	/* the copy while it is made */
};

#define SESSION_MAGIC	      0x5e5510a1u
#define SESSION_MESSAGE_MAGIC 0x5e5510a2u

struct session {
	unsigned magic;
	struct session_process *process;
	char client[INET6_ADDRSTRLEN]; /* numeric; empty: unknown */
	bool trusted;		       /* by address */
	bool handback;
	struct session_message *message; /* NULL between messages */
};

/* --- message.c: threads any; one message, one thread --- */

struct session_message *session_message_begin(struct session_process *process);
/* Forgets the message; *message becomes NULL. NULL is allowed. */
void session_message_end(struct session_process *process, struct session_message **message);
/* New campaign messages are refused from now on. */
void session_message_refuse(struct session_process *process);
size_t session_message_in_hand(struct session_process *process);
void session_message_pool_free(struct session_process *process);

/* --- envelope.c, header.c: outside data into a message --- */

/* `argv` as libmilter gives it: address, then ESMTP parameters, NULL. */
void session_envelope_sender(struct session_message *message, const char *const *argv);
void session_envelope_recipient(
    struct session_message *message, const struct conf *conf, const char *const *argv);
/* Drops recipients that are named twice. */
void session_envelope_unique(struct session_message *message);
void session_header_add(struct session_message *message, const char *name, const char *value);
/* The fields as the engine wants them, in the envelope's arena; NULL when it is full. */
struct mime_header *session_header_list(struct session_message *message);

/* --- deliver.c --- */

/* End of a campaign message: tailors or holds it and says what libmilter shall reply. */
sfsistat session_deliver(
    SMFICTX *ctx, struct session_process *process, struct session_message *message);

/* --- edit.c --- */

/* Tells the MTA how the copy differs from the original. ERR_IO if it does not listen,
 * ERR_LIMIT if memory is short, ERR_INPUT if the order of the copy's fields can't be had
 * by edits. */
int session_edit(SMFICTX *ctx, const struct session_message *message,
    const struct tailor_copy *copy, struct arena *arena, struct err *err);

/* --- run.c --- */

/* The engine is worn: another process takes over. From any thread, as often as one likes. */
void session_run_retire(void);

/* --- callbacks.c --- */

/* For smfi_register; `name` is used in libmilter's own messages. */
extern const struct smfiDesc session_callbacks;
/* The process that callbacks of new connections belong to; set once, before smfi_main. */
void session_callbacks_use(struct session_process *process);

#endif
