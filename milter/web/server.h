/* SPDX-License-Identifier: BSD-2-Clause
 *
 * server: the HTTP server, and the connections that last too long
 */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include "web/internal.h"

struct web_connections;

/* NULL if it can't start. The descriptor stays the caller's. */
struct MHD_Daemon *web_server_start(
    struct web *web, struct web_connections *connections, int listen_fd);
struct MHD_Response *web_pixel_new(void);

/* --- connections.c --- */

struct web_connections *web_connections_new(void);
void web_connections_free(struct web_connections **connections);
/* For MHD_OPTION_NOTIFY_CONNECTION. */
void web_connections_notify(void *closure, struct MHD_Connection *connection, void **socket_context,
    enum MHD_ConnectionNotificationCode code);
/* A reply went out: the next one's time begins. */
void web_connections_touch(struct web_connections *connections, struct MHD_Connection *connection);
/* Ends those that have had no reply for `age_us`, whatever they are doing; how many there are. */
size_t web_connections_end(struct web_connections *connections, int64_t age_us);

#endif
