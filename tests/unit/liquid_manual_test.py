#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""liquid_manual_test: mailtailor-liquid(7) says what the program does.

Every example of the page is rendered and its result compared; every filter and tag that the
program knows has an item with an example in it, and the page names no other; the page is
formatted without warnings and fits into 80 columns. How examples are marked is said at the
top of the page's source. --show prints what each example gives."""

import json
import os
import re
import shutil
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
PAGE = os.path.join(TOP, "milter", "liquid", "mailtailor-liquid.7")
TOOL = os.path.join(os.environ.get("MAILTAILOR_BUILD", os.getcwd()), "mailtailor")

# What the page says that all its examples have in common.
COMMON = {"mode": "text", "strict": True, "now": "2026-03-03T08:45:05.123Z",
          "time_zone": "Europe/Vienna"}
MARKER = re.compile(r'\.\\" (data|lines|locales|templates?|result|error|conversions|text)\b ?(.*)')
ESCAPES = {r"\-": "-", r"\e": "\\", r"\&": "", r"\(aq": "'", r"\(dq": '"', r"\(ga": "`",
           r"\(ha": "^", r"\(ti": "~"}
ESCAPE = re.compile(r"\\(\(..|.)")
DELIMITERS = (",", ".", ":", ";")


def unescape(text):
    return ESCAPE.sub(lambda escape: ESCAPES[escape.group()], text)


def plain(line, place):
    """The line as a terminal shows it."""
    bare = re.search(r"[-'`^~]", re.sub(r"\\(\(..|.)", "", line))
    if bare:
        raise SyntaxError(f"{place}: {bare.group()} has to be escaped in a literal block")
    for escape in ESCAPE.finditer(line):
        if escape.group() not in ESCAPES:
            raise SyntaxError(f"{place}: {escape.group()} is no escape for a literal block")
    return unescape(line)


class Example:
    def __init__(self, place, line, result, error):
        self.place = place
        self.line = line
        self.result = result
        self.error = error


class Page:
    """What the page's source says."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.lines = file.read().split("\n")
        self.name = os.path.basename(path)
        self.data = {}
        self.templates = {}
        self.locales = {}
        self.examples = []
        self.shown = []     # lines of all literal blocks
        self.items = {"TAGS": {}, "FILTERS": {}}
        self.section = ""
        self.item = []      # names of the item that is being read
        self.open = None    # a template without its result
        self.at = 0
        while self.at < len(self.lines):
            self.read_line()
        for example in self.examples:
            example.line["data"] = {**self.data, **example.line.get("data", {})}
            example.line["templates"] = {**self.templates, **example.line.get("templates", {})}
            if self.locales and re.search(r"\|\s*t\b", example.line["template"]):
                example.line["locales"] = self.locales

    def place(self, at=None):
        return f"{self.name}:{(self.at if at is None else at) + 1}"

    def read_line(self):
        line = self.lines[self.at]
        marker = MARKER.match(line)
        if line.startswith(".Sh "):
            self.section, self.item = line[4:], []
        elif line.startswith(".It Ic ") and self.section in self.items:
            self.read_item(line)
        elif line.startswith((".It Sy ", ".It Ar ")) and self.section == "ERROR MESSAGES":
            raise SyntaxError(f"{self.place()}: no template shows this message")
        elif line.startswith(".Bd -literal"):
            raise SyntaxError(f"{self.place()}: no comment says what this block is")
        elif marker:
            self.read_marked(marker.group(1), marker.group(2))
        self.at += 1

    def read_item(self, line):
        """.It Ic NAME ... [, Ic NAME]..."""
        self.item = list(dict.fromkeys(re.findall(r"\bIc (\w+)", line)))
        for name in self.item:
            if name in self.items[self.section]:
                raise SyntaxError(f"{self.place()}: {name} has two items")
            self.items[self.section][name] = []

    def block(self):
        """Lines of the literal block that follows."""
        self.at += 1
        if not self.lines[self.at].startswith(".Bd -literal"):
            raise SyntaxError(f"{self.place()}: expected the literal block that was announced")
        begin = self.at + 1
        self.at = self.lines.index(".Ed", begin)
        found = [plain(line, self.place(begin + i))
                 for i, line in enumerate(self.lines[begin:self.at])]
        self.shown += found
        return begin, found

    def add(self, at, options, template, result=None, error=None):
        line = {**COMMON, **options, "template": template}
        self.examples.append(Example(self.place(at), line, result, error))
        for name in self.item:
            self.items[self.section][name].append(template)

    def read_marked(self, kind, rest):
        options = json.loads(rest) if rest else {}
        at = self.at
        if self.open and kind != "result":
            raise SyntaxError(f"{self.place()}: the template before has no result")
        if kind == "error":
            self.read_error(options)
            return
        begin, lines = self.block()
        if kind == "data":
            self.data = json.loads("\n".join(lines))
        elif kind == "templates":
            self.templates.update(re.split(r":  +", line, maxsplit=1) for line in lines)
        elif kind == "locales":
            self.locales = {os.path.basename(name).removesuffix(".json"): texts for name, texts in
                            json.loads("\n".join(lines)).items()}
        elif kind == "template":
            self.open = (at, options, "\n".join(lines))
        elif kind == "result":
            self.add(*self.open, result="\n".join(lines))
            self.open = None
        elif kind == "lines":
            self.read_lines(begin, lines, options)
        elif kind == "conversions":
            self.read_conversions(begin, lines)

    def read_lines(self, begin, lines, options):
        """TEMPLATE => RESULT, where the template may have lines of its own before."""
        template = []
        for i, line in enumerate(lines):
            code, arrow, result = (line + " ").partition("=> ")
            if not arrow or code.strip():
                template.append(code.rstrip())
            if arrow:
                self.add(begin + i, options, "\n".join(template), result=result[:-1])
                template = []
        if template:
            raise SyntaxError(f"{self.place()}: expected => and a result before this line")

    def read_conversions(self, begin, lines):
        """%A, %B  RESULT  DESCRIPTION: how the filter date prints now."""
        for i, line in enumerate(lines):
            if not line:
                continue
            row = re.match(r'(%\S+(?:, %\S+)*)  +("[^"]*"|\S.*?)  +\S', line)
            if not row:
                raise SyntaxError(f"{self.place(begin + i)}: expected %X  RESULT  DESCRIPTION")
            for conversion in row.group(1).split(", "):
                self.add(begin + i, {}, '{{ "now" | date: "%s" }}' % conversion,
                         result=row.group(2).strip('"'))

    def read_error(self, options):
        """The item that follows is the message; what changes in it is an argument."""
        first = at = self.at
        while self.lines[at].startswith('.\\" error '):
            at += 1
        words = self.lines[at].split()
        if words[0] != ".It" or words[1] not in ("Sy", "Ar"):
            raise SyntaxError(f"{self.place(at)}: expected the message: .It Sy WORDS Ar WORD ...")
        pattern, literal = "", True
        for word in words[1:]:
            if word in ("Sy", "Ar"):
                literal = word == "Sy"
            elif word == "Ns" or word in DELIMITERS:
                pattern = pattern.removesuffix(" ") + ("" if word == "Ns" else word + " ")
            else:
                pattern += (re.escape(unescape(word)) if literal else ".*") + " "
        template = options.pop("template") * options.pop("times", 1)
        self.add(first, options, template, error=pattern.removesuffix(" "))
        if at == first + 1:
            self.at = at    # this item is shown


def answers(examples):
    lines = "".join(json.dumps(example.line) + "\n" for example in examples)
    done = subprocess.run([TOOL, "render", "--lines"], input=lines.encode(), capture_output=True,
                          timeout=300, check=True)
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def names(option):
    done = subprocess.run([TOOL, "render", option], capture_output=True, timeout=60, check=True)
    return set(done.stdout.decode().split())


def uses(kind, name, template):
    """Does the template call the filter or tag?"""
    if kind == "FILTERS":
        return re.search(rf"\|\s*{name}\b", template)
    return re.search(rf"\{{%-?\s*{name}\b", template) or \
        re.search(rf"\{{%-?\s*liquid\b[^%]*\n\s*{name}\b", template)


class Manual(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.page = Page(PAGE)

    def test_examples(self):
        for example, answer in zip(self.page.examples, answers(self.page.examples), strict=True):
            with self.subTest(example.place, template=example.line["template"]):
                if example.error:
                    self.assertRegex(answer.get("error", "no error"), f"^{example.error}$")
                else:
                    self.assertEqual(answer, {"result": example.result})
        self.assertGreater(len(self.page.examples), 100)

    def check_names(self, kind, option):
        self.assertEqual(set(self.page.items[kind]), names(option))
        for name, templates in self.page.items[kind].items():
            with self.subTest(name):
                self.assertTrue(any(uses(kind, name, template) for template in templates),
                                f"the item of {name} has no example that uses it")

    def test_filters(self):
        self.check_names("FILTERS", "--list-filters")

    def test_tags(self):
        self.check_names("TAGS", "--list-tags")

    def test_no_item_without_example(self):
        self.assertIsNone(self.page.open, "the last template has no result")

    def formatted(self, *command):
        """The page as text, without backspaces, from a formatter that has nothing to say."""
        if shutil.which(command[0]) is None:
            self.skipTest(f"{command[0]} is not installed")
        done = subprocess.run([*command, PAGE], capture_output=True, timeout=60, check=False,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
        self.assertEqual((done.stderr.decode(), done.returncode), ("", 0))
        text = done.stdout.decode()
        return re.sub("\x1b\\[[0-9;]*m", "", re.sub(".\b", "", text))

    def check_text(self, text):
        lines = text.split("\n")
        for line in lines:
            self.assertLessEqual(len(line), 80, line)
        stripped = {line.strip() for line in lines}
        for line in self.page.shown:
            self.assertIn(line.strip(), stripped)

    def test_mandoc(self):
        if shutil.which("mandoc") is None:
            self.skipTest("mandoc is not installed")
        lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", PAGE], capture_output=True,
                              timeout=60, check=False)
        self.assertEqual(lint.stdout.decode(), "")
        self.check_text(self.formatted("mandoc", "-T", "utf8", "-O", "width=80"))

    def test_groff(self):
        self.check_text(self.formatted("groff", "-ww", "-k", "-t", "-mdoc", "-Tutf8",
                                       "-rLL=80n"))


def show():
    page = Page(PAGE)
    for example, answer in zip(page.examples, answers(page.examples), strict=True):
        print(example.place, json.dumps(example.line["template"], ensure_ascii=False), "=>",
              json.dumps(answer, ensure_ascii=False))


if __name__ == "__main__":
    if sys.argv[1:] == ["--show"]:
        show()
    else:
        unittest.main()
