# Files of milter/conf
libmailtailor_a_SOURCES += \
	milter/conf/check.c milter/conf/check.h \
	milter/conf/conf.c milter/conf/conf.h \
	milter/conf/document.c milter/conf/document.h \
	milter/conf/form.c milter/conf/form.h \
	milter/conf/law.c \
	milter/conf/load.c \
	milter/conf/machine.c milter/conf/machine.h \
	milter/conf/net.c milter/conf/net.h \
	milter/conf/options.c milter/conf/options.h \
	milter/conf/parse.c milter/conf/parse.h \
	milter/conf/row.c milter/conf/row.h \
	milter/conf/snapshot.h \
	milter/conf/source.c milter/conf/source.h \
	milter/conf/table.h \
	milter/conf/value.c milter/conf/value.h

dist_man_MANS += milter/conf/mailtailor.conf.5
dist_doc_DATA = conf/mailtailor.conf conf/nginx.conf conf/postfix-bounces conf/postfix-main.cf \
	conf/sendmail.mc
splitdir = $(docdir)/postfix-split
dist_split_DATA = conf/postfix-split/main.cf conf/postfix-split/master.cf \
	conf/postfix-split/mailtailor-clients.cidr
EXTRA_DIST += contrib/systemd/mailtailord.service

if TESTS_ON
check_PROGRAMS += tests/unit/conf_load_test tests/unit/conf_document_test tests/unit/conf_machine_test
TESTS += tests/unit/conf_load_test tests/unit/conf_document_test tests/unit/conf_machine_test
tests_unit_conf_load_test_SOURCES = tests/unit/conf_load_test.c
tests_unit_conf_load_test_LDADD = $(unit_libs)
tests_unit_conf_machine_test_SOURCES = tests/unit/conf_machine_test.c
tests_unit_conf_machine_test_LDADD = $(unit_libs)
tests_unit_conf_document_test_SOURCES = tests/unit/conf_document_test.c
tests_unit_conf_document_test_CPPFLAGS = $(AM_CPPFLAGS) -DSOURCE_FOLDER='"$(abs_top_srcdir)"'
tests_unit_conf_document_test_LDADD = $(unit_libs)

# For who changes table.h, or a plugin's table: the sample file and the manual pages follow it.
documents: tests/unit/conf_document_test plugin-documents
	tests/unit/conf_document_test --write
endif
.PHONY: documents
