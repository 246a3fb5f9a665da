/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dkim_align_test: which domains align as DMARC wants, by the public suffix list
 */
#include "dkim/align.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

static const struct {
	const char *domain, *from, *alignment;
} pairs[] = {
    {"shop.example", "shop.example", "strict"},
    {"Shop.EXAMPLE", "shop.example.", "strict"},
    {"b\xc3\xbc"
     "cher.example",
	"xn--bcher-kva.example", "strict"},
    {"news.shop.example", "shop.example", "relaxed"},
    {"shop.example", "news.shop.example", "relaxed"},
    {"a.shop.example", "b.c.shop.example", "relaxed"},
    {"shop.example", "myshop.example", "none"},
    {"shop.example", "shop.example.org", "none"},
    {"shop.co.uk", "news.shop.co.uk", "relaxed"},
    {"shop.co.uk", "other.co.uk", "none"},
    {"co.uk", "shop.co.uk", "none"},
    {"co.uk", "co.uk", "strict"},
    {"a.b.kawasaki.jp", "c.a.b.kawasaki.jp", "relaxed"},
    {"a.b.kawasaki.jp", "d.b.kawasaki.jp", "none"},
    {"x.city.kawasaki.jp", "city.kawasaki.jp", "relaxed"},
    {"example", "shop.example", "none"},
    {"", "", "none"},
    {"", "shop.example", "none"},
    {"shop..example", "shop..example", "none"},
};

static void
domains_align(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		const char *got =
		    dkim_alignment_name(dkim_align(str_c(pairs[i].domain), str_c(pairs[i].from)));

		if (strcmp(got, pairs[i].alignment) != 0)
			fail_msg("%s, %s: %s", pairs[i].domain, pairs[i].from, got);
		got = dkim_alignment_name(dkim_align(str_c(pairs[i].from), str_c(pairs[i].domain)));
		if (strcmp(got, pairs[i].alignment) != 0)
			fail_msg("%s, %s: %s", pairs[i].from, pairs[i].domain, got);
	}
}

static void
organizations(void **state)
{
	static const struct {
		const char *domain, *organization;
	} cases[] = {
	    {"news.Shop.example", "shop.example"},
	    {"a.b.shop.co.uk", "shop.co.uk"},
	    {"www.b\xc3\xbc"
	     "cher.example",
		"xn--bcher-kva.example"},
	    {"co.uk", NULL},
	    {"com", NULL},
	    {"", NULL},
	};
	char text[DKIM_DOMAIN_MAX + 1], long_one[400];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bool found = dkim_align_organization(str_c(cases[i].domain), text);

		if (found != (cases[i].organization != NULL))
			fail_msg("%s", cases[i].domain);
		if (found)
			assert_string_equal(text, cases[i].organization);
	}
	memset(long_one, 'a', sizeof long_one);
	for (size_t i = 50; i < sizeof long_one; i += 50)
		long_one[i] = '.';
	assert_false(dkim_align_organization((struct str){long_one, sizeof long_one}, text));
	assert_false(dkim_align_organization((struct str){"a\0.example", 10}, text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(domains_align),
	    cmocka_unit_test(organizations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
