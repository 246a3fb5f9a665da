/* SPDX-License-Identifier: BSD-2-Clause
 *
 * preview: the message that would leave for one recipient, without sending it
 *
 * The engine of the daemon makes it, so what is shown is what would be sent, signature and
 * all; only Date may differ, where the message has none of its own.
 *
 * Threads: one.
 */
#include "ctl/ctl.h"

#include "base/buf.h"
#include "ctl/message.h"
#include "tailor/tailor.h"

#include <errno.h>
#include <sysexits.h>

#define COPY_OVERHEAD ((size_t)16 << 20)

enum show { SHOW_MESSAGE, SHOW_HTML, SHOW_TEXT };

struct preview {
	const char *path;
	struct str to;
	struct str campaign; /* {NULL,0}: as the message says */
	struct str sender;
	enum show show;
	bool single;
};

/* Everything the engine needs, to be let go of together. */
struct workshop {
	struct dkim_keys *keys;
	struct link_keys *link_keys;
	struct tailor_templates *templates;
	struct tailor *tailor;
	struct tailor_message *message;
	struct arena *arena;
	struct buf raw;
};

static int
read_options(struct preview *preview, int argc, char **argv)
{
	static const struct option options[] = {{"to", required_argument, NULL, 't'},
	    {"campaign", required_argument, NULL, 'c'}, {"sender", required_argument, NULL, 's'},
	    {"html", no_argument, NULL, 'h'}, {"text", no_argument, NULL, 'x'},
	    {"single", no_argument, NULL, '1'}, {NULL, 0, NULL, 0}};
	int option;

	optind = 0;
	while ((option = ctl_option(argc, argv, options)) != -1) {
		switch (option) {
		case 't':
			preview->to = str_c(optarg);
			break;
		case 'c':
			preview->campaign = str_c(optarg);
			break;
		case 's':
			preview->sender = str_c(optarg);
			break;
		case 'h':
			preview->show = SHOW_HTML;
			break;
		case 'x':
			preview->show = SHOW_TEXT;
			break;
		case '1':
			preview->single = true;
			break;
		default:
			return EX_USAGE;
		}
	}
	if (preview->to.p == NULL || optind + 1 != argc)
		return ctl_usage("preview");
	preview->path = argv[optind];
	return 0;
}

static int
find_campaign(const struct preview *preview, const struct conf *conf, struct str raw,
    const struct conf_campaign **campaign_r, struct str *name_r, struct err *err)
{
	const struct mime_limits limits = {(size_t)conf->max_headers, (size_t)conf->max_parts, 100};
	struct mime_message *mime;
	int found;

	if (preview->campaign.p != NULL) {
		*name_r = preview->campaign;
		*campaign_r = conf_campaign_find(conf, preview->campaign);
		return *campaign_r != NULL
		    ? 0
		    : err_set(err, ERR_NOTFOUND, "the configuration has no campaign \"%.*s\"",
			  STR_F(preview->campaign));
	}
	if (mime_parse(&mime, raw, &limits, err) != 0)
		return -1;
	found = mime_header_count(mime) == 0
	    ? 0
	    : tailor_campaign_of(conf, mime_header_at(mime, 0), mime_header_count(mime),
		  preview->sender, campaign_r, name_r, err);
	mime_free(&mime);
	if (found == 0)
		return err_set(err, ERR_NOTFOUND,
		    "no campaign mail: it has no %s header, and neither --sender nor From "
		    "belongs to a campaign (see --campaign)",
		    conf->campaign_header);
	return found < 0 ? -1 : 0;
}

static int
open_workshop(
    struct workshop *shop, const struct preview *preview, struct ctl *ctl, struct err *err)
{
	const struct conf *conf = ctl->conf;
	const struct conf_campaign *campaign;
	struct str name;

	buf_init(&shop->raw, (size_t)conf->max_message);
	if (ctl_read_message(preview->path, &shop->raw, err) != 0 ||
	    find_campaign(preview, conf, buf_str(&shop->raw), &campaign, &name, err) != 0 ||
	    dkim_keys_load(&shop->keys, conf, err) != 0 ||
	    link_keys_load(&shop->link_keys, conf, err) != 0 ||
	    tailor_templates_load(&shop->templates, conf, err) != 0 ||
	    tailor_new(&shop->tailor, conf, shop->keys, shop->link_keys, shop->templates,
		ctl->store, err) != 0 ||
	    tailor_message_new(&shop->message, shop->tailor, campaign, name, preview->sender,
		buf_str(&shop->raw), err) != 0)
		return -1;
	if (preview->single)
		tailor_message_set_single(shop->message);
	shop->arena = arena_new((size_t)conf->render_memory + COPY_OVERHEAD);
	return 0;
}

static void
close_workshop(struct workshop *shop)
{
	arena_free(&shop->arena);
	tailor_message_free(&shop->message);
	tailor_free(&shop->tailor);
	tailor_templates_unref(&shop->templates);
	dkim_keys_unref(&shop->keys);
	link_keys_unref(&shop->link_keys);
	buf_fini(&shop->raw);
}

/* The first part of that kind, as a reader sees it. */
static int
put_part(const struct preview *preview, const struct conf *conf, struct str copy, struct err *err)
{
	const struct mime_limits limits = {
	    (size_t)conf->max_headers + 16, (size_t)conf->max_parts, 100};
	enum mime_text kind = preview->show == SHOW_HTML ? MIME_HTML : MIME_PLAIN;
	struct mime_message *mime;
	bool found = false;

	if (mime_parse(&mime, copy, &limits, err) != 0)
		return -1;
	for (size_t i = 0; i < mime_part_count(mime) && !found; i++) {
		const struct mime_part *part = mime_part_at(mime, i);

		found = part->kind == kind;
		if (found)
			fwrite(part->text.p, 1, part->text.n, stdout);
	}
	mime_free(&mime);
	return found ? 0
		     : err_set(err, ERR_NOTFOUND, "the message has no %s part",
			   kind == MIME_HTML ? "HTML" : "text");
}

static int
put_copy(const struct preview *preview, const struct conf *conf, const struct tailor_copy *copy,
    struct err *err)
{
	struct buf out;
	int rc = 0;

	buf_init(&out, (size_t)conf->max_message * 4 + COPY_OVERHEAD);
	if (tailor_copy_write(copy, &out) != 0)
		rc = err_set(err, ERR_LIMIT, "the copy is too large to be shown");
	else if (preview->show == SHOW_MESSAGE)
		fwrite(out.data, 1, out.len, stdout);
	else
		rc = put_part(preview, conf, buf_str(&out), err);
	buf_fini(&out);
	if (rc == 0 && fflush(stdout) != 0)
		rc = err_set(err, ERR_IO, "standard output: %s", strerror(errno));
	return rc;
}

int
ctl_preview(struct ctl *ctl, int argc, char **argv)
{
	struct preview preview = {.campaign = STR_NONE, .sender = STR("")};
	struct workshop shop = {.arena = NULL};
	struct tailor_copy copy;
	struct err err = ERR_INIT;
	int status = read_options(&preview, argc, argv);

	if (status != 0)
		return status;
	if (ctl_configuration(ctl) == NULL)
		return EX_CONFIG;
	status = ctl_store(ctl, STORE_READ);
	if (status != 0)
		return status;
	if (open_workshop(&shop, &preview, ctl, &err) != 0) {
		status = ctl_fail(&err);
	} else {
		tailor_render(shop.tailor, shop.message, preview.to, shop.arena, &copy);
		if (copy.verdict != STORE_SENT) {
			ctl_error("nothing would be sent to %.*s: %s: %.*s", STR_F(preview.to),
			    store_verdict_name(copy.verdict), STR_F(copy.reason));
			status = copy.verdict == STORE_DEFERRED ? EX_TEMPFAIL : EX_UNAVAILABLE;
		} else if (put_copy(&preview, ctl->conf, &copy, &err) != 0) {
			status = ctl_fail(&err);
		}
	}
	close_workshop(&shop);
	return status;
}
