/* SPDX-License-Identifier: BSD-2-Clause
 *
 * resident: see resident.h
 *
 * proc(5): statm counts pages, the second is what is resident, the third is of that what files and
 * shared memory have, too.
 */
#include "base/resident.h"

#include "base/clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define LOOK_US ((int64_t)1000000)

int64_t
resident_bytes(pid_t pid)
{
	char path[40], text[200];
	long long resident, shared;
	ssize_t got;
	int fd;

	if (pid == 0)
		snprintf(path, sizeof path, "/proc/self/statm");
	else
		snprintf(path, sizeof path, "/proc/%lld/statm", (long long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	got = read(fd, text, sizeof text - 1);
	close(fd);
	text[got < 0 ? 0 : got] = '\0';
	if (sscanf(text, "%*d %lld %lld", &resident, &shared) != 2)
		return -1;
	return (resident - shared) * sysconf(_SC_PAGESIZE);
}

bool
resident_is_grown(struct resident *resident, int64_t most)
{
	long long last = atomic_load(&resident->looked_us), none = 0;
	int64_t now_us = clock_mono_us(), bytes;

	if (most <= 0 || (last != 0 && now_us - last < LOOK_US) ||
	    !atomic_compare_exchange_strong(&resident->looked_us, &last, now_us))
		return false;
	bytes = resident_bytes(0);
	if (atomic_compare_exchange_strong(&resident->first, &none, bytes))
		return false;
	return bytes > most && bytes > none + none / 2;
}
