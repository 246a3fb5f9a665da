# Files of milter/store
libmailtailor_a_SOURCES += \
	milter/store/address.c \
	milter/store/apikey.c milter/store/apikey.h \
	milter/store/consent.c milter/store/consent.h \
	milter/store/contact.c milter/store/contact.h \
	milter/store/copy.c milter/store/copy.h \
	milter/store/db.c milter/store/db.h \
	milter/store/delivery.c milter/store/delivery.h milter/store/delivery_log.c \
	milter/store/outcome.h \
	milter/store/dmarc.c milter/store/dmarc.h \
	milter/store/event.c milter/store/event.h milter/store/event_row.h \
	milter/store/event_list.c \
	milter/store/event_query.c \
	milter/store/fate.c milter/store/fate.h \
	milter/store/frequency.c milter/store/frequency.h \
	milter/store/identity.c milter/store/identity.h \
	milter/store/journal.c milter/store/journal.h \
	milter/store/link.c milter/store/link.h \
	milter/store/migrate.c \
	milter/store/outbox.h \
	milter/store/outbox_claim.c \
	milter/store/outbox_control.c \
	milter/store/outbox_finish.c \
	milter/store/outbox_list.c \
	milter/store/outbox_put.c \
	milter/store/product.c milter/store/product.h \
	milter/store/product_query.c milter/store/product_row.h \
	milter/store/plugin.c milter/store/plugin.h milter/store/plugin_entry.c \
	milter/store/plugin_answer.c milter/store/plugin_answer.h \
	milter/store/signup.c milter/store/signup.h milter/store/signup_list.c milter/store/signup_row.h \
	milter/store/report.c milter/store/report.h \
	milter/store/store.c milter/store/store.h \
	milter/store/suppression.c milter/store/suppression.h \
	milter/store/view.c milter/store/view.h \
	milter/store/watch.c milter/store/watch.h \
	milter/store/webhook.c milter/store/webhook.h

# The schema goes into the program; schema.sql is what one reads and edits.
nodist_libmailtailor_a_SOURCES = milter/store/schema.h
BUILT_SOURCES += milter/store/schema.h
CLEANFILES += milter/store/schema.h
EXTRA_DIST += milter/store/schema.sql milter/store/schema.awk

milter/store/schema.h: milter/store/schema.sql milter/store/schema.awk
	$(AM_V_GEN)$(MKDIR_P) milter/store && \
	awk -f $(srcdir)/milter/store/schema.awk $(srcdir)/milter/store/schema.sql > $@.new && \
	mv $@.new $@

if TESTS_ON
store_tests = tests/unit/store_contact_test tests/unit/store_crowd_test \
	tests/unit/store_event_test tests/unit/store_frequency_test tests/unit/store_link_test tests/unit/store_outbox_test \
	tests/unit/store_product_test tests/unit/store_view_test
check_PROGRAMS += $(store_tests)
TESTS += $(store_tests)
tests_unit_store_contact_test_SOURCES = tests/unit/store_contact_test.c tests/unit/store_fixture.h
tests_unit_store_contact_test_LDADD = $(unit_libs)
tests_unit_store_crowd_test_SOURCES = tests/unit/store_crowd_test.c tests/unit/store_fixture.h
tests_unit_store_crowd_test_LDADD = $(unit_libs)
tests_unit_store_frequency_test_SOURCES = tests/unit/store_frequency_test.c \
	tests/unit/store_fixture.h
tests_unit_store_frequency_test_LDADD = $(unit_libs)
tests_unit_store_event_test_SOURCES = tests/unit/store_event_test.c tests/unit/store_fixture.h
tests_unit_store_event_test_LDADD = $(unit_libs)
tests_unit_store_link_test_SOURCES = tests/unit/store_link_test.c tests/unit/store_fixture.h
tests_unit_store_link_test_LDADD = $(unit_libs)
tests_unit_store_outbox_test_SOURCES = tests/unit/store_outbox_test.c tests/unit/store_fixture.h
tests_unit_store_outbox_test_LDADD = $(unit_libs)
tests_unit_store_product_test_SOURCES = tests/unit/store_product_test.c tests/unit/store_fixture.h
tests_unit_store_product_test_LDADD = $(unit_libs)
tests_unit_store_view_test_SOURCES = tests/unit/store_view_test.c tests/unit/store_fixture.h
tests_unit_store_view_test_LDADD = $(unit_libs)
endif

# BUILT_SOURCES count for `make all` only; `make mailtailord` needs the header, too.
milter/store/migrate.$(OBJEXT): milter/store/schema.h
