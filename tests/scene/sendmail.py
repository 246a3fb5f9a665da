#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A campaign through a real Sendmail, whose recipients' server answers each in its own way: each copy
is tailored and signed, and journal, report and suppressions say what the sink did.

The milter is wired by the lines of conf/sendmail.mc. One message goes to everybody, by way of the
outbox; others have one recipient and are tailored in place. While there is no mailtailord, Sendmail
answers 4xx. Skipped where Debian's packages are not unpacked (contrib/packages
sendmail), or nobody may mount."""

import argparse
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

from client import submit
from daemon import Daemon, read_json
from followed import SECTIONS, SETTINGS, message
from lab import Lab, LabError, kill, wait_for
from sendmail import Sendmail, lacks
from sink import Sink
from verify import Verifier

SNIPPET = os.path.join(HERE, "..", "..", "conf", "sendmail.mc")

# (answer, how often, where); the text of each recipient's own server may look like the log's.
WAYS = {
    "taken": [],
    "grey": [("450 4.2.0 <{to}>: Greylisted, try again in 1 second", 1, "rcpt")],
    "unknown": [("550 5.1.1 <{to}>: Recipient address rejected: User unknown", None, "rcpt")],
    "full": [("552 5.2.2 <{to}>: Mailbox full", None, "rcpt")],
    "spam": [("554 5.7.1 This message looks like spam", None, "end")],
    "odd": [("550 5.7.1 Refused, stat=Sent (ok), dsn=2.0.0", None, "rcpt")],
    "lost": [("drop", 1, "rcpt")],
    "lost at the end": [("drop", 1, "end")],
    "bare": [("550 no such user here", None, "rcpt")],
    "busy at the end": [("451 4.3.0 Busy", 1, "end")],
    "never": [("451 4.7.1 Too many messages, slow down", None, "rcpt")],
}
REASONS = {"unknown": "user unknown", "bare": "user unknown", "full": "mailbox full", "spam": "spam"}
DEAD = ("unknown", "bare")


class Bed:
    def __init__(self, lab, build):
        self.sink = Sink(lab)
        self.daemon = Daemon(lab, build, settings=SETTINGS, level="info")
        # Sendmail connects to no socket whose folder others may write to.
        os.chmod(os.path.dirname(self.daemon.socket), 0o755)
        with open(SNIPPET, encoding="utf-8") as file:
            milter = re.sub(r"S=unix:[^,]*", f"S=unix:{self.daemon.socket}", file.read())
        self.relay = Sendmail(lab, self.sink.port, milter)
        self.daemon.use(self.relay)
        self.daemon.extra = SECTIONS
        self.verifier = Verifier(lab, self.daemon.keys)
        self.patience = 4 if self.daemon.sanitizers else 1

    def send(self, campaign, number, addresses):
        return submit(self.relay.port, "news@shop.example", addresses, message(campaign, number))

    def campaign(self, name, addresses):
        """To the first three alone, to the others together."""
        for i, part in enumerate([[each] for each in addresses[:3]] + [addresses[3:]]):
            result = self.send(name, i, part)
            if not result.accepted:
                raise LabError(f"the relay says {result.last}")

    def report(self, *arguments):
        return read_json(self.daemon.tool("report", *arguments, "--json").stdout)[0]


def outcome_of(answers):
    last = answers[-1] if answers else "4"
    return {"2": "delivered", "5": "bounced"}.get(last[0], "deferred")


def compare(bed, ways):
    """Faults: the journal against what the sink did."""
    rows = {row["recipient"]: row for row in bed.daemon.journal("first")}
    answers, faults = bed.sink.answers(), []
    for address, way in ways.items():
        did = answers.get(address, [])
        delivery = (rows.get(address) or {}).get("delivery") or {}
        wanted = {"outcome": outcome_of(did)}
        status = re.match(r"\d{3} (\d\.\d\.\d) (.*)", did[-1] if did else "")
        if status:
            wanted["status"] = status[1]
        # Sendmail leaves the status out where it is taken.
        if status and wanted["outcome"] == "bounced":
            wanted["text"] = did[-1]
        found = {name: delivery.get(name) for name in wanted}
        if found != wanted:
            faults.append(f"{address} ({way}): the sink did {did}, the journal says {delivery}")
        if wanted["outcome"] != "deferred" and delivery.get("attempts") != len(did):
            faults.append(f"{address} ({way}): {len(did)} attempts, the journal says {delivery}")
    return faults


def through(bed, ways):
    answers = bed.sink.answers()
    return all(outcome_of(answers.get(address, [])) != "deferred" or
               way == "never" and address in answers for address, way in ways.items())


def check_report(bed, ways):
    ends = {address: outcome_of(answers) for address, answers in bed.sink.answers().items()}
    wanted = {name: sum(ends[address] == name for address in ways)
              for name in ("delivered", "bounced", "deferred")}
    wanted.update(recipients=len(ways), sent=len(ways), unknown=0,
                  hard=sum(way in DEAD for way in ways.values()))
    faults = []
    for report in (bed.report("campaign", "first"), bed.report("delivery")):
        faults += [f"report: {name} is {report[name]}, not {number}"
                   for name, number in wanted.items() if report[name] != number]
    found = {row["reason"]: row["bounced"] for row in bed.report("campaign", "first")["reasons"]}
    for reason in set(REASONS.values()):
        number = sum(REASONS.get(way) == reason for way in ways.values())
        if found.get(reason) != number:
            faults.append(f"report: {reason} {found.get(reason)} times, not {number}")
    rows = read_json(bed.daemon.tool("suppress", "list", "--json").stdout)
    suppressed = {row["address"] for row in rows}
    dead = {address for address, way in ways.items() if way in DEAD}
    if suppressed != dead:
        faults.append(f"suppressed: {sorted(suppressed ^ dead)} differ")
    return faults


def check_copies(bed, ways):
    faults = []
    for i, address in enumerate(ways):
        messages = bed.sink.of(address)
        if outcome_of(bed.sink.answers()[address]) != "delivered":
            continue
        if len(messages) != 1:
            faults.append(f"{address} got {len(messages)} copies")
            continue
        if f"Hello Person {i}.".encode() not in messages[0].data:
            faults.append(f"{address} got what is not for Person {i}: {messages[0].data!r}")
        fault = bed.verifier.check(messages[0].data)
        if fault:
            faults.append(f"{address}: {fault}")
    return faults


def check_again(bed):
    """The whole log, once more: nothing is new but what was tried meanwhile."""
    before = {row["recipient"]: row["delivery"] for row in bed.daemon.journal("first")}
    bed.daemon.tool("follow", bed.relay.log)
    after = {row["recipient"]: row["delivery"] for row in bed.daemon.journal("first")}
    return [f"read again: {address} was {before[address]}, is {row}" for address, row in after.items()
            if row != before[address] and row["outcome"] != "deferred"]


def check_next(bed, ways):
    """The next campaign leaves out the dead, and everybody else gets it once, although processes
    die while they hand over: what Sendmail had taken is in its log."""
    bed.sink.forget()
    before = {address: len(bed.sink.of(address)) for address in ways}
    bed.campaign("second", list(ways))
    for _ in range(4):
        time.sleep(0.1)
        for pid, _ in bed.daemon.workers("outbox"):
            kill(pid)
    wait_for("the second campaign", lambda: len(bed.daemon.journal("second")) == len(ways)
             and not bed.daemon.outbox(), 60 * bed.patience, pause=0.3)
    skipped = {row["recipient"] for row in bed.daemon.journal("second")
               if row["verdict"] == "suppressed"}
    dead = {address for address, way in ways.items() if way in DEAD}
    faults = [f"the second campaign skipped {sorted(skipped)}, not {sorted(dead)}"] \
        if skipped != dead else []
    wait_for("Sendmail's queue to be empty", lambda: not bed.relay.queue_files(), 60 * bed.patience)
    for address in ways:
        # Whom the sink always put off gets the first campaign, too, now.
        count = len(bed.sink.of(address)) - before[address]
        if count != (address not in dead) + (ways[address] == "never"):
            faults.append(f"{address} got {count} copies")
    return faults


def check_closed(bed):
    """Without mailtailord nothing passes."""
    status = bed.daemon.stop()
    result = bed.send("first", "late", ["late@one.example"])
    faults = [] if status == 0 else [f"mailtailord left with {status}"]
    if result.accepted or not 400 <= result.last.code < 500:
        faults.append(f"without mailtailord Sendmail says {result.last}")
    return faults


def run(lab, arguments):
    bed = Bed(lab, arguments.build)
    names = list(WAYS)
    ways = {f"p{i}@{('one', 'two')[i % 2]}.example": names[i % len(names)]
            for i in range(arguments.recipients)}
    bed.daemon.start()
    bed.relay.start()
    bed.daemon.import_contacts("email,first_name\n" + "".join(
        f"{address},Person {i}\n" for i, address in enumerate(ways)))
    for address, way in ways.items():
        for answer, times, at in WAYS[way]:
            bed.sink.answer(address, answer.format(to=address), times, at)
    began = time.monotonic()
    bed.campaign("first", list(ways))
    wait_for("Sendmail to be through", lambda: through(bed, ways), 60 * bed.patience, pause=0.2)
    end = time.monotonic() + 20 * bed.patience
    while True:
        faults = compare(bed, ways)
        if not faults or time.monotonic() > end:
            break
        time.sleep(0.3)
    faults += check_report(bed, ways) + check_copies(bed, ways) + check_again(bed)
    faults += check_next(bed, ways) + check_closed(bed)
    bed.relay.stop()
    bed.sink.stop()
    print(f"{len(ways)} recipients, {time.monotonic() - began:.0f} s", flush=True)
    return faults + bed.daemon.reports()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--recipients", type=int, default=88)
    parser.add_argument("--keep", action="store_true", help="leave the scratch folder behind")
    arguments = parser.parse_args()
    why = lacks()
    if why is not None:
        print(f"SKIP sendmail: {why}")
        print("sendmail: 0 passed, 0 failed, 1 skipped")
        return 0
    try:
        with Lab(keep=arguments.keep) as lab:
            faults = run(lab, arguments)
    except LabError as error:
        faults = [str(error)]
    for fault in faults[:20]:
        print(f"FAIL {fault}")
    print(f"sendmail: {0 if faults else 1} passed, {1 if faults else 0} failed", flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
