/* SPDX-License-Identifier: BSD-2-Clause
 *
 * link_key_test: the key file, as text and on disk
 */
#include "link_fixture.h"

#include "base/buf.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[PATH_MAX];
static char path[PATH_MAX + 10];
static char fresh[PATH_MAX + 20];

static int
remove_one(const char *name, const struct stat *st, int type, struct FTW *place)
{
	(void)st;
	(void)type;
	(void)place;
	return remove(name);
}

static int
setup(void **state)
{
	const char *base = getenv("TMPDIR");

	(void)state;
	snprintf(folder, sizeof folder, "%s/link_key.XXXXXX", base == NULL ? "/tmp" : base);
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/keys", folder);
	snprintf(fresh, sizeof fresh, "%s.new", path);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void
put(const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static size_t
slurp(char *text, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t n;

	assert_non_null(file);
	n = fread(text, 1, size - 1, file);
	text[n] = '\0';
	fclose(file);
	return n;
}

static const char *
ids(void)
{
	static char text[2000];
	struct link_keyfile *file;
	struct err err = ERR_INIT;
	size_t used = 0;

	if (link_keyfile_read(&file, path, NULL, &err) != 0)
		fail_msg("%s", err.text);
	text[0] = '\0';
	for (size_t i = 0; i < file->count; i++)
		used += (size_t)snprintf(
		    text + used, sizeof text - used, i == 0 ? "%u" : " %u", file->keys[i].id);
	link_keyfile_free(&file);
	return text;
}

#define HEAD "mailtailor-keys 1\n"
#define TIME "2026-01-31T08:15:00Z"
#define SECRET \
	"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ"

static void
texts(void **state)
{
	static const struct {
		const char *name, *text, *expected; /* NULL: good */
	} good_and_bad[] = {
	    {"one key", HEAD "key 1 " TIME " " SECRET "\n", NULL},
	    {"no line end at the end", HEAD "key 1 " TIME " " SECRET, NULL},
	    {"comments, empty lines, CRLF",
		"mailtailor-keys 1\r\n# a\r\n\r\n  # b\nkey 1 " TIME " " SECRET "\r\n", NULL},
	    {"two, the newer first", HEAD "key 2 " TIME " " SECRET "\nkey 1 " TIME " " SECRET "\n",
		NULL},
	    {"empty", "", "k:1: expected \"mailtailor-keys 1\": this is no key file"},
	    {"another file", "-----BEGIN PRIVATE KEY-----\n",
		"k:1: expected \"mailtailor-keys 1\": this is no key file"},
	    {"a comment first", "# a\n" HEAD,
		"k:1: expected \"mailtailor-keys 1\": this is no key file"},
	    {"newer", "mailtailor-keys 2\nx\n",
		"k:1: expected \"mailtailor-keys 1\"; this file was made by another version"},
	    {"no key", HEAD "# a\n", "k:3: expected a key"},
	    {"junk", HEAD "\nhello\n", "k:3: expected \"key ID TIME SECRET\""},
	    {"no secret", HEAD "key 1 " TIME "\n", "k:2: expected \"key ID TIME SECRET\""},
	    {"id 0", HEAD "key 0 " TIME " " SECRET "\n", "k:2: expected a key id of 1 to 255"},
	    {"id 256", HEAD "key 256 " TIME " " SECRET "\n", "k:2: expected a key id of 1 to 255"},
	    {"negative", HEAD "key -1 " TIME " " SECRET "\n", "k:2: expected a key id of 1 to 255"},
	    {"twice", HEAD "key 1 " TIME " " SECRET "\n\nkey 1 " TIME " " SECRET "\n",
		"k:4: key 1 stands in line 2 already"},
	    {"twice, with a zero", HEAD "key 1 " TIME " " SECRET "\nkey 01 " TIME " " SECRET "\n",
		"k:3: key 1 stands in line 2 already"},
	    {"no time", HEAD "key 1 yesterday " SECRET "\n",
		"k:2: expected the time of its making"},
	    {"no such day", HEAD "key 1 2026-13-31T08:15:00Z " SECRET "\n",
		"k:2: expected the time of its making"},
	    {"short secret", HEAD "key 1 " TIME " AQEB\n", "k:2: expected a secret of 86 letters"},
	    {"long secret", HEAD "key 1 " TIME " " SECRET "QQ\n",
		"k:2: expected a secret of 86 letters"},
	    {"secret in base64", HEAD "key 1 " TIME " +" SECRET "\n",
		"k:2: expected a secret of 86 letters"},
	    {"more behind it", HEAD "key 1 " TIME " " SECRET " x\n",
		"k:2: expected a secret of 86 letters"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof good_and_bad / sizeof good_and_bad[0]; i++) {
		const char *expected = good_and_bad[i].expected;
		struct link_keyfile *file;
		struct err err = ERR_INIT;
		int rc = link_keyfile_parse(&file, str_c(good_and_bad[i].text), "k", &err);

		if (expected == NULL ? rc != 0
				     : rc != -1 || file != NULL || err.code != ERR_KEY ||
			    strncmp(err.text, expected, strlen(expected)) != 0)
			fail_msg("%s: %s", good_and_bad[i].name, err.text);
		/* Nobody's log gets a secret. */
		assert_null(strstr(err.text, "AQEB"));
		link_keyfile_free(&file);
	}
}

static void
too_much_text(void **state)
{
	static char text[LINK_KEYFILE_MAX + 100];
	struct link_keyfile *file;
	struct err err = ERR_INIT;
	size_t used = (size_t)snprintf(text, sizeof text, HEAD);
	char line[200];

	(void)state;
	for (unsigned id = 1; id <= 255; id++) {
		key_line(line, id, (unsigned char)id);
		used += (size_t)snprintf(text + used, sizeof text - used, "%s", line);
	}
	assert_int_equal(link_keyfile_parse(&file, (struct str){text, used}, "k", &err), 0);
	assert_int_equal(file->count, 255);
	link_keyfile_free(&file);
	memset(text + used, '\n', sizeof text - used);
	assert_int_equal(link_keyfile_parse(&file, (struct str){text, sizeof text}, "k", &err), -1);
	assert_int_equal(err.code, ERR_KEY);
}

static void
keys_are_made(void **state)
{
	struct link_keyfile *file;
	struct err err = ERR_INIT;
	struct stat st;
	unsigned id = 0;
	mode_t mask = umask(0);

	(void)state;
	assert_int_equal(link_keyfile_add(path, &id, &err), 0);
	assert_int_equal(id, 1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(link_keyfile_add(path, &id, &err), 0);
	assert_int_equal(id, 2);
	umask(mask);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(access(fresh, F_OK), -1);
	assert_int_equal(link_keyfile_read(&file, path, NULL, &err), 0);
	assert_int_equal(file->count, 2);
	assert_true(memcmp(file->keys[0].secret, file->keys[1].secret, LINK_SIV_KEY) != 0);
	assert_true(memcmp(file->keys[0].secret, file->keys[0].secret + 32, 32) != 0);
	assert_true(file->keys[0].created_ms > INT64_C(1700000000000));
	link_keyfile_free(&file);
	assert_null(file);
}

static void
keys_are_retired(void **state)
{
	char before[2000], after[2000];
	struct err err = ERR_INIT;
	unsigned id;

	(void)state;
	put(HEAD "# mine\nkey 7 " TIME " " SECRET "\n", 0600);
	assert_int_equal(link_keyfile_add(path, &id, &err), 0);
	assert_int_equal(id, 8);
	assert_int_equal(link_keyfile_add(path, &id, &err), 0);
	assert_string_equal(ids(), "7 8 9");
	slurp(before, sizeof before);
	assert_int_equal(link_keyfile_retire(path, 9, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_int_equal(link_keyfile_retire(path, 1, &err), -1);
	assert_int_equal(err.code, ERR_NOTFOUND);
	slurp(after, sizeof after);
	assert_string_equal(before, after);
	assert_int_equal(link_keyfile_retire(path, 7, &err), 0);
	assert_string_equal(ids(), "8 9");
	slurp(after, sizeof after);
	assert_non_null(strstr(after, "# mine\nkey 8 "));
	assert_null(strstr(after, SECRET));
	assert_int_equal(link_keyfile_retire(path, 8, &err), 0);
	assert_int_equal(link_keyfile_retire(path, 9, &err), -1);
	assert_string_equal(ids(), "9");
	assert_int_equal(access(fresh, F_OK), -1);
}

static void
ids_go_round(void **state)
{
	static char text[LINK_KEYFILE_MAX];
	struct err err = ERR_INIT;
	size_t used;
	char line[200];
	unsigned id;

	(void)state;
	put(HEAD "key 1 " TIME " " SECRET "\nkey 255 " TIME " " SECRET, 0600);
	assert_int_equal(link_keyfile_add(path, &id, &err), 0);
	assert_int_equal(id, 2);
	assert_string_equal(ids(), "1 255 2");
	used = (size_t)snprintf(text, sizeof text, HEAD);
	for (id = 1; id <= 255; id++) {
		key_line(line, id, (unsigned char)id);
		used += (size_t)snprintf(text + used, sizeof text - used, "%s", line);
	}
	put(text, 0600);
	assert_int_equal(link_keyfile_add(path, &id, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
}

static void
files_that_are_not_safe(void **state)
{
	static const struct {
		mode_t mode;
		enum err_code code;
	} modes[] = {{0600, ERR_NONE}, {0400, ERR_NONE}, {0700, ERR_NONE}, {0640, ERR_PERM},
	    {0604, ERR_PERM}, {0660, ERR_PERM}, {0601, ERR_PERM}, {0777, ERR_PERM}};
	struct link_keyfile *file;
	unsigned id;

	(void)state;
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		struct err err = ERR_INIT;

		put(HEAD "key 1 " TIME " " SECRET "\n", modes[i].mode);
		link_keyfile_read(&file, path, "nobody", &err);
		assert_int_equal(err.code, modes[i].code);
		if (err.code == ERR_PERM)
			assert_non_null(strstr(err.text, "chmod 600"));
		link_keyfile_free(&file);
		/* Neither does it become safe by adding to it. */
		if (modes[i].code != ERR_NONE)
			assert_int_equal(link_keyfile_add(path, &id, &err), -1);
		assert_int_equal(access(fresh, F_OK), -1);
		unlink(path);
	}
}

static void
files_that_are_none(void **state)
{
	struct link_keyfile *file;
	struct err err = ERR_INIT;
	unsigned id;
	char other[PATH_MAX + 20];

	(void)state;
	assert_int_equal(link_keyfile_read(&file, path, NULL, &err), -1);
	assert_int_equal(err.code, ERR_IO);
	assert_int_equal(link_keyfile_retire(path, 1, &err), -1);
	assert_int_equal(err.code, ERR_IO);
	assert_int_equal(access(fresh, F_OK), -1);
	assert_int_equal(link_keyfile_read(&file, folder, NULL, &err), -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(link_keyfile_read(&file, path, NULL, &err), -1);
	assert_int_equal(err.code, ERR_KEY);
	unlink(path);
	snprintf(other, sizeof other, "%s/none/keys", folder);
	assert_int_equal(link_keyfile_add(other, &id, &err), -1);
	assert_int_equal(err.code, ERR_IO);
	/* A file that does not parse is left alone. */
	put("not ours\n", 0600);
	assert_int_equal(link_keyfile_add(path, &id, &err), -1);
	assert_int_equal(err.code, ERR_KEY);
	slurp(other, sizeof other);
	assert_string_equal(other, "not ours\n");
}

static void
an_owner_of_another_name(void **state)
{
	struct link_keyfile *file;
	struct err err = ERR_INIT;
	struct stat st;
	unsigned id;

	(void)state;
	if (geteuid() != 0)
		skip();
	put(HEAD "key 1 " TIME " " SECRET "\n", 0600);
	assert_int_equal(chown(path, 65534, 65534), 0);
	assert_int_equal(link_keyfile_read(&file, path, "root", &err), -1);
	assert_int_equal(err.code, ERR_PERM);
	assert_int_equal(link_keyfile_read(&file, path, "nobody", &err), 0);
	link_keyfile_free(&file);
	/* It stays theirs. */
	assert_int_equal(link_keyfile_add(path, &id, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 65534);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void
symbolic_links_stay(void **state)
{
	struct err err = ERR_INIT;
	char name[PATH_MAX + 20];
	struct stat st;
	unsigned id;

	(void)state;
	snprintf(name, sizeof name, "%s/link", folder);
	assert_int_equal(link_keyfile_add(path, &id, &err), 0);
	assert_int_equal(symlink("keys", name), 0);
	assert_int_equal(link_keyfile_add(name, &id, &err), 0);
	assert_int_equal(lstat(name, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_string_equal(ids(), "1 2");
}

static void
an_interrupted_change(void **state)
{
	struct err err = ERR_INIT;
	char target[PATH_MAX + 20];
	unsigned id;
	int fd;

	(void)state;
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(link_keyfile_add(path, &id, &err), -1);
	assert_int_equal(err.code, ERR_BUSY);
	assert_non_null(strstr(err.text, ".new"));
	/* It is somebody else's: it stays. */
	assert_int_equal(unlink(fresh), 0);
	/* No link is followed. */
	snprintf(target, sizeof target, "%s/target", folder);
	assert_int_equal(symlink(target, fresh), 0);
	assert_int_equal(link_keyfile_add(path, &id, &err), -1);
	assert_int_equal(access(target, F_OK), -1);
	assert_int_equal(unlink(fresh), 0);
}

/* Several at once: each either adds its key or says that another is at work. */
static void
changes_at_once(void **state)
{
	unsigned id, made = 0;
	int status;
	pid_t children[8];

	(void)state;
	for (int i = 0; i < 8; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0) {
			struct err err = ERR_INIT;

			_exit(link_keyfile_add(path, &id, &err) == 0 ? 0
				: err.code == ERR_BUSY		     ? 1
								     : 2);
		}
	}
	for (int i = 0; i < 8; i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
		made += WEXITSTATUS(status) == 0;
	}
	assert_true(made >= 1);
	assert_int_equal(link_keyfile_add(path, &id, NULL), 0);
	assert_int_equal(id, made + 1);
}

static void
a_configuration_names_it(void **state)
{
	struct link_keys *keys, *more;
	struct err err = ERR_INIT;
	struct conf *conf;
	const struct conf *last;
	char conf_path[PATH_MAX + 10], expected[3 * PATH_MAX];
	FILE *file;

	(void)state;
	snprintf(conf_path, sizeof conf_path, "%s/conf", folder);
	file = fopen(conf_path, "w");
	assert_non_null(file);
	fputs("# one\ntoken_keys = \"keys\"\n", file);
	fclose(file);
	assert_int_equal(conf_load(&conf, conf_path, NULL, NULL, &err), 0);
	assert_int_equal(link_keys_load(&keys, conf, &err), -1);
	assert_null(keys);
	snprintf(expected, sizeof expected, "%s:2: token_keys: %s: ", conf_path, path);
	assert_int_equal(strncmp(err.text, expected, strlen(expected)), 0);
	put(HEAD "key 1 " TIME " AAAA\n", 0600);
	assert_int_equal(link_keys_load(&keys, conf, &err), -1);
	snprintf(expected, sizeof expected, "%s:2: token_keys: %s:2: expected a secret", conf_path,
	    path);
	assert_int_equal(strncmp(err.text, expected, strlen(expected)), 0);
	put(HEAD "key 1 " TIME " " SECRET "\n", 0600);
	assert_int_equal(link_keys_load(&keys, conf, &err), 0);
	more = link_keys_ref(keys);
	link_keys_unref(&keys);
	assert_null(keys);
	link_keys_unref(&more);
	link_keys_unref(&more);
	last = conf;
	conf_unref(&last);
}

#define DISK_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(texts),
	    cmocka_unit_test(too_much_text),
	    DISK_TEST(keys_are_made),
	    DISK_TEST(keys_are_retired),
	    DISK_TEST(ids_go_round),
	    DISK_TEST(files_that_are_not_safe),
	    DISK_TEST(files_that_are_none),
	    DISK_TEST(an_owner_of_another_name),
	    DISK_TEST(symbolic_links_stay),
	    DISK_TEST(an_interrupted_change),
	    DISK_TEST(changes_at_once),
	    DISK_TEST(a_configuration_names_it),
	};

	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
