#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A shop's campaign from end to end: contacts, products, outlets and events of a shop from a seed
are imported by the tool and learned by the daemon; one newsletter with products, the nearest
outlet, a coupon code and the open cart goes to many recipients through a real Postfix. Every
value that arrives is compared with one that is computed here, from the shop's files and by the
words of the plugins' manuals. Coupon codes are each one person's, every contact has one message,
and the signatures of a sample are verified.

    tests/shop/campaign.py [--recipients N] [--contacts N] [--products N] [--outlets N] [--events N]

Plugins that were not built are left out, and named."""

import argparse
import collections
import datetime
import json
import math
import os
import re
import shutil
import sys
import time
import zoneinfo

HERE = os.path.dirname(os.path.abspath(__file__))
for name in ("lib", "unit", "shop", "scene"):
    sys.path.insert(0, os.path.join(HERE, "..", name))
sys.dont_write_bytecode = True

import cart_order_test  # noqa: E402
import coupons  # noqa: E402
import shop as shops  # noqa: E402
import verify  # noqa: E402
from client import submit  # noqa: E402
from lab import Lab, LabError, wait_for  # noqa: E402
from recommend_shop_test import DEFAULT, Lists, Model, section  # noqa: E402
from testbed import Testbed  # noqa: E402

RADIUS_KM = 6371.0088
# A city's name says nothing if one of its rows lies further from their middle.
SPREAD_KM = 100
BATCH = 1000


# --- the nearest outlet, by mailtailor-nearest(7) ---

def unit(latitude, longitude):
    phi, lam = math.radians(latitude), math.radians(longitude)
    return math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)


def haversine(a, b):
    """Of (latitude, longitude); kilometres."""
    (phi1, lam1), (phi2, lam2) = ([math.radians(x) for x in place] for place in (a, b))
    h = (math.sin((phi2 - phi1) / 2) ** 2
         + math.cos(phi1) * math.cos(phi2) * math.sin((lam2 - lam1) / 2) ** 2)
    return 2 * RADIUS_KM * math.asin(math.sqrt(min(1, h)))


class Nearest:
    """Outlets are their own gazetteer: what they know of postcodes and cities."""

    section = 'outlets = "{shop}/outlets.csv"'
    template = ("nearest:{{ nearest.name }};{{ nearest.distance_km }};{{ nearest.coupon }};"
                "{{ nearest.found_by }};{{ nearest.hours_today | default: 'closed' }}\n")

    def __init__(self, shop, _calls):
        self.outlets = shop.outlets
        self.contacts = {row["email"]: row for row in shop.contacts}
        self.at = [(row["latitude"], row["longitude"]) for row in self.outlets]
        self.names = collections.defaultdict(list)
        for row, place in zip(self.outlets, self.at):
            self.names["postcode", row["country"], row["postcode"].lower()].append(place)
            self.names["city", row["country"], row["city"].lower()].append(place)

    def middle(self, rows):
        if not rows:
            return None
        x, y, z = (sum(axis) for axis in zip(*(unit(*row) for row in rows)))
        place = math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))
        return place if all(haversine(place, row) <= SPREAD_KM for row in rows) else None

    def where(self, contact):
        if contact["latitude"] != "":
            return (contact["latitude"], contact["longitude"]), "position"
        for word in ("postcode", "city"):
            place = self.middle(self.names.get(
                (word, contact["country"], str(contact[word]).lower()), ()))
            if place:
                return place, word
        return None, None

    def hours(self, outlet, moment):
        zone = zoneinfo.ZoneInfo(outlet["time_zone"])
        day = datetime.datetime.fromtimestamp(moment, zone).strftime("%a").lower()
        today = json.loads(outlet["hours"]).get(day)
        return f"{today[0]}–{today[1]}" if today else "closed"

    def fault(self, address, got, began, ended):
        """`got`: what arrived. Several answers are good: two outlets may be as near as digits can
        tell, and a day may have ended meanwhile."""
        place, word = self.where(self.contacts[address])
        if place is None:
            return None if got == ";;;;closed" else "expected no outlet"
        distances = [haversine(place, at) for at in self.at]
        least = min(distances)
        for outlet, distance in zip(self.outlets, distances):
            # Positions of places are kept to 1e-7 degrees, a centimetre.
            if distance > least + 0.001:
                continue
            shown = {f"{distance + d:.1f}" for d in (-0.0001, 0, 0.0001)}
            days = {self.hours(outlet, moment) for moment in (began, ended)}
            if any(got == f"{outlet['name']};{km};{outlet['coupon']};{word};{hours}"
                   for km in shown for hours in days):
                return None
        best = self.outlets[distances.index(least)]
        return f"expected {best['name']}, {least:.1f} km, {best['coupon']}, {word}"


# --- products, by mailtailor-recommend(7) ---

class Recommend:
    section = 'learn_every = "1s"\n' + section(DEFAULT).replace("{", "{{").replace("}", "}}")
    template = ("recommend:{% for p in recommend.products %}{{ p.id }}/{{ p.reason }} "
                "{% endfor %}\ntitles:{% for p in recommend.products %}{{ p.title }};"
                "{% endfor %}\n")

    def __init__(self, shop, calls):
        self.model = Model(shop.products, calls, DEFAULT)
        self.products = {row["id"]: row for row in shop.products}
        self.calls = collections.defaultdict(list)
        for i, call in enumerate(calls):
            self.calls[call[1]].append((int(call[0]), i, call))

    def lists(self, address, moment):
        newest = sorted(self.calls[address], reverse=True, key=lambda row: row[:2])
        return Lists(self.model, [call for _, _, call in newest], moment, DEFAULT).all()["products"]

    def fault(self, address, got, began, ended):
        # An order may have left the window meanwhile.
        wanted = self.lists(address, began)
        if got.split() in (wanted, self.lists(address, ended)):
            return None
        return f"expected {' '.join(wanted)}"

    def title_fault(self, got, titles):
        wanted = [self.products[row.partition("/")[0]]["title"] for row in got.split()]
        return None if titles.rstrip(";").split(";") == wanted else f"expected titles {wanted}"


# --- coupon codes, by mailtailor-offer(7) ---

class Offer:
    """A code of a pool for each contact, and one that the manual's program reads back."""

    section = ('offers = {{"pool: file={shop}/pool.codes low=1", '
               '"vip: key={shop}/vip.key prefix=VIP valid=7d"}}')
    template = "offer:{{ offer.pool.code }} {{ offer.vip.code }}\n"
    key = b"a key for the shop's tills"

    def __init__(self, _shop, _calls):
        self.check = coupons.shown_checker()
        self.given = {}
        self.numbers = {}

    @staticmethod
    def write(folder, count, own):
        for name, data in (("pool.codes", "".join(f"POOL-{i:06}\n" for i in range(count)).encode()),
                           ("vip.key", Offer.key)):
            path = os.path.join(folder, name)
            with open(path, "wb") as out:
                out.write(data)
            os.chmod(path, 0o640)
            own(path)

    def fault(self, address, got, began, ended):
        pool, _, vip = got.partition(" ")
        known = self.check(vip, "vip", self.key)
        # The day of the message, by the contact's clock, and seven more.
        days = {int(moment // 86400) + 7 + more for moment in (began, ended) for more in (-1, 0, 1)}
        if not re.fullmatch(r"POOL-\d{6}", pool) or known is None or known[1] not in days:
            return f"expected a code of the pool and one that says {sorted(days)}, not {known}"
        for what, of in ((pool, self.given), (known[0], self.numbers)):
            if of.setdefault(what, address) != address:
                return f"{what} is {of[what]}'s"
        return None


# --- open carts, by mailtailor-cart(7) ---

class Cart:
    section = ""
    template = ("cart:{{ cart.total }}/{{ cart.currency }}{% for l in cart.lines %} "
                "{{ l.id }}x{{ l.quantity }}={{ l.total }}{% endfor %}\n")

    def __init__(self, shop, calls):
        def price(text):
            return float(text.split(" ")[0]) if text else None

        self.products = {row["id"]: {"price": price(row["price"]), "sale": price(row["sale_price"])}
                         for row in shop.products}
        self.calls = collections.defaultdict(list)
        for i, call in enumerate(calls):
            self.calls[call[1]].append((int(call[0]), i, call[2], call[3]))

    def fault(self, address, got, _began, _ended):
        done = [(when, name, properties)
                for when, _, name, properties in sorted(self.calls[address],
                                                        key=lambda row: row[:2])]
        model = cart_order_test.Model(self, done)
        cart = model.cart()
        wanted = "/"
        if cart is not None:
            lines = list(cart["lines"].values())
            prices = [model.price(line, True) for line in lines]
            total = sum(one * line["quantity"] for one, line in zip(prices, lines))
            number, pieces = cart_order_test.number, cart_order_test.pieces
            wanted = f"{number(total)}/EUR" + "".join(
                f" {cart_order_test.key_of(line)}x{pieces(line['quantity'])}="
                f"{number(one * line['quantity'])}" for one, line in zip(prices, lines))
        return None if got == wanted else f"expected {wanted}"


PLUGINS = {"recommend": Recommend, "nearest": Nearest, "offer": Offer, "cart": Cart}


def message(names, number):
    text = "".join(PLUGINS[name].template for name in names)
    return ("From: news@shop.example\nTo: readers@shop.example\n"
            f"Message-ID: <campaign-{number}@shop.example>\nX-Campaign: shop\n"
            "Subject: For {{ contact.first_name }}\nMIME-Version: 1.0\n"
            "Content-Type: text/plain; charset=utf-8\n\n"
            f"to:{{{{ contact.email }}}}\n{text}").replace("\n", "\r\n").encode()


class Campaign:
    def __init__(self, bed, arguments):
        self.bed = bed
        self.arguments = arguments
        self.folder = bed.lab.path("shop")
        self.faults = []
        self.compared = collections.Counter()
        self.took("making up a shop", lambda: setattr(self, "shop", shops.Shop(
            arguments.contacts, arguments.products, arguments.outlets, arguments.events, 1)))
        shops.write(self.shop, self.folder)
        Offer.write(self.folder, arguments.recipients + 10, bed.daemon.own)
        step = max(1, arguments.contacts // arguments.recipients)
        self.addresses = [row["email"] for row in self.shop.contacts[::step]]
        self.addresses = self.addresses[:arguments.recipients]
        self.names = self.copy_plugins()

    def took(self, what, do):
        began = time.monotonic()
        do()
        print(f"{time.monotonic() - began:6.1f} s  {what}", flush=True)

    def copy_plugins(self):
        folder = self.bed.lab.path("plugins")
        os.makedirs(folder, mode=0o755)
        names = []
        for name in PLUGINS:
            path = os.path.join(self.bed.daemon.build, "plugins", f"{name}.so")
            if os.path.exists(path):
                shutil.copy(path, folder)
                names.append(name)
            else:
                print(f"left out: {name}, which was not built")
        if not names:
            raise LabError(f"there are no plugins in {self.bed.daemon.build}/plugins")
        return names

    def configure(self):
        plugins = self.bed.lab.path("plugins")
        text = ""
        for name in self.names:
            section = PLUGINS[name].section.format(shop=self.folder)
            text += (f'plugin "{name}" {{\n\tfile = "{plugins}/{name}.so"\n\t{section}\n'
                     '\tdeadline = 5s\n}\n')
        uses = ", ".join(f'"{name}"' for name in self.names)
        text += f'campaign "shop" {{\n\tkind = "transactional"\n\tplugins = {{{uses}}}\n}}\n'
        self.bed.daemon.extra = text

    def load(self):
        for what, file in (("contacts", "contacts.csv"), ("products", "products.csv"),
                           ("events", "events.jsonl")):
            self.took(f"{what} import", lambda what=what, file=file: self.bed.daemon.tool(
                what, "import", os.path.join(self.folder, file), seconds=900))

    def pool_is_filled(self):
        return "offer" not in self.names or \
            f"{self.arguments.recipients + 10} new codes" in self.bed.daemon.log_text(0)

    def learned(self):
        """The learner counts the events that it has read and can use."""
        if "recommend" not in self.names:
            return True
        model = self.checkers["recommend"].model
        wanted = sum(1 for call in self.shop.events
                     if call[2] in ("Product Viewed", "Order Completed") and model.known(call))
        rows = self.bed.daemon.tool("plugin", "list", "--json").stdout.splitlines()
        counters = {row["name"]: row.get("counters", {}) for row in map(json.loads, rows)}
        mine = counters.get("recommend", {})
        return mine.get("learned", 0) >= wanted and mine.get("models", 0) > 0

    def send(self):
        for number in range(0, len(self.addresses), BATCH):
            result = submit(self.bed.postfix.port, "news@shop.example",
                            self.addresses[number:number + BATCH], message(self.names, number))
            if not result.accepted:
                raise LabError(f"the relay says {result.last}")
        self.bed.sink.wait_count(len(self.addresses), 600 * self.bed.patience)

    # --- what arrived ---

    def check(self, address, began, ended):
        messages = self.bed.sink.of(address)
        if len(messages) != 1:
            self.faults.append(f"{address} has {len(messages)} messages")
            return
        data = messages[0].data
        text = verify.text_of(data, "plain") or ""
        got = {name: rest for name, colon, rest in
               (line.rstrip("\r").partition(":") for line in text.split("\n")) if colon}
        if verify.template_left(data) or got.get("to") != address:
            self.faults.append(f"{address}: {text[:200]!r}")
            return
        for name, checker in self.checkers.items():
            fault = checker.fault(address, got.get(name, ""), began, ended)
            if fault is None and name == "recommend":
                fault = checker.title_fault(got[name], got.get("titles", ""))
            self.compared[name] += 1
            if fault:
                self.faults.append(f"{address}: {name}: {fault}, got {got.get(name)!r}")

    def check_signatures(self):
        step = max(1, len(self.addresses) // self.arguments.signatures)
        sample = self.addresses[::step]
        for address in sample:
            for arrived in self.bed.sink.of(address)[:1]:
                fault = self.bed.verifier.check(arrived.data)
                if fault:
                    self.faults.append(f"{address}: {fault}")
        print(f"          {len(sample)} signatures verified twice")

    def run(self):
        self.configure()
        self.bed.start()
        self.load()
        self.took("computing what is expected", lambda: setattr(self, "checkers", {
            name: PLUGINS[name](self.shop, self.shop.events) for name in self.names}))
        self.took("learning", lambda: wait_for("the learner", self.learned,
                                               900 * self.bed.patience, 0.5))
        self.took("taking in codes", lambda: wait_for("the pool", self.pool_is_filled,
                                                      300 * self.bed.patience, 0.5))
        began = time.time()
        # What processes read of the model is a second old at most.
        time.sleep(2)
        self.took(f"sending to {len(self.addresses)} recipients, until all are at the sink",
                  self.send)
        ended = time.time()
        self.took("comparing", lambda: [self.check(address, began, ended)
                                        for address in self.addresses])
        self.check_signatures()
        self.bed.settle()
        rows = self.bed.daemon.journal("shop")
        sent = {row["recipient"] for row in rows if row["verdict"] == "sent"}
        if sent != set(self.addresses) or len(rows) != len(sent):
            self.faults.append(f"the journal has {len(rows)} rows, {len(sent)} are sent")
        print("          values compared: "
              + ", ".join(f"{name} {count}" for name, count in self.compared.items()))
        for row in map(json.loads,
                       self.bed.daemon.tool("plugin", "list", "--json").stdout.splitlines()):
            print("          " + ", ".join(f"{key} {row[key]}" for key in
                                           ("name", "calls", "failures", "p50_us", "p99_us")
                                           if key in row))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--recipients", type=int, default=5000)
    parser.add_argument("--contacts", type=int, default=20000)
    parser.add_argument("--products", type=int, default=2000)
    parser.add_argument("--outlets", type=int, default=200)
    parser.add_argument("--events", type=int, default=300000)
    parser.add_argument("--signatures", type=int, default=100)
    parser.add_argument("--keep", action="store_true", help="leave the scratch folder behind")
    arguments = parser.parse_args()
    faults = []
    try:
        with Lab(keep=arguments.keep) as lab:
            bed = Testbed(lab, arguments.build, policy=False, level="info")
            campaign = Campaign(bed, arguments)
            faults = campaign.faults
            campaign.run()
            status = bed.stop()
            if status != 0:
                faults.append(f"mailtailord left with {status}")
            faults += bed.daemon.reports()
    except LabError as error:
        faults.append(str(error))
    for fault in faults[:20]:
        print(f"FAIL {fault[:2000]}")
    print(f"campaign: {0 if faults else 1} passed, {1 if faults else 0} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
