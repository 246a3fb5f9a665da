// @NAME@: a plugin for mailtailor
//
// {{ @NAME@.greeting }}       the parameter greeting, and the contact's first name
// {{ "text" | @NAME@_loud }}  TEXT!
//
// <mailtailor/plugin.h> says what else there is, and what a plugin must not do. No exception may
// leave a hook.
#include <mailtailor/plugin.h>

#include <exception>
#include <string>

namespace {

std::string
from(mt_str s)
{
	return s.p == nullptr ? std::string() : std::string(s.p, s.n);
}

// Copied by the host; {{ }} is escaped where HTML prints it.
const mt_value *
text(mt_call *call, const std::string &s)
{
	return call->host->text(call, mt_str_n(s.data(), s.size()));
}

// {{ @NAME@.greeting }}
int32_t
get(mt_call *call, void *, mt_str, const mt_value **value_r)
{
	const mt_host *mt = call->host;

	try {
		std::string greeting = from(mt->param_text(call, "greeting"));
		std::string name =
		    from(mt->as_text(call, mt->find(call, MT_STR("contact.first_name"))));
		mt_value *object = mt->object(call);

		if (!name.empty())
			greeting += " " + name;
		if (mt->set(call, object, MT_STR("greeting"), text(call, greeting)) != MT_OK)
			return MT_LIMIT;
		*value_r = object;
		return MT_OK;
	} catch (const std::exception &e) {
		return mt->fail(call, mt_str_c(e.what()));
	}
}

// {{ "text" | @NAME@_loud }}
int32_t
loud(mt_call *call, void *, const mt_arguments *with, const mt_value **value_r)
{
	const mt_host *mt = call->host;

	try {
		std::string s = from(mt->as_text(call, with->input));

		for (char &c : s)
			c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
		*value_r = text(call, s + "!");
		return *value_r == nullptr ? MT_LIMIT : MT_OK;
	} catch (const std::exception &e) {
		return mt->fail(call, mt_str_c(e.what()));
	}
}

const mt_namespace values[] = {
	{"@NAME@", "Words for this contact: greeting.", get, nullptr, 0, 0},
};

const mt_filter filters[] = {
	{"@NAME@_loud", "ASCII letters become capitals, and an exclamation mark follows.", loud,
	    nullptr, 0, 0, 0, 0},
};

const mt_parameter parameters[] = {
	{"greeting", MT_TEXT, 0, "Hello", "", "What contacts are greeted with."},
};

} // namespace

MT_EXPORT const mt_definition *
mt_plugin(void)
{
	static mt_definition me = MT_PLUGIN("@NAME@", "0.1", "Greets, and speaks up");

	me.threads = MT_THREADS_ANY;
	MT_SET(me.values, values);
	MT_SET(me.filters, filters);
	MT_SET(me.parameters, parameters);
	return &me;
}
