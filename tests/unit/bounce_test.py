#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""bounce_test: mailtailor bounce, called as a relay or an administrator does."""

import json
import os
import resource
import shutil
import subprocess
import tempfile
import unittest

TOOL = os.path.join(os.environ.get("MAILTAILOR_BUILD", os.getcwd()), "mailtailor")
OK, USAGE, NOINPUT, TEMPFAIL, CONFIG = 0, 64, 66, 75, 78
MEMBERS = {"kind", "recipients", "campaign", "contact"}


def bounce(address, reply="550 5.1.1 User unknown", to="news@shop.example"):
    return f"""Return-Path: <>
From: MAILER-DAEMON@mx.example
To: {to}
Subject: failure notice

I was unable to deliver your message.

<{address}>:
Remote host said: {reply}

--- Below this line is a copy of the message.
"""


class Bounce(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mailtailor.")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name, text=None):
        path = os.path.join(self.folder, name)
        if text is not None:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(text)
        return path

    def run_tool(self, *arguments, before=(), input="", status=OK, **options):
        data = input if isinstance(input, bytes) else input.encode()
        done = subprocess.run([TOOL, *before, "bounce", *arguments], input=data,
                              capture_output=True, timeout=300, check=False, **options)
        self.err = done.stderr.decode()
        self.assertEqual(done.returncode, status, done.stdout.decode() + self.err)
        return done.stdout.decode()

    def read(self, *arguments, **options):
        return [json.loads(line)
                for line in self.run_tool("--json", *arguments, **options).splitlines()]

    def test_standard_input(self):
        for arguments in ((), ("-",)):
            report, = self.read(*arguments, input=bounce("ada@x.example"))
            self.assertLessEqual(MEMBERS, set(report))
            self.assertEqual(report["kind"], "bounce")
            self.assertIsNone(report["campaign"])
            self.assertIsNone(report["contact"])
            recipient, = report["recipients"]
            self.assertLessEqual({"address": "ada@x.example", "status": "5.1.1",
                                  "reason": "user unknown", "hard": True}.items(),
                                 recipient.items())
            self.assertIn("550 5.1.1 User unknown", recipient["diagnostic"])

    def test_for_people(self):
        text = self.run_tool(input=bounce("ada@x.example"))
        self.assertEqual(text, "-: bounce\n    ada@x.example: failed, hard, user unknown, 5.1.1: "
                               "Remote host said: 550 5.1.1 User unknown\n")

    def test_controls_are_shown(self):
        text = self.run_tool(input=bounce("ada@x.example", "550 5.1.1 \x1b[31m\u202e no"))
        self.assertNotIn("\x1b", text)
        self.assertNotIn("\u202e", text)

    def test_own_recipient_is_not_meant(self):
        report, = self.read("--recipient", "bounce@shop.example", input=bounce(
            "ada@x.example", to="list@shop.example").replace("following", "bounce@shop.example"))
        self.assertEqual([r["address"] for r in report["recipients"]], ["ada@x.example"])

    def test_nothing(self):
        for text in ("", "\n", "hello", b"\0" * 1000, "From: a@b.example\n\nHello\n"):
            report, = self.read(input=text)
            self.assertEqual((report["kind"], report["recipients"]), ("none", []))

    def test_folder(self):
        for name in ("b.eml", "a.eml", ".hidden"):
            self.path(name, bounce(f"{name[0]}@x.example"))
        os.mkdir(self.path("sub"))
        reports = self.read(self.folder)
        self.assertEqual([r["recipients"][0]["address"] for r in reports],
                         ["a@x.example", "b@x.example"])
        self.assertEqual(reports[0]["file"], self.path("a.eml"))

    def test_maildir(self):
        for name in ("cur/1:2,S", "new/2", "tmp/3"):
            self.path(name, bounce(f"{name[-1].lower()}@x.example"))
        self.assertEqual([r["recipients"][0]["address"] for r in self.read(self.folder)],
                         ["s@x.example", "2@x.example"])

    def test_mbox(self):
        box = "".join(f"From MAILER-DAEMON Thu Apr 29 23:34:45 2010\n{bounce(a)}\n"
                      "From here on it is a sentence.\n\n" for a in ("a@x.example", "b@x.example"))
        for text in (box, box.replace("\n", "\r\n")):
            reports = self.read(self.path("box", text))
            self.assertEqual([r["recipients"][0]["address"] for r in reports],
                             ["a@x.example", "b@x.example"])
            self.assertEqual([r["message"] for r in reports], [1, 2])

    def test_many_files_and_summary(self):
        first, second = (self.path(name, bounce(f"{name}@x.example")) for name in "ab")
        text = self.run_tool(first, second)
        self.assertTrue(text.endswith("2 messages: 2 bounce\n"), text)

    def test_missing_file(self):
        good = self.path("good", bounce("ada@x.example"))
        reports = self.read(self.path("missing"), good, status=NOINPUT)
        self.assertEqual(len(reports), 1)
        self.assertIn("missing: No such file", self.err)

    def test_usage(self):
        self.run_tool("--nonsense", status=USAGE)
        self.run_tool("--recipient", status=USAGE)

    def test_a_pipe_never_loses(self):
        """What is wrong with the configuration is no reason to bounce a bounce."""
        conf = self.path("wrong.conf", "nonsense = 1\n")
        self.run_tool(before=("-c", conf), input=bounce("a@x.example"), status=TEMPFAIL)
        message = self.path("message", bounce("a@x.example"))
        self.run_tool(message, before=("-c", conf), status=CONFIG)

    def copy_of_spring(self):
        """A configuration with keys, a database, and the copy of a message that Ada gets."""
        subprocess.run([TOOL, "dkim", "new", "shop.example", "s", "--algorithm", "ed25519",
                        "--dir", self.folder], check=True, capture_output=True)
        conf = self.path("mailtailor.conf", """
database = "mailtailor.db"
token_keys = "tokens"
tracking_url = "https://t.shop.example"
campaign "spring" { unsubscribe_address = "leave@shop.example" feedback_id = "shop-01" }
dkim "shop.example" { selector = "s" key = "s.shop.example.pem" }
""")
        message = self.path("message", "From: news@shop.example\r\nTo: ada@x.example\r\n"
                            "X-Campaign: spring\r\nSubject: Hi\r\n"
                            "Content-Type: text/html; charset=utf-8\r\n\r\n"
                            '<html><body><a href="https://shop.example/a">x</a></body></html>\r\n')
        contacts = self.path("contacts.csv", "email\nbob@x.example\nada@x.example\n")
        for arguments in (("key", "new"), ("contacts", "import", contacts, "--format", "csv")):
            subprocess.run([TOOL, "-c", conf, *arguments], check=True, capture_output=True)
        copy = subprocess.run([TOOL, "-c", conf, "preview", message, "--to", "ada@x.example"],
                              check=True, capture_output=True).stdout.decode()
        return conf, copy

    def test_tokens(self):
        conf, copy = self.copy_of_spring()
        self.assertIn("https://t.shop.example/u/", copy)
        report = ("From: fbl@provider.example\nSubject: FW: Hi\nContent-Type: multipart/report; "
                  "report-type=feedback-report; boundary=b\n\n--b\n\nabuse\n--b\n"
                  "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n"
                  "Original-Rcpt-To: redacted@x.example\n\n--b\nContent-Type: message/rfc822\n\n"
                  + copy.replace("ada@x.example", "redacted@x.example") + "\n--b--\n")
        told, = self.read(before=("-c", conf), input=report)
        self.assertEqual((told["kind"], told["campaign"], told["recipients"]),
                         ("complaint", "spring", []))
        self.assertIsInstance(told["contact"], int)
        self.assertIn("complaint (abuse), campaign spring, contact number "
                      f"{told['contact']}: untrusted: ", self.run_tool(before=("-c", conf), input=report))
        # Without the key nobody knows whose it is.
        told, = self.read(input=report)
        self.assertEqual((told["kind"], told["campaign"], told["contact"]),
                         ("complaint", None, None))

    def test_memory(self):
        """A report of 30 MB and a million recipients in 400 MB of memory, address space for
        libraries included."""
        with open(TOOL, "rb") as file:
            program = file.read()
        if b"__asan_init" in program or b"__tsan_init" in program:
            self.skipTest("a sanitizer reserves more")
        head = ("From: MAILER-DAEMON@x.example\nSubject: failure notice\nContent-Type: "
                "multipart/report; report-type=delivery-status; boundary=b\n\n--b\n"
                "Content-Type: message/delivery-status\n\n")
        lines = "".join(f"Final-Recipient: rfc822;{i}@x.example\n\n" for i in range(1000000))
        report, = self.read(input=head + lines, preexec_fn=self.limit)
        self.assertEqual((report["kind"], report["truncated"]), ("bounce", True))

    @staticmethod
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))


if __name__ == "__main__":
    unittest.main(verbosity=2)
