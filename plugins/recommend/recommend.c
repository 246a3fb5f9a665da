/* SPDX-License-Identifier: BSD-2-Clause
 *
 * recommend: products for a contact
 *
 * A task (learner.c) turns what all contacts did (learn.c) into a model (model.c) in the
 * plugin's key-value store (depot.c); each process keeps it in memory. Rendering (words.c)
 * reads what this contact did (history.c), looks up which products go with it (choose.c), and
 * reads those from the catalogue. See mailtailor-recommend(7).
 *
 * Threads: any; see recommend.h.
 */
#include "depot.h"
#include "recommend.h"

#include <stdlib.h>
#include <string.h>

#define ATTEMPTS 3

/* --- parameters --- */

static const struct mt_parameter parameters[] = {
    {"catalogue", MT_TEXT, 0, "default", "",
	"The catalogue whose products are recommended, as it is named in `mailtailor products "
	"import`."},
    {"places", MT_INT, 0, "4", "1..100", "Products in each list."},
    {"chain", MT_LIST, 0, "viewed bought_together category popular", "",
	"What recommend.products is filled from, in this order: of viewed, bought_together, "
	"category and popular. What is still missing then comes from popular."},
    {"need_image", MT_BOOL, 0, "yes", NULL, "Products without an image are not shown."},
    {"preorder", MT_BOOL, 0, "no", NULL,
	"Products on preorder and backorder are shown as if they were in stock."},
    {"bought_window", MT_TIME, 0, "365d", "0s..3650d",
	"What the contact ordered within this time is not shown. With 0s it is."},
    {"viewed_window", MT_TIME, 0, "60d", "1h..3650d",
	"What the contact looked at earlier is not in the list of what was viewed."},
    {"history", MT_INT, 0, "40", "1..500",
	"How many of the contact's newest events (views, additions to the cart, orders) are "
	"looked at."},
    {"seeds", MT_INT, 0, "10", "1..50",
	"How many of the contact's newest products in cart and orders count for what is bought "
	"together."},
    {"support", MT_INT, 0, "2", "1..1000",
	"Two products are bought together only if that many orders have both."},
    {"popular_half_life", MT_TIME, 0, "30d", "1h..3650d",
	"After this time a view or an order counts half for what is popular."},
    {"together_half_life", MT_TIME, 0, "180d", "1h..3650d",
	"After this time an order counts half for what is bought together."},
    {"learn_every", MT_TIME, 0, "5m", "1s..1d",
	"How often catalogue and new events are looked at."},
    {"pairs", MT_INT, 0, "1000000", "1000..4000000",
	"How many pairs of products that were bought together are kept; what has the least "
	"weight is forgotten first. A pair takes some 50 bytes of memory while it is learned."},
};

static int32_t
read_chain(struct mt_call *call, struct recommend_options *options)
{
	struct mt_str word;

	options->chain_n = 0;
	for (size_t i = 0; (word = call->host->param_list(call, "chain", i)).p != NULL; i++) {
		int source = 0;

		while (source < RECOMMEND_SOURCES && !mt_str_eq(word, recommend_names[source]))
			source++;
		if (source == RECOMMEND_SOURCES || i >= RECOMMEND_SOURCES)
			return call->host->fail(call,
			    MT_STR("chain: expected a list of viewed, bought_together, category "
				   "and popular, each once at most"));
		options->chain[options->chain_n++] = (enum recommend_source)source;
	}
	return MT_OK;
}

static int32_t
read_options(struct mt_call *call, struct recommend_options *options)
{
	const struct mt_host *mt = call->host;
	struct mt_str catalogue = mt->param_text(call, "catalogue");

	if (catalogue.n == 0 || catalogue.n >= sizeof options->catalogue)
		return mt->fail(call, MT_STR("catalogue: expected a name of 1 to 64 letters"));
	memcpy(options->catalogue, catalogue.p, catalogue.n);
	options->catalogue[catalogue.n] = '\0';
	options->places = mt->param_int(call, "places");
	options->need_image = mt->param_int(call, "need_image") != 0;
	options->preorder = mt->param_int(call, "preorder") != 0;
	options->bought_window = mt->param_int(call, "bought_window");
	options->viewed_window = mt->param_int(call, "viewed_window");
	options->history = mt->param_int(call, "history");
	options->seeds = mt->param_int(call, "seeds");
	options->support = mt->param_int(call, "support");
	options->popular_half_life = mt->param_int(call, "popular_half_life");
	options->together_half_life = mt->param_int(call, "together_half_life");
	options->every = mt->param_int(call, "learn_every");
	options->pairs = mt->param_int(call, "pairs");
	return read_chain(call, options);
}

/* --- life --- */

/* Takes the newest model; without one, or with a broken one, what is there stays. */
static int32_t
take_model(struct mt_call *call, struct recommend *me)
{
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		struct depot_head head;
		struct bytes bytes = {.n = 0};
		struct model *model;
		int32_t rc = depot_head(call, &head);

		if (rc != MT_OK)
			return rc == MT_NONE ? MT_OK : rc;
		rc = depot_model(call, &head, &bytes);
		model = rc == MT_OK ? model_open(&bytes) : NULL;
		bytes_fini(&bytes);
		if (model != NULL) {
			model_close(&me->model);
			me->model = model;
			return MT_OK;
		}
		if (rc < 0)
			return rc;
	}
	call->host->log(call, MT_LOG_WARNING, MT_STR("the model can't be read"));
	return MT_OK;
}

/* It has the same hooks whatever the parameters say: they are only looked at. */
static int32_t
extend(struct mt_call *call, struct mt_definition *definition)
{
	struct recommend_options *options = call->host->memory(call, sizeof *options);

	(void)definition;
	return options == NULL ? MT_LIMIT : read_options(call, options);
}

static int32_t
start(struct mt_call *call, void **state_r)
{
	struct recommend *me = table_alloc(1, sizeof *me);
	int32_t rc = read_options(call, &me->options);

	if (rc == MT_OK)
		rc = take_model(call, me);
	if (rc != MT_OK) {
		free(me);
		return rc;
	}
	*state_r = me;
	return MT_OK;
}

static int32_t
reload(struct mt_call *call)
{
	return take_model(call, call->state);
}

static void
stop(struct mt_call *call)
{
	struct recommend *me = call->state;

	recommend_learner_free(&me->learner);
	model_close(&me->model);
	free(me);
}

/* --- the plugin --- */

static const struct mt_namespace values[] = {
    {"recommend",
	"Products for this contact: recommend.products, or of one source alone: recommend.viewed, "
	"recommend.bought_together, recommend.category, recommend.popular.",
	recommend_value, NULL, MT_VALUE_MEMBERS, 0},
};
static const struct mt_filter filters[] = {
    {"recommend_for",
	"Products that go with this one (its id, a line of an order, or a list of these): bought "
	"together, then of the same category, then popular ones.",
	recommend_for, NULL, 0, 1, 0, 0},
    {"recommend_in", "The most popular products of this category and those below it.", recommend_in,
	NULL, 0, 1, 0, 0},
};
static const struct mt_task tasks[] = {
    {"learn", "Learns from what contacts did.", recommend_learn, NULL, 1000, 600000, 0, 0},
};

const struct mt_definition *
mt_plugin(void)
{
	static struct mt_definition me =
	    MT_PLUGIN("recommend", "1.0", "Recommends products to contacts");

	me.threads = MT_THREADS_ANY;
	me.extend = extend;
	me.start = start;
	me.stop = stop;
	me.reload = reload;
	MT_SET(me.parameters, parameters);
	MT_SET(me.values, values);
	MT_SET(me.filters, filters);
	MT_SET(me.tasks, tasks);
	return &me;
}
