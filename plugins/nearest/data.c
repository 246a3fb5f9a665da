/* SPDX-License-Identifier: BSD-2-Clause
 *
 * data: the files, read at start and again when they change
 *
 * The task of the background process notices a change, reads the new files, and only if they
 * are good tells all processes, each of which reads them then. Whoever finds them wrong keeps
 * what it has.
 *
 * Threads: start, stop and reload are alone; there is one task.
 */
#include "nearest.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct files {
	struct outlets *outlets;
	struct places *places;
	struct nearest_stamp outlets_stamp, places_stamp;
};

/* --- helpers --- */

static const char *
path_of(struct mt_call *call, const char *parameter)
{
	struct mt_str path = call->host->param_text(call, parameter);
	char *copy;

	if (path.n == 0)
		return NULL;
	copy = call->host->memory(call, path.n + 1);
	if (copy != NULL) {
		memcpy(copy, path.p, path.n);
		copy[path.n] = '\0';
	}
	return copy;
}

static struct nearest_stamp
stamp_of(const char *path)
{
	struct nearest_stamp stamp;
	struct stat st;

	memset(&stamp, 0, sizeof stamp);
	if (path != NULL && stat(path, &st) == 0) {
		stamp.modified = st.st_mtim;
		stamp.changed = st.st_ctim;
		stamp.size = st.st_size;
		stamp.inode = st.st_ino;
	}
	return stamp;
}

static bool
is_same(const struct nearest_stamp *a, const struct nearest_stamp *b)
{
	return a->modified.tv_sec == b->modified.tv_sec &&
	    a->modified.tv_nsec == b->modified.tv_nsec && a->changed.tv_sec == b->changed.tv_sec &&
	    a->changed.tv_nsec == b->changed.tv_nsec && a->size == b->size && a->inode == b->inode;
}

static bool
zone_ok(void *closure, const char *zone)
{
	struct mt_call *call = closure;
	struct mt_local local = {.size = sizeof local};

	return call->host->local(call, 0, mt_str_c(zone), &local) == MT_OK;
}

static void
files_free(struct files *files)
{
	outlets_free(&files->outlets);
	places_free(&files->places);
}

/* --- what the parameters say --- */

static int
read_only(struct mt_call *call, const struct outlets *outlets, struct outlets_only *only,
    size_t *count_r, struct fault *fault)
{
	struct mt_str text;

	for (*count_r = 0;; (*count_r)++) {
		text = call->host->param_list(call, "only", *count_r);
		if (text.p == NULL)
			return 0;
		if (*count_r == OUTLETS_ONLY_MAX)
			return fault_at(
			    fault, "only", 0, "expected at most %d conditions", OUTLETS_ONLY_MAX);
		if (outlets_only_read(outlets, text.p, text.n, &only[*count_r]) != 0)
			return fault_at(fault, path_of(call, "outlets"), 1,
			    "expected a column for \"%.*s\", which `only` asks for", (int)text.n,
			    text.p);
	}
}

/* "12-25", "2026-04-03..2026-04-06", "DE 10-03". */
static bool
read_holiday(const char *text, size_t n, struct nearest_holiday *holiday_r)
{
	memset(holiday_r, 0, sizeof *holiday_r);
	if (n > 3 && text[2] == ' ' && places_country(text, 2, holiday_r->country)) {
		text += 3;
		n -= 3;
	}
	return hours_read_date(text, n, &holiday_r->from, &holiday_r->to);
}

static int
read_holidays(struct mt_call *call, struct nearest *nearest, struct fault *fault)
{
	GArray *holidays = g_array_new(FALSE, FALSE, sizeof(struct nearest_holiday));
	struct nearest_holiday holiday;
	struct mt_str text;
	int rc = 0;

	for (size_t i = 0; rc == 0; i++) {
		text = call->host->param_list(call, "holidays", i);
		if (text.p == NULL)
			break;
		if (read_holiday(text.p, text.n, &holiday))
			g_array_append_val(holidays, holiday);
		else
			rc = fault_at(fault, "holidays", 0,
			    "expected dates such as 12-25, 2026-04-03..2026-04-06, \"DE 10-03\", "
			    "got \"%.*s\"",
			    (int)text.n, text.p);
	}
	nearest->holiday_count = holidays->len;
	nearest->holidays = (struct nearest_holiday *)(void *)g_array_free(holidays, FALSE);
	return rc;
}

static int
read_parameters(struct mt_call *call, struct nearest *nearest, struct fault *fault)
{
	struct mt_str text = call->host->param_text(call, "default_country");
	struct mt_str zone = call->host->param_text(call, "time_zone");
	struct mt_local local = {.size = sizeof local};

	if (text.n > 0 && !places_country(text.p, text.n, nearest->default_country))
		return fault_at(fault, "default_country", 0,
		    "expected a country of two letters, got \"%.*s\"", (int)text.n, text.p);
	if (zone.n > 0 && call->host->local(call, 0, zone, &local) != MT_OK)
		return fault_at(fault, "time_zone", 0,
		    "expected a time zone such as Europe/Berlin, got \"%.*s\"", (int)zone.n,
		    zone.p);
	return read_holidays(call, nearest, fault);
}

/* --- reading --- */

/* `old` is what there is, or NULL: places that are still the same are not read again, but stay
 * the old one's. */
static int
read_files(
    struct mt_call *call, const struct nearest *old, struct files *files_r, struct fault *fault)
{
	const char *outlets = path_of(call, "outlets"), *places = path_of(call, "places");
	struct outlets_only only[OUTLETS_ONLY_MAX];
	const struct places *used;
	size_t count;

	*files_r =
	    (struct files){.outlets_stamp = stamp_of(outlets), .places_stamp = stamp_of(places)};
	used = old == NULL ? NULL : old->places;
	if (places != NULL &&
	    (used == NULL || !is_same(&files_r->places_stamp, &old->places_stamp))) {
		files_r->places = places_load(places, fault);
		used = files_r->places;
		if (used == NULL)
			return -1;
	}
	files_r->outlets = outlets_load(outlets, used, zone_ok, call, fault);
	if (files_r->outlets == NULL ||
	    read_only(call, files_r->outlets, only, &count, fault) != 0) {
		files_free(files_r);
		return -1;
	}
	return 0;
}

/* The state is the files' owner from then on. */
static void
take_files(struct mt_call *call, struct nearest *nearest, struct files *files)
{
	struct fault ignored;

	outlets_free(&nearest->outlets);
	nearest->outlets = files->outlets;
	nearest->outlets_stamp = files->outlets_stamp;
	if (files->places != NULL) {
		places_free(&nearest->places);
		nearest->places = files->places;
	}
	nearest->places_stamp = files->places_stamp;
	read_only(call, nearest->outlets, nearest->only, &nearest->only_count, &ignored);
}

/* It has the same hooks whatever the parameters say: they are only looked at. The files, too,
 * where nothing else will happen; a daemon that runs tries again to read them. */
int32_t
nearest_extend(struct mt_call *call, struct mt_definition *definition)
{
	struct nearest *nearest = g_new0(struct nearest, 1);
	struct files files = {.outlets = NULL};
	bool look = (call->flags & MT_CALL_DRY) != 0;
	struct fault fault;
	int32_t rc = MT_OK;

	(void)definition;
	if (read_parameters(call, nearest, &fault) != 0 ||
	    (look && read_files(call, NULL, &files, &fault) != 0))
		rc = call->host->fail(call, mt_str_c(fault.text));
	files_free(&files);
	g_free(nearest->holidays);
	g_free(nearest);
	return rc;
}

int32_t
nearest_start(struct mt_call *call, void **state_r)
{
	struct nearest *nearest = g_new0(struct nearest, 1);
	struct files files = {.outlets = NULL};
	struct fault fault;

	if (read_parameters(call, nearest, &fault) != 0 ||
	    read_files(call, NULL, &files, &fault) != 0) {
		g_free(nearest->holidays);
		g_free(nearest);
		return call->host->fail(call, mt_str_c(fault.text));
	}
	take_files(call, nearest, &files);
	nearest->seen_outlets = nearest->outlets_stamp;
	nearest->seen_places = nearest->places_stamp;
	*state_r = nearest;
	return MT_OK;
}

void
nearest_stop(struct mt_call *call)
{
	struct nearest *nearest = call->state;

	if (nearest == NULL)
		return;
	outlets_free(&nearest->outlets);
	places_free(&nearest->places);
	g_free(nearest->holidays);
	g_free(nearest);
}

int32_t
nearest_reload(struct mt_call *call)
{
	struct nearest *nearest = call->state;
	struct files files;
	struct fault fault;

	if (read_files(call, nearest, &files, &fault) != 0)
		return call->host->fail(call, mt_str_c(fault.text));
	take_files(call, nearest, &files);
	return MT_OK;
}

int32_t
nearest_look(struct mt_call *call, void *closure)
{
	const struct mt_host *mt = call->host;
	struct nearest *nearest = call->state;
	struct nearest_stamp outlets = stamp_of(path_of(call, "outlets"));
	struct nearest_stamp places = stamp_of(path_of(call, "places"));
	struct files files;
	struct fault fault;
	char text[100];

	(void)closure;
	if (is_same(&outlets, &nearest->seen_outlets) && is_same(&places, &nearest->seen_places))
		return MT_OK;
	nearest->seen_outlets = outlets;
	nearest->seen_places = places;
	if (read_files(call, nearest, &files, &fault) != 0) {
		mt->log(call, MT_LOG_ERROR, mt_str_c(fault.text));
		return mt->fail(call,
		    MT_STR("the files changed and are wrong: those read before "
			   "are used"));
	}
	snprintf(text, sizeof text, "the files changed: %zu outlets", outlets_count(files.outlets));
	files_free(&files);
	mt->log(call, MT_LOG_INFO, mt_str_c(text));
	return mt->changed(call);
}
