/* SPDX-License-Identifier: BSD-2-Clause
 *
 * leave: what the files about leaving and preferring share
 *
 * leave.c answers who leaves, and writes; preferences.c shows what somebody chose, and reads
 * what he chooses.
 */
#ifndef WEB_LEAVE_H
#define WEB_LEAVE_H

#include "store/contact.h"
#include "web/internal.h"

#define LEAVE_LISTS_MAX 64
#define LEAVE_PAUSE_MS	((int64_t)30 * 86400000)

/* Whom a token names. */
struct leave_person {
	struct str address; /* of the contact, or from the token */
	bool known;	    /* `contact` is there */
	struct store_contact contact;
};

/* What a POST wants, and whom it is about. */
struct leave_wish {
	struct str address; /* of the contact, or from the token */
	/* Who, when and by what: what becomes an event is made from it. */
	const struct store_event *event;
	bool leave;
	bool back;	      /* takes back an earlier leaving */
	bool known;	      /* a contact, whose consent can be noted */
	bool pause;	      /* for LEAVE_PAUSE_MS from now */
	bool go_on;	      /* no pause any more */
	int track;	      /* 1: may be followed, 0: not, -1: unchanged */
	struct str language;  /* absent: unchanged */
	struct str frequency; /* absent: unchanged */
	/* Lists for which another choice was made than before. */
	size_t list_count;
	struct {
		struct str scope;
		bool wanted;
	} list[LEAVE_LISTS_MAX];
};

/* The person that a token names; a reply says it where there is none. It is spoken to in its
 * language. NULL: there is a reply already. */
const struct leave_person *leave_person(
    struct web_request *request, const struct link_facts *facts);
/* Makes the request's job; the wish is to be filled in. NULL: the reply says that it failed. */
struct leave_wish *leave_wish_new(
    struct web_request *request, const struct link_facts *facts, const struct leave_person *person);
/* A page about what the person chose so far. `done`: something was done just now. */
void leave_show(
    struct web_request *request, const char *name, const struct leave_person *person, bool done);

#endif
