/* @NAME@: a plugin for mailtailor
 *
 * {{ @NAME@.greeting }}       the parameter greeting, and the contact's first name
 * {{ "text" | @NAME@_loud }}  TEXT!
 *
 * <mailtailor/plugin.h> says what else there is, and what a plugin must not do.
 */
#include <mailtailor/plugin.h>

#include <string.h>

static struct mt_str
first_name(struct mt_call *call)
{
	return call->host->as_text(call, call->host->find(call, MT_STR("contact.first_name")));
}

/* {{ @NAME@.greeting }} */
static int32_t
get(struct mt_call *call, void *closure, struct mt_str member, const struct mt_value **value_r)
{
	const struct mt_host *mt = call->host;
	struct mt_str greeting = mt->param_text(call, "greeting"), name = first_name(call);
	struct mt_value *object = mt->object(call);
	char *text = (char *)mt->memory(call, greeting.n + 1 + name.n);
	size_t n = greeting.n;

	(void)closure;
	(void)member;
	if (text == NULL)
		return MT_LIMIT;
	memcpy(text, greeting.p, greeting.n);
	if (name.n > 0) {
		text[n++] = ' ';
		memcpy(text + n, name.p, name.n);
		n += name.n;
	}
	if (mt->set(call, object, MT_STR("greeting"), mt->text(call, mt_str_n(text, n))) != MT_OK)
		return MT_LIMIT;
	*value_r = object;
	return MT_OK;
}

/* {{ "text" | @NAME@_loud }} */
static int32_t
loud(struct mt_call *call, void *closure, const struct mt_arguments *with,
    const struct mt_value **value_r)
{
	const struct mt_host *mt = call->host;
	struct mt_str text = mt->as_text(call, with->input);
	char *room = (char *)mt->memory(call, text.n + 1);

	(void)closure;
	if (room == NULL)
		return MT_LIMIT;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		room[i] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
	}
	room[text.n] = '!';
	*value_r = mt->text(call, mt_str_n(room, text.n + 1));
	return *value_r == NULL ? MT_LIMIT : MT_OK;
}

static const struct mt_namespace values[] = {
    {"@NAME@", "Words for this contact: greeting.", get, NULL, 0, 0},
};

static const struct mt_filter filters[] = {
    {"@NAME@_loud", "ASCII letters become capitals, and an exclamation mark follows.", loud, NULL,
	0, 0, 0, 0},
};

static const struct mt_parameter parameters[] = {
    {"greeting", MT_TEXT, 0, "Hello", "", "What contacts are greeted with."},
};

MT_EXPORT const struct mt_definition *
mt_plugin(void)
{
	static struct mt_definition me = MT_PLUGIN("@NAME@", "0.1", "Greets, and speaks up");

	me.threads = MT_THREADS_ANY;
	MT_SET(me.values, values);
	MT_SET(me.filters, filters);
	MT_SET(me.parameters, parameters);
	return &me;
}
