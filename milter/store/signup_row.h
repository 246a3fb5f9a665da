/* SPDX-License-Identifier: BSD-2-Clause
 *
 * signup_row: a row of the table signup; for signup.c and signup_list.c
 */
#ifndef STORE_SIGNUP_ROW_H
#define STORE_SIGNUP_ROW_H

#include "store/db.h"
#include "store/signup.h"

#define SIGNUP_COLUMNS                                                                       \
	"id, address, form, created_ms, expires_ms, confirmed_ms, mailed, client, consent, " \
	"language, fields"

/* Texts are good until the next step. */
static inline void
signup_borrow(sqlite3_stmt *statement, struct store_signup *signup_r)
{
	*signup_r = (struct store_signup){
	    .id = sqlite3_column_int64(statement, 0),
	    .address = store_db_str(statement, 1),
	    .form = store_db_str(statement, 2),
	    .created_ms = sqlite3_column_int64(statement, 3),
	    .expires_ms = sqlite3_column_int64(statement, 4),
	    .confirmed_ms = sqlite3_column_int64(statement, 5),
	    .mailed = sqlite3_column_int(statement, 6) != 0,
	    .client = store_db_str(statement, 7),
	    .consent = store_db_str(statement, 8),
	    .language = store_db_str(statement, 9),
	    .fields = store_db_str(statement, 10),
	};
}

#endif
