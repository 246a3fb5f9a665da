#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""bounce_act_test: what mailtailor bounce does about returned messages, and mailtailor suppress.

Copies come from mailtailor preview, so their tokens are real; the journal's rows are written here,
as nothing is sent."""

import base64
import gzip
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import time
import unittest
import zipfile

import dkim

TOOL = os.path.join(os.environ.get("MAILTAILOR_BUILD", os.getcwd()), "mailtailor")
OK, USAGE, DATAERR, TEMPFAIL = 0, 64, 65, 75
MEMORY = 160 << 20  # resident, for anything that comes
ADA, BOB, CID = "ada@x.example", "bob@x.example", "cid@x.example"

CONF = """
database = "mailtailor.db"
token_keys = "tokens"
tracking_url = "https://t.shop.example"
log = "LOG"
dkim_dns = "dns"
report_senders = {"yahoo.com"}
report_networks = {"192.0.2.0/24"}
bounce_soft = 3
campaign "spring" { unsubscribe_address = "leave@shop.example" bounce_address = "b@shop.example" }
campaign "receipts" { kind = transactional }
campaign "weekly" { list_id = "weekly.shop.example" }
dkim "shop.example" { selector = "s" key = "s.shop.example.pem" }
"""

MESSAGE = ("From: news@shop.example\r\nTo: ada@x.example\r\nX-Campaign: spring\r\nSubject: Hi\r\n"
           "Content-Type: text/html; charset=utf-8\r\n\r\n"
           '<html><body><a href="https://shop.example/a">x</a></body></html>\r\n')

AGGREGATE = """<?xml version="1.0"?>
<feedback><report_metadata><org_name>Yahoo</org_name><email>d@yahoo.com</email>
<report_id>{id}</report_id><date_range><begin>1700000000</begin><end>1700086400</end></date_range>
</report_metadata><policy_published><domain>{domain}</domain><p>reject</p></policy_published>
{records}</feedback>"""
RECORD = """<record><row><source_ip>{ip}</source_ip><count>{count}</count><policy_evaluated>
<disposition>none</disposition><dkim>{dkim}</dkim><spf>fail</spf></policy_evaluated></row>
<identifiers><header_from>Shop.example</header_from></identifiers>
<auth_results><dkim><domain>shop.example</domain><result>pass</result></dkim></auth_results></record>
"""


def returned(text):
    """The header of a copy that came back, without what DKIM would fold."""
    return text.replace("\r\n", "\n").split("\n\n", 1)[0] + "\n"


def dsn(copy, address, status="5.1.1", reply="550 5.1.1 User unknown", action="failed",
        original=None):
    original = f"Original-Recipient: rfc822;{original}\n" if original else ""
    return f"""From: MAILER-DAEMON@mx.example
To: b@shop.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

It could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

{original}Final-Recipient: rfc822;{address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {reply}

--b
Content-Type: text/rfc822-headers

{copy}
--b--
"""


def arf(copy, sender="staff@arf.mail.yahoo.com", kind="abuse"):
    return f"""From: {sender}
To: fbl@shop.example
Subject: FW: Hi
Date: Mon, 01 Jan 2024 00:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b

This is an abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: {kind}
Version: 1
User-Agent: x
Original-Rcpt-To: redacted@x.example

--b
Content-Type: message/rfc822

{copy}
--b--
"""


class Act(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        """Keys, contacts and copies, made once."""
        cls.base = tempfile.mkdtemp(prefix="mailtailor.")
        cls.addClassCleanup(shutil.rmtree, cls.base)
        for domain in ("shop.example", "yahoo.com", "evil.example"):
            subprocess.run([TOOL, "dkim", "new", domain, "s", "--algorithm", "rsa", "--bits",
                            "2048", "--dir", cls.base], check=True, capture_output=True)
        cls.write("mailtailor.conf", CONF.replace("LOG", os.path.join(cls.base, "log")))
        cls.write("message", MESSAGE)
        cls.write("contacts.csv", f"email\n{ADA}\n{BOB}\n{CID}\n")
        cls.write_dns()
        for arguments in (("key", "new"), ("contacts", "import", cls.at("contacts.csv"), "--quiet")):
            cls.tool_of(cls.base, *arguments)
        cls.copies = {who: cls.tool_of(cls.base, "preview", cls.at("message"), "--to", who)
                      for who in (ADA, BOB, CID)}

    @classmethod
    def at(cls, name):
        return os.path.join(cls.base, name)

    @classmethod
    def write(cls, name, text):
        with open(cls.at(name), "w", encoding="utf-8", newline="") as file:
            file.write(text)

    @classmethod
    def write_dns(cls):
        lines = []
        for domain in ("yahoo.com", "evil.example"):
            key = subprocess.run(["openssl", "rsa", "-in", cls.at(f"s.{domain}.pem"), "-pubout",
                                  "-outform", "DER"], check=True, capture_output=True).stdout
            public = base64.b64encode(key).decode()
            lines.append(f"s._domainkey.{domain} v=DKIM1; k=rsa; p={public}\n")
        cls.write("dns", "".join(lines))

    @staticmethod
    def tool_of(folder, *arguments, input=b"", status=OK, **options):
        done = subprocess.run([TOOL, "-c", os.path.join(folder, "mailtailor.conf"), *arguments],
                              input=input, capture_output=True, timeout=300, check=False, **options)
        if done.returncode != status:
            raise AssertionError(f"{arguments}: {done.returncode}, expected {status}\n"
                                 f"{done.stdout.decode()}{done.stderr.decode()}")
        return done.stdout.decode()

    def setUp(self):
        """A database of its own for each."""
        self.folder = tempfile.mkdtemp(prefix="mailtailor.")
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copytree(self.base, self.folder, dirs_exist_ok=True)
        self.db = os.path.join(self.folder, "mailtailor.db")

    def tool(self, *arguments, **options):
        return self.tool_of(self.folder, *arguments, **options)

    def bounce(self, message, *arguments, **options):
        data = message if isinstance(message, bytes) else message.encode()
        return json.loads(self.tool("bounce", "--json", *arguments, input=data, **options))

    def outcome(self, message, *arguments, **options):
        told = self.bounce(message, *arguments, **options)
        return told["outcome"], told["scope"]

    def suppressions(self):
        return {(entry["address"], entry["scope"]): entry for entry in map(
            json.loads, self.tool("suppress", "list", "--json").splitlines())}

    def kept(self):
        """What is in the folder for people."""
        try:
            return sorted(os.listdir(os.path.join(self.folder, "mailtailor.db-returned", "new")))
        except FileNotFoundError:
            return []

    def mark(self, who):
        """The beginning of the copy's message key."""
        url = re.search(r"https://t\.shop\.example/u/[\w-]+", self.plain(who))[0]
        return json.loads(self.tool("token", url, "--json"))

    def plain(self, who):
        return re.sub(r"=\r?\n", "", self.copies[who])

    def journal(self, who, key=None, days=0, message_id=""):
        """The row of the copy (or of another one) as the daemon would have written it."""
        key = key or self.mark(who)["message"] + "00"
        with sqlite3.connect(self.db) as db:
            contact, = db.execute("SELECT id FROM contact WHERE key = ?", (who,)).fetchone()
            db.execute("INSERT INTO journal (message, recipient_key, recipient, campaign, "
                       "contact_id, queue_id, message_id, verdict, reason, duration_ms, attempts, "
                       "time_ms, sender_domain) "
                       "VALUES (?, ?, ?, 'spring', ?, '', ?, 0, '', 1, 1, ?, 'shop.example')",
                       (key, who, who, contact, message_id,
                        int((time.time() - days * 86400) * 1000)))
        db.close()

    def events(self, who):
        return [json.loads(line) for line in
                self.tool("events", "list", "--contact", who, "--json").splitlines()]

    # --- bounces ---

    def test_a_hard_bounce(self):
        self.journal(ADA)
        report = dsn(returned(self.copies[ADA]), ADA)
        self.assertEqual(self.outcome(report), ("suppressed", "all"))
        entry = self.suppressions()[ADA, "all"]
        self.assertEqual((entry["reason"], entry["source"], entry["detail"]),
                         ("hard bounce: user unknown", "report", "550 5.1.1 User unknown"))
        event, = self.events(ADA)
        self.assertEqual((event["kind"], event["campaign"], event["properties"]["hard"],
                          event["properties"]["sender_domain"]),
                         ("bounced", "spring", True, "shop.example"))
        self.assertEqual(self.outcome(report), ("known", None))
        self.tool("suppress", "remove", ADA)
        self.assertEqual(self.outcome(report), ("known", None))
        self.assertEqual(self.suppressions(), {})
        self.assertEqual(self.kept(), [])

    def test_the_envelope_says_whose(self):
        """VERP: nothing in the message tells, but the address that it came to."""
        sender = self.tool("preview", os.path.join(self.folder, "message"), "--to", BOB)
        self.assertIn("t.shop.example", sender)
        with sqlite3.connect(self.db) as db:
            db.execute("SELECT 1")
        db.close()
        address = re.search(r"leave\+\w+@shop\.example", re.sub(r"\s", "", self.copies[BOB]))[0]
        report = dsn("Subject: Hi\n", BOB)
        for way in (("--recipient", address), ()):
            environment = {**os.environ, "ORIGINAL_RECIPIENT": "" if way else address}
            told = self.bounce(report, *way, env=environment)
            self.assertEqual((told["proof"], told["outcome"]),
                             ("token", "suppressed" if way else "known"))

    def test_forged_bounces(self):
        """An address is no proof, nor is a token that we did not make, nor somebody else's
        Message-ID."""
        self.journal(ADA, message_id="<real@shop.example>")
        self.journal(BOB, message_id="<bobs@shop.example>")
        forged = [
            dsn("Subject: Hi\nTo: ada@x.example\n", ADA),
            dsn("Message-ID: <other@shop.example>\n", ADA),
            dsn("Message-ID: <bobs@shop.example>\n", ADA),
            dsn(returned(self.copies[ADA]).replace("/u/", "/u/A").replace("leave+", "leave+a"), ADA),
            dsn("X: https://t.shop.example/u/" + "A" * 47 + "\n", ADA),
            dsn("X: b+" + "a" * 53 + "@shop.example\n", ADA),
        ]
        for report in forged:
            self.assertEqual(self.outcome(report), ("unproven", None), report)
        self.assertEqual(self.suppressions(), {})
        self.assertEqual((self.events(ADA), self.events(BOB)), ([], []))
        self.assertEqual(len(self.kept()), len(forged))

    def test_a_message_id_is_a_proof(self):
        self.journal(ADA, message_id="<real@shop.example>")
        told = self.bounce(dsn("Message-ID: <real@shop.example>\n", ADA))
        self.assertEqual((told["proof"], told["outcome"]), ("message-id", "suppressed"))

    def test_reasons_about_us(self):
        for i, (status, reply) in enumerate((
                ("5.7.1", "550 5.7.1 Message rejected due to spam content"),
                ("5.7.1", "554 5.7.1 Service unavailable; client host blocked using zen.example"),
                ("5.3.4", "552 5.3.4 Message size exceeds limit"),
                ("4.4.1", "connect to mx.example: Connection timed out"),
                ("4.7.0", "421 4.7.0 Try again later, too many messages"))):
            self.journal(ADA, key=f"{self.mark(ADA)['message']}{i:02}")
            self.bounce(dsn(returned(self.copies[ADA]), ADA, status, reply))
        self.assertEqual(self.suppressions(), {})

    def test_soft_bounces(self):
        """Three, of different copies; what the same copy is told of again does not count."""
        keys = ["aa11" * 4, "bb22" * 4, "cc33" * 4]
        for i, key in enumerate(keys):
            self.journal(ADA, key=key, days=5 - i, message_id=f"<{i}@shop.example>")
        full = [dsn(f"Message-ID: <{i}@shop.example>\n", ADA, "5.2.2",
                    "552 5.2.2 Mailbox full") for i in range(3)]
        self.assertEqual(self.outcome(full[0]), ("noted", None))
        self.assertEqual(self.outcome(full[0]), ("known", None))
        self.assertEqual(self.outcome(full[1]), ("noted", None))
        self.assertEqual(self.outcome(full[2]), ("suppressed", "marketing"))

    def test_one_of_a_group(self):
        """The address passes mail on, and one behind it is gone: that is not the address."""
        self.journal(ADA)
        copy = returned(self.copies[ADA])
        self.assertEqual(self.outcome(dsn(copy, "left@x.example", original=ADA)), ("noted", None))
        self.assertEqual(self.suppressions(), {})
        # The same mailbox under the name of a machine inside.
        self.journal(BOB)
        self.assertEqual(self.outcome(dsn(returned(self.copies[BOB]), "bob@mail.x.example",
                                          original=BOB)), ("suppressed", "all"))

    def test_delayed_and_delivered(self):
        self.journal(ADA)
        copy = returned(self.copies[ADA])
        for action, status, kind in (("delayed", "4.4.1", "deferred"),
                                     ("delivered", "2.0.0", "delivered")):
            self.assertEqual(self.outcome(dsn(copy, ADA, status, "250 ok", action)),
                             ("noted", None))
            self.assertEqual(self.events(ADA)[-1]["kind"], kind)
        self.assertEqual(self.suppressions(), {})

    def test_the_erased(self):
        report = dsn(returned(self.copies[ADA]), ADA)
        self.tool("contacts", "delete", ADA)
        self.assertEqual(self.outcome(report)[0], "noted")
        self.assertEqual(self.suppressions(), {})
        with open(self.db, "rb") as file:
            self.assertNotIn(b"550 5.1.1", file.read())

    # --- complaints ---

    def sign(self, message, domain):
        with open(self.at(f"s.{domain}.pem"), "rb") as file:
            key = file.read()
        data = message.replace("\n", "\r\n").encode()
        signature = dkim.sign(data, b"s", domain.encode(), key, include_headers=[b"From", b"To"])
        return (signature + data).replace(b"\r\n", b"\n")

    def test_complaints_need_a_sender(self):
        copy = self.copies[ADA].replace(ADA, "redacted@x.example").replace("\r\n", "\n")
        report = arf(copy)
        signed = self.sign(report, "yahoo.com")
        for bad, why in (
                (report.encode(), "no DKIM signature"),
                (self.sign(report, "evil.example"), "no DKIM signature"),
                (signed.replace(b"This is an abuse", b"This is no abuse"), "no DKIM signature"),
                (self.sign(arf(copy, "a@evil.example"), "evil.example"), "report_senders"),
                (self.sign(arf(copy, "a@notyahoo.com"), "yahoo.com"), "report_senders"),
                (signed.replace(b"From: staff", b"From: a@b.example\nFrom: staff"), "From")):
            told = self.bounce(bad)
            self.assertEqual(told["outcome"], "untrusted", bad)
            self.assertIn(why, told["why"])
        self.assertEqual(self.suppressions(), {})
        self.assertEqual(len(self.kept()), 6)
        self.assertEqual(self.outcome(signed), ("suppressed", "marketing"))
        self.assertEqual(list(self.suppressions()), [(ADA, "marketing")])
        self.assertEqual([event["kind"] for event in self.events(ADA)], ["complained"])
        contact = json.loads(self.tool("contacts", "show", ADA, "--json"))
        self.assertEqual(contact["consent"]["state"], "withdrawn")

    def test_networks(self):
        report = arf(self.copies[BOB].replace("\r\n", "\n"))
        self.assertEqual(self.outcome(report, "--client", "198.51.100.1")[0], "untrusted")
        self.assertEqual(self.outcome(report, "--client", "192.0.2.7"), ("suppressed", "marketing"))
        other = arf(self.copies[CID].replace("\r\n", "\n"))
        self.assertEqual(self.outcome(other, env={**os.environ, "CLIENT_ADDRESS": "192.0.2.9"})[0],
                         "suppressed")

    def test_trusted_but_unproven(self):
        report = self.sign(arf("To: ada@x.example\nSubject: Hi\n\nx\n"), "yahoo.com")
        self.assertEqual(self.outcome(report), ("unproven", None))
        self.assertEqual(self.suppressions(), {})

    def test_opt_out(self):
        report = arf(self.copies[ADA].replace("\r\n", "\n"), kind="opt-out")
        self.assertEqual(self.outcome(report, "--client", "192.0.2.7"), ("suppressed", "marketing"))
        self.assertEqual([event["kind"] for event in self.events(ADA)], ["unsubscribed"])

    def test_not_spam(self):
        report = arf(self.copies[ADA].replace("\r\n", "\n"), kind="not-spam")
        self.assertEqual(self.outcome(report, "--client", "192.0.2.7")[0], "nothing")
        self.assertEqual(self.suppressions(), {})

    # --- people and their programs ---

    def leave_address(self, who):
        return re.search(r"leave\+\w+@shop\.example", re.sub(r"\s", "", self.copies[who]))[0]

    def test_mail_to_unsubscribe(self):
        letter = "From: Ada <ada@home.example>\nTo: {}\nSubject: unsubscribe\n\n\n"
        self.assertEqual(self.outcome(letter.format("leave@shop.example"))[0], "unproven")
        self.assertEqual(self.outcome(letter.format(self.leave_address(ADA))),
                         ("suppressed", "marketing"))
        self.assertEqual(list(self.suppressions()), [(ADA, "marketing")])

    def test_out_of_office(self):
        self.journal(ADA)
        reply = ("From: ada@x.example\nTo: b@shop.example\nSubject: Out of office: Hi\n"
                 "Auto-Submitted: auto-replied\n\nI am away. 550 5.1.1 user unknown.\n> " +
                 re.search(r"https://t\.shop\.example/u/[\w-]+", self.plain(ADA))[0] + "\n")
        self.assertEqual(self.outcome(reply), ("noted", None))
        self.assertEqual([event["kind"] for event in self.events(ADA)], ["autoreplied"])
        self.assertEqual(self.suppressions(), {})

    def test_letters_are_kept(self):
        letter = b"From: a@b.example\n\nHello, \xff\x00 is anybody there?\n" + b"x" * 100000
        self.assertEqual(self.outcome(letter)[0], "unproven")
        name, = self.kept()
        path = os.path.join(self.folder, "mailtailor.db-returned", "new", name)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), letter)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)

    def test_large_letters_are_kept_whole(self):
        letter = b"From: a@b.example\n\n" + b"y" * 79 + b"\n" + b"0123456789\n" * (2 << 20)
        self.tool("bounce", input=letter)
        name, = self.kept()
        path = os.path.join(self.folder, "mailtailor.db-returned", "new", name)
        self.assertEqual(os.path.getsize(path), len(letter))

    def test_nowhere_to_keep(self):
        with open(os.path.join(self.folder, "mailtailor.db-returned"), "w", encoding="ascii"):
            pass
        self.tool("bounce", input=b"From: a@b.example\n\nHello\n", status=TEMPFAIL)
        # What it can act on is not lost by that.
        self.assertEqual(self.outcome(dsn(returned(self.copies[ADA]), ADA))[0], "suppressed")

    def test_database_in_use(self):
        """Nothing is lost: the relay tries again."""
        os.rename(self.db, self.db + ".away")
        os.mkdir(self.db)
        self.tool("bounce", input=dsn(returned(self.copies[ADA]), ADA).encode(), status=TEMPFAIL)

    def test_dry_run(self):
        told = self.bounce(dsn(returned(self.copies[ADA]), ADA), "--dry-run")
        self.assertEqual((told["kind"], told["outcome"]), ("bounce", None))
        self.assertEqual((self.suppressions(), self.kept()), ({}, []))

    def test_in_bulk(self):
        """A maildir of last year: the address lives again since."""
        for who in (ADA, BOB):
            self.journal(who, days=400)
            path = os.path.join(self.folder, "box", "new", who)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="ascii") as file:
                file.write("Date: Mon, 01 Jan 2024 00:00:00 +0000\n"
                           + dsn(returned(self.copies[who]), who))
        os.mkdir(os.path.join(self.folder, "box", "cur"))
        self.journal(BOB, key="f" * 16, days=1, message_id="<later@shop.example>")
        self.bounce(dsn("Message-ID: <later@shop.example>\n", BOB, "2.0.0", "250 ok", "delivered"))
        text = self.tool("bounce", os.path.join(self.folder, "box"))
        self.assertIn("2 messages: 2 bounce; 1 suppressed", text)
        self.assertEqual(list(self.suppressions()), [(ADA, "all")])
        self.assertEqual(self.kept(), [])

    # --- DMARC ---

    def dmarc_mail(self, packed, kind="application/gzip", sign="yahoo.com"):
        body = base64.encodebytes(packed).decode()
        text = (f"From: dmarc@yahoo.com\nTo: d@shop.example\nSubject: Report Domain: shop.example\n"
                f"MIME-Version: 1.0\nContent-Type: {kind}\nContent-Transfer-Encoding: base64\n\n"
                f"{body}\n")
        return self.sign(text, sign) if sign else text.encode()

    @staticmethod
    def aggregate(report_id="r1", domain="shop.example", records=None):
        if records is None:
            records = (RECORD.format(ip="192.0.2.1", count=7, dkim="pass")
                       + RECORD.format(ip="192.0.2.1", count=3, dkim="pass")
                       + RECORD.format(ip="2001:DB8::1", count=2, dkim="fail"))
        return AGGREGATE.format(id=report_id, domain=domain, records=records).encode()

    @staticmethod
    def zipped(data, name="r.xml"):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, data)
        return out.getvalue()

    def dmarc(self):
        return [json.loads(line) for line in self.tool("report", "dmarc", "--json").splitlines()]

    def test_dmarc(self):
        for i, (packed, kind) in enumerate((
                (gzip.compress(self.aggregate("g")), "application/gzip"),
                (self.zipped(self.aggregate("z")), "application/octet-stream"),
                (self.aggregate("x"), "application/xml"))):
            mail = self.dmarc_mail(packed, kind)
            self.assertEqual(self.outcome(mail)[0], "dmarc")
            self.assertEqual(self.outcome(mail)[0], "known")
            self.assertEqual(self.dmarc()[0]["messages"], 10 * (i + 1))
        rows = self.dmarc()
        self.assertEqual([(row["source"], row["header_from"], row["dkim"], row["messages"],
                           row["reports"]) for row in rows],
                         [("192.0.2.1", "shop.example", "pass", 30, 3),
                          ("2001:db8::1", "shop.example", "fail", 6, 3)])
        self.assertEqual(rows[0]["first"], "2023-11-14T22:13:20.000Z")
        csv = self.tool("report", "dmarc", "--csv").splitlines()
        self.assertEqual(csv[0].split(",")[:3], ["domain", "source", "header_from"])
        self.assertEqual(csv[1].split(",")[:8], ["shop.example", "192.0.2.1", "shop.example",
                                                 "none", "pass", "fail", "30", "3"])
        self.assertEqual(self.tool("report", "dmarc", "--domain", "other.example", "--json"), "")
        self.assertEqual(self.tool("report", "dmarc", "--since", "2024-01-01", "--json"), "")
        self.assertEqual(self.kept(), [])

    def test_dmarc_that_does_not_count(self):
        packed = gzip.compress(self.aggregate())
        for mail in (self.dmarc_mail(packed, sign=None), self.dmarc_mail(packed, sign="evil.example"),
                     self.dmarc_mail(gzip.compress(self.aggregate(domain="evil.example")))):
            self.assertEqual(self.outcome(mail)[0], "untrusted")
        self.assertEqual(self.dmarc(), [])

    def measured(self, data):
        """What it said, and its peak memory. A child begins with its parent's peak, so this has a
        small parent."""
        with tempfile.TemporaryFile() as file:
            file.write(data)
            file.seek(0)
            done = subprocess.run(
                ["/usr/bin/python3", "-c", "import os, sys\n"
                 "child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)\n"
                 "_, status, usage = os.wait4(child, 0)\n"
                 "sys.stderr.write(f'\\n{usage.ru_maxrss}')\n"
                 "sys.exit(os.waitstatus_to_exitcode(status))", TOOL, "-c",
                 os.path.join(self.folder, "mailtailor.conf"), "bounce", "--json"],
                stdin=file, capture_output=True, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return json.loads(done.stdout), int(done.stderr.split()[-1]) << 10

    def test_bombs(self):
        """Nothing changes, and memory has a bound."""
        with open(TOOL, "rb") as file:
            program = file.read()
        sanitized = b"__asan_init" in program or b"__tsan_init" in program
        laughs = ('<?xml version="1.0"?><!DOCTYPE feedback [<!ENTITY a "ha">' + "".join(
            f'<!ENTITY {c} "{f"&{p};" * 10}">' for p, c in zip("abcdefgh", "bcdefghi"))
            + "]><feedback><report_metadata><report_id>&i;</report_id></report_metadata></feedback>")
        outside = ('<?xml version="1.0"?><!DOCTYPE feedback SYSTEM "file:///etc/passwd" '
                   '[<!ENTITY x SYSTEM "file:///etc/passwd">]><feedback>&x;</feedback>')
        space = b" " * (1 << 20)
        bombs = {
            "gzip": gzip.compress(b"<?xml version='1.0'?><feedback>" + space * 100),
            "gzip in gzip": gzip.compress(gzip.compress(b"<feedback>" + space * 100)),
            "zip": self.zipped(b"<feedback>" + space * 100),
            "zip of many": self.many(),
            "text": gzip.compress(b"<feedback><report_metadata><report_id>" + b"a" * (60 << 20)),
            "name": gzip.compress(b"<feedback><" + b"a" * (60 << 20) + b">"),
            "attribute": gzip.compress(b'<feedback x="' + b"a" * (60 << 20) + b'">'),
            "laughs": laughs.encode(),
            "outside": outside.encode(),
            "depth": gzip.compress(b"<feedback>" + b"<a>" * 5000000),
            "records": gzip.compress(self.aggregate(records=RECORD.format(
                ip="192.0.2.1", count=1, dkim="pass") * 60001)),
            "damaged": gzip.compress(self.aggregate())[:-20],
            "no number": self.aggregate(records=RECORD.format(ip="192.0.2.1", count=-1,
                                                              dkim="pass")),
            "no address": self.aggregate(records=RECORD.format(ip="x" * 100, count=1, dkim="pass")),
        }
        peak = 0
        for name, packed in bombs.items():
            told, memory = self.measured(self.dmarc_mail(packed, "application/octet-stream"))
            self.assertIn("DMARC report", told["why"] or "", (name, told))
            self.assertNotEqual(told["outcome"], "dmarc", name)
            peak = max(peak, memory)
            if not sanitized:
                self.assertLess(memory, MEMORY, name)
        print(f"bombs: at most {peak >> 20} MB")
        self.assertEqual((self.dmarc(), self.suppressions()), ([], {}))

    @staticmethod
    def many():
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for i in range(20000):
                archive.writestr(f"d{i}/", b"")
        return out.getvalue()

    def test_large_reports(self):
        """Ten megabytes of everything, forged and nested."""
        with open(TOOL, "rb") as file:
            program = file.read()
        sanitized = b"__asan_init" in program or b"__tsan_init" in program
        nest = "".join(f"Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n"
                       for i in range(20000))
        within = "Content-Type: message/rfc822\n\nFrom: a@b.example\n" * 20000
        reports = {
            "text": dsn("x" * (10 << 20), ADA),
            "recipients": dsn("", ADA).replace("Final-Recipient", "\n".join(
                f"Final-Recipient: rfc822;{i}@x.example\nAction: failed\nStatus: 5.1.1\n"
                for i in range(120000)) + "\nFinal-Recipient"),
            "nested": "From: MAILER-DAEMON@x.example\nSubject: failure notice\n" + nest,
            "within": "From: MAILER-DAEMON@x.example\nSubject: failure notice\n" + within,
            "tokens": dsn(("X: b+" + "a" * 53 + "@shop.example\n") * 150000, ADA),
            "complaint": arf("To: ada@x.example\n\n" + "y" * 75 * 140000),
        }
        peak = 0
        for name, report in reports.items():
            began = time.monotonic()
            told, memory = self.measured(report.encode())
            self.assertIn(told["outcome"], ("unproven", "untrusted"), name)
            peak = max(peak, memory)
            if not sanitized:
                self.assertLess(memory, MEMORY, name)
                self.assertLess(time.monotonic() - began, 60, name)
        print(f"large reports: at most {peak >> 20} MB")
        self.assertEqual((self.suppressions(), self.events(ADA)), ({}, []))

    # --- suppress ---

    def test_export_and_import(self):
        self.tool("suppress", "add", ADA, "--scope", "marketing", "--reason", 'said "no", twice',
                  "--note", "by telephone")
        self.tool("suppress", "add", BOB, CID, "--scope", "list:weekly.shop.example")
        self.tool("contacts", "delete", CID)
        before = self.tool("suppress", "list", "--json")
        for form in ("csv", "jsonl"):
            text = self.tool("suppress", "export", "--format", form)
            with sqlite3.connect(self.db) as db:
                db.execute("DELETE FROM suppression")
            db.close()
            self.assertIn("3 would be added", self.tool("suppress", "import", "-", "--dry-run",
                                                        "--format", form, input=text.encode()))
            self.assertEqual(self.suppressions(), {})
            self.assertIn("3 added, 0 suppressed already, 0 refused",
                          self.tool("suppress", "import", "-", input=text.encode()))
            self.assertEqual(self.tool("suppress", "list", "--json"), before)
            self.assertIn("0 added, 3 suppressed already",
                          self.tool("suppress", "import", "-", input=text.encode()))

    def test_import_from_elsewhere(self):
        text = "Email Address;Reason;Date\nZoe@X.example;cleaned;2025-02-03\nnobody;;\ny@x.example;;1\n"
        out = self.tool("suppress", "import", "-", "--scope", "marketing", input=text.encode(),
                        status=DATAERR)
        self.assertIn("1 added, 0 suppressed already, 2 refused", out)
        entry = self.suppressions()["Zoe@X.example", "marketing"]
        self.assertEqual((entry["reason"], entry["created"], entry["source"]),
                         ("cleaned", "2025-02-03T00:00:00.000Z", "import"))
        self.tool("suppress", "import", "-", input=b"name\nAda\n", status=DATAERR)

    def test_undo(self):
        """A provider lost its directory for an hour."""
        for who in (ADA, BOB):
            self.journal(who)
            self.bounce(dsn(returned(self.copies[who]), who))
        self.tool("suppress", "add", CID)
        self.tool("suppress", "remove", "--source", "report", status=USAGE)
        arguments = ("suppress", "remove", "--source", "report", "--since", "1h", "--domain",
                     "X.example")
        self.assertEqual(self.tool(*arguments, "--dry-run"), "2 would be removed\n")
        self.assertEqual(self.tool(*arguments), "2 removed\n")
        self.assertEqual(list(self.suppressions()), [(CID, "all")])

    def test_explain(self):
        self.journal(ADA, days=2)
        self.bounce(arf(self.copies[ADA].replace("\r\n", "\n")), "--client", "192.0.2.7")
        self.bounce(dsn(returned(self.copies[ADA]), ADA))
        told = json.loads(self.tool("suppress", "explain", ADA, "--json"))
        self.assertEqual([entry["time"] for entry in told["story"]],
                         sorted(entry["time"] for entry in told["story"]))
        self.assertEqual({entry["what"] for entry in told["story"]},
                         {"imported", "sent", "complained", "consent", "bounced", "suppressed"})
        self.assertEqual({entry["scope"] for entry in told["suppressions"]}, {"all", "marketing"})
        self.assertEqual({entry["campaign"]: entry["skipped"] for entry in told["campaigns"]},
                         {"spring": True, "receipts": True, "weekly": True})
        self.tool("suppress", "remove", ADA, "--scope", "all")
        text = self.tool("suppress", "explain", ADA)
        self.assertIn("campaign receipts: would be sent\n", text)
        self.assertIn("campaign spring: would be skipped, suppressed for marketing: complaint\n",
                      text)
        self.tool("suppress", "add", BOB, "--scope", "list:weekly.shop.example")
        text = self.tool("suppress", "explain", BOB)
        self.assertIn("campaign spring: would be sent\n", text)
        self.assertIn("campaign weekly: would be skipped, suppressed for list:weekly.shop.example",
                      text)
        self.assertIn("nothing is known", self.tool("suppress", "explain", "new@x.example"))
        self.tool("suppress", "explain", "nobody", status=DATAERR)


if __name__ == "__main__":
    unittest.main(verbosity=2)
