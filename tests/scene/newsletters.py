#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Other people's newsletters through the real Postfix, tracked: every copy verifies.

Every HTML file of the corpora becomes a message, and every message of the corpora that has an
HTML part is submitted as a client would; some have lines of thousands of characters, made so
where a file has none. Each goes to one recipient, tailored in place, some to two, through the
outbox, and then all once more while the next hop offers neither 8BITMIME nor SMTPUTF8.

At the sink python3-dkim and opendkim-testmsg have to verify each copy. Undoing the tracked links
has to give back the HTML, whose addresses the tokens have to lead to; all other parts are the
same. What the relay refuses, and what can't verify, has to stand in newsletters.known with the
reason.

HTML that holds another template language's tags is sent as it is, and, as what a refusal says
may hide other faults, inside {% raw %}. What Liquid makes of it is compared with an untracked
copy. Without corpora nothing runs, and the test counts as skipped."""

import argparse
import concurrent.futures
import email
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
sys.path.insert(0, os.path.join(HERE, "..", "corpus"))

import corpora
import html_corpus
import mime_corpus
import tracked
from client import Client
from lab import Lab, LabError
from testbed import Testbed

KNOWN = os.path.join(HERE, "newsletters.known")
BASE = "https://t.shop.example"
SETTINGS = 'token_keys = "{keys}"\ntracking_url = "' + BASE + '"\n'
SECTION = ('campaign "tracked" {\n\tkind = transactional\n}\n'
           'campaign "plain" {\n\tkind = transactional\n\ttrack_clicks = no\n'
           '\ttrack_opens = no\n}\n')
ADDRESS_MAX = 2000  # LINK_ADDRESS_MAX
TAG = re.compile(r"\{\{|\{%")
PICTURE = corpora.png(40, 20, 160)
ATTACHMENT = bytes(range(256)) * 40


class Letter:
    """`data`: what is submitted, without the campaign's header. `dynamic`: Liquid changes it, so
    that the plain copy says what it was."""

    def __init__(self, name, data, dynamic=False, raw=False):
        self.name, self.data, self.dynamic, self.raw = name, data, dynamic, raw
        self.reply = None  # why the relay did not take it

    def of(self, campaign):
        return b"X-Campaign: " + campaign.encode() + b"\r\n" + self.data

    @property
    def original(self):
        return email.message_from_bytes(self.data)


# --- what is sent ---

def html_letter(name, text, charset, number, **more):
    return corpora.letter(
        name, text, charset, number,
        images=[("picture@shop.example", PICTURE)] if number % 4 == 1 else (),
        attachment=ATTACHMENT if number % 5 == 2 else None, **more)


def html_letters():
    """Each file as it is; in {% raw %}, if it has tags; and some with all of it in one line."""
    letters = []
    for number, name in enumerate(corpora.files("html-", (".html", ".htm", ".tpl"))):
        text, charset = corpora.read_html(name)
        tags = bool(TAG.search(text))
        letters.append(Letter(name, html_letter(name, text, charset, number), dynamic=tags))
        if tags:
            text = "{% raw %}" + text + "{% endraw %}"
            letters.append(Letter(name + " in raw",
                                  html_letter(name, text, charset, number), raw=True))
        if number % 10 == 0:
            line = text.replace("\n", " ")
            line += "é" * (1000 if charset in ("utf-8", "iso-8859-1") else 0)
            letters.append(Letter(name + " in one line", html_letter(
                name, line, charset, number, encoding="8bit"), raw=tags))
    return letters


def mail_letters():
    """Messages with HTML."""
    letters = []
    for name in corpora.files("eml-"):
        data = corpora.resubmitted(corpora.read(name), len(letters))
        if data is None:
            continue
        message = email.message_from_bytes(data)
        if any(part.get_content_type() == "text/html" and not part.is_multipart()
               for part in message.walk()):
            letters.append(Letter(name, data, dynamic=bool(re.search(rb"\{\{|\{%", data))))
    return letters


def longest_line(data):
    return max(map(len, data.split(b"\r\n")))


class Mailing:
    """All letters to recipients of their own; `name` stands in the addresses."""

    def __init__(self, bed, letters, name, campaign="tracked", width=1):
        self.bed, self.letters, self.name = bed, letters, name
        self.campaign, self.width = campaign, width

    def recipients(self, number):
        return [f"{self.name}-{number}-{i}@letters.example" for i in range(self.width)]

    def send(self):
        """Refusals are noted in the letters."""
        with Client(self.bed.postfix.port) as client:
            for number, letter in enumerate(self.letters):
                eight = " BODY=8BITMIME" if number % 2 and not letter.data.isascii() else ""
                result = client.send(corpora.SENDER, self.recipients(number),
                                     letter.of(self.campaign), eight.strip())
                letter.reply = None if result.accepted else str(result.last)
            client.quit()

    def wait(self):
        wanted = sum(self.width for letter in self.letters if letter.reply is None)
        self.bed.sink.wait_count(len(self.bed.seen) + wanted, 300 * self.bed.patience)
        self.bed.seen = list(self.bed.sink.messages)
        self.bed.settle()

    def copies(self):
        """(letter, recipient, message or None)"""
        for number, letter in enumerate(self.letters):
            for recipient in self.recipients(number) if letter.reply is None else ():
                messages = self.bed.sink.of(recipient)
                yield letter, recipient, messages[0] if len(messages) == 1 else None


# --- what arrived ---

def text_of(part):
    """As it leaves: GMime and Python read some broken things differently, so that a part whose
    bytes are the same has the same text whatever they mean."""
    try:
        return mime_corpus.plain_text_of(part)
    except (UnicodeError, LookupError):
        return (part.get_payload(decode=True) or b"").decode("latin-1").replace("\r\n", "\n")


def unwrapped(letter, text):
    if letter.raw:
        text = text.replace("{% raw %}", "").replace("{% endraw %}", "")
    return text.rstrip("\n")


def links_of(text):
    """How many addresses of the web html5lib finds that may be tracked: longer ones don't fit into
    a token."""
    return sum(bool(re.match(r"(?i)https?://[^/?#\\]", address))
               and len(address.encode()) <= ADDRESS_MAX
               for _, address, _ in html_corpus.theirs(text))


def fault_of_html(letter, original, arrived, tokens, counted):
    was, now = unwrapped(letter, text_of(original)), text_of(arrived).rstrip("\n")
    links = tracked.undo(now, was, tokens, BASE)
    counted["links"] += links
    counted["htmls"] += 1
    wanted = links_of(was)
    if links != wanted and not letter.raw:
        raise tracked.Fault(f"{links} links are tracked, html5lib finds {wanted}")


def fault_of_parts(letter, original, arrived, tokens, counted):
    """None, or what is wrong with the copy but for its signature."""
    ones, twos = list(original.walk()), list(arrived.walk())
    kinds = [[part.get_content_type() for part in parts] for parts in (ones, twos)]
    if kinds[0] != kinds[1]:
        return f"parts were {kinds[0]}, are {kinds[1]}"
    for number, (one, two) in enumerate(zip(ones, twos)):
        if one.is_multipart() or mime_corpus.decoded(one) == mime_corpus.decoded(two):
            continue
        try:
            if two.get_content_type() == "text/html":
                fault_of_html(letter, one, two, tokens, counted)
            elif two.get_content_maintype() != "text" or \
                    mime_corpus.text_of(one) != mime_corpus.text_of(two):
                return f"part {number} ({kinds[0][number]}) changed"
        except tracked.Fault as fault:
            return f"part {number}: {fault}"
        except (UnicodeError, LookupError) as error:
            return f"part {number}: {error}"
    return None


def fault_of(bed, letter, message, plain, tokens, counted):
    if message is None:
        return "did not arrive once"
    data = message.data
    fault = bed.verifier.check(data)
    if fault:
        return fault
    if longest_line(data) > 998:
        return f"a line of {longest_line(data)} octets left"
    original = email.message_from_bytes(plain.data) if letter.dynamic else letter.original
    return fault_of_parts(letter, original, email.message_from_bytes(data), tokens, counted)


def keep_copy(folder, job):
    """For whoever wants to look at it."""
    name, letter, recipient, message = job
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, re.sub(r"[^\w.-]", "_", f"{letter.name}-{name}"))
    for ending, data in (".sent", letter.data), (".arrived", message.data if message else b""):
        with open(path + ending, "wb") as out:
            out.write(data)


def faults_of(bed, mailings, plain, tokens, keep):
    """[(name and mailing, what is wrong)], and what was counted."""
    counted = {"links": 0, "htmls": 0, "copies": 0}
    jobs = [(mailing.name, *copy) for mailing in mailings for copy in mailing.copies()]
    reference = {letter: message for letter, _, message in plain.copies()}

    def check(job):
        name, letter, recipient, message = job
        if letter.dynamic and reference.get(letter) is None:
            return f"{letter.name} ({name})", "the untracked copy did not arrive once"
        fault = fault_of(bed, letter, message, reference.get(letter), tokens, counted)
        counted["copies"] += 1
        if fault and keep:
            keep_copy(keep, job)
        return fault and (f"{letter.name} ({name})", f"{fault} ({recipient})")

    if jobs:  # the first one makes what the verifiers need
        check(jobs[0])
        counted.update(links=0, htmls=0, copies=0)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return [fault for fault in pool.map(check, jobs) if fault], counted


def read_known(only):
    """{name, or name and mailing: what is said about it}"""
    known = {}
    with open(KNOWN, encoding="utf-8") as file:
        for line in file:
            name, _, text = line.rstrip("\n").partition(": ")
            if name and not line.startswith("#") and only in name:
                known[name] = text
    return known


# Other languages' tags: Handlebars, Mustache, Go, JavaScript.
FOREIGN = re.compile(r"\{\{-?\s*[#/^>.&!{$]|\{\{-?\s*(?:template|define|if|end|range|else|with|block)\b|"
                     r"\{\{[^}]*(?:\?|=>|\bnew )|@\{\{")


def parts_beyond_us(part, sealed=False):
    """Those that say 8bit, in what is signed, encrypted or forwarded: we leave them as they are,
    and Postfix encodes them anew where the next hop takes no 8 bits."""
    said = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    found = [part] if sealed and said in ("8bit", "binary") else []
    sealed = sealed or mime_corpus.is_sealed(part) or part.get_content_type() == "message/rfc822"
    for inner in part.get_payload() if part.is_multipart() else ():
        found += parts_beyond_us(inner, sealed)
    return found


def is_explained(letter, mailing, said):
    """By a rule, for what newsletters.known does not know."""
    if mailing is None:
        return letter.dynamic and "HTML part" in said and bool(
            FOREIGN.search(corpora.read_html(letter.name.removesuffix(" in one line"))[0]))
    return mailing == "hard" and "python3-dkim" in said and bool(parts_beyond_us(letter.original))


def unexpected(found, known, letters):
    """Of [(name, what is said)] those that neither newsletters.known nor a rule explains, and
    what newsletters.known has without need; as sentences."""
    by_name = {letter.name: letter for letter in letters}
    faults, said_of = [], {}
    for name, said in found:
        letter, mailing = by_name.get(name), None
        if letter is None and name.endswith(")"):
            mailing = name[name.rindex("(") + 1:-1]
            letter = by_name.get(name[:name.rindex(" (")])
        said_of[name] = said
        if known[name] not in said if name in known else not (
                letter and is_explained(letter, mailing, said)):
            faults.append(f"{name}: {said}")
    return faults + [f"{name}: is in newsletters.known, but nothing is wrong"
                     for name in known
                     if name not in said_of and re.sub(r" \(\w+\)$", "", name) in by_name]


def self_check(letters):
    """The comparison has to notice each of these; sentences about what it let pass."""
    class Same:
        """Tokens that lead to their own text."""
        def read(self, token):
            return (tracked.OPEN, 0, 0, "")

        def target(self, token):
            return "https://a.example/?x=1&y=2"

    was = "<p><a href='https://a.example/?x=1&amp;y=2'>x</a>\n<!--[if mso]>y<![endif]--></p>"
    good = (was.replace("https://a.example/?x=1&amp;y=2", BASE + "/c/abc")
            .replace("</p>", f'<img src="{BASE}/o/abc" width="1"></p>'))
    bad = {"a comment is gone": good.replace("<!--[if mso]>y<![endif]-->", ""),
           "white space changed": good.replace("\n", " "),
           "quotes changed": good.replace("'", '"'),
           "the pixel is missing": re.sub("<img.*?>", "", good),
           "the end is missing": good[:-1]}
    missed = []
    if tracked.undo(good, was, Same(), BASE) != 1:
        missed.append("a tracked link is not counted")
    for what, text in bad.items():
        try:
            tracked.undo(text, was, Same(), BASE)
            missed.append(what)
        except tracked.Fault:
            pass
    try:
        tracked.undo(good, was.replace("x=1", "x=3"), Same(), BASE)
        missed.append("a link leads elsewhere")
    except tracked.Fault:
        pass
    if not any(longest_line(letter.data) > 5000 for letter in letters):
        missed.append("no letter has long lines")
    return [f"the comparison does not notice: {what}" for what in missed]


# --- the run ---

def run(lab, build, letters, keep):
    keys = lab.path("tokens")
    bed = Testbed(lab, build, extra=SECTION, policy=False, settings=SETTINGS.format(keys=keys),
                  level="info")
    bed.seen = []
    bed.daemon.write_config()
    bed.daemon.tool("key", "new", keys)
    bed.start()
    bed.daemon.import_contacts("email,first_name\n" + "".join(
        f"easy-{number}-0@letters.example,Person\n" for number in range(0, len(letters), 2)))
    plain = Mailing(bed, [letter for letter in letters if letter.dynamic], "plain", "plain")
    mailings = [Mailing(bed, letters, "easy"), Mailing(bed, letters[::5], "pair", width=2),
                Mailing(bed, letters, "hard")]
    for mailing in (plain, *mailings):
        if mailing.name == "hard":
            bed.postfix.restart()  # no connection that was told otherwise
            bed.sink.offer_not("8BITMIME", "SMTPUTF8")
        began = time.monotonic()
        mailing.send()
        mailing.wait()
        print(f"{mailing.name}: {len(mailing.letters)} letters in "
              f"{time.monotonic() - began:.1f} s", flush=True)
    began = time.monotonic()
    tokens = tracked.Tokens(keys, os.path.join(bed.daemon.folder, "db", "mailtailor.db"))
    found, counted = faults_of(bed, mailings, plain, tokens, keep)
    print(f"{counted['copies']} copies, {counted['htmls']} HTML parts with {counted['links']} "
          f"tracked links, {sum(longest_line(letter.data) > 998 for letter in letters)} letters "
          f"with lines over 998; read in {time.monotonic() - began:.1f} s")
    found += [(letter.name, letter.reply) for letter in letters if letter.reply is not None]
    status = bed.stop()
    if status != 0:
        found.append(("mailtailord", f"left with {status}"))
    return found + [("a sanitizer", report) for report in bed.daemon.reports()]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--only", default="", help="letters whose name contains this")
    parser.add_argument("--keep", metavar="FOLDER",
                        help="write what was sent and what arrived, where it is wrong, to there")
    arguments = parser.parse_args()
    if corpora.folder() is None:
        print("there are no corpora: set MAILTAILOR_CORPORA")
        print("newsletters: 0 passed, 0 failed, 1 skipped")
        return 0
    letters = html_letters() + mail_letters()
    faults = self_check(letters)
    letters = [letter for letter in letters if arguments.only in letter.name]
    try:
        with Lab() as lab:
            found = run(lab, arguments.build, letters, arguments.keep)
        faults += unexpected(found, read_known(arguments.only), letters)
    except LabError as error:
        faults.append(str(error))
    for fault in faults[:60]:
        print(f"FAIL {fault}")
    print(f"newsletters: {max(0, len(letters) - len(faults))} passed, {len(faults)} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
