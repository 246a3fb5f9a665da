# Files of milter/fetch
libmailtailor_a_SOURCES += milter/fetch/fetch.c milter/fetch/fetch.h

if TESTS_ON
check_PROGRAMS += tests/unit/fetch_test
TESTS += tests/unit/fetch_test
tests_unit_fetch_test_SOURCES = tests/unit/fetch_test.c tests/unit/store_fixture.h
tests_unit_fetch_test_LDADD = $(unit_libs)
endif
