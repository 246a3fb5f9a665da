# Files of milter/session
libmailtailor_a_SOURCES += \
	milter/session/callbacks.c \
	milter/session/deliver.c \
	milter/session/edit.c \
	milter/session/envelope.c \
	milter/session/header.c \
	milter/session/listen.c milter/session/listen.h \
	milter/session/message.c \
	milter/session/run.c \
	milter/session/session.h \
	milter/session/verdict.c milter/session/verdict.h

# Protocol and supervision, against a daemon of their own. Each says 77 when miltertest or
# the daemon is not there.
milter_tests = tests/milter/run.py tests/milter/service.py
EXTRA_DIST += $(milter_tests) \
	tests/milter/abort_between.lua \
	tests/milter/body_empty.lua \
	tests/milter/body_unchanged.lua \
	tests/milter/body_without_line_end.lua \
	tests/milter/common.lua \
	tests/milter/daemon.py \
	tests/milter/ehlo.lua \
	tests/milter/headers_8bit.lua \
	tests/milter/headers_folded.lua \
	tests/milter/interleaved.lua \
	tests/milter/lost_in_each_state.lua \
	tests/milter/milterclient.py \
	tests/milter/negotiation.lua \
	tests/milter/script.lua \
	tests/milter/several_recipients.lua \
	tests/milter/too_large.lua \
	tests/milter/tsan.supp \
	tests/milter/two_messages.lua \
	tests/milter/untrusted.lua \
	tests/milter/verdicts.lua

if TESTS_ON
check_PROGRAMS += tests/unit/session_test
TESTS += tests/unit/session_test $(milter_tests)
tests_unit_session_test_SOURCES = tests/unit/session_test.c
tests_unit_session_test_LDADD = $(unit_libs)
endif
