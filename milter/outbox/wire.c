/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_wire: see wire.h
 *
 * Owns:    the descriptor in struct outbox_wire.
 * Threads: one at a time for each struct.
 * Fails:   ERR_IO, ERR_PROTO, ERR_CONFIG.
 */
#include "outbox/wire.h"

#include "base/clock.h"
#include "base/descriptor.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define HOST_MAX     256
#define PORT_MAX     6
#define WRITE_PIECES 64

void
outbox_wire_init(struct outbox_wire *wire, int cancel_fd)
{
	wire->fd = -1;
	wire->cancel_fd = cancel_fd;
	wire->cancellable = true;
	wire->begin = wire->end = 0;
}

void
outbox_wire_close(struct outbox_wire *wire)
{
	if (wire->fd >= 0)
		close(wire->fd);
	wire->fd = -1;
	wire->begin = wire->end = 0;
}

static int
wait_for(const struct outbox_wire *wire, short events, int64_t deadline_us, struct err *err)
{
	for (;;) {
		struct pollfd fds[2] = {{.fd = wire->fd, .events = events},
		    {.fd = wire->cancellable ? wire->cancel_fd : -1, .events = POLLIN}};
		int64_t left_ms = (deadline_us - clock_mono_us() + 999) / 1000;
		int n;

		if (left_ms <= 0)
			return err_set(err, ERR_IO, "the relay took too long to %s",
			    events == POLLIN ? "answer" : "take data");
		n = poll(fds, 2, left_ms > INT_MAX ? INT_MAX : (int)left_ms);
		if (n < 0 && errno != EINTR)
			return err_set(err, ERR_IO, "poll: %s", strerror(errno));
		if (n > 0 && fds[0].revents != 0)
			return 0;
		if (n > 0 && fds[1].revents != 0)
			return err_set(err, ERR_IO, "cancelled");
	}
}

/* Splits "host:port" and "[v6]:port". */
static int
split_relay(const char *relay, char host[HOST_MAX], char port[PORT_MAX], struct err *err)
{
	const char *colon = strrchr(relay, ':');
	size_t host_len, skip = relay[0] == '[' ? 1 : 0;
	unsigned long long number;

	if (colon == NULL || !str_to_u64(str_c(colon + 1), 65535, &number) || number == 0)
		return err_set(err, ERR_CONFIG, "relay %s: HOST:PORT expected", relay);
	host_len = (size_t)(colon - relay) - skip;
	if (skip == 1 && (host_len == 0 || relay[host_len] != ']'))
		return err_set(err, ERR_CONFIG, "relay %s: no ] before the port", relay);
	host_len -= skip;
	if (host_len == 0 || host_len >= HOST_MAX)
		return err_set(err, ERR_CONFIG, "relay %s: HOST:PORT expected", relay);
	memcpy(host, relay + skip, host_len);
	host[host_len] = '\0';
	snprintf(port, PORT_MAX, "%u", (unsigned)number & 0xffff);
	return 0;
}

static int
connect_one(
    struct outbox_wire *wire, const struct addrinfo *address, int64_t deadline_us, struct err *err)
{
	int error = 0, on = 1;
	socklen_t size = sizeof error;

	wire->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (wire->fd < 0)
		return err_set(err, ERR_IO, "socket: %s", strerror(errno));
	descriptor_guard(wire->fd);
	if (connect(wire->fd, address->ai_addr, address->ai_addrlen) != 0) {
		if (errno != EINPROGRESS)
			return err_set(err, ERR_IO, "connect: %s", strerror(errno));
		if (wait_for(wire, POLLOUT, deadline_us, err) != 0)
			return err_prefix(err, "connect");
		if (getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)
			return err_set(err, ERR_IO, "connect: %s", strerror(error));
	}
	/* Each write is a whole group of commands: nothing is gained by waiting for more. */
	setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return 0;
}

int
outbox_wire_connect(
    struct outbox_wire *wire, const char *relay, int64_t deadline_us, struct err *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *list = NULL;
	char host[HOST_MAX], port[PORT_MAX];
	int code, result = -1;

	if (split_relay(relay, host, port, err) != 0)
		return -1;
	code = getaddrinfo(host, port, &hints, &list);
	if (code != 0)
		return err_set(err, ERR_IO, "relay %s: %s", relay,
		    code == EAI_SYSTEM ? strerror(errno) : gai_strerror(code));
	for (struct addrinfo *address = list; address != NULL && result != 0;
	     address = address->ai_next) {
		result = connect_one(wire, address, deadline_us, err);
		if (result != 0)
			outbox_wire_close(wire);
	}
	freeaddrinfo(list);
	return result == 0 ? 0 : err_prefix(err, "relay %s", relay);
}

static int
fill(struct outbox_wire *wire, int64_t deadline_us, struct err *err)
{
	ssize_t got;

	if (wire->begin > 0) {
		memmove(wire->in, wire->in + wire->begin, wire->end - wire->begin);
		wire->end -= wire->begin;
		wire->begin = 0;
	}
	for (;;) {
		got = recv(wire->fd, wire->in + wire->end, sizeof wire->in - wire->end, 0);
		if (got > 0) {
			wire->end += (size_t)got;
			return 0;
		}
		if (got == 0)
			return err_set(err, ERR_IO, "the relay closed the connection");
		if (errno != EAGAIN && errno != EINTR)
			return err_set(err, ERR_IO, "connection lost: %s", strerror(errno));
		if (errno == EAGAIN && wait_for(wire, POLLIN, deadline_us, err) != 0)
			return -1;
	}
}

int
outbox_wire_line(struct outbox_wire *wire, int64_t deadline_us, struct str *line_r, struct err *err)
{
	size_t seen = 0;

	for (;;) {
		const char *line = wire->in + wire->begin;
		size_t have = wire->end - wire->begin;
		const char *lf = memchr(line + seen, '\n', have - seen);
		size_t length = lf == NULL ? have : (size_t)(lf - line) + 1;

		if (length > OUTBOX_WIRE_LINE_MAX)
			return err_set(err, ERR_PROTO, "the relay's reply line is over %d bytes",
			    OUTBOX_WIRE_LINE_MAX);
		if (lf != NULL) {
			if (length < 2 || lf[-1] != '\r')
				return err_set(
				    err, ERR_PROTO, "the relay's reply line does not end in CRLF");
			*line_r = (struct str){line, length - 2};
			wire->begin += length;
			return 0;
		}
		seen = have;
		if (fill(wire, deadline_us, err) != 0)
			return -1;
	}
}

/* As many of the pieces as fit, the first one from `skip` on. */
static size_t
gather(struct iovec *out, const struct str *pieces, size_t count, size_t skip)
{
	size_t n;

	for (n = 0; n < count && n < WRITE_PIECES; n++) {
		memcpy(&out[n].iov_base, &pieces[n].p, sizeof pieces[n].p);
		out[n].iov_len = pieces[n].n;
	}
	out[0].iov_base = (char *)out[0].iov_base + skip;
	out[0].iov_len -= skip;
	return n;
}

int
outbox_wire_write(struct outbox_wire *wire, const struct str *pieces, size_t count,
    int64_t deadline_us, struct err *err)
{
	size_t skip = 0; /* bytes of the first piece that have left */

	while (count > 0) {
		struct iovec out[WRITE_PIECES];
		struct msghdr message = {
		    .msg_iov = out, .msg_iovlen = gather(out, pieces, count, skip)};
		ssize_t sent = sendmsg(wire->fd, &message, MSG_NOSIGNAL);

		if (sent < 0 && errno == EAGAIN) {
			if (wait_for(wire, POLLOUT, deadline_us, err) != 0)
				return -1;
			continue;
		}
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return err_set(err, ERR_IO, "connection lost: %s", strerror(errno));
		skip += (size_t)sent;
		while (count > 0 && skip >= pieces->n) {
			skip -= pieces->n;
			pieces++;
			count--;
		}
	}
	return 0;
}

bool
outbox_wire_quiet(const struct outbox_wire *wire)
{
	struct pollfd fd = {.fd = wire->fd, .events = POLLIN | POLLRDHUP};

	return wire->fd >= 0 && wire->begin == wire->end && poll(&fd, 1, 0) == 0;
}
