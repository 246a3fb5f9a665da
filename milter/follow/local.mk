# Files of milter/follow
libmailtailor_a_SOURCES += \
	milter/follow/apply.c milter/follow/apply.h \
	milter/follow/learn.c milter/follow/learn.h milter/follow/learn_impl.h \
	milter/follow/match.c milter/follow/match.h \
	milter/follow/names.c milter/follow/names.h \
	milter/follow/run.c \
	milter/follow/take.c

dist_man_MANS += milter/follow/mailtailor-report.7

if TESTS_ON
check_PROGRAMS += tests/unit/follow_test
TESTS += tests/unit/follow_test
tests_unit_follow_test_SOURCES = tests/unit/follow_test.c tests/unit/store_fixture.h
tests_unit_follow_test_LDADD = $(unit_libs)
endif
