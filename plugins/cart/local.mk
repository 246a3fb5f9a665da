# cart: the contact's open cart
plugin_PROGRAMS += plugins/cart.so
dist_man_MANS += plugins/cart/mailtailor-cart.7
plugins_cart_so_SOURCES = plugins/cart/cart.c $(plugin_lines)
plugins_cart_so_CPPFLAGS = $(plugin_cppflags) -I$(srcdir)/plugins/common
plugins_cart_so_CFLAGS = $(plugin_cflags)
plugins_cart_so_LDFLAGS = $(plugin_ldflags)
plugins_cart_so_LDADD = -lm
