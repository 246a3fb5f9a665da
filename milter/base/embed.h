/* SPDX-License-Identifier: BSD-2-Clause
 *
 * embed: files that are part of the program, as embed.awk makes them
 */
#ifndef BASE_EMBED_H
#define BASE_EMBED_H

struct embedded {
	const char *name; /* of the file, without its endings */
	const char *text;
};

#endif
