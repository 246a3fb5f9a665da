#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Clicks while the web process is killed (-9) at random moments: each that was answered is in the
store, exactly once, and those that were not at most once. Every token is clicked once. In every
other round the database is locked by somebody else meanwhile, which no click may notice."""

import argparse
import http.client
import json
import os
import random
import re
import sqlite3
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

from client import submit
from lab import Lab, LabError, kill, wait_for
from testbed import Testbed
import tokens

THREADS = 6
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0"
TARGET = "https://shop.example/sale?a=1&b=2"
MESSAGE = """\
From: Shop <news@shop.example>\r
X-Campaign: spring\r
Subject: Sale\r
MIME-Version: 1.0\r
Content-Type: text/html; charset=utf-8\r
\r
<html><body><a href="https://shop.example/sale?a=1&amp;b=2">Sale</a></body></html>\r
"""


class Clicker(threading.Thread):
    """Asks for its paths one after the other, each once."""

    def __init__(self, port, paths):
        super().__init__(daemon=True)
        self.port, self.paths = port, paths
        self.answered, self.unknown = [], []
        self.wrong = None
        self.slowest = 0
        self.start()

    def run(self):
        connection = None
        for address, path in self.paths:
            began = time.monotonic()
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
                connection.request("GET", path, headers={"User-Agent": AGENT})
                reply = connection.getresponse()
                reply.read()
            except (OSError, http.client.HTTPException):
                self.unknown.append(address)
                connection = None
                time.sleep(0.05)
                continue
            self.slowest = max(self.slowest, time.monotonic() - began)
            if reply.status == 302 and reply.headers["Location"] == TARGET:
                self.answered.append(address)
            elif reply.status == 503:
                self.unknown.append(address)
            else:
                self.wrong = f"{path}: {reply.status} {reply.headers['Location']}"
            time.sleep(0.015)


def send(bed, names):
    """{address: path of its click}"""
    for at in range(0, len(names), 500):
        result = submit(bed.postfix.port, "news@shop.example", names[at:at + 500],
                        MESSAGE.encode())
        if not result.accepted:
            raise LabError(f"the relay says {result.last}")
    bed.sink.wait_count(len(names), 120)
    paths = {}
    for name in names:
        found = [re.sub(r"^https://[^/]*", "", token)
                 for token in tokens.in_message(bed.sink.of(name)[0]) if "/c/" in token]
        paths[name] = found[0]
    return paths


def web_pid(bed):
    found = [pid for pid, kind in bed.daemon.workers() if kind == "web"]
    return found[0] if found else None


def strike(bed, dice):
    time.sleep(dice.uniform(0.02, 0.4))
    pid = web_pid(bed)
    if pid is not None:
        kill(pid)
    wait_for("a new web process", lambda: web_pid(bed) not in (None, pid), 90)


def recorded(bed):
    """{address: how often it clicked}"""
    counts = {}
    for line in bed.daemon.tool("events", "list", "--json", "--kind", "clicked").stdout.splitlines():
        address = json.loads(line)["address"]
        counts[address] = counts.get(address, 0) + 1
    return counts


def one_round(bed, paths, locked, dice):
    """The clickers, when they are done."""
    database = sqlite3.connect(bed.daemon.database, isolation_level=None)
    if locked:
        database.execute("BEGIN IMMEDIATE")
    share = [paths[i::THREADS] for i in range(THREADS)]
    clickers = [Clicker(bed.daemon.web_port, part) for part in share]
    strike(bed, dice)
    for clicker in clickers:
        clicker.join()
    if locked:
        database.execute("COMMIT")
    database.close()
    return clickers


def run(lab, arguments):
    dice = random.Random(arguments.seed)
    bed = Testbed(lab, arguments.build, policy=False, level="info",
                  settings='tracking_url = "https://t.shop.example"\n')
    bed.daemon.extra = (f'token_keys = "{bed.daemon.make_tokens()}"\n'
                        'campaign "spring" {\n}\n')
    bed.start()
    names = [f"c{i}@clicks.example" for i in range(arguments.rounds * arguments.clicks)]
    bed.daemon.import_contacts("email\n" + "\n".join(names) + "\n")
    paths = list(send(bed, names).items())
    bed.settle()
    passed = failed = 0
    for number in range(arguments.rounds):
        part = paths[number * arguments.clicks:(number + 1) * arguments.clicks]
        clickers = one_round(bed, part, number % 2 == 1, dice)
        answered = [address for clicker in clickers for address in clicker.answered]
        unknown = [address for clicker in clickers for address in clicker.unknown]
        wait_for("events of those that were answered",
                 lambda: set(answered) <= recorded(bed).keys(), 30)
        counts = recorded(bed)
        faults = [clicker.wrong for clicker in clickers if clicker.wrong]
        faults += [f"{address} clicked once, recorded {counts[address]} times"
                   for address, _ in part if counts.get(address, 0) > 1]
        if not answered:
            faults.append("nothing was answered")
        passed, failed = passed + (not faults), failed + bool(faults)
        print(f"round {number + 1}: {len(answered)} answered, {len(unknown)} not, "
              f"{sum(a in counts for a in unknown)} of these recorded, slowest "
              f"{max(clicker.slowest for clicker in clickers) * 1000:.0f} ms", flush=True)
        for fault in faults:
            print(f"FAIL {fault}")
    status = bed.stop()
    left = os.listdir(bed.daemon.database + "-web")
    if status != 0 or left:
        failed += 1
        print(f"FAIL mailtailord left with {status}, and {left}")
    print(f"clicks: {passed} passed, {failed} failed")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--clicks", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    try:
        with Lab() as lab:
            return 1 if run(lab, arguments) else 0
    except LabError as error:
        print(f"FAIL {error}\nclicks: 0 passed, 1 failed")
        return 1


if __name__ == "__main__":
    sys.exit(main())
