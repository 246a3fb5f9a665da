/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plugin_try: copies of one message, without a plugin and with it
 *
 * The child of mailtailor plugin test. What it finds goes into the shared report as it is found,
 * what becomes of the copy into result.json at the end.
 *
 * Threads: one.
 */
#include "ctl/plugin_test.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "ctl/diff.h"
#include "ctl/message.h"
#include "plugin/plugin.h"
#include "tailor/tailor.h"

#include <glib.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>

#define COPY_OVERHEAD ((size_t)16 << 20)
#define CYCLES	      16 /* of start and stop */
#define WARM	      16
#define WINDOWS	      8
#define LEAST	      (size_t)300 /* copies that say something about the heap */
#define NOISE	      16	  /* bytes a copy */

struct trial {
	struct plugin_test *test;
	const struct conf *conf;
	struct dkim_keys *keys;
	struct link_keys *link_keys;
	struct tailor_templates *templates;
	struct tailor *tailor;
	struct buf raw;
	struct str name; /* of the campaign */
	json_t *result;
};

/* --- a copy as a person reads it --- */

static void
put_fields(FILE *out, const struct mime_message *mime, struct arena *arena)
{
	for (size_t i = 0; i < mime_header_count(mime); i++) {
		const struct mime_header *header = mime_header_at(mime, i);
		struct str value;

		if (str_is_nocase(header->name, "DKIM-Signature"))
			continue;
		value = str_trim(mime_header_decode(header->value, arena));
		fprintf(out, "%.*s: ", STR_F(header->name));
		ctl_put(out, value);
		fputc('\n', out);
	}
}

static void
put_text(FILE *out, struct str text)
{
	struct str rest = text, line;

	while (rest.n > 0 && str_split(&rest, '\n', &line)) {
		ctl_put(out, line);
		fputc('\n', out);
	}
}

static void
put_parts(FILE *out, const struct mime_message *mime)
{
	static const char *const kinds[] = {[MIME_PLAIN] = "text",
	    [MIME_HTML] = "HTML",
	    [MIME_AMP] = "AMP",
	    [MIME_CALENDAR] = "calendar"};

	for (size_t i = 0; i < mime_part_count(mime); i++) {
		const struct mime_part *part = mime_part_at(mime, i);

		fprintf(out, "\n[part %zu, %s]\n", i + 1, kinds[part->kind]);
		put_text(out, part->text);
	}
}

/* To be freed. */
static char *
legible(const struct trial *trial, const struct tailor_copy *copy)
{
	const struct mime_limits limits = {
	    (size_t)trial->conf->max_headers + 100, (size_t)trial->conf->max_parts, 100};
	struct arena *arena = arena_new((size_t)64 << 20);
	struct mime_message *mime;
	struct err err = ERR_INIT;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct buf raw;

	if (out == NULL)
		abort();
	buf_init(&raw, (size_t)trial->conf->max_message * 4 + COPY_OVERHEAD);
	if (copy->verdict != STORE_SENT) {
		fprintf(out, "Nothing is sent: %s: ", store_verdict_name(copy->verdict));
		ctl_put(out, copy->reason);
		fputc('\n', out);
	} else if (tailor_copy_write(copy, &raw) == 0 &&
	    mime_parse(&mime, buf_str(&raw), &limits, &err) == 0) {
		put_fields(out, mime, arena);
		put_parts(out, mime);
		mime_free(&mime);
	}
	fclose(out);
	buf_fini(&raw);
	arena_free(&arena);
	return text;
}

/* --- copies --- */

static int
make(struct trial *trial, const char *campaign, struct tailor_message **message_r, struct err *err)
{
	struct str sender = str_c(trial->test->sender == NULL ? "" : trial->test->sender);

	return tailor_message_new(message_r, trial->tailor,
	    conf_campaign_find(trial->conf, str_c(campaign)), trial->name, sender,
	    buf_str(&trial->raw), err);
}

static void
render(struct trial *trial, struct tailor_message *message, char **text_r, struct str *why_r,
    enum store_verdict *verdict_r)
{
	struct arena *arena =
	    plugin_strict_arena((size_t)trial->conf->render_memory + COPY_OVERHEAD);
	struct tailor_copy copy;

	tailor_render(trial->tailor, message, str_c(trial->test->recipient), arena, &copy);
	*text_r = legible(trial, &copy);
	if (verdict_r != NULL)
		*verdict_r = copy.verdict;
	if (why_r != NULL) {
		char *why = g_strndup(copy.reason.p, copy.reason.n);

		*why_r = str_c(why);
	}
	arena_free(&arena);
}

/* What was said once need not be said a thousand times. */
static void
log_quiet(bool quiet)
{
	struct err ignored = ERR_INIT;

	log_open(quiet ? "/dev/null" : "stderr", "mailtailor", LOG_LEVEL_DEBUG, &ignored);
}

/* As if the plugin were out of service. */
static int
without(struct trial *trial, char **text_r, struct err *err)
{
	struct tailor_message *message;
	enum store_verdict verdict;
	struct str why;
	int rc;

	plugin_strict_mute(true);
	log_quiet(true);
	rc = make(trial, "without", &message, err);
	if (rc == 0) {
		render(trial, message, text_r, &why, &verdict);
		tailor_message_free(&message);
		if (verdict != STORE_SENT)
			rc = err_set(
			    err, ERR_INPUT, "without the plugin nothing would be sent: %s", why.p);
		g_free((void *)(uintptr_t)why.p);
	}
	plugin_strict_mute(false);
	log_quiet(false);
	return rc;
}

/* The first line that differs. */
static void
tell_difference(size_t number, const char *first, const char *now)
{
	struct str a = str_c(first), b = str_c(now), left, right;

	while (str_split(&a, '\n', &left) && str_split(&b, '\n', &right)) {
		if (!str_eq(left, right)) {
			plugin_strict_tell("",
			    "copy %zu is not what the first one was: \"%.*s\", not "
			    "\"%.*s\"",
			    number, (int)(right.n < 80 ? right.n : 80), right.p,
			    (int)(left.n < 80 ? left.n : 80), left.p);
			return;
		}
	}
}

/* Bytes that the heap grows by in each window: what is lost is lost in all of them. */
static int64_t
growth_of(const int64_t heap[WINDOWS + 1], size_t window)
{
	int64_t least = INT64_MAX;

	for (int i = 0; i < WINDOWS; i++) {
		int64_t grown = (heap[i + 1] - heap[i]) / (int64_t)window;

		least = grown < least ? grown : least;
	}
	return least;
}

static void
repeat(struct trial *trial, struct tailor_message *message, const char *first)
{
	size_t count = trial->test->repeat, warm = count < LEAST ? count : count / 3;
	size_t window = (count - warm) / WINDOWS;
	int64_t heap[WINDOWS + 1] = {0};
	bool told = false;
	char *text;

	for (size_t i = 2; i <= count; i++) {
		if (window > 0 && i > warm && (i - warm - 1) % window == 0 &&
		    (i - warm - 1) / window <= WINDOWS)
			heap[(i - warm - 1) / window] = plugin_strict_heap();
		plugin_strict_copy(i);
		render(trial, message, &text, NULL, NULL);
		if (!told && strcmp(text, first) != 0) {
			tell_difference(i, first, text);
			told = true;
		}
		free(text);
	}
	if (window == 0)
		return;
	if (warm + WINDOWS * window == count)
		heap[WINDOWS] = plugin_strict_heap();
	if (growth_of(heap, window) >= NOISE) {
		plugin_strict_tell("", "it loses %lld bytes of memory with each copy",
		    (long long)growth_of(heap, window));
		json_object_set_new(
		    trial->result, "leak_bytes", json_integer(growth_of(heap, window)));
	}
}

static int
with(struct trial *trial, const char *before, struct err *err)
{
	struct tailor_message *message;
	enum store_verdict verdict;
	struct str why;
	char *text, *diff = NULL;
	size_t size;
	FILE *out;

	if (make(trial, "with", &message, err) != 0)
		return -1;
	plugin_strict_copy(1);
	render(trial, message, &text, &why, &verdict);
	log_quiet(true);
	repeat(trial, message, text);
	/* Threads that the plugin left behind get a moment to use what is over. */
	nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
	tailor_message_free(&message);
	out = open_memstream(&diff, &size);
	if (out == NULL)
		abort();
	ctl_diff(out, str_c(before), str_c(text));
	fclose(out);
	json_object_set_new(trial->result, "verdict", json_string(store_verdict_name(verdict)));
	json_object_set_new(trial->result, "reason", ctl_json_str(why));
	json_object_set_new(trial->result, "diff", ctl_json_str(str_c(diff)));
	g_free((void *)(uintptr_t)why.p);
	free(diff);
	free(text);
	return 0;
}

/* --- start, stop and what runs in the background --- */

static void
cycle(struct trial *trial)
{
	int64_t heap = 0;
	struct err err = ERR_INIT;

	log_quiet(true);
	for (int i = 0; i < WARM + CYCLES && trial->test->repeat >= LEAST; i++) {
		struct plugin_set *set;

		if (i == WARM)
			heap = plugin_strict_heap();
		if (plugin_set_new(
			&set, trial->conf, trial->test->scratch.store, NULL, NULL, &err) != 0)
			break;
		plugin_set_free(&set);
	}
	log_quiet(false);
	if (trial->test->repeat < LEAST)
		return;
	heap = (plugin_strict_heap() - heap) / CYCLES;
	if (heap >= NOISE)
		plugin_strict_tell(
		    "", "it loses %lld bytes of memory from start to stop", (long long)heap);
}

static int
run_tasks(struct trial *trial, struct err *err)
{
	struct plugin_set *set;
	int rc;

	if (trial->test->hooks.count == 0)
		return 0;
	if (plugin_set_new(&set, trial->conf, trial->test->scratch.store, NULL, NULL, err) != 0)
		return -1;
	rc = 0;
	for (size_t i = 0; i < trial->test->hooks.count && rc == 0; i++)
		rc = plugin_strict_background(set, trial->test->hooks.at[i], err);
	plugin_set_free(&set);
	return rc;
}

/* --- the whole --- */

static json_t *
hooks_of(void)
{
	json_t *list = json_array();
	const struct strict_hook *hook;

	for (size_t i = 0; (hook = plugin_strict_hook(i)) != NULL; i++)
		json_array_append_new(list,
		    json_pack("{s:s, s:s, s:I, s:I, s:I, s:f, s:I}", "kind",
			board_kind_name(hook->kind), "name", hook->name, "calls",
			(json_int_t)hook->calls, "failures", (json_int_t)hook->failures, "late",
			(json_int_t)hook->late, "mean_us", plugin_strict_mean(hook), "p99_us",
			(json_int_t)plugin_strict_p99(hook)));
	return list;
}

static int
find_name(struct trial *trial, struct err *err)
{
	const struct mime_limits limits = {
	    (size_t)trial->conf->max_headers, (size_t)trial->conf->max_parts, 100};
	const struct mime_header *header;
	struct mime_message *mime;
	static char name[256];

	snprintf(name, sizeof name, "%s",
	    trial->test->campaign == NULL ? "test" : trial->test->campaign);
	trial->name = str_c(name);
	if (trial->test->campaign != NULL)
		return 0;
	if (mime_parse(&mime, buf_str(&trial->raw), &limits, err) != 0)
		return -1;
	header = mime_header_find(mime, trial->conf->campaign_header);
	if (header != NULL && str_trim(header->value).n > 0)
		snprintf(name, sizeof name, "%.*s", STR_F(str_trim(header->value)));
	trial->name = str_c(name);
	mime_free(&mime);
	return 0;
}

static int
try_it(struct trial *trial, struct err *err)
{
	const struct conf *conf = trial->conf;
	char *before = NULL;
	int rc;

	if (find_name(trial, err) != 0 || dkim_keys_load(&trial->keys, conf, err) != 0 ||
	    link_keys_load(&trial->link_keys, conf, err) != 0 ||
	    tailor_templates_load(&trial->templates, conf, err) != 0 || run_tasks(trial, err) != 0)
		return -1;
	cycle(trial);
	if (tailor_new(&trial->tailor, conf, trial->keys, trial->link_keys, trial->templates,
		trial->test->scratch.store, err) != 0)
		return -1;
	rc = without(trial, &before, err);
	if (rc == 0)
		rc = with(trial, before, err);
	free(before);
	plugin_strict_copy(0);
	tailor_free(&trial->tailor);
	return rc;
}

static int
save(struct trial *trial)
{
	struct plugin_test *test = trial->test;
	char *path = g_strdup_printf("%s/result.json", test->folder);
	int status = EX_OK;

	json_object_set_new(trial->result, "hooks", hooks_of());
	json_object_set_new(trial->result, "plugin", json_string(test->module->definition.name));
	if (json_dump_file(trial->result, path, 0) != 0) {
		ctl_error("%s: it could not be written", path);
		status = EX_IOERR;
	}
	g_free(path);
	return status;
}

static int
open_module(struct plugin_test *test, struct err *err)
{
	plugin_strict_install(test->report, test->board);
	if (plugin_module_open(&test->module, test->file, NULL, err) != 0)
		return -1;
	if (board_add(test->board, str_c(test->module->definition.name)) < 0)
		return err_set(err, ERR_LIMIT, "the board is full");
	return 0;
}

int
plugin_try(struct plugin_test *test)
{
	struct trial trial = {.test = test, .result = json_object()};
	struct err err = ERR_INIT;
	int status;

	if (test->now_ms != 0)
		clock_stop(test->now_ms);
	else
		clock_stop(clock_now());
	buf_init(&trial.raw, (size_t)64 << 20);
	if (ctl_read_message(test->message, &trial.raw, &err) != 0 || open_module(test, &err) != 0)
		return ctl_fail(&err);
	status = plugin_scratch_make(test, buf_str(&trial.raw));
	if (status != EX_OK)
		return status;
	trial.conf = test->scratch.conf;
	status = try_it(&trial, &err) != 0 ? ctl_fail(&err) : EX_OK;
	if (save(&trial) != EX_OK)
		status = EX_IOERR;
	return status;
}
