/* SPDX-License-Identifier: BSD-2-Clause
 *
 * engine_corpus: the whole engine, driven by lines of JSON
 *
 *     engine_corpus FOLDER
 *
 * FOLDER has mailtailor.conf; the token keys and the database are made there. Each line of standard input is one order, answered by one line:
 *
 *     {"contacts": {"ada@example.org": {"first_name": "Ada"}}}      {"ok": true}
 *     {"message": "a.eml", "campaign": "spring"}                    {"ok": true, "parts": [...]}
 *     {"render": "ada@example.org"}                                 {"copy": "...", ...}
 *     {"decode": "/c/TOKEN"}                                        {"address": "..."}
 *     {"scan": "a.html"}                                            {"mismatches": 0}
 *
 * A message is compiled as the daemon does it and kept until the next one; "crlf": false
 * takes its line ends as they are. Where something fails there is "error" instead, or for a copy "verdict" and "reason".
 * Bytes of messages stand in the answers as Latin-1, so that nothing is lost. "parts" are those that may be
 * tailored, as [kind, text].
 */
#include "base/buf.h"
#include "html/html.h"
#include "link/keyfile.h"
#include "link/keys.h"
#include "link/link.h"
#include "store/contact.h"
#include "store/link.h"
#include "tailor/tailor.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)64 << 20)

static struct {
	const struct conf *conf;
	struct dkim_keys *keys;
	struct link_keys *link_keys;
	struct tailor_templates *templates;
	struct store *store;
	struct tailor *tailor;
	struct tailor_message *message;
	struct buf raw; /* of the message */
	struct arena *arena;
} world;

/* Bytes as Latin-1, which JSON takes whatever they are. */
static json_t *
bytes_json(struct str s)
{
	struct buf utf8;
	json_t *json;

	buf_init(&utf8, 2 * s.n + 2);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x80) {
			buf_add_char(&utf8, (char)(0xc0 | c >> 6));
			c = 0x80 | (c & 0x3f);
		}
		buf_add_char(&utf8, (char)c);
	}
	json = json_stringn(buf_str(&utf8).p, utf8.len);
	buf_fini(&utf8);
	return json;
}

static json_t *
failed(const struct err *err)
{
	return json_pack("{s:o,s:i}", "error", bytes_json(str_c(err->text)), "code", err->code);
}

static int
read_file(const char *path, bool crlf, struct buf *out, struct err *err)
{
	FILE *file = fopen(path, "rb");
	int c, last = 0;

	buf_reset(out);
	if (file == NULL)
		return err_set(err, ERR_IO, "%s can't be read", path);
	while ((c = getc_unlocked(file)) != EOF) {
		if (crlf && c == '\n' && last != '\r')
			buf_add_char(out, '\r');
		buf_add_char(out, (char)c);
		last = c;
	}
	fclose(file);
	return out->full ? err_set(err, ERR_LIMIT, "%s is too large", path) : 0;
}

/* --- orders --- */

/* One transaction for all of them. */
static json_t *
put_contacts(json_t *contacts)
{
	struct err err = ERR_INIT;
	const char *address;
	json_t *attributes;

	if (store_begin(world.store, &err) != 0)
		return failed(&err);
	json_object_foreach(contacts, address, attributes)
	{
		if (store_contact_upsert(
			world.store, str_c(address), STR(""), STR(""), attributes, &err) < 0) {
			store_rollback(world.store);
			return failed(&err);
		}
	}
	if (store_commit(world.store, &err) != 0)
		return failed(&err);
	return json_pack("{s:b}", "ok", 1);
}

static json_t *
parts_json(const struct mime_message *mime)
{
	static const char *const kinds[] = {"plain", "html", "amp", "calendar"};
	json_t *parts = json_array();

	for (size_t i = 0; i < mime_part_count(mime); i++) {
		const struct mime_part *part = mime_part_at(mime, i);

		json_array_append_new(
		    parts, json_pack("[s,o]", kinds[part->kind], bytes_json(part->text)));
	}
	return parts;
}

/* The parts of a whole message, parsed for this answer. */
static int
parts_of(struct str raw, json_t **parts_r, struct err *err)
{
	const struct mime_limits limits = {
	    (size_t)world.conf->max_headers, (size_t)world.conf->max_parts, 100};
	struct mime_message *mime;

	if (mime_parse(&mime, raw, &limits, err) != 0)
		return -1;
	*parts_r = parts_json(mime);
	mime_free(&mime);
	return 0;
}

static json_t *
take_message(const json_t *order, const char *path)
{
	const char *name = json_string_value(json_object_get(order, "campaign"));
	const struct conf_campaign *campaign = conf_campaign_find(world.conf, str_c(name));
	bool crlf = !json_is_false(json_object_get(order, "crlf"));
	struct err err = ERR_INIT;
	json_t *parts;

	tailor_message_free(&world.message);
	if (read_file(path, crlf, &world.raw, &err) != 0 ||
	    parts_of(buf_str(&world.raw), &parts, &err) != 0)
		return failed(&err);
	if (tailor_message_new(&world.message, world.tailor, campaign, str_c(name),
		STR("bounce@shop.example"), buf_str(&world.raw), &err) != 0) {
		json_decref(parts);
		return failed(&err);
	}
	return json_pack("{s:b,s:o}", "ok", 1, "parts", parts);
}

static json_t *
render(const char *address)
{
	struct tailor_copy copy;
	struct err err = ERR_INIT;
	json_t *answer, *parts;
	struct buf out;

	if (world.message == NULL)
		return json_pack("{s:s}", "error", "there is no message");
	tailor_render(world.tailor, world.message, str_c(address), world.arena, &copy);
	if (copy.verdict != STORE_SENT)
		return json_pack("{s:i,s:i,s:o}", "verdict", copy.verdict, "code", copy.code,
		    "reason", bytes_json(copy.reason));
	buf_init(&out, 4 * FILE_MAX);
	if (tailor_copy_write(&copy, &out) != 0 || parts_of(buf_str(&out), &parts, &err) != 0)
		answer = failed(&err);
	else
		answer = json_pack("{s:o,s:o}", "copy", bytes_json(buf_str(&out)), "parts", parts);
	buf_fini(&out);
	return answer;
}

static json_t *
decode(const char *path)
{
	struct link_facts facts;
	struct store_link link = {.address = STR("")};
	struct err err = ERR_INIT;

	if (link_path_decode(world.link_keys, str_c(path), world.arena, &facts, &err) != 0)
		return failed(&err);
	if (facts.kind == LINK_CLICK && facts.link == 0)
		link.address = facts.address;
	else if (facts.kind == LINK_CLICK &&
	    store_link_get(world.store, facts.link, world.arena, &link, &err) != 1)
		return json_pack("{s:s}", "error", "the link has no row");
	return json_pack("{s:i,s:o}", "kind", facts.kind, "address", bytes_json(link.address));
}

/* How many links and images our two readers see in different places. */
static json_t *
scan(const char *path)
{
	const struct html_options options = {.limits = {FILE_MAX, 100000}};
	struct err err = ERR_INIT;
	json_t *answer = NULL;
	struct html_doc *doc;
	struct buf source;

	buf_init(&source, FILE_MAX);
	if (read_file(path, false, &source, &err) == 0 &&
	    html_scan(&doc, buf_str(&source), &options, &err) == 0) {
		answer =
		    json_pack("{s:I}", "mismatches", (json_int_t)html_summary(doc)->mismatches);
		html_free(&doc);
	}
	buf_fini(&source);
	return answer != NULL ? answer : failed(&err);
}

static json_t *
answer_to(const json_t *order)
{
	json_t *what;

	if ((what = json_object_get(order, "contacts")) != NULL)
		return put_contacts(what);
	if ((what = json_object_get(order, "message")) != NULL)
		return take_message(order, json_string_value(what));
	if ((what = json_object_get(order, "render")) != NULL)
		return render(json_string_value(what));
	if ((what = json_object_get(order, "decode")) != NULL)
		return decode(json_string_value(what));
	if ((what = json_object_get(order, "scan")) != NULL)
		return scan(json_string_value(what));
	return json_pack(
	    "{s:s}", "error", "contacts, message, render, decode or scan was expected");
}

/* --- the engine --- */

static int
open_world(const char *folder, struct err *err)
{
	char path[4096];
	struct conf *conf;
	unsigned id;

	snprintf(path, sizeof path, "%s/tokens", folder);
	if (link_keyfile_add(path, &id, err) != 0)
		return -1;
	snprintf(path, sizeof path, "%s/mailtailor.conf", folder);
	if (conf_load(&conf, path, NULL, NULL, err) != 0)
		return -1;
	world.conf = conf;
	buf_init(&world.raw, FILE_MAX);
	world.arena = arena_new(8 * FILE_MAX);
	snprintf(path, sizeof path, "%s/mailtailor.db", folder);
	if (dkim_keys_load(&world.keys, conf, err) != 0 ||
	    link_keys_load(&world.link_keys, conf, err) != 0 ||
	    store_open(&world.store, path, STORE_CREATE, err) != 0 ||
	    tailor_templates_load(&world.templates, conf, err) != 0)
		return -1;
	return tailor_new(
	    &world.tailor, conf, world.keys, world.link_keys, world.templates, world.store, err);
}

static void
close_world(void)
{
	tailor_message_free(&world.message);
	tailor_free(&world.tailor);
	store_close(&world.store);
	tailor_templates_unref(&world.templates);
	link_keys_unref(&world.link_keys);
	dkim_keys_unref(&world.keys);
	conf_unref(&world.conf);
	arena_free(&world.arena);
	buf_fini(&world.raw);
}

static void
serve(void)
{
	json_error_t where;
	json_t *order, *answer;
	char *text;

	while (
	    (order = json_loadf(stdin, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, &where)) != NULL) {
		answer = answer_to(order);
		text = json_dumps(answer, JSON_COMPACT);
		if (text == NULL)
			abort();
		puts(text);
		fflush(stdout);
		free(text);
		json_decref(answer);
		json_decref(order);
		arena_reset(world.arena);
	}
}

int
main(int argc, char **argv)
{
	struct err err = ERR_INIT;

	if (argc != 2)
		return 64;
	if (open_world(argv[1], &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	serve();
	close_world();
	return 0;
}
