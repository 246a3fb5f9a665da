# What plugins are built with
pkginclude_HEADERS = plugins/plugin.h
pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = plugins/mailtailor.pc

EXTRA_DIST += plugins/README

if TESTS_ON
TESTS += tests/plugins/header_test
endif
EXTRA_DIST += tests/plugins/header_test
