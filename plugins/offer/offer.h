/* SPDX-License-Identifier: BSD-2-Clause
 *
 * offer: what the files of this plugin share
 *
 * rules.c reads the parameter `offers`; code.c computes codes; pool.c keeps those of a file in
 * the key-value store; offer.c is what templates see.
 */
#ifndef OFFER_H
#define OFFER_H

#include <mailtailor/plugin.h>

#include <limits.h>
#include <stdbool.h>

#define OFFER_MAX	 16
#define OFFER_NAME_MAX	 40
#define OFFER_PREFIX_MAX 16
#define OFFER_KEY_MAX	 256
#define OFFER_CODE_MAX	 100 /* of a pool's code, in bytes */

enum offer_per { OFFER_PER_CAMPAIGN, OFFER_PER_CONTACT, OFFER_PER_MESSAGE };

struct offer {
	char name[OFFER_NAME_MAX + 1];
	char prefix[OFFER_PREFIX_MAX + 1];
	char file[PATH_MAX]; /* of the pool; empty: codes are computed */
	char key_file[PATH_MAX];
	unsigned char key[OFFER_KEY_MAX];
	size_t key_n;
	enum offer_per per;
	int64_t days; /* valid so many days behind the message's; 0: for ever */
	bool fail;    /* without a code: the hook fails; else the value is nil */
	int64_t low;
	/* The file as it was read to its end; of the task alone. */
	int64_t read_ms, read_size, read_inode;
	bool warned; /* that few are left */
};

struct offers {
	struct offer at[OFFER_MAX];
	size_t count;
};

/* --- rules.c --- */

/* Fails with what is wrong and where. `keys`: key files are read, too. */
int32_t offer_rules_read(struct mt_call *call, struct offers *offers, bool keys);
const struct offer *offer_rules_find(const struct offers *offers, struct mt_str name);

/* --- code.c --- */

#define OFFER_COMPUTED_MAX (OFFER_PREFIX_MAX + 32)

/* The code of this contact that is good until the end of that day (days since 1970-01-01; 0: for
 * ever). Its length, with a NUL behind it. */
size_t offer_code(
    const struct offer *offer, int64_t contact, int64_t day, char code[OFFER_COMPUTED_MAX]);
/* Half of a SHA-256 in hex, over texts with a NUL between them: 32 letters and a NUL. */
void offer_digest(const struct mt_str *texts, size_t count, char hex[33]);

/* --- pool.c --- */

/* MT_NONE: the pool is empty. In a dry run nothing is taken, and a stand-in is shown. */
int32_t offer_pool_claim(struct mt_call *call, const struct offer *offer,
    const struct mt_contact *contact, const struct mt_message *message, struct mt_str *code_r);
/* Takes what is new in the files into the store. */
int32_t offer_pool_fill(struct mt_call *call, void *closure);

#endif
