#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Bounces through real Postfixes: a sink refuses some recipients, Postfix returns what it could not
deliver to mailtailor bounce, through a command in its aliases (local(8)) and through pipe(8); that
ends as suppression, and the next campaign skips exactly those. A second Postfix is the receiver of
a campaign that asks for all notifications (RFC 3461); each is matched to its copy."""

import argparse
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

from client import submit
from daemon import read_json
from lab import Lab, LabError, wait_for
from postfix import Postfix
from testbed import Testbed

# What the sink says to RCPT, and what that has to end as: by one bounce, and by two.
KINDS = {
    "ok": (None, None, None),
    "dead": ("550 5.1.1 <{}>: Recipient address rejected: User unknown", "all", "all"),
    "nowhere": ("550 5.1.2 <{}>: Bad destination system address", "all", "all"),
    "full": ("552 5.2.2 Mailbox full", None, "marketing"),
    "spam": ("554 5.7.1 Message refused as spam, see http://x.example", None, None),
    "block": ("550 5.7.1 Service unavailable; client host [127.0.0.1] blocked using zen.x.example",
              None, None),
    "big": ("552 5.3.4 Message too big for system", None, None),
    "later": ("450 4.2.0 Greylisted, come again", None, None),
}

MESSAGE = """\
From: Shop <news@%s>\r
X-Campaign: %s\r
Message-ID: <%s@shop.example>\r
Subject: For {{ contact.email }}\r
Content-Type: text/plain; charset=utf-8\r
\r
Hello {{ contact.email }}\r
"""

CAMPAIGNS = """
bounce_soft = 2
watch_minimum = MINIMUM
watch_bounces = 300
campaign "watched" { bounce_address = "bounces@pipe.example" }
campaign "small1" { bounce_address = "bounces@pipe.example" }
campaign "small2" { bounce_address = "bounces@pipe.example" }
campaign "alias" { bounce_address = "bounces@alias.example" }
campaign "pipe" { bounce_address = "bounces@pipe.example" }
campaign "next" { bounce_address = "bounces@pipe.example" }
campaign "flight" { bounce_address = "bounces@pipe.example" paused = yes }
campaign "dsn" { bounce_address = "bounces@pipe.example" }
campaign "receipt" { kind = transactional bounce_address = "bounces@pipe.example" }
"""


class Second:
    """Another folder in the same lab."""

    def __init__(self, lab):
        self.lab, self.folder = lab, lab.folder

    def path(self, *names):
        path = self.lab.path("second", *names)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path


class Scene:
    def __init__(self, bed, receiver):
        self.bed, self.receiver = bed, receiver
        self.faults = []
        self.began = 0

    def fault(self, text):
        self.faults.append(text)

    def send(self, campaign, name, who, mail_parameters="", domain="shop.example"):
        reply = submit(self.bed.postfix.port, "news@shop.example", who,
                       (MESSAGE % (domain, campaign, name)).encode(), mail_parameters)
        if not reply.accepted:
            raise LabError(f"{campaign} was not accepted: {reply}")

    def settle(self):
        self.bed.settle(60)
        self.receiver.wait_empty(60 * self.bed.patience)
        self.bed.postfix.wait_empty(60 * self.bed.patience)

    def suppressed(self):
        return {entry["address"]: entry["scope"] for entry in
                read_json(self.bed.daemon.tool("suppress", "list", "--json").stdout)}

    def verdicts(self, campaign):
        return {row["recipient"]: row["verdict"] for row in self.bed.daemon.journal(campaign)}

    def events(self, address):
        return [event for event in read_json(self.bed.daemon.tool(
            "events", "list", "--contact", address, "--json").stdout) if event["kind"] != "sent"]

    def pause_reason(self, campaign):
        listing = read_json(self.bed.daemon.tool("outbox", "list", "--json").stdout)
        return "".join(row["pause_reason"] or "" for row in listing if row["campaign"] == campaign)

    def count(self, address):
        return len(self.bed.sink.of(address))

    def kept(self):
        try:
            return os.listdir(self.bed.daemon.database + "-returned/new")
        except FileNotFoundError:
            return []


def change(postfix, **settings):
    """Lines of main.cf instead of those of the same name."""
    path = os.path.join(postfix.config, "main.cf")
    with open(path, encoding="ascii") as file:
        lines = [line for line in file if line.split(" ")[0] not in settings]
    with open(path, "w", encoding="ascii") as out:
        out.writelines(lines + [f"{name} = {value}\n" for name, value in settings.items()])


def wire(bed, receiver):
    """Where returned mail goes, and that b.example is the second Postfix's."""
    tool = os.path.join(bed.daemon.build, "mailtailor")
    command = f"{tool} -c {bed.daemon.path} bounce"
    aliases = os.path.join(bed.postfix.config, "aliases")
    with open(aliases, "w", encoding="ascii") as out:
        out.write(f'bounces "|{command}"\n')  # texthash: no colon
    bed.daemon.own(aliases)  # local(8) runs a command with the rights of the file's owner
    change(bed.postfix, mydestination="alias.example", local_transport="local:$myhostname",
           alias_maps=f"texthash:{aliases}", recipient_delimiter="+", mailbox_size_limit="0",
           transport_maps="inline:{{pipe.example=mailtailor:} "
                          f"{{b.example=smtp:[127.0.0.1]:{receiver.plain_port}}}}}",
           mailtailor_destination_recipient_limit="1")
    with open(os.path.join(bed.postfix.config, "master.cf"), "a", encoding="ascii") as out:
        out.write("local unix - n n - - local\n"
                  "mailtailor unix - n n - 4 pipe\n    flags=Rq user=nobody\n"
                  f"    argv={command} --recipient ${{original_recipient}} "
                  "--client ${client_address}\n")
    # Its own next hop must not take over the duty to notify.
    change(receiver, myhostname="mx.b.example", delay_warning_time="1s",
           smtp_discard_ehlo_keywords="dsn",
           transport_maps=f"inline:{{{{pipe.example=smtp:[127.0.0.1]:{bed.postfix.plain_port}}}}}")


def addresses(count, domain):
    return {f"{kind}{i}@{domain}": kind for kind in KINDS for i in range(count)}


def refuse(scene, people):
    for address, kind in people.items():
        text = KINDS[kind][0]
        if text:
            scene.bed.sink.answer(address, text.format(address),
                                  times=1 if kind == "later" else None)


def compare(scene, title, people, times):
    """`times`: how many bounces each has had; suppressed are exactly those that have to be."""
    wanted = {address: KINDS[kind][times] for address, kind in people.items() if KINDS[kind][times]}

    def there():
        return wanted.items() <= scene.suppressed().items()
    try:
        wait_for(f"{len(wanted)} suppressions", there, 60 * scene.bed.patience)
    except LabError:
        pass
    found = {address: scope for address, scope in scene.suppressed().items() if address in people}
    if found != wanted:
        scene.fault(f"{title}: suppressed are {sorted(found.items() - wanted.items())} too many, "
                    f"{sorted(wanted.items() - found.items())} are missing")


def campaign_ends_as_suppression(scene, people):
    """Through the aliases, then through pipe(8)."""
    refuse(scene, people)
    scene.send("alias", "alias-1", list(people))
    scene.settle()
    compare(scene, "first campaign", people, 1)
    for address, kind in people.items():
        arrived = scene.count(address)
        if arrived != (kind in ("ok", "later")):
            scene.fault(f"{address} got {arrived} messages")
    scene.send("pipe", "pipe-1", list(people))
    scene.settle()
    compare(scene, "second campaign", people, 2)
    verdicts = scene.verdicts("pipe")
    skipped = {address for address, verdict in verdicts.items() if verdict == "suppressed"}
    if skipped != {address for address, kind in people.items() if KINDS[kind][1]}:
        scene.fault(f"the second campaign skipped {sorted(skipped)}")
    for address, kind in people.items():
        told = [event["kind"] for event in scene.events(address)]
        wanted = {"ok": 0, "later": 0, "dead": 1, "nowhere": 1}.get(kind, 2)
        if told.count("bounced") != wanted:
            scene.fault(f"{address} has the events {told}")


def next_campaign_skips_those(scene, people):
    scene.bed.sink.forget()
    before = {address: scene.count(address) for address in people}
    scene.send("next", "next-1", list(people))
    scene.settle()
    verdicts = scene.verdicts("next")
    for address, kind in people.items():
        skip = KINDS[kind][2] is not None
        arrived = scene.count(address) - before[address]
        if arrived != (not skip) or verdicts[address] != ("suppressed" if skip else "sent"):
            scene.fault(f"{address}: {arrived} messages of the next campaign, {verdicts[address]}")
    # Receipts go on to who only has a full mailbox.
    full = next(address for address, kind in people.items() if kind == "full")
    scene.send("receipt", "receipt-1", [full])
    scene.settle()
    if scene.count(full) - before[full] != 1:
        scene.fault("a full mailbox gets no receipts")


def in_flight(scene):
    """A bounce while the next campaign waits in the outbox already."""
    people = ["fly1@f.example", "fly2@f.example"]
    scene.bed.sink.answer(people[0], "550 5.1.1 User unknown")
    scene.send("flight", "flight-1", people)
    scene.send("pipe", "pipe-2", people)
    wait_for("the bounce", lambda: people[0] in scene.suppressed(), 60 * scene.bed.patience)
    scene.bed.sink.forget()
    scene.bed.daemon.tool("outbox", "resume", "flight")
    scene.settle()
    wait_for("the journal", lambda: len(scene.verdicts("flight")) == 2, 30 * scene.bed.patience)
    if scene.verdicts("flight") != {people[0]: "suppressed", people[1]: "sent"}:
        scene.fault(f"in flight: {scene.verdicts('flight')}")
    if scene.count(people[0]) != 0 or scene.count(people[1]) != 2:
        scene.fault("in flight: the sink got the wrong ones")


def notifications(scene, count):
    """SUCCESS, FAILURE and DELAY of a receiver that is another Postfix."""
    kinds = {"good": ("delivered",), "gone": ("bounced",), "slow": ("deferred", "delivered")}
    people = {f"{kind}{i}@b.example": kind for kind in kinds for i in range(count)}
    for address, kind in people.items():
        if kind == "gone":
            scene.bed.sink.answer(address, "550 5.1.1 User unknown")
        elif kind == "slow":
            scene.bed.sink.answer(address, "450 4.2.1 Mailbox busy")
    scene.send("dsn", "dsn-1", [(address, "NOTIFY=SUCCESS,FAILURE,DELAY") for address in people],
               "RET=HDRS ENVID=e1")

    def told(address):
        return [event["kind"] for event in scene.events(address)
                if event["properties"].get("told_by") == "report"]

    def wait(title, kind, wanted):
        wait_for(title, lambda: all(set(told(address)) >= {wanted} for address in people
                                    if people[address] == kind), 90 * scene.bed.patience)
    wait("notes of delay", "slow", "deferred")
    scene.bed.sink.forget()
    scene.bed.postfix.flush()
    scene.receiver.flush()
    wait("notes of success", "good", "delivered")
    wait("notes of failure", "gone", "bounced")
    wait("notes of late success", "slow", "delivered")
    scene.settle()
    for address, kind in people.items():
        found = told(address)
        if sorted(set(found)) != sorted(kinds[kind]) or found.count("delivered") > 1:
            scene.fault(f"{address} is told to be {found}")
        if (scene.suppressed().get(address) == "all") != (kind == "gone"):
            scene.fault(f"{address}: suppressed is {scene.suppressed().get(address)}")


def letters(scene):
    """What a person writes to the address, and a forged bounce, change nothing and are kept."""
    before = scene.suppressed(), len(scene.kept())
    for domain in ("alias.example", "pipe.example"):
        for text in ("From: Ada <ada@x.example>\r\nSubject: hello\r\n\r\nIs anybody there?\r\n",
                     "From: MAILER-DAEMON@x.example\r\nSubject: Undelivered\r\n\r\n"
                     "I could not deliver it.\r\n\r\n<ok0@a.example>: 550 5.1.1 User unknown\r\n"):
            submit(scene.bed.postfix.plain_port, "", [f"bounces@{domain}"], text.encode())
    scene.settle()
    wait_for("letters to be kept", lambda: len(scene.kept()) >= before[1] + 4,
             30 * scene.bed.patience)
    if scene.suppressed() != before[0]:
        scene.fault("a forged bounce suppressed somebody")


def nothing_is_lost(scene):
    """While the database can't be opened the relay keeps what came."""
    path, address = scene.bed.daemon.path, "lost1@l.example"
    scene.bed.sink.answer(address, "550 5.1.1 User unknown")
    os.rename(path, path + ".away")
    with open(path, "w", encoding="ascii") as out:
        out.write("nonsense\n")
    try:
        scene.send("pipe", "pipe-3", [address])
        wait_for("a deferred bounce", lambda: "Command failed" in scene.bed.postfix.log_text(
            scene.began) or "status=deferred" in scene.bed.postfix.log_text(scene.began),
                 60 * scene.bed.patience)
    finally:
        os.rename(path + ".away", path)
    scene.bed.postfix.flush()
    wait_for("the bounce to come again", lambda: address in scene.suppressed(),
             60 * scene.bed.patience)


def reputation(scene, minimum):
    """Too many come back: the campaign waits until somebody resumes it, also one recipient's mail,
    which would leave at once."""
    people = [f"w{i}@w.example" for i in range(minimum)]
    for address in people[:2 * minimum // 5]:
        scene.bed.sink.answer(address, "554 5.7.1 We do not want this")
    scene.send("watched", "watched-1", people, domain="watched.example")
    wait_for("the pause", lambda: "campaign=watched reason=" in scene.bed.daemon.log_text(),
             60 * scene.bed.patience)
    scene.bed.sink.forget()
    reason = scene.pause_reason("watched")
    if not re.fullmatch(r"\d+ of \d+ copies (to w.example )?came back", reason):
        scene.fault(f"the pause's reason is {reason}")
    scene.settle()
    before = scene.count(people[-1])
    scene.send("watched", "watched-2", [people[-1]], domain="watched.example")
    wait_for("the copy to wait", lambda: [row for row in scene.bed.daemon.outbox()
                                          if row["state"] == "waiting"], 20 * scene.bed.patience)
    if scene.count(people[-1]) != before:
        scene.fault("mail left while the campaign was paused")
    scene.bed.daemon.tool("outbox", "resume", "watched")
    scene.bed.sink.wait_of(people[-1], before + 1, 30 * scene.bed.patience)
    if scene.suppressed().keys() & set(people):
        scene.fault("an address was suppressed for what is not its fault")


def reputation_of_a_domain(scene, minimum):
    """Two campaigns with one domain in From, of which neither has enough copies to be judged. The
    recipients are no contacts."""
    half = minimum * 3 // 5
    people = {f"small{k}": [f"s{k}-{i}@s.example" for i in range(half)] for k in (1, 2)}
    for addresses_of_one in people.values():
        for address in addresses_of_one[:2 * half // 5]:
            scene.bed.sink.answer(address, "554 5.7.1 We do not want this")
    for campaign, who in people.items():
        scene.send(campaign, f"{campaign}-1", who, domain="two.example")
    for campaign in people:
        wait_for(f"the pause of {campaign}", lambda name=campaign:
                 f"campaign={name} reason=" in scene.bed.daemon.log_text(), 60 * scene.bed.patience)
        reason = scene.pause_reason(campaign)
        if not re.fullmatch(r"\d+ of \d+ copies from two.example (to s.example )?came back", reason):
            scene.fault(f"the reason of {campaign} is {reason}")
    if scene.pause_reason("next"):
        scene.fault("a campaign of another domain is paused")
    scene.bed.sink.forget()
    scene.settle()
    report = read_json(scene.bed.daemon.tool(
        "report", "delivery", "--from", "Two.Example", "--json").stdout)[0]
    if [row["sender_domain"] for row in report["senders"]] != ["two.example"] or [
            (row["provider"], row["sent"]) for row in report["providers"]] != [
                ("s.example", report["sent"])] or report["sent"] != 2 * half:
        scene.fault(f"report delivery --from: {report}")
    for campaign in people:
        scene.bed.daemon.tool("outbox", "resume", campaign)


def run(lab, arguments):
    bed = Testbed(lab, arguments.build, level="info",
                  domains=("shop.example", "watched.example", "two.example"))
    if bed.daemon.sanitizers:
        print("bounces: 0 passed, 0 failed: pipe(8) runs nothing as root, which sanitizers want")
        return 0
    receiver = Postfix(Second(lab), bed.sink.port)
    wire(bed, receiver)
    tokens = bed.daemon.make_tokens()
    minimum = 30 * arguments.each + 20  # more than all other campaigns together have
    # What the log says is the follower's, and would be known already.
    bed.daemon.extra = f'follow = no\ntoken_keys = "{tokens}"\n' + CAMPAIGNS.replace("MINIMUM", str(minimum))
    people = addresses(arguments.each, "a.example")
    everybody = list(people) + ["fly1@f.example", "fly2@f.example", "lost1@l.example"] + [
        f"w{i}@w.example" for i in range(minimum)] + [
        f"{kind}{i}@b.example" for kind in ("good", "gone", "slow") for i in range(arguments.each)]
    bed.start()
    receiver.start()
    bed.daemon.import_contacts("email\n" + "".join(f"{address}\n" for address in everybody))
    scene = Scene(bed, receiver)
    passed = failed = 0
    for title, part in (
            ("ends as suppression", lambda: campaign_ends_as_suppression(scene, people)),
            ("next campaign", lambda: next_campaign_skips_those(scene, people)),
            ("in flight", lambda: in_flight(scene)),
            ("notifications", lambda: notifications(scene, arguments.each)),
            ("reputation", lambda: reputation(scene, minimum)),
            ("reputation of a domain", lambda: reputation_of_a_domain(scene, minimum)),
            ("letters", lambda: letters(scene)),
            ("nothing is lost", lambda: nothing_is_lost(scene))):
        scene.faults = []
        scene.began = bed.postfix.log_size()
        try:
            part()
        except LabError as error:
            scene.fault(str(error))
        passed, failed = passed + (not scene.faults), failed + bool(scene.faults)
        for fault in scene.faults[:10]:
            print(f"FAIL {title}: {fault}")
        if scene.faults:
            print(bed.postfix.log_text(scene.began)[-4000:])
            print(bed.daemon.log_text()[-2000:])
    receiver.stop()
    status = bed.stop()
    if status != 0:
        failed += 1
        print(f"FAIL mailtailord left with {status}")
    print(f"bounces: {passed} passed, {failed} failed")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--each", type=int, default=4, help="addresses of each kind")
    arguments = parser.parse_args()
    try:
        with Lab() as lab:
            return 1 if run(lab, arguments) else 0
    except LabError as error:
        print(f"FAIL {error}\nbounces: 0 passed, 1 failed")
        return 1


if __name__ == "__main__":
    sys.exit(main())
