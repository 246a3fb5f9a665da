# What plugins are built with
pkginclude_HEADERS = plugins/plugin.h
pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = plugins/mailtailor.pc

EXTRA_DIST += plugins/README

# What plugins include, as it will be installed.
plugin_include = plugins/include/mailtailor/plugin.h
$(plugin_include): plugins/plugin.h
	$(AM_V_GEN)$(MKDIR_P) plugins/include/mailtailor && \
	cp $(srcdir)/plugins/plugin.h $@.new && mv $@.new $@
BUILT_SOURCES += $(plugin_include)
CLEANFILES += $(plugin_include)

# The plugins that come with mailtailor: plugins/NAME.so of plugins/NAME/, which are built as
# anybody's are. Each says in plugins/NAME/local.mk:
#	plugin_PROGRAMS += plugins/NAME.so
#	plugins_NAME_so_SOURCES = plugins/NAME/NAME.c
#	plugins_NAME_so_CPPFLAGS = $(plugin_cppflags)
#	plugins_NAME_so_CFLAGS = $(plugin_cflags)
#	plugins_NAME_so_LDFLAGS = $(plugin_ldflags)
plugin_PROGRAMS =
plugin_cppflags = -Iplugins/include
plugin_cflags = -std=gnu11 $(WARNINGS) $(HARDEN) -fPIC -fvisibility=hidden
plugin_ldflags = $(HARDEN) -shared
include plugins/cap/local.mk
include plugins/exec/local.mk
include plugins/countdown/local.mk
# What lines of carts and orders are read with.
plugin_lines = plugins/common/line.c plugins/common/line.h plugins/common/show.c \
	plugins/common/show.h
include plugins/cart/local.mk
include plugins/nearest/local.mk
include plugins/offer/local.mk
include plugins/order/local.mk
include plugins/lua/local.mk

include plugins/recommend/local.mk

if TESTS_ON
# Plugins for tests.
test_bad = nothing major minor small magic hook name
test_plugins = tests/plugins/sample.so tests/plugins/hear.so tests/plugins/careless.so \
	tests/plugins/fetcher.so \
	tests/plugins/old.so tests/plugins/rogue.so \
	$(foreach bad,$(test_bad),tests/plugins/bad_$(bad).so)
plugin_cc = $(AM_V_CC)$(MKDIR_P) tests/plugins && $(CC) -c -fPIC -fvisibility=hidden -std=c99 \
	-pedantic -Wall -Wextra -O1 -g -Iplugins/include -I$(srcdir) -o $@.o
plugin_ld = $(CC) -shared -o $@ $@.o

tests/plugins/sample.so tests/plugins/hear.so tests/plugins/careless.so tests/plugins/fetcher.so: \
tests/plugins/%.so: tests/plugins/%.c $(plugin_include)
	$(plugin_cc) $(srcdir)/tests/plugins/$*.c && $(plugin_ld)
tests/plugins/old.so: tests/plugins/abi-1.0/old.c tests/plugins/abi-1.0/plugin.h $(plugin_include)
	$(plugin_cc) $(srcdir)/tests/plugins/abi-1.0/old.c && $(plugin_ld)
tests/plugins/rogue.so: tests/plugins/rogue.c $(plugin_include)
	$(plugin_cc) -pthread $(srcdir)/tests/plugins/rogue.c && $(plugin_ld)
tests/plugins/bad_%.so: tests/plugins/bad.c $(plugin_include)
	$(plugin_cc) -DBAD_`echo $* | tr a-z A-Z` $(srcdir)/tests/plugins/bad.c && $(plugin_ld)

check_PROGRAMS += tests/unit/plugin_test
TESTS += tests/plugins/header_test tests/plugins/manual_test.py \
	tests/plugins/strict_test.py tests/unit/plugin_test \
	tests/unit/plugin_threads_test.py
tests_unit_plugin_test_SOURCES = tests/unit/plugin_test.c tests/unit/tailor_fixture.h
tests_unit_plugin_test_CPPFLAGS = $(AM_CPPFLAGS) -DPLUGINS='"$(abs_top_builddir)/tests/plugins"'
tests_unit_plugin_test_LDADD = $(unit_libs)
tests_unit_plugin_test_DEPENDENCIES = libmailtailor.a $(test_plugins)
# Scenes want them, too.
noinst_DATA = $(test_plugins)
CLEANFILES += $(test_plugins) $(test_plugins:=.o)
endif
# Their manual pages follow their tables.
manual_test = MAILTAILOR_BUILD=$(abs_top_builddir) /usr/bin/python3 -B \
	$(srcdir)/tests/plugins/manual_test.py
plugin-documents: all
	@$(manual_test) --write $(plugin_PROGRAMS)
.PHONY: plugin-documents

EXTRA_DIST += tests/unit/plugin_threads_test.py tests/scene/fence.py tests/plugins/fetcher.c \
	tests/plugins/rogue.c tests/plugins/throw.cc tests/plugins/header_test tests/plugins/manual_test.py tests/plugins/strict_test.py \
	tests/plugins/installed.py \
	tests/plugins/careless.c tests/plugins/sample.c tests/plugins/hear.c tests/plugins/bad.c \
	tests/plugins/abi-1.0/old.c tests/plugins/abi-1.0/plugin.h
