#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""recommend_shop_test: what the plugin recommend shows, against what its manual says.

    tests/unit/recommend_shop_test.py [--full]

A shop is made up from a seed, imported by the tool and learned by the daemon's own process;
then messages are made for some hundred contacts, and every list is compared with one that is
computed here from the files alone, by the words of mailtailor-recommend(7). Half of the events
come later, after the catalogue has changed and the daemon has stopped in between. --full: 20,000
contacts, 2,000 products, 300,000 events.
"""

import argparse
import collections
import datetime
import getpass
import json
import math
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for name in ("lib", "shop"):
    sys.path.insert(0, os.path.join(os.path.dirname(HERE), name))
sys.dont_write_bytecode = True

import shop as shops  # noqa: E402
from daemon import Daemon  # noqa: E402
from lab import Lab, LabError, free_port, wait_for  # noqa: E402

DAY = 86400
# Whole days are shifted, so that the seed gives the same shop on any day.
shops.UNTIL = datetime.datetime.now(datetime.timezone.utc).replace(
    hour=12, minute=0, second=0, microsecond=0) - datetime.timedelta(days=1)
TYPES = ("Product Viewed", "Product Added", "Order Completed")
FOR_ONE = "P00010"
IN_CATEGORIES = ("Pets", "Pets > Cats > Toys", "Cats", "Nowhere")

# What the sections say: parameters of the plugin, as text and as the model below reads them.
DEFAULT = {"places": 4, "chain": ("viewed", "bought_together", "category", "popular"),
           "need_image": True, "preorder": False, "bought_window": 365 * DAY,
           "viewed_window": 25 * DAY, "history": 40, "seeds": 10, "support": 2,
           "popular_half_life": 30 * DAY, "together_half_life": 180 * DAY}
OTHERS = [
    {"places": 9, "chain": ("bought_together", "viewed"), "bought_window": 0, "history": 12},
    {"places": 30, "chain": ("category",), "bought_window": 60 * DAY, "seeds": 2,
     "viewed_window": 3 * DAY},
    {"places": 5, "history": 1},
]


def section(options):
    text = ""
    for name, value in options.items():
        if isinstance(value, bool):
            value = "yes" if value else "no"
        elif isinstance(value, tuple):
            value = "{" + ", ".join(f'"{word}"' for word in value) + "}"
        elif name.endswith(("window", "half_life")):
            value = f'"{value}s"'
        text += f"\t{name} = {value}\n"
    return text


def rounded(number):
    return math.floor(number * 1e6 + 0.5)


# --- the manual's words ---

class Model:
    """What is learned. Products and events in the order in which they were imported."""

    def __init__(self, products, events, options):
        self.options = options
        self.products = {row["id"]: row for row in products}
        self.place = {row["id"]: i for i, row in enumerate(products)}
        self.thing = {row["id"]: row["item_group_id"] or row["id"] for row in products}
        self.variants = collections.defaultdict(list)
        for row in products:
            self.variants[self.thing[row["id"]]].append(row["id"])
        self.learn([call for call in events if call[2] in (TYPES[0], TYPES[2])])
        self.rank()

    def known(self, call):
        properties = call[3]
        lines = properties.get("products", [properties])
        return [line["product_id"] for line in lines if line["product_id"] in self.products]

    def learn(self, calls):
        options = self.options
        newest = max((int(call[0]) for call in calls), default=0)
        self.popularity = collections.Counter()
        self.orders = collections.Counter()
        self.pairs = collections.Counter()
        self.pair_orders = collections.Counter()
        for when, _, event, properties in calls:
            age = newest - int(when)
            ids = list(dict.fromkeys(self.known((when, "", event, properties))))
            for key in ids:
                self.popularity[key] += (1 if event == TYPES[2] else 0.05) * \
                    2 ** (-age / options["popular_half_life"])
            if event != TYPES[2]:
                continue
            weight = 2 ** (-age / options["together_half_life"])
            things = sorted({self.thing[key] for key in ids})
            for i, one in enumerate(things):
                self.orders[one] += weight
                for other in things[:i]:
                    self.pairs[other, one] += weight
                    self.pair_orders[other, one] += 1

    def may_show(self, key):
        row = self.products[key]
        return (row["availability"] == "in_stock"
                or self.options["preorder"] and row["availability"] == "preorder") and \
            bool(row["image_link"] or not self.options["need_image"])

    def rank(self):
        total = {thing: sum(self.popularity[key] for key in keys)
                 for thing, keys in self.variants.items()}
        oldest = {thing: min(self.place[key] for key in keys)
                  for thing, keys in self.variants.items()}
        for keys in self.variants.values():
            keys.sort(key=lambda key: (-rounded(self.popularity[key]), -self.place[key]))
        self.listed = {thing for thing, keys in self.variants.items()
                       if any(map(self.may_show, keys))}
        order = sorted(self.variants, key=lambda thing: (thing not in self.listed,
                                                         -rounded(total[thing]), -oldest[thing]))
        self.rank_of = {thing: i for i, thing in enumerate(order)}
        self.popular = [thing for thing in order if thing in self.listed]
        self.category = {thing: self.products[min(keys, key=self.place.get)]["product_type"]
                         for thing, keys in self.variants.items()}
        near = collections.defaultdict(list)
        for (one, other), weight in self.pairs.items():
            measure = rounded(weight / math.sqrt(self.orders[one] * self.orders[other]))
            if self.pair_orders[one, other] >= self.options["support"] and measure > 0:
                near[one].append((-measure, self.rank_of[other], other))
                near[other].append((-measure, self.rank_of[one], one))
        self.near = {thing: sorted(rows)[:50] for thing, rows in near.items()}


class Lists:
    """What one contact is shown. `calls`: what it did, the newest first."""

    def __init__(self, model, calls, now, options):
        self.model, self.options, self.now = model, options, now
        calls = [call for call in calls if call[2] in TYPES]
        self.acts = [(int(call[0]), call[2], key) for call in calls[:options["history"]]
                     for key in model.known(call)]
        window = options["bought_window"]
        self.bought = {model.thing[key] for call in calls
                       if window and call[2] == TYPES[2] and call[0] >= now - window
                       for key in model.known(call)}

    def offer(self, shown, thing, reason, first=None):
        if thing in self.bought or any(thing == row[0] for row in shown) or \
                len(shown) >= self.places:
            return
        keys = ([first] if first else []) + self.model.variants[thing]
        key = next(filter(self.model.may_show, keys), None)
        if key:
            shown.append((thing, key, reason))

    def viewed(self, shown):
        ordered = {self.model.thing[key] for _, event, key in self.acts if event == TYPES[2]}
        for when, event, key in self.acts:
            thing = self.model.thing[key]
            if event != TYPES[2] and thing not in ordered and \
                    when >= self.now - self.options["viewed_window"]:
                self.offer(shown, thing, "viewed", key)

    def together(self, shown, seeds):
        score = collections.Counter()
        for seed in seeds:
            for measure, _, thing in self.model.near.get(seed, ()):
                score[thing] -= measure
        for thing in sorted(score, key=lambda thing: (-score[thing], self.model.rank_of[thing])):
            if thing not in seeds:
                self.offer(shown, thing, "bought_together")

    def bought_together(self, shown):
        seeds = list(dict.fromkeys(self.model.thing[key] for _, event, key in self.acts
                                   if event != TYPES[0]))
        self.together(shown, seeds[:self.options["seeds"]])

    def of_categories(self, shown, categories):
        for thing in self.model.popular:
            if self.model.category[thing] in categories:
                self.offer(shown, thing, "category")

    def category(self, shown):
        count = collections.Counter(self.model.category[self.model.thing[key]]
                                    for _, _, key in self.acts)
        for category, _ in count.most_common():
            self.of_categories(shown, {category})

    def popular(self, shown):
        for thing in self.model.popular:
            self.offer(shown, thing, "popular")

    def goes_with(self, shown, keys):
        seeds = list(dict.fromkeys(self.model.thing[key] for key in keys))
        start = [(seed, None, None) for seed in seeds]
        self.places += len(seeds)
        shown += start
        self.together(shown, seeds)
        for seed in seeds:
            self.of_categories(shown, {self.model.category[seed]})
        self.popular(shown)
        del shown[:len(seeds)]

    def inside(self, shown, path):
        every = set(self.model.category.values())
        found = {at for at in every if at == path or at.startswith(path + " > ")} or \
            {at for at in every if path in at.split(" > ")}
        self.of_categories(shown, found)

    def all(self):
        def made(places, *fillers):
            shown = []
            self.places = places
            for fill in fillers:
                fill(shown)
            return [f"{key}/{reason}" for _, key, reason in shown]

        places = self.options["places"]
        chain = [getattr(self, name) for name in self.options["chain"]]
        lists = {"products": made(places, *chain, self.popular)}
        for name in ("viewed", "bought_together", "category", "popular"):
            lists[name] = made(places, getattr(self, name))
        ids = [row.partition("/")[0] for row in lists["products"]]
        lists["for_one"] = made(3, lambda shown: self.goes_with(shown, [FOR_ONE]))
        lists["for_list"] = made(places, lambda shown: self.goes_with(shown, ids))
        for i, path in enumerate(IN_CATEGORIES):
            lists[f"in_{i}"] = made(6, lambda shown, path=path: self.inside(shown, path))
        return lists


# --- mailtailor's ---

def template():
    names = {name: f"recommend.{name}" for name in
             ("products", "viewed", "bought_together", "category", "popular")}
    text = f"{{% assign for_one = '{FOR_ONE}' | recommend_for: 3 %}}"
    text += "{% assign for_list = recommend.products | recommend_for %}"
    names.update(for_one="for_one", for_list="for_list")
    for i, path in enumerate(IN_CATEGORIES):
        text += f"{{% assign in_{i} = '{path}' | recommend_in: 6 %}}"
        names[f"in_{i}"] = f"in_{i}"
    for name, value in names.items():
        text += (f"{name}:{{% for p in {value} %}} "
                 "{{ p.id }}/{{ p.reason }}{% endfor %}\n")
    return ("From: news@shop.example\nTo: you@shop.example\nSubject: s\nMIME-Version: 1.0\n"
            "X-Campaign: shop\nContent-Type: text/plain; charset=utf-8\n\n" + text)


class Bench:
    """The daemon, without a Postfix, and the tool that makes many copies."""

    def __init__(self, lab, build):
        self.lab = lab
        self.daemon = Daemon(lab, build)
        plugins = lab.path("plugins")
        os.makedirs(plugins)
        self.plugin = os.path.join(plugins, "recommend.so")
        shutil.copy(os.path.join(self.daemon.build, "plugins", "recommend.so"), self.plugin)
        os.chmod(self.plugin, 0o755)
        self.daemon._settings.update(relay_port=free_port(), mail_log=lab.path("mail.log"),
                                     postfix_config=lab.folder, user=getpass.getuser())
        open(lab.path("mail.log"), "w", encoding="utf-8").close()
        self.message = lab.path("message.eml")
        with open(self.message, "w", encoding="utf-8") as out:
            out.write(template())

    def configure(self, options):
        self.daemon.extra = (
            f'plugin "recommend" {{\n\tfile = "{self.plugin}"\n\tlearn_every = "1s"\n'
            f'{section(options)}}}\ncampaign "shop" {{\n\tplugins = {{"recommend"}}\n'
            '\tkind = "transactional"\n}\n')
        self.daemon.write_config()

    def learn(self):
        """What the daemon's process counts when it has written a model."""
        self.daemon.start()
        counters = {}

        def written():
            nonlocal counters
            rows = json.loads(self.daemon.tool("plugin", "list", "--json").stdout or "{}")
            counters = rows.get("counters", {})
            return counters.get("models", 0) > 0

        wait_for("a model", written, 300, 0.2)
        self.daemon.stop()
        return counters

    def copies(self, addresses, threads):
        done = subprocess.run(
            [os.path.join(self.daemon.build, "tests", "bench", "copies"), self.daemon.path,
             self.message, str(threads)], input="".join(f"{a}\n" for a in addresses), text=True,
            stdout=subprocess.PIPE, check=True, timeout=600, env=self.daemon.environment())
        return [json.loads(line) for line in done.stdout.splitlines()]


class Test:
    def __init__(self, lab, arguments):
        self.bench = Bench(lab, arguments.build)
        self.lab = lab
        sizes = (20000, 2000, 20, 300000) if arguments.full else (600, 240, 5, 9000)
        self.shop = shops.Shop(*sizes, 7)
        self.folder = lab.path("shop")
        shops.write(self.shop, self.folder)
        self.faults = 0
        self.compared = 0
        rest = [contact["email"] for contact in self.shop.contacts[::max(1, sizes[0] // 300)]]
        self.addresses = rest + ["nobody@people.example"]

    def events(self, name, calls, first):
        path = os.path.join(self.folder, name)
        shops.write_events(path, calls)
        with open(path, encoding="utf-8") as file:
            text = file.read().replace('"shop-', f'"shop-{first}-')
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        self.bench.daemon.tool("events", "import", path)

    def products(self):
        shops.write_products(self.folder, self.shop.products)
        self.bench.daemon.tool("products", "import", os.path.join(self.folder, "products.csv"))

    def check(self, what, calls, options):
        options = {**DEFAULT, **options}
        self.bench.configure(options)
        model = Model(self.shop.products, calls, options)
        by_contact = collections.defaultdict(list)
        for i, call in enumerate(calls):
            by_contact[call[1]].append((int(call[0]), i, call))
        copies = self.bench.copies(self.addresses, 4)
        assert [copy["to"] for copy in copies] == self.addresses
        for copy in copies:
            done = [call for _, _, call in sorted(by_contact[copy["to"]], reverse=True,
                                                  key=lambda row: row[:2])]
            wanted = Lists(model, done, time.time(), options).all()
            self.compare(what, copy, wanted)

    def compare(self, what, copy, wanted):
        lines = (copy["text"] or "").split("\n")
        got = {name: rest.split() for name, colon, rest in
               (line.partition(":") for line in lines) if colon}
        for name, rows in wanted.items():
            self.compared += 1
            if got.get(name) == rows:
                continue
            self.faults += 1
            if self.faults <= 10:
                print(f"{what}: {copy['to']}: {name}:\n  expected {rows}\n  got      "
                      f"{got.get(name)} {copy['reason']}")

    def counted(self, counters, model, calls):
        wanted = sum(1 for call in calls if call[2] in (TYPES[0], TYPES[2]) and model.known(call))
        if counters.get("learned") != wanted:
            self.faults += 1
            print(f"expected {wanted} events to be learned, got {counters}")

    def run(self):
        calls, half = self.shop.events, len(self.shop.events) // 2
        self.bench.configure(DEFAULT)
        self.bench.daemon.tool("contacts", "import", os.path.join(self.folder, "contacts.csv"))
        self.products()
        self.events("first.jsonl", calls[:half], "a")
        model = Model(self.shop.products, calls, DEFAULT)
        self.counted(self.bench.learn(), model, calls[:half])
        self.check("first half", calls[:half], {})
        # Some come into stock, some are sold out; a few become variants of another.
        for i, product in enumerate(self.shop.products):
            if i % 7 == 0:
                product["availability"] = "out_of_stock" if i % 2 else "in_stock"
            if i % 31 == 5:
                product["image_link"] = ""
        self.products()
        self.events("second.jsonl", calls[half:], "b")
        self.counted(self.bench.learn(), model, calls[half:])
        self.check("all", calls, {})
        for options in OTHERS:
            self.check(f"all, {options}", calls, options)
        return self.bench.daemon.reports()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--keep", action="store_true", help="leave the scratch folder")
    arguments = parser.parse_args()
    try:
        with Lab(arguments.keep) as lab:
            test = Test(lab, arguments)
            reports = test.run()
            if arguments.keep:
                print(lab.folder)
    except LabError as error:
        sys.exit(f"recommend_shop_test: {error}")
    print("\n".join(reports), end="")
    print(f"{test.compared} lists of {len(test.addresses)} contacts compared, "
          f"{test.faults} differ")
    return 1 if test.faults or reports or test.compared < 1000 else 0


if __name__ == "__main__":
    sys.exit(main())
