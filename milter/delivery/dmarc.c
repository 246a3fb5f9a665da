/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dmarc: see dmarc.h; this file: what is in the archive, and what the XML says
 *
 * Threads: any; touches only its arguments.
 * Fails:   ERR_INPUT, ERR_LIMIT.
 */
#include "delivery/dmarc.h"

#include "base/buf.h"
#include "conf/check.h"
#include "conf/net.h"

#include <archive.h>
#include <archive_entry.h>
#include <arpa/inet.h>
#include <libxml/parser.h>
#include <stdlib.h>

#define PIECE ((size_t)64 << 10)
/* Seconds; after the year 9999 a time has no text of the usual shape. */
#define SECONDS_MAX  253402300799ULL
#define MESSAGES_MAX (1ULL << 40)
/* Other members of the archive that may stand before the report. */
#define MEMBERS_MAX 20

enum field {
	FIELD_NONE,
	FIELD_ORGANIZATION,
	FIELD_ID,
	FIELD_BEGIN,
	FIELD_END,
	FIELD_DOMAIN,
	FIELD_POLICY,
	FIELD_SOURCE,
	FIELD_COUNT,
	FIELD_DISPOSITION,
	FIELD_DKIM,
	FIELD_SPF,
	FIELD_HEADER_FROM,
	FIELDS,
};

/* Where each stands, below <feedback>. */
static const struct {
	const char *path;
	enum field field;
} places[] = {
    {"/report_metadata/org_name", FIELD_ORGANIZATION},
    {"/report_metadata/report_id", FIELD_ID},
    {"/report_metadata/date_range/begin", FIELD_BEGIN},
    {"/report_metadata/date_range/end", FIELD_END},
    {"/policy_published/domain", FIELD_DOMAIN},
    {"/policy_published/p", FIELD_POLICY},
    {"/record/row/source_ip", FIELD_SOURCE},
    {"/record/row/count", FIELD_COUNT},
    {"/record/row/policy_evaluated/disposition", FIELD_DISPOSITION},
    {"/record/row/policy_evaluated/dkim", FIELD_DKIM},
    {"/record/row/policy_evaluated/spf", FIELD_SPF},
    {"/record/identifiers/header_from", FIELD_HEADER_FROM},
};

static const char *const policies[] = {"none", "quarantine", "reject", NULL};
static const char *const results[] = {"pass", "fail", NULL};

#define PATH_MAX_BYTES 1000

struct reading {
	struct arena *arena;
	xmlParserCtxtPtr parser;
	char path[PATH_MAX_BYTES + 1];
	size_t path_n;
	size_t depth;
	enum field field;
	char text[FIELDS][DELIVERY_DMARC_TEXT_MAX + 1];
	size_t text_n[FIELDS];
	struct store_dmarc_row *rows;
	size_t rows_size;
	struct store_dmarc_report *report;
	struct err *err;
	bool failed;
};

/* --- XML --- */

static void
stop(struct reading *reading, enum err_code code, const char *text)
{
	if (!reading->failed)
		err_set(reading->err, code, "DMARC report: %s", text);
	reading->failed = true;
	xmlStopParser(reading->parser);
}

static struct str
text_of(const struct reading *reading, enum field field)
{
	return str_trim((struct str){reading->text[field], reading->text_n[field]});
}

static struct str
keep(struct reading *reading, struct str text)
{
	struct str kept = arena_str(reading->arena, text);

	if (kept.p == NULL)
		stop(reading, ERR_LIMIT, "more text than there is room for");
	return kept.p == NULL ? STR("") : kept;
}

/* One of the words, or "other". */
static struct str
word_of(const struct reading *reading, enum field field, const char *const *words)
{
	struct str text = text_of(reading, field);

	for (size_t i = 0; words[i] != NULL; i++) {
		if (str_is_nocase(text, words[i]))
			return str_c(words[i]);
	}
	return STR("other");
}

static struct str
domain_of(struct reading *reading, enum field field)
{
	struct str text = keep(reading, text_of(reading, field));
	const char *domain = conf_check_domain(text.p, reading->arena);

	return domain == NULL ? STR("") : str_c(domain);
}

static struct str
address_of(struct reading *reading)
{
	struct str text = text_of(reading, FIELD_SOURCE);
	char in[INET6_ADDRSTRLEN], out[INET6_ADDRSTRLEN];
	unsigned char bytes[16];

	if (text.n >= sizeof in)
		return STR_NONE;
	memcpy(in, text.p, text.n);
	in[text.n] = '\0';
	for (int family = AF_INET;; family = AF_INET6) {
		if (inet_pton(family, in, bytes) == 1)
			return keep(reading, str_c(inet_ntop(family, bytes, out, sizeof out)));
		if (family == AF_INET6)
			return STR_NONE;
	}
}

static bool
grow(struct reading *reading)
{
	size_t size = reading->rows_size == 0 ? 64 : 2 * reading->rows_size;
	struct store_dmarc_row *rows = arena_zalloc(reading->arena, size, sizeof *rows);

	if (rows == NULL) {
		stop(reading, ERR_LIMIT, "more records than there is room for");
		return false;
	}
	if (reading->report->count > 0)
		memcpy(rows, reading->rows, reading->report->count * sizeof *rows);
	reading->rows = rows;
	reading->rows_size = size;
	return true;
}

static void
take_record(struct reading *reading)
{
	struct store_dmarc_row row = {.source = address_of(reading),
	    .header_from = domain_of(reading, FIELD_HEADER_FROM),
	    .disposition = word_of(reading, FIELD_DISPOSITION, policies),
	    .dkim = word_of(reading, FIELD_DKIM, results),
	    .spf = word_of(reading, FIELD_SPF, results)};
	unsigned long long messages;

	if (row.source.p == NULL) {
		stop(reading, ERR_INPUT, "expected an IP address in source_ip");
		return;
	}
	if (!str_to_u64(text_of(reading, FIELD_COUNT), MESSAGES_MAX, &messages)) {
		stop(reading, ERR_INPUT, "expected a number in count");
		return;
	}
	if (reading->report->count == DELIVERY_DMARC_ROWS_MAX) {
		stop(reading, ERR_LIMIT, "too many records");
		return;
	}
	if (reading->report->count == reading->rows_size && !grow(reading))
		return;
	row.messages = (int64_t)messages;
	reading->rows[reading->report->count++] = row;
	for (int field = FIELD_SOURCE; field < FIELDS; field++)
		reading->text_n[field] = 0;
}

static void
on_start(void *closure, const xmlChar *name, const xmlChar **attributes)
{
	struct reading *reading = closure;
	size_t n = strlen((const char *)name);

	(void)attributes;
	if (reading->failed)
		return;
	if (++reading->depth > DELIVERY_DMARC_DEPTH_MAX ||
	    reading->path_n + n + 1 > PATH_MAX_BYTES) {
		stop(reading, ERR_LIMIT, "elements are nested too deep");
		return;
	}
	if (reading->depth == 1) {
		if (strcmp((const char *)name, "feedback") != 0)
			stop(reading, ERR_INPUT, "expected the element <feedback>");
		return;
	}
	reading->path[reading->path_n++] = '/';
	memcpy(reading->path + reading->path_n, name, n + 1);
	reading->path_n += n;
	reading->field = FIELD_NONE;
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		if (strcmp(places[i].path, reading->path) == 0)
			reading->field = places[i].field;
	}
	if (reading->field != FIELD_NONE)
		reading->text_n[reading->field] = 0;
}

static void
on_end(void *closure, const xmlChar *name)
{
	struct reading *reading = closure;

	(void)name;
	if (reading->failed)
		return;
	if (reading->depth == 2 && strcmp(reading->path, "/record") == 0)
		take_record(reading);
	reading->depth--;
	reading->field = FIELD_NONE;
	while (reading->path_n > 0 && reading->path[--reading->path_n] != '/')
		continue;
	reading->path[reading->path_n] = '\0';
}

static void
on_text(void *closure, const xmlChar *text, int size)
{
	struct reading *reading = closure;
	size_t *n = &reading->text_n[reading->field];

	if (reading->failed || reading->field == FIELD_NONE)
		return;
	if (*n + (size_t)size > DELIVERY_DMARC_TEXT_MAX) {
		stop(reading, ERR_LIMIT, "an element with too much text");
		return;
	}
	memcpy(reading->text[reading->field] + *n, text, (size_t)size);
	*n += (size_t)size;
}

/* Nobody's report needs one, and entities are what XML bombs are made of. */
static void
on_doctype(void *closure, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	(void)name;
	(void)external;
	(void)system;
	stop(closure, ERR_INPUT, "it has a document type");
}

static xmlEntityPtr
on_entity(void *closure, const xmlChar *name)
{
	(void)name;
	stop(closure, ERR_INPUT, "it has an entity");
	return NULL;
}

static void
on_nothing(void *closure, const char *format, ...)
{
	(void)closure;
	(void)format;
}

static bool
open_parser(struct reading *reading)
{
	static xmlSAXHandler handler = {.internalSubset = on_doctype,
	    .externalSubset = on_doctype,
	    .getEntity = on_entity,
	    .startElement = on_start,
	    .endElement = on_end,
	    .characters = on_text,
	    .cdataBlock = on_text,
	    .warning = on_nothing,
	    .error = on_nothing,
	    .fatalError = on_nothing};

	reading->parser = xmlCreatePushParserCtxt(&handler, reading, NULL, 0, NULL);
	if (reading->parser == NULL)
		abort();
	xmlCtxtUseOptions(
	    reading->parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	return true;
}

/* 0, or -1 and `err`. */
static int
feed(struct reading *reading, struct str piece, bool last)
{
	int rc = xmlParseChunk(reading->parser, piece.p, (int)piece.n, last);

	if (reading->failed)
		return -1;
	return rc == 0 && (!last || reading->parser->wellFormed)
	    ? 0
	    : err_set(reading->err, ERR_INPUT, "DMARC report: expected well-formed XML");
}

/* --- archives --- */

static struct archive *
open_archive(struct str packed)
{
	struct archive *archive = archive_read_new();

	if (archive == NULL)
		abort();
	if (packed.p[0] == 'P') {
		archive_read_support_format_zip(archive);
	} else {
		archive_read_support_filter_gzip(archive);
		archive_read_support_format_raw(archive);
	}
	return archive;
}

/* The first member that is a file. */
static bool
find_member(struct archive *archive)
{
	struct archive_entry *entry;

	for (int i = 0; i < MEMBERS_MAX; i++) {
		if (archive_read_next_header(archive, &entry) < ARCHIVE_WARN)
			return false;
		if (archive_entry_filetype(entry) == AE_IFREG)
			return true;
	}
	return false;
}

static int
read_member(struct reading *reading, struct archive *archive)
{
	char piece[PIECE];
	size_t total = 0;
	la_ssize_t n;

	while ((n = archive_read_data(archive, piece, sizeof piece)) > 0) {
		total += (size_t)n;
		if (total > DELIVERY_DMARC_XML_MAX)
			return err_set(reading->err, ERR_LIMIT,
			    "DMARC report: more than %zu MB when unpacked",
			    DELIVERY_DMARC_XML_MAX >> 20);
		if (feed(reading, (struct str){piece, (size_t)n}, false) != 0)
			return -1;
	}
	if (n < 0)
		return err_set(reading->err, ERR_INPUT, "DMARC report: the archive is damaged");
	return feed(reading, STR(""), true);
}

static int
read_archive(struct reading *reading, struct str packed)
{
	struct archive *archive = open_archive(packed);
	int rc = -1;

	if (archive_read_open_memory(archive, packed.p, packed.n) != ARCHIVE_OK ||
	    !find_member(archive))
		err_set(reading->err, ERR_INPUT, "DMARC report: expected a file in the archive");
	else
		rc = read_member(reading, archive);
	archive_read_free(archive);
	return rc;
}

static int
read_plain(struct reading *reading, struct str text)
{
	while (text.n > PIECE) {
		if (feed(reading, (struct str){text.p, PIECE}, false) != 0)
			return -1;
		text = (struct str){text.p + PIECE, text.n - PIECE};
	}
	return feed(reading, text, false) != 0 ? -1 : feed(reading, STR(""), true);
}

/* --- the whole --- */

static int
take_report(struct reading *reading)
{
	struct store_dmarc_report *report = reading->report;
	unsigned long long begin, end;

	report->id = keep(reading, text_of(reading, FIELD_ID));
	report->organization = keep(reading, text_of(reading, FIELD_ORGANIZATION));
	report->domain = domain_of(reading, FIELD_DOMAIN);
	report->policy = word_of(reading, FIELD_POLICY, policies);
	report->rows = reading->rows;
	if (reading->failed)
		return -1;
	if (report->id.n == 0 || report->domain.n == 0)
		return err_set(
		    reading->err, ERR_INPUT, "DMARC report: expected report_id and a domain");
	if (!str_to_u64(text_of(reading, FIELD_BEGIN), SECONDS_MAX, &begin) ||
	    !str_to_u64(text_of(reading, FIELD_END), SECONDS_MAX, &end))
		return err_set(reading->err, ERR_INPUT,
		    "DMARC report: expected seconds since 1970 in date_range");
	report->begin_ms = (int64_t)begin * 1000;
	report->end_ms = (int64_t)end * 1000;
	return 0;
}

static bool
is_packed(struct str text)
{
	return str_starts(text, STR("\x1f\x8b")) || str_starts(text, STR("PK\x03\x04"));
}

int
delivery_dmarc_read(
    struct str packed, struct arena *arena, struct store_dmarc_report *report_r, struct err *err)
{
	struct reading *reading;
	int rc = -1;

	*report_r = (struct store_dmarc_report){.sender = STR("")};
	if (packed.n > DELIVERY_DMARC_PACKED_MAX)
		return err_set(err, ERR_LIMIT, "DMARC report: more than %zu MB",
		    DELIVERY_DMARC_PACKED_MAX >> 20);
	if (packed.n < 4)
		return err_set(err, ERR_INPUT, "DMARC report: it is empty");
	reading = calloc(1, sizeof *reading);
	if (reading == NULL)
		abort();
	*reading = (struct reading){.arena = arena, .report = report_r, .err = err};
	if (open_parser(reading))
		rc =
		    is_packed(packed) ? read_archive(reading, packed) : read_plain(reading, packed);
	if (rc == 0)
		rc = take_report(reading);
	xmlFreeParserCtxt(reading->parser);
	free(reading);
	return rc;
}
