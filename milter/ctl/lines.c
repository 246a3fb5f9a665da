/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lines: see lines.h
 *
 * Threads: one at a time.
 * Fails:   ERR_IO, ERR_INPUT.
 */
#include "ctl/lines.h"

#include <errno.h>

#define BOM "\xef\xbb\xbf"

void
ctl_lines_init(struct ctl_lines *lines, FILE *in)
{
	*lines = (struct ctl_lines){.in = in};
	buf_init(&lines->line, CTL_LINE_MAX);
}

void
ctl_lines_fini(struct ctl_lines *lines)
{
	buf_fini(&lines->line);
}

static int
check_first(struct ctl_lines *lines, struct err *err)
{
	struct str line = buf_str(&lines->line);

	if (str_starts(line, STR(BOM)))
		buf_drop(&lines->line, 3);
	if (str_starts(line, STR("\xff\xfe")) || str_starts(line, STR("\xfe\xff")))
		return err_set(
		    err, ERR_INPUT, "the file is in UTF-16; save it as UTF-8 and try again");
	return 0;
}

int
ctl_lines_next(struct ctl_lines *lines, struct err *err)
{
	bool any = false;
	int c;

	buf_reset(&lines->line);
	lines->too_long = false;
	while ((c = getc_unlocked(lines->in)) != EOF) {
		any = true;
		if (buf_add_char(&lines->line, (char)c) != 0)
			lines->too_long = true;
		if (c == '\n')
			break;
		if (c == '\r') {
			c = getc_unlocked(lines->in);
			if (c == '\n' && buf_add_char(&lines->line, '\n') != 0)
				lines->too_long = true;
			else if (c != '\n' && c != EOF)
				ungetc(c, lines->in);
			break;
		}
	}
	if (ferror(lines->in))
		return err_set(err, ERR_IO, "the file can't be read: %s", strerror(errno));
	if (!any)
		return 0;
	lines->number++;
	if (lines->number == 1 && check_first(lines, err) != 0)
		return -1;
	return 1;
}
