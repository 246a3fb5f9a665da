/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mime_layout_test: flowed text, calendars, charsets that are kept, what a relay would change,
 * parts of data, and what is signed or encrypted
 */
#include "base/buf.h"
#include "mime/layout.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

static const struct mime_limits limits = {1000, 100, 20};

#define MULTI(parts)	      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" parts
#define PART(fields, content) "--b\r\n" fields "\r\n" content "\r\n"
#define END		      "--b--\r\n"
#define DATA		      "Content-Type: application/vnd.mailtailor+json\r\n"
#define TEXT		      "Content-Type: text/plain\r\n"

static struct mime_message *
parse(struct str raw)
{
	struct mime_message *message = NULL;
	struct err err = ERR_INIT;

	if (mime_parse(&message, raw, &limits, &err) != 0)
		fail_msg("%s", err.text);
	return message;
}

/* The body of the copy, and the fields that changed before it. */
static int
compose(const char *raw, const char *first, const struct mime_out *how, struct buf *out,
    struct err *err)
{
	struct mime_message *message = parse(str_c(raw));
	struct arena *arena = arena_new(1 << 20);
	struct str texts[20] = {{NULL, 0}};
	struct mime_copy copy;
	int rc;

	buf_init(out, 1 << 20);
	if (first != NULL)
		texts[0] = str_c(first);
	rc = mime_compose_as(message, texts, how, arena, &copy, err);
	for (size_t i = 0; rc == 0 && i < copy.replaced_count; i++)
		buf_printf(out, "%.*s:%.*s\r\n", STR_F(copy.replaced[i].name),
		    STR_F(copy.replaced[i].value));
	for (size_t i = 0; rc == 0 && i < copy.span_count; i++)
		buf_add_str(out, copy.spans[i]);
	arena_free(&arena);
	mime_free(&message);
	return rc;
}

/* --- format=flowed --- */

#define A30 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct flow_case {
	const char *name;
	enum mime_flow flow;
	const char *wire;
	const char *text;
	const char *back; /* NULL: as it came */
} flow_cases[] = {
    {"one paragraph in two lines", MIME_FLOWED, "a \nb\n", "a b\n", "a b\n"},
    {"fixed lines", MIME_FLOWED, "a\n\nb\n", "a\n\nb\n", NULL},
    {"DelSp takes the space away", MIME_FLOWED_DELSP, "a \nb  \nc\n", "ab c\n", "ab c\n"},
    {"stuffed space", MIME_FLOWED, "  a\n", " a\n", NULL},
    {"stuffed From", MIME_FLOWED, " From a\n", "From a\n", NULL},
    {"stuffed >, which is no quote", MIME_FLOWED, " > a\n", " > a\n", NULL},
    {"quotes", MIME_FLOWED, "> a \n> b\n>> c\n>\n", "> a b\n>> c\n>\n", "> a b\n>> c\n>\n"},
    {"quotes without a space", MIME_FLOWED, ">a\n>>b\n", "> a\n>> b\n", "> a\n>> b\n"},
    {"a paragraph ends with its quote", MIME_FLOWED, "> a \nb\n", "> a \nb\n", "> a\nb\n"},
    {"the mark of a signature is no paragraph", MIME_FLOWED, "a \n-- \nb\n", "a \n-- \nb\n",
	"a\n-- \nb\n"},
    {"the end of the text", MIME_FLOWED, "a \n", "a \n", "a\n"},
    {"no line end", MIME_FLOWED, "a \nb", "a b", "a b"},
    {"a space alone is stuffing", MIME_FLOWED, " \n", "\n", "\n"},
    {"long", MIME_FLOWED, A30 " " A30 " \n" A30 "\n", A30 " " A30 " " A30 "\n", NULL},
    {"long, DelSp", MIME_FLOWED_DELSP, A30 " " A30 "  \n" A30 "\n", A30 " " A30 " " A30 "\n", NULL},
    {"long quote", MIME_FLOWED, ">> " A30 " " A30 " \n>> " A30 "\n", ">> " A30 " " A30 " " A30 "\n",
	NULL},
    {"a break before what must be stuffed", MIME_FLOWED, A30 " " A30 " aaaaaaa \n > " A30 "\n",
	A30 " " A30 " aaaaaaa > " A30 "\n", NULL},
    {"no space to break at", MIME_FLOWED, A30 A30 A30 "\n", A30 A30 A30 "\n", NULL},
    {"nothing", MIME_FLOWED, "", "", ""},
};

static void
flowed_text_is_whole_and_flows_again(void **state)
{
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(flow_cases); i++) {
		const struct flow_case *c = &flow_cases[i];
		struct str wire = {g_strdup(c->wire), strlen(c->wire)};
		struct str text = mime_unflow(wire, c->flow);
		struct str back = mime_flow(text, c->flow, arena);

		if (!str_is(text, c->text))
			fail_msg("%s: read \"%.*s\"", c->name, STR_F(text));
		if (!str_is(back, c->back == NULL ? c->wire : c->back))
			fail_msg("%s: written \"%.*s\"", c->name, STR_F(back));
		g_free((char *)(uintptr_t)text.p);
	}
	arena_free(&arena);
}

/* What is written reads as what was meant, in lines of at most 78, whatever it is. */
static void
flow_keeps_every_paragraph(void **state)
{
	static const char *const pieces[] = {
	    "word ", ">", " ", "From ", "-- ", "--", "\n", "\xc3\xa4", "longer words come here "};
	struct arena *arena = arena_new(1 << 20);
	GRand *rand = g_rand_new_with_seed(20260314);

	(void)state;
	for (int round = 0; round < 3000; round++) {
		enum mime_flow flow = round % 2 == 0 ? MIME_FLOWED : MIME_FLOWED_DELSP;
		GString *input = g_string_new("");
		struct str text, wire, again;
		size_t column = 0;

		for (int n = g_rand_int_range(rand, 0, 60); n > 0; n--)
			g_string_append(
			    input, pieces[g_rand_int_range(rand, 0, G_N_ELEMENTS(pieces))]);
		text = mime_flow((struct str){input->str, input->len}, flow, arena);
		text = mime_unflow((struct str){g_strndup(text.p, text.n), text.n}, flow);
		wire = mime_flow(text, flow, arena);
		again = mime_unflow((struct str){g_strndup(wire.p, wire.n), wire.n}, flow);
		if (!str_eq(text, again))
			fail_msg("\"%.*s\" became \"%.*s\"", STR_F(text), STR_F(again));
		for (size_t i = 0; i < wire.n; i++) {
			column = wire.p[i] == '\n' ? 0 : column + 1;
			assert_true(column <= 180);
		}
		g_free((char *)(uintptr_t)text.p);
		g_free((char *)(uintptr_t)again.p);
		g_string_free(input, TRUE);
		arena_reset(arena);
	}
	g_rand_free(rand);
	arena_free(&arena);
}

/* --- calendars --- */

static void
calendar_lines_fold_at_75(void **state)
{
	static const char *const lines[] = {"", "A:b\n", "A:b",
	    "DESCRIPTION:" A30 A30 A30 A30 "\nX:y\n",
	    "X:1234567890123456789012345678901234567890123456789012345678901234567890123\n",
	    "SUMMARY:\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"
	    "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5"
	    "\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac"
	    "\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\n"};
	struct arena *arena = arena_new(1 << 20);
	char broken[1000];

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
		struct str folded = mime_fold(str_c(lines[i]), arena), rest = folded, line;
		char *back = g_strndup(folded.p, folded.n);

		while (str_split(&rest, '\n', &line)) {
			assert_true(line.n <= 75);
			assert_true(g_utf8_validate_len(line.p, line.n, NULL));
		}
		assert_true(str_is((struct str){back, mime_unfold(back, folded.n)}, lines[i]));
		g_free(back);
	}
	/* What is no UTF-8 is torn anywhere, but not to shreds. */
	memset(broken, 0xa0, sizeof broken);
	broken[0] = 'A';
	assert_true(mime_fold((struct str){broken, sizeof broken}, arena).n < 1050);
	assert_true(str_is(mime_fold(STR("A:b\n\n \t\n  C:d\n"), arena), "A:b\nC:d\n"));
	arena_free(&arena);
}

/* --- charsets, and what a relay would change --- */

static const struct out_case {
	const char *name;
	const char *raw;
	const char *text;
	struct mime_out how;
	const char *want;
} out_cases[] = {
    {"charset kept", MULTI(PART("Content-Type: text/plain; charset=iso-8859-1\r\n", "x") END),
	"\xc3\xa4 \xc3\xa9", {.keep_charset = true},
	PART("Content-Type: text/plain; charset=iso-8859-1\r\n"
	     "Content-Transfer-Encoding: quoted-printable\r\n",
	    "=E4 =E9") END},
    {"charset too small", MULTI(PART("Content-Type: text/plain; charset=iso-8859-1\r\n", "x") END),
	"\xe2\x82\xac", {.keep_charset = true},
	PART("Content-Type: text/plain; charset=utf-8\r\n"
	     "Content-Transfer-Encoding: quoted-printable\r\n",
	    "=E2=82=AC") END},
    {"charset is not to be kept",
	MULTI(PART("Content-Type: text/plain; charset=iso-8859-1\r\n", "x") END), "\xc3\xa4",
	{.keep_charset = false},
	PART("Content-Type: text/plain; charset=utf-8\r\n"
	     "Content-Transfer-Encoding: quoted-printable\r\n",
	    "=C3=A4") END},
    {"no charset is ASCII", MULTI(PART("", "x") END), "plain", {.keep_charset = true},
	PART("Content-Transfer-Encoding: quoted-printable\r\n", "plain") END},
    {"no charset, and more than ASCII", MULTI(PART("", "x") END), "\xc3\xa4",
	{.keep_charset = true},
	PART("Content-Type: text/plain; charset=utf-8\r\n"
	     "Content-Transfer-Encoding: quoted-printable\r\n",
	    "=C3=A4") END},
    {"UTF-16 is not kept",
	MULTI(PART("Content-Type: text/plain; charset=utf-16le\r\nContent-Transfer-Encoding: "
		   "base64\r\n",
	    "SADkAA==") END),
	"abc", {.keep_charset = true},
	PART("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
	     "quoted-printable\r\n",
	    "abc") END},
    {"8-bit text gets an encoding and keeps its charset",
	MULTI(PART("Content-Type: text/plain; charset=iso-8859-1\r\n", "\xe4  \xe4") END), NULL,
	{.survive = true},
	PART("Content-Type: text/plain; charset=iso-8859-1\r\n"
	     "Content-Transfer-Encoding: quoted-printable\r\n",
	    "=E4  =E4") END},
    {"8-bit attachment gets an encoding, too",
	MULTI(PART(TEXT, "x") PART("Content-Type: application/x\r\n", "\xff\xfe\nz") END), NULL,
	{.survive = true},
	PART(TEXT, "x") PART("Content-Type: application/x\r\nContent-Transfer-Encoding: base64\r\n",
	    "//4Keg==") END},
    {"7-bit text that says 8bit says 7bit",
	MULTI(PART("Content-Transfer-Encoding:  8BIT \r\nX: y\r\n", "x") PART(
	    "Content-Type: application/x\r\nContent-Transfer-Encoding: binary\r\n", "z") END),
	NULL, {.survive = true},
	PART("Content-Transfer-Encoding:  7bit\r\nX: y\r\n", "x")
	    PART("Content-Type: application/x\r\nContent-Transfer-Encoding: 7bit\r\n", "z") END},
    {"or stays", MULTI(PART("Content-Transfer-Encoding: 8bit\r\n", "x") END), NULL,
	{.survive = false}, PART("Content-Transfer-Encoding: 8bit\r\n", "x") END},
    {"alone",
	"MIME-Version: 1.0\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: "
	"8bit\r\n\r\nx",
	NULL, {.survive = true}, "Content-Transfer-Encoding: 7bit\r\nx\r\n"},
    {"multiparts follow",
	"MIME-Version: 1.0\r\nContent-Transfer-Encoding: binary\r\n" MULTI(PART(
	    "Content-Transfer-Encoding: 8bit\r\nContent-Type: multipart/related; "
	    "boundary=c\r\n",
	    "--c\r\n" TEXT "\r\nx\r\n--c\r\nContent-Type: application/x\r\n\r\n\xff\r\n--c--") END),
	NULL, {.survive = true},
	"Content-Transfer-Encoding: 7bit\r\n" PART(
	    "Content-Transfer-Encoding: 7bit\r\nContent-Type: multipart/related; "
	    "boundary=c\r\n",
	    "--c\r\n" TEXT "\r\nx\r\n--c\r\nContent-Type: application/x\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n/w==\r\n--c--") END},
    {"so does the part of a forwarded message, which stays",
	MULTI(PART(TEXT, "x") PART("Content-Type: message/rfc822\r\n"
				   "Content-Transfer-Encoding: 8bit\r\n",
	    "X: y\r\nContent-Transfer-Encoding: 8bit\r\n\r\nz") END),
	NULL, {.survive = true},
	PART(TEXT, "x") PART("Content-Type: message/rfc822\r\n"
			     "Content-Transfer-Encoding: 7bit\r\n",
	    "X: y\r\nContent-Transfer-Encoding: 8bit\r\n\r\nz") END},
    {"unless something inside stays 8-bit",
	"MIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\n" MULTI(
	    PART(TEXT, "x") PART("Content-Type: message/rfc822\r\n", "X: y\r\n\r\n\xff") END),
	NULL, {.survive = true},
	PART(TEXT, "x") PART("Content-Type: message/rfc822\r\n", "X: y\r\n\r\n\xff") END},
    {"8-bit attachment stays",
	MULTI(PART(TEXT, "x") PART("Content-Type: application/x\r\n", "\xff\xfe\nz") END), NULL,
	{.survive = false},
	PART(TEXT, "x") PART("Content-Type: application/x\r\n", "\xff\xfe\nz") END},
    {"a charset that nobody knows",
	"Content-Type: text/plain; charset=x-none\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xff",
	NULL, {.survive = true},
	"MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n/w==\r\n"},
    {"what is no UTF-8",
	MULTI(PART("Content-Type: text/plain; charset=utf-8\r\n"
		   "Content-Transfer-Encoding: quoted-printable\r\n",
	    "x") END),
	"\xe4"
	"a\xe4"
	"b\xe4"
	"c a b c d e f g h i j k l",
	{.survive = true},
	PART("Content-Type: text/plain; charset=utf-8\r\n"
	     "Content-Transfer-Encoding: quoted-printable\r\n",
	    "=E4a=E4b=E4c a b c d e f g h i j k l") END},
    {"flowed text flows when it is replaced",
	MULTI(PART("Content-Type: text/plain; format=flowed; charset=utf-8\r\n"
		   "Content-Transfer-Encoding: quoted-printable\r\n",
	    "x") END),
	" two\n" A30 " " A30 " " A30, {.survive = true},
	PART("Content-Type: text/plain; format=flowed; charset=utf-8\r\n"
	     "Content-Transfer-Encoding: quoted-printable\r\n",
	    "  two\r\n" A30 " " A30 "=20\r\n" A30) END},
    {"the part of data first", MULTI("pre\r\n" PART(DATA, "{}") PART(TEXT, "x") END "epi\r\n"),
	NULL, {.survive = false}, "pre\r\n" PART(TEXT, "x") END "epi\r\n"},
    {"last", MULTI(PART(TEXT, "x") PART(DATA, "{}") END), NULL, {.survive = false},
	PART(TEXT, "x") END},
    {"between, beside what is replaced", MULTI(PART(TEXT, "x") PART(DATA, "{}") PART("", "y") END),
	"z", {.keep_charset = true},
	PART(TEXT "Content-Transfer-Encoding: quoted-printable\r\n", "z") PART("", "y") END},
    {"empty", MULTI(PART(TEXT, "x") "--b\r\n" DATA "\r\n" END), NULL, {.survive = false},
	PART(TEXT, "x") END},
    {"in other case, with parameters, encoded",
	MULTI(
	    PART(TEXT, "x") PART("content-TYPE: Application/VND.Mailtailor+JSON; charset=UTF-8\r\n"
				 "Content-Disposition: attachment; filename=x\r\n"
				 "Content-Transfer-Encoding: base64\r\n",
		"e30=") END),
	NULL, {.survive = false}, PART(TEXT, "x") END},
    {"in a multipart inside",
	MULTI(PART("Content-Type: multipart/related; boundary=c\r\n",
	    "--c\r\n" TEXT "\r\nx\r\n--c\r\n" DATA "\r\n{}\r\n--c--") END),
	NULL, {.survive = false},
	PART("Content-Type: multipart/related; boundary=c\r\n", "--c\r\n" TEXT "\r\nx\r\n--c--")
	    END},
    {"of a forwarded message is not ours",
	MULTI(PART(TEXT, "x") PART("Content-Type: message/rfc822\r\n",
	    "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c\r\n" DATA
	    "\r\n{}\r\n--c--") END),
	NULL, {.survive = false},
	PART(TEXT, "x") PART("Content-Type: message/rfc822\r\n",
	    "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c\r\n" DATA
	    "\r\n{}\r\n--c--") END},
};

static void
copies_leave_as_they_should(void **state)
{
	struct err err = ERR_INIT;
	struct buf out;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(out_cases); i++) {
		const struct out_case *c = &out_cases[i];

		if (compose(c->raw, c->text, &c->how, &out, &err) != 0)
			fail_msg("%s: %s", c->name, err.text);
		if (!str_is(buf_str(&out), c->want))
			fail_msg("%s:\n%s", c->name, out.data);
		buf_fini(&out);
	}
}

/* --- data that can't be taken --- */

static const struct refused_case {
	const char *name;
	const char *raw;
	const char *why;
} refused_cases[] = {
    {"two", MULTI(PART(TEXT, "x") PART(DATA, "{}") PART(DATA, "{}") END), "there are two"},
    {"alone", MULTI(PART(DATA, "{}") END), "alone in its multipart"},
    {"nothing else", DATA "\r\n{}\r\n", "nothing else"},
    {"no boundary after it", MULTI(PART(TEXT, "x") PART(DATA, "{}")), "not in order"},
    {"cut off within its header", MULTI(PART(TEXT, "x") "--b\r\n" DATA "X: y"),
	"can't be taken out"},
    {"two types", MULTI(PART(TEXT, "x") PART(TEXT DATA, "{}") END), "not in order"},
    {"two types, the other way round", MULTI(PART(TEXT, "x") PART(DATA TEXT, "{}") END),
	"not in order"},
    {"charset",
	MULTI(PART(TEXT, "x") PART(
	    "Content-Type: application/vnd.mailtailor+json; charset=latin1\r\n", "{}") END),
	"charset has to be utf-8"},
    {"broken base64",
	MULTI(PART(TEXT, "x") PART(DATA "Content-Transfer-Encoding: base64\r\n", "{}") END),
	"transfer encoding"},
    {"signed",
	MULTI(PART("Content-Type: multipart/signed; boundary=c; protocol=\"x/y\"\r\n",
	    "--c\r\n" DATA "\r\n{}\r\n--c\r\nContent-Type: x/y\r\n\r\nx\r\n--c--") END),
	"something signed"},
};

static void
data_that_cannot_be_taken_out_stop_the_message(void **state)
{
	static const struct mime_out how = {.survive = true};
	struct err err = ERR_INIT;
	struct buf out;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(refused_cases); i++) {
		const struct refused_case *c = &refused_cases[i];

		if (compose(c->raw, NULL, &how, &out, &err) == 0)
			fail_msg("%s: composed", c->name);
		if (err.code != ERR_INPUT || strstr(err.text, c->why) == NULL)
			fail_msg("%s: %s", c->name, err.text);
		buf_fini(&out);
	}
}

/* --- signed and encrypted --- */

static const struct seal_case {
	const char *raw;
	const char *kind; /* NULL: not sealed */
	const char *how;
	bool whole;
} seal_cases[] = {
    {"Content-Type: multipart/signed; boundary=b; protocol=\"x/y\"\r\n\r\n" PART("", "x")
	    PART("Content-Type: x/y\r\n", "x") END,
	"signed", "multipart/signed", true},
    {MULTI(PART("", "x") PART(
	 "Content-Type: multipart/encrypted; boundary=c\r\n", "--c\r\n\r\nx\r\n--c--") END),
	"encrypted", "multipart/encrypted", false},
    {"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nx", "encrypted",
	"application/pkcs7-mime", true},
    {"Content-Type: application/x-pkcs7-mime; smime-type=signed-data\r\n\r\nx", "signed",
	"application/pkcs7-mime", true},
    {"Content-Type: application/pkcs7-mime; smime-type=certs-only\r\n\r\nx", NULL, NULL, false},
    {"Subject: x\r\n\r\na\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n", "signed",
	"OpenPGP in a text part", true},
    {"Subject: x\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n", "encrypted", "OpenPGP in a text part",
	true},
    {"Subject: x\r\n\r\n> -----BEGIN PGP MESSAGE-----\r\n", NULL, NULL, false},
    {MULTI(PART("", "x") END), NULL, NULL, false},
};

static void
seals_are_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(seal_cases); i++) {
		const struct seal_case *c = &seal_cases[i];
		struct mime_message *message = parse(str_c(c->raw));
		const struct mime_seal *seal = mime_seal(message);

		if ((seal == NULL) != (c->kind == NULL))
			fail_msg("case %zu: %s", i, seal == NULL ? "no seal" : seal->how);
		if (seal != NULL) {
			assert_string_equal(seal->kind, c->kind);
			assert_string_equal(seal->how, c->how);
			assert_int_equal(seal->whole, c->whole);
			assert_int_equal(mime_part_count(message), c->whole ? 0 : 1);
		}
		mime_free(&message);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(flowed_text_is_whole_and_flows_again),
	    cmocka_unit_test(flow_keeps_every_paragraph),
	    cmocka_unit_test(calendar_lines_fold_at_75),
	    cmocka_unit_test(copies_leave_as_they_should),
	    cmocka_unit_test(data_that_cannot_be_taken_out_stop_the_message),
	    cmocka_unit_test(seals_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
