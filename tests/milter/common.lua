-- SPDX-License-Identifier: BSD-2-Clause
--
-- What the scripts of this folder share. The driver (run.py) gives them:
--   socket  the daemon's milter socket
--   noreply "1" if that is a unix socket, where most steps have no answer
-- Scripts use client() or steps of their own; an assertion that fails ends the script.

mt.set_timeout(30)

function ok(result, what)
	if result ~= nil then
		error(what .. ": " .. tostring(result), 2)
	end
end

-- The reply to the last step must be one of the letters.
function expect(conn, letters, what)
	local reply = mt.getreply(conn)
	for i = 1, #letters do
		if reply == string.byte(letters, i) then
			return
		end
	end
	error(what .. ": reply " .. string.char(reply) .. ", expected " .. letters, 2)
end

ACCEPT, CONTINUE, DISCARD = "a", "c", "d"
REPLY = "y" -- an SMTP reply of our own; service.py looks at its text

function connect(address)
	local conn = mt.connect(socket, 20, 0.1)
	assert(conn, "no connection")
	ok(mt.conninfo(conn, "client.example", address or "127.0.0.1"), "connect")
	return conn
end

function hello(conn, name)
	ok(mt.helo(conn, name or "client.example"), "helo")
	expect(conn, CONTINUE, "helo")
end

function client(address)
	local conn = connect(address)
	hello(conn)
	return conn
end

queue_number = 0

function envelope(conn, sender, recipients)
	queue_number = queue_number + 1
	mt.macro(conn, SMFIC_MAIL, "i", "Q" .. queue_number)
	ok(mt.mailfrom(conn, "<" .. sender .. ">"), "mail")
	for _, recipient in ipairs(recipients) do
		ok(mt.rcptto(conn, "<" .. recipient .. ">"), "rcpt")
	end
end

function headers(conn, list)
	for _, field in ipairs(list) do
		ok(mt.header(conn, field[1], field[2]), "header")
	end
end

-- With SMFIP_HDR_LEADSPC values begin with their space.
function campaign_headers(name)
	return {
		{ "From", " Shop <news@shop.example>" },
		{ "To", " everybody@shop.example" },
		{ "Subject", " For {{ contact.email }}" },
		{ "X-Campaign", " " .. (name or "spring") },
		{ "Message-ID", " <" .. tostring(queue_number) .. ".1@shop.example>" },
		{ "MIME-Version", " 1.0" },
		{ "Content-Type", " text/plain; charset=utf-8" },
	}
end

BODY = "Dear {{ contact.email }},\r\n\r\nwelcome.\r\n"

function finish(conn, body)
	ok(mt.eoh(conn), "eoh")
	expect(conn, CONTINUE, "eoh")
	if body ~= nil then
		ok(mt.bodystring(conn, body), "body")
	end
	ok(mt.eom(conn), "eom")
end

-- A whole campaign message up to the reply to its end.
function campaign(conn, recipients, name, body)
	envelope(conn, "news@shop.example", recipients)
	headers(conn, campaign_headers(name))
	finish(conn, body or BODY)
end

-- The last reply must be that of a message tailored in place.
function expect_tailored(conn)
	expect(conn, ACCEPT, "eom")
	assert(mt.eom_check(conn, MT_HDRDELETE, "X-Campaign"), "X-Campaign stays")
	assert(mt.eom_check(conn, MT_HDRINSERT, "DKIM-Signature"), "no signature")
end
