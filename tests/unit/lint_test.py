#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""lint_test: mailtailor lint, called as an administrator does.

For each check a message in which it must find something, and a near twin in which it must
not. Newsletters that are not in this repository are found by MAILTAILOR_CORPORA (default
../shared/data beside the source tree); those cases are skipped without it."""

import base64
import glob
import json
import os
import pty
import quopri
import re
import shutil
import subprocess
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
TOOL = os.path.join(os.environ.get("MAILTAILOR_BUILD", os.getcwd()), "mailtailor")
CORPORA = os.environ.get("MAILTAILOR_CORPORA", os.path.join(TOP, "..", "shared", "data"))

OK, WARNING, USAGE, DATAERR, NOINPUT, IOERR = 0, 1, 64, 65, 66, 74

CONF = """
database = "mailtailor.db"
campaign "spring" { description = "Spring sale" data = "%s" }
campaign "strict" { missing = "fail" }
campaign "later" { missing = "defer" }
campaign "chimp" { merge_tags = "mailchimp" }
campaign "folder" { templates = "templates" }
campaign "apart" { sender = {"bounce@mailer.example"} }
campaign "together" { sender = {"bounce@mail.shop.example"} }
campaign "law" { unsubscribe_address = "leave@shop.example" postal_address = "Shop, 1 Main Street" }
campaign "hard" {
    strict = yes
    unsubscribe_address = "leave@shop.example"
    postal_address = "Shop, 1 Main Street"
}
campaign "receipt" { kind = transactional }
dkim "shop.example" { selector = "s" key = "/nonexistent/key.pem" subdomains = yes }
dkim "co.uk" { selector = "s" key = "/nonexistent/key.pem" subdomains = yes }
"""

CONTACTS = """email,first_name,city,url,tier,markup,brace
ada@x.example,Ada,Paris,https://shop.example/ada,gold,plain,plain
bob@x.example,Bob,,/bob,,<b>fat,{{ x }}
"""

TEXT = """Spring sale for you: https://shop.example/sale
Shop, 12 Main Street, Springfield. Unsubscribe: https://shop.example/unsubscribe
"""

FOOT = ('<p>Shop, 12 Main Street, Springfield. '
        '<a href="https://shop.example/unsubscribe">Unsubscribe</a></p>')


def page(body="", head="", foot=FOOT):
    """An HTML page with nothing wrong; `body` begins in its line 5."""
    return f"""<!DOCTYPE html>
<html><head><meta name="viewport" content="width=device-width">{head}</head><body>
<div style="display:none">Spring has come to our shop</div>
<p>Spring sale: <a href="https://shop.example/sale">Have a look</a></p>
{body}
{foot}</body></html>
"""


FIELDS = {"From": "Shop <news@shop.example>", "To": "you@x.example", "X-Campaign": "spring",
          "Subject": "Spring sale", "MIME-Version": "1.0"}
# Lines of the message before the first one of the HTML part, with these fields.
BEFORE_HTML = 17


def message(html=None, text=TEXT, extra="", encoding="8bit", charset="utf-8", **fields):
    """A message; None leaves a part or a field out, `extra` is a further part."""
    fields = {**FIELDS, **{name.replace("_", "-"): value for name, value in fields.items()}}
    lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
    lines += ['Content-Type: multipart/mixed; boundary="b"', ""]
    parts = []
    for kind, content in (("plain", text), ("html", page() if html is None else html)):
        if content:
            parts.append((kind, content.rstrip("\n").encode() + b"\n"))
    result = "\n".join(lines).encode() + b"\n"
    for kind, content in parts:
        if encoding == "base64" and kind == "html":
            content = base64.encodebytes(content)
        if encoding == "quoted-printable" and kind == "html":
            content = quopri.encodestring(content)
        result += (f"--b\nContent-Type: text/{kind}; charset={charset}\n"
                   f"Content-Transfer-Encoding: {encoding if kind == 'html' else '8bit'}\n\n"
                   ).encode() + content
    return result + extra.encode() + b"\n--b--\n"


def body(markup, **more):
    return message(page(markup), **more)


WIDE = '<table width="700"><tr><td>Sale</td></tr></table>'
IMAGES = '<img src="https://shop.example/a.png" alt="">' * 12
WORDS = "<p>" + "Spring has many words to say about all that is on sale. " * 14 + "</p>"

DATA = "\n--b\nContent-Type: application/vnd.mailtailor+json\n\n%s"

# check: (where it must be found, [(the message, ...)], [(near twins)])
CASES = {
    "syntax": ([body("{{ contact.first_name | nofilter }}"), body("{% if contact.city %}x"),
                body("{% nothing %}"), message(Subject="Sale {{ contact.first_name"),
                body("{{ contact.first_name | date }}")],
               [body("{{ contact.first_name | upcase }}"),
                body("{% if contact.city %}x{% endif %}"),
                body("{% raw %}{% nothing {% endraw %}", text=TEXT)]),
    "unknown-name": ([body("{{ contcat.first_name }}"), body("{% if cmapaign.x %}x{% endif %}"),
                      message(Subject="Sale {{ first_name }}"),
                      body("{{ contact.city | default: fallback }}"),
                      body("{% liquid\nif nobody.x\necho 'a'\nendif\n%}")],
                     [body("{{ contact.first_name }}"),
                      body("{% assign first_name = contact.first_name %}{{ first_name }}"),
                      body("{% for x in campaign.list %}{{ x }}{{ forloop.index }}{% endfor %}"),
                      body("{% capture c %}a{% endcapture %}{{ c }}"),
                      body("{{ contact.first_name | slice: 0, 1 | append: 'nobody.x' }}"),
                      body("{% comment %}{{ nobody.x }}{% endcomment %}"),
                      body("{% raw %}{{ nobody.x }}{% endraw %}")]),
    "unknown-attribute": ([body("{{ contact.frist_name | default: 'x' }}"),
                           body("{% if contact.teir == 'gold' %}x{% endif %}"),
                           body("{% if campaign.nothing %}x{% endif %}")],
                          [body("{{ contact.city | default: 'x' }}"),
                           body("{% if contact.tier == 'gold' %}x{% endif %}"),
                           body("{% if contact.language %}x{% endif %}{{ contact.email }}"),
                           body("{% if campaign.offer %}x{% endif %}")]),
    "missing-value": ([body("{{ contact.city }}"), message(Subject="Sale in {{ contact.city }}")],
                      [body("{{ contact.city | default: 'town' }}"),
                       body("{% if contact.city %}{{ contact.city }}{% endif %}"),
                       body("{{ contact.first_name }}")]),
    "render": ([body("{{ 10 | divided_by: contact.zero | default: 0 }}"
                     "{% assign n = 0 %}{{ 10 | divided_by: n }}"),
                message(Reply_To="Shop <{{ contact.city }}>")],
               [body("{{ 10 | divided_by: 2 }}"), message(Reply_To="S <{{ contact.email }}>")]),
    "abort": ([body("{% unless contact.tier %}{% abort 'no tier' %}{% endunless %}")],
              [body("{% unless contact.first_name %}{% abort 'x' %}{% endunless %}")]),
    "fixed-template": ([body("x", charset="x-unknown", text="{{ contact.first_name }}")],
                       [body("x", text=TEXT + "{{ contact.first_name }}")]),
    "data": ([body("x", extra=DATA % '{"all": {"city": }}'), body("x", extra=DATA % '{"no": {}}'),
              body("x", extra=(DATA % "{}") * 2)],
             [body("{{ data.city }}", extra=DATA % '{"all": {"city": "Paris"}}'),
              body("x", text=TEXT + "application/vnd.mailtailor+json")]),
    "fixed-part": ([body("x", charset="x-unknown")], [body("x", charset="iso-8859-15")]),
    "leftover": ([body("<p>*|FNAME|*</p>"), body("{% raw %}{{ x }}{% endraw %}"),
                  body("<p>{{ contact.brace | default: 'x' }}</p>"),
                  message(Subject="Sale *|FNAME|*")],
                 [body("<style>*|*{color:red} a{b:c}}</style>"), body("<p>5 * | 6</p>"),
                  body("<p>{{ contact.first_name }}</p>")]),
    "placeholder": ([body("<p>Lorem ipsum dolor</p>"), body("Dear [First Name]"),
                     body("Dear %%name%%"), body("Dear {first_name}"),
                     message(Subject="Sale for [Name]"),
                     message(text="Dear {FirstName}\n" + TEXT)],
                    [body("<style>a {color:red} b{top}</style>"), body("Dear [Ada]"),
                     body("100%% sure %% yes"), body("{ } {1} [1] [link to us, please]"),
                     body("<p>Loremipsum</p>")]),
    "campaign": ([message(X_Campaign=None)], [message()]),
    "from": ([message(From=None), message(From="nobody"),
              message(From="Shop <{{ contact.email }}>"),
              message().replace(b"To:", b"From: b@shop.example\nTo:")],
             [message(From="{{ contact.first_name }} <news@shop.example>"),
              message(From='"A, B" <news@shop.example>')]),
    "dkim-key": ([message(From="a@other.example")], [message(From="a@SHOP.example")]),
    "dmarc-alignment": ([message(From="a@shop.co.uk"), message(From="a@x.shop.co.uk"),
                         message(From="a@b\u00fccher.co.uk"), message(From="a@x.shop.example")],
                        [message(From="a@SHOP.example"), message(From="a@other.example"),
                         message(From="a@co.uk")]),
    "spf-alignment": ([message(X_Campaign="apart"),
                       message(X_Campaign="apart", From="a@other.example")],
                      [message(X_Campaign="together"), message(),
                       message(X_Campaign="apart", From="a@MAILER.example")]),
    "subject-empty": ([message(Subject=None), message(Subject=""),
                       message(Subject="{{ contact.city | default: '' }}"),
                       message(Subject="{% if contact.city %}Sale{% endif %}")],
                      [message(Subject="{{ contact.city | default: 'Sale' }}")]),
    "subject-long": ([message(Subject="sale " * 16)],
                     [message(Subject="sale " * 15), message(Subject="é" * 78),
                      message(Subject="=?utf-8?Q?" + "=C3=A9" * 20 + "?= sale")]),
    "subject-unrelated": ([message(Subject="Something different")],
                          [message(Subject="Many springs"), message(Subject="For you and me"),
                           message(page("新春のセール開催中"), Subject="セールのお知らせ")]),
    "html-branch": ([body("{% if contact.tier %}<div>{% endif %}x"),
                     body("{% if contact.tier %}<div>{% endif %}x</div>"),
                     body("<div>{% if contact.tier %}</div>{% endif %}x"),
                     body("{% if contact.tier %}<b>{% else %}<i>{% endif %}x</b>"),
                     body("{% if contact.tier %}<b>{% endif %}x"
                          "{% if contact.city %}</b>{% endif %}"),
                     body("{% case contact.tier %}{% when 'a' %}<div>{% when 'b' %}<p>"
                          "{% endcase %}x</div>"),
                     body("<table>{% if contact.tier %}<tr><td>{% endif %}x</td></tr></table>")],
                    [body("{% if contact.tier %}<div>x</div>{% endif %}"),
                     body("{% if contact.tier %}<div class=a>{% else %}<div>{% endif %}x</div>"),
                     body("{% if contact.tier %}<b>{% endif %}x{% if contact.tier %}</b>"
                          "{% endif %}"),
                     body("{% if contact.tier %}<b>{% else %}<i>{% endif %}x"
                          "{% if contact.tier %}</b>{% else %}</i>{% endif %}"),
                     body("{% if contact.tier %}<br>{% endif %}x"),
                     body("{% if contact.tier %}<p>{% endif %}x"),
                     body("{% if contact.tier %}<a href='https://shop.example/'>{% endif %}x"
                          "{% unless contact.tier %}{% else %}</a>{% endunless %}"),
                     body("<div {% if contact.tier %}class='a'{% endif %}>x</div>"),
                     body("<!--[if mso]>{% if contact.tier %}<div>{% endif %}<![endif]-->"),
                     body("{% case contact.tier %}{% when 'a' %}<p>a</p>{% else %}<p>b</p>"
                          "{% endcase %}")]),
    "html-loop": ([body("{% for x in campaign.list %}<div>{{ x }}{% endfor %}"),
                   body("<div>{% for x in campaign.list %}{{ x }}</div>{% endfor %}")],
                  [body("{% for x in campaign.list %}<div>{{ x }}</div>{% endfor %}"),
                   body("<ul>{% for x in campaign.list %}<li>{{ x }}{% endfor %}</ul>"),
                   body("<table><tr>{% for x in campaign.list %}<td>{{ x }}</td></tr><tr>"
                        "{% endfor %}</tr></table>")]),
    "html-unclosed": ([body("<div>x"), body("<table><tr><td><b>x</td></tr></table>"),
                       body("<div><center></div>"), body("<a href='https://shop.example/'>x")],
                      [body("<div>x</div>"), body("<ul><li>x<li>y</ul><p>a<p>b"),
                       body("<table><tr><td>a<td>b<tr><td>c</table>"), body("<br><hr><img "
                            "src='https://shop.example/a.png' alt=''>x"), body("<b><i>x</b></i>"),
                       body("<!-- <div> -->"), body("<!--[if mso]><table><tr><td><![endif]-->x"),
                       body("<p><b>x</p>y</b>"), body("<div/>"),
                       body("{% comment %}{% comment %}x{% endcomment %}<div>{% endcomment %}y"),
                       body("{% raw %}x{%- endraw -%}<b>x</b>"),
                       body("<style>a:before{content:'<div>'}</style>")]),
    "html-stray-end": ([body("x</div>"), body("x</span>"), body("<table></td></table>"),
                        body("<div><table><tr><td></div></td></tr></table></div>")],
                       [body("<div>x</div>"), body("x</p>"), body("<!-- </div> -->"),
                        body("<!--[if mso]></td></tr></table><![endif]-->x"),
                        body("<script>'</div>'</script>")]),
    "html-value": ([body("{{ contact.markup | raw }}")],
                   [body("{{ contact.markup }}"), body("<p>{{ '<b>x</b>' | raw }}</p>")]),
    "html-limit": ([body("<div>" * 1500 + "</div>" * 1500)],
                   [body("<div>" * 400 + "</div>" * 400)]),
    "tag-in-comment": ([body("<!-- {{ contact.first_name }} -->"),
                        body("<!-- {% if contact.tier %}x{% endif %} -->")],
                       [body("<!--[if mso]>{{ contact.first_name }}<![endif]-->"),
                        body("{% comment %}<!-- {{ contact.first_name }} -->{% endcomment %}"),
                        body("<!-- x -->{{ contact.first_name }}")]),
    "tag-in-name": ([body("<p {{ contact.first_name }}>x</p>"),
                     body("<p cl{% if contact.tier %}ass{% endif %}='a'>x</p>"),
                     body("<{{ contact.first_name }}>x")],
                    [body("<p class='{{ contact.first_name }}'>x</p>"),
                     body("<p class={{ contact.first_name }}>x</p>"),
                     body("<p {% if contact.tier %}class='a'{% endif %}>x</p>"),
                     body("<p{% if contact.tier %} class='a'{% endif %}>x</p>"),
                     body("<p title='a {{ contact.first_name }} b > c'>x</p>")]),
    "preheader": ([message(page().replace('<div style="display:none">Spring has come to our '
                                          'shop</div>', ""))],
                  [message(page().replace('<div style="display:none">',
                                          '<div class="preheader">'))]),
    "unsubscribe": ([message(page(foot="<p>12 Main Street</p>"))],
                    [message(page(foot='<p>12 Main Street <a href="https://shop.example/">' +
                                  word + "</a></p>"))
                     for word in ("Abmelden", "Se désabonner", "Darse de baja", "Отписаться",
                                  "取消订阅", "Uitschrijven", "OPT OUT")] +
                    [message(html="", text=TEXT)]),
    "postal-address": ([message(page(foot='<a href="https://shop.example/unsubscribe">Unsubscribe'
                                     '</a> Call us 24 hours a day, 7 days a week. 50% off!'))],
                       [message(page(foot='<a href="https://shop.example/unsubscribe">Unsubscribe'
                                     '</a> ' + address))
                        for address in ("Hauptstraße 5, 10115 Berlin", "3 rue de la Paix, Paris",
                                        "Calle Mayor 5, Madrid", "Via Roma 1, Torino",
                                        "Kerkstraat 9, 1017 GA Amsterdam", "P.O. Box 77",
                                        "San Francisco, CA 94103", "London SW1A 1AA",
                                        "〒100-0001 東京都千代田区", "ul. Długa 4, Warszawa",
                                        "{{ 'Main Street 12, 12 Main Street' }}")]),
    "action": ([message(page().replace('<a href="https://shop.example/sale">Have a look</a>',
                                       '<a href="https://facebook.com/shop">Like us</a>'))],
               [message()]),
    "alt": ([body('<img src="https://shop.example/a.png" width="200">')],
            [body('<img src="https://shop.example/a.png" alt="Sale">'),
             body('<img src="https://shop.example/a.png" alt="">'),
             body('<img src="https://shop.example/a.png" alt>'),
             body('<img src="https://shop.example/p.png" width="1" height="1">'),
             body('<!-- <img src="x"> -->')]),
    "viewport": ([message(page().replace('name="viewport"', 'name="author"'))], [message()]),
    "fixed-width": ([body(WIDE), body('<div style="width: 640px">x</div>'),
                     body('<td style="min-width:700px">')],
                    [body(WIDE.replace("700", "600")), body(WIDE.replace("700", "100%")),
                     body('<div style="width:100%;max-width:640px">x</div>'),
                     body('<img src="https://shop.example/a.png" alt="" width="1200" '
                          'style="width:100%">'),
                     message(page(WIDE.replace("<table", '<table class="c"'),
                                  "<style>@media (max-width:600px){.c{width:100%}}</style>"))]),
    "image-heavy": ([body(IMAGES),
                     message(extra="\n--b\nContent-Type: image/png\nContent-Transfer-Encoding: "
                             "base64\n\n" + ("A" * 76 + "\n") * 8000)],
                    [body(IMAGES + WORDS), body("<img src='https://shop.example/i.png' alt='' "
                                                "width='16'>" * 12),
                     message(extra="\n--b\nContent-Type: image/png\nContent-Transfer-Encoding: "
                             "base64\n\n" + ("A" * 76 + "\n") * 100)]),
    "size": ([body(WORDS * 160)], [body(WORDS * 90)]),
    "text-missing": ([message(text=None)], [message()]),
    "text-unrelated": ([message(text="Nothing here resembles whatever others wrote, "
                                "completely separate material")],
                       [message(), message(text="See online")]),
    "link-malformed": ([body('<a href="sale.html">x</a>'), body('<a href="https://">x</a>'),
                        body('<a href="javascript:alert(1)">x</a>'),
                        body('<a href="https:/shop.example/">x</a>'),
                        body('<a href="https://shop.example/a b">x</a>'),
                        body('<img src="/a.png" alt="">'),
                        body('<a href="{{ contact.url }}">x</a>')],
                       [body('<a href="https://shop.example/a%20b?x=1&amp;y=[2]#z">x</a>'),
                        body('<a href="mailto:a@x.example">x</a> <a href="tel:+491">y</a>'),
                        body('<img src="cid:a" alt=""><img src="data:image/png;base64,AA" alt="">'),
                        body('<a href="https://shop.example/{{ contact.city | url_encode }}">x'
                             '</a>'), body('<a href="https://é.example/ü">x</a>')]),
    "link-empty": ([body('<a href="">x</a>'), body('<a href="#">x</a>'),
                    body('<a href="{% if contact.city %}https://shop.example/{% endif %}">x</a>')],
                   [body('<a name="top">x</a><a href="#top">up</a>')]),
    "link-insecure": ([body('<a href="http://shop.example/">x</a>'),
                       body('<img src="HTTP://shop.example/a.png" alt="">'),
                       message(text=TEXT + "http://shop.example/"),
                       body('<a href="http{{ "" }}://shop.example/">x</a>')],
                      [body('<a href="https://shop.example/?u=http://x.example/">x</a>'),
                       body("<p>http is a protocol</p>")]),
    "link-ip": ([body('<a href="https://192.0.2.1/x">x</a>'),
                 body('<a href="https://[2001:db8::1]/x">x</a>'),
                 body('<a href="https://3221225985/x">x</a>')],
                [body('<a href="https://192.0.2.1.shop.example/x">x</a>')]),
    "link-host": ([body('<a href="https://shop.example/">www.bank.example</a>'),
                   body('<a href="https://shop.example/">https://bank.example/login</a>'),
                 body('<a href="https://other.co.uk/">www.shop.co.uk</a>')],
                  [body('<a href="https://www.shop.example/">shop.example</a>'),
                   body('<a href="https://a.shop.co.uk/">www.shop.co.uk</a>'),
                 body('<a href="https://www.ibm.com/">ibm.com</a> '
                      '<a href="https://aib.ie/">www.aib.ie</a>'),
                   body('<a href="https://shop.example/">Version 2.0</a>'),
                   body('<a href="https://shop.example/">report.pdf</a>'),
                   body('<a href="mailto:a@shop.example">a@bank.example</a>'),
                   body('<a href="https://shop.example/">{{ contact.first_name }}</a>')]),
}


class Lint(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="mailtailor.")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        os.mkdir(os.path.join(cls.folder, "templates"))
        cls.conf = cls.write("mailtailor.conf", CONF % cls.write(
            "data.json", json.dumps({"list": [1, 2], "offer": "Sale"})))
        cls.call("contacts", "import", "-", "--quiet", input=CONTACTS.encode())

    @classmethod
    def write(cls, name, content):
        path = os.path.join(cls.folder, name)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return path

    @classmethod
    def call(cls, *arguments, input=b"", seconds=120):
        return subprocess.run([TOOL, "-c", cls.conf, *arguments], input=input,
                              capture_output=True, timeout=seconds, check=False)

    def lint(self, message, *arguments):
        """The JSON object."""
        done = self.call("lint", "-", "--json", *arguments, input=message)
        self.assertIn(done.returncode, (OK, WARNING, DATAERR), done.stderr.decode())
        self.assertEqual(done.stderr, b"")
        return json.loads(done.stdout)

    def names(self, message, *arguments):
        return {finding["name"] for finding in self.lint(message, *arguments)["findings"]}

    def find(self, name, message, *arguments):
        return [finding for finding in self.lint(message, *arguments)["findings"]
                if finding["name"] == name]


class Checks(Lint):
    def test_a_good_message(self):
        self.assertEqual(self.lint(message())["findings"], [])
        self.assertEqual(self.call("lint", "-", input=message()).stdout,
                         b"0 errors, 0 warnings, 0 infos\n")

    def test_each_check(self):
        for name, (faulty, twins) in CASES.items():
            for i, text in enumerate(faulty):
                with self.subTest(name, faulty=i):
                    self.assertIn(name, self.names(text), text.decode()[-1500:])
            for i, text in enumerate(twins):
                with self.subTest(name, twin=i):
                    self.assertEqual(self.find(name, text), [], text.decode()[-1500:])

    def test_no_contacts(self):
        self.assertIn("no-contacts",
                      self.names(body("{{ contact.first_name }}"), "--contacts", "0"))
        self.assertNotIn("no-contacts", self.names(body("{{ contact.first_name }}")))
        self.assertNotIn("no-contacts", self.names(message(), "--contacts", "0"))

    def table(self):
        rows = [line.split("\t") for line in
                self.call("lint", "--checks").stdout.decode().splitlines()]
        return {row[0]: row[1] for row in rows}

    def test_each_check_has_a_case(self):
        self.assertEqual(set(self.table()), set(CASES) | {"no-contacts"})

    def test_manual_lists_the_checks(self):
        with open(os.path.join(TOP, "milter", "ctl", "mailtailor.8"), encoding="utf-8") as file:
            section = file.read().partition(".Ss lint")[2].partition("\n.Ss ")[0]
        self.assertEqual(dict(re.findall(r"^\.It Cm ([a-z-]+) Pq (\w+)", section, re.M)),
                         self.table())

    def test_severities(self):
        table = self.table()
        for name, (faulty, _) in CASES.items():
            with self.subTest(name):
                self.assertEqual(self.find(name, faulty[0])[0]["severity"], table[name])


class Law(Lint):
    """By the engine's own rule, where the configuration knows what is to be there."""
    LINK = '<a href="{{ links.unsubscribe }}">Leave</a>'
    TEXT = "Spring sale in our shop: {{ campaign.postal_address }} {{ links.unsubscribe }}\n"

    def findings(self, campaign, foot, text=TEXT):
        text = message(page(foot=foot), text=text)
        return [(finding["name"], finding["severity"], finding["text"])
                for finding in self.lint(text, "--campaign", campaign)["findings"]
                if finding["name"] in ("unsubscribe", "postal-address")]

    def test_both_are_there(self):
        for campaign in ("law", "hard"):
            self.assertEqual(self.findings(campaign, "<p>Shop<br>1 Main Street</p>" + self.LINK), [])

    def test_the_footer_helps(self):
        self.assertEqual(self.findings("law", "<p>{{ campaign.postal_address }}</p>"), [
            ("unsubscribe", "info",
             "the HTML part 2 has no link to unsubscribe that can be seen: it gets the footer")])
        # What a guess by words would take for both.
        self.assertEqual(self.findings("law", "<p>12 Main Street</p>"
                                       '<a href="https://shop.example/unsubscribe">Unsubscribe</a>',
                                       text="unsubscribe at https://x.example, 12 Main Street"), [
            ("unsubscribe", "info",
             "the text part 1 has no link to unsubscribe that can be seen: it gets the footer"),
            ("postal-address", "info", "the text part 1 has no postal address: it gets the footer"),
            ("unsubscribe", "info",
             "the HTML part 2 has no link to unsubscribe that can be seen: it gets the footer"),
            ("postal-address", "info", "the HTML part 2 has no postal address: it gets the footer")])

    def test_strict(self):
        self.assertEqual(self.findings("hard", "<p hidden>Shop, 1 Main Street</p>" + self.LINK), [
            ("postal-address", "error", "the HTML part 2 has no postal address: the message would "
                                        "be refused (strict)")])

    def test_transactional(self):
        self.assertEqual(self.findings("receipt", "", text="Thank you"), [])

    def test_nothing_is_configured(self):
        self.assertEqual(self.findings("later", "<p>x</p>", text="x"), [
            ("unsubscribe", "warning",
             "a link to unsubscribe was expected; without tracking_url and unsubscribe_address no "
             "footer has one"),
            ("postal-address", "warning", "a postal address of the sender was expected")])


class Places(Lint):
    def test_lines_of_the_message(self):
        markup = "<p>é\n<img src='https://shop.example/a.png'>\n</p>"
        for encoding in ("8bit", "quoted-printable"):
            with self.subTest(encoding):
                text = body(markup, encoding=encoding)
                finding, = self.find("alt", text)
                self.assertIn(b"<img", text.split(b"\n")[finding["line"] - 1])
                self.assertEqual((finding["part"], finding["part_line"]), (2, 6))

    def test_soft_line_breaks(self):
        text = body("<p>" + "x" * 300 + "\n</p>\n<img src='https://shop.example/a.png'>",
                    encoding="quoted-printable")
        finding, = self.find("alt", text)
        self.assertIn(b"<img", text.split(b"\n")[finding["line"] - 1])
        self.assertEqual(finding["part_line"], 7)

    def test_base64_has_lines_of_the_part(self):
        text = body("<img src='https://shop.example/a.png'>", encoding="base64")
        finding, = self.find("alt", text)
        self.assertEqual((finding["part"], finding["part_line"]), (2, 5))
        self.assertIn(b"part 2 line 5: ", self.call("lint", "-", input=text).stdout)
        self.assertEqual(text.split(b"\n")[finding["line"] - 2], b"")

    def test_all_syntax_errors(self):
        found = self.find("syntax", body(
            "{{ contact.first_name | one }}\n{{ 'a }}\n{% two %}\n{% if ~ %}a{% else %}b{% endif %}"
            "\n{% for x y %}{% endfor %}\n{{ contact.city | three }}",
            Subject="{{ contact.first_name | four }} {{ contact.city | five }}"))
        self.assertEqual([(f["line"], f["part_line"]) for f in found],
                         [(4, None), (4, None)] +
                         [(BEFORE_HTML + 5 + i, 5 + i) for i in range(6)])
        self.assertIn("part 2:5:", found[2]["text"])
        self.assertIn("Subject:1:", found[0]["text"])

    def test_what_the_daemon_refuses_too(self):
        found = self.find("syntax", body(
            "x\n<p class={% if contact.city %}{{ contact.city }} id=a{% endif %}>y</p>"))
        self.assertEqual(len(found), 1)
        self.assertIn("part 2:6:10: the attribute's value has no quotes", found[0]["text"])

    def test_crlf_is_no_matter(self):
        text = body("<img src='https://shop.example/a.png'>")
        self.assertEqual(self.find("alt", text),
                         self.find("alt", text.replace(b"\n", b"\r\n")))

    def test_computed_link(self):
        finding, = self.find("link-malformed", body(
            '<a href="https://shop.example/{{ contact.city | url_encode }}">x</a>\n'
            '<a href="{{ contact.url }}">x</a>'))
        self.assertEqual((finding["part_line"], finding["contacts"], finding["example"]),
                         (6, 1, "bob@x.example"))

    def test_html_of_all_kinds(self):
        """What is written is found, whatever a parser would add or leave out."""
        image = "<img src='https://shop.example/a.png'>"
        for markup in ("<p>x</p>" + image, "x <p>y" + image, image, "<td>" + image + "<tr>",
                       "<html><body>x</body></html>\n" + image, "<head></head>" + image,
                       "<meta http-equiv='Content-Type' content='text/html; charset=utf-16'>é" +
                       image, "<?xml version='1.0'?><html xmlns='x'>" + image,
                       "<![if !mso]>" + image + "<![endif]>", "<p a='<b>' c=<d>>" + image,
                       "<!--[if mso]>x<![endif]-->" + image, "<title>é</title><p/><br / >" + image,
                       "<style>p{}</style><script>'<p>'</script>" + image, "&lt;&nbsp;&#233;" + image,
                       "<a\nhref='https://shop.example/'\n>" + image + "</a>", "<P>" + image.upper()):
            with self.subTest(markup):
                finding, = self.find("alt", message(markup + "\n"))
                line = 1 + markup.lower().partition("<img")[0].count("\n")
                self.assertEqual(finding["part_line"], line)

    def test_header(self):
        finding, = self.find("subject-long", message(Subject="sale " * 20))
        self.assertEqual((finding["header"], finding["line"], finding["part"]),
                         ("Subject", 4, None))


class Contacts(Lint):
    def test_share(self):
        finding, = self.find("missing-value", body("{{ contact.city }} {{ contact.city }}",
                                                   Subject="Sale in {{ contact.city }}"))
        self.assertEqual((finding["contacts"], finding["share"], finding["example"],
                          finding["header"]), (1, 0.5, "bob@x.example", "Subject"))
        out = self.call("lint", "-", input=body("{{ contact.city }}")).stdout.decode()
        self.assertRegex(out, r"\(1 of 2 contacts, 50\.0 %; bob@x\.example\) \[missing-value\]")

    def test_all_variables_of_one_contact(self):
        found = self.find("missing-value", body("{{ contact.city }} {{ contact.tier }}"))
        self.assertEqual(len(found), 2)

    def test_what_the_campaign_says(self):
        for campaign, severity, word in (("spring", "warning", "nothing"),
                                         ("strict", "error", "fail"),
                                         ("later", "error", "deferred")):
            finding, = self.find("missing-value", body("{{ contact.city }}"),
                                 "--campaign", campaign)
            self.assertEqual(finding["severity"], severity)
            self.assertIn(word, finding["text"])

    def test_merge_tags(self):
        """Of a campaign that has them they are templates, of others leftovers."""
        for campaign, names in (("chimp", set()), ("spring", {"leftover"})):
            self.assertEqual(self.names(body("<p>*|FNAME|*</p>"), "--campaign", campaign) &
                             {"leftover", "syntax"}, names)
        found = self.find("syntax", body("*|NO:SUCH|*\n*|NOR:THIS|*\n{{ 1 | nor_that }}"),
                          "--campaign", "chimp")
        self.assertEqual([f["part_line"] for f in found], [5, 6, 7])

    def test_partials(self):
        self.write("templates/good.liquid", "<b>{{ x }}</b>")
        self.write("templates/bad.liquid", "<b>\n{{ x | nothing }}</b>")
        self.assertEqual(self.names(body("{% render 'good', x: contact.first_name %}"),
                                    "--campaign", "folder"), set())
        finding, = self.find("syntax", body("{% render 'bad' %}"), "--campaign", "folder")
        self.assertRegex(finding["text"], r"bad.*:2:\d+: ")
        self.assertEqual(self.find("unknown-name", body("{% include 'good' %}{{ set_there }}"),
                                   "--campaign", "folder"), [])

    def test_suggestions(self):
        self.assertIn("did you mean contact?",
                      self.find("unknown-name", body("{{ contcat.x }}"))[0]["text"])
        self.assertIn("did you mean contact.first_name?", self.find(
            "unknown-attribute", body("{{ contact.frist_name }}"))[0]["text"])
        self.assertNotIn("did you mean", self.find(
            "unknown-name", body("{{ zzzzzzzzzzzz.x }}"))[0]["text"])

    def test_sample(self):
        rows = "email,n,even\n" + "".join(
            f"s{i:04}@x.example,{i},{'' if i % 2 else 'yes'}\n" for i in range(1000))
        conf, type(self).conf = self.conf, self.write(
            "sample.conf", 'database = "sample.db"\ncampaign "spring" {}\n')
        self.addCleanup(setattr, type(self), "conf", conf)
        self.call("contacts", "import", "-", "--quiet", input=rows.encode())
        # Everyone's text is another one, so each finding names one contact.
        text = body('<a href="{{ contact.n }}">{{ contact.even }}</a>{% if contact.n >= 500 %}'
                    '{% abort "late" %}{% endif %}')
        for number, least, most in (("1", 0, 1), ("100", 35, 65), ("999", 490, 510),
                                    ("1000", 500, 500), ("all", 500, 500)):
            with self.subTest(number):
                report = self.lint(text, "--contacts", number)
                self.assertEqual(report["rendered"], 1000 if number == "all" else int(number))
                self.assertEqual(report["contacts"], 1000)
                late = [f["contacts"] for f in report["findings"] if f["name"] == "abort"]
                self.assertTrue(least <= sum(late) <= most, late)
                self.assertEqual(report, self.lint(text, "--contacts", number))
        odd, = self.find("missing-value", body("{{ contact.even }}"), "--contacts", "500")
        self.assertTrue(200 < odd["contacts"] < 300, odd)

    def test_without_a_database(self):
        conf, type(self).conf = self.conf, self.write(
            "none.conf", 'database = "none.db"\ncampaign "spring" {}\n')
        self.addCleanup(setattr, type(self), "conf", conf)
        done = self.call("lint", "-", input=body("{{ contact.first_name }}"))
        self.assertIn(b"[no-contacts]", done.stdout)
        self.assertIn(b"none.db: there is no database", done.stderr)
        done = self.call("lint", "-", "--contacts", "0", input=body("{{ contact.first_name }}"))
        self.assertEqual(done.stderr, b"")
        self.assertFalse(os.path.exists(os.path.join(self.folder, "none.db")))


class Program(Lint):
    def status(self, text, *arguments):
        return self.call("lint", "-", *arguments, input=text).returncode

    def test_status(self):
        info, warning, error = message(Subject="Other"), body("<div>"), body("{% x %}")
        self.assertEqual([self.status(text) for text in (message(), info, warning, error)],
                         [OK, OK, WARNING, DATAERR])
        self.assertEqual([self.status(text, "--fail-on", "error")
                          for text in (info, warning, error)], [OK, OK, DATAERR])
        self.assertEqual([self.status(text, "--fail-on", "info")
                          for text in (message(), info, warning)], [OK, WARNING, WARNING])

    def test_ignore(self):
        self.assertEqual(self.status(body("<div></b>"), "--ignore", "html-unclosed,html-stray-end"),
                         OK)
        self.assertEqual(self.status(body("<div></b>"), "--ignore", "html-unclosed"), WARNING)

    def test_wrong_use(self):
        for arguments in ([], ["a", "b"], ["-", "--ignore", "nothing"], ["-", "--contacts", "x"],
                          ["-", "--contacts", "-1"], ["-", "--fail-on", "x"], ["-", "--nothing"]):
            with self.subTest(arguments):
                self.assertEqual(self.call("lint", *arguments).returncode, USAGE)
        self.assertEqual(self.call("lint", "/nonexistent.eml").returncode, IOERR)
        self.assertEqual(self.call("lint", "-", "--campaign", "nothing",
                                   input=message()).returncode, NOINPUT)
        self.assertEqual(self.call("lint", "-", input=b"").returncode, DATAERR)

    def test_a_file_is_named(self):
        path = self.write("a.eml", body("<div>"))
        out = self.call("lint", path).stdout.decode()
        self.assertTrue(out.startswith(f"{path}:{BEFORE_HTML + 5}: warning: "), out)

    def test_a_terminal_gets_no_control_characters(self):
        evil = "\x1b]0;x\x07\u202e\x9b31m"
        text = body(f'<a href="{evil}">x</a>{{{{ contact.{evil} }}}}', Subject=f"Sale {evil}")
        main, side = pty.openpty()
        done = subprocess.run([TOOL, "-c", self.conf, "lint", "-"], input=text, stdout=side,
                              stderr=subprocess.PIPE, timeout=60, check=False)
        os.close(side)
        out = os.read(main, 100000).decode()
        os.close(main)
        self.assertEqual(done.returncode, DATAERR)
        self.assertFalse(re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]", out), repr(out))


class Hostile(Lint):
    def test_findings_are_listed_up_to_a_number(self):
        report = self.lint(body("<a href=''>x</a>\n" * 500))
        listed = [f for f in report["findings"] if f["name"] == "link-empty"]
        self.assertLess(len(listed), 50)
        self.assertEqual(len(listed) + report["more"]["link-empty"], 500)
        self.assertIn(b"more [link-empty]",
                      self.call("lint", "-", input=body("<a href=''>x</a>\n" * 500)).stdout)

    def test_what_takes_long(self):
        for name, markup in {
                "attributes": "<p " + " ".join(f"a{i}" for i in range(200000)) + ">",
                "many attributes": ("<p " + "a=1 " * 900 + ">") * 900,
                "open": "<b>" * 300000, "end tags": "<i>" * 3000 + "</b>" * 300000,
                "deep": "<div>" * 300000, "lt": "<" * 1000000, "comments": "<!--" * 300000,
                "entities": "&amp;" * 300000, "quotes": "<a href=\"" * 200000,
                "long name": "<" + "a" * 2000000, "tags": "{{ 1 }}" * 100000,
                "ifs": "{% if contact.tier %}<b>{% endif %}" * 20000,
                "names": "".join("{{ a%d.b }}" % i for i in range(30000)),
                "braces": "{" * 500000, "brackets": "[" * 500000, "marks": "*|" * 500000,
                "digits": "1 " * 500000, "words": "a1 " * 500000}.items():
            with self.subTest(name):
                start = time.monotonic()
                done = self.call("lint", "-", input=body(markup), seconds=60)
                self.assertIn(done.returncode, (OK, WARNING, DATAERR), done.stderr[:500])
                self.assertLess(time.monotonic() - start, 50)

    def test_values(self):
        """Whatever contacts hold, the report stays small."""
        rows = "email,a\n" + "".join(f'h{i}@x.example,"<b>{{{{ {i} }}}}</i> ""{i}"\n'
                                     for i in range(300))
        conf, type(self).conf = self.conf, self.write(
            "hostile.conf", 'database = "hostile.db"\ncampaign "spring" {}\n')
        self.addCleanup(setattr, type(self), "conf", conf)
        self.call("contacts", "import", "-", "--quiet", "--format", "csv", input=rows.encode())
        report = self.lint(body('<a href="{{ contact.a }}">{{ contact.a | raw }}</a>'))
        self.assertLess(len(report["findings"]), 40)
        self.assertEqual(report["rendered"], 300)
        leftover = [f for f in report["findings"] if f["name"] == "leftover"]
        self.assertEqual([f["contacts"] for f in leftover], [300])


class Speed(Lint):
    def test_two_thousand_contacts(self):
        """A ceiling that holds on a busy machine with a sanitizer."""
        rows = "email,first_name,city\n" + "".join(
            f"t{i}@x.example,Name{i},Town{i % 9}\n" for i in range(2000))
        conf, type(self).conf = self.conf, self.write(
            "speed.conf", CONF.replace("mailtailor.db", "speed.db") % self.write("s.json", "{}"))
        self.addCleanup(setattr, type(self), "conf", conf)
        self.call("contacts", "import", "-", "--quiet", input=rows.encode())
        row = ('<tr><td style="font-family: Arial; padding: 10px"><a href="https://shop.example/'
               '?c={{ contact.city | url_encode }}"><img src="https://shop.example/a.png" alt="Sale"'
               ' width="200"></a><p>' + "Spring words about the sale in town. " * 4 +
               "</p></td></tr>\n")
        html = page("<table>" + row * 60 + "</table>{{ contact.first_name }}")
        self.assertGreater(len(html), 20000)
        start = time.monotonic()
        report = self.lint(message(html), "--contacts", "all")
        self.assertEqual(report["rendered"], 2000)
        self.assertEqual(report["findings"], [])
        self.assertLess(time.monotonic() - start, 60)


class Corpora(Lint):
    def corpus(self, pattern):
        found = sorted(glob.glob(os.path.join(CORPORA, pattern), recursive=True))
        if not found:
            self.skipTest(f"{pattern} is not here")
        return found

    def test_marketing_templates(self):
        unbalanced = 0
        for path in self.corpus("html-*/**/*.html"):
            with open(path, "rb") as file:
                text = message(file.read().decode("utf-8", "replace") + "\n")
            with self.subTest(path):
                names = self.names(text, "--contacts", "0")
                unbalanced += bool(names & {"html-unclosed", "html-stray-end", "html-branch",
                                            "html-loop"})
        # They are in use by many: nearly all must be well-formed.
        self.assertLess(unbalanced, 10)

    def test_newsletters(self):
        for path in self.corpus("eml-sa-hardham/*.txt"):
            with open(path, "rb") as file:
                text = file.read()
            with self.subTest(path):
                self.names(text, "--contacts", "0")


if __name__ == "__main__":
    unittest.main()
