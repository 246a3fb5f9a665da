#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Listeners of plugins hear of every copy that was sent, at least once and in order, over kill -9
of their process at random moments, failures, crashes that put the plugin out of service, a
restart, and a reload."""

import argparse
import os
import random
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

from client import submit
from daemon import find_programs
from lab import Lab, LabError, kill, wait_for
from testbed import Testbed

SENT = "16"
MESSAGE = b"""\
From: Shop <news@shop.example>\r
X-Campaign: spring\r
Subject: Sale\r
MIME-Version: 1.0\r
Content-Type: text/plain; charset=utf-8\r
\r
Hello {{ contact.email }}\r
"""


class Scene:
    def __init__(self, bed, heard, dice):
        self.bed, self.heard, self.dice = bed, heard, dice
        self.sent = 0
        self.faults = []

    def send(self, count):
        """To so many new contacts."""
        names = [f"h{self.sent + i}@hear.example" for i in range(count)]
        self.bed.daemon.import_contacts("email\n" + "\n".join(names) + "\n")
        result = submit(self.bed.postfix.port, "news@shop.example", names, MESSAGE)
        if not result.accepted:
            raise LabError(f"the relay says {result.last}")
        self.sent += count

    def lines(self, listener):
        """(id, kind, contact, campaign, flags) of what this one heard."""
        if not os.path.exists(self.heard):
            return []
        with open(self.heard, encoding="ascii") as file:
            rows = [line.split(" ") for line in file.read().split("\n") if line.endswith(("0", "1"))]
        return [row[1:] for row in rows if row[0] == listener]

    def contacts(self, listener):
        return {row[2] for row in self.lines(listener) if row[1] == SENT and row[3] == "spring"}

    def wait(self, title):
        """Until both have heard of all; then their order is looked at."""
        try:
            wait_for(title, lambda: all(len(self.contacts(name)) >= self.sent
                                        for name in ("mail", "all")), 120)
        except LabError as error:
            self.faults.append(str(error))
        for name in ("mail", "all"):
            if len(self.contacts(name)) != self.sent:
                self.faults.append(f"{title}: {name} heard of {len(self.contacts(name))} contacts,"
                                   f" {self.sent} were sent")
        print(f"{title}: {self.sent} sent, heard {len(self.lines('mail'))} and "
              f"{len(self.lines('all'))} times", flush=True)

    def strike(self):
        workers = self.bed.daemon.workers("plugins")
        if workers:
            kill(workers[0][0])

    def touch(self, end, there):
        if there:
            with open(self.heard + end, "w", encoding="ascii"):
                pass
        else:
            os.unlink(self.heard + end)


def once_and_in_order(scene):
    scene.send(120)
    scene.wait("quiet")
    for name in ("mail", "all"):
        ids = [int(row[0]) for row in scene.lines(name)]
        if ids != sorted(set(ids)):
            scene.faults.append(f"{name}: not once and in order where nothing went wrong")


def over_kills(scene, rounds):
    for _ in range(rounds):
        scene.send(60)
        time.sleep(scene.dice.uniform(0, 1.5))
        scene.strike()
    scene.wait("killed")


def over_failures(scene):
    scene.touch(".fail", True)
    before = len(scene.lines("mail"))
    scene.send(20)
    time.sleep(3)
    if len(scene.lines("mail")) != before:
        scene.faults.append("a listener that fails wrote something")
    log = scene.bed.daemon.log_text(0)
    if "it does not want to hear" not in log:
        scene.faults.append("the log does not say why a listener failed")
    scene.touch(".fail", False)
    scene.wait("failed")


def over_crashes(scene):
    scene.touch(".crash", True)
    scene.send(10)
    wait_for("the plugin to be out of service",
             lambda: "out of service" in scene.bed.daemon.tool("plugin", "list").stdout, 90)
    scene.touch(".crash", False)
    scene.bed.daemon.tool("plugin", "enable", "hear")
    scene.wait("crashed")


def over_restarts(scene):
    scene.send(15)
    scene.bed.daemon.restart()
    scene.wait("restarted")
    scene.send(15)
    scene.bed.daemon.reload()
    scene.wait("reloaded")


def run(lab, arguments):
    folder = lab.path("plugins")
    os.makedirs(folder, mode=0o755)
    shutil.copy(os.path.join(find_programs(arguments.build), "tests", "plugins", "hear.so"), folder)
    heard = lab.path("heard")
    os.makedirs(heard)
    os.chmod(heard, 0o777)
    bed = Testbed(lab, arguments.build, policy=False, level="info")
    bed.daemon.extra = (f'plugin "hear" {{\n\tfile = "{folder}/hear.so"\n'
                        f'\tto = "{heard}/lines"\n}}\ncampaign "spring" {{\n}}\n')
    bed.start()
    scene = Scene(bed, os.path.join(heard, "lines"), random.Random(arguments.seed))
    passed = failed = 0
    for part in (once_and_in_order, lambda s: over_kills(s, arguments.rounds), over_failures,
                 over_crashes, over_restarts):
        scene.faults = []
        part(scene)
        passed, failed = passed + (not scene.faults), failed + bool(scene.faults)
        for fault in scene.faults:
            print(f"FAIL {fault}")
    status = bed.stop()
    if status != 0:
        failed += 1
        print(f"FAIL mailtailord left with {status}")
    print(f"listeners: {passed} passed, {failed} failed")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    try:
        with Lab() as lab:
            return 1 if run(lab, arguments) else 0
    except LabError as error:
        print(f"FAIL {error}\nlisteners: 0 passed, 1 failed")
        return 1


if __name__ == "__main__":
    sys.exit(main())
