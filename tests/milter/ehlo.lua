-- SPDX-License-Identifier: BSD-2-Clause
--
-- Names that look like our own hand-back but are not pass nothing by.
dofile(dir .. "/common.lua")

for _, name in ipairs({
	"mt-0-0-0.mailtailor.invalid",
	"mt-.mailtailor.invalid",
	".mailtailor.invalid",
	"mt-66f00000-0011223344556677-00112233445566778899aabbccddeeff.mailtailor.invalid",
	"mt-" .. string.rep("a", 300) .. ".mailtailor.invalid",
	"MT-66F00000-0011223344556677-00112233445566778899AABBCCDDEEFF.MAILTAILOR.INVALID",
	string.rep("x", 1000),
}) do
	local conn = connect()
	hello(conn, name)
	campaign(conn, { "ada@example.org" })
	expect_tailored(conn)
	mt.disconnect(conn)
end
