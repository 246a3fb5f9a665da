# Files of milter/outbox
libmailtailor_a_SOURCES += \
	milter/outbox/envelope.c milter/outbox/envelope.h \
	milter/outbox/reply.c milter/outbox/reply.h \
	milter/outbox/smtp.c milter/outbox/smtp.h \
	milter/outbox/wire.c milter/outbox/wire.h

if TESTS_ON
check_PROGRAMS += tests/unit/outbox_smtp_test
TESTS += tests/unit/outbox_smtp_test
tests_unit_outbox_smtp_test_SOURCES = tests/unit/outbox_smtp_test.c tests/unit/outbox_peer.c \
	tests/unit/outbox_peer.h
tests_unit_outbox_smtp_test_LDADD = $(unit_libs)
endif
