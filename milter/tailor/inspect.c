/* SPDX-License-Identifier: BSD-2-Clause
 *
 * inspect: see inspect.h
 *
 * Threads: one.
 * Fails:   ERR_TEMPLATE, ERR_LIMIT, ERR_INPUT, ERR_ABORT, ERR_STORE.
 */
#include "tailor/inspect.h"

#include "tailor/internal.h"
#include "tailor/templates.h"

#include <glib.h>

#define SOURCES_MAX ((size_t)64 << 20)

struct piece {
	struct tailor_piece show;
	char name[TAILOR_PART_NAME_SIZE];
	struct tailor_field field;
	struct liquid_program *program; /* of a part */
};

struct tailor_inspect {
	struct tailor *tailor;
	const struct conf_campaign *campaign; /* NULL: none */
	struct tailor_work work;
	struct tailor_law *law;
	struct liquid_value no_data;
	char *name;
	struct tailor_data *data; /* what came with the message */
	struct err data_err;
	struct arena *arena; /* decoded header fields */
	struct piece *pieces;
	size_t count;
};

static void
add_field(struct tailor_inspect *inspect, const struct mime_header *header, bool is_template)
{
	struct piece *piece = &inspect->pieces[inspect->count++];

	piece->show.header = header;
	piece->show.name = header->name;
	piece->show.is_template = is_template;
	piece->show.source = mime_header_decode(header->value, inspect->arena);
	if (is_template)
		tailor_compile_field(
		    &piece->field, &inspect->work, header, inspect->arena, &piece->show.err);
}

/* The daemon's HTML has its links made ready first, which may find faults, too. What is shown
 * here is the author's. */
static void
check_as_sent(struct tailor_inspect *inspect, struct piece *piece)
{
	struct tailor_work work = inspect->work;
	struct liquid_program *program = NULL;
	struct tailor_track *track;

	if (inspect->campaign == NULL || piece->show.err.code != ERR_NONE)
		return;
	track = tailor_track_new(work.conf, work.campaign, str_c(inspect->name));
	work.stages.track = track;
	if (tailor_compile_part(
		&program, &work, piece->show.number, piece->show.part, &piece->show.err) != 0)
		liquid_free(&piece->program);
	liquid_free(&program);
	tailor_track_free(&track);
}

static void
add_part(struct tailor_inspect *inspect, const struct mime_part *part, size_t number)
{
	struct piece *piece = &inspect->pieces[inspect->count++];

	piece->show.part = part;
	piece->show.number = number;
	piece->show.name = tailor_part_name(part, number, piece->name);
	piece->show.source = part->text;
	piece->show.is_template = tailor_has_tags(part->text, inspect->work.campaign);
	if (piece->show.is_template)
		tailor_compile_part(
		    &piece->program, &inspect->work, number, part, &piece->show.err);
	if (piece->show.is_template)
		check_as_sent(inspect, piece);
}

static void
prepare(struct tailor_inspect *inspect, const struct mime_message *mime)
{
	static const struct conf_campaign none = {.name = ""};
	const struct tailor *tailor = inspect->tailor;
	const struct conf_campaign *campaign = inspect->campaign;

	inspect->no_data = liquid_object_value(liquid_object_new(inspect->arena, 1));
	inspect->work = (struct tailor_work){.conf = tailor->conf,
	    .campaign = campaign == NULL ? &none : campaign,
	    .data = campaign == NULL ? &inspect->no_data
				     : &tailor->data[campaign - tailor->conf->campaigns],
	    .shelf = tailor_templates_of(tailor->templates, campaign),
	    .extensions = plugin_use_extensions(plugin_set_use(tailor->plugins, campaign)),
	    .mime = mime};
	if (campaign != NULL)
		inspect->law = tailor_law_new(tailor->conf, campaign, inspect->work.data);
	tailor_work_init(&inspect->work, inspect->arena);
}

struct tailor_inspect *
tailor_inspect_new(struct tailor *tailor, const struct conf_campaign *campaign, struct str name,
    const struct mime_message *mime)
{
	struct tailor_inspect *inspect = g_new0(struct tailor_inspect, 1);
	size_t headers = mime_header_count(mime), parts = mime_part_count(mime);

	inspect->tailor = tailor;
	inspect->campaign = campaign;
	inspect->name = g_strndup(name.p, name.n);
	inspect->arena = arena_new(SOURCES_MAX);
	tailor_data_new(&inspect->data, tailor->conf, mime, &inspect->data_err);
	prepare(inspect, mime);
	inspect->pieces = g_new0(struct piece, headers + parts);
	for (size_t i = 0; i < headers; i++) {
		const struct mime_header *header = mime_header_at(mime, i);
		bool is_template =
		    tailor_field_is_template(header, inspect->work.campaign, inspect->arena);

		if (is_template || header == mime_header_find(mime, "Subject"))
			add_field(inspect, header, is_template);
	}
	for (size_t i = 0; i < parts; i++)
		add_part(inspect, mime_part_at(mime, i), i + 1);
	return inspect;
}

static void
free_field(struct tailor_field *field)
{
	g_free(field->name);
	liquid_free(&field->text);
	liquid_free(&field->address);
}

void
tailor_inspect_free(struct tailor_inspect **inspect)
{
	struct tailor_inspect *gone = *inspect;

	*inspect = NULL;
	if (gone == NULL)
		return;
	for (size_t i = 0; i < gone->count; i++) {
		free_field(&gone->pieces[i].field);
		liquid_free(&gone->pieces[i].program);
	}
	arena_free(&gone->arena);
	tailor_data_free(&gone->data);
	tailor_law_free(&gone->law);
	g_free(gone->pieces);
	g_free(gone->name);
	g_free(gone);
}

const struct err *
tailor_inspect_data(const struct tailor_inspect *inspect)
{
	return inspect->data_err.code == ERR_NONE ? NULL : &inspect->data_err;
}

size_t
tailor_inspect_count(const struct tailor_inspect *inspect)
{
	return inspect->count;
}

const struct tailor_piece *
tailor_inspect_at(const struct tailor_inspect *inspect, size_t i)
{
	return &inspect->pieces[i].show;
}

int
tailor_inspect_try(
    const struct tailor_inspect *inspect, size_t i, struct str source, struct err *err)
{
	const struct tailor_piece *piece = &inspect->pieces[i].show;
	struct liquid_program *program = NULL;
	struct tailor_field field = {.name = NULL};
	int rc;

	if (piece->header != NULL) {
		const struct mime_header header = {piece->header->name, source};
		struct arena *arena = arena_new(SOURCES_MAX);

		rc = tailor_compile_field(&field, &inspect->work, &header, arena, err);
		arena_free(&arena);
	} else {
		struct mime_part part = *piece->part;

		part.text = source;
		rc = tailor_compile_part(&program, &inspect->work, piece->number, &part, err);
	}
	free_field(&field);
	liquid_free(&program);
	return rc;
}

static int
know_nothing(void *closure, struct str key, struct arena *arena, struct liquid_value *value_r,
    struct err *err)
{
	(void)closure;
	(void)key;
	(void)arena;
	(void)value_r;
	(void)err;
	return 0;
}

/* The names of plugins' values are known here; what they are, only while a copy is made. */
static int
add_namespaces(const struct tailor_inspect *inspect, struct arena *arena,
    struct liquid_value *globals, struct err *err)
{
	static const struct liquid_lazy unknown = {know_nothing, NULL, NULL};
	const struct plugin_use *use = plugin_set_use(inspect->tailor->plugins, inspect->campaign);
	struct liquid_object *object;
	const char *name;

	if (use == NULL)
		return 0;
	object = liquid_object_copy(globals->object, arena, 8);
	for (size_t i = 0; object != NULL && (name = plugin_use_namespace(use, i)) != NULL; i++) {
		if (liquid_object_set(object, arena, str_c(name),
			(struct liquid_value){.type = LIQUID_LAZY, .lazy = &unknown}) != 0)
			object = NULL;
	}
	if (object == NULL)
		return err_set(err, ERR_LIMIT, "contact: too large");
	*globals = liquid_object_value(object);
	return 0;
}

bool
tailor_inspect_is_plugins(const struct tailor_inspect *inspect, struct str wanted)
{
	const struct plugin_use *use = plugin_set_use(inspect->tailor->plugins, inspect->campaign);
	const char *name;

	for (size_t i = 0; (name = plugin_use_namespace(use, i)) != NULL; i++) {
		if (str_is(wanted, name))
			return true;
	}
	return false;
}

unsigned
tailor_inspect_wants(const struct tailor_inspect *inspect)
{
	return tailor_law_wants(inspect->law);
}

int
tailor_inspect_lacks(const struct tailor_inspect *inspect, size_t i, struct err *err)
{
	const struct tailor_piece *piece = &inspect->pieces[i].show;
	struct tailor_work work = inspect->work;

	work.law = inspect->law;
	return piece->part == NULL ? 0 : tailor_part_lacks(&work, piece->number, piece->part, err);
}

int
tailor_inspect_scope(struct tailor_inspect *inspect, const struct store_contact *contact,
    struct str recipient, struct arena *arena, struct liquid_value *globals_r, struct err *err)
{
	struct tailor_contact person = {.known = contact != NULL};
	struct tailor_links *links = arena_zalloc(arena, 1, sizeof *links);

	if (links == NULL)
		return err_set(err, ERR_LIMIT, "contact: too large");
	/* Without keys addresses stand for themselves. */
	links->arena = arena;
	links->no_view = inspect->tailor->conf->view_keep == 0;
	if (inspect->campaign != NULL &&
	    tailor_track_configured(inspect->tailor->conf, inspect->campaign))
		links->base = link_base(inspect->tailor->conf, inspect->campaign);
	if (inspect->campaign != NULL)
		links->leave = str_c(inspect->campaign->unsubscribe_address);
	if (contact != NULL)
		person.row = *contact;
	if (tailor_scope_of(inspect->tailor, inspect->campaign, str_c(inspect->name), inspect->data,
		recipient, arena, links, &person, globals_r, err) != 0)
		return -1;
	return add_namespaces(inspect, arena, globals_r, err);
}

static int
render_mailbox(const struct tailor_field *field, const struct liquid_value *globals,
    const struct liquid_render_options *options, struct arena *arena, struct str *text_r,
    struct err *err)
{
	struct str display, address, value;

	if (liquid_render(field->text, globals, options, arena, &display, err) != 0 ||
	    liquid_render(field->address, globals, options, arena, &address, err) != 0)
		return -1;
	if (mime_mailbox_encode(
		field->name, str_trim(display), str_trim(address), arena, &value, err) != 0)
		return err_prefix(err, "%s", field->name);
	*text_r = arena_printf(arena, "%.*s <%.*s>", STR_F(display), STR_F(address));
	return text_r->p != NULL ? 0 : err_set(err, ERR_LIMIT, "%s: too long", field->name);
}

int
tailor_inspect_render(const struct tailor_inspect *inspect, size_t i,
    const struct liquid_value *globals, const struct liquid_render_options *options,
    struct arena *arena, struct str *text_r, struct err *err)
{
	const struct piece *piece = &inspect->pieces[i];
	struct liquid_render_options spoken = *options;

	spoken.language = tailor_language(inspect->work.shelf.texts, globals);
	*text_r = piece->show.source;
	if (!piece->show.is_template)
		return 0;
	if (piece->show.part != NULL)
		return liquid_render(piece->program, globals, &spoken, arena, text_r, err);
	if (piece->field.mailbox)
		return render_mailbox(&piece->field, globals, &spoken, arena, text_r, err);
	return liquid_render(piece->field.text, globals, &spoken, arena, text_r, err);
}
