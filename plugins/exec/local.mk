# exec: hooks that a helper program answers
plugin_PROGRAMS += plugins/exec.so
dist_man_MANS += plugins/exec/mailtailor-exec.7
execexampledir = $(docdir)/exec
dist_execexample_SCRIPTS = plugins/exec/slow-service.py plugins/exec/words.pl
plugins_exec_so_SOURCES = plugins/exec/ask.c plugins/exec/exec.c plugins/exec/exec.h \
	plugins/exec/helper.c plugins/exec/notes.c plugins/exec/settings.c plugins/exec/spawn.c
plugins_exec_so_CPPFLAGS = $(plugin_cppflags) -D_GNU_SOURCE
plugins_exec_so_CFLAGS = $(plugin_cflags) $(JANSSON_CFLAGS)
plugins_exec_so_LDFLAGS = $(plugin_ldflags)
plugins_exec_so_LDADD = -ljansson -lpthread

if TESTS_ON
check_PROGRAMS += tests/unit/exec_test
TESTS += tests/unit/exec_test tests/unit/exec_example_test.py
tests_unit_exec_test_SOURCES = tests/unit/exec_test.c
tests_unit_exec_test_CPPFLAGS = $(AM_CPPFLAGS) -DGATE_NAME='"exec"' \
	-DGATE_FILE='"$(abs_top_builddir)/plugins/exec.so"'
tests_unit_exec_test_LDADD = $(unit_libs)
tests_unit_exec_test_DEPENDENCIES = libmailtailor.a plugins/exec.so
endif
EXTRA_DIST += tests/unit/exec_example_test.py
