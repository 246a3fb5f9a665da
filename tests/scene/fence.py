#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What plugins must not do, done in each hook, in place and from the outbox, with a real Postfix:
no message is lost, raw, wrong or doubled, the log names plugin and hook, and another campaign's
mail, which flows all the time, goes on.

Each case has a contact of its own, whose attributes tell tests/plugins/rogue.c what to do. When
the fault was seen, the contact is mended, the plugin enabled again, and the message has to arrive
as it should have been."""

import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import verify
from client import Lost, submit
from lab import Lab, LabError, wait_for
from testbed import Testbed

# Far more than anybody should have to wait.
SETTLE = 30
SETTINGS = f"""\
outbox_retry_min = "1s"
outbox_retry_max = "1s"
settle_wait = "{SETTLE}s"
"""
SECTIONS = """\
plugin "rogue" {{
	file = "{plugins}/rogue.so"
	deadline = 150ms
{more}
}}
{throw}
campaign "steady" {{
}}
campaign "rogue" {{
	plugins = {{"rogue"}}
}}
campaign "without" {{
	plugins = {{"rogue:without"}}
}}
campaign "stop" {{
	plugins = {{"rogue:stop"}}
}}
"""
THROW = """\
plugin "throw" {{
	file = "{plugins}/throw.so"
}}
campaign "throw" {{
	plugins = {{"throw"}}
}}
"""
MESSAGE = """\
From: news@shop.example
To: readers@shop.example
Message-ID: <{id}@shop.example>
X-Campaign: {campaign}
Subject: s
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

{text}
"""
ROGUE = "{{ rogue }} {{ 'x' | roguish }} {% roguery %} for {{ contact.email }}"
KINDS = {"gate": "turnstile", "value": "rogue", "filter": "roguish", "tag": "roguery",
         "part": "repaint", "header": "stamp"}

BACKGROUND = {"task": "chore", "listener": "ear"}

# The process dies: fault, hooks, why.
DOWN = [
    ("segv", KINDS, "crash"),
    ("abort", ["gate", "value"], "crash"),
    ("exit", ["value", "header"], "crash"),
    ("quick exit", ["filter"], "crash"),
    ("recursion", ["value"], "crash"),
    ("smash", ["part"], "crash"),
    ("loop", KINDS, "deadline"),
    ("sleep", ["value"], "deadline"),
    ("thread exit", ["filter"], "deadline"),
    ("blocked loop", ["value"], "deadline"),
    ("blocked crash", ["tag"], "crash"),
    ("free twice", ["gate", "part"], "crash"),
    ("overrun", KINDS, "overrun"),
    ("underrun", ["value"], "overrun"),
    ("grow", ["value"], "memory|deadline"),
    ("wild", ["value"], "crash"),
    ("nowhere", ["part"], "crash"),
]
# The hook fails: fault, hooks, reason.
FAILS = [
    ("code", KINDS, "it returned 77, which means nothing"),
    ("minus", ["filter"], "it returned -2147483648"),
    ("zeroes", ["value", "filter", "tag"], "a value that was not made for this copy"),
    ("odd", ["value"], "a value that was not made for this copy"),
    ("copied", ["tag"], "a value that was not made for this copy"),
    ("foreign", ["value"], "a value that was not made for this copy"),
    ("itself", ["filter"], "a value can't be part of itself"),
    ("not utf-8", ["value", "part", "header"], "UTF-8"),
    ("huge", ["gate", "value", "part"], "reaches beyond the memory|expected at most"),
    ("beyond", ["gate", "filter", "part"], "reaches beyond the memory"),
    ("greedy", ["value", "tag"], "ceiling"),
    ("action", ["gate"], "its action 1234567 is not known"),
    ("close", ["gate", "value"], "closed a descriptor"),
]
# It goes well all the same: fault, hooks, what the log says.
WELL = [
    ("thread", ["value", "header"], "a plugin used the host outside of its call"),
    ("late", ["header"], "a plugin used the host outside of its call"),
]


# A sanitizer reports these itself, or has a close() of its own.
SANITIZERS_SEE = ("free twice", "heap overrun", "close", "recursion", "smash")


def message(campaign, name, text):
    return MESSAGE.format(id=name, campaign=campaign, text=text).replace("\n", "\r\n").encode()


def deliver(port, recipients, data, seconds=60):
    """As a list tool does: until the relay takes it. The number of attempts."""
    end = time.monotonic() + seconds
    for attempt in range(1, 10000):
        try:
            result = submit(port, "news@shop.example", recipients, data)
            if result.accepted:
                return attempt
            if result.last.code >= 500:
                raise LabError(f"{recipients[0]}: {result.last}")
            last = str(result.last)
        except Lost as lost:
            last = str(lost)
        if time.monotonic() > end:
            raise LabError(f"{recipients[0]}: not taken within {seconds} s: {last}")
        time.sleep(0.05)
    return None


class Steady(threading.Thread):
    """Another campaign's mail: one message in place, then one to two from the outbox, and so on.
    Notes when each was submitted first."""

    def __init__(self, port, name):
        super().__init__(daemon=True)
        self.port = port
        self.name = name
        self.begun = {}
        self.stop = False
        self.failed = None
        self.start()

    def run(self):
        number = 0
        try:
            while not self.stop:
                number += 1
                addresses = [f"{self.name}{number}-{i}@steady.example" for i in range(1 + number % 2)]
                for address in addresses:
                    self.begun[address] = time.time()
                deliver(self.port, addresses,
                        message("steady", f"{self.name}-{number}", "for {{ contact.email }}."))
                time.sleep(0.08)
        except LabError as error:
            self.failed = str(error)


class Fence:
    def __init__(self, bed, names, only):
        self.bed = bed
        self.plugins = names
        self.only = only
        self.number = 0
        self.faults = []
        self.cases = 0
        self.expected = {}

    # --- small things ---

    def say(self, name, fault, seconds):
        self.cases += 1
        if fault:
            self.faults.append(f"{name}: {fault}")
        print(f"{'FAIL' if fault else 'ok  '} {seconds:5.1f} s  {name}"
              + (f": {fault}" if fault else ""), flush=True)

    def contact(self, address, hook, fault):
        self.bed.daemon.import_contacts(f"email,hook,fault\n{address},{hook},{fault}\n")

    def enable(self):
        for plugin in self.plugins:
            self.bed.daemon.tool("plugin", "enable", plugin)

    def log_has(self, since, wanted, seconds=20):
        wait_for(f"the log to match {wanted!r}",
                 lambda: re.search(wanted, self.bed.daemon.log_text(since)),
                 seconds * self.bed.patience)

    def arrives(self, address, text):
        self.bed.sink.wait_of(address, 1, 30 * self.bed.patience)
        self.expected[address] = text

    # --- cases ---

    def run(self, name, play, *arguments):
        if self.only and not re.search(self.only, name):
            return
        began = time.monotonic()
        fault = None
        try:
            play(*arguments)
        except LabError as error:
            fault = str(error)
        self.say(name, fault, time.monotonic() - began)

    def case(self, way, fault, hook, log, campaign="rogue", well=False):
        """`log`: what has to stand there before the contact is mended."""
        self.number += 1
        name = f"r{self.number}"
        bad, good = f"{name}@rogue.example", f"{name}-b@rogue.example"
        recipients = [bad] if way == "in place" else [bad, good]
        text = "fine fine fine for %s" if campaign == "rogue" else "fine for %s"
        data = message(campaign, name, ROGUE if campaign == "rogue"
                       else "{{ thrower }} for {{ contact.email }}")
        self.contact(bad, hook, fault)
        self.contact(good, "", "")
        since = self.bed.daemon.log_size()
        tool = threading.Thread(target=self.deliver, args=(recipients, data), daemon=True)
        self.trouble = None
        tool.start()
        if log:
            self.log_has(since, log)
        else:
            time.sleep(1)
        if not well:
            if log and self.bed.sink.of(bad):
                raise LabError("the copy left all the same")
            self.contact(bad, hook, "none")
            self.enable()
        tool.join(60)
        if self.trouble or tool.is_alive():
            raise LabError(self.trouble or "the relay does not take it")
        for address in recipients:
            self.arrives(address, text % address)
        self.enable()

    def deliver(self, recipients, data):
        try:
            deliver(self.bed.postfix.port, recipients, data)
        except LabError as error:
            self.trouble = str(error)

    def table(self):
        skip = SANITIZERS_SEE if self.bed.daemon.sanitizers else ()
        for way in ("in place", "outbox"):
            for fault, hooks, why in DOWN:
                if fault in skip:
                    continue
                for hook in hooks:
                    self.run(f"{way}: {fault} in {hook}", self.case, way, fault, hook,
                             f"plugin (took a worker down|out of service) plugin=rogue "
                             f"kind={hook} hook={KINDS[hook]} why=({why}) ")
            for fault, hooks, reason in FAILS:
                if fault in skip:
                    continue
                for hook in hooks:
                    # What is told in place stands in the client's reply, and in the log.
                    self.run(f"{way}: {fault} in {hook}", self.case, way, fault, hook,
                             f"plugin rogue: {hook} {KINDS[hook]}: [^\n]*({reason})")
            for fault, hooks, log in WELL:
                for hook in hooks:
                    self.run(f"{way}: {fault} in {hook}", self.case, way, fault, hook,
                             log and f"{log} plugin=rogue kind={hook} hook={KINDS[hook]}",
                             "rogue", True)
            # Whether the allocator notices, and when, is chance. Nobody may get anything wrong.
            if "heap overrun" not in skip:
                self.run(f"{way}: heap overrun in value", self.case, way, "heap overrun",
                         "value", None)
            if "throw" in self.plugins:
                self.run(f"{way}: a C++ exception leaves value", self.case, way, "throw", "value",
                         "plugin (took a worker down|out of service) plugin=throw kind=value "
                         "hook=thrower why=crash", "throw")

    def keep(self):
        """The next copy's arena begins where this one's did: `foreign` comes after it."""
        for i in range(6):
            address = f"keep{i}@rogue.example"
            self.contact(address, "value", "keep")
            deliver(self.bed.postfix.port, [address], message("rogue", f"keep{i}", ROGUE))
            self.arrives(address, f"{address} fine fine for {address}")

    def three_strikes(self):
        """Out of service: defer, without and stop do what they say."""
        bed, since = self.bed, self.bed.daemon.log_size()
        self.contact("three@rogue.example", "value", "segv")
        for campaign in ("without", "stop"):
            self.contact(f"{campaign}@rogue.example", "", "")
        tool = threading.Thread(target=self.deliver, daemon=True, args=(
            ["three@rogue.example"], message("rogue", "three", ROGUE)))
        self.trouble = None
        tool.start()
        self.log_has(since, "plugin out of service plugin=rogue kind=value hook=rogue why=crash")
        deliver(bed.postfix.port, ["without@rogue.example"], message("without", "without", ROGUE))
        self.arrives("without@rogue.example", "x for without@rogue.example")
        result = submit(bed.postfix.port, "news@shop.example", ["stop@rogue.example"],
                        message("stop", "stop", ROGUE))
        if result.last.code // 100 != 5:
            raise LabError(f"on_error = stop: the relay says {result.last}")
        if bed.sink.of("three@rogue.example"):
            raise LabError("out of service, and the copy left")
        died = bed.daemon.log_text().count("worker died")
        time.sleep(1)
        if bed.daemon.log_text().count("worker died") != died:
            raise LabError("out of service, and workers die")
        self.contact("three@rogue.example", "value", "none")
        self.enable()
        tool.join(60)
        if self.trouble:
            raise LabError(self.trouble)
        self.arrives("three@rogue.example", "fine fine fine for three@rogue.example")

    def leaks(self, way):
        """Each copy leaks 16 MB: processes are replaced, and nobody notices."""
        since = self.bed.daemon.log_size()
        attempts = 0
        for i in range(1000):
            address = f"leak-{way[:2]}-{i}@rogue.example"
            self.contact(address, "value", "leak")
            both = [address] if way == "in place" else [address, "other-" + address]
            attempts += deliver(self.bed.postfix.port, both,
                                message("rogue", f"leak-{way[:2]}-{i}", ROGUE)) - 1
            for one in both:
                self.arrives(one, f"fine fine fine for {one}")
            if re.search(r"worker retires [^\n]*megabytes=", self.bed.daemon.log_text(since)):
                break
        else:
            raise LabError("1000 leaks of 16 MB, and no process was replaced")
        died = re.findall(r"worker died[^\n]*", self.bed.daemon.log_text(since))
        if died or attempts:
            raise LabError(f"it was noticed: {attempts} attempts were refused, {died}")

    def background(self, kind, what, why):
        """In the background it costs mail nothing at all."""
        since = self.bed.daemon.log_size()
        self.bed.daemon.extra = self.sections(f'\t{kind} = "{what}"')
        self.bed.daemon.reload()
        try:
            self.log_has(since, f"plugin out of service plugin=rogue kind={kind} hook={BACKGROUND[kind]} {why}"
                         if why else "worker retires", 60)
        finally:
            self.bed.daemon.extra = self.sections("")
            self.bed.daemon.reload()
            self.enable()
        others = re.findall(r"worker died kind=(?:session|outbox)[^\n]*",
                            self.bed.daemon.log_text(since))
        if others:
            raise LabError(f"others died, too: {others}")

    def sections(self, more):
        folder = self.bed.lab.path("plugins")
        return SECTIONS.format(plugins=folder, more=more,
                               throw=THROW.format(plugins=folder) if "throw" in self.plugins
                               else "")

    # --- the sum ---

    def fault_of(self, address, text):
        """Once, and as it should be."""
        messages = self.bed.sink.of(address)
        if len(messages) != 1:
            return f"{address} has {len(messages)} messages"
        data = messages[0].data
        seen = " ".join((verify.text_of(data, "plain") or "").split())
        if not seen.startswith(text) or b"X-Stray" in data:
            return f"{address} got {seen!r}, expected {text!r}"
        return self.bed.verifier.python(data)

    def check_all(self):
        for address, text in self.expected.items():
            fault = self.fault_of(address, text)
            if fault:
                self.faults.append(fault)

    def check_steady(self, steady, usual):
        """Nobody waits for another campaign's plugin much longer than a second."""
        log = self.bed.daemon.log_text()
        limit = max(2.5 * self.bed.patience, 1 + 4 * usual)
        waits = []
        for address, begun in steady.begun.items():
            fault = self.fault_of(address, f"for {address}.")
            if fault:
                self.faults.append(fault)
                continue
            wait = self.bed.sink.of(address)[0].time - begun
            # Its data was on its way when the process died: only the relay's log can tell.
            if wait > limit and re.search(
                    f"settled: the relay has it not [^\n]*{re.escape(address)}", log):
                print(f"note: {address} was in doubt for {wait:.1f} s")
                continue
            waits.append((wait, address))
        waits.sort()
        print(f"another campaign: {len(waits)} messages; half within {waits[len(waits) // 2][0]:.2f} s, "
              f"99 % within {waits[len(waits) * 99 // 100][0]:.2f} s, the last after "
              f"{waits[-1][0]:.2f} s ({waits[-1][1]}); undisturbed at most {usual:.2f} s; "
              f"limit {limit:.1f} s")
        self.faults += [f"{address} waited {wait:.2f} s" for wait, address in waits
                        if wait > limit][:10]


def undisturbed(bed):
    """How long the other campaign's mail takes at most while no plugin is in its way."""
    steady = Steady(bed.postfix.port, "u")
    time.sleep(4 * bed.patience)
    steady.stop = True
    steady.join()
    for address in steady.begun:
        bed.sink.wait_of(address, 1, 30 * bed.patience)
    return max(bed.sink.of(address)[0].time - begun for address, begun in steady.begun.items())


def copy_plugins(bed):
    """-> names. Where only root may write."""
    folder = bed.lab.path("plugins")
    os.makedirs(folder, mode=0o755)
    for path in glob.glob(os.path.join(bed.daemon.build, "tests", "plugins", "rogue.so")):
        shutil.copy(path, folder)
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        print("skip: there is no C++ compiler: no exception is thrown")
        return ["rogue"]
    subprocess.run([compiler, "-std=c++11", "-shared", "-fPIC", "-fvisibility=hidden",
                    "-I", os.path.join(bed.daemon.build, "plugins", "include"),
                    "-o", os.path.join(folder, "throw.so"),
                    os.path.join(HERE, "..", "plugins", "throw.cc")], check=True)
    return ["rogue", "throw"]


def play(lab, arguments):
    sanitized = None
    bed = Testbed(lab, arguments.build, policy=False, settings=SETTINGS, level="info")
    sanitized = bool(bed.daemon.sanitizers)
    # Sanitizers keep freed memory for a while, and shadows of it.
    if not sanitized:
        bed.daemon._settings["settings"] += 'worker_memory = "150m"\n'
    fence = Fence(bed, copy_plugins(bed), arguments.only)
    bed.daemon.extra = fence.sections("")
    bed.start()
    usual = undisturbed(bed)
    steady = Steady(bed.postfix.port, "s")
    if not sanitized:
        fence.run("leaks in place", fence.leaks, "in place")
        fence.run("leaks from the outbox", fence.leaks, "outbox")
        fence.run("a task leaks", fence.background, "task", "leak", None)
    fence.run("a value is kept", fence.keep)
    fence.table()
    fence.run("three strikes, and on_error", fence.three_strikes)
    for kind in BACKGROUND:
        fence.run(f"a {kind} crashes", fence.background, kind, "segv", "why=crash")
        fence.run(f"a {kind} writes past its memory", fence.background, kind, "overrun",
                  "why=overrun")
    # A listener may take a minute.
    fence.run("a task loops", fence.background, "task", "loop", "why=deadline")
    steady.stop = True
    steady.join(60)
    if steady.failed:
        fence.faults.append(steady.failed)
    for address in steady.begun:
        bed.sink.wait_of(address, 1, (SETTLE + 30) * bed.patience)
    bed.postfix.wait_empty(60 * bed.patience)
    bed.sink.refresh()
    fence.check_all()
    fence.check_steady(steady, usual)
    status = bed.stop()
    if status != 0:
        fence.faults.append(f"mailtailord left with {status}")
    fence.faults += bed.daemon.reports()
    return fence


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--only", help="cases whose name matches")
    parser.add_argument("--keep", action="store_true", help="leave the scratch folder behind")
    arguments = parser.parse_args()
    cases, faults = 0, []
    try:
        with Lab(keep=arguments.keep) as lab:
            fence = play(lab, arguments)
            cases, faults = fence.cases, fence.faults
    except LabError as error:
        faults.append(str(error))
    for fault in faults:
        print(f"FAIL {fault[:3000]}")
    print(f"fence: {max(0, cases - len(faults))} passed, {len(faults)} failed", flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
