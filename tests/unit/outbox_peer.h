/* SPDX-License-Identifier: BSD-2-Clause
 *
 * outbox_peer: an SMTP server that does what a script says, for one connection
 */
#ifndef OUTBOX_PEER_H
#define OUTBOX_PEER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

enum peer_end {
	PEER_GO_ON,
	PEER_DRIP,  /* send byte by byte */
	PEER_CLOSE, /* then close */
	PEER_ABORT, /* then close with a reset */
	PEER_STALL, /* then neither read nor write until the client has gone */
};

/* Reads a line that begins with `expect` ("." reads a whole message up to the final dot; NULL
 * reads nothing), then sends `send` (NULL: nothing). */
struct peer_step {
	const char *expect;
	const char *send;
	enum peer_end end;
};

struct peer {
	const struct peer_step *steps;
	size_t count;
	int listener;
	int stalled; /* eventfd: PEER_STALL has begun */
	char hostport[32];
	pthread_t thread;
	char in[4096]; /* read ahead */
	size_t begin, end;
	char wrong[1024]; /* empty: everything came as expected */
	char *data;	  /* what came as messages, as on the wire */
	size_t data_len, data_size;
};

void peer_start(struct peer *peer, const struct peer_step *steps, size_t count);
/* Waits until the script is at its end and the connection closed. */
void peer_join(struct peer *peer);
void peer_free(struct peer *peer);

#endif
