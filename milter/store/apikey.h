/* SPDX-License-Identifier: BSD-2-Clause
 *
 * apikey: who may use the event API
 *
 * A key is 32 random bytes behind a word that says what it is for. Only its SHA-256 is kept: it
 * needs no salt and no slow hash, since nobody guesses 256 bits, and a key is looked for by
 * its hash, so that how long that takes says nothing about any key.
 *
 * Events are known by the name of the key that brought them and their own id: a key that
 * takes the place of another has its name.
 */
#ifndef STORE_APIKEY_H
#define STORE_APIKEY_H

#include "base/id.h"
#include "store/store.h"

/* Stored as numbers. */
enum store_apikey_scope {
	STORE_APIKEY_NONE = 0,
	STORE_APIKEY_WRITE = 1, /* a shop's server: all events, those that change contacts, too */
	STORE_APIKEY_PAGE = 2,	/* stands in a web page, where anybody can read it */
	STORE_APIKEY_ADMIN = 3, /* contacts */
};

/* "write", "page", "admin"; NULL if there is no such scope. */
const char *store_apikey_scope_name(enum store_apikey_scope scope);
/* STORE_APIKEY_NONE if there is no such name. */
enum store_apikey_scope store_apikey_scope_of(struct str name);

#define STORE_APIKEY_NAME_MAX 60
#define STORE_APIKEY_RATE_MAX 100000
#define STORE_APIKEY_SIZE     96

struct store_apikey {
	int64_t id;
	struct str name; /* letters, digits, "._-" */
	enum store_apikey_scope scope;
	int64_t rate;	    /* requests a second; 0: as configured */
	int64_t created_ms; /* filled when read, like the next two */
	int64_t used_ms;    /* 0: never */
	int64_t revoked_ms; /* 0: it is good */
};

/* A new key, its text in `text`. ERR_INPUT (name, rate). */
int store_apikey_add(struct store *store, const struct store_apikey *key,
    char text[STORE_APIKEY_SIZE], int64_t *id_r, struct err *err);
/* The key with this text, if it is good: 1 (name in the arena), 0, -1. */
int store_apikey_find(struct store *store, struct str text, struct arena *arena,
    struct store_apikey *key_r, struct err *err);
/* 1 revoked, 0 there is none, or it was revoked before, -1. */
int store_apikey_revoke(struct store *store, int64_t id, struct err *err);
int store_apikey_used(struct store *store, int64_t id, int64_t time_ms, struct err *err);
/* All, revoked ones too, in order of id. */
int store_apikey_each(struct store *store,
    bool (*each)(const struct store_apikey *key, void *closure), void *closure, struct err *err);

#endif
