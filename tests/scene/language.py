# SPDX-License-Identifier: BSD-2-Clause
"""The language of the scenes: from text to steps. tests/README describes it.

A line at the margin is a step; the indented lines below it are its block. `#` at the
margin begins a comment. A step that ends in a comma goes on in the next line.
"""

import os
import re


class SceneError(Exception):
    """The scene itself is wrong; `place` is file:line."""

    def __init__(self, place, text):
        super().__init__(f"{place}: {text}")


class Step:
    def __init__(self, file, line, text):
        self.file = file
        self.line = line
        self.text = text
        self.block = []  # (line number, text without the block's indentation)

    @property
    def place(self):
        return f"{os.path.basename(self.file)}:{self.line}"

    def checks(self):
        """The block's lines as checks: [(line number, text)], comments left out."""
        return [(line, text.strip()) for line, text in self.block
                if text.strip() and not text.strip().startswith("#")]

    def block_text(self, end="\n"):
        return "".join(text + end for _, text in self.block)


class Scene:
    def __init__(self, file, line, title):
        self.file = file
        self.line = line
        self.title = title
        self.steps = []


def quoted(text):
    """"..." -> what is between the first and the last quote: nothing is escaped inside."""
    text = text.strip()
    if len(text) >= 2 and text[0] == '"' and text[-1] == '"':
        return text[1:-1]
    return None


def read(file):
    """The scenes of one file."""
    scenes, step, pending = [], None, None
    with open(file, encoding="utf-8") as source:
        lines = source.read().split("\n")
    for number, line in enumerate(lines, 1):
        if pending is not None:
            pending.text += " " + line.strip()
            step, pending = pending, None
            if step.text.endswith(","):
                pending = step
            continue
        if not line.strip():
            if step:
                step.block.append((number, ""))
            continue
        if line[0] in " \t":
            if step is None:
                raise SceneError(f"{file}:{number}", "a block without a step before it")
            step.block.append((number, line))
            continue
        if line.startswith("#"):
            step = None
            continue
        step = None
        if line.startswith("scene "):
            title = quoted(line[6:])
            if title is None:
                raise SceneError(f"{file}:{number}", 'expected scene "TITLE"')
            scenes.append(Scene(file, number, title))
            continue
        if not scenes:
            raise SceneError(f"{file}:{number}", "a step before the first scene")
        step = Step(file, number, line.rstrip())
        scenes[-1].steps.append(step)
        if step.text.endswith(","):
            pending = step
    for scene in scenes:
        for one in scene.steps:
            one.block = dedent(one.block)
    return scenes


def dedent(block):
    """Without the blank lines at its end and the indentation of its first line."""
    while block and not block[-1][1].strip():
        block = block[:-1]
    if not block:
        return []
    first = next(text for _, text in block if text.strip())
    indentation = first[:len(first) - len(first.lstrip())]
    return [(line, text[len(indentation):] if text.startswith(indentation) else text.lstrip())
            for line, text in block]


COMPARISON = re.compile(r'^(?P<what>.*?)\s+(?P<how>is not|is|matches|contains|lacks)\s+'
                        r'(?P<value>".*"|\S+)$', re.S)


def comparison(text):
    """`WHAT is "VALUE"` and the like -> (what, how, value), or None."""
    found = COMPARISON.match(text)
    if not found:
        return None
    value = found["value"]
    return found["what"], found["how"], quoted(value) if quoted(value) is not None else value


def holds(how, actual, value):
    """Does the comparison hold? A missing value (None) has, matches and is nothing."""
    if how == "lacks":
        return actual is None or value not in actual
    if how == "is not":
        return actual != value
    if actual is None:
        return False
    if how == "is":
        return actual == value
    if how == "contains":
        return value in actual
    return re.search(value, actual, re.S | re.M) is not None


SEND = re.compile(r"^send(?P<insist> until accepted)?(?: in (?P<charset>\S+))?"
                  r"(?: file (?P<file>\S+))? from (?P<sender>\S+) to (?P<recipients>.+?)"
                  r"(?: via (?P<via>(?:split|plain|outsider|authenticated|held| )+?))?"
                  r"(?: with (?P<parameters>.+))?$")


def expand(address):
    """`p{1..3}@x.example` -> p1@x.example, p2@x.example, p3@x.example"""
    found = re.search(r"\{(\d+)\.\.(\d+)\}", address)
    if not found:
        return [address]
    return [address[:found.start()] + str(n) + address[found.end():]
            for n in range(int(found[1]), int(found[2]) + 1)]


def parse_send(step):
    """-> dict of a send step's words; recipients as [(address, parameters)]."""
    found = SEND.match(step.text)
    if not found:
        raise SceneError(step.place, "expected send [until accepted] [in CHARSET] [file NAME] "
                         "from SENDER to RECIPIENT [PARAMETERS], ... [via WAYS] "
                         "[with PARAMETERS]")
    words = found.groupdict()
    recipients = []
    for one in words["recipients"].split(", "):
        address, _, parameters = one.strip().partition(" ")
        recipients += [(each, parameters) for each in expand(address)]
    words["recipients"] = recipients
    words["via"] = (words["via"] or "").split()
    words["sender"] = "" if words["sender"] == "<>" else words["sender"]
    return words


def message_of(step, words):
    """The message in the step's block, with CRLF. What every scene would have to repeat is
    added where it is missing: From, To, and MIME-Version beside a Content-Type."""
    text = step.block_text("\r\n")
    head, separator, body = text.partition("\r\n\r\n")
    names = {line.partition(":")[0].lower() for line in head.split("\r\n")
             if line and line[0] not in " \t"}
    added = ""
    if "from" not in names:
        added += f"From: {words['sender']}\r\n"
    if "to" not in names:
        added += "To: " + ",\r\n ".join(address for address, _ in words["recipients"]) + "\r\n"
    if "content-type" in names and "mime-version" not in names:
        added += "MIME-Version: 1.0\r\n"
    return (added + head.rstrip("\r\n") + "\r\n" + "\r\n" + body).encode(
        words["charset"] or "utf-8")
