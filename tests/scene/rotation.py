#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""DKIM selectors and token keys change under load, and worn workers are replaced under load:
nobody notices.

Streams of messages run over connections that stay open, one recipient at a time and ten at a
time. Meanwhile the configuration gets two new DKIM keys, their records appear in DNS, and the old
key goes; the tokens get a new key, and the old one is retired; each with a SIGHUP in the middle.
Processes retire after a few messages all the time. Every message has to be taken at once, arrive
once, and verify with the signatures that it should have at that time; each token in it has to
lead to its contact, and to the address that the author wrote; the log may hold no error."""

import argparse
import json
import os
import re
import shutil
import sys
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

from client import Client
from daemon import QUICK
from lab import Lab, LabError, wait_for
from testbed import Testbed
import tokens

DOMAIN = "shop.example"
SECTION = 'campaign "spring" {\n\tbounce_address = "bounces@shop.example"\n}\n'
SETTINGS = QUICK + ('worker_messages = 25\ndkim_check = "1s"\ndkim_dns = "{dns}"\n'
                    'tracking_url = "https://t.shop.example"\n')
KEYS = 'token_keys = "{}"\n'
STATIC = "https://shop.example/sale?a=1&b=2"
MESSAGE = ("X-Campaign: spring\r\nFrom: Shop <news@shop.example>\r\nSubject: For {{{{ contact.email "
           "}}}}\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n"
           "List-Unsubscribe: <https://shop.example/u>\r\n\r\n<html><body>Hello "
           "{{{{ contact.email }}}}, number {number}.\r\n"
           '<a href="' + STATIC.replace("&", "&amp;") + '">Sale</a>\r\n'
           '<a href="https://shop.example/{number}?to={{{{ contact.email | url_encode }}}}">You</a>'
           "\r\n</body></html>\r\n")
# What each copy's tokens lead to, in their order.
# The footer brings the second way out.
KINDS = ["bounce", "unsubscribe", "click", "click", "unsubscribe", "preferences", "open"]
MESSAGES_MAX = 3000  # of one stream


class Stream(threading.Thread):
    """Sends until told to stop; `phase[0]` is noted with each recipient."""

    def __init__(self, port, name, width, phase):
        super().__init__(daemon=True)
        self.port, self.name, self.width, self.phase = port, name, width, phase
        self.stopped = threading.Event()
        self.sent = {}  # recipient -> (phase before, phase after)
        self.faults = []

    def run(self):
        number = 0
        try:
            while not self.stopped.is_set():
                with Client(self.port) as client:
                    # A session that was open before a reload keeps what it began with.
                    for _ in range(1 if self.name == "fresh" else 10 ** 9):
                        number += 1
                        self.send(client, number)
                        if self.stopped.is_set():
                            break
        except Exception as error:  # whatever it is, the connection was to hold
            self.faults.append(f"{self.name}: {type(error).__name__}: {error}")

    def send(self, client, number):
        names = [f"{self.name}-{number}-{i}@rotation.example" for i in range(self.width)]
        before = self.phase[0]
        result = client.send("news@shop.example", names,
                             MESSAGE.format(number=number).encode())
        if not result.accepted:
            self.faults.append(f"{self.name}: message {number}: {result.last}")
        for name in names:
            self.sent[name] = (before, self.phase[0])
        time.sleep(0.02 * self.width)


def signers(data):
    head = data[:data.index(b"\r\n\r\n")]
    fields = re.split(rb"\r\n(?![ \t])", head)
    return [re.search(rb"[;\s]s=([^;\s]+)", field)[1].decode() for field in fields
            if field.lower().startswith(b"dkim-signature:")]


def make_keys(bed, folder):
    """Sections of the two new keys; the verifier learns their records."""
    sections = ""
    for selector, algorithm in (("mt2", "rsa"), ("ed1", "ed25519")):
        text = bed.daemon.tool("dkim", "new", DOMAIN, selector, "--algorithm", algorithm,
                               "--dir", folder).stdout
        sections += text[text.index("dkim "):]
    return sections


def rotate(bed, streams, phase, folder, dns):
    """What the administrator does. Phases: 0 old key, 1 record may be seen any moment, 2 new."""
    time.sleep(1)
    sections = make_keys(bed, folder)
    bed.daemon.extra += sections
    bed.daemon.write_config()
    bed.daemon.hang_up("reloaded")
    time.sleep(2.5)  # two looks at DNS without a record
    rows = [json.loads(line)
            for line in bed.daemon.tool("dkim", "dns", "--json", check=False).stdout.splitlines()]
    records = {row["name"]: row["expected"] for row in rows}
    bed.verifier.records.update(records)
    if [row["state"] for row in rows] != ["missing"] * 3:
        raise LabError(f"states before: {[row['state'] for row in rows]}")
    since = bed.daemon.log_size()
    phase[0] = 1
    with open(dns + ".new", "w", encoding="ascii") as out:
        out.writelines(f"{name} {text}\n" for name, text in records.items())
    os.chmod(dns + ".new", 0o644)
    os.rename(dns + ".new", dns)
    wait_for("both new selectors to sign",
             lambda: bed.daemon.log_text(since).count("the key may sign") >= 2, 30 * bed.patience)
    phase[0] = 2
    time.sleep(1)
    bed.daemon.keys.clear()  # the old one
    bed.daemon.write_config()
    bed.daemon.tool("key", "new")
    bed.daemon.hang_up("reloaded")
    time.sleep(1)
    shutil.copy(bed.tokens, bed.tokens + ".all")
    bed.daemon.tool("key", "retire", "1")
    bed.daemon.hang_up("reloaded")
    time.sleep(1.5)
    open(dns, "w", encoding="ascii").close()  # the records vanish: the keys sign on
    wait_for("a warning of the lost records",
             lambda: bed.daemon.log_text(since).count("the key signs on") >= 2, 30 * bed.patience)
    time.sleep(1)
    for stream in streams:
        stream.stopped.set()
    for stream in streams:
        stream.join(60 * bed.patience)


def faults_of(bed, streams):
    faults = [fault for stream in streams for fault in stream.faults]
    allowed = {0: {("mt1",)}, 2: {("mt2", "ed1")}}
    seen = set()
    sent = {name: phases for stream in streams for name, phases in stream.sent.items()}
    arrived = sum(len(bed.sink.of(name)) for name in sent)
    for name, (before, after) in sent.items():
        messages = bed.sink.of(name)
        if len(messages) != 1:
            faults.append(f"{name} has {len(messages)} messages")
            continue
        got = tuple(signers(messages[0].data))
        seen.add(got)
        if got not in (("mt1",), ("mt2",), ("mt1", "ed1"), ("mt2", "ed1")):
            faults.append(f"{name}: signed by {got}")
        if name.startswith("fresh") and before == after and got not in allowed.get(after, {got}):
            faults.append(f"{name}: signed by {got} in phase {after}")
        verdict = bed.verifier.python(messages[0].data)
        if verdict:
            faults.append(f"{name}: {verdict}")
    if not {("mt1",), ("mt2", "ed1")} <= seen:
        faults.append(f"signatures: {seen}")
    if arrived < 150:
        faults.append(f"only {arrived} messages: that is no load")
    return faults, arrived


def number_of(name):
    return name.split("-")[1]


def faults_of_tokens(bed, streams):
    """With all keys there ever were: tokens of a retired one lead nowhere any more."""
    shutil.copy(bed.tokens + ".all", bed.tokens)
    names = [name for stream in streams for name in stream.sent if bed.sink.of(name)]
    found = [tokens.in_message(bed.sink.of(name)[0]) for name in names]
    said = iter(tokens.read(bed.daemon, [token for each in found for token in each]))
    faults, keys = [], set()
    for name, each in zip(names, found):
        rows = [next(said) for _ in each]
        own = f"https://shop.example/{number_of(name)}?to={urllib.parse.quote(name)}"
        if [row["kind"] for row in rows] != KINDS:
            faults.append(f"{name}: tokens {[row['kind'] for row in rows]}")
        elif [row["target"] for row in rows[2:4]] != [STATIC, own]:
            faults.append(f"{name}: clicks lead to {[row['target'] for row in rows[2:4]]}")
        if any((row["contact"], row["campaign"]) != (name, "spring") for row in rows):
            faults.append(f"{name}: tokens of {[row['contact'] for row in rows]}")
        keys |= {row["key"] for row in rows}
    if keys != {1, 2}:
        faults.append(f"tokens were made with the keys {keys}")
    return faults, len([token for each in found for token in each])


def import_contacts(bed, streams):
    lines = [f"{stream.name}-{number}-{i}@rotation.example\n" for stream in streams
             for number in range(1, MESSAGES_MAX // stream.width) for i in range(stream.width)]
    bed.daemon.tool("contacts", "import", "-", "--csv", input="email\n" + "".join(lines))


def faults_of_log(text):
    faults = [line for line in text.splitlines()
              if re.search(r" error: |worker (died|ended|does not leave)|in doubt", line)]
    retired = text.count("worker retires")
    if retired < 6:
        faults.append(f"only {retired} workers retired")
    return faults, retired


def run(lab, build):
    lab.open_to_all("dns")
    dns, folder = os.path.join(lab.path("dns"), "records"), lab.path("dns")
    open(dns, "w", encoding="ascii").close()
    bed = Testbed(lab, build, extra=SECTION, policy=False, settings=SETTINGS.format(dns=dns))
    bed.tokens = bed.daemon.make_tokens()
    bed.daemon.extra += KEYS.format(bed.tokens)
    bed.start()
    phase = [0]
    streams = [Stream(bed.postfix.port, f"single{i}", 1, phase) for i in range(3)]
    streams.append(Stream(bed.postfix.port, "many", 10, phase))
    streams.append(Stream(bed.postfix.port, "fresh", 1, phase))
    import_contacts(bed, streams)
    for stream in streams:
        stream.start()
    rotate(bed, streams, phase, folder, dns)
    total = sum(len(stream.sent) for stream in streams)
    bed.sink.wait_count(total, 60 * bed.patience)
    bed.settle()
    faults, arrived = faults_of(bed, streams)
    token_faults, token_count = faults_of_tokens(bed, streams)
    faults += token_faults
    status = bed.stop()
    if status != 0:
        faults.append(f"mailtailord left with {status}")
    more, retired = faults_of_log(bed.daemon.log_text())
    print(f"{arrived} messages with {token_count} tokens over {len(streams)} connections, "
          f"{retired} workers retired")
    return faults + more + bed.daemon.reports()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    arguments = parser.parse_args()
    try:
        with Lab() as lab:
            faults = run(lab, arguments.build)
    except LabError as error:
        faults = [str(error)]
    for fault in faults[:20]:
        print(f"FAIL {fault}")
    print(f"rotation: {0 if faults else 1} passed, {1 if faults else 0} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
