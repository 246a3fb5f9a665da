# Files of milter/mime
libmailtailor_a_SOURCES += \
	milter/mime/address.c \
	milter/mime/compose.c \
	milter/mime/data.c \
	milter/mime/encode.c milter/mime/encode.h \
	milter/mime/field.c milter/mime/field.h \
	milter/mime/guard.c milter/mime/guard.h \
	milter/mime/fixed.c \
	milter/mime/flow.c \
	milter/mime/fold.c \
	milter/mime/header.c \
	milter/mime/image.c \
	milter/mime/layout.h \
	milter/mime/message.h \
	milter/mime/mime.h \
	milter/mime/parse.c \
	milter/mime/part.c \
	milter/mime/seal.c \
	milter/mime/start.c milter/mime/start.h \
	milter/mime/text.c milter/mime/text.h \
	milter/mime/words.c milter/mime/words.h

EXTRA_DIST += tests/corpus/mime_corpus.py tests/corpus/mime_corpus.known tests/corpus/mime_trees.py

if TESTS_ON
check_PROGRAMS += tests/unit/mime_test tests/unit/mime_header_test tests/unit/mime_layout_test \
	tests/corpus/mime_corpus
TESTS += tests/unit/mime_test tests/unit/mime_header_test tests/unit/mime_layout_test \
	tests/corpus/mime_corpus.py
tests_unit_mime_test_SOURCES = tests/unit/mime_test.c
tests_unit_mime_test_LDADD = $(unit_libs)
tests_unit_mime_header_test_SOURCES = tests/unit/mime_header_test.c
tests_unit_mime_header_test_LDADD = $(unit_libs)
tests_unit_mime_layout_test_SOURCES = tests/unit/mime_layout_test.c
tests_unit_mime_layout_test_LDADD = $(unit_libs)
tests_corpus_mime_corpus_SOURCES = tests/corpus/mime_corpus.c
tests_corpus_mime_corpus_LDADD = $(unit_libs)
endif

if FUZZ_ON
noinst_PROGRAMS += tests/fuzz/mime_fuzz
tests_fuzz_mime_fuzz_SOURCES = tests/fuzz/mime_fuzz.c
tests_fuzz_mime_fuzz_LDADD = $(mailtailor_libs)
tests_fuzz_mime_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif
