#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""intake_tool_test: products and events through the built program mailtailor."""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
TOOL = os.path.join(os.environ.get("MAILTAILOR_BUILD", os.getcwd()), "mailtailor")
sys.path.insert(0, os.path.join(TOP, "tests", "shop"))
sys.dont_write_bytecode = True

import shop  # noqa: E402

OK, USAGE, DATAERR, NOINPUT = 0, 64, 65, 66

G = 'xmlns:g="http://base.google.com/ns/1.0"'
GOOGLE = f"""<?xml version="1.0"?>
<rss version="2.0" {G}>
<channel>
<title>Shop</title><link>https://shop.example/</link>
<item>
  <title>Plain title</title>
  <g:title>Kettle &amp;
     Co.</g:title>
  <g:id>K1</g:id>
  <link>https://shop.example/k1?a=1&amp;b=2</link>
  <g:image_link><![CDATA[https://img.example/k1.jpg]]></g:image_link>
  <g:additional_image_link>https://img.example/k1b.jpg</g:additional_image_link>
  <g:additional_image_link>https://img.example/k1c.jpg</g:additional_image_link>
  <g:price>49.95 EUR</g:price>
  <g:sale_price>39.95 EUR</g:sale_price>
  <g:sale_price_effective_date>2026-01-01T00:00+0100/2026-02-01T00:00+0100</g:sale_price_effective_date>
  <g:product_type>Home &gt; Kitchen&gt;Kettles</g:product_type>
  <g:google_product_category>751</g:google_product_category>
  <g:availability>in stock</g:availability>
  <g:brand>Aldena</g:brand><g:gtin>4000000000017</g:gtin>
  <g:item_group_id>KG</g:item_group_id>
  <g:shipping><g:country>DE</g:country><g:price>4.90 EUR</g:price></g:shipping>
  <g:color/>
</item>
</channel>
</rss>
"""


class Tool(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mailtailor.")
        self.addCleanup(shutil.rmtree, self.folder)
        self.conf = self.path("mailtailor.conf", 'database = "mailtailor.db"\n')

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

    def lines(self, *arguments):
        return [json.loads(line) for line in self.run_tool(*arguments, "--json").splitlines()]


class Products(Tool):
    def give(self, text, *arguments, status=OK):
        return self.run_tool("products", "import", "-", *arguments, input=text, status=status)

    def product(self, key, *arguments):
        return self.lines("products", "show", key, *arguments)[0]

    def test_google(self):
        self.assertEqual(self.give(GOOGLE), "1 read, 1 new, 0 changed, 0 unchanged, 0 refused\n")
        product = self.product("K1")
        for name in ("created", "updated", "row"):
            product.pop(name)
        self.assertEqual(product, {
            "catalogue": "default", "id": "K1", "title": "Kettle & Co.",
            "link": "https://shop.example/k1?a=1&b=2", "image": "https://img.example/k1.jpg",
            "price": 49.95, "sale_price": 39.95, "sale_from": "2025-12-31T23:00:00.000Z",
            "sale_until": "2026-01-31T23:00:00.000Z", "currency": "EUR",
            "category": "Home > Kitchen > Kettles", "availability": "in_stock", "group": "KG",
            "brand": "Aldena", "gtin": "4000000000017",
            "attributes": {"shipping": {"country": "DE", "price": "4.90 EUR"},
                           "additional_image_link": ["https://img.example/k1b.jpg",
                                                     "https://img.example/k1c.jpg"]}})
        self.assertEqual(self.give(GOOGLE), "1 read, 0 new, 0 changed, 1 unchanged, 0 refused\n")

    def test_atom_and_rss(self):
        self.give("""<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>a1</id><title>A</title>
            <link href="https://shop.example/a"/></entry></feed>""")
        self.assertEqual(self.product("a1")["link"], "https://shop.example/a")
        self.give("""<rss xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="urn:dc">
            <channel><item><guid>r1</guid><title>R</title><dc:price>5</dc:price>
            <link>https://shop.example/r</link><description>Words</description>
            <media:content url="https://img.example/r.jpg"/></item></channel></rss>""",
                  "--format", "rss")
        product = self.product("r1")
        self.assertEqual((product["image"], product["attributes"], product["price"]),
                         ("https://img.example/r.jpg", {"description": "Words"}, None))

    def test_encodings(self):
        text = ('<?xml version="1.0" encoding="%s"?><products><product><id>%s</id>'
                "<title>Größe</title></product></products>")
        for encoding in ("UTF-8", "ISO-8859-1", "windows-1252", "UTF-16"):
            key = encoding.lower()
            self.give((text % (encoding, key)).encode(encoding), "--format", "google")
            self.assertEqual(self.product(key)["title"], "Größe", encoding)
        self.give(b"\xef\xbb\xbf" + (text % ("UTF-8", "bom")).encode())
        self.give((text % ("UTF-8", "bad")).encode("latin-1"), status=DATAERR)
        self.assertIn("standard input: line 1: no XML: ", self.err)
        self.give((text % ("klingon", "bad")).encode(), status=DATAERR)

    def test_csv(self):
        self.give("ID;Title;Image Link;price;Availability;stars;code:text\r\n"
                  "1;\"Two\nlines\";https://img.example/1;1,50 EUR;out of stock;4.5;007\r\n"
                  "2;Other;;;;;\r\n")
        product = self.product("1")
        self.assertEqual((product["title"], product["price"], product["availability"],
                          product["attributes"]),
                         ("Two lines", 1.5, "out_of_stock", {"stars": 4.5, "code": "007"}))
        self.give("title,price\nA,1\n", status=DATAERR)
        self.assertIn("line 1: no column is named id", self.err)

    def test_json(self):
        objects = [{"offerId": "j1", "title": "J", "price": {"value": "9.90", "currency": "EUR"},
                    "productTypes": ["Home", "Bath"], "inStock": False, "sizes": [1, 2]},
                   {"id": 2, "name": "K", "price": 5, "currency": "usd", "text": 'a "]} \\ b'}]
        summary = "2 read, 2 new, 0 changed, 0 unchanged, 0 refused\n"
        self.assertEqual(self.give(json.dumps(objects, indent=2)), summary)
        path = self.path("wrapped.json", json.dumps({"next": {"a": []}, "s": "[", "products": objects}))
        self.assertEqual(self.run_tool("products", "import", path, "--catalogue", "b"), summary)
        lines = "".join(json.dumps(o) + "\n" for o in objects)
        self.assertEqual(self.give(lines, "--catalogue", "c"), summary)
        for catalogue in ("default", "b", "c"):
            one = self.product("j1", "--catalogue", catalogue)
            self.assertEqual((one["price"], one["currency"], one["category"], one["availability"],
                              one["attributes"]),
                             (9.9, "EUR", "Home > Bath", "out_of_stock", {"sizes": [1, 2]}))
            self.assertEqual(self.product("2", "--catalogue", catalogue)["currency"], "USD")
        self.assertEqual([row["catalogue"] for row in self.lines("products", "catalogues")],
                         ["b", "c", "default"])

    def test_broken_json(self):
        for text, part in (('[{"id":1,"title":"A"}', "line 1: the file ends within the list"),
                           ('[{"id":1,"title":"A"},\n7]', "line 2: an object was expected"),
                           ('[{"id":1}\n{"id":2}]', "line 2: , or ] was expected"),
                           ('[\n{"id":1,\n"x":}]', "line 3: no JSON object"),
                           ("[" + '{"a":' * 5000 + "1" + "}" * 5000 + "]", "line 1: "),
                           ('[{"a":"' + "x" * 1100000 + '"}]', "line 1: an object of more than 1 MB")):
            self.give(text, status=DATAERR)
            self.assertIn("standard input: " + part, self.err)
        path = self.path("one.json", '{"id": 1, "title": "A"}')
        self.run_tool("products", "import", path, status=DATAERR)
        self.assertIn("--format jsonl", self.err)

    def test_bad_rows_change_nothing(self):
        text = ("id,title,link,price\n1,A,https://x.example/,1 EUR\n2,B,ftp://x.example/,1\n"
                "3,C,https://x.example/,much\n,D,,\n5,,,\n6,E,https://x.example/,1,2\n")
        self.give(text, status=DATAERR)
        for line in ("line 3: link: an address with http:// or https:// was expected",
                     'line 4: price: "much" is no price like 19.99 EUR', "line 5: no id",
                     "line 6: no title", "line 7: 5 columns, but the header names 4",
                     "nothing was imported, since 5 of 6 products were refused"):
            self.assertIn("mailtailor: standard input: " + line, self.err)
        self.assertEqual(self.lines("products", "list"), [])
        self.assertEqual(self.give(text, "--skip-bad", status=DATAERR),
                         "6 read, 1 new, 0 changed, 0 unchanged, 5 refused\n")
        self.assertEqual(len(self.lines("products", "list")), 1)

    def test_replace(self):
        def rows(numbers, price=1):
            return "id,title,price\n" + "".join(f"{i},T{i},{price} EUR\n" for i in numbers)
        self.give(rows(range(60)))
        self.assertEqual(self.give(rows(range(40), 2), "--replace", "--dry-run"),
                         "dry run: 40 read, 0 refused\n")
        self.assertEqual(self.give(rows(range(10, 61)), "--replace"),
                         "51 read, 1 new, 0 changed, 50 unchanged, 0 refused, 10 gone\n")
        self.assertEqual(self.product("3")["availability"], "gone")
        self.assertEqual(len(self.lines("products", "list", "--in-stock")), 51)
        # A file that broke off.
        self.give(rows(range(10, 20)), "--replace", status=DATAERR)
        self.assertIn("more than half", self.err)
        self.assertEqual(len(self.lines("products", "list", "--in-stock")), 51)
        self.give(rows(range(10, 20)), "--replace=delete", "--force")
        self.assertIn("41 deleted", self.out)
        self.assertEqual(len(self.lines("products", "list")), 10)
        self.give(rows([1, 2, 1]), "--catalogue", "twice")
        self.assertIn("1 came again in the file", self.out)
        self.run_tool("products", "delete", "1", "--catalogue", "twice")
        self.run_tool("products", "show", "1", "--catalogue", "twice", status=DATAERR + 1)

    def test_usage(self):
        for arguments in (("import",), ("import", "a", "b"), ("import", "-", "--format", "xls"),
                          ("import", "-", "--replace=all"), ("import", "-", "--currency", "euro"),
                          ("show",), ("delete",), ("list", "x"), ("nothing",)):
            self.run_tool("products", *arguments, status=USAGE)
        self.run_tool("products", "import", self.path("missing"), status=NOINPUT)

    def test_hostile_xml(self):
        item = "<rss><channel><item><id>%s</id><title>A</title></item></channel></rss>"
        laughs = '<!ENTITY a0 "ha">' + "".join(
            f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12))
        cases = {
            "a billion laughs": (f"<!DOCTYPE rss [{laughs}]>" + item % "&a11;", "line 1: "),
            "an attribute that laughs": (
                f"<!DOCTYPE rss [{laughs}]>" + '<rss a="&a11;"></rss>', "line 1: "),
            "an external entity": (
                '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + item % "&x;",
                "a document type is not taken"),
            "an external subset": (
                '<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/x.dtd">' + item % "1",
                "a document type is not taken"),
            "an unknown entity": (item % "&nbsp;", "no XML"),
            "a deep nest": ("<a>" * 200 + item % "1", "elements more than 32 deep"),
            "deeper": ("<a>" * 100000, "line 1: "),
            "inclusion": ('<rss xmlns:xi="http://www.w3.org/2001/XInclude"><channel><xi:include '
                          'href="/etc/passwd" parse="text"/></channel></rss>', "no product in it"),
            "cut off": (item[:40], "no XML"),
            "no XML": ("<<<", "no XML"),
            "nothing": ("<a/>", "no product in it"),
            "a NUL": ("<rss><item><id>1\0</id></item></rss>", "no XML"),
        }
        for name, (text, part) in cases.items():
            with self.subTest(name):
                self.give(text, "--format", "google", status=DATAERR)
                self.assertIn("mailtailor: standard input: ", self.err)
                self.assertIn(part, self.err)
                self.assertNotIn("root:", self.out + self.err)
        self.assertEqual(self.lines("products", "list"), [])

    def test_hostile_lengths(self):
        item = ("<rss><channel><item><id>1</id><title>%s</title>%s</item><item><id>2</id><title>B"
                "</title></item></channel></rss>")
        self.give(item % ("x" * 70000, ""), "--skip-bad", status=DATAERR)
        self.assertIn("line 1: title: more than 65536 bytes", self.err)
        self.give(item % ("A", "<a>1</a>" * 2000), "--skip-bad", status=DATAERR)
        self.assertIn("more than 1000 fields", self.err)
        self.give(item % ("A", "".join(f"<a{i}>1</a{i}>" for i in range(900))), "--skip-bad",
                  status=DATAERR)
        self.assertIn("more than 500 attributes", self.err)
        self.assertEqual([row["id"] for row in self.lines("products", "list")], ["2"])

    def stream(self, arguments, chunks):
        """Feeds the tool without holding the file; exit status and its largest memory in MB."""
        tool = subprocess.Popen([TOOL, "-c", self.conf, *arguments], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out = []
        reader = threading.Thread(target=lambda: out.append(tool.stderr.read()))
        reader.start()
        try:
            for chunk in chunks:
                tool.stdin.write(chunk)
        except BrokenPipeError:
            pass
        try:
            tool.stdin.close()
        except BrokenPipeError:
            pass
        self.out = tool.stdout.read().decode()
        reader.join()
        tool.stdout.close()
        tool.stderr.close()
        status = tool.wait(timeout=300)
        self.err = out[0].decode("utf-8", "replace")
        return status

    def test_a_gigabyte_of_text(self):
        def chunks():
            yield b"<rss><channel><item><id>1</id><title>"
            for _ in range(1024):
                yield b"x" * 1024 * 1024
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        self.assertEqual(self.stream(["products", "import", "-", "--format", "google"], chunks()),
                         DATAERR)
        self.assertIn("no XML", self.err)
        after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        if after > before:
            self.assertLess(after, 800 * 1024)

    def test_many(self):
        count = 20000

        def chunks():
            yield f"<rss {G}><channel>".encode()
            for i in range(count):
                yield (f"<item><g:id>{i}</g:id><g:title>Product {i}</g:title><g:price>{i}.50 EUR"
                       f"</g:price><g:product_type>A &gt; {i % 100}</g:product_type></item>\n"
                       ).encode()
            yield b"</channel></rss>"
        self.assertEqual(self.stream(["products", "import", "-", "--replace"], chunks()), OK,
                         self.err)
        self.assertIn(f"{count} new", self.out)
        self.assertEqual(len(self.lines("products", "list", "--category", "A > 7")), count / 100)


class Events(Tool):
    def setUp(self):
        super().setUp()
        self.run_tool("contacts", "import", "-", input="email\nada@x.example\nben@x.example\n")

    def give(self, text, *arguments, status=OK):
        return self.run_tool("events", "import", "-", *arguments, input=text, status=status)

    def test_csv(self):
        text = ("who,what,when,id,prop.sku,prop.price,properties\n"
                'ada@x.example,Order Completed,2026-01-31T08:15:00Z,o1,007,9.5,"{""sku"":1,""a"":[2]}"\n'
                "BEN@x.example,Product Viewed,1769847300,,A,,\n")
        self.assertEqual(self.give(text), "2 read, 2 new, 0 known, 0 refused\n")
        self.assertEqual(self.give(text), "2 read, 0 new, 2 known, 0 refused\n")
        self.assertEqual(self.give(text, "--source", "till"), "2 read, 2 new, 0 known, 0 refused\n")
        events = self.lines("events", "list", "--contact", "ada@x.example")
        self.assertEqual(len(events), 2)
        event = events[0]
        self.assertEqual((event["address"], event["kind"], event["type"], event["time"],
                          event["id"], event["source"]),
                         ("ada@x.example", "track", "Order Completed", "2026-01-31T08:15:00.000Z",
                          "o1", "import"))
        self.assertEqual(event["properties"], {"sku": "007", "price": 9.5, "a": [2]})
        self.assertEqual(self.lines("events", "show", str(event["event"])), [event])
        self.assertEqual(len(self.lines("events", "list", "--type", "Product Viewed")), 2)
        self.assertEqual(len(self.lines("events", "list", "--since", "2026-02-01")), 0)
        self.assertEqual(len(self.lines("events", "list", "--limit", "3")), 3)

    def test_segment(self):
        calls = [
            {"type": "track", "event": "Viewed", "userId": "u9", "messageId": "t1",
             "timestamp": "2026-01-31T08:15:00Z", "properties": {"p": 1}},
            {"type": "identify", "userId": "u9", "messageId": "i1",
             "timestamp": "2026-01-31T09:00:00Z",
             "traits": {"email": "cleo@x.example", "firstName": "Cleo", "timezone": "Asia/Tokyo"}},
            {"sentAt": "2026-01-31T10:00:00Z", "batch": [
                {"type": "page", "name": "Home", "category": "Docs", "userId": "u9",
                 "messageId": "p1", "timestamp": "2026-01-31T09:30:00Z"},
                {"type": "track", "event": "Viewed", "anonymousId": "nobody", "messageId": "n1"}]},
        ]
        text = "".join(json.dumps(call) + "\n" for call in calls)
        self.assertEqual(self.give(text), "4 read, 3 new, 0 known, 0 refused; 1 left out, as they "
                                          "are of no contact\n")
        self.assertIn("line 3: left out: nothing has said yet whose anonymousId nobody is",
                      self.err)
        contact = self.lines("contacts", "show", "cleo@x.example")[0]
        self.assertEqual((contact["attributes"], contact["time_zone"]),
                         ({"first_name": "Cleo"}, "Asia/Tokyo"))
        events = self.lines("events", "list", "--contact", "cleo@x.example")
        self.assertEqual([(e["kind"], e["type"]) for e in events],
                         [("track", "Viewed"), ("identify", ""), ("page", "Home")])
        self.assertEqual(events[2]["properties"], {"category": "Docs"})
        self.assertIn("3 known", self.give(text))
        self.run_tool("contacts", "delete", "cleo@x.example")
        self.assertEqual(self.lines("events", "list"), [])

    def test_strangers(self):
        text = "who,what,when\nzoe@x.example,Viewed,2026-01-31\n"
        self.assertIn("0 new", self.give(text))
        self.assertIn("line 2: left out: there is no contact zoe@x.example", self.err)
        self.assertIn("1 new", self.give(text, "--create"))
        self.assertEqual(self.lines("contacts", "show", "zoe@x.example")[0]["attributes"], {})

    def test_bad_lines_change_nothing(self):
        text = ("who,what,when,prop.n:number\nada@x.example,A,2026-01-31,1\nada,A,2026-01-31,1\n"
                ",A,2026-01-31,1\nada@x.example,,2026-01-31,1\nada@x.example,A,soon,1\n"
                "ada@x.example,A,,1\nada@x.example,A,2026-01-31,much\n")
        self.give(text, status=DATAERR)
        for line in ('line 3: "ada": no @', "line 4: nobody", "line 5: an event without a name",
                     'line 6: "soon" is no time', "line 7: neither a time nor an id",
                     "line 8: prop.n:number: a number", "nothing was imported, since 6 of 7"):
            self.assertIn("mailtailor: standard input: " + line, self.err)
        self.assertEqual(self.lines("events", "list"), [])
        self.assertIn("7 read, 1 new, 0 known, 6 refused",
                      self.give(text, "--skip-bad", status=DATAERR))

    def test_bad_headers(self):
        for text, part in (("who,what,colour\n", 'column "colour": who, what'),
                           ("what,when\n", "no column is named who"),
                           ("who,when\n", "no column is named what"),
                           ("who,email,what\n", "say the same"), ("", "the file is empty"),
                           ("who,what,prop.\n", 'column "prop."')):
            self.give(text, status=DATAERR)
            self.assertIn(part, self.err)

    def test_hostile_lines(self):
        deep = '{"event":"x","userId":"1","id":"1","properties":' + '{"a":' * 3000 + "1" + "}" * 3001
        cases = (("{", "no JSON"), ('{"a":1,"a":2}', "no JSON"), ('{"event":"x","id":"1"}', "nobody"),
                 ('{"batch":{}}', "batch: a list"), ('{"batch":[7]}', "no JSON object"),
                 ('{"batch":[],"sentAt":"x"}', "sentAt"), (deep, "no JSON"),
                 ('{"event":"x","email":"ada@x.example","id":"1","properties":{"a":"%s"}}'
                  % ("x" * 33000), "at most 32768"),
                 ('{"event":"%s","email":"ada@x.example","id":"1"}' % ("x" * 300), "at most 255"),
                 ('{"event":"x","email":"ada@x.example","id":"%s"}' % ("x" * 300), "at most 255"),
                 ('{"event":"a\\u0000b","email":"ada@x.example","id":"1"}', "no JSON"),
                 ('{"event":"' + "x" * 1100000, "more than 1 MB"))
        for text, part in cases:
            self.give(text + "\n", "--format", "jsonl", status=DATAERR)
            self.assertIn("line 1: ", self.err)
            self.assertIn(part, self.err)
        self.give(b'{"event":"\xff","email":"ada@x.example","id":"1"}\n', status=DATAERR)
        self.give('who,what,when\n"ada@x.example,A,2026-01-31\n', status=DATAERR)
        self.assertIn("a quote is not closed", self.err)
        self.assertEqual(self.lines("events", "list"), [])

    def test_usage(self):
        for arguments in (("import",), ("import", "-", "--format", "xml"),
                          ("import", "-", "--source", ""), ("show",), ("show", "x"),
                          ("list", "--kind", "x"), ("list", "--since", "x"), ("list", "x")):
            self.run_tool("events", *arguments, status=USAGE)
        self.run_tool("events", "show", "77", status=DATAERR + 1)
        self.run_tool("events", "list", "--contact", "no@x.example", status=DATAERR + 1)


class Shop(Tool):
    def test_a_shop(self):
        """What the generator writes is taken as it is, and comes out the same."""
        made = shop.Shop(200, 140, 12, 3000, 7)
        folder = os.path.join(self.folder, "shop")
        shop.write(made, folder)
        again = os.path.join(self.folder, "again")
        shop.write(shop.Shop(200, 140, 12, 3000, 7), again)
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), "rb") as a, \
                    open(os.path.join(again, name), "rb") as b:
                self.assertEqual(a.read(), b.read(), name)
        self.run_tool("contacts", "import", f"{folder}/contacts.csv")
        self.assertIn("140 new", self.run_tool("products", "import", f"{folder}/products.xml"))
        for name in ("products.csv", "products.jsonl"):
            self.assertIn("140 unchanged",
                          self.run_tool("products", "import", f"{folder}/{name}", "--replace"))
        self.assertIn("3000 new", self.run_tool("events", "import", f"{folder}/events.jsonl"))
        self.assertIn("3000 known", self.run_tool("events", "import", f"{folder}/events.jsonl"))
        orders = self.lines("events", "list", "--type", "Order Completed")
        expected = [call for call in made.events if call[2] == "Order Completed"]
        self.assertEqual([order["properties"] for order in orders], [call[3] for call in expected])
        self.assertGreater(len(orders), 100)
        self.assertEqual([order["address"] for order in orders], [call[1] for call in expected])


if __name__ == "__main__":
    unittest.main()
