/* SPDX-License-Identifier: BSD-2-Clause
 *
 * envelope: sender and recipients as the relay's client gave them
 *
 * What the client asked for is kept for the outbox: RET and ENVID of the message, NOTIFY
 * and ORCPT of each recipient (RFC 3461), SMTPUTF8 (RFC 6531). SIZE and BODY describe
 * bytes that will be others; AUTH is the relay's affair.
 *
 * Threads: any; one message, one thread.
 */
#include "session/session.h"

#include <glib.h>
#include <stdlib.h>

/* "<a@b>" or "a@b" -> "a@b". */
static struct str
bare_address(const char *text)
{
	struct str address = str_c(text);

	if (address.n >= 2 && address.p[0] == '<' && address.p[address.n - 1] == '>')
		address = (struct str){address.p + 1, address.n - 2};
	return address;
}

static bool
has_keyword(struct str arg, struct str keyword)
{
	return arg.n > keyword.n && arg.p[keyword.n] == '=' &&
	    str_eq_nocase((struct str){arg.p, keyword.n}, keyword);
}

/* An esmtp-value (RFC 5321 section 4.1.2) has no blanks and no controls: what has could
 * start a new parameter or line when it is handed back. */
static bool
value_ok(struct str arg)
{
	for (size_t i = 0; i < arg.n; i++) {
		if ((unsigned char)arg.p[i] <= ' ' || arg.p[i] == 0x7f)
			return false;
	}
	return true;
}

/* Those of the parameters that begin with `first` or `second`, with a space between.
 * false: the arena is full. */
static bool
keep_args(struct arena *arena, const char *const *argv, struct str first, struct str second,
    struct str *kept_r)
{
	struct str kept = STR("");

	for (; *argv != NULL; argv++) {
		struct str arg = str_c(*argv);

		if ((!has_keyword(arg, first) && !has_keyword(arg, second)) || !value_ok(arg))
			continue;
		kept = arena_printf(
		    arena, "%.*s%s%.*s", STR_F(kept), kept.n > 0 ? " " : "", STR_F(arg));
		if (kept.p == NULL)
			return false;
	}
	*kept_r = kept;
	return true;
}

void
session_envelope_sender(struct session_message *message, const char *const *argv)
{
	message->sender = arena_str(message->envelope, bare_address(argv[0]));
	/* A fresh arena holds more than an SMTP line: failure here is a line that no MTA
	 * lets pass. The message is refused like one whose recipients don't fit. */
	if (message->sender.p == NULL ||
	    !keep_args(message->envelope, argv + 1, STR("RET"), STR("ENVID"), &message->mail_args))
		message->too_many = true;
	for (argv++; *argv != NULL; argv++)
		message->smtputf8 |= str_is_nocase(str_c(*argv), "SMTPUTF8");
}

void
session_envelope_recipient(
    struct session_message *message, const struct conf *conf, const char *const *argv)
{
	struct store_outbox_recipient recipient = {0};

	if (message->recipient_count >= (size_t)conf->max_recipients)
		message->too_many = true;
	if (message->too_many)
		return;
	recipient.address = arena_str(message->envelope, bare_address(argv[0]));
	if (recipient.address.p == NULL ||
	    !keep_args(
		message->envelope, argv + 1, STR("NOTIFY"), STR("ORCPT"), &recipient.rcpt_args)) {
		message->too_many = true;
		return;
	}
	if (message->recipient_count == message->recipient_size) {
		message->recipient_size =
		    message->recipient_size == 0 ? 16 : 2 * message->recipient_size;
		message->recipients = realloc(
		    message->recipients, message->recipient_size * sizeof *message->recipients);
		if (message->recipients == NULL)
			abort();
	}
	message->recipients[message->recipient_count++] = recipient;
}

/* Addresses that the store takes for the same contact are the same recipient; what is no
 * address there stands for itself. NULL: the arena is full. */
static const char *
compare_key(struct session_message *message, struct str address)
{
	struct str key;

	if (store_address_key(address, message->envelope, &key, NULL) != 0)
		key = address;
	return arena_str(message->envelope, key).p;
}

void
session_envelope_unique(struct session_message *message)
{
	GHashTable *seen;
	size_t kept = 0;

	if (message->recipient_count < 2)
		return;
	seen = g_hash_table_new(g_str_hash, g_str_equal);
	for (size_t i = 0; i < message->recipient_count; i++) {
		const char *key = compare_key(message, message->recipients[i].address);

		/* With the arena full there is a ceiling to report, not a duplicate. */
		if (key == NULL)
			message->too_many = true;
		else if (!g_hash_table_add(seen, (gpointer)(uintptr_t)key))
			continue;
		message->recipients[kept++] = message->recipients[i];
	}
	message->recipient_count = kept;
	g_hash_table_destroy(seen);
}
