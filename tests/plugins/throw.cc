/* SPDX-License-Identifier: BSD-2-Clause
 *
 * throw: a plugin for tests in C++, whose hooks let an exception out when the contact wants it
 */
#include <mailtailor/plugin.h>

#include <stdexcept>

static int32_t
value(mt_call *call, void *, mt_str, const mt_value **value_r)
{
	const mt_host *mt = call->host;
	const mt_value *fault = mt->find(call, MT_STR("contact.fault"));

	if (mt_str_eq(mt->as_text(call, fault), MT_STR("throw")))
		throw std::runtime_error("nobody catches me");
	*value_r = mt->text(call, MT_STR("fine"));
	return MT_OK;
}

static const mt_namespace values[] = {{"thrower", "Throws.", value, nullptr, 0, 0}};

MT_EXPORT const mt_definition *
mt_plugin()
{
	static mt_definition me = MT_PLUGIN("throw", "1.0", "For tests");

	me.threads = MT_THREADS_ANY;
	MT_SET(me.values, values);
	return &me;
}
