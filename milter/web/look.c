/* SPDX-License-Identifier: BSD-2-Clause
 *
 * look: a message, made again for a browser
 *
 * Threads: the server's.
 */
#include "web/internal.h"

#include "base/log.h"
#include "tailor/view.h"

void
web_view(struct web_request *request, const struct link_facts *facts)
{
	struct err err = ERR_INIT;
	struct str html;

	if (request->web->tailor == NULL) {
		web_page(request, MHD_HTTP_NOT_FOUND, "not_kept", NULL);
	} else if (tailor_view(request->web->tailor, facts, request->arena, &html, &err) == 0) {
		request->reply = (struct web_reply){.status = MHD_HTTP_OK,
		    .type = "text/html; charset=utf-8",
		    .body = html,
		    .mail = true};
	} else if (err.code == ERR_NOTFOUND) {
		web_page(request, MHD_HTTP_NOT_FOUND, "not_kept", NULL);
	} else {
		log_error("web: a message can't be shown", LOG_STR("reason", err.text));
		web_page(request, MHD_HTTP_SERVICE_UNAVAILABLE, "busy", NULL);
	}
}
