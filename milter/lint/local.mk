# Files of milter/lint
libmailtailor_a_SOURCES += \
	milter/lint/balance.c milter/lint/balance.h \
	milter/lint/check.h \
	milter/lint/content.c \
	milter/lint/copy.c \
	milter/lint/header.c \
	milter/lint/html.c milter/lint/html.h \
	milter/lint/law.c \
	milter/lint/link.c \
	milter/lint/lint.c milter/lint/lint.h \
	milter/lint/markup.c \
	milter/lint/marks.c milter/lint/marks.h \
	milter/lint/mask.c milter/lint/mask.h \
	milter/lint/names.c \
	milter/lint/place.c \
	milter/lint/report.c milter/lint/report.h \
	milter/lint/syntax.c \
	milter/lint/traits.c milter/lint/traits.h \
	milter/lint/words.c milter/lint/words.h \
	milter/lint/work.h
