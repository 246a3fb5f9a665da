/* SPDX-License-Identifier: BSD-2-Clause
 *
 * server: the HTTP server, and the connections that last too long
 */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include "web/internal.h"

struct web_connections;

struct web_server {
	struct web *web;
	struct web_connections *connections;
};

/* NULL if it can't start. `server` must stay until it has stopped; the descriptor is its. */
struct MHD_Daemon *web_server_start(struct web_server *server, int listen_fd);
/* After it was stopped: what it kept. */
void web_server_clean(struct web *web);
/* Replies that serve many requests. */
struct MHD_Response *web_pixel_new(void);
struct MHD_Response *web_redirect_new(struct str address);

/* --- connections.c --- */

struct web_connections *web_connections_new(void);
void web_connections_free(struct web_connections **connections);
/* For MHD_OPTION_NOTIFY_CONNECTION. */
void web_connections_notify(void *closure, struct MHD_Connection *connection, void **socket_context,
    enum MHD_ConnectionNotificationCode code);
/* A request begins (busy), or its reply went out. */
void web_connections_mark(
    struct web_connections *connections, struct MHD_Connection *connection, bool busy);
/* Ends those of which nothing was marked for `age_us`; with `idle` only those that have no
 * request in hand. How many there are. */
size_t web_connections_end(struct web_connections *connections, int64_t age_us, bool idle);

#endif
