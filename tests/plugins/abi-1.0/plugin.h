/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plugin.h: all that a plugin sees of mailtailor
 *
 * A plugin is a shared object that mailtailor loads. It adds values, filters and tags to the
 * templates of campaigns, rewrites parts and header fields of copies, decides whether a copy
 * leaves, and hears what became of it. This file is the whole contract and its manual. It needs
 * no other header of mailtailor, and compiles as C99 and as C++11.
 *
 * 1. A complete plugin
 *
 *	#include <mailtailor/plugin.h>
 *
 *	static int32_t
 *	shout(struct mt_call *call, void *closure, const struct mt_arguments *with,
 *	    const struct mt_value **value_r)
 *	{
 *		const struct mt_host *mt = call->host;
 *		struct mt_str text = mt->as_text(call, with->input);
 *		char *loud = (char *)mt->memory(call, text.n + 1);
 *
 *		(void)closure;
 *		if (loud == NULL)
 *			return MT_LIMIT;
 *		for (size_t i = 0; i < text.n; i++) {
 *			char c = text.p[i];
 *
 *			loud[i] = (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
 *		}
 *		loud[text.n] = '!';
 *		*value_r = mt->text(call, mt_str_n(loud, text.n + 1));
 *		return *value_r == NULL ? MT_LIMIT : MT_OK;
 *	}
 *
 *	static const struct mt_filter filters[] = {
 *	    {"shout", "ASCII letters become capitals, and an exclamation mark follows.", shout,
 *		NULL, 0, 0, 0, 0},
 *	};
 *
 *	MT_EXPORT const struct mt_definition *
 *	mt_plugin(void)
 *	{
 *		static struct mt_definition me = MT_PLUGIN("shout", "1.0", "Makes text loud");
 *
 *		me.threads = MT_THREADS_ANY;
 *		MT_SET(me.filters, filters);
 *		return &me;
 *	}
 *
 * Build it, and name it in the configuration:
 *
 *	cc -shared -fPIC -fvisibility=hidden $(pkg-config --cflags mailtailor) -o shout.so shout.c
 *
 *	plugin "shout" { file = "/usr/lib/mailtailor/plugins/shout.so" }
 *	campaign "spring" { plugins = {"shout"} }
 *
 * Then {{ contact.first_name | shout }} works in the templates of that campaign.
 *
 * 2. Compatibility: what is compiled today loads for years
 *
 * MT_ABI_MAJOR changes when an old plugin could not work any more; a host loads only its own
 * major. MT_ABI_MINOR grows when something is added: members at the end of structs, functions
 * at the end of struct mt_host, new numbers. Nothing is ever moved, removed or given another
 * meaning within a major.
 *   - Structs that cross the border begin with their size, as whoever made them knew it, or lie
 *     in a table that says the size of its elements. The reader looks at no member beyond it.
 *     What the plugin hands over has to be zero wherever nothing else is asked for; so have all
 *     members called `reserved`, and all bits of `flags` without a name.
 *   - struct mt_str, and the arguments of functions, never change.
 *   - No enum and no bool crosses the border, since compilers differ about their size.
 *   - `abi_minor` of a plugin is the least minor that it needs; MT_PLUGIN says the one it was
 *     compiled with. A plugin that wants to run on older hosts, too, says less, and asks
 *     MT_HAS(call->host, function) before it calls what came later.
 *   - Numbers that are not known (of an event's kind, a value's type) may come any day: pass
 *     over them.
 *
 * 3. Life, processes and threads
 *
 * mailtailord has several processes. Session and outbox processes tailor mail: each loads the
 * plugin, calls `extend` and `start` once, then hooks on several threads, then `stop` once. One process,
 * called plugins, does the same for listeners and tasks, one call at a time for each plugin; it
 * sees no mail. The tool `mailtailor` loads plugins as well (render, preview, lint). So what a
 * plugin keeps in memory is one process's own; what all have to know belongs into the
 * key-value store. The main process, which survives them all, never runs a plugin's code.
 *
 * `threads` says how hooks may be called in one process: MT_THREADS_ONE, one call of this
 * plugin at a time (a lock around each hook); MT_THREADS_ANY, any number at once, with one
 * `state`. start, stop and reload are alone in any case: no other call of the plugin is under
 * way in that process. Consecutive calls come from different threads: thread-local variables
 * keep nothing.
 *
 * At a SIGHUP to mailtailord new processes start with the new configuration and the plugin's
 * file as it is then; the old ones finish what they have and call `stop`. A new build is put
 * into place by rename(2), never by writing into the file that is loaded. `reload` is for
 * data: it is called in each process soon after any process of this plugin called `changed`.
 *
 * A plugin's code runs within mail servers' processes. It must not: call exit, or fork but to
 * exec at once, as the plugin exec does in a thread that it made in `start`; call
 * functions that change the whole process (setlocale, chdir, umask, signal, setenv); wait on
 * the network in a message's path (that is what `fetch` is for); ask the system for the time
 * (`now`) or for random numbers (`random`); call host functions from a thread that it made
 * itself, after the hook has returned, or with another hook's call. The host notices most of
 * that and refuses (MT_MISUSE), or kills the process; see 8.
 *
 * 4. Calls and memory
 *
 * Each hook gets a struct mt_call, which it passes to every host function. It is good until
 * the hook returns, on the thread that the hook was called on. `call->state` is what `start`
 * left in *state_r.
 *
 * Whatever comes from the host (text, values, events, ...) and whatever is made with `memory`,
 * `text`, `array`, ... lies in the arena of the copy that is being made; in `start`, `reload`,
 * listeners and tasks, in one of that call. The plugin frees nothing, and keeps no pointer
 * beyond the hook, save those to its own memory (what it keeps for longer, it allocates and
 * frees itself). What a hook hands back must lie there, too, or be constant. An arena has a
 * ceiling (the parameter `memory`): then functions return NULL or MT_LIMIT, and the hook
 * should return MT_LIMIT.
 *
 * 5. Text, time, money
 *
 * Text is struct mt_str: UTF-8, with its length; no NUL stands behind it, and what contacts say
 * may hold one, or anything else: it is hostile. {NULL, 0} is "absent", {"", 0} is empty.
 * Text that a hook hands back is checked: what is no UTF-8 is an error of the plugin. Names of
 * hooks and parameters are C strings. Time is milliseconds since 1970-01-01T00:00:00Z, money
 * millionths of the currency.
 *
 * 6. Values
 *
 * struct mt_value is what templates compute with: nil, boolean, integer, number, text, array or
 * object. A point in time is made by `time` and is text to templates
 * ("2026-01-31 08:15:00 +0100"), which the filter `date` reads. Values are immutable once they
 * were handed back. Readers take NULL for nil, so that chains need one check at the end:
 *
 *	mt->as_text(call, mt->get(call, mt->get(call, v, MT_STR("store")), MT_STR("city")))
 *
 * Text is escaped where an HTML part prints it; text made by `markup` is not, so it must be
 * safe HTML.
 *
 * 7. Hooks, in the order in which a copy meets them
 *
 *	gate     before anything is rendered: may the copy leave, never, or later?
 *	value    what {{ NAME... }} means; called only if a template comes to ask for it, and at
 *	         most once a copy (with MT_VALUE_MEMBERS: once for each member asked for)
 *	filter   {{ x | NAME: arguments }}
 *	tag      {% NAME arguments %}, or {% NAME arguments %}body{% endNAME %}
 *	part     a text or HTML part of the copy, decoded, after its template was rendered
 *	header   all header fields of the copy, before it is signed
 *	listener what happened: sent, delivered, opened, clicked, ... in batches, later
 *	task     every so often, in the background
 *
 * Several plugins of a campaign are asked in the order of its parameter `plugins`; hooks of one
 * plugin in the order of their table. The first gate that doesn't say MT_SEND decides. Names of
 * values, filters and tags must be new: neither the language's nor another plugin's.
 *
 * Hooks up to `header` are in the message's path. A relay that tries again, or a crash, makes a
 * copy twice, and it must come out the same: what a hook says may depend on the campaign, the
 * contact, the message and what is stored, not on how often it was called. `random` is made
 * for that.
 *
 * 8. Errors, and the fence
 *
 * Hooks and host functions return MT_OK (0), MT_NONE (1) where "there is nothing" is a good
 * answer, or one of the negative numbers below. A hook that fails may say why, in a sentence
 * for the administrator, by `fail`; the journal shows it with the plugin's name and the hook's.
 * What becomes of the copy is the administrator's choice, `on_error`: defer, it waits and is
 * tried again; without, it leaves as if this hook were not there; stop, the recipient gets
 * nothing.
 *
 * Each hook has a deadline (`deadline`, 250 ms unless configured otherwise; tasks and listeners
 * have a minute). What takes longer, crashes or corrupts memory costs one process: it is killed
 * and replaced, the relay tries again, and the log names the plugin and the hook. After three
 * of these within ten minutes the plugin is out of service until `mailtailor plugin enable`.
 *
 * 9. History of the ABI
 *
 *	1.0	the first
 */
#ifndef MAILTAILOR_PLUGIN_H
#define MAILTAILOR_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MT_ABI_MAJOR 1
#define MT_ABI_MINOR 0

#if defined(__GNUC__) || defined(__clang__)
#define MT_VISIBLE __attribute__((visibility("default")))
#else
#define MT_VISIBLE
#endif
/* Stands before mt_plugin, the one function that is to be seen from outside. */
#ifdef __cplusplus
#define MT_EXPORT extern "C" MT_VISIBLE
#else
#define MT_EXPORT MT_VISIBLE
#endif

/* Is this function there, or this member of a struct that begins with its size? */
#define MT_HAS(at, member) \
	((at)->size >=     \
	    (size_t)((const char *)&(at)->member + sizeof(at)->member - (const char *)(at)))

/* --- text --- */

struct mt_str {
	const char *p;
	size_t n;
};

static inline struct mt_str
mt_str_n(const char *p, size_t n)
{
	struct mt_str s;

	s.p = p;
	s.n = n;
	return s;
}

/* Of a C string; NULL is absent. */
static inline struct mt_str
mt_str_c(const char *text)
{
	size_t n = 0;

	while (text != NULL && text[n] != '\0')
		n++;
	return mt_str_n(text, n);
}

static inline int32_t
mt_str_eq(struct mt_str a, struct mt_str b)
{
	if (a.n != b.n)
		return 0;
	for (size_t i = 0; i < a.n; i++) {
		if (a.p[i] != b.p[i])
			return 0;
	}
	return 1;
}

/* Of a string literal. */
#define MT_STR(literal) mt_str_n("" literal "", sizeof(literal) - 1)

/* --- what hooks and host functions return --- */

#define MT_OK	   0
#define MT_NONE	   1	/* nothing there; of a part: unchanged; of a value: nil */
#define MT_FAILED  (-1) /* it could not be done; see `fail` */
#define MT_LIMIT   (-2) /* a ceiling was reached: memory, size, number */
#define MT_MISUSE  (-3) /* wrong argument, or not to be called here; the log says which */
#define MT_STORE   (-4) /* the database does not answer */
#define MT_CHANGED (-5) /* kv_swap: another value is there */

/* --- calls --- */

struct mt_host;
struct mt_value;

/* Made by the host. */
struct mt_call {
	uint32_t size;
	uint32_t flags;
	const struct mt_host *host;
	void *state; /* what `start` left */
};

/* Nothing will be sent: a preview, a test. The host sees to it that writers (kv_put, kv_delete,
 * kv_swap, kv_claim, changed) say what they would, and change nothing. */
#define MT_CALL_DRY 1u

/* --- hooks --- */

/* A namespace of templates. MT_NONE, or *value_r NULL: nil. */
struct mt_namespace {
	const char *name;     /* {{ NAME }}: a word of a-z, 0-9 and "_" */
	const char *document; /* a sentence or two for people who write templates */
	/* `member` is empty; with MT_VALUE_MEMBERS it is the name behind the dot, and the value
	 * is that member's. */
	int32_t (*get)(struct mt_call *call, void *closure, struct mt_str member,
	    const struct mt_value **value_r);
	void *closure;
	uint32_t flags;
	uint32_t reserved;
};

#define MT_VALUE_MEMBERS 1u /* `get` is asked for one member at a time */

/* What a filter or a tag is given. Made by the host. */
struct mt_arguments {
	uint32_t size;
	uint32_t count;	      /* positional arguments */
	uint32_t named_count; /* named ones */
	uint32_t reserved;
	const struct mt_value *input; /* left of the |; a tag's body, rendered; NULL: none */
	const struct mt_value *const *at;
	const struct mt_str *name; /* of the named ones */
	const struct mt_value *const *named;
};

struct mt_filter {
	const char *name;
	const char *document;
	/* MT_NONE, or *value_r NULL: nil, which prints nothing. */
	int32_t (*run)(struct mt_call *call, void *closure, const struct mt_arguments *with,
	    const struct mt_value **value_r);
	void *closure;
	uint32_t least; /* positional arguments */
	uint32_t most;	/* at most 8 */
	uint32_t flags;
	uint32_t reserved;
};

#define MT_FILTER_NAMED	 1u /* takes named arguments, at most 8 */
#define MT_FILTER_COVERS 2u /* stands in for a missing value, as `default` does */

struct mt_tag {
	const char *name;
	const char *document;
	int32_t (*run)(struct mt_call *call, void *closure, const struct mt_arguments *with,
	    const struct mt_value **value_r);
	void *closure;
	uint32_t least;
	uint32_t most;
	uint32_t flags;
	uint32_t reserved;
};

#define MT_TAG_NAMED 1u
#define MT_TAG_BLOCK 2u /* has a body, up to {% endNAME %} */

/* A part of the copy. Made by the host. */
struct mt_part {
	uint32_t size;
	uint32_t kind;	 /* MT_PART_TEXT or MT_PART_HTML */
	uint32_t number; /* of the part in the message, from 1 */
	uint32_t reserved;
	struct mt_str text; /* decoded: UTF-8, lines end in LF */
};

#define MT_PART_TEXT 1u
#define MT_PART_HTML 2u

/* Links are tracked by then; an address that is added here is tracked if it went through
 * `link`. Signed, encrypted and attached parts never come here. */
struct mt_rewriter {
	const char *name;
	const char *document;
	/* MT_OK and the new text, or MT_NONE. */
	int32_t (*run)(
	    struct mt_call *call, void *closure, const struct mt_part *part, struct mt_str *text_r);
	void *closure;
	uint32_t kinds; /* MT_PART_TEXT | MT_PART_HTML */
	uint32_t flags;
};

/* Reads and changes header fields by header_at, header_set, header_add, header_remove. */
struct mt_header {
	const char *name;
	const char *document;
	int32_t (*run)(struct mt_call *call, void *closure);
	void *closure;
	uint32_t flags;
	uint32_t reserved;
};

/* Made by the host with action MT_SEND; filled by the gate. */
struct mt_verdict {
	uint32_t size;
	uint32_t action;
	int64_t when;	      /* MT_LATER: not before; at most 60 days from now */
	struct mt_str reason; /* a few words for the journal; needed unless MT_SEND */
};

#define MT_SEND	 0u
#define MT_SKIP	 1u /* this recipient gets nothing */
#define MT_LATER 2u

struct mt_gate {
	const char *name;
	const char *document;
	int32_t (*run)(struct mt_call *call, void *closure, struct mt_verdict *verdict);
	void *closure;
	uint32_t flags;
	uint32_t reserved;
};

/* Kinds of events. Those from 1 were told by a shop or an app; those from 16 happened to mail. */
#define MT_EVENT_ANY	      0u
#define MT_EVENT_TRACK	      1u
#define MT_EVENT_PAGE	      2u
#define MT_EVENT_SCREEN	      3u
#define MT_EVENT_IDENTIFY     4u
#define MT_EVENT_SENT	      16u
#define MT_EVENT_DELIVERED    17u
#define MT_EVENT_DEFERRED     18u
#define MT_EVENT_BOUNCED      19u
#define MT_EVENT_COMPLAINED   20u
#define MT_EVENT_OPENED	      21u
#define MT_EVENT_CLICKED      22u
#define MT_EVENT_SUBSCRIBED   23u
#define MT_EVENT_UNSUBSCRIBED 24u
#define MT_EVENT_AUTOREPLIED  25u
/* For mt_listener.kinds. */
#define MT_EVENT_BIT(kind) ((uint64_t)1 << (kind))

/* Something that a contact did, or that happened to mail. Made by the host. */
struct mt_event {
	uint32_t size;
	uint32_t kind;
	uint32_t flags;
	uint32_t reserved;
	int64_t id; /* grows in the order in which events were stored */
	int64_t contact;
	int64_t time;
	struct mt_str type;	  /* of MT_EVENT_TRACK: its name ("Order Completed"), ... */
	struct mt_str source;	  /* who told */
	struct mt_str campaign;	  /* or empty */
	struct mt_str message;	  /* key, as struct mt_message has it; or empty */
	struct mt_str properties; /* a JSON object; see `json` */
};

#define MT_EVENT_MACHINE 1u /* no person did it: a scanner's click */

/* Events come in the order of their ids, each at least once: the host keeps a cursor in the
 * database, which moves behind the batch when the hook returns MT_OK. A batch that failed
 * comes again after a pause that grows, up to a minute. Begins with what happens after the
 * plugin was first configured; what is new is told within some seconds. */
struct mt_listener {
	const char *name; /* stays the same over versions: the cursor is known by it */
	const char *document;
	int32_t (*run)(struct mt_call *call, void *closure, const struct mt_event *const *events,
	    size_t count);
	void *closure;
	uint64_t kinds; /* MT_EVENT_BIT(MT_EVENT_CLICKED) | ...; that of MT_EVENT_ANY: all */
	uint32_t most;	/* events in a batch; 0: 100; at most 1000 */
	uint32_t flags;
};

/* Runs soon after the start, then with a pause of `every` between the end of one run and the
 * begin of the next. */
struct mt_task {
	const char *name;
	const char *document;
	int32_t (*run)(struct mt_call *call, void *closure);
	void *closure;
	int64_t every;	  /* milliseconds, at least 1000 */
	int64_t deadline; /* milliseconds; 0: a minute; at most an hour */
	uint32_t flags;
	uint32_t reserved;
};

/* --- parameters --- */

/* One parameter of the plugin's section in mailtailor.conf. It is checked before anything
 * starts, and a bad value is told with its file and line. Names file, on_error, deadline and
 * memory are the host's, and so are all that begin with "plugin_". */
struct mt_parameter {
	const char *name; /* of a-z, 0-9 and "_", at most 40 letters */
	uint32_t type;
	uint32_t flags;
	const char *initial;  /* the default, as it would be written; of a LIST: with spaces */
	const char *rule;     /* see the types; NULL or "": none */
	const char *document; /* whole sentences for the administrator */
};

/* Types, with the rule of each and what it is read by. Numbers must have a rule. */
#define MT_TEXT 1u /* name of a check: param_text */
#define MT_BOOL 2u /* no rule: param_int, 0 or 1 */
#define MT_INT	3u /* "LOW..HIGH": param_int */
#define MT_TIME 4u /* "LOW..HIGH", as in "1s..7d": param_int, milliseconds */
#define MT_SIZE 5u /* "LOW..HIGH", as in "1k..1g": param_int, bytes */
#define MT_ENUM 6u /* "first|second|...": param_int, the index; or param_text, the word */
#define MT_PATH 7u /* no rule: param_text, absolute */
#define MT_LIST 8u /* name of a check for each element: param_list */
/* Checks: "" (no control characters), "address", "domain", "header", "hostport", "network",
 * "path". An empty text is allowed where the default is empty and MT_REQUIRED is not set. Paths
 * that do not begin with / are taken from the folder of the file that names them. */

#define MT_REQUIRED 1u /* flag: a section without it is refused */

/* --- the plugin --- */

struct mt_namespaces {
	const struct mt_namespace *at;
	uint32_t size; /* sizeof at[0] */
	uint32_t count;
};

struct mt_filters {
	const struct mt_filter *at;
	uint32_t size;
	uint32_t count;
};

struct mt_tags {
	const struct mt_tag *at;
	uint32_t size;
	uint32_t count;
};

struct mt_rewriters {
	const struct mt_rewriter *at;
	uint32_t size;
	uint32_t count;
};

struct mt_headers {
	const struct mt_header *at;
	uint32_t size;
	uint32_t count;
};

struct mt_gates {
	const struct mt_gate *at;
	uint32_t size;
	uint32_t count;
};

struct mt_listeners {
	const struct mt_listener *at;
	uint32_t size;
	uint32_t count;
};

struct mt_tasks {
	const struct mt_task *at;
	uint32_t size;
	uint32_t count;
};

struct mt_parameters {
	const struct mt_parameter *at;
	uint32_t size;
	uint32_t count;
};

/* Fills one of these tables of struct mt_definition from an array. */
#define MT_SET(table, array)                                                  \
	do {                                                                  \
		(table).at = (array);                                         \
		(table).size = (uint32_t)sizeof(array)[0];                    \
		(table).count = (uint32_t)(sizeof(array) / sizeof(array)[0]); \
	} while (0)

/* Must stay as it is for as long as the plugin is loaded, with all that it points to. */
struct mt_definition {
	uint32_t size;	/* sizeof(struct mt_definition) */
	uint32_t magic; /* MT_MAGIC */
	uint32_t abi_major;
	uint32_t abi_minor; /* the least that the plugin needs of the host */
	uint32_t threads;
	uint32_t flags;
	const char *name;    /* the sections and `plugins` name it; of a-z, 0-9, "_", at most 40 */
	const char *version; /* the plugin's own, for people */
	const char *summary; /* one line */
	/* Each may be NULL. `start` makes what hooks need; if it fails, the plugin's hooks fail
	 * in that process until it was tried again with success. */
	int32_t (*start)(struct mt_call *call, void **state_r);
	void (*stop)(struct mt_call *call);
	int32_t (*reload)(struct mt_call *call);
	struct mt_parameters parameters;
	struct mt_namespaces values;
	struct mt_filters filters;
	struct mt_tags tags;
	struct mt_rewriters parts;
	struct mt_headers headers;
	struct mt_gates gates;
	struct mt_listeners listeners;
	struct mt_tasks tasks;
	/* NULL, or: says the hooks that depend on parameters. It is called before `start`, once
	 * in each process, alone, and by who only checks the configuration. `definition` is a copy
	 * of this one, whose tables `values` to `tasks` may be set anew; all else in it is left
	 * alone. What `memory` gives in this call, and what the tables point to, stays until the
	 * plugin is unloaded; there is no state yet, and no store. It has to say the same for the
	 * same parameters as long as nobody changed what they name; a hook that is new in a file
	 * comes into service with a SIGHUP. If it fails, the configuration is refused; where mail
	 * is made already, copies that want this plugin wait. */
	int32_t (*extend)(struct mt_call *call, struct mt_definition *definition);
};

#define MT_MAGIC       0x4d54504cu
#define MT_THREADS_ONE 0u
#define MT_THREADS_ANY 1u

/* Initialises a struct mt_definition that has no hooks yet. */
#define MT_PLUGIN(name, version, summary)                                                      \
	{                                                                                      \
		sizeof(struct mt_definition), MT_MAGIC, MT_ABI_MAJOR, MT_ABI_MINOR,            \
		    MT_THREADS_ONE, 0, name, version, summary, NULL, NULL, NULL, {NULL, 0, 0}, \
		    {NULL, 0, 0}, {NULL, 0, 0}, {NULL, 0, 0}, {NULL, 0, 0}, {NULL, 0, 0},      \
		    {NULL, 0, 0}, {NULL, 0, 0}, {NULL, 0, 0}, NULL,                            \
	}

/* The function that a plugin exports. It is called once in each process that loads the plugin,
 * and by who only looks at it: it does nothing but return. */
MT_EXPORT const struct mt_definition *mt_plugin(void);

/* --- what the host tells --- */

/* In these four `size` is set by the plugin, and the host fills as much as that says. */

struct mt_contact {
	uint32_t size;
	uint32_t flags;
	int64_t id; /* 0: not in the store */
	struct mt_str address;
	struct mt_str language;	 /* BCP 47, or empty */
	struct mt_str time_zone; /* IANA name, or empty */
};

#define MT_CONTACT_DO_NOT_TRACK 1u

struct mt_message {
	uint32_t size;
	uint32_t kind;		/* MT_MARKETING or MT_TRANSACTIONAL */
	struct mt_str campaign; /* name */
	struct mt_str key;	/* the same for all recipients and attempts */
	int64_t sent;		/* its Date; 0: it has none */
	struct mt_str sender;	/* envelope sender, without <> */
	struct mt_str recipient;
};

#define MT_MARKETING	 0u
#define MT_TRANSACTIONAL 1u

/* A point in time as a calendar shows it. */
struct mt_local {
	uint32_t size;
	int32_t year;
	int32_t month; /* 1..12 */
	int32_t day;   /* 1..31 */
	int32_t hour;
	int32_t minute;
	int32_t second;
	int32_t weekday; /* 1 is Monday, 7 is Sunday */
	int32_t offset;	 /* seconds east of UTC */
};

struct mt_query {
	uint32_t size;
	uint32_t kind; /* MT_EVENT_ANY: all, or with types: MT_EVENT_TRACK */
	uint32_t flags;
	uint32_t type_count;	    /* at most 16; 0: all types */
	const struct mt_str *types; /* any of these */
	int64_t since;		    /* then or later; 0: from the beginning */
	int64_t before;		    /* 0: no end */
	int64_t most;		    /* the newest so many; 1..1000 (counting: 0 is all) */
};

#define MT_QUERY_PEOPLE 1u /* without MT_EVENT_MACHINE */

/* Made by the host. */
struct mt_product {
	uint32_t size;
	uint32_t availability;
	int64_t id;
	struct mt_str catalogue;
	struct mt_str key;   /* the shop's id */
	struct mt_str group; /* of the variants of one thing; may be empty */
	struct mt_str title;
	struct mt_str link;
	struct mt_str image;
	int64_t price;	    /* MT_NO_PRICE: none */
	int64_t sale_price; /* the one that counts now, if it is a sale's; or MT_NO_PRICE */
	struct mt_str currency;
	struct mt_str category; /* "Home > Kitchen > Kettles" */
	struct mt_str brand;
	struct mt_str gtin;
	struct mt_str attributes; /* a JSON object */
};

#define MT_NO_PRICE	INT64_MIN
#define MT_IN_STOCK	1u
#define MT_OUT_OF_STOCK 2u
#define MT_PREORDER	3u
#define MT_BACKORDER	4u
#define MT_GONE		5u /* no longer in the catalogue */

/* One entry of the key-value store. Made by the host. */
struct mt_entry {
	uint32_t size;
	uint32_t reserved;
	struct mt_str key;
	struct mt_str value;
	int64_t expires; /* 0: never */
};

/* Made by the plugin. */
struct mt_request {
	uint32_t size;
	uint32_t flags;
	struct mt_str url;     /* http or https */
	int64_t fresh;	       /* milliseconds that an answer is good for; 0: a minute */
	int64_t keep;	       /* how long an old one serves while there is no newer; 0: a day */
	int64_t timeout;       /* of one attempt; 0: 10 seconds */
	struct mt_str body;    /* POST this; absent: GET */
	struct mt_str headers; /* lines "Name: value", LF between them */
};

#define MT_FETCH_WAIT 1u /* go and get it now; in listeners and tasks only */

/* Made by the host. */
struct mt_answer {
	uint32_t size;
	uint32_t status; /* HTTP */
	uint32_t flags;
	uint32_t reserved;
	int64_t time;	    /* when it came */
	struct mt_str type; /* Content-Type */
	struct mt_str body; /* any bytes, at most 1 MB */
};

#define MT_ANSWER_STALE 1u /* older than `fresh` */

/* --- what the host does --- */

#define MT_LOG_ERROR   0u
#define MT_LOG_WARNING 1u
#define MT_LOG_INFO    2u
#define MT_LOG_DEBUG   3u

#define MT_TYPE_NIL    0u
#define MT_TYPE_BOOL   1u
#define MT_TYPE_INT    2u
#define MT_TYPE_NUMBER 3u
#define MT_TYPE_TEXT   4u
#define MT_TYPE_ARRAY  5u
#define MT_TYPE_OBJECT 6u

/* Which hooks may call what:
 *	[a] all, start, stop and reload too
 *	[m] those in a message's path: gate, value, filter, tag, part, header
 *	[b] in the background: start, reload, listener, task
 * extend may call what is [a], but for the store, fetch, events and products.
 * Elsewhere a function returns MT_MISUSE, NULL, 0 or absent text. */
struct mt_host {
	uint32_t size;
	uint32_t abi_major;
	uint32_t abi_minor;
	uint32_t reserved;
	const char *version; /* of mailtailor, for people */

	/* --- 1.0: the call [a] --- */

	/* Aligned for any type, not cleared; NULL beyond the ceiling. */
	void *(*memory)(struct mt_call *call, size_t size);
	/* Says why the hook is about to fail. Returns MT_FAILED, for `return mt->fail(...)`. */
	int32_t (*fail)(struct mt_call *call, struct mt_str why);
	/* One line in mailtailor's log, with the plugin, the hook and the message's id. */
	void (*log)(struct mt_call *call, uint32_t level, struct mt_str text);
	/* The time that this copy is made for: the same in all hooks and templates of a copy. */
	int64_t (*now)(struct mt_call *call);
	/* Milliseconds left until the hook's deadline; negative behind it. */
	int64_t (*remaining)(struct mt_call *call);
	/* 64 random bits that depend on contact, campaign, message, plugin, `what` and `number`
	 * alone: the same on each attempt, and no secret. Outside of a message's path: on
	 * plugin, `what` and `number`. */
	uint64_t (*random)(struct mt_call *call, struct mt_str what, uint64_t number);
	/* Adds to a counter that the metrics show as PLUGIN_NAME. Of a-z, 0-9 and "_"; at most
	 * 64 names a plugin. */
	void (*count)(struct mt_call *call, struct mt_str name, int64_t add);
	/* In a time zone (IANA name; empty: UTC); MT_NONE: there is no such zone. */
	int32_t (*local)(
	    struct mt_call *call, int64_t time, struct mt_str zone, struct mt_local *local_r);
	/* The other way: year to second count; days and so on beyond their range carry. */
	int32_t (*moment)(struct mt_call *call, const struct mt_local *local, struct mt_str zone,
	    int64_t *time_r);

	/* --- 1.0: parameters [a]. One that was not declared is MT_MISUSE in the log. --- */

	struct mt_str (*param_text)(struct mt_call *call, const char *name);
	int64_t (*param_int)(struct mt_call *call, const char *name);
	/* Element `i`; absent text behind the last. */
	struct mt_str (*param_list)(struct mt_call *call, const char *name, size_t i);

	/* --- 1.0: making values [a]. NULL beyond the ceiling. --- */

	const struct mt_value *(*nil)(struct mt_call *call);
	const struct mt_value *(*boolean)(struct mt_call *call, int32_t truth);
	const struct mt_value *(*integer)(struct mt_call *call, int64_t number);
	const struct mt_value *(*number)(struct mt_call *call, double number);
	/* Copied. */
	const struct mt_value *(*text)(struct mt_call *call, struct mt_str text);
	/* The same for safe HTML, which is not escaped. */
	const struct mt_value *(*markup)(struct mt_call *call, struct mt_str text);
	/* In a zone (empty: UTC). */
	const struct mt_value *(*time)(struct mt_call *call, int64_t time, struct mt_str zone);
	struct mt_value *(*array)(struct mt_call *call);
	struct mt_value *(*object)(struct mt_call *call);
	/* NULL as `value` is MT_LIMIT, so that the maker's result needs no check of its own. What
	 * became part of another value is complete: nothing can be added to it any more. */
	int32_t (*add)(struct mt_call *call, struct mt_value *array, const struct mt_value *value);
	/* Keys are copied; a later value takes the earlier one's place. */
	int32_t (*set)(struct mt_call *call, struct mt_value *object, struct mt_str key,
	    const struct mt_value *value);
	/* Of JSON text. MT_FAILED: it is none. */
	int32_t (*json)(struct mt_call *call, struct mt_str text, const struct mt_value **value_r);

	/* --- 1.0: reading values [a]. NULL is nil. --- */

	uint32_t (*type)(struct mt_call *call, const struct mt_value *value);
	/* Liquid's truth: 0 for nil and false. */
	int32_t (*as_bool)(struct mt_call *call, const struct mt_value *value);
	/* Numbers, and text that is one; else MT_NONE. */
	int32_t (*as_int)(struct mt_call *call, const struct mt_value *value, int64_t *number_r);
	int32_t (*as_number)(struct mt_call *call, const struct mt_value *value, double *number_r);
	/* What a template would print; empty for nil. */
	struct mt_str (*as_text)(struct mt_call *call, const struct mt_value *value);
	/* Text and numbers that the filter `date` understands; else MT_NONE. */
	int32_t (*as_time)(struct mt_call *call, const struct mt_value *value, int64_t *time_r);
	/* As JSON; absent beyond the ceiling. */
	struct mt_str (*as_json)(struct mt_call *call, const struct mt_value *value);
	/* Elements or members. */
	size_t (*length)(struct mt_call *call, const struct mt_value *value);
	/* An element, or a member's value; NULL if there is none. */
	const struct mt_value *(*at)(struct mt_call *call, const struct mt_value *value, size_t i);
	/* The key of member `i`, in the order they were set; absent if there is none. */
	struct mt_str (*key)(struct mt_call *call, const struct mt_value *object, size_t i);
	/* A member's value; NULL if there is none. */
	const struct mt_value *(*get)(
	    struct mt_call *call, const struct mt_value *object, struct mt_str key);

	/* --- 1.0: the copy [m] --- */

	int32_t (*contact)(struct mt_call *call, struct mt_contact *contact);
	int32_t (*message)(struct mt_call *call, struct mt_message *message);
	/* What a template sees under this path: "contact.first_name", "campaign.shop.name",
	 * "data.order.items"; only these three. NULL if there is nothing. */
	const struct mt_value *(*find)(struct mt_call *call, struct mt_str path);
	/* Our own address in place of `address`, so that a click is seen; `address` itself where
	 * this contact or campaign is not tracked. Absent if it is none that mail may lead to. */
	struct mt_str (*link)(struct mt_call *call, struct mt_str address);

	/* --- 1.0: header fields, in header hooks only --- */

	size_t (*header_count)(struct mt_call *call);
	/* Name and decoded value of field `i`. MT_NONE behind the last. */
	int32_t (*header_at)(
	    struct mt_call *call, size_t i, struct mt_str *name_r, struct mt_str *value_r);
	/* The first field of that name gets this value, the others go; it is added if there is
	 * none. The value is text, and is encoded as the field wants it. MT_MISUSE: the name is
	 * none, or one that is ours: From, To, Cc, Bcc, Sender, Reply-To, Date, Message-ID,
	 * MIME-Version, Content-*, List-Unsubscribe*, Feedback-ID, Received, Return-Path,
	 * Resent-*, DKIM-*, ARC-*, Authentication-Results. */
	int32_t (*header_set)(struct mt_call *call, struct mt_str name, struct mt_str value);
	int32_t (*header_add)(struct mt_call *call, struct mt_str name, struct mt_str value);
	/* MT_NONE: there was none. */
	int32_t (*header_remove)(struct mt_call *call, struct mt_str name);

	/* --- 1.0: the key-value store [a, not stop]. One a plugin (by its name), in the
	 * database, for all processes. Keys of 1 to 255 bytes; values of up to 64 kB, any bytes;
	 * at most 1,000,000 entries. Writers return when the change survives the death of any
	 * process. An entry whose time has come is gone. --- */

	/* MT_NONE: there is none. `entry_r` gets a pointer to one in the arena. */
	int32_t (*kv_get)(struct mt_call *call, struct mt_str key, const struct mt_entry **entry_r);
	/* `expires`: a point in time; 0: never. */
	int32_t (*kv_put)(
	    struct mt_call *call, struct mt_str key, struct mt_str value, int64_t expires);
	/* MT_NONE: there was none. */
	int32_t (*kv_delete)(struct mt_call *call, struct mt_str key);
	/* Puts if the present value is `expected` (absent: if there is none); else MT_CHANGED. */
	int32_t (*kv_swap)(struct mt_call *call, struct mt_str key, struct mt_str expected,
	    struct mt_str value, int64_t expires);
	/* Up to `most` (1..1000) entries whose keys begin with `prefix`, in order of their bytes,
	 * behind the key `after` (absent: from the first). */
	int32_t (*kv_list)(struct mt_call *call, struct mt_str prefix, struct mt_str after,
	    size_t most, const struct mt_entry *const **entries_r, size_t *count_r);
	/* For pools of things that each can be given once: if there is an entry `owner`, that;
	 * else the first whose key begins with `pool` is moved there, value and all, in one
	 * transaction that survives a loss of power. MT_NONE: the pool is empty. */
	int32_t (*kv_claim)(struct mt_call *call, struct mt_str pool, struct mt_str owner,
	    const struct mt_entry **entry_r);

	/* --- 1.0: `reload` will be called in all processes [b] --- */

	int32_t (*changed)(struct mt_call *call);

	/* --- 1.0: pictures [m] --- */

	/* The address of a picture that the web process draws when it is looked at. `kind`, and
	 * `parameters` as words NAME=VALUE with spaces between:
	 *   countdown  to=SECONDS of the epoch, size=small|medium|large, language=de, background,
	 *              box, digits, labels=RRGGBB; all but `to` may be left out. A GIF of 400 x 112,
	 *              560 x 156 or 720 x 200 pixels, which counts for a minute.
	 * The same words give the same address; it tells nobody who looks. Absent: the kind or a
	 * word is not known, or the configuration has no tracking_url. */
	struct mt_str (*image)(struct mt_call *call, struct mt_str kind, struct mt_str parameters);

	/* --- 1.0: events and products [a, not stop], but where another letter stands --- */

	/* Of the copy's contact, newest first [m]. MT_OK with none, too. */
	int32_t (*events)(struct mt_call *call, const struct mt_query *query,
	    const struct mt_event *const **events_r, size_t *count_r);
	int32_t (*event_count)(
	    struct mt_call *call, const struct mt_query *query, int64_t *count_r);
	/* Of all contacts, with an id above `after`, in order of id [b]. At most 1000. */
	int32_t (*events_after)(struct mt_call *call, int64_t after, size_t most,
	    const struct mt_event *const **events_r, size_t *count_r);
	/* By the shop's id [a]; an empty catalogue is "default". MT_NONE: there is none. Products
	 * that are gone are found, too. */
	int32_t (*product)(struct mt_call *call, struct mt_str catalogue, struct mt_str key,
	    const struct mt_product **product_r);
	int32_t (*product_by_id)(
	    struct mt_call *call, int64_t id, const struct mt_product **product_r);
	/* In stock, of this category and those below it [a]. At most 1000. */
	int32_t (*products_in)(struct mt_call *call, struct mt_str catalogue,
	    struct mt_str category, size_t most, const struct mt_product *const **products_r,
	    size_t *count_r);
	/* All, with an id above `after`, in order of id [b]. At most 1000. */
	int32_t (*products_after)(struct mt_call *call, int64_t after, size_t most,
	    const struct mt_product *const **products_r, size_t *count_r);

	/* --- 1.0: others' data over HTTP [a, not stop] --- */

	/* The last good answer to this request (by its url and headers), or MT_NONE; it never
	 * waits. Where there is none, or an old one, it is fetched in the background, and
	 * again as long as it is asked for. With MT_FETCH_WAIT it goes out if there is no fresh
	 * one, and tells what came, whatever the status; a request with a body is never
	 * cached, and always wants MT_FETCH_WAIT. MT_FAILED: no answer; the log says why. */
	int32_t (*fetch)(struct mt_call *call, const struct mt_request *request,
	    const struct mt_answer **answer_r);
};

#ifdef __cplusplus
}
#endif

#endif
