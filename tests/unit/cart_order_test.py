#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""cart_order_test: what the plugins cart and order show, against what their manuals say.

Contacts do random things in a shop, which the tool imports; the engine makes a message for each,
and carts, last orders, sums and products due are compared with those that are computed here by
the words of mailtailor-cart(7) and mailtailor-order(7)."""

import argparse
import getpass
import json
import math
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from datetime import datetime, timezone

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lib"))
sys.dont_write_bytecode = True

from daemon import Daemon  # noqa: E402
from lab import Lab, LabError, free_port  # noqa: E402

DAY = 86400
NOW = int(time.time())
CONTACTS = 300
PRODUCTS = 40
STOCK = ("in_stock", "in_stock", "in_stock", "out_of_stock", "preorder")
TEMPLATE = """\
{% if cart %}cart {{ cart.id }}|{{ cart.total }}|{{ cart.currency }}|{{ cart.count }}|\
{{ cart.checkout }}|{{ cart.age_days }}{% for l in cart.lines %} {{ l.id }}:{{ l.quantity }}:\
{{ l.unit_price }}:{{ l.total }}:{{ l.available }}:{{ l.title }}{% endfor %}{% else %}no cart\
{% endif %}
{% if order.last %}last {{ order.last.id }}|{{ order.last.total }}|{{ order.last.currency }}\
{% for l in order.last.lines %} {{ l.id }}:{{ l.quantity }}:{{ l.unit_price }}{% endfor %}\
{% else %}no order{% endif %}
count {{ order.count }}
spent{% for s in order.spent %} {{ s.total }}/{{ s.currency }}{% endfor %}
due{% for l in order.due %} {{ l.id }}:{{ l.due | date: "%s" }}:{{ l.last | date: "%s" }}:\
{{ l.interval_days }}:{{ l.times }}{% endfor %}
time {{ order.first_time | date: "%s" }} {{ order.last_time | date: "%s" }}
"""


def pieces(quantity):
    return str(int(quantity)) if quantity == int(quantity) else number(quantity)


def number(value):
    """As the templates print numbers that are not whole."""
    value = math.floor(value * 1e6 + 0.5) / 1e6
    return repr(float(value))


# --- the shop ---

class Shop:
    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.products = {f"P{i:03}": self.product(i) for i in range(PRODUCTS)}
        self.events = {f"p{i}@cart.example": self.history() for i in range(CONTACTS)}

    def product(self, i):
        dice = self.dice
        price = round(dice.uniform(1, 90), 2)
        return {"title": f"Thing {i}", "price": price,
                "sale": round(price * 0.8, 2) if dice.random() < 0.2 else None,
                "availability": dice.choice(STOCK),
                "replenish": dice.choice((0, 0, 10, 45))}

    def line(self):
        dice = self.dice
        key = dice.choice(list(self.products)) if dice.random() < 0.95 else "unknown"
        line = {dice.choice(("product_id", "sku")): key}
        if dice.random() < 0.7:
            line["quantity"] = dice.choice((1, 2, 3, 5))
        if dice.random() < 0.7:
            line["price"] = round(dice.uniform(1, 90), 2)
        if key == "unknown":
            line["name"] = "A <thing> & more"
        return line

    def history(self):
        """[(seconds, type, properties)], each in a second of its own."""
        dice = self.dice
        done, when, orders = [], NOW - dice.randint(1, dice.choice((20, 60, 400))) * DAY - 7000, []
        carts = dice.choice(([None], [None], ["a", "b"]))
        for _ in range(dice.choice((0, 3, 12, 30))):
            when += dice.choice((60, 3600, DAY, 5 * DAY, 11 * DAY)) + dice.randint(1, 50)
            if when >= NOW - 5:
                break
            kind = dice.random()
            cart = {"cart_id": dice.choice(carts)} if carts[0] else {}
            if kind < 0.35:
                done.append((when, "Product Added", {**self.line(), **cart}))
            elif kind < 0.45:
                done.append((when, "Product Removed", {**self.line(), **cart}))
            elif kind < 0.55:
                name = dice.choice(("Cart Viewed", "Checkout Started"))
                body = {"products": [self.line() for _ in range(dice.randint(1, 3))]}
                done.append((when, name, {**(body if dice.random() < 0.6 else {}), **cart}))
            elif kind < 0.85 or not orders:
                orders.append(f"R{len(orders)}")
                done.append((when, "Order Completed", {**self.order(orders[-1]), **cart}))
            elif kind < 0.90:
                done.append((when, "Order Updated", self.order(dice.choice(orders))))
            elif kind < 0.96:
                body = {"order_id": dice.choice(orders)}
                if dice.random() < 0.6:
                    body["products"] = [self.line() for _ in range(2)]
                if dice.random() < 0.6:
                    body["total"] = round(dice.uniform(1, 60), 2)
                done.append((when, "Order Refunded", body))
            else:
                done.append((when, "Order Cancelled", {"order_id": dice.choice(orders)}))
        return done

    def order(self, name):
        dice = self.dice
        body = {"order_id": name, "currency": dice.choice(("EUR", "EUR", "CHF")),
                "products": [self.line() for _ in range(dice.randint(1, 4))]}
        if dice.random() < 0.9:
            body[dice.choice(("total", "total", "revenue"))] = round(dice.uniform(5, 200), 2)
        return body


# --- the manuals' words ---

def key_of(line):
    return line.get("product_id") or line.get("sku")


def lines_in(properties):
    if "products" in properties:
        currency = properties.get("currency", "")
        return [{"currency": currency, **line} for line in properties["products"]]
    return [properties] if key_of(properties) else []


def add(lines, properties):
    for line in lines_in(properties):
        before = lines.get(key_of(line), {"quantity": 0})["quantity"]
        told = {**line, "quantity": before + line.get("quantity", 1)}
        lines[key_of(line)] = told


def remove(lines, properties):
    for line in lines_in(properties):
        if key_of(line) in lines:
            left = lines[key_of(line)]["quantity"] - line["quantity"] if "quantity" in line else 0
            if left > 0:
                lines[key_of(line)]["quantity"] = left
            else:
                del lines[key_of(line)]


class Model:
    def __init__(self, shop, events):
        self.shop, self.events = shop, events

    def price(self, line, catalogue):
        product = self.shop.products.get(key_of(line))
        now = (product["sale"] or product["price"]) if product else None
        return (now if now is not None else line.get("price")) if catalogue else \
            (line["price"] if "price" in line else now)

    def currency(self, line):
        return "EUR" if key_of(line) in self.shop.products else line.get("currency", "")

    def cart(self):
        carts = {}
        for when, name, properties in self.events:
            if when < NOW - 30 * DAY:
                continue
            cart_id = properties.get("cart_id", "")
            if name == "Order Completed":
                for other in list(carts):
                    if cart_id in ("", other):
                        carts[other].update(lines={}, checkout=False)
                continue
            if name not in ("Product Added", "Product Removed", "Cart Viewed",
                            "Checkout Started"):
                continue
            cart = carts.setdefault(cart_id, {"lines": {}, "checkout": False, "id": cart_id})
            cart["time"] = when
            if name == "Product Removed":
                remove(cart["lines"], properties)
                continue
            if name == "Product Added":
                cart["checkout"] = False
                add(cart["lines"], properties)
                continue
            cart["checkout"] = name == "Checkout Started" or cart["checkout"]
            if "products" in properties:
                cart["lines"] = {}
                add(cart["lines"], properties)
        full = [cart for cart in carts.values() if cart["lines"]]
        return max(full, key=lambda cart: cart["time"]) if full else None

    def show_cart(self):
        cart = self.cart()
        if cart is None:
            return "no cart"
        lines = list(cart["lines"].values())
        prices = [self.price(line, True) for line in lines]
        currencies = {self.currency(line) for line in lines}
        known = None not in prices and len(currencies) == 1
        total = sum(price * line["quantity"] for price, line in zip(prices, lines)) if known else 0
        text = (f"cart {cart['id']}|{number(total) if known else ''}|"
                f"{currencies.pop() if known else ''}|"
                f"{pieces(sum(line['quantity'] for line in lines))}|"
                f"{str(cart['checkout']).lower()}|{(NOW - cart['time']) // DAY}")
        for line, price in zip(lines, prices):
            product = self.shop.products.get(key_of(line))
            title = product["title"] if product else line.get("name", key_of(line))
            available = product is not None and product["availability"] != "out_of_stock"
            text += (f" {key_of(line)}:{pieces(line['quantity'])}:"
                     f"{'' if price is None else number(price)}:"
                     f"{'' if price is None else number(price * line['quantity'])}:"
                     f"{str(available).lower()}:{title}")
        return text

    def orders(self):
        orders = {}
        for when, name, properties in self.events:
            name_of = properties.get("order_id")
            order = orders.get(name_of)
            if name in ("Order Completed", "Order Updated"):
                order = orders.setdefault(name_of, {"time": when, "id": name_of})
                lines = {}
                add(lines, properties)
                order.update(lines=lines, gone=False, currency=properties["currency"],
                             total=properties.get("total", properties.get("revenue")))
            elif order and name == "Order Cancelled":
                order["gone"] = True
            elif order and name == "Order Refunded":
                back = properties.get("total")
                told = -1 if order["total"] is None else order["total"]
                if "products" in properties:
                    remove(order["lines"], properties)
                elif back is None or back >= told:
                    order["lines"] = {}
                if order["total"] is not None and back is not None:
                    order["total"] = max(0, order["total"] - back)
                order["gone"] = not order["lines"]
        return sorted((order for order in orders.values() if not order["gone"]),
                      key=lambda order: order["time"])

    def show_last(self, orders):
        if not orders:
            return "no order"
        last = orders[-1]
        text = (f"last {last['id']}|{'' if last['total'] is None else number(last['total'])}|"
                f"{last['currency']}")
        for line in last["lines"].values():
            price = self.price(line, False)
            text += (f" {key_of(line)}:{pieces(line['quantity'])}:"
                     f"{'' if price is None else number(price)}")
        return text

    def show_spent(self, orders):
        sums = {}
        for order in orders:
            if order["total"] is not None:
                sums[order["currency"]] = sums.get(order["currency"], 0) + order["total"]
        return "spent" + "".join(f" {number(total)}/{currency}"
                                 for currency, total in sums.items())

    def show_due(self, orders):
        times = {}
        for order in orders:
            for key in order["lines"]:
                times.setdefault(key, []).append(order["time"])
        due = []
        for key, seen in times.items():
            interval = 0
            if len(seen) > 1:
                interval = statistics.median(b - a for a, b in zip(seen, seen[1:]))
            if interval < DAY:
                interval = self.shop.products.get(key, {"replenish": 0})["replenish"] * DAY
            if interval == 0:
                continue
            when = seen[-1] + interval
            # Nothing is due on the very second: the test would hang on when it runs.
            if when - 3 * DAY <= NOW < when + interval:
                due.append((when, key, seen, interval))
        due.sort(key=lambda row: row[0])
        return "due" + "".join(
            f" {key}:{int(when)}:{seen[-1]}:{int(interval / DAY + 0.5)}:{len(seen)}"
            for when, key, seen, interval in due[:6])

    def all(self):
        orders = self.orders()
        times = f"{orders[0]['time']} {orders[-1]['time']}" if orders else " "
        return [self.show_cart(), self.show_last(orders), f"count {len(orders)}",
                self.show_spent(orders), self.show_due(orders), f"time {times}"]


# --- mailtailor's ---

def configure(daemon, lab):
    plugins = lab.path("plugins")
    os.makedirs(plugins)
    text = ""
    for name in ("cart", "order"):
        path = os.path.join(plugins, name + ".so")
        shutil.copy(os.path.join(daemon.build, "plugins", name + ".so"), path)
        os.chmod(path, 0o755)
        text += f'plugin "{name}" {{\n\tfile = "{path}"\n}}\n'
    daemon._settings.update(relay_port=free_port(), mail_log=lab.path("mail.log"),
                            postfix_config=lab.folder, user=getpass.getuser())
    open(lab.path("mail.log"), "w", encoding="utf-8").close()
    daemon.extra = text + ('campaign "shop" {\n\tplugins = {"cart", "order"}\n'
                           '\tkind = "transactional"\n}\n')
    daemon.write_config()


def fill(daemon, lab, shop):
    daemon.import_contacts("email\n" + "\n".join(shop.events) + "\n")
    path = lab.path("products.csv")
    with open(path, "w", encoding="utf-8") as out:
        out.write("id,title,link,price,sale_price,availability,replenish_days\n")
        for key, row in shop.products.items():
            sale = f"{row['sale']:.2f} EUR" if row["sale"] else ""
            out.write(f"{key},{row['title']},https://shop.example/{key},{row['price']:.2f} EUR,"
                      f"{sale},{row['availability']},{row['replenish'] or ''}\n")
    daemon.tool("products", "import", path)
    path, count = lab.path("events.jsonl"), 0
    with open(path, "w", encoding="utf-8") as out:
        for address, events in shop.events.items():
            for when, name, properties in events:
                count += 1
                stamp = datetime.fromtimestamp(when, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
                out.write(json.dumps({"type": "track", "messageId": f"m{count}", "event": name,
                                      "userId": address, "timestamp": stamp,
                                      "context": {"traits": {"email": address}},
                                      "properties": properties}) + "\n")
    daemon.tool("events", "import", path)
    return count


def copies(daemon, lab, shop):
    message = lab.path("message.eml")
    with open(message, "w", encoding="utf-8") as out:
        out.write("From: news@shop.example\nTo: you@shop.example\nSubject: s\n"
                  "MIME-Version: 1.0\nX-Campaign: shop\n"
                  "Content-Type: text/plain; charset=utf-8\n\n" + TEMPLATE)
    done = subprocess.run(
        [os.path.join(daemon.build, "tests", "bench", "copies"), daemon.path, message, "4"],
        input="".join(f"{address}\n" for address in shop.events), text=True,
        stdout=subprocess.PIPE, check=True, timeout=300, env=daemon.environment())
    return [json.loads(line) for line in done.stdout.splitlines()]


def run(lab, arguments):
    shop = Shop(arguments.seed)
    daemon = Daemon(lab, arguments.build)
    configure(daemon, lab)
    events = fill(daemon, lab, shop)
    compared = faults = carts = due = 0
    for copy in copies(daemon, lab, shop):
        wanted = Model(shop, shop.events[copy["to"]]).all()
        got = (copy["text"] or "").split("\n")[:len(wanted)]
        carts += wanted[0] != "no cart"
        due += wanted[4] != "due"
        for mine, theirs in zip(wanted, got + [None] * len(wanted)):
            compared += 1
            if mine != theirs:
                faults += 1
                if faults <= 10:
                    print(f"{copy['to']}:\n  expected {mine}\n  got      {theirs} "
                          f"{copy['reason']}")
    reports = daemon.reports()
    print("\n".join(reports), end="")
    print(f"{compared} lines of {len(shop.events)} contacts with {events} events compared, "
          f"{carts} carts, {due} with something due, {faults} differ")
    return 1 if faults or reports or carts < 30 or due < 20 else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--seed", type=int, default=11)
    arguments = parser.parse_args()
    try:
        with Lab() as lab:
            return run(lab, arguments)
    except LabError as error:
        sys.exit(f"cart_order_test: {error}")


if __name__ == "__main__":
    sys.exit(main())
