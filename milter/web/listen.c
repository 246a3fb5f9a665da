/* SPDX-License-Identifier: BSD-2-Clause
 *
 * listen: the web's socket, opened by the master before it forks
 *
 * It stays open over restarts and reloads, so no client is turned away by them.
 *
 * Owns:    nothing; the descriptor is the caller's.
 * Threads: the master's only one.
 */
#include "web/web.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG	 4096
#define HOST_MAX 256
#define PORT_MAX 6

/* The path, or NULL for an address of TCP. */
static const char *
unix_path(const struct conf *conf)
{
	return strncmp(conf->web, "unix:", 5) == 0 ? conf->web + 5 : NULL;
}

/* HOST:PORT as conf/check.c took it; a numeric IPv6 address stands in brackets. */
static int
resolve(const struct conf *conf, struct addrinfo **found_r, struct err *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	const char *colon = strrchr(conf->web, ':');
	struct str host = {conf->web, (size_t)(colon - conf->web)};
	char name[HOST_MAX];
	int status;

	if (host.n >= 2 && host.p[0] == '[')
		host = (struct str){host.p + 1, host.n - 2};
	if (host.n >= sizeof name)
		return err_set(err, ERR_CONFIG, "web %s: the host name is too long", conf->web);
	memcpy(name, host.p, host.n);
	name[host.n] = '\0';
	status = getaddrinfo(name, colon + 1, &hints, found_r);
	if (status != 0)
		return err_set(err, ERR_CONFIG, "web %s: %s", conf->web, gai_strerror(status));
	return 0;
}

static int
fail(const struct conf *conf, int fd, struct err *err)
{
	err_set(err, ERR_IO, "web %s: %s", conf->web, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static int
listen_tcp(const struct conf *conf, int *fd_r, struct err *err)
{
	struct addrinfo *found;
	const int on = 1;
	int fd;

	if (resolve(conf, &found, err) != 0)
		return -1;
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
	    bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
		freeaddrinfo(found);
		return fail(conf, fd, err);
	}
	freeaddrinfo(found);
	*fd_r = fd;
	return 0;
}

/* A socket that nobody serves any more gives way; the pid file's lock says that no other
 * daemon of this configuration runs. */
static int
listen_unix(const struct conf *conf, const char *path, int *fd_r, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat file;
	int fd;

	if (strlen(path) >= sizeof address.sun_path)
		return err_set(err, ERR_CONFIG, "web %s: the path is too long", conf->web);
	strcpy(address.sun_path, path);
	if (lstat(path, &file) == 0 && !S_ISSOCK(file.st_mode))
		return err_set(err, ERR_CONFIG, "web %s: there is something else", conf->web);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail(conf, fd, err);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) {
		close(fd);
		return err_set(err, ERR_IO, "web %s: somebody listens there already", conf->web);
	}
	unlink(path);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || chmod(path, 0660) != 0 ||
	    listen(fd, BACKLOG) != 0)
		return fail(conf, fd, err);
	*fd_r = fd;
	return 0;
}

int
web_listen(const struct conf *conf, int *fd_r, struct err *err)
{
	const char *path = unix_path(conf);

	*fd_r = -1;
	if (conf->web[0] == '\0')
		return 0;
	return path != NULL ? listen_unix(conf, path, fd_r, err) : listen_tcp(conf, fd_r, err);
}

void
web_listen_remove(const struct conf *conf)
{
	const char *path = unix_path(conf);

	if (path != NULL)
		unlink(path);
}

int
web_listen_check(const struct conf *conf, struct err *err)
{
	struct addrinfo *found;

	if (conf->web[0] == '\0' || unix_path(conf) != NULL)
		return 0;
	if (resolve(conf, &found, err) != 0)
		return -1;
	freeaddrinfo(found);
	return 0;
}
