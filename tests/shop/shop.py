#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A shop made up from a seed: contacts, products, outlets and what the contacts did.

    tests/shop/shop.py FOLDER [--contacts N] [--products N] [--outlets N] [--events N] [--seed N]

writes files that the tool imports:

    contacts.csv                mailtailor contacts import
    products.csv .jsonl .xml    mailtailor products import; the same products three times
    outlets.csv                 name, position, postcode, city, opening hours, time zone
    events.jsonl                mailtailor events import; Segment's track calls, by time

The same sizes and seed give the same bytes. Contacts have two or three categories that they
like and a pace of their own. They look at products, put some into the cart, order some of
those; what gets used up is ordered again after an interval of their own; some products go
together. Time ends at UNTIL; each contact's last cart may be open then.
"""

import argparse
import csv
import datetime
import json
import math
import os
import random
import sys
from xml.sax.saxutils import escape

UNTIL = datetime.datetime(2026, 6, 30, 12, 0, tzinfo=datetime.timezone.utc)
DAYS = 540

FIRST = ("Ada Ben Chloé Dag Eva Finn Greta Hugo Ida Jan Kaja Leo Mia Nils Olga Paul Quinn Rosa "
         "Søren Tess Uwe Vera Will Xenia Yara Zoë").split()
LAST = ("Arendt Berg Cerny Dubois Eriksen Fischer Grøn Hahn Ivanov Jansen Kowalski Lund Müller "
        "Novak Olsen Peters Quist Rossi Schmidt Turing Ueda Vogel Weber Young Zeman").split()
# City, country, time zone, language, latitude, longitude, first digits of its postcodes.
CITIES = [
    ("Berlin", "DE", "Europe/Berlin", "de", 52.520, 13.405, "10"),
    ("Hamburg", "DE", "Europe/Berlin", "de", 53.551, 9.994, "20"),
    ("München", "DE", "Europe/Berlin", "de", 48.137, 11.575, "80"),
    ("Köln", "DE", "Europe/Berlin", "de", 50.938, 6.960, "50"),
    ("Paris", "FR", "Europe/Paris", "fr", 48.857, 2.352, "75"),
    ("Lyon", "FR", "Europe/Paris", "fr", 45.764, 4.836, "69"),
    ("Wien", "AT", "Europe/Vienna", "de", 48.208, 16.373, "1"),
    ("Zürich", "CH", "Europe/Zurich", "de", 47.377, 8.541, "8"),
    ("London", "GB", "Europe/London", "en", 51.507, -0.128, "E"),
    ("Dublin", "IE", "Europe/Dublin", "en", 53.350, -6.260, "D"),
    ("New York", "US", "America/New_York", "en", 40.713, -74.006, "100"),
    ("Auckland", "NZ", "Pacific/Auckland", "en", -36.848, 174.763, "10"),
]
# Category, used up and so bought again, price from and to.
CATEGORIES = [
    ("Home > Kitchen > Kettles", False, 20, 90),
    ("Home > Kitchen > Knives", False, 8, 160),
    ("Home > Bath > Towels", False, 6, 60),
    ("Home > Garden > Seeds", True, 2, 6),
    ("Food > Coffee > Beans", True, 7, 30),
    ("Food > Coffee > Capsules", True, 4, 12),
    ("Food > Tea", True, 3, 20),
    ("Pets > Dogs > Food", True, 12, 70),
    ("Pets > Cats > Food", True, 9, 60),
    ("Pets > Cats > Toys", False, 2, 25),
    ("Beauty > Skin", True, 5, 80),
    ("Fashion > Shoes", False, 30, 180),
    ("Fashion > Bags", False, 25, 240),
    ("Sports > Running", False, 10, 150),
]
WORDS = ("Alba Brisk Calm Dune Ember Fjord Glade Haven Iris Juno Kite Lumen Moss North Oak Pine "
         "Quill Rune Sage Tide Umber Vale Wren Yarrow Zest").split()
BRANDS = "Aldena Brunnhof Corvo Dalma Estiva Fenwick Galant Hollis".split()


class Shop:
    def __init__(self, contacts, products, outlets, events, seed):
        self.random = random.Random(seed)
        self.products = [self.product(i) for i in range(products)]
        self.by_category = {}
        for product in self.products:
            self.by_category.setdefault(product["product_type"], []).append(product)
        self.contacts = [self.contact(i) for i in range(contacts)]
        self.outlets = [self.outlet(i) for i in range(outlets)]
        self.events = self.history(events)

    def near(self, city):
        """A place within some 40 km, and a postcode there."""
        name, country, _, _, latitude, longitude, code = city
        latitude += self.random.gauss(0, 0.15)
        longitude += self.random.gauss(0, 0.15) / math.cos(math.radians(latitude))
        digits = 5 if country in ("DE", "FR", "US") else 4
        code += "".join(self.random.choice("0123456789") for _ in range(digits - len(code)))
        return {"city": name, "country": country, "postcode": code,
                "latitude": round(latitude, 5), "longitude": round(longitude, 5)}

    def product(self, i):
        rnd = self.random
        category, used_up, low, high = CATEGORIES[i % len(CATEGORIES)]
        price = round(rnd.uniform(low, high), 2)
        sale = round(price * rnd.choice((0.7, 0.8, 0.9)), 2) if rnd.random() < 0.12 else None
        noun = category.rsplit(" ", 1)[1].rstrip("s")
        row = {
            "id": f"P{i:05d}",
            "title": f"{rnd.choice(WORDS)} {rnd.choice(WORDS)} {noun} & Co. {i}",
            "link": f"https://shop.example/p/{i}?ref=feed&c={i % len(CATEGORIES)}",
            "image_link": "" if rnd.random() < 0.03 else f"https://img.shop.example/{i}.jpg",
            "price": f"{price:.2f} EUR",
            "sale_price": f"{sale:.2f} EUR" if sale else "",
            "product_type": category,
            "availability": rnd.choices(("in_stock", "out_of_stock", "preorder"),
                                        (90, 8, 2))[0],
            "brand": rnd.choice(BRANDS),
            "gtin": str(4000000000000 + i),
            "item_group_id": f"G{i // 3:05d}" if category.startswith("Fashion") else "",
            "color": rnd.choice(("red", "green", "blue", "sand")),
        }
        row["used_up"] = used_up
        row["paid"] = sale or price
        return row

    def contact(self, i):
        rnd = self.random
        city = rnd.choice(CITIES)
        row = {"email": f"c{i:06d}@people.example", "first_name": rnd.choice(FIRST),
               "last_name": rnd.choice(LAST), "language": city[3], "time_zone": city[2]}
        row.update(self.near(city))
        # Some are known by postcode and city only, some not at all.
        known = rnd.random()
        if known < 0.3:
            row["latitude"] = row["longitude"] = ""
        if known < 0.05:
            row["postcode"] = row["city"] = ""
        row["likes"] = rnd.sample(list(self.by_category), min(3, len(self.by_category)))
        row["pace"] = min(rnd.paretovariate(1.3), 30)
        row["interval"] = rnd.uniform(18, 60)
        return row

    def outlet(self, i):
        rnd = self.random
        city = CITIES[i % len(CITIES)]
        place = self.near(city)
        late = rnd.choice(("18:00", "19:00", "20:00"))
        hours = {day: ["09:00", late] for day in ("mon", "tue", "wed", "thu", "fri")}
        hours["sat"] = ["10:00", "16:00"]
        if rnd.random() < 0.2:
            hours["sun"] = ["11:00", "15:00"]
        return {"id": f"O{i:04d}", "name": f"Shop {place['city']} {i}",
                "street": f"{rnd.choice(WORDS)}weg {rnd.randint(1, 99)}", **place,
                "hours": json.dumps(hours), "time_zone": city[2], "coupon": f"HERE{i:04d}"}

    # --- what they did ---

    def pick(self, contact):
        """A product: mostly of a category that the contact likes, mostly a popular one."""
        rnd = self.random
        category = contact["likes"][min(int(rnd.expovariate(1.2)), len(contact["likes"]) - 1)] \
            if rnd.random() < 0.85 else rnd.choice(list(self.by_category))
        products = self.by_category[category]
        return products[int(len(products) * rnd.random() ** 2.5)]

    def partner(self, product):
        """What goes together with it: always the same."""
        products = self.by_category[product["product_type"]]
        return products[(products.index(product) * 7 + 3) % len(products)]

    def call(self, contact, when, event, properties):
        return when, contact["email"], event, properties

    def line(self, product, quantity=1):
        return {"product_id": product["id"], "name": product["title"], "price": product["paid"],
                "quantity": quantity, "category": product["product_type"]}

    def order(self, contact, when, lines):
        self.orders += 1
        total = round(sum(line["price"] * line["quantity"] for line in lines), 2)
        return self.call(contact, when, "Order Completed",
                         {"order_id": f"R{self.orders:07d}", "total": total, "currency": "EUR",
                          "products": lines})

    def visit(self, contact, when):
        """Views; some of them into the cart; sometimes an order. With its repetitions."""
        rnd = self.random
        calls, lines = [], []
        for _ in range(1 + min(int(rnd.expovariate(0.4)), 15)):
            product = self.pick(contact)
            calls.append(self.call(contact, when, "Product Viewed",
                                   {"product_id": product["id"],
                                    "category": product["product_type"],
                                    "price": product["paid"]}))
            when += rnd.uniform(10, 400)
            if rnd.random() < 0.22 and product["availability"] == "in_stock":
                lines.append(self.line(product, 1 + (rnd.random() < 0.15)))
                calls.append(self.call(contact, when, "Product Added", lines[-1]))
                when += rnd.uniform(5, 60)
                if rnd.random() < 0.3:
                    lines.append(self.line(self.partner(product)))
                    calls.append(self.call(contact, when, "Product Added", lines[-1]))
        if lines and rnd.random() < 0.1:
            gone = lines.pop(rnd.randrange(len(lines)))
            calls.append(self.call(contact, when + 20, "Product Removed",
                                   {"product_id": gone["product_id"]}))
        if not lines or rnd.random() < 0.4:
            return calls
        when += rnd.uniform(30, 600)
        calls.append(self.call(contact, when, "Checkout Started", {"products": lines}))
        calls.append(self.order(contact, when + 60, lines))
        again = [line for line in lines if self.used_up[line["product_id"]]]
        while again and rnd.random() < 0.75:
            when += contact["interval"] * 86400 * rnd.uniform(0.85, 1.15)
            calls.append(self.order(contact, when, again))
        return calls

    def history(self, count):
        rnd = self.random
        end = UNTIL.timestamp()
        self.orders = 0
        self.used_up = {product["id"]: product["used_up"] for product in self.products}
        paces = [contact["pace"] for contact in self.contacts]
        calls = []
        while len(calls) < count:
            for contact in rnd.choices(self.contacts, paces, k=200):
                # More of late than long ago, by day more than by night.
                when = end - DAYS * 86400 * rnd.random() ** 1.5
                when -= when % 86400 - rnd.triangular(6, 24, 19) * 3600
                calls += [call for call in self.visit(contact, when) if call[0] <= end]
        calls.sort(key=lambda call: call[0])
        return calls[-count:]


# --- files ---

def write_csv(path, rows, names):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


PRODUCT_NAMES = ["id", "title", "link", "image_link", "price", "sale_price", "product_type",
                 "availability", "brand", "gtin", "item_group_id", "color"]


def write_products(folder, products):
    write_csv(f"{folder}/products.csv", products, PRODUCT_NAMES)
    with open(f"{folder}/products.jsonl", "w", encoding="utf-8") as file:
        for product in products:
            row = {name: product[name] for name in PRODUCT_NAMES if product[name] != ""}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    with open(f"{folder}/products.xml", "w", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n'
                   '<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">\n<channel>\n'
                   '<title>The shop</title><link>https://shop.example/</link>\n')
        for product in products:
            fields = "".join(f"<g:{name}>{escape(product[name])}</g:{name}>"
                             for name in PRODUCT_NAMES if product[name] != "")
            file.write(f"<item>{fields}</item>\n")
        file.write("</channel>\n</rss>\n")


def write_events(path, events):
    with open(path, "w", encoding="utf-8") as file:
        for number, (when, email, event, properties) in enumerate(events):
            time = datetime.datetime.fromtimestamp(int(when), datetime.timezone.utc)
            file.write(json.dumps(
                {"type": "track", "messageId": f"shop-{number:07d}", "email": email,
                 "event": event, "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
                 "properties": properties}, ensure_ascii=False) + "\n")


def write(shop, folder):
    os.makedirs(folder, exist_ok=True)
    write_csv(f"{folder}/contacts.csv", shop.contacts,
              ["email", "first_name", "last_name", "language", "time_zone", "city", "country",
               "postcode", "latitude", "longitude"])
    write_csv(f"{folder}/outlets.csv", shop.outlets,
              ["id", "name", "street", "postcode", "city", "country", "latitude", "longitude",
               "hours", "time_zone", "coupon"])
    write_products(folder, shop.products)
    write_events(f"{folder}/events.jsonl", shop.events)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder")
    parser.add_argument("--contacts", type=int, default=20000)
    parser.add_argument("--products", type=int, default=2000)
    parser.add_argument("--outlets", type=int, default=200)
    parser.add_argument("--events", type=int, default=300000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    write(Shop(args.contacts, args.products, args.outlets, args.events, args.seed), args.folder)


if __name__ == "__main__":
    sys.exit(main())
