-- SPDX-License-Identifier: BSD-2-Clause
--
-- The MTA goes away in each state of the protocol, politely and not: nothing is half
-- done, and the process serves the next.
dofile(dir .. "/common.lua")

steps = {
	function(conn) ok(mt.conninfo(conn, "client.example", "127.0.0.1"), "connect") end,
	function(conn) hello(conn) end,
	function(conn) ok(mt.mailfrom(conn, "<news@shop.example>"), "mail") end,
	function(conn) ok(mt.rcptto(conn, "<lost@example.org>"), "rcpt") end,
	function(conn) headers(conn, campaign_headers()) end,
	function(conn) ok(mt.eoh(conn), "eoh") end,
	function(conn) ok(mt.bodystring(conn, BODY), "body") end,
}

for last = 0, #steps do
	for _, polite in ipairs({ true, false }) do
		local conn = mt.connect(socket)
		assert(conn, "no connection")
		for step = 1, last do
			steps[step](conn)
		end
		mt.disconnect(conn, polite)
	end
end

conn = client()
campaign(conn, { "found@example.org" })
expect_tailored(conn)
mt.disconnect(conn)
