/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_envelope: see envelope.h
 *
 * Addresses and parameters come from a message that somebody else submitted. Nothing in them
 * may end the command or the address: they are looked at here, last, whatever was checked
 * before.
 *
 * Threads: any; touches only its arguments.
 * Fails:   ERR_INPUT, ERR_PROTO, ERR_LIMIT.
 */
#include "outbox/envelope.h"

#include <stdint.h>

/* RFC 5321 section 4.5.3.1.3: a path has 256 octets; room for SMTPUTF8 and other people's
 * habits. */
#define ADDRESS_MAX ((size_t)1000)
/* RFC 3461 section 4.2 and 5.4: ORCPT up to 500 characters, ENVID up to 100. */
#define ARGUMENT_MAX ((size_t)600)

static bool
has_8bit(struct str s)
{
	size_t i = 0;

	for (; i + 8 <= s.n; i += 8) {
		uint64_t word;

		memcpy(&word, s.p + i, sizeof word);
		if ((word & UINT64_C(0x8080808080808080)) != 0)
			return true;
	}
	for (; i < s.n; i++) {
		if ((unsigned char)s.p[i] >= 0x80)
			return true;
	}
	return false;
}

static int
check_address(const char *what, struct str address, struct err *err)
{
	if (address.n > ADDRESS_MAX)
		return err_set(err, ERR_INPUT, "%s address is too long", what);
	for (size_t i = 0; i < address.n; i++) {
		unsigned char c = (unsigned char)address.p[i];

		if (c < ' ' || c == 0x7f || c == '<' || c == '>')
			return err_set(err, ERR_INPUT,
			    "%s address holds a character that can't be sent", what);
	}
	return 0;
}

/* Adds those parameters that are among `names`. */
static int
add_arguments(
    struct buf *command, struct str arguments, const char *const *names, bool utf8, struct err *err)
{
	struct str piece;

	while (str_split(&arguments, ' ', &piece)) {
		struct str rest = piece, name;
		bool wanted = false;

		if (piece.n == 0)
			continue;
		str_split(&rest, '=', &name);
		for (size_t i = 0; names[i] != NULL && !wanted; i++)
			wanted = str_is_nocase(name, names[i]);
		if (!wanted)
			continue;
		if (piece.n > ARGUMENT_MAX)
			return err_set(err, ERR_INPUT, "%.*s is too long", STR_F(name));
		for (size_t i = 0; i < piece.n; i++) {
			unsigned char c = (unsigned char)piece.p[i];

			if (c <= ' ' || c == 0x7f || (c >= 0x80 && !utf8))
				return err_set(err, ERR_INPUT,
				    "%.*s holds a character that can't be sent", STR_F(name));
		}
		buf_add_char(command, ' ');
		buf_add_str(command, piece);
	}
	return 0;
}

int
outbox_envelope_commands(const struct outbox_message *message, unsigned extensions,
    unsigned long long size_max, struct buf *mail, struct buf *rcpt, struct err *err)
{
	static const char *const mail_names[] = {"RET", "ENVID", NULL};
	static const char *const rcpt_names[] = {"NOTIFY", "ORCPT", NULL};
	bool utf8 = message->smtputf8 || has_8bit(message->sender) || has_8bit(message->recipient);
	bool body_8bit = false;
	unsigned long long size = 0;

	for (size_t i = 0; i < message->span_count; i++) {
		size += message->spans[i].n;
		body_8bit = body_8bit || has_8bit(message->spans[i]);
	}
	if (check_address("sender", message->sender, err) != 0 ||
	    check_address("recipient", message->recipient, err) != 0)
		return -1;
	if (message->recipient.n == 0)
		return err_set(err, ERR_INPUT, "recipient address is empty");
	if (utf8 && (extensions & OUTBOX_EXT_SMTPUTF8) == 0)
		return err_set(
		    err, ERR_PROTO, "the message needs SMTPUTF8, which the relay does not offer");
	if (size_max > 0 && size > size_max)
		return err_set(err, ERR_LIMIT, "the message has %llu bytes, the relay takes %llu",
		    size, size_max);
	buf_printf(mail, "MAIL FROM:<%.*s>", STR_F(message->sender));
	if ((extensions & OUTBOX_EXT_SIZE) != 0)
		buf_printf(mail, " SIZE=%llu", size);
	if (body_8bit && (extensions & OUTBOX_EXT_8BITMIME) != 0)
		buf_add_c(mail, " BODY=8BITMIME");
	if (utf8)
		buf_add_c(mail, " SMTPUTF8");
	buf_printf(rcpt, "RCPT TO:<%.*s>", STR_F(message->recipient));
	if ((extensions & OUTBOX_EXT_DSN) != 0 &&
	    (add_arguments(mail, message->mail_args, mail_names, utf8, err) != 0 ||
		add_arguments(rcpt, message->rcpt_args, rcpt_names, utf8, err) != 0))
		return -1;
	buf_add_c(mail, "\r\n");
	buf_add_c(rcpt, "\r\n");
	if (mail->full || rcpt->full)
		return err_set(err, ERR_INPUT, "the envelope has too many parameters");
	return 0;
}
