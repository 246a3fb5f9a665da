#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A recipient's way in headless Chromium, 390 and 1280 pixels wide, with and without JavaScript:
the message in the browser, a link in it, preferences, leaving, signing up again. Each page is
looked over by axe-core (from npm, tests/axe), which must find nothing serious. --keep writes
pictures of each step."""

import argparse
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import browser
from client import submit
from lab import Lab, LabError
import npm
import signup
from signup import Fault, need
from signup_walk import Walker, text_of
import tokens

MESSAGE = """\
From: Shop <news@shop.example>\r
X-Campaign: %s\r
Message-ID: <%s@shop.example>\r
Subject: A letter\r
MIME-Version: 1.0\r
Content-Type: text/html; charset=utf-8\r
\r
<!DOCTYPE html><html lang="en"><head><title>A letter</title></head><body>\r
<h1>Dear {{ contact.first_name }}</h1><p><a href="https://shop.example/lamps">Lamps</a></p>\r
<p><a href="{{ links.view }}">See</a> <a href="{{ links.preferences }}">Choose</a>\r
<a href="{{ links.unsubscribe }}">Leave</a></p></body></html>\r
"""
SERIOUS = ("serious", "critical")


class Looker:
    """axe-core, if it can be had."""

    def __init__(self, lab):
        folder, self.missing = npm.install(lab, os.path.join(HERE, "..", "axe"))
        self.source, self.pages, self.scripts = None, 0, True
        if folder:
            path = os.path.join(folder, "node_modules", "axe-core", "axe.min.js")
            with open(path, encoding="utf-8") as file:
                self.source = file.read()

    def look(self, walker, what):
        """The page is there already: now scripts of ours may run."""
        if self.source is None:
            return
        walker.scripts(True)
        walker.say(self.source + ";true")
        done = walker._call("Runtime.evaluate", awaitPromise=True, returnByValue=True, expression=(
            "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map("
            "v => [v.impact, v.id, v.nodes.map(n => n.html).join(' ')]))"))
        found = done["result"].get("value")
        need(found is not None, f"{what}: axe: {str(done)[:500]}")
        walker.scripts(self.scripts)
        bad = [row for row in found if row[0] in SERIOUS]
        need(not bad, f"{what}: axe finds {bad}")
        self.pages += 1

    def can_fail(self, walker):
        """It does find what is wrong."""
        if self.source is None:
            return
        walker.go(walker.own + "/f/news")
        walker.say("document.querySelector('label').remove(); true")
        try:
            self.look(walker, "broken")
        except Fault:
            return
        raise Fault("axe finds nothing wrong with a field without a label")


def send(world, address, campaign, name):
    result = submit(world.bed.postfix.port, "news@shop.example", [address],
                    (MESSAGE % (campaign, name)).encode())
    need(result.accepted, f"the relay says {result.last}")


def links_of(world, address):
    """{letter: address} of the first letter."""
    message = world.sink.wait_of(address, 1, 30 * world.bed.patience)[0]
    found = {}
    for token in tokens.in_message(message):
        letter = re.search(r":\d+/(\w)/", token)
        if letter:
            found.setdefault(letter[1], token)
    return found


def choose_more(world, walker, page, address, go, press):
    """How often, and in German from now on."""
    go(page, "preferences-more", "How often")
    need(walker.say("document.querySelector('#language').selectedOptions[0].lang") == "en", "en")
    for name, value in (("frequency", "weekly"), ("language", "de")):
        walker.say(f"document.querySelector('#{name}').value = '{value}'; true")
    press("button", "saved-in-german", "Einstellungen sind gespeichert")
    go(page, "preferences-in-german", "Höchstens eine in der Woche")
    need(walker.say("document.documentElement.lang + "
                    "document.querySelector('#frequency').value") == "deweekly", "not kept")
    contact = world.contact(address)
    need(contact["language"] == "de" and contact["attributes"]["mail_frequency"] == "weekly",
         f"{contact}")


def walk(world, walker, looker, width, scripts, keep):
    name = f"{width}{'-js' if scripts else ''}"
    address = f"way{name}@pages.example"
    world.daemon.import_contacts(f"email,first_name\n{address},Ada\n")
    send(world, address, "letters", f"first{name}")
    links = links_of(world, address)
    walker.size(width)
    walker.scripts(scripts)
    looker.scripts = scripts
    walker.faults.clear()

    def see(what, text):
        need(text in text_of(walker), f"{what}: {text!r} is not in {text_of(walker)!r}")
        walker.picture(keep, f"{what}-{name}")
        need(walker.say("document.documentElement.scrollWidth <= window.innerWidth"),
             f"{what}: wider than the window")

    def go(url, what, text):
        walker.go(url)
        see(what, text)
        # axe wants scripts of its own, which a sandbox would not let run.
        if what != "view":
            looker.look(walker, what)

    def press(selector, what, text):
        walker.click(selector)
        walker.wait()
        see(what, text)
        looker.look(walker, what)

    go(links["v"], "view", "Dear Ada")
    walker.go(links["c"])
    need(walker.say("location.href") == "https://shop.example/lamps", "the link leads elsewhere")
    go(links["p"], "preferences", "Letters & lamps")
    walker.click("input[name='list:letters.shop.example']")
    press("button", "saved", "saved")
    go(links["p"], "preferences-again", "Letters & lamps")
    need(walker.say("[...document.querySelectorAll('input[type=checkbox]')].map("
                    "i => i.name + i.checked).join()") ==
         "list:letters.shop.examplefalse,list:deals.shop.exampletrue", "it was not kept")
    send(world, address, "letters", f"second{name}")
    send(world, address, "deals", f"third{name}")
    world.sink.wait_of(address, 2, 30 * world.bed.patience)
    go(links["u"], "unsubscribe", "no more marketing mail")
    need("deals" not in str(world.contact(address).get("consent")), "consent")
    press("button", "unsubscribed", "You are unsubscribed")
    need(world.contact(address)["consent"]["state"] == "withdrawn", "no consent was withdrawn")
    go(links["u"], "unsubscribed-again", "unsubscribed already")
    send(world, address, "deals", f"fourth{name}")
    world.sign_up(address)
    path = world.link(address, 2)
    go(walker.own + path, "confirm", "I want news")
    press("button", "confirmed", "You are signed up")
    need(world.contact(address)["consent"]["state"] == "granted", "no consent was granted")
    send(world, address, "deals", f"fifth{name}")
    world.sink.wait_of(address, 4, 30 * world.bed.patience)
    subjects = len(world.sink.of(address))
    need(subjects == 4, f"{subjects} messages came: two letters, the confirmation, a deal")
    choose_more(world, walker, links["p"], address, go, press)
    go(walker.own + "/nothing/here", "not-found", "There is nothing here")


def run(lab, arguments):
    world = signup.World(lab, arguments)
    looker = Looker(lab)
    passed = failed = 0
    with Walker(lab, world.port) as walker:
        ways = [(walk, (width, scripts, arguments.keep)) for width in (390, 1280)
                for scripts in (False, True)]
        for way, more in ways:
            try:
                way(world, walker, looker, *more)
                passed += 1
                print(f"PASS {more[0]} {'with' if more[1] else 'without'} scripts", flush=True)
            except (Fault, LabError) as error:
                failed += 1
                walker.picture(arguments.keep, f"fault-{more[0]}-{more[1]}")
                print(f"FAIL {more[0]} {more[1]}: {error} {walker.faults}", flush=True)
        if looker.source is not None:
            try:
                looker.can_fail(walker)
                passed += 1
                print(f"PASS axe-core looked at {looker.pages} pages")
            except Fault as error:
                failed += 1
                print(f"FAIL {error}")
    world.bed.stop()
    skipped = looker.source is None
    if skipped:
        print(f"skipped: axe-core: {looker.missing}")
    print(f"pages_walk: {passed} passed, {failed} failed" + (", 1 skipped" if skipped else ""))
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--keep", help="folder for pictures")
    arguments = parser.parse_args()
    if browser.missing():
        print(f"skipped: {browser.missing()}\npages_walk: 0 passed, 0 failed, 1 skipped")
        return 0
    if arguments.keep:
        os.makedirs(arguments.keep, exist_ok=True)
    try:
        with Lab() as lab:
            return 1 if run(lab, arguments) else 0
    except LabError as error:
        print(f"FAIL {error}\npages_walk: 0 passed, 1 failed")
        return 1


if __name__ == "__main__":
    sys.exit(main())
