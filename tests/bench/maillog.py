#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""How fast a mail log is read: lines a second of CPU time, and memory.

    tests/bench/maillog.py [--lines N] [--copies N] [--seed N]

Makes up a log as a busy relay's, where most lines are about other people's mail, from a seed,
and a journal with copies of which the log has results. Then mailtailor follow reads it, once when
all is new and once when all is known, and a log of half the length, so that one sees
whether memory grows. Fails below 1,000,000 lines a minute, if a result was missed, or if memory grew
by more than a tenth."""

import argparse
import os
import random
import resource
import sqlite3
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

from daemon import Daemon, read_json
from lab import Lab, LabError

WANTED = 1000000 / 60
ALPHABET = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
WORDS = ("mx", "mail", "smtp", "relay", "in", "gw", "cluster", "edge")
BEGAN = 1767225600  # 2026-01-01T00:00:00Z


class Log:
    """Lines of several messages at a time, as they mingle in a log."""

    def __init__(self, out, seed):
        self.out, self.dice = out, random.Random(seed)
        self.lines = 0
        self.now = float(BEGAN)
        self.open = []

    def queue_id(self):
        return "4" + "".join(self.dice.choice(ALPHABET) for _ in range(11))

    def stamp(self):
        whole = int(self.now)
        return (time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
                + f".{int((self.now - whole) * 1e6):06d}+00:00")

    def write(self, program, text):
        self.now += 0.002
        self.lines += 1
        self.out.write(f"{self.stamp()} relay {program}[{self.dice.randint(300, 32000)}]: {text}\n")

    def add(self, steps):
        """A message's lines: one of those that are on their way goes on."""
        self.open.append(iter(steps))
        while len(self.open) > 40:
            at = self.dice.randrange(len(self.open))
            line = next(self.open[at], None)
            if line is None:
                self.open.pop(at)
            else:
                self.write(*line)

    def end(self):
        for steps in self.open:
            for line in steps:
                self.write(*line)

    def address(self):
        return f"user{self.dice.randint(1, 300000)}@d{self.dice.randint(1, 2000)}.example"

    def host(self):
        return (f"{self.dice.choice(WORDS)}{self.dice.randint(1, 9)}.d{self.dice.randint(1, 2000)}"
                f".example[192.0.2.{self.dice.randint(1, 254)}]")

    def result(self, queue_id, to, kind):
        delay = self.dice.uniform(0.1, 9)
        head = (f"{queue_id}: to=<{to}>, relay={self.host()}:25, delay={delay:.2g}, "
                f"delays=0.05/0.01/0.3/0.2, dsn=")
        tails = {
            "sent": "2.0.0, status=sent (250 2.0.0 Ok: queued as " + self.queue_id() + ")",
            "deferred": "4.2.0, status=deferred (host mx.example[192.0.2.1] said: 450 4.2.0 "
                        f"<{to}>: Recipient address rejected: Greylisted (in reply to RCPT TO command))",
            "bounced": "5.1.1, status=bounced (host mx.example[192.0.2.1] said: 550 5.1.1 "
                       f"<{to}>: User unknown (in reply to RCPT TO command))",
        }
        return ("postfix/smtp", head + tails[kind])

    def foreign(self):
        """Somebody's mail, or no mail at all."""
        chance = self.dice.random()
        if chance < 0.15:
            client = f"unknown[198.51.100.{self.dice.randint(1, 254)}]"
            return [("postfix/smtpd", f"connect from {client}"),
                    ("postfix/smtpd", f"NOQUEUE: reject: RCPT from {client}: 554 5.7.1 Service "
                                      f"unavailable; Client host blocked; from=<{self.address()}> "
                                      f"to=<{self.address()}> proto=ESMTP helo=<x.example>"),
                    ("postfix/smtpd", f"disconnect from {client} ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4")]
        if chance < 0.25:
            user = self.address()
            return [("dovecot", f"imap({user}): Logged out in=120 out=2040 deleted=0 expunged=0")] * 2
        queue_id, sender = self.queue_id(), self.address()
        client = self.host()
        steps = [("postfix/smtpd", f"connect from {client}"),
                 ("postfix/smtpd", f"{queue_id}: client={client}"),
                 ("postfix/cleanup", f"{queue_id}: message-id=<{self.dice.getrandbits(80):x}@d.example>"),
                 ("postfix/qmgr", f"{queue_id}: from=<{sender}>, size={self.dice.randint(900, 90000)}, "
                                  "nrcpt=1 (queue active)"),
                 ("postfix/smtpd", f"disconnect from {client} ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5")]
        kind = "sent" if self.dice.random() < 0.9 else "deferred"
        steps.append(self.result(queue_id, self.address(), kind))
        if kind == "sent":
            steps.append(("postfix/qmgr", f"{queue_id}: removed"))
        return steps

    def own(self, i):
        """-> (journal row's address, queue id, Message-ID, outcome), lines"""
        to, queue_id = f"reader{i}@d{i % 200}.example", self.queue_id()
        message_id = f"<{self.dice.getrandbits(128):032x}@shop.example>"
        kind = self.dice.choices(("sent", "deferred", "bounced"), (90, 7, 3))[0]
        steps = [("postfix/smtpd", f"{queue_id}: client=localhost[127.0.0.1]"),
                 ("postfix/cleanup", f"{queue_id}: message-id={message_id}"),
                 ("postfix/qmgr", f"{queue_id}: from=<news@shop.example>, size=21000, nrcpt=1 "
                                  "(queue active)"),
                 self.result(queue_id, to, kind)]
        if kind != "deferred":
            steps.append(("postfix/qmgr", f"{queue_id}: removed"))
        return (to, queue_id, message_id, kind), steps


def make(path, lines, copies, seed):
    """Writes the log; its copies and how many lines it has."""
    rows = []
    with open(path, "w", encoding="utf-8") as out:
        log = Log(out, seed)
        every = max(1, lines // (copies + 1)) if copies else lines
        while log.lines < lines:
            if len(rows) < copies and log.lines // every > len(rows):
                row, steps = log.own(len(rows))
                rows.append(row)
                log.add(steps)
            else:
                log.add(log.foreign())
        log.end()
    return rows, log.lines


def fill(database, rows):
    """The journal that belongs to the log."""
    store = sqlite3.connect(database)
    with store:
        store.executemany(
            "INSERT INTO journal (message, recipient_key, recipient, campaign, contact_id, "
            "queue_id, message_id, verdict, reason, duration_ms, attempts, time_ms) "
            "VALUES ('bench', ?, ?, 'bench', 0, ?, ?, 0, '', 1, 1, ?)",
            [(to, to, queue_id, message_id, BEGAN * 1000)
             for to, queue_id, message_id, _ in rows])
    store.close()


def follow(daemon, path):
    """-> what it says, seconds of CPU, peak of resident memory in KB"""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(writing, 1)
        os.execve(os.path.join(daemon.build, "mailtailor"),
                  ["mailtailor", "-c", daemon.path, "follow", "--json", path], daemon.environment())
    os.close(writing)
    with os.fdopen(reading) as output:
        text = output.read()
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        raise LabError(f"mailtailor follow: status {status}")
    return read_json(text)[0], usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def check(lab, daemon, arguments):
    rows, lines = make(lab.path("log"), arguments.lines, arguments.copies, arguments.seed)
    make(lab.path("half"), arguments.lines // 2, 0, arguments.seed + 1)
    fill(daemon.database, rows)
    _, _, half = follow(daemon, lab.path("half"))
    faults = []
    for name in ("new", "known"):
        said, seconds, peak = follow(daemon, lab.path("log"))
        rate = lines / seconds
        print(f"{lines} lines ({os.path.getsize(lab.path('log')) >> 20} MB), {said['results']} results, "
              f"{said[name]} of {len(rows)} copies {name}: {rate:,.0f} lines a second of CPU time, "
              f"peak {peak >> 10} MB", flush=True)
        if said[name] != len(rows):
            faults.append(f"{said[name]} of {len(rows)} copies are {name}")
        if rate < WANTED:
            faults.append(f"less than {WANTED:.0f} lines a second")
    print(f"half as many lines, none of ours: peak {half >> 10} MB")
    said, _, peak = follow(daemon, lab.path("log"))
    store = sqlite3.connect(daemon.database)
    outcomes = dict(store.execute("SELECT outcome, count(*) FROM delivery GROUP BY outcome"))
    store.close()
    wanted = {number: sum(row[3] == kind for row in rows)
              for kind, number in (("sent", 2), ("deferred", 3), ("bounced", 4))}
    if outcomes != {k: v for k, v in wanted.items() if v}:
        faults.append(f"outcomes {outcomes} instead of {wanted}")
    # The batch's memory and SQLite's cache fill up once.
    if arguments.lines >= 500000 and peak > half * 1.1 + 20 * 1024:
        faults.append(f"memory grew from {half} KB to {peak} KB")
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--lines", type=int, default=1000000)
    parser.add_argument("--copies", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with Lab() as lab:
            daemon = Daemon(lab, arguments.build, level="info")
            daemon._settings.update(relay_port=1, mail_log=lab.path("none"), postfix_config="")
            open(lab.path("none"), "w", encoding="utf-8").close()
            os.chmod(lab.path("none"), 0o644)
            daemon.start()
            daemon.stop()
            faults = check(lab, daemon, arguments)
    except LabError as error:
        faults = [str(error)]
    for fault in faults:
        print(f"FAIL {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
