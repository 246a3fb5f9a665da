/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fetcher: a plugin for tests, which shows what a server says
 *
 * {{ page.NAME }} is the answer at SERVER/NAME, with a secret in a header field; or "none".
 * `order`, a file: each line "get NAME" or "post NAME" is done by the task, which writes into
 * `order`.done what came.
 */
#include <mailtailor/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct mt_request
request_of(struct mt_call *call, char *url, size_t size, const char *name, size_t n)
{
	struct mt_str server = call->host->param_text(call, "server");
	struct mt_request request;

	memset(&request, 0, sizeof request);
	request.size = sizeof request;
	request.fresh = call->host->param_int(call, "fresh");
	request.timeout = 3000;
	snprintf(url, size, "%.*s/%.*s", (int)server.n, server.p, (int)n, name);
	request.url = mt_str_c(url);
	request.headers = MT_STR("X-Secret: s3cret\nX-Empty:");
	return request;
}

static int32_t
page(struct mt_call *call, void *closure, struct mt_str member, const struct mt_value **value_r)
{
	const struct mt_host *mt = call->host;
	const struct mt_answer *answer;
	struct mt_request request;
	char url[500], text[300];
	int32_t rc;

	(void)closure;
	request = request_of(call, url, sizeof url, member.p, member.n);
	rc = mt->fetch(call, &request, &answer);
	if (rc < 0)
		return rc;
	if (rc == MT_NONE)
		snprintf(text, sizeof text, "none");
	else
		snprintf(text, sizeof text, "%u %.*s%s", (unsigned)answer->status,
		    (int)(answer->body.n > 100 ? 100 : answer->body.n), answer->body.p,
		    (answer->flags & MT_ANSWER_STALE) != 0 ? " stale" : "");
	*value_r = mt->text(call, mt_str_c(text));
	return MT_OK;
}

static int32_t
obey(struct mt_call *call, const char *line, FILE *out)
{
	const struct mt_answer *answer = NULL;
	int post = strncmp(line, "post ", 5) == 0;
	const char *name = line + (post ? 5 : 4);
	struct mt_request request;
	char url[500];
	int32_t rc;

	request = request_of(call, url, sizeof url, name, strcspn(name, "\n"));
	request.flags = MT_FETCH_WAIT;
	if (post)
		request.body = MT_STR("a=1&b=2");
	rc = call->host->fetch(call, &request, &answer);
	fprintf(out, "%.*s %d %u %.*s\n", (int)strcspn(line, "\n"), line, (int)rc,
	    rc == MT_OK ? (unsigned)answer->status : 0u,
	    rc == MT_OK ? (int)(answer->body.n > 100 ? 100 : answer->body.n) : 0,
	    rc == MT_OK ? answer->body.p : "");
	return MT_OK;
}

static int32_t
task(struct mt_call *call, void *closure)
{
	struct mt_str order = call->host->param_text(call, "order");
	char path[400], done[420], line[200];
	FILE *in, *out;

	(void)closure;
	snprintf(path, sizeof path, "%.*s", (int)order.n, order.p);
	in = path[0] == '\0' ? NULL : fopen(path, "r");
	if (in == NULL)
		return MT_OK;
	snprintf(done, sizeof done, "%s.done", path);
	out = fopen(done, "a");
	while (out != NULL && fgets(line, sizeof line, in) != NULL)
		obey(call, line, out);
	fclose(in);
	unlink(path);
	return out != NULL && fclose(out) == 0 ? MT_OK : MT_FAILED;
}

static const struct mt_namespace values[] = {
    {"page", "What the server says.", page, NULL, MT_VALUE_MEMBERS, 0},
};
static const struct mt_task tasks[] = {
    {"order", "Asks the server.", task, NULL, 1000, 60000, 0, 0},
};
static const struct mt_parameter parameters[] = {
    {"server", MT_TEXT, MT_REQUIRED, "", "", "The server's address."},
    {"fresh", MT_TIME, 0, "1s", "1ms..1d", "How long an answer is good for."},
    {"order", MT_PATH, 0, "", NULL, "What the task is to ask for."},
};

const struct mt_definition *
mt_plugin(void)
{
	static struct mt_definition me = MT_PLUGIN("fetcher", "1.0", "Shows what a server says");

	me.threads = MT_THREADS_ANY;
	MT_SET(me.values, values);
	MT_SET(me.tasks, tasks);
	MT_SET(me.parameters, parameters);
	return &me;
}
