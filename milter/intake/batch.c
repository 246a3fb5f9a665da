/* SPDX-License-Identifier: BSD-2-Clause
 *
 * batch: see call.h; this file: several calls in one object
 *
 * Threads: any; touches only its arguments.
 * Fails:   ERR_INPUT.
 */
#include "intake/call.h"

#include "intake/time.h"

int
intake_batch_each(const json_t *object, const struct intake_context *context,
    int (*each)(
	void *closure, size_t index, const json_t *call, const struct intake_context *context),
    void *closure, struct err *err)
{
	const json_t *batch = json_object_get(object, "batch");
	const json_t *sent = json_object_get(object, "sentAt");
	struct intake_context own = *context;
	json_t *call;
	size_t i;

	if (batch == NULL)
		return each(closure, 0, object, context);
	if (!json_is_array(batch))
		return err_set(err, ERR_INPUT, "batch: a list was expected");
	/* It holds for those that have none. */
	if (sent != NULL && !json_is_null(sent) && intake_time_json(sent, &own.sent_ms, err) != 0)
		return err_prefix(err, "sentAt");
	json_array_foreach(batch, i, call)
	{
		if (each(closure, i, call, &own) != 0)
			return -1;
	}
	return 0;
}
