/* SPDX-License-Identifier: BSD-2-Clause
 *
 * feed: products from XML: Google Merchant's RSS 2.0 and Atom, plain RSS, and plain lists of
 * <product>
 *
 * libxml2 reads; memory stays the same however long the file is. Nothing is fetched, no
 * entity is expanded, a document type is refused. What is not well-formed, or beyond a
 * ceiling of libxml2 (a text of 10 MB, 256 levels), ends the reading.
 */
#ifndef INTAKE_FEED_H
#define INTAKE_FEED_H

#include "intake/product.h"

#include <stdio.h>

#define INTAKE_FEED_DEPTH  32	   /* elements within each other */
#define INTAKE_FEED_FIELDS 1000	   /* in one product */
#define INTAKE_PRODUCTS	   1000000 /* in one file of any format */

/* What is called; each returns 0, or -1 to stop. Text is valid until it returns. */
struct intake_feed {
	int (*product)(void *closure, size_t line, const struct store_product *product);
	int (*refuse)(void *closure, size_t line, const struct err *err);
	void *closure;
	struct str currency; /* where a price names none */
};

/* -1 with err if the file as a whole is unusable, without err if one of the above said so. */
int intake_feed_read(FILE *in, const struct intake_feed *feed, struct err *err);

#endif
