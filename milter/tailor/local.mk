# Files of milter/tailor
libmailtailor_a_SOURCES += \
	milter/tailor/cache.c \
	milter/tailor/campaign.c \
	milter/tailor/compile.c \
	milter/tailor/data.c milter/tailor/data.h \
	milter/tailor/engine.c \
	milter/tailor/extend.c milter/tailor/extend.h \
	milter/tailor/frequency.c milter/tailor/frequency.h \
	milter/tailor/inspect.c milter/tailor/inspect.h \
	milter/tailor/internal.h \
	milter/tailor/key.c \
	milter/tailor/law.c milter/tailor/law.h \
	milter/tailor/limits.c milter/tailor/limits.h \
	milter/tailor/links.c \
	milter/tailor/list.c milter/tailor/list.h \
	milter/tailor/look.c milter/tailor/look.h \
	milter/tailor/look_mark.c milter/tailor/look_work.h \
	milter/tailor/look_text.c \
	milter/tailor/message_id.c milter/tailor/message_id.h \
	milter/tailor/render.c \
	milter/tailor/scope.c \
	milter/tailor/tailor.h \
	milter/tailor/template.c milter/tailor/template.h \
	milter/tailor/templates.c milter/tailor/templates.h \
	milter/tailor/track.c milter/tailor/track.h milter/tailor/track_impl.h \
	milter/tailor/view.c milter/tailor/view.h \
	milter/tailor/view_impl.h \
	milter/tailor/view_page.c \
	milter/tailor/view_source.c

# What pages and messages of our own say, in several languages.
tailor_locales = de en es fr
tailor_locale_files = $(tailor_locales:%=milter/tailor/locales/%.json)
nodist_libmailtailor_a_SOURCES += milter/tailor/locales.h
BUILT_SOURCES += milter/tailor/locales.h
CLEANFILES += milter/tailor/locales.h
EXTRA_DIST += $(tailor_locale_files)

milter/tailor/locales.h: $(embed) $(tailor_locale_files)
	$(AM_V_GEN)$(MKDIR_P) milter/tailor && \
	for locale in $(tailor_locales); do \
		set -- "$$@" $(srcdir)/milter/tailor/locales/$$locale.json; \
	done; \
	awk -v array=locales -f $(srcdir)/$(embed) "$$@" > $@.new && mv $@.new $@
milter/tailor/templates.$(OBJEXT): milter/tailor/locales.h

EXTRA_DIST += tests/unit/locales_test.py
if TESTS_ON
TESTS += tests/unit/locales_test.py
check_PROGRAMS += tests/unit/tailor_test tests/unit/tailor_data_test
TESTS += tests/unit/tailor_test tests/unit/tailor_data_test
tests_unit_tailor_test_SOURCES = tests/unit/tailor_test.c tests/unit/tailor_fixture.h
tests_unit_tailor_test_LDADD = $(unit_libs)
tests_unit_tailor_data_test_SOURCES = tests/unit/tailor_data_test.c
tests_unit_tailor_data_test_LDADD = $(unit_libs)

check_PROGRAMS += tests/unit/tailor_track_test
TESTS += tests/unit/tailor_track_test
tests_unit_tailor_track_test_SOURCES = tests/unit/tailor_track_test.c \
	tests/unit/tailor_fixture.h
tests_unit_tailor_track_test_LDADD = $(unit_libs)

check_PROGRAMS += tests/corpus/engine_corpus
TESTS += tests/corpus/engine_walk.py tests/corpus/engine_attack.py
tests_corpus_engine_corpus_SOURCES = tests/corpus/engine_corpus.c
tests_corpus_engine_corpus_LDADD = $(mailtailor_libs)

check_PROGRAMS += tests/unit/tailor_view_test
TESTS += tests/unit/tailor_view_test
tests_unit_tailor_view_test_SOURCES = tests/unit/tailor_view_test.c tests/unit/tailor_fixture.h
tests_unit_tailor_view_test_LDADD = $(unit_libs)

check_PROGRAMS += tests/unit/tailor_law_test
TESTS += tests/unit/tailor_law_test
tests_unit_tailor_law_test_SOURCES = tests/unit/tailor_law_test.c tests/unit/tailor_fixture.h
tests_unit_tailor_law_test_LDADD = $(unit_libs)
endif

EXTRA_DIST += tests/corpus/engine.py tests/corpus/engine_walk.py tests/corpus/engine_attack.py
