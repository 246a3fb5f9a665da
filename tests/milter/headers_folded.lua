-- SPDX-License-Identifier: BSD-2-Clause
--
-- Folded fields come with LF from Postfix; the campaign is known by a folded header, too,
-- and what was folded and untouched stays the MTA's own.
dofile(dir .. "/common.lua")

conn = client()
envelope(conn, "news@shop.example", { "ada@example.org" })
list = campaign_headers("\n spring")
list[#list + 1] = { "References", " <a@shop.example>\n\t<b@shop.example>" }
list[#list + 1] = { "Keywords", "tight" }
headers(conn, list)
finish(conn, BODY)
expect_tailored(conn)
assert(not mt.eom_check(conn, MT_HDRCHANGE, "References"), "References changed")
assert(not mt.eom_check(conn, MT_HDRCHANGE, "Keywords"), "Keywords changed")
value = mt.getheader(conn, "DKIM-Signature", 0)
assert(string.find(value, "\n"), "the signature is not folded")
assert(not string.find(value, "\r"), "CR in a header value")
mt.disconnect(conn)
