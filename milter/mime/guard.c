/* SPDX-License-Identifier: BSD-2-Clause
 *
 * guard: see guard.h
 *
 * Threads: any; touches only its arguments.
 * Fails:   ERR_LIMIT.
 */
#include "mime/guard.h"

#include <stdint.h>
#include <strings.h>

/* What GMime builds for one part or field takes some hundred bytes, while four
 * bytes of input can make one. These many are more than any real message has, and
 * cost 150 MB at most. */
#define COLONS_MAX  250000
#define DASHES_EACH 20

/* A colon begins a group, one in the other: a few hundred bytes of stack for each. */
#define GROUPS_MAX 1000

static size_t
count(struct str s, const char *needle, size_t n)
{
	const char *p = s.p, *end = s.p + s.n;
	size_t found = 0;

	while (p < end && (p = memmem(p, (size_t)(end - p), needle, n)) != NULL) {
		found++;
		p += n;
	}
	return found;
}

static size_t
count_colons(struct str s)
{
	const char *p = s.p, *end = s.p + s.n;
	size_t found = 0;

	for (; p < end && (p = memchr(p, ':', (size_t)(end - p))) != NULL; p++)
		found++;
	return found;
}

bool
mime_guard_addresses(struct str value)
{
	return count_colons(value) <= GROUPS_MAX;
}

/* The fields that GMime reads as addresses, in the message and in those inside. */
static bool
is_address_field(struct str line)
{
	static const char *const names[] = {"From", "To", "Cc", "Bcc", "Sender", "Reply-To"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		size_t n = strlen(names[i]);

		if (line.n > n && strncasecmp(line.p, names[i], n) == 0 &&
		    (line.p[n] == ':' || line.p[n] == ' ' || line.p[n] == '\t'))
			return true;
	}
	return false;
}

/* Everything that looks like an address field, wherever it stands. */
static bool
addresses_ok(struct str raw)
{
	const char *p = raw.p, *end = raw.p + raw.n, *lf;
	bool inside = false;
	size_t colons = 0;

	for (; p < end; p = lf + 1) {
		lf = memchr(p, '\n', (size_t)(end - p));
		if (lf == NULL)
			lf = end - 1;
		if (*p != ' ' && *p != '\t') {
			inside = is_address_field((struct str){p, (size_t)(lf + 1 - p)});
			colons = 0;
		}
		if (inside)
			colons += count_colons((struct str){p, (size_t)(lf + 1 - p)});
		if (colons > GROUPS_MAX)
			return false;
	}
	return true;
}

int
mime_guard(struct str raw, struct str body, const struct mime_limits *limits, struct err *err)
{
	size_t colons = count_colons(raw);

	if (raw.n > INT32_MAX)
		return err_set(err, ERR_LIMIT, "message of %zu bytes", raw.n);
	if (count(body, "\n--", 3) / DASHES_EACH > limits->parts)
		return err_set(err, ERR_LIMIT, "more than %zu MIME parts", limits->parts);
	if (colons > COLONS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d colons", COLONS_MAX);
	if (colons > GROUPS_MAX && !addresses_ok(raw))
		return err_set(
		    err, ERR_LIMIT, "more than %d groups in an address field", GROUPS_MAX);
	return 0;
}
