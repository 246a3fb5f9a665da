# Files of milter/master
libmailtailor_a_SOURCES += \
	milter/master/ehlo.c milter/master/ehlo.h \
	milter/master/worker.h
