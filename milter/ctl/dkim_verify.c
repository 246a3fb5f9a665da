/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dkim_verify: `mailtailor dkim verify`: what receivers will say of a message's signatures
 *
 * Exit status: 0 if at least one signature passes, 1 if none does or there is none.
 *
 * Threads: one.
 */
#include "ctl/dkim.h"
#include "ctl/message.h"
#include "dkim/align.h"
#include "dkim/verify.h"
#include "mime/mime.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>

#define MESSAGE_MAX ((size_t)256 << 20)
#define ARENA_MAX   ((size_t)64 << 20)

struct verify {
	const char *path, *key_file;
	struct dkim_verify_options options;
	bool json;
	char record[DKIM_RECORD_MAX];
	struct str raw;
	struct str from; /* the domain of From; empty: there is none */
	struct arena *arena;
};

/* What receivers of bulk mail want covered (RFC 8058 section 4). */
static const char *const wanted[] = {
    "From", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID"};

#define WANTED (sizeof wanted / sizeof wanted[0])

static int
read_options(struct verify *verify, int argc, char **argv)
{
	static const struct option options[] = {{"key", required_argument, NULL, 'k'},
	    {"dns", required_argument, NULL, 'd'}, {"old", no_argument, NULL, 'o'},
	    {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	int option;

	optind = 0;
	while ((option = ctl_option(argc, argv, options)) != -1) {
		switch (option) {
		case 'k':
			verify->key_file = optarg;
			break;
		case 'd':
			verify->options.dns = optarg;
			break;
		case 'o':
			verify->options.old = true;
			break;
		case 'j':
			verify->json = true;
			break;
		default:
			return EX_USAGE;
		}
	}
	if (optind + 1 != argc || (verify->key_file != NULL && verify->options.dns != NULL))
		return ctl_usage("dkim");
	verify->path = argv[optind];
	return 0;
}

/* One record, in as many lines as it likes. */
static int
read_record(struct verify *verify, struct err *err)
{
	FILE *in = fopen(verify->key_file, "re");
	size_t n = in == NULL ? 0 : fread(verify->record, 1, sizeof verify->record - 1, in);

	if (in == NULL || ferror(in)) {
		err_set(err, ERR_IO, "%s: %s", verify->key_file, strerror(errno));
		if (in != NULL)
			fclose(in);
		return -1;
	}
	fclose(in);
	verify->record[n] = '\0';
	for (size_t i = 0; i < n; i++) {
		if (strchr("\r\n", verify->record[i]) != NULL)
			verify->record[i] = ' ';
	}
	verify->options.record = verify->record;
	return 0;
}

/* The first field of that name, its value with folds; {NULL,0} if it is not there. */
static struct str
find_field(struct str raw, const char *name)
{
	struct str line, rest = raw, value = STR_NONE;

	while (str_split(&rest, '\n', &line) && str_trim(line).n > 0) {
		bool folded = line.p[0] == ' ' || line.p[0] == '\t';
		struct str after = line, before;

		if (value.p != NULL && !folded)
			break;
		if (value.p != NULL) {
			value.n = (size_t)(line.p + line.n - value.p);
		} else if (!folded && str_split(&after, ':', &before) && after.p != NULL &&
		    str_is_nocase(str_trim(before), name)) {
			value = after;
		}
	}
	return value;
}

static void
find_from(struct verify *verify)
{
	struct str value = find_field(verify->raw, "From"), display, address;
	const char *at;

	verify->from = STR("");
	if (value.p == NULL ||
	    mime_mailbox_parse(str_trim(value), verify->arena, &display, &address, NULL) != 0)
		return;
	at = memrchr(address.p, '@', address.n);
	if (at != NULL)
		verify->from = (struct str){at + 1, (size_t)(address.p + address.n - (at + 1))};
}

/* --- output --- */

static void
put_line(const char *name, struct str text)
{
	printf("\t%s=", name);
	ctl_put(stdout, text);
	putchar('\n');
}

static void
print_verdict(const struct verify *verify, const struct dkim_verdict *verdict, size_t number)
{
	printf("signature %zu: %s", number, verdict->pass ? "pass" : "fail");
	if (verdict->why.n > 0) {
		fputs(": ", stdout);
		ctl_put(stdout, verdict->why);
	}
	putchar('\n');
	put_line("d", verdict->domain);
	put_line("s", verdict->selector);
	put_line("a", verdict->algorithm);
	put_line("c", verdict->canonicalization);
	put_line("h", verdict->signed_names);
	if (verdict->bits > 0)
		printf("\tkey: %u bits\n", verdict->bits);
	fputs("\tFrom ", stdout);
	ctl_put(stdout, verify->from);
	printf(": alignment %s\n", dkim_alignment_name(dkim_align(verdict->domain, verify->from)));
	for (size_t i = 0; i < WANTED; i++) {
		if (find_field(verify->raw, wanted[i]).p != NULL &&
		    !dkim_verdict_covers(verdict, str_c(wanted[i])))
			printf("\t%s is not covered\n", wanted[i]);
	}
}

static json_t *
verdict_json(const struct verify *verify, const struct dkim_verdict *verdict)
{
	json_t *covers = json_object();

	for (size_t i = 0; i < WANTED; i++) {
		if (find_field(verify->raw, wanted[i]).p != NULL)
			json_object_set_new(covers, wanted[i],
			    json_boolean(dkim_verdict_covers(verdict, str_c(wanted[i]))));
	}
	return json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:s, s:o}", "pass",
	    verdict->pass, "reason", ctl_json_str(verdict->why), "d", ctl_json_str(verdict->domain),
	    "s", ctl_json_str(verdict->selector), "a", ctl_json_str(verdict->algorithm), "c",
	    ctl_json_str(verdict->canonicalization), "h", ctl_json_str(verdict->signed_names),
	    "bits", (json_int_t)verdict->bits, "unsigned_bytes",
	    (json_int_t)verdict->unsigned_bytes, "from", ctl_json_str(verify->from), "alignment",
	    dkim_alignment_name(dkim_align(verdict->domain, verify->from)), "covers", covers);
}

static int
show(const struct verify *verify, const struct dkim_verdict *verdicts, size_t count)
{
	size_t passed = 0;

	if (count == 0 && !verify->json)
		puts("there is no signature");
	for (size_t i = 0; i < count; i++) {
		if (verify->json)
			ctl_put_json(verdict_json(verify, &verdicts[i]));
		else
			print_verdict(verify, &verdicts[i], i + 1);
		passed += verdicts[i].pass ? 1 : 0;
	}
	return passed > 0 ? EX_OK : 1;
}

static int
run(struct verify *verify, struct buf *raw, struct err *err)
{
	struct dkim_verdict *verdicts;
	size_t count;

	if ((verify->key_file != NULL && read_record(verify, err) != 0) ||
	    ctl_read_message(verify->path, raw, err) != 0)
		return ctl_fail(err);
	verify->raw = buf_str(raw);
	find_from(verify);
	if (dkim_verify_message(
		verify->raw, &verify->options, verify->arena, &verdicts, &count, err) != 0)
		return ctl_fail(err);
	return show(verify, verdicts, count);
}

int
ctl_dkim_verify(struct ctl *ctl, int argc, char **argv)
{
	static struct verify verify;
	struct err err = ERR_INIT;
	struct buf raw;
	int status;

	verify = (struct verify){.json = false};
	status = read_options(&verify, argc, argv);
	if (status != 0)
		return status;
	if (verify.options.dns == NULL && verify.key_file == NULL && ctl->conf_named) {
		const struct conf *conf = ctl_configuration(ctl);

		if (conf == NULL)
			return EX_CONFIG;
		verify.options.dns = conf->dkim_dns;
	}
	if (verify.options.dns == NULL)
		verify.options.dns = "";
	verify.arena = arena_new(ARENA_MAX);
	buf_init(&raw, MESSAGE_MAX);
	status = run(&verify, &raw, &err);
	buf_fini(&raw);
	arena_free(&verify.arena);
	return status;
}
