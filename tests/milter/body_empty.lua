-- SPDX-License-Identifier: BSD-2-Clause
--
-- No body at all.
dofile(dir .. "/common.lua")

conn = client()
envelope(conn, "news@shop.example", { "ada@example.org" })
headers(conn, campaign_headers())
finish(conn, nil)
expect_tailored(conn)
assert(mt.eom_check(conn, MT_HDRCHANGE, "Subject", " For ada@example.org"), "subject")
mt.disconnect(conn)
