# SPDX-License-Identifier: BSD-2-Clause
"""What tracking did to an HTML part, undone and read by other means than ours.

The tokens are opened by Python's cryptography package, addresses are read by html5lib; the
layout of a token is that of milter/link/link.h.
"""

import base64
import re
import sqlite3

import html5lib
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

CLICK, CLICK_TO, OPEN = 1, 2, 3
FIXED = {CLICK: 21, CLICK_TO: 21, OPEN: 17}


class Fault(Exception):
    """What is wrong, as a sentence."""


def letters(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Tokens:
    """Of one key file and one database."""

    def __init__(self, key_file, database):
        self.keys, self.database = {}, database
        with open(key_file, encoding="ascii") as file:
            for line in file:
                words = line.split()
                if words[:1] == ["key"]:
                    self.keys[int(words[1])] = AESSIV(letters(words[3]))
        self.rows = {}

    def read(self, token):
        """(kind, contact, link, address in the token)"""
        data = letters(token)
        kind = data[0] & 15
        if data[0] >> 4 != 1 or kind not in FIXED or data[1] not in self.keys:
            raise Fault(f"{token} is of a kind or key that nobody knows")
        try:
            plain = self.keys[data[1]].decrypt(data[2:], [data[:2]])
        except InvalidTag:
            raise Fault(f"{token} was not made with the key") from None
        fixed = FIXED[kind]
        link = int.from_bytes(plain[17:21], "big") if fixed == 21 else 0
        return kind, int.from_bytes(plain[4:9], "big"), link, plain[fixed:].decode()

    def target(self, token):
        """Where a click on it leads."""
        kind, _, link, address = self.read(token)
        if kind == CLICK_TO:
            return address
        if kind != CLICK:
            raise Fault(f"{token} is no click")
        if link not in self.rows:
            with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as database:
                self.rows = dict(database.execute("SELECT id, address FROM link"))
        if link not in self.rows:
            raise Fault(f"there is no link {link}")
        return self.rows[link]


def address_of(value):
    """An attribute's value as a browser reads it: entities decoded, white space around it and
    line ends in it gone. `value` as it stands, with its quotes."""
    if not any(c in value for c in "&\t\r\n\0 "):
        return value.strip("\"'")
    element = html5lib.parseFragment(f"<a href={value}>", namespaceHTMLElements=False)[0]
    text = re.sub(r"^[\0-\x20]+|[\0-\x20]+$", "", element.get("href"))
    return re.sub(r"[\t\r\n]", "", text)


def split(html, base):
    """Pieces and what stood between them: [piece, token, piece, ...], and the pixel's token. A
    tracked address without quotes has got some, which count as its own."""
    pixels = re.findall(r'<img src="' + re.escape(base) + r'/o/([\w-]+)"[^>]*>', html)
    html = re.sub(r'<img src="' + re.escape(base) + r'/o/[\w-]+"[^>]*>', "", html)
    return re.split(re.escape(base) + r"/c/([\w-]+)", html), pixels


def value_at(original, at, before):
    """(quote, value) that stands in `original` at `at`, behind `before`."""
    quote = before[-1:] if before[-1:] in ("'", '"') else ""
    end = re.compile(f"{quote}" if quote else r"[ \t\n\f>]").search(original, at)
    if not end:
        raise Fault(f"no value ends behind {original[at:at + 60]!r}")
    return quote, original[at:end.start()]


def differ_at(one, two):
    """Where, for people."""
    at = next((i for i, (a, b) in enumerate(zip(one, two)) if a != b), min(len(one), len(two)))
    return f"{one[max(0, at - 30):at + 40]!r} became {two[max(0, at - 30):at + 40]!r}"


def undo(arrived, original, tokens, base, pixel=True):
    """Raises Fault unless `arrived` is `original` but for tracked addresses, which lead to what
    stood there, and one pixel. The number of tracked links."""
    pieces, pixels = split(arrived, base)
    if len(pixels) != (1 if pixel else 0):
        raise Fault(f"{len(pixels)} pixels")
    for token in pixels:
        if tokens.read(token)[0] != OPEN:
            raise Fault("the pixel's token is of another kind")
    at, unquoted = 0, False
    for i in range(0, len(pieces), 2):
        piece = pieces[i][1:] if unquoted else pieces[i]
        last = i + 1 == len(pieces)
        unquoted = False
        if not last and not original.startswith(piece, at) and piece.endswith('"') and \
                original[at + len(piece) - 1:at + len(piece)] not in ("'", ""):
            piece, unquoted = piece[:-1], True
        found = original[at:] if last else original[at:at + len(piece)]
        if last:  # a body ends in a line end of its own, wherever the text did
            found, piece = found.rstrip("\n"), piece.rstrip("\n")
        if found != piece:
            raise Fault(differ_at(found, piece))
        at += len(piece)
        if last:
            return len(pieces) // 2
        quote, value = value_at(original, at, "" if unquoted else piece)
        at += len(value)
        wanted, leads = address_of(quote + value + quote), tokens.target(pieces[i + 1])
        if wanted != leads:
            raise Fault(f"{value!r} leads to {leads!r}")
    raise AssertionError("the last piece returns")
