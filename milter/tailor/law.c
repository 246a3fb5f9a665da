/* SPDX-License-Identifier: BSD-2-Clause
 *
 * law: see law.h
 */
#include "tailor/law.h"

#include "html/html.h"
#include "link/link.h"
#include "tailor/template.h"

#include <glib.h>

struct tailor_law {
	const struct conf_campaign *campaign;
	unsigned wants;
	char *postal; /* folded; NULL: only the campaign's data know it */
	char *html;   /* the footer that is built in */
	char *text;
};

/* Colours of its own, so that it can be read on any background. */
#define HTML_BEGIN                                                                     \
	"<div style=\"clear:both;padding:16px;background-color:#ffffff;color:#595959;" \
	"font-family:Arial,Helvetica,sans-serif;font-size:12px;line-height:18px;"      \
	"text-align:center\">"
#define HTML_LINK                                                                       \
	"<a href=\"{{ links.%s }}\" style=\"color:#595959;text-decoration:underline\">" \
	"{{ 'footer.%s' | t }}</a>"

static void
make_footer(struct tailor_law *law, bool preferences)
{
	bool postal = (law->wants & TAILOR_LOOK_POSTAL) != 0;
	GString *html = g_string_new(HTML_BEGIN), *text = g_string_new("");

	if (postal) {
		g_string_append(html, "{{ campaign.postal_address }}<br>");
		g_string_append(text, "{{ campaign.postal_address }}\n");
	}
	g_string_append_printf(html, HTML_LINK, "unsubscribe", "unsubscribe");
	g_string_append(text, "{{ 'footer.unsubscribe' | t }}: {{ links.unsubscribe }}\n");
	if (preferences) {
		g_string_append(html, " &middot; ");
		g_string_append_printf(html, HTML_LINK, "preferences", "preferences");
		g_string_append(text, "{{ 'footer.preferences' | t }}: {{ links.preferences }}\n");
	}
	g_string_append(html, "</div>");
	law->html = g_string_free(html, FALSE);
	law->text = g_string_free(text, FALSE);
}

struct tailor_law *
tailor_law_new(
    const struct conf *conf, const struct conf_campaign *campaign, const struct liquid_value *data)
{
	const char *postal = conf_postal_address(conf, campaign);
	bool own = tailor_has_value(data, STR("postal_address"));
	struct tailor_law *law;

	if (campaign->kind != CONF_KIND_MARKETING || !conf_can_unsubscribe(conf, campaign))
		return NULL;
	law = g_new0(struct tailor_law, 1);
	law->campaign = campaign;
	law->wants = TAILOR_LOOK_UNSUBSCRIBE | (postal[0] != '\0' || own ? TAILOR_LOOK_POSTAL : 0);
	law->postal = postal[0] == '\0' ? NULL : tailor_look_fold(str_c(postal));
	make_footer(law, tailor_track_configured(conf, campaign));
	return law;
}

void
tailor_law_free(struct tailor_law **law)
{
	if (*law == NULL)
		return;
	g_free((*law)->postal);
	g_free((*law)->html);
	g_free((*law)->text);
	g_free(*law);
	*law = NULL;
}

unsigned
tailor_law_wants(const struct tailor_law *law)
{
	return law == NULL ? 0 : law->wants;
}

bool
tailor_law_covers(const struct tailor_law *law, const struct mime_part *part)
{
	return law != NULL && (part->kind == MIME_HTML || part->kind == MIME_PLAIN);
}

struct str
tailor_law_partial(const struct tailor_law *law, bool html)
{
	return str_c(html ? law->html : law->text);
}

const char *
tailor_law_words(unsigned lacks)
{
	static const char *const words[] = {
	    [0] = "nothing",
	    [TAILOR_LOOK_UNSUBSCRIBE] = "no link to unsubscribe that can be seen",
	    [TAILOR_LOOK_POSTAL] = "no postal address",
	    [TAILOR_LOOK_UNSUBSCRIBE | TAILOR_LOOK_POSTAL] =
		"no link to unsubscribe that can be seen and no postal address",
	};

	return words[lacks & (TAILOR_LOOK_UNSUBSCRIBE | TAILOR_LOOK_POSTAL)];
}

static int
look(const struct tailor_law *law, bool html, struct str source,
    const struct tailor_look_partials *partials, struct tailor_look_found *found_r, struct err *err)
{
	const struct tailor_look_query query = {
	    .html = html, .postal = law->postal, .partials = partials};

	return tailor_look(&query, source, found_r, err);
}

int
tailor_law_lacks(const struct tailor_law *law, bool html, struct str source,
    const struct tailor_look_partials *partials, struct err *err)
{
	struct tailor_look_found found;

	if (look(law, html, source, partials, &found, err) != 0)
		return -1;
	return (int)(law->wants & ~found.has);
}

static int
refuse(const struct conf_campaign *campaign, struct str name, unsigned lacks, struct err *err)
{
	return err_set(err, ERR_TEMPLATE, "%.*s has %s, which campaign \"%s\" insists on (strict)",
	    STR_F(name), tailor_law_words(lacks), campaign->name);
}

/* In text the footer stands on lines of its own, one empty line above it. */
static struct str
text_of_edit(const struct tailor_law *law, bool html, struct str source,
    const struct tailor_look_found *found, struct buf *edit)
{
	const char *name =
	    law->campaign->footer[0] != '\0' ? law->campaign->footer : TAILOR_LAW_FOOTER;
	size_t at = found->place;

	if (!html && at > 0 && source.p[at - 1] != '\n')
		buf_add_c(edit, "\n");
	if (!html && str_trim((struct str){source.p, at}).n > 0)
		buf_add_c(edit, "\n");
	buf_printf(edit, "{%% render \"%s\" %%}", name);
	if (!html && found->before)
		buf_add_c(edit, "\n");
	return buf_str(edit);
}

static int
splice(struct str source, size_t at, struct str text, const struct origin *before, struct buf *out,
    struct origin **origin_r, struct err *err)
{
	struct html_edit edit = {{at, at}, text};

	if (html_splice(source, &edit, 1, out, err) != 0)
		return -1;
	*origin_r = before == NULL ? origin_new(source) : origin_new_after(before, source.n);
	origin_add(*origin_r, 0, 0, false);
	origin_add(*origin_r, at, at, true);
	origin_add(*origin_r, at + text.n, at, false);
	return 0;
}

/* The footer may have come into something that the author did not close. */
static int
check_result(const struct tailor_law *law, bool html, struct str name, struct str source,
    const struct tailor_look_partials *partials, struct err *err)
{
	int lacks = tailor_law_lacks(law, html, source, partials, err);

	if (lacks > 0)
		err_set(err, ERR_TEMPLATE,
		    "%.*s has %s, and the footer at its end could not be seen: expected all that "
		    "is "
		    "hidden or commented out to be closed",
		    STR_F(name), tailor_law_words((unsigned)lacks));
	return lacks == 0 ? 0 : -1;
}

int
tailor_law_source(const struct tailor_law *law, bool html, struct str name, struct str source,
    const struct origin *before, const struct tailor_look_partials *partials, struct buf *out,
    struct origin **origin_r, struct err *err)
{
	struct tailor_look_found found;
	struct buf edit;
	unsigned lacks;
	int rc;

	if (look(law, html, source, partials, &found, err) != 0)
		return -1;
	lacks = law->wants & ~found.has;
	if (lacks == 0)
		return 0;
	if (law->campaign->strict)
		return refuse(law->campaign, name, lacks, err);
	buf_init(&edit, 1000);
	rc = splice(source, found.place, text_of_edit(law, html, source, &found, &edit), before,
	    out, origin_r, err);
	buf_fini(&edit);
	if (rc == 0)
		rc = check_result(law, html, name, buf_str(out), partials, err);
	return rc == 0 ? 1 : -1;
}

int
tailor_law_check_fixed(
    const struct conf_campaign *campaign, const struct mime_message *mime, struct err *err)
{
	if (campaign->kind != CONF_KIND_MARKETING || !campaign->strict ||
	    mime_fixed_count(mime) == 0)
		return 0;
	return refuse(
	    campaign, STR("a text part that can't be rewritten"), TAILOR_LOOK_UNSUBSCRIBE, err);
}
