# Files of milter/tailor
libmailtailor_a_SOURCES += \
	milter/tailor/cache.c \
	milter/tailor/campaign.c \
	milter/tailor/compile.c \
	milter/tailor/engine.c \
	milter/tailor/internal.h \
	milter/tailor/message_id.c milter/tailor/message_id.h \
	milter/tailor/render.c \
	milter/tailor/scope.c \
	milter/tailor/tailor.h
