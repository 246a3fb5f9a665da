/* SPDX-License-Identifier: BSD-2-Clause
 *
 * token: what a token says, wherever it was found
 *
 * It may stand alone, in an address of the web, or in a mail address: the sender that a
 * bounce came back to. Without its key nothing of it can be read.
 *
 * Threads: one.
 */
#include "ctl/ctl.h"

#include "base/clock.h"
#include "link/link.h"
#include "store/contact.h"
#include "store/link.h"
#include "store/signup.h"

#include <sysexits.h>

#define MEMORY ((size_t)4 << 20)

static const char *const kind_names[] = {
    [LINK_CLICK] = "click",
    [LINK_OPEN] = "open",
    [LINK_UNSUBSCRIBE] = "unsubscribe",
    [LINK_PREFERENCES] = "preferences",
    [LINK_VIEW] = "view",
    [LINK_BOUNCE] = "bounce",
    [LINK_UNSUBSCRIBE_MAIL] = "unsubscribe-mail",
    [LINK_IMAGE] = "image",
    [LINK_SIGNUP] = "signup",
    [LINK_STAMP] = "stamp",
};

/* What the token stands for; absent is what the store does not know. */
struct meaning {
	struct link_facts facts;
	struct str campaign;
	struct str contact; /* address */
	struct str target;
};

/* From the last two slashes on: "/c/TOKEN". */
static struct str
path_of(struct str url)
{
	size_t slashes = 0;

	for (size_t i = url.n; i-- > 0;) {
		if (url.p[i] == '/' && ++slashes == 2)
			return (struct str){url.p + i, url.n - i};
	}
	return url;
}

static int
decode_mail(const struct link_keys *keys, struct str text, struct arena *arena,
    struct link_facts *facts_r, struct err *err)
{
	if (link_mail_decode(keys, LINK_BOUNCE, text, arena, facts_r, NULL) == 0)
		return 0;
	return link_mail_decode(keys, LINK_UNSUBSCRIBE_MAIL, text, arena, facts_r, err);
}

static int
decode(const struct link_keys *keys, struct str text, struct arena *arena,
    struct link_facts *facts_r, struct err *err)
{
	struct err last = ERR_INIT;

	if (text.n > 0 && memchr(text.p, '/', text.n) != NULL)
		return link_path_decode(keys, path_of(text), arena, facts_r, err);
	if (text.n > 0 && memchr(text.p, '+', text.n) != NULL)
		return decode_mail(keys, text, arena, facts_r, err);
	for (int kind = LINK_CLICK; kind <= LINK_STAMP; kind++) {
		if (link_decode(keys, (enum link_kind)kind, text, arena, facts_r, &last) == 0)
			return 0;
		/* Of several reasons, that its key is gone says most. */
		if (err->code != ERR_NOTFOUND)
			*err = last;
	}
	return -1;
}

/* Its number is a sign-up's, not a contact's. */
static int
find_signup(struct store *store, struct meaning *meaning, struct arena *arena, struct err *err)
{
	struct store_signup signup;
	int found = store_signup_get(store, meaning->facts.contact, arena, &signup, err);

	if (found == 1)
		meaning->contact = signup.address;
	return found;
}

static int
look_up(struct store *store, struct meaning *meaning, struct arena *arena, struct err *err)
{
	const struct link_facts *facts = &meaning->facts;
	struct store_contact contact;
	struct store_link link;
	int found = 0;

	if (facts->kind == LINK_IMAGE || facts->kind == LINK_STAMP) {
		meaning->target = facts->address;
		return 0;
	}
	found = store_campaign_name(store, facts->campaign, arena, &meaning->campaign, err);

	if (found >= 0 && facts->kind == LINK_SIGNUP) {
		found = find_signup(store, meaning, arena, err);
	} else if (found >= 0 && facts->contact > 0) {
		found = store_contact_get_id(store, facts->contact, arena, &contact, err);
		if (found == 1)
			meaning->contact = contact.address;
	} else if (facts->contact == 0 && facts->kind != LINK_CLICK) {
		meaning->contact = facts->address;
	}
	if (facts->kind == LINK_CLICK && facts->address.n > 0) {
		meaning->target = facts->address;
	} else if (found >= 0 && facts->link > 0) {
		found = store_link_get(store, facts->link, arena, &link, err);
		if (found == 1)
			meaning->target = link.address;
	}
	return found < 0 ? -1 : 0;
}

static json_t *
json_id(int64_t id)
{
	return id == 0 ? json_null() : json_integer(id);
}

static json_t *
json_known(struct str text)
{
	return text.p == NULL ? json_null() : ctl_json_str(text);
}

static void
put_json(const struct meaning *meaning)
{
	const struct link_facts *facts = &meaning->facts;
	char prefix[LINK_MARK_SIZE];

	ctl_put_json(json_pack("{s:s, s:i, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o}", "kind",
	    kind_names[facts->kind], "key", (int)facts->key, "campaign",
	    json_known(meaning->campaign), "campaign_id", json_id(facts->campaign), "contact",
	    json_known(meaning->contact), "contact_id", json_id(facts->contact), "message",
	    link_message_prefix(facts->message, prefix), "sent", ctl_json_time(facts->sent_ms),
	    "link", json_id(facts->link), "target", json_known(meaning->target)));
}

static void
put_line(const char *name, struct str text)
{
	printf("%s\t", name);
	ctl_put(stdout, text.p == NULL ? STR("-") : text);
	putchar('\n');
}

static void
put_text(const struct meaning *meaning)
{
	const struct link_facts *facts = &meaning->facts;
	char prefix[LINK_MARK_SIZE], time[CLOCK_TEXT_SIZE];

	put_line("kind", str_c(kind_names[facts->kind]));
	put_line("campaign", meaning->campaign);
	put_line("contact", meaning->contact);
	put_line("message", str_c(link_message_prefix(facts->message, prefix)));
	put_line("sent", facts->sent_ms == 0 ? STR_NONE : str_c(clock_iso(facts->sent_ms, time)));
	if (facts->kind == LINK_CLICK || facts->kind == LINK_IMAGE || facts->kind == LINK_STAMP)
		put_line("target", meaning->target);
}

static int
show(struct ctl *ctl, const struct link_keys *keys, struct str text, bool json)
{
	struct arena *arena = arena_new(MEMORY);
	struct meaning meaning = {.campaign = STR_NONE};
	struct err err = ERR_INIT;
	int status = EX_OK;

	if (decode(keys, text, arena, &meaning.facts, &err) != 0 ||
	    look_up(ctl->store, &meaning, arena, &err) != 0)
		status = ctl_fail(&err);
	else if (json)
		put_json(&meaning);
	else
		put_text(&meaning);
	arena_free(&arena);
	return status;
}

int
ctl_token(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	struct link_keys *keys;
	struct err err = ERR_INIT;
	bool json = false;
	int option, status;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option != 'j')
			return ctl_usage("token");
		json = true;
	}
	if (optind == argc)
		return ctl_usage("token");
	status = ctl_store(ctl, STORE_READ);
	if (status != EX_OK)
		return status;
	if (link_keys_load(&keys, ctl->conf, &err) != 0)
		return ctl_fail(&err);
	if (keys == NULL) {
		ctl_error("%s: token_keys is not set", ctl->conf_path);
		return EX_CONFIG;
	}
	for (int i = optind; i < argc; i++) {
		int one = show(ctl, keys, str_c(argv[i]), json);

		status = status == EX_OK ? one : status;
	}
	link_keys_unref(&keys);
	return status;
}
