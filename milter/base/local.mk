# Files of milter/base
libmailtailor_a_SOURCES += \
	milter/base/arena.c milter/base/arena.h \
	milter/base/buf.c milter/base/buf.h \
	milter/base/clock.c milter/base/clock.h \
	milter/base/descriptor.c milter/base/descriptor.h \
	milter/base/embed.h \
	milter/base/err.c milter/base/err.h \
	milter/base/id.c milter/base/id.h \
	milter/base/language.c milter/base/language.h \
	milter/base/log.c milter/base/log.h \
	milter/base/origin.c milter/base/origin.h \
	milter/base/resident.c milter/base/resident.h \
	milter/base/secret.c milter/base/secret.h \
	milter/base/str.c milter/base/str.h \
	milter/base/tally.c milter/base/tally.h

# Makes files part of the program.
embed = milter/base/embed.awk
EXTRA_DIST += $(embed)

if TESTS_ON
check_PROGRAMS += tests/unit/base_test
TESTS += tests/unit/base_test
tests_unit_base_test_SOURCES = tests/unit/base_test.c
tests_unit_base_test_LDADD = $(unit_libs)
endif
