#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""bounce_corpus: `mailtailor bounce` on other people's collections of returned messages.

    bounce_corpus.py [--all]

MAILTAILOR_CORPORA (default ../shared/data beside the source tree) is where the material is;
exit 77: it is not there. Printed are three numbers on bounces-sisimai, whose expected.csv
says what others read from the same messages: is the recipient right, hard or not, the
reason; each for all messages and for the third (by a digest of the path) that was left aside
while the tables of phrases were written first. Every miss is listed. On ordinary mail
nothing may be found at all. Fails where a number is below what is wanted.

bounce_corpus.recipients has a digest of each recipient's address, since expected.csv names none;
bounce_corpus.reports lists the reports among ordinary mail.
"""

import collections
import csv
import hashlib
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CORPORA = os.environ.get("MAILTAILOR_CORPORA") or os.path.join(HERE, "../../../shared/data")
TOOL = os.path.join(os.environ.get("MAILTAILOR_BUILD", os.getcwd()), "mailtailor")
WANTED = {"recipient": 99.0, "hard": 97.0, "reason": 90.0}
SISIMAI = "bounces-sisimai"

# Reasons of expected.csv and ours. Where theirs stands for several of ours, all are right:
# `filtered` is all that was refused for the recipient's sake but not for want of him (or said to be so); `expired` and
# `networkerror` differ by whether the last attempt or the first is looked at.
REASONS = {
    "userunknown": ["user unknown"],
    "hostunknown": ["host unknown"],
    "notaccept": ["host unknown"],
    "hasmoved": ["moved"],
    "mailboxfull": ["mailbox full"],
    "suspend": ["suspended"],
    "filtered": ["policy", "user unknown", "suspended"],
    "rejected": ["policy"],
    "blocked": ["policy"],
    "badreputation": ["policy", "rate limited"],
    "policyviolation": ["policy"],
    "authfailure": ["policy"],
    "requireptr": ["policy"],
    "securityerror": ["policy"],
    "norelaying": ["policy"],
    "failedstarttls": ["network", "policy"],
    "spamdetected": ["spam"],
    "virusdetected": ["content"],
    "contenterror": ["content"],
    "notcompliantrfc": ["content", "policy"],
    "mesgtoobig": ["too big"],
    "exceedlimit": ["too big"],
    "expired": ["expired", "network"],
    "networkerror": ["network", "host unknown"],
    "toomanyconn": ["rate limited"],
    "speeding": ["rate limited"],
    "systemerror": ["other"],
    "mailererror": ["other"],
    "syntaxerror": ["other"],
    "onhold": ["other", "user unknown"],
    "undefined": ["other"],
}
# What is no bounce in expected.csv, by kind.
KINDS = {"feedback": ["complaint"], "vacation": ["autoreply"]}

# Other collections: what each file of a folder is.
FOLDERS = [
    ("bounces-flanker/bounce", "", ["bounce", "delayed"]),
    ("bounces-flanker/complaints", "", ["complaint"]),
    ("bounces-kumomta/rfc3464", "", ["bounce", "delayed"]),
    ("bounces-kumomta/rfc5965", "", ["complaint"]),
    ("bounces-enmime-dsn/testdata", "", ["bounce", "delayed"]),
    ("bounces-phpbouncehandler/eml", ".eml", ["bounce", "delayed"]),
    ("bounces-phpbouncehandler/eml", "fbl-", ["complaint"]),
    ("bounces-sisimai/maildir/err", "", ["bounce"]),
    ("bounces-sisimai/maildir/dos", "lhost-", ["bounce"]),
    ("bounces-sisimai/maildir/mac", "lhost-", ["bounce"]),
    ("bounces-sisimai/maildir/not", "", ["none"]),
]
ORDINARY = ("eml-", "dkim-dkimpy", "dkim-mail-dkim")
NOT_MAIL = (".json", ".xml", ".out", ".rb", ".py", ".dat")


def read(paths):
    """Each message's result, by path and number."""
    results = collections.defaultdict(list)
    for i in range(0, len(paths), 200):
        done = subprocess.run([TOOL, "bounce", "--json", *paths[i:i + 200]], cwd=CORPORA,
                              capture_output=True, timeout=600, check=False)
        if done.returncode != 0 or done.stderr:
            sys.exit(f"exit {done.returncode}: {done.stderr.decode()}")
        for line in done.stdout.decode().splitlines():
            result = json.loads(line)
            results[result["file"]].append(result)
    return results


def digest(text):
    return hashlib.sha256(text.lower().encode()).hexdigest()[:12]


def left_aside(path):
    return int(hashlib.sha256(path.encode()).hexdigest(), 16) % 3 == 0


def known(name):
    with open(f"{HERE}/bounce_corpus.{name}", encoding="utf-8") as file:
        return [line.split() for line in file if line.strip() and not line.startswith("#")]


class Score:
    def __init__(self):
        self.right = collections.Counter()
        self.all = collections.Counter()

    def add(self, what, right):
        self.all[what] += 1
        self.right[what] += bool(right)

    def percent(self, what):
        return 100.0 * self.right[what] / self.all[what] if self.all[what] else 100.0

    def __str__(self):
        return ", ".join(f"{what} {self.right[what]}/{self.all[what]} ({self.percent(what):.1f} %)"
                         for what in WANTED)


def find(result, row, address):
    """The recipient that a row speaks of: by address, else by place."""
    for recipient in result["recipients"]:
        if digest(recipient["address"]) == address:
            return recipient
    index = int(row["recipient_index"]) - 1
    return result["recipients"][index] if index < len(result["recipients"]) else None


def judge(result, row, address):
    """What is right of a row: a dict like WANTED; the recipient only where one is known."""
    got = find(result, row, address)
    right = {}
    if address is not None:
        right["recipient"] = got is not None and digest(got["address"]) == address
    if row["feedback_type"] == "auth-failure":
        right["reason"] = result["kind"] == "none" and result["detail"] == "auth-failure"
    elif row["reason"] in KINDS:
        right["reason"] = result["kind"] in KINDS[row["reason"]]
    else:
        reported = got is not None and result["kind"] in ("bounce", "delayed")
        right["hard"] = reported and got["hard"] == (row["hard_bounce"] == "true")
        right["reason"] = reported and got["reason"] in REASONS[row["reason"]]
    return right, got


def sisimai():
    addresses = {(path, index): address for path, index, address in known("recipients")}
    with open(f"{CORPORA}/{SISIMAI}/expected.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    results = read(sorted({f"{SISIMAI}/{row['file']}" for row in rows}))
    scores = {"all": Score(), "left aside": Score()}
    for row in rows:
        path = f"{SISIMAI}/{row['file']}"
        result = results[path][0]
        right, got = judge(result, row, addresses.get((row["file"], row["recipient_index"])))
        for what, value in right.items():
            scores["all"].add(what, value)
            if left_aside(path):
                scores["left aside"].add(what, value)
        if not all(right.values()):
            wrong = ", ".join(what for what in right if not right[what])
            print(f"{row['file']} {row['recipient_index']}: {wrong}; expected {row['reason']} "
                  f"{row['status']} hard={row['hard_bounce']}, got {result['kind']} {got}")
    for name, score in scores.items():
        print(f"{SISIMAI}, {name}: {score}")
    return [f"{what}: {scores['all'].percent(what):.1f} %, wanted {wanted}"
            for what, wanted in WANTED.items() if scores["all"].percent(what) < wanted]


def files_below(folder):
    for root, folders, names in os.walk(os.path.join(CORPORA, folder)):
        folders[:] = sorted(f for f in folders if f != "_LICENCE")
        for name in sorted(names):
            if name != "SOURCE" and not name.endswith(NOT_MAIL):
                yield os.path.relpath(os.path.join(root, name), CORPORA)


def others():
    problems, count = [], 0
    for folder, word, kinds in FOLDERS:
        paths = [path for path in files_below(folder) if word in os.path.basename(path)]
        for path, results in sorted(read(paths).items()):
            for result in results:
                count += 1
                if result["kind"] not in kinds:
                    problems.append(f"{path}: {result['kind']}, expected {' or '.join(kinds)}")
    print(f"other collections: {count} messages, {len(problems)} wrong")
    return problems


def ordinary():
    reports = {path for path, in known("reports")}
    problems, met, count = [], set(), 0
    for folder in sorted(os.listdir(CORPORA)):
        if not folder.startswith(ORDINARY):
            continue
        for path, results in sorted(read(list(files_below(folder))).items()):
            for result in results:
                count += 1
                report = result["kind"] not in ("none", "autoreply")
                if path in reports:
                    met.add(path)
                if report != (path in reports):
                    problems.append(f"{path}: {result['kind']}, expected "
                                    f"{'a report' if path in reports else 'none'}")
    missing = {path for path in reports
               if os.path.exists(os.path.join(CORPORA, path))} - met
    problems += [f"{path}: was not read" for path in missing]
    print(f"ordinary mail: {count} messages, {len(met)} reports among them, "
          f"{len(problems)} wrong")
    return problems


def main():
    if not os.path.exists(f"{CORPORA}/{SISIMAI}/expected.csv"):
        print("no corpora in", CORPORA)
        return 77
    problems = sisimai() + others() + ordinary()
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
