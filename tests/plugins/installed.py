#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a developer of plugins has: an installed mailtailor, its header, pkg-config, a compiler.

    installed.py [--build FOLDER]

`make install` puts all into a scratch folder. There the plugin from the manual (the head of the
installed header) is built with the manual's own command, in C and in C++, and the first one of
mailtailor-lua(7) is put into a folder; `mailtailor plugin new` writes folders whose make, make check and make install do what they say. Each plugin changes a
message with `mailtailor plugin test`, and another one through the installed mailtailord behind a
real Postfix. At last a new build is installed over the old one, and taken into service by a SIGHUP,
while messages come in: each arrives once, with the old build's text or the new one's."""

import argparse
import os
import re
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

from client import Client, submit
from lab import Lab, LabError, wait_for
from testbed import Testbed

SENDER = "news@shop.example"
STREAM = 200
TOOLS = {"c": "cc", "cc": "c++"}
MESSAGE = ("From: Shop <news@shop.example>\nTo: readers@shop.example\nX-Campaign: {campaign}\n"
           "Subject: {template}\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n"
           "{template}\n")


class Failed(Exception):
    """What the test found; its text says it."""


class Installed:
    """mailtailor in a scratch folder, and nothing else of this tree in sight."""

    def __init__(self, lab, build):
        self.lab = lab
        self.build = build
        self.top = lab.path("installed")
        self.env = {"PATH": os.environ["PATH"], "HOME": lab.folder, "LC_ALL": "C.UTF-8",
                    "TMPDIR": lab.folder}
        self.env.update({name: value for name, value in os.environ.items()
                         if name.endswith("SAN_OPTIONS")})
        self.run(["make", "-s", "-C", build, "install", f"DESTDIR={self.top}"], lab.folder)
        pc = self.find("mailtailor.pc")
        self.prefix = os.path.dirname(os.path.dirname(os.path.dirname(pc)))
        # As if it had been installed there for good.
        self.pkg_config = f"pkg-config --define-variable=prefix={self.prefix}"
        self.env["PKG_CONFIG_LIBDIR"] = os.path.dirname(pc)
        self.programs = os.path.dirname(self.find("mailtailord"))
        self.tool = os.path.join(self.programs, "mailtailor")
        self.plugindir = self.ask("--variable=plugindir")
        self.header = os.path.join(self.ask("--cflags").strip()[2:], "mailtailor", "plugin.h")
        if not self.header.startswith(self.top):
            raise Failed(f"pkg-config leads to {self.header}, not into {self.top}")

    def find(self, name):
        for folder, _, files in os.walk(self.top):
            if name in files:
                return os.path.join(folder, name)
        raise Failed(f"make install has not installed {name}")

    def run(self, command, folder, status=0):
        done = subprocess.run(command, cwd=folder, env=self.env, capture_output=True,
                              timeout=300, check=False)
        output = done.stdout.decode() + done.stderr.decode()
        if (done.returncode == 0) != (status == 0):
            raise Failed(f"{command}: exit status {done.returncode}\n{output}")
        return output

    def ask(self, what):
        return self.run(["sh", "-c", f"{self.pkg_config} {what} mailtailor"],
                        self.lab.folder).strip()


def manual_plugin(installed):
    """The complete plugin and the command that builds it, as the header's text has them."""
    with open(installed.header, encoding="utf-8") as file:
        text = file.read()
    head = text[text.index("1. A complete plugin"):text.index("2. Compatibility")]
    lines = [re.sub(r"^ \*[ \t]?", "", line) for line in head.splitlines()]
    source = "\n".join(lines[lines.index("#include <mailtailor/plugin.h>"):])
    source, rest = source.split("\nBuild it,", 1)
    source = source[:source.rindex("}") + 1].rstrip() + "\n"
    command = [line for line in rest.splitlines() if line.startswith("cc ")][0]
    return source, command


def build_manual(installed, suffix):
    """In a folder with nothing but the source, by one command."""
    source, command = manual_plugin(installed)
    folder = installed.lab.path(f"manual-{suffix}")
    os.mkdir(folder, 0o755)
    with open(os.path.join(folder, f"shout.{suffix}"), "w", encoding="utf-8") as file:
        file.write(source)
    command = command.replace("cc ", TOOLS[suffix] + " ", 1).replace(
        "shout.c", f"shout.{suffix}").replace("pkg-config", installed.pkg_config)
    installed.run(["sh", "-c", command], folder)
    return os.path.join(folder, "shout.so")


def write_lua(installed):
    """The manual page's first file, in a folder of its own. The folder."""
    with open(installed.find("mailtailor-lua.7"), encoding="utf-8") as file:
        shown = re.search(r'\.\\" FILE shout\.lua\n\.Bd -literal\n(.*?)\.Ed', file.read(), re.S)
    folder = installed.lab.path("manual-lua")
    os.mkdir(folder, 0o755)
    with open(os.path.join(folder, "shout.lua"), "w", encoding="utf-8") as file:
        file.write(shown[1])
    return folder


def test_manual(installed, plugin, suffix, folder, *parameters):
    with open(os.path.join(folder, "m.eml"), "w", encoding="utf-8") as file:
        file.write(MESSAGE.format(campaign="x", template="{{ contact.first_name | shout }}"))
    with open(os.path.join(folder, "c.json"), "w", encoding="utf-8") as file:
        file.write('{"email": "ada@example.org", "first_name": "Ada"}')
    output = installed.run([installed.tool, "plugin", "test", plugin, "--message", "m.eml",
                            "--contact", "c.json", "--repeat", "20", *parameters], folder)
    for line in ("-Subject: Ada", "+Subject: ADA!", "-Ada", "+ADA!"):
        if line not in output.splitlines():
            raise Failed(f"{suffix}: expected the line {line!r} in\n{output}")


def build_new(installed, name, suffix):
    """`plugin new`, and what its Makefile can do."""
    arguments = ["--c++"] if suffix == "cc" else []
    work = installed.lab.folder
    installed.run([installed.tool, "plugin", "new", name, *arguments], work)
    installed.run([installed.tool, "plugin", "new", name], work, status=1)
    folder = os.path.join(work, name)
    make = ["make", f"PKG_CONFIG={installed.pkg_config}", f"MAILTAILOR={installed.tool}"]
    installed.run(make, folder)
    installed.run(make + ["check"], folder)
    page = os.path.join(folder, f"mailtailor-{name}.7")
    with open(page, encoding="utf-8") as file:
        before = file.read()
    installed.run(make + ["manual"], folder)
    with open(page, encoding="utf-8") as file:
        if file.read() != before:
            raise Failed(f"{page}: make manual changes what plugin new has written")
    break_it(installed, make, folder, f"{name}.{suffix}")
    installed.run(make + ["install"], folder)
    path = os.path.join(installed.plugindir, f"{name}.so")
    if not os.access(path, os.R_OK):
        raise Failed(f"{path}: make install has not put it there")


def build_lua(installed, name):
    """`plugin new --lua`: a file, and a make check that can fail."""
    work = installed.lab.folder
    installed.run([installed.tool, "plugin", "new", name, "--lua"], work)
    folder = os.path.join(work, name)
    make = ["make", f"PKG_CONFIG={installed.pkg_config}", f"MAILTAILOR={installed.tool}"]
    installed.run(make, folder)
    break_it(installed, make, folder, f"{name}.lua")
    return folder


def break_it(installed, make, folder, name):
    """make check must not pass whatever the plugin does."""
    path = os.path.join(folder, name)
    with open(path, encoding="utf-8") as file:
        good = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(good.replace("'!'", "'?'").replace('"!"', '"?"'))
    output = installed.run(make + ["check"], folder, status=1)
    if "+our prices are LOW?" not in output:
        raise Failed(f"{path}: make check fails, but does not show what has changed\n{output}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(good)
    installed.run(make + ["check"], folder)


CASES = (("c", "greetc"), ("cc", "greetcc"))


class Stream(threading.Thread):
    """Sends messages one after the other; `sent` grows."""

    def __init__(self, port, name):
        super().__init__(daemon=True)
        self.port, self.name = port, name
        self.data = MESSAGE.format(campaign=name, template=f'{{{{ "low" | {name}_loud }}}}'
                                   ).replace("\n", "\r\n").encode()
        self.sent, self.faults = [], []
        self.enough = threading.Event()

    def run(self):
        try:
            while len(self.sent) < STREAM or not self.enough.is_set():
                # A session that was open before a reload keeps what it began with.
                with Client(self.port) as client:
                    for _ in range(5):
                        self.send(client)
        except Exception as error:  # whatever it is, the stream was to go on
            self.faults.append(f"{type(error).__name__}: {error}")

    def send(self, client):
        address = f"stream-{len(self.sent)}@installed.example"
        result = client.send(SENDER, [address], self.data)
        if not result.accepted:
            self.faults.append(f"{address}: {result.last}")
        self.sent.append(address)


def renew(installed, bed):
    name, suffix = CASES[0][1], CASES[0][0]
    folder = os.path.join(installed.lab.folder, name)
    path = os.path.join(folder, f"{name}.{suffix}")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    stream = Stream(bed.postfix.port, name)
    stream.start()
    for build in range(3):
        wait_for("messages to be sent", lambda wanted=(build + 1) * STREAM // 5:
                 len(stream.sent) >= wanted or stream.faults, 60 * bed.patience)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("'!'", "'" + "?:;"[build] + "'"))
        installed.run(["make", f"PKG_CONFIG={installed.pkg_config}", "install"], folder)
        bed.daemon.hang_up("reloaded", 30 * bed.patience)
    # It goes on until the last build is seen.
    wait_for("the last build", lambda: stream.faults or any(
        b"\r\nSubject: LOW;\r\n" in copy.data for address in stream.sent[-10:]
        for copy in bed.sink.of(address)), 60 * bed.patience)
    stream.enough.set()
    stream.join(120 * bed.patience)
    if stream.faults or len(stream.sent) < STREAM:
        raise Failed(f"{len(stream.sent)} messages were sent: {stream.faults[:5]}")
    seen = set()
    for address in stream.sent:
        copies = bed.sink.wait_of(address, 1, 30 * bed.patience)
        found = re.search(rb"\r\nSubject: LOW([!?:;])\r\n", copies[0].data)
        if len(copies) != 1 or not found or bed.verifier.check(copies[0].data):
            raise Failed(f"{address}: {len(copies)} messages\n{copies[0].data.decode()}")
        seen.add(found[1])
    if not {b"!", b";"} <= seen:
        raise Failed(f"expected texts of the first and of the last build, got {seen}")
    print(f"ok: {len(stream.sent)} messages while three new builds came into service")


def through_postfix(installed, plugins):
    """One message a plugin, through the installed daemon."""
    sections = [f'plugin_path = "{installed.plugindir}"\n']
    for file in plugins.values():
        sections.append(file)
    bed = Testbed(installed.lab, installed.programs, extra="".join(sections), policy=False)
    bed.start()
    path = installed.lab.path("contacts.csv")
    with open(path, "w", encoding="utf-8") as file:
        file.write("email,first_name\n" + "".join(
            f"{name}@installed.example,Ada\n" for name in plugins))
    bed.daemon.tool("contacts", "import", path)
    for name in plugins:
        template = ("{{ contact.first_name | shout }}" if name.startswith("shout")
                    else f'{{{{ {name}.greeting }}}} {{{{ "low" | {name}_loud }}}}')
        wanted = b"ADA!" if name.startswith("shout") else b"Dear Ada LOW!"
        address = f"{name}@installed.example"
        data = MESSAGE.format(campaign=name, template=template).replace("\n", "\r\n").encode()
        result = submit(bed.postfix.port, SENDER, [address], data)
        if not result.accepted:
            raise Failed(f"{name}: the relay says {result.last}")
        copy = bed.sink.wait_of(address, 1, 30 * bed.patience)[0].data
        if b"\r\nSubject: " + wanted + b"\r\n" not in copy or b"\r\n" + wanted not in copy:
            raise Failed(f"{name}: expected {wanted} in\n{copy.decode()}")
        fault = bed.verifier.check(copy)
        if fault:
            raise Failed(f"{name}: {fault}")
    renew(installed, bed)
    status = bed.stop()
    if status != 0 or bed.daemon.reports():
        raise Failed(f"mailtailord left with {status}: {bed.daemon.reports()}")


def run(lab, build):
    installed = Installed(lab, build)
    plugins = {}
    for suffix, name in CASES:
        plugin = build_manual(installed, suffix)
        test_manual(installed, plugin, suffix, os.path.dirname(plugin))
        print(f"ok: the manual's plugin as {suffix}, built with one command")
        build_new(installed, name, suffix)
        print(f"ok: plugin new {name}: make, make check, make manual, make install")
        plugins[name] = (f'plugin "{name}" {{ greeting = "Dear" }}\n'
                         f'campaign "{name}" {{ plugins = {{"{name}"}} }}\n')
    folder = write_lua(installed)
    test_manual(installed, os.path.join(installed.plugindir, "lua.so"), "lua",
                installed.lab.path(), "--param", f"folder={folder}")
    print("ok: the manual's plugin in Lua, which wants no command")
    plugins["shoutlua"] = (f'plugin "lua" {{ folder = "{folder}" }}\n'
                           'campaign "shoutlua" { plugins = {"lua"} }\n')
    folder = build_lua(installed, "greetlua")
    print("ok: plugin new greetlua --lua: make check")
    # Both call themselves shout: one after the other is enough, and here it is the one in C++.
    plugins["shout"] = (f'plugin "shout" {{ file = "{plugin}" }}\n'
                        'campaign "shout" { plugins = {"shout"} }\n')
    through_postfix(installed, plugins)
    print("ok: all of them change messages behind Postfix")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", default=os.environ.get("MAILTAILOR_BUILD", os.getcwd()),
                        help="build folder to install from (default: $MAILTAILOR_BUILD)")
    options = parser.parse_args()
    failed = 0
    try:
        with Lab() as lab:
            run(lab, os.path.abspath(options.build))
    except (Failed, LabError) as error:
        print(f"FAIL: {error}")
        failed = 1
    print(f"installed: {1 - failed} passed, {failed} failed")
    return failed


if __name__ == "__main__":
    sys.exit(main())
