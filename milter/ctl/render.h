/* SPDX-License-Identifier: BSD-2-Clause
 *
 * render: one template with its data, as `mailtailor render` takes it
 */
#ifndef CTL_RENDER_H
#define CTL_RENDER_H

#include "ctl/ctl.h"
#include "liquid/liquid.h"
#include "tailor/law.h"
#include "tailor/templates.h"

struct render_job {
	struct str name; /* of the template, for messages */
	struct str source;
	const json_t *data; /* an object; NULL: there are none */
	const struct liquid_partials *partials;
	const struct liquid_texts *texts; /* in the data's contact.language; NULL: there are none */
	enum liquid_mode mode;
	bool strict;
	bool merge_tags;	      /* the template may hold Mailchimp's */
	const struct tailor_law *law; /* whose footer it gets; NULL: none */
	int64_t now_ms;
	const char *time_zone; /* NULL: UTC */
};

/* Within the configuration's limits. The result is in the arena. */
int render_job_run(const struct render_job *job, const struct conf *conf, struct arena *arena,
    struct str *output_r, struct err *err);
/* Makes the job one of a part of this campaign's messages: its merge tags, its footer (*law_r is
 * the caller's), and its values in `data` where they are missing. */
int render_campaign(struct render_job *job, const struct conf *conf,
    const struct conf_campaign *campaign, const char *name, json_t *data, struct arena *arena,
    struct tailor_law **law_r, struct err *err);
/* "text", "html" or "header"; false if it is another word. */
bool render_mode_find(struct str word, enum liquid_mode *mode_r);
/* "none" or "mailchimp"; false if it is another word. */
bool render_merge_tags_find(struct str word, bool *merge_tags_r);

/* `render --lines`: answers standard input line by line; returns the exit status. */
int render_lines(const struct conf *conf);

#endif
