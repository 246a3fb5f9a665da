# Files of milter/picture
libmailtailor_a_SOURCES += \
	milter/picture/countdown.c \
	milter/picture/face.c milter/picture/face.h \
	milter/picture/picture.h \
	milter/picture/read.c \
	milter/picture/words.c milter/picture/words.h

if TESTS_ON
check_PROGRAMS += tests/unit/picture_test
TESTS += tests/unit/picture_test
tests_unit_picture_test_SOURCES = tests/unit/picture_test.c
tests_unit_picture_test_LDADD = $(unit_libs)
endif
