# Files of milter/plugin
libmailtailor_a_SOURCES += \
	milter/plugin/background.c \
	milter/plugin/board.c milter/plugin/board.h \
	milter/plugin/call.c \
	milter/plugin/describe.c milter/plugin/describe.h \
	milter/plugin/guard.c milter/plugin/guard.h \
	milter/plugin/hooks.c \
	milter/plugin/host.c milter/plugin/host.h \
	milter/plugin/host_clock.c \
	milter/plugin/host_copy.c \
	milter/plugin/host_data.c \
	milter/plugin/host_fetch.c \
	milter/plugin/host_read.c \
	milter/plugin/host_store.c \
	milter/plugin/host_value.c \
	milter/plugin/internal.h \
	milter/plugin/life.c \
	milter/plugin/listen.c milter/plugin/listen.h \
	milter/plugin/module.c milter/plugin/module.h \
	milter/plugin/param.c milter/plugin/param.h \
	milter/plugin/path.c \
	milter/plugin/plugin.h \
	milter/plugin/process.c milter/plugin/process.h \
	milter/plugin/refresh.c milter/plugin/refresh.h \
	milter/plugin/room.c \
	milter/plugin/set.c \
	milter/plugin/strict.c milter/plugin/strict.h \
	milter/plugin/strict_fault.c milter/plugin/strict_fault.h \
	milter/plugin/strict_memory.c milter/plugin/strict_memory.h \
	milter/plugin/use.c \
	milter/plugin/wants.c milter/plugin/wants.h \
	milter/plugin/window.c milter/plugin/window.h \
	milter/plugin/words.c

if TESTS_ON
check_PROGRAMS += tests/unit/plugin_window_test
TESTS += tests/unit/plugin_window_test
tests_unit_plugin_window_test_SOURCES = tests/unit/plugin_window_test.c tests/unit/store_fixture.h
tests_unit_plugin_window_test_LDADD = $(unit_libs)
endif
