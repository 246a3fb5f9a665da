# Files of milter/outbox
libmailtailor_a_SOURCES += \
	milter/outbox/envelope.c milter/outbox/envelope.h \
	milter/outbox/reply.c milter/outbox/reply.h \
	milter/outbox/smtp.c milter/outbox/smtp.h \
	milter/outbox/wire.c milter/outbox/wire.h
