/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dkim_signer: signs messages for dkim_foreign.py
 *
 *     dkim_signer FOLDER DOMAIN SELECTOR KEYFILE [SELECTOR KEYFILE]
 *
 * Writes FOLDER/NAME.eml for each of the messages below, CRLF line ends; its body is
 * what mime_compose makes of the message with every text replaced by itself.
 */
#include "base/buf.h"
#include "dkim/dkim.h"

#include <stdio.h>
#include <stdlib.h>

#define A100                                                                                       \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaa"                                                                                   \
	"aaaaaaa"
#define A1000 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100
#define DATE  "Date: Mon, 02 Feb 2026 10:00:00 +0000\r\n"
#define FROM  DATE "From: Shop <news@shop.example>\r\n"
/* No text part: it stays as it came. */
#define RAW "Content-Type: application/octet-stream\r\n"

static const struct {
	const char *name;
	const char *raw;
} messages[] = {
    {"plain", FROM "To: ada@example.org\r\nSubject: hello\r\n\r\nHello\r\n"},
    {"newsletter",
	FROM "Sender: s@shop.example\r\nReply-To: r@shop.example\r\nTo: ada@example.org\r\n"
	     "Cc: b@example.org\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n"
	     "Message-ID: <1@shop.example>\r\n"
	     "List-Unsubscribe: <https://t.shop.example/u>,\r\n <mailto:u@shop.example>\r\n"
	     "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nFeedback-ID: 1:2:3:shop\r\n"
	     "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"=_b\"\r\n\r\n"
	     "preamble\r\n--=_b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n"
	     "Gr\xfc\xdf"
	     "e  \r\n\r\n.\r\n--=_b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
	     "<p style=\"a\">\xe6\x97\xa5\xe6\x9c\xac</p>\r\n--=_b--\r\n\r\n"},
    {"header-8bit",
	DATE "From: \"J\xc3\xbcrgen\" <news@shop.example>\r\nSubject: \xc3\xa4 \xe4\r\n" RAW
	     "\r\nx\r\n"},
    {"header-folded",
	DATE "From:\r\n Shop\r\n\t<news@shop.example>\r\nSubject:\r\n\t a \t b\r\n   c  \r\n" RAW
	     "\r\nx\r\n"},
    {"header-empty", FROM "Subject:\r\nTo: \r\n" RAW "\r\nx\r\n"},
    {"header-long", FROM "References: <" A1000 "@x>\r\n <" A1000 "@x>\r\n" RAW "\r\nx\r\n"},
    {"header-repeated", FROM "List-Post: a\r\nList-Post: b\r\nList-Post: c\r\n" RAW "\r\nx\r\n"},
    {"body-empty", FROM RAW "\r\n"},
    {"body-empty-lines", FROM RAW "\r\n\r\n\r\n\r\n"},
    {"body-without-end", FROM RAW "\r\nno line end"},
    {"body-trailing-space", FROM RAW "\r\n a \t b \t\r\n \t \r\n\r\n"},
    {"body-8bit", FROM RAW "\r\n\xc3\xa4\xff\x80\r\n"},
    {"body-long-line", FROM RAW "\r\n" A1000 A1000 "\r\n" A1000 "x\r\n"},
    {"body-dots", FROM RAW "\r\n.\r\n..\r\n.a\r\n\r\n.\r\n"},
    {"text-dots", FROM "Subject: x\r\n\r\n.\r\n..\r\nFrom b\r\n--\r\n"},
};

static int
die(const char *name, const struct err *err)
{
	fprintf(stderr, "%s: %s\n", name, err->text);
	return 1;
}

/* The copy's fields: those that were replaced at the end. */
static size_t
list_fields(
    const struct mime_message *message, const struct mime_copy *copy, struct mime_header *fields)
{
	size_t count = 0, j;

	for (size_t i = 0; i < mime_header_count(message); i++) {
		const struct mime_header *header = mime_header_at(message, i);

		for (j = 0; j < copy->replaced_count; j++) {
			if (str_eq_nocase(copy->replaced[j].name, header->name))
				break;
		}
		if (j == copy->replaced_count)
			fields[count++] = *header;
	}
	for (j = 0; j < copy->replaced_count; j++)
		fields[count++] = copy->replaced[j];
	return count;
}

static int
write_file(const char *folder, const char *name, const struct str *values, size_t value_count,
    const struct mime_header *fields, size_t count, const struct mime_copy *copy)
{
	struct buf path, text;
	FILE *file;
	int result;

	buf_init(&path, 4096);
	buf_printf(&path, "%s/%s.eml", folder, name);
	buf_init(&text, 1 << 20);
	for (size_t i = 0; i < value_count; i++)
		buf_printf(&text, "DKIM-Signature:%.*s\r\n", STR_F(values[i]));
	for (size_t i = 0; i < count; i++)
		buf_printf(&text, "%.*s:%.*s\r\n", STR_F(fields[i].name), STR_F(fields[i].value));
	buf_add_c(&text, "\r\n");
	for (size_t i = 0; i < copy->span_count; i++)
		buf_add_str(&text, copy->spans[i]);
	file = fopen(path.data, "wb");
	result = file == NULL || fwrite(text.data, 1, text.len, file) != text.len;
	if (file != NULL)
		result |= fclose(file) != 0;
	buf_fini(&path);
	buf_fini(&text);
	return result;
}

static int
sign_one(struct dkim_keys *keys, const char *domain, const char *folder, const char *name,
    struct str raw)
{
	static const struct mime_limits limits = {100, 100, 10};
	struct arena *arena = arena_new(1 << 20);
	struct mime_message *message;
	struct mime_header fields[110];
	struct mime_copy copy;
	struct str texts[100] = {{NULL, 0}}, values[DKIM_SIGNATURES_MAX];
	struct err err = ERR_INIT;
	size_t count, made;
	int result;

	if (mime_parse(&message, raw, &limits, &err) != 0)
		return die(name, &err);
	for (size_t i = 0; i < mime_part_count(message); i++)
		texts[i] = mime_part_at(message, i)->text;
	if (mime_compose(message, texts, arena, &copy, &err) != 0)
		return die(name, &err);
	count = list_fields(message, &copy, fields);
	if (dkim_keys_sign(keys, str_c(domain), CONF_SIGNATURES_ALL, fields, count, copy.spans,
		copy.span_count, arena, values, &made, &err) != 0)
		return die(name, &err);
	result = write_file(folder, name, values, made, fields, count, &copy);
	mime_free(&message);
	arena_free(&arena);
	return result;
}

int
main(int argc, char **argv)
{
	struct conf_dkim sections[2] = {{.place = "arguments"}, {.place = "arguments"}};
	struct conf conf = {.user = "root", .dkims = sections};
	struct dkim_keys *keys;
	struct err err = ERR_INIT;
	int result = 0;

	if (argc != 5 && argc != 7)
		return 64;
	for (int i = 3; i < argc; i += 2) {
		sections[conf.dkim_count].domain = argv[2];
		sections[conf.dkim_count].selector = argv[i];
		sections[conf.dkim_count++].key = argv[i + 1];
	}
	if (dkim_keys_load(&keys, &conf, &err) != 0)
		return die("keys", &err);
	for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
		result |=
		    sign_one(keys, argv[2], argv[1], messages[i].name, str_c(messages[i].raw));
	dkim_keys_unref(&keys);
	return result;
}
