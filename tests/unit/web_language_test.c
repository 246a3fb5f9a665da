/* SPDX-License-Identifier: BSD-2-Clause
 *
 * web_language_test: which language a browser asks for
 */
#include "liquid/texts.h"
#include "web/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

static void
accepted(void **state)
{
	static const struct {
		const char *accept, *language; /* NULL: none of ours */
	} cases[] = {
	    {"de", "de"},
	    {"de-DE,de;q=0.9,en;q=0.8", "de"},
	    {"it,fr;q=0.7,en;q=0.3", "fr"},
	    {"en;q=0.3, fr;q=0.7", "fr"},
	    {"fr;q=0.70,en;q=0.701", "en"},
	    {"fr ; q=0.2 , de ;q=0.1", "fr"},
	    {"FR-ca", "fr"},
	    {"it", NULL},
	    {"*", NULL},
	    {"de;q=0", NULL},
	    {"de;q=0,en;q=0.1", "en"},
	    {"", NULL},
	    {",,;,", NULL},
	    {"de;q=nan", NULL},
	    {"de;q=1.5", NULL},
	    {"de;q=1.0000", NULL},
	    {"de;level=1", NULL},
	    {"de;q", NULL},
	    {"../../en", NULL},
	    {"fr\x01", NULL},
	    {"it,it,it,it,it,it,it,it,it,it,it,it,it,it,it,it,it,it,it,it,it,it,it,it,it,it,it,it,"
	     "it,it,de",
		NULL},
	};
	struct liquid_texts *texts = liquid_texts_new();
	static const char *const tags[] = {"en", "de", "fr"};
	struct err err = ERR_INIT;
	char *longer = malloc(2001);

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(
		    liquid_texts_add(texts, str_c(tags[i]), str_c(tags[i]), STR("{}"), &err), 0);
	assert_int_equal(liquid_texts_done(texts, STR("en"), &err), 0);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct liquid_language *language =
		    web_language_accepted(texts, str_c(cases[i].accept));
		const char *tag = language == NULL ? "-" : liquid_language_tag(language).p;

		if (strcmp(tag, cases[i].language == NULL ? "-" : cases[i].language) != 0)
			fail_msg("\"%s\": %s", cases[i].accept, tag);
	}
	memset(longer, ' ', 2000);
	memcpy(longer, "de", 3);
	assert_non_null(web_language_accepted(texts, str_c(longer)));
	longer[2] = ' ';
	longer[2000] = '\0';
	assert_null(web_language_accepted(texts, str_c(longer)));
	free(longer);
	liquid_texts_free(&texts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(accepted)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
