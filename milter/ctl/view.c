/* SPDX-License-Identifier: BSD-2-Clause
 *
 * view: a message that was sent, as whoever follows its links.view would see it
 *
 * Threads: one.
 */
#include "tailor/view.h"

#include "ctl/ctl.h"

#include <errno.h>
#include <sysexits.h>

#define VIEW_OVERHEAD ((size_t)32 << 20)

/* Everything the engine needs, to be let go of together. */
struct viewer {
	struct link_keys *link_keys;
	struct tailor_templates *templates;
	struct tailor *tailor;
	struct arena *arena;
};

static int
open_viewer(struct viewer *viewer, struct ctl *ctl, struct err *err)
{
	const struct conf *conf = ctl->conf;

	viewer->arena = arena_new((size_t)conf->render_memory + VIEW_OVERHEAD);
	if (conf->token_keys[0] == '\0')
		return err_set(err, ERR_CONFIG,
		    "%s: token_keys names no file, so no token can be read", conf->path);
	if (link_keys_load(&viewer->link_keys, conf, err) != 0 ||
	    tailor_templates_load(&viewer->templates, conf, err) != 0)
		return -1;
	return tailor_new(
	    &viewer->tailor, conf, NULL, viewer->link_keys, viewer->templates, ctl->store, err);
}

static void
close_viewer(struct viewer *viewer)
{
	tailor_free(&viewer->tailor);
	tailor_templates_unref(&viewer->templates);
	link_keys_unref(&viewer->link_keys);
	arena_free(&viewer->arena);
}

/* Of an address its path from the last slash but one on, of which link_path_decode knows
 * what it means; a token alone is one of links.view. */
static int
decode(const struct viewer *viewer, struct str text, struct link_facts *facts_r, struct err *err)
{
	size_t slashes = 0, at = text.n;

	while (at > 0 && slashes < 2)
		slashes += text.p[--at] == '/';
	if (slashes == 0)
		return link_decode(viewer->link_keys, LINK_VIEW, text, viewer->arena, facts_r, err);
	return link_path_decode(
	    viewer->link_keys, (struct str){text.p + at, text.n - at}, viewer->arena, facts_r, err);
}

static int
show(const struct viewer *viewer, struct str text, struct err *err)
{
	struct link_facts facts;
	struct str html;

	if (decode(viewer, text, &facts, err) != 0 ||
	    tailor_view(viewer->tailor, &facts, viewer->arena, &html, err) != 0)
		return -1;
	fwrite(html.p, 1, html.n, stdout);
	return fflush(stdout) == 0 ? 0
				   : err_set(err, ERR_IO, "standard output: %s", strerror(errno));
}

int
ctl_view(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {{NULL, 0, NULL, 0}};
	struct viewer viewer = {.arena = NULL};
	struct err err = ERR_INIT;
	int status;

	if (ctl_option(argc, argv, options) != -1 || optind + 1 != argc)
		return ctl_usage("view");
	if (ctl_configuration(ctl) == NULL)
		return EX_CONFIG;
	status = ctl_store(ctl, STORE_READ);
	if (status != 0)
		return status;
	if (open_viewer(&viewer, ctl, &err) != 0 || show(&viewer, str_c(argv[optind]), &err) != 0)
		status = ctl_fail(&err);
	close_viewer(&viewer);
	return status;
}
