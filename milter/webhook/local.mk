# Files of milter/webhook
libmailtailor_a_SOURCES += \
	milter/webhook/webhook.c milter/webhook/webhook.h \
	milter/webhook/payload.c milter/webhook/payload.h \
	milter/webhook/run.c milter/webhook/run.h \
	milter/webhook/secret.c milter/webhook/secret.h \
	milter/webhook/send.c milter/webhook/send.h

dist_man_MANS += milter/webhook/mailtailor-webhooks.7

if TESTS_ON
check_PROGRAMS += tests/unit/webhook_test
TESTS += tests/unit/webhook_test
tests_unit_webhook_test_SOURCES = tests/unit/webhook_test.c tests/unit/store_fixture.h
tests_unit_webhook_test_LDADD = $(unit_libs)
endif
