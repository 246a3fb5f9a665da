/* SPDX-License-Identifier: BSD-2-Clause
 *
 * depot: model and state of the learner in the plugin's key-value store
 *
 * Both are cut into entries under a name of their own. One entry, "head", names those that
 * count, and is swapped when all of them are there: readers see the old ones or the new ones.
 * The ones before stay until the next swap, for who is reading them.
 *
 * Threads: any; one learner writes, and if there are two, the slower one's swap fails.
 */
#ifndef RECOMMEND_DEPOT_H
#define RECOMMEND_DEPOT_H

#include "table.h"

#include <mailtailor/plugin.h>

#define DEPOT_MAX ((uint64_t)192 << 20) /* bytes of model and state each */

struct depot_set {
	uint64_t name;
	uint64_t model_n;
	uint64_t state_n;
};

struct depot_head {
	uint64_t magic;
	uint64_t options; /* digest of what was learned by */
	int64_t cursor;	  /* id of the last event that was learned */
	struct depot_set set;
	struct depot_set before;
	uint64_t model_sum;
	uint64_t state_sum;
};

/* MT_NONE: nothing was written yet, or by another version; head_r is zero. */
int32_t depot_head(struct mt_call *call, struct depot_head *head_r);
/* MT_NONE: it is not whole, and who reads begins anew with the head. */
int32_t depot_model(struct mt_call *call, const struct depot_head *head, struct bytes *bytes);
int32_t depot_state(struct mt_call *call, const struct depot_head *head, struct bytes *bytes);
/* `head` is the present one, and becomes the new one. MT_CHANGED: another learner was faster. */
int32_t depot_write(struct mt_call *call, struct depot_head *head, uint64_t options, int64_t cursor,
    const struct bytes *model, const struct bytes *state);
/* Deletes what a learner left that was killed while it wrote, up to so many entries. MT_NONE:
 * there is no more. */
int32_t depot_sweep(struct mt_call *call, const struct depot_head *head, size_t most);

#endif
