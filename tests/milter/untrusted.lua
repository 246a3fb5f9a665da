-- SPDX-License-Identifier: BSD-2-Clause
--
-- From a client that is not trusted a campaign header means nothing; with SASL it does.
dofile(dir .. "/common.lua")

for _, address in ipairs({ "192.0.2.1", "2001:db8::1", "unspec" }) do
	local conn = client(address)
	envelope(conn, "news@shop.example", { "ada@example.org" })
	headers(conn, campaign_headers())
	ok(mt.eoh(conn), "eoh")
	expect(conn, ACCEPT, "outsider")
	mt.disconnect(conn)
end

conn = client("192.0.2.1")
mt.macro(conn, SMFIC_MAIL, "i", "QA", "{auth_authen}", "shopkeeper")
ok(mt.mailfrom(conn, "<news@shop.example>"), "mail")
ok(mt.rcptto(conn, "<ada@example.org>"), "rcpt")
headers(conn, campaign_headers())
finish(conn, BODY)
expect_tailored(conn)
mt.disconnect(conn)

conn = client("::1")
campaign(conn, { "ada@example.org" })
expect_tailored(conn)
mt.disconnect(conn)
