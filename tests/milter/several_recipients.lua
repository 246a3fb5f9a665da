-- SPDX-License-Identifier: BSD-2-Clause
--
-- Several recipients are held; one named twice is one; too many are deferred as a whole,
-- and a RCPT is never refused.
dofile(dir .. "/common.lua")

conn = client()
campaign(conn, { "a@example.org", "b@example.org", "c@example.org" })
expect(conn, DISCARD, "held")
campaign(conn, { "one@example.org", "one@example.org", "one@EXAMPLE.org" })
expect_tailored(conn)
assert(mt.eom_check(conn, MT_HDRCHANGE, "Subject", " For one@example.org"), "subject")

list = {}
for i = 1, 51 do list[i] = "n" .. i .. "@example.org" end
campaign(conn, list)
expect(conn, REPLY, "451 4.3.4")
list[51] = nil
campaign(conn, list)
expect(conn, DISCARD, "held")

-- The empty sender, and parameters that are kept or not.
mt.macro(conn, SMFIC_MAIL, "i", "QX")
ok(mt.mailfrom(conn, "<>", "SIZE=100", "BODY=8BITMIME", "RET=HDRS", "ENVID=x+3Dy"), "mail")
ok(mt.rcptto(conn, "<p@example.org>", "NOTIFY=NEVER"), "rcpt")
ok(mt.rcptto(conn, "<q@example.org>", "NOTIFY=DELAY,FAILURE", "ORCPT=rfc822;q@example.org"), "rcpt")
headers(conn, campaign_headers())
finish(conn, BODY)
expect(conn, DISCARD, "held")
mt.disconnect(conn)
