#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Attack strings as contact values, in every place of a message where values go.

    engine_attack.py [--seed N] [--sample N] [--all] [FOLDER...]

The strings are all that stands in attack-* of $MAILTAILOR_CORPORA, or in FOLDERs: each line
of a text, each string of a JSON file; and some made here. The engine makes a copy for each,
which others judge: Python's email package (which fields there are), lxml and html5lib
(which tags and attributes there are, compared with those of a harmless value), and
browsers' rules for what an address is. What is slow gets a sample of the strings (--sample,
one in N), or all of them with --all, which also adds variations of each string. What a
template itself asks for with the filter raw is not tested. Exit 77: there are no strings.
"""

import argparse
import base64
import collections
import email.policy
import email.utils
import html
import json
import os
import re
import sys
import urllib.parse

import html5lib
from html5lib.constants import tokenTypes
from lxml import etree

from engine import BASE, CORPORA, PIXEL, TOKEN, Engine, files_below, generator, parsed, utf8

SCHEMES = {"http", "https", "mailto", "tel", "sms"}
HARMLESS = "Ada"
MADE = [
    "{{ 7 | times: 7 }}", "{% raw %}", "{% endraw %}", "{% if true %}x{% endif %}", "{{", "}}",
    "{%", "%}", "{{ contact.email }}", "{{ links.unsubscribe }}", "{{ links.c0 }}",
    "*|FNAME|*", "*|IF:FNAME|*", "*|UNSUB|*", "\x02", "\x020123456789012345000000000",
    "a\r\nBcc: victim@victim.example", "a\nBcc: victim@victim.example", "a\rBcc: v@victim.example",
    "a\r\n\r\n<b>body</b>", "\r\n.\r\n", "a\r\n--b1\r\nContent-Type: text/html\r\n\r\nx",
    "\u2028Bcc: v@victim.example", "\u0085Bcc: v@victim.example", "=?utf-8?q?=0D=0ABcc:_v?=",
    "=?utf-8?b?DQpCY2M6IHY=?=", "x\" <evil@evil.example>, \"y", "evil@evil.example,", "<evil@x>",
    "(", ")", "\\", "\"", "'", "`", "x y=z", "x onclick=y", "/", ">", "/>", "-->", "--!>", "]]>",
    "<!--", "<![endif]-->", "<!--[if mso]>", "</style>", "</title><b>", "</textarea><b>", " ", "",
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "\x01javascript:alert(1)",
    "java\tscript:alert(1)", "java\nscript:alert(1)", "java\r\nscript:alert(1)", "\tjavascript:x",
    "&#106;avascript:alert(1)", "javascript&colon;alert(1)", "java&Tab;script:alert(1)",
    "vbscript:x", "data:text/html,<b>", "file:///etc/passwd", "view-source:x", "feed:javascript:x",
    "javascript://shop.example/%0aalert(1)", "//evil.example", "\\\\evil.example", "/path", "x:y",
    "https:evil.example", "https://shop.example@evil.example/", "http://[::1]/", "mailto:a@b.example",
    "tel:+431", "sms:+431", "#top", "https://evil.example/", "red;background:url(javascript:x)",
    "red;background:url(data:x)", "x') ; background: url('javascript:y", "expression(alert(1))",
    "\\75 rl(javascript:x)", "\\1 javascript:x", "java\\9 script:x", "'\x01javascript:x",
    "java\\a script:x", "red;background:url( '\x01javascript:x')", "javascript\\3a x", "red;behavior:url(x.htc)", "red;-moz-binding:url(javascript:x)",
    "javascript:alert(1) x", "javascript:alert(1)\"x", "javascript:alert(1)'x", "a b javascript:c",
    "END:VEVENT", "x\nATTENDEE:mailto:evil@evil.example", "x;y,z:\"q\"", "\ufeff", "\u202e", "é" * 300,
    "x" * 5000, "<" * 2000, "\"" * 2000, "{{" * 500,
]

FILTERS = [
    "escape", "h", "escape_once", "url_encode", "url_decode", "phone", "phone: 'DE'", "upcase",
    "downcase", "capitalize", "strip", "lstrip", "rstrip", "squish", "strip_newlines",
    "newline_to_br", "strip_html", "truncate: 20", "truncatewords: 2", "slice: 0, 9",
    "append: '!'", "prepend: '<'", "replace: 'a', '<'", "replace_first: '<', '>'", "remove: 'x'",
    "split: '' | join: ''", "split: ' ' | first", "split: '>' | last", "split: '<' | join: '<'",
    "default: 'x'", "json", "md5", "sha256", "hmac_sha256: 'k'", "base64_encode",
    "base64_url_safe_encode", "base64_encode | base64_decode", "url_encode | url_decode",
    "size", "plus: 1", "times: 7", "date: '%d.%m.%Y'", "money: 'EUR'", "time_ago",
    "pluralize: 'one', 'other'", "escape | upcase", "escape | truncate: 9", "escape | url_decode",
    "newline_to_br | append: contact.v", "strip_html | replace: ' ', '<'", "split: '' | reverse | join",
    "escape | replace: '&', contact.v", "escape | split: '&' | join: '<'", "escape | slice: 0, 3",
    "escape_once | downcase", "newline_to_br | strip_newlines", "escape | strip_html",
]

# Where values stand in HTML, and the same one after the other in AMP.
PLACES = [
    '<p id="t">%s</p>', '<p title="%s">x</p>', "<p title='%s'>x</p>", '<p title=%s>x</p>',
    '<p title=a%sb lang=en>x</p>', '<p class = %s lang=en>x</p>', '<p title=%s/>x</p>',
    '<b title="%s" lang="%s">x</b>', '<td lang="%s">x</td>', "<font color=%s size=2>x</font>",
    '<!-- %s -->', '<!--[if mso]><p title="%s">%s</p><![endif]-->', '<textarea>%s</textarea>',
    '<!--[if mso]><p title=%s lang=en>x</p><![endif]-->', '<pre>\n%s</pre>', '<xmp>%s</xmp>',
    '<a href="https://shop.example/?q=%s">x</a>', "<a href='https://shop.example/%s'>x</a>",
    '<a href=https://shop.example/%s>x</a>', '<a href="mailto:%s">x</a>', '<a href="tel:%s">x</a>',
    '<a href="https://shop.example/" title="%s">%s</a>', '<a href="#%s">x</a>',
    '<img src="https://shop.example/%s" alt="%s">', '<img alt=%s src=https://shop.example/%s.png>',
    '<a href="https://shop.example/{%% if contact.v %%}%s{%% endif %%}">x</a>',
    '<p {%% if contact.v %%}title="%s"{%% endif %%}>x</p>', '<input value="%s">',
    '{%% capture c %%}<i title="%s">%s</i>{%% endcapture %%}{{ c }}',
    '{%% assign d = contact.v %%}<i>{{ d }}</i><i title="{{ d }}">x</i>',
    '{%% for i in (1..2) %%}<i title="%s">%s</i>{%% endfor %%}',
    '<style>.a { color: %s }</style>', '<title>%s</title>',
]

# Addresses, each in a message of its own: the copy leaves with a good one, or not at all.
ADDRESSES = [
    '<a href="%s">x</a>', "<a href='%s'>x</a>", '<a href=%s>x</a>', '<a href=" %s">x</a>',
    '<a href=%s title=y>x</a>', '<a href="{{ contact.v | downcase }}">x</a>',
    '<a href="{{ contact.v | url_decode }}">x</a>', '<a href="{{ contact.v | escape }}">x</a>',
    '<a href="{{ contact.v | strip_newlines }}">x</a>', '<area href="%s">',
    '<!--[if mso]><v:rect href="%s"></v:rect><![endif]-->',
    '<a data-track="off" href="%s">x</a>', '<a href="{{ contact.v | default: \'#\' }}">x</a>',
    '{%% capture c %%}<a href="%s">x</a>{%% endcapture %%}{{ c }}',
    '{%% capture c %%}%s{%% endcapture %%}<a href="{{ c }}">x</a>',
    '{%% assign c = contact.v %%}<a href="{{ c }}">x</a>',
    '<a {%% if contact.v %%}href="%s"{%% else %%}href="x"{%% endif %%}>x</a>',
    '<a href="{%% if contact.v %%}%s{%% endif %%}">x</a>',
    '<a href={%% if contact.v %%}%s{%% endif %%}>x</a>',
    '<a href={%% if contact.v %%}"%s"{%% else %%}"#"{%% endif %%}>x</a>',
    '<a href="java%s">x</a>', '<a href="{{ contact.v | prepend: \'java\' }}">x</a>',
    '<img src="%s">', '<img src=%s>', '<td background="%s">x</td>', '<body background=%s>x</body>',
    '<form action="%s"><button formaction="%s">x</button></form>', '<input type=image src="%s">',
    '<iframe src="%s"></iframe>', '<embed src="%s">', '<object data="%s"></object>',
    '<link rel=stylesheet href="%s">', '<base href="%s">', '<video poster="%s" src="%s"></video>',
    '<img srcset="%s 2x" src="https://shop.example/">', '<svg><a xlink:href="%s"></a></svg>',
    '<v:fill src="%s" />', '<!--[if mso]><v:image src="%s" /><![endif]-->', '<q cite="%s">x</q>',
    '<meta http-equiv="refresh" content="0;url=%s">', '<p style="background:url(%s)">x</p>',
    '<p style="background:url(\'%s\')">x</p>', '<p style="color:%s">x</p>', '<p style=%s>x</p>',
]

# Why a copy may not leave at all. What a value must never do is let something else leave.
REFUSALS = [
    ("scheme", r"leads to \".*: expected http, https, mailto, tel or sms"),
    ("too long", "the output is longer than [0-9]+ bytes"),
    ("too large for a number", "the amount is too large"),
    ("decodes to no text", "what was decoded (is no UTF-8|holds a NUL)"),
    ("address too long for a token", "longer than 2000 bytes"),
]

URL_ATTRIBUTES = {"href", "src", "background", "action", "formaction", "poster", "data", "cite",
                  "xlink:href", "longdesc", "lowsrc", "dynsrc", "usemap", "srcset"}


# --- strings ---

def strings_of_json(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from strings_of_json(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from strings_of_json(item)


def strings_of_file(path):
    with open(path, "rb") as file:
        data = file.read()
    text = data.decode("utf-8", "replace")
    if path.endswith(".json"):
        yield from strings_of_json(json.loads(text))
        return
    for line in text.split("\n"):
        line = line.removesuffix("\r")
        yield line
        if line.startswith("Exploit String: "):
            yield line.removeprefix("Exploit String: ")


def variations(text):
    yield urllib.parse.unquote(text)
    yield html.unescape(text)
    yield "\r\n" + text
    yield "x\" " + text
    yield "javascript:" + text
    yield " " + text.upper()
    yield urllib.parse.quote(text)
    yield base64.b64encode(text.encode("utf-8", "replace")).decode()


def usable(text):
    """What can be imported at all; NUL and lone surrogates are refused there."""
    return "\0" not in text and not re.search("[\ud800-\udfff]", text)


def read_strings(folders, everything):
    found = []
    for folder in folders:
        for path in files_below(folder):
            if os.path.basename(path) not in ("SOURCE", "LICENSE", "_copyright.txt"):
                found += strings_of_file(path)
    count = len(found)
    found += MADE
    if everything:
        found += [new for text in found for new in variations(text)]
    return [text for text in dict.fromkeys(found) if usable(text)], count


# --- readers ---

class Reader(html5lib.HTMLParser):
    """Tags, attributes and comments as html5lib's tokenizer says, with the parser's states."""

    def __init__(self):
        super().__init__()
        self.found = []

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
        if token["type"] in (tokenTypes["StartTag"], tokenTypes["EmptyTag"]):
            self.found.append((token["name"], list(token["data"].items())))
        elif token["type"] == tokenTypes["EndTag"]:
            self.found.append(("/" + token["name"], []))
        elif token["type"] == tokenTypes["Comment"]:
            self.found.append(("!", []))
            self.found += conditional(token["data"], html5lib_tags)


def conditional(comment, read):
    match = re.match(r"\[if[^\]]*\]>(.*)<!\[endif\]\Z", comment, re.S)
    return read(match.group(1)) if match else []


def html5lib_tags(text):
    reader = Reader()
    reader.parse(text)
    return reader.found


# libxml2 takes none of them, and gives up.
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def lxml_tags(text):
    found = []
    root = etree.HTML(CONTROLS.sub("\ufffd", text) or " ", etree.HTMLParser(huge_tree=True))
    for node in root.iter() if root is not None else ():
        if isinstance(node.tag, str):
            found.append((node.tag, list(node.attrib.items())))
        elif node.tag is etree.Comment:
            found.append(("!", []))
            found += conditional(node.text or "", lxml_tags)
        else:
            found.append(("?", []))
    return found


def structure(tags):
    return [(name, [key for key, _ in attributes]) for name, attributes in tags]


def scheme_of(address):
    """As browsers read it (URL standard, 4.4); None: it has none."""
    address = re.sub(r"^[\0-\x20]+|[\0-\x20]+$", "", address)
    address = re.sub(r"[\t\r\n]", "", address)
    match = re.match(r"([A-Za-z][A-Za-z0-9+.\-]*):", address)
    return match.group(1).lower() if match else None


def css_addresses(css):
    """What url() and the like lead to, escapes and comments undone."""
    css = re.sub(r"(?a)\\([0-9A-Fa-f]{1,6})[ \t\r\n\f]?",
                 lambda m: chr(min(int(m.group(1), 16) or 0xfffd, 0x10ffff)), css)
    css = re.sub(r"/\*.*?\*/", "", css.replace("\\", ""), flags=re.S)
    if re.search(r"(?a)expression\s*\(|behaviou?r\s*:|-moz-binding|@import", css, re.I):
        yield "script:in-css"
    for match in re.finditer(r"(?a)url\s*\(\s*[\"']?([^)]*)", css, re.I):
        yield match.group(1)


def addresses_of(tags):
    for name, attributes in tags:
        for key, value in attributes:
            key = key.lower()
            if key in URL_ATTRIBUTES:
                yield value
            elif key == "style":
                yield from css_addresses(value)
            elif key == "content" and name == "meta":
                yield re.sub(r"(?ai)^[^=]*url\s*=\s*['\"]?", "", value)


# --- the test ---

class Attack:
    def __init__(self, engine, strings, options):
        self.engine, self.strings, self.options = engine, strings, options
        self.counts = collections.Counter()
        self.failures, self.made, self.tokens = 0, set(MADE), []
        self.source = generator(options.seed, "attack")

    def fail(self, place, text, what):
        self.failures += 1
        if self.failures <= 100 or self.options.all:
            print(f"{place}: {text[:300]!r}: {what}")

    def slow(self):
        return self.options.all or self.source.random() * self.options.sample < 1

    def address(self, number):
        return f"p{number}@attack.example"

    def import_contacts(self):
        contacts = {self.address(n): {"v": text, "name": text, "first_name": text}
                    for n, text in enumerate(self.strings)}
        contacts[self.address("harmless")] = {"v": HARMLESS, "name": HARMLESS,
                                              "first_name": HARMLESS}
        answer = self.engine.ask(contacts=contacts)
        if "error" in answer:
            sys.exit(f"contacts: {answer['error']}")

    def message(self, data, campaign="spring"):
        answer = self.engine.message(data, campaign)
        if "error" in answer:
            self.failures += 1
            print(f"{data.decode()[-300:]}: {answer['error']}")
        return "error" not in answer

    def sent(self, address):
        """(the copy, its parts), or (None, the reason)."""
        answer = self.engine.render(address)
        if "copy" not in answer:
            return None, answer.get("reason") or answer.get("error")
        return parsed(answer["copy"].encode("latin-1")), answer["parts"]

    def each(self, sample=1):
        """(number, string): those made here, and of the others one in `sample`."""
        for number, text in enumerate(self.strings):
            if self.options.all or text in self.made or self.source.random() * sample < 1:
                yield number, text

    def refused(self, place, text, reason):
        """Nothing left: fine, if it is for a reason that there is."""
        rule = next((rule for rule, pattern in REFUSALS if re.search(pattern, reason)), None)
        if rule is None:
            self.fail(place, text, f"nothing leaves: {reason}")
        else:
            self.counts[f"refused: {rule}"] += 1

    # Judges

    def check_html(self, place, text, got, wanted):
        """Tags and attributes as a harmless value has them; no address of another scheme."""
        readers = [lxml_tags] + ([html5lib_tags] if text in self.made or self.slow() else [])
        for read in readers:
            tags = read(got)
            self.counts[read.__name__] += 1
            if read in wanted and structure(tags) != wanted[read]:
                self.fail(place, text, f"{read.__name__}: other tags: {difference(structure(tags), wanted[read])}")
                return
            for address in addresses_of(tags):
                scheme = scheme_of(address)
                if scheme is not None and scheme not in SCHEMES:
                    self.fail(place, text, f"{read.__name__}: an address {address[:80]!r}")

    def check_fields(self, text, message, wanted, recipient):
        if message.defects:
            self.fail("fields", text, f"{message.defects}")
        names = [name.lower() for name in message.keys()]
        if names != wanted:
            self.fail("fields", text, f"fields {names}, expected {wanted}")
        for name in "From", "Reply-To", "To":
            expected = {"From": "news@shop.example", "Reply-To": "r@shop.example",
                        "To": recipient}[name]
            value = re.sub(r"\r?\n", "", str(message[name]))
            found = [address for _, address in email.utils.getaddresses([value])]
            if self.slow():
                self.counts["addresses read twice"] += 1
                modern = email.policy.SMTP.header_factory(name, value)
                found = found if found == [a.addr_spec for a in modern.addresses] else []
            if found != [expected]:
                self.fail(name, text, f"{value!r} is read as {found}")
        bare = [re.sub(r"\r?\n(?=[ \t])", "", str(value)) for value in message.values()]
        if any(re.search(r"[\0-\x08\n-\x1f\x7f]", value) for value in bare):
            self.fail("fields", text, "a control character in a field")


def difference(got, wanted):
    for one, two in zip(got, wanted):
        if one != two:
            return f"{one}, expected {two}"
    return f"{len(got)} tags, expected {len(wanted)}: {(got + wanted)[min(len(got), len(wanted))]}"


def html_of(parts, kind="html"):
    """HTML as a browser gets it, our pixel aside."""
    return [PIXEL.sub("", utf8(text)) for found, text in parts if found == kind]


def value(place):
    return (place % ((("{{ contact.v }}",) * place.count("%s")) or ())) if "%" in place else place


HEAD = b"From: Shop <news@shop.example>\nSubject: s\nMIME-Version: 1.0\n"


def html_message(body):
    return HEAD + b"Content-Type: text/html; charset=utf-8\n\n" + body.encode() + b"\n"


# --- places ---

def mixed_message():
    """A value in fields, text, HTML, AMP and calendar."""
    document = "\n".join(value(place) for place in PLACES)
    return f"""\
From: "{{{{ contact.v }}}}" <news@shop.example>
Reply-To: "{{{{ contact.v }}}}" <r@shop.example>
Subject: Hi {{{{ contact.v }}}} there {{{{ contact.v | upcase }}}}
Comments: {{{{ contact.v }}}}
X-Note: a {{{{ contact.v | strip_html }}}} b
Organization: {{{{ contact.v }}}}{{{{ contact.v }}}}
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b1

--b1
Content-Type: text/plain; charset=utf-8

[{{{{ contact.v }}}}]
--b1
Content-Type: text/x-amp-html; charset=utf-8

<!doctype html><html amp4email><body>
{document}
</body></html>
--b1
Content-Type: text/html; charset=utf-8

<!doctype html><html><body>
{document}
</body></html>
--b1
Content-Type: text/calendar; charset=utf-8

BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
SUMMARY:{{{{ contact.v }}}}
ATTENDEE;CN="{{{{ contact.v }}}}";ROLE={{{{ contact.v }}}}:mailto:a@shop.example
DESCRIPTION:{{{{ contact.v | newline_to_br }}}}
END:VEVENT
END:VCALENDAR
--b1--
""".encode()


def ical_lines(text):
    """Names of content lines, unfolded, with the number of their parameters."""
    names = []
    for line in re.sub("\r?\n[ \t]", "", text).split("\n"):
        bare = re.sub('"[^"]*"', "", line).split(":")[0]
        names.append((bare.split(";")[0], bare.count(";")))
    return names


def everywhere(attack):
    """Fields, text, HTML, AMP and calendar of one message."""
    if not attack.message(mixed_message()):
        return
    harmless, parts = attack.sent(attack.address("harmless"))
    wanted_fields = [name.lower() for name in harmless.keys()]
    wanted = {read: structure(read(html_of(parts)[0])) for read in (lxml_tags, html5lib_tags)}
    wanted_amp = {read: structure(read(html_of(parts, "amp")[0]))
                  for read in (lxml_tags, html5lib_tags)}
    wanted_lines = ical_lines(html_of(parts, "calendar")[0])
    for number, text in attack.each():
        message, parts = attack.sent(attack.address(number))
        attack.counts["copies"] += 1
        if message is None:
            attack.refused("everywhere", text, parts)
            continue
        attack.check_fields(text, message, wanted_fields, attack.address(number))
        if [kind for kind, _ in parts] != ["plain", "amp", "html", "calendar"]:
            attack.fail("everywhere", text, f"{[kind for kind, _ in parts]}")
            continue
        page = html_of(parts)[0]
        attack.check_html("HTML", text, page, wanted)
        attack.check_html("AMP", text, html_of(parts, "amp")[0], wanted_amp)
        lines = ical_lines(html_of(parts, "calendar")[0])
        if lines != wanted_lines:
            attack.fail("calendar", text, f"{lines}")
        as_text = re.sub("\r+\n", "\n", text)
        shown = html.unescape(re.search('<p id="t">(.*?)</p>', page, re.S).group(1))
        if re.sub("\r+\n", "\n", shown) != as_text:
            attack.fail("HTML", text, f"the value reads {shown[:80]!r}")
        plain = html_of(parts, "plain")[0]
        if re.sub("\r+\n", "\n", plain).rstrip("\n") != f"[{as_text}]":
            attack.fail("text", text, f"the value reads {plain[:80]!r}")


def filters(attack):
    """Each filter that takes text, in HTML and in fields."""
    body = "".join(f'<p title="{{{{ contact.v | {f} }}}}">{{{{ contact.v | {f} }}}}</p>\n'
                   for f in FILTERS)
    fields = "".join(f"X-F{n}: {{{{ contact.v | {f} }}}}\n" for n, f in enumerate(FILTERS))
    if not attack.message(fields.encode() + html_message(body)):
        return
    harmless, parts = attack.sent(attack.address("harmless"))
    wanted_fields = [name.lower() for name in harmless.keys()]
    # newline_to_br makes tags of its own.
    wanted = {read: [tag for tag in structure(read(html_of(parts)[0])) if tag[0] != "br"]
              for read in (lxml_tags, html5lib_tags)}
    for number, text in attack.each(5):
        message, parts = attack.sent(attack.address(number))
        attack.counts["copies"] += 1
        if message is None:
            attack.refused("filters", text, parts)
            continue
        if [name.lower() for name in message.keys()] != wanted_fields:
            attack.fail("filters", text, f"fields {message.keys()}")
        if len(html_of(parts)) != 1:
            attack.fail("filters", text, "the HTML can't be read")
            continue
        page = html_of(parts)[0]
        for read in [lxml_tags] + ([html5lib_tags] if attack.slow() else []):
            attack.counts[read.__name__] += 1
            tags = [tag for tag in structure(read(page)) if tag != ("br", [])]
            if tags != wanted[read]:
                attack.fail("filters", text, f"{read.__name__}: {difference(tags, wanted[read])}")


def addresses(attack):
    """One place for an address in each message."""
    for place in ADDRESSES:
        if not attack.message(html_message(value(place))):
            continue
        attack.engine.ask(contacts={"good@attack.example": {"v": "https://good.example/"}})
        message, parts = attack.sent("good@attack.example")
        if message is None:
            attack.refused(place, "https://good.example/", parts)
            wanted = {}
        else:
            wanted = {read: structure(read(html_of(parts)[0]))
                      for read in (lxml_tags, html5lib_tags)}
        for number, text in attack.each(attack.options.sample):
            message, parts = attack.sent(attack.address(number))
            attack.counts["copies"] += 1
            if message is None:
                attack.refused(place, text, parts)
                continue
            attack.check_html(place, text, html_of(parts)[0], wanted)


def merge_tags(attack):
    """The places of a merge tag."""
    document = "\n".join(place.replace("contact.v", "contact.first_name") % (
        ("*|FNAME|*",) * place.count("%s")) for place in PLACES)
    in_html(attack, "merge tags", b"X-Name: *|FNAME|*\nComments: *|UPPER:FNAME|*\n" +
            html_message(document + "\n<p>*|TITLE:FNAME|* *|IF:FNAME|**|FNAME|**|END:IF|*</p>"),
            attack.address, "chimp")


def in_html(attack, place, data, address_of, campaign):
    if not attack.message(data, campaign):
        return
    harmless, parts = attack.sent(address_of("harmless"))
    wanted_fields = [name.lower() for name in harmless.keys()]
    wanted = {read: structure(read(html_of(parts)[0])) for read in (lxml_tags, html5lib_tags)}
    for number, text in attack.each(attack.options.sample):
        message, parts = attack.sent(address_of(number))
        attack.counts["copies"] += 1
        if message is None:
            attack.refused(place, text, parts)
            continue
        names = [name.lower() for name in message.keys()]
        if names != wanted_fields:
            attack.fail(place, text, f"fields {names}, expected {wanted_fields}")
        attack.check_html(place, text, html_of(parts)[0], wanted)


def data_parts(attack):
    """Values that came with the message, in a part of JSON, for people nobody knows."""
    def address_of(number):
        return f"d{number}@attack.example"

    data = {address_of(number): {"v": text} for number, text in enumerate(attack.strings)}
    data[address_of("harmless")] = {"v": HARMLESS}
    data["all"] = {"v": "nobody"}
    document = "\n".join(value(place) for place in PLACES).replace("contact.v", "data.v")
    body = json.dumps(data).encode()
    if len(body) > 3 << 20:
        body = json.dumps(dict(list(data.items())[:3000] + list(data.items())[-2:])).encode()
    whole = (b"From: \"{{ data.v }}\" <news@shop.example>\nSubject: {{ data.v }}\nMIME-Version: 1.0\n"
             b"Content-Type: multipart/mixed; boundary=b1\n\n--b1\nContent-Type: text/html; "
             b"charset=utf-8\n\n" + document.encode() + b"\n--b1\n"
             b"Content-Type: application/vnd.mailtailor+json\nContent-Transfer-Encoding: base64\n\n" +
             base64.encodebytes(body) + b"--b1--\n")
    in_html(attack, "data", whole, address_of, "spring")


# --- links ---

def tidy(address):
    """As the URL standard begins to read an address."""
    return re.sub(r"[\t\r\n]", "", re.sub(r"^[\0-\x20]+|[\0-\x20]+$", "", address))


def hrefs(parts):
    """What html5lib reads as addresses of links; NUL and CR can't stand in what is compared."""
    return [dict(attributes).get("href") for name, attributes in html5lib_tags(html_of(parts)[0])
            if name == "a"]


def check_target(attack, place, text, got, address):
    """A token leads to exactly `address`; what is none says what the author wrote."""
    match = TOKEN.fullmatch(got or "")
    if match is None:
        attack.counts["links left alone"] += 1
        if scheme_of(address) in ("http", "https") and len(address.encode()) <= 2000 and \
                re.match(r"(?i)https?:[/\\]{2}[^/?#\\]", address) and address.isprintable():
            attack.fail(place, text, f"is not tracked, but reads {got!r}")
        if tidy(got or "") != address:
            attack.fail(place, text, f"reads {got!r}")
        return
    attack.counts["tokens read"] += 1
    target = attack.engine.target(got.removeprefix(BASE))
    if target is None or target.decode() != address:
        attack.fail(place, text, f"leads to {target!r}")
    attack.tokens.append(got.removeprefix(BASE))


def in_attribute(text):
    """As an author would write it who knows what references are."""
    return re.sub("[\\r\\n{}*|]", lambda match: f"&#{ord(match.group())};", html.escape(text))


def static_links(attack):
    """Each string as an address of the author's, many in one message."""
    strings = [text for text in attack.strings if "\ufeff" not in text]
    for quote in "\"", "'":
        for begin in range(0, len(strings), 400):
            some = strings[begin:begin + 400]
            body = "".join(f"<a href={quote}{in_attribute(text)}{quote}>x</a>\n" for text in some)
            if not attack.message(html_message(body)):
                continue
            message, parts = attack.sent(attack.address("harmless"))
            if message is None:
                attack.fail("static links", some[0], parts)
                continue
            found = hrefs(parts)
            if len(found) != len(some):
                attack.fail("static links", some[0], f"{len(found)} links, expected {len(some)}")
                continue
            for text, got in zip(some, found):
                check_target(attack, "static link", text, got, tidy(text))


def dynamic_links(attack):
    """Each string as a whole address, and as a part of one."""
    body = '<a href="https://shop.example/?q={{ contact.v | url_encode }}">x</a>' \
        "<a href='https://shop.example/{{ contact.v }}'>x</a>"
    if attack.message(html_message(body)):
        for number, text in attack.each():
            message, parts = attack.sent(attack.address(number))
            attack.counts["copies"] += 1
            if message is None:
                attack.refused("dynamic link", text, parts)
                continue
            one, two = re.findall(r"<a href=[\"'](.*?)[\"']>", html_of(parts)[0])
            query = "https://shop.example/?q=" + \
                urllib.parse.quote_plus(text).replace("~", "%7E")
            check_target(attack, "in a query", text, html.unescape(one), query)
            check_target(attack, "in a path", text, html.unescape(two),
                         tidy("https://shop.example/" + text))
    if attack.message(html_message('<a href="{{ contact.v }}">x</a>')):
        for number, text in attack.each():
            message, parts = attack.sent(attack.address(number))
            attack.counts["copies"] += 1
            if message is None:
                attack.refused("whole link", text, parts)
                continue
            got = re.search('<a href="(.*?)">', html_of(parts)[0], re.S).group(1)
            check_target(attack, "whole link", text, html.unescape(got), tidy(text))


def tampered(token, source):
    path, letters = token[:3], token[3:]
    at = source.randrange(len(letters))
    other = source.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    return source.choice([
        path + letters[:at] + other + letters[at + 1:], path + letters[:at], path + letters + other,
        path + letters[at:] + letters[:at], path + letters[:at] + "%41" + letters[at:],
        source.choice(["/o/", "/u/", "/p/", "/v/", "/C/", "/", "//c/"]) + letters, token + "=",
        token + "/", token + "?x", path + letters + letters, path + letters.swapcase(),
        path + letters[:at] + letters[at + 1:], " " + token, token + "\n", token + "/../x",
    ])


def tokens(attack):
    """No other token than those that were made leads anywhere."""
    made = set(attack.tokens)
    for _ in range(20000 if attack.options.all else 2000):
        token = tampered(attack.source.choice(attack.tokens), attack.source)
        if token in made:
            continue
        attack.counts["tokens tampered with"] += 1
        if attack.engine.target(token) is not None:
            attack.fail("token", token, "was accepted")
    for text in attack.strings:
        for path in text, "/c/" + text, "/c/" + base64.urlsafe_b64encode(text.encode()).decode():
            attack.counts["strings as tokens"] += 1
            if attack.engine.target(path) is not None:
                attack.fail("token", path, "was accepted")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", default="1")
    parser.add_argument("--sample", type=int, default=20)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("folders", nargs="*")
    options = parser.parse_args()
    folders = options.folders
    if not folders and os.path.isdir(CORPORA):
        folders = [os.path.join(CORPORA, name) for name in sorted(os.listdir(CORPORA))
                   if name.startswith("attack-")]
    if not folders:
        print("no attack strings at", CORPORA)
        return 77
    strings, read = read_strings(folders, options.all)
    with Engine() as engine:
        attack = Attack(engine, strings, options)
        attack.import_contacts()
        for test in (everywhere, filters, addresses, merge_tags, data_parts, static_links,
                     dynamic_links, tokens):
            test(attack)
    for what, count in sorted(attack.counts.items()):
        print(f"{count:8} {what}")
    print(f"{len(strings)} strings of {read} read, {attack.failures} failures (exit {engine.status})")
    return 1 if attack.failures or engine.status or attack.counts["copies"] == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
