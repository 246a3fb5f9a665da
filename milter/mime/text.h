/* SPDX-License-Identifier: BSD-2-Clause
 *
 * text: what a text part holds, as UTF-8
 *
 * Threads: any; touches only its arguments.
 */
#ifndef MIME_TEXT_H
#define MIME_TEXT_H

#include "base/str.h"

#include <gmime/gmime.h>

/* Decodes `content` from its transfer encoding and charset ({NULL,0}: none was
 * given, which means ASCII, and UTF-8 is let pass). The result has LF line ends,
 * no NUL, and belongs to the caller (g_free). False if anything is not what it
 * says it is: then nobody should rewrite that part. */
bool mime_text_decode(
    struct str content, GMimeContentEncoding encoding, struct str charset, struct str *text_r);

/* The transfer encoding alone, byte for byte. False if it is unknown or broken. */
bool mime_transfer_decode(struct str content, GMimeContentEncoding encoding, struct str *data_r);
/* `text` (UTF-8, LF) in that charset, if all of it has a place there and ASCII means the same
 * in it. Belongs to the caller (g_free). */
bool mime_text_fit(struct str charset, struct str text, struct str *data_r);

#endif
