/* SPDX-License-Identifier: BSD-2-Clause
 *
 * doc: what a scan found
 */
#ifndef HTML_DOC_H
#define HTML_DOC_H

#include "html/html.h"

struct html_doc {
	struct arena *arena; /* texts, and the arrays */
	struct html_link *link;
	size_t links;
	struct html_image *image;
	size_t images;
	struct html_slot *slot;
	size_t slots;
	struct html_places places;
	struct html_summary summary;
};

#endif
