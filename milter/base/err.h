/* SPDX-License-Identifier: BSD-2-Clause
 *
 * err: what went wrong, as a code and a sentence
 *
 * A function that can fail returns 0 or -1 and fills a struct err that its
 * caller owns. The code decides what happens next (session/verdict.c maps it to
 * a milter reply); the sentence is for the administrator and is written to logs
 * and journal: no secrets, no contact data beyond the address.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/str.h"

enum err_code {
	ERR_NONE = 0,
	ERR_CONFIG,   /* the configuration is wrong; text begins with file:line */
	ERR_INPUT,    /* what came from outside is malformed */
	ERR_TEMPLATE, /* template text does not compile or render */
	ERR_MISSING,  /* a value or contact is missing and the campaign forbids that */
	ERR_ABORT,    /* the template asked that this recipient get nothing */
	ERR_LIMIT,    /* a ceiling was reached */
	ERR_NOTFOUND, /* the named thing does not exist */
	ERR_PERM,     /* not allowed; file modes that are too open */
	ERR_IO,	      /* operating system said no; text holds strerror */
	ERR_STORE,    /* database error */
	ERR_BUSY,     /* database locked, peer overloaded: the same call may work later */
	ERR_KEY,      /* no signing key, or it does not work */
	ERR_PLUGIN,   /* a plugin failed, or is out of service */
	ERR_PROTO,    /* the SMTP peer broke the protocol or said no */
};

#define ERR_TEXT_MAX 512

/* Where in a text from outside (a template, a data file) it went wrong. `text` then reads
 * "name:line:column: sentence". */
struct err_place {
	unsigned line;	   /* from 1; 0: the error is about no such place */
	unsigned column;   /* from 1, in characters */
	unsigned name;	   /* bytes of the name, at the beginning of `text` */
	unsigned sentence; /* where the sentence begins in `text` */
};

struct err {
	enum err_code code;
	struct err_place place; /* err_set and err_prefix empty it */
	char text[ERR_TEXT_MAX];
};

#define ERR_INIT ((struct err){ERR_NONE, {0, 0, 0, 0}, ""})

/* Fills `err` (NULL is allowed) and returns -1, so that callers can write
 * `return err_set(...)`. Control characters in the result become '?'. */
int err_set(struct err *err, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for an error at a place. */
int err_set_at(struct err *err, enum err_code code, struct str name, unsigned line, unsigned column,
    const char *sentence);
/* Puts "prefix: " before the text; keeps the code. Returns -1. */
int err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A short word for logs: "template", "store", ... */
const char *err_code_name(enum err_code code);
/* The sysexits.h value that a command exits with. */
int err_exit_code(enum err_code code);

#endif
