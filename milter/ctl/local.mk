# Files of milter/ctl
libmailtailor_a_SOURCES += \
	milter/ctl/bounce.c milter/ctl/bounce.h \
	milter/ctl/bounce_act.c milter/ctl/bounce_print.c \
	milter/ctl/maildir.c milter/ctl/maildir.h \
	milter/ctl/apikey.c \
	milter/ctl/campaigns.c \
	milter/ctl/column.c milter/ctl/column.h \
	milter/ctl/conf.c milter/ctl/conf.h \
	milter/ctl/contacts.c milter/ctl/contacts.h \
	milter/ctl/contacts_consent.c \
	milter/ctl/contacts_export.c \
	milter/ctl/csv.c milter/ctl/csv.h \
	milter/ctl/ctl.c milter/ctl/ctl.h \
	milter/ctl/diff.c milter/ctl/diff.h \
	milter/ctl/dkim.c milter/ctl/dkim.h \
	milter/ctl/dkim_verify.c \
	milter/ctl/doctor.c milter/ctl/doctor.h \
	milter/ctl/doctor_bytes.c \
	milter/ctl/doctor_dkim.c \
	milter/ctl/doctor_dmarc.c \
	milter/ctl/doctor_law.c \
	milter/ctl/doctor_link.c \
	milter/ctl/doctor_machine.c \
	milter/ctl/doctor_postfix.c \
	milter/ctl/doctor_reach.c \
	milter/ctl/doctor_smtpd.c \
	milter/ctl/doctor_webhook.c \
	milter/ctl/doctor_socket.c \
	milter/ctl/events.c milter/ctl/events.h \
	milter/ctl/events_import.c \
	milter/ctl/form.c milter/ctl/form.h \
	milter/ctl/finding.c milter/ctl/finding.h \
	milter/ctl/follow.c \
	milter/ctl/import.c milter/ctl/import.h \
	milter/ctl/import_csv.c \
	milter/ctl/import_jsonl.c \
	milter/ctl/infile.c milter/ctl/infile.h \
	milter/ctl/items.c milter/ctl/items.h \
	milter/ctl/journal.c \
	milter/ctl/key.c \
	milter/ctl/lines.c milter/ctl/lines.h \
	milter/ctl/lint.c \
	milter/ctl/mailfile.c milter/ctl/mailfile.h \
	milter/ctl/message.c milter/ctl/message.h \
	milter/ctl/outbox.c \
	milter/ctl/plugin.c milter/ctl/plugin.h \
	milter/ctl/plugin_describe.c \
	milter/ctl/plugin_new.c \
	milter/ctl/plugin_scratch.c \
	milter/ctl/plugin_test.c milter/ctl/plugin_test.h \
	milter/ctl/plugin_try.c \
	milter/ctl/postfix.c milter/ctl/postfix.h \
	milter/ctl/preview.c \
	milter/ctl/products.c milter/ctl/products.h \
	milter/ctl/products_import.c \
	milter/ctl/render.c milter/ctl/render.h \
	milter/ctl/render_campaign.c \
	milter/ctl/render_lines.c \
	milter/ctl/spool.c milter/ctl/spool.h \
	milter/ctl/provider.c milter/ctl/provider.h \
	milter/ctl/report.h milter/ctl/report_copies.c \
	milter/ctl/report_count.c milter/ctl/report_count.h \
	milter/ctl/sums.c milter/ctl/sums.h \
	milter/ctl/report.c \
	milter/ctl/suppress.c milter/ctl/suppress.h \
	milter/ctl/suppress_explain.c milter/ctl/suppress_file.c \
	milter/ctl/token.c \
	milter/ctl/unsubscribe.c \
	milter/ctl/value.c milter/ctl/value.h \
	milter/ctl/view.c \
	milter/ctl/webhook.c

# What `mailtailor plugin new` writes (plugins/skeleton) goes into the program.
skeleton = Makefile Makefile.lua plugin.c plugin.cc plugin.lua mailtailor-plugin.7 test/message.eml test/contact.json \
	test/expected
skeleton_files = $(skeleton:%=plugins/skeleton/%)
nodist_libmailtailor_a_SOURCES += milter/ctl/skeleton.h
BUILT_SOURCES += milter/ctl/skeleton.h
CLEANFILES += milter/ctl/skeleton.h
EXTRA_DIST += milter/ctl/skeleton.awk $(skeleton_files)

milter/ctl/skeleton.h: milter/ctl/skeleton.awk $(skeleton_files)
	$(AM_V_GEN)$(MKDIR_P) milter/ctl && \
	for file in $(skeleton_files); do \
		set -- "$$@" $(srcdir)/$$file; \
	done; \
	awk -f $(srcdir)/milter/ctl/skeleton.awk "$$@" > $@.new && mv $@.new $@

# BUILT_SOURCES count for `make all` only; `make mailtailor` needs the header, too.
milter/ctl/plugin_new.$(OBJEXT): milter/ctl/skeleton.h

sbin_PROGRAMS += mailtailor
dist_man_MANS += milter/ctl/mailtailor.8
mailtailor_SOURCES = milter/mailtailor.c
mailtailor_LDADD = $(mailtailor_libs)

EXTRA_DIST += tests/unit/ctl_dkim_test.py tests/unit/ctl_tool_test.py tests/unit/render_tool_test.py \
	tests/unit/lint_test.py
if TESTS_ON
check_PROGRAMS += tests/unit/ctl_value_test
TESTS += tests/unit/ctl_dkim_test.py tests/unit/ctl_value_test tests/unit/ctl_tool_test.py tests/unit/render_tool_test.py \
	tests/unit/lint_test.py
tests_unit_ctl_value_test_SOURCES = tests/unit/ctl_value_test.c
tests_unit_ctl_value_test_LDADD = $(unit_libs)
check_PROGRAMS += tests/unit/doctor_test tests/unit/conf_command_test
TESTS += tests/unit/doctor_test tests/unit/conf_command_test
tests_unit_conf_command_test_SOURCES = tests/unit/conf_command_test.c
tests_unit_conf_command_test_LDADD = $(unit_libs)
tests_unit_doctor_test_SOURCES = tests/unit/doctor_test.c
tests_unit_doctor_test_LDADD = $(unit_libs)
endif
