# The file @NAME@.lua for mailtailor's plugin lua: make check
#
# make check shows it a message and a contact, and compares what it changes with test/expected.
# To use it, copy it into the folder that the section plugin "lua" names.
NAME = @NAME@
MAILTAILOR = mailtailor
PKG_CONFIG = pkg-config

plugindir = $(shell $(PKG_CONFIG) --variable=plugindir mailtailor)

check:
	$(MAILTAILOR) plugin test $(plugindir)/lua.so --param folder=$(CURDIR) \
		--message test/message.eml --contact test/contact.json \
		--now 2026-01-31T08:15:00Z --repeat 100 --diff >test/output
	diff -u test/expected test/output

clean:
	rm -f test/output

.PHONY: check clean
