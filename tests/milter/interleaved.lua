-- SPDX-License-Identifier: BSD-2-Clause
--
-- Three connections whose steps come in turn: no session sees another's data.
dofile(dir .. "/common.lua")

conns = {}
for i = 1, 3 do conns[i] = client() end
for i = 1, 3 do envelope(conns[i], "news@shop.example", { "n" .. i .. "@example.org" }) end
for f, field in ipairs(campaign_headers()) do
	for i = 1, 3 do headers(conns[i], { field }) end
end
for i = 1, 3 do
	ok(mt.eoh(conns[i]), "eoh")
	expect(conns[i], CONTINUE, "eoh")
end
for i = 1, 3 do ok(mt.bodystring(conns[i], "Dear {{ contact.email }}, "), "body") end
for i = 1, 3 do ok(mt.bodystring(conns[i], "number " .. i .. "\r\n"), "body") end
for i = 3, 1, -1 do
	ok(mt.eom(conns[i]), "eom")
	expect_tailored(conns[i])
	assert(mt.eom_check(conns[i], MT_BODYCHANGE,
		"Dear n" .. i .. "@example.org, number " .. i .. "\r\n"), "body " .. i)
end
for i = 1, 3 do mt.disconnect(conns[i]) end
