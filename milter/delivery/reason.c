/* SPDX-License-Identifier: BSD-2-Clause
 *
 * reason: see reason.h
 *
 * Threads: any; touches only its arguments.
 */
#include "delivery/reason.h"

#include "delivery/words.h"

#include <glib.h>

/* Of the texts that words are looked for in. */
#define SAID_MAX   4096
#define AROUND_MAX 8192

struct evidence {
	struct str said;   /* folded */
	struct str around; /* folded */
	struct str status;
	unsigned code; /* of SMTP; 0: none was said */
	enum delivery_stage stage;
	enum delivery_action action;
	bool certain; /* words of one who knows the address */
	bool guessed; /* the reason: nothing but the code of SMTP speaks for it */
};

/* --- codes --- */

static bool
is_word(char c)
{
	return g_ascii_isalnum(c) || c == '.' || c == '_';
}

/* "5.1.1" at `p`: class, subject, detail (RFC 3463 section 2); its length. */
static size_t
status_at(struct str text, size_t at)
{
	const char *p = text.p + at;
	size_t left = text.n - at, n = 2, digits, part;

	if (left < 5 || strchr("245", p[0]) == NULL || p[1] != '.' || (at > 0 && is_word(p[-1])))
		return 0;
	for (part = 0; part < 2; part++) {
		for (digits = 0; n < left && g_ascii_isdigit(p[n]) && digits < 4; n++)
			digits++;
		if (digits == 0 || digits > 3)
			return 0;
		if (part == 0 && (n == left || p[n++] != '.'))
			return 0;
	}
	/* 5.1.1.7 is no status, "5.1.1." ends a sentence. */
	return n < left &&
		(g_ascii_isalnum(p[n]) || p[n] == '_' ||
		    (p[n] == '.' && n + 1 < left && g_ascii_isdigit(p[n + 1])))
	    ? 0
	    : n;
}

static bool
is_code_at(struct str text, size_t at)
{
	const char *p = text.p + at;

	if (text.n - at < 3 || (p[0] != '4' && p[0] != '5') || p[1] < '0' || p[1] > '9' ||
	    !g_ascii_isdigit(p[2]) || (at > 0 && (is_word(p[-1]) || p[-1] == '-')))
		return false;
	return text.n - at == 3 || strchr(" -:]\t#", p[3]) != NULL;
}

struct str
delivery_from_code(struct str text)
{
	for (size_t i = 0; i + 3 <= text.n; i++) {
		if (is_code_at(text, i) && text.p[i + 1] <= '7')
			return (struct str){text.p + i, text.n - i};
	}
	return STR("");
}

static unsigned
read_code(struct str text)
{
	return text.n < 3 ? 0
			  : (unsigned)(text.p[0] - '0') * 100 + (unsigned)(text.p[1] - '0') * 10 +
		(unsigned)(text.p[2] - '0');
}

static struct str
find_status(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		size_t n = status_at(text, i);

		if (n > 0)
			return (struct str){text.p + i, n};
	}
	return STR("");
}

/* What stands right behind the code counts most: "550-'5.7.1 <ada@x.example>... Access denied'" */
static struct str
find_said_status(struct str text)
{
	struct str code = delivery_from_code(text), near = code;
	struct str status;

	if (near.n > 12)
		near.n = 12;
	status = find_status(near.n == 0 ? near : (struct str){near.p, near.n});
	/* It may have been cut in its middle: read it again where it stands. */
	if (status.n > 0)
		status = find_status((struct str){status.p, (size_t)(text.p + text.n - status.p)});
	return status.n > 0 ? status : find_status(text);
}

/* x.0.0 says nothing but the class. */
static bool
is_specific(struct str status)
{
	return status.n >= 5 && !str_is((struct str){status.p + 1, status.n - 1}, ".0.0");
}

static struct str
choose_status(const struct delivery_found *found, unsigned code)
{
	struct str said = find_said_status(found->said), field = find_status(found->status);

	/* A session says "250 2.1.5 Ok", too. */
	if (said.n > 0 && said.p[0] == '2' && found->action <= DELIVERY_ACTION_DELAYED)
		said = STR("");
	if (is_specific(said))
		return said;
	if (code == 556 && !is_specific(field))
		return STR("5.1.10"); /* RFC 7505 section 4.2 */
	if (field.n == 0 && said.n > 0)
		return said;
	if (field.n > 0)
		return field;
	switch (found->action) {
	case DELIVERY_ACTION_DELIVERED:
	case DELIVERY_ACTION_RELAYED:
	case DELIVERY_ACTION_EXPANDED:
		return STR("2.0.0");
	case DELIVERY_ACTION_DELAYED:
		return STR("4.0.0");
	default:
		return code >= 400 && code < 500 ? STR("4.0.0") : STR("5.0.0");
	}
}

/* --- where it was said --- */

static enum delivery_stage
stage_of_words(struct str folded)
{
	for (const struct delivery_stage_words *row = delivery_stage_words; row->phrase != NULL;
	     row++) {
		if (delivery_phrase_in(folded, row->phrase))
			return row->stage;
	}
	return DELIVERY_STAGE_UNKNOWN;
}

static enum delivery_stage
stage_of_command(struct str line)
{
	static const struct {
		const char *command;
		enum delivery_stage stage;
	} commands[] = {
	    {"RCPT", DELIVERY_STAGE_RCPT},
	    {"MAIL", DELIVERY_STAGE_MAIL},
	    {"DATA", DELIVERY_STAGE_DATA},
	    {".", DELIVERY_STAGE_DATA},
	    {"HELO", DELIVERY_STAGE_CONNECT},
	    {"EHLO", DELIVERY_STAGE_CONNECT},
	    {"AUTH", DELIVERY_STAGE_CONNECT},
	    {"STARTTLS", DELIVERY_STAGE_CONNECT},
	};

	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		size_t n = strlen(commands[i].command);

		if (line.n >= n && g_ascii_strncasecmp(line.p, commands[i].command, n) == 0)
			return commands[i].stage;
	}
	return DELIVERY_STAGE_UNKNOWN;
}

/* What follows the arrows of ">>> RCPT To:<...>" or "<<< 550 ..."; some have them the other way,
 * or words before them. */
static struct str
behind_arrows(struct str line)
{
	for (size_t i = 0; i + 4 < line.n && i < 40; i++) {
		if (memcmp(line.p + i, ">>> ", 4) == 0 || memcmp(line.p + i, "<<< ", 4) == 0)
			return (struct str){line.p + i + 4, line.n - i - 4};
	}
	return STR("");
}

/* A session as Sendmail and others print it: where the reply `said` came, else the first that
 * says no. */
static enum delivery_stage
stage_of_session(struct str text, struct str said)
{
	enum delivery_stage stage = DELIVERY_STAGE_UNKNOWN, first = stage, named;
	bool any = false;
	struct str line;

	if (said.n > 20)
		said.n = 20;
	while (delivery_line(&text, &line)) {
		/* Until the first command it is the greeting. */
		if (str_has(line, STR("hile talking to")))
			stage = DELIVERY_STAGE_CONNECT;
		line = behind_arrows(line);
		named = stage_of_command(line);
		if (named != DELIVERY_STAGE_UNKNOWN)
			stage = named;
		if (line.n == 0 || (line.p[0] != '4' && line.p[0] != '5'))
			continue;
		if (said.n > 0 && str_starts(line, said))
			return stage;
		first = any ? first : stage;
		any = true;
	}
	return first;
}

static enum delivery_stage
stage_of(const struct evidence *evidence, const struct delivery_found *found)
{
	enum delivery_stage stage = stage_of_words(evidence->said);

	if (stage == DELIVERY_STAGE_UNKNOWN)
		stage = stage_of_words(evidence->around);
	return stage == DELIVERY_STAGE_UNKNOWN ? stage_of_session(found->around, found->said)
					       : stage;
}

/* --- the reason --- */

static const struct delivery_words *
words_of(struct str folded)
{
	const struct delivery_words *row = delivery_reason_words;

	while (folded.n > 0 && row->phrase != NULL && !delivery_phrase_in(folded, row->phrase))
		row++;
	return row->phrase == NULL || folded.n == 0 ? NULL : row;
}

/* Any row of that reason. */
static bool
has_words(struct str folded, enum delivery_reason reason, bool certain)
{
	for (const struct delivery_words *row = delivery_reason_words; row->phrase != NULL; row++) {
		if (row->reason == reason && (row->certain || !certain) &&
		    delivery_phrase_in(folded, row->phrase))
			return true;
	}
	return false;
}

/* RFC 3463, and what the registry of RFC 5248 has got since; `detail` < 0: the whole subject. */
static const struct {
	int subject;
	int detail;
	enum delivery_reason reason;
} meanings[] = {
    {1, 0, DELIVERY_USER_UNKNOWN},
    {1, 1, DELIVERY_USER_UNKNOWN},
    {1, 2, DELIVERY_HOST_UNKNOWN},
    {1, 3, DELIVERY_USER_UNKNOWN},
    {1, 4, DELIVERY_USER_UNKNOWN},
    {1, 6, DELIVERY_MOVED},
    {1, 7, DELIVERY_POLICY}, /* the sender's address */
    {1, 8, DELIVERY_POLICY},
    {1, 10, DELIVERY_HOST_UNKNOWN}, /* RFC 7505 */
    {2, 1, DELIVERY_SUSPENDED},
    {2, 2, DELIVERY_MAILBOX_FULL},
    {2, 3, DELIVERY_TOO_BIG},
    {3, 1, DELIVERY_MAILBOX_FULL},
    {3, 4, DELIVERY_TOO_BIG},
    {4, 1, DELIVERY_NETWORK},
    {4, 2, DELIVERY_NETWORK},
    {4, 3, DELIVERY_NETWORK},
    {4, 4, DELIVERY_HOST_UNKNOWN},
    {4, 5, DELIVERY_RATE_LIMITED},
    {4, 6, DELIVERY_NETWORK},
    {4, 7, DELIVERY_EXPIRED},
    {5, 3, DELIVERY_RATE_LIMITED}, /* too many recipients */
    {6, -1, DELIVERY_CONTENT},
    {7, 13, DELIVERY_SUSPENDED},
    {7, 17, DELIVERY_MOVED}, /* RFC 7293: another owner */
    {7, 28, DELIVERY_RATE_LIMITED},
    {7, -1, DELIVERY_POLICY},
};

static enum delivery_reason
reason_of_status(struct str status)
{
	int subject, detail;

	if (!is_specific(status))
		return DELIVERY_OTHER;
	subject = atoi(status.p + 2);
	detail = atoi((const char *)memrchr(status.p, '.', status.n) + 1);
	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
		if (meanings[i].subject == subject &&
		    (meanings[i].detail == detail || meanings[i].detail < 0))
			return meanings[i].reason;
	}
	return DELIVERY_OTHER;
}

/* RFC 5321 section 4.2.3, RFC 7504. What comes last, since 550 and 554 stand for anything. */
static enum delivery_reason
reason_of_code(const struct evidence *evidence)
{
	switch (evidence->code) {
	case 521:
	case 556:
		return DELIVERY_HOST_UNKNOWN;
	case 551:
		return DELIVERY_MOVED;
	case 552:
		return DELIVERY_MAILBOX_FULL;
	case 550:
	case 553:
		return evidence->stage == DELIVERY_STAGE_RCPT ? DELIVERY_USER_UNKNOWN
							      : DELIVERY_POLICY;
	case 530:
	case 535:
	case 571:
		return DELIVERY_POLICY;
	default:
		return DELIVERY_OTHER;
	}
}

/* Before RCPT nobody has named the recipient: it is about us. And what is said of a user in reply
 * to DATA is about the message, unless the status says otherwise. */
static enum delivery_reason
fit_stage(enum delivery_reason reason, const struct evidence *evidence)
{
	if (evidence->stage == DELIVERY_STAGE_DATA && reason == DELIVERY_USER_UNKNOWN &&
	    !evidence->certain && !str_starts(evidence->status, STR("5.1.")))
		return DELIVERY_POLICY;
	if (evidence->stage != DELIVERY_STAGE_CONNECT && evidence->stage != DELIVERY_STAGE_MAIL)
		return reason;
	switch (reason) {
	case DELIVERY_USER_UNKNOWN:
	case DELIVERY_MOVED:
	case DELIVERY_SUSPENDED:
		return DELIVERY_POLICY;
	case DELIVERY_HOST_UNKNOWN:
		return evidence->stage == DELIVERY_STAGE_MAIL ? DELIVERY_POLICY : reason;
	case DELIVERY_OTHER:
	case DELIVERY_EXPIRED:
		return evidence->code >= 500 ? DELIVERY_POLICY : reason;
	default:
		return reason;
	}
}

static enum delivery_reason
reason_of(struct evidence *evidence, const struct delivery_words *words)
{
	enum delivery_reason reason = reason_of_status(evidence->status);

	if (words != NULL) {
		/* "inactive" of an address that is unknown by its status */
		if (words->reason == DELIVERY_SUSPENDED && reason == DELIVERY_USER_UNKNOWN)
			return reason;
		/* au: "The user(s) account is disabled", above "550 user unknown" */
		if (words->reason == DELIVERY_USER_UNKNOWN && reason != DELIVERY_USER_UNKNOWN &&
		    has_words(evidence->around, DELIVERY_SUSPENDED, false))
			return DELIVERY_SUSPENDED;
		return fit_stage(words->reason, evidence);
	}
	if (reason != DELIVERY_OTHER)
		return reason;
	words = words_of(evidence->around);
	evidence->guessed = words == NULL;
	reason = words != NULL ? words->reason : reason_of_code(evidence);
	return fit_stage(reason, evidence);
}

/* --- hard --- */

static bool
is_permanent(const struct evidence *evidence)
{
	if (evidence->action != DELIVERY_ACTION_FAILED)
		return false;
	/* Given up after days of "450 User unknown in virtual alias table" */
	if (evidence->certain)
		return true;
	if (evidence->code != 0)
		return evidence->code >= 500;
	return evidence->status.p[0] == '5';
}

static bool
is_certain(const struct evidence *evidence)
{
	if (evidence->certain || str_starts(evidence->status, STR("5.1.")))
		return true;
	if (evidence->guessed)
		return false;
	return (evidence->stage == DELIVERY_STAGE_RCPT ||
		   evidence->stage == DELIVERY_STAGE_LOCAL) &&
	    !str_starts(evidence->status, STR("5.7."));
}

static bool
is_hard(const struct evidence *evidence, enum delivery_reason reason)
{
	switch (reason) {
	case DELIVERY_HOST_UNKNOWN:
	case DELIVERY_MOVED:
		return is_permanent(evidence);
	case DELIVERY_USER_UNKNOWN:
		return is_permanent(evidence) && is_certain(evidence);
	default:
		return false;
	}
}

static struct str
head(struct str text, size_t max)
{
	return text.n > max ? (struct str){text.p, max} : text;
}

void
delivery_judge(
    const struct delivery_found *found, struct arena *arena, struct delivery_recipient *recipient_r)
{
	struct evidence evidence = {.action = found->action};
	const struct delivery_words *words;

	memset(recipient_r, 0, sizeof *recipient_r);
	recipient_r->diagnostic = recipient_r->status = recipient_r->original = STR("");
	evidence.said = delivery_fold(head(found->said, SAID_MAX), arena);
	evidence.around = delivery_fold(head(found->around, AROUND_MAX), arena);
	evidence.code = read_code(delivery_from_code(found->said));
	evidence.status = choose_status(found, evidence.code);
	evidence.stage = stage_of(&evidence, found);
	words = words_of(delivery_from_code(evidence.said));
	if (words == NULL)
		words = words_of(evidence.said);
	evidence.certain =
	    (words != NULL && words->certain && words->reason == DELIVERY_USER_UNKNOWN) ||
	    has_words(evidence.around, DELIVERY_USER_UNKNOWN, true);
	recipient_r->address = found->address;
	recipient_r->original = found->original;
	recipient_r->status = evidence.status;
	recipient_r->diagnostic = delivery_one_line(found->said, DELIVERY_DIAGNOSTIC_MAX, arena);
	recipient_r->action = found->action;
	if (found->action != DELIVERY_ACTION_FAILED && found->action != DELIVERY_ACTION_DELAYED)
		return;
	recipient_r->reason = reason_of(&evidence, words);
	recipient_r->hard = is_hard(&evidence, recipient_r->reason);
}
