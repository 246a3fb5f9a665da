/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_peer: see outbox_peer.h
 */
#include "outbox_peer.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define STALL_MS 3000

static char
read_byte(struct peer *peer, int fd, bool *eof)
{
	if (peer->begin == peer->end) {
		ssize_t got = recv(fd, peer->in, sizeof peer->in, 0);

		*eof = got <= 0;
		if (*eof)
			return 0;
		peer->begin = 0;
		peer->end = (size_t)got;
	}
	return peer->in[peer->begin++];
}

static void
keep(struct peer *peer, char c)
{
	if (peer->data_len == peer->data_size) {
		peer->data_size = peer->data_size * 2 + 1024;
		peer->data = realloc(peer->data, peer->data_size);
		if (peer->data == NULL)
			abort();
	}
	peer->data[peer->data_len++] = c;
}

static bool
read_message(struct peer *peer, int fd)
{
	size_t begin = peer->data_len;
	bool eof = false;

	for (;;) {
		char c = read_byte(peer, fd, &eof);
		size_t n;

		if (eof)
			return false;
		keep(peer, c);
		n = peer->data_len - begin;
		if (n >= 3 && memcmp(peer->data + peer->data_len - 3, ".\r\n", 3) == 0 &&
		    (n == 3 || (n >= 5 && memcmp(peer->data + peer->data_len - 5, "\r\n", 2) == 0)))
			return true;
	}
}

static bool
read_line(struct peer *peer, int fd, const char *expect)
{
	char line[1024];
	size_t n = 0;
	bool eof = false;

	while (n < sizeof line - 1 && (n == 0 || line[n - 1] != '\n') && !eof)
		line[n++] = read_byte(peer, fd, &eof);
	line[eof ? n - 1 : n] = '\0';
	if (strncmp(line, expect, strlen(expect)) == 0)
		return true;
	snprintf(peer->wrong, sizeof peer->wrong, "expected %.400s, got %.500s", expect,
	    eof ? "end of file" : line);
	return false;
}

static void
say(int fd, const char *text, bool drip)
{
	size_t step = drip ? 1 : strlen(text);

	for (; *text != '\0'; text += step) {
		if (send(fd, text, step, MSG_NOSIGNAL) < 0)
			return;
		if (drip)
			usleep(500);
	}
}

static void
play(struct peer *peer, int fd)
{
	struct linger abrupt = {1, 0};
	struct pollfd gone = {.fd = fd, .events = POLLRDHUP};
	bool eof = false;

	for (size_t i = 0; i < peer->count; i++) {
		const struct peer_step *step = &peer->steps[i];

		if (step->expect != NULL &&
		    !(strcmp(step->expect, ".") == 0 ? read_message(peer, fd)
						     : read_line(peer, fd, step->expect)))
			return;
		if (step->send != NULL)
			say(fd, step->send, step->end == PEER_DRIP);
		if (step->end == PEER_ABORT)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
		if (step->end == PEER_ABORT)
			return;
		if (step->end == PEER_CLOSE) {
			/* Unread bytes would turn the close into a reset. */
			shutdown(fd, SHUT_WR);
			break;
		}
		if (step->end == PEER_STALL) {
			eventfd_write(peer->stalled, 1);
			poll(&gone, 1, STALL_MS);
			return;
		}
	}
	while (!eof)
		read_byte(peer, fd, &eof);
}

static void *
run(void *closure)
{
	struct peer *peer = closure;
	struct pollfd wait = {.fd = peer->listener, .events = POLLIN};
	int fd;

	/* A client that never connects must not hang the test. */
	if (poll(&wait, 1, 5000) != 1)
		return NULL;
	fd = accept(peer->listener, NULL, NULL);
	if (fd >= 0) {
		play(peer, fd);
		close(fd);
	}
	return NULL;
}

void
peer_start(struct peer *peer, const struct peer_step *steps, size_t count)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof address;

	*peer = (struct peer){.steps = steps, .count = count};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	peer->listener = socket(AF_INET, SOCK_STREAM, 0);
	peer->stalled = eventfd(0, EFD_CLOEXEC);
	if (peer->stalled < 0 || bind(peer->listener, (struct sockaddr *)&address, size) != 0 ||
	    listen(peer->listener, 1) != 0 ||
	    getsockname(peer->listener, (struct sockaddr *)&address, &size) != 0)
		abort();
	snprintf(peer->hostport, sizeof peer->hostport, "127.0.0.1:%u", ntohs(address.sin_port));
	if (pthread_create(&peer->thread, NULL, run, peer) != 0)
		abort();
}

void
peer_join(struct peer *peer)
{
	pthread_join(peer->thread, NULL);
	close(peer->listener);
}

void
peer_free(struct peer *peer)
{
	close(peer->stalled);
	free(peer->data);
	peer->data = NULL;
}
