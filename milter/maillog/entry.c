/* SPDX-License-Identifier: BSD-2-Clause
 *
 * entry: see entry.h
 *
 * Postfix:
 *   smtpd[1]: ID: client=...                        cleanup[1]: ID: message-id=<...>
 *   qmgr[1]: ID: from=<...>, status=expired, returned to sender
 *   qmgr[1]: ID: removed                            postsuper[1]: ID: removed
 *   smtp[1]: ID: to=<...>, orig_to=<...>, relay=HOST[IP]:PORT, conn_use=2, delay=1.1,
 *     delays=0.1/0/0.5/0.5, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as ID2)
 *
 * Sendmail:
 *   sm-mta[1]: ID: from=<...>, size=1, class=0, nrcpts=1, msgid=<...>, proto=ESMTP, ...
 *   sm-mta[1]: ID: to=<...>,<...>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=1,
 *     relay=HOST [IP], dsn=2.0.0, stat=Sent (ID2 Message accepted for delivery)
 *   sm-mta[1]: ID: to=<...>, ..., dsn=5.7.1, reply=550 5.7.1 TEXT, stat=User unknown
 *   (since 8.16, and for what was not taken. "User unknown" is what it calls any 550, so the
 *   reply says more; it may hold anything, "stat=Sent", too)
 *   sm-mta[1]: ID: to=<...>, delay=00:00:01, pri=1, stat=TEXT
 *   (without mailer=: a milter refused the message, and its client heard so)
 */
#include "maillog/entry.h"

#define QUEUED	  "queued as "
#define FORWARDED "forwarded as "
#define ACCEPTED  " Message accepted for delivery"

static void
skip(struct str *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

/* Takes what stands before `end` off `rest`, and `end` itself; the whole where it is not. */
static struct str
take_until(struct str *rest, struct str end)
{
	const char *at = memmem(rest->p, rest->n, end.p, end.n);
	struct str piece = *rest;

	if (at == NULL) {
		skip(rest, rest->n);
		return piece;
	}
	piece.n = (size_t)(at - rest->p);
	skip(rest, piece.n + end.n);
	return piece;
}

/* "NAME=value": the value, or false. */
static bool
is_field(struct str field, struct str name, struct str *value_r)
{
	if (!str_starts(field, name))
		return false;
	*value_r = (struct str){field.p + name.n, field.n - name.n};
	return true;
}

/* A queue id at the beginning of the text; empty: something else. */
static struct str
leading_id(struct str text)
{
	size_t n = 0;

	while (n < text.n &&
	    ((text.p[n] >= '0' && text.p[n] <= '9') || (text.p[n] >= 'A' && text.p[n] <= 'Z') ||
		(text.p[n] >= 'a' && text.p[n] <= 'z')))
		n++;
	return (struct str){text.p, n < MAILLOG_QUEUE_ID_SIZE ? n : 0};
}

static struct str
id_behind(struct str text, struct str words)
{
	const char *at = memmem(text.p, text.n, words.p, words.n);

	if (at == NULL)
		return STR("");
	at += words.n;
	return leading_id((struct str){at, text.n - (size_t)(at - text.p)});
}

static struct str
next_id(struct str text)
{
	const char *at = memmem(text.p, text.n, ACCEPTED, sizeof ACCEPTED - 1);
	struct str id = id_behind(text, STR(QUEUED));

	if (id.n == 0)
		id = id_behind(text, STR(FORWARDED));
	if (id.n > 0 || at == NULL)
		return id;
	/* Sendmail: the word before; a reply code and a status may stand before that. */
	id.p = at;
	while (id.p > text.p && id.p[-1] != ' ' && id.p[-1] != '(')
		id.p--;
	id.n = (size_t)(at - id.p);
	return leading_id(id).n == id.n ? id : STR("");
}

/* --- numbers --- */

/* "1234.56", in seconds. */
static int64_t
read_seconds(struct str text)
{
	int64_t ms = 0, weight = 0;

	if (text.n == 0 || text.n > 15)
		return -1;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '.' && weight == 0) {
			weight = 100;
			continue;
		}
		if (text.p[i] < '0' || text.p[i] > '9')
			return -1;
		if (weight == 0 && i < 12)
			ms = ms * 10 + (text.p[i] - '0') * 1000;
		else if (weight > 0) {
			ms += (text.p[i] - '0') * weight;
			weight = weight > 1 ? weight / 10 : 1000;
		}
		if (weight == 1000)
			break;
	}
	return ms;
}

/* "1+02:03:04": days, hours, minutes, seconds. */
static int64_t
read_clock(struct str text)
{
	unsigned long long days = 0, part;
	struct str piece;
	int64_t seconds = 0;

	if (memchr(text.p, '+', text.n) != NULL &&
	    (!str_split(&text, '+', &piece) || !str_to_u64(piece, 100000, &days)))
		return -1;
	for (int i = 0; i < 3; i++) {
		if (!str_split(&text, ':', &piece) || !str_to_u64(piece, 1000, &part))
			return -1;
		seconds = seconds * 60 + (int64_t)part;
	}
	return ((int64_t)days * 86400 + seconds) * 1000;
}

/* --- Postfix --- */

/* "sent (text)" */
static bool
read_status(struct str value, struct maillog_entry *entry)
{
	static const struct {
		const char *word;
		enum maillog_outcome outcome;
	} words[] = {
	    {"sent", MAILLOG_SENT},
	    {"deferred", MAILLOG_DEFERRED},
	    {"bounced", MAILLOG_BOUNCED},
	};
	struct str word = take_until(&value, STR(" "));

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (!str_is(word, words[i].word))
			continue;
		entry->outcome = words[i].outcome;
		if (value.n >= 2 && value.p[0] == '(' && value.p[value.n - 1] == ')')
			value = (struct str){value.p + 1, value.n - 2};
		entry->text = value;
		return true;
	}
	return false;
}

static void
read_postfix_result(struct str rest, struct maillog_entry *entry)
{
	struct str value;

	skip(&rest, sizeof "to=<" - 1);
	entry->to = take_until(&rest, STR(">, "));
	if (str_starts(rest, STR("orig_to=<"))) {
		skip(&rest, sizeof "orig_to=<" - 1);
		entry->orig_to = take_until(&rest, STR(">, "));
	}
	while (rest.n > 0) {
		/* Its text may hold anything, so nothing is cut there. */
		if (is_field(rest, STR("status="), &value)) {
			if (read_status(value, entry))
				entry->kind = MAILLOG_RESULT;
			break;
		}
		value = take_until(&rest, STR(", "));
		if (!is_field(value, STR("relay="), &entry->relay) &&
		    !is_field(value, STR("dsn="), &entry->status) &&
		    is_field(value, STR("delay="), &value))
			entry->delay_ms = read_seconds(value);
	}
	if (entry->kind == MAILLOG_RESULT && entry->outcome == MAILLOG_SENT)
		entry->next = next_id(entry->text);
}

static bool
is_manager(struct str program)
{
	return str_is(program, "qmgr") || str_is(program, "nqmgr") || str_is(program, "oqmgr");
}

static void
read_manager(struct str rest, struct maillog_entry *entry)
{
	if (str_is(rest, "removed"))
		entry->kind = MAILLOG_DONE;
	else if (str_starts(rest, STR("from=<"))) {
		take_until(&rest, STR(">, "));
		if (str_starts(rest, STR("status=expired, returned to sender")) ||
		    str_starts(rest, STR("status=force-expired, returned to sender")))
			entry->kind = MAILLOG_EXPIRED;
	}
}

static void
read_postfix(const struct maillog_line *line, struct maillog_entry *entry)
{
	if (str_is(line->program, "cleanup")) {
		if (is_field(line->rest, STR("message-id="), &entry->message_id))
			entry->kind = MAILLOG_MESSAGE_ID;
	} else if (str_is(line->program, "smtpd")) {
		if (str_starts(line->rest, STR("client=")))
			entry->kind = MAILLOG_CAME;
	} else if (str_is(line->program, "pickup")) {
		if (str_starts(line->rest, STR("uid=")))
			entry->kind = MAILLOG_CAME;
	} else if (is_manager(line->program)) {
		read_manager(line->rest, entry);
	} else if (str_is(line->program, "postsuper")) {
		if (str_is(line->rest, "removed"))
			entry->kind = MAILLOG_DELETED;
	} else if (str_starts(line->rest, STR("to=<"))) {
		read_postfix_result(line->rest, entry);
	}
}

/* --- Sendmail --- */

static bool
read_stat(struct str stat, struct maillog_entry *entry)
{
	bool queued = str_starts(stat, STR("queued")) || str_starts(stat, STR("Deferred")) ||
	    str_starts(stat, STR("Transient"));

	entry->text = stat;
	if (str_starts(stat, STR("Sent"))) {
		entry->outcome = MAILLOG_SENT;
		entry->next = next_id(stat);
		if (stat.n > 6 && str_starts(stat, STR("Sent (")) && stat.p[stat.n - 1] == ')')
			entry->text = (struct str){stat.p + 6, stat.n - 7};
		return true;
	}
	/* Merely put into the queue; no attempt was made. */
	if (str_starts(stat, STR("queued")))
		return false;
	entry->outcome = queued || (entry->status.n > 0 && entry->status.p[0] == '4')
	    ? MAILLOG_DEFERRED
	    : MAILLOG_BOUNCED;
	return true;
}

/* "550 5.1.1 TEXT, stat=WORDS", with the words behind the last comma of that kind. */
static bool
read_reply(struct str value, struct maillog_entry *entry)
{
	static const char stat[] = ", stat=";
	const char *at = value.p, *next;

	if (value.n < 3 || (value.p[0] != '4' && value.p[0] != '5'))
		return false;
	while ((next = memmem(at, value.n - (size_t)(at - value.p), stat, sizeof stat - 1)) != NULL)
		at = next + sizeof stat - 1;
	if (at > value.p)
		value.n = (size_t)(at - value.p) - (sizeof stat - 1);
	entry->outcome = value.p[0] == '4' ? MAILLOG_DEFERRED : MAILLOG_BOUNCED;
	entry->text = value;
	return true;
}

static void
read_sendmail_result(struct str rest, struct maillog_entry *entry)
{
	struct str value;
	bool tried = false;

	skip(&rest, sizeof "to=" - 1);
	entry->several = true;
	entry->to = take_until(&rest, STR(", "));
	while (rest.n > 0) {
		if (tried &&
		    ((is_field(rest, STR("reply="), &value) && read_reply(value, entry)) ||
			(is_field(rest, STR("stat="), &value) && read_stat(value, entry)))) {
			entry->kind = MAILLOG_RESULT;
			return;
		}
		value = take_until(&rest, STR(", "));
		tried = tried || str_starts(value, STR("mailer="));
		if (!is_field(value, STR("relay="), &entry->relay) &&
		    !is_field(value, STR("dsn="), &entry->status) &&
		    is_field(value, STR("delay="), &value))
			entry->delay_ms = read_clock(value);
	}
}

static void
read_sendmail(const struct maillog_line *line, struct maillog_entry *entry)
{
	struct str rest = line->rest;

	if (str_starts(rest, STR("to="))) {
		read_sendmail_result(rest, entry);
	} else if (str_starts(rest, STR("from="))) {
		while (rest.n > 0 && entry->kind == MAILLOG_OTHER) {
			struct str field = take_until(&rest, STR(", "));

			if (is_field(field, STR("msgid="), &entry->message_id))
				entry->kind = MAILLOG_MESSAGE_ID;
		}
	} else if (str_has(rest, STR("DSN: Cannot send message for "))) {
		entry->kind = MAILLOG_EXPIRED;
	} else if (str_is(rest, "deleted by administrator")) {
		entry->kind = MAILLOG_DELETED;
	} else if (str_starts(rest, STR("done; delay="))) {
		entry->kind = MAILLOG_DONE;
	}
}

void
maillog_entry_read(const struct maillog_line *line, struct maillog_entry *entry_r)
{
	*entry_r = (struct maillog_entry){.kind = MAILLOG_OTHER,
	    .message_id = STR(""),
	    .to = STR(""),
	    .orig_to = STR(""),
	    .relay = STR(""),
	    .delay_ms = -1,
	    .status = STR(""),
	    .text = STR(""),
	    .next = STR("")};
	if (line->postfix)
		read_postfix(line, entry_r);
	else
		read_sendmail(line, entry_r);
}

bool
maillog_entry_address(const struct maillog_entry *entry, struct str *rest, struct str *address_r)
{
	const char *end;

	while (entry->several && rest->n > 0 && (rest->p[0] == ',' || rest->p[0] == ' '))
		skip(rest, 1);
	if (rest->n == 0)
		return false;
	*address_r = *rest;
	if (!entry->several) {
		skip(rest, rest->n);
	} else if (rest->p[0] == '<' && (end = memchr(rest->p, '>', rest->n)) != NULL) {
		*address_r = (struct str){rest->p + 1, (size_t)(end - rest->p) - 1};
		skip(rest, address_r->n + 2);
	} else {
		end = memchr(rest->p, ',', rest->n);
		if (end != NULL)
			address_r->n = (size_t)(end - rest->p);
		skip(rest, address_r->n);
	}
	return true;
}
