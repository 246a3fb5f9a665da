# Products for a contact
plugin_PROGRAMS += plugins/recommend.so
recommend_core = plugins/recommend/catalogue.c plugins/recommend/catalogue.h \
	plugins/recommend/learn.c plugins/recommend/learn.h \
	plugins/recommend/model.c plugins/recommend/model.h \
	plugins/recommend/model_build.c \
	plugins/recommend/table.c plugins/recommend/table.h
plugins_recommend_so_SOURCES = $(recommend_core) \
	plugins/recommend/choose.c plugins/recommend/choose.h \
	plugins/recommend/depot.c plugins/recommend/depot.h \
	plugins/recommend/event.c plugins/recommend/event.h \
	plugins/recommend/history.c plugins/recommend/history.h \
	plugins/recommend/learner.c \
	plugins/recommend/recommend.c plugins/recommend/recommend.h \
	plugins/recommend/show.c plugins/recommend/show.h \
	plugins/recommend/words.c
plugins_recommend_so_CPPFLAGS = $(plugin_cppflags)
plugins_recommend_so_CFLAGS = $(plugin_cflags)
plugins_recommend_so_LDFLAGS = $(plugin_ldflags)
plugins_recommend_so_LDADD = -lm

dist_man_MANS += plugins/recommend/mailtailor-recommend.7

if TESTS_ON
check_PROGRAMS += tests/unit/recommend_test
TESTS += tests/unit/recommend_test
tests_unit_recommend_test_SOURCES = tests/unit/recommend_test.c $(recommend_core)
tests_unit_recommend_test_LDADD = $(CMOCKA_LIBS) -lm

check_PROGRAMS += tests/bench/copies
TESTS += tests/unit/recommend_shop_test.py
tests_bench_copies_SOURCES = tests/bench/copies.c
tests_bench_copies_LDADD = $(mailtailor_libs)
endif
EXTRA_DIST += tests/unit/recommend_shop_test.py
