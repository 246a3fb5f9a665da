/* SPDX-License-Identifier: BSD-2-Clause
 *
 * recommend: what the plugin's files share
 *
 * Threads: parameters stay as they are after `start`; `model` is changed by start and reload
 *          alone, while no hook runs; `learner` is the task's, which runs in one process.
 */
#ifndef RECOMMEND_RECOMMEND_H
#define RECOMMEND_RECOMMEND_H

#include "model.h"

#include <mailtailor/plugin.h>

enum recommend_source {
	RECOMMEND_VIEWED,
	RECOMMEND_TOGETHER,
	RECOMMEND_CATEGORY,
	RECOMMEND_POPULAR,
	RECOMMEND_SOURCES,
	RECOMMEND_CHAIN /* the configured ones, one after the other */
};

/* In templates and in the parameter `chain`. */
extern const struct mt_str recommend_names[RECOMMEND_SOURCES];

struct recommend_options {
	char catalogue[65];
	int64_t places;
	int64_t seeds;
	int64_t history;
	int64_t bought_window; /* 0: what was bought may be shown */
	int64_t viewed_window;
	bool need_image;
	bool preorder;
	enum recommend_source chain[RECOMMEND_SOURCES];
	size_t chain_n;
	int64_t every;
	int64_t support;
	int64_t popular_half_life;
	int64_t together_half_life;
	int64_t pairs;
};

struct learner;

struct recommend {
	struct recommend_options options;
	struct model *model; /* NULL: nothing is learned yet */
	struct learner *learner;
};

/* May it be shown, as far as the options say? */
bool recommend_may_show(const struct recommend_options *options, const struct mt_product *product);

/* learner.c: the task `learn` */
int32_t recommend_learn(struct mt_call *call, void *closure);
void recommend_learner_free(struct learner **learner);

/* words.c: what templates call */
int32_t recommend_value(
    struct mt_call *call, void *closure, struct mt_str member, const struct mt_value **value_r);
int32_t recommend_for(struct mt_call *call, void *closure, const struct mt_arguments *with,
    const struct mt_value **value_r);
int32_t recommend_in(struct mt_call *call, void *closure, const struct mt_arguments *with,
    const struct mt_value **value_r);

#endif
