# SPDX-License-Identifier: BSD-2-Clause
"""Attack strings of others in each place where a request has one: path, token, query, fields of the
header and of forms. Nothing comes back unescaped, nothing leads elsewhere."""

import os
import random
import urllib.parse

from lab import LabError
from routes import FIELDS, ROUTES, path_of
from served import TARGET

HERE = os.path.dirname(os.path.abspath(__file__))
CORPORA = os.environ.get("MAILTAILOR_CORPORA") or os.path.join(HERE, "..", "..", "..", "shared",
                                                               "data")
# None of our pages holds these. What comes back has to be escaped.
MARK = b"<zq'\"x>"


def strings(count):
    """A sample, the same for each run."""
    found = set()
    for name in sorted(os.listdir(CORPORA)) if os.path.isdir(CORPORA) else ():
        if not name.startswith("attack-"):
            continue
        for where, _, files in os.walk(os.path.join(CORPORA, name)):
            for file in files:
                with open(os.path.join(where, file), "rb") as lines:
                    found.update(line.rstrip(b"\r\n") for line in lines if 0 < len(line) < 4000)
    made = [b"%0d%0aLocation: https://evil.example/", b"//evil.example/", b"https://evil.example/",
            b"\\\\evil.example", b"/%5cevil.example", b"%00", b"\xc0\xae\xc0\xae/", b"%s%n%x",
            b"${7*7}", b"{{ 7 | times: 7 }}", b"{% render 'web/layout' %}", b"a" * 3000]
    chosen = sorted(found)
    random.Random(1).shuffle(chosen)
    return made + chosen[:count]


def send(served, method, target, fields, body=b""):
    """As bytes: no library takes offence."""
    lines = [method + b" " + target + b" HTTP/1.1", b"Host: t.shop.example", b"Connection: close"]
    lines += [name.encode() + b": " + value for name, value in fields]
    if method == b"POST":
        lines += [b"Content-Type: application/x-www-form-urlencoded",
                  b"Content-Length: %d" % len(body)]
    return served.raw(b"\r\n".join(lines) + b"\r\n\r\n" + body, end=False)


def requests(served, text, turn):
    """(where, method, target, fields, body), one of each kind; the string goes through in turns,
    so that all places see all kinds of strings."""
    target = bytes(c for c in text if c > 32)
    quoted = urllib.parse.quote_from_bytes(text).encode()
    value = bytes(c for c in text if c not in b"\r\n\0")
    routes = [(route, path_of(route, served.paths[f"h{30 + turn % 10}@http.example"]).encode())
              for route in ROUTES]
    route, path = routes[turn % len(routes)]
    if turn % 3 == 0:
        yield "path", b"GET", b"/" + target + MARK, (), b""
    if turn % 3 == 1:
        yield "token", b"GET", path[:3] + target + MARK, (), b""
        yield "path, quoted", b"GET", path + quoted, (), b""
    if turn % 3 == 2:
        yield "query", b"GET", path + b"?" + target + b"&x=" + quoted + MARK, (), b""
    name = FIELDS[turn % len(FIELDS)]
    yield name, b"GET", path, [(name, value + MARK)], b""
    posted = [(r, p) for r, p in routes if r.forms]
    route, path = posted[turn % len(posted)]
    for field in route.forms:
        body = (field + "=").encode() + quoted + urllib.parse.quote_from_bytes(MARK).encode()
        yield f"form field {field}", b"POST", path, (), body
    if turn % 5 == 0:
        yield "form", b"POST", path, (), text + MARK


def judge(where, text, received):
    what = f"{where}: {text[:80]!r}"
    head, _, body = received.partition(b"\r\n\r\n")
    if MARK in received:
        yield f"{what}: comes back as it was: {received[:600]!r}"
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"location:") and line != b"Location: " + TARGET.encode():
            yield f"{what}: leads elsewhere: {line!r}"
        if line.lower().startswith((b"set-cookie:", b"refresh:")):
            yield f"{what}: {line!r}"
    if len(text) > 12 and text in body and b"<" in text:
        yield f"{what}: comes back unescaped"
    # 503 is "busy": /metrics is made for one client at a time.
    if received and not received.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 302 ",
                                             b"HTTP/1.1 4", b"HTTP/1.1 503 ")):
        yield f"{what}: {received[:100]!r}"


def attack_strings_everywhere(served):
    pid = served.web_pid()
    for turn, text in enumerate(strings(served.options["strings"])):
        for where, method, target, fields, body in requests(served, text, turn):
            yield from judge(where, text, send(served, method, target, fields, body))
        if turn % 200 == 0 and served.web_pid() != pid:
            raise LabError(f"the web process died before string {turn}: {text[:80]!r}")


CHECKS = [attack_strings_everywhere]
