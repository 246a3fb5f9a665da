/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dns: a TXT record by the system's resolver, or from a file in its place
 *
 * A file is read anew for each question. Each line: NAME, white space, the record; # begins
 * a comment line. The record NXDOMAIN stands for "there is none", SERVFAIL for a server that
 * does not answer. A name that is not in the file has no record.
 *
 * Threads: any; a question takes seconds where nobody answers, so it has no place in a
 *          message's way.
 */
#ifndef DKIM_DNS_H
#define DKIM_DNS_H

#include "dkim/record.h"

enum dkim_answer { DKIM_ANSWER_SILENT, DKIM_ANSWER_NONE, DKIM_ANSWER_RECORD };

/* The strings of the first TXT record that could be a key's, put together. `file`: empty for the
 * resolver, which gets two seconds for each of at most two servers. A file that can't be read
 * is silent. */
enum dkim_answer dkim_dns_txt(const char *file, const char *name, char record[DKIM_RECORD_MAX]);

#endif
