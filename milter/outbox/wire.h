/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_wire: a TCP connection to the relay, lines in, spans out, all with deadlines
 *
 * Deadlines are points of clock_mono_us(). The socket never blocks; waiting is poll().
 */
#ifndef OUTBOX_WIRE_H
#define OUTBOX_WIRE_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

/* RFC 5321 section 4.5.3.1.5 allows 512 octets a reply line; Postfix writes up to its
 * line_length_limit of 2048. */
#define OUTBOX_WIRE_LINE_MAX 2048

struct outbox_wire {
	int fd;	       /* -1: not connected */
	int cancel_fd; /* readable: give up waiting; -1: none */
	bool cancellable;
	size_t begin, end; /* unread bytes in `in` */
	char in[2 * OUTBOX_WIRE_LINE_MAX];
};

void outbox_wire_init(struct outbox_wire *wire, int cancel_fd);
/* `relay`: HOST:PORT, host a name, an IPv4 address or an IPv6 address in brackets. Tries every
 * address of the name. ERR_CONFIG (malformed), ERR_IO (with what the last address said). */
int outbox_wire_connect(
    struct outbox_wire *wire, const char *relay, int64_t deadline_us, struct err *err);
void outbox_wire_close(struct outbox_wire *wire);
/* The next line without its CRLF, valid until the next call. ERR_IO: connection lost, deadline,
 * cancelled. ERR_PROTO: line too long or not ended by CRLF. */
int outbox_wire_line(
    struct outbox_wire *wire, int64_t deadline_us, struct str *line_r, struct err *err);
/* Writes all of it. The deadline is for this call, whatever the amount. With -1 some bytes may
 * have left, but never the last one. ERR_IO. */
int outbox_wire_write(struct outbox_wire *wire, const struct str *pieces, size_t count,
    int64_t deadline_us, struct err *err);
/* Neither closed by the peer nor anything unread? */
bool outbox_wire_quiet(const struct outbox_wire *wire);

#endif
