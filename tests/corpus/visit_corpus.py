#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Scanners that name a browser as their agent, and people, made up from a seed: how many of them
are taken for machines by what they do.

Each visitor has a message of their own, with 3 to 15 links, unless the kind says otherwise. A
scanner counts as caught when each of its clicks is a machine's in the end; a person as wronged when
one is. -v names the seed's visits that were misjudged."""

import argparse
import os
import random
import sqlite3
import subprocess
import sys
import tempfile

SENT = 1_760_000_000_000
VISITORS = 600  # of each kind
# Of all kinds of people together, in percent.
PEOPLE_MAX = 0.5


def clicks(start, gaps, links):
    """[(seconds after sending, link)]"""
    now, result = start, []
    for link, gap in zip(links, [0, *gaps]):
        now += gap
        result.append((now, link))
    return result


# --- scanners; the least share that is caught, in percent, without and with the hidden link ---

def at_once(dice, links):
    """All links in parallel, while the message is delivered."""
    start = dice.uniform(0.5, 20)
    return [(start + dice.uniform(0, 0.4), link) for link in range(links)]


def one_by_one(dice, links):
    """All links, one after the other, as fast as they are answered."""
    return clicks(dice.uniform(1, 90), [dice.uniform(0.05, 0.6) for _ in range(links)],
                  range(links))


def at_arrival(dice, links):
    """All links, with pauses, before the mailbox gets the message."""
    return clicks(dice.uniform(1, 20), [dice.uniform(0.5, 3) for _ in range(links)], range(links))


def late(dice, links):
    """All links, with the pauses of a person, hours later."""
    return clicks(dice.uniform(600, 90000), [dice.uniform(3, 30) for _ in range(links)],
                  range(links))


def sample(dice, links):
    """One link of each message, when it arrives."""
    return [(dice.uniform(0.5, 20), dice.randrange(links))]


SCANNERS = {at_once: (97, 97), one_by_one: (97, 97), at_arrival: (85, 97), late: (0, 97),
            sample: (0, 0)}


# --- people ---

def arrival(dice):
    """Most look at mail minutes or hours after it came; some wait for it."""
    return dice.choice([dice.uniform(6, 60), dice.lognormvariate(7.5, 1.5) + 10])


def one_click(dice, links):
    return [(arrival(dice), dice.randrange(links))]


def in_minutes(dice, links):
    """Several links, with reading between them."""
    chosen = dice.sample(range(links), dice.randint(2, min(links, 6)))
    return clicks(arrival(dice), [dice.uniform(8, 240) for _ in chosen], chosen)


def quick_two(dice, links):
    """A wrong one, back, and the right one."""
    return clicks(arrival(dice), [dice.lognormvariate(0.9, 0.35)], dice.sample(range(links), 2))


def double(dice, links):
    """The same link twice: a double click, or a page that did not come."""
    link = dice.randrange(links)
    return clicks(arrival(dice), [dice.uniform(0.08, 0.5), dice.uniform(1, 5)], [link] * 3)


def tabs(dice, links):
    """Three to six links opened behind the mail, about every one and a half seconds."""
    chosen = dice.sample(range(links), min(links, dice.randint(3, 6)))
    return clicks(arrival(dice), [max(0.6, dice.gauss(1.6, 0.35)) for _ in chosen], chosen)


def family(dice, links):
    """One agent and address, two mailboxes, each with a message: told apart by the contact."""
    return in_minutes(dice, links)


# How often each is among 1,000 people who click.
PEOPLE = {one_click: 640, in_minutes: 230, quick_two: 60, double: 40, tabs: 10, family: 20}


class Crowd:
    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.rows, self.count = [], 0
        self.who = []  # (kind, number) of each row

    def add(self, make, kind, hidden):
        self.count += 1
        links = self.dice.randint(3, 15)
        agent = 1 if make is family else self.count
        visits = [(at, "c", link) for at, link in make(self.dice, links)]
        if hidden:
            # It stands at the message's end; a program that opens all links opens it as well.
            visits.append((max(at for at, _, _ in visits) + 0.1, "h", 0))
        for at, letter, link in visits:
            self.rows.append((SENT + int(at * 1000), letter, self.count, link + 1, agent))
            self.who.append((kind, self.count))

    def judge(self):
        """{kind: [True for each visitor whose clicks are all a machine's]}, and the same for any"""
        order = sorted(range(len(self.rows)), key=lambda i: self.rows[i][0])
        lines = [f"{self.count + 1}"]
        for i in order:
            at, letter, number, link, agent = self.rows[i]
            lines.append(f"{letter} {number} 7 {link} {agent} {SENT} {at}")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "visits.db")
            subprocess.run(["tests/corpus/visit_corpus", path], input="\n".join(lines) + "\n",
                           text=True, check=True)
            database = sqlite3.connect(path)
            machine = {int(source): flag for source, flag in
                       database.execute("SELECT source_id, machine FROM event")}
            database.close()
        verdicts = {}
        for line, i in enumerate(order):
            verdicts.setdefault(self.who[i], []).append(machine[line])
        result = {}
        for (kind, _), flags in verdicts.items():
            result.setdefault(kind, []).append((all(flags), any(flags)))
        return result


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--people", type=int, default=4000)
    arguments = parser.parse_args()
    crowd = Crowd(arguments.seed)
    for make in SCANNERS:
        for _ in range(VISITORS):
            crowd.add(make, (make.__name__, False), False)
            crowd.add(make, (make.__name__, True), make is not sample)
    for make, share in PEOPLE.items():
        for _ in range(arguments.people * share // 1000):
            crowd.add(make, make.__name__, False)
    verdicts, failed = crowd.judge(), False
    for make, wanted in SCANNERS.items():
        shares = []
        for hidden in (False, True):
            caught = [every for every, _ in verdicts[(make.__name__, hidden)]]
            shares.append(100 * sum(caught) / len(caught))
        print(f"scanner {make.__name__}: {shares[0]:.1f} % caught, {shares[1]:.1f} % where there "
              "is a hidden link")
        failed |= any(share < least for share, least in zip(shares, wanted))
    wronged = people = 0
    for make in PEOPLE:
        some = [some for _, some in verdicts[make.__name__]]
        print(f"people {make.__name__}: {sum(some)} of {len(some)} taken for machines")
        wronged, people = wronged + sum(some), people + len(some)
    share = 100 * wronged / people
    print(f"people: {wronged} of {people} taken for machines, {share:.2f} %")
    return 1 if failed or share > PEOPLE_MAX else 0


if __name__ == "__main__":
    sys.exit(main())
