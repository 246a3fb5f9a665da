/* SPDX-License-Identifier: BSD-2-Clause
 *
 * old: a plugin that is built against the first plugin.h, and must load for ever
 */
#include "tests/plugins/abi-1.0/plugin.h"

static int32_t
hello(struct mt_call *call, void *closure, struct mt_str member, const struct mt_value **value_r)
{
	const struct mt_host *mt = call->host;
	struct mt_contact contact = {.size = sizeof contact};

	(void)closure;
	(void)member;
	if (!MT_HAS(mt, contact) || mt->contact(call, &contact) != MT_OK)
		return MT_FAILED;
	*value_r = mt->text(call, contact.address);
	return MT_OK;
}

static const struct mt_namespace values[] = {{"old", "The address.", hello, NULL, 0, 0}};

const struct mt_definition *
mt_plugin(void)
{
	static struct mt_definition me = MT_PLUGIN("old", "1.0", "Built against the first header");

	MT_SET(me.values, values);
	return &me;
}
