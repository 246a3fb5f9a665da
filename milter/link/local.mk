# Files of milter/link
libmailtailor_a_SOURCES += \
	milter/link/code.c milter/link/code.h \
	milter/link/header.c milter/link/header.h \
	milter/link/internal.h \
	milter/link/keydisk.c \
	milter/link/keyfile.c milter/link/keyfile.h \
	milter/link/keys.c milter/link/keys.h \
	milter/link/link.h \
	milter/link/mail.c \
	milter/link/siv.c milter/link/siv.h \
	milter/link/text.c milter/link/text.h \
	milter/link/token.c \
	milter/link/url.c \
	milter/link/utm.c milter/link/utm.h

if TESTS_ON
link_tests = tests/unit/link_test tests/unit/link_key_test tests/unit/link_text_test
check_PROGRAMS += $(link_tests)
TESTS += $(link_tests)
tests_unit_link_test_SOURCES = tests/unit/link_test.c tests/unit/link_fixture.h
tests_unit_link_test_CPPFLAGS = $(AM_CPPFLAGS) -DSOURCE_ROOT='"$(abs_top_srcdir)"'
tests_unit_link_test_LDADD = $(unit_libs)
tests_unit_link_key_test_SOURCES = tests/unit/link_key_test.c tests/unit/link_fixture.h
tests_unit_link_key_test_LDADD = $(unit_libs)
tests_unit_link_text_test_SOURCES = tests/unit/link_text_test.c
tests_unit_link_text_test_LDADD = $(unit_libs)
endif

if FUZZ_ON
noinst_PROGRAMS += tests/fuzz/link_fuzz
tests_fuzz_link_fuzz_SOURCES = tests/fuzz/link_fuzz.c
tests_fuzz_link_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_link_fuzz_LDADD = $(mailtailor_libs)
endif
EXTRA_DIST += tests/fuzz/link.dict
