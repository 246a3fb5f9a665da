/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sample: a plugin for tests, with a hook of each kind; what contacts say decides what it does
 */
#include <mailtailor/plugin.h>

#include <stdlib.h>

/* For tests, which look into the loaded file. */
extern MT_VISIBLE int sample_values, sample_started;
MT_VISIBLE int sample_values, sample_started;
static int64_t reloads;

static struct mt_str
attribute(struct mt_call *call, const char *path)
{
	return call->host->as_text(call, call->host->find(call, mt_str_c(path)));
}

static int
is(struct mt_call *call, const char *path, const char *text)
{
	return mt_str_eq(attribute(call, path), mt_str_c(text));
}

/* {{ shop.city }}, {{ shop.hours[0] }}, ... */
static int32_t
shop(struct mt_call *call, void *closure, struct mt_str member, const struct mt_value **value_r)
{
	const struct mt_host *mt = call->host;
	struct mt_value *object = mt->object(call), *hours = mt->array(call);

	(void)closure;
	(void)member;
	sample_values++;
	if (is(call, "contact.plugin", "fail"))
		return mt->fail(call, MT_STR("the shop is closed"));
	if (is(call, "contact.plugin", "garbage")) {
		*value_r = mt->text(call, MT_STR("\xff\xfe"));
		return MT_FAILED;
	}
	if (is(call, "contact.plugin", "greedy"))
		return mt->memory(call, (size_t)1 << 30) == NULL ? MT_LIMIT : MT_OK;
	if (is(call, "contact.plugin", "crash"))
		abort();
	if (is(call, "contact.plugin", "hang")) {
		for (volatile int i = 0;; i++)
			;
	}
	mt->add(call, hours, mt->text(call, MT_STR("Mon 9-17")));
	mt->add(call, hours, mt->text(call, MT_STR("Tue 9-18")));
	mt->set(call, object, MT_STR("city"), mt->text(call, attribute(call, "contact.city")));
	mt->set(call, object, MT_STR("hours"), hours);
	mt->set(call, object, MT_STR("greeting"), mt->text(call, mt->param_text(call, "greeting")));
	mt->set(call, object, MT_STR("reloads"), mt->integer(call, reloads));
	mt->set(call, object, MT_STR("lucky"),
	    mt->integer(call, (int64_t)(mt->random(call, MT_STR("lucky"), 0) % 1000000)));
	if (mt->set(call, object, MT_STR("tags"), mt->markup(call, MT_STR("<b>open</b>"))) != MT_OK)
		return MT_LIMIT;
	*value_r = object;
	return MT_OK;
}

/* {{ square.7 }} */
static int32_t
square(struct mt_call *call, void *closure, struct mt_str member, const struct mt_value **value_r)
{
	int64_t number;

	(void)closure;
	sample_values++;
	if (call->host->as_int(call, call->host->text(call, member), &number) != MT_OK)
		return MT_NONE;
	*value_r = call->host->integer(call, number * number);
	return MT_OK;
}

/* {{ history.orders }}: what this contact ordered; {{ history.count }}: how many events */
static int32_t
history(struct mt_call *call, void *closure, struct mt_str member, const struct mt_value **value_r)
{
	const struct mt_host *mt = call->host;
	struct mt_str type = MT_STR("Order Completed");
	struct mt_query query = {.size = sizeof query, .types = &type, .type_count = 1, .most = 10};
	const struct mt_event *const *events;
	struct mt_value *list = mt->array(call);
	size_t count;
	int64_t all;
	int32_t rc;

	(void)closure;
	if (mt_str_eq(member, MT_STR("count"))) {
		query.type_count = 0;
		query.most = 0;
		rc = mt->event_count(call, &query, &all);
		*value_r = mt->integer(call, all);
		return rc;
	}
	rc = mt->events(call, &query, &events, &count);
	for (size_t i = 0; rc == MT_OK && i < count; i++) {
		const struct mt_value *properties;
		const struct mt_product *product;
		struct mt_value *line = mt->object(call);

		rc = mt->json(call, events[i]->properties, &properties);
		if (rc != MT_OK)
			break;
		rc = mt->product(call, MT_STR(""),
		    mt->as_text(call, mt->get(call, properties, MT_STR("product_id"))), &product);
		if (rc != MT_OK)
			break;
		mt->set(call, line, MT_STR("title"), mt->text(call, product->title));
		mt->set(call, line, MT_STR("price"), mt->integer(call, product->price));
		mt->set(call, line, MT_STR("sale"),
		    mt->boolean(call, product->sale_price != MT_NO_PRICE));
		mt->set(call, line, MT_STR("time"), mt->integer(call, events[i]->time));
		rc = mt->add(call, list, line);
	}
	*value_r = list;
	return rc;
}

/* {{ "a" | repeat: 3, between: "-" }} */
static int32_t
repeat(struct mt_call *call, void *closure, const struct mt_arguments *with,
    const struct mt_value **value_r)
{
	const struct mt_host *mt = call->host;
	struct mt_str text = mt->as_text(call, with->input), between = MT_STR("");
	size_t used = 0;
	int64_t times;
	char *room;

	(void)closure;
	if (mt->as_int(call, with->at[0], &times) != MT_OK || times < 0)
		return mt->fail(call, MT_STR("repeat: expected a number"));
	for (uint32_t i = 0; i < with->named_count; i++) {
		if (mt_str_eq(with->name[i], MT_STR("between")))
			between = mt->as_text(call, with->named[i]);
	}
	room = mt->memory(call, (size_t)times * (text.n + between.n) + 1);
	if (room == NULL)
		return MT_LIMIT;
	for (int64_t i = 0; i < times; i++) {
		for (size_t k = 0; i > 0 && k < between.n; k++)
			room[used++] = between.p[k];
		for (size_t k = 0; k < text.n; k++)
			room[used++] = text.p[k];
	}
	*value_r = mt->text(call, mt_str_n(room, used));
	return *value_r == NULL ? MT_LIMIT : MT_OK;
}

/* {% badge "text" %}, and {% frame %}...{% endframe %} */
static int32_t
badge(struct mt_call *call, void *closure, const struct mt_arguments *with,
    const struct mt_value **value_r)
{
	const struct mt_host *mt = call->host;
	const struct mt_value *of = closure != NULL ? with->input : with->at[0];
	struct mt_str text = mt->as_text(call, of);
	char *room = mt->memory(call, text.n + 2);

	if (room == NULL)
		return MT_LIMIT;
	room[0] = '[';
	for (size_t i = 0; i < text.n; i++)
		room[i + 1] = text.p[i];
	room[text.n + 1] = ']';
	*value_r = closure != NULL ? mt->markup(call, mt_str_n(room, text.n + 2))
				   : mt->text(call, mt_str_n(room, text.n + 2));
	return *value_r == NULL ? MT_LIMIT : MT_OK;
}

static int32_t
sign(struct mt_call *call, void *closure, const struct mt_part *part, struct mt_str *text_r)
{
	static const char html[] = "<p>signed, the plugin</p>",
			  text[] = "\n-- signed, the plugin\n";
	const char *add = part->kind == MT_PART_HTML ? html : text;
	size_t n = mt_str_c(add).n;
	char *room;

	(void)closure;
	if (!is(call, "contact.sign", "please"))
		return MT_NONE;
	room = call->host->memory(call, part->text.n + n);
	if (room == NULL)
		return MT_LIMIT;
	for (size_t i = 0; i < part->text.n; i++)
		room[i] = part->text.p[i];
	for (size_t i = 0; i < n; i++)
		room[part->text.n + i] = add[i];
	*text_r = mt_str_n(room, part->text.n + n);
	return MT_OK;
}

static int32_t
fields(struct mt_call *call, void *closure)
{
	const struct mt_host *mt = call->host;
	struct mt_message message = {.size = sizeof message};

	(void)closure;
	if (mt->message(call, &message) != MT_OK)
		return MT_FAILED;
	if (mt->header_set(call, MT_STR("X-Sample"), message.campaign) != MT_OK)
		return MT_FAILED;
	mt->header_remove(call, MT_STR("X-Drop"));
	if (is(call, "contact.plugin", "forge"))
		return mt->header_set(call, MT_STR("From"), MT_STR("boss@bank.example"));
	return MT_OK;
}

static int32_t
door(struct mt_call *call, void *closure, struct mt_verdict *verdict)
{
	const struct mt_host *mt = call->host;
	const struct mt_entry *entry;

	(void)closure;
	if (is(call, "contact.gate", "skip")) {
		verdict->action = MT_SKIP;
		verdict->reason = MT_STR("not today");
	}
	/* The first time only. */
	if (is(call, "contact.gate", "later") &&
	    mt->kv_get(call, MT_STR("seen"), &entry) == MT_NONE) {
		if (mt->kv_put(call, MT_STR("seen"), MT_STR("yes"), 0) != MT_OK)
			return MT_FAILED;
		verdict->action = MT_LATER;
		verdict->when = mt->now(call) + 1500;
		verdict->reason = MT_STR("in a moment");
	}
	return MT_OK;
}

static int32_t
start(struct mt_call *call, void **state_r)
{
	*state_r = &sample_started;
	sample_started++;
	call->host->log(call, MT_LOG_INFO, call->host->param_text(call, "greeting"));
	return MT_OK;
}

static void
stop(struct mt_call *call)
{
	if (call->state == &sample_started)
		sample_started--;
}

static int32_t
reload(struct mt_call *call)
{
	(void)call;
	reloads++;
	return MT_OK;
}

static int32_t
tick(struct mt_call *call, void *closure)
{
	const struct mt_event *const *events;
	const struct mt_entry *entry;
	struct mt_query query = {.size = sizeof query, .most = 1};
	size_t count;

	(void)closure;
	call->host->count(call, MT_STR("ticks"), 1);
	if (call->host->events_after(call, 0, 1, &events, &count) != MT_OK ||
	    call->host->events(call, &query, &events, &count) != MT_MISUSE)
		return call->host->fail(call, MT_STR("events in a task"));
	if (call->host->contact(call, &(struct mt_contact){.size = sizeof(struct mt_contact)}) !=
	    MT_MISUSE)
		return call->host->fail(call, MT_STR("there is a contact in a task"));
	/* Once is enough. */
	if (call->host->kv_get(call, MT_STR("told"), &entry) == MT_OK)
		return MT_OK;
	if (call->host->kv_put(call, MT_STR("told"), MT_STR("yes"), 0) != MT_OK)
		return MT_FAILED;
	return call->host->changed(call);
}

static const struct mt_task tasks[] = {
    {"tick", "Ticks.", tick, NULL, 1000, 0, 0, 0},
};
static const struct mt_parameter parameters[] = {
    {"greeting", MT_TEXT, 0, "hello", "", "What it says."},
    {"places", MT_INT, 0, "3", "1..20", "How many."},
    {"wait", MT_TIME, 0, "5m", "1s..1d", "How long."},
    {"mode", MT_ENUM, 0, "soft", "soft|hard", "How."},
    {"from", MT_LIST, 0, "", "address", "Who."},
    {"data", MT_PATH, 0, "", NULL, "Where."},
};
static const struct mt_namespace values[] = {
    {"shop", "The shop.", shop, NULL, 0, 0},
    {"history", "What was ordered.", history, NULL, MT_VALUE_MEMBERS, 0},
    {"square", "Squares of numbers.", square, NULL, MT_VALUE_MEMBERS, 0},
};
static const struct mt_filter filters[] = {
    {"repeat", "Repeats.", repeat, NULL, 1, 1, MT_FILTER_NAMED, 0},
};
static const struct mt_tag tags[] = {
    {"badge", "A badge.", badge, NULL, 1, 1, 0, 0},
    {"frame", "A frame.", badge, &sample_values, 0, 0, MT_TAG_BLOCK, 0},
};
static const struct mt_rewriter parts[] = {
    {"sign", "Signs.", sign, NULL, MT_PART_TEXT | MT_PART_HTML, 0},
};
static const struct mt_header headers[] = {
    {"fields", "Fields.", fields, NULL, 0, 0},
};
static const struct mt_gate gates[] = {
    {"door", "A door.", door, NULL, 0, 0},
};

const struct mt_definition *
mt_plugin(void)
{
	static struct mt_definition me = MT_PLUGIN("sample", "1.0", "For tests");

	me.threads = MT_THREADS_ANY;
	me.start = start;
	me.stop = stop;
	me.reload = reload;
	MT_SET(me.tasks, tasks);
	MT_SET(me.parameters, parameters);
	MT_SET(me.values, values);
	MT_SET(me.filters, filters);
	MT_SET(me.tags, tags);
	MT_SET(me.parts, parts);
	MT_SET(me.headers, headers);
	MT_SET(me.gates, gates);
	return &me;
}
