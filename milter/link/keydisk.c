/* SPDX-License-Identifier: BSD-2-Clause
 *
 * keydisk: see keyfile.h; this file: reading and changing it on disk
 *
 * A change holds PATH.new, made with O_EXCL, from before it reads the old file until it
 * renames: two of them can't lose each other's key.
 *
 * Threads: any.
 * Fails:   ERR_IO, ERR_PERM, ERR_KEY, ERR_BUSY, ERR_LIMIT.
 */
#include "link/keyfile.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/secret.h"
#include "link/code.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD                                                                                   \
	"mailtailor-keys 1\n"                                                                  \
	"# Keys of the tokens in links, made by mailtailor key new. The last one signs, all\n" \
	"# are read. Who has this file can make links in your name: keep it as you keep\n"     \
	"# DKIM keys.\n"

#define SECRET_LETTERS 86

static int
io_error(const char *path, struct err *err)
{
	return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
}

/* `text` has a ceiling of its own. */
static int
slurp(const char *path, const char *user, struct buf *text, struct stat *st, struct err *err)
{
	int fd = secret_open(path, LINK_KEYFILE_MAX, user, st, err), rc;
	size_t n;
	char *room;

	if (fd < 0)
		return -1;
	room = buf_reserve(text, LINK_KEYFILE_MAX);
	rc = room == NULL ? err_set(err, ERR_KEY, "%s: too large", path)
			  : secret_read(fd, path, room, LINK_KEYFILE_MAX, &n, err);
	if (rc == 0)
		text->len += n;
	close(fd);
	return rc;
}

/* All of it is allocated at once: memory that grew would leave copies behind. */
static void
text_init(struct buf *text)
{
	buf_init(text, LINK_KEYFILE_MAX + 8192);
	if (buf_reserve(text, LINK_KEYFILE_MAX + 4096) == NULL)
		abort();
}

static void
text_fini(struct buf *text)
{
	OPENSSL_cleanse(text->data, text->size);
	buf_fini(text);
}

int
link_keyfile_read(struct link_keyfile **file_r, const char *path, const char *user, struct err *err)
{
	struct buf text;
	struct stat st;
	int rc;

	*file_r = NULL;
	text_init(&text);
	rc = slurp(path, user, &text, &st, err);
	if (rc == 0)
		rc = link_keyfile_parse(file_r, buf_str(&text), path, err);
	text_fini(&text);
	return rc;
}

/* --- changes --- */

struct change {
	char path[PATH_MAX];  /* where symbolic links end */
	char fresh[PATH_MAX]; /* the name of the new file */
	int fd;		      /* -1: not ours */
	struct stat old;
	bool existed;
	struct buf text;
	struct link_keyfile *file; /* NULL if it did not exist */
};

static int
begin(struct change *change, const char *path, bool make, struct err *err)
{
	*change = (struct change){.fd = -1};
	text_init(&change->text);
	/* A rename would put a file in the place of a symbolic link. */
	if (realpath(path, change->path) == NULL)
		snprintf(change->path, sizeof change->path, "%s", path);
	path = change->path;
	if (snprintf(change->fresh, sizeof change->fresh, "%s.new", path) >=
	    (int)sizeof change->fresh)
		return err_set(err, ERR_INPUT, "%s.new: the name is too long", path);
	change->fd =
	    open(change->fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (change->fd < 0 && errno == EEXIST)
		return err_set(err, ERR_BUSY,
		    "%s is there: the keys are being changed, or a change was interrupted; then "
		    "remove it",
		    change->fresh);
	if (change->fd < 0)
		return io_error(change->fresh, err);
	if (make && access(path, F_OK) != 0 && errno == ENOENT)
		return buf_add_c(&change->text, HEAD);
	change->existed = true;
	if (slurp(path, NULL, &change->text, &change->old, err) != 0)
		return -1;
	return link_keyfile_parse(&change->file, buf_str(&change->text), path, err);
}

static int
write_all(int fd, struct str text)
{
	while (text.n > 0) {
		ssize_t done = write(fd, text.p, text.n);

		if (done < 0 && errno != EINTR)
			return -1;
		if (done > 0)
			text = (struct str){text.p + done, text.n - (size_t)done};
	}
	return fsync(fd);
}

/* The name is on disk only when its folder is. */
static int
sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX] = ".";
	int fd, rc;

	if (slash != NULL)
		snprintf(folder, sizeof folder, "%.*s", (int)(slash - path + 1), path);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

static int
commit(struct change *change, struct err *err)
{
	if (change->text.full || change->text.len > LINK_KEYFILE_MAX)
		return err_set(err, ERR_LIMIT, "%s: it would have more than 64 KB", change->path);
	if (change->existed && geteuid() == 0 &&
	    fchown(change->fd, change->old.st_uid, change->old.st_gid) != 0)
		return io_error(change->fresh, err);
	if (fchmod(change->fd, 0600) != 0 || write_all(change->fd, buf_str(&change->text)) != 0)
		return io_error(change->fresh, err);
	if (rename(change->fresh, change->path) != 0)
		return io_error(change->path, err);
	close(change->fd);
	change->fd = -1;
	return sync_folder(change->path) == 0 ? 0 : io_error(change->path, err);
}

static void
end(struct change *change)
{
	if (change->fd >= 0) {
		unlink(change->fresh);
		close(change->fd);
	}
	link_keyfile_free(&change->file);
	text_fini(&change->text);
}

/* The one behind the newest, or the next that is free: an id comes again only after all
 * others were used. 0: there is none. */
static unsigned
next_id(const struct link_keyfile *file)
{
	bool used[LINK_KEY_ID_MAX + 1] = {false};
	unsigned id = 0;

	for (size_t i = 0; file != NULL && i < file->count; i++) {
		id = file->keys[i].id;
		used[id] = true;
	}
	for (unsigned i = 0; i < LINK_KEY_ID_MAX; i++) {
		id = id % LINK_KEY_ID_MAX + 1;
		if (!used[id])
			return id;
	}
	return 0;
}

static void
add_line(struct buf *text, unsigned id)
{
	unsigned char secret[LINK_SIV_KEY];
	char letters[SECRET_LETTERS], time[CLOCK_TEXT_SIZE];

	id_random(secret, sizeof secret);
	link_code_write(LINK_BASE64URL, secret, sizeof secret, letters);
	clock_iso(clock_now(), time);
	if (text->len > 0 && text->data[text->len - 1] != '\n')
		buf_add_char(text, '\n');
	/* Without the milliseconds. */
	buf_printf(text, "key %u %.19sZ ", id, time);
	buf_add(text, letters, sizeof letters);
	buf_add_char(text, '\n');
	OPENSSL_cleanse(secret, sizeof secret);
	OPENSSL_cleanse(letters, sizeof letters);
}

int
link_keyfile_add(const char *path, unsigned *id_r, struct err *err)
{
	struct change change;
	int rc = begin(&change, path, true, err);

	if (rc == 0) {
		*id_r = next_id(change.file);
		if (*id_r == 0)
			rc = err_set(err, ERR_LIMIT,
			    "%s: every key id is in use; retire old keys first", path);
	}
	if (rc == 0) {
		add_line(&change.text, *id_r);
		rc = commit(&change, err);
	}
	end(&change);
	return rc;
}

/* Without the line of this key. */
static void
drop_line(struct buf *text, unsigned id)
{
	char *out = text->data;
	struct str rest = buf_str(text), line, word, number;
	unsigned long long value;

	while (str_split(&rest, '\n', &line)) {
		struct str words = str_trim(line);

		if (str_split(&words, ' ', &word) && str_is(word, "key") &&
		    str_split(&words, ' ', &number) &&
		    str_to_u64(number, LINK_KEY_ID_MAX, &value) && value == id)
			continue;
		memmove(out, line.p, line.n);
		out += line.n;
		if (rest.p != NULL)
			*out++ = '\n';
	}
	text->len = (size_t)(out - text->data);
}

int
link_keyfile_retire(const char *path, unsigned id, struct err *err)
{
	struct change change;
	int rc = begin(&change, path, false, err);
	size_t i = 0;

	if (rc == 0) {
		while (i < change.file->count && change.file->keys[i].id != id)
			i++;
		if (i == change.file->count)
			rc = err_set(err, ERR_NOTFOUND, "%s: there is no key %u", path, id);
		else if (i + 1 == change.file->count)
			rc = err_set(err, ERR_INPUT,
			    "%s: key %u is the one that signs; make a new one first", path, id);
	}
	if (rc == 0) {
		drop_line(&change.text, id);
		rc = commit(&change, err);
	}
	end(&change);
	return rc;
}
