/* SPDX-License-Identifier: BSD-2-Clause
 *
 * nearest: what the files of this plugin share
 */
#ifndef NEAREST_NEAREST_H
#define NEAREST_NEAREST_H

#include <mailtailor/plugin.h>

#include "outlets.h"

#include <sys/stat.h>

#define NEAREST_OTHERS_MAX 50

/* How a file was when it was looked at. */
struct nearest_stamp {
	struct timespec modified, changed;
	off_t size;
	ino_t inode;
};

struct nearest_holiday {
	char country[3]; /* or empty: everywhere */
	int32_t from, to;
};

/* The plugin's state. Only start, stop, reload and the one task of the background process
 * change it, and all but the task's own member are changed when no hook runs. */
struct nearest {
	struct outlets *outlets;
	struct places *places; /* or NULL */
	struct nearest_stamp outlets_stamp, places_stamp;
	struct nearest_stamp seen_outlets, seen_places; /* the task's */
	struct nearest_holiday *holidays;
	size_t holiday_count;
	struct outlets_only only[OUTLETS_ONLY_MAX];
	size_t only_count;
	char default_country[3];
};

/* --- where.c: where a contact is --- */

/* "position", "postcode" or "city"; NULL: it isn't known. `of`: an object with the attributes,
 * or NULL: the copy's contact. */
const char *nearest_where(
    struct mt_call *call, const struct mt_value *of, struct geo_point *point_r);
/* The same for a postcode or city, "10115" or "Berlin" or "Berlin, DE". */
const char *nearest_where_text(struct mt_call *call, struct mt_str text, struct geo_point *point_r);

/* --- show.c: an outlet as a template sees it --- */

/* NULL beyond the ceiling. */
struct mt_value *nearest_show(struct mt_call *call, const struct outlet *outlet,
    const struct geo_unit *from, const char *found_by);

/* --- data.c: the files --- */

int32_t nearest_extend(struct mt_call *call, struct mt_definition *definition);
int32_t nearest_start(struct mt_call *call, void **state_r);
void nearest_stop(struct mt_call *call);
int32_t nearest_reload(struct mt_call *call);
/* The task: says `changed` if the files are others and good. */
int32_t nearest_look(struct mt_call *call, void *closure);

#endif
