/* SPDX-License-Identifier: BSD-2-Clause
 *
 * ctl: see ctl.h; this file: options, help, output
 *
 * Threads: one.
 */
#include "ctl/ctl.h"

#include "intake/contact.h"

#include <glib.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

static const struct {
	const char *name;
	int (*run)(struct ctl *ctl, int argc, char **argv);
	const char *purpose;
	const char *usage;
} commands[] = {
#define CTL_ROW(name, purpose, usage) {#name, ctl_##name, purpose, usage},
    CTL_COMMANDS(CTL_ROW)
#undef CTL_ROW
};

#define COMMANDS (sizeof commands / sizeof commands[0])

/* --- saying things --- */

static bool
is_harmless(gunichar c)
{
	switch (g_unichar_type(c)) {
	case G_UNICODE_CONTROL:
	case G_UNICODE_FORMAT:
	case G_UNICODE_LINE_SEPARATOR:
	case G_UNICODE_PARAGRAPH_SEPARATOR:
		return false;
	default:
		return true;
	}
}

void
ctl_put(FILE *out, struct str text)
{
	const char *p = text.p;
	const char *end = p == NULL ? NULL : p + text.n;

	while (p != end) {
		gunichar c = g_utf8_get_char_validated(p, end - p);

		if (c == (gunichar)-1 || c == (gunichar)-2 || c == 0) {
			fprintf(out, "\\x%02x", (unsigned char)*p++);
			continue;
		}
		if (is_harmless(c))
			fwrite(p, 1, (size_t)g_utf8_skip[(guchar)*p], out);
		else if (c < 0x80)
			fprintf(out, "\\x%02x", (unsigned)c);
		else
			fprintf(out, "\\u{%x}", (unsigned)c);
		p += g_utf8_skip[(guchar)*p];
	}
}

void
ctl_error(const char *format, ...)
{
	char *text;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	fflush(stdout);
	fputs("mailtailor: ", stderr);
	ctl_put(stderr, str_c(text));
	fputc('\n', stderr);
	g_free(text);
}

int
ctl_fail(const struct err *err)
{
	ctl_error("%s", err->text);
	return err_exit_code(err->code);
}

void
ctl_put_json(json_t *value)
{
	size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(15);

	if (isatty(STDOUT_FILENO))
		flags |= JSON_ENSURE_ASCII;
	json_dumpf(value, stdout, flags);
	putchar('\n');
	json_decref(value);
}

json_t *
ctl_json_str(struct str text)
{
	return intake_json_str(text);
}

json_t *
ctl_json_time(int64_t ms)
{
	return intake_json_time(ms);
}

/* --- options --- */

static void
put_usage(FILE *out, const char *name)
{
	const char *lead = "usage: ";

	for (size_t i = 0; i < COMMANDS; i++) {
		struct str rest = str_c(commands[i].usage), line;

		if (name != NULL && strcmp(commands[i].name, name) != 0)
			continue;
		while (str_split(&rest, '\n', &line)) {
			if (line.n == 0)
				continue;
			/* Indented: the rest of the line above; in parentheses: a remark. */
			fprintf(out, "%s%s%.*s\n", lead,
			    line.p[0] == ' '	   ? "           "
				: line.p[0] == '(' ? ""
						   : "mailtailor [-c FILE] ",
			    STR_F(line));
			lead = "       ";
		}
	}
}

int
ctl_usage(const char *name)
{
	put_usage(stderr, name);
	return EX_USAGE;
}

int
ctl_option(int argc, char **argv, const struct option *options)
{
	int option;

	opterr = 0;
	option = getopt_long(argc, argv, ":", options, NULL);
	if (option == ':')
		ctl_error("%s: %s wants a value", argv[0], argv[optind - 1]);
	else if (option == '?')
		ctl_error("%s: unknown option %s", argv[0], argv[optind - 1]);
	return option == ':' ? '?' : option;
}

int
ctl_json_option(int argc, char **argv, const char *command, bool *json_r)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	int option;

	*json_r = false;
	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option != 'j')
			return ctl_usage(command);
		*json_r = true;
	}
	return EX_OK;
}

void
ctl_drain(void)
{
	char piece[8192];

	while (fread(piece, 1, sizeof piece, stdin) > 0)
		continue;
}

bool
ctl_number(const char *name, const char *text, unsigned long long max, size_t *number_r)
{
	unsigned long long number;

	if (!str_to_u64(str_c(text), max, &number) || number == 0) {
		ctl_error("%s %s: a number of 1 to %llu was expected", name, text, max);
		return false;
	}
	*number_r = (size_t)number;
	return true;
}

int
ctl_act(struct ctl *ctl, int argc, char **argv, const struct ctl_action *actions)
{
	if (argc >= 2) {
		for (; actions->name != NULL; actions++) {
			if (strcmp(argv[1], actions->name) == 0) {
				optind = 0;
				return actions->run(ctl, argc - 1, argv + 1);
			}
		}
		ctl_error("%s: there is no %s", argv[0], argv[1]);
	}
	return ctl_usage(argv[0]);
}

/* --- configuration and database --- */

static void
on_conf_error(const char *text, void *closure)
{
	(void)closure;
	ctl_error("%s", text);
}

const struct conf *
ctl_configuration(struct ctl *ctl)
{
	struct conf *conf;
	struct err err = ERR_INIT;

	if (ctl->conf == NULL) {
		/* Each error in the text is told by on_conf_error; only others are left. */
		if (conf_load(&conf, ctl->conf_path, on_conf_error, NULL, &err) != 0) {
			if (err.code != ERR_CONFIG)
				ctl_fail(&err);
			return NULL;
		}
		ctl->conf = conf;
	}
	return ctl->conf;
}

int
ctl_store(struct ctl *ctl, enum store_open_mode mode)
{
	struct err err = ERR_INIT;

	if (ctl->store != NULL)
		return 0;
	if (ctl_configuration(ctl) == NULL)
		return EX_CONFIG;
	if (store_open(&ctl->store, ctl->conf->database, mode, &err) != 0)
		return ctl_fail(&err);
	return 0;
}

/* --- the program --- */

static int
help(const char *name)
{
	bool found = name == NULL;

	for (size_t i = 0; i < COMMANDS && !found; i++)
		found = strcmp(commands[i].name, name) == 0;
	if (!found) {
		ctl_error("there is no subcommand %s", name);
		return EX_USAGE;
	}
	if (name != NULL) {
		put_usage(stdout, name);
		return EX_OK;
	}
	printf("usage: mailtailor [-c FILE] SUBCOMMAND ...\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-12s%s\n", commands[i].name, commands[i].purpose);
	printf("  %-12s%s\n\n", "help", "this list, or the usage of one subcommand");
	printf("FILE is %s unless -c says otherwise. See mailtailor(8).\n",
	    SYSCONFDIR "/mailtailor/mailtailor.conf");
	return EX_OK;
}

/* `mailtailor preview --help`, `mailtailor contacts import -h`: where an option can be, not a
 * value of one. */
static bool
wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && i <= 2; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
		if (argv[i][0] == '-')
			break;
	}
	return false;
}

static int
run_command(struct ctl *ctl, int argc, char **argv)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].name, argv[0]) == 0) {
			if (wants_help(argc, argv))
				return help(argv[0]);
			optind = 0;
			return commands[i].run(ctl, argc, argv);
		}
	}
	if (strcmp(argv[0], "help") == 0)
		return help(argv[1]);
	ctl_error("there is no subcommand %s; mailtailor help lists them", argv[0]);
	return EX_USAGE;
}

int
ctl_main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	struct ctl ctl = {.conf_path = SYSCONFDIR "/mailtailor/mailtailor.conf"};
	int option, status;

	/* "+": options after the subcommand are the subcommand's. */
	while ((option = getopt_long(argc, argv, "+c:hV", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			ctl.conf_path = optarg;
			ctl.conf_named = true;
			break;
		case 'h':
			return help(NULL);
		case 'V':
			printf("mailtailor %s\n", VERSION);
			return EX_OK;
		default:
			return ctl_usage(NULL);
		}
	}
	if (optind == argc)
		return ctl_usage(NULL);
	status = run_command(&ctl, argc - optind, argv + optind);
	store_close(&ctl.store);
	if (ctl.conf != NULL)
		conf_unref(&ctl.conf);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		ctl_error("the output could not be written");
		return status == EX_OK ? EX_IOERR : status;
	}
	return status;
}
