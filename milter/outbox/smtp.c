/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_smtp: see smtp.h
 *
 * A client of our own, since libESMTP runs a whole list of messages inside one call, keeps them
 * all until the session ends, and does not tell a message that was never sent from one whose
 * final dot got no answer, which is the difference between trying again and a duplicate.
 *
 * MAIL, RCPT and DATA leave in one write where the relay offers PIPELINING (RFC 2920); the data
 * leaves as spans, dot-stuffed without a copy.
 *
 * Owns:    the connection.
 * Threads: one at a time for each connection.
 * Fails:   by struct outbox_outcome.
 */
#include "outbox/smtp.h"

#include "base/clock.h"
#include "outbox/stuff.h"

#include <stdio.h>
#include <stdlib.h>

#define CONNECT_US  ((int64_t)30 * 1000000)
#define QUIT_US	    ((int64_t)2 * 1000000)
#define COMMAND_MAX ((size_t)8192)
#define PIECES	    256
/* The name in EHLO is valid for ten minutes. */
#define AGE_MAX_US   ((int64_t)5 * 60 * 1000000)
#define MESSAGES_MAX 1000
/* Postfix delays every reply by a second after ten errors without a delivered message between
 * them (smtpd_soft_error_limit); a refused recipient costs two. */
#define REFUSALS_MAX 8

struct outbox_smtp {
	struct outbox_wire wire;
	struct buf mail, rcpt;
	int64_t timeout_us;
	int64_t opened_us;
	unsigned extensions;
	unsigned long long size_max;
	unsigned messages;
	unsigned refusals; /* 4xx and 5xx replies since the last accepted message */
	bool needs_reset;  /* a transaction is open that won't be finished */
	bool dead;
};

static int64_t
deadline(const struct outbox_smtp *smtp)
{
	return clock_mono_us() + smtp->timeout_us;
}

static void
set_outcome(struct outbox_outcome *outcome, enum outbox_result result, enum outbox_stage stage,
    const char *reason)
{
	outcome->result = result;
	outcome->stage = stage;
	snprintf(outcome->reason, sizeof outcome->reason, "%s", reason);
}

/* The connection is gone or can't be trusted any more. */
static void
lost(struct outbox_smtp *smtp, enum outbox_result result, enum outbox_stage stage,
    const struct err *err, struct outbox_outcome *outcome)
{
	smtp->dead = true;
	outcome->reply = (struct outbox_reply){0};
	set_outcome(outcome, result, stage, err->text);
}

/* --- opening --- */

static void
note_extension(struct str line, void *closure)
{
	static const struct {
		const char *name;
		unsigned extension;
	} known[] = {{"PIPELINING", OUTBOX_EXT_PIPELINING}, {"DSN", OUTBOX_EXT_DSN},
	    {"SMTPUTF8", OUTBOX_EXT_SMTPUTF8}, {"8BITMIME", OUTBOX_EXT_8BITMIME},
	    {"SIZE", OUTBOX_EXT_SIZE}};
	struct outbox_smtp *smtp = closure;
	struct str name;

	str_split(&line, ' ', &name);
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (!str_is_nocase(name, known[i].name))
			continue;
		smtp->extensions |= known[i].extension;
		if (known[i].extension == OUTBOX_EXT_SIZE &&
		    !str_to_u64(str_trim(line), UINT64_MAX, &smtp->size_max))
			smtp->size_max = 0;
	}
}

static int
expect_2xx(struct outbox_smtp *smtp, enum outbox_stage stage, outbox_reply_line *each,
    struct outbox_outcome *outcome)
{
	struct err err = ERR_INIT;

	if (outbox_reply_read(&smtp->wire, deadline(smtp), each, smtp, &outcome->reply, &err) !=
	    0) {
		lost(smtp, OUTBOX_NOT_SENT, stage, &err, outcome);
		return -1;
	}
	if (outcome->reply.code / 100 == 2)
		return 0;
	smtp->dead = true;
	set_outcome(outcome, OUTBOX_NOT_SENT, stage, outcome->reply.text);
	return -1;
}

static int
greet(struct outbox_smtp *smtp, const char *ehlo_name, struct outbox_outcome *outcome)
{
	struct str pieces[] = {STR("EHLO "), str_c(ehlo_name), STR("\r\n")};
	struct err err = ERR_INIT;

	if (expect_2xx(smtp, OUTBOX_AT_GREETING, NULL, outcome) != 0)
		return -1;
	if (outbox_wire_write(&smtp->wire, pieces, 3, deadline(smtp), &err) != 0) {
		lost(smtp, OUTBOX_NOT_SENT, OUTBOX_AT_EHLO, &err, outcome);
		return -1;
	}
	return expect_2xx(smtp, OUTBOX_AT_EHLO, note_extension, outcome);
}

int
outbox_smtp_open(
    struct outbox_smtp **smtp_r, const struct outbox_relay *relay, struct outbox_outcome *outcome_r)
{
	struct outbox_smtp *smtp = calloc(1, sizeof *smtp);
	int64_t patience =
	    relay->timeout_ms * 1000 < CONNECT_US ? relay->timeout_ms * 1000 : CONNECT_US;
	struct err err = ERR_INIT;

	if (smtp == NULL)
		abort();
	*outcome_r = (struct outbox_outcome){0};
	smtp->opened_us = clock_mono_us();
	smtp->timeout_us = relay->timeout_ms * 1000;
	outbox_wire_init(&smtp->wire, relay->cancel_fd);
	buf_init(&smtp->mail, COMMAND_MAX);
	buf_init(&smtp->rcpt, COMMAND_MAX);
	if (outbox_wire_connect(&smtp->wire, relay->hostport, clock_mono_us() + patience, &err) !=
	    0)
		lost(smtp, OUTBOX_NOT_SENT, OUTBOX_AT_CONNECT, &err, outcome_r);
	else if (greet(smtp, relay->ehlo_name, outcome_r) == 0) {
		*smtp_r = smtp;
		return 0;
	}
	outbox_smtp_close(&smtp);
	return -1;
}

bool
outbox_smtp_usable(const struct outbox_smtp *smtp)
{
	return !smtp->dead && smtp->messages < MESSAGES_MAX && smtp->refusals < REFUSALS_MAX &&
	    clock_mono_us() - smtp->opened_us < AGE_MAX_US && outbox_wire_quiet(&smtp->wire);
}

void
outbox_smtp_close(struct outbox_smtp **smtp)
{
	struct outbox_smtp *old = *smtp;
	struct str quit = STR("QUIT\r\n");
	struct outbox_reply reply;
	int64_t until = clock_mono_us() + QUIT_US;

	*smtp = NULL;
	if (old == NULL)
		return;
	/* RFC 5321 section 4.1.1.10: the client waits for the answer, within reason. */
	if (!old->dead && outbox_wire_quiet(&old->wire) &&
	    outbox_wire_write(&old->wire, &quit, 1, until, NULL) == 0)
		(void)outbox_reply_read(&old->wire, until, NULL, NULL, &reply, NULL);
	outbox_wire_close(&old->wire);
	buf_fini(&old->mail);
	buf_fini(&old->rcpt);
	free(old);
}

/* --- the envelope --- */

/* A refusal of one command becomes the message's outcome, if it has none yet. */
static void
refuse(struct outbox_smtp *smtp, enum outbox_stage stage, const struct outbox_reply *reply,
    struct outbox_outcome *outcome)
{
	outcome->reply = *reply;
	if (reply->code == 421) {
		/* RFC 5321 section 3.8: may come at any time, then the relay closes. */
		smtp->dead = true;
		set_outcome(outcome, OUTBOX_NOT_SENT, stage, reply->text);
	} else {
		smtp->refusals++;
		set_outcome(outcome, reply->code / 100 == 5 ? OUTBOX_PERMANENT : OUTBOX_TEMPORARY,
		    stage, reply->text);
	}
}

/* One reply to an envelope command. 0: go on, 1: refused (outcome is set), -1: connection lost. */
static int
envelope_reply(struct outbox_smtp *smtp, enum outbox_stage stage, struct outbox_outcome *outcome)
{
	int wanted = stage == OUTBOX_AT_DATA ? 3 : 2;
	struct outbox_reply reply;
	struct err err = ERR_INIT;

	if (outbox_reply_read(&smtp->wire, deadline(smtp), NULL, NULL, &reply, &err) == 0) {
		int class = reply.code / 100;

		if (class == wanted && (wanted == 2 || reply.code == 354))
			return 0;
		if (class == 4 || class == 5) {
			refuse(smtp, stage, &reply, outcome);
			return reply.code == 421 ? -1 : 1;
		}
		err_set(
		    &err, ERR_PROTO, "the relay's reply does not fit the command: %s", reply.text);
	}
	lost(smtp, OUTBOX_NOT_SENT, stage, &err, outcome);
	return -1;
}

static int
write_commands(struct outbox_smtp *smtp, const struct str *commands, size_t count,
    enum outbox_stage stage, struct outbox_outcome *outcome)
{
	struct err err = ERR_INIT;

	if (outbox_wire_write(&smtp->wire, commands, count, deadline(smtp), &err) == 0)
		return 0;
	lost(smtp, OUTBOX_NOT_SENT, stage, &err, outcome);
	return -1;
}

/* All commands in one write, then all replies. */
static int
envelope_pipelined(
    struct outbox_smtp *smtp, const struct str commands[3], struct outbox_outcome *outcome)
{
	bool refused = false;

	if (write_commands(smtp, commands, 3, OUTBOX_AT_MAIL, outcome) != 0)
		return -1;
	for (int i = 0; i < 3; i++) {
		struct outbox_outcome later;
		int status = envelope_reply(smtp, OUTBOX_AT_MAIL + i, refused ? &later : outcome);

		if (status < 0)
			return -1;
		/* 354 although the envelope was refused. RFC 2920 section 3.1 would have us send the
		 * final dot; should the relay still have recipients from somewhere, they would get
		 * an empty message. To hang up within the data lets it deliver nothing. */
		if (status == 0 && i == 2 && refused)
			smtp->dead = true;
		refused = refused || status > 0;
	}
	smtp->needs_reset = refused;
	return refused ? -1 : 0;
}

static int
envelope_one_by_one(
    struct outbox_smtp *smtp, const struct str commands[3], struct outbox_outcome *outcome)
{
	for (int i = 0; i < 3; i++) {
		if (write_commands(smtp, &commands[i], 1, OUTBOX_AT_MAIL + i, outcome) != 0)
			return -1;
		if (envelope_reply(smtp, OUTBOX_AT_MAIL + i, outcome) != 0) {
			smtp->needs_reset = true;
			return -1;
		}
	}
	return 0;
}

/* Brings the relay to 354. With -1 the outcome is known. */
static int
envelope(
    struct outbox_smtp *smtp, const struct outbox_message *message, struct outbox_outcome *outcome)
{
	struct str commands[3], reset = STR("RSET\r\n");
	struct err err = ERR_INIT;

	buf_reset(&smtp->mail);
	buf_reset(&smtp->rcpt);
	if (outbox_envelope_commands(
		message, smtp->extensions, smtp->size_max, &smtp->mail, &smtp->rcpt, &err) != 0) {
		set_outcome(outcome, OUTBOX_PERMANENT, OUTBOX_AT_MAIL, err.text);
		return -1;
	}
	if (smtp->needs_reset) {
		if (write_commands(smtp, &reset, 1, OUTBOX_AT_MAIL, outcome) != 0 ||
		    expect_2xx(smtp, OUTBOX_AT_MAIL, NULL, outcome) != 0)
			return -1;
		smtp->needs_reset = false;
	}
	commands[0] = buf_str(&smtp->mail);
	commands[1] = buf_str(&smtp->rcpt);
	commands[2] = STR("DATA\r\n");
	return (smtp->extensions & OUTBOX_EXT_PIPELINING) != 0
	    ? envelope_pipelined(smtp, commands, outcome)
	    : envelope_one_by_one(smtp, commands, outcome);
}

/* --- the data --- */

/* One write of at most PIECES pieces; the last one ends in the final dot. */
static int
write_data(struct outbox_smtp *smtp, const struct outbox_message *message, struct err *err)
{
	struct outbox_stuffer stuffer;
	struct str pieces[PIECES];
	bool more = true;

	if (message->begins != NULL)
		message->begins(message->closure);
	outbox_stuff_init(&stuffer, message->spans, message->span_count);
	while (more) {
		size_t count = 0;

		while (count < PIECES - 2) {
			struct str piece;
			bool dot;

			more = outbox_stuff_next(&stuffer, &piece, &dot);
			if (!more)
				break;
			if (dot)
				pieces[count++] = STR(".");
			pieces[count++] = piece;
		}
		if (!more)
			pieces[count++] = outbox_stuff_end(&stuffer);
		if (outbox_wire_write(&smtp->wire, pieces, count, deadline(smtp), err) != 0)
			return -1;
	}
	return 0;
}

/* The connection broke while we wrote. The relay may have said why: a reply is waiting then. */
static void
broken_in_data(struct outbox_smtp *smtp, const struct err *err, struct outbox_outcome *outcome)
{
	struct outbox_reply reply;

	lost(smtp, OUTBOX_NOT_SENT, OUTBOX_AT_DATA, err, outcome);
	if (outbox_reply_read(&smtp->wire, clock_mono_us(), NULL, NULL, &reply, NULL) == 0 &&
	    reply.code >= 400) {
		outcome->reply = reply;
		set_outcome(outcome, OUTBOX_NOT_SENT, OUTBOX_AT_DATA, reply.text);
	}
}

static void
final_reply(struct outbox_smtp *smtp, struct outbox_outcome *outcome)
{
	struct outbox_reply reply;
	struct err err = ERR_INIT;
	int class;

	/* From here on giving up would leave the message in doubt. */
	smtp->wire.cancellable = false;
	if (outbox_reply_read(&smtp->wire, deadline(smtp), NULL, NULL, &reply, &err) != 0) {
		lost(smtp, OUTBOX_IN_DOUBT, OUTBOX_AT_DOT, &err, outcome);
		return;
	}
	smtp->wire.cancellable = true;
	class = reply.code / 100;
	if (class == 4 || class == 5) {
		/* RFC 5321 section 4.1.1.4 has the relay forget the transaction; Postfix keeps it
		 * where smtpd_end_of_data_restrictions refused. */
		smtp->needs_reset = true;
		refuse(smtp, OUTBOX_AT_DOT, &reply, outcome);
	} else if (class == 2) {
		outcome->reply = reply;
		smtp->refusals = 0;
		set_outcome(outcome, OUTBOX_ACCEPTED, OUTBOX_AT_DOT, reply.text);
		outbox_reply_queue_id(&reply, outcome->queue_id);
	} else {
		err_set(&err, ERR_PROTO, "the relay's reply does not fit the final dot: %s",
		    reply.text);
		lost(smtp, OUTBOX_IN_DOUBT, OUTBOX_AT_DOT, &err, outcome);
	}
}

void
outbox_smtp_send(struct outbox_smtp *smtp, const struct outbox_message *message,
    struct outbox_outcome *outcome_r)
{
	struct err err = ERR_INIT;

	*outcome_r = (struct outbox_outcome){0};
	smtp->messages++;
	if (envelope(smtp, message, outcome_r) != 0)
		return;
	if (write_data(smtp, message, &err) != 0)
		broken_in_data(smtp, &err, outcome_r);
	else
		final_reply(smtp, outcome_r);
}
