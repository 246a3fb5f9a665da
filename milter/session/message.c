/* SPDX-License-Identifier: BSD-2-Clause
 *
 * message: one message of a connection, from MAIL to the reply to its end
 *
 * Messages that have ended keep their memory and wait for the next MAIL, so that a warm
 * process asks the heap for nothing. The count of messages in hand is what the process
 * waits for before it leaves.
 *
 * Owns:    the pool in struct session_process.
 * Threads: any; the pool and the counts are under process->lock.
 */
#include "session/session.h"

#include <assert.h>
#include <stdlib.h>

/* As many stay warm as connections are likely to be busy at one time. */
#define IDLE_MAX 32

/* An address of 254 bytes (RFC 5321 section 4.5.3.1.3) and ORCPT of 500 (RFC 3461
 * section 4.2), with room for their longer cousins in RFC 6531. */
#define RECIPIENT_BYTES	    1024
#define ENVELOPE_BYTES	    ((size_t)8 << 20)
#define RECIPIENTS_KEEP_MAX 4096
#define FIELDS_KEEP_MAX	    4096

static struct session_message *
message_new(const struct conf *conf)
{
	struct session_message *message = calloc(1, sizeof *message);

	if (message == NULL)
		abort();
	message->magic = SESSION_MESSAGE_MAGIC;
	buf_init(&message->raw, (size_t)conf->max_message);
	message->envelope =
	    arena_new(ENVELOPE_BYTES + (size_t)conf->max_recipients * RECIPIENT_BYTES);
	message->work = arena_new((size_t)conf->render_memory);
	return message;
}

static void
message_free(struct session_message *message)
{
	buf_fini(&message->raw);
	arena_free(&message->envelope);
	arena_free(&message->work);
	free(message->recipients);
	free(message->fields);
	free(message);
}

/* Everything but the memory. */
static void
message_clear(struct session_message *message)
{
	struct session_message kept = *message;

	buf_reset(&kept.raw);
	arena_reset(kept.envelope);
	arena_reset(kept.work);
	if (kept.recipient_size > RECIPIENTS_KEEP_MAX) {
		free(kept.recipients);
		kept.recipients = NULL;
		kept.recipient_size = 0;
	}
	if (kept.field_size > FIELDS_KEEP_MAX) {
		free(kept.fields);
		kept.fields = NULL;
		kept.field_size = 0;
	}
	*message = (struct session_message){
	    .magic = SESSION_MESSAGE_MAGIC,
	    .raw = kept.raw,
	    .envelope = kept.envelope,
	    .work = kept.work,
	    .recipients = kept.recipients,
	    .recipient_size = kept.recipient_size,
	    .fields = kept.fields,
	    .field_size = kept.field_size,
	};
}

struct session_message *
session_message_begin(struct session_process *process)
{
	struct session_message *message;
	bool refused;

	pthread_mutex_lock(&process->lock);
	message = process->idle;
	if (message != NULL) {
		process->idle = message->next;
		process->idle_count--;
	}
	process->in_hand++;
	refused = process->leaving;
	pthread_mutex_unlock(&process->lock);
	if (message == NULL)
		message = message_new(process->conf);
	message->next = NULL;
	message->refused = refused;
	return message;
}

void
session_message_end(struct session_process *process, struct session_message **message)
{
	struct session_message *ended = *message;

	*message = NULL;
	if (ended == NULL)
		return;
	assert(ended->magic == SESSION_MESSAGE_MAGIC);
	message_clear(ended);
	pthread_mutex_lock(&process->lock);
	assert(process->in_hand > 0);
	process->in_hand--;
	if (!process->leaving && process->idle_count < IDLE_MAX) {
		ended->next = process->idle;
		process->idle = ended;
		process->idle_count++;
		ended = NULL;
	}
	pthread_mutex_unlock(&process->lock);
	if (ended != NULL)
		message_free(ended);
}

void
session_message_refuse(struct session_process *process)
{
	pthread_mutex_lock(&process->lock);
	process->leaving = true;
	pthread_mutex_unlock(&process->lock);
}

size_t
session_message_in_hand(struct session_process *process)
{
	size_t count;

	pthread_mutex_lock(&process->lock);
	count = process->in_hand;
	pthread_mutex_unlock(&process->lock);
	return count;
}

void
session_message_pool_free(struct session_process *process)
{
	struct session_message *message;

	pthread_mutex_lock(&process->lock);
	while ((message = process->idle) != NULL) {
		process->idle = message->next;
		process->idle_count--;
		message_free(message);
	}
	pthread_mutex_unlock(&process->lock);
}
