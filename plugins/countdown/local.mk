# The plugin countdown: the time that is left
dist_man_MANS += plugins/countdown/mailtailor-countdown.7
plugin_PROGRAMS += plugins/countdown.so
countdown_sources = \
	plugins/countdown/moment.c plugins/countdown/moment.h \
	plugins/countdown/text.c plugins/countdown/text.h
plugins_countdown_so_SOURCES = plugins/countdown/countdown.c $(countdown_sources)
plugins_countdown_so_CPPFLAGS = $(plugin_cppflags)
plugins_countdown_so_CFLAGS = $(plugin_cflags)
plugins_countdown_so_LDFLAGS = $(plugin_ldflags)

if TESTS_ON
check_PROGRAMS += tests/unit/countdown_test
TESTS += tests/unit/countdown_test
tests_unit_countdown_test_SOURCES = tests/unit/countdown_test.c $(countdown_sources)
tests_unit_countdown_test_LDADD = $(unit_libs)
endif
