/* SPDX-License-Identifier: BSD-2-Clause
 *
 * exec_ask: see exec.h
 *
 * Threads: any.
 */
#include "exec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the hook keeps of its deadline for itself. */
#define REST_MS 20

static void
put(struct mt_call *call, struct mt_value *object, const char *key, const struct mt_value *value)
{
	/* What did not fit fails at the end: as_json of NULL is absent. */
	(void)call->host->set(call, object, mt_str_c(key), value);
}

static void
put_text(struct mt_call *call, struct mt_value *object, const char *key, struct mt_str text)
{
	put(call, object, key, call->host->text(call, text));
}

static const struct mt_value *
message_of(struct mt_call *call)
{
	struct mt_message message = {.size = sizeof message};
	struct mt_value *object = call->host->object(call);

	if (call->host->message(call, &message) != MT_OK)
		return NULL;
	put_text(call, object, "campaign", message.campaign);
	put_text(call, object, "key", message.key);
	put_text(call, object, "kind",
	    message.kind == MT_TRANSACTIONAL ? MT_STR("transactional") : MT_STR("marketing"));
	put(call, object, "sent",
	    message.sent == 0 ? call->host->nil(call) : call->host->integer(call, message.sent));
	return object;
}

/* Only what the administrator allows leaves this process. */
static const struct mt_value *
contact_of(struct mt_call *call)
{
	const struct exec *exec = call->state;
	const struct mt_host *mt = call->host;
	struct mt_contact contact = {.size = sizeof contact};
	struct mt_value *object = mt->object(call);

	if (mt->contact(call, &contact) != MT_OK)
		return NULL;
	for (size_t i = 0; exec->settings.attributes[i] != NULL; i++) {
		const char *name = exec->settings.attributes[i];
		struct mt_str key = mt_str_c(name);
		char *path;

		if (mt_str_eq(key, MT_STR("id"))) {
			put(call, object, name, mt->integer(call, contact.id));
			continue;
		}
		path = mt->memory(call, key.n + sizeof "contact.");
		if (path == NULL)
			return NULL;
		sprintf(path, "contact.%s", name);
		if (mt->find(call, mt_str_c(path)) != NULL)
			put(call, object, name, mt->find(call, mt_str_c(path)));
	}
	return object;
}

struct mt_value *
exec_question(struct mt_call *call, const char *hook, const char *name, uint64_t *id_r)
{
	struct exec *exec = call->state;
	const struct mt_host *mt = call->host;
	struct mt_value *object = mt->object(call);
	char seed[20];

	*id_r = atomic_fetch_add(&exec->ids, 1) + 1;
	snprintf(seed, sizeof seed, "%016" PRIx64, mt->random(call, mt_str_c(name), 0));
	put(call, object, "id", mt->integer(call, (int64_t)*id_r));
	put_text(call, object, "hook", mt_str_c(hook));
	put_text(call, object, "name", mt_str_c(name));
	put(call, object, "now", mt->integer(call, mt->now(call)));
	put_text(call, object, "seed", mt_str_c(seed));
	put(call, object, "dry", mt->boolean(call, (call->flags & MT_CALL_DRY) != 0));
	put(call, object, "message", message_of(call));
	put(call, object, "contact", contact_of(call));
	return object;
}

/* The one with the least to do. */
static struct exec_helper *
choose(struct exec *exec)
{
	struct exec_helper *best = &exec->helpers[0];
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < exec->count && least > 0; i++) {
		size_t load = exec_helper_load(&exec->helpers[i]);

		if (load < least) {
			least = load;
			best = &exec->helpers[i];
		}
	}
	return best;
}

static int32_t
read_reply(
    struct mt_call *call, const struct exec_request *request, const struct mt_value **answer_r)
{
	const struct mt_host *mt = call->host;
	struct mt_str error;
	char text[EXEC_NOTE];
	int32_t rc = mt->json(call, mt_str_n(request->reply, request->reply_size), answer_r);

	if (rc != MT_OK)
		return rc == MT_FAILED ? mt->fail(call, MT_STR("the helper's answer can't be read"))
				       : rc;
	error = mt->as_text(call, mt->get(call, *answer_r, MT_STR("error")));
	if (error.n == 0)
		return MT_OK;
	snprintf(text, sizeof text, "the helper says: %.*s", (int)(error.n > 200 ? 200 : error.n),
	    error.p);
	return mt->fail(call, mt_str_c(text));
}

int32_t
exec_ask(struct mt_call *call, const struct mt_value *question, uint64_t id,
    const struct mt_value **answer_r)
{
	struct exec *exec = call->state;
	const struct mt_host *mt = call->host;
	struct exec_helper *helper = choose(exec);
	struct exec_request request = {.id = id};
	int64_t left = mt->remaining(call) - REST_MS;
	struct mt_str json = mt->as_json(call, question);
	char *line = json.p == NULL ? NULL : mt->memory(call, json.n + 1);
	int32_t rc;

	if (line == NULL)
		return MT_LIMIT;
	if (exec_helper_start(helper) != 0)
		return mt->fail(call, MT_STR("no thread can be made for the helper"));
	memcpy(line, json.p, json.n);
	line[json.n] = '\n';
	if (left > exec->settings.wait_ms)
		left = exec->settings.wait_ms;
	rc = exec_helper_ask(helper, &request, line, json.n + 1, exec_now_us() + left * 1000);
	rc = rc == 0 ? read_reply(call, &request, answer_r) : mt->fail(call, mt_str_c(request.why));
	free(request.reply);
	exec_notes_flush(call, &exec->notes);
	return rc;
}
