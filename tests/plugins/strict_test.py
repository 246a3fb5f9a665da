#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""strict_test: mailtailor plugin test finds what plugins do wrong, and shows what they change

The plugins are careless.so, which does one thing wrong by its parameter, and sample.so, which
does nothing wrong."""

import glob
import json
import os
import shutil
import subprocess
import tempfile
import unittest

BUILD = os.environ.get("MAILTAILOR_BUILD", os.getcwd())
TOOL = os.path.join(BUILD, "mailtailor")
PLUGINS = os.path.join(BUILD, "tests", "plugins")
OK, USAGE, DATAERR, NOINPUT, SOFTWARE, CONFIG = 0, 64, 65, 66, 70, 78

MESSAGE = """From: Shop <news@shop.example>
To: list@shop.example
Date: Mon, 23 Nov 2026 06:00:00 +0000
Message-ID: <1@shop.example>
X-Campaign: spring
Subject: Hello {{ contact.first_name }}
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

<p>Dear {{ contact.first_name }}</p>
<p>%s</p>
"""

# how: (what is said, how often the copy is made)
WRONG = {
    "past": ("value careless: it wrote beyond the end of a piece of 100 bytes", 1),
    "far": ("value careless: it crashed with signal 11 (Segmentation fault): it went beyond the "
            "end of a piece of 100 bytes of value careless", 1),
    "before": ("value careless: it wrote in front of a piece of 100 bytes", 1),
    "keep": ("value careless: it crashed with signal 11 (Segmentation fault): it used memory "
             "that value careless was given, and that ended with it", 2),
    "keep_text": ("it used memory that value careless was given, and that ended with it", 2),
    "keep_copy": ("it used memory that value careless was given, and that ended with it", 2),
    "keep_value": ("value careless: it failed: what it hands back is no value that the host "
                   "gave it in this call", 2),
    "no_value": ("value careless: it failed: what it hands back is no value", 1),
    "heap": ("part parts: it failed: its text is neither constant nor memory", 1),
    "variable": ("part parts: it failed: its text is neither constant nor memory", 1),
    "garbage": ("part parts: it failed: its text is no UTF-8", 1),
    "thread": ("value careless: it called now from another thread than the hook's", 1),
    "late": ("value careless: it called now when the hook had returned", 1),
    "keep_call": ("value careless: it called now when the hook had returned", 2),
    "counts": ("value careless: it gives something else when the same copy is made again", 2),
    "crash": ("value careless: it crashed with signal 11 (Segmentation fault): it followed a "
              "null pointer", 1),
    "abort": ("value careless: it crashed with signal 6 (Aborted)", 1),
    "exit": ("value careless: it ended the process", 1),
    "hang": ("value careless: it did not return within 10 s", 1),
    "leak": ("bytes of memory with each copy", 300),
    "start_leak": ("bytes of memory from start to stop", 300),
}


class Strict(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mailtailor.")
        self.addCleanup(shutil.rmtree, self.folder)
        os.mkdir(self.path("tmp"))
        self.write("message.eml", MESSAGE % "{{ careless }}")
        self.write("contact.json", json.dumps({"email": "ada@example.org", "first_name": "Ada"}))

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def run_tool(self, plugin, *arguments, status=OK):
        done = subprocess.run(
            [TOOL, "plugin", "test", os.path.join(PLUGINS, plugin), "--message",
             self.path("message.eml"), "--contact", self.path("contact.json"), *arguments],
            capture_output=True, timeout=300, check=False, cwd=self.folder,
            env=dict(os.environ, TMPDIR=self.path("tmp")))
        self.out, self.err = done.stdout.decode(), done.stderr.decode()
        self.assertEqual(done.returncode, status, self.out + self.err)
        self.assertEqual(glob.glob(self.path("tmp/*")), [])
        return self.out

    def careless(self, how, *arguments, status=OK):
        return self.run_tool("careless.so", "--param", f"how={how}", *arguments, status=status)

    def test_wrong(self):
        for how, (text, repeat) in WRONG.items():
            with self.subTest(how):
                self.careless(how, "--repeat", str(repeat), status=SOFTWARE)
                self.assertIn(text, self.err)
                self.assertIn("plugin careless", self.err)

    def test_slow(self):
        self.careless("slow", "--deadline", "10ms", status=SOFTWARE)
        self.assertIn("value careless: it takes longer than its deadline of 10 ms", self.err)

    def test_well(self):
        self.careless("well", "--repeat", "300")
        self.assertNotIn("mailtailor: ", self.err)
        self.assertIn("-<p></p>\n+<p>well</p>\n", self.out)
        self.assertRegex(self.out, r"\nvalue careless +300 +0 +[0-9.]+ +[0-9.]+\n")
        self.careless("constant")
        self.assertIn("\n+<p>constant</p>", self.out)

    def test_json(self):
        found = json.loads(self.careless("counts", "--json", "--repeat", "3", status=SOFTWARE))
        self.assertEqual(found["plugin"], "careless")
        self.assertEqual(found["verdict"], "sent")
        self.assertIn("+<p>0</p>", found["diff"])
        self.assertEqual([f["hook"] for f in found["findings"]], ["value careless", ""])
        self.assertEqual(found["findings"][0]["times"], 2)
        hook = [h for h in found["hooks"] if h["kind"] == "value"][0]
        self.assertEqual((hook["name"], hook["calls"], hook["failures"]), ("careless", 3, 0))

    def test_sample(self):
        self.write("message.eml", MESSAGE % "{{ shop.city }} {{ shop.greeting | repeat: 2 }}")
        self.write("contact.json", json.dumps(
            {"contact": {"email": "ada@example.org", "city": "Köln", "sign": "please"}}))
        self.run_tool("sample.so", "--diff", "--repeat", "300", "--hook", "task:tick",
                      "--param", "greeting='x\\", "--now", "2026-11-23")
        self.assertIn("+X-Sample: spring\n", self.out)
        self.assertIn("+<p>Köln &#39;x\\&#39;x\\</p>\n", self.out)
        self.assertIn("+<p>signed, the plugin</p>\n", self.out)
        self.assertNotIn("mean ms", self.out)
        self.write("message.eml", MESSAGE % "{{ shop.nothing }}")
        self.run_tool("sample.so", "--param", "places=21", status=CONFIG)
        self.assertIn("places", self.err)

    def test_gate(self):
        self.write("contact.json", json.dumps({"email": "ada@example.org", "gate": "skip"}))
        self.run_tool("sample.so")
        self.assertIn("\n+Nothing is sent: suppressed: plugin sample: gate door", self.out)

    def test_files(self):
        self.run_tool("nothing.so", status=NOINPUT)
        self.run_tool("bad_nothing.so", status=CONFIG)
        self.assertIn("it is no plugin", self.err)
        self.careless("well", "--hook", "task:none", status=NOINPUT)
        self.careless("well", "--repeat", "0", status=USAGE)
        self.careless("well", "--param", "none", status=USAGE)
        self.write("contact.json", "[]")
        self.careless("well", status=DATAERR)
        self.write("contact.json", "{}")
        self.write("message.eml", MESSAGE % "{{ careless | nothing }}")
        self.careless("well", status=DATAERR)
        self.assertIn("nothing", self.err)
        self.write("message.eml", "Subject: no sender\n\ntext\n")
        self.careless("well", status=DATAERR)

    def test_lint(self):
        """Names of plugins are known; what they would say is neither missing nor asked for."""
        self.write("mailtailor.conf", 'database = "mailtailor.db"\n'
                   f'plugin_path = "{PLUGINS}"\nplugin "sample" {{ }}\n'
                   'campaign "spring" { plugins = {"sample"} }\n'
                   'campaign "other" { }\n')
        self.write("contacts.csv", "email,first_name,plugin\nada@example.org,Ada,crash\n")
        self.write("message.eml", MESSAGE % '{{ shop.city }} {% badge "x" %} {{ square["7"] }} '
                   '{{ contact.first_name | repeat: 2 }} {{ shopp.city }}')
        tool = [TOOL, "-c", self.path("mailtailor.conf")]
        subprocess.run(tool + ["contacts", "import", self.path("contacts.csv")], check=True,
                       capture_output=True, timeout=60)
        done = subprocess.run(tool + ["lint", "--json", self.path("message.eml")],
                              capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, DATAERR, done.stderr)
        self.assertIn(b"nothing is called shopp", done.stdout)
        for text in b"shop.city has no value", b"square", b"badge", b"repeat", b"there is no":
            self.assertNotIn(text, done.stdout)
        done = subprocess.run(tool + ["lint", "--campaign", "other", self.path("message.eml")],
                              capture_output=True, timeout=60, check=False)
        self.assertIn(b"badge", done.stdout)

    def test_database(self):
        self.write("mailtailor.conf", 'database = "mailtailor.db"\n')
        self.write("contacts.csv", "email,first_name\nada@example.org,Ada\n")
        subprocess.run([TOOL, "-c", self.path("mailtailor.conf"), "contacts", "import",
                        self.path("contacts.csv")], check=True, capture_output=True, timeout=60)
        with open(self.path("mailtailor.db"), "rb") as file:
            before = file.read()
        self.write("contact.json", json.dumps({"email": "ada@example.org"}))
        self.careless("well", "--database", self.path("mailtailor.db"), "--json")
        self.assertIn("Dear Ada", json.loads(self.out)["diff"])
        with open(self.path("mailtailor.db"), "rb") as file:
            self.assertEqual(file.read(), before)
        self.careless("well", "--database", self.path("none.db"), status=NOINPUT)


if __name__ == "__main__":
    unittest.main()
