#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""html5lib counts the links of other people's HTML, and html_corpus has to find the same.

Every HTML file and every HTML part of a message is scanned and edited by html_corpus (what
it edits and puts back must come out the same). Then the element, address and place of
each link are compared. A link that only one of both has must be explained by a rule of
RULES; one that is not fails the test. Also the tokenizer cases of html5lib-tests, the
addresses of url-wpt, and the names of entities. Exit 77: there is no corpus.
"""

import difflib
import email
import html
import html.entities
import json
import os
import random
import re
import subprocess
import sys
import tempfile

import html5lib
from html5lib.constants import tokenTypes

CORPORA = os.environ.get("MAILTAILOR_CORPORA") or os.path.join(
    os.environ.get("srcdir", "."), "../shared/data")
PROGRAM = os.environ.get("HTML_CORPUS", "tests/corpus/html_corpus")

TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.S)
CONDITION = re.compile(r"\s*\[if[\s(!].*?\]>(.*)\Z", re.S | re.I)


# --- the other reader ---

class Reader(html5lib.HTMLParser):
    """Notes start tags and comments as they come; the tree is not looked at, since it
    holds some links twice."""

    def __init__(self, inner=False):
        super().__init__()
        self.found, self.inner = [], inner

    def mainLoop(self):
        reader = self

        class Noting(type(self.tokenizer)):
            def __iter__(self):
                for token in super().__iter__():
                    reader.note(token)
                    yield token

        self.tokenizer.__class__ = Noting
        super().mainLoop()

    def note(self, token):
        if token["type"] == tokenTypes["StartTag"]:
            self.tag(token["name"], token["data"])
        elif token["type"] == tokenTypes["Comment"] and not self.inner:
            self.comment(token["data"])

    def tag(self, name, attributes):
        name = name.lower()
        if name in ("a", "area") or name.startswith("v:"):
            for key, value in attributes.items():
                if key.lower() == "href":
                    self.found.append((name, tidy(value), self.inner))

    def comment(self, text):
        match = CONDITION.match(text)
        if match:
            reader = Reader(inner=True)
            reader.parse(match.group(1))
            self.found += reader.found


def tidy(address):
    """As the URL standard begins to read an address; NUL as HTML reads it."""
    address = re.sub(r"^[\0-\x20]+|[\0-\x20]+$", "", address)
    return re.sub(r"[\t\r\n]", "", address).replace("\0", "\ufffd")


def theirs(text):
    """Links by html5lib, with the template's tags as letters."""
    # html5lib takes a byte order mark for text.
    text = text.lstrip("\ufeff")
    reader = Reader()
    reader.parse(masked(text))
    return reader.found


def utf8(latin1):
    return latin1.encode("latin-1").decode("utf-8", "replace")


def ours(row):
    found = []
    for link in row["links"]:
        address = masked(utf8(link["address"]))
        found.append((utf8(link["element"]).lower(), tidy(address), link["conditional"]))
    return found


# --- why they may differ ---

def masked(text):
    return TEMPLATE.sub(lambda match: "x" * len(match.group()), text)


def template_tag_in_tag(text, link):
    """To us a template's tag in an HTML tag separates attributes, and may choose between
    two href; to html5lib it is letters."""
    tags = re.findall(r"<(?:a|area|v:\w+)\b(?:\{%.*?%\}|[^>])*>", text, re.S | re.I)
    return any("{%" in tag and masked(link[1]) in html.unescape(masked(tag)) for tag in tags)


def template_comment(text, link):
    """What stands in a comment of the template never leaves."""
    comments = re.findall(r"\{%-?\s*comment\s*-?%\}.*?\{%-?\s*endcomment\s*-?%\}", text, re.S)
    return any(link[1] in html.unescape(comment) for comment in comments)


RULES = [template_tag_in_tag, template_comment]
# Each rule is needed for one of these; comments for Outlook need none.
HANDMADE = [
    ('<a {% if x %}href="a"{% else %}href="b"{% endif %}><a href="c">', template_tag_in_tag, 2),
    ('{% comment %}<a href="a">{% endcomment %}<a href="b">', template_comment, 1),
    ('<!--[if mso]><v:rect href="a"><![endif]--><!-- <a href="b"> --><a href="c">', None, 0),
    ('<a href="{{ a | b: "c > d" }}">{{ "<a href=e>" }}</a>', None, 0),
]


def compare(text, row, explained):
    """Complaints; counts what a rule explains."""
    one, two = theirs(text), ours(row)
    wrong = []
    for kind, i, j, k, m in difflib.SequenceMatcher(None, one, two, False).get_opcodes():
        if kind == "equal":
            continue
        for link, who in [(l, "html5lib") for l in one[i:j]] + [(l, "we") for l in two[k:m]]:
            rule = next((rule for rule in RULES if rule(text, link)), None)
            if rule:
                explained[rule.__name__] = explained.get(rule.__name__, 0) + 1
            else:
                wrong.append(f"only {who} found {link}")
    if row["mismatches"]:
        wrong.append(f"{row['mismatches']} links that libxml2 reads otherwise")
    if not row["kept"]:
        wrong.append("changed by edits that were undone")
    return wrong


# --- what is read ---

def html_files():
    for folder in sorted(os.listdir(CORPORA)):
        if folder.startswith("html-"):
            for where, _, names in os.walk(os.path.join(CORPORA, folder)):
                for name in sorted(names):
                    if name.lower().endswith((".html", ".htm", ".tpl")):
                        path = os.path.join(where, name)
                        with open(path, "rb") as file:
                            yield path, file.read()


def html_parts():
    for folder in sorted(os.listdir(CORPORA)):
        if not folder.startswith("eml-"):
            continue
        for where, _, names in os.walk(os.path.join(CORPORA, folder)):
            for name in sorted(names):
                path = os.path.join(where, name)
                with open(path, "rb") as file:
                    message = email.message_from_bytes(file.read())
                for number, part in enumerate(message.walk()):
                    if part.get_content_type() == "text/html" and not part.is_multipart():
                        try:
                            yield f"{path} part {number}", part.get_payload(decode=True) or b""
                        except (ValueError, LookupError):
                            pass


def decoded(data):
    """Text, whatever the bytes are."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def scan(folder, documents):
    """documents: (name, bytes). Yields (name, text, row)."""
    paths = []
    for number, (_, data) in enumerate(documents):
        paths.append(os.path.join(folder, f"{number}.html"))
        with open(paths[-1], "wb") as file:
            file.write(data)
    run = subprocess.run([PROGRAM, "scan"], input="\n".join(paths) + "\n", text=True,
                         stdout=subprocess.PIPE)
    rows = [json.loads(line) for line in run.stdout.split("\n") if line]
    if run.returncode != 0 or len(rows) != len(documents):
        print(f"html_corpus scan: exit {run.returncode}, {len(rows)} of {len(documents)} files")
    return zip(documents, rows), run.returncode


# --- the tests ---

def compare_documents(folder):
    documents, seen = [], set()
    for name, data in list(html_files()) + list(html_parts()):
        data = decoded(data).replace("\r\n", "\n").encode("utf-8")
        if data not in seen:
            seen.add(data)
            documents.append((name, data))
    pairs, status = scan(folder, documents)
    links = failures = 0
    explained = {}
    for (name, data), row in pairs:
        links += len(row["links"])
        wrong = compare(data.decode("utf-8"), row, explained)
        failures += bool(wrong)
        for text in wrong:
            print(f"{name}: {text}")
    print(f"{len(documents)} documents with {links} links, explained differences: {explained}, "
          f"{failures} failures")
    return failures + (status != 0) + (links == 0)


def handmade(folder):
    """The rules explain what they should, and nothing else is different."""
    documents = [(text, text.encode()) for text, _, _ in HANDMADE]
    pairs, failures = scan(folder, documents)
    for ((text, _), row), (_, rule, count) in zip(pairs, HANDMADE):
        explained = {}
        wrong = compare(text, row, explained)
        if wrong or explained != ({rule.__name__: count} if rule else {}):
            failures += 1
            print(f"{text}: {wrong}, explained {explained}")
    return failures


def tokenizer_cases():
    where = os.path.join(CORPORA, "html5lib-tests", "tokenizer")
    files = [os.path.join(where, name) for name in sorted(os.listdir(where))
             if name.endswith(".test")]
    return subprocess.run([PROGRAM, "tokens"] + files).returncode != 0


def wpt_cases():
    with open(os.path.join(CORPORA, "url-wpt", "urltestdata.dev.json"), encoding="utf-8") as file:
        cases = [case for case in json.load(file) if isinstance(case, dict)]
    # Lone surrogates are no UTF-8, and HTML has no way to write NUL.
    return [case for case in cases if not re.search("[\ud800-\udfff\0]", case["input"])]


def addresses(folder):
    """Addresses come out as they were put in, and have the scheme that browsers see."""
    cases = wpt_cases()
    document = "".join(f'<a href="{html.escape(case["input"])}">' for case in cases)
    document = document.replace("\r", "&#13;").replace("{", "&#123;").encode()
    pairs, status = scan(folder, [("url-wpt", document)])
    failures, http = status, 0
    for _, row in pairs:
        failures += len(row["links"]) != len(cases)
        for case, link in zip(cases, row["links"]):
            address = re.sub(r"[\t\r\n]", "", re.sub("^[\0-\x20]+|[\0-\x20]+$", "",
                                                        case["input"]))
            got, scheme = utf8(link["address"]), link["scheme"]
            if got != address:
                failures += 1
                print(f"{case['input']!r} was read as {got!r}")
            elif not case.get("failure") and scheme not in ("relative", "fragment", "empty"):
                wanted = case["protocol"] in ("http:", "https:")
                http += wanted
                if wanted != (scheme == "http") or not got.lower().startswith(case["protocol"]):
                    failures += 1
                    print(f"{case['input']!r}: {case['protocol']} was taken for {scheme}")
            elif not case.get("failure") and case["base"] is None:
                failures += 1
                print(f"{case['input']!r}: needs no base, but was taken for {scheme}")
    print(f"{len(cases)} addresses, {http} of them http, {failures} failures")
    return failures


def entities(folder):
    """Attribute values full of references, read by Python's html5lib and by us."""
    source = random.Random(5)
    names = sorted(html.entities.html5)
    values = [f"&{name}{tail}" for name in names for tail in ("", "=", "x", "&", " x")]
    values += ["".join(source.choice(["&", "#", "x", ";", "=", "amp", "copy", "not", "in", "1",
                                      "41", "lt"]) for _ in range(8)) for _ in range(3000)]
    document = "".join(f"<a href='y{value}y'>" for value in values)
    pairs, status = scan(folder, [("entities", document.encode())])
    failures = status
    for _, row in pairs:
        read = theirs(document)
        failures += not len(read) == len(row["links"]) == len(values)
        for value, one, two in zip(values, read, ours(row)):
            if one != two:
                failures += 1
                print(f"{value}: html5lib reads {one[1]!r}, we {two[1]!r}")
    print(f"{len(values)} values with entities, {failures} failures")
    return failures


def main():
    if not os.path.isdir(CORPORA):
        print("no corpus at", CORPORA)
        return 77
    failures = tokenizer_cases()
    with tempfile.TemporaryDirectory() as folder:
        for test in (handmade, entities, addresses, compare_documents):
            failures += test(folder)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
