-- SPDX-License-Identifier: BSD-2-Clause
--
-- The last line has no CRLF: the copy has, since a signature needs it.
dofile(dir .. "/common.lua")

conn = client()
campaign(conn, { "ada@example.org" }, "spring", "Dear {{ contact.email }}")
expect_tailored(conn)
assert(mt.eom_check(conn, MT_BODYCHANGE, "Dear ada@example.org\r\n"), "body")
mt.disconnect(conn)
