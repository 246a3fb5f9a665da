# Files of milter/delivery
libmailtailor_a_SOURCES += \
	milter/delivery/address.c milter/delivery/address.h \
	milter/delivery/autoreply.c milter/delivery/autoreply.h \
	milter/delivery/content.c milter/delivery/content.h \
	milter/delivery/feedback.c milter/delivery/feedback.h \
	milter/delivery/form.c milter/delivery/form.h \
	milter/delivery/form_words.c \
	milter/delivery/found.c milter/delivery/found.h \
	milter/delivery/notification.c milter/delivery/notification.h \
	milter/delivery/reason.c milter/delivery/reason.h \
	milter/delivery/reason_words.c \
	milter/delivery/report.c milter/delivery/report.h \
	milter/delivery/status.c milter/delivery/status.h \
	milter/delivery/token.c milter/delivery/token.h \
	milter/delivery/words.c milter/delivery/words.h
