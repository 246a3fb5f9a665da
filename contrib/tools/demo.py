# SPDX-License-Identifier: BSD-2-Clause
"""The main job, to look at: see contrib/demo, which calls this.

A private Postfix with the one line `smtpd_milters = ...`, a sink that keeps what it gets,
and mailtailord; ONE message goes in for all recipients."""

import argparse
import os
import shutil
import subprocess
import sys
import time
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))
NEWSLETTER = os.path.join(HERE, "..", "newsletter")
sys.path.insert(0, os.path.join(HERE, "..", "..", "tests", "lib"))

import verify
from client import submit
from lab import Lab, LabError, wait_for
from testbed import Testbed

SENDER = "news@shop.example"
SUPPRESSED = "gone@example.net"
PICTURES = ("juergen@example.de", "xiaoming@example.cn")


def column(text, width):
    """Padded for a terminal, where some letters are two columns wide and some none."""
    used = sum(0 if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Cf")
               else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
    return text + " " * max(1, width - used)


def personal_lines(data):
    """What of the text part is about this person: greeting, first product, last words."""
    lines = [line.strip() for line in verify.text_of(data, "plain").split("\n") if line.strip()]
    return [lines[0] + " " + lines[1], lines[2], lines[-2]]


def show(bed, number, address, folder):
    """One recipient's message, and where it was put."""
    messages = bed.sink.of(address)
    print(f"{number:2}  {address}")
    if not messages:
        print("      got nothing\n")
        return None
    data = messages[0].data
    path = os.path.join(folder, address.replace("@", "_at_") + ".eml")
    with open(path, "wb") as out:
        out.write(data)
    fault = bed.verifier.python(data)
    print(f"      From     {verify.header(data, 'From')}")
    print(f"      Subject  {verify.header(data, 'Subject')}")
    for line in personal_lines(data):
        print(f"      {line}")
    print(f"      DKIM     {'passes' if fault is None else 'FAILS: ' + fault}   "
          f"({len(data)} bytes, {'no template tag left' if not verify.template_left(data) else 'A TAG IS LEFT'})\n")
    return data


def show_journal(bed):
    print("The journal (mailtailor journal --campaign winter)\n")
    for row in bed.daemon.journal("winter"):
        print("    " + column(row["recipient"], 28) + column(row["verdict"], 12)
              + (row["reason"] or f"queue id {row['queue_id']}"))
    print()


def draw(data, address, folder, lab):
    """The HTML part as Chromium shows it in a narrow window."""
    page = lab.path("page.html")
    picture = os.path.join(folder, address.replace("@", "_at_") + ".png")
    with open(page, "w", encoding="utf-8") as out:
        out.write(verify.text_of(data, "html"))
    done = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--user-data-dir={lab.path('chromium')}", "--window-size=680,980",
         f"--screenshot={picture}", f"file://{page}"], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=False, timeout=50)
    if done.returncode != 0 or not os.path.exists(picture):
        raise LabError(f"chromium could not draw {address}'s message")
    print(f"    {picture}")


def draw_all(copies, folder, lab):
    if not shutil.which("chromium"):
        print("No pictures: Chromium is not installed (contrib/packages pictures).")
        return
    print("Pictures")
    for address in PICTURES:
        if copies.get(address):
            draw(copies[address], address, folder, lab)
    print()


def read_lines(name):
    with open(os.path.join(NEWSLETTER, name), encoding="utf-8") as file:
        return file.read().split()


def play(lab, arguments):
    """0 if everybody has what they should have."""
    recipients = read_lines("recipients")
    with open(os.path.join(NEWSLETTER, "newsletter.eml"), "rb") as file:
        message = file.read().replace(b"\n", b"\r\n")
    data = lab.path("campaign.json")
    shutil.copy(os.path.join(NEWSLETTER, "campaign.json"), data)
    bed = Testbed(lab, arguments.build, policy=False, level="info",
                  extra=f'campaign "winter" {{\n\tdata = "{data}"\n}}\n')
    bed.start()
    print(f"\nA private Postfix on port {bed.postfix.port}, with one line more than before:\n\n"
          f"    smtpd_milters = {bed.daemon.milter}\n")
    imported = bed.daemon.tool("contacts", "import", os.path.join(NEWSLETTER, "contacts.csv"))
    print((imported.stdout + imported.stderr).strip())
    bed.daemon.tool("suppress", "add", SUPPRESSED, "--reason", "unsubscribed by phone")
    print(f"{SUPPRESSED} is suppressed; {recipients[-1]} is not among the contacts.\n")
    began = time.monotonic()
    result = submit(bed.postfix.port, SENDER, recipients, message)
    if not result.accepted:
        raise LabError(f"the relay says {result.last}")
    print(f"ONE message of {len(message)} bytes for {len(recipients)} recipients went in: "
          f"{result.last} ({time.monotonic() - began:.2f} s)\n")
    expected = len(recipients) - 1
    wait_for(f"{expected} messages", lambda: len(bed.sink.refresh()) >= expected, 30)
    bed.settle()
    seconds = max(m.time for m in bed.sink.messages) - min(m.time for m in bed.sink.messages)
    os.makedirs(arguments.output, exist_ok=True)
    copies = {address: show(bed, i, address, arguments.output)
              for i, address in enumerate(recipients, 1)}
    show_journal(bed)
    if arguments.pictures:
        draw_all(copies, arguments.output, lab)
    return conclude(bed, copies, seconds, arguments.output)


def conclude(bed, copies, seconds, folder):
    arrived = {address: data for address, data in copies.items() if data}
    signed = sum(bed.verifier.python(data) is None for data in arrived.values())
    tags = sum(verify.template_left(data) is not None for data in arrived.values())
    strangers = [address for address, data in arrived.items() for other in copies
                 if other != address and other in verify.everything(data)]
    journal = bed.daemon.journal("winter")
    good = (len(arrived) == len(copies) - 1 and SUPPRESSED not in arrived and not tags
            and signed == len(arrived) and len(set(arrived.values())) == len(arrived)
            and not strangers and len(journal) == len(copies)
            and len(bed.sink.messages) == len(arrived))
    print(f"{len(arrived)} different messages for {len(arrived)} people within {seconds:.2f} s, "
          f"{signed} with a good signature, {tags} with a template tag left;\n"
          f"1 suppressed; the journal has {len(journal)} rows.\n"
          f"The messages are in {os.path.abspath(folder)}.")
    status = bed.stop()
    if not good or status != 0:
        print("That is NOT how it should be.")
        return 1
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="folder with the programs")
    parser.add_argument("--output", default="demo-output", help="where the messages go")
    parser.add_argument("--pictures", action="store_true", help="draw two of them")
    arguments = parser.parse_args()
    try:
        with Lab() as lab:
            return play(lab, arguments)
    except LabError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
