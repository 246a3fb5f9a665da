-- SPDX-License-Identifier: BSD-2-Clause
--
-- Beyond max_message a campaign message is refused for good; ordinary mail is not.
dofile(dir .. "/common.lua")

conn = client()
envelope(conn, "news@shop.example", { "ada@example.org" })
headers(conn, campaign_headers())
ok(mt.eoh(conn), "eoh")
expect(conn, CONTINUE, "eoh")
chunk = string.rep("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd\r\n", 900)
for i = 1, math.floor(31 * 1024 * 1024 / #chunk) do
	ok(mt.bodystring(conn, chunk), "body")
end
ok(mt.eom(conn), "eom")
expect(conn, REPLY, "552 5.3.4")
campaign(conn, { "ada@example.org" })
expect_tailored(conn)
mt.disconnect(conn)
