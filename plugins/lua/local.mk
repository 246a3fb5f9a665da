# The plugin lua
plugin_PROGRAMS += plugins/lua.so
plugins_lua_so_SOURCES = plugins/lua/api.c plugins/lua/data.c plugins/lua/folder.c \
	plugins/lua/kv.c plugins/lua/lua.c plugins/lua/pairs.c plugins/lua/pattern.c \
	plugins/lua/pool.c plugins/lua/publish.c plugins/lua/safe.c plugins/lua/script.h plugins/lua/state.c \
	plugins/lua/value.c
plugins_lua_so_CPPFLAGS = $(plugin_cppflags) $(LUA_CFLAGS)
plugins_lua_so_CFLAGS = $(plugin_cflags)
plugins_lua_so_LDFLAGS = $(plugin_ldflags)
plugins_lua_so_LDADD = $(LUA_LIBS)
dist_man_MANS += plugins/lua/mailtailor-lua.7

if TESTS_ON
check_PROGRAMS += tests/unit/lua_test
TESTS += tests/unit/lua_test
tests_unit_lua_test_SOURCES = tests/unit/lua_test.c tests/unit/tailor_fixture.h
tests_unit_lua_test_CPPFLAGS = $(AM_CPPFLAGS) \
	-DPLUGIN='"$(abs_top_builddir)/plugins/lua.so"' \
	-DMANUAL='"$(abs_top_srcdir)/plugins/lua/mailtailor-lua.7"'
tests_unit_lua_test_LDADD = $(unit_libs)
tests_unit_lua_test_DEPENDENCIES = libmailtailor.a plugins/lua.so
endif
