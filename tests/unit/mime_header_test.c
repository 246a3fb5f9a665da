/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mime_header_test: header values and mailboxes
 */
#include "base/buf.h"
#include "mime/mime.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#define A60  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A240 A60 A60 A60 A60

static const struct text_case {
	const char *name;
	const char *from;
	const char *to;
} decode_cases[] = {
    {"plain", " Hello  world ", "Hello  world"},
    {"folded", " Hello\r\n\tworld\r\n again", "Hello world again"},
    {"folded with LF", " Hello\n world", "Hello world"},
    {"encoded", " =?iso-8859-1?Q?Gr=FC=DFe?= an =?utf-8?B?w6Q=?=",
	"Gr\xc3\xbc\xc3\x9f"
	"e an \xc3\xa4"},
    {"neighbours join", " =?utf-8?Q?a?=\r\n =?utf-8?Q?b?=", "ab"},
    {"character split over two words", " =?utf-8?B?w6TD?= =?utf-8?B?pA==?=", "\xc3\xa4\xc3\xa4"},
    {"padding in the first of two words",
	" =?utf-8?B?w6Q=?= =?utf-8?b?w6Q=?= =?utf-8?Q?z?=", "\xc3\xa4\xc3\xa4z"},
    {"no payload",
	" a =?utf-8?B?"
	"?= b",
	"a  b"},
    {"raw UTF-8", " \xc3\xa4", "\xc3\xa4"},
    {"raw junk", " a\xe4z", "a\xef\xbf\xbdz"},
    {"encoded line end", " =?utf-8?Q?a=0D=0ABcc:_b?=", "a  Bcc: b"},
    {"empty", "", ""},
};

static void
values_are_decoded(void **state)
{
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof decode_cases / sizeof decode_cases[0]; i++) {
		const struct text_case *c = &decode_cases[i];
		struct str got = mime_header_decode(str_c(c->from), arena);

		if (!str_is(got, c->to))
			fail_msg("%s: \"%.*s\"", c->name, STR_F(got));
	}
	arena_free(&arena);
}

static void
what_no_charset_explains_is_still_utf8(void **state)
{
	static const char *const values[] = {" =?x-none?Q?a=E4?=", " =?utf-8?Q?a=E4z?=",
	    " =?utf-8?B?////?=", " =?utf-8?Q?unfinished", " =?=?=?=", " =?utf-8?X?abc?="};
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		struct str got = mime_header_decode(str_c(values[i]), arena);

		assert_non_null(got.p);
		assert_true(got.n > 0);
		assert_true(g_utf8_validate(got.p, (gssize)got.n, NULL));
	}
	arena_free(&arena);
}

static const struct text_case encode_cases[] = {
    {"plain", "Hello world", " Hello world"},
    {"spaces at the ends go", "  a  b  ", " a  b"},
    {"empty", "", " "},
    {"line ends can't start a field", "a\r\nBcc: b@x\nX: y", " a  Bcc: b@x X: y"},
    {"controls", "a\x01\x7f\tz", " a   z"},
    {"8-bit",
	"Gr\xc3\xbc\xc3\x9f"
	"e f\xc3\xbcr dich?",
	" =?utf-8?B?R3LDvMOfZSBmw7xyIGRpY2g/?="},
    {"8-bit and a line end", "\xc3\xa4\r\nBcc: b", " =?utf-8?Q?=C3=A4__Bcc=3A_b?="},
    {"mostly 8-bit", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", " =?utf-8?B?5pel5pys6Kqe?="},
    {"broken UTF-8", "a\xe4z", " =?utf-8?B?Ye+/vXo=?="},
    {"what looks encoded is encoded", "=?utf-8?Q?a?=", " =?utf-8?B?PT91dGYtOD9RP2E/PQ==?="},
    {"folded before 78", A60 " bbbbbbb ccc", " " A60 " bbbbbbb\r\n ccc"},
    {"one word of 77 behind the name", A60 "aaaaaaaaaaaaa", " " A60 "aaaaaaaaaaaaa"},
    {"long word is kept whole", "x " A240, " x\r\n " A240},
    {"several spaces at a fold", A60 "         b", " " A60 "\r\n         b"},
};

static void
values_are_encoded(void **state)
{
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof encode_cases / sizeof encode_cases[0]; i++) {
		const struct text_case *c = &encode_cases[i];
		struct str got = mime_header_encode("Subject", str_c(c->from), arena);

		if (!str_is(got, c->to))
			fail_msg("%s: \"%.*s\"", c->name, STR_F(got));
	}
	arena_free(&arena);
	arena = arena_new(1);
	assert_null(mime_header_encode("Subject", STR("a"), arena).p);
	arena_free(&arena);
}

/* Every line within its bounds; nothing but a fold after a line end. */
static void
check_lines(const char *name, struct str value)
{
	size_t column = strlen(name) + 1, limit = str_has(value, STR("=?utf-8?")) ? 76 : 998;

	for (size_t i = 0; i < value.n; i++, column++) {
		assert_true(
		    (unsigned char)value.p[i] >= ' ' || value.p[i] == '\r' || value.p[i] == '\n');
		if (value.p[i] != '\r')
			continue;
		assert_true(column <= limit);
		assert_true(i + 3 < value.n && value.p[i + 1] == '\n' && value.p[i + 2] == ' ');
		i++;
		column = (size_t)-1;
	}
	assert_true(column <= limit);
}

static void
encoded_values_come_back(void **state)
{
	static const char *const pieces[] = {
	    "a", "word ", "\xc3\xa4", "\xf0\x9f\x98\x80", " ", "=", "?", "_", "\"", "=?utf-8?Q?"};
	struct arena *arena = arena_new(4 << 20);
	unsigned seed = 11;

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		struct buf text;
		struct str value, back, want;

		buf_init(&text, 1 << 16);
		for (int i = rand_r(&seed) % 150; i > 0; i--)
			buf_add_c(&text, pieces[(unsigned)rand_r(&seed) % (1 + round % 10)]);
		value = mime_header_encode("Subject", buf_str(&text), arena);
		check_lines("Subject", value);
		back = mime_header_decode(value, arena);
		want = str_trim(buf_str(&text));
		if (!str_eq(back, want))
			fail_msg("\"%.*s\" became \"%.*s\"", STR_F(want), STR_F(back));
		arena_reset(arena);
		buf_fini(&text);
	}
	arena_free(&arena);
}

static void
endless_word_is_broken(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct str got = mime_header_encode("Subject", STR(A240 A240 A240 A240 A240), arena);

	(void)state;
	check_lines("Subject", got);
	assert_true(str_eq(mime_header_decode(got, arena), STR(A240 A240 A240 A240 A240)));
	arena_free(&arena);
}

/* --- mailboxes --- */

static const struct mailbox_case {
	const char *name;
	const char *display;
	const char *address;
	const char *value; /* NULL: refused */
} write_cases[] = {
    {"no name", "", "a@x.example", " <a@x.example>"},
    {"atoms", "Ada Lovelace", "a@x.example", " Ada Lovelace <a@x.example>"},
    {"quoted", "Lovelace, A. \"Ada\" \\", "a@x.example",
	" \"Lovelace, A. \\\"Ada\\\" \\\\\" <a@x.example>"},
    {"two spaces", "A  B", "a@x.example", " \"A  B\" <a@x.example>"},
    {"address in the name", "b@y.example <c@z.example>", "a@x.example",
	" \"b@y.example <c@z.example>\" <a@x.example>"},
    {"8-bit", "J\xc3\xbcrgen, M.", "a@x.example", " =?utf-8?B?SsO8cmdlbiwgTS4=?= <a@x.example>"},
    {"line end in the name", "A\r\nBcc: b", "a@x.example", " \"A  Bcc: b\" <a@x.example>"},
    {"folded before the address", A60, "a@x.example", " " A60 "\r\n <a@x.example>"},
    {"UTF-8 address", "",
	"j\xc3\xbcrgen@b\xc3\xbc"
	"cher.example",
	" <j\xc3\xbcrgen@b\xc3\xbc"
	"cher.example>"},
    {"line end in the address", "", "a@x.example\r\nBcc: b@y", NULL},
    {"no address", "Ada", "", NULL},
    {"two addresses", "Ada", "a@x.example, b@x.example", NULL},
};

static void
mailboxes_are_written(void **state)
{
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof write_cases / sizeof write_cases[0]; i++) {
		const struct mailbox_case *c = &write_cases[i];
		struct err err = ERR_INIT;
		struct str value, display, address;
		int result = mime_mailbox_encode(
		    "From", str_c(c->display), str_c(c->address), arena, &value, &err);

		if ((result == 0) != (c->value != NULL))
			fail_msg("%s: %d", c->name, result);
		if (result != 0) {
			assert_int_equal(err.code, ERR_INPUT);
			continue;
		}
		if (!str_is(value, c->value))
			fail_msg("%s: \"%.*s\"", c->name, STR_F(value));
		if (mime_mailbox_parse(value, arena, &display, &address, &err) != 0)
			fail_msg("%s: %s", c->name, err.text);
		assert_true(str_is(address, c->address));
		if (strpbrk(c->display, "\r\n") == NULL && !str_is(display, c->display))
			fail_msg("%s: \"%.*s\"", c->name, STR_F(display));
	}
	arena_free(&arena);
}

static const struct mailbox_case read_cases[] = {
    {"bare", "", "a@x.example", " a@x.example"},
    {"angle", "", "a@x.example", "<a@x.example>"},
    {"first of several", "Ada", "a@x.example", " Ada <a@x.example>, Bob <b@x.example>"},
    {"quoted", "Lovelace, Ada", "a@x.example", " \"Lovelace, Ada\" <a@x.example>"},
    {"escapes", "A \"B\" \\", "a@x.example", " \"A \\\"B\\\" \\\\\" <a@x.example>"},
    {"encoded", "J\xc3\xbcrgen", "a@x.example", " =?iso-8859-1?Q?J=FCrgen?= <a@x.example>"},
    {"comment", "Ada", "a@x.example", " Ada (the first) <a@x.example> (home)"},
    {"group", "Ada", "a@x.example", " Friends: Ada <a@x.example>, b@x.example;"},
    {"folded", "Ada Lovelace", "a@x.example", " Ada\r\n Lovelace\r\n\t<a@x.example>"},
    {"UTF-8", "J\xc3\xbcrgen",
	"j\xc3\xbc@b\xc3\xbc"
	"cher.example",
	" J\xc3\xbcrgen <j\xc3\xbc@b\xc3\xbc"
	"cher.example>"},
    {"A-labels stay", "", "a@xn--bcher-kva.example", " <a@xn--bcher-kva.example>"},
    {"A-labels beside UTF-8", "B\xc3\xbc", "a@xn--bcher-kva.example",
	" B\xc3\xbc <a@xn--bcher-kva.example>"},
    {"case stays", "", "Ada.L@X.Example", " Ada.L@X.Example"},
    {"quoted local part", "", "\"a b\"@x.example", " <\"a b\"@x.example>"},
    {"empty", NULL, NULL, ""},
    {"empty group", NULL, NULL, " undisclosed-recipients:;"},
    {"null sender", NULL, NULL, " <>"},
    {"words only", NULL, NULL, " Ada Lovelace"},
    {"no local part", NULL, NULL, " <@x.example>"},
};

static void
mailboxes_are_read(void **state)
{
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof read_cases / sizeof read_cases[0]; i++) {
		const struct mailbox_case *c = &read_cases[i];
		struct err err = ERR_INIT;
		struct str display, address;
		int result = mime_mailbox_parse(str_c(c->value), arena, &display, &address, &err);

		if ((result == 0) != (c->address != NULL))
			fail_msg("%s: %d %s", c->name, result, err.text);
		if (result != 0) {
			assert_int_equal(err.code, ERR_INPUT);
			continue;
		}
		if (!str_is(address, c->address) || !str_is(display, c->display))
			fail_msg("%s: \"%.*s\" <%.*s>", c->name, STR_F(display), STR_F(address));
	}
	arena_free(&arena);
}

static void
endless_groups_are_refused(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct buf value;
	struct str display, address;
	struct err err = ERR_INIT;

	(void)state;
	buf_init(&value, 1 << 20);
	while (value.len < 400000)
		buf_add_c(&value, "a:");
	buf_add_c(&value, "a@x.example");
	assert_int_equal(mime_mailbox_parse(buf_str(&value), arena, &display, &address, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	buf_fini(&value);
	arena_free(&arena);
}

static const struct address_case {
	const char *address;
	bool ok;
} address_cases[] = {
    {"a@b", true},
    {"ada.lovelace+news@mail.example.org", true},
    {"!#$%&'*+-/=?^_`{|}~@x.example", true},
    {"\"a b\\\"c\"@x.example", true},
    {"\"a@b\"@x.example", true},
    {"a@[192.0.2.1]", true},
    {"a@[IPv6:2001:db8::1]", true},
    {"j\xc3\xbcrgen@b\xc3\xbc"
     "cher.example",
	true},
    {"a@1.example", true},
    {"", false},
    {"a", false},
    {"@x.example", false},
    {"a@", false},
    {"a@@x.example", false},
    {"a b@x.example", false},
    {".a@x.example", false},
    {"a.@x.example", false},
    {"a..b@x.example", false},
    {"a@x..example", false},
    {"a@.x", false},
    {"a@x.", false},
    {"a@-x.example", false},
    {"a@x-.example", false},
    {"a@x_y.example", false},
    {"a@x.example\n", false},
    {"a\r@x.example", false},
    {"a@x.exa mple", false},
    {"a,b@x.example", false},
    {"<a@x.example>", false},
    {"\"a\"b@x.example", false},
    {"\"a\\\"@x.example", false},
    {"\"@x.example", false},
    {"a@[1.2.3.4", false},
    {"a@[]", false},
    {"a\xc2\x85@x.example", false},
    {"a\xe4@x.example", false},
    {A60 "aaaa@x.example", true},
    {A60 "aaaaa@x.example", false},
    {"a@" A60 "aaa.example", true},
    {"a@" A60 "aaaa.example", false},
    {"a@" A60 "." A60 "." A60 "." A60 ".example", true},
    {"a@" A60 "." A60 "." A60 "." A60 ".example.org", false},
};

static void
addresses_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof address_cases / sizeof address_cases[0]; i++) {
		if (mime_address_ok(str_c(address_cases[i].address)) != address_cases[i].ok)
			fail_msg("\"%s\"", address_cases[i].address);
	}
	assert_false(mime_address_ok(STR_NONE));
	assert_false(mime_address_ok((struct str){"a\0b@x.example", 13}));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_are_decoded),
	    cmocka_unit_test(what_no_charset_explains_is_still_utf8),
	    cmocka_unit_test(values_are_encoded),
	    cmocka_unit_test(encoded_values_come_back),
	    cmocka_unit_test(endless_word_is_broken),
	    cmocka_unit_test(mailboxes_are_written),
	    cmocka_unit_test(mailboxes_are_read),
	    cmocka_unit_test(endless_groups_are_refused),
	    cmocka_unit_test(addresses_are_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
