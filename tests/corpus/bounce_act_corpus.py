#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""bounce_act_corpus: what mailtailor bounce does about other people's returned messages.

For each message of bounces-sisimai that names one the journal gets the copy that it is about, so
that its Message-ID is a proof; then all are acted upon, and once more with a token of ours as the
address that they came to. Exit 77: the material is not there (MAILTAILOR_CORPORA).

Wanted: what is no bounce suppresses nobody; what others call a failure that is not for good, or is
not the address's, suppresses nobody; and those that are for good mostly do."""

import csv
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CORPORA = os.environ.get("MAILTAILOR_CORPORA") or os.path.join(HERE, "../../../shared/data")
TOOL = os.path.join(os.environ.get("MAILTAILOR_BUILD", os.getcwd()), "mailtailor")
SISIMAI = "bounces-sisimai"
NO_BOUNCE = {"vacation", "feedback"}
# Reasons of expected.csv that say nothing about the address.
ABOUT_US = {"blocked", "badreputation", "policyviolation", "authfailure", "requireptr",
            "norelaying", "failedstarttls", "spamdetected", "virusdetected", "contenterror",
            "notcompliantrfc", "mesgtoobig", "exceedlimit", "networkerror", "toomanyconn",
            "speeding", "rejected", "securityerror"}
# Without one of these that a domain is not found counts, and stops nobody at once.
NOT_FOUND = {"5.1.2", "5.1.10", "5.4.4"}
# Refused for the recipient's sake: some of them say that there is none.
UNCLEAR = {"filtered", "onhold"}
STOPPED = ("suppressed", "suppressed already")
CONF = """
database = "mailtailor.db"
token_keys = "tokens"
tracking_url = "https://t.shop.example"
log = "LOG"
bounce_soft = 0
campaign "spring" { description = "x" }
dkim "shop.example" { selector = "s" key = "s.shop.example.pem" }
"""
MESSAGE = ("From: news@shop.example\r\nTo: ada@x.example\r\nX-Campaign: spring\r\nSubject: Hi\r\n"
           "\r\nHello\r\n")


class World:
    def __init__(self, folder):
        self.folder = folder
        self.write("mailtailor.conf", CONF.replace("LOG", os.path.join(folder, "log")))
        self.write("message", MESSAGE)
        self.write("contacts.csv", "email\nada@x.example\n")
        subprocess.run([TOOL, "dkim", "new", "shop.example", "s", "--algorithm", "ed25519", "--dir",
                        folder], check=True, capture_output=True)
        self.tool("key", "new")
        self.tool("contacts", "import", os.path.join(folder, "contacts.csv"), "--quiet")

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="ascii", newline="") as out:
            out.write(text)

    def tool(self, *arguments):
        done = subprocess.run([TOOL, "-c", os.path.join(self.folder, "mailtailor.conf"),
                               *arguments], cwd=CORPORA, capture_output=True, timeout=600,
                              check=False)
        if done.returncode != 0:
            sys.exit(f"{arguments[:3]}: exit {done.returncode}: {done.stderr.decode()}")
        return done.stdout.decode()

    def bounce(self, paths, *options):
        results = {}
        for i in range(0, len(paths), 200):
            for line in self.tool("bounce", "--json", *options, *paths[i:i + 200]).splitlines():
                result = json.loads(line)
                results.setdefault(result["file"], result)
        return results

    def token(self):
        copy = self.tool("preview", os.path.join(self.folder, "message"), "--to", "ada@x.example")
        return re.search(r"https://t\.shop\.example/u/[\w-]+", re.sub(r"=?\s", "", copy))[0]

    def suppressed(self):
        return len(self.tool("suppress", "list").splitlines())

    def journal(self, results):
        """The copies that the messages are about."""
        now = int(time.time() * 1000)
        with sqlite3.connect(os.path.join(self.folder, "mailtailor.db")) as db:
            for i, result in enumerate(results.values()):
                for recipient in result["recipients"]:
                    db.execute(
                        "INSERT OR IGNORE INTO journal (message, recipient_key, recipient, "
                        "campaign, contact_id, queue_id, message_id, verdict, reason, duration_ms, "
                        "attempts, time_ms) VALUES (?, ?, ?, 'spring', 0, '', ?, 0, '', 1, 1, ?)",
                        (f"{i:08x}", recipient["address"].lower(), recipient["address"],
                         f"<{result['message_id']}>", now))
        db.close()


def judge(rows, results):
    """Misses, and of the hard ones how many are suppressed."""
    problems, hard, stopped = [], 0, 0
    for row in rows:
        result = results[f"{SISIMAI}/{row['file']}"]
        stop = result["outcome"] in STOPPED
        if result["outcome"] == "unproven" or row["recipient_index"] != "1":
            continue
        reason = row["reason"]
        living = row["hard_bounce"] != "true" and reason not in UNCLEAR
        if stop and (reason in NO_BOUNCE or reason in ABOUT_US or living):
            problems.append(f"{row['file']}: {reason}, hard={row['hard_bounce']}, but "
                            f"{result['outcome']} for {result['scope']}: {result['recipients']}")
        gone = reason == "hostunknown" and row["status"] in NOT_FOUND
        if row["hard_bounce"] == "true" and (gone or reason not in ("hostunknown", "notaccept")):
            # Some of them are about one copy: the second tells nothing new.
            stop = stop or result["outcome"] == "known"
            hard += 1
            stopped += stop
            if not stop:
                print(f"{row['file']}: {reason}, but {result['outcome']}: {result['recipients']}")
    print(f"{SISIMAI}: {stopped} of {hard} hard bounces suppress "
          f"({100.0 * stopped / max(hard, 1):.1f} %), {len(problems)} too many")
    if stopped < 0.95 * hard:
        problems.append("too few of the hard bounces suppress: wanted 95 %")
    return problems


def no_bounces(world, rows):
    """With a token of ours in each: who is asked for a proof has one."""
    names = [row["file"] for row in rows if row["reason"] in NO_BOUNCE]
    folder = os.path.join(CORPORA, SISIMAI, "maildir/not")
    names += [f"maildir/not/{name}" for name in sorted(os.listdir(folder))]
    token = world.token().encode()
    paths = []
    for i, name in enumerate(names):
        with open(os.path.join(CORPORA, SISIMAI, name), "rb") as file:
            data = file.read()
        paths.append(os.path.join(world.folder, f"proven-{i}"))
        with open(paths[-1], "wb") as file:
            file.write(b"X-Token: <" + token + b">\n" + data)
    before = world.suppressed()
    results = world.bounce(paths)
    print(f"no bounces: {len(results)} messages, "
          f"{sum(result['proof'] == 'token' for result in results.values())} with a proof, "
          f"{world.suppressed() - before} suppressions")
    return [f"{name}: {results[path]['kind']}, {results[path]['outcome']}"
            for name, path in zip(names, paths)
            if results[path]["outcome"] in STOPPED or results[path]["proof"] != "token"]


def main():
    path = f"{CORPORA}/{SISIMAI}/expected.csv"
    if not os.path.exists(path):
        print("no corpora in", CORPORA)
        return 77
    with open(path, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    folder = tempfile.mkdtemp(prefix="mailtailor.")
    try:
        world = World(folder)
        paths = sorted({f"{SISIMAI}/{row['file']}" for row in rows})
        unproven = world.bounce(paths)
        problems = [f"{name}: acted without a proof" for name, result in unproven.items()
                    if result["outcome"] != "unproven"]
        world.journal({name: result for name, result in unproven.items() if result["message_id"]})
        problems += judge(rows, world.bounce(paths))
        problems += no_bounces(world, rows)
    finally:
        shutil.rmtree(folder)
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
