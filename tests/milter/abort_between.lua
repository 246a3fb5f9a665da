-- SPDX-License-Identifier: BSD-2-Clause
--
-- RSET in each state of a transaction forgets it; the next one is complete and alone.
dofile(dir .. "/common.lua")

conn = client()
for state = 1, 4 do
	envelope(conn, "news@shop.example", state >= 2 and { "gone@example.org" } or {})
	if state >= 3 then
		headers(conn, campaign_headers())
	end
	if state >= 4 then
		ok(mt.eoh(conn), "eoh")
		expect(conn, CONTINUE, "eoh")
		ok(mt.bodystring(conn, "gone\r\n"), "body")
	end
	ok(mt.abort(conn), "abort")
	campaign(conn, { "kept" .. state .. "@example.org" })
	expect_tailored(conn)
	assert(mt.eom_check(conn, MT_BODYCHANGE,
		"Dear kept" .. state .. "@example.org,\r\n\r\nwelcome.\r\n"), "body " .. state)
end
mt.disconnect(conn)
