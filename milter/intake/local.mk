# Files of milter/intake
libmailtailor_a_SOURCES += \
	milter/intake/apply.c \
	milter/intake/call.c milter/intake/call.h \
	milter/intake/feed.c milter/intake/feed.h \
	milter/intake/money.c \
	milter/intake/product.c milter/intake/product.h \
	milter/intake/profile.c milter/intake/profile.h \
	milter/intake/time.c milter/intake/time.h
