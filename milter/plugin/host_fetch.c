/* SPDX-License-Identifier: BSD-2-Clause
 *
 * host_fetch: others' data over HTTP
 *
 * In a message's path nothing is ever waited for: an answer is read, and that it was wanted is
 * noted (wants.h) for the process that goes and gets it (refresh.c). Where nothing will be sent
 * nothing goes out either.
 *
 * Threads: any; see call.c.
 */
#include "plugin/host.h"
#include "plugin/wants.h"

#include "base/clock.h"
#include "base/log.h"
#include "fetch/fetch.h"

#include <stdio.h>

#define FRESH_MS      60000
#define FRESH_LEAST   1000
#define KEEP_MS	      ((int64_t)86400000)
#define KEEP_MOST     (366 * KEEP_MS)
#define TIMEOUT_MS    10000
#define TIMEOUT_LEAST 10

static int64_t
between(int64_t number, int64_t least, int64_t most)
{
	return number < least ? least : number > most ? most : number;
}

static int32_t
misuse(struct plugin_call *call, const struct err *err)
{
	return plugin_call_misuse(call, "%s", err->text);
}

static int32_t
read_request(
    struct plugin_call *call, const struct mt_request *from, struct store_request *request_r)
{
	struct str headers = from->headers.p == NULL ? STR("") : plugin_str(from->headers);
	struct str url = plugin_str(from->url);
	struct err err = ERR_INIT;

	if (from->size < sizeof *from || from->url.p == NULL)
		return plugin_call_misuse(call, "fetch: expected a request with an address");
	if (!plugin_room_text(call, from->url) ||
	    (from->headers.p != NULL && !plugin_room_text(call, from->headers)) ||
	    (from->body.p != NULL && !plugin_room_text(call, from->body)))
		return MT_MISUSE;
	if (fetch_check(url, headers, &err) != 0)
		return misuse(call, &err);
	if (from->body.p != NULL && from->body.n > FETCH_BODY_MAX)
		return plugin_call_misuse(
		    call, "fetch: expected a body of at most %zu bytes", FETCH_BODY_MAX);
	*request_r = (struct store_request){.plugin = call->plugin->row,
	    .digest = id_digest((struct str[]){url, headers}, 2),
	    .url = url,
	    .headers = headers,
	    .fresh_ms = from->fresh <= 0 ? FRESH_MS : between(from->fresh, FRESH_LEAST, KEEP_MOST),
	    .timeout_ms = from->timeout <= 0
		? TIMEOUT_MS
		: between(from->timeout, TIMEOUT_LEAST, FETCH_TIMEOUT_MAX)};
	request_r->keep_ms =
	    between(from->keep <= 0 ? KEEP_MS : from->keep, request_r->fresh_ms, KEEP_MOST);
	return MT_OK;
}

static bool
is_fresh(const struct store_request *request, const struct store_answer *answer)
{
	return answer->status != 0 && answer->time_ms + request->fresh_ms > clock_now();
}

static int32_t
give(struct plugin_call *call, const struct store_request *request, const struct store_answer *from,
    const struct mt_answer **answer_r)
{
	struct mt_answer *answer = plugin_call_memory(call, sizeof *answer);

	if (answer == NULL || from->body.n + from->type.n > call->ceiling - *call->used)
		return MT_LIMIT;
	*call->used += from->body.n + from->type.n;
	*answer = (struct mt_answer){.size = sizeof *answer,
	    .status = (uint32_t)from->status,
	    .flags = is_fresh(request, from) ? 0 : MT_ANSWER_STALE,
	    .time = from->time_ms,
	    .type = plugin_strict_give(call, from->type),
	    .body = plugin_strict_give(call, from->body)};
	*answer_r = answer;
	return MT_OK;
}

/* Goes out now. A good answer is kept for the others. */
static int32_t
go(struct plugin_call *call, const struct store_request *request, struct mt_str body,
    const struct mt_answer **answer_r)
{
	int64_t left_ms = (call->deadline_us - clock_mono_us()) / 1000;
	const struct fetch_rules rules = {
	    .from = &call->plugin->section->fetch_from, .parameter = "the plugin's fetch_from"};
	struct store_answer answer = {.status = 0};
	struct fetch *fetch = NULL;
	struct err err = ERR_INIT;
	int32_t rc = MT_FAILED;

	if (fetch_new(&fetch, &rules, request->url, request->headers,
		body.p == NULL ? STR_NONE : plugin_str(body),
		between(request->timeout_ms, 1, left_ms < 1 ? 1 : left_ms), &err) == 0 &&
	    fetch_run(fetch, &err) == 0) {
		answer = (struct store_answer){.status = fetch_status(fetch),
		    .time_ms = clock_now(),
		    .type = arena_str(call->arena, fetch_type(fetch)),
		    .body = arena_str(call->arena, fetch_body(fetch))};
		rc = answer.type.p == NULL || answer.body.p == NULL
		    ? MT_LIMIT
		    : give(call, request, &answer, answer_r);
	}
	if (rc == MT_OK && body.p == NULL && answer.status >= 200 && answer.status <= 299 &&
	    store_answer_put(call->plugin->set->store, request, &answer, &err) != 0)
		log_warning("an answer can't be kept", LOG_STR("plugin", call->plugin->name),
		    LOG_STR("reason", err.text));
	if (rc == MT_FAILED) {
		snprintf(call->why, sizeof call->why, "fetch: %s", err.text);
		log_warning("plugin's fetch failed", LOG_STR("plugin", call->plugin->name),
		    LOG_STR("hook", call->hook), LOG_STR("reason", err.text));
	}
	fetch_free(&fetch);
	return rc;
}

int32_t
host_fetch(struct mt_call *mt, const struct mt_request *from, const struct mt_answer **answer_r)
{
	struct plugin_call *call = CALL(mt);
	struct store_answer answer = {.status = 0};
	struct store_request request;
	struct err err = ERR_INIT;
	bool wait;
	int rc;

	if (call == NULL || from == NULL || answer_r == NULL)
		return MT_MISUSE;
	*answer_r = NULL;
	if (!plugin_call_has_store(call))
		return plugin_call_misuse(call, "fetch: not in extend and stop");
	if (read_request(call, from, &request) != MT_OK)
		return MT_MISUSE;
	wait = (from->flags & MT_FETCH_WAIT) != 0;
	if (wait && call->kind != BOARD_LISTENER && call->kind != BOARD_TASK)
		return plugin_call_misuse(call, "fetch: MT_FETCH_WAIT in listeners and tasks only");
	if (from->body.p != NULL && !wait)
		return plugin_call_misuse(call, "fetch: a body wants MT_FETCH_WAIT");
	if (from->body.p != NULL)
		return call->dry ? MT_NONE : go(call, &request, from->body, answer_r);
	rc = request.plugin == 0 ? 0
				 : store_answer_get(call->plugin->set->store, &request, clock_now(),
				       call->arena, &answer, &err);
	if (rc < 0) {
		snprintf(call->why, sizeof call->why, "%s", err.text);
		return err.code == ERR_LIMIT ? MT_LIMIT : MT_STORE;
	}
	if (wait && !call->dry && !is_fresh(&request, &answer))
		return go(call, &request, mt_str_n(NULL, 0), answer_r);
	if (!call->dry && !wait && call->plugin->set->wants != NULL &&
	    (rc == 0 || answer.wanted_ms + request.fresh_ms / 2 <= clock_now()))
		wants_note(call->plugin->set->wants, &request);
	return answer.status == 0 ? MT_NONE : give(call, &request, &answer, answer_r);
}
