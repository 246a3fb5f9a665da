# Files of milter/web
web_pages = busy form form_busy form_confirm form_confirmed form_done form_elsewhere form_over gone layout method not_found not_kept preferences saved too_large unsubscribe
web_page_files = $(web_pages:%=milter/web/pages/%.html.liquid)

libmailtailor_a_SOURCES += \
	milter/web/aside.c \
	milter/web/api.c milter/web/api.h \
	milter/web/api_body.c \
	milter/web/api_contact.c \
	milter/web/api_events.c \
	milter/web/api_key.c \
	milter/web/client.c \
	milter/web/connections.c \
	milter/web/form.c milter/web/form.h milter/web/form_embed.c \
	milter/web/form_mail.c milter/web/form_page.c milter/web/form_read.c \
	milter/web/image.c \
	milter/web/internal.h \
	milter/web/language.c \
	milter/web/leave.c milter/web/leave.h \
	milter/web/listen.c \
	milter/web/look.c \
	milter/web/machine.c \
	milter/web/metrics.c \
	milter/web/page.c \
	milter/web/preferences.c \
	milter/web/rates.c milter/web/rates.h \
	milter/web/recorder.c \
	milter/web/route.c \
	milter/web/run.c \
	milter/web/server.c milter/web/server.h \
	milter/web/signup.c \
	milter/web/spool.c milter/web/spool.h \
	milter/web/spool_impl.h milter/web/spool_move.c \
	milter/web/targets.c \
	milter/web/track.c \
	milter/web/visits.c milter/web/visits.h \
	milter/web/web.h

# The pages go into the program; the .liquid files are what one reads and edits.
nodist_libmailtailor_a_SOURCES += milter/web/pages.h
BUILT_SOURCES += milter/web/pages.h
CLEANFILES += milter/web/pages.h
dist_man_MANS += milter/web/mailtailor-metrics.7 milter/web/mailtailor-pages.7
EXTRA_DIST += $(web_page_files)

milter/web/pages.h: $(embed) $(web_page_files)
	$(AM_V_GEN)$(MKDIR_P) milter/web && \
	for page in $(web_pages); do \
		set -- "$$@" $(srcdir)/milter/web/pages/$$page.html.liquid; \
	done; \
	awk -v array=page_sources -v before=web/ -f $(srcdir)/$(embed) "$$@" > $@.new && mv $@.new $@

# So does the schema of the event API.
nodist_libmailtailor_a_SOURCES += milter/web/openapi.h
BUILT_SOURCES += milter/web/openapi.h
CLEANFILES += milter/web/openapi.h
dist_man_MANS += milter/web/mailtailor-api.7
EXTRA_DIST += milter/web/openapi.json

milter/web/openapi.h: $(embed) milter/web/openapi.json
	$(AM_V_GEN)$(MKDIR_P) milter/web && \
	awk -v array=openapi -f $(srcdir)/$(embed) $(srcdir)/milter/web/openapi.json > $@.new && mv $@.new $@

if TESTS_ON
check_PROGRAMS += tests/corpus/agent_corpus tests/unit/web_api_test tests/unit/web_spool_test
TESTS += tests/corpus/agent_corpus.py tests/unit/web_api_test tests/unit/web_spool_test
tests_unit_web_api_test_SOURCES = tests/unit/web_api_test.c tests/unit/store_fixture.h
tests_unit_web_api_test_LDADD = $(unit_libs)
check_PROGRAMS += tests/corpus/visit_corpus tests/unit/web_visits_test
TESTS += tests/corpus/visit_corpus.py tests/unit/web_visits_test
check_PROGRAMS += tests/unit/web_language_test
TESTS += tests/unit/web_language_test
tests_unit_web_language_test_SOURCES = tests/unit/web_language_test.c
tests_unit_web_language_test_LDADD = $(unit_libs)
check_PROGRAMS += tests/unit/web_form_test
TESTS += tests/unit/web_form_test
tests_unit_web_form_test_SOURCES = tests/unit/web_form_test.c tests/unit/store_fixture.h
tests_unit_web_form_test_LDADD = $(unit_libs)
tests_unit_web_spool_test_SOURCES = tests/unit/web_spool_test.c tests/unit/store_fixture.h
tests_unit_web_spool_test_LDADD = $(unit_libs)
tests_corpus_visit_corpus_SOURCES = tests/corpus/visit_corpus.c
tests_corpus_visit_corpus_LDADD = $(mailtailor_libs)
tests_unit_web_visits_test_SOURCES = tests/unit/web_visits_test.c tests/unit/store_fixture.h
tests_unit_web_visits_test_LDADD = $(unit_libs)
tests_corpus_agent_corpus_SOURCES = tests/corpus/agent_corpus.c
tests_corpus_agent_corpus_LDADD = $(mailtailor_libs)
endif
EXTRA_DIST += tests/corpus/agent_corpus.py tests/corpus/visit_corpus.py

if FUZZ_ON
noinst_PROGRAMS += tests/fuzz/web_fuzz
tests_fuzz_web_fuzz_SOURCES = tests/fuzz/web_fuzz.c
tests_fuzz_web_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_web_fuzz_LDADD = $(mailtailor_libs)
endif
EXTRA_DIST += tests/fuzz/web.dict

# BUILT_SOURCES count for `make all` only; `make mailtailord` needs the header, too.
milter/web/page.$(OBJEXT): milter/web/pages.h
milter/web/api.$(OBJEXT): milter/web/openapi.h
