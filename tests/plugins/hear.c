/* SPDX-License-Identifier: BSD-2-Clause
 *
 * hear: a plugin for tests, which writes down what it hears
 */
#include <mailtailor/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Is there a file with this name and end? */
static int
is_there(const char *name, const char *end)
{
	char path[500];

	snprintf(path, sizeof path, "%s%s", name, end);
	return access(path, F_OK) == 0;
}

static int32_t
note(struct mt_call *call, void *closure, const struct mt_event *const *events, size_t count)
{
	struct mt_str to = call->host->param_text(call, "to");
	char name[400], line[300];
	FILE *file;

	snprintf(name, sizeof name, "%.*s", (int)to.n, to.p);
	if (is_there(name, ".fail"))
		return call->host->fail(call, MT_STR("it does not want to hear"));
	if (is_there(name, ".crash"))
		abort();
	file = fopen(name, "a");
	if (file == NULL)
		return call->host->fail(call, MT_STR("the file does not open"));
	for (size_t i = 0; i < count; i++) {
		const struct mt_event *event = events[i];

		snprintf(line, sizeof line, "%s %lld %u %lld %.*s %u\n", (const char *)closure,
		    (long long)event->id, (unsigned)event->kind, (long long)event->contact,
		    (int)event->campaign.n, event->campaign.p, (unsigned)event->flags);
		fputs(line, file);
	}
	return fclose(file) == 0 ? MT_OK : MT_FAILED;
}

static const struct mt_listener listeners[] = {
    {"mail", "What became of mail.", note, (void *)"mail",
	MT_EVENT_BIT(MT_EVENT_SENT) | MT_EVENT_BIT(MT_EVENT_CLICKED), 7, 0},
    {"all", "Everything.", note, (void *)"all", MT_EVENT_BIT(MT_EVENT_ANY), 0, 0},
};
static const struct mt_parameter parameters[] = {
    {"to", MT_PATH, MT_REQUIRED, "", NULL, "The file to write into."},
};

const struct mt_definition *
mt_plugin(void)
{
	static struct mt_definition me = MT_PLUGIN("hear", "1.0", "Writes down what it hears");

	MT_SET(me.listeners, listeners);
	MT_SET(me.parameters, parameters);
	return &me;
}
