# Files of milter/master
libmailtailor_a_SOURCES += \
	milter/master/check.c milter/master/check.h \
	milter/master/child.c milter/master/child.h \
	milter/master/ehlo.c milter/master/ehlo.h \
	milter/master/fence.c milter/master/fence.h \
	milter/master/identity.c milter/master/identity.h \
	milter/master/master.c milter/master/master.h \
	milter/master/pidfile.c milter/master/pidfile.h \
	milter/master/reload.c \
	milter/master/state.h \
	milter/master/watch.c \
	milter/master/worker.c milter/master/worker.h

sbin_PROGRAMS += mailtailord
mailtailord_SOURCES = milter/mailtailord.c
mailtailord_LDADD = $(mailtailor_libs) $(MILTER_LIBS)
dist_man_MANS += milter/master/mailtailord.8

if TESTS_ON
check_PROGRAMS += tests/unit/master_test
TESTS += tests/unit/master_test
tests_unit_master_test_SOURCES = tests/unit/master_test.c
tests_unit_master_test_LDADD = $(unit_libs)
endif
