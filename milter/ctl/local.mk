# Files of milter/ctl
libmailtailor_a_SOURCES += \
	milter/ctl/conf.c milter/ctl/conf.h \
	milter/ctl/doctor.c milter/ctl/doctor.h \
	milter/ctl/doctor_bytes.c \
	milter/ctl/doctor_dkim.c \
	milter/ctl/doctor_machine.c \
	milter/ctl/doctor_postfix.c \
	milter/ctl/doctor_reach.c \
	milter/ctl/doctor_smtpd.c \
	milter/ctl/doctor_socket.c \
	milter/ctl/finding.c milter/ctl/finding.h \
	milter/ctl/postfix.c milter/ctl/postfix.h
# doctor reads DNS answers.
mailtailor_libs += -lresolv

if TESTS_ON
check_PROGRAMS += tests/unit/doctor_test tests/unit/conf_command_test
TESTS += tests/unit/doctor_test tests/unit/conf_command_test
tests_unit_conf_command_test_SOURCES = tests/unit/conf_command_test.c
tests_unit_conf_command_test_LDADD = $(unit_libs)
tests_unit_doctor_test_SOURCES = tests/unit/doctor_test.c
tests_unit_doctor_test_LDADD = $(unit_libs)
endif
