#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""ctl_dkim_test: `mailtailor dkim` and what doctor says of keys, as an administrator calls them."""

import json
import os
import re
import shutil
import stat
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TOOL = os.path.join(os.environ.get("MAILTAILOR_BUILD", os.getcwd()), "mailtailor")
CANT_CREATE = 74


def sanitized():
    with open(TOOL, "rb") as file:
        image = file.read()
    return b"__asan_init" in image or b"__tsan_init" in image


class Dkim(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mailtailor.")
        self.addCleanup(shutil.rmtree, self.folder)
        self.conf = os.path.join(self.folder, "mailtailor.conf")
        self.configure()

    def configure(self, text="", dns="records"):
        with open(self.conf, "w", encoding="utf-8") as out:
            out.write(f'database = "mailtailor.db"\ndkim_dns = "{dns}"\n' + text)
        self.write("records", "")

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8", newline="") as out:
            out.write(text)
        return path

    def tool(self, *arguments, status=0, input="", env=None):
        done = subprocess.run([TOOL, "-c", self.conf, *arguments], input=input.encode(),
                              capture_output=True, timeout=120, check=False, env=env)
        self.out, self.err = done.stdout.decode(), done.stderr.decode()
        self.assertEqual(done.returncode, status, self.out + self.err)
        return self.out

    def new(self, *arguments, status=0):
        """(record name, text, section) that `dkim new` prints."""
        out = self.tool("dkim", "new", *arguments, "--dir", self.folder, status=status)
        if status:
            return None
        name, strings = re.search(r"^(\S+)\. IN TXT \( (.*) \)$", out, re.M).groups()
        pieces = re.findall(r'"([^"]*)"', strings)
        self.assertTrue(all(len(piece) <= 255 for piece in pieces))
        return name, "".join(pieces), out[out.index("dkim "):]

    def states(self, *arguments, status=0):
        return [(row["name"].split(".")[0], row["state"]) for row in map(
            json.loads, self.tool("dkim", "dns", "--json", *arguments,
                                  status=status).splitlines())]

    def findings(self, check):
        self.tool("doctor", "--json", status=self.doctor_status())
        return [(one["severity"], one["text"]) for one in json.loads(self.out)["findings"]
                if one["check"] == check]

    def doctor_status(self):
        return subprocess.run([TOOL, "-c", self.conf, "doctor"], capture_output=True, timeout=120,
                              check=False).returncode

    # --- new ---

    def test_new_key(self):
        name, text, section = self.new("Shop.example", "mt1")
        self.assertEqual(name, "mt1._domainkey.shop.example")
        path = os.path.join(self.folder, "mt1.shop.example.pem")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        public = subprocess.run(["openssl", "rsa", "-in", path, "-pubout"], check=True,
                                capture_output=True, text=True).stdout
        self.assertEqual(text, "v=DKIM1; k=rsa; p=" + "".join(public.splitlines()[1:-1]))
        self.configure(section)
        self.assertEqual(self.states(status=1), [("mt1", "missing")])

    def test_new_key_ed25519(self):
        _, text, _ = self.new("shop.example", "ed1", "--algorithm", "ed25519")
        self.assertRegex(text, r"^v=DKIM1; k=ed25519; p=[A-Za-z0-9+/]{43}=$")

    def test_new_key_overwrites_nothing(self):
        self.new("shop.example", "mt1", "--bits", "3072")
        path = os.path.join(self.folder, "mt1.shop.example.pem")
        with open(path, encoding="ascii") as file:
            before = file.read()
        self.new("shop.example", "mt1", status=CANT_CREATE)
        self.assertIn("File exists", self.err)
        with open(path, encoding="ascii") as file:
            self.assertEqual(file.read(), before)

    def test_new_key_refusals(self):
        for arguments, words in (
                (("no domain", "mt1"), "DOMAIN: expected a domain name"),
                (("shop.example", "a b"), "SELECTOR: expected"),
                (("shop.example", "../x"), "SELECTOR: expected"),
                (("shop.example", "mt1", "--bits", "1024"), "--bits: expected 2048 to 4096"),
                (("shop.example", "mt1", "--algorithm", "dsa"), "expected rsa or ed25519"),
                (("shop.example",), "usage")):
            self.new(*arguments, status=64)
            self.assertIn(words, self.err)
        self.assertFalse([name for name in os.listdir(self.folder) if name.endswith(".pem")])

    # --- dns ---

    def test_dns_states(self):
        made = [self.new("shop.example", f"s{i}") for i in range(5)]
        self.configure("".join(section for _, _, section in made))
        self.write("records", f"{made[0][0]} {made[0][1]}\n{made[1][0]} {made[0][1]}\n"
                   f"{made[2][0]} v=DKIM1; p=\n{made[4][0]} SERVFAIL\n")
        self.assertEqual(self.states(status=75), [
            ("s0", "ok"), ("s1", "different"), ("s2", "revoked"), ("s3", "missing"),
            ("s4", "silent")])
        self.assertEqual(self.states("shop.example", "S0"), [("s0", "ok")])
        self.tool("dkim", "dns", "shop.example", "s1", status=1)
        self.assertIn("s1._domainkey.shop.example: different: it holds another key (p=)", self.out)
        self.assertIn("s1._domainkey.shop.example. IN TXT (", self.out)
        self.tool("dkim", "dns", "other.example", status=65)

    @unittest.skipIf(sanitized(), "a preloaded library comes before the sanitizer's")
    def test_dns_by_the_resolver(self):
        library = os.path.join(self.folder, "fake_dns.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library,
                        os.path.join(HERE, "../lib/fake_dns.c")], check=True)
        made = [self.new("shop.example", f"s{i}", "--bits", "4096") for i in range(2)]
        self.configure("".join(section for _, _, section in made), dns="")
        records = self.write("fake", f"{made[0][0]} {made[0][1]}\n")
        env = dict(os.environ, LD_PRELOAD=library, MT_FAKE_DNS=records)
        self.tool("dkim", "dns", "--json", status=1, env=env)
        self.assertEqual([json.loads(line)["state"] for line in self.out.splitlines()],
                         ["ok", "missing"])

    # --- verify ---

    def signed(self, *selectors):
        """A signed message by `preview`, with its records in the file."""
        made = [self.new("shop.example", selector, "--algorithm", algorithm)
                for selector, algorithm in selectors]
        sections = "".join(section for _, _, section in made).replace("auto", "yes")
        self.configure('campaign "spring" { }\n' + sections)
        self.write("records", "".join(f"{name} {text}\n" for name, text, _ in made))
        self.tool("contacts", "import", "-", input="email\nada@example.org\n")
        mail = self.write("mail.eml", "X-Campaign: spring\nFrom: S <n@shop.example>\n"
                          "Subject: Hi\nDate: Mon, 02 Feb 2026 10:00:00 +0000\n"
                          "List-Unsubscribe: <https://shop.example/u>\n"
                          "Content-Type: text/plain; charset=utf-8\n\nHello\n")
        return self.tool("preview", mail, "--to", "ada@example.org")

    def verdicts(self, message, *options, status=0):
        path = self.write("signed.eml", message)
        return [json.loads(line) for line in self.tool(
            "dkim", "verify", path, "--json", *options, status=status).splitlines()]

    def test_both_signatures(self):
        message = self.signed(("mt1", "rsa"), ("ed1", "ed25519"))
        got = self.verdicts(message)
        self.assertEqual([(v["a"], v["s"], v["pass"]) for v in got],
                         [("rsa-sha256", "mt1", True), ("ed25519-sha256", "ed1", True)])
        for verdict in got:
            self.assertEqual(verdict["alignment"], "strict")
            self.assertEqual(verdict["covers"], {"From": True, "List-Unsubscribe": True})
            names = verdict["h"].lower().split(":")
            for name in ("list-unsubscribe-post", "feedback-id"):
                self.assertIn(name, names)
            self.assertEqual(names.count("from"), 2)
            self.assertNotIn("received", names)

    def test_changed_messages_fail(self):
        message = self.signed(("mt1", "rsa"))
        for old, new, why in (("Hello", "Hullo", "body"), ("Subject: Hi", "Subject: Ho", ""),
                              ("From: S", "From: T", ""), ("\nList-Uns", "\nX-Uns", ""),
                              ("\nSubject", "\nFeedback-ID: x\nSubject", "")):
            self.assertIn(old, message)
            verdict, = self.verdicts(message.replace(old, new, 1), status=1)
            self.assertFalse(verdict["pass"])
            self.assertIn(why, verdict["reason"])
        self.write("records", "")
        verdict, = self.verdicts(message, status=1)
        self.assertIn("key not found", verdict["reason"])
        self.write("records", "mt1._domainkey.shop.example SERVFAIL\n")
        verdict, = self.verdicts(message, status=1)
        self.assertIn("DNS does not answer", verdict["reason"])

    def test_key_file_and_text(self):
        message = self.signed(("mt1", "rsa"))
        with open(os.path.join(self.folder, "records"), encoding="ascii") as file:
            record = file.read().split(" ", 1)[1]
        key = self.write("key.txt", record)
        self.write("records", "")
        self.tool("dkim", "verify", "-", "--key", key, input=message)
        self.assertIn("signature 1: pass\n\td=shop.example\n\ts=mt1\n", self.out)
        self.tool("dkim", "verify", "-", input="From: a@b.example\n\nx\n", status=1)
        self.assertEqual(self.out, "there is no signature\n")
        self.tool("dkim", "verify", "/none", status=CANT_CREATE)

    def test_foreign_domain_is_not_aligned(self):
        message = self.signed(("mt1", "rsa"))
        verdict, = self.verdicts(message.replace("@shop.example>", "@x.shop.example>", 1),
                                 status=1)
        self.assertEqual(verdict["alignment"], "relaxed")
        verdict, = self.verdicts(message.replace("@shop.example>", "@myshop.example>", 1),
                                 status=1)
        self.assertEqual(verdict["alignment"], "none")
        verdict, = self.verdicts(message.replace("@shop.example>", "@example>", 1), status=1)
        self.assertEqual(verdict["alignment"], "none")

    # --- doctor ---

    def test_doctor(self):
        rsa, edwards = self.new("shop.example", "s1"), self.new(
            "only.example", "e1", "--algorithm", "ed25519")
        campaigns = ('campaign "a" { from = {"n@news.shop.example"} }\n'
                     'campaign "b" { from = {"n@elsewhere.example"} signatures = ed25519 }\n')
        self.configure(campaigns + rsa[2].replace("auto", "yes\n\tsubdomains = yes") + edwards[2])
        self.write("records", f"{rsa[0]} {rsa[1]}; t=y\n"
                   "_dmarc.shop.example v=DMARC1; p=none; adkim=s\n")
        self.assertEqual([severity for severity, _ in self.findings("dkim.alignment")],
                         ["warning", "error", "error"])
        self.assertIn("adkim=s", self.out)
        self.assertIn("no DKIM key for elsewhere.example", self.out)
        self.assertEqual(len(self.findings("dkim.ed25519_alone")), 2)
        found = self.findings("dkim.dns")
        self.assertEqual([severity for severity, _ in found], ["warning", "warning"])
        self.assertIn("only tests DKIM (t=y)", found[0][1])
        self.assertIn("until it has, the key does not sign", found[1][1])
        self.write("records", f"{rsa[0]} {rsa[1]}\n{edwards[0]} {edwards[1]}\n"
                   "_dmarc.shop.example v=DMARC1; p=none\n")
        self.assertEqual([severity for severity, _ in self.findings("dkim.dns")], ["ok", "ok"])
        self.assertEqual(len(self.findings("dkim.alignment")), 1)
        self.assertEqual(sorted(self.findings("dkim.dmarc")), [
            ("ok", "DNS has a DMARC record at _dmarc.shop.example (p=none)."),
            ("warning", "only.example has no DMARC record; Gmail and Yahoo ask senders of bulk "
             "mail for one.")])
        self.write("records", "")
        self.assertEqual(len(self.findings("dkim.dmarc")), 2)

    def dmarc(self, campaigns, dkim, records):
        """Findings of doctor by check -> [(severity, text)], of keys that don't matter here."""
        self.configure(campaigns + "".join(
            f'dkim "{domain}" {{ selector = "s" key = "none.pem" {more} }}\n'
            for domain, more in dkim.items()))
        self.write("records", records)
        return {check: self.findings("dkim." + check) for check in ("dmarc", "alignment", "spf")}

    def test_dmarc_records(self):
        text = "it has to begin with v=DMARC1 and to say p=none"
        for record, severity, wanted in (
                ("v=DMARC1; p=reject", "ok", "at _dmarc.shop.co.uk (p=reject)"),
                ("v=DMARC1;p=Quarantine;adkim=r", "ok", "(p=Quarantine)"),
                ("v=DMARC1; p=some", "warning", text),
                ("v=spf1; p=none", "warning", text),
                ("p=none; v=DMARC1", "warning", text),
                ("v=spf1 -all", "warning", "shop.co.uk has no DMARC record"),
                ("SERVFAIL", "warning", "the resolver does not answer")):
            with self.subTest(record):
                (found, said), = self.dmarc("", {"shop.co.uk": ""}, "_dmarc.shop.co.uk "
                                            + record + "\n")["dmarc"]
                self.assertEqual(found, severity)
                self.assertIn(wanted, said)
        # A key that does not sign yet or any more says nothing.
        self.assertEqual(self.dmarc("", {"shop.co.uk": "active = no"}, "")["dmarc"], [])
        # The organization's record counts; the remedy names it.
        (found, said), = self.dmarc("", {"x.news.shop.co.uk": ""},
                                    "_dmarc.shop.co.uk v=DMARC1; p=none\n"
                                    "_dmarc.news.shop.co.uk v=DMARC1; p=reject\n")["dmarc"]
        self.assertEqual((found, said),
                         ("ok", "DNS has a DMARC record at _dmarc.shop.co.uk (p=none)."))
        self.assertEqual(len(self.dmarc("", {"x.news.shop.co.uk": ""},
                                        "_dmarc.co.uk v=DMARC1; p=none\n")["dmarc"]), 1)
        self.assertIn("_dmarc.shop.co.uk. IN TXT", self.out)

    def test_alignment(self):
        campaign = 'campaign "a" { from = {"n@%s"} sender = {"b@%s"} }\n'
        none = "_dmarc.shop.co.uk v=DMARC1; p=none%s\n"
        below = {"shop.co.uk": "subdomains = yes"}
        for address, sender, dkim, record, errors, spf in (
                ("shop.co.uk", "shop.co.uk", {"shop.co.uk": ""}, "; adkim=s; aspf=s", [], True),
                ("news.shop.co.uk", "out.shop.co.uk", below, "", [], True),
                ("news.shop.co.uk", "out.shop.co.uk", below, "; adkim=s",
                 ["shop.co.uk wants", "adkim=s"], True),
                ("news.shop.co.uk", "out.shop.co.uk", below, "; aspf=s", [], False),
                ("shop.co.uk", "other.co.uk", {"shop.co.uk": ""}, "", [], False),
                ("shop.co.uk", "shop.co.uk", {"co.uk": "subdomains = yes"}, "",
                 ["co.uk is a public suffix", "signed by co.uk, which is of another"], True)):
            with self.subTest(address=address, record=record, dkim=dkim):
                found = self.dmarc(campaign % (address, sender), dkim, none % record)
                self.assertEqual(len(found["alignment"]), len(errors), found)
                for text in errors:
                    self.assertIn(text.rpartition(" wants")[0],
                                  " ".join(said for _, said in found["alignment"]))
                (severity, said), = found["spf"]
                self.assertEqual(severity, "ok")
                self.assertIn("SPF counts for DMARC" if spf else
                              "DMARC rests on the DKIM signature alone", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
