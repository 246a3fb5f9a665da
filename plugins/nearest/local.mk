# The plugin nearest: which outlet is nearest to a contact
plugin_PROGRAMS += plugins/nearest.so
dist_man_MANS += plugins/nearest/mailtailor-nearest.7
nearest_sources = \
	plugins/nearest/geo.c plugins/nearest/geo.h \
	plugins/nearest/hours.c plugins/nearest/hours.h \
	plugins/nearest/hours_read.c \
	plugins/nearest/outlets.c plugins/nearest/outlets.h \
	plugins/nearest/outlets_impl.h \
	plugins/nearest/outlets_load.c \
	plugins/nearest/places.c plugins/nearest/places.h \
	plugins/nearest/places_load.c \
	plugins/nearest/table.c plugins/nearest/table.h plugins/nearest/fault.h \
	plugins/nearest/tree.c plugins/nearest/tree.h
plugins_nearest_so_SOURCES = $(nearest_sources) \
	plugins/nearest/data.c \
	plugins/nearest/nearest.c plugins/nearest/nearest.h \
	plugins/nearest/show.c \
	plugins/nearest/where.c
plugins_nearest_so_CPPFLAGS = $(plugin_cppflags) $(NEAREST_CFLAGS)
plugins_nearest_so_CFLAGS = $(plugin_cflags)
plugins_nearest_so_LDFLAGS = $(plugin_ldflags)
plugins_nearest_so_LDADD = $(NEAREST_LIBS) $(CSV_LIBS) -lm

if TESTS_ON
check_PROGRAMS += tests/unit/nearest_test tests/unit/nearest_engine_test
TESTS += tests/unit/nearest_test tests/unit/nearest_engine_test
tests_unit_nearest_test_SOURCES = tests/unit/nearest_test.c $(nearest_sources)
tests_unit_nearest_test_CPPFLAGS = $(AM_CPPFLAGS) $(NEAREST_CFLAGS)
tests_unit_nearest_test_LDADD = $(NEAREST_LIBS) $(CSV_LIBS) $(unit_libs)

tests_unit_nearest_engine_test_SOURCES = tests/unit/nearest_engine_test.c \
	tests/unit/tailor_fixture.h plugins/nearest/geo.c
tests_unit_nearest_engine_test_CPPFLAGS = $(AM_CPPFLAGS) -DPLUGINS='"$(abs_top_builddir)/plugins"'
tests_unit_nearest_engine_test_LDADD = $(unit_libs)
tests_unit_nearest_engine_test_DEPENDENCIES = libmailtailor.a plugins/nearest.so
endif
