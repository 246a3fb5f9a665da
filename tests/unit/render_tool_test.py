#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""render_tool_test: mailtailor render and render --lines, called as others call them."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

TOOL = os.path.join(os.environ.get("MAILTAILOR_BUILD", os.getcwd()), "mailtailor")
OK, USAGE, DATAERR, NOINPUT, NOPERM, CONFIG = 0, 64, 65, 66, 77, 78


class Render(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mailtailor.")
        self.addCleanup(shutil.rmtree, self.folder)

    def put(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return path

    def run_tool(self, *arguments, input=b"", status=OK, before=()):
        data = input.encode() if isinstance(input, str) else input
        done = subprocess.run([TOOL, *before, "render", *arguments], input=data,
                              capture_output=True, timeout=300, check=False, cwd=self.folder)
        self.err = done.stderr.decode()
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def lines(self, *requests):
        """The answers to requests, which are objects or lines as they are."""
        text = b"".join((r if isinstance(r, bytes) else json.dumps(r).encode()) + b"\n"
                        for r in requests)
        answers = self.run_tool("--lines", input=text).decode().split("\n")
        self.assertEqual(answers.pop(), "")
        self.assertEqual(len(answers), len(requests))
        return [json.loads(answer) for answer in answers]

    def line(self, **request):
        return self.lines(request)[0]

    def refused(self, request, sentence):
        answer = self.lines(request)[0]
        self.assertEqual(list(answer), ["error"])
        self.assertIn(sentence, answer["error"])


class One(Render):
    def test_file_and_standard_input(self):
        template = self.put("hello.liquid", "Hello {{ name }}!\n")
        data = self.put("data.json", '{"name": "Ada <3"}')
        self.assertEqual(self.run_tool(template, "--data", data), b"Hello Ada <3!\n")
        self.assertEqual(self.run_tool("-", "--data", data, input="{{ name }}"), b"Ada <3")
        self.assertEqual(self.run_tool("-", input=""), b"")
        self.assertEqual(self.run_tool("-", input="{{ name }}"), b"")

    def test_modes(self):
        data = self.put("data.json", '{"a": "<\\r\\n>"}')
        for mode, result in ("text", b"<\r\n>"), ("html", b"&lt;\r\n&gt;"), ("header", b"<  >"):
            self.assertEqual(self.run_tool("-", "--mode", mode, "--data", data,
                                           input="{{ a }}"), result)

    def test_time(self):
        template = "{{ 'now' | date: '%Y-%m-%d %H:%M %z' }}"
        self.assertEqual(self.run_tool("-", "--now", "2024-07-01T00:01:58+02:00", input=template),
                         b"2024-06-30 22:01 +0000")
        self.assertEqual(self.run_tool("-", "--now", "2024-07-01T00:01:58Z", "--time-zone",
                                       "Europe/Paris", input=template), b"2024-07-01 02:01 +0200")

    def test_errors_name_the_place(self):
        template = self.put("bad.liquid", "one\n  {{ a | nosuch }}\n")
        self.run_tool(template, "--strict", status=DATAERR)
        self.assertRegex(self.err, rf"^{template}:2:10: [^\n]+\n$")
        self.assertEqual(self.run_tool(template), b"one\n  \n")
        self.run_tool("-", "--mode", "html", input="{% if %}", status=DATAERR)
        self.assertTrue(self.err.startswith("standard input:1:7: "), self.err)

    def test_data(self):
        bad = self.put("bad.json", '{"a": 1,\n "b": tru}')
        self.run_tool("-", "--data", bad, status=DATAERR)
        self.assertTrue(self.err.startswith(f"{bad}:2:9: "), self.err)
        self.run_tool("-", "--data", self.put("list.json", "[1]"), status=DATAERR)
        self.assertIn("list.json: expected one JSON object", self.err)
        self.run_tool("-", "--data", "none.json", status=NOINPUT)
        self.assertEqual(self.err, "mailtailor: none.json: No such file or directory\n")
        large = self.put("large.json", '{"n": 123456789012345678901234567890, "s": "a\\u0000b"}')
        self.assertEqual(self.run_tool("-", "--data", large, input="{{ s }}{{ n | times: 0 }}"),
                         b"a\0b0.0")

    def test_folder(self):
        self.put("tpl/brand/footer.html.liquid", "<b>{{ x }}</b>")
        self.put("tpl/brand/footer.txt.liquid", "-- {{ x }}")
        template = "{% render 'brand/footer', x: '&' %}"
        self.assertEqual(self.run_tool("-", "--templates", "tpl", "--mode", "html",
                                       input=template), b"<b>&amp;</b>")
        self.assertEqual(self.run_tool("-", "--templates", "tpl", input=template), b"-- &")
        self.run_tool("-", "--mode", "html", input=template, status=DATAERR)
        self.assertEqual(self.err, "standard input:1:11: there is no partial 'brand/footer'\n")
        self.run_tool("-", "--templates", "none", status=NOINPUT)
        self.put("tpl/bad.html.liquid", "a\n{% if %}")
        self.run_tool("-", "--templates", "tpl", "--mode", "html", input="{% render 'bad' %}",
                      status=DATAERR)
        self.assertTrue(self.err.startswith("bad:2:7: "), self.err)
        os.symlink("/etc/passwd", os.path.join(self.folder, "tpl", "out.liquid"))
        self.run_tool("-", "--templates", "tpl", status=NOPERM)
        self.assertIn("tpl/out.liquid: a symbolic link that leads out", self.err)

    def test_configuration_sets_the_limits(self):
        self.put("tpl/word.liquid", "word")
        conf = self.put("a.conf", 'render_steps = 100\ntemplates = "tpl"\n')
        loop = "{% for i in (1..1000) %}{{ i }}{% endfor %}"
        self.run_tool("-", input=loop)
        self.run_tool("-", input=loop, before=("-c", conf), status=DATAERR)
        self.assertRegex(self.err, r"^standard input:1:\d+: ")
        self.assertEqual(self.run_tool("-", before=("-c", conf), input="{% render 'word' %}"),
                         b"word")
        self.run_tool("-", before=("-c", "none.conf"), status=CONFIG)

    def test_daemon_checks_the_folders(self):
        conf = self.put("a.conf", 'log = stderr\ncampaign "spring" { templates = "tpl" }\n')
        daemon = os.path.join(os.path.dirname(TOOL), "mailtailord")
        self.put("tpl/bad.liquid", b"a\n\xff")
        for what in "tpl/bad.liquid: line 2 is not UTF-8 text", "tpl: No such file or directory":
            done = subprocess.run([daemon, "-c", conf, "-n"], capture_output=True, timeout=60,
                                  check=False)
            self.assertNotEqual(done.returncode, OK)
            self.assertIn(f"{conf}:2: templates: {self.folder}/{what}\n", done.stderr.decode())
            shutil.rmtree(os.path.join(self.folder, "tpl"), ignore_errors=True)

    def test_usage(self):
        self.run_tool(status=USAGE)
        self.assertIn("usage: mailtailor [-c FILE] render TEMPLATE|-", self.err)
        self.run_tool("a", "b", status=USAGE)
        self.run_tool("--lines", "a", status=USAGE)
        self.run_tool("--lines", "--strict", status=USAGE)
        self.run_tool("-", "--mode", "rtf", status=USAGE)
        self.run_tool("-", "--now", "soon", status=USAGE)
        self.run_tool("-", "--time-zone", "Mars/Base", status=USAGE)
        self.run_tool("none.liquid", status=NOINPUT)


    def test_merge_tags(self):
        data = self.put("data.json", '{"contact": {"first_name": "A & B"},'
                                     ' "campaign": {"list": {"company": "C"}}}')
        self.put("tpl/foot.liquid", "*|LIST:COMPANY|* {% comment %}*|MC:TOC|*{% endcomment %}")
        self.put("tpl/bad.liquid", "\n *|MC:TOC|*")
        options = ("-", "--data", data, "--templates", "tpl", "--mode", "html")
        merge = options + ("--merge-tags", "mailchimp")
        template = "*|FNAME|*, {% render 'foot' %}"
        self.assertEqual(self.run_tool(*merge, input=template), b"A &amp; B, C ")
        self.assertEqual(self.run_tool(*merge, input="{% render 'foot' %}"), b"C ")
        self.assertEqual(self.run_tool(*options, "--merge-tags", "none", input=template),
                         b"*|FNAME|*, *|LIST:COMPANY|* ")
        self.run_tool(*merge, input="{% render 'bad' %}", status=DATAERR)
        self.assertEqual(self.err,
                         "standard input:1:11: bad:2:2: merge tag *|MC:TOC|*: "
                         "no table of contents is made here\n")
        self.run_tool(*merge, input="a\n*|UNSUB|*", status=DATAERR)
        self.assertIn("standard input:2:1: merge tag *|UNSUB|* (campaign.links.unsubscribe): ",
                      self.err)
        self.run_tool("-", "--merge-tags", "other", status=USAGE)


class Campaign(Render):
    CONF = ('postal_address = "Shop Ltd, Dublin"\ntemplates = "general"\n'
            'campaign "spring" {\n merge_tags = mailchimp\n'
            ' unsubscribe_address = leave@shop.example\n}\n'
            'campaign "receipt" { kind = transactional }\n'
            'campaign "own" {\n templates = "own"\n footer = foot\n'
            ' unsubscribe_address = leave@shop.example\n}\n'
            'campaign "strict" { strict = yes unsubscribe_address = leave@shop.example }\n')

    def render(self, campaign, template, *arguments, status=OK):
        return self.run_tool("-", "--campaign", campaign, *arguments, input=template,
                             before=("-c", self.put("m.conf", self.CONF)),
                             status=status).decode()

    def test_footer(self):
        self.put("own/foot.txt.liquid", "{{ campaign.name }}: {{ campaign.postal_address }} "
                                        "{{ links.unsubscribe }}")
        self.put("general/x", "")
        out = self.render("spring", "<p>*|FNAME|*</p></body>", "--mode", "html")
        self.assertRegex(out, r'^<p></p><div [^>]*>Shop Ltd, Dublin<br><a href="mailto:leave@shop'
                              r'\.example\?subject=unsubscribe" [^>]*>Unsubscribe</a></div></body>$')
        self.assertEqual(self.render("spring", "Hi\n"),
                         "Hi\n\nShop Ltd, Dublin\n"
                         "Unsubscribe: mailto:leave@shop.example?subject=unsubscribe\n")
        self.assertEqual(self.render("own", "Hi"), "Hi\n\nown: Shop Ltd, Dublin "
                                                   "mailto:leave@shop.example?subject=unsubscribe")
        self.assertEqual(self.render("receipt", "Hi"), "Hi")
        self.assertEqual(self.render("spring", "Hi", "--mode", "header"), "Hi")
        shows = "{{ campaign.postal_address }} {{ links.unsubscribe }}"
        data = self.put("data.json", '{"campaign": {"postal_address": "x"}, '
                                     '"links": {"unsubscribe": "y"}}')
        self.assertEqual(self.render("spring", shows, "--data", data), "x y")

    def test_refused(self):
        self.put("general/x", "")
        self.render("strict", "Hi", status=DATAERR)
        self.assertIn("standard input has no link to unsubscribe that can be seen and no postal "
                      'address, which campaign "strict" insists on (strict)', self.err)
        self.render("nowhere", "Hi", status=NOINPUT)
        self.assertIn('the configuration has no campaign "nowhere"', self.err)


class Lines(Render):
    def test_merge_tags(self):
        self.assertEqual(self.lines(
            {"template": "*|FNAME|*", "merge_tags": "mailchimp",
             "data": {"contact": {"first_name": "Ada"}}},
            {"template": "*|FNAME|*"}, {"template": "", "merge_tags": True},
        ), [{"result": "Ada"}, {"result": "*|FNAME|*"},
            {"error": "merge_tags: none or mailchimp was expected"}])

    def test_results(self):
        self.assertEqual(self.lines(
            {"template": "Hi {{ name }}", "data": {"name": "Ada"}},
            {"template": ""},
            {"template": "é\u2028{{ a }}", "data": {"a": "\U0001f600"}, "templates": None},
        ), [{"result": "Hi Ada"}, {"result": ""}, {"result": "é\u2028\U0001f600"}])

    def test_nothing_is_left_from_the_line_before(self):
        self.assertEqual(self.lines(
            {"template": "{% assign a = 1 %}{% render 'p' %}", "templates": {"p": "x"},
             "strict": True, "mode": "html", "now": 0, "time_zone": "Asia/Tokyo"},
            {"template": "{{ a }}{{ '<' | nosuch }}{{ 0 | date: '%H %z' }}"},
            {"template": "{% render 'p' %}", "strict": True},
        ), [{"result": "x"}, {"result": "<00 +0000"},
            {"error": "there is no partial 'p'", "line": 1, "column": 11}])

    def test_modes_and_time(self):
        self.assertEqual(self.line(template="{{ '<' }}", mode="html"), {"result": "&lt;"})
        self.assertEqual(self.line(template="{{ a }}", mode="header", data={"a": "x\ny"}),
                         {"result": "x y"})
        time = "{{ 'now' | date: '%s %z' }}"
        for now, result in (("2024-01-01T00:01:58Z", "1704067318 +0000"),
                            ("2024-01-01T02:01:58+02:00", "1704067318 +0000"),
                            (1704067318, "1704067318 +0000"),
                            (1704067318.75, "1704067318 +0000"), (-1, "-1 +0000")):
            self.assertEqual(self.line(template=time, now=now), {"result": result})
        self.assertEqual(self.line(template=time, now=1704067318, time_zone="Europe/Paris"),
                         {"result": "1704067318 +0100"})

    def test_partials(self):
        templates = {"brand/Footer.liquid": "[{{ x }}]", "b": "{% render 'BRAND/footer', x: 2 %}"}
        for name in "brand/footer", "brand/Footer.liquid", "BRAND/FOOTER", "brand/footer.LIQUID":
            self.assertEqual(self.line(template=f"{{% render '{name}', x: 1 %}}",
                                       templates=templates, strict=True), {"result": "[1]"})
        self.assertEqual(self.line(template="{% render 'b' %}", templates=templates),
                         {"result": "[2]"})
        for name, result in ("b", "[2]"), ("brand/Footer", "[]"):
            self.assertEqual(self.line(template="{% assign n = '" + name + "' %}{% include n %}",
                                       templates=templates), {"result": result})

    def test_errors_have_places(self):
        answer = self.line(template="a\n  {% if %}", strict=True)
        self.assertEqual((answer["line"], answer["column"]), (2, 9))
        self.assertNotIn("template", answer)
        self.assertNotRegex(answer["error"], r"\d:\d")
        answer = self.line(template="{% render 'p' %}", templates={"P": "a\n\n {% if %}"},
                           strict=True)
        self.assertEqual((answer["line"], answer["column"], answer["template"]), (3, 8, "p"))
        answer = self.line(template="ok\n{{ 1 | divided_by: 0 }}", strict=True)
        self.assertEqual((answer["line"], "template" in answer), (2, False))

    def test_bytes(self):
        self.assertEqual(self.line(template="\0{{ a }}\0", data={"a": "x\0y"}),
                         {"result": "\0x\0y\0"})
        self.assertEqual(self.line(template="{{ a | base64_decode }}", data={"a": "YcOp"}),
                         {"result": "a\u00e9"})
        answer = self.line(template="{{ a | base64_decode }}", data={"a": "AGHDqQ=="})
        self.assertEqual((answer["error"], answer["column"]),
                         ("what was decoded holds a NUL", 8))
        answer = self.line(template="{{ a | base64_decode }}", data={"a": "/wD/YcPp"})
        self.assertEqual((answer["error"], answer["column"]),
                         ("what was decoded is no UTF-8", 8))

    def test_bad_lines_are_answered_too(self):
        for request, sentence in (
                (b"", "no JSON"), (b"{", "no JSON: column 1"), (b"\xff\xfe", "no JSON"),
                (b'{"template": "\xff"}', "no JSON"), (b'{"template": "\\ud800"}', "no JSON"),
                (b"[" * 100000, "nested more than"), (b"[]", "JSON object"),
                (b'"x"', "JSON object"), (b"3", "JSON object"), (b"null", "JSON object"),
                ({}, "template: a string"), ({"template": 1}, "template: a string"),
                ({"template": "", "data": []}, "data: an object"),
                ({"template": "", "templates": "x"}, "templates: an object"),
                ({"template": "", "templates": {"a": 1}}, "the member a is no string"),
                ({"template": "", "mode": "rtf"}, "mode: "),
                ({"template": "", "mode": 1}, "mode: "),
                ({"template": "", "strict": 1}, "strict: true or false"),
                ({"template": "", "now": "x"}, "now: "), ({"template": "", "now": []}, "now: "),
                ({"template": "", "now": 1e300}, "now: "),
                ({"template": "", "time_zone": "Mars/Base"}, "no time zone"),
                ({"template": "", "time_zone": 1}, "time_zone: ")):
            with self.subTest(request=str(request)[:60]):
                self.refused(request, sentence)

    def test_long_lines(self):
        long = "x" * (3 << 20)
        self.assertEqual(self.line(template="{{ a | size }}", data={"a": long * 5}),
                         {"result": str(15 << 20)})
        answers = self.lines({"template": "a"}, {"template": long * 6}, {"template": "b"})
        self.assertEqual(answers, [{"result": "a"}, {"error": "the line is longer than 16 MB"},
                                   {"result": "b"}])

    def test_limits(self):
        answer = self.line(template="{% for i in (1..9999999) %}{{ i }}{% endfor %}")
        self.assertEqual(answer["line"], 1)
        answer = self.line(template="{% render 'a' %}", templates={"a": "{% render 'a' %}"})
        self.assertIn("error", answer)

    def test_each_answer_comes_at_once(self):
        """The next line is written only when the answer is there."""
        with subprocess.Popen([TOOL, "render", "--lines"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as tool:
            for i in range(5):
                tool.stdin.write(json.dumps({"template": "{{ %d }}" % i}).encode() + b"\n")
                tool.stdin.flush()
                self.assertEqual(json.loads(tool.stdout.readline()), {"result": str(i)})
            tool.stdin.write(b'{"template": "no line end"}')
            tool.stdin.close()
            self.assertEqual(json.loads(tool.stdout.readline()), {"result": "no line end"})
            self.assertEqual(tool.wait(60), OK)

    def test_many(self):
        answers = self.lines(*({"template": "{{ i }}", "data": {"i": i}} for i in range(20000)))
        self.assertEqual([answer["result"] for answer in answers],
                         [str(i) for i in range(20000)])


if __name__ == "__main__":
    unittest.main()
