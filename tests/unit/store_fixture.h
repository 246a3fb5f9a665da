/* SPDX-License-Identifier: BSD-2-Clause
 *
 * store_fixture: an empty store in a folder of its own, for each test
 */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include "store/store.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

struct fixture {
	char folder[256];
	char path[300];
	struct store *store;
	struct arena *arena;
	struct err err;
};

static int
fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	const char *base = getenv("TMPDIR");

	snprintf(f->folder, sizeof f->folder, "%s/store.XXXXXX", base == NULL ? "/tmp" : base);
	if (mkdtemp(f->folder) == NULL)
		return -1;
	snprintf(f->path, sizeof f->path, "%s/mailtailor.db", f->folder);
	f->arena = arena_new((size_t)64 << 20);
	*state = f;
	return store_open(&f->store, f->path, STORE_CREATE, &f->err);
}

static int
fixture_teardown(void **state)
{
	struct fixture *f = *state;
	struct dirent *entry;
	char path[600];
	DIR *dir;

	store_close(&f->store);
	arena_free(&f->arena);
	dir = opendir(f->folder);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof path, "%s/%s", f->folder, entry->d_name);
		if (entry->d_name[0] != '.')
			unlink(path);
	}
	if (dir != NULL)
		closedir(dir);
	rmdir(f->folder);
	free(f);
	return 0;
}

#define STORE_TEST(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

#endif
