-- SPDX-License-Identifier: BSD-2-Clause
--
-- Raw UTF-8 and broken bytes in header fields neither stop a session nor leave it.
dofile(dir .. "/common.lua")

conn = client()
envelope(conn, "news@shop.example", { "ada@example.org" })
list = campaign_headers()
list[3] = { "Subject", " Gr\195\188\195\159e an {{ contact.email }}" }
list[#list + 1] = { "X-Note", " \255\254 bytes" }
headers(conn, list)
finish(conn, BODY)
expect_tailored(conn)
assert(mt.eom_check(conn, MT_HDRCHANGE, "Subject"), "subject unchanged")

-- As ordinary mail they are not looked at.
envelope(conn, "someone@example.com", { "ada@example.org" })
headers(conn, { { "From", " \255@example.com" }, { "Subject", " \128\129" } })
ok(mt.eoh(conn), "eoh")
expect(conn, ACCEPT, "ordinary mail")
mt.disconnect(conn)
