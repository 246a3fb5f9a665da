/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plugin_new: mailtailor plugin new: a folder to begin a plugin with
 *
 * What is written stands in plugins/skeleton/. A "@NAME@" becomes the plugin's name; nothing that is
 * there already is touched.
 *
 * Threads: one.
 */
#include "ctl/plugin.h"

#include "base/clock.h"
#include "conf/check.h"
#include "ctl/skeleton.h"
#include "plugin/plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

/* NAME_loud is one of its hooks. */
#define NAME_MAX_LEN 35

struct language {
	const char *suffix;
	const char *plugin;   /* who runs it; NULL: it is one itself */
	const char *compiler; /* lines of the Makefile */
	const char *compile;
	const char *standard;
};

static const struct language languages[] = {
    {"c", NULL, "CFLAGS = -O2 -g -Wall -Wextra", "$(CC) $(CPPFLAGS) $(CFLAGS)", "-std=c99"},
    {"cc", NULL, "CXXFLAGS = -O2 -g -Wall -Wextra", "$(CXX) $(CPPFLAGS) $(CXXFLAGS)", "-std=c++11"},
    {"lua", "lua", "", "", ""},
};

struct plan {
	const char *name;
	const char *folder;
	const struct language *language;
	char *title;
	char *date;
};

static const char *
word_for(const struct plan *plan, struct str key)
{
	const struct {
		const char *key, *word;
	} words[] = {{"NAME", plan->name},
	    {"PLUGIN", plan->language->plugin == NULL ? plan->name : plan->language->plugin},
	    {"TITLE", plan->title}, {"DATE", plan->date}, {"SUFFIX", plan->language->suffix},
	    {"COMPILER", plan->language->compiler}, {"COMPILE", plan->language->compile},
	    {"STANDARD", plan->language->standard}};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (str_is(key, words[i].key))
			return words[i].word;
	}
	return NULL;
}

/* With each @WORD@ replaced that is known. */
static char *
fill(const struct plan *plan, const char *text)
{
	GString *out = g_string_new(NULL);

	while (*text != '\0') {
		const char *end = *text == '@' ? strchr(text + 1, '@') : NULL;
		const char *word = end == NULL
		    ? NULL
		    : word_for(plan, (struct str){text + 1, (size_t)(end - text) - 1});

		if (word != NULL) {
			g_string_append(out, word);
			text = end + 1;
		} else {
			g_string_append_c(out, *text++);
		}
	}
	return g_string_free(out, FALSE);
}

/* Of a file of the skeleton; NULL if this language has another. */
static char *
target_of(const struct plan *plan, const char *name)
{
	if (g_str_has_prefix(name, "plugin."))
		return strcmp(name + sizeof "plugin." - 1, plan->language->suffix) == 0
		    ? g_strdup_printf("%s/%s.%s", plan->folder, plan->name, plan->language->suffix)
		    : NULL;
	if (strcmp(name, plan->language->plugin == NULL ? "Makefile.lua" : "Makefile") == 0)
		return NULL;
	if (strcmp(name, "Makefile.lua") == 0)
		name = "Makefile";
	if (strcmp(name, "mailtailor-plugin.7") == 0)
		return plan->language->plugin != NULL
		    ? NULL
		    : g_strdup_printf("%s/mailtailor-%s.7", plan->folder, plan->name);
	return g_strdup_printf("%s/%s", plan->folder, name);
}

static int
write_new(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	size_t n = strlen(text);
	bool good = fd >= 0 && write(fd, text, n) == (ssize_t)n;

	if (!good)
		ctl_error("%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return good ? EX_OK : EX_CANTCREAT;
}

static int
write_all(const struct plan *plan)
{
	int status = EX_OK;

	for (size_t i = 0; i < G_N_ELEMENTS(skeleton_files) && status == EX_OK; i++) {
		char *path = target_of(plan, skeleton_files[i].name);
		char *text = fill(plan, skeleton_files[i].text);

		if (path != NULL)
			status = write_new(path, text);
		g_free(text);
		g_free(path);
	}
	return status;
}

static int
make_folder(const char *path)
{
	if (mkdir(path, 0755) == 0)
		return EX_OK;
	if (errno == EEXIST)
		ctl_error("%s is there already: expected a folder that can be made", path);
	else
		ctl_error("%s: %s", path, strerror(errno));
	return EX_CANTCREAT;
}

static int
check_name(const char *name)
{
	if (!conf_check_plugin_name(str_c(name)) || strlen(name) > NAME_MAX_LEN ||
	    !g_ascii_islower(name[0])) {
		ctl_error(
		    "plugin new %s: expected a name of 1 to %d letters a-z, digits and \"_\", "
		    "a letter first",
		    name, NAME_MAX_LEN);
		return EX_USAGE;
	}
	if (plugin_name_is_taken(name)) {
		ctl_error("plugin new %s: in templates the name means something else", name);
		return EX_USAGE;
	}
	return EX_OK;
}

static int
write_plan(struct plan *plan)
{
	GDateTime *now = g_date_time_new_from_unix_utc(clock_now() / 1000);
	char *tests = g_strdup_printf("%s/test", plan->folder);
	int status = make_folder(plan->folder);

	plan->title = g_ascii_strup(plan->name, -1);
	plan->date = g_date_time_format(now, "%Y-%m-%d");
	if (status == EX_OK)
		status = make_folder(tests);
	if (status == EX_OK)
		status = write_all(plan);
	if (status == EX_OK)
		printf("%s: %s; begin with %s.%s\n", plan->folder,
		    plan->language->plugin == NULL ? "make, make check and make install"
						   : "make check",
		    plan->name, plan->language->suffix);
	g_date_time_unref(now);
	g_free(plan->title);
	g_free(plan->date);
	g_free(tests);
	return status;
}

int
ctl_plugin_new(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"c++", no_argument, NULL, '+'},
	    {"lua", no_argument, NULL, 'l'},
	    {"folder", required_argument, NULL, 'f'},
	    {NULL, 0, NULL, 0},
	};
	struct plan plan = {.language = &languages[0]};
	int option, status;

	(void)ctl;
	while ((option = ctl_option(argc, argv, options)) != -1) {
		if (option == '+')
			plan.language = &languages[1];
		else if (option == 'l')
			plan.language = &languages[2];
		else if (option == 'f')
			plan.folder = optarg;
		else
			return ctl_usage("plugin");
	}
	if (optind + 1 != argc)
		return ctl_usage("plugin");
	plan.name = argv[optind];
	if (plan.folder == NULL)
		plan.folder = plan.name;
	status = check_name(plan.name);
	return status == EX_OK ? write_plan(&plan) : status;
}
