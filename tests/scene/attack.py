#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A sample of the attack strings as contact values, through a real Postfix to a sink.

    attack.py [--build FOLDER] [--recipients N] [--seed N]

One message has values in fields, text, HTML, AMP and a calendar. What arrives has the fields
and tags that a harmless value gives, and nothing for anybody else; both foreign verifiers
take the signature. The strings are those of tests/corpus/engine_attack.py.
"""

import argparse
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
sys.path.insert(0, os.path.join(HERE, "..", "corpus"))

import engine_attack
from client import submit
from engine import CORPORA, generator, parsed
from lab import Lab, LabError
from testbed import Testbed

CAMPAIGN = "attack"
SECTION = f'campaign "{CAMPAIGN}" {{\n}}\n'
SENDER = "news@shop.example"
KINDS = {"text/plain": "plain", "text/html": "html", "text/x-amp-html": "amp",
         "text/calendar": "calendar"}


def choose_strings(options):
    folders = [os.path.join(CORPORA, name) for name in
               (sorted(os.listdir(CORPORA)) if os.path.isdir(CORPORA) else ())
               if name.startswith("attack-")]
    strings, _ = engine_attack.read_strings(folders, False)
    made = [text for text in strings if text in set(engine_attack.MADE)]
    others = [text for text in strings if text not in set(engine_attack.MADE)]
    source = generator(options.seed, "scene")
    source.shuffle(others)
    # A field of more than 8 KB does not leave, which engine_attack.py looks at.
    return [text for text in (made + others)[:options.recipients] if len(text) < 3000]


def text_parts(message):
    return [(KINDS[part.get_content_type()], part.get_payload(decode=True).decode("latin-1"))
            for part in message.walk() if part.get_content_type() in KINDS]


def arrived(bed, address):
    messages = bed.sink.of(address)
    if len(messages) != 1:
        return None, f"{len(messages)} messages"
    fault = bed.verifier.check(messages[0].data)
    return parsed(messages[0].data), fault


def judge(attack, bed, addresses):
    harmless, fault = arrived(bed, attack.address("harmless"))
    if harmless is None or fault:
        raise LabError(f"the harmless copy: {fault}")
    fields = [name.lower() for name in harmless.keys()]
    readers = (engine_attack.lxml_tags, engine_attack.html5lib_tags)
    wanted = {kind: {read: engine_attack.structure(read(page)) for read in readers}
              for kind, page in ((kind, engine_attack.html_of(text_parts(harmless), kind)[0])
                                 for kind in ("html", "amp"))}
    lines = engine_attack.ical_lines(engine_attack.html_of(text_parts(harmless), "calendar")[0])
    for address, text in addresses:
        message, fault = arrived(bed, address)
        if message is None or fault:
            attack.fail("postfix", text, fault)
            continue
        attack.counts["arrived"] += 1
        attack.check_fields(text, message, fields, address)
        parts = text_parts(message)
        if len(parts) != 4:
            attack.fail("postfix", text, f"{len(parts)} parts")
            continue
        for kind in "html", "amp":
            attack.check_html(kind, text, engine_attack.html_of(parts, kind)[0], wanted[kind])
        if engine_attack.ical_lines(engine_attack.html_of(parts, "calendar")[0]) != lines:
            attack.fail("calendar", text, "other lines")
    if len(bed.sink.messages) != len(addresses) + 1:
        attack.fail("postfix", "", f"{len(bed.sink.messages)} messages arrived")


def send_and_judge(attack, bed, strings):
    addresses = [(attack.address(number), text) for number, text in enumerate(strings)]
    everybody = addresses + [(attack.address("harmless"), engine_attack.HARMLESS)]
    lines = [json.dumps({"email": address, "v": text, "name": text})
             for address, text in everybody]
    path = os.path.join(bed.daemon.lab.folder, "attack.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    bed.daemon.tool("contacts", "import", path)
    data = b"X-Campaign: attack\n" + engine_attack.mixed_message()
    result = submit(bed.postfix.port, SENDER, [address for address, _ in everybody],
                    data.replace(b"\n", b"\r\n"))
    if not result.accepted:
        raise LabError(f"the relay says {result.last}")
    bed.sink.wait_count(len(everybody), 120 * bed.patience)
    bed.settle()
    judge(attack, bed, addresses)
    status = bed.stop()
    if status != 0 or bed.daemon.reports():
        attack.fail("mailtailord", "", f"left with {status}: {bed.daemon.reports()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--recipients", type=int, default=400)
    parser.add_argument("--seed", default="1")
    options = parser.parse_args()
    options.sample, options.all = 4, False
    strings = choose_strings(options)
    attack = engine_attack.Attack(None, strings, options)
    try:
        with Lab() as lab:
            bed = Testbed(lab, options.build, extra=SECTION, policy=False)
            bed.start()
            send_and_judge(attack, bed, strings)
    except LabError as error:
        attack.fail("postfix", "", str(error))
    failed = 1 if attack.failures else 0
    print(f"{attack.counts['arrived']} of {len(strings)} strings arrived as data")
    print(f"attack: {1 - failed} passed, {failed} failed")
    return failed


if __name__ == "__main__":
    sys.exit(main())
