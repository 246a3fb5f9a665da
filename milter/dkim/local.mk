# Files of milter/dkim
libmailtailor_a_SOURCES += \
	milter/dkim/align.c milter/dkim/align.h \
	milter/dkim/check.c \
	milter/dkim/dkim.c milter/dkim/dkim.h \
	milter/dkim/dns.c milter/dkim/dns.h \
	milter/dkim/key.c milter/dkim/key.h \
	milter/dkim/memory.c milter/dkim/memory.h \
	milter/dkim/pem.c milter/dkim/pem.h \
	milter/dkim/record.c milter/dkim/record.h \
	milter/dkim/set.h \
	milter/dkim/sign.c milter/dkim/sign.h \
	milter/dkim/state.c milter/dkim/state.h \
	milter/dkim/verify.c milter/dkim/verify.h
# dns.c reads DNS answers.
mailtailor_libs += -lresolv

EXTRA_DIST += tests/unit/dkim_foreign.py

if TESTS_ON
check_PROGRAMS += tests/unit/dkim_test tests/unit/dkim_align_test tests/unit/dkim_select_test \
	tests/unit/dkim_signer
TESTS += tests/unit/dkim_test tests/unit/dkim_align_test tests/unit/dkim_select_test tests/unit/dkim_foreign.py
tests_unit_dkim_align_test_SOURCES = tests/unit/dkim_align_test.c
tests_unit_dkim_align_test_LDADD = $(unit_libs)
tests_unit_dkim_select_test_SOURCES = tests/unit/dkim_select_test.c
tests_unit_dkim_select_test_LDADD = $(unit_libs)
tests_unit_dkim_test_SOURCES = tests/unit/dkim_test.c
tests_unit_dkim_test_LDADD = $(unit_libs)
tests_unit_dkim_signer_SOURCES = tests/unit/dkim_signer.c
tests_unit_dkim_signer_LDADD = $(unit_libs)
endif

EXTRA_DIST += tests/corpus/dkim_corpus.py tests/corpus/dkim_corpus.known
if TESTS_ON
TESTS += tests/corpus/dkim_corpus.py
endif
