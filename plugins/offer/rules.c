/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rules: the parameter `offers`, "NAME: option=value ..."
 */
#include "offer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_MIN 16

struct reader {
	struct mt_call *call;
	struct offer *offer;
	const char *entry; /* for complaints */
	bool per;
};

static int32_t
complain(const struct reader *reader, const char *what)
{
	char text[400];

	snprintf(text, sizeof text, "offers: \"%.120s\": %.250s", reader->entry, what);
	return reader->call->host->fail(reader->call, mt_str_c(text));
}

static bool
is_name(const char *text, size_t max)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return n > 0 && n <= max && text[n] == '\0';
}

static bool
read_number(const char *text, int64_t max, int64_t *number_r)
{
	size_t n = strspn(text, "0123456789");

	*number_r = 0;
	if (n == 0 || n > 9 || text[n] != '\0')
		return false;
	for (size_t i = 0; i < n; i++)
		*number_r = *number_r * 10 + (text[i] - '0');
	return *number_r <= max;
}

static int32_t
take_path(struct reader *reader, char *to, const char *value)
{
	if (value[0] != '/' || strlen(value) >= PATH_MAX)
		return complain(reader, "expected a path that begins with /");
	strcpy(to, value);
	return MT_OK;
}

static int32_t
take_valid(struct reader *reader, const char *value)
{
	char text[12];
	size_t n = strlen(value);

	if (n < 2 || n >= sizeof text || value[n - 1] != 'd')
		return complain(reader, "valid: expected days, as in 7d");
	memcpy(text, value, n - 1);
	text[n - 1] = '\0';
	if (!read_number(text, 3650, &reader->offer->days) || reader->offer->days == 0)
		return complain(reader, "valid: expected 1d to 3650d");
	return MT_OK;
}

static int32_t
take_per(struct reader *reader, const char *value)
{
	static const char *const words[] = {"campaign", "contact", "message"};

	for (int i = 0; i < 3; i++) {
		if (strcmp(value, words[i]) == 0) {
			reader->offer->per = (enum offer_per)i;
			reader->per = true;
			return MT_OK;
		}
	}
	return complain(reader, "per: expected campaign, contact or message");
}

static int32_t
take_prefix(struct reader *reader, const char *value)
{
	size_t n = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

	if (n == 0 || n > OFFER_PREFIX_MAX || value[n] != '\0')
		return complain(reader, "prefix: expected up to 16 of A-Z and 0-9");
	strcpy(reader->offer->prefix, value);
	return MT_OK;
}

static int32_t
take_option(struct reader *reader, const char *name, const char *value)
{
	struct offer *offer = reader->offer;

	if (strcmp(name, "file") == 0)
		return take_path(reader, offer->file, value);
	if (strcmp(name, "key") == 0)
		return take_path(reader, offer->key_file, value);
	if (strcmp(name, "valid") == 0)
		return take_valid(reader, value);
	if (strcmp(name, "per") == 0)
		return take_per(reader, value);
	if (strcmp(name, "prefix") == 0)
		return take_prefix(reader, value);
	if (strcmp(name, "low") == 0)
		return read_number(value, 900, &offer->low)
		    ? MT_OK
		    : complain(reader, "low: expected a number up to 900");
	if (strcmp(name, "empty") == 0 &&
	    (strcmp(value, "fail") == 0 || strcmp(value, "nothing") == 0)) {
		offer->fail = value[0] == 'f';
		return MT_OK;
	}
	return complain(reader,
	    "expected file=, key=, valid=, per=, prefix=, low=, empty=fail or empty=nothing");
}

static int32_t
check(const struct reader *reader)
{
	const struct offer *offer = reader->offer;

	if ((offer->file[0] == '\0') == (offer->key_file[0] == '\0'))
		return complain(reader, "expected either file= or key=");
	if (offer->file[0] != '\0' && offer->prefix[0] != '\0')
		return complain(reader, "prefix= is for codes that are computed");
	if (offer->file[0] == '\0' && reader->per)
		return complain(reader, "per= is for codes of a file");
	return MT_OK;
}

/* `entry` is cut into its words. */
static int32_t
read_offer(struct reader *reader, char *entry)
{
	char *rest = NULL, *word = strtok_r(entry, " \t", &rest);
	size_t n = word == NULL ? 0 : strlen(word);
	int32_t rc = MT_OK;

	if (n == 0 || word[n - 1] != ':')
		return complain(reader, "expected a name and a colon");
	word[n - 1] = '\0';
	if (!is_name(word, OFFER_NAME_MAX))
		return complain(reader, "expected a name of a-z, 0-9 and _");
	strcpy(reader->offer->name, word);
	while (rc == MT_OK && (word = strtok_r(NULL, " \t", &rest)) != NULL) {
		char *value = strchr(word, '=');

		if (value == NULL)
			return complain(reader, "expected options as name=value");
		*value++ = '\0';
		rc = take_option(reader, word, value);
	}
	return rc == MT_OK ? check(reader) : rc;
}

/* Who can read the key can make codes. */
static int32_t
read_key(struct reader *reader)
{
	struct offer *offer = reader->offer;
	int fd = open(offer->key_file, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n;
	char text[300];

	if (fd < 0 || fstat(fd, &st) != 0) {
		snprintf(text, sizeof text, "key: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return complain(reader, text);
	}
	n = (st.st_mode & 027) != 0 ? -1 : read(fd, offer->key, sizeof offer->key);
	close(fd);
	if ((st.st_mode & 027) != 0)
		return complain(reader, "key: others may read or change that file: chmod 0640");
	while (n > 0 && (offer->key[n - 1] == '\n' || offer->key[n - 1] == '\r'))
		n--;
	if (n < KEY_MIN)
		return complain(reader, "key: expected 16 bytes at least");
	offer->key_n = (size_t)n;
	return MT_OK;
}

int32_t
offer_rules_read(struct mt_call *call, struct offers *offers, bool keys)
{
	struct mt_str entry;
	int32_t rc = MT_OK;

	memset(offers, 0, sizeof *offers);
	for (size_t i = 0;
	     rc == MT_OK && (entry = call->host->param_list(call, "offers", i)).p != NULL; i++) {
		char text[2 * PATH_MAX], shown[200];
		struct reader reader = {.call = call, .entry = shown};

		snprintf(
		    shown, sizeof shown, "%.*s", (int)(entry.n > 150 ? 150 : entry.n), entry.p);
		if (i == OFFER_MAX || entry.n >= sizeof text)
			return complain(&reader, "there are at most 16 offers, of 8 kB");
		memcpy(text, entry.p, entry.n);
		text[entry.n] = '\0';
		reader.offer = &offers->at[i];
		*reader.offer = (struct offer){.fail = true, .low = 100};
		rc = read_offer(&reader, text);
		if (rc == MT_OK && offer_rules_find(offers, mt_str_c(reader.offer->name)) != NULL)
			return complain(&reader, "there is an offer of that name");
		if (rc == MT_OK && keys && reader.offer->key_file[0] != '\0')
			rc = read_key(&reader);
		offers->count++;
	}
	return rc;
}

const struct offer *
offer_rules_find(const struct offers *offers, struct mt_str name)
{
	for (size_t i = 0; i < offers->count; i++) {
		if (mt_str_eq(name, mt_str_c(offers->at[i].name)))
			return &offers->at[i];
	}
	return NULL;
}
