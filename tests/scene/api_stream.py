#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A stream of events while the web process, and now and then the whole daemon, is killed (-9) at
random moments. Who hears no answer sends the same again, as Segment's clients do. At the end
each event that was acknowledged is in the store, and none is there twice."""

import argparse
import http.client
import os
import random
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

from api import Api, Checks, Shop
from lab import Lab, LabError, kill, wait_for

THREADS = 4
BATCH = 5


class Teller(threading.Thread):
    """Events of its own, one alone and then some in a batch, each until it is acknowledged."""

    def __init__(self, port, key, number):
        super().__init__(daemon=True)
        self.api = Api(port, key)
        self.name = f"t{number}"
        self.leaving = threading.Event()
        self.acknowledged, self.sent, self.again = [], 0, 0
        self.wrong = None

    def run(self):
        try:
            while not self.leaving.is_set() and self.wrong is None:
                self.tell(["track"])
                self.tell(["track"] * BATCH)
        except Exception as error:  # pylint: disable=broad-except
            self.wrong = f"{type(error).__name__}: {error}"
        self.api.close()

    def tell(self, kinds):
        ids = [f"{self.name}-{self.sent + i}" for i in range(len(kinds))]
        self.sent += len(kinds)
        calls = [{"type": kind, "userId": self.name, "event": "told", "messageId": name}
                 for kind, name in zip(kinds, ids)]
        while not self.leaving.is_set():
            try:
                reply = (self.api.post("/v1/track", calls[0]) if len(calls) == 1
                         else self.api.post("/v1/batch", {"batch": calls}))
            except (OSError, http.client.HTTPException):
                self.again += 1
                time.sleep(0.02)
                continue
            if reply.status == 503:
                self.again += 1
                time.sleep(0.02)
                continue
            found = reply.json.get("written", 0) + reply.json.get("known", 0)
            if reply.status != 200 or found != len(calls):
                self.wrong = str(reply)
                return
            self.acknowledged += ids
            return


def strike(shop, dice):
    time.sleep(dice.uniform(0.05, 0.5))
    if dice.random() < 0.25:
        shop.daemon.kill()
        shop.daemon.start()
    else:
        old = [pid for pid, _ in shop.daemon.workers("web")]
        for pid in old:
            kill(pid)
        wait_for("a new web process", lambda: [
            pid for pid, _ in shop.daemon.workers("web") if pid not in old], 90)
    wait_for("the web process to answer", shop.healthy, 90)


def look(shop, tellers):
    counts = {}
    for event in shop.events("--kind", "track"):
        counts[event["id"]] = counts.get(event["id"], 0) + 1
    faults = [teller.wrong for teller in tellers if teller.wrong]
    acknowledged = [name for teller in tellers for name in teller.acknowledged]
    lost = [name for name in acknowledged if name not in counts]
    twice = [name for name, count in counts.items() if count > 1]
    if lost:
        faults.append(f"{len(lost)} were acknowledged and are not there: {lost[:5]}")
    if twice:
        faults.append(f"{len(twice)} are there twice: {twice[:5]}")
    if not acknowledged:
        faults.append("nothing was acknowledged")
    return faults


def stream(shop, arguments):
    dice = random.Random(arguments.seed)
    key = shop.new_key("stream", "--rate", "100000")
    tellers = [Teller(shop.daemon.web_port, key, i) for i in range(THREADS)]
    for teller in tellers:
        reply = shop.api.post("/v1/identify", {"userId": teller.name,
                                               "email": f"{teller.name}@stream.example"})
        assert reply.status == 200, str(reply)
        teller.start()
    try:
        for _ in range(arguments.rounds):
            strike(shop, dice)
    finally:
        for teller in tellers:
            teller.leaving.set()
        for teller in tellers:
            teller.join()
    print(f"{sum(len(t.acknowledged) for t in tellers)} acknowledged, "
          f"{sum(t.again for t in tellers)} times sent again")
    return look(shop, tellers)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    checks = Checks("api stream")
    try:
        with Lab() as lab:
            shop = Shop(lab, arguments.build)
            checks.run("stream", stream, shop, arguments)
            checks.run("the end", shop.faults)
    except (LabError, http.client.HTTPException) as error:
        print(f"FAIL {error}")
        checks.failed += 1
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
