# Files of milter/intake
libmailtailor_a_SOURCES += \
	milter/intake/apply.c \
	milter/intake/batch.c \
	milter/intake/call.c milter/intake/call.h \
	milter/intake/contact.c milter/intake/contact.h \
	milter/intake/export.c \
	milter/intake/feed.c milter/intake/feed.h \
	milter/intake/money.c \
	milter/intake/product.c milter/intake/product.h \
	milter/intake/profile.c milter/intake/profile.h \
	milter/intake/time.c milter/intake/time.h

dist_man_MANS += milter/intake/mailtailor-events.7 milter/intake/mailtailor-products.7
EXTRA_DIST += tests/unit/intake_tool_test.py tests/shop/shop.py

if TESTS_ON
check_PROGRAMS += tests/unit/intake_test
TESTS += tests/unit/intake_test tests/unit/intake_tool_test.py
tests_unit_intake_test_SOURCES = tests/unit/intake_test.c tests/unit/store_fixture.h
tests_unit_intake_test_LDADD = $(unit_libs)
endif

if FUZZ_ON
noinst_PROGRAMS += tests/fuzz/intake_fuzz
tests_fuzz_intake_fuzz_SOURCES = tests/fuzz/intake_fuzz.c
tests_fuzz_intake_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_intake_fuzz_LDADD = $(mailtailor_libs)
endif
EXTRA_DIST += tests/fuzz/intake.dict
