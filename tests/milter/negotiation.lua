-- SPDX-License-Identifier: BSD-2-Clause
--
-- What is asked of the MTA.
dofile(dir .. "/common.lua")

conn = mt.connect(socket)
assert(conn, "no connection")
ok(mt.negotiate(conn, nil, nil, nil), "negotiate")
for _, action in ipairs({ SMFIF_ADDHDRS, SMFIF_CHGHDRS, SMFIF_CHGBODY }) do
	assert(mt.test_action(conn, action), "an action is missing")
end
for _, action in ipairs({ SMFIF_ADDRCPT, SMFIF_DELRCPT, SMFIF_QUARANTINE, SMFIF_CHGFROM }) do
	assert(not mt.test_action(conn, action), "an action too many")
end
for _, step in ipairs({ SMFIP_NR_CONN, SMFIP_NR_MAIL, SMFIP_NR_RCPT, SMFIP_NR_HDR, SMFIP_NR_BODY }) do
	assert(mt.test_option(conn, step) == (noreply == "1"), "replies")
end
for _, step in ipairs({ SMFIP_NOCONNECT, SMFIP_NOHELO, SMFIP_NOMAIL, SMFIP_NORCPT, SMFIP_NOBODY,
	SMFIP_NOHDRS, SMFIP_NOEOH, SMFIP_NR_EOH, SMFIP_NR_HELO, SMFIP_RCPT_REJ }) do
	assert(not mt.test_option(conn, step), "a step is missing")
end
mt.disconnect(conn)

conn = client()
campaign(conn, { "ada@example.org" })
expect_tailored(conn)
mt.disconnect(conn)
