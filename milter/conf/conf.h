/* SPDX-License-Identifier: BSD-2-Clause
 *
 * conf: the configuration as an immutable, counted snapshot
 *
 * Read once, checked as a whole, then shared by whoever holds a reference; a
 * reload makes a new snapshot and leaves the old one to those still using it.
 *
 * Threads: any may hold references; nobody writes after conf_load.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "base/err.h"
#include "base/str.h"
#include "conf/table.h"

#include <stdint.h>
#include <stdio.h>

struct conf_list {
	const char **at;
	size_t count;
};

#define CONF_MEMBER_TEXT				 const char *
#define CONF_MEMBER_BOOL				 bool
#define CONF_MEMBER_INT					 int64_t
#define CONF_MEMBER_TIME				 int64_t
#define CONF_MEMBER_SIZE				 int64_t
#define CONF_MEMBER_ENUM				 int
#define CONF_MEMBER_LIST				 struct conf_list
#define CONF_MEMBER(type, name, initial, rule, document) CONF_MEMBER_##type name;

/* Values of the ENUM parameters, in the order of their rules. */
enum conf_unknown { CONF_UNKNOWN_BARE, CONF_UNKNOWN_DEFER, CONF_UNKNOWN_REFUSE };
enum conf_missing { CONF_MISSING_EMPTY, CONF_MISSING_DEFER, CONF_MISSING_FAIL };
enum conf_charset { CONF_CHARSET_UTF_8, CONF_CHARSET_KEEP };
enum conf_sealed { CONF_SEALED_PASS, CONF_SEALED_REFUSE };
enum conf_merge_tags { CONF_MERGE_TAGS_NONE, CONF_MERGE_TAGS_MAILCHIMP };
enum conf_signatures { CONF_SIGNATURES_ALL, CONF_SIGNATURES_RSA, CONF_SIGNATURES_ED25519 };
enum conf_active { CONF_ACTIVE_YES, CONF_ACTIVE_AUTO, CONF_ACTIVE_NO };
enum conf_to { CONF_TO_RECIPIENT, CONF_TO_KEEP };
enum conf_on_error { CONF_ON_ERROR_DEFER, CONF_ON_ERROR_WITHOUT, CONF_ON_ERROR_STOP };
enum conf_web_client { CONF_WEB_CLIENT_SHORT, CONF_WEB_CLIENT_FULL, CONF_WEB_CLIENT_NONE };
enum conf_kind { CONF_KIND_MARKETING, CONF_KIND_TRANSACTIONAL };
enum conf_consent { CONF_CONSENT_ASSUMED, CONF_CONSENT_REQUIRED };

struct conf_campaign {
	const char *name;  /* "*" stands for every name without a section of its own */
	const char *place; /* file:line of the section, for messages */
	CONF_CAMPAIGN(CONF_MEMBER)
};

struct conf_dkim {
	const char *domain; /* lower case, A-labels */
	const char *place;
	CONF_DKIM(CONF_MEMBER)
};

/* A parameter that is the plugin's own: plugin/param.h knows what it may be. */
struct conf_setting {
	const char *name;
	const char *place;  /* file:line */
	const char *folder; /* where relative paths begin */
	struct conf_list values;
};

struct conf_plugin {
	const char *name;
	const char *place;
	CONF_PLUGIN(CONF_MEMBER)
	struct conf_setting *settings;
	size_t setting_count;
};

/* A form that people sign up with. */
struct conf_form {
	const char *name; /* 1 to 40 of a-z, 0-9, "_" */
	const char *place;
	CONF_FORM(CONF_MEMBER)
};

/* Where events are sent to. */
struct conf_webhook {
	const char *name; /* as a form's */
	const char *place;
	CONF_WEBHOOK(CONF_MEMBER)
};

struct conf {
	const char *path;
	CONF_GLOBAL(CONF_MEMBER)
	struct conf_campaign *campaigns;
	size_t campaign_count;
	struct conf_plugin *plugins;
	size_t plugin_count;
	struct conf_dkim *dkims;
	size_t dkim_count;
	struct conf_form *forms;
	size_t form_count;
	struct conf_webhook *webhooks;
	size_t webhook_count;
};

/* Reads and checks `path`. Result has one reference. ERR_CONFIG with
 * "file:line: what was wrong: what was expected"; all errors of a file are given
 * to `each_error` (may be NULL), the first one is in `err`. Checks what the text
 * says; that files exist and may be read is conf_check_machine's. */
int conf_load(struct conf **conf_r, const char *path,
    void (*each_error)(const char *text, void *closure), void *closure, struct err *err);
const struct conf *conf_ref(const struct conf *conf);
void conf_unref(const struct conf **conf);

/* file:line of a global parameter, for messages; the path of the configuration if it has its
 * default. */
const char *conf_place(const struct conf *conf, const char *name);

/* By exact name, else the section "*", else NULL. */
const struct conf_campaign *conf_campaign_find(const struct conf *conf, struct str name);
/* NULL if there is no such section. */
const struct conf_plugin *conf_plugin_find(const struct conf *conf, struct str name);
/* NULL if there is no such section. */
const struct conf_form *conf_form_find(const struct conf *conf, struct str name);
/* NULL if there is no such section. */
const struct conf_webhook *conf_webhook_find(const struct conf *conf, struct str name);
/* "NAME" or "NAME:WORD", as a campaign's `plugins` has it; the word is a value of on_error. False
 * if it is neither. `fallback`: what `use_r` is without a word. */
bool conf_plugin_use(const char *text, struct str *name_r, int fallback, int *use_r);
/* The campaign whose `sender` (or `from`) holds this address; NULL if none. Addresses
 * compare with the domain in any case, as A- or U-labels. */
const struct conf_campaign *conf_campaign_by_sender(const struct conf *conf, struct str address);
const struct conf_campaign *conf_campaign_by_from(const struct conf *conf, struct str address);
/* The first section of this very domain; NULL if it has none. */
const struct conf_dkim *conf_dkim_find(const struct conf *conf, struct str domain);
/* The domain that signs for From addresses of `domain`: itself, or the nearest one above it that
 * has `subdomains`; NULL if there is none. It is text of the snapshot. */
const char *conf_dkim_signer(const struct conf *conf, struct str domain);

/* What the law asks of marketing (law.c). The campaign's own postal address, else the general
 * one; empty if there is none. */
const char *conf_postal_address(const struct conf *conf, const struct conf_campaign *campaign);
/* Is there an address by which recipients can leave? */
bool conf_can_unsubscribe(const struct conf *conf, const struct conf_campaign *campaign);
/* One sentence, "file:line: ...", for the marketing campaigns whose mail can't show what it has to:
 * it leaves without. */
void conf_law_warnings(
    const struct conf *conf, void (*each)(const char *text, void *closure), void *closure);

/* Is this client in `trusted`? `address`: numeric IPv4 or IPv6 (with or without
 * "IPv6:"), anything else is not. */
bool conf_trusted(const struct conf *conf, const char *address);
/* The same for `web_proxies`. */
bool conf_web_proxy(const struct conf *conf, const char *address);
/* The same for `metrics`. */
bool conf_metrics_for(const struct conf *conf, const char *address);

/* The commented sample file and the parameter sections of mailtailor.conf(5). */
void conf_write_sample(FILE *out);
void conf_write_manual(FILE *out);

#endif
