/* SPDX-License-Identifier: BSD-2-Clause
 *
 * listen: see listen.h
 *
 * Owns:    nothing; the descriptor is libmilter's.
 * Threads: the master's only one.
 */
#include "session/session.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* libmilter's own default of 20 turns clients away while sessions start. */
#define BACKLOG	     1024
#define DESCRIPTORS  1024
#define ADDRESS_SIZE 1100

const char *
session_listen_path(const struct conf *conf)
{
	static const char prefix[] = "unix:";

	if (strncmp(conf->socket, prefix, sizeof prefix - 1) != 0)
		return NULL;
	return conf->socket + sizeof prefix - 1;
}

/* 1 somebody accepts connections there, 0 nobody, -1. */
static int
somebody_listens(const char *path, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, found;

	if (strlen(path) >= sizeof address.sun_path)
		return err_set(err, ERR_CONFIG,
		    "socket %s: a path of at most %zu bytes is possible", path,
		    sizeof address.sun_path - 1);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(err, ERR_IO, "socket: %s", strerror(errno));
	found = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
	/* EAGAIN: its queue is full. */
	if (!found && errno == EAGAIN)
		found = 1;
	else if (!found && errno != ECONNREFUSED && errno != ENOENT)
		found = err_set(err, ERR_IO, "socket %s: %s", path, strerror(errno));
	close(fd);
	return found;
}

static int
remove_stale(const char *path, struct err *err)
{
	struct stat file;

	if (lstat(path, &file) != 0) {
		if (errno == ENOENT)
			return 0;
		return err_set(err, ERR_IO, "socket %s: %s", path, strerror(errno));
	}
	if (!S_ISSOCK(file.st_mode))
		return err_set(err, ERR_PERM, "socket %s: there is something else", path);
	switch (somebody_listens(path, err)) {
	case 0:
		if (unlink(path) != 0)
			return err_set(err, ERR_IO, "socket %s: %s", path, strerror(errno));
		return 0;
	case 1:
		return err_set(err, ERR_PERM, "socket %s: somebody listens there already", path);
	default:
		return -1;
	}
}

static int
find_group(const struct conf *conf, gid_t *gid_r, struct err *err)
{
	const struct group *group;

	*gid_r = (gid_t)-1;
	if (conf->socket_group[0] == '\0')
		return 0;
	group = getgrnam(conf->socket_group);
	if (group == NULL)
		return err_set(
		    err, ERR_CONFIG, "socket_group: there is no group %s", conf->socket_group);
	*gid_r = group->gr_gid;
	return 0;
}

int
session_listen_mode(const struct conf *conf, struct err *err)
{
	const char *path = session_listen_path(conf);
	mode_t mode = (mode_t)strtoul(conf->socket_mode, NULL, 8);
	gid_t gid;

	if (path == NULL)
		return 0;
	if (find_group(conf, &gid, err) != 0)
		return -1;
	if (gid != (gid_t)-1 && chown(path, (uid_t)-1, gid) != 0)
		return err_set(err, ERR_PERM, "socket %s: group %s: %s", path, conf->socket_group,
		    strerror(errno));
	if (chmod(path, mode) != 0)
		return err_set(err, ERR_PERM, "socket %s: %s", path, strerror(errno));
	return 0;
}

static bool
is_listening(int fd)
{
	int on = 0;
	socklen_t size = sizeof on;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &size) == 0 && on != 0;
}

/* libmilter does not say which descriptor it opened: the one that listens now and did not
 * before. */
static int
open_by_libmilter(const struct conf *conf, struct err *err)
{
	bool before[DESCRIPTORS];
	char address[ADDRESS_SIZE];
	mode_t mask;
	int done;

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		before[fd] = is_listening(fd);
	snprintf(address, sizeof address, "%s", conf->socket);
	if (smfi_register(session_callbacks) != MI_SUCCESS || smfi_setconn(address) != MI_SUCCESS ||
	    smfi_setbacklog(BACKLOG) != MI_SUCCESS)
		return err_set(err, ERR_IO, "socket %s: libmilter does not take it", conf->socket);
	/* Nobody gets in before mode and group are set. */
	mask = umask(0177);
	errno = 0;
	done = smfi_opensocket(false);
	umask(mask);
	if (done != MI_SUCCESS)
		return err_set(err, ERR_IO, "socket %s: %s", conf->socket,
		    errno != 0 ? strerror(errno) : "can't be opened");
	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		if (!before[fd] && is_listening(fd))
			return fd;
	}
	return err_set(err, ERR_IO, "socket %s: not found after it was opened", conf->socket);
}

static int
prepare(int fd, bool tcp)
{
	const int on = 1;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
		return -1;
	/* Accepted sockets inherit it on Linux. libmilter writes each change by itself, and
	 * Nagle's algorithm with delayed ACKs would hold up every message by 40 ms. */
	return tcp ? setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) : 0;
}

int
session_listen(const struct conf *conf, int *fd_r, struct err *err)
{
	const char *path = session_listen_path(conf);
	gid_t gid;

	if (path != NULL && (find_group(conf, &gid, err) != 0 || remove_stale(path, err) != 0))
		return -1;
	*fd_r = open_by_libmilter(conf, err);
	if (*fd_r < 0)
		return -1;
	if (prepare(*fd_r, path == NULL) != 0)
		return err_set(err, ERR_IO, "socket %s: %s", conf->socket, strerror(errno));
	return session_listen_mode(conf, err);
}

void
session_listen_remove(const struct conf *conf, int fd)
{
	const char *path = session_listen_path(conf);
	struct sockaddr_un address;
	socklen_t size = sizeof address;

	if (path == NULL || getsockname(fd, (struct sockaddr *)&address, &size) != 0)
		return;
	if (address.sun_family == AF_UNIX && strcmp(address.sun_path, path) == 0)
		unlink(path);
}

/* inet:PORT@HOST, inet6:PORT@HOST; the host may be absent or in brackets. */
static int
check_inet(const char *socket, struct err *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found;
	struct str rest = str_c(socket), family, port;
	char host_text[256], port_text[32];
	struct str host;
	int status;

	if (!str_split(&rest, ':', &family) || rest.p == NULL || !str_split(&rest, '@', &port))
		return err_set(err, ERR_CONFIG, "socket %s: expected inet:PORT@HOST", socket);
	host = rest;
	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = (struct str){host.p + 1, host.n - 2};
	hints.ai_family = str_is(family, "inet6") ? AF_INET6 : AF_INET;
	snprintf(host_text, sizeof host_text, "%.*s", STR_F(host));
	snprintf(port_text, sizeof port_text, "%.*s", STR_F(port));
	status = getaddrinfo(host.n > 0 ? host_text : NULL, port_text, &hints, &found);
	if (status != 0)
		return err_set(err, ERR_CONFIG, "socket %s: %s", socket, gai_strerror(status));
	freeaddrinfo(found);
	return 0;
}

int
session_listen_check(const struct conf *conf, struct err *err)
{
	return session_listen_path(conf) == NULL ? check_inet(conf->socket, err) : 0;
}
