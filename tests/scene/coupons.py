#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Coupon codes (plugin offer) through Postfix: each code of a pool goes to one contact, over kill
-9 of the processes that give them; a contact's second message has the same one; an empty pool
makes copies wait until there are new codes. Computed codes are read back by the program that
mailtailor-offer(7) shows."""

import argparse
import os
import random
import re
import shutil
import sys
import threading
import time
import zoneinfo
from datetime import datetime, timedelta, timezone

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
MANUAL = os.path.join(HERE, "..", "..", "plugins", "offer", "mailtailor-offer.7")

from client import Lost, submit
from daemon import find_programs
from lab import Lab, LabError, kill, wait_for
from testbed import Testbed
import verify

ZONES = ["Pacific/Kiritimati", "Europe/Berlin", "America/Los_Angeles", ""]
TEXT = ("pool={{ offer.pool.code }} vip={{ offer.vip.code }} "
        "until={{ offer.vip.valid_until }} left={{ offer.vip.days_left }}")
MESSAGE = """\
From: Shop <news@shop.example>\r
X-Campaign: %s\r
Message-ID: <%s@shop.example>\r
Date: %s\r
Subject: Coupon\r
MIME-Version: 1.0\r
Content-Type: text/plain; charset=utf-8\r
\r
%s\r
"""


def shown_checker():
    """The function `check` of the manual page."""
    with open(MANUAL, encoding="utf-8") as file:
        block = re.search(r"\.Bd -literal\n(import hashlib.*?)\.Ed", file.read(), re.S)
    names = {}
    exec(block[1], names)
    return names["check"]


class Scene:
    def __init__(self, bed, folder, dice):
        self.bed, self.folder, self.dice = bed, folder, dice
        self.faults = []
        self.date = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=2)

    def fault(self, text):
        self.faults.append(text)

    def write_codes(self, codes):
        path = os.path.join(self.folder, "pool.codes")
        with open(path + ".new", "w", encoding="ascii") as out:
            out.write("# codes\n\n" + "".join(f"{code}  \n" for code in codes) + "no code\n")
        os.rename(path + ".new", path)

    def send(self, name, who, campaign="spring", text=TEXT):
        """Until it is accepted, as a list tool does."""
        date = self.date.strftime("%a, %d %b %Y %H:%M:%S +0000")
        data = (MESSAGE % (campaign, name, date, text)).encode()
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                if submit(self.bed.postfix.port, "news@shop.example", who, data).accepted:
                    return
            except Lost:
                pass
            time.sleep(0.2)
        raise LabError(f"{name} was not accepted")

    def texts(self, who):
        return [verify.text_of(message.data, "plain") for message in self.bed.sink.of(who)]

    def wait(self, title, who, count):
        wait_for(title, lambda: all(len(self.bed.sink.of(name)) >= count for name in who), 90)


def field(text, name):
    return re.search(rf"{name}=(\S*)", text)[1]


def each_code_once(scene, names, codes):
    """Two messages, while sessions and outbox processes are killed."""
    done = threading.Event()

    def strike():
        while not done.wait(scene.dice.uniform(0.2, 0.6)):
            workers = scene.bed.daemon.workers("session") + scene.bed.daemon.workers("outbox")
            if workers:
                kill(scene.dice.choice(workers)[0])

    thread = threading.Thread(target=strike, daemon=True)
    thread.start()
    try:
        half = len(names) // 2
        scene.send("one", names[:half])
        scene.send("two", names)
        time.sleep(2)
    finally:
        done.set()
        thread.join()
    scene.wait("both messages", names[:half], 2)
    scene.wait("the second message", names[half:], 1)
    given = {}
    for name in names:
        found = {field(text, "pool") for text in scene.texts(name)}
        if len(found) != 1 or not found <= set(codes):
            scene.fault(f"{name} has the codes {found}")
        given.setdefault(found.pop(), []).append(name)
    for code, owners in given.items():
        if len(owners) > 1:
            scene.fault(f"{code} was given to {owners}")
    print(f"{len(names)} contacts have {len(given)} codes", flush=True)


def computed_codes(scene, names, key):
    """By the manual's program, and the calendar by Python's."""
    check = shown_checker()
    seen = set()
    for i, name in enumerate(names):
        text = scene.texts(name)[0]
        code = field(text, "vip")
        known = check(code, "vip", key)
        zone = zoneinfo.ZoneInfo(ZONES[i % len(ZONES)] or "UTC")
        last = scene.date.astimezone(zone).date() + timedelta(days=7)
        left = (last - datetime.now(zone).date()).days
        if known is None or known[1] != (last - datetime(1970, 1, 1).date()).days:
            scene.fault(f"{name}: {code} says {known}, expected {last}")
        if known is not None:
            seen.add(known[0])
        if f"until={last} 23:59:59" not in text or field(text, "left") != str(left):
            scene.fault(f"{name}: expected {last}, {left} days, got {text}")
        wrong = code[:-3] + ("2" if code[-3] != "2" else "3") + code[-2:]
        if check(wrong, "vip", key) or check(code, "vip", key + b"x") or check(code, "v", key):
            scene.fault(f"{name}: a wrong code is taken")
    if len(seen) != len(names):
        scene.fault(f"{len(seen)} contacts in the codes of {len(names)}")


def empty_pool(scene, names, fresh):
    """What no code is left for waits, and leaves when there are some."""
    scene.send("three", names, "other", "code={{ offer.pool.code }}")
    time.sleep(3)
    missing = [name for name in names if len(scene.bed.sink.of(name)) == 2]
    if not missing:
        scene.fault("nobody waits for a code")
    # The last line of the file is none.
    for wanted in ("there is no code left in the pool", "codes are left", "pool.codes:"):
        wait_for(f'"{wanted}" in the log', lambda: wanted in scene.bed.daemon.log_text(0), 30)
    scene.write_codes(fresh)
    scene.wait("new codes", names, 3)
    given = [field(scene.texts(name)[2], "code") for name in names]
    if len(set(given)) != len(given):
        scene.fault("a code was given twice")
    print(f"{len(missing)} of {len(names)} waited for new codes", flush=True)


def preview_and_mistakes(scene, names):
    path = os.path.join(scene.folder, "preview.eml")
    date = scene.date.strftime("%a, %d %b %Y %H:%M:%S +0000")
    with open(path, "w", encoding="ascii", newline="") as out:
        out.write(MESSAGE % ("third", "four", date, "code={{ offer.pool.code }}"))
    shown = scene.bed.daemon.tool("preview", path, "--text", "--to", names[0]).stdout
    if "code=PREVIEW" not in shown:
        scene.fault(f"preview shows {shown}")
    for entry, wanted in (("pool", "expected a name and a colon"),
                          ("pool: valid=7d", "expected either file= or key="),
                          ("p: key=/x per=contact", "per= is for codes of a file"),
                          ("p: file=/x colour=red", "expected file=, key="),
                          ("p: file=x", "begins with /"),
                          ("p: file=/x valid=0d", "expected 1d to 3650d")):
        other = os.path.join(scene.folder, "wrong.conf")
        with open(scene.bed.daemon.path, encoding="utf-8") as file:
            text = re.sub(r"offers = .*", f'offers = {{"{entry}"}}', file.read())
        with open(other, "w", encoding="utf-8") as out:
            out.write(text)
        done = scene.bed.daemon.check(other)
        if done.returncode == 0 or wanted not in done.stdout + done.stderr:
            scene.fault(f"{entry}: expected \"{wanted}\", got {done.stdout}{done.stderr}")


def run(lab, arguments):
    folder = lab.path("plugins")
    os.makedirs(folder, mode=0o755)
    shutil.copy(os.path.join(find_programs(arguments.build), "plugins", "offer.so"), folder)
    key = b"0123456789abcdefghij"
    with open(os.path.join(folder, "vip.key"), "wb") as out:
        out.write(key + b"\n")
    names = [f"o{i}@offer.example" for i in range(arguments.contacts)]
    bed = Testbed(lab, arguments.build, policy=False, level="info",
                  settings='outbox_retry_min = "1s"\noutbox_retry_max = "2s"\n'
                           'settle_wait = "3s"\n')
    scene = Scene(bed, folder, random.Random(arguments.seed))
    codes = [f"SPRING-{i:05}" for i in range(arguments.contacts + 10)]
    scene.write_codes(codes)
    # The daemon gives up root; its user has to read what root's group may.
    os.chmod(os.path.join(folder, "vip.key"), 0o640)
    bed.daemon.own(os.path.join(folder, "vip.key"))
    bed.daemon.extra = (
        f'plugin "offer" {{\n\tfile = "{folder}/offer.so"\n\tdeadline = "5s"\n'
        f'\toffers = {{"pool: file={folder}/pool.codes low=50", '
        f'"vip: key={folder}/vip.key prefix=VIP valid=7d"}}\n}}\n'
        + "".join(f'campaign "{name}" {{\n\tplugins = {{"offer"}}\n}}\n'
                  for name in ("spring", "other", "third")))
    bed.start()
    bed.daemon.import_contacts("email,time_zone\n" + "".join(
        f"{name},{ZONES[i % len(ZONES)]}\n" for i, name in enumerate(names)))
    wait_for("the pool", lambda: f"{len(codes)} new codes" in bed.daemon.log_text(0), 60)
    passed = failed = 0
    fresh = [f"SUMMER-{i:05}" for i in range(arguments.contacts)]
    for part in (lambda: each_code_once(scene, names, codes),
                 lambda: computed_codes(scene, names, key),
                 lambda: empty_pool(scene, names[:len(names) // 2], fresh),
                 lambda: preview_and_mistakes(scene, names)):
        scene.faults = []
        try:
            part()
        except LabError as error:
            scene.fault(str(error))
        passed, failed = passed + (not scene.faults), failed + bool(scene.faults)
        for fault in scene.faults[:10]:
            print(f"FAIL {fault}")
    status = bed.stop()
    if status != 0:
        failed += 1
        print(f"FAIL mailtailord left with {status}")
    print(f"coupons: {passed} passed, {failed} failed")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--contacts", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    try:
        with Lab() as lab:
            return 1 if run(lab, arguments) else 0
    except LabError as error:
        print(f"FAIL {error}\ncoupons: 0 passed, 1 failed")
        return 1


if __name__ == "__main__":
    sys.exit(main())
