/* SPDX-License-Identifier: BSD-2-Clause
 *
 * descriptor: see descriptor.h
 *
 * libc closes some files itself, without close(): so a guarded number counts only as long as the
 * same file is behind it.
 */
#include "base/descriptor.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define DESCRIPTORS 65536

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

/* What is behind each; 0: not guarded. Pages that are never touched cost nothing. */
static atomic_ullong behind[DESCRIPTORS];
static bool (*ask)(int fd);

static unsigned long long
identity(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return 0;
	return ((unsigned long long)st.st_ino ^ (unsigned long long)st.st_dev << 40) | 1;
}

void
descriptor_guard(int fd)
{
	if (fd >= 0 && fd < DESCRIPTORS)
		atomic_store(&behind[fd], identity(fd));
}

void
descriptor_guard_all(void)
{
	DIR *folder = opendir("/proc/self/fd");
	const struct dirent *entry;

	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] != '.' && fd != dirfd(folder))
			descriptor_guard(fd);
	}
	if (folder != NULL)
		closedir(folder);
}

void
descriptor_ask(bool (*may_close)(int fd))
{
	ask = may_close;
}

#ifdef SANITIZED
int
descriptor_close(int fd)
{
	return close(fd);
}
#else
/* glibc's own name for it. */
extern int __close(int fd);
int accept(int fd, struct sockaddr *restrict address, socklen_t *restrict size);

int
descriptor_close(int fd)
{
	if (fd >= 0 && fd < DESCRIPTORS)
		atomic_store_explicit(&behind[fd], 0, memory_order_relaxed);
	return __close(fd);
}

int
close(int fd)
{
	unsigned long long its = fd >= 0 && fd < DESCRIPTORS
	    ? atomic_load_explicit(&behind[fd], memory_order_relaxed)
	    : 0;

	if (its != 0 && ask != NULL && its == identity(fd) && !ask(fd)) {
		errno = EBADF;
		return -1;
	}
	return descriptor_close(fd);
}

/* libmilter's connections are as much ours as the socket that they come from. */
int
accept(int fd, struct sockaddr *restrict address, socklen_t *restrict size)
{
	int connection = accept4(fd, address, size, 0);

	if (connection >= 0 && fd >= 0 && fd < DESCRIPTORS &&
	    atomic_load_explicit(&behind[fd], memory_order_relaxed) != 0)
		descriptor_guard(connection);
	return connection;
}

/* And so is what wakes its threads. It has no other way to tell us. */
int
pipe(int fds[2])
{
	int status = pipe2(fds, 0);
	Dl_info caller;

	if (status == 0 && dladdr(__builtin_return_address(0), &caller) != 0 &&
	    caller.dli_fname != NULL && strstr(caller.dli_fname, "/libmilter.so") != NULL) {
		descriptor_guard(fds[0]);
		descriptor_guard(fds[1]);
	}
	return status;
}
#endif
