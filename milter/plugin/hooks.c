/* SPDX-License-Identifier: BSD-2-Clause
 *
 * hooks: gates, parts and header fields of one copy, and what becomes of it when one fails
 *
 * Threads: any; one copy by one thread at a time.
 */
#include "plugin/internal.h"

#include "base/log.h"
#include "liquid/text.h"

#define LATER_MAX_MS ((int64_t)60 * 86400 * 1000)
#define REASON_MAX   200

int
plugin_member_failed(
    const struct plugin_member *member, int kind, const char *hook, struct err *err)
{
	static const enum err_code codes[] = {[CONF_ON_ERROR_DEFER] = ERR_PLUGIN,
	    [CONF_ON_ERROR_WITHOUT] = ERR_NONE,
	    [CONF_ON_ERROR_STOP] = ERR_ABORT};

	err_prefix(err, "plugin %s: %s %s", member->plugin->name, board_kind_name(kind), hook);
	err->code = codes[member->on_error];
	if (member->on_error != CONF_ON_ERROR_WITHOUT)
		return -1;
	log_warning("without plugin", LOG_STR("plugin", member->plugin->name),
	    LOG_STR("kind", board_kind_name(kind)), LOG_STR("hook", hook),
	    LOG_STR("reason", err->text));
	*err = ERR_INIT;
	return 0;
}

static struct plugin_occasion
occasion_of(struct plugin_copy *copy, size_t member, int kind, const char *hook)
{
	struct plugin *plugin = copy->use->members[member].plugin;

	return (struct plugin_occasion){.plugin = plugin,
	    .kind = kind,
	    .hook = hook,
	    .deadline_ms = plugin->section->deadline,
	    .copy = copy,
	    .arena = copy->arena,
	    .used = &copy->used[member],
	    .ceiling = (size_t)plugin->section->memory};
}

int
plugin_copy_begin(struct plugin_call **call_r, struct plugin_copy *copy, size_t member, int kind,
    const char *hook, struct err *err)
{
	const struct plugin_occasion occasion = occasion_of(copy, member, kind, hook);

	return plugin_call_begin(call_r, &occasion, err);
}

/* --- gates --- */

/* A few words for the journal. */
static struct str
reason_of(struct plugin_copy *copy, const struct plugin *plugin, const struct mt_gate *gate,
    struct mt_str reason)
{
	struct str text = plugin_str(reason);

	return arena_printf(copy->arena, "plugin %s: gate %s%s%.*s", plugin->name, gate->name,
	    text.n > 0 ? ": " : "", STR_F(text));
}

/* It is read here, where the plugin answers for its pointer. */
static int32_t
check_reason(struct plugin_call *call, struct mt_str *reason)
{
	struct str text = plugin_str(*reason);

	if (text.n > 0 && !plugin_room_text(call, *reason))
		return MT_MISUSE;
	if (text.n > REASON_MAX)
		text.n = REASON_MAX;
	text = arena_str(call->copy->arena, text_is_valid(text) ? text : STR(""));
	*reason = plugin_mt(text);
	return text.p == NULL ? MT_LIMIT : MT_OK;
}

static int
check_verdict(struct plugin_call *call, struct mt_verdict *verdict, int32_t rc, struct err *err)
{
	int64_t now_ms = call->now_ms;

	rc = plugin_strict_text(call, rc, &verdict->reason);
	plugin_strict_note(call, (uint64_t)verdict->action << 48 ^ (uint64_t)verdict->when);
	if (rc == MT_OK)
		rc = check_reason(call, &verdict->reason);
	if (rc != MT_OK && rc != MT_NONE)
		return plugin_call_end(&call, rc, err);
	if (verdict->action > MT_LATER)
		rc = plugin_call_misuse(call, "its action %u is not known", verdict->action);
	else if (verdict->action == MT_LATER &&
	    (verdict->when <= now_ms || verdict->when - now_ms > LATER_MAX_MS))
		rc = plugin_call_misuse(call,
		    "expected a time within the next 60 days, got %lld (now is %lld)",
		    (long long)verdict->when, (long long)now_ms);
	return plugin_call_end(&call, rc, err);
}

static int
ask(struct plugin_copy *copy, size_t member, const struct mt_gate *gate,
    struct plugin_decision *decision_r, struct err *err)
{
	struct mt_verdict verdict = {.size = sizeof verdict, .action = MT_SEND};
	struct plugin_call *call;
	int rc = plugin_copy_begin(&call, copy, member, BOARD_GATE, gate->name, err);

	if (rc == 0)
		rc = check_verdict(
		    call, &verdict, gate->run(&call->mt, gate->closure, &verdict), err);
	if (rc < 0)
		return plugin_member_failed(
		    &copy->use->members[member], BOARD_GATE, gate->name, err);
	if (rc == MT_NONE || verdict.action == MT_SEND)
		return 0;
	decision_r->answer = verdict.action == MT_SKIP ? PLUGIN_SKIP : PLUGIN_LATER;
	decision_r->when_ms = verdict.action == MT_LATER ? verdict.when : 0;
	decision_r->reason =
	    reason_of(copy, copy->use->members[member].plugin, gate, verdict.reason);
	return 0;
}

int
plugin_copy_gates(struct plugin_copy *copy, struct plugin_decision *decision_r, struct err *err)
{
	*decision_r = (struct plugin_decision){.answer = PLUGIN_SEND};
	for (size_t i = 0; copy->use != NULL && i < copy->use->count; i++) {
		const struct mt_gates *gates =
		    &copy->use->members[i].plugin->module->definition.gates;

		for (uint32_t k = 0; k < gates->count; k++) {
			if (ask(copy, i, &gates->at[k], decision_r, err) != 0)
				return -1;
			if (decision_r->answer != PLUGIN_SEND)
				return 0;
		}
	}
	return 0;
}

/* --- parts --- */

static int32_t
check_text(struct plugin_call *call, struct str *text, int32_t rc)
{
	if (rc != MT_OK)
		return rc;
	if (text->p == NULL)
		return plugin_call_misuse(call, "it gave no text: expected MT_NONE then");
	if (!plugin_room_text(call, plugin_mt(*text)))
		return MT_MISUSE;
	if (!text_is_valid(*text))
		return plugin_call_misuse(call, "its text is no UTF-8");
	return rc;
}

static int
rewrite(struct plugin_copy *copy, size_t member, const struct mt_rewriter *rewriter, bool html,
    size_t number, struct str *text, struct err *err)
{
	struct mt_part part = {.size = sizeof part,
	    .kind = html ? MT_PART_HTML : MT_PART_TEXT,
	    .number = (uint32_t)number};
	struct mt_str changed = {NULL, 0};
	struct plugin_call *call;
	struct str result;
	int rc = plugin_copy_begin(&call, copy, member, BOARD_PART, rewriter->name, err);

	if (rc == 0) {
		int32_t said;

		part.text = plugin_strict_give(call, *text);
		said = rewriter->run(&call->mt, rewriter->closure, &part, &changed);
		said = plugin_strict_text(call, said, &changed);
		result = plugin_str(changed);
		rc = plugin_call_end(&call, check_text(call, &result, said), err);
		if (rc == 0)
			*text = result;
	}
	if (rc < 0)
		return plugin_member_failed(
		    &copy->use->members[member], BOARD_PART, rewriter->name, err);
	return 0;
}

int
plugin_copy_part(
    struct plugin_copy *copy, bool html, size_t number, struct str *text, struct err *err)
{
	for (size_t i = 0; copy->use != NULL && i < copy->use->count; i++) {
		const struct mt_rewriters *parts =
		    &copy->use->members[i].plugin->module->definition.parts;

		for (uint32_t k = 0; k < parts->count; k++) {
			if ((parts->at[k].kinds & (html ? MT_PART_HTML : MT_PART_TEXT)) == 0)
				continue;
			if (rewrite(copy, i, &parts->at[k], html, number, text, err) != 0)
				return -1;
		}
	}
	return 0;
}

/* --- header fields --- */

static int
edit(struct plugin_copy *copy, size_t member, const struct mt_header *header, struct err *err)
{
	struct plugin_call *call;
	int rc = plugin_copy_begin(&call, copy, member, BOARD_HEADER, header->name, err);

	if (rc == 0) {
		copy->mail.header_mark(copy->mail.closure);
		rc = plugin_call_end(&call, header->run(&call->mt, header->closure), err);
		if (rc < 0)
			copy->mail.header_back(copy->mail.closure);
	}
	if (rc < 0)
		return plugin_member_failed(
		    &copy->use->members[member], BOARD_HEADER, header->name, err);
	return 0;
}

int
plugin_copy_headers(struct plugin_copy *copy, struct err *err)
{
	for (size_t i = 0; copy->use != NULL && i < copy->use->count; i++) {
		const struct mt_headers *headers =
		    &copy->use->members[i].plugin->module->definition.headers;

		for (uint32_t k = 0; k < headers->count; k++) {
			if (edit(copy, i, &headers->at[k], err) != 0)
				return -1;
		}
	}
	return 0;
}
