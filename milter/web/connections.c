/* SPDX-License-Identifier: BSD-2-Clause
 *
 * connections: an end for those that last too long
 *
 * libmicrohttpd ends a connection on which nothing happens. One that sends a byte now and
 * then would stay for hours: here each request has a time by which its reply must be out; then
 * the socket is shut down, which libmicrohttpd sees as the client's leaving.
 *
 * Owns:    the list of open sockets, under `lock`.
 * Threads: any.
 */
#include "web/server.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

struct entry {
	struct entry *next, **previous;
	int fd;
	bool busy;
	int64_t since_us;
};

struct web_connections {
	pthread_mutex_t lock;
	struct entry *first;
};

struct web_connections *
web_connections_new(void)
{
	struct web_connections *connections = calloc(1, sizeof *connections);

	if (connections == NULL)
		abort();
	pthread_mutex_init(&connections->lock, NULL);
	return connections;
}

void
web_connections_free(struct web_connections **connections)
{
	struct web_connections *gone = *connections;

	*connections = NULL;
	if (gone == NULL)
		return;
	pthread_mutex_destroy(&gone->lock);
	free(gone);
}

static void
add(struct web_connections *connections, struct entry *entry)
{
	pthread_mutex_lock(&connections->lock);
	entry->next = connections->first;
	entry->previous = &connections->first;
	if (entry->next != NULL)
		entry->next->previous = &entry->next;
	connections->first = entry;
	pthread_mutex_unlock(&connections->lock);
}

static void
drop(struct web_connections *connections, struct entry *entry)
{
	pthread_mutex_lock(&connections->lock);
	*entry->previous = entry->next;
	if (entry->next != NULL)
		entry->next->previous = entry->previous;
	pthread_mutex_unlock(&connections->lock);
}

void
web_connections_notify(void *closure, struct MHD_Connection *connection, void **socket_context,
    enum MHD_ConnectionNotificationCode code)
{
	const union MHD_ConnectionInfo *info;
	struct entry *entry = *socket_context;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (entry != NULL)
			drop(closure, entry);
		free(entry);
		*socket_context = NULL;
		return;
	}
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	entry = calloc(1, sizeof *entry);
	if (entry == NULL || info == NULL)
		abort();
	entry->fd = info->connect_fd;
	entry->since_us = clock_mono_us();
	add(closure, entry);
	*socket_context = entry;
}

void
web_connections_mark(
    struct web_connections *connections, struct MHD_Connection *connection, bool busy)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct entry *entry = info == NULL ? NULL : info->socket_context;

	if (entry == NULL)
		return;
	pthread_mutex_lock(&connections->lock);
	entry->since_us = clock_mono_us();
	entry->busy = busy;
	pthread_mutex_unlock(&connections->lock);
}

size_t
web_connections_end(struct web_connections *connections, int64_t age_us, bool idle)
{
	int64_t oldest_us = clock_mono_us() - age_us;
	size_t count = 0;

	pthread_mutex_lock(&connections->lock);
	for (struct entry *entry = connections->first; entry != NULL; entry = entry->next) {
		count++;
		if (entry->since_us <= oldest_us && !(idle && entry->busy))
			shutdown(entry->fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&connections->lock);
	return count;
}
