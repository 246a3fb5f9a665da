# Files of milter/delivery
libmailtailor_a_SOURCES += \
	milter/delivery/act.c milter/delivery/act.h \
	milter/delivery/address.c milter/delivery/address.h \
	milter/delivery/autoreply.c milter/delivery/autoreply.h \
	milter/delivery/content.c milter/delivery/content.h \
	milter/delivery/feedback.c milter/delivery/feedback.h \
	milter/delivery/form.c milter/delivery/form.h \
	milter/delivery/form_words.c \
	milter/delivery/found.c milter/delivery/found.h \
	milter/delivery/notification.c milter/delivery/notification.h \
	milter/delivery/dmarc.c milter/delivery/dmarc.h \
	milter/delivery/dmarc_mail.c \
	milter/delivery/proof.c milter/delivery/proof.h \
	milter/delivery/trust.c milter/delivery/trust.h \
	milter/delivery/place.c milter/delivery/place.h \
	milter/delivery/reason.c milter/delivery/reason.h \
	milter/delivery/reason_words.c \
	milter/delivery/report.c milter/delivery/report.h \
	milter/delivery/said.c \
	milter/delivery/status.c milter/delivery/status.h \
	milter/delivery/token.c milter/delivery/token.h \
	milter/delivery/words.c milter/delivery/words.h

dist_man_MANS += milter/delivery/mailtailor-bounces.7

EXTRA_DIST += tests/corpus/bounce_corpus.py tests/corpus/bounce_corpus.recipients \
	tests/corpus/bounce_corpus.reports tests/corpus/bounce_act_corpus.py \
	tests/fuzz/delivery.dict tests/fuzz/dmarc.dict tests/unit/bounce_test.py \
	tests/unit/bounce_act_test.py

if TESTS_ON
check_PROGRAMS += tests/unit/delivery_test tests/unit/delivery_reason_test \
	tests/unit/delivery_hostile_test tests/unit/delivery_act_test
TESTS += tests/unit/delivery_test tests/unit/delivery_reason_test \
	tests/unit/delivery_hostile_test tests/unit/delivery_act_test tests/unit/bounce_test.py \
	tests/unit/bounce_act_test.py tests/corpus/bounce_corpus.py \
	tests/corpus/bounce_act_corpus.py
tests_unit_delivery_test_SOURCES = tests/unit/delivery_test.c tests/unit/delivery_fixture.h
tests_unit_delivery_test_LDADD = $(unit_libs)
tests_unit_delivery_act_test_SOURCES = tests/unit/delivery_act_test.c tests/unit/store_fixture.h
tests_unit_delivery_act_test_LDADD = $(unit_libs)
tests_unit_delivery_reason_test_SOURCES = tests/unit/delivery_reason_test.c
tests_unit_delivery_reason_test_LDADD = $(unit_libs)
tests_unit_delivery_hostile_test_SOURCES = tests/unit/delivery_hostile_test.c \
	tests/unit/delivery_fixture.h
tests_unit_delivery_hostile_test_LDADD = $(unit_libs)
endif

if FUZZ_ON
noinst_PROGRAMS += tests/fuzz/delivery_fuzz tests/fuzz/dmarc_fuzz
tests_fuzz_delivery_fuzz_SOURCES = tests/fuzz/delivery_fuzz.c
tests_fuzz_delivery_fuzz_LDADD = $(mailtailor_libs)
tests_fuzz_delivery_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_dmarc_fuzz_SOURCES = tests/fuzz/dmarc_fuzz.c
tests_fuzz_dmarc_fuzz_LDADD = $(mailtailor_libs)
tests_fuzz_dmarc_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif
