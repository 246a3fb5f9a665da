/* SPDX-License-Identifier: BSD-2-Clause
 *
 * err: see err.h
 *
 * Threads: any; touches only its arguments.
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const struct {
	const char *name;
	int exit_code;
} codes[] = {
    [ERR_NONE] = {"none", EX_OK},
    [ERR_CONFIG] = {"config", EX_CONFIG},
    [ERR_INPUT] = {"input", EX_DATAERR},
    [ERR_TEMPLATE] = {"template", EX_DATAERR},
    [ERR_MISSING] = {"missing", EX_DATAERR},
    [ERR_ABORT] = {"abort", EX_DATAERR},
    [ERR_LIMIT] = {"limit", EX_DATAERR},
    [ERR_NOTFOUND] = {"notfound", EX_NOINPUT},
    [ERR_PERM] = {"perm", EX_NOPERM},
    [ERR_IO] = {"io", EX_IOERR},
    [ERR_STORE] = {"store", EX_SOFTWARE},
    [ERR_BUSY] = {"busy", EX_TEMPFAIL},
    [ERR_KEY] = {"key", EX_CONFIG},
    [ERR_PLUGIN] = {"plugin", EX_SOFTWARE},
    [ERR_PROTO] = {"proto", EX_PROTOCOL},
};

static void
defuse(char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
	}
}

int
err_set(struct err *err, enum err_code code, const char *format, ...)
{
	va_list args;

	if (err == NULL)
		return -1;
	err->code = code;
	err->place = (struct err_place){0};
	va_start(args, format);
	vsnprintf(err->text, sizeof err->text, format, args);
	va_end(args);
	defuse(err->text);
	return -1;
}

/* A very long name keeps its end, so that there is room for the sentence. */
int
err_set_at(struct err *err, enum err_code code, struct str name, unsigned line, unsigned column,
    const char *sentence)
{
	size_t max = ERR_TEXT_MAX / 2;
	int used;

	if (err == NULL)
		return -1;
	if (name.n > max)
		name = (struct str){name.p + name.n - max, max};
	used = snprintf(err->text, sizeof err->text, "%.*s:%u:%u: ", STR_F(name), line, column);
	snprintf(err->text + used, sizeof err->text - (size_t)used, "%s", sentence);
	defuse(err->text);
	err->code = code;
	err->place = (struct err_place){
	    .line = line, .column = column, .name = (unsigned)name.n, .sentence = (unsigned)used};
	return -1;
}

int
err_prefix(struct err *err, const char *format, ...)
{
	char old[ERR_TEXT_MAX];
	size_t used;
	va_list args;

	if (err == NULL)
		return -1;
	memcpy(old, err->text, sizeof old);
	err->place = (struct err_place){0};
	va_start(args, format);
	vsnprintf(err->text, sizeof err->text, format, args);
	va_end(args);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof err->text - used, ": %s", old);
	defuse(err->text);
	return -1;
}

const char *
err_code_name(enum err_code code)
{
	return codes[code].name;
}

int
err_exit_code(enum err_code code)
{
	return codes[code].exit_code;
}
