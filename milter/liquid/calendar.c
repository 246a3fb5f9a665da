/* SPDX-License-Identifier: BSD-2-Clause
 *
 * calendar: values as text of iCalendar (RFC 5545)
 *
 * What stands before the value of a content line, its parameters, knows no escapes: there
 * a value loses what would end the parameter. In the value it is escaped as TEXT. No value
 * can begin a line of its own.
 *
 * Threads: one at a time per render.
 * Fails:   ERR_LIMIT.
 */
#include "liquid/render.h"

enum place { IN_VALUE, IN_PARAMETER, IN_QUOTES };

static struct str
last_line(const struct out *out)
{
	const char *lf = out->n == 0 ? NULL : memrchr(out->p, '\n', out->n);
	const char *p = lf == NULL ? out->p : lf + 1;

	return (struct str){p, (size_t)(out->p + out->n - p)};
}

/* Section 3.1 says what a content line is made of. */
static enum place
place_of(struct str line)
{
	bool quoted = false;

	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] == '"')
			quoted = !quoted;
		else if (line.p[i] == ':' && !quoted)
			return IN_VALUE;
	}
	return quoted ? IN_QUOTES : IN_PARAMETER;
}

static bool
is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

/* What a value's character becomes (section 3.3.11); {NULL,0}: it stays. */
static struct str
in_value(struct str rest)
{
	switch (rest.p[0]) {
	case '\\':
		return STR("\\\\");
	case ';':
		return STR("\\;");
	case ',':
		return STR("\\,");
	case '\n':
		return STR("\\n");
	case '\r':
		return rest.n > 1 && rest.p[1] == '\n' ? STR("") : STR("\\n");
	case '\t':
		return STR_NONE;
	default:
		return is_control(rest.p[0]) ? STR(" ") : STR_NONE;
	}
}

static struct str
in_parameter(char c, enum place place)
{
	if (c == '"')
		return STR("'");
	if (is_control(c) || (place == IN_PARAMETER && strchr(",;:", c) != NULL))
		return STR(" ");
	return STR_NONE;
}

static struct str
changed(struct str rest, enum place place, bool safe)
{
	if (safe)
		return is_control(rest.p[0]) ? STR(" ") : STR_NONE;
	return place == IN_VALUE ? in_value(rest) : in_parameter(rest.p[0], place);
}

int
render_calendar(struct render *render, struct str s, bool safe)
{
	struct str line = last_line(&render->out);
	enum place place = place_of(line);

	/* Looking back takes time, too. */
	if (render_charge(render, line.n) < 0)
		return -1;
	while (s.n > 0) {
		struct str instead = STR_NONE;
		size_t n = 0;

		while (n < s.n && instead.p == NULL) {
			instead = changed((struct str){s.p + n, s.n - n}, place, safe);
			n += instead.p == NULL;
		}
		if (render_write(render, (struct str){s.p, n}) < 0 ||
		    (instead.p != NULL && render_write(render, instead) < 0))
			return -1;
		n += instead.p != NULL;
		s = (struct str){s.p + n, s.n - n};
	}
	return 0;
}
