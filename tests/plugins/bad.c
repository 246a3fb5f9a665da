/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bad: plugins that must not load; -DBAD_... says what is wrong with each
 */
#include <mailtailor/plugin.h>

#ifdef BAD_NOTHING
extern MT_VISIBLE int mt_no_plugin;
MT_VISIBLE int mt_no_plugin = 1;
#else
static const struct mt_gate gates[] = {{"Not A Name", "", NULL, NULL, 0, 0}};

const struct mt_definition *
mt_plugin(void)
{
	static struct mt_definition me = MT_PLUGIN("bad", "1.0", "For tests");

#ifdef BAD_MAJOR
	me.abi_major = MT_ABI_MAJOR + 1;
#endif
#ifdef BAD_MINOR
	me.abi_minor = MT_ABI_MINOR + 1;
#endif
#ifdef BAD_SMALL
	me.size = offsetof(struct mt_definition, gates);
#endif
#ifdef BAD_MAGIC
	me.magic = 0;
#endif
#ifdef BAD_HOOK
	MT_SET(me.gates, gates);
#else
	(void)gates;
#endif
#ifdef BAD_NAME
	me.name = "somebody_else";
#endif
	return &me;
}
#endif
