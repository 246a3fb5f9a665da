/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dmarc: aggregate reports of DMARC (RFC 7489 section 7.2)
 *
 * XML, mostly packed as gzip or zip. libarchive unpacks both, piece by piece, and libxml2 reads
 * each piece as it comes, without ever making a tree: memory does not grow with what somebody
 * packed. A document type, and with it every entity but the five of XML, ends the reading.
 *
 * Threads: any; touches only its arguments.
 */
#ifndef DELIVERY_DMARC_H
#define DELIVERY_DMARC_H

#include "base/arena.h"
#include "base/err.h"
#include "store/dmarc.h"

/* Ceilings: beyond them the whole report is refused. */
#define DELIVERY_DMARC_PACKED_MAX ((size_t)16 << 20)
#define DELIVERY_DMARC_XML_MAX	  ((size_t)64 << 20) /* unpacked */
#define DELIVERY_DMARC_ROWS_MAX	  50000
#define DELIVERY_DMARC_DEPTH_MAX  32
#define DELIVERY_DMARC_TEXT_MAX	  1000
/* An arena with this ceiling is large enough. */
#define DELIVERY_DMARC_ARENA ((size_t)48 << 20)

/* `packed`: gzip, zip or XML. Text and rows in the arena; `sender` stays empty. ERR_INPUT: it
 * is no such report; ERR_LIMIT. */
int delivery_dmarc_read(
    struct str packed, struct arena *arena, struct store_dmarc_report *report_r, struct err *err);

/* The part of a message that may be one, its transfer encoding undone, for g_free().
 * NULL: there is none. */
char *delivery_dmarc_find(struct str raw, size_t *size_r);

#endif
