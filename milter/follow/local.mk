# Files of milter/follow
libmailtailor_a_SOURCES += \
	milter/follow/apply.c milter/follow/apply.h \
	milter/follow/learn.c milter/follow/learn.h \
	milter/follow/match.c milter/follow/match.h \
	milter/follow/names.c milter/follow/names.h \
	milter/follow/run.c
