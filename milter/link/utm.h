/* SPDX-License-Identifier: BSD-2-Clause
 *
 * utm: parameters by which web analytics know where a visitor came from
 *
 * Threads: any; touches only its arguments.
 */
#ifndef LINK_UTM_H
#define LINK_UTM_H

#include "base/arena.h"
#include "base/err.h"
#include "conf/conf.h"

/* Values as they are meant; empty: that parameter is not added. */
struct link_utm {
	struct str source;
	struct str medium;
	struct str campaign;
	struct str content;
};

/* What the campaign's section says; `name` of the campaign is utm_campaign where the section
 * names a source or medium, but no campaign. */
struct link_utm link_utm_of(const struct conf_campaign *campaign, struct str name);

/* `url` is an address as a browser reads it (entities decoded, template tags rendered). The
 * parameters that it has already stay; the others come last in its query, before the
 * fragment; all other bytes stay as they are. What is no http or https address comes back
 * as it is. Result in the arena, or `url` itself. ERR_LIMIT: it would have more than
 * LINK_ADDRESS_MAX bytes, or the arena is full. */
int link_add_utm(struct str url, const struct link_utm *utm, struct arena *arena, struct str *url_r,
    struct err *err);

#endif
