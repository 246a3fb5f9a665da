# Files of milter/maillog
libmailtailor_a_SOURCES += \
	milter/maillog/candidates.c milter/maillog/candidates.h \
	milter/maillog/entry.c milter/maillog/entry.h \
	milter/maillog/feed.c milter/maillog/feed.h \
	milter/maillog/file.c milter/maillog/file.h \
	milter/maillog/line.c milter/maillog/line.h \
	milter/maillog/stamp.c milter/maillog/stamp.h \
	milter/maillog/tail.c milter/maillog/tail.h \
	milter/maillog/tail_copies.c milter/maillog/tail_impl.h \
	milter/maillog/tail_members.c milter/maillog/tail_resume.c

if TESTS_ON
maillog_tests = tests/unit/maillog_rotate_test tests/unit/maillog_tail_test tests/unit/maillog_test
check_PROGRAMS += $(maillog_tests)
TESTS += $(maillog_tests)
tests_unit_maillog_rotate_test_SOURCES = tests/unit/maillog_rotate_test.c
tests_unit_maillog_rotate_test_LDADD = $(unit_libs)
tests_unit_maillog_tail_test_SOURCES = tests/unit/maillog_tail_test.c
tests_unit_maillog_tail_test_LDADD = $(unit_libs)
tests_unit_maillog_test_SOURCES = tests/unit/maillog_test.c
tests_unit_maillog_test_LDADD = $(unit_libs)
endif

EXTRA_DIST += tests/fuzz/maillog.dict
if FUZZ_ON
noinst_PROGRAMS += tests/fuzz/maillog_fuzz
tests_fuzz_maillog_fuzz_SOURCES = tests/fuzz/maillog_fuzz.c
tests_fuzz_maillog_fuzz_LDADD = $(mailtailor_libs)
tests_fuzz_maillog_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif
