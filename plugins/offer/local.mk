# offer: coupon codes
plugin_PROGRAMS += plugins/offer.so
dist_man_MANS += plugins/offer/mailtailor-offer.7
plugins_offer_so_SOURCES = plugins/offer/code.c plugins/offer/offer.c plugins/offer/offer.h \
	plugins/offer/pool.c plugins/offer/rules.c
plugins_offer_so_CPPFLAGS = $(plugin_cppflags)
plugins_offer_so_CFLAGS = $(plugin_cflags)
plugins_offer_so_LDFLAGS = $(plugin_ldflags)
plugins_offer_so_LDADD = -lcrypto
