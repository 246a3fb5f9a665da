# Files of milter/html
libmailtailor_a_SOURCES += \
	milter/html/attribute.c \
	milter/html/confirm.c milter/html/confirm.h \
	milter/html/doc.h \
	milter/html/element.c milter/html/element.h \
	milter/html/entity.c milter/html/entity.h \
	milter/html/entity_names.c \
	milter/html/html.h \
	milter/html/link.c \
	milter/html/mark.c \
	milter/html/mask.c milter/html/mask.h \
	milter/html/rawtext.c milter/html/rawtext.h \
	milter/html/scan.c milter/html/scan.h \
	milter/html/slot.c \
	milter/html/splice.c \
	milter/html/text.c \
	milter/html/token.c milter/html/token.h \
	milter/html/use.c \
	milter/html/value.c \
	milter/html/visible.c milter/html/visible.h \
	milter/html/words.c milter/html/words.h

EXTRA_DIST += tests/corpus/html_corpus.py

if TESTS_ON
check_PROGRAMS += tests/unit/html_test tests/corpus/html_corpus
TESTS += tests/unit/html_test tests/corpus/html_corpus.py
tests_unit_html_test_SOURCES = tests/unit/html_test.c
tests_unit_html_test_LDADD = $(unit_libs)
tests_corpus_html_corpus_SOURCES = tests/corpus/html_corpus.c
tests_corpus_html_corpus_LDADD = $(mailtailor_libs)
endif

if FUZZ_ON
noinst_PROGRAMS += tests/fuzz/html_fuzz
tests_fuzz_html_fuzz_SOURCES = tests/fuzz/html_fuzz.c
tests_fuzz_html_fuzz_LDADD = $(mailtailor_libs)
tests_fuzz_html_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif
EXTRA_DIST += tests/fuzz/html.dict
