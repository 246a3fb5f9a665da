#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Inputs for the fuzzers to begin with.

    seeds.py TARGET FOLDER

TARGET is the name of a fuzzer; some have none. Templates come from the unit tests and the
scenes of this repository, and from the suites in $MAILTAILOR_CORPORA where that is set; HTML,
messages, returned ones and addresses from there, too, as they are and garbled as engine_walk.py does it.
"""

import ast
import base64
import gzip
import io
import zipfile
import hashlib
import json
import os
import random
import re
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SUITES = (
    ("liquid-golden/golden_liquid.dev.json", "data", "templates"),
    ("liquid-spec/liquid_spec_portable.dev.json", "environment", "filesystem"),
)
LENGTH_MAX = 4000
FILE_MAX = 16000
PARTS_MAX = 6

NUMBERS = ["0", "1", "-1", "2.5", "-7", "1e5", "0.1", "0.000001", "9223372036854775807",
           "-9223372036854775808", "99999999999999999999", "12345678901234567890.123456789",
           "170141183460469231731687303715884105727", "3 apples", " 4", "1_000", "0x10"]
DATES = ["now", "2024-02-29T12:00:00+02:00", "March 14, 2016", "14 Mar 2016 3pm", "14.03.2016",
         "20160314T120000Z", "Thu, 14 Mar 2016 10:11:12 -0500", "12:30", "1152098955",
         "2024-12-31 23:59:60", "Fri Jul 16 01:00:00 2004", "0000-01-01", "9999-12-31 EST"]
FORMATS = ["%a %A %b %B %c %C %d %D %e %F", "%g %G %h %H %I %j %k %l %L %m %M %n %N %p %P",
           "%r %R %s %S %t %T %u %U %v %V %w %W %x %X %y %Y %z %Z %%", "%-d %_m %^b %#p %10N %:z %::z",
           "%010Y %3S %E %Oy %!", "%1024B", "%99999999d", "%"]


FEEDS = [
    '<rss xmlns:g="http://base.google.com/ns/1.0"><channel><item><g:id>1</g:id><title>A</title>'
    '<g:price>1.50 EUR</g:price><g:shipping><g:price>2 EUR</g:price></g:shipping></item></channel>'
    '</rss>',
    '<?xml version="1.0" encoding="ISO-8859-1"?><feed xmlns="http://www.w3.org/2005/Atom"><entry>'
    '<id>1</id><title>A</title><link href="https://a.example/"/></entry></feed>',
    '<!DOCTYPE a [<!ENTITY b "c">]><products><product><id>&b;</id></product></products>',
]
ITEMS = ['[{"id":1,"title":"A","price":1.5,"tags":["a","b"]}]',
         '{"products":[{"offerId":"1","title":"A","price":{"value":"1","currency":"EUR"}}]}']
CALLS = ['{"type":"identify","userId":"1","messageId":"m","traits":{"email":"a@b.example",'
         '"firstName":"A","address":{"city":"B"},"locale":"de"}}',
         '{"type":"track","event":"E","anonymousId":"1","timestamp":"2026-01-31T08:15:00Z",'
         '"sentAt":"2026-01-31T08:15:01Z","receivedAt":1769847300,"properties":{"a":[1.5,null]}}',
         '{"event":"E","email":"a@b.example","time":1769847300,"id":5}']
SCALARS = ["1.299,00 EUR", "\u20ac 5", "2026-01-31T09:15+0100", "1769847300250", "Image Link"]


def strings_of_c(text):
    """The string literals, neighbours joined."""
    for literals in re.findall(r'(?:"(?:[^"\\\n]|\\.)*"\s*)+', text):
        parts = re.findall(r'"(?:[^"\\\n]|\\.)*"', literals)
        try:
            yield b"".join(ast.literal_eval("b" + part) for part in parts)
        except (SyntaxError, ValueError):
            continue


def own_templates():
    for folder, suffix in (("tests/unit", ".c"), ("tests/scene", ".scene")):
        for name in sorted(os.listdir(os.path.join(TOP, folder))):
            if not name.endswith(suffix):
                continue
            with open(os.path.join(TOP, folder, name), encoding="utf-8") as file:
                text = file.read()
            if suffix == ".c":
                yield from (s for s in strings_of_c(text) if b"{{" in s or b"{%" in s)
            else:
                yield from (b.encode() for b in re.split(r"(?m)^(?=scene )", text) if "{{" in b)


def suite_cases():
    """Template, data as JSON, partials."""
    corpora = os.environ.get("MAILTAILOR_CORPORA", "")
    for path, data, files in SUITES:
        path = os.path.join(corpora, path)
        if not corpora or not os.path.exists(path):
            continue
        with open(path, encoding="utf-8") as file:
            tests = json.load(file)["tests"]
        for test in tests:
            template = test["template"]
            partials = []
            found = test.get(files)
            for name, text in (found.items() if isinstance(found, dict) else ()):
                name = name.removesuffix(".liquid")
                if not isinstance(text, str) or len(partials) == PARTS_MAX:
                    continue
                partials.append(text)
                template = re.sub(r"(['\"])%s\1" % re.escape(name), "'p%d'" % len(partials),
                                  template)
            yield (template.encode(), json.dumps(test.get(data) or {}).encode(),
                   [p.encode() for p in partials])


def corpus_files():
    """(bytes, is it a message, does it hold HTML) of what is short enough."""
    sys.path.insert(0, os.path.join(TOP, "tests", "corpus"))
    import engine_walk
    corpora, source = os.environ.get("MAILTAILOR_CORPORA", ""), random.Random(1)
    for _, data in engine_walk.read_documents([corpora] if corpora else []):
        if len(data) <= FILE_MAX:
            kinds = bool(engine_walk.FIELD.match(data)), bool(engine_walk.TAG.search(data))
            yield (data, *kinds)
            yield (engine_walk.mutated(data, source)[:2 * FILE_MAX], *kinds)


def attack_strings():
    folder = os.path.join(os.environ.get("MAILTAILOR_CORPORA", ""), "attack-fuzzdb")
    for where, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(where, name), "rb") as file:
                yield from file.read().split(b"\n")


def file_seeds(target):
    if target == "link_fuzz":
        for line in attack_strings():
            yield from (bytes([check]) + line for check in range(7))
    else:
        for data, message, markup in corpus_files():
            if message and target == "mime_fuzz" or markup and target == "html_fuzz":
                yield data


def returned_messages():
    corpora = os.environ.get("MAILTAILOR_CORPORA", "")
    for folder in sorted(os.listdir(corpora)) if corpora else ():
        if not folder.startswith(("bounces-", "arf-")):
            continue
        for root, _, names in os.walk(os.path.join(corpora, folder)):
            for name in sorted(names):
                with open(os.path.join(root, name), "rb") as file:
                    yield file.read()


DMARC = b"""<?xml version="1.0"?>
<feedback><report_metadata><org_name>Example</org_name><report_id>1</report_id>
<date_range><begin>1700000000</begin><end>1700086400</end></date_range></report_metadata>
<policy_published><domain>shop.example</domain><p>reject</p></policy_published>
<record><row><source_ip>2001:db8::1</source_ip><count>2</count><policy_evaluated>
<disposition>none</disposition><dkim>pass</dkim><spf>fail</spf></policy_evaluated></row>
<identifiers><header_from>shop.example</header_from></identifiers></record></feedback>
"""


def dmarc_reports():
    """Plain, packed, and as the mail that brings it."""
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("r.xml", DMARC)
    for packed in (DMARC, gzip.compress(DMARC), zipped.getvalue()):
        yield packed
        yield (b"From: d@x.example\nContent-Type: application/octet-stream\n"
               b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(packed))


def web_requests():
    """Of each route with each method, form and field; see tests/http/routes.py."""
    sys.path.insert(0, os.path.join(TOP, "tests", "http"))
    import routes
    mark = b"<zq'\"x>"
    for route in routes.ROUTES:
        path = route.path.encode()
        for method in routes.METHODS:
            head = method.encode() + b" " + path + b" HTTP/1.1\r\nHost: a\r\n"
            yield head + b"\r\n"
            yield head + b"Transfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\n\r\n"
        for name in routes.FIELDS:
            yield (b"GET " + path + b"?a=" + mark + b" HTTP/1.1\r\nHost: a\r\n" + name.encode()
                   + b": " + mark + b"\r\n\r\n")
        for name, value in route.forms.items():
            for text in (value.encode(), mark, b""):
                body = name.encode() + b"=" + text
                yield (b"POST " + path + b" HTTP/1.1\r\nHost: a\r\nContent-Type: application/"
                       b"x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def log_lines():
    with open(os.path.join(TOP, "tests", "unit", "maillog_test.c"), encoding="utf-8") as file:
        for text in strings_of_c(file.read()):
            if b"MESSAGE" in text:
                yield text
            elif b"[1]: A6FD" in text:
                yield b"Nov 22 20:19:15 relay postfix/" + text + b"\n"
            elif b"to=<" in text or b"from=<" in text:
                yield b"Nov 22 20:19:15 relay sm-mta[7]: 5ALKJFxx000123: " + text + b"\n"


def seeds(target):
    if target == "web_fuzz":
        yield from web_requests()
        return
    if target == "maillog_fuzz":
        yield from log_lines()
        return
    if target == "intake_fuzz":
        for choice, texts in enumerate((FEEDS, ITEMS, CALLS, SCALARS)):
            yield from (bytes([choice]) + text.encode() for text in texts)
        for text in (*CALLS, '{"batch": [%s], "sentAt": "2026-01-31T08:15:00Z"}' % CALLS[0]):
            yield b"\4\0" + text.encode()
            yield b"\4\1" + gzip.compress(text.encode(), mtime=0)
        return
    if target == "delivery_fuzz":
        yield from returned_messages()
        return
    if target == "dmarc_fuzz":
        yield from dmarc_reports()
        return
    if target == "liquid_scalar_fuzz":
        for a in NUMBERS:
            yield from (b"\0" + (a + "\x1e" + b).encode() for b in NUMBERS)
        for a in DATES:
            yield from (b"\1" + (a + "\x1e" + b).encode() for b in FORMATS)
        return
    cases = [(t, b"{}", []) for t in own_templates()] + list(suite_cases())
    for template, data, partials in cases:
        if target == "liquid_compile_fuzz":
            yield b"\0" + b"\x1e".join([template, *partials])
        elif target == "liquid_render_fuzz":
            flags = b"\2" if b"layout" in template else b"\0"
            yield flags + b"\x1e".join([template, data, *partials])


def main(target, folder):
    os.makedirs(folder, exist_ok=True)
    from_files = target in ("html_fuzz", "mime_fuzz", "link_fuzz")
    for seed in file_seeds(target) if from_files else seeds(target):
        if from_files or len(seed) <= LENGTH_MAX:
            with open(os.path.join(folder, hashlib.sha1(seed).hexdigest()), "wb") as file:
                file.write(seed)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
