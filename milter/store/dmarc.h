/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dmarc: what receivers counted of mail with our domains in From
 *
 * Threads: any.
 */
#ifndef STORE_DMARC_H
#define STORE_DMARC_H

#include "store/store.h"

/* One line of a report: so many messages from there had this result. */
struct store_dmarc_row {
	struct str source; /* IP address */
	struct str header_from;
	struct str disposition; /* "none", "quarantine", "reject" */
	struct str dkim;	/* aligned: "pass", "fail" */
	struct str spf;
	int64_t messages;
};

struct store_dmarc_report {
	struct str sender; /* domain that the report came from */
	struct str id;	   /* the sender's */
	struct str domain; /* whose policy */
	struct str organization;
	struct str policy; /* published: "none", "quarantine", "reject" */
	int64_t begin_ms;
	int64_t end_ms;
	const struct store_dmarc_row *rows;
	size_t count;
};

/* Lines with the same result are added up. 1 stored, 0 this report is there already, -1. */
int store_dmarc_put(struct store *store, const struct store_dmarc_report *report, struct err *err);

struct store_dmarc_filter {
	struct str domain; /* {NULL,0}: all */
	int64_t since_ms;  /* reports that end later; 0: all */
};

struct store_dmarc_sum {
	struct store_dmarc_row row; /* messages: of all reports */
	struct str domain;
	int64_t reports;
	int64_t first_ms;
	int64_t last_ms;
};

/* By domain, source and result, most messages first; `each` returns false to stop. */
int store_dmarc_each(struct store *store, const struct store_dmarc_filter *filter,
    bool (*each)(const struct store_dmarc_sum *sum, void *closure), void *closure, struct err *err);

#endif
