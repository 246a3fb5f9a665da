#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Segment's own client for Node.js, pointed at us: identify, page, track and batches arrive,
what comes again is known, a wrong key is told, and the cart that a shopper left shows in a
reminder. The client comes from npm (tests/segment has its version); without node, or where the
registry can't be reached, nothing runs and the test counts as skipped."""

import argparse
import http.client
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import npm
from api import CART, Checks, Shop
from lab import Lab, LabError

ADDRESS = "ada@segment.example"


class Segment:
    def __init__(self, shop, folder):
        self.shop, self.folder = shop, folder

    def send(self, command, key=None):
        done = subprocess.run(
            ["node", "send.js", f"http://127.0.0.1:{self.shop.daemon.web_port}",
             key or self.shop.api.key, command],
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)

    def cart(self):
        heard = self.send("cart")
        assert not heard["failed"] and heard["requests"] >= 1, heard
        assert sorted(kind for kind, _ in heard["delivered"]) == [
            "identify", "page", "track", "track"], heard
        events = self.shop.events("--contact", ADDRESS)
        assert sorted((e["kind"], e["type"], e["id"]) for e in events) == sorted(
            (kind, {"identify": "", "page": "Kettles", "track": "Product Added"}[kind], name)
            for kind, name in heard["delivered"]), events
        contact = self.shop.admin.ask("GET", f"/v1/contacts/{ADDRESS}").json
        assert contact["attributes"] == {"first_name": "Ada", "last_name": "Löwe"}, contact
        text = self.shop.reminder(ADDRESS)
        assert re.search(r"^2 x Kettle$\n^1 x Teapot$", text, re.M), text

    def batch(self):
        heard = self.send("batch")
        assert not heard["failed"] and len(heard["delivered"]) == 101, heard
        assert heard["requests"] >= 3, heard["requests"]
        events = self.shop.events("--contact", ADDRESS, "--type", "Counted")
        assert sorted(e["properties"]["i"] for e in events) == list(range(100)), len(events)
        contact = self.shop.admin.ask("GET", f"/v1/contacts/{ADDRESS}").json
        assert contact["attributes"]["first_name"] == "Ada", "an identify counted twice"

    def again(self):
        """All of it once more."""
        before = len(self.shop.events())
        self.send("batch")
        assert len(self.shop.events()) == before

    def order(self):
        self.send("order")
        assert "no cart" in self.shop.reminder(ADDRESS), self.shop.reminder(ADDRESS)

    def wrong_key(self):
        before = len(self.shop.events())
        heard = self.send("order", key="wrong")
        assert not heard["delivered"] and "401" in heard["failed"][0], heard
        assert len(self.shop.events()) == before

    def too_often(self):
        """The client waits, and then delivers."""
        key = self.shop.new_key("slow", "--rate", "1")
        reply = None
        while reply is None or reply.status == 200:
            reply = self.shop.api.post("/v1/batch", {"batch": []}, key=key)
        assert reply.status == 429, str(reply)
        heard = self.send("order", key=key)
        assert len(heard["delivered"]) == 1 and not heard["failed"], heard


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    arguments = parser.parse_args()
    checks = Checks("segment")
    try:
        with Lab() as lab:
            folder, reason = npm.install(lab, os.path.join(HERE, "..", "segment"))
            if folder is None:
                print(f"skipped: {reason}")
                return checks.end(skipped=1)
            shop = Shop(lab, arguments.build, sections=CART)
            segment = Segment(shop, folder)
            for name in ("cart", "batch", "again", "order", "wrong_key", "too_often"):
                checks.run(name, getattr(segment, name))
            checks.run("the end", shop.faults)
    except (LabError, http.client.HTTPException) as error:
        print(f"FAIL {error}")
        checks.failed += 1
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
