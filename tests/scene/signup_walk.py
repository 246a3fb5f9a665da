#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Forms in headless Chromium, 390 and 1280 pixels wide: the page is filled in and sent without
JavaScript, its link confirmed; the script opens its dialog in a page of another site whose policy
forbids all that is inline. --keep writes pictures of each step."""

import argparse
import base64
import http.client
import json
import os
import sys
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import browser
from lab import Lab, LabError
import signup
from signup import Fault, need

SHOP = "https://shop.example/"
SHOP_PAGE = """\
<!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta name="viewport"
content="width=device-width, initial-scale=1"><title>Shop</title><h1>The shop</h1>
<p>Lamps and chairs.</p><a href="/news" id="opener" data-mailtailor-form="news">Our news</a>
<script src="{script}" async></script></html>"""
# All that a page's own policy can forbid, but for our script and where forms lead to.
STRICT = "default-src 'none'; script-src {origin}; form-action {origin}"
# What a person without a pointer needs: each field has a label, nothing is wider than the window.
LOOK = """(() => {
  const bad = [];
  for (const i of document.querySelectorAll('input,select')) {
    if (i.type === 'hidden' || i.closest('[hidden]')) continue;
    if (!i.labels || !i.labels.length || !i.labels[0].textContent.trim()) bad.push('no label: ' + i.name);
    const r = i.getBoundingClientRect();
    if (r.width < 16 || r.height < 16) bad.push('too small: ' + i.name);
  }
  for (const h of document.querySelectorAll('[name=homepage]')) {
    if (h.offsetParent !== null || h.getBoundingClientRect().width) bad.push('the honeypot shows');
    if (h.tabIndex !== -1) bad.push('the honeypot has a tab stop');
  }
  const d = document.documentElement;
  if (d.scrollWidth > d.clientWidth) bad.push('wider than the window: ' + d.scrollWidth);
  return bad.join('; ');
})()"""


class Walker(browser.Browser):
    """Asks the real web process for what is its, and the shop's page here."""

    def __init__(self, lab, port):
        super().__init__(lab)
        self.own = f"http://127.0.0.1:{port}"
        self.port = port
        self.faults = []
        self._call("Runtime.enable")
        self._call("Log.enable")

    def _take(self, message):
        if message.get("method") == "Log.entryAdded":
            entry = message["params"]["entry"]
            if entry.get("level") == "error":
                self.faults.append(entry["text"])
        elif message.get("method") == "Runtime.exceptionThrown":
            self.faults.append(json.dumps(message["params"])[:600])
        super()._take(message)

    def _answer(self, request):
        asked, number = request["request"], request["requestId"]
        url = asked["url"]
        if url.startswith(self.own + "/"):
            status, headers, body = self._real(url, asked)
        elif url.startswith(SHOP):
            status, body = 200, SHOP_PAGE.format(script=self.own + "/f/news.js").encode()
            headers = [("Content-Type", "text/html; charset=utf-8"),
                       ("Content-Security-Policy", STRICT.format(origin=self.own))]
        else:
            self._send("Fetch.failRequest", requestId=number, errorReason="NameNotResolved")
            return
        self._send("Fetch.fulfillRequest", requestId=number, responseCode=status,
                   responseHeaders=[{"name": name, "value": value} for name, value in headers],
                   body=base64.b64encode(body).decode())

    def _real(self, url, asked):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(asked["method"], url[len(self.own):] or "/",
                               asked.get("postData", "").encode() or None, asked["headers"])
            reply = connection.getresponse()
            return reply.status, reply.getheaders(), reply.read()
        finally:
            connection.close()

    # --- a person's steps ---

    def size(self, width):
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=800,
                   deviceScaleFactor=1, mobile=width < 600)

    def scripts(self, allowed):
        self._call("Emulation.setScriptExecutionDisabled", value=not allowed)

    def go(self, url):
        self._loaded = False
        self._call("Page.navigate", url=url)
        self.wait()

    def wait(self):
        end = time.monotonic() + browser.SECONDS
        while not self._loaded:
            self._take(self._read(end))
        self._loaded = False

    def say(self, expression):
        done = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in done:
            raise Fault(f"{expression}: {done['exceptionDetails']}")
        return done["result"].get("value")

    def until(self, expression, what):
        end = time.monotonic() + browser.SECONDS
        while not self.say(expression):
            if time.monotonic() > end:
                raise Fault(what)
            time.sleep(0.05)

    def key(self, name, code, text=None):
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            self._call("Input.dispatchKeyEvent", type=kind, key=name, code=name,
                       windowsVirtualKeyCode=code, **more)

    def type(self, text):
        self._call("Input.insertText", text=text)

    def tab(self):
        self.key("Tab", 9)

    def node(self, selector):
        root = self._call("DOM.getDocument")["root"]["nodeId"]
        node = self._call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        need(node, f"there is no {selector}")
        return node

    def click(self, selector):
        node = self.node(selector)
        self._call("DOM.scrollIntoViewIfNeeded", nodeId=node)
        box = self._call("DOM.getBoxModel", nodeId=node)["model"]["border"]
        x, y = (box[0] + box[4]) / 2, (box[1] + box[5]) / 2
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def picture(self, folder, name):
        if folder:
            shot = self._call("Page.captureScreenshot", format="png")
            with open(os.path.join(folder, name + ".png"), "wb") as out:
                out.write(base64.b64decode(shot["data"]))


def text_of(walker):
    """What the page says; scripts of ours run even where the page's do not."""
    return walker.say("document.body.innerText")


def page_walk(world, walker, width, keep):
    """The landing page by keyboard, without JavaScript."""
    address = f"walk{width}@signup.example"
    walker.size(width)
    walker.scripts(False)
    walker.go(f"{walker.own}/f/news")
    walker.picture(keep, f"page-{width}")
    need(not walker.say(LOOK), f"{width}: {walker.say(LOOK)}")
    walker.click("button")
    walker.wait()
    need("Please look at these once more" in text_of(walker), text_of(walker))
    walker.picture(keep, f"page-wrong-{width}")
    need(not walker.say(LOOK), f"{width}: {walker.say(LOOK)}")
    walker.click("#email")
    walker.type(address)
    walker.tab()
    walker.type("Ada")
    walker.tab()
    walker.key("ArrowDown", 40)
    walker.key("ArrowDown", 40)
    walker.picture(keep, f"page-chosen-{width}")
    walker.tab()
    walker.type("36")
    walker.tab()
    walker.key(" ", 32, " ")
    walker.tab()
    walker.key(" ", 32, " ")
    walker.picture(keep, f"page-filled-{width}")
    walker.tab()
    walker.key("Enter", 13, "\r")
    walker.wait()
    need("We have sent a message" in text_of(walker), text_of(walker))
    walker.picture(keep, f"page-done-{width}")
    walker.go(walker.own + world.link(address))
    need("I want news" in text_of(walker), text_of(walker))
    walker.picture(keep, f"confirm-{width}")
    walker.click("button")
    walker.wait()
    need("You are signed up" in text_of(walker), text_of(walker))
    walker.picture(keep, f"confirmed-{width}")
    need(not walker.say(LOOK), f"{width}: {walker.say(LOOK)}")
    need(world.contact(address)["attributes"] == {"first_name": "Ada", "size": "very_large",
                                                  "age": 36, "gift": True},
         f"{world.contact(address)['attributes']}")


def script_walk(world, walker, width, keep):
    """The dialog in the shop's page."""
    address = f"dialog{width}@signup.example"
    walker.size(width)
    walker.scripts(True)
    walker.faults.clear()
    walker.go(SHOP)
    walker.say("localStorage.clear()")
    walker.go(SHOP)
    walker.until("!!document.querySelector('dialog[open]')", "no dialog")
    walker.picture(keep, f"dialog-{width}")
    need(not walker.say(LOOK), f"{width}: {walker.say(LOOK)}")
    need(walker.say("document.activeElement.name") == "email", "the focus is not in the dialog")
    need(walker.say("document.getElementById(document.querySelector('dialog')"
                    ".getAttribute('aria-labelledby')).textContent").startswith("News of"), "name")
    for _ in range(12):  # the focus never gets to the page behind
        walker.tab()
        need(walker.say("document.activeElement === document.body || "
                        "!!document.activeElement.closest('dialog')"), "the focus left")
    walker.key("Escape", 27)
    walker.until("!document.querySelector('dialog')", "Escape does not close it")
    walker.go(SHOP)
    time.sleep(0.8)
    need(not walker.say("!!document.querySelector('dialog')"), "it came back by itself")
    walker.click("#opener")
    walker.until("!!document.querySelector('dialog[open]')", "the link does not open it")
    walker.type(address)
    walker.click("dialog [name=agree]")
    walker.say("document.querySelector('dialog select').value = 'small'")
    walker.picture(keep, f"dialog-filled-{width}")
    walker._loaded = False
    walker.click("dialog button:not([type])")
    walker.wait()
    need("We have sent a message" in text_of(walker), text_of(walker)[:500])
    need(not walker.faults, f"{walker.faults}")
    world.link(address)


def run(lab, arguments):
    world = signup.World(lab, arguments)
    passed = failed = 0
    with Walker(lab, world.port) as walker:
        for walk in (page_walk, script_walk):
            for width in (390, 1280):
                try:
                    walk(world, walker, width, arguments.keep)
                    passed += 1
                    print(f"PASS {walk.__name__} {width}", flush=True)
                except (Fault, LabError) as error:
                    failed += 1
                    walker.picture(arguments.keep, f"fault-{walk.__name__}-{width}")
                    print(f"FAIL {walk.__name__} {width}: {error} {walker.faults}", flush=True)
    world.bed.stop()
    print(f"signup_walk: {passed} passed, {failed} failed")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--keep", help="folder for pictures")
    arguments = parser.parse_args()
    if browser.missing():
        print(f"skipped: {browser.missing()}\nsignup_walk: 0 passed, 0 failed, 1 skipped")
        return 0
    if arguments.keep:
        os.makedirs(arguments.keep, exist_ok=True)
    try:
        with Lab() as lab:
            return 1 if run(lab, arguments) else 0
    except LabError as error:
        print(f"FAIL {error}\nsignup_walk: 0 passed, 1 failed")
        return 1


if __name__ == "__main__":
    sys.exit(main())
