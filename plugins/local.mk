# What plugins are built with
pkginclude_HEADERS = plugins/plugin.h
pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = plugins/mailtailor.pc

EXTRA_DIST += plugins/README

if TESTS_ON
# Plugins for tests; they see plugin.h as it will be installed.
test_bad = nothing major minor small magic hook name
test_plugins = tests/plugins/sample.so tests/plugins/old.so \
	$(foreach bad,$(test_bad),tests/plugins/bad_$(bad).so)
plugin_include = tests/plugins/include/mailtailor/plugin.h
plugin_cc = $(AM_V_CC)$(MKDIR_P) tests/plugins && $(CC) -c -fPIC -fvisibility=hidden -std=c99 \
	-pedantic -Wall -Wextra -O1 -g -Itests/plugins/include -I$(srcdir) -o $@.o
plugin_ld = $(CC) -shared -o $@ $@.o

$(plugin_include): plugins/plugin.h
	$(AM_V_GEN)$(MKDIR_P) tests/plugins/include/mailtailor && \
	cp $(srcdir)/plugins/plugin.h $@.new && mv $@.new $@
tests/plugins/sample.so: tests/plugins/sample.c $(plugin_include)
	$(plugin_cc) $(srcdir)/tests/plugins/sample.c && $(plugin_ld)
tests/plugins/old.so: tests/plugins/abi-1.0/old.c tests/plugins/abi-1.0/plugin.h $(plugin_include)
	$(plugin_cc) $(srcdir)/tests/plugins/abi-1.0/old.c && $(plugin_ld)
tests/plugins/bad_%.so: tests/plugins/bad.c $(plugin_include)
	$(plugin_cc) -DBAD_`echo $* | tr a-z A-Z` $(srcdir)/tests/plugins/bad.c && $(plugin_ld)

check_PROGRAMS += tests/unit/plugin_test
TESTS += tests/plugins/header_test tests/unit/plugin_test
tests_unit_plugin_test_SOURCES = tests/unit/plugin_test.c tests/unit/tailor_fixture.h
tests_unit_plugin_test_CPPFLAGS = $(AM_CPPFLAGS) -DPLUGINS='"$(abs_top_builddir)/tests/plugins"'
tests_unit_plugin_test_LDADD = $(unit_libs)
tests_unit_plugin_test_DEPENDENCIES = libmailtailor.a $(test_plugins)
# Scenes want them, too.
noinst_DATA = $(test_plugins)
CLEANFILES += $(test_plugins) $(test_plugins:=.o) $(plugin_include)
endif
EXTRA_DIST += tests/plugins/header_test tests/plugins/sample.c tests/plugins/bad.c \
	tests/plugins/abi-1.0/old.c tests/plugins/abi-1.0/plugin.h
