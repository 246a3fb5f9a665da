# order: what the contact ordered
plugin_PROGRAMS += plugins/order.so
dist_man_MANS += plugins/order/mailtailor-order.7
plugins_order_so_SOURCES = plugins/order/order.c $(plugin_lines)
plugins_order_so_CPPFLAGS = $(plugin_cppflags) -I$(srcdir)/plugins/common
plugins_order_so_CFLAGS = $(plugin_cflags)
plugins_order_so_LDFLAGS = $(plugin_ldflags)
plugins_order_so_LDADD = -lm

if TESTS_ON
TESTS += tests/unit/cart_order_test.py
endif
EXTRA_DIST += tests/unit/cart_order_test.py
