#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""ctl_tool_test: the built program mailtailor, called as an administrator does.

Material that is not in this repository is found by MAILTAILOR_CORPORA (default
../shared/data beside the source tree); cases that need it are skipped without it."""

import csv
import io
import json
import os
import pty
import re
import shutil
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
TOOL = os.path.join(os.environ.get("MAILTAILOR_BUILD", os.getcwd()), "mailtailor")
CORPORA = os.environ.get("MAILTAILOR_CORPORA", os.path.join(TOP, "..", "shared", "data"))

OK, USAGE, DATAERR, NOINPUT, IOERR, CONFIG = 0, 64, 65, 66, 74, 78

CONF = """
database = "mailtailor.db"
campaign "spring" { description = "Spring sale" }
campaign "quiet" { paused = "yes" }
"""


def corpus(*path):
    """The path of a corpus, or a skipped test."""
    found = os.path.join(CORPORA, *path)
    if not os.path.exists(found):
        raise unittest.SkipTest(f"{os.path.join(*path)} is not here")
    return found


class Tool(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mailtailor.")
        self.addCleanup(shutil.rmtree, self.folder)
        self.conf = self.path("mailtailor.conf", CONF)

    def path(self, name, text=None):
        path = os.path.join(self.folder, name)
        if text is not None:
            with open(path, "wb") as file:
                file.write(text if isinstance(text, bytes) else text.encode())
        return path

    def run_tool(self, *arguments, input=None, status=OK):
        data = input.encode() if isinstance(input, str) else input
        done = subprocess.run([TOOL, "-c", self.conf, *arguments], input=data or b"",
                              capture_output=True, timeout=300, check=False)
        self.out = done.stdout.decode("utf-8", "surrogateescape")
        self.err = done.stderr.decode("utf-8", "surrogateescape")
        self.assertEqual(done.returncode, status, self.out + self.err)
        return self.out

    def give(self, text, *arguments, status=OK):
        """Imports from standard input; the summary."""
        return self.run_tool("contacts", "import", "-", *arguments, input=text, status=status)

    def contact(self, address):
        return json.loads(self.run_tool("contacts", "show", address, "--json"))

    def attributes(self, address):
        return self.contact(address)["attributes"]

    def contacts(self):
        return [json.loads(line)
                for line in self.run_tool("contacts", "list", "--json").split("\n")[:-1]]


class Program(Tool):
    def test_help_and_version(self):
        for word in ("contacts", "suppress", "journal", "outbox", "campaigns"):
            self.assertIn(word, self.run_tool("help"))
            usage = self.run_tool("help", word)
            self.assertIn(f"mailtailor [-c FILE] {word}", usage)
            self.assertEqual(usage, self.run_tool(word, "--help"))
            self.assertEqual(usage, self.run_tool(word, "whatever", "-h"))
        done = subprocess.run([TOOL, "--version"], capture_output=True, text=True, check=True)
        self.assertRegex(done.stdout, r"^mailtailor \d+\.\d+\.\d+\n$")

    def test_wrong_use(self):
        for arguments in ([], ["nothing"], ["contacts"], ["contacts", "nothing"],
                          ["contacts", "show"], ["contacts", "show", "--nothing", "x"],
                          ["contacts", "import"], ["contacts", "import", "-", "--batch", "0"],
                          ["contacts", "import", "-", "--format", "xml"],
                          ["contacts", "import", "-", "--format"],
                          ["contacts", "list", "--limit", "x"], ["contacts", "set", "a@x.example"],
                          ["suppress", "add"], ["journal", "--since", "never"],
                          ["outbox", "pause"], ["outbox", "list", "rest"], ["help", "nothing"]):
            with self.subTest(arguments):
                self.assertEqual(self.run_tool(*arguments, status=USAGE), "")
                self.assertRegex(self.err, "^(mailtailor|usage): ")

    def test_no_configuration(self):
        os.unlink(self.conf)
        self.run_tool("contacts", "list", status=CONFIG)
        self.path("mailtailor.conf", "nonsense = 1\n")
        self.run_tool("contacts", "list", status=CONFIG)
        self.assertIn("mailtailor.conf:1", self.err)

    def test_no_database(self):
        self.run_tool("contacts", "list", status=IOERR)
        self.assertIn("mailtailor.db", self.err)
        self.assertFalse(os.path.exists(self.path("mailtailor.db")))

    def test_output_that_cannot_be_written(self):
        self.give("email\na@x.example\n")
        with open("/dev/full", "wb") as full:
            done = subprocess.run([TOOL, "-c", self.conf, "contacts", "list"], stdout=full,
                                  stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, IOERR)


class Csv(Tool):
    def test_what_marketers_files_hold(self):
        self.give('\ufeffE-Mail;First Name;zip;age;vip;since;tags;country;price;phone;address\r\n'
                  'Ada@Example.org;"Ada;\r\n""Lovelace""";01234;36;yes;2026-01-31;"[""a"",1]";NO;'
                  '19.90;+4930;12 Main St\r\n')
        contact = self.contact("ada@example.ORG")
        self.assertEqual(contact["address"], "Ada@Example.org")
        self.assertEqual(contact["attributes"], {
            "First Name": 'Ada;\r\n"Lovelace"', "zip": "01234", "age": 36, "vip": True,
            "since": "2026-01-31", "tags": ["a", 1], "country": "NO", "price": 19.9,
            "phone": "+4930", "address": "12 Main St"})

    def test_separators(self):
        for name, text in {
                "comma": "email,a;b\nx@x.example,1\n", "semicolon": "email;a,b\nx@x.example;1\n",
                "tab": "email\ta\nx@x.example\t1\n", "sep=": "sep=|\nemail|a,b;c\nx@x.example|1\n",
                "quoted": '"a,b,c,d";email\n1;x@x.example\n', "CR": "email,a\rx@x.example,1\r",
                "no end": "email,a\nx@x.example,1"}.items():
            with self.subTest(name):
                self.assertIn("1 read", self.give(text))
                self.assertEqual(list(self.attributes("x@x.example").values()), [1])
                self.run_tool("contacts", "delete", "x@x.example")

    def test_tabs_keep_empty_cells(self):
        self.give("email\ta\tb\tc\nx@x.example\t\t\t7\n")
        self.assertEqual(self.attributes("x@x.example"), {"c": 7})

    def test_refused_lines_have_numbers_and_reasons(self):
        out = self.give(b'email,a,lang\n\nbad,1,\n"two\nlines@x.example",1,\nx@x.example,1,,4\n'
                        b'y@x.example,\xff,\nz@x.example,1,English (UK)\n,1,\nok@x.example,1,\n',
                        status=DATAERR)
        self.assertIn("7 read, 1 new, 0 updated, 6 refused", out)
        for line, reason in ((3, "no @"), (4, "before the @"), (6, "4 columns, but"),
                             (7, "not UTF-8"), (8, "language"), (9, "no address")):
            self.assertRegex(self.err, f"line {line}: .*{reason}")
        self.assertEqual(self.err.count("\n"), 6)

    def test_open_quote_costs_one_line(self):
        out = self.give('email,a\na@x.example,1\nb@x.example,"open\nc@x.example,3\nd@x.example,4\n',
                        status=DATAERR)
        self.assertIn("4 read, 3 new, 0 updated, 1 refused", out)
        self.assertIn("line 3: a quote is not closed", self.err)

    def test_open_quote_before_much(self):
        many = "".join(f"u{i}@x.example,{'x' * 1000}\n" for i in range(2000))
        out = self.give('email,a\nb@x.example,"open\n' + many, status=DATAERR)
        self.assertIn("2001 read, 2000 new, 0 updated, 1 refused", out)
        self.assertIn("line 2: more than 1 MB", self.err)

    def test_many_open_quotes_end(self):
        text = "email,a\n" + 'b@x.example,"x"y\n' * 200
        self.give(text, status=DATAERR)
        self.assertIn("this is no CSV file", self.err)

    def test_long_line(self):
        out = self.give("email,a\na@x.example,1\nb@x.example," + "x" * 1100000 +
                        "\nc@x.example,3\n", status=DATAERR)
        self.assertIn("3 read, 2 new, 0 updated, 1 refused", out)
        self.assertIn("line 3: more than 1 MB", self.err)

    def test_unusable_files(self):
        for name, text, reason in (
                ("empty", b"", "empty"), ("no header", b"a@x.example,Ada\n", "line 1: no column"),
                ("twice", b"email,a,a\n", 'two columns are named "a"'),
                ("UTF-16", "email\n".encode("utf-16"), "UTF-16"),
                ("columns", b"email" + b",x" * 1000 + b"\n", "1001 columns"),
                ("bytes", b"email,\xff\n", "column 2 is not UTF-8")):
            with self.subTest(name):
                self.assertEqual(self.give(text, status=DATAERR), "")
                self.assertIn(reason, self.err)
        self.run_tool("contacts", "import", self.path("none.csv"), status=NOINPUT)

    def test_a_thousand_columns(self):
        names = ",".join(f"c{i}" for i in range(999))
        self.give(f"email,{names}\nx@x.example" + ",7" * 999 + "\n")
        self.assertEqual(len(self.attributes("x@x.example")), 999)

    def test_empty_columns_and_rows(self):
        out = self.give("email,a,,\nx@x.example,1,,\n,,,\ny@x.example,1,7,\nz@x.example\n",
                        status=DATAERR)
        self.assertIn("3 read, 2 new, 0 updated, 1 refused", out)
        self.assertIn("line 4: a value in column 3, which has no name", self.err)

    def test_empty_cells_change_nothing(self):
        self.give("email,a,lang,tz\nx@x.example,1,de,Europe/Berlin\n")
        self.give("email,a,lang,b\nX@X.example,,,2\n")
        contact = self.contact("x@x.example")
        self.assertEqual(contact["attributes"], {"a": 1, "b": 2})
        self.assertEqual((contact["language"], contact["time_zone"]), ("de", "Europe/Berlin"))

    def test_last_wins(self):
        out = self.give("email,a\nx@x.example,1\ny@x.example,5\nX@x.example,2\nx@X.example,3\n",
                        "--batch", "2")
        self.assertIn("4 read, 2 new, 2 updated, 0 refused; 2 came again", out)
        self.assertEqual(self.attributes("x@x.example"), {"a": 3})


class Jsonl(Tool):
    def test_types_stay(self):
        values = {"n": 1.5, "i": 12345678901234567, "t": "007", "no": "no", "l": [1, {"x": None}],
                  "o": {"a": [True]}, "e": "", "First Name": "Ada"}
        self.give(json.dumps({"email": "x@x.example", "lang": "de", **values}))
        self.assertEqual(self.attributes("x@x.example"), values)

    def test_null_removes(self):
        self.give('{"email":"x@x.example","a":1,"b":2,"tz":"UTC"}\n')
        self.give('{"email":"x@x.example","a":null,"tz":null}\n')
        contact = self.contact("x@x.example")
        self.assertEqual((contact["attributes"], contact["time_zone"]), ({"b": 2}, ""))

    def test_refused_lines(self):
        lines = ['{"email":"a@x.example"}', "", "[1]", "{broken", '{"a":1}', '{"email":7}',
                 '{"email":"a@x.example","a":1,"a":2}', '{"email":"a@x.example","":1}',
                 '{"email":"a@x.example","x":"\\u0000"}',
                 json.dumps({"email": "a@x.example", **{f"m{i}": 1 for i in range(1000)}}),
                 '{"email":"b@x.example","a":"' + "x" * 1100000 + '"}', '{"email":"c@x.example"}']
        out = self.give("\n".join(lines), "--format", "jsonl", status=DATAERR)
        self.assertIn("11 read, 2 new, 0 updated, 9 refused", out)
        for number in range(3, 12):
            self.assertIn(f"line {number}: ", self.err)

    def test_format_by_name_and_content(self):
        path = self.path("a.jsonl", '{"email":"a@x.example"}\n')
        self.assertIn("1 new", self.run_tool("contacts", "import", path))
        path = self.path("b", '{"email":"b@x.example"}\n')
        self.assertIn("1 new", self.run_tool("contacts", "import", path))
        path = self.path("c", "email\nc@x.example\n")
        self.assertIn("1 new", self.run_tool("contacts", "import", path))


class Batches(Tool):
    def test_dry_run(self):
        self.give("email,a\nold@x.example,1\n")
        out = self.give("email,a\nold@x.example,2\nx@x.example,1\nx@x.example,1\nbad,1\n",
                        "--dry-run", "--batch", "1", status=DATAERR)
        self.assertIn("dry run: 4 read, 1 new, 2 updated, 1 refused; 1 came again", out)
        self.assertEqual(len(self.contacts()), 1)
        self.assertEqual(self.attributes("old@x.example"), {"a": 1})

    def test_strict_fails_whole_batches(self):
        text = "email\n" + "".join(f"u{i}@x.example\n" for i in range(3)) + "bad\n" + \
            "".join(f"v{i}@x.example\n" for i in range(4))
        out = self.give(text, "--batch", "4", "--strict", status=DATAERR)
        self.assertIn("8 read, 4 new, 0 updated, 4 refused", out)
        self.assertIn("lines 2 to 4: not imported", self.err)
        self.assertEqual([row["address"] for row in self.contacts()],
                         [f"v{i}@x.example" for i in range(4)])

    def test_store_error_stops(self):
        self.give("email\na@x.example\n")
        limited = ["sh", "-c", 'trap "" XFSZ; ulimit -f 400; exec "$@"', "sh"]
        text = "email,a\n" + "".join(f"u{i}@x.example,{'x' * 500}\n" for i in range(5000))
        done = subprocess.run([*limited, TOOL, "-c", self.conf, "contacts", "import", "-",
                               "--batch", "100"], input=text.encode(), capture_output=True,
                              check=False)
        self.assertEqual(done.returncode, IOERR, done.stderr)
        self.assertRegex(done.stderr.decode(), r"lines \d+ to \d+: not imported: cannot")
        self.assertEqual((len(self.contacts()) - 1) % 100, 0)
        added = int(done.stdout.split(b" new")[0].split()[-1])
        self.assertEqual(len(self.contacts()) - 1, added)

    def test_quiet(self):
        self.assertEqual(self.give("email\na@x.example\n", "--quiet"), "")

    def test_progress_on_a_terminal(self):
        master, slave = pty.openpty()
        text = "email\n" + "".join(f"u{i}@x.example\n" for i in range(20000))
        subprocess.run([TOOL, "-c", self.conf, "contacts", "import", "-"], input=text.encode(),
                       stdout=subprocess.DEVNULL, stderr=slave, check=True)
        os.close(slave)
        self.assertIn(b" read, 0 refused", os.read(master, 4096))
        os.close(master)


class Export(Tool):
    RICH = [
        {"email": "a@x.example", "language": "de", "time_zone": "Europe/Berlin", "zip": "01234",
         "age": 36, "price": 19.9, "vip": True, "since": "2026-01-31", "tags": ["a", 1]},
        {"email": "b@x.example", "code": "42", "flag": "yes", "mixed": "7", "empty": "",
         "o": {"x": {"y": None}}, "x:text": "suffix", "list": "[1]", "address": "street"},
        {"email": "c@x.example", "language": "en", "time_zone": "", "mixed": 7, "long": 12345678901234567, "space": "  two  ",
         "lines": "a\r\nb\n\nc", "quote": '"', "comma": ",;\t", "formula": "=1+1",
         "lang": "attribute", "tz": "attribute", "First, \"Name\"": "x", " edge ": "y"},
        {"email": "J\u00fcrgen@b\u00fccher.example", "name": "\u6f22\u5b57 \u0627\u0644",
         "minus": -0.0, "tiny": 1e-30, "note": "{{ contact.email }}"},
    ]

    def round_trip(self, lines):
        self.give("\n".join(json.dumps(line) for line in lines), "--format", "jsonl")
        strip = ("id", "created", "updated")
        before = [{k: v for k, v in row.items() if k not in strip} for row in self.contacts()]
        for form in ("csv", "jsonl"):
            exported = self.run_tool("contacts", "export", "--format", form)
            os.unlink(self.path("mailtailor.db"))
            self.give(exported.encode("utf-8", "surrogateescape"), "--format", form)
            after = [{k: v for k, v in row.items() if k not in strip} for row in self.contacts()]
            self.assertEqual(after, before)
            self.assertEqual(self.run_tool("contacts", "export", "--format", form), exported)
        return before

    def test_round_trip(self):
        rows = self.round_trip(self.RICH)
        self.assertEqual(rows[1]["attributes"]["code"], "42")

    def test_header_says_what_cells_cannot(self):
        self.give("\n".join(json.dumps(line) for line in self.RICH), "--format", "jsonl")
        header = next(csv.reader(io.StringIO(self.run_tool("contacts", "export"))))
        for name in ("email", "language", "time_zone", "zip", "age", "since", "code:text",
                     "mixed:json", "empty:json", "o:json", "x:text:text", "list:text"):
            self.assertIn(name, header)

    def test_names_of_the_world(self):
        with open(corpus("data-names", "common-forenames-by-country.csv"),
                  encoding="utf-8-sig") as file:
            rows = [{k: v for k, v in row.items() if v} for row in csv.DictReader(file)]
        lines = [{"email": f"p{i}@x.example", **row} for i, row in enumerate(rows)]
        got = self.round_trip(lines)
        self.assertEqual(len(got), len(rows))
        for row, contact in zip(rows, got):
            self.assertEqual(contact["attributes"], row)

    def test_attack_strings_come_out_as_data(self):
        with open(corpus("attack-blns", "blns.json"), encoding="utf-8") as file:
            strings = json.load(file)
        for folder, _, files in os.walk(corpus("attack-fuzzdb")):
            for name in files:
                with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                    strings += file.read().split("\n")
        strings = [text.replace("\0", "") for text in strings]
        lines = [{"email": f"p{i}@x.example", "v": text, "first_name": text}
                 for i, text in enumerate(strings)]
        got = self.round_trip(lines)
        for text, contact in zip(strings, got):
            self.assertEqual(contact["attributes"], {"v": text, "first_name": text})
        # As cells of a CSV file (quoted: white space around others is cut), and as names.
        out = io.StringIO()
        writer = csv.writer(out, quoting=csv.QUOTE_ALL)
        writer.writerow(["email", "name"])
        writer.writerows([f"q{i}@x.example", text] for i, text in enumerate(strings))
        self.give(out.getvalue())
        for row in self.contacts()[len(strings):]:
            text = strings[int(row["address"][1:].split("@")[0])]
            self.assertEqual(row["attributes"].get("name", ""), text)
        self.give("\n".join(json.dumps({"email": "n@x.example", text[:200]: 1})
                            for text in strings[:400] if text), "--format", "jsonl")
        self.assertNotIn("\x1b", self.run_tool("contacts", "show", "n@x.example"))
        self.assertNotIn("\x1b", self.run_tool("contacts", "list"))


class Corpora(Tool):
    def test_csv_spectrum(self):
        folder = corpus("csv-spectrum", "csvs")
        for name in sorted(os.listdir(folder)):
            if name == "location_coordinates.csv":
                continue  # its JSON holds another phone number
            with self.subTest(name):
                with open(os.path.join(folder, name), "rb") as file:
                    lines = file.read().split(b"\n", 1)
                with open(os.path.join(folder, "..", "json", name[:-3] + "json"), "rb") as file:
                    wanted = json.load(file)
                wanted = wanted if isinstance(wanted, list) else [wanted]
                # With an address column of ours in front.
                rows = list(csv.reader(io.StringIO(b"\n".join(lines).decode("utf-8"), newline="")))
                out = io.StringIO(newline="")
                writer = csv.writer(out, lineterminator="\r\n" if "crlf" in name else "\n")
                writer.writerow(["email"] + [f"{cell}:text" for cell in rows[0]])
                addresses = [f"r{i}@{name[:-4].replace('_', '-')}.example"
                             for i in range(len(rows) - 1)]
                writer.writerows([address] + row for address, row in zip(addresses, rows[1:]))
                self.give(out.getvalue().encode())
                for address, row in zip(addresses, wanted):
                    # The files' line ends were made LF on their way here, JSON's were not.
                    self.assertEqual(self.attributes(address),
                                     {k: v.replace("\r\n", "\n") for k, v in row.items() if v})

    def test_other_csv_files_do_no_harm(self):
        for corpus_name in ("csv-papaparse", "csv-test-data", "csv-spectrum"):
            for folder, _, files in os.walk(corpus(corpus_name)):
                for name in files:
                    done = subprocess.run(
                        [TOOL, "-c", self.conf, "contacts", "import", "--format", "csv",
                         os.path.join(folder, name)], capture_output=True, check=False)
                    self.assertIn(done.returncode, (OK, DATAERR), (name, done.stderr))

    def test_mailbox_lists(self):
        def lines(name):
            with open(corpus("addr-flanker", name), encoding="utf-8") as file:
                return [line.rstrip("\n") for line in file]

        # The valid list holds display names and comments, too, which no address column may.
        for text, good in (("very.common@example.com", True), ("postbox@com", True),
                           ("\"much.more unusual\"@example.com", True)):
            self.assertIn(text, lines("mailbox_valid.txt"))
            self.check(text, good)
        wrong = []
        for line in lines("mailbox_invalid.txt"):
            text = line.split("  ")[0].strip()
            if text and not text.startswith("#") and not self.refused(text):
                wrong.append(text)
        self.assertEqual(wrong, [])

    def check(self, text, good):
        self.assertEqual(self.refused(text), not good, text)

    def refused(self, text):
        done = subprocess.run([TOOL, "-c", self.conf, "suppress", "add", "--", text],
                              capture_output=True, check=False)
        self.assertIn(done.returncode, (OK, DATAERR), done.stderr)
        return done.returncode != OK


class Contacts(Tool):
    def test_set_and_delete(self):
        self.assertEqual(self.run_tool(
            "contacts", "set", "Ada@x.example", "age=36", "zip=01234", "language=de_AT",
            "tz=Europe/Vienna", 'tags=["x"]', "code:text=7", "note=a=b"), "added\n")
        self.assertEqual(self.run_tool("contacts", "set", "ada@X.example", "age=", "lang="),
                         "changed\n")
        contact = self.contact("ada@x.example")
        self.assertEqual(contact["attributes"],
                         {"zip": "01234", "tags": ["x"], "code": "7", "note": "a=b"})
        self.assertEqual((contact["language"], contact["time_zone"]), ("", "Europe/Vienna"))
        for wrong in ("email=b@x.example", "address=b@x.example", "plain", "=x", "tz=Nowhere/X",
                      "n:number=x", b"b=\xff"):
            self.run_tool("contacts", "set", "ada@x.example", wrong, status=DATAERR)
        self.run_tool("contacts", "set", "no address", "a=1", status=DATAERR)
        self.assertIn("zip (text): 01234", self.run_tool("contacts", "show", "ada@x.example"))
        self.run_tool("contacts", "delete", "ADA@x.example")
        self.run_tool("contacts", "show", "ada@x.example", status=NOINPUT)
        self.run_tool("contacts", "delete", "ada@x.example", status=NOINPUT)
        self.run_tool("contacts", "show", "ada", status=DATAERR)

    def test_list_limit(self):
        self.give("email\na@x.example\nb@x.example\nc@x.example\n")
        self.assertEqual(len(self.run_tool("contacts", "list", "--limit", "2").splitlines()), 2)
        self.assertEqual(len(self.contacts()), 3)


class Others(Tool):
    def test_suppress(self):
        self.run_tool("suppress", "add", "Ada@x.example", "b@x.example", "--reason", "a\x1bsked")
        self.run_tool("suppress", "add", "ada@X.example", "--scope", "spring")
        self.assertIn("already", self.run_tool("suppress", "add", "ADA@x.example"))
        self.run_tool("suppress", "add", "nobody", status=DATAERR)
        rows = [json.loads(line)
                for line in self.run_tool("suppress", "list", "--json").splitlines()]
        self.assertEqual(sorted((row["address"], row["scope"]) for row in rows),
                         [("Ada@x.example", "all"), ("ada@X.example", "spring"),
                          ("b@x.example", "all")])
        self.assertEqual(rows[0]["reason"], "a\x1bsked")
        self.assertIn("a\\x1bsked", self.run_tool("suppress", "list"))
        self.run_tool("suppress", "remove", "ada@x.example")
        self.run_tool("suppress", "remove", "ada@x.example", status=NOINPUT)
        self.run_tool("suppress", "remove", "ada@x.example", "--scope", "spring")
        self.assertNotIn("da@", self.run_tool("suppress", "list"))

    def test_outbox_and_campaigns(self):
        self.run_tool("outbox", "pause", "sprint", status=NOINPUT)
        self.run_tool("outbox", "pause", "spring")
        self.assertRegex(self.run_tool("outbox", "list"), "spring\tpaused")
        rows = {row["campaign"]: row for row in map(
            json.loads, self.run_tool("campaigns", "list", "--json").splitlines())}
        self.assertTrue(rows["spring"]["paused"] and rows["quiet"]["paused"])
        self.assertEqual(rows["spring"]["description"], "Spring sale")
        self.run_tool("outbox", "resume", "spring")
        self.assertEqual(self.run_tool("outbox", "list"), "")
        self.assertIn("spring", self.run_tool("outbox", "list", "--all"))
        self.assertEqual(self.run_tool("outbox", "list", "--rows", "--json"), "")
        self.assertEqual(self.run_tool("outbox", "cancel", "spring"), "0 cancelled\n")
        self.assertEqual(self.run_tool("outbox", "retry", "spring", "--failed"), "0 due now\n")

    def test_journal(self):
        self.run_tool("suppress", "add", "a@x.example")
        self.assertEqual(self.run_tool("journal"), "")
        self.assertEqual(self.run_tool("journal", "--campaign", "spring", "--contact",
                                       "a@x.example", "--since", "2h", "--limit", "5", "--json"),
                         "")


class Keys(Tool):
    def setUp(self):
        super().setUp()
        self.keys = self.path("keys")
        self.path("mailtailor.conf", CONF + 'token_keys = "keys"\n')

    def list(self, *arguments):
        return [json.loads(line) for line in
                self.run_tool("key", "list", *arguments, "--json").splitlines()]

    def secrets(self):
        with open(self.keys, encoding="ascii") as file:
            return [line.split()[3] for line in file if line.startswith("key ")]

    def test_new_list_retire(self):
        self.assertEqual(self.run_tool("key", "new").split(": ")[:2],
                         [self.keys, "key 1; it signs once mailtailord has started or reloaded\n"])
        self.assertEqual(os.stat(self.keys).st_mode & 0o7777, 0o600)
        self.run_tool("key", "new")
        rows = self.list()
        self.assertEqual([(row["id"], row["signs"]) for row in rows], [(1, False), (2, True)])
        self.assertRegex(rows[0]["created"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$")
        text = self.run_tool("key", "list")
        self.assertRegex(text, r"^1\t\S+Z\tis read\n2\t\S+Z\tsigns\n$")
        self.assertEqual(len(set(self.secrets())), 2)
        for secret in self.secrets():
            self.assertNotIn(secret, text + json.dumps(rows))
        self.run_tool("key", "retire", "2", status=DATAERR)
        self.assertIn("make a new one first", self.err)
        self.run_tool("key", "retire", "9", status=NOINPUT)
        self.run_tool("key", "retire", "1")
        self.assertEqual([row["id"] for row in self.list()], [2])

    def test_another_file(self):
        other = self.path("other")
        self.path("mailtailor.conf", "this is no configuration")
        self.run_tool("key", "new", other)
        self.assertEqual([row["id"] for row in self.list(other)], [1])
        self.run_tool("key", "new", other)
        self.run_tool("key", "retire", "1", other)
        self.assertEqual([row["id"] for row in self.list(other)], [2])

    def test_wrong_use(self):
        for arguments in ([], ["make"], ["new", "a", "b"], ["list", "a", "b"], ["retire"],
                          ["retire", "x"], ["retire", "0"], ["retire", "256"],
                          ["new", "--force"], ["retire", "1", "a", "b"]):
            self.run_tool("key", *arguments, status=USAGE)
        self.path("mailtailor.conf", CONF)
        self.run_tool("key", "new", status=CONFIG)
        self.assertIn("token_keys is not set", self.err)
        self.run_tool("key", "list", self.path("none"), status=IOERR)

    def test_the_daemon_checks_it(self):
        daemon = os.path.join(os.path.dirname(TOOL), "mailtailord")

        def check():
            done = subprocess.run([daemon, "-c", self.conf, "-n"], capture_output=True,
                                  timeout=60, check=False, text=True)
            return done.stdout + done.stderr

        place = f"{self.conf}:{CONF.count(chr(10)) + 1}: token_keys: {self.keys}"
        self.assertIn(f"{place}: No such file or directory\n", check())
        self.run_tool("key", "new")
        self.assertNotIn("token_keys", check())
        os.chmod(self.keys, 0o640)
        self.assertIn(f"{place} has mode 0640: group and others must have no access", check())
        os.chmod(self.keys, 0o600)
        with open(self.keys, "a", encoding="ascii") as file:
            file.write("key 1 2026-01-31T08:15:00Z short\n")
        self.assertRegex(check(), re.escape(place) + r":\d+: key 1 stands in line \d+ already\n")


if __name__ == "__main__":
    unittest.main()
