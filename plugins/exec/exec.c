/* SPDX-License-Identifier: BSD-2-Clause
 *
 * exec: asks a helper program, in whatever language, over lines of JSON
 *
 * Which values, filters, gates, parts and header hooks there are the parameters say; each call
 * becomes a question to the program, and its answer what the hook says. mailtailor-exec(7) is
 * the protocol.
 *
 * Threads: any.
 */
#include "exec.h"

#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 64

/* Asks what stands in `question`; a member of the answer, or NULL. */
static int32_t
ask_member(struct mt_call *call, const struct mt_value *question, uint64_t id, const char *member,
    const struct mt_value **value_r)
{
	const struct mt_value *answer;
	int32_t rc = exec_ask(call, question, id, &answer);

	if (rc == MT_OK)
		*value_r = call->host->get(call, answer, mt_str_c(member));
	return rc;
}

/* "html" is safe and stays as it is, "value" is whatever JSON can say. */
static int32_t
ask_value(struct mt_call *call, const struct mt_value *question, uint64_t id,
    const struct mt_value **value_r)
{
	const struct mt_host *mt = call->host;
	const struct mt_value *answer, *html;
	int32_t rc = exec_ask(call, question, id, &answer);

	if (rc != MT_OK)
		return rc;
	html = mt->get(call, answer, MT_STR("html"));
	*value_r = mt->type(call, html) == MT_TYPE_TEXT ? mt->markup(call, mt->as_text(call, html))
							: mt->get(call, answer, MT_STR("value"));
	return MT_OK;
}

static int32_t
value(struct mt_call *call, void *closure, struct mt_str member, const struct mt_value **value_r)
{
	uint64_t id;
	struct mt_value *question = exec_question(call, "value", closure, &id);

	(void)member;
	return ask_value(call, question, id, value_r);
}

static int32_t
filter(struct mt_call *call, void *closure, const struct mt_arguments *with,
    const struct mt_value **value_r)
{
	const struct mt_host *mt = call->host;
	uint64_t id;
	struct mt_value *question = exec_question(call, "filter", closure, &id);
	struct mt_value *at = mt->array(call), *named = mt->object(call);

	for (uint32_t i = 0; i < with->count; i++) {
		if (mt->add(call, at, with->at[i]) != MT_OK)
			return MT_LIMIT;
	}
	for (uint32_t i = 0; i < with->named_count; i++) {
		if (mt->set(call, named, with->name[i], with->named[i]) != MT_OK)
			return MT_LIMIT;
	}
	mt->set(call, question, MT_STR("input"), with->input != NULL ? with->input : mt->nil(call));
	mt->set(call, question, MT_STR("arguments"), at);
	mt->set(call, question, MT_STR("named"), named);
	return ask_value(call, question, id, value_r);
}

static int32_t
gate(struct mt_call *call, void *closure, struct mt_verdict *verdict)
{
	const struct mt_host *mt = call->host;
	uint64_t id;
	struct mt_value *question = exec_question(call, "gate", closure, &id);
	const struct mt_value *answer, *action;
	int32_t rc = exec_ask(call, question, id, &answer);
	struct mt_str word;

	if (rc != MT_OK)
		return rc;
	action = mt->get(call, answer, MT_STR("action"));
	word = mt->as_text(call, action);
	if (mt->type(call, action) == MT_TYPE_NIL || mt_str_eq(word, MT_STR("send")))
		return MT_OK;
	verdict->reason = mt->as_text(call, mt->get(call, answer, MT_STR("reason")));
	verdict->action = MT_SKIP;
	if (mt_str_eq(word, MT_STR("skip")))
		return MT_OK;
	verdict->action = MT_LATER;
	if (!mt_str_eq(word, MT_STR("later")))
		return mt->fail(
		    call, MT_STR("the helper's action is none of send, skip and later"));
	if (mt->as_int(call, mt->get(call, answer, MT_STR("when")), &verdict->when) != MT_OK)
		return mt->fail(call,
		    MT_STR("the helper said later, but not when, in milliseconds since 1970"));
	return MT_OK;
}

static int32_t
part(struct mt_call *call, void *closure, const struct mt_part *part, struct mt_str *text_r)
{
	const struct mt_host *mt = call->host;
	uint64_t id;
	struct mt_value *question = exec_question(call, "part", closure, &id);
	const struct mt_value *text;
	int32_t rc;

	mt->set(call, question, MT_STR("kind"),
	    mt->text(call, part->kind == MT_PART_HTML ? MT_STR("html") : MT_STR("text")));
	mt->set(call, question, MT_STR("number"), mt->integer(call, part->number));
	if (mt->set(call, question, MT_STR("text"), mt->text(call, part->text)) != MT_OK)
		return MT_LIMIT;
	rc = ask_member(call, question, id, "text", &text);
	if (rc != MT_OK)
		return rc;
	if (mt->type(call, text) == MT_TYPE_NIL)
		return MT_NONE;
	if (mt->type(call, text) != MT_TYPE_TEXT)
		return mt->fail(call, MT_STR("the helper's part is no text"));
	*text_r = mt->as_text(call, text);
	return MT_OK;
}

/* [["Subject", "Hello"], ...] */
static const struct mt_value *
fields_of(struct mt_call *call)
{
	const struct mt_host *mt = call->host;
	struct mt_value *fields = mt->array(call);
	struct mt_str name, text;

	for (size_t i = 0; mt->header_at(call, i, &name, &text) == MT_OK; i++) {
		struct mt_value *field = mt->array(call);

		mt->add(call, field, mt->text(call, name));
		mt->add(call, field, mt->text(call, text));
		if (mt->add(call, fields, field) != MT_OK)
			return NULL;
	}
	return fields;
}

static int32_t
change_fields(struct mt_call *call, const struct mt_value *answer)
{
	const struct mt_host *mt = call->host;
	const struct mt_value *gone = mt->get(call, answer, MT_STR("remove"));
	const struct mt_value *set = mt->get(call, answer, MT_STR("set"));
	int32_t rc = MT_OK;

	for (size_t i = 0; i < mt->length(call, gone) && rc >= 0; i++)
		rc = mt->header_remove(call, mt->as_text(call, mt->at(call, gone, i)));
	for (size_t i = 0;
	     mt->type(call, set) == MT_TYPE_OBJECT && i < mt->length(call, set) && rc >= 0; i++)
		rc = mt->header_set(
		    call, mt->key(call, set, i), mt->as_text(call, mt->at(call, set, i)));
	return rc < 0 ? rc : MT_OK;
}

static int32_t
header(struct mt_call *call, void *closure)
{
	const struct mt_host *mt = call->host;
	uint64_t id;
	struct mt_value *question = exec_question(call, "header", closure, &id);
	const struct mt_value *answer;
	int32_t rc;

	if (mt->set(call, question, MT_STR("fields"), fields_of(call)) != MT_OK)
		return MT_LIMIT;
	rc = exec_ask(call, question, id, &answer);
	return rc == MT_OK ? change_fields(call, answer) : rc;
}

/* --- hooks from parameters --- */

/* Element `i` as a C string that lasts; NULL: there is none. */
static char *
name_at(struct mt_call *call, const char *list, size_t i)
{
	struct mt_str text = call->host->param_list(call, list, i);
	char *name = text.p == NULL ? NULL : call->host->memory(call, text.n + 1);

	if (name != NULL) {
		memcpy(name, text.p, text.n);
		name[text.n] = '\0';
	}
	return name;
}

#define TABLE(function, type, parameter, table, ...)                                          \
	static int32_t function(struct mt_call *call, struct mt_definition *definition)       \
	{                                                                                     \
		struct type *rows = call->host->memory(call, NAMES_MAX * sizeof *rows);       \
		uint32_t count = 0;                                                           \
		char *name;                                                                   \
                                                                                              \
		while (rows != NULL && (name = name_at(call, parameter, count)) != NULL) {    \
			if (count == NAMES_MAX)                                               \
				return call->host->fail(                                      \
				    call, MT_STR(parameter ": expected at most 64 names"));   \
			rows[count++] = (struct type){name, "Asks the helper.", __VA_ARGS__}; \
		}                                                                             \
		definition->table.at = rows;                                                  \
		definition->table.size = sizeof *rows;                                        \
		definition->table.count = count;                                              \
		return rows == NULL ? MT_LIMIT : MT_OK;                                       \
	}

TABLE(add_values, mt_namespace, "values", values, value, name, 0, 0)
TABLE(add_filters, mt_filter, "filters", filters, filter, name, 0, 8, MT_FILTER_NAMED, 0)
TABLE(add_gates, mt_gate, "gates", gates, gate, name, 0, 0)
TABLE(add_parts, mt_rewriter, "parts", parts, part, name, MT_PART_TEXT | MT_PART_HTML, 0)
TABLE(add_headers, mt_header, "headers", headers, header, name, 0, 0)

static int32_t
extend(struct mt_call *call, struct mt_definition *definition)
{
	struct exec_settings settings;
	int32_t rc = exec_settings_read(call, &settings);

	exec_settings_fini(&settings);
	if (rc == MT_OK)
		rc = add_values(call, definition);
	if (rc == MT_OK)
		rc = add_filters(call, definition);
	if (rc == MT_OK)
		rc = add_gates(call, definition);
	if (rc == MT_OK)
		rc = add_parts(call, definition);
	return rc == MT_OK ? add_headers(call, definition) : rc;
}

/* --- the plugin --- */

static void
free_exec(struct exec *exec)
{
	for (size_t i = 0; i < exec->count; i++)
		exec_helper_fini(&exec->helpers[i]);
	exec_settings_fini(&exec->settings);
	exec_notes_fini(&exec->notes);
	free(exec);
}

/* Where nothing is sent, mostly nothing is asked either: the first question starts it. */
static int32_t
start_helpers(struct mt_call *call, struct exec *exec)
{
	while (exec->count < exec->settings.helpers) {
		struct exec_helper *helper = &exec->helpers[exec->count++];

		if (exec_helper_init(helper, &exec->settings, &exec->notes) != 0 ||
		    ((call->flags & MT_CALL_DRY) == 0 && exec_helper_start(helper) != 0))
			return call->host->fail(
			    call, MT_STR("there is no memory, descriptor or thread for a helper"));
	}
	return MT_OK;
}

static int32_t
start(struct mt_call *call, void **state_r)
{
	struct exec *exec = calloc(1, sizeof *exec);
	int32_t rc;

	if (exec == NULL)
		return MT_LIMIT;
	exec_notes_init(&exec->notes);
	rc = exec_settings_read(call, &exec->settings);
	if (rc == MT_OK)
		rc = start_helpers(call, exec);
	if (rc == MT_OK)
		*state_r = exec;
	else
		free_exec(exec);
	return rc;
}

static void
stop(struct mt_call *call)
{
	struct exec *exec = call->state;

	exec_notes_flush(call, &exec->notes);
	free_exec(exec);
}

static const struct mt_parameter parameters[] = {
    {"command", MT_LIST, MT_REQUIRED, "", "",
	"The program, with its whole path, and its arguments. No shell reads them."},
    {"values", MT_LIST, 0, "", "", "Names that mean something in templates: {{ NAME }}."},
    {"filters", MT_LIST, 0, "", "", "Filters: {{ x | NAME: arguments }}."},
    {"gates", MT_LIST, 0, "", "", "Gates: whether a copy may leave, and when."},
    {"parts", MT_LIST, 0, "", "",
	"Part hooks: each text and each HTML part is shown to the helper, which may change it."},
    {"headers", MT_LIST, 0, "", "",
	"Header hooks: the header fields of each copy are shown to the helper, which may change "
	"those that are not mailtailor's own."},
    {"attributes", MT_LIST, 0, "", "",
	"What the helper is told about the contact: names of attributes (email, first_name, ...), "
	"or paths like address.city; id is its number. Nothing else about it leaves this process, "
	"but for what templates give to filters, and what parts and header fields contain."},
    {"wait", MT_TIME, 0, "200ms", "10ms..9s",
	"How long a hook waits for an answer. It ends before `deadline` in any case."},
    {"helpers", MT_INT, 0, "1", "1..16",
	"How many of these programs run in each process of the daemon. One gets several questions "
	"at a time, so more are needed only where it works on one after the other."},
    {"patience", MT_TIME, 0, "10s", "100ms..1h",
	"A helper that was asked and says nothing for so long is killed and started again."},
    {"line_max", MT_SIZE, 0, "1m", "4k..16m", "The longest line, either way."},
    {"helper_memory", MT_SIZE, 0, "1g", "16m..1024g",
	"How much memory of its own (RLIMIT_DATA) a helper may have."},
    {"environment", MT_LIST, 0, "", "",
	"Variables of the helper, as NAME=VALUE, beside PATH, LANG and HOME. It gets no others."},
};

const struct mt_definition *
mt_plugin(void)
{
	static struct mt_definition me =
	    MT_PLUGIN("exec", "1.0", "Asks a helper program over lines of JSON");

	me.threads = MT_THREADS_ANY;
	me.start = start;
	me.stop = stop;
	me.extend = extend;
	MT_SET(me.parameters, parameters);
	return &me;
}
