/* SPDX-License-Identifier: BSD-2-Clause
 *
 * liquid_input: what a fuzzer of templates gets, cut into pieces
 *
 *     FLAGS TEMPLATE [RS DATA] [RS PARTIAL]...
 *
 * One byte of flags, then pieces with the ASCII record separator between them. The
 * partials are called p1, p2, ...; the template itself is "me".
 */
#ifndef FUZZ_LIQUID_INPUT_H
#define FUZZ_LIQUID_INPUT_H

#include "liquid/liquid.h"

#define INPUT_PARTS_MAX 6
#define INPUT_NAME	"fuzz"

struct liquid_input {
	unsigned char flags;
	struct str template;
	struct str data; /* STR_NONE: the input has none */
	struct str part[INPUT_PARTS_MAX];
	size_t parts;
	struct liquid_partials partials;
};

/* One way to compile a template. */
struct liquid_way {
	const char *name;
	enum liquid_mode mode;
	bool strict;
};

#define LIQUID_WAYS 4
extern const struct liquid_way liquid_way[LIQUID_WAYS];

void liquid_input_cut(struct liquid_input *input, const uint8_t *data, size_t size, bool has_data);
/* Is this word anywhere in the template or a partial? */
bool liquid_input_has(const struct liquid_input *input, const char *word);
/* Sets seen[c] for each byte that stands in the template or a partial outside of tags
 * and may therefore come out as it is. */
void liquid_input_texts(const struct liquid_input *input, bool seen[256]);

/* Stops unless the error says where and is in order. */
void liquid_input_check_err(const struct err *err);
/* Says what is wrong, and stops. */
void liquid_input_fail(const char *way, const char *what) __attribute__((noreturn));

#endif
