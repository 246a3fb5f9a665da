# SPDX-License-Identifier: BSD-2-Clause
"""All routes with all methods: what each page says beside its text, and that nothing leads
elsewhere."""

import random

from routes import METHODS, ROUTES, path_of
from served import TARGET

FIXED = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
         "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex"}


def judge_fields(reply, what):
    """Of every answer, whatever its status."""
    for name, value in FIXED.items():
        if value not in (reply.field(name) or ""):
            yield f"{what}: {name} is {reply.field(name)}"
    kind = reply.field("Content-Type") or ""
    if kind and not kind.startswith("image/"):
        policy = reply.field("Content-Security-Policy") or ""
        if "default-src 'none'" not in policy or "frame-ancestors 'none'" not in policy:
            yield f"{what}: Content-Security-Policy is {policy}"
        if "script-src" in policy or "unsafe-eval" in policy:
            yield f"{what}: scripts are allowed: {policy}"
        if reply.field("X-Frame-Options") != "DENY" or "charset=utf-8" not in kind:
            yield f"{what}: {kind}, X-Frame-Options {reply.field('X-Frame-Options')}"
    if reply.field("Set-Cookie") or reply.field("Access-Control-Allow-Origin"):
        yield f"{what}: a cookie, or a permission for others"


def judge_status(route, method, reply, what):
    if route.methods is None:
        wanted = 404
    elif method in route.methods.split():
        wanted = 200 if method == "POST" else route.get
    else:
        wanted = 405
    if reply.status != wanted:
        yield f"{what}: {reply.status}, expected {wanted}"
    if wanted == 405 and set((reply.field("Allow") or "").split(", ")) != set(
            route.methods.split()):
        yield f"{what}: Allow is {reply.field('Allow')}"
    if (reply.field("Location") is not None) != (wanted == 302):
        yield f"{what}: Location is {reply.field('Location')}"
    if wanted == 302 and reply.field("Location") != TARGET:
        yield f"{what}: leads to {reply.field('Location')}"
    if method == "HEAD" and reply.body:
        yield f"{what}: a body of {len(reply.body)} bytes"


def every_route_and_method(served):
    before = len(served.settled_events())
    paths, recorded = served.paths["h0@http.example"], 0
    for route in ROUTES:
        path = path_of(route, paths)
        for method in METHODS:
            body = b"" if method in ("POST", "PUT", "PATCH", "FOO") else None
            reply, what = served.ask(method, path, body=body), f"{method} {route.path}"
            yield from judge_fields(reply, what)
            yield from judge_status(route, method, reply, what)
        for method in (route.methods or "").split():
            # A query says nothing.
            reply = served.ask(method, path + "?to=https://evil.example/&a=%0d%0aX:y",
                               body=b"" if method == "POST" else None)
            yield from judge_status(route, method, reply, f"{method} {route.path}?...")
        recorded += {"{c}": 2, "{o}": 2, "{h}": 2}.get(route.path, 0)
    # The token counts once in a second; an empty POST to {u} leaves.
    after = [event["kind"] for event in served.settled_events()[before:]]
    if not 3 <= sum(kind != "unsubscribed" for kind in after) <= recorded:
        yield f"recorded: {after}"


def mutations(path, dice):
    """Whatever an attacker does to a token."""
    token = path[3:]
    for i in range(len(token)):
        yield path[:3] + token[:i] + dice.choice([c for c in "AZaz09-_" if c != token[i]]) + \
            token[i + 1:]
    for n in (1, 2, 5, 20, len(token) - 1):
        yield path[:-n]
    for more in ("A", "=", "/", "//", "%00", ".", "?" * 0 + ";a", "%2e", "A" * 3000):
        yield path + more
    for letter in "cuopvhtsx":
        if letter != path[1]:
            yield f"/{letter}/{token}"
    yield path.upper()
    yield "//evil.example" + path
    yield "/" + path
    yield path.replace("/", "//", 1)
    yield path[:3] + "../" + token
    yield path[:3] + "%2e%2e/" + token
    yield path.replace(token, token[::-1])


def no_changed_token_leads_anywhere(served):
    before, dice = len(served.settled_events()), random.Random(1)
    for letter in sorted(served.paths["h0@http.example"]):
        for path in mutations(served.path(letter, 1), dice):
            reply = served.ask("GET", path)
            if reply.status != 404 or reply.field("Location") is not None:
                yield f"{path}: {reply}"
            yield from judge_fields(reply, path)
    after = served.settled_events()
    if len(after) != before:
        yield f"recorded: {after[before:]}"


CHECKS = [every_route_and_method, no_changed_token_leads_anywhere]
