-- SPDX-License-Identifier: BSD-2-Clause
--
-- A body without anything to fill in is left to the MTA.
dofile(dir .. "/common.lua")

conn = client()
campaign(conn, { "ada@example.org" }, "spring", "Dear customer,\r\n\r\nwelcome.\r\n")
expect_tailored(conn)
assert(not mt.eom_check(conn, MT_BODYCHANGE), "the body was replaced")
mt.disconnect(conn)
