# cap: limits and quiet hours for marketing mail
plugin_PROGRAMS += plugins/cap.so
dist_man_MANS += plugins/cap/mailtailor-cap.7
plugins_cap_so_SOURCES = plugins/cap/cap.c plugins/cap/cap.h plugins/cap/ledger.c \
	plugins/cap/quiet.c plugins/cap/rules.c
plugins_cap_so_CPPFLAGS = $(plugin_cppflags)
plugins_cap_so_CFLAGS = $(plugin_cflags)
plugins_cap_so_LDFLAGS = $(plugin_ldflags)

if TESTS_ON
cap_test_flags = $(AM_CPPFLAGS) -DGATE_NAME='"cap"' \
	-DGATE_FILE='"$(abs_top_builddir)/plugins/cap.so"'
check_PROGRAMS += tests/unit/cap_test tests/unit/cap_crowd_test tests/corpus/cap_quiet
TESTS += tests/unit/cap_test tests/unit/cap_crowd_test tests/corpus/cap_quiet.py
tests_unit_cap_test_SOURCES = tests/unit/cap_test.c tests/unit/gate_fixture.h
tests_unit_cap_test_CPPFLAGS = $(cap_test_flags)
tests_unit_cap_test_LDADD = $(unit_libs)
tests_unit_cap_test_DEPENDENCIES = libmailtailor.a plugins/cap.so
tests_unit_cap_crowd_test_SOURCES = tests/unit/cap_crowd_test.c
tests_unit_cap_crowd_test_CPPFLAGS = $(cap_test_flags)
tests_unit_cap_crowd_test_LDADD = $(unit_libs)
tests_unit_cap_crowd_test_DEPENDENCIES = libmailtailor.a plugins/cap.so
tests_corpus_cap_quiet_SOURCES = tests/corpus/cap_quiet.c
tests_corpus_cap_quiet_CPPFLAGS = $(cap_test_flags) -Itests/unit -I$(srcdir)/tests/unit
tests_corpus_cap_quiet_LDADD = $(unit_libs)
tests_corpus_cap_quiet_DEPENDENCIES = libmailtailor.a plugins/cap.so
endif
EXTRA_DIST += tests/corpus/cap_quiet.py
