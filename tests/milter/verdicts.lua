-- SPDX-License-Identifier: BSD-2-Clause
--
-- Each verdict of one recipient's copy as the MTA hears it.
dofile(dir .. "/common.lua")

conn = client()
campaign(conn, { "ada@example.org" })
expect_tailored(conn)
campaign(conn, { "stranger@example.org" }, "members")
expect(conn, REPLY, "550 5.7.1")
campaign(conn, { "stranger@example.org" }, "later")
expect(conn, REPLY, "deferred")
campaign(conn, { "ada@example.org" }, "spring", "{% nosuchtag %}\r\n")
expect(conn, REPLY, "451 4.6.0")
campaign(conn, { "ada@example.org" })
expect_tailored(conn)
if suppressed ~= nil then
	campaign(conn, { suppressed })
	expect(conn, DISCARD, "suppressed")
end

-- A campaign nobody knows is refused before its body comes.
envelope(conn, "news@shop.example", { "ada@example.org" })
headers(conn, campaign_headers("bad name\1"))
ok(mt.eoh(conn), "eoh")
expect(conn, REPLY, "bad campaign")
mt.disconnect(conn)
