/* SPDX-License-Identifier: BSD-2-Clause
 *
 * internal: what the files of tailor/ share; nobody else includes it
 */
#ifndef TAILOR_INTERNAL_H
#define TAILOR_INTERNAL_H

#include "liquid/liquid.h"
#include "merge/merge.h"
#include "plugin/plugin.h"
#include "store/contact.h"
#include "store/frequency.h"
#include "base/resident.h"
#include "tailor/data.h"
#include "tailor/tailor.h"
#include "tailor/template.h"
#include "tailor/templates.h"

#include <stdatomic.h>

/* A header field that holds template tags. */
struct tailor_field {
	char *name;   /* as in the message */
	bool mailbox; /* `text` is a display name and `address` stands beside it */
	struct liquid_program *text;
	struct liquid_program *address;
};

/* What is compiled once for all messages with the same text. Immutable and counted; a
 * part without tags has no program. */
struct tailor_compiled {
	unsigned references; /* under the cache's lock */
	struct id_digest key;
	struct tailor_field *fields;
	size_t field_count;
	struct liquid_program **parts;
	size_t part_count;
	struct tailor_track *track;
	bool asks_view; /* some template may print links.view */
};

/* --- compile.c --- */

/* Does this field hold template tags? The arena is for scratch. */
bool tailor_field_is_template(
    const struct mime_header *header, const struct conf_campaign *campaign, struct arena *arena);
bool tailor_has_tags(struct str text, const struct conf_campaign *campaign);
/* "Display name" <address> with tags in it, which no address parser would take: what stands in
 * the last angle brackets is the address, all before it the name. */
void tailor_split_mailbox(struct str text, struct str *display_r, struct str *address_r);
/* `field_of`: as in struct tailor_message. */
struct id_digest tailor_compiled_key(const struct mime_message *mime,
    const struct conf_campaign *campaign, struct str name, const int *field_of);
/* `data`: the campaign's; `shelf`: where partials and texts are found. */
int tailor_compile(struct tailor_compiled **compiled_r, const struct conf *conf,
    const struct conf_campaign *campaign, struct str name, const struct liquid_value *data,
    struct tailor_shelf shelf, const struct liquid_extensions *extensions,
    const struct mime_message *mime, struct err *err);

/* What the templates of one message are compiled with. Fill in the first members, then call
 * tailor_work_init; it must stay where it is. */
struct tailor_work {
	const struct conf *conf;
	struct tailor_shelf shelf;
	const struct liquid_extensions *extensions; /* of plugins; or NULL */
	const struct conf_campaign *campaign;
	const struct liquid_value *data; /* the campaign's */
	const struct mime_message *mime;
	const struct tailor_law *law; /* NULL: nothing is to be done */
	struct tailor_stages stages;
	struct merge_options options;
};

void tailor_work_init(struct tailor_work *work, struct arena *arena);
/* One field, one part, which is named by its number, from 1. */
int tailor_compile_field(struct tailor_field *field, const struct tailor_work *work,
    const struct mime_header *header, struct arena *arena, struct err *err);
int tailor_compile_part(struct liquid_program **program_r, const struct tailor_work *work,
    size_t number, const struct mime_part *part, struct err *err);
/* What the law misses in it (see tailor_law_lacks), or -1; 0 if the law is not about it. */
int tailor_part_lacks(
    const struct tailor_work *work, size_t number, const struct mime_part *part, struct err *err);
/* Does the campaign's footer compile, and show what it is there for? ERR_CONFIG. */
int tailor_check_footer(const struct tailor_work *work, struct err *err);
/* As it stands in messages: "HTML part 2". */
#define TAILOR_PART_NAME_SIZE 40
struct str tailor_part_name(
    const struct mime_part *part, size_t number, char name[TAILOR_PART_NAME_SIZE]);
/* ERR_TEMPLATE if there are tags where nothing can be rendered; the cache knows only what can. */
int tailor_check_fixed(
    const struct mime_message *mime, const struct conf_campaign *campaign, struct err *err);
void tailor_compiled_free(struct tailor_compiled **compiled);

/* --- cache.c: compiled messages by key, the least recently used leaves --- */

struct tailor_cache;

struct tailor_cache *tailor_cache_new(size_t max);
void tailor_cache_free(struct tailor_cache **cache);
/* NULL if it is not there. */
struct tailor_compiled *tailor_cache_get(struct tailor_cache *cache, const struct id_digest *key);
/* Takes `compiled`; gives back the entry to use, which is another one if somebody else was
 * faster. */
struct tailor_compiled *tailor_cache_put(
    struct tailor_cache *cache, struct tailor_compiled *compiled);
void tailor_cache_unref(struct tailor_cache *cache, struct tailor_compiled **compiled);

/* --- engine and message --- */

struct tailor {
	const struct conf *conf;
	struct dkim_keys *keys;
	struct link_keys *link_keys;
	struct tailor_templates *templates;
	struct store *store;
	struct plugin_set *plugins; /* or NULL */
	struct tailor_cache *cache;
	struct arena *arena;	   /* campaigns' data: written by tailor_new only */
	struct liquid_value *data; /* one for each campaign section, by its index */
	atomic_llong copies;	   /* rendered so far */
	struct resident growth;
};

struct tailor_message {
	struct tailor *tailor;
	const struct conf_campaign *campaign;
	struct tailor_compiled *compiled;
	struct mime_message *mime;
	int *field_of; /* for each header field: its index among compiled->fields, or -1 */
	char *name;
	char *sender; /* of the envelope, as it came */
	char key[ID_HEX_SIZE];
	char *domain;	 /* of From: signs, and stands in Message-IDs unless `hostname` is set */
	int64_t sent_ms; /* Date, which is the same at each attempt; 0: there is none */
	bool has_id;
	bool single;
	struct tailor_data *data; /* NULL: it brought none */
	char *note;		  /* why nothing was changed in it, or in a part; or NULL */
};

/* --- render.c --- */

/* What links are the same for all copies; the rest is the caller's. */
void tailor_links_prepare(struct tailor_links *links, const struct tailor *tailor,
    const struct conf_campaign *campaign, const struct tailor_track *track);

/* --- scope.c: what names in templates mean --- */

struct tailor_contact {
	struct store_contact row;
	bool known;
	struct str display;		/* for To: name, or first and last name; may be empty */
	bool untracked;			/* contact.do_not_track */
	enum store_frequency frequency; /* contact.mail_frequency */
	const char *refused; /* why the campaign does not go to this contact; NULL: it does */
};

/* 0, 1 (the contact has not agreed: `refused` says so), or -1. `globals_r` lies in the arena. `links`: what links.* mean; must outlive it. */
int tailor_scope(struct tailor *tailor, const struct tailor_message *message, struct str recipient,
    struct arena *arena, struct tailor_links *links, struct tailor_contact *contact_r,
    struct liquid_value *globals_r, struct err *err);
/* The same for a contact whose row is at hand (or `known` is false), which gets its `display`.
 * `campaign` NULL: it has no data. `data`: the message's, or NULL. */
int tailor_scope_of(struct tailor *tailor, const struct conf_campaign *campaign, struct str name,
    const struct tailor_data *data, struct str recipient, struct arena *arena,
    struct tailor_links *links, struct tailor_contact *contact, struct liquid_value *globals_r,
    struct err *err);

#endif
