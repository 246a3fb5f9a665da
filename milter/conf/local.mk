# Files of milter/conf
libmailtailor_a_SOURCES += \
	milter/conf/check.c milter/conf/check.h \
	milter/conf/conf.c milter/conf/conf.h \
	milter/conf/load.c \
	milter/conf/net.c milter/conf/net.h \
	milter/conf/parse.c milter/conf/parse.h \
	milter/conf/row.c milter/conf/row.h \
	milter/conf/snapshot.h \
	milter/conf/source.c milter/conf/source.h \
	milter/conf/table.h \
	milter/conf/value.c milter/conf/value.h

if TESTS_ON
check_PROGRAMS += tests/unit/conf_load_test
TESTS += tests/unit/conf_load_test
tests_unit_conf_load_test_SOURCES = tests/unit/conf_load_test.c
tests_unit_conf_load_test_LDADD = $(unit_libs)
endif
