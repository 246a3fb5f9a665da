# Files of milter/outbox
libmailtailor_a_SOURCES += \
	milter/outbox/envelope.c milter/outbox/envelope.h \
	milter/outbox/hands.c milter/outbox/hands.h \
	milter/outbox/inherit.c \
	milter/outbox/watch.c milter/outbox/watch.h \
	milter/outbox/letters.c milter/outbox/letters.h \
	milter/outbox/loop.c \
	milter/outbox/maillog.c milter/outbox/maillog.h \
	milter/outbox/mailqueue.c milter/outbox/mailqueue.h \
	milter/outbox/outcome.c milter/outbox/outcome.h \
	milter/outbox/pace.c milter/outbox/pace.h \
	milter/outbox/process.h \
	milter/outbox/queue.c milter/outbox/queue.h \
	milter/outbox/reply.c milter/outbox/reply.h \
	milter/outbox/sender.c milter/outbox/sender.h \
	milter/outbox/settle.c milter/outbox/settle.h \
	milter/outbox/slot.c milter/outbox/slot.h \
	milter/outbox/smtp.c milter/outbox/smtp.h \
	milter/outbox/stuff.c milter/outbox/stuff.h \
	milter/outbox/wire.c milter/outbox/wire.h \
	milter/outbox/worker.c

if TESTS_ON
check_PROGRAMS += tests/unit/outbox_watch_test
TESTS += tests/unit/outbox_watch_test
tests_unit_outbox_watch_test_SOURCES = tests/unit/outbox_watch_test.c tests/unit/store_fixture.h
tests_unit_outbox_watch_test_LDADD = $(unit_libs)
outbox_tests = tests/unit/outbox_hands_test tests/unit/outbox_maillog_test tests/unit/outbox_pace_test \
	tests/unit/outbox_run_test tests/unit/outbox_smtp_test
check_PROGRAMS += $(outbox_tests)
TESTS += $(outbox_tests)
tests_unit_outbox_hands_test_SOURCES = tests/unit/outbox_hands_test.c
tests_unit_outbox_hands_test_LDADD = $(unit_libs)
tests_unit_outbox_maillog_test_SOURCES = tests/unit/outbox_maillog_test.c
tests_unit_outbox_maillog_test_LDADD = $(unit_libs)
tests_unit_outbox_pace_test_SOURCES = tests/unit/outbox_pace_test.c
tests_unit_outbox_pace_test_LDADD = $(unit_libs)
tests_unit_outbox_run_test_SOURCES = tests/unit/outbox_run_test.c
tests_unit_outbox_run_test_LDADD = $(unit_libs)
tests_unit_outbox_smtp_test_SOURCES = tests/unit/outbox_smtp_test.c tests/unit/outbox_peer.c \
	tests/unit/outbox_peer.h
tests_unit_outbox_smtp_test_LDADD = $(unit_libs)
endif
