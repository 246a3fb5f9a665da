#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""locales_test: the texts that are built in agree with each other and with who uses them.

Every language has the keys of English, with the same {{ names }}; every key is asked for by a
page or by the sources, and what they ask for is there."""

import glob
import json
import os
import re
import sys
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MILTER = os.path.join(TOP, "milter")
FORMS = {"zero", "one", "two", "few", "many", "other"}


def flat(texts, before=""):
    for name, text in texts.items():
        if isinstance(text, dict):
            yield from flat(text, f"{before}{name}.")
        else:
            yield before + name, text


def read(language):
    with open(os.path.join(MILTER, "tailor", "locales", f"{language}.json"),
              encoding="utf-8") as file:
        return dict(flat(json.load(file)))


def holes(text):
    return sorted(re.findall(r"{{ (\w+) }}", text))


class Locales(unittest.TestCase):
    english = read("en")

    def test_languages(self):
        found = {os.path.basename(path).removesuffix(".json")
                 for path in glob.glob(os.path.join(MILTER, "tailor", "locales", "*.json"))}
        with open(os.path.join(MILTER, "tailor", "local.mk"), encoding="utf-8") as file:
            built = re.search(r"^tailor_locales = (.*)$", file.read(), re.M).group(1).split()
        self.assertEqual(set(built), found)
        for language in sorted(found):
            texts = read(language)
            self.assertEqual(set(texts), set(self.english), language)
            for key, text in texts.items():
                with self.subTest(language=language, key=key):
                    self.assertTrue(text)
                    self.assertEqual(text, text.strip())
                    if not key.endswith(".one"):
                        self.assertEqual(holes(text), holes(self.english[key]))
                    if language != "en" and len(text) > 12:
                        self.assertNotEqual(text, self.english[key])

    def test_uses(self):
        used, sources = set(), ""
        for path in glob.glob(os.path.join(MILTER, "**", "*"), recursive=True):
            if path.endswith((".liquid", ".c")):
                with open(path, encoding="utf-8") as file:
                    sources += file.read()
        used.update(key for _, key in re.findall(r"""(["'])([\w.]+)\1 \| t\b""", sources))
        used.update(re.findall(r'liquid_language_text\(\w+, STR\("([\w.]+)"\)', sources))
        # Keys that are computed: form.wrong.WHAT, footer.LINK.
        used.update(key for key in self.english if key.startswith(("form.wrong.", "footer.")))
        keys = {re.sub(r"\.(%s)$" % "|".join(FORMS), "", key) for key in self.english}
        self.assertEqual(keys - used, set(), "nobody uses these")
        self.assertEqual({key for key in used if "." in key} - keys, set(), "these are missing")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]], verbosity=1)
