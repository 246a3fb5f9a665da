/* SPDX-License-Identifier: BSD-2-Clause
 *
 * message_id: see message_id.h
 *
 * Threads: any; touches only its arguments.
 */
#include "tailor/message_id.h"

#include "base/id.h"

void
tailor_message_id_local(struct str key, struct str recipient, char hex[TAILOR_MESSAGE_ID_LOCAL + 1])
{
	const struct str pieces[] = {key, recipient};
	struct id_digest digest = id_digest(pieces, 2);

	id_hex(&digest, TAILOR_MESSAGE_ID_LOCAL / 2, hex);
}
