/* SPDX-License-Identifier: BSD-2-Clause
 *
 * callbacks: what libmilter calls, one function an SMTP event
 *
 *     negotiate connect helo (mail rcpt* header* eoh body* eom | abort)* close
 *
 * Ordinary mail leaves at eoh, before its body is read. Over a unix socket the MTA is
 * told not to wait for an answer wherever there is nothing to say: fourteen round trips a
 * message become one or two. Over TCP the answers stay, since they carry the ACKs without
 * which Nagle's algorithm holds back our changes.
 *
 * Owns:    struct session, from the first callback of a connection to close.
 * Threads: libmilter calls one connection's functions one after the other, on
 *          any of its threads.
 */
#include "session/session.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/tally.h"
#include "master/ehlo.h"
#include "session/verdict.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>

#define ACTIONS_NEEDED (SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGBODY)
#define NO_REPLIES                                                                      \
	(SMFIP_NR_CONN | SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_DATA | SMFIP_NR_HDR | \
	    SMFIP_NR_BODY)

static struct session_process *the_process;

void
session_callbacks_use(struct session_process *process)
{
	the_process = process;
}

static struct session *
session_of(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	if (session == NULL) {
		session = calloc(1, sizeof *session);
		if (session == NULL)
			abort();
		session->magic = SESSION_MAGIC;
		session->process = the_process;
		if (smfi_setpriv(ctx, session) != MI_SUCCESS)
			abort();
	}
	assert(session->magic == SESSION_MAGIC);
	return session;
}

/* For the callbacks that NO_REPLIES names. */
static sfsistat
go_on(const struct session *session)
{
	return session->process->noreply ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

/* Which macros we want, whatever the MTA's configuration says. */
static void
ask_for_macros(SMFICTX *ctx)
{
	static const struct {
		int stage;
		const char *macros;
	} wanted[] = {
	    {SMFIM_CONNECT, ""},
	    {SMFIM_HELO, ""},
	    {SMFIM_ENVFROM, "i {auth_authen}"},
	    {SMFIM_ENVRCPT, ""},
	    {SMFIM_DATA, ""},
	    {SMFIM_EOH, "i"},
	    {SMFIM_EOM, "i"},
	};

	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		char macros[32];

		strcpy(macros, wanted[i].macros);
		(void)smfi_setsymlist(ctx, wanted[i].stage, macros);
	}
}

static unsigned long
actions_needed(const struct conf *conf)
{
	for (size_t i = 0; i < conf->campaign_count; i++) {
		if (conf->campaigns[i].bounce_address[0] != '\0')
			return ACTIONS_NEEDED | SMFIF_CHGFROM;
	}
	return ACTIONS_NEEDED;
}

static sfsistat
negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps, unsigned long unused2,
    unsigned long unused3, unsigned long *actions_r, unsigned long *steps_r,
    unsigned long *unused2_r, unsigned long *unused3_r)
{
	const struct session *session = session_of(ctx);
	const unsigned long needed = actions_needed(session->process->conf);

	(void)unused2;
	(void)unused3;
	/* Without these a message can't be changed as it has to be: nothing passes. */
	if ((actions & needed) != needed || (steps & SMFIP_HDR_LEADSPC) == 0) {
		log_error("the MTA's milter protocol is too old or restricted; Postfix needs "
			  "milter_protocol = 6",
		    LOG_NUM("actions", actions), LOG_NUM("steps", steps));
		return SMFIS_REJECT;
	}
	*actions_r = needed;
	if ((actions & SMFIF_SETSYMLIST) != 0) {
		ask_for_macros(ctx);
		*actions_r |= SMFIF_SETSYMLIST;
	}
	*steps_r = SMFIP_HDR_LEADSPC | (steps & (SMFIP_NOUNKNOWN | SMFIP_NODATA));
	if (session->process->noreply)
		*steps_r |= NO_REPLIES;
	*unused2_r = *unused3_r = 0;
	return SMFIS_CONTINUE;
}

static void
client_address(struct session *session, const _SOCK_ADDR *address)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

	session->client[0] = '\0';
	if (address == NULL)
		return;
	if (address->sa_family == AF_INET)
		inet_ntop(AF_INET, &in->sin_addr, session->client, sizeof session->client);
	else if (address->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		inet_ntop(
		    AF_INET, &in6->sin6_addr.s6_addr[12], session->client, sizeof session->client);
	else if (address->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &in6->sin6_addr, session->client, sizeof session->client);
}

static sfsistat
on_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *address)
{
	struct session *session = session_of(ctx);

	(void)host;
	client_address(session, address);
	session->trusted =
	    session->client[0] != '\0' && conf_trusted(session->process->conf, session->client);
	return go_on(session);
}

static sfsistat
on_helo(SMFICTX *ctx, char *name)
{
	struct session *session = session_of(ctx);

	if (!session->trusted ||
	    !ehlo_check(&session->process->worker->ehlo_key, clock_now(), str_c(name)))
		return SMFIS_CONTINUE;
	if (!session->handback)
		atomic_fetch_add(&session->process->handback, 1);
	session->handback = true;
	return SMFIS_ACCEPT;
}

static sfsistat
on_mail(SMFICTX *ctx, char **argv)
{
	struct session *session = session_of(ctx);
	char macro[] = "{auth_authen}";
	const char *user = smfi_getsymval(ctx, macro);

	session_message_end(session->process, &session->message);
	session->message = session_message_begin(session->process);
	session->message->trusted = session->trusted ||
	    (session->process->conf->trust_authenticated && user != NULL && user[0] != '\0');
	if (session->message->trusted)
		session_envelope_sender(session->message, (const char *const *)argv);
	return go_on(session);
}

static sfsistat
on_rcpt(SMFICTX *ctx, char **argv)
{
	struct session *session = session_of(ctx);

	if (session->message != NULL && session->message->trusted)
		session_envelope_recipient(
		    session->message, session->process->conf, (const char *const *)argv);
	return go_on(session);
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	struct session *session = session_of(ctx);
	struct session_message *message = session->message;

	if (message == NULL)
		return go_on(session);
	if (message->trusted)
		session_header_add(message, name, value);
	else if (str_is_nocase(str_c(name), session->process->conf->campaign_header))
		message->claimed = true;
	return go_on(session);
}

static sfsistat
ordinary(struct session *session)
{
	/* Helps those who wonder why their campaign went out as it was. */
	if (session->message->claimed)
		log_warning("campaign header from a client that is not trusted is ignored",
		    LOG_STR("client", session->client));
	tally_count(TALLY_MESSAGE_ORDINARY);
	session_message_end(session->process, &session->message);
	return SMFIS_ACCEPT;
}

/* Ends the message with a reply other than "accepted". */
static sfsistat
turn_away(SMFICTX *ctx, struct session *session, const struct session_verdict *verdict)
{
	char macro[] = "i";

	tally_count(TALLY_MESSAGE_REFUSED);
	log_warning("refused", LOG_STR("queue", smfi_getsymval(ctx, macro)),
	    LOG_STR("client", session->client), LOG_STR("reply", verdict->code),
	    LOG_STR("reason", verdict->text));
	session_message_end(session->process, &session->message);
	return session_verdict_reply(ctx, verdict);
}

/* 1 campaign mail, 0 ordinary mail, -1 see err. */
static int
classify(struct session_message *message, const struct conf *conf, struct err *err)
{
	const struct mime_header *headers = session_header_list(message);
	struct str name;
	int found;

	if (headers == NULL)
		return err_set(err, ERR_LIMIT, "no room for the header");
	found = tailor_campaign_of(
	    conf, headers, message->field_count, message->sender, &message->campaign, &name, err);
	if (found != 1)
		return found;
	/* `name` may lie in raw, which moves while the body comes. */
	message->campaign_name = arena_str(message->envelope, name);
	if (message->campaign_name.p == NULL)
		return err_set(err, ERR_LIMIT, "no room for the campaign's name");
	return 1;
}

static sfsistat
on_eoh(SMFICTX *ctx)
{
	struct session *session = session_of(ctx);
	struct session_message *message = session->message;
	struct session_verdict verdict;
	struct err err = ERR_INIT;

	if (message == NULL)
		return SMFIS_TEMPFAIL;
	if (!message->trusted)
		return ordinary(session);
	/* Such a header can't be told from a campaign's. */
	if (message->too_long) {
		session_verdict_too_long(&verdict);
		return turn_away(ctx, session, &verdict);
	}
	switch (classify(message, session->process->conf, &err)) {
	case 0:
		return ordinary(session);
	case 1:
		message->too_long = buf_add(&message->raw, "\r\n", 2) != 0;
		message->body_at = message->raw.len;
		return SMFIS_CONTINUE;
	default:
		session_verdict_error(&err, &verdict);
		return turn_away(ctx, session, &verdict);
	}
}

static sfsistat
on_body(SMFICTX *ctx, unsigned char *chunk, size_t size)
{
	struct session *session = session_of(ctx);

	if (session->message != NULL && buf_add(&session->message->raw, chunk, size) != 0)
		session->message->too_long = true;
	return go_on(session);
}

static sfsistat
on_eom(SMFICTX *ctx)
{
	struct session *session = session_of(ctx);
	sfsistat status;

	/* Ordinary mail does not come here. */
	if (session->message == NULL || session->message->campaign == NULL)
		return SMFIS_TEMPFAIL;
	status = session_deliver(ctx, session->process, session->message);
	session_message_end(session->process, &session->message);
	return status;
}

static sfsistat
on_abort(SMFICTX *ctx)
{
	struct session *session = session_of(ctx);

	session_message_end(session->process, &session->message);
	return SMFIS_CONTINUE;
}

static sfsistat
on_close(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	if (session == NULL)
		return SMFIS_CONTINUE;
	assert(session->magic == SESSION_MAGIC);
	session_message_end(session->process, &session->message);
	if (session->handback)
		atomic_fetch_sub(&session->process->handback, 1);
	session->magic = 0;
	free(session);
	(void)smfi_setpriv(ctx, NULL);
	return SMFIS_CONTINUE;
}

static char callbacks_name[] = "mailtailord";

const struct smfiDesc session_callbacks = {
    .xxfi_name = callbacks_name,
    .xxfi_version = SMFI_VERSION,
    .xxfi_flags = ACTIONS_NEEDED | SMFIF_CHGFROM | SMFIF_SETSYMLIST,
    .xxfi_connect = on_connect,
    .xxfi_helo = on_helo,
    .xxfi_envfrom = on_mail,
    .xxfi_envrcpt = on_rcpt,
    .xxfi_header = on_header,
    .xxfi_eoh = on_eoh,
    .xxfi_body = on_body,
    .xxfi_eom = on_eom,
    .xxfi_abort = on_abort,
    .xxfi_close = on_close,
    .xxfi_negotiate = negotiate,
};
