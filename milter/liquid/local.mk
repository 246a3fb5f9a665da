# Files of milter/liquid
libmailtailor_a_SOURCES += \
	milter/liquid/liquid.h milter/liquid/value.h \
	milter/liquid/asks.c \
	milter/liquid/calendar.c \
	milter/liquid/call.c \
	milter/liquid/compare.c milter/liquid/compare.h \
	milter/liquid/compile.c milter/liquid/compile.h \
	milter/liquid/date.c milter/liquid/date.h \
	milter/liquid/date_print.c \
	milter/liquid/date_read.c \
	milter/liquid/eval.c \
	milter/liquid/filter.c milter/liquid/filter.h \
	milter/liquid/filter_ago.c \
	milter/liquid/filter_array.c \
	milter/liquid/filter_date.c \
	milter/liquid/filter_digest.c \
	milter/liquid/filter_html.c \
	milter/liquid/filter_misc.c \
	milter/liquid/filter_money.c \
	milter/liquid/filter_number.c \
	milter/liquid/filter_phone.c \
	milter/liquid/filter_plural.c \
	milter/liquid/filter_sort.c \
	milter/liquid/filter_string.c \
	milter/liquid/filter_texts.c \
	milter/liquid/folder.c milter/liquid/folder.h \
	milter/liquid/json.c milter/liquid/json.h \
	milter/liquid/lax.c \
	milter/liquid/lex.c milter/liquid/lex.h \
	milter/liquid/list.c milter/liquid/list.h \
	milter/liquid/loop.c \
	milter/liquid/names.c milter/liquid/names.h \
	milter/liquid/number.c milter/liquid/number.h \
	milter/liquid/output.c \
	milter/liquid/parse.c \
	milter/liquid/phone.c milter/liquid/phone.h \
	milter/liquid/phone_layout.c \
	milter/liquid/plural.c milter/liquid/plural.h \
	milter/liquid/program.h \
	milter/liquid/render.c milter/liquid/render.h \
	milter/liquid/tag.c \
	milter/liquid/tag_extension.c \
	milter/liquid/tag_loop.c \
	milter/liquid/tag_partial.c \
	milter/liquid/tag_text.c \
	milter/liquid/text.c milter/liquid/text.h \
	milter/liquid/text_case.c \
	milter/liquid/texts.c milter/liquid/texts.h \
	milter/liquid/value.c milter/liquid/value_impl.h

dist_man_MANS += milter/liquid/mailtailor-liquid.7
EXTRA_DIST += tests/unit/liquid_manual_test.py

if TESTS_ON
check_PROGRAMS += tests/unit/liquid_test
TESTS += tests/unit/liquid_test
tests_unit_liquid_test_SOURCES = tests/unit/liquid_test.c tests/unit/liquid_fixture.h
tests_unit_liquid_test_LDADD = $(unit_libs)

check_PROGRAMS += tests/unit/liquid_fast_test
TESTS += tests/unit/liquid_fast_test
tests_unit_liquid_fast_test_SOURCES = tests/unit/liquid_fast_test.c tests/unit/liquid_fixture.h
tests_unit_liquid_fast_test_LDADD = $(unit_libs)

check_PROGRAMS += tests/unit/liquid_filter_test
TESTS += tests/unit/liquid_filter_test
tests_unit_liquid_filter_test_SOURCES = tests/unit/liquid_filter_test.c
tests_unit_liquid_filter_test_LDADD = $(unit_libs)

check_PROGRAMS += tests/unit/liquid_standard_test
TESTS += tests/unit/liquid_standard_test
tests_unit_liquid_standard_test_SOURCES = tests/unit/liquid_standard_test.c tests/unit/liquid_fixture.h
tests_unit_liquid_standard_test_LDADD = $(unit_libs)

check_PROGRAMS += tests/unit/liquid_ceiling_test
TESTS += tests/unit/liquid_ceiling_test
tests_unit_liquid_ceiling_test_SOURCES = tests/unit/liquid_ceiling_test.c tests/unit/liquid_fixture.h
tests_unit_liquid_ceiling_test_LDADD = $(unit_libs)

check_PROGRAMS += tests/unit/liquid_lax_test
TESTS += tests/unit/liquid_lax_test
tests_unit_liquid_lax_test_SOURCES = tests/unit/liquid_lax_test.c tests/unit/liquid_fixture.h
tests_unit_liquid_lax_test_LDADD = $(unit_libs)
check_PROGRAMS += tests/unit/liquid_folder_test tests/unit/liquid_json_test
TESTS += tests/unit/liquid_folder_test tests/unit/liquid_json_test
tests_unit_liquid_folder_test_SOURCES = tests/unit/liquid_folder_test.c
tests_unit_liquid_folder_test_LDADD = $(unit_libs)
tests_unit_liquid_json_test_SOURCES = tests/unit/liquid_json_test.c
tests_unit_liquid_json_test_LDADD = $(unit_libs)

check_PROGRAMS += tests/unit/liquid_texts_test
TESTS += tests/unit/liquid_texts_test
tests_unit_liquid_texts_test_SOURCES = tests/unit/liquid_texts_test.c \
	tests/unit/liquid_fixture.h
tests_unit_liquid_texts_test_LDADD = $(unit_libs)
check_PROGRAMS += tests/unit/liquid_extension_test
TESTS += tests/unit/liquid_extension_test
tests_unit_liquid_extension_test_SOURCES = tests/unit/liquid_extension_test.c
tests_unit_liquid_extension_test_LDADD = $(unit_libs)

TESTS += tests/unit/liquid_manual_test.py

check_PROGRAMS += tests/unit/liquid_calendar_test
TESTS += tests/unit/liquid_calendar_test
tests_unit_liquid_calendar_test_SOURCES = tests/unit/liquid_calendar_test.c
tests_unit_liquid_calendar_test_LDADD = $(unit_libs)
check_PROGRAMS += tests/unit/liquid_hostile_test
TESTS += tests/unit/liquid_hostile_test
tests_unit_liquid_hostile_test_SOURCES = tests/unit/liquid_hostile_test.c \
	tests/unit/liquid_fixture.h
tests_unit_liquid_hostile_test_LDADD = $(unit_libs)

TESTS += tests/corpus/liquid_ruby.py

check_PROGRAMS += tests/corpus/liquid_corpus
TESTS += tests/corpus/liquid_corpus
tests_corpus_liquid_corpus_SOURCES = tests/corpus/liquid_corpus.c
tests_corpus_liquid_corpus_CPPFLAGS = $(AM_CPPFLAGS) -DSOURCE_ROOT='"$(abs_top_srcdir)"'
tests_corpus_liquid_corpus_LDADD = $(mailtailor_libs)
endif

if FUZZ_ON
liquid_input = tests/fuzz/liquid_input.c tests/fuzz/liquid_input.h

noinst_PROGRAMS += tests/fuzz/liquid_compile_fuzz
tests_fuzz_liquid_compile_fuzz_SOURCES = tests/fuzz/liquid_compile_fuzz.c $(liquid_input)
tests_fuzz_liquid_compile_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_liquid_compile_fuzz_LDADD = $(mailtailor_libs)

noinst_PROGRAMS += tests/fuzz/liquid_render_fuzz
tests_fuzz_liquid_render_fuzz_SOURCES = tests/fuzz/liquid_render_fuzz.c $(liquid_input)
tests_fuzz_liquid_render_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_liquid_render_fuzz_LDADD = $(mailtailor_libs)

noinst_PROGRAMS += tests/fuzz/liquid_scalar_fuzz
tests_fuzz_liquid_scalar_fuzz_SOURCES = tests/fuzz/liquid_scalar_fuzz.c $(liquid_input)
tests_fuzz_liquid_scalar_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_liquid_scalar_fuzz_LDADD = $(mailtailor_libs)
endif
EXTRA_DIST += tests/fuzz/liquid.dict tests/fuzz/seeds.py tests/corpus/liquid_spec.known \
	tests/corpus/liquid_ruby.py tests/corpus/liquid_ruby.rb
