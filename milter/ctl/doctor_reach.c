/* SPDX-License-Identifier: BSD-2-Clause
 *
 * doctor_reach: does who should listen answer?
 *
 * Speaks just enough of SMTP (RFC 5321) to read the relay's greeting and extensions,
 * and of the milter protocol to read mailtailord's answer to SMFIC_OPTNEG. Nothing
 * is sent that starts a message.
 *
 * Threads: see doctor.h.
 */
#include "base/clock.h"
#include "conf/machine.h"
#include "ctl/doctor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <resolv.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECT_MS 2000
/* Postfix's postscreen lets strangers wait six seconds. */
#define ANSWER_MS 8000
#define REPLY_MAX 8192

/* Milter protocol version 6: 4 bytes of length, then a letter and its data. */
#define OPTNEG_ANSWER_SIZE 17

static int
wait_for(int fd, short what, int64_t end_us)
{
	struct pollfd poll_fd = {fd, what, 0};
	int64_t left = (end_us - clock_mono_us()) / 1000;
	int rc;

	if (left < 0)
		left = 0;
	rc = poll(&poll_fd, 1, (int)left);
	if (rc == 0)
		errno = ETIMEDOUT;
	return rc == 1 ? 0 : -1;
}

static int
connect_to(const struct sockaddr *address, socklen_t size)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = 0;
	socklen_t error_size = sizeof error;

	if (fd == -1)
		return -1;
	if (connect(fd, address, size) == 0)
		return fd;
	if (errno == EINPROGRESS &&
	    wait_for(fd, POLLOUT, clock_mono_us() + CONNECT_MS * 1000LL) == 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size) == 0) {
		if (error == 0)
			return fd;
		errno = error;
	}
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* -1 with a text in *why_r. */
static int
connect_host(const char *host, const char *port, const char **why_r)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *all, *one;
	int fd = -1, rc;

	/* A name server that is silent must not hold up everything. */
	res_init();
	_res.retrans = 1;
	_res.retry = 2;
	rc = getaddrinfo(host, port, &hints, &all);
	if (rc != 0) {
		*why_r = gai_strerror(rc);
		return -1;
	}
	for (one = all; one != NULL && fd == -1; one = one->ai_next)
		fd = connect_to(one->ai_addr, one->ai_addrlen);
	freeaddrinfo(all);
	if (fd == -1)
		*why_r = strerror(errno);
	return fd;
}

/* HOST:PORT or [IPv6]:PORT. */
static int
connect_hostport(const char *hostport, const char **why_r)
{
	char copy[300], *colon, *host = copy;

	snprintf(copy, sizeof copy, "%s", hostport);
	colon = strrchr(copy, ':');
	*colon = '\0';
	if (*host == '[') {
		host++;
		colon[-1] = '\0';
	}
	return connect_host(host, colon + 1, why_r);
}

/* SMTP */

/* The whole reply, lines with LF between; the code or -1. */
static int
read_reply(int fd, char reply[REPLY_MAX])
{
	int64_t end = clock_mono_us() + ANSWER_MS * 1000LL;
	size_t len = 0, line = 0;

	while (len + 1 < REPLY_MAX && wait_for(fd, POLLIN, end) == 0) {
		if (read(fd, reply + len, 1) != 1)
			return -1;
		if (reply[len++] != '\n')
			continue;
		reply[len] = '\0';
		if (len - line < 4 || reply[line + 3] != '-')
			return len - line < 4 ? -1 : atoi(reply + line);
		line = len;
	}
	return -1;
}

static void
check_extensions(struct doctor *doctor, const char *reply)
{
	static const struct {
		const char *keyword, *loss;
	} wanted[] = {
	    {"PIPELINING", "handing back is slower"},
	    {"DSN", "what the client asked for about delivery reports is lost"},
	    {"SMTPUTF8", "recipients with non-ASCII addresses can't be served"},
	};

	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		if (strcasestr(reply, wanted[i].keyword) == NULL)
			finding_add(&doctor->found, FINDING_WARNING, "relay.extensions",
			    "The relay %s does not offer %s: %s.", doctor->conf->relay,
			    wanted[i].keyword, wanted[i].loss);
	}
}

static void
check_relay(struct doctor *doctor)
{
	static const char hello[] = "EHLO doctor.invalid\r\n", quit[] = "QUIT\r\n";
	const char *why = "no answer in time";
	char reply[REPLY_MAX] = "";
	int fd = connect_hostport(doctor->conf->relay, &why), code;

	if (fd == -1) {
		finding_add(&doctor->found, FINDING_ERROR, "relay.connect",
		    "The relay %s can't be reached: %s.", doctor->conf->relay, why);
		finding_remedy(&doctor->found, "systemctl start postfix");
		return;
	}
	code = read_reply(fd, reply);
	if (code == 220 && send(fd, hello, sizeof hello - 1, MSG_NOSIGNAL) > 0) {
		finding_add(&doctor->found, FINDING_OK, "relay.connect",
		    "The relay %s greets as an SMTP server.", doctor->conf->relay);
		if (read_reply(fd, reply) == 250)
			check_extensions(doctor, reply);
		if (send(fd, quit, sizeof quit - 1, MSG_NOSIGNAL) > 0)
			read_reply(fd, reply);
	} else {
		finding_add(&doctor->found, FINDING_ERROR, "relay.connect",
		    "What listens at the relay %s does not greet as an SMTP server (%.60s).",
		    doctor->conf->relay, code == -1 ? "no answer in time" : reply);
	}
	close(fd);
}

/* Milter */

static int
connect_milter(const char *spec, const char **why_r)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char port[16];
	const char *colon = strchr(spec, ':'), *at = strchr(spec, '@');
	int fd;

	if (strncmp(spec, "unix:", 5) == 0) {
		memcpy(address.sun_path, spec + 5, strnlen(spec + 5, sizeof address.sun_path - 1));
		fd = connect_to((const struct sockaddr *)&address, sizeof address);
		if (fd == -1)
			*why_r = strerror(errno);
		return fd;
	}
	snprintf(port, sizeof port, "%.*s", (int)(at - colon - 1), colon + 1);
	return connect_host(at + 1, port, why_r);
}

static bool
read_exactly(int fd, unsigned char *bytes, size_t size)
{
	int64_t end = clock_mono_us() + ANSWER_MS * 1000LL;
	size_t len = 0;

	while (len < size && wait_for(fd, POLLIN, end) == 0) {
		ssize_t got = read(fd, bytes + len, size - len);

		if (got <= 0)
			return false;
		len += (size_t)got;
	}
	return len == size;
}

/* The version that the milter chose, 0 if it answered otherwise or not at all. */
static unsigned
negotiate(int fd)
{
	/* All actions and protocol steps that libmilter 1.0.1 knows. */
	static const unsigned char offer[] = {
	    0, 0, 0, 13, 'O', 0, 0, 0, 6, 0, 0, 1, 0xff, 0, 0x1f, 0xff, 0xff};
	static const unsigned char quit[] = {0, 0, 0, 1, 'Q'};
	unsigned char answer[OPTNEG_ANSWER_SIZE];

	if (send(fd, offer, sizeof offer, MSG_NOSIGNAL) != sizeof offer ||
	    !read_exactly(fd, answer, sizeof answer) || answer[4] != 'O')
		return 0;
	if (send(fd, quit, sizeof quit, MSG_NOSIGNAL) != sizeof quit)
		return 0;
	return answer[8];
}

/* May Postfix's processes open it? They run as mail_owner, with its groups. */
static void
check_socket_rights(struct doctor *doctor, const char *path)
{
	const char *owner =
	    doctor->postfix == NULL ? "postfix" : postfix_get(doctor->postfix, "mail_owner");
	const struct group *group;
	struct stat st;
	int rc;

	if (geteuid() != 0 || stat(path, &st) == -1)
		return;
	rc = machine_access(owner, path, W_OK);
	if (rc == 0 || rc == ESRCH)
		return;
	group = getgrgid(st.st_gid);
	finding_add(&doctor->found, FINDING_ERROR, "milter.socket_rights",
	    "The user %s may not connect to %s (mode %04o, group %s): %s.", owner, path,
	    st.st_mode & 07777, group == NULL ? "unknown" : group->gr_name, strerror(rc));
	finding_remedy(&doctor->found, "socket_group = \"%s\"\nsocket_mode = \"0660\"", owner);
}

static void
check_milter(struct doctor *doctor)
{
	const char *socket_spec = doctor->conf->socket, *why = "";
	int fd = connect_milter(socket_spec, &why);
	unsigned version;

	if (fd == -1) {
		finding_add(&doctor->found, FINDING_ERROR, "milter.connect",
		    "mailtailord does not answer at %s: %s.", socket_spec, why);
		finding_remedy(&doctor->found, "systemctl start mailtailord");
		return;
	}
	version = negotiate(fd);
	close(fd);
	if (version == 0) {
		finding_add(&doctor->found, FINDING_ERROR, "milter.connect",
		    "What listens at %s does not speak the milter protocol.", socket_spec);
		return;
	}
	finding_add(&doctor->found, FINDING_OK, "milter.connect",
	    "mailtailord answers at %s with version %u of the milter protocol.", socket_spec,
	    version);
	if (strncmp(socket_spec, "unix:", 5) == 0)
		check_socket_rights(doctor, socket_spec + 5);
}

void
doctor_check_reach(struct doctor *doctor)
{
	check_relay(doctor);
	check_milter(doctor);
}
