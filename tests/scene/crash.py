#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""kill -9 at random moments of a run, with and without a restart of Postfix: afterwards
every recipient has the message exactly once, and nothing raw or unsigned arrived.

The client is a list tool: whenever it gets a 4xx or loses the connection, it submits the
same message again, with the same Message-ID.

SMTP itself has one gap that nobody behind it can close: when Postfix is killed between
the sink's 250 and its own note of it, Postfix delivers that message again. Such a copy
has the queue id of the first one; it is counted apart. A second copy with another queue
id is ours, and a failure."""

import argparse
import os
import random
import re
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

from client import Lost, submit
from job import SECTION, SENDER, Job
from lab import Lab, LabError, kill, wait_for
from testbed import Testbed

VICTIMS = ("session", "outbox", "master")
RELAYS = ("stays", "restarts", "is killed")
SETTINGS = """\
outbox_retry_min = "1s"
outbox_retry_max = "2s"
settle_wait = "3s"
"""


class ListTool(threading.Thread):
    """Submits until the relay has said 250."""

    def __init__(self, port, job):
        super().__init__(daemon=True)
        self.port = port
        self.job = job
        self.attempts = 0
        self.done = False
        self.given_up = None
        self.start()

    def run(self):
        end = time.monotonic() + 120
        while time.monotonic() < end:
            self.attempts += 1
            try:
                result = submit(self.port, SENDER, self.job.recipients, self.job.data)
            except Lost:
                time.sleep(0.1)
                continue
            if result.accepted:
                self.done = True
                return
            if result.last.code >= 500:
                self.given_up = str(result.last)
                return
            time.sleep(0.1)
        self.given_up = "no 250 within 120 s"


def strike(bed, victim, relay, dice):
    """Kills, and brings back what does not come back by itself."""
    if victim == "master":
        bed.daemon.kill()
    else:
        workers = bed.daemon.workers(victim)
        if workers:
            kill(dice.choice(workers)[0])
    if relay == "restarts":
        bed.postfix.restart()
    elif relay == "is killed":
        bed.postfix.kill()
        time.sleep(dice.uniform(0, 0.5))
        bed.postfix.start()
    if victim == "master":
        time.sleep(dice.uniform(0, 0.5))
        bed.daemon.start()


def queue_id(message):
    """Postfix's, from the Received field that it put on top last."""
    found = re.search(rb"\bid ([0-9A-Za-z]+)", message.data)
    return found[1].decode() if found else "?"


def check(bed, job):
    """-> faults, copies that Postfix itself delivered again."""
    faults, again = [], 0
    for i, address in enumerate(job.recipients):
        messages = bed.sink.of(address)
        ids = {queue_id(message) for message in messages}
        if len(ids) != 1:
            faults.append(f"{address} has {len(messages)} messages, queue ids {sorted(ids)}")
        again += len(messages) - len(ids)
        for message in messages:
            fault = job.fault_of(i, message, bed.verifier.python)
            if fault:
                faults.append(f"{address}: {fault}")
    return faults, again


def explain(bed, faults):
    """What the logs know of the first recipient with a fault."""
    address = faults[0].split(" ")[0].rstrip(":")
    lines = [line for line in bed.daemon.log_text().splitlines() if address in line]
    mail = bed.postfix.log_text()
    for found in set(re.findall(r"(\S+): to=<" + re.escape(address) + ">", mail)):
        lines += [line for line in mail.splitlines() if f" {found}: " in line]
    return "\n".join("    " + line for line in lines[:30])


def play(bed, number, victim, relay, arguments, span, dice):
    """One round; the number of faults."""
    job = Job(f"r{number}", arguments.recipients)
    bed.daemon.import_contacts(job.contacts())
    began = time.monotonic()
    tool = ListTool(bed.postfix.port, job)
    # A session is at work while the message is submitted, the others all the time.
    moments = sorted(dice.uniform(0, span[victim]) for _ in range(arguments.kills))
    for moment in moments:
        time.sleep(max(0, began + moment - time.monotonic()))
        strike(bed, victim, relay, dice)
    tool.join()
    if tool.given_up:
        raise LabError(f"round {number}: {tool.given_up}")
    patience = 120 * bed.patience
    wait_for("all recipients to be done", lambda: not bed.daemon.outbox(), patience, pause=0.2)
    bed.postfix.wait_empty(patience)
    bed.sink.refresh()
    faults, again = check(bed, job)
    what = f"kill -9 {victim} at {', '.join(f'{m:.2f}' for m in moments)} s, Postfix {relay}"
    print(f"{'FAIL' if faults else 'ok  '} {time.monotonic() - began:5.1f} s  round {number}: {what}; "
          f"{tool.attempts} submission(s)"
          + (f", {again} delivered again by Postfix itself" if again else ""), flush=True)
    for fault in faults[:5]:
        print(f"    {fault}")
    if faults:
        print(explain(bed, faults), flush=True)
    return len(faults)


def measure(bed, recipients):
    """How long an undisturbed run takes: the moments are drawn from that."""
    job = Job("r0", recipients)
    bed.daemon.import_contacts(job.contacts())
    began = time.monotonic()
    result = submit(bed.postfix.port, SENDER, job.recipients, job.data)
    if not result.accepted:
        raise LabError(f"the relay says {result.last}")
    submitted = time.monotonic() - began
    wait_for("all recipients to be done", lambda: not bed.daemon.outbox(), 120 * bed.patience)
    whole = time.monotonic() - began
    return {"session": submitted * 1.5, "outbox": whole, "master": whole}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--recipients", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=2, help="in each round (default: 2)")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--keep", action="store_true", help="leave the scratch folder behind")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.randrange(1 << 30)
    dice = random.Random(seed)
    print(f"crash: seed {seed}", flush=True)
    failed = done = 0
    try:
        with Lab(keep=arguments.keep) as lab:
            bed = Testbed(lab, arguments.build, extra=SECTION, policy=False, settings=SETTINGS,
                          level="info")
            # Copies leave with senders of their own, which the settler has to know again.
            bed.daemon.extra = (f'token_keys = "{bed.daemon.make_tokens()}"\n' +
                                SECTION.replace("}", '\tbounce_address = "bo@shop.example"\n}'))
            bed.start()
            span = measure(bed, arguments.recipients)
            deck = []
            for number in range(1, arguments.rounds + 1):
                if not deck:
                    deck = [(victim, relay) for victim in VICTIMS for relay in RELAYS]
                    dice.shuffle(deck)
                victim, relay = deck.pop()
                failed += play(bed, number, victim, relay, arguments, span, dice) > 0
                done += 1
            log = bed.daemon.log_text()
            at_once = sum(map(int, re.findall(r"had not handed over [^\n]*rows=(\d+)", log)))
            print(f"{at_once} rows went on at once, {log.count('settled: ')} were settled by Postfix's "
                  "log")
            status = bed.stop()
            faults = bed.daemon.reports()
            if status != 0:
                faults.append(f"mailtailord left with {status}")
            for fault in faults:
                print(f"FAIL {fault[:6000]}")
            failed += bool(faults)
    except LabError as error:
        print(f"FAIL {error}")
        failed += 1
    print(f"crash: {max(0, done - failed)} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
