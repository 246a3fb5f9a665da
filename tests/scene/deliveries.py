#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A campaign to recipients whose server answers each in its own way, while the follower is killed
and the relay's log rotates: journal and report say of each recipient what the sink did, and how often.

The sink notes what it said to whom; nothing else is compared with. Then all logs are read again, by
hand and in the journal's forms: nothing changes. The next campaign leaves out exactly those whose
address is dead."""

import argparse
import csv
import io
import json
import os
import random
import re
import shutil
import sqlite3
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

from client import submit
from daemon import read_json
from followed import SECTIONS, SETTINGS, message
from lab import Lab, LabError, kill, wait_for
from testbed import Testbed

DOMAINS = ("one.example", "two.example", "three.example")
UNKNOWN = "550 5.1.1 <{to}>: Recipient address rejected: User unknown in virtual mailbox table"
FULL = "552 5.2.2 <{to}>: Mailbox full"
SPAM = "554 5.7.1 This message looks like spam"
GREY = "450 4.2.0 <{to}>: Recipient address rejected: Greylisted, try again in 1 second"
RATE = "451 4.7.1 Too many messages, slow down"

# (its name, [(answer, how often, where)]); without a rule: taken at once.
WAYS = (
    ("taken", []),
    ("taken", []),
    ("taken", []),
    ("grey", [(GREY, 1, "rcpt")]),
    ("grey twice", [(GREY, 2, "rcpt")]),
    ("unknown", [(UNKNOWN, None, "rcpt")]),
    ("full", [(FULL, None, "rcpt")]),
    ("spam", [(SPAM, None, "end")]),
    ("lost", [("drop", 1, "rcpt")]),
    ("lost at the end", [("drop", 1, "end")]),
    ("slow", [("slow 1 250 2.1.5 Ok", 1, "rcpt")]),
    ("never", [(RATE, None, "rcpt")]),
    ("grey, then unknown", [(GREY, 1, "rcpt"), (UNKNOWN, None, "rcpt")]),
)

# One try each time, so that the sink and Postfix count alike.
RELAY = """\
smtp_connection_cache_on_demand = no
maximal_backoff_time = 20s
default_destination_recipient_limit = 1
"""


class Chaos(threading.Thread):
    """Kills the follower and rotates the log, in turns, until it is told to stop."""

    def __init__(self, bed, dice):
        super().__init__(daemon=True)
        self.bed, self.dice = bed, dice
        self.kills = self.rotations = 0
        self.over = threading.Event()
        self.fault = None
        self.start()

    def run(self):
        try:
            while not self.over.wait(self.dice.uniform(0.2, 1.2)):
                self.strike()
        except (LabError, OSError) as error:
            self.fault = str(error)

    def strike(self):
        what = self.dice.choice(("kill", "kill", "rename", "copy", "kill and rename", "kill and copy"))
        if "kill" in what:
            for pid, _ in self.bed.daemon.workers("follower"):
                kill(pid)
                self.kills += 1
        if "rename" in what or "copy" in what:
            self.rotations += 1
            self.bed.postfix.rotate(str(self.rotations), copied="copy" in what)


def recipients_of(count):
    """{address: its way}"""
    found = {}
    for i in range(count):
        name, rules = WAYS[i % len(WAYS)]
        found[f"r{i}@{DOMAINS[i % len(DOMAINS)]}"] = (name, rules)
    return found


def send(bed, campaign, addresses):
    for at in range(0, len(addresses), 1000):
        result = submit(bed.postfix.port, "news@shop.example", addresses[at:at + 1000],
                        message(campaign, at))
        if not result.accepted:
            raise LabError(f"the relay says {result.last}")


def expected(answers):
    """What the log must have said, from what the sink did."""
    last = answers[-1]
    if last.startswith("2"):
        outcome = "delivered"
    elif last.startswith("5"):
        outcome = "bounced"
    else:
        outcome = "deferred"
    status = re.match(r"\d\d\d (\d\.\d\.\d)", last)
    return {"outcome": outcome, "attempts": len(answers),
            "status": status[1] if status else "4.4.2"}


def seen(row):
    delivery = row["delivery"]
    if delivery is None:
        return None
    return {name: delivery[name] for name in ("outcome", "attempts", "status")}


def agrees(found, before, after, times):
    """Is that what the sink had done, up to some moment between the two? Of two deferrals within a
    second the log may give the same rounded delay, and then they count as one attempt."""
    if not isinstance(found, dict):
        return False
    for n in range(max(1, len(before)), len(after) + 1):
        wanted = expected(after[:n])
        tries = times[:n] if wanted["outcome"] == "deferred" else times[:n - 1]
        close = sum(b - a < 1.1 for a, b in zip(tries, tries[1:]))
        if any(dict(wanted, attempts=n - k) == found for k in range(close + 1)):
            return True
    return False


def compare(bed, campaign, addresses, pause):
    """Faults, one line each. Those who never get it go on being tried while the journal is read:
    of them it must say what the sink had done at some time since shortly before."""
    before = bed.sink.answers()
    time.sleep(pause)
    rows = {row["recipient"]: row for row in bed.daemon.journal(campaign)}
    after, times = bed.sink.answers(), bed.sink.answers(times=True)
    faults = []
    for address in addresses:
        found = seen(rows[address]) if address in rows else "no journal row"
        done = after.get(address, [])
        if not agrees(found, before.get(address, []), done, times.get(address, [])):
            faults.append(f"{address}: the sink did {len(done)}: {done[-3:]}, the journal says {found}")
    return faults


def wait_same(bed, campaign, ways, seconds):
    """Until all is over but for those who never get it, and the journal agrees."""
    flushed = [time.monotonic()]

    def over():
        answers = bed.sink.answers()
        # Postfix lets a message lie for long that it meant to try again while it was being tried.
        # Not too often: of two tries within a second the log's delay does not tell which is which.
        if time.monotonic() - flushed[0] > 20:
            flushed[0] = time.monotonic()
            bed.postfix.flush()
        for address, (name, _) in ways.items():
            if address not in answers:
                return False
            if name != "never" and expected(answers[address])["outcome"] == "deferred":
                return False
        return True

    wait_for("the relay to be through", over, seconds, pause=3)


def settle_journal(bed, campaign, addresses, seconds):
    """The faults that remain."""
    end = time.monotonic() + seconds
    while True:
        faults = compare(bed, campaign, addresses, 2 * bed.patience)
        if not faults or time.monotonic() > end:
            return faults


def check_suppressed(bed, ways):
    rows = read_json(bed.daemon.tool("suppress", "list", "--json").stdout)
    found = {row["address"] for row in rows if row["scope"] == "all"}
    wanted = {address for address, (name, _) in ways.items() if "unknown" in name}
    return [f"suppressed: {sorted(found ^ wanted)[:5]} differ"] if found != wanted else []


def check_events(bed, ways):
    """As many events as there were ends, however often the log was read."""
    count = {}
    for line in bed.daemon.tool("events", "list", "--json").stdout.splitlines():
        event = json.loads(line)
        count.setdefault(event["kind"], []).append(event["address"])
    ends = {"delivered": [], "bounced": []}
    answers = bed.sink.answers()
    for address in ways:
        outcome = expected(answers[address])["outcome"]
        if outcome in ends:
            ends[outcome].append(address)
    return [f"events of kind {kind}: {len(count.get(kind, []))} instead of {len(wanted)}"
            for kind, wanted in ends.items() if sorted(count.get(kind, [])) != sorted(wanted)]


def put_events(bed, ways):
    """People and machines open and click, as the web process writes it. -> {measure: number}"""
    store = sqlite3.connect(bed.daemon.database, timeout=30)
    now = int(time.time() * 1000)
    contacts = dict(store.execute("SELECT address, id FROM contact"))
    messages = dict(store.execute("SELECT contact_id, message FROM journal WHERE campaign = 'first'"))
    rows = [contacts[address] for address, (name, _) in ways.items() if name == "taken"]
    with store:
        campaign = store.execute("SELECT id FROM campaign WHERE name = 'first'").fetchone()[0]
        store.execute("INSERT INTO link (campaign, digest, address, created_ms) "
                      "VALUES (?, x'00', 'https://shop.example/a', ?), (?, x'01', "
                      "'https://shop.example/b', ?)", (campaign, now, campaign, now))
        links = [row[0] for row in store.execute("SELECT id FROM link ORDER BY id")]
        kinds = {kind: store.execute("INSERT INTO event_type (kind, name) VALUES (?, '') "
                                     "ON CONFLICT DO UPDATE SET kind = kind RETURNING id",
                                     (kind,)).fetchone()[0] for kind in (20, 21, 22, 24)}

        def put(kind, contact, link=0, machine=0):
            store.execute(
                "INSERT INTO event (contact, type, time_ms, received_ms, campaign, link, machine, "
                "message, source, source_id, properties) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'web', "
                "hex(randomblob(16)), ?)", (contact, kinds[kind], now, now, campaign, link, machine,
                                            messages[contact][:8], '{"sender_domain":"shop.example"}'
                                            if kind == 20 else "{}"))

        for i, contact in enumerate(rows):
            for _ in range(i % 3):
                put(21, contact)
            put(21, contact, machine=1)
            if i % 4 == 0:
                put(22, contact, links[0])
                put(22, contact, links[0])
                put(22, contact, links[i // 4 % 2])
            if i % 5 == 0:
                put(22, contact, links[0], machine=1)
            if i % 7 == 0:
                put(24, contact)
            if i % 11 == 0:
                put(20, contact)
    store.close()
    n = range(len(rows))
    clickers = [i for i in n if i % 4 == 0]
    return {"opened": sum(i % 3 > 0 for i in n), "opens": sum(i % 3 for i in n),
            "machine_opened": len(rows), "machine_opens": len(rows),
            "clicked": len(clickers), "clicks": 3 * len(clickers),
            "machine_clicked": sum(i % 5 == 0 for i in n),
            "machine_clicks": sum(i % 5 == 0 for i in n),
            "unsubscribed": sum(i % 7 == 0 for i in n), "complained": sum(i % 11 == 0 for i in n),
            "links": {"https://shop.example/a": len(clickers),
                      "https://shop.example/b": sum(i // 4 % 2 for i in clickers)}}


def sums(rows, measure):
    return sum(row[measure] for row in rows)


def check_report(bed, ways):
    """report campaign and report delivery agree with the sink and with what people did."""
    did = put_events(bed, ways)
    answers = bed.sink.answers()
    ends = {address: expected(answers[address]) for address in ways}
    wanted = {outcome: sum(end["outcome"] == outcome for end in ends.values())
              for outcome in ("delivered", "bounced", "deferred")}
    wanted.update(recipients=len(ways), sent=len(ways), suppressed=0, waiting=0, failed=0, unknown=0,
                  hard=sum("unknown" in name for name, _ in ways.values()))
    reasons = {reason: sum(reason_of(name) == reason for name, _ in ways.values())
               for reason in ("user unknown", "mailbox full", "spam")}
    campaign = read_json(bed.daemon.tool("report", "campaign", "first", "--json").stdout)[0]
    delivery = read_json(bed.daemon.tool("report", "delivery", "--json").stdout)[0]
    faults = [f"report {name}: {measure} is {report[measure]}, not {number}"
              for name, report in (("campaign", campaign), ("delivery", delivery))
              for measure, number in wanted.items() if report[measure] != number]
    faults += [f"report campaign: {measure} is {campaign[measure]}, not {number}"
               for measure, number in did.items() if measure != "links"
               and campaign[measure] != number]
    found = {row["reason"]: row["bounced"] for row in campaign["reasons"] if row["bounced"]}
    if found != {reason: number for reason, number in reasons.items() if number}:
        faults.append(f"report campaign: reasons {found}, not {reasons}")
    found = {row["address"]: row["clicked"] for row in campaign["links"]}
    if found != did["links"]:
        faults.append(f"report campaign: links {found}, not {did['links']}")
    for measure in ("sent", "delivered", "bounced", "hard", "opened", "clicked", "complained"):
        if sums(campaign["providers"], measure) != campaign[measure]:
            faults.append(f"report campaign: providers' {measure} do not add up")
    if sorted(row["provider"] for row in campaign["providers"]) != sorted(DOMAINS):
        faults.append(f"report campaign: providers {campaign['providers']}")
    for report in (campaign, delivery):
        if [row["sender_domain"] for row in report["senders"]] != ["shop.example"]:
            faults.append(f"report: senders {report['senders']}")
        for measure in ("sent", "delivered", "bounced", "hard", "complained"):
            if sums(report["senders"], measure) != report[measure]:
                faults.append(f"report: senders' {measure} do not add up")
    if delivery["complained"] != did["complained"]:
        faults.append(f"report delivery: {delivery['complained']} complaints")
    for measure in ("sent", "delivered", "bounced", "opens", "machine_opens", "clicks"):
        if sums(campaign["hours"], measure) != campaign[measure]:
            faults.append(f"report campaign: hours' {measure} do not add up")
    return faults + check_csv(bed)


def check_csv(bed):
    """The other forms say the same, when nothing is tried again meanwhile."""
    def as_json():
        return read_json(bed.daemon.tool("report", "campaign", "first", "--json").stdout)[0]

    for _ in range(20):
        campaign = as_json()
        text = bed.daemon.tool("report", "campaign", "first").stdout
        rows = list(csv.DictReader(io.StringIO(
            bed.daemon.tool("report", "campaign", "first", "--csv").stdout)))
        if as_json() == campaign:
            break
    total = {row["measure"]: int(row["value"]) for row in rows if row["section"] == "total"}
    wanted = {name: value for name, value in campaign.items() if isinstance(value, int)}
    faults = [] if total == wanted else [f"report --csv: {total}, not {wanted}"]
    return faults + [f"report: no line {name} {value}" for name, value in wanted.items()
                     if f"\n{name}\t{value}\n" not in text]


def reason_of(name):
    if "unknown" in name:
        return "user unknown"
    return {"full": "mailbox full", "spam": "spam"}.get(name)


def as_journal(text):
    """The log as journalctl -o json and -o export print it."""
    lines, entries = [], []
    for line in text.splitlines():
        found = re.match(r"\w{3} [ \d]\d \S+ \S+ ([^\[ ]+)\[(\d+)\]: (.*)", line)
        if not found:
            continue
        fields = {"__REALTIME_TIMESTAMP": str(int(time.time() * 1e6)),
                  "SYSLOG_IDENTIFIER": found[1], "MESSAGE": found[3]}
        lines.append(json.dumps(fields))
        body = found[3].encode()
        # Both ways in which it writes a field.
        entries.append(f"__REALTIME_TIMESTAMP={fields['__REALTIME_TIMESTAMP']}\n"
                       f"SYSLOG_IDENTIFIER={found[1]}\n".encode()
                       + (b"MESSAGE=" if len(entries) % 2 else
                          b"MESSAGE\n" + len(body).to_bytes(8, "little")) + body + b"\n\n")
    return "\n".join(lines).encode() + b"\n", b"".join(entries)


def read_again(bed, campaign, dice):
    """All logs once more, in any order: nothing new, nothing changed."""
    def state():
        return {row["recipient"]: row["delivery"] or {"outcome": "none"}
                for row in bed.daemon.journal(campaign)}

    # Of copies: the relay goes on trying, and writing of it.
    folder, base = os.path.split(bed.postfix.log)
    copies = bed.lab.path("logs")
    os.mkdir(copies)
    logs = [shutil.copy(os.path.join(folder, name), copies) for name in os.listdir(folder)
            if name.startswith(base)]
    dice.shuffle(logs)
    before, faults = state(), []
    done = read_json(bed.daemon.tool("follow", "--json", *logs).stdout)[0]
    text = "".join(open(path, encoding="utf-8", errors="replace").read() for path in logs)
    for form in as_journal(text):
        path = bed.lab.path("journal")
        with open(path, "wb") as out:
            out.write(form)
        again = read_json(bed.daemon.tool("follow", "--json", path).stdout)[0]
        if again["results"] != done["results"]:
            faults.append(f"a form of the journal has {again['results']} results, not {done['results']}")
        # A deferral of those who never get it may be new in between.
        if again["new"] > len([row for row in before.values() if row["outcome"] == "deferred"]):
            faults.append(f"read again: {again}")
    after = state()
    changed = [address for address, row in before.items()
               if row != after[address] and row["outcome"] != "deferred"]
    if changed or done["results"] == 0:
        faults.append(f"read again: {done}, changed: {changed[:5]}")
    return faults


def run(lab, arguments):
    dice = random.Random(arguments.seed)
    bed = Testbed(lab, arguments.build, policy=False, level="info", settings=SETTINGS,
                  extra=SECTIONS, relay_settings=RELAY)
    patience = 240 * bed.patience + arguments.recipients // 10
    ways = recipients_of(arguments.recipients)
    bed.start()
    bed.daemon.import_contacts("email,first_name\n" + "".join(
        f"{address},Person {i}\n" for i, address in enumerate(ways)))
    for address, (_, rules) in ways.items():
        for answer, times, at in rules:
            bed.sink.answer(address, answer.format(to=address), times, at)
    chaos = Chaos(bed, dice)
    began = time.monotonic()
    send(bed, "first", list(ways))
    wait_same(bed, "first", ways, patience)
    chaos.over.set()
    chaos.join()
    faults = [chaos.fault] if chaos.fault else []
    # The master starts a follower that died often after half a minute only.
    faults += settle_journal(bed, "first", ways, 60 * bed.patience + len(ways) // 50)
    faults += check_events(bed, ways) + check_suppressed(bed, ways)
    faults += read_again(bed, "first", dice) + check_report(bed, ways)
    print(f"{len(ways)} recipients, {sum(map(len, bed.sink.answers().values()))} answers, the follower "
          f"killed {chaos.kills} times, {chaos.rotations} rotations, "
          f"{time.monotonic() - began:.0f} s", flush=True)
    faults += check_next(bed, ways, patience)
    status = bed.stop()
    faults += bed.daemon.reports()
    if status != 0:
        faults.append(f"mailtailord left with {status}")
    return faults


def check_next(bed, ways, patience):
    """The next campaign goes to all but the dead."""
    bed.sink.forget()
    before = {address: len(bed.sink.of(address)) for address in ways}
    send(bed, "second", list(ways))
    dead = {address for address, (name, _) in ways.items() if "unknown" in name}
    wait_for("the second campaign", lambda: len(bed.daemon.journal("second")) == len(ways)
             and not bed.daemon.outbox(), patience, pause=0.3)
    skipped = {row["recipient"] for row in bed.daemon.journal("second")
               if row["verdict"] == "suppressed"}
    if skipped != dead:
        return [f"the second campaign skipped {len(skipped)}, {len(dead)} are dead: "
                f"{sorted(skipped ^ dead)[:5]}"]
    wait_for("the second campaign at the sink", lambda: all(
        len(bed.sink.of(address)) > before[address] for address in ways if address not in dead),
             patience, pause=0.3)
    return []


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--recipients", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", action="store_true", help="leave the scratch folder behind")
    arguments = parser.parse_args()
    print(f"deliveries: seed {arguments.seed}", flush=True)
    try:
        with Lab(keep=arguments.keep) as lab:
            faults = run(lab, arguments)
    except LabError as error:
        faults = [str(error)]
    for fault in faults[:20]:
        print(f"FAIL {fault}")
    print(f"deliveries: {0 if faults else 1} passed, {1 if faults else 0} failed", flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
