/* SPDX-License-Identifier: BSD-2-Clause
 *
 * view_impl: what the files of tailor/view*.c share; nobody else includes it
 */
#ifndef TAILOR_VIEW_IMPL_H
#define TAILOR_VIEW_IMPL_H

#include "tailor/view.h"

/* All inlined images of a message together, and all that become part of one page. */
#define TAILOR_VIEW_IMAGES_MAX ((size_t)4 << 20)

/* As tailor_view_source, of any message of this campaign. */
int tailor_view_reduce(const struct mime_message *mime, const struct conf_campaign *campaign,
    struct buf *out, struct err *err);

/* --- view_page.c --- */

/* HTML with the addresses cid:ID of `images` made data: addresses. What is not among them, or
 * would make the page too large, stays; a browser shows the alt text then. ERR_LIMIT. */
int tailor_view_inline(struct str html, const struct mime_image *images, size_t count,
    struct arena *arena, struct str *html_r, struct err *err);
/* Text as a page. ERR_LIMIT. */
int tailor_view_wrap(struct str text, struct arena *arena, struct str *html_r, struct err *err);

#endif
