# Files of milter/session
libmailtailor_a_SOURCES += \
	milter/session/callbacks.c \
	milter/session/deliver.c \
	milter/session/edit.c \
	milter/session/envelope.c \
	milter/session/header.c \
	milter/session/listen.c milter/session/listen.h \
	milter/session/message.c \
	milter/session/run.c \
	milter/session/session.h \
	milter/session/verdict.c milter/session/verdict.h
