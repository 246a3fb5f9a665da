# Files of milter/merge
libmailtailor_a_SOURCES += \
	milter/merge/condition.c \
	milter/merge/date.c \
	milter/merge/internal.h \
	milter/merge/merge.h \
	milter/merge/name.c \
	milter/merge/scan.c \
	milter/merge/translate.c

dist_man_MANS += milter/merge/mailtailor-merge.7

if TESTS_ON
check_PROGRAMS += tests/unit/merge_test
TESTS += tests/unit/merge_test
tests_unit_merge_test_SOURCES = tests/unit/merge_test.c
tests_unit_merge_test_CPPFLAGS = $(AM_CPPFLAGS) -DSOURCE_ROOT='"$(abs_top_srcdir)"'
tests_unit_merge_test_LDADD = $(unit_libs)

check_PROGRAMS += tests/corpus/merge_corpus
TESTS += tests/corpus/merge_corpus
tests_corpus_merge_corpus_SOURCES = tests/corpus/merge_corpus.c
tests_corpus_merge_corpus_CPPFLAGS = $(AM_CPPFLAGS) -DSOURCE_ROOT='"$(abs_top_srcdir)"'
tests_corpus_merge_corpus_LDADD = $(mailtailor_libs)
endif

if FUZZ_ON
noinst_PROGRAMS += tests/fuzz/merge_fuzz
tests_fuzz_merge_fuzz_SOURCES = tests/fuzz/merge_fuzz.c
tests_fuzz_merge_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_merge_fuzz_LDADD = $(mailtailor_libs)
endif
EXTRA_DIST += tests/fuzz/merge.dict
