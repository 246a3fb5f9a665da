-- SPDX-License-Identifier: BSD-2-Clause
--
-- Two messages on one connection are two: nothing of the first is in the second.
dofile(dir .. "/common.lua")

conn = client()
campaign(conn, { "first@example.org" })
expect_tailored(conn)
assert(mt.eom_check(conn, MT_HDRCHANGE, "Subject", " For first@example.org"), "first subject")
assert(mt.eom_check(conn, MT_BODYCHANGE, "Dear first@example.org,\r\n\r\nwelcome.\r\n"), "first body")
campaign(conn, { "second@example.org" })
expect_tailored(conn)
assert(mt.eom_check(conn, MT_HDRCHANGE, "Subject", " For second@example.org"), "second subject")
assert(mt.eom_check(conn, MT_BODYCHANGE, "Dear second@example.org,\r\n\r\nwelcome.\r\n"), "second body")

-- Ordinary mail after a campaign, and a campaign after ordinary mail.
envelope(conn, "someone@example.com", { "third@example.org" })
headers(conn, { { "From", " someone@example.com" }, { "Subject", " {{ plain }}" } })
ok(mt.eoh(conn), "eoh")
expect(conn, ACCEPT, "ordinary mail")
campaign(conn, { "fourth@example.org" })
expect_tailored(conn)
assert(mt.eom_check(conn, MT_HDRCHANGE, "Subject", " For fourth@example.org"), "fourth subject")
mt.disconnect(conn)
