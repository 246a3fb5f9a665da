# SPDX-License-Identifier: BSD-2-Clause
"""Requests as only programs make them: each is answered rightly or the connection is closed, and
none of those that are wrong is recorded."""

import re
import time

from served import BROWSER, TARGET

AGENT = b"User-Agent: " + BROWSER.encode() + b"\r\n"
HOST = b"Host: t.shop.example\r\n" + AGENT


# Where libmicrohttpd refuses by itself, 0.9.75 sends the header of its reply twice, and closes.
TWICE = re.compile(rb"(HTTP/1\.1 4\d\d [^\r]*\r\n(?:[^\r]+\r\n)*Connection: close\r\n"
                   rb"(?:[^\r]+\r\n)*\r\n)\1(?=<html>)")


def statuses(received):
    """Of all replies in it."""
    received = TWICE.sub(rb"\1", received)
    return [int(n) for n in re.findall(rb"(?:^|\r\n\r\n|\n)HTTP/1\.[01] (\d{3}) ", received)]


def requests(path):
    """(name, bytes, the statuses that may come, is it recorded). [] is a closed connection."""
    click = path.encode()
    get = b"GET " + click + b" HTTP/1.1\r\n" + HOST
    close = b"Connection: close\r\n\r\n"
    post = b"POST /robots.txt HTTP/1.1\r\n" + HOST
    return [
        ("HTTP/1.0", b"GET " + click + b" HTTP/1.0\r\n" + AGENT + b"\r\n", [[302]], True),
        ("HTTP/0.9", b"GET " + click + b"\r\n\r\n", [[], [400], [505]], False),
        ("no version, one line", b"GET " + click + b"\r\n", [[], [400], [505]], False),
        ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [[], [400], [404], [405], [505]],
         False),
        ("HTTP/9.9", b"GET " + click + b" HTTP/9.9\r\n" + HOST + b"\r\n", [[], [400], [505]], False),
        ("no Host", b"GET " + click + b" HTTP/1.1\r\n" + AGENT + close, [[400], []], False),
        ("two Hosts", get + b"Host: evil.example\r\n" + close, [[302], [400], []], None),
        ("close", get + close, [[302]], True),
        ("half a line", b"GET " + click, [[]], False),
        ("half a field", get + b"X-A: b", [[]], False),
        ("no end of the header", get, [[]], False),
        ("half a body", post + b"Content-Length: 100\r\n\r\nabc", [[], [405]], False),
        ("absolute form", b"GET http://t.shop.example" + click + b" HTTP/1.1\r\n" + HOST + close,
         [[404], [302], [400], []], None),
        ("absolute form elsewhere", b"GET http://evil.example/ HTTP/1.1\r\n" + HOST + close,
         [[404], [400], []], False),
        ("authority form", b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + close,
         [[404], [405], [400], []], False),
        ("asterisk", b"OPTIONS * HTTP/1.1\r\n" + HOST + close, [[404], [405], [400], []], False),
        ("no target", b"GET  HTTP/1.1\r\n" + HOST + close, [[404], [400], []], False),
        ("a target with a space", b"GET /a b HTTP/1.1\r\n" + HOST + close, [[404], [400], []],
         False),
        ("two slashes", b"GET /" + click + b" HTTP/1.1\r\n" + HOST + close, [[404]], False),
        ("dots", b"GET /x/.." + click + b" HTTP/1.1\r\n" + HOST + close, [[404]], False),
        ("escaped dots", b"GET /%2e%2e" + click + b" HTTP/1.1\r\n" + HOST + close, [[404]], False),
        ("escaped NUL", b"GET " + click + b"%00 HTTP/1.1\r\n" + HOST + close, [[404]], False),
        ("an escaped letter", b"GET /%63" + click[2:] + b" HTTP/1.1\r\n" + HOST + close, [[404]],
         False),
        # libmicrohttpd reads up to the NUL: what stands before it is a good token.
        ("NUL in the target", b"GET " + click + b"\0x HTTP/1.1\r\n" + HOST + close,
         [[302], [400], [404], []], None),
        ("NUL in a field", get + b"X-A: a\0b\r\n" + close, [[400], [302], []], None),
        ("8-bit target", b"GET /\xff\xfe\xc3\xa4 HTTP/1.1\r\n" + HOST + close, [[404], [400], []],
         False),
        ("a tab before a value", get + b"X-A:\tb\r\n" + close, [[302]], True),
        ("a tab for the space", b"GET\t" + click + b"\tHTTP/1.1\r\n" + HOST + close,
         [[400], [404], [302], []], None),
        ("a space before the colon", get + b"X-A : b\r\n" + close, [[400], [302], []], None),
        ("a field without a colon", get + b"nonsense\r\n" + close, [[400], [302], []], None),
        # libmicrohttpd takes it for the header's end, and what follows for another request.
        ("a field without a name", get + b": b\r\n" + close, [[302, 400], [400], [302], []], None),
        ("a folded field", get + b"X-A: a\r\n b\r\n" + close, [[302], [400], []], None),
        ("a fold at once", b"GET " + click + b" HTTP/1.1\r\n Host: x\r\n" + HOST + close,
         [[400], [302], []], None),
        ("LF alone", get.replace(b"\r\n", b"\n") + b"Connection: close\n\n", [[302], [400], []],
         None),
        ("CR alone", get.replace(b"\r\n", b"\r") + b"\r\r", [[], [400]], False),
        ("empty lines first", b"\r\n\r\n" + get + close, [[302], [400], []], None),
        ("two lengths", post + b"Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
         [[400], [405], []], False),
        ("a negative length", post + b"Content-Length: -1\r\n\r\n", [[400], [413], []], False),
        ("a huge length", post + b"Content-Length: 99999999999999999999999\r\n\r\n",
         [[400], [413], []], False),
        ("a length in words", post + b"Content-Length: five\r\n\r\nabcde", [[400], [413], []],
         False),
        ("a length of 3,3", post + b"Content-Length: 3,3\r\n\r\nabc", [[400], [413], []], False),
        ("a length above the ceiling", post + b"Content-Length: 65537\r\n\r\n", [[413], []], False),
        ("a bad chunk", post + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n",
         [[400], []], False),
        ("a huge chunk", post + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc",
         [[400], [413], []], False),
        ("an unknown coding", post + b"Transfer-Encoding: foo\r\nConnection: close\r\n\r\nabc",
         [[400], [501], [405], []], False),
        ("an unknown expectation", post + b"Expect: magic\r\n" + close, [[405], [417], []], False),
        ("an upgrade", get + b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n", [[302], [400]],
         None),
        ("rubbish", bytes(range(256)) * 8, [[], [400]], False),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\1" * 400, [[], [400]], False),
        ("a line of 100 kB", b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n" + HOST + close,
         [[414], [400], [431], []], False),
        ("a field of 100 kB", get + b"X-A: " + b"a" * 100000 + b"\r\n" + close, [[431], [400], []],
         False),
        ("a thousand fields", get + b"".join(b"X-%d: b\r\n" % i for i in range(1000)) + close,
         [[431], [400], [302], []], None),
        ("5,000 cookies", get + b"Cookie: " + b"a=b; " * 5000 + b"\r\n" + close,
         [[431], [400], []], False),
    ]


def requests_that_only_programs_make(served):
    number = 2
    for name, data, wanted, recorded in requests(served.path("c", number)):
        received = served.raw(data)
        got = statuses(received)
        if got not in wanted:
            yield f"{name}: {got}, expected one of {wanted}: {received[:300]!r}"
        if b"Location: " in received and b"Location: " + TARGET.encode() + b"\r\n" not in received:
            yield f"{name}: leads elsewhere: {received[:500]!r}"
        if 302 in got and recorded is False:
            yield f"{name}: it is a click"
    events = [event for event in served.settled_events()
              if event["address"] == f"h{number}@http.example"]
    if not events or any(event["kind"] != "clicked" for event in events):
        yield f"recorded: {events}"


def half_requests_are_not_recorded(served):
    number = 3
    for _, data, _, recorded in requests(served.path("c", number)):
        if recorded is False:
            served.raw(data)
    events = [event for event in served.settled_events()
              if event["address"] == f"h{number}@http.example"]
    if events:
        yield f"recorded: {events}"


def pipelined(served):
    path = served.path("c", 4).encode()
    get = b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"\r\n"
    got = statuses(served.raw(get * 50))
    if got != [302] * 50:
        yield f"50 at once: {got}"
    post = (b"POST /robots.txt HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\n\r\nabc")
    health = b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n"
    got = statuses(served.raw((post + health) * 10))
    if got != [405, 200] * 10:
        yield f"bodies between them: {got}"
    # A refusal does not take what follows for a body, or a body for what follows.
    got = statuses(served.raw(health + b"GARBAGE\r\n\r\n" + health))
    if got[:1] != [200] or len(got) > 2 or 302 in got:
        yield f"rubbish between them: {got}"


def smuggling(served):
    """Two ways to tell where a body ends: what one of them calls the next request is not run."""
    path = served.path("c", 5).encode()
    inner = b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"\r\n"
    post = b"POST /robots.txt HTTP/1.1\r\n" + HOST
    both = [
        (b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % (5 + len(inner))),
        (b"Transfer-Encoding: chunked\r\nContent-Length: %d\r\n\r\n0\r\n\r\n" % (5 + len(inner))),
        (b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(inner)),
        (b"Content-Length: %d\r\nContent-Length: 0\r\n\r\n" % len(inner)),
        b"Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"X-A: b\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ]
    for fields in both:
        received = served.raw(post + fields + inner)
        got = statuses(received)
        # It is refused, and the connection ends; the CR is a part of the value before it.
        if got not in ([400], []) and not (b"b\rT" in fields and got == [405]):
            yield f"{fields!r}: {got}: {received[:200]!r}"
    if any(event["address"] == "h5@http.example" for event in served.settled_events()):
        yield "recorded"


def bodies(served):
    path = served.path("p", 6).encode()
    post = b"POST " + path + b" HTTP/1.1\r\n" + HOST + \
        b"Content-Type: application/x-www-form-urlencoded\r\n"
    body = b"mail=yes&track=yes"
    chunked = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\nTrailer: x\r\n\r\n"
    for name, data in (
            ("chunked", b"Transfer-Encoding: chunked\r\n\r\n" + chunked),
            ("with an extension", b"Transfer-Encoding: chunked\r\n\r\n12;a=b\r\n" + body
             + b"\r\n0\r\n\r\n"),
            ("expected", b"Expect: 100-continue\r\nContent-Length: 18\r\n\r\n" + body)):
        received = served.raw(post + data)
        got = [status for status in statuses(received) if status != 100]
        if got != [200] or b"Your preferences are saved" not in received:
            yield f"{name}: {received[:300]!r}"
    # Whoever expects an answer first gets one, and may leave the body out then.
    with served.connect() as connection:
        connection.sendall(post + b"Expect: 100-continue\r\nContent-Length: 18\r\n\r\n")
        received = connection.recv(4096)
        if not received.startswith(b"HTTP/1.1 100 "):
            yield f"100-continue: {received!r}"
    with served.connect() as connection:
        connection.sendall(post + b"Expect: 100-continue\r\nContent-Length: 999999\r\n\r\n")
        received = connection.recv(4096)
        if statuses(received) != [413]:
            yield f"too much is expected: {received[:200]!r}"
    received = served.raw(post + b"Transfer-Encoding: chunked\r\n\r\n"
                          + (b"8000\r\n" + b"a" * 32768 + b"\r\n") * 3 + b"0\r\n\r\n")
    if statuses(received) != [413]:
        yield f"96 kB in chunks: {received[:200]!r}"


def an_endless_body(served):
    before = served.memory()
    with served.connect() as connection:
        sent = 0
        connection.sendall(b"POST " + served.path("p", 6).encode() + b" HTTP/1.1\r\n" + HOST
                           + b"Transfer-Encoding: chunked\r\n\r\n")
        try:
            began = time.monotonic()
            while sent < 1 << 30 and time.monotonic() - began < 60 * served.patience:
                connection.sendall(b"10000\r\n" + b"a" * 65536 + b"\r\n")
                sent += 65536
        except OSError:
            pass
    if sent > 64 << 20:
        yield f"{sent} bytes of one body were taken"
    grown = served.memory() - before
    if grown > 20 * served.patience:
        yield f"the process grew by {grown:.0f} MB"


CHECKS = [requests_that_only_programs_make, half_requests_are_not_recorded, pipelined, smuggling,
          bodies, an_endless_body]
