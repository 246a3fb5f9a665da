#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the scenes: all of this folder, or the files given.

One Postfix, one sink and one mailtailord serve them all. A scene that fails shows
file:line, what was expected, what was there, and the logs from where that step began.
"""

import argparse
import glob
import http.client
import os
import re
import shlex
import shutil
import sys
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

from lab import Lab, LabError, kill, wait_for
import postfix
import verify
from client import Client, Lost, submit
from daemon import find_programs
from language import (SceneError, comparison, expand, holds, message_of, parse_send, quoted,
                      read)
from testbed import Testbed
import tokens

DEADLINE_S = 20
BROWSER = ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
           "Chrome/126.0.0.0 Safari/537.36")


class Failure(Exception):
    """A check did not hold; `line` is the scene's line."""

    def __init__(self, line, text):
        super().__init__(text)
        self.line = line


def fail(line, expected, got):
    got = "nothing" if got is None else str(got)
    if len(got) > 1500:
        got = got[:1500] + f" ... ({len(got)} characters)"
    raise Failure(line, f"expected: {expected}\n     got: {got}")


class Player:
    """Plays one scene."""

    def __init__(self, bed, scene):
        self.bed = bed
        self.scene = scene
        self.files = bed.lab.open_to_all("files")
        self.plugins = bed.lab.path("plugins")
        self.first_message = len(bed.sink.refresh())
        self.log_start = bed.daemon.log_size()
        self.mail_log_start = bed.postfix.log_size()
        self.sent = None  # words, bytes and Result of the last send
        self.reply_expected = False
        self.counts = {}  # address -> messages expected in the end
        self.ordinary = set()  # paths of messages that may be unsigned and hold tags
        self.tags_allowed = set()  # paths of messages that may hold tags
        self.config = None
        self.held = None  # the connection that `via held` uses
        self.taken = {}  # name -> text, by `take` in an expect block

    # --- playing ---

    def play(self):
        steps = self.scene.steps
        for i, step in enumerate(steps):
            self.step_log = self.bed.daemon.log_size()
            self.step_mail_log = self.bed.postfix.log_size()
            self.step = step
            following = steps[i + 1].text if i + 1 < len(steps) else ""
            self.reply_expected = following.startswith("reply ")
            self.do(step)
        self.finish()

    def do(self, step):
        for pattern, method in STEPS:
            found = re.fullmatch(pattern, step.text)
            if found:
                getattr(self, method)(step, **found.groupdict())
                return
        raise SceneError(step.place, f"what is this step: {step.text}")

    def finish(self):
        """Nothing more arrives, and all that arrived is signed and free of tags."""
        if not self.counts:
            return
        self.bed.settle()
        for address, count in self.counts.items():
            got = len(self.arrived(address))
            if got != count:
                fail(self.step.line, f"{count} message(s) for {address} in the end", got)
        for message in self.bed.sink.messages[self.first_message:]:
            if message.path in self.ordinary:
                continue
            data = message.data
            verdict = self.bed.verifier.python(data)
            if message.path not in self.tags_allowed:
                verdict = verify.template_left(data) or verdict
            if verdict and not self.is_bounce(message):
                fail(self.step.line, f"nothing raw or unsigned for {message.recipients}", verdict)

    def is_bounce(self, message):
        """Postfix's own report to the sender of something the scene had refused."""
        return (message.sender == ""
                and "<MAILER-DAEMON@relay.example>" in verify.header(message.data, "From"))

    def clean(self):
        """Whatever the scene did to the others' surroundings is undone."""
        if self.held is not None:
            self.held.close()
        self.bed.sink.forget()
        if self.bed.postfix.master_pid() is None:
            self.bed.postfix.start()
        changed = self.config is not None
        if self.bed.daemon.pid() is None:
            if changed:
                self.bed.daemon.write_config()
            self.bed.daemon.start()
        elif changed:
            self.bed.daemon.reload()

    def deadline(self):
        return DEADLINE_S * self.bed.patience

    def until(self, line, check):
        """check() raises Failure until it holds; the last one counts when time is up."""
        end = time.monotonic() + self.deadline()
        while True:
            try:
                return check()
            except Failure as failure:
                if time.monotonic() > end:
                    raise
            time.sleep(0.05)

    def fill_in(self, text):
        text = text.replace("$files", self.files).replace("$conf", self.bed.daemon.path)
        text = text.replace("$plugins", self.plugins)
        text = re.sub(r"\$time([+-]\d+)", lambda found: time.strftime(
            "%H:%M", time.gmtime(time.time() + 60 * int(found[1]))), text)
        return re.sub(r"\$([a-z]\w*)", lambda found: self.taken.get(found[1], found[0]), text)

    # --- surroundings ---

    def contacts(self, step):
        self.bed.daemon.import_contacts(step.block_text())

    def suppress(self, step, address, campaign, reason):
        arguments = ["suppress", "add", address]
        if campaign:
            arguments += ["--scope", campaign]
        if reason:
            arguments += ["--reason", reason]
        self.bed.daemon.tool(*arguments)

    def campaign(self, step, name):
        """Its section is in the configuration from the start: see sections_of."""

    def set_config(self, step):
        self.config = self.fill_in(step.block_text())

    def file(self, step, name):
        """It is there from the start, too: see write_files."""
        write_file(self.files, step, name)

    def reload(self, step, refused):
        daemon = self.bed.daemon
        if refused:
            daemon.write_config(self.config)
            daemon.hang_up("reload refused", self.deadline())
            daemon.write_config()  # for the tool, which reads the file
            self.config = None
        else:
            daemon.reload(self.config, self.deadline())

    def control(self, step, verb, what):
        if what == "postfix":
            getattr(self.bed.postfix, verb)()
        elif verb == "kill":
            self.kill_daemon(what)
        else:
            if verb == "start" or verb == "restart":
                self.bed.daemon.write_config(self.config)
            status = getattr(self.bed.daemon, verb)()
            if verb == "stop" and status != 0:
                fail(step.line, "mailtailord leaves with 0", status)

    def kill_daemon(self, what):
        if what == "master":
            self.bed.daemon.kill()
            return
        for pid, _ in self.bed.daemon.workers(what):
            kill(pid)

    def answers(self, step, who, address, place, text, times):
        times = {"always": None, "once": 1, "twice": 2}.get(times, times)
        if isinstance(times, str):
            times = int(times.split()[0])
        where = "end" if place else "rcpt"
        self.bed.sink.answer(address, text, times, where if who == "sink" else "relay-" + where)

    def offers(self, step, extensions):
        self.bed.sink.offer_not(*extensions.replace(",", " ").split())

    # --- sending ---

    def send(self, step):
        words = parse_send(step)
        if words["file"]:
            path = self.fill_in(words["file"])
            if not os.path.isabs(path):
                path = os.path.join(HERE, "mail", path)
            with open(path, "rb") as file:
                data = file.read()
        else:
            data = message_of(step, words)
        self.transmit(step, words, data)

    def send_again(self, step):
        words, data, _ = self.sent
        self.transmit(step, words, data)

    def transmit(self, step, words, data):
        def attempt():
            try:
                result = self.submit(words, data)
            except Lost as error:
                fail(step.line, "the relay takes the message", error)
            self.sent = (words, data, result)
            if not result.accepted and not self.reply_expected:
                fail(step.line, "the relay takes the message", result.last)

        if words["insist"]:
            self.until(step.line, attempt)
        else:
            attempt()

    def submit(self, words, data):
        relay = self.bed.postfix
        port = relay.port
        if "split" in words["via"]:
            port = relay.split_port
        elif "plain" in words["via"]:
            port = relay.plain_port
        source = "127.0.0.2" if "outsider" in words["via"] else "127.0.0.1"
        parameters = words["parameters"] or ""
        if "held" in words["via"]:
            if self.held is None:
                self.held = Client(port, source)
            return self.held.send(words["sender"], words["recipients"], data, parameters)
        return submit(port, words["sender"], words["recipients"], data, parameters, source=source,
                      login="bob" if "authenticated" in words["via"] else None)

    def reply(self, step, address, how, value):
        result = self.sent[2]
        actual = str(result.recipients.get(address) if address else result.last)
        if not holds(how, actual, quoted(value)):
            fail(step.line, f"a reply that {how} {value}", actual)

    def get(self, step, number, where, address, posted, agent, languages):
        """What the web process answers to the address of a token that arrived."""
        message = self.arrived(address)[0]
        found = tokens.in_text(self.look(step.line, where, message, address) or "")
        found = [token for token in found if "/" in token][int(number or 1) - 1:]
        if not found:
            fail(step.line, f"address {number or 1} in {where}", "fewer")
        self.ask(step, urllib.parse.urlsplit(found[0]).path, posted, agent, languages)

    def get_path(self, step, path, posted, agent, languages):
        self.ask(step, path, posted, agent, languages)

    def ask(self, step, path, posted, agent, languages):
        def check():
            connection = http.client.HTTPConnection("127.0.0.1", self.bed.daemon.web_port,
                                                    timeout=self.deadline())
            headers = {"User-Agent": agent or BROWSER}
            if languages:
                headers["Accept-Language"] = languages
            if posted is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request("GET" if posted is None else "POST", path, posted, headers)
            reply = connection.getresponse()
            body = reply.read().decode("utf-8", "replace")
            connection.close()
            self.check_answer(step, reply, body)

        check()

    def check_answer(self, step, reply, body):
        for line, text in step.checks():
            found = comparison(text)
            if not found:
                raise SceneError(step.place, f"what is this check: {text}")
            what, how, value = found
            if what.startswith("header "):
                actual = reply.getheader(what[7:])
            else:
                actual = {"status": str(reply.status), "page": body,
                          "location": reply.getheader("Location")}.get(what)
            if not holds(how, actual, self.fill_in(value)):
                fail(line, text, f"{actual}\n{reply.status} {reply.getheaders()}\n{body[:500]}")

    # --- what arrived ---

    def arrived(self, address):
        self.bed.sink.refresh()
        known = self.bed.sink.messages[self.first_message:]
        return [message for message in known
                if address.lower() in (other.lower() for other in message.recipients)]

    def expect(self, step, address, number):
        for each in expand(address):
            self.expect_one(step, each, number)

    def expect_one(self, step, address, number):
        count = next((int(text.split()[-1]) for _, text in step.checks()
                      if text.startswith("count is ")), int(number or 1))
        self.counts[address] = max(count, self.counts.get(address, 0))
        try:
            wait_for(f"{count} message(s) for {address}",
                     lambda: len(self.arrived(address)) >= count, self.deadline())
        except LabError as error:
            fail(step.line, error, f"{len(self.arrived(address))} message(s)")
        message = self.arrived(address)[int(number or 1) - 1]
        if len(message.recipients) != 1 and not any(
                text.endswith("as sent") for _, text in step.checks()):
            fail(step.line, "a message with this one recipient", message.recipients)
        for line, text in step.checks():
            self.check_message(line, text, message, address)

    def check_message(self, line, text, message, address):
        for pattern, method in CHECKS:
            found = re.fullmatch(pattern, text, re.S)
            if found:
                getattr(self, method)(line, text, message, **found.groupdict())
                return
        found = comparison(text)
        if not found:
            raise SceneError(f"{os.path.basename(self.scene.file)}:{line}",
                             f"what is this check: {text}")
        what, how, value = found
        actual = self.look(line, what, message, address)
        if not holds(how, actual, value):
            fail(line, text, actual)

    def look(self, line, what, message, address):
        """The part of the message that a comparison speaks of, as text."""
        data = message.data
        if what.startswith("header "):
            return verify.header(data, what[7:])
        if what.startswith("raw header "):
            found = [field for name, field in verify.raw_fields(data)
                     if name.lower() == what[11:].lower()]
            return found[0].decode("utf-8", "replace") if found else None
        if what in ("html", "text"):
            text = verify.text_of(data, "plain" if what == "text" else "html")
            return None if text is None else text.rstrip("\n")
        token = re.fullmatch(r"(\w+) of token(?: (\d+))? in (.+)", what)
        if token:
            return self.token(line, message, address, *token.groups())
        simple = {"envelope sender": message.sender, "mail parameters": message.mail_parameters,
                  "rcpt parameters": message.recipient_parameters.get(address.lower()),
                  "source": data.decode("utf-8", "replace"),
                  "all": verify.everything(data)}
        if what not in simple:
            raise SceneError(f"{os.path.basename(self.scene.file)}:{line}",
                             f"a message has no \"{what}\"")
        return simple[what]

    def check_take(self, line, text, message, name, what, pattern):
        source = self.look(line, what, message, message.recipients[0])
        found = re.search(pattern, source or "", re.S)
        if not found:
            fail(line, text, source)
        self.taken[name] = found[1] if found.groups() else found[0]

    def token(self, line, message, address, member, number, where):
        """What `mailtailor token` says of the token that stands there."""
        text = self.look(line, where, message, address) or ""
        found = tokens.in_text(text)[int(number or 1) - 1:]
        if not found:
            fail(line, f"token {number or 1} in {where}", text)
        value = tokens.read(self.bed.daemon, found[:1])[0][member]
        return None if value is None else str(value)

    def check_count(self, line, text, message, **_):
        """expect() has seen to it."""

    def check_header_count(self, line, text, message, name, times):
        got = len(verify.headers(message.data, name))
        if got != {"is absent": 0, "comes once": 1}[times]:
            fail(line, text, f"{got} field(s): {verify.headers(message.data, name)}")

    def check_part_absent(self, line, text, message, kind):
        if verify.text_of(message.data, "plain" if kind == "text" else "html") is not None:
            fail(line, text, "there is one")

    def check_dkim(self, line, text, message, what):
        if what == "is absent":
            self.ordinary.add(message.path)
            if verify.header(message.data, "DKIM-Signature") is not None:
                fail(line, text, "a signature")
            return
        verdict = self.bed.verifier.check(message.data)
        if verdict:
            fail(line, text, verdict)

    def check_as_sent(self, line, text, message, what):
        """Postfix itself puts Received on top and adds what RFC 5322 wants: fields beyond
        those are ours, and wrong."""
        data, sent = message.data, self.sent[1]
        self.ordinary.add(message.path)
        if what == "message":
            above = data[:-len(sent)] if data.endswith(sent) else None
            if above is not None and all(name.lower() == "received"
                                         for name, _ in verify.raw_fields(above)):
                return
            head, head_got = verify.split(sent)[0], verify.split(data)[0]
            if not head_got.endswith(head):
                fail(line, "the header section as it was sent:\n" + repr(head), repr(head_got))
        body, body_got = verify.split(sent)[1], verify.split(data)[1]
        if body != body_got:
            at = next((i for i, (a, b) in enumerate(zip(body, body_got)) if a != b),
                      min(len(body), len(body_got)))
            fail(line, f"the body as it was sent: {body[max(0, at - 40):at + 40]!r}",
                 f"from byte {at} on: {body_got[max(0, at - 40):at + 40]!r}")

    def check_holds_tags(self, line, text, message):
        """Somebody's name may look like a tag: it is no sign of a raw template."""
        self.tags_allowed.add(message.path)

    def check_attachment(self, line, text, message, name, other):
        """The same bytes as the part of that name in the message that was sent."""
        wanted = verify.attachment(self.sent[1], other or name)
        got = verify.attachment(message.data, name)
        if wanted is None:
            fail(line, f"an attachment {name} in what was sent", None)
        if wanted != got:
            fail(line, f"{len(wanted)} bytes of {name}",
                 None if got is None else f"{len(got)} bytes, not the same")

    def check_source(self, line, text, message, limit=None):
        data = verify.without_received(message.data)
        if limit is None:
            bad = next((byte for byte in data if byte > 126 or
                        (byte < 32 and byte not in b"\t\r\n")), None)
            if bad is not None:
                fail(line, text, f"a byte 0x{bad:02x}")
            return
        longest = max(data.split(b"\r\n"), key=len)
        if len(longest) > int(limit):
            fail(line, text, f"a line of {len(longest)}: {longest[:200]!r}")

    def expect_none(self, step, address):
        self.counts[address] = 0
        self.bed.settle()
        got = self.arrived(address)
        if got:
            fail(step.line, f"no message for {address}",
                 "\n" + got[0].data.decode("utf-8", "replace"))

    def arrival(self, step, addresses):
        """How long it took from the first to the last of these."""
        times = []
        for address in expand(addresses):
            wait_for(f"a message for {address}", lambda: self.arrived(address), self.deadline())
            times.append(self.arrived(address)[0].time)
        seconds = max(times) - min(times)
        for line, text in step.checks():
            found = re.fullmatch(r"takes at (least|most) ([0-9.]+) seconds", text)
            if not found:
                raise SceneError(step.place, f"what is this check: {text}")
            if (seconds < float(found[2])) == (found[1] == "least"):
                fail(line, text, f"{seconds:.2f} seconds")

    # --- what is known ---

    def compare_row(self, step, rows, describe):
        for line, text in step.checks():
            found = comparison(text)
            if not found:
                raise SceneError(step.place, f"what is this check: {text}")
            what, how, value = found
            if what == "rows":
                if len(rows) != int(value):
                    fail(line, text, f"{len(rows)}: {rows}")
                continue
            if not rows:
                fail(line, f"{describe}: {text}", None)
            if what not in rows[-1]:
                fail(line, f"{describe} has {what}", rows[-1])
            actual = rows[-1][what]
            if not holds(how, "" if actual is None else str(actual), value):
                fail(line, f"{describe}: {text}", rows[-1])

    def journal(self, step, address, campaign):
        self.until(step.line, lambda: self.compare_row(
            step, self.bed.daemon.journal(campaign, address), f"journal of {address}"))

    def outbox(self, step, address):
        def check():
            rows = [row for row in self.bed.daemon.outbox("--all")
                    if row["recipient"].lower() == address.lower()]
            self.compare_row(step, rows, f"outbox row of {address}")

        self.until(step.line, check)

    def run(self, step, repeat, arguments):
        words = shlex.split(self.fill_in(arguments))
        given = None
        if "<" in words:
            with open(words[words.index("<") + 1], encoding="utf-8") as file:
                given = file.read()
            words = words[:words.index("<")]

        def check():
            done = self.bed.daemon.tool(*words, input=given, check=False)
            self.check_run(step, done)

        if repeat:
            self.until(step.line, check)
        else:
            check()

    def check_run(self, step, done):
        status_checked = False
        for line, text in step.checks():
            like = re.fullmatch(r"output is (?P<kind>html|text) of (?P<address>\S+)"
                                r'(?: without "(?P<pattern>.*)")?', text)
            if like:
                self.check_output_like(line, text, done, **like.groupdict())
                continue
            found = comparison(text)
            if not found:
                raise SceneError(step.place, f"what is this check: {text}")
            what, how, value = found
            actual = {"output": done.stdout, "errors": done.stderr,
                      "exit": str(done.returncode)}.get(what)
            status_checked |= what == "exit"
            if how == "is" and what != "exit":
                actual = actual.rstrip("\n")
            if actual is None or not holds(how, actual, self.fill_in(value)):
                fail(line, text, f"{actual}\n{done.stderr if what != 'errors' else ''}")
        if not status_checked and done.returncode != 0:
            fail(step.line, "exit is 0", f"{done.returncode}\n{done.stdout}{done.stderr}")

    def check_output_like(self, line, text, done, kind, address, pattern):
        wanted = self.look(line, kind, self.arrived(address)[-1], address)
        if pattern:
            wanted, times = re.subn(pattern, "", wanted or "", flags=re.S)
            if times != 1:
                fail(line, f"the pattern of \"{text}\" once", f"{times} times in {wanted}")
        if done.stdout.rstrip("\n") != wanted:
            fail(line, f"{text}:\n{wanted}", done.stdout + done.stderr)

    def log(self, step, which, how, value):
        def check():
            text = (self.bed.postfix.log_text(self.mail_log_start) if which
                    else self.bed.daemon.log_text(self.log_start))
            if not holds(how, text, quoted(value)):
                fail(step.line, step.text, text[-1500:])

        self.until(step.line, check)

    def settle(self, step):
        self.bed.settle()


ADDRESS = r"(?P<address>\S+@\S+)"
HOW = r"(?P<how>is not|is|matches|contains|lacks)"
QUOTED = r'(?P<value>".*")'

STEPS = [
    (r"contacts", "contacts"),
    (rf'suppress {ADDRESS}(?: in (?P<campaign>\S+))?(?: because "(?P<reason>.*)")?', "suppress"),
    (r"campaign (?P<name>\S+)", "campaign"),
    (r"config", "set_config"),
    (r"file (?P<name>\S+)", "file"),
    (r"reload(?P<refused> is refused)?", "reload"),
    (r"(?P<verb>stop|start|restart|kill) (?P<what>postfix|mailtailord|session|outbox|master)",
     "control"),
    (rf'(?P<who>sink|relay) answers {ADDRESS}(?P<place> at the end)? "(?P<text>.*)" '
     r"(?P<times>always|once|twice|\d+ times)", "answers"),
    (r"sink does not offer (?P<extensions>.+)", "offers"),
    (r"send again", "send_again"),
    (r"send .*", "send"),
    (rf"reply(?: to {ADDRESS})? {HOW} {QUOTED}", "reply"),
    (rf"expect none for {ADDRESS}", "expect_none"),
    (rf"expect(?: message (?P<number>\d+) of)? {ADDRESS}", "expect"),
    (rf'(?:get|post) (?:address|token)(?: (?P<number>\d+))? in (?P<where>.+) of {ADDRESS}'
     r'(?: with "(?P<posted>.*?)")?(?: as "(?P<agent>.*?)")?(?: speaking "(?P<languages>.*)")?',
     "get"),
    (r'get path "(?P<path>[^"]*)"(?: with "(?P<posted>.*?)")?(?: as "(?P<agent>.*?)")?'
     r'(?: speaking "(?P<languages>.*)")?', "get_path"),
    (r"arrival of (?P<addresses>\S+)", "arrival"),
    (rf"journal of {ADDRESS}(?: in (?P<campaign>\S+))?", "journal"),
    (rf"outbox of {ADDRESS}", "outbox"),
    (r"run (?P<repeat>until )?mailtailor (?P<arguments>.+)", "run"),
    (rf"(?P<which>mail )?log {HOW} {QUOTED}", "log"),
    (r"settle", "settle"),
]

CHECKS = [
    (r"count is \d+", "check_count"),
    (r'take (?P<name>[a-z]\w*) from (?P<what>.+?) by "(?P<pattern>.*)"', "check_take"),
    (r"header (?P<name>\S+) (?P<times>is absent|comes once)", "check_header_count"),
    (r"(?P<kind>html|text) is absent", "check_part_absent"),
    (r"dkim (?P<what>passes|is absent)", "check_dkim"),
    (r"(?P<what>message|body) is as sent", "check_as_sent"),
    (r'attachment "(?P<name>[^"]+)" is as sent(?: in "(?P<other>[^"]+)")?', "check_attachment"),
    (r"holds template text from a contact", "check_holds_tags"),
    (r"source is 7-bit", "check_source"),
    (r"source has lines of at most (?P<limit>\d+)", "check_source"),
]


def write_file(folder, step, name):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write(step.block_text())


def write_files(folder, scenes):
    """Campaign sections may name them, and those are read at the start."""
    for scene in scenes:
        for step in scene.steps:
            found = re.fullmatch(r"file (\S+)", step.text)
            if found:
                write_file(folder, step, found[1])


def copy_plugins(lab, build):
    """Plugins, ours and those for tests, lie where only root may write, and the daemon's user
    may read."""
    folder = lab.path("plugins")
    os.makedirs(folder, mode=0o755)
    programs = find_programs(build)
    for where in (os.path.join(programs, "plugins"), os.path.join(programs, "tests", "plugins")):
        for path in glob.glob(os.path.join(where, "*.so")):
            shutil.copy(path, folder)


def sections_of(scenes, files):
    """The campaign sections of all scenes, and one named spring for those that need
    nothing special: one configuration from the start spares each scene a reload."""
    text = 'campaign "spring" {\n}\n'
    for scene in scenes:
        for step in scene.steps:
            found = re.fullmatch(r"campaign (\S+)", step.text)
            if found:
                text += f'campaign "{found[1]}" {{\n{step.block_text()}}}\n'
    return text.replace("$files", files)


def check_addresses(scenes):
    """Two scenes must not share a recipient: each counts what arrives."""
    seen = {}
    for scene in scenes:
        for step in scene.steps:
            if not step.text.startswith("send ") or step.text == "send again":
                continue
            for address, _ in parse_send(step)["recipients"]:
                other = seen.setdefault(address.lower(), scene)
                if other is not scene:
                    raise SceneError(step.place, f'{address} is in "{other.title}", too')


def tail(text, count):
    lines = text.splitlines()
    dropped = [f"... {len(lines) - count} lines before"] if len(lines) > count else []
    return "\n".join("    " + line for line in dropped + lines[max(0, len(lines) - count):])


def play(bed, scene, log_lines):
    """True if the scene passes."""
    began = time.monotonic()
    name = os.path.basename(scene.file)
    player = Player(bed, scene)
    player.step = None
    problem = None
    try:
        player.play()
    except Failure as failure:
        problem = f"{name}:{failure.line}: {player.step.text}\n{failure}"
    except (LabError, SceneError, OSError, ValueError, KeyError, AttributeError) as error:
        place = player.step.place if player.step else name
        text = player.step.text if player.step else ""
        problem = f"{place}: {text}\n{type(error).__name__}: {error}"
    seconds = time.monotonic() - began
    print(f"{'ok  ' if problem is None else 'FAIL'} {seconds:5.1f} s  {name}: {scene.title}",
          flush=True)
    if problem:
        print("\n".join("    " + line for line in problem.splitlines()))
        if player.step:
            print(f"    --- mailtailord's log since {player.step.place}")
            print(tail(bed.daemon.log_text(player.step_log), log_lines))
            print(f"    --- Postfix's log since {player.step.place}")
            print(tail(bed.postfix.log_text(player.step_mail_log), log_lines), flush=True)
        bed.postfix.empty()
    try:
        player.clean()
    except LabError as error:
        print(f"FAIL after {name}: {scene.title}: {error}", flush=True)
        bed.postfix.kill()
        return False
    return problem is None


def main():
    parser = argparse.ArgumentParser(description="run the scenes")
    parser.add_argument("files", nargs="*", help="scene files (default: all)")
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--only", help="scenes whose file or title matches this expression")
    parser.add_argument("--log", type=int, default=40, metavar="LINES",
                        help="how much of each log a failing scene shows (default: 40)")
    parser.add_argument("--keep", action="store_true", help="leave the scratch folder behind")
    arguments = parser.parse_args()
    files = arguments.files or sorted(glob.glob(os.path.join(HERE, "*.scene")))
    try:
        scenes = [scene for file in files for scene in read(file)]
        check_addresses(scenes)
        reason = postfix.missing()
        if reason:
            raise LabError(reason)
        return run_all(arguments, scenes)
    except (LabError, SceneError) as error:
        print(f"scenes: {error}", file=sys.stderr)
        return 1


def run_all(arguments, scenes):
    chosen = [scene for scene in scenes if not arguments.only or re.search(
        arguments.only, f"{os.path.basename(scene.file)}: {scene.title}")]
    passed = failed = 0
    with Lab(keep=arguments.keep) as lab:
        files = lab.open_to_all("files")
        write_files(files, scenes)
        copy_plugins(lab, arguments.build)
        bed = Testbed(lab, arguments.build, extra=sections_of(scenes, files),
                      domains=("shop.example", "news.example", "xn--bcher-kva.example"))
        bed.start()
        for scene in chosen:
            if play(bed, scene, arguments.log):
                passed += 1
            else:
                failed += 1
        status = bed.stop()
        if status != 0:
            print(f"FAIL mailtailord left with {status}\n{tail(bed.daemon.stderr_text(), 40)}")
            failed += 1
        for report in bed.daemon.reports():
            print(f"FAIL a sanitizer reports:\n{report[:6000]}")
            failed += 1
        if arguments.keep:
            print(f"kept: {lab.folder}")
    print(f"scenes: {passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
