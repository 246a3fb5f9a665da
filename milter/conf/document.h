/* SPDX-License-Identifier: BSD-2-Clause
 *
 * document: the manual page around its generated part
 */
#ifndef CONF_DOCUMENT_H
#define CONF_DOCUMENT_H

#include "base/err.h"
#include "base/str.h"
#include "conf/row.h"

#include <stdio.h>

/* Writes `page`, the text of mailtailor.conf(5), with the part between its two marker
 * lines made anew. ERR_INPUT if a marker is missing. */
int document_page(FILE *out, struct str page, struct err *err);

/* A list of parameters in mdoc(7), as the manual has it. */
void document_rows(FILE *out, struct conf_rows rows);
/* Sentences in mdoc(7), each on a line of its own. */
void document_prose(FILE *out, const char *text);
/* "From 1 to 20.", "One of a, b.", "Required." or nothing. */
char *document_rule(const struct conf_row *row);
/* A value as it is written in a configuration file. */
void document_value(FILE *out, const struct conf_row *row, const char *value);

#endif
