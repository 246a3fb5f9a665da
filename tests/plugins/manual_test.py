#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""manual_test: the manual pages of the plugins that come with mailtailor say what the plugins say

Each plugins/NAME.so has a page plugins/NAME/mailtailor-NAME.7. Between its marker lines stands
what `mailtailor plugin describe --mdoc` prints; each hook is named somewhere in the page; mandoc
finds nothing to complain about. With --write the pages are brought up to date instead:
`make documents`.

    manual_test.py [--write] PLUGIN.so ...      (default: all that were built)"""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("MAILTAILOR_BUILD", os.getcwd())
TOOL = os.path.join(BUILD, "mailtailor")
BEGIN, END = '.\\" BEGIN parameters\n', '.\\" END parameters\n'


def describe(plugin, how):
    done = subprocess.run([TOOL, "plugin", "describe", os.path.join(BUILD, plugin), how],
                          capture_output=True, timeout=60, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{plugin}: {done.stderr.decode()}")
    return done.stdout.decode()


def page_of(plugin):
    name = os.path.basename(plugin).removesuffix(".so")
    return os.path.join(TOP, "plugins", name, f"mailtailor-{name}.7")


def made_of(text, plugin, page):
    """The page's text with its generated part made anew."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise AssertionError(f"{page}: expected the lines {BEGIN.strip()} and {END.strip()}")
    return head + begin + describe(plugin, "--mdoc") + end + tail


def words_of(text):
    """Words that the page's own text has, without the generated part and comments."""
    head, _, rest = text.partition(BEGIN)
    text = head + rest.partition(END)[2]
    lines = [line for line in text.splitlines() if not line.startswith('.\\"')]
    return set(re.findall(r"[A-Za-z0-9_]+", "\n".join(lines)))


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Manual(unittest.TestCase):
    def check(self, plugin):
        page = page_of(plugin)
        text = read(page)
        self.assertEqual(text, made_of(text, plugin, page),
                         f'{page} is stale: run "make documents"')
        words = words_of(text)
        for hook in json.loads(describe(plugin, "--json"))["hooks"]:
            self.assertIn(hook["name"], words,
                          f'{page} does not name the {hook["kind"]} {hook["name"]}')
        if shutil.which("mandoc"):
            done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page],
                                  capture_output=True, timeout=60, check=False)
            self.assertEqual(done.stdout.decode(), "")

    def test_pages(self):
        for plugin in PLUGINS:
            with self.subTest(plugin):
                self.check(plugin)

    def test_the_test(self):
        """On a page of its own, for the plugin of the other tests: stale, unnamed, unmarked."""
        with tempfile.TemporaryDirectory() as folder:
            plugin = os.path.join("tests", "plugins", "sample.so")
            page = os.path.join(folder, "page")
            text = f".Sh PARAMETERS\n{BEGIN}old\n{END}.Sh HOOKS\nshop\n"
            made = made_of(text, plugin, page)
            self.assertNotEqual(made, text)
            self.assertEqual(made_of(made, plugin, page), made)
            self.assertIn("\n.It Ic greeting No = Ar text\n", made)
            self.assertTrue(made.endswith(f"{END}.Sh HOOKS\nshop\n"))
            self.assertIn("shop", words_of(made))
            self.assertNotIn("greeting", words_of(made))
            with self.assertRaises(AssertionError):
                made_of("no markers", plugin, page)


def write():
    for plugin in PLUGINS:
        page = page_of(plugin)
        text = read(page)
        made = made_of(text, plugin, page)
        if made != text:
            with open(page, "w", encoding="utf-8") as file:
                file.write(made)


if __name__ == "__main__":
    WRITE = "--write" in sys.argv[1:]
    PLUGINS = [a for a in sys.argv[1:] if a != "--write"] or \
        sorted(glob.glob(os.path.join(BUILD, "plugins", "*.so")))
    if WRITE:
        write()
    else:
        unittest.main(argv=sys.argv[:1])
