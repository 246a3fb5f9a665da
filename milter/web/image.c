/* SPDX-License-Identifier: BSD-2-Clause
 *
 * image: a picture that is drawn when the mail is looked at
 *
 * Nothing is recorded: the token doesn't say who looks.
 *
 * Threads: the server's.
 */
#include "web/internal.h"

#include "base/clock.h"
#include "base/log.h"

void
web_image(struct web_request *request, const struct link_facts *facts)
{
	struct picture picture;
	struct err err = ERR_INIT;
	struct str gif;

	if (picture_read(facts->address, &picture, &err) != 0) {
		web_page(request, MHD_HTTP_NOT_FOUND, "not_found", NULL);
	} else if (picture_draw(request->web->studio, &picture, clock_now(), request->arena, &gif,
		       &err) == 0) {
		request->reply =
		    (struct web_reply){.status = MHD_HTTP_OK, .type = "image/gif", .body = gif};
	} else {
		log_debug("web: a picture is not drawn", LOG_STR("reason", err.text));
		request->reply = (struct web_reply){.status = MHD_HTTP_SERVICE_UNAVAILABLE,
		    .type = "text/plain; charset=utf-8",
		    .body = STR("busy\n")};
	}
}
