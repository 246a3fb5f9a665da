/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mime_test: messages taken apart and copies composed
 */
#include "base/buf.h"
#include "mime/mime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

static const struct mime_limits limits = {50, 40, 10};

static struct mime_message *
parse(struct str raw)
{
	struct mime_message *message = NULL;
	struct err err = ERR_INIT;

	if (mime_parse(&message, raw, &limits, &err) != 0)
		fail_msg("%s", err.text);
	return message;
}

/* Fields as they leave, the empty line, and the body. */
static void
write_copy(const struct mime_message *message, const struct mime_copy *copy, struct buf *out)
{
	size_t i, j;

	for (i = 0; i < mime_header_count(message); i++) {
		const struct mime_header *header = mime_header_at(message, i);

		for (j = 0; j < copy->replaced_count; j++) {
			if (str_eq_nocase(copy->replaced[j].name, header->name))
				break;
		}
		if (j == copy->replaced_count)
			buf_printf(out, "%.*s:%.*s\r\n", STR_F(header->name), STR_F(header->value));
	}
	for (j = 0; j < copy->replaced_count; j++)
		buf_printf(out, "%.*s:%.*s\r\n", STR_F(copy->replaced[j].name),
		    STR_F(copy->replaced[j].value));
	buf_add_c(out, "\r\n");
	for (i = 0; i < copy->span_count; i++)
		buf_add_str(out, copy->spans[i]);
}

/* Composes with `first` in place of the first text (NULL: nothing is replaced). */
static void
compose(struct str raw, const char *first, struct buf *out)
{
	struct mime_message *message = parse(raw);
	struct arena *arena = arena_new(1 << 20);
	struct str texts[40] = {{NULL, 0}};
	struct mime_copy copy;
	struct err err = ERR_INIT;

	if (first != NULL) {
		assert_true(mime_part_count(message) > 0);
		texts[0] = str_c(first);
	}
	assert_int_equal(mime_compose(message, texts, arena, &copy, &err), 0);
	buf_init(out, 1 << 20);
	write_copy(message, &copy, out);
	arena_free(&arena);
	mime_free(&message);
}

/* --- what is a text part --- */

#define MULTI(parts) \
	"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" parts "--b--\r\n"
#define PART(fields, content) "--b\r\n" fields "\r\n" content "\r\n"

static const struct parts_case {
	const char *name;
	const char *raw;
	size_t count;
	const char *text; /* of the first */
} parts_cases[] = {
    {"plain message without MIME", "From: a@x\r\n\r\nHi\r\n", 1, "Hi\n"},
    {"no final line end", "From: a@x\r\n\r\nHi", 1, "Hi"},
    {"empty body", "From: a@x\r\n\r\n", 1, ""},
    {"header without empty line", "From: a@x\r\n", 1, ""},
    {"From line of a mailbox file", "From a Mon\r\nFrom: a@x\r\n\r\nHi\r\n", 1, "Hi\n"},
    {"latin1", "Content-Type: text/plain; charset=iso-8859-1\r\n\r\n\xe4\r\n", 1, "\xc3\xa4\n"},
    {"latin1 with the C1 range is windows-1252",
	"Content-Type: text/plain; charset=iso-8859-1\r\n\r\n\x80\r\n", 1, "\xe2\x82\xac\n"},
    {"charset in quotes", "Content-Type: text/plain; charset=\"UTF-8\"\r\n\r\n\xc3\xa4\r\n", 1,
	"\xc3\xa4\n"},
    {"charset after RFC 2231",
	"Content-Type: text/plain; charset*=us-ascii'en'iso-8859-1\r\n\r\n\xe4\r\n", 1,
	"\xc3\xa4\n"},
    {"comment in the type", "Content-Type: text/plain (a; charset=x); charset=utf-8\r\n\r\nHi", 1,
	"Hi"},
    {"UTF-8 without a charset", "From: a@x\r\n\r\n\xc3\xa4\r\n", 1, "\xc3\xa4\n"},
    {"quoted-printable",
	"Content-Transfer-Encoding: Quoted-Printable\r\n\r\na=\r\nb =C3=A4=20\r\nc\r\n", 1,
	"ab \xc3\xa4 \nc\n"},
    {"base64", "Content-Transfer-Encoding: base64\r\n\r\nSGkK\r\n", 1, "Hi\n"},
    {"base64 of UTF-16",
	"Content-Type: text/plain; charset=utf-16le\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	"SADkAA==\r\n",
	1, "H\xc3\xa4"},
    {"two parts", MULTI(PART("", "one") PART("Content-Type: text/html\r\n", "<p>")), 2, "one"},
    {"part without field or empty line", MULTI("--b\r\none two\r\n\r\nthree\r\n"), 0, NULL},
    {"junk among a part's fields",
	MULTI(PART("Content-Type: text/plain\r\njunk\r\nX: y\r\n", "one")), 0, NULL},
    {"nested",
	MULTI(PART("Content-Type: multipart/alternative; boundary=c\r\n",
	    "--c\r\nContent-Type: text/plain\r\n\r\nin\r\n--c--\r\n") PART("", "out")),
	2, "in"},
    {"no closing boundary", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n",
	1, "one\n"},
    {"closing boundary without line end",
	"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b--", 1, "one"},
    {"multipart without boundary", "Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\none\r\n", 0,
	NULL},
    {"boundary that does not occur",
	"Content-Type: multipart/mixed; boundary=c\r\n\r\n--b\r\n\r\none\r\n", 0, NULL},
    {"inline disposition", MULTI(PART("Content-Disposition: inline\r\n", "one")), 1, "one"},
    {"attachment", MULTI(PART("Content-Disposition: attachment; filename=a.txt\r\n", "one")), 0,
	NULL},
    {"unknown disposition", MULTI(PART("Content-Disposition: x-odd\r\n", "one")), 0, NULL},
    {"calendar", MULTI(PART("Content-Type: text/calendar\r\n", "one\r\n  two")), 1, "one two"},
    {"application", MULTI(PART("Content-Type: application/pdf\r\n", "one")), 0, NULL},
    {"message inside", MULTI(PART("Content-Type: message/rfc822\r\n", "From: b@x\r\n\r\nHi")), 0,
	NULL},
    {"digest without types",
	"Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nFrom: b@x\r\n\r\nHi\r\n--b--",
	0, NULL},
    {"signed",
	"Content-Type: multipart/signed; boundary=b; protocol=\"application/pgp-signature\"\r\n\r\n"
	"--b\r\n\r\none\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--b--\r\n",
	0, NULL},
    {"encrypted",
	"Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b--\r\n", 0,
	NULL},
    {"unknown charset", "Content-Type: text/plain; charset=x-none\r\n\r\nHi\r\n", 0, NULL},
    {"charset for iconv's eyes", "Content-Type: text/plain; charset=\"ascii//IGNORE\"\r\n\r\nHi", 0,
	NULL},
    {"8-bit in ASCII", "Content-Type: text/plain; charset=us-ascii\r\n\r\n\xe4\r\n", 0, NULL},
    {"broken UTF-8", "Content-Type: text/plain; charset=utf-8\r\n\r\n\xe4\r\n", 0, NULL},
    {"broken UTF-8 without a charset", "From: a@x\r\n\r\n\xe4\r\n", 0, NULL},
    {"undefined in windows-1252", "Content-Type: text/plain; charset=windows-1252\r\n\r\n\x81\r\n",
	0, NULL},
    {"unknown encoding", "Content-Transfer-Encoding: x-mine\r\n\r\nHi\r\n", 0, NULL},
    {"uuencode", "Content-Transfer-Encoding: x-uuencode\r\n\r\nHi\r\n", 0, NULL},
    {"base64 that is none", "Content-Transfer-Encoding: base64\r\n\r\nHi {{ name }}\r\n", 0, NULL},
    {"base64 with one character too many", "Content-Transfer-Encoding: base64\r\n\r\nSGkhA\r\n", 0,
	NULL},
    {"junk behind the subtype", "Content-Type: text/plain> x\r\n\r\nHi", 0, NULL},
    {"two Content-Types", "Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nHi", 0, NULL},
    {"two charsets", "Content-Type: text/plain; charset=utf-8; charset=latin1\r\n\r\nHi", 0, NULL},
    {"junk behind the charset", "Content-Type: text/plain; charset=\"utf-8\"b/c\r\n\r\nHi", 0,
	NULL},
    {"type without subtype", "Content-Type: text\r\n\r\nHi", 0, NULL},
};

static void
text_parts_are_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof parts_cases / sizeof parts_cases[0]; i++) {
		const struct parts_case *c = &parts_cases[i];
		struct mime_message *message = parse(str_c(c->raw));

		if (mime_part_count(message) != c->count)
			fail_msg("%s: %zu parts", c->name, mime_part_count(message));
		if (c->count > 0 && !str_is(mime_part_at(message, 0)->text, c->text))
			fail_msg("%s: \"%.*s\"", c->name, STR_F(mime_part_at(message, 0)->text));
		mime_free(&message);
	}
}

/* --- nothing replaced: the same bytes --- */

static void
untouched_bodies_stay(void **state)
{
	struct buf out;

	(void)state;
	for (size_t i = 0; i < sizeof parts_cases / sizeof parts_cases[0]; i++) {
		const struct parts_case *c = &parts_cases[i];
		struct str raw = str_c(c->raw), body = {strstr(c->raw, "\r\n\r\n"), 0};
		struct str got;

		if (body.p == NULL)
			continue;
		body = (struct str){body.p + 4, raw.n - (size_t)(body.p + 4 - raw.p)};
		compose(raw, NULL, &out);
		got = buf_str(&out);
		got.p = strstr(got.p, "\r\n\r\n") + 4;
		got.n = strlen(got.p);
		if (body.n < 2 || memcmp(body.p + body.n - 2, "\r\n", 2) != 0) {
			if (got.n < 2 || memcmp(got.p + got.n - 2, "\r\n", 2) != 0)
				fail_msg("%s: no final CRLF", c->name);
			got.n -= 2;
		}
		if (!str_eq(body, got))
			fail_msg("%s: \"%.*s\"", c->name, STR_F(got));
		buf_fini(&out);
	}
}

/* --- replaced --- */

static const struct compose_case {
	const char *name;
	const char *raw;
	const char *text;
	const char *want;
} compose_cases[] = {
    {"everything added at the top level", "From: a@x\r\n\r\nHi\r\n", "Ho\n",
	"From: a@x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
	"Content-Transfer-Encoding: quoted-printable\r\n\r\nHo\r\n"},
    {"charset and encoding exchanged, the rest kept",
	"mime-version: 1.0\r\nCONTENT-type:  Text/Plain;\r\n\tformat=flowed;\r\n "
	"charset=\"latin1\" "
	";\r\n x-odd=\"a;b\"\r\ncontent-transfer-encoding:  8bit \r\n\r\n\xe4\r\n",
	"\xc3\xa4 \nb\n",
	"mime-version: 1.0\r\nCONTENT-type:  Text/Plain;\r\n\tformat=flowed;\r\n charset=utf-8 "
	";\r\n x-odd=\"a;b\"\r\ncontent-transfer-encoding:  quoted-printable\r\n\r\n=C3=A4\r\n"
	"b\r\n"},
    {"nothing to change in the fields",
	"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n"
	"Content-Transfer-Encoding: QUOTED-PRINTABLE\r\n\r\nHi\r\n",
	"Ho",
	"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n"
	"Content-Transfer-Encoding: QUOTED-PRINTABLE\r\n\r\nHo\r\n"},
    {"charset added behind the other parameters",
	"MIME-Version: 1.0\r\nContent-Type: text/plain; format=flowed;\r\n"
	"Content-Transfer-Encoding: 7bit\r\n\r\nHi\r\n",
	"Ho\n",
	"MIME-Version: 1.0\r\nContent-Type: text/plain; format=flowed; charset=utf-8;\r\n"
	"Content-Transfer-Encoding: quoted-printable\r\n\r\nHo\r\n"},
    {"RFC 2231 charset",
	"MIME-Version: 1.0\r\nContent-Type: text/html; charset*=us-ascii'en'latin1; a=b\r\n"
	"Content-Transfer-Encoding: quoted-printable\r\n\r\nHi\r\n",
	"Ho\n",
	"MIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n"
	"Content-Type: text/html; charset=utf-8; a=b\r\n\r\nHo\r\n"},
    {"inner part without fields", MULTI(PART("", "one")), "two",
	"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
	"Content-Transfer-Encoding: quoted-printable\r\n\r\ntwo\r\n--b--\r\n"},
    {"inner part, encoding before type",
	MULTI(
	    "pre\r\n" PART("Content-Transfer-Encoding: 8bit\r\nX-A: 1\r\nContent-Type: text/plain; "
			   "charset=latin1\r\nX-B: 2\r\n",
		"one") PART("Content-Type: text/html\r\n", "<p>")),
	"two",
	MULTI("pre\r\n" PART("Content-Transfer-Encoding: quoted-printable\r\nX-A: 1\r\n"
			     "Content-Type: text/plain; charset=utf-8\r\nX-B: 2\r\n",
	    "two") PART("Content-Type: text/html\r\n", "<p>"))},
    {"empty part right before the boundary",
	"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
	"quoted-printable\r\n\r\n--b--\r\n",
	"two",
	"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
	"quoted-printable\r\n\r\ntwo\r\n--b--\r\n"},
    {"closing boundary without line end",
	"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
	"quoted-printable\r\n\r\none\r\n--b--",
	"two",
	"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
	"quoted-printable\r\n\r\ntwo\r\n--b--\r\n"},
    {"text becomes empty", MULTI(PART("Content-Type: text/plain; charset=utf-8\r\n", "one")), "",
	"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
	"Content-Transfer-Encoding: quoted-printable\r\n\r\n\r\n--b--\r\n"},
    {"preamble, epilogue and an attachment stay",
	MULTI("pre \x01\r\n" PART("", "one")
		PART("Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n",
		    "AA \r\n ==")) "epi\r\n",
	"two",
	MULTI("pre \x01\r\n" PART("Content-Type: text/plain; charset=utf-8\r\n"
				  "Content-Transfer-Encoding: quoted-printable\r\n",
	    "two") PART("Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n",
	    "AA \r\n ==")) "epi\r\n"},
    {"base64 where that is much shorter", "MIME-Version: 1.0\r\n\r\nHi\r\n",
	"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"
	"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\n\xe6\x97\xa5\n",
	"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
	"Content-Transfer-Encoding: base64\r\n\r\n"
	"5pel5pys6Kqe5pel5pys6Kqe5pel5pys6Kqe5pel5pys6KqeDQrml6UNCg==\r\n"},
};

static void
replaced_texts_are_spliced_in(void **state)
{
	struct buf out;

	(void)state;
	for (size_t i = 0; i < sizeof compose_cases / sizeof compose_cases[0]; i++) {
		const struct compose_case *c = &compose_cases[i];

		compose(str_c(c->raw), c->text, &out);
		if (!str_is(buf_str(&out), c->want))
			fail_msg("%s:\n%s", c->name, out.data);
		buf_fini(&out);
	}
}

/* --- quoted-printable --- */

#define A70 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct qp_case {
	const char *name;
	const char *text;
	const char *want;
} qp_cases[] = {
    {"line of 76", A70 "bcdefg\nx\n", A70 "bcdefg\r\nx\r\n"},
    {"line of 77", A70 "bcdefgh\n", A70 "bcdef=\r\ngh\r\n"},
    {"space at the end of a line of 76", A70 "bcdef \n", A70 "bcdef=\r\n=20\r\n"},
    {"trailing space and tab", "a \nb\t\n \n", "a=20\r\nb=09\r\n=20\r\n"},
    {"inner space and tab", "a b\tc\n", "a b\tc\r\n"},
    {"characters are not split", A70 "bcd\xc3\xa4\n", A70 "bcd=\r\n=C3=A4\r\n"},
    {"bare CR and CRLF", "a\rb\r\nc\n", "a=0Db\r\nc\r\n"},
    {"dot, From and boundary at the start", ".\n..a\nFrom b\nFromage\n--c\n-- \n-d\n",
	"=2E\r\n=2E.a\r\n=46rom b\r\nFromage\r\n=2D-c\r\n=2D-=20\r\n-d\r\n"},
    {"what is no UTF-8",
	"\xf0"
	"abc\xe2\x82z\xff\n",
	"=F0abc=E2=82z=FF\r\n"},
    {"equals sign, controls", "a=b\x01\x7f\n", "a=3Db=01=7F\r\n"},
    {"empty lines", "\n\n", "\r\n\r\n"},
};

static void
quoted_printable_lines(void **state)
{
	struct buf out;

	(void)state;
	for (size_t i = 0; i < sizeof qp_cases / sizeof qp_cases[0]; i++) {
		const struct qp_case *c = &qp_cases[i];

		compose(STR("From: a@x\r\n\r\nHi\r\n"), c->text, &out);
		if (!str_is(str_c(strstr(out.data, "\r\n\r\n") + 4), c->want))
			fail_msg("%s:\n%s", c->name, out.data);
		buf_fini(&out);
	}
}

/* Texts of every length and many kinds come back the same and keep to 76. */
static void
encoded_texts_come_back(void **state)
{
	static const char *const pieces[] = {"a", "\xc3\xa4", "\xf0\x9f\x98\x80", " ", "\t", "\n",
	    "=", ".", "From ", "--", "\r", "word word"};
	unsigned seed = 7;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct buf text, out;
		struct mime_message *again;

		buf_init(&text, 1 << 16);
		for (int i = rand_r(&seed) % 200; i > 0; i--) {
			unsigned kinds = 1 + (unsigned)round % 12;

			buf_add_c(&text, pieces[(unsigned)rand_r(&seed) % kinds]);
		}
		buf_add_c(&text, "x\n");
		compose(STR("From: a@x\r\n\r\nHi\r\n"), text.data, &out);
		again = parse(buf_str(&out));
		assert_int_equal(mime_part_count(again), 1);
		if (strstr(text.data, "\r\n") == NULL)
			assert_true(str_eq(mime_part_at(again, 0)->text, buf_str(&text)));
		for (const char *p = out.data, *end; (end = strstr(p, "\r\n")) != NULL; p = end + 2)
			assert_true(end - p <= 76);
		mime_free(&again);
		buf_fini(&text);
		buf_fini(&out);
	}
}

/* The room for the result is counted before: broken characters take no more. */
static void
broken_texts_fit(void **state)
{
	struct buf text, out;

	(void)state;
	buf_init(&text, 1 << 20);
	for (int i = 0; i < 20000; i++)
		buf_add_c(&text,
		    "\xf0"
		    "ABC");
	compose(STR("From: a@x\r\n\r\nHi\r\n"), text.data, &out);
	assert_true(str_has(buf_str(&out), STR("=F0ABC=F0ABC")));
	buf_fini(&text);
	buf_fini(&out);
}

/* --- refused --- */

static void
malformed_or_excessive_messages_are_refused(void **state)
{
	struct mime_message *message;
	struct err err = ERR_INIT;
	struct buf raw;

	(void)state;
	assert_int_equal(mime_parse(&message, STR(""), &limits, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_int_equal(mime_parse(&message, STR("From: a\r\njunk\r\n\r\n"), &limits, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_string_equal(err.text, "line 2 of the header is no header field");
	assert_int_equal(mime_parse(&message, STR(" folded: a\r\n\r\n"), &limits, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);

	buf_init(&raw, 1 << 20);
	for (int i = 0; i < 51; i++)
		buf_add_c(&raw, "X: y\r\n");
	assert_int_equal(mime_parse(&message, buf_str(&raw), &limits, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);

	buf_reset(&raw);
	buf_add_c(&raw, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (int i = 0; i < 40; i++)
		buf_add_c(&raw, "--b\r\n\r\nx\r\n");
	assert_int_equal(mime_parse(&message, buf_str(&raw), &limits, &err), -1);
	assert_string_equal(err.text, "more than 40 MIME parts");
	for (int i = 0; i < 900; i++)
		buf_add_c(&raw, "--b\r\n\r\nx\r\n");
	assert_int_equal(mime_parse(&message, buf_str(&raw), &limits, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);

	buf_reset(&raw);
	for (int i = 0; i < 12; i++)
		buf_printf(
		    &raw, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i);
	assert_int_equal(mime_parse(&message, buf_str(&raw), &limits, &err), -1);
	assert_string_equal(err.text, "MIME parts nest deeper than 10");
	buf_fini(&raw);
}

static void
add_groups(struct buf *raw, int count)
{
	for (int i = 0; i < count; i++)
		buf_add_c(raw, i % 100 == 99 ? "a:\r\n " : "a:");
}

/* GMime takes a level of stack for each group, and half a kilobyte for each field. */
static void
what_would_overrun_gmime_is_refused(void **state)
{
	struct mime_message *message;
	struct err err = ERR_INIT;
	struct buf raw;

	(void)state;
	buf_init(&raw, 4 << 20);
	buf_add_c(&raw, "Subject: x\r\nTo : ");
	add_groups(&raw, 1001);
	buf_add_c(&raw, "\r\n\r\nHi\r\n");
	assert_int_equal(mime_parse(&message, buf_str(&raw), &limits, &err), -1);
	assert_string_equal(err.text, "more than 1000 groups in an address field");

	buf_reset(&raw);
	buf_add_c(&raw, "Content-Type: message/rfc822\r\n\r\nfrom:");
	add_groups(&raw, 200000);
	assert_int_equal(mime_parse(&message, buf_str(&raw), &limits, &err), -1);
	assert_string_equal(err.text, "more than 1000 groups in an address field");

	buf_reset(&raw);
	buf_add_c(&raw, "Subject:");
	add_groups(&raw, 2000);
	buf_add_c(&raw, "\r\n\r\nHi\r\n");
	message = parse(buf_str(&raw));
	mime_free(&message);

	buf_reset(&raw);
	buf_add_c(&raw, "From: a@x\r\n\r\n");
	for (int i = 0; i < 250001; i++)
		buf_add_c(&raw, "a:\r\n");
	assert_int_equal(mime_parse(&message, buf_str(&raw), &limits, &err), -1);
	assert_string_equal(err.text, "more than 250000 colons");

	buf_reset(&raw);
	buf_add_c(&raw, "Subject:");
	while (raw.len < (1 << 20) + 10)
		buf_add_c(&raw, " " A70 "\r\n");
	assert_int_equal(mime_parse(&message, buf_str(&raw), &limits, &err), -1);
	assert_string_equal(err.text, "header field 1 has over 1048576 bytes");
	buf_fini(&raw);
}

static void
full_arena_is_an_error(void **state)
{
	struct mime_message *message = parse(STR("From: a@x\r\n\r\nHi\r\n"));
	struct str text = STR("some words");
	struct mime_copy copy;
	struct err err = ERR_INIT;
	bool done = false;

	(void)state;
	for (size_t size = 0; !done; size++) {
		struct arena *arena = arena_new(size);

		done = mime_compose(message, &text, arena, &copy, &err) == 0;
		if (!done)
			assert_int_equal(err.code, ERR_LIMIT);
		assert_true(size < 2000);
		arena_free(&arena);
	}
	mime_free(&message);
}

static void
attachments_are_not_copied(void **state)
{
	const size_t size = (size_t)25 << 20;
	struct buf raw;
	struct mime_message *message;
	struct arena *arena = arena_new(4096);
	struct str text = STR("two");
	struct mime_copy copy;
	struct err err = ERR_INIT;

	(void)state;
	buf_init(&raw, size + 4096);
	buf_add_c(&raw, "Content-Type: multipart/mixed; boundary=b\r\n\r\n" PART("", "one"));
	buf_add_c(
	    &raw, "--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n");
	while (raw.len < size)
		buf_add_c(&raw, A70 "bcdefg\r\n");
	buf_add_c(&raw, "--b--\r\n");
	message = parse(buf_str(&raw));
	assert_int_equal(mime_part_count(message), 1);
	assert_int_equal(mime_compose(message, &text, arena, &copy, &err), 0);
	assert_true(copy.spans[copy.span_count - 1].n > size - 4096);
	assert_true(copy.spans[copy.span_count - 1].p > raw.data &&
	    copy.spans[copy.span_count - 1].p < raw.data + raw.len);
	mime_free(&message);
	arena_free(&arena);
	buf_fini(&raw);
}

static void
header_fields_are_spans(void **state)
{
	struct mime_message *message =
	    parse(STR("From: a@x\r\nX-Odd :folded\r\n\there\r\nsubject:x\r\nEmpty:\r\n\r\nHi\r\n"));

	(void)state;
	assert_int_equal(mime_header_count(message), 4);
	assert_true(str_is(mime_header_at(message, 1)->name, "X-Odd"));
	assert_true(str_is(mime_header_at(message, 1)->value, "folded\r\n\there"));
	assert_true(str_is(mime_header_find(message, "Subject")->value, "x"));
	assert_true(str_is(mime_header_find(message, "Empty")->value, ""));
	assert_null(mime_header_find(message, "To"));
	assert_true(str_is(mime_body(message), "Hi\r\n"));
	mime_free(&message);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(header_fields_are_spans),
	    cmocka_unit_test(text_parts_are_found),
	    cmocka_unit_test(untouched_bodies_stay),
	    cmocka_unit_test(replaced_texts_are_spliced_in),
	    cmocka_unit_test(quoted_printable_lines),
	    cmocka_unit_test(encoded_texts_come_back),
	    cmocka_unit_test(broken_texts_fit),
	    cmocka_unit_test(malformed_or_excessive_messages_are_refused),
	    cmocka_unit_test(what_would_overrun_gmime_is_refused),
	    cmocka_unit_test(full_arena_is_an_error),
	    cmocka_unit_test(attachments_are_not_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
