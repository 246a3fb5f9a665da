/* SPDX-License-Identifier: BSD-2-Clause
 *
 * document: the manual page around its generated part
 */
#ifndef CONF_DOCUMENT_H
#define CONF_DOCUMENT_H

#include "base/err.h"
#include "base/str.h"

#include <stdio.h>

/* Writes `page`, the text of mailtailor.conf(5), with the part between its two marker
 * lines made anew. ERR_INPUT if a marker is missing. */
int document_page(FILE *out, struct str page, struct err *err);

#endif
