/* SPDX-License-Identifier: BSD-2-Clause
 *
 * targets: redirects to what links lead to, as the database has them
 *
 * A link's row never changes, and a campaign's readers click on few of them: each is read once,
 * and its reply made once, until another takes its place.
 *
 * Threads: the server's.
 */
#include "store/link.h"
#include "web/server.h"

#include <stdlib.h>

/* Addresses have a ceiling of some kB (link.h). */
#define SLOTS 2048

struct web_targets {
	struct store *store;
	struct {
		int64_t id, campaign;
		struct MHD_Response *redirect; /* or NULL */
	} slots[SLOTS];
};

struct web_targets *
web_targets_new(struct store *store)
{
	struct web_targets *targets = calloc(1, sizeof *targets);

	if (targets == NULL)
		abort();
	targets->store = store;
	return targets;
}

void
web_targets_free(struct web_targets **targets)
{
	struct web_targets *gone = *targets;

	*targets = NULL;
	if (gone == NULL)
		return;
	for (size_t i = 0; i < SLOTS; i++) {
		if (gone->slots[i].redirect != NULL)
			MHD_destroy_response(gone->slots[i].redirect);
	}
	free(gone);
}

static void
keep(struct web_targets *targets, const struct store_link *link)
{
	size_t at = (uint64_t)link->id % SLOTS;

	/* Connections that still send it hold it. */
	if (targets->slots[at].redirect != NULL)
		MHD_destroy_response(targets->slots[at].redirect);
	targets->slots[at].redirect = web_redirect_new(link->address);
	targets->slots[at].id = link->id;
	targets->slots[at].campaign = link->campaign;
}

int
web_targets_get(struct web_targets *targets, int64_t id, int64_t campaign, struct arena *arena,
    struct MHD_Response **redirect_r, struct err *err)
{
	size_t at = (uint64_t)id % SLOTS;
	struct store_link link;

	if (targets->slots[at].redirect == NULL || targets->slots[at].id != id) {
		int found = store_link_get(targets->store, id, arena, &link, err);

		if (found != 1)
			return found;
		if (!link_address_ok(link.address))
			return 0;
		keep(targets, &link);
	}
	*redirect_r = targets->slots[at].redirect;
	return targets->slots[at].campaign == campaign;
}
