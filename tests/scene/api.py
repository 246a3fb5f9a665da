#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The event API as shops use it and misuse it: keys, events that come again, clocks that are
wrong, bodies that are too long or no JSON, contacts, and a cart that was left behind."""

import argparse
import base64
import gzip
import http.client
import json
import os
import random
import re
import socket
import sys
import time
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("lib", "corpus"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))

import corpora
import engine_attack
from api import CART, Checks, Shop
from lab import Lab, LabError, wait_for

KB = 1024
TRACKING = 'token_keys = "{keys}"\ntracking_url = "https://t.shop.example/mail"\n'


def iso(when):
    return when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def parse(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def is_error(reply, status, code):
    """Is it that error, as JSON?"""
    assert reply.status == status, f"{status} was expected: {reply}"
    assert reply.headers["Content-Type"] == "application/json", reply.headers["Content-Type"]
    body = reply.json
    assert body["success"] is False and body["code"] == code and body["message"], body
    assert "no-store" in reply.headers["Cache-Control"]
    return body["message"]


def written(reply, new=1, known=0, strangers=0):
    assert reply.status == 200, str(reply)
    found = {name: reply.json.get(name) for name in ("written", "known", "strangers")}
    assert found == {"written": new, "known": known, "strangers": strangers}, reply.json
    assert reply.json["success"] is True


class Scene:
    def __init__(self, shop):
        self.shop, self.api, self.admin = shop, shop.api, shop.admin

    def identify(self, name, **traits):
        address = f"{name}@shop.example"
        reply = self.api.post("/v1/identify", {
            "userId": name, "messageId": f"who-{name}", "traits": {"email": address, **traits}})
        written(reply)
        return address

    # --- events ---

    def comes_again(self):
        address = self.identify("again")
        event = {"userId": "again", "messageId": "again-1", "event": "Viewed"}
        written(self.api.post("/v1/track", event))
        written(self.api.post("/v1/track", event), new=0, known=1)
        written(self.api.post("/v1/batch", {"batch": [{"type": "track", **event}] * 3}),
                new=0, known=3)
        # Another key of the same name knows it, one of another name does not.
        heir = self.shop.new_key("shop")
        written(self.api.post("/v1/track", event, key=heir), new=0, known=1)
        other = self.shop.new_key("other")
        written(self.api.post("/v1/track", event, key=other))
        sources = [event["source"] for event in self.shop.events("--contact", address)
                   if event["kind"] == "track"]
        assert sorted(sources) == ["api:other", "api:shop"], sources

    def comes_again_without_an_id(self):
        """What was told makes the id, not when it was sent."""
        self.identify("noid")
        event = {"userId": "noid", "event": "Viewed", "timestamp": "2026-01-31T08:15:00Z"}
        written(self.api.post("/v1/track", {**event, "sentAt": "2026-01-31T08:15:10Z"}))
        time.sleep(0.01)
        written(self.api.post("/v1/track", {**event, "sentAt": "2026-01-31T08:15:20Z"}),
                new=0, known=1)

    def wrong_clock(self):
        """By sentAt: it happened ten minutes before, though the client's clock is years off."""
        address = self.identify("clock")
        now = datetime.now(timezone.utc)
        for number, sent in enumerate((now - timedelta(days=2000), now + timedelta(days=2000))):
            told = iso(sent - timedelta(minutes=10))
            event = {"type": "track", "userId": "clock", "event": f"clock{number}",
                     "messageId": f"clock-{number}", "timestamp": told,
                     "originalTimestamp": told}
            if number == 0:
                reply = self.api.post("/v1/batch", {"batch": [event], "sentAt": iso(sent)})
            else:
                reply = self.api.post("/v1/track", {**event, "sentAt": iso(sent)})
            written(reply)
            found = [parse(e["time"]) for e in self.shop.events("--contact", address)
                     if e["type"] == f"clock{number}"]
            error = abs((found[0] - (now - timedelta(minutes=10))).total_seconds())
            assert error < 30, f"{found[0]} is {error} s off"

    def all_kinds(self):
        address = self.identify("kinds", firstName="Kim", plan="pro")
        self.api.post("/v1/page", {"userId": "kinds", "name": "Home", "category": "Shop",
                                   "properties": {"url": "https://shop.example/"}})
        self.api.post("/v1/screen", {"userId": "kinds", "name": "Start"})
        self.api.post("/v1/track", {"userId": "kinds", "event": "Sökt", "properties": None})
        found = [(e["kind"], e["type"]) for e in self.shop.events("--contact", address)]
        assert sorted(found) == [("identify", ""), ("page", "Home"), ("screen", "Start"),
                                 ("track", "Sökt")], found
        contact = self.admin.ask("GET", f"/v1/contacts/{address}").json
        assert contact["attributes"] == {"first_name": "Kim", "plan": "pro"}, contact

    def batch_order(self):
        """Within a batch, who somebody is counts for what came before."""
        written(self.api.post("/v1/batch", {"batch": [
            {"type": "track", "anonymousId": "an-1", "event": "Viewed", "messageId": "o1"},
            {"type": "identify", "anonymousId": "an-1", "userId": "order", "messageId": "o2",
             "traits": {"email": "order@shop.example"}}]}), new=2)
        written(self.api.post("/v1/track", {"userId": "nobody-knows", "event": "x",
                                            "messageId": "o3"}), new=0, strangers=1)

    def partly_bad_batch(self):
        self.identify("partly")
        reply = self.api.post("/v1/batch", {"batch": [
            {"type": "track", "userId": "partly", "event": "good", "messageId": "p1"},
            {"type": "group", "userId": "partly", "groupId": "g"},
            {"type": "track", "event": "of nobody", "messageId": "p2"},
            {"type": "track", "userId": "partly", "event": "large", "messageId": "p3",
             "properties": {"x": "y" * (32 * KB)}},
            "text", None]})
        assert reply.status == 200 and reply.json["written"] == 1, str(reply)
        assert reply.json["refused"] == 5, reply.json
        assert [r["index"] for r in reply.json["refusals"]] == [1, 2, 3, 4, 5], reply.json
        is_error(self.api.post("/v1/batch", {"batch": [{"type": "alias"}] * 30}), 400,
                 "bad_request")
        many = self.api.post("/v1/batch", {"batch": [
            {"type": "track", "userId": "partly", "event": "x", "messageId": "p9"}]
            + [{"type": "alias"}] * 30})
        assert many.json["refused"] == 30 and len(many.json["refusals"]) == 20, str(many)
        written(self.api.post("/v1/batch", {"batch": []}), new=0)

    def too_much_for_a_contact(self):
        """What the store refuses of one event takes nothing else along, and leaves no half."""
        address = self.identify("heavy")
        filler = {f"k{i}": "v" * 30000 for i in range(1)}
        for turn in range(36):
            reply = self.api.post("/v1/batch", {"batch": [
                {"type": "identify", "userId": "heavy", "messageId": f"h{turn}",
                 "traits": {f"t{turn}": filler["k0"]}},
                {"type": "track", "userId": "heavy", "event": "beside", "messageId": f"b{turn}"}]})
            assert reply.status == 200, str(reply)
            if reply.json["written"] == 1:
                break
        assert reply.json.get("refused") == 1, str(reply)
        assert "1 MB" in reply.json["refusals"][0]["message"], str(reply)
        events = self.shop.events("--contact", address)
        kept = [e for e in events if e["kind"] == "identify"]
        assert len(kept) == turn + 1, f"{len(kept)} identify events after {turn} that were taken"
        assert sum(e["type"] == "beside" for e in events) == turn + 1

    # --- what is no event ---

    def bodies(self):
        for body, status, code in (
                (b"", 400, "bad_request"), (b"[]", 400, "bad_request"),
                (b"{", 400, "bad_request"), (b"null", 400, "bad_request"),
                (b'{"event":"\xff"}', 400, "bad_request"),
                (b'{"event":"\\ud800","userId":"x"}', 400, "bad_request"),
                (b'{"event":"\\u0000","userId":"x"}', 400, "bad_request"),
                (b'{"userId":"x","userId":"y","event":"z"}', 400, "bad_request"),
                (b'{"userId":"x"} {}', 400, "bad_request"),
                (b'{"userId":"x","event":"z","properties":[]}', 400, "bad_request"),
                (b'{"userId":{},"event":"z"}', 400, "bad_request"),
                (b'{"userId":"x","event":""}', 400, "bad_request"),
                (b'{"userId":"x","event":"' + b"e" * 300 + b'"}', 413, None),
                (b'{"userId":"x","event":"z","timestamp":"soon"}', 400, "bad_request"),
                (b'{"event":"z"}', 400, "bad_request"),
                (b'{"email":"no address","event":"z"}', 400, "bad_request"),
                (b"[" * 100000, 413, "too_large"),
                (b"[" * 30000, 400, "bad_request"),
                (b'{"userId":"x","event":"z","properties":' + b'{"a":' * 5000 + b"1"
                 + b"}" * 5001, 400, "bad_request")):
            reply = self.api.post("/v1/track", body)
            if code is None:
                assert reply.status in (400, 413), str(reply)
            else:
                is_error(reply, status, code)
        is_error(self.api.post("/v1/batch", {"batch": {}}), 400, "bad_request")
        is_error(self.api.post("/v1/batch", {}), 400, "bad_request")
        is_error(self.api.post("/v1/batch", {"batch": [], "sentAt": "soon"}), 400, "bad_request")

    def sizes(self):
        self.identify("sizes")

        def event(size, number):
            body = {"userId": "sizes", "event": "x", "messageId": f"s{number}",
                    "properties": {"x": ""}}
            body["properties"]["x"] = "y" * (size - len(json.dumps(body)))
            return json.dumps(body).encode()

        written(self.api.post("/v1/track", event(32 * KB, 1)))
        is_error(self.api.post("/v1/track", event(32 * KB + 1, 2)), 413, "too_large")
        batch = {"batch": [{"type": "track", "userId": "sizes", "event": "x",
                            "messageId": f"sb{i}", "properties": {"x": "y" * 30000}}
                           for i in range(16)]}
        text = json.dumps(batch).encode()
        written(self.api.post("/v1/batch", text + b" " * (500 * KB - len(text))), new=16)
        is_error(self.api.post("/v1/batch", text + b" " * (500 * KB - len(text) + 1)), 413,
                 "too_large")
        is_error(self.api.post("/v1/batch", {"batch": [{}] * 5001}), 413, "too_large")

    def endless(self):
        """A chunked body says no length: what is too long is found out on the way."""
        with socket.create_connection(("127.0.0.1", self.api.port), timeout=60) as client:
            client.sendall(b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                           b"Content-Type: application/json\r\n\r\n")
            chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
            sent = 0
            try:
                while sent < 1024:
                    client.sendall(chunk)
                    sent += 1
            except OSError:
                pass
            assert sent < 1024, "64 MB were taken of somebody without a key"

    def talk(self, *pieces, answers=1, pause=0.05):
        """What is answered to these bytes, sent one after the other on one connection, which is
        closed when so many were written; who closes it before may get nothing."""
        answer = b""
        with socket.create_connection(("127.0.0.1", self.api.port), timeout=30) as client:
            for piece in pieces:
                client.sendall(piece)
                time.sleep(pause)
            if answers == 0:
                client.shutdown(socket.SHUT_WR)
            while answers == 0 or answer.count(b'"written":1') < answers:
                got = client.recv(65536)
                if not got:
                    break
                answer += got
        return answer

    def odd_requests(self):
        """As curl, proxies and slow lines send them."""
        self.identify("odd")
        token = base64.b64encode(f"{self.api.key}:".encode())

        def head(number, more):
            body = json.dumps({"userId": "odd", "event": "x", "messageId": f"odd-{number}"}).encode()
            return (b"POST /v1/track HTTP/1.1\r\nHost: x\r\nAuthorization: Basic " + token
                    + b"\r\nContent-Type: application/json\r\n" + more % len(body) + b"\r\n"), body

        length = b"Content-Length: %d\r\n"
        first, body = head(1, length + b"Expect: 100-continue\r\n")
        answer = self.talk(first, body)
        assert answer.startswith(b"HTTP/1.1 100 ") and b'"written":1' in answer, answer
        # Two at once, and one in small pieces.
        two = b"".join(sum((head(number, length) for number in (2, 3)), ()))
        answer = self.talk(two, answers=2)
        assert answer.count(b'"written":1') == 2, answer
        third = b"".join(head(4, length))
        answer = self.talk(*(third[i:i + 40] for i in range(0, len(third), 40)), pause=0.01)
        assert b'"written":1' in answer, answer
        chunked, body = head(5, b"Transfer-Encoding: chunked\r\nX-Length: %d\r\n")
        pieces = [b"%x\r\n%s\r\n" % (len(body[i:i + 7]), body[i:i + 7])
                  for i in range(0, len(body), 7)]
        answer = self.talk(chunked, *pieces, b"0\r\n\r\n", pause=0.005)
        assert b'"written":1' in answer, answer
        # Half a request is none.
        half, body = head(6, length)
        self.talk(half, body[:-1], answers=0)
        ids = sorted(e["id"] for e in self.shop.events() if e["id"].startswith("odd-"))
        assert ids == [f"odd-{number}" for number in range(1, 6)], ids

    def packed(self):
        self.identify("packed")
        body = json.dumps({"userId": "packed", "event": "x", "messageId": "z1"}).encode()
        gzipped = {"Content-Encoding": "gzip"}
        written(self.api.post("/v1/track", gzip.compress(body), headers=gzipped))
        for bad in (body, gzip.compress(body)[:-1], gzip.compress(body) + b"x", b"",
                    gzip.compress(body)[:20]):
            is_error(self.api.post("/v1/track", bad, headers=gzipped), 400, "bad_request")
        bomb = gzip.compress(b" " * (50 * KB * KB))
        is_error(self.api.post("/v1/batch", bomb, headers=gzipped), 413, "too_large")
        is_error(self.api.post("/v1/track", body, headers={"Content-Encoding": "br"}), 415,
                 "unsupported_media_type")
        is_error(self.api.post("/v1/track", body, headers={
            "Content-Type": "application/x-www-form-urlencoded"}), 415, "unsupported_media_type")
        written(self.api.post("/v1/track", body, headers={
            "Content-Type": "text/plain;charset=UTF-8"}), new=0, known=1)

    def attack_strings(self):
        """Wherever text may stand: what comes back is JSON, says no more than it should, and what
        was stored is what was sent."""
        names = sorted(os.listdir(corpora.folder())) if corpora.folder() else []
        strings, _ = engine_attack.read_strings(
            [os.path.join(corpora.folder(), name) for name in names
             if name.startswith("attack-")], False)
        random.Random(7).shuffle(strings)
        address = self.identify("target")
        path = f"/v1/contacts/{address}"
        kept = {}
        for number, text in enumerate(strings[:300]):
            text = text[:200]
            raw = text.encode("utf-8", "replace")
            header = {"Authorization": "Basic " + base64.b64encode(raw).decode()}
            name = {"userId": "target", "messageId": f"at-{number}", "event": "x" + text[:100],
                    "properties": {text: text}}
            replies = [
                self.api.post("/v1/track", name),
                self.api.post("/v1/track", {**name, "messageId": text, "userId": text}),
                self.api.post("/v1/identify", {"email": text, "timestamp": text}),
                self.api.post("/v1/page", {**name, "writeKey": text}, key=None),
                self.api.post("/v1/track", {}, key=None, headers=header),
                self.admin.ask("GET", "/v1/contacts/" + quote(raw, safe="")),
                self.admin.ask("PATCH", "/v1/contacts/" + quote(raw, safe="") or "x",
                               {"language": text}),
                self.admin.ask("PATCH", path, {"attributes": {"text": text}}),
                self.admin.ask("PATCH", path, {"time_zone": text}),
                self.api.ask("GET", "/v1/" + quote(raw, safe="/")),
            ]
            for reply in replies:
                assert reply.status in (200, 400, 401, 404, 405, 413), f"{text!r}: {reply}"
                assert reply.headers["Content-Type"] == "application/json", reply
                assert reply.headers["X-Content-Type-Options"] == "nosniff", reply
                reply.json
            if replies[0].status == 200:
                kept[f"at-{number}"] = text
            if replies[7].status == 200:
                assert replies[7].json["attributes"]["text"] == text, f"{text!r}: {replies[7]}"
        found = {e["id"]: e["properties"] for e in self.shop.events("--contact", address)
                 if e["id"].startswith("at-")}
        assert kept and found == {name: {text: text} for name, text in kept.items()}

    # --- keys ---

    def wrong_keys(self):
        event = {"userId": "again", "event": "x", "messageId": "k1"}
        for key in ("", "wrong", self.api.key[:-1], self.api.key + "0", self.api.key.upper(),
                    "x" * 5000, "\0"):
            reply = self.api.post("/v1/track", event, key=key)
            is_error(reply, 401, "unauthorized")
            assert reply.headers["WWW-Authenticate"].startswith("Basic realm="), str(reply)
        for header in ("Basic", "Basic !!", "Bearer " + self.api.key, "Basic " + self.api.key):
            is_error(self.api.post("/v1/track", event, key=None,
                                   headers={"Authorization": header}), 401, "unauthorized")
        # A wrong key in the header is not made good by one in the body.
        is_error(self.api.post("/v1/track", {**event, "writeKey": self.api.key}, key="wrong"), 401,
                 "unauthorized")
        is_error(self.api.post("/v1/track", event, key=None), 401, "unauthorized")
        is_error(self.api.post("/v1/track", {**event, "writeKey": 7}, key=None), 401,
                 "unauthorized")
        is_error(self.api.post("/v1/batch", b" " * (70 * KB), key=None), 401, "unauthorized")
        is_error(self.admin.post("/v1/track", event), 403, "forbidden")
        is_error(self.api.ask("GET", "/v1/contacts/ada@shop.example"), 403, "forbidden")
        is_error(self.api.ask("GET", "/v1/contacts/ada@shop.example", key=None), 401,
                 "unauthorized")
        assert not [e for e in self.shop.events() if e["id"] == "k1"]

    def revoked(self):
        """New and revoked keys count at once."""
        key = self.shop.new_key("brief")
        event = {"userId": "again", "event": "x", "messageId": "r1"}
        written(self.api.post("/v1/track", event, key=key))
        row = self.key_row("brief")
        assert row["scope"] == "write" and row["revoked"] is None, row
        self.shop.daemon.tool("apikey", "revoke", str(row["id"]))
        is_error(self.api.post("/v1/track", event, key=key), 401, "unauthorized")
        assert self.key_row("brief")["revoked"], "the list does not show it"
        again = self.shop.daemon.tool("apikey", "revoke", str(row["id"]), check=False)
        assert again.returncode != 0 and "no good key" in again.stderr, again.stderr
        wait_for("its last use", lambda: self.key_row("brief")["used"], 20)

    def key_row(self, name):
        out = self.shop.daemon.tool("apikey", "list", "--json").stdout
        assert not [key for key in self.shop.keys if key in out], "a key is listed"
        return [row for row in map(json.loads, out.splitlines()) if row["name"] == name][0]

    def rate(self):
        key = self.shop.new_key("slow", "--rate", "1")
        event = {"userId": "again", "event": "x", "messageId": "slow"}
        replies = [self.api.post("/v1/track", event, key=key) for _ in range(40)]
        statuses = [reply.status for reply in replies]
        assert statuses[:10] == [200] * 10, statuses
        refused = [reply for reply in replies if reply.status == 429]
        assert len(refused) >= 10, statuses
        for reply in refused:
            is_error(reply, 429, "too_many_requests")
            assert 1 <= int(reply.headers["Retry-After"]) <= 2, reply.headers["Retry-After"]
        # Another key is not concerned.
        written(self.api.post("/v1/track", event), new=1)
        time.sleep(int(refused[-1].headers["Retry-After"]) + 0.1)
        assert self.api.post("/v1/track", event, key=key).status == 200

    def page_key(self):
        """What stands in a web page writes events; it changes no contact, and learns of none."""
        key = self.shop.new_key("site", "--scope", "page")
        address = self.identify("pageview")
        event = {"type": "page", "userId": "pageview", "name": "Home", "messageId": "v1",
                 "writeKey": key}
        headers = {"Content-Type": "text/plain", "Origin": "https://shop.example"}
        for body in (event, event, {**event, "userId": "stranger", "messageId": "v2"}):
            reply = self.api.post("/v1/page", body, key=None, headers=headers)
            assert reply.status == 200 and reply.json == {"success": True}, str(reply)
            assert reply.headers["Access-Control-Allow-Origin"] == "*"
        is_error(self.api.post("/v1/identify", {
            "userId": "pageview", "traits": {"email": address, "firstName": "Mallory"},
            "writeKey": key}, key=None), 403, "forbidden")
        reply = self.api.post("/v1/batch", {"writeKey": key, "batch": [
            event, {"type": "identify", "userId": "pageview",
                    "traits": {"email": address, "firstName": "Mallory"}}]}, key=None)
        assert reply.status == 200 and reply.json["refusals"][0]["index"] == 1, str(reply)
        assert len([e for e in self.shop.events("--contact", address)
                    if e["kind"] == "page"]) == 1
        contact = self.admin.ask("GET", f"/v1/contacts/{address}").json
        assert contact["attributes"] == {}, contact

    def below_a_path(self):
        """A proxy may leave the path of tracking_url in front, or take it away."""
        self.identify("below")
        event = {"userId": "below", "event": "x", "messageId": "below"}
        written(self.api.post("/mail/v1/track", event))
        written(self.api.post("/v1/track", event), new=0, known=1)
        is_error(self.api.ask("GET", "/mail/v1/none"), 404, "not_found")
        page = self.api.post("/other/v1/track", event)
        assert page.status == 404 and page.headers["Content-Type"].startswith("text/html"), page

    def cross_origin(self):
        reply = self.api.ask("OPTIONS", "/v1/batch", key=None, headers={
            "Origin": "https://shop.example", "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type"})
        assert reply.status == 204 and not reply.body, str(reply)
        assert reply.headers["Access-Control-Allow-Origin"] == "*"
        assert "Authorization" in reply.headers["Access-Control-Allow-Headers"]
        reply = self.api.ask("OPTIONS", "/v1/contacts/a@b.example", key=None)
        assert reply.headers["Access-Control-Allow-Origin"] is None, "admin is not for pages"
        reply = self.admin.ask("GET", "/v1/contacts/again@shop.example")
        assert reply.headers["Access-Control-Allow-Origin"] is None

    # --- contacts ---

    def contact(self):
        address = self.identify("con+tact/1", firstName="Kay")
        path = "/v1/contacts/" + quote(address, safe="")
        contact = self.admin.ask("GET", path)
        assert contact.json["address"] == address, contact.json
        assert "no-store" in contact.headers["Cache-Control"]
        shown = json.loads(self.shop.daemon.tool("contacts", "show", "--json", address).stdout)
        assert shown.pop("signups") == []
        assert contact.json == shown, f"{contact.json} is not {shown}"
        changed = self.admin.ask("PATCH", path, {
            "language": "pt_BR", "time_zone": "Europe/Lisbon",
            "attributes": {"first_name": None, "points": 7},
            "consent": {"state": "granted", "source": "CRM", "proof": "form 7"}})
        assert changed.status == 200, str(changed)
        assert changed.json["language"] == "pt-BR" and changed.json["attributes"] == {"points": 7}
        assert changed.json["consent"]["proof"] == "form 7", changed.json
        assert self.admin.ask("GET", path).json == changed.json
        for bad in ({}, {"address": "b@c.example"}, {"language": "no such"}, {"time_zone": "Mars"},
                    {"attributes": []}, {"consent": {"state": "maybe"}}, {"consent": {}},
                    {"language": 1}, {"attributes": {"a": 1}, "consent": {"state": "x"}}):
            is_error(self.admin.ask("PATCH", path, bad), 400, "bad_request")
        assert self.admin.ask("GET", path).json == changed.json, "a refused change left something"
        is_error(self.admin.ask("PATCH", "/v1/contacts/none@shop.example", {"language": "de"}),
                 404, "not_found")
        is_error(self.admin.ask("GET", "/v1/contacts/none@shop.example"), 404, "not_found")
        for bad in ("no-address", "%00", "a%40", "%ff%40x.example", "a" * 3000 + "@x.example"):
            reply = self.admin.ask("GET", f"/v1/contacts/{bad}")
            assert reply.status in (400, 404, 413), str(reply)
            reply.json

    def export_and_erase(self):
        address = self.identify("leaver", firstName="Lee")
        self.api.post("/v1/track", {"userId": "leaver", "event": "Viewed", "messageId": "l1"})
        self.shop.daemon.tool("suppress", "add", address, "--reason", "asked for it")
        path = f"/v1/contacts/{address}"
        export = self.admin.ask("GET", path + "/export")
        assert export.status == 200, str(export)
        known = export.json
        assert known["contact"]["attributes"] == {"first_name": "Lee"}, known
        assert known["identities"] == [{"kind": "userId", "id": "leaver"}], known
        assert sorted(e["kind"] for e in known["events"]) == ["identify", "track"], known
        assert known["suppressions"][0]["reason"] == "asked for it", known
        told = json.loads(self.shop.daemon.tool("contacts", "export", address).stdout)
        assert {**told, "exported": 0} == {**known, "exported": 0}
        erased = self.admin.ask("DELETE", path)
        assert erased.status == 200 and erased.json == {"success": True}, str(erased)
        is_error(self.admin.ask("DELETE", path), 404, "not_found")
        is_error(self.admin.ask("GET", path), 404, "not_found")
        left = self.admin.ask("GET", path + "/export").json
        assert left["contact"] is None and not left["events"] and left["suppressions"], left
        assert address not in self.shop.daemon.tool("suppress", "list").stdout
        is_error(self.admin.ask("GET", "/v1/contacts/nobody@shop.example/export"), 404,
                 "not_found")
        unknown = self.shop.daemon.tool("contacts", "export", "nobody@shop.example", check=False)
        assert unknown.returncode == 66 and "nothing is known" in unknown.stderr, unknown.stderr
        assert not [e for e in self.shop.events() if e["id"] == "l1"]

    # --- a shop ---

    def cart(self):
        """A cart that was left behind, as Segment's e-commerce events tell it."""
        self.identify("ada")
        def shown():
            return self.shop.reminder("ada@shop.example")

        def tell(event, **properties):
            written(self.api.post("/v1/track", {"userId": "ada", "event": event, "properties":
                                                {"cart_id": "c1", **properties}}))

        assert "no cart" in shown(), shown()
        tell("Product Added", product_id="K1", name="Kettle", price=49.95, quantity=2)
        tell("Product Added", product_id="T1", name="Teapot", price=19.95)
        assert re.search(r"^2 x Kettle$\n^1 x Teapot$", shown(), re.M), shown()
        tell("Order Completed", order_id="o1", total=119.85)
        assert "no cart" in shown(), shown()


SCENES = ("comes_again", "comes_again_without_an_id", "wrong_clock", "all_kinds", "batch_order",
          "partly_bad_batch", "too_much_for_a_contact", "bodies", "sizes", "endless",
          "odd_requests", "packed", "attack_strings", "wrong_keys", "revoked", "rate", "page_key",
          "below_a_path", "cross_origin", "contact", "export_and_erase", "cart")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--only", default="", help="scenes whose name contains this")
    arguments = parser.parse_args()
    checks = Checks("api")
    try:
        with Lab() as lab:
            shop = Shop(lab, arguments.build, sections=TRACKING + CART)
            scene = Scene(shop)
            for name in SCENES:
                if arguments.only in name:
                    checks.run(name, getattr(scene, name))
            checks.run("the end", shop.faults)
    except (LabError, http.client.HTTPException) as error:
        print(f"FAIL {error}")
        checks.failed += 1
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
