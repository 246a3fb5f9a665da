/* SPDX-License-Identifier: BSD-2-Clause
 *
 * aside: a reply that takes its time, in a thread of its own
 *
 * Its connection is suspended meanwhile, so clicks don't wait. One at a time: who comes while
 * another is made is told to come again.
 *
 * Threads: the server's begins it; web_aside_stop when nothing new comes any more.
 */
#include "web/internal.h"

#include <stdlib.h>

struct web_aside {
	pthread_t thread;
	bool begun;	  /* there is a thread to join; the server's */
	atomic_bool busy; /* and it works */
};

struct web_aside *
web_aside_new(void)
{
	struct web_aside *aside = calloc(1, sizeof *aside);

	if (aside == NULL)
		abort();
	return aside;
}

static void *
serve(void *closure)
{
	struct web_request *request = closure;
	struct MHD_Connection *connection = request->connection;
	struct web_aside *aside = request->web->aside;

	request->aside(request);
	request->recorded = 0;
	/* From here on the request is not ours. */
	MHD_resume_connection(connection);
	atomic_store(&aside->busy, false);
	return NULL;
}

bool
web_aside_run(struct web_aside *aside, struct web_request *request)
{
	if (atomic_load(&aside->busy))
		return false;
	web_aside_stop(aside);
	atomic_store(&aside->busy, true);
	aside->begun = pthread_create(&aside->thread, NULL, serve, request) == 0;
	if (!aside->begun)
		atomic_store(&aside->busy, false);
	return aside->begun;
}

void
web_aside_stop(struct web_aside *aside)
{
	if (aside != NULL && aside->begun)
		pthread_join(aside->thread, NULL);
	if (aside != NULL)
		aside->begun = false;
}

void
web_aside_free(struct web_aside **aside)
{
	free(*aside);
	*aside = NULL;
}
