/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plugin: the host: the plugins of one process, and their hooks
 *
 * A struct plugin_set is made for one configuration, once in each process that runs hooks. The
 * engine asks it, campaign by campaign, what the language has more (extensions), and calls the
 * hooks while it makes a copy. What plugins may do to the copy beside that, the engine offers
 * in a struct plugin_mail.
 *
 * Threads: a set is made and freed by one thread; hooks may be called from any, one copy by one
 *          thread at a time.
 * Fails:   a hook that fails is ERR_PLUGIN (try again later) or ERR_ABORT (never), as on_error
 *          says; the text names plugin and hook.
 */
#ifndef PLUGIN_PLUGIN_H
#define PLUGIN_PLUGIN_H

#include "base/arena.h"
#include "conf/conf.h"
#include "liquid/filter.h"
#include "store/store.h"

struct plugin_set;
struct plugin_use; /* what one campaign uses */

/* Loads and starts what the configuration names; without the store (NULL) nothing is started,
 * and every hook fails. Where nothing will be sent (plugin_process.live), or with `strict`, a
 * plugin that does not start is an error; else it is tried again later. *set_r NULL: there is no plugin. Each problem goes to
 * `each` (may be NULL). ERR_CONFIG, ERR_PERM, ERR_IO, ERR_PLUGIN. */
int plugin_set_new(struct plugin_set **set_r, const struct conf *conf, struct store *store,
    void (*each)(const char *text, void *closure), void *closure, struct err *err);
void plugin_set_free(struct plugin_set **set);

/* NULL: it uses none (or `set` is NULL). */
const struct plugin_use *plugin_set_use(
    const struct plugin_set *set, const struct conf_campaign *campaign);
/* NULL: none. */
const struct liquid_extensions *plugin_use_extensions(const struct plugin_use *use);
/* Are all its hooks known? ERR_PLUGIN: a plugin could not tell its own, so templates that use
 * them are not to be compiled. */
int plugin_use_check(const struct plugin_use *use, struct err *err);
/* Does a part hook see HTML parts, text parts? */
bool plugin_use_rewrites(const struct plugin_use *use, bool html);
/* The name of namespace `i`; NULL behind the last. */
const char *plugin_use_namespace(const struct plugin_use *use, size_t i);

/* Does this name mean something in templates already, without any plugin? */
bool plugin_name_is_taken(const char *name);

/* What the engine does for hooks. */
struct plugin_mail {
	void *closure;
	/* A tracked address in the arena, `address` itself, or {NULL,0}. */
	struct str (*link)(void *closure, struct str address);
	/* The address of a picture, in the arena, or {NULL,0}. */
	struct str (*image)(void *closure, struct str kind, struct str parameters);
	/* Header fields; only during plugin_copy_headers. Value decoded, in the arena. */
	size_t (*header_count)(void *closure);
	bool (*header_at)(void *closure, size_t i, struct str *name_r, struct str *value_r);
	/* `all`: the first field of that name is changed and the others go; else one is added.
	 * 0, -1 with err. */
	int (*header_put)(
	    void *closure, struct str name, struct str value, bool all, struct err *err);
	size_t (*header_remove)(void *closure, struct str name);
	/* Before and after a hook: to be kept, or to be as before. */
	void (*header_mark)(void *closure);
	void (*header_back)(void *closure);
};

/* One copy, as plugins see it. Fill in the first members, which must outlive it; the rest is
 * the host's. */
struct plugin_copy {
	const struct plugin_use *use; /* NULL: no hook is called */
	struct arena *arena;
	struct plugin_mail mail;
	int64_t contact;
	bool do_not_track;
	struct str address, language, time_zone;
	struct str campaign, key, sender, recipient;
	bool transactional;
	int64_t sent_ms;
	int64_t now_ms;

	const struct liquid_value *globals; /* contact, campaign, data */
	struct liquid_lazy lazy;
	struct plugin_cached *values; /* one for each namespace */
	size_t *used;		      /* bytes, one for each plugin of the use */
	uint64_t serial;	      /* of this process's copies */
	struct plugin_window *window; /* what the contact did last; NULL: nobody asked */
};

/* To be called when the members are known, before any hook. 0, -1: ERR_LIMIT. */
int plugin_copy_init(struct plugin_copy *copy, struct err *err);
/* Adds the namespaces of plugins to what names mean: `globals` becomes a lazy value. The object
 * behind it must outlive the copy. */
void plugin_copy_globals(struct plugin_copy *copy, struct liquid_value *globals);

enum plugin_answer { PLUGIN_SEND, PLUGIN_SKIP, PLUGIN_LATER };

struct plugin_decision {
	enum plugin_answer answer;
	int64_t when_ms;
	struct str reason; /* "plugin cap: gate weekly: ..." */
};

int plugin_copy_gates(
    struct plugin_copy *copy, struct plugin_decision *decision_r, struct err *err);
/* `text_r` holds the part's text, and then the new one. */
int plugin_copy_part(
    struct plugin_copy *copy, bool html, size_t number, struct str *text_r, struct err *err);
int plugin_copy_headers(struct plugin_copy *copy, struct err *err);

#endif
