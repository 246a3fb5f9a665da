/* SPDX-License-Identifier: BSD-2-Clause
 *
 * doctor_socket: which of Postfix's milter addresses lead to our socket
 *
 * Postfix and mailtailor.conf write the same socket differently; and a chrooted
 * process of Postfix means another file by the same path.
 *
 * Threads: see doctor.h.
 */
#include "ctl/doctor.h"

#include <limits.h>
#include <stdlib.h>

/* For a folder, a path in it, and one of them once more. */
#define PATH_ROOM (4 * PATH_MAX)

/* Links in the folder's path (/var/run) are no difference. */
static void
canonical(char result[PATH_ROOM], const char *folder, struct str path)
{
	char joined[PATH_ROOM - PATH_MAX], real[PATH_MAX];
	char *slash;

	snprintf(joined, sizeof joined, "%s/%.*s", folder, STR_F(path));
	slash = strrchr(joined, '/');
	*slash = '\0';
	snprintf(result, PATH_ROOM, "%s/%s",
	    realpath(joined[0] == '\0' ? "/" : joined, real) == NULL ? joined : real, slash + 1);
}

static bool
same_path(const char *folder, struct str path, const char *ours)
{
	char a[PATH_ROOM], b[PATH_ROOM];

	canonical(a, folder, path);
	canonical(b, "", (struct str){ours + 1, strlen(ours) - 1});
	return strcmp(a, b) == 0;
}

static bool
same_host(struct str a, struct str b)
{
	static const struct str local[] = {{"localhost", 9}, {"127.0.0.1", 9}, {"::1", 3},
	    {"[::1]", 5}, {"0.0.0.0", 7}, {"::", 2}};
	bool a_local = false, b_local = false;

	for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) {
		a_local = a_local || str_eq_nocase(a, local[i]);
		b_local = b_local || str_eq_nocase(b, local[i]);
	}
	return (a_local && b_local) || str_eq_nocase(a, b);
}

/* Ours is inet:PORT@HOST, Postfix writes inet:HOST:PORT. */
static bool
same_inet(struct str theirs, const char *ours)
{
	const char *colon = memrchr(theirs.p, ':', theirs.n), *at = strchr(ours, '@');
	struct str port = str_c(strchr(ours, ':') + 1);

	if (colon == NULL || at == NULL)
		return false;
	port.n = (size_t)(at - port.p);
	return str_eq((struct str){colon + 1, (size_t)(theirs.p + theirs.n - colon - 1)}, port) &&
	    same_host((struct str){theirs.p, (size_t)(colon - theirs.p)}, str_c(at + 1));
}

enum doctor_reach
doctor_milter_reach(const struct doctor *doctor, struct str address, bool chroot)
{
	const char *ours = doctor->conf->socket;
	const char *queue = postfix_get(doctor->postfix, "queue_directory");
	struct str path = {address.p + 5, address.n - 5};
	bool absolute;

	if (address.n <= 5)
		return DOCTOR_REACH_NONE;
	if (str_starts(address, STR("inet:")))
		return strncmp(ours, "inet", 4) == 0 && same_inet(path, ours) ? DOCTOR_REACH_OURS
									      : DOCTOR_REACH_NONE;
	if (!str_starts(address, STR("unix:")) || strncmp(ours, "unix:", 5) != 0)
		return DOCTOR_REACH_NONE;
	absolute = path.p[0] == '/';
	if (same_path(absolute && !chroot ? "" : queue, path, ours + 5))
		return DOCTOR_REACH_OURS;
	return absolute && chroot && same_path("", path, ours + 5) ? DOCTOR_REACH_CHROOT
								   : DOCTOR_REACH_NONE;
}

const char *
doctor_milter_value(const struct doctor *doctor, bool chroot)
{
	static char value[PATH_MAX];
	const char *ours = doctor->conf->socket, *at = strchr(ours, '@');
	const char *queue = postfix_get(doctor->postfix, "queue_directory");
	size_t len = strlen(queue);

	if (strncmp(ours, "unix:", 5) == 0) {
		if (strncmp(ours + 5, queue, len) == 0 && ours[5 + len] == '/')
			snprintf(value, sizeof value, "unix:%s", ours + 5 + len + 1);
		else if (chroot)
			return NULL;
		else
			snprintf(value, sizeof value, "%s", ours);
	} else {
		bool any = strcmp(at + 1, "0.0.0.0") == 0 || strcmp(at + 1, "::") == 0;
		bool v6 = strchr(at + 1, ':') != NULL && at[1] != '[' && !any;
		const char *port = strchr(ours, ':') + 1;

		snprintf(value, sizeof value, "inet:%s%s%s:%.*s", v6 ? "[" : "",
		    any ? "127.0.0.1" : at + 1, v6 ? "]" : "", (int)(at - port), port);
	}
	return value;
}
