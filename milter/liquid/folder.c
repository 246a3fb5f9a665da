/* SPDX-License-Identifier: BSD-2-Clause
 *
 * folder: see folder.h
 *
 * Folders are entered from their parent and never through a symbolic link. A link to a
 * file is resolved by the kernel, which stays beneath the folder (openat2).
 *
 * Owns:    names and sources, in an arena.
 * Threads: liquid_folder_read by one; then any.
 */
#include "liquid/folder.h"

#include "base/arena.h"
#include "base/buf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SUFFIX	    ".liquid"
#define BOM	    "\xef\xbb\xbf"
#define OPEN_FLAGS  (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
#define NAMES_BYTES ((size_t)16 << 20)
#define PIECE	    ((size_t)16384)

struct file {
	struct str name; /* below the folder, with its suffix */
	struct str source;
	struct str failure; /* absent, or why it is no template */
};

/* The folder as templates of one mode see it. */
struct view {
	const struct liquid_folder *folder;
	const char *suffix; /* of the files that are for this mode alone */
	const char *other;  /* of those that are not for it */
	GPtrArray *names;   /* struct str: each partial once */
	struct liquid_partials partials;
};

struct liquid_folder {
	const char *path;
	struct arena *arena;
	GArray *files; /* of struct file, sorted by name */
	size_t entries;
	size_t total;
	struct view view[LIQUID_MODES];
};

/* What is being walked over. */
struct walk {
	struct liquid_folder *folder;
	int root;
	int depth;
	struct err *err;
};

/* --- lookup --- */

static int
compare(struct str a, struct str b)
{
	int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static gint
compare_files(gconstpointer a, gconstpointer b)
{
	return compare(((const struct file *)a)->name, ((const struct file *)b)->name);
}

static const struct file *
find(const struct liquid_folder *folder, struct str stem, const char *suffix)
{
	size_t tail = strlen(suffix);
	char name[PATH_MAX];
	struct file key = {.name = {name, stem.n + tail}};
	guint at;

	if (stem.n == 0 || stem.n + tail > sizeof name)
		return NULL;
	memcpy(name, stem.p, stem.n);
	memcpy(name + stem.n, suffix, tail);
	if (!g_array_binary_search(folder->files, &key, compare_files, &at))
		return NULL;
	return &g_array_index(folder->files, struct file, at);
}

static int
get(void *closure, struct str name, struct str *source_r, struct err *err)
{
	const struct view *view = closure;
	const struct file *file = find(view->folder, name, view->suffix);

	if (file == NULL)
		file = find(view->folder, name, SUFFIX);
	if (file == NULL)
		file = find(view->folder, name, "");
	if (file == NULL)
		return 0;
	if (file->failure.p != NULL)
		return err_set(err, ERR_INPUT, "%.*s", STR_F(file->failure));
	*source_r = file->source;
	return 1;
}

static bool
list(void *closure, size_t i, struct str *name_r)
{
	const struct view *view = closure;

	if (i >= view->names->len)
		return false;
	*name_r = *(const struct str *)g_ptr_array_index(view->names, i);
	return true;
}

/* --- one file --- */

static int __attribute__((format(printf, 4, 5)))
refuse(const struct walk *walk, struct str name, enum err_code code, const char *format, ...)
{
	char text[ERR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return err_set(walk->err, code, "%s/%.*s: %s", walk->folder->path, STR_F(name), text);
}

/* A link is followed as long as it stays within the folder. */
static int
open_link(const struct walk *walk, struct str name)
{
	struct open_how how = {
	    .flags = OPEN_FLAGS, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
	int fd = (int)syscall(SYS_openat2, walk->root, name.p, &how, sizeof how);

	if (fd >= 0)
		return fd;
	if (errno == EXDEV)
		return refuse(walk, name, ERR_PERM, "a symbolic link that leads out of the folder");
	return refuse(
	    walk, name, ERR_IO, "a symbolic link that can't be followed: %s", strerror(errno));
}

static int
open_file(const struct walk *walk, int parent, const char *base, struct str name, mode_t type)
{
	int fd;

	if (S_ISLNK(type))
		return open_link(walk, name);
	if (!S_ISREG(type))
		return refuse(walk, name, ERR_INPUT, "not a regular file");
	fd = openat(parent, base, OPEN_FLAGS | O_NOFOLLOW);
	if (fd < 0)
		return refuse(walk, name, ERR_IO, "%s", strerror(errno));
	return fd;
}

static int
read_bytes(const struct walk *walk, int fd, struct str name, struct buf *text)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return refuse(walk, name, ERR_IO, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return refuse(walk, name, ERR_INPUT, "not a regular file");
	for (;;) {
		char *room = buf_reserve(text, PIECE);
		ssize_t n = room == NULL ? 0 : read(fd, room, PIECE);

		if (n < 0 && errno != EINTR)
			return refuse(walk, name, ERR_IO, "%s", strerror(errno));
		text->len += n > 0 ? (size_t)n : 0;
		if (room == NULL || text->len > LIQUID_FOLDER_FILE)
			return refuse(
			    walk, name, ERR_LIMIT, "larger than %zu KB", LIQUID_FOLDER_FILE >> 10);
		if (n == 0)
			return 0;
	}
}

static int
check_text(const struct walk *walk, struct str name, struct str *text)
{
	const char *end;
	unsigned line = 1;

	if (str_starts(*text, STR(BOM)))
		*text = (struct str){text->p + strlen(BOM), text->n - strlen(BOM)};
	if (g_utf8_validate_len(text->p, text->n, &end))
		return 0;
	for (const char *p = text->p; p < end; p++)
		line += *p == '\n';
	return refuse(walk, name, ERR_INPUT, "line %u is not UTF-8 text", line);
}

static int
keep(const struct walk *walk, struct file *file, struct str text)
{
	if (text.n > LIQUID_FOLDER_TOTAL - walk->folder->total)
		return refuse(walk, file->name, ERR_LIMIT,
		    "with this file all are larger than %zu MB", LIQUID_FOLDER_TOTAL >> 20);
	walk->folder->total += text.n;
	file->source = arena_str(walk->folder->arena, text);
	return 0;
}

static int
read_file(const struct walk *walk, int parent, const char *base, struct file *file, mode_t type)
{
	int fd = open_file(walk, parent, base, file->name, type);
	struct buf bytes;
	struct str text;
	int rc;

	if (fd < 0)
		return -1;
	buf_init(&bytes, LIQUID_FOLDER_FILE + 2 * PIECE);
	rc = read_bytes(walk, fd, file->name, &bytes);
	close(fd);
	text = buf_str(&bytes);
	if (rc == 0)
		rc = check_text(walk, file->name, &text);
	if (rc == 0)
		rc = keep(walk, file, text);
	buf_fini(&bytes);
	return rc;
}

/* Something else may lie in the folder, too: it fails when it is named. */
static int
add_file(const struct walk *walk, int parent, const char *base, struct str name, mode_t type)
{
	struct file file = {.name = name};
	struct err unasked = ERR_INIT;
	struct walk quiet = *walk;

	quiet.err = &unasked;
	if (str_ends_nocase(name, STR(SUFFIX))) {
		if (read_file(walk, parent, base, &file, type) != 0)
			return -1;
	} else if (read_file(&quiet, parent, base, &file, type) != 0) {
		file.failure = arena_str(walk->folder->arena, str_c(unasked.text));
	}
	g_array_append_val(walk->folder->files, file);
	return 0;
}

/* --- the walk --- */

static int walk_folder(const struct walk *walk, int fd, struct str name);

static int
enter(const struct walk *walk, int parent, const char *base, struct str name)
{
	struct walk inner = *walk;
	int fd;

	if (++inner.depth > LIQUID_FOLDER_DEPTH)
		return refuse(walk, name, ERR_LIMIT, "folders are nested more than %d deep",
		    LIQUID_FOLDER_DEPTH);
	fd = openat(parent, base, OPEN_FLAGS | O_NOFOLLOW | O_DIRECTORY);
	if (fd < 0)
		return refuse(walk, name, ERR_IO, "%s", strerror(errno));
	return walk_folder(&inner, fd, name);
}

static int
too_many(const struct walk *walk)
{
	return err_set(walk->err, ERR_LIMIT, "%s: more than %zu files", walk->folder->path,
	    LIQUID_FOLDER_FILES);
}

static int
visit(const struct walk *walk, int parent, const char *base, struct str below)
{
	struct liquid_folder *folder = walk->folder;
	struct str name = below.n == 0 ? arena_str(folder->arena, str_c(base))
				       : arena_printf(folder->arena, "%.*s/%s", STR_F(below), base);
	struct stat st;

	if (name.p == NULL || ++folder->entries > LIQUID_FOLDER_FILES)
		return too_many(walk);
	if (fstatat(parent, base, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return refuse(walk, name, ERR_IO, "%s", strerror(errno));
	if (S_ISDIR(st.st_mode))
		return enter(walk, parent, base, name);
	return add_file(walk, parent, base, name, st.st_mode);
}

static int
by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, so that the same folder always ends in the same message. */
static int
list_folder(const struct walk *walk, DIR *dir, struct str name, GPtrArray *bases)
{
	const struct dirent *entry;

	while ((errno = 0, entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (bases->len == LIQUID_FOLDER_FILES)
			return too_many(walk);
		g_ptr_array_add(bases, g_strdup(entry->d_name));
	}
	if (errno != 0)
		return refuse(walk, name, ERR_IO, "%s", strerror(errno));
	g_ptr_array_sort(bases, by_name);
	return 0;
}

/* Takes `fd` over. */
static int
walk_folder(const struct walk *walk, int fd, struct str name)
{
	DIR *dir = fdopendir(fd);
	GPtrArray *bases;
	int rc;

	if (dir == NULL) {
		refuse(walk, name, ERR_IO, "%s", strerror(errno));
		close(fd);
		return -1;
	}
	bases = g_ptr_array_new_with_free_func(g_free);
	rc = list_folder(walk, dir, name, bases);
	for (guint i = 0; i < bases->len && rc == 0; i++)
		rc = visit(walk, fd, g_ptr_array_index(bases, i), name);
	g_ptr_array_free(bases, TRUE);
	closedir(dir);
	return rc;
}

/* --- views --- */

static bool
cut(struct str *name, const char *suffix)
{
	if (name->n <= strlen(suffix) || !str_ends_nocase(*name, str_c(suffix)))
		return false;
	name->n -= strlen(suffix);
	return true;
}

/* By the name that a template would use; both forms of one partial are one. */
static void
list_names(struct view *view)
{
	GHashTable *seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < view->folder->files->len; i++) {
		const struct file *file = &g_array_index(view->folder->files, struct file, i);
		struct str name = file->name;

		if (file->failure.p != NULL || cut(&name, view->other))
			continue;
		if (!cut(&name, view->suffix))
			cut(&name, SUFFIX);
		if (!g_hash_table_add(seen, g_strndup(name.p, name.n)))
			continue;
		g_ptr_array_add(view->names, g_memdup2(&name, sizeof name));
	}
	g_hash_table_destroy(seen);
}

static void
init_view(struct liquid_folder *folder, enum liquid_mode mode)
{
	struct view *view = &folder->view[mode];

	view->folder = folder;
	view->suffix = mode == LIQUID_HTML ? ".html" SUFFIX : ".txt" SUFFIX;
	view->other = mode == LIQUID_HTML ? ".txt" SUFFIX : ".html" SUFFIX;
	view->names = g_ptr_array_new_with_free_func(g_free);
	view->partials = (struct liquid_partials){.get = get, .list = list, .closure = view};
	list_names(view);
}

int
liquid_folder_read(struct liquid_folder **folder_r, const char *path, struct err *err)
{
	int fd = open(path, OPEN_FLAGS | O_DIRECTORY);
	struct liquid_folder *folder;
	struct walk walk = {.root = fd, .depth = 1, .err = err};
	int rc;

	*folder_r = NULL;
	if (fd < 0)
		return err_set(
		    err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO, "%s: %s", path, strerror(errno));
	folder = g_new0(struct liquid_folder, 1);
	folder->arena = arena_new(LIQUID_FOLDER_TOTAL + NAMES_BYTES);
	folder->path = g_strdup(path);
	folder->files = g_array_new(FALSE, FALSE, sizeof(struct file));
	walk.folder = folder;
	rc = walk_folder(&walk, dup(fd), STR(""));
	close(fd);
	if (rc != 0) {
		liquid_folder_free(&folder);
		return -1;
	}
	g_array_sort(folder->files, compare_files);
	for (int mode = 0; mode < LIQUID_MODES; mode++)
		init_view(folder, (enum liquid_mode)mode);
	*folder_r = folder;
	return 0;
}

void
liquid_folder_free(struct liquid_folder **folder)
{
	struct liquid_folder *f = *folder;

	*folder = NULL;
	if (f == NULL)
		return;
	for (int mode = 0; mode < LIQUID_MODES; mode++) {
		if (f->view[mode].names != NULL)
			g_ptr_array_free(f->view[mode].names, TRUE);
	}
	g_array_free(f->files, TRUE);
	arena_free(&f->arena);
	g_free((void *)(uintptr_t)f->path);
	g_free(f);
}

const struct liquid_partials *
liquid_folder_partials(const struct liquid_folder *folder, enum liquid_mode mode)
{
	return folder == NULL ? NULL : &folder->view[mode].partials;
}
