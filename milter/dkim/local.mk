# Files of milter/dkim
libmailtailor_a_SOURCES += \
	milter/dkim/dkim.c milter/dkim/dkim.h \
	milter/dkim/key.c milter/dkim/key.h \
	milter/dkim/pem.c milter/dkim/pem.h \
	milter/dkim/sign.c milter/dkim/sign.h

EXTRA_DIST += tests/unit/dkim_foreign.py

if TESTS_ON
check_PROGRAMS += tests/unit/dkim_test tests/unit/dkim_signer
TESTS += tests/unit/dkim_test tests/unit/dkim_foreign.py
tests_unit_dkim_test_SOURCES = tests/unit/dkim_test.c
tests_unit_dkim_test_LDADD = $(unit_libs)
tests_unit_dkim_signer_SOURCES = tests/unit/dkim_signer.c
tests_unit_dkim_signer_LDADD = $(unit_libs)
endif
