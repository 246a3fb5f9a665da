#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""CPU of the plugin recommend for each message, beside that of an RSA-2048 signature.

    tests/bench/recommend.py [--contacts N] [--products N] [--events N] [--copies N]

A shop from a seed is learned by the daemon. Then messages are made for the same contacts by the
daemon's engine in one process and one thread, with four products and without, the two taking
turns; the difference of the medians is what the plugin costs."""

import argparse
import os
import re
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for name in ("lib", "shop", "unit"):
    sys.path.insert(0, os.path.join(HERE, "..", name))
sys.dont_write_bytecode = True

import shop as shops  # noqa: E402
from lab import Lab, LabError  # noqa: E402
from recommend_shop_test import DEFAULT, Bench  # noqa: E402

HEAD = ("From: news@shop.example\nTo: you@shop.example\nSubject: s\nMIME-Version: 1.0\n"
        "X-Campaign: shop\nContent-Type: text/html; charset=utf-8\n\n")
PRODUCT = ('<a href="{{ p.link }}"><img src="{{ p.image }}" alt="{{ p.title }}"></a> '
           '{{ p.final_price | money: p.currency, "de" }}')
WITH = HEAD + "{% for p in recommend.products %}" + PRODUCT + "{% endfor %}<p>Bye</p>\n"
# The same text, and links of the same length, without the plugin.
WITHOUT = HEAD + (
    "{% for p in contact.four %}"
    '<a href="https://shop.example/p/1?ref=feed&c=7"><img src="https://img.shop.example/1.jpg" '
    'alt="{{ contact.first_name }} {{ contact.last_name }}"></a> {{ 7.5 | money: "EUR", "de" }}'
    "{% endfor %}<p>Bye</p>\n").replace("contact.four", "(1..4)")


def cpu(bench, message, addresses, rounds):
    path = bench.lab.path("bench.eml")
    with open(path, "w", encoding="utf-8") as out:
        out.write(message)
    done = subprocess.run(
        [os.path.join(bench.daemon.build, "tests", "bench", "copies"), bench.daemon.path, path,
         "1", str(rounds)], input="".join(f"{a}\n" for a in addresses), text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
    return float(re.search(r"copies, ([\d.]+) us", done.stderr)[1])


def rsa():
    done = subprocess.run(["openssl", "speed", "-seconds", "2", "rsa2048"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    return 1e6 / float(re.search(r"rsa 2048 bits \S+ \S+ +([\d.]+)", done.stdout)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--contacts", type=int, default=20000)
    parser.add_argument("--products", type=int, default=2000)
    parser.add_argument("--events", type=int, default=300000)
    parser.add_argument("--copies", type=int, default=5000)
    arguments = parser.parse_args()
    try:
        with Lab() as lab:
            bench = Bench(lab, arguments.build)
            bench.configure(DEFAULT)
            folder = lab.path("shop")
            shops.write(shops.Shop(arguments.contacts, arguments.products, 5, arguments.events, 3),
                        folder)
            for what, file in (("contacts", "contacts.csv"), ("products", "products.csv"),
                               ("events", "events.jsonl")):
                bench.daemon.tool(what, "import", os.path.join(folder, file), seconds=600)
            bench.learn()
            step = max(1, arguments.contacts // arguments.copies)
            addresses = [f"c{i:06d}@people.example" for i in range(0, arguments.contacts, step)]
            times = {WITH: [], WITHOUT: []}
            for _ in range(5):
                for message, found in times.items():
                    found.append(cpu(bench, message, addresses, 1))
    except LabError as error:
        sys.exit(f"recommend.py: {error}")
    whole, without = (statistics.median(times[message]) for message in (WITH, WITHOUT))
    signature = rsa()
    print(f"{len(addresses)} copies of {arguments.contacts} contacts, {arguments.products} products,"
          f" {arguments.events} events; microseconds of CPU a copy:")
    print(f"  with recommend     {whole:7.1f}\n  without            {without:7.1f}\n"
          f"  recommend          {whole - without:7.1f}\n  an RSA signature   {signature:7.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
