/* SPDX-License-Identifier: BSD-2-Clause
 *
 * keyfile: see keyfile.h; this file: its text
 *
 * Owns:    the keys, until link_keyfile_free wipes them.
 * Threads: any.
 * Fails:   ERR_KEY.
 */
#include "link/keyfile.h"

#include "link/code.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <time.h>

#define FIRST_LINE "mailtailor-keys 1"

struct parser {
	const char *path;
	unsigned line;
	struct link_keyfile *file;
	unsigned lines[LINK_KEY_ID_MAX + 1]; /* where each id stands */
};

static int
fail(const struct parser *parser, const char *expected, struct err *err)
{
	return err_set(err, ERR_KEY, "%s:%u: expected %s", parser->path, parser->line, expected);
}

/* "2026-01-31T08:15:00Z" */
static bool
read_time(struct str text, int64_t *ms_r)
{
	char copy[21];
	const char *end;
	struct tm tm = {0};
	time_t seconds;

	if (text.n != sizeof copy - 1)
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	end = strptime(copy, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (end == NULL || *end != '\0')
		return false;
	seconds = timegm(&tm);
	*ms_r = (int64_t)seconds * 1000;
	return seconds >= 0;
}

static int
parse_key(struct parser *parser, struct str line, struct err *err)
{
	struct link_keyfile_key *key = &parser->file->keys[parser->file->count];
	struct str word, id, time;
	unsigned long long number;

	if (!str_split(&line, ' ', &word) || !str_is(word, "key") || !str_split(&line, ' ', &id) ||
	    !str_split(&line, ' ', &time) || line.p == NULL)
		return fail(parser, "\"key ID TIME SECRET\"", err);
	if (!str_to_u64(id, LINK_KEY_ID_MAX, &number) || number == 0)
		return fail(parser, "a key id of 1 to 255", err);
	if (parser->lines[number] != 0)
		return err_set(err, ERR_KEY, "%s:%u: key %llu stands in line %u already",
		    parser->path, parser->line, number, parser->lines[number]);
	if (!read_time(time, &key->created_ms))
		return fail(parser, "the time of its making, as in 2026-01-31T08:15:00Z", err);
	if (link_code_read(LINK_BASE64URL, line, key->secret, sizeof key->secret) !=
	    (long)sizeof key->secret)
		return fail(parser, "a secret of 86 letters in base64url", err);
	key->id = (unsigned)number;
	parser->lines[number] = parser->line;
	parser->file->count++;
	return 0;
}

static int
parse_line(struct parser *parser, struct str line, struct err *err)
{
	line = str_trim(line);
	if (parser->line == 1) {
		if (str_is(line, FIRST_LINE))
			return 0;
		if (str_starts(line, STR("mailtailor-keys ")))
			return fail(parser,
			    "\"" FIRST_LINE "\"; this file was made by another version", err);
		return fail(parser, "\"" FIRST_LINE "\": this is no key file of mailtailor", err);
	}
	if (line.n == 0 || line.p[0] == '#')
		return 0;
	return parse_key(parser, line, err);
}

int
link_keyfile_parse(struct link_keyfile **file_r, struct str text, const char *path, struct err *err)
{
	struct parser parser = {.path = path, .file = calloc(1, sizeof *parser.file)};
	struct str line;
	int rc = 0;

	if (parser.file == NULL)
		abort();
	if (text.n > LINK_KEYFILE_MAX)
		rc = err_set(err, ERR_KEY, "%s:1: expected at most 64 KB", path);
	while (rc == 0 && str_split(&text, '\n', &line)) {
		parser.line++;
		rc = parse_line(&parser, line, err);
	}
	if (rc == 0 && parser.file->count == 0) {
		parser.line = parser.line == 0 ? 1 : parser.line;
		rc = fail(&parser, "a key (mailtailor key new makes one)", err);
	}
	if (rc != 0)
		link_keyfile_free(&parser.file);
	*file_r = parser.file;
	return rc;
}

void
link_keyfile_free(struct link_keyfile **file)
{
	if (*file != NULL)
		OPENSSL_cleanse(*file, sizeof **file);
	free(*file);
	*file = NULL;
}
