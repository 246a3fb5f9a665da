/* SPDX-License-Identifier: BSD-2-Clause
 *
 * webhook: how far webhooks are; test, move and stop them
 *
 * The daemon looks into the database once a second, so nothing has to be reloaded.
 *
 * Threads: one.
 */
#include "ctl/ctl.h"

#include "base/clock.h"
#include "store/webhook.h"
#include "webhook/webhook.h"
#include "webhook/payload.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sysexits.h>

/* Events that are looked at to tell how many wait. */
#define BEHIND_MAX    1000000
#define ROW_MEMORY    ((size_t)256 << 10)
#define SECRET_BYTES  32
#define EXCERPT_BYTES 500

/* --- list --- */

struct listing {
	struct ctl *ctl;
	bool json;
	struct err err;
};

static const char *
state_of(const struct store_webhook *row)
{
	return row->state == STORE_WEBHOOK_ACTIVE && row->failing_ms != 0
	    ? "failing"
	    : store_webhook_state_name(row->state);
}

static void
put_json(const struct store_webhook *row, bool configured, int64_t behind)
{
	ctl_put_json(json_pack("{s:o, s:b, s:s, s:I, s:o, s:I, s:o, s:I, s:o, s:o, s:o}", "name",
	    ctl_json_str(row->name), "configured", configured, "state", state_of(row), "cursor",
	    (json_int_t)row->cursor, "behind",
	    configured ? json_integer((json_int_t)behind) : json_null(), "sent",
	    (json_int_t)row->sent, "answer", ctl_json_str(row->answer), "failures",
	    (json_int_t)row->failures, "failing_since", ctl_json_time(row->failing_ms), "tried",
	    ctl_json_time(row->tried_ms), "next",
	    row->state == STORE_WEBHOOK_ACTIVE ? ctl_json_time(row->next_ms) : json_null()));
}

static void
put_time(const char *word, int64_t ms)
{
	char time[CLOCK_TEXT_SIZE];

	printf("\t%s %s", word, ms == 0 ? "-" : clock_iso(ms, time));
}

static void
put_line(const struct store_webhook *row, bool configured, int64_t behind)
{
	ctl_put(stdout, row->name);
	if (configured)
		printf("\t%s\t%lld behind", state_of(row), (long long)behind);
	else
		printf("\tno section\t-");
	printf("\tevent %lld", (long long)row->cursor);
	put_time("tried", row->tried_ms);
	putchar('\t');
	ctl_put(stdout, row->answer.n > 0 ? row->answer : STR("-"));
	put_time("next", row->state == STORE_WEBHOOK_ACTIVE ? row->next_ms : 0);
	put_time("failing since", row->failing_ms);
	putchar('\n');
}

static int
list_section(struct listing *listing, const struct conf_webhook *section)
{
	struct arena *arena = arena_new(ROW_MEMORY);
	struct store_webhook row;
	int64_t behind = 0;
	int rc = store_webhook_get(
	    listing->ctl->store, str_c(section->name), arena, &row, &listing->err);

	/* Before its first turn. */
	if (rc == 0)
		row = (struct store_webhook){.name = str_c(section->name)};
	else if (rc == 1)
		rc = webhook_behind(
		    listing->ctl->store, section, row.cursor, BEHIND_MAX, &behind, &listing->err);
	if (rc >= 0 && listing->json)
		put_json(&row, true, behind);
	else if (rc >= 0)
		put_line(&row, true, behind);
	arena_free(&arena);
	return rc < 0 ? -1 : 0;
}

/* What once had a section, and would go on where it stood. */
static bool
list_other(const struct store_webhook *row, void *closure)
{
	struct listing *listing = closure;

	if (conf_webhook_find(listing->ctl->conf, row->name) != NULL)
		return true;
	if (listing->json)
		put_json(row, false, 0);
	else
		put_line(row, false, 0);
	return true;
}

static int
run_list(struct ctl *ctl, int argc, char **argv)
{
	struct listing listing = {.ctl = ctl, .err = ERR_INIT};
	int status = ctl_json_option(argc, argv, "webhook", &listing.json), rc = 0;

	if (status != EX_OK)
		return status;
	if (optind != argc)
		return ctl_usage("webhook");
	status = ctl_store(ctl, STORE_READ);
	if (status != 0)
		return status;
	for (size_t i = 0; rc == 0 && i < ctl->conf->webhook_count; i++)
		rc = list_section(&listing, &ctl->conf->webhooks[i]);
	if (rc == 0)
		rc = store_webhook_each(ctl->store, list_other, &listing, &listing.err);
	return rc == 0 ? EX_OK : ctl_fail(&listing.err);
}

/* --- test --- */

static int
show_answer(struct fetch *fetch, const struct webhook_answer *answer, int64_t us)
{
	struct str body = answer->status == 0 ? STR("") : fetch_body(fetch);

	printf("%s, %lld ms\n", answer->text, (long long)(us / 1000));
	if (body.n > EXCERPT_BYTES)
		body.n = EXCERPT_BYTES;
	if (body.n > 0) {
		ctl_put(stdout, body);
		putchar('\n');
	}
	return answer->result == WEBHOOK_TAKEN ? EX_OK : EX_TEMPFAIL;
}

static int
test(const struct conf_webhook *section)
{
	char id[WEBHOOK_MESSAGE_ID_SIZE];
	struct webhook_secrets secrets;
	struct webhook_batch batch;
	struct webhook_answer answer;
	struct fetch *fetch = NULL;
	struct err err = ERR_INIT;
	int64_t begin_us = clock_mono_us();
	int status;

	if (webhook_secrets_read(&secrets, section, NULL, &err) != 0)
		return ctl_fail(&err);
	webhook_new_id(id);
	webhook_batch_init(&batch);
	if (webhook_batch_test(&batch, section, clock_now()) != 0 ||
	    webhook_request(&fetch, section, &secrets, str_c(id), buf_str(&batch.body), clock_now(),
		&err) != 0) {
		status = ctl_fail(&err);
	} else {
		webhook_judge(fetch, curl_easy_perform(fetch_handle(fetch)), &answer);
		status = show_answer(fetch, &answer, clock_mono_us() - begin_us);
	}
	fetch_free(&fetch);
	webhook_batch_fini(&batch);
	webhook_secrets_wipe(&secrets);
	return status;
}

/* The section that argv names; NULL after an error message, with the exit status. */
static const struct conf_webhook *
section_of(struct ctl *ctl, const char *name, int *status_r)
{
	const struct conf *conf = ctl_configuration(ctl);
	const struct conf_webhook *section =
	    conf == NULL ? NULL : conf_webhook_find(conf, str_c(name));

	*status_r = conf == NULL ? EX_CONFIG : EX_NOINPUT;
	if (conf != NULL && section == NULL)
		ctl_error("there is no section webhook \"%s\" in %s", name, conf->path);
	return section;
}

static int
run_test(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {{NULL, 0, NULL, 0}};
	const struct conf_webhook *section;
	int status;

	if (ctl_option(argc, argv, options) != -1 || optind + 1 != argc)
		return ctl_usage("webhook");
	section = section_of(ctl, argv[optind], &status);
	return section == NULL ? status : test(section);
}

/* --- changes --- */

/* Makes the change until nobody else was faster. */
static int
change(struct ctl *ctl, const char *name,
    void (*make)(struct store_webhook *row, const void *closure), const void *closure)
{
	struct arena *arena = arena_new(ROW_MEMORY);
	struct store_webhook row;
	struct err err = ERR_INIT;
	int rc = 0;

	for (int tries = 0; rc == 0 && tries < 100; tries++) {
		arena_reset(arena);
		if (store_webhook_add(ctl->store, str_c(name), arena, &row, &err) != 0) {
			rc = -1;
			break;
		}
		make(&row, closure);
		rc = store_webhook_change(ctl->store, &row, true, &err);
	}
	if (rc == 0)
		err_set(&err, ERR_BUSY, "%s: the daemon changes it all the time", name);
	arena_free(&arena);
	return rc == 1 ? EX_OK : ctl_fail(&err);
}

static void
make_paused(struct store_webhook *row, const void *closure)
{
	(void)closure;
	row->state = STORE_WEBHOOK_PAUSED;
}

static void
make_active(struct store_webhook *row, const void *closure)
{
	(void)closure;
	row->state = STORE_WEBHOOK_ACTIVE;
	row->next_ms = 0;
}

static int
change_named(struct ctl *ctl, int argc, char **argv,
    void (*make)(struct store_webhook *row, const void *closure))
{
	static const struct option options[] = {{NULL, 0, NULL, 0}};
	int status;

	if (ctl_option(argc, argv, options) != -1 || optind + 1 != argc)
		return ctl_usage("webhook");
	if (section_of(ctl, argv[optind], &status) == NULL)
		return status;
	status = ctl_store(ctl, STORE_CREATE);
	return status != 0 ? status : change(ctl, argv[optind], make, NULL);
}

static int
run_pause(struct ctl *ctl, int argc, char **argv)
{
	return change_named(ctl, argc, argv, make_paused);
}

static int
run_resume(struct ctl *ctl, int argc, char **argv)
{
	return change_named(ctl, argc, argv, make_active);
}

/* --- replay --- */

static void
make_moved(struct store_webhook *row, const void *closure)
{
	row->cursor = *(const int64_t *)closure;
	row->batch_last = 0;
	row->batch_id = STR("");
	row->next_ms = 0;
}

/* ID or TIME as a cursor. 0, or the exit status after an error message. */
static int
cursor_of(struct ctl *ctl, const char *from, int64_t *cursor_r)
{
	struct err err = ERR_INIT;
	unsigned long long id;
	int64_t ms, last;

	if (str_to_u64(str_c(from), INT64_MAX, &id)) {
		if (store_event_last(ctl->store, &last, &err) != 0)
			return ctl_fail(&err);
		*cursor_r = id == 0 ? 0 : (int64_t)id - 1;
		if (*cursor_r <= last)
			return EX_OK;
		ctl_error("--from %s: the newest event is %lld", from, (long long)last);
		return EX_DATAERR;
	}
	if (clock_parse(from, &ms) != 0) {
		ctl_error("--from %s: an event's number, or a time like 2026-01-31, "
			  "2026-01-31T08:15:00Z or 2h was expected",
		    from);
		return EX_USAGE;
	}
	return store_webhook_before(ctl->store, ms, cursor_r, &err) == 0 ? EX_OK : ctl_fail(&err);
}

static int
replay(struct ctl *ctl, const struct conf_webhook *section, const char *from)
{
	struct err err = ERR_INIT;
	int64_t cursor, behind;
	int status = cursor_of(ctl, from, &cursor);

	if (status == EX_OK)
		status = change(ctl, section->name, make_moved, &cursor);
	if (status != EX_OK)
		return status;
	if (webhook_behind(ctl->store, section, cursor, BEHIND_MAX, &behind, &err) != 0)
		return ctl_fail(&err);
	printf("%s: goes on behind event %lld, %lld wait\n", section->name, (long long)cursor,
	    (long long)behind);
	return EX_OK;
}

static int
run_replay(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"from", required_argument, NULL, 'f'},
	    {NULL, 0, NULL, 0},
	};
	const struct conf_webhook *section;
	const char *from = NULL;
	int option, status;

	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option != 'f')
			return ctl_usage("webhook");
		from = optarg;
	}
	if (from == NULL || optind + 1 != argc)
		return ctl_usage("webhook");
	section = section_of(ctl, argv[optind], &status);
	if (section == NULL)
		return status;
	status = ctl_store(ctl, STORE_CREATE);
	return status != 0 ? status : replay(ctl, section, from);
}

/* --- secret --- */

static int
run_secret(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {{NULL, 0, NULL, 0}};
	unsigned char bytes[SECRET_BYTES], letters[4 * SECRET_BYTES];

	(void)ctl;
	if (ctl_option(argc, argv, options) != -1 || optind != argc)
		return ctl_usage("webhook");
	id_random(bytes, sizeof bytes);
	EVP_EncodeBlock(letters, bytes, sizeof bytes);
	printf("whsec_%s\n", (const char *)letters);
	OPENSSL_cleanse(bytes, sizeof bytes);
	OPENSSL_cleanse(letters, sizeof letters);
	return EX_OK;
}

int
ctl_webhook(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_action actions[] = {
	    {"list", run_list},
	    {"test", run_test},
	    {"replay", run_replay},
	    {"pause", run_pause},
	    {"resume", run_resume},
	    {"secret", run_secret},
	    {NULL, NULL},
	};

	return ctl_act(ctl, argc, argv, actions);
}
