# Tests beyond the unit tests, which each folder of milter/ lists itself.

TESTS += contrib/tools/floors

# Whole folders, so that nobody has to list a new scene.
EXTRA_DIST += .ci contrib/check contrib/demo contrib/newsletter contrib/packages contrib/tools \
	tests/README tests/axe tests/bench tests/http tests/lib tests/scene tests/segment tests/shop tests/soak

# What Python, compilers and earlier tests left in those folders.
dist-hook:
	find $(distdir) -name __pycache__ -prune -exec rm -rf {} +
	find $(distdir)/tests -name .deps -prune -exec rm -rf {} +
	find $(distdir)/tests \( -name '*.o' -o -name .dirstamp \) -exec rm -f {} +
	rm -f $(distdir)/contrib/tools/*.log $(distdir)/contrib/tools/*.trs
	rm -f $(distdir)/tests/bench/copies $(distdir)/tests/bench/liquid/ours

tests_python = MAILTAILOR_BUILD=$(abs_top_builddir) /usr/bin/python3 -B $(top_srcdir)/tests

scenes: all
	$(tests_python)/scene/run.py

thousand: all
	$(tests_python)/scene/thousand.py

attack: all
	$(tests_python)/scene/attack.py

rotation: all
	$(tests_python)/scene/rotation.py

newsletters: all
	$(tests_python)/scene/newsletters.py

looks: all
	$(tests_python)/scene/looks.py

# What developers of plugins get, from make install on.
installed: all
	$(tests_python)/plugins/installed.py

crash: all
	$(tests_python)/scene/crash.py

soak: all
	$(tests_python)/soak/soak.py

# Not built by "make all": only the benchmark wants it.
EXTRA_PROGRAMS += tests/bench/liquid/ours
CLEANFILES += tests/bench/liquid/ours
tests_bench_liquid_ours_SOURCES = tests/bench/liquid/ours.c
tests_bench_liquid_ours_LDADD = $(mailtailor_libs)

bench-liquid: tests/bench/liquid/ours
	$(tests_python)/bench/liquid/run.py

bench: all tests/bench/copies
	$(tests_python)/bench/bench.py
	$(tests_python)/bench/plugins.py

webhooks: all
	$(tests_python)/scene/webhooks.py

listeners: all
	$(tests_python)/scene/listeners.py

metrics: all
	$(tests_python)/scene/metrics.py

fetch: all
	$(tests_python)/scene/fetch.py

deliveries: all
	$(tests_python)/scene/deliveries.py

clicks: all
	$(tests_python)/scene/clicks.py

sendmail: all
	$(tests_python)/scene/sendmail.py

bounces: all
	$(tests_python)/scene/bounces.py

api: all
	$(tests_python)/scene/api.py
	$(tests_python)/scene/api_schema.py
	$(tests_python)/scene/segment.py
	$(tests_python)/scene/api_stream.py

http: all
	$(tests_python)/http/run.py

signup: all
	$(tests_python)/scene/signup.py
	$(tests_python)/scene/signup_walk.py
	$(tests_python)/scene/pages_walk.py

coupons: all
	$(tests_python)/scene/coupons.py

bench-web: all
	$(tests_python)/bench/web.py

bench-maillog: all
	$(tests_python)/bench/maillog.py

fence: all
	$(tests_python)/scene/fence.py

shop: all
	$(tests_python)/shop/campaign.py

bench-recommend: all tests/bench/copies
	$(tests_python)/bench/recommend.py

check-asan:
	$(top_srcdir)/contrib/check asan

check-tsan:
	$(top_srcdir)/contrib/check tsan

format:
	$(top_srcdir)/contrib/tools/format

fuzz:
	$(top_srcdir)/contrib/tools/fuzz

.PHONY: scenes webhooks listeners metrics fetch clicks coupons bench-web thousand attack rotation newsletters looks installed crash fence shop soak bench bench-liquid bench-recommend check-asan check-tsan format fuzz bounces sendmail api http deliveries bench-maillog signup
