/* SPDX-License-Identifier: BSD-2-Clause
 *
 * folder: the Lua files of the folder, in the order of their names
 *
 * Owns:    what script_sources_read gives.
 * Threads: any.
 * Fails:   a file that is too large, that others may write, or whose name is no name.
 */
#include "script.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int32_t
refuse(struct mt_call *call, const char *path, const char *why)
{
	char text[600];

	snprintf(text, sizeof text, "%s: %s", path, why);
	return call->host->fail(call, mt_str_c(text));
}

static int
is_lua(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 4 && strcmp(entry->d_name + n - 4, ".lua") == 0;
}

/* Hooks without a name are called like their file. */
static bool
is_good_name(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return n > 0 && n <= 36 && strcmp(name + n, ".lua") == 0;
}

static int32_t
check_mode(struct mt_call *call, const char *path, const struct stat *st)
{
	return (st->st_mode & 022) == 0
	    ? MT_OK
	    : refuse(call, path, "expected that only its owner may write it");
}

static int32_t
read_all(struct mt_call *call, const char *path, int fd, struct script_source *source)
{
	struct stat st;
	ssize_t n = 0;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return refuse(call, path, "expected a file");
	if (check_mode(call, path, &st) != MT_OK)
		return MT_FAILED;
	if ((uint64_t)st.st_size > SCRIPT_FILE_MAX)
		return refuse(call, path, "expected at most 256 kB");
	source->text = malloc(SCRIPT_FILE_MAX + 1);
	if (source->text == NULL)
		return MT_LIMIT;
	while (source->size <= SCRIPT_FILE_MAX &&
	    (n = read(fd, source->text + source->size, SCRIPT_FILE_MAX + 1 - source->size)) > 0)
		source->size += (size_t)n;
	if (n < 0)
		return refuse(call, path, strerror(errno));
	if (source->size > SCRIPT_FILE_MAX)
		return refuse(call, path, "expected at most 256 kB");
	return MT_OK;
}

static int32_t
read_file(struct mt_call *call, const char *folder, const char *name, struct script_source *source)
{
	char path[4400];
	int32_t rc;
	int fd;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	if (!is_good_name(name))
		return refuse(call, path,
		    "expected a name of at most 36 letters a-z, digits, \"_\" and \"-\"");
	memcpy(source->name, name, strlen(name) + 1);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return refuse(call, path, strerror(errno));
	rc = read_all(call, path, fd, source);
	close(fd);
	return rc;
}

static int32_t
read_each(struct mt_call *call, const char *folder, struct dirent **names, int count,
    struct script_sources *sources)
{
	size_t all = 0;

	if (count > SCRIPT_FILES)
		return refuse(call, folder, "expected at most 64 files *.lua");
	for (int i = 0; i < count; i++) {
		struct script_source *source = &sources->at[sources->count++];
		int32_t rc = read_file(call, folder, names[i]->d_name, source);

		if (rc != MT_OK)
			return rc;
		all += source->size;
	}
	return all <= SCRIPT_ALL_MAX ? MT_OK : refuse(call, folder, "expected at most 1 MB in all");
}

int32_t
script_sources_read(struct script_sources **sources_r, struct mt_call *call)
{
	struct mt_str path = call->host->param_text(call, "folder");
	struct script_sources *sources;
	struct dirent **names;
	struct stat st;
	char folder[4096];
	int32_t rc;
	int count;

	*sources_r = NULL;
	snprintf(folder, sizeof folder, "%.*s", (int)path.n, path.p == NULL ? "" : path.p);
	if (stat(folder, &st) != 0)
		return refuse(call, folder, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return refuse(call, folder, "expected a folder");
	if (check_mode(call, folder, &st) != MT_OK)
		return MT_FAILED;
	count = scandir(folder, &names, is_lua, alphasort);
	if (count < 0)
		return refuse(call, folder, strerror(errno));
	sources = calloc(1, sizeof *sources);
	rc = sources == NULL ? MT_LIMIT : read_each(call, folder, names, count, sources);
	while (count > 0)
		free(names[--count]);
	free(names);
	if (rc != MT_OK)
		script_sources_free(&sources);
	*sources_r = sources;
	return rc;
}

void
script_sources_free(struct script_sources **sources)
{
	for (size_t i = 0; *sources != NULL && i < (*sources)->count; i++)
		free((*sources)->at[i].text);
	free(*sources);
	*sources = NULL;
}

bool
script_sources_equal(const struct script_sources *a, const struct script_sources *b)
{
	if (a == NULL || b == NULL || a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (strcmp(a->at[i].name, b->at[i].name) != 0 || a->at[i].size != b->at[i].size ||
		    memcmp(a->at[i].text, b->at[i].text, a->at[i].size) != 0)
			return false;
	}
	return true;
}

const struct script_hook *
script_hook_find(const struct script_sources *sources, enum script_kind kind, const char *name)
{
	for (size_t i = 0; i < sources->hook_count; i++) {
		if (sources->hooks[i].kind == kind && strcmp(sources->hooks[i].name, name) == 0)
			return &sources->hooks[i];
	}
	return NULL;
}
