# Files of milter/dkim
libmailtailor_a_SOURCES += \
	milter/dkim/dkim.c milter/dkim/dkim.h \
	milter/dkim/key.c milter/dkim/key.h \
	milter/dkim/pem.c milter/dkim/pem.h \
	milter/dkim/sign.c milter/dkim/sign.h
