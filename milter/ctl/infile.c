/* SPDX-License-Identifier: BSD-2-Clause
 *
 * infile: see infile.h
 *
 * Threads: one.
 */
#include "ctl/infile.h"

#include "ctl/ctl.h"

#include <errno.h>
#include <sysexits.h>

int
ctl_infile_open(struct ctl_infile *file, const char *path)
{
	*file = (struct ctl_infile){stdin, "standard input"};
	if (strcmp(path, "-") == 0)
		return 0;
	*file = (struct ctl_infile){fopen(path, "re"), path};
	if (file->in != NULL)
		return 0;
	ctl_error("%s: %s", path, strerror(errno));
	return EX_NOINPUT;
}

void
ctl_infile_close(struct ctl_infile *file)
{
	if (file->in != NULL && file->in != stdin)
		fclose(file->in);
	file->in = NULL;
}

int
ctl_infile_peek(struct ctl_infile *file)
{
	int c = getc(file->in);

	if (c == 0xef) {
		getc(file->in);
		getc(file->in);
		c = getc(file->in);
	}
	while (c == ' ' || c == '\t')
		c = getc(file->in);
	if (c != EOF)
		ungetc(c, file->in);
	return c;
}

void
ctl_infile_report(const struct ctl_infile *file, size_t line, const struct err *err)
{
	ctl_error("%s: line %zu: %s", file->name, line, err->text);
}
