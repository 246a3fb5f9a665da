#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""CPU of our plugins for each message, beside that of the RSA-2048 signature, in one run.

    tests/bench/plugins.py [--contacts N] [--products N] [--outlets N] [--events N] [--copies N]

A shop from a seed is imported and learned. Then the daemon's engine makes copies in one process
and one thread: with each plugin, with text of the same length in its place, with all of them, and
signed once more. All take turns in rounds; differences of the medians count. Exit status 0 only if
all plugins together take at most half of what the signature takes."""

import argparse
import os
import re
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for name in ("lib", "unit"):
    sys.path.insert(0, os.path.join(HERE, "..", name))
sys.dont_write_bytecode = True

from lab import Lab, LabError  # noqa: E402
from plugin_threads_test import Test  # noqa: E402

# What a newsletter prints of each, and something as long without it.
USES = {
    "recommend": (
        "{% for p in recommend.products %}"
        '<a href="{{ p.link }}"><img src="{{ p.image }}" alt="{{ p.title }}"></a> '
        '{{ p.final_price | money: p.currency, "de" }}{% endfor %}',
        "{% for p in (1..4) %}"
        '<a href="https://shop.example/p/1?ref=feed&c=7"><img src="https://img.shop.example/1.jpg" '
        'alt="{{ contact.first_name }} {{ contact.last_name }}"></a> '
        '{{ 7.5 | money: "EUR", "de" }}{% endfor %}'),
    "nearest": (
        "<p>{{ nearest.name }}, {{ nearest.street }}, {{ nearest.city }} "
        "({{ nearest.distance_km | round }} km), today {{ nearest.hours_today }}: "
        "{{ nearest.coupon }}</p>",
        "<p>{{ contact.first_name }}, {{ contact.last_name }}, {{ contact.city }} "
        "({{ 7.5 | round }} km), today {{ contact.language }}: {{ contact.country }}</p>"),
    "offer": ("<p>{{ offer.vip.code }}</p>", "<p>{{ contact.first_name }}</p>"),
    "cart": ("{% for line in cart.lines %}<p>{{ line.title }}</p>{% endfor %}",
             "{% for line in (1..2) %}<p>{{ contact.first_name }}</p>{% endfor %}"),
}
HEAD = ("From: news@shop.example\nTo: you@shop.example\nSubject: s\nMIME-Version: 1.0\n"
        "X-Campaign: all\nContent-Type: text/html; charset=utf-8\n\n")
TEXT = "<p>" + "Lorem ipsum dolor sit amet, consectetur adipiscing elit. " * 20 + "</p>\n"


class Bench:
    def __init__(self, test, copies):
        self.test = test
        daemon = test.daemon
        self.folder = test.lab.path("bench")
        os.makedirs(self.folder)
        step = max(1, len(test.shop.contacts) // copies)
        self.addresses = "".join(f"{row['email']}\n" for row in test.shop.contacts[::step])
        self.count = self.addresses.count("\n")
        # The same configuration, once with Ed25519 alone, once with the RSA key as well.
        self.signed_twice = self.configuration("both.conf", daemon, both=True)
        self.signed_once = self.configuration("once.conf", daemon, both=False)

    def configuration(self, name, daemon, both):
        key = os.path.join(self.folder, "ed.pem")
        if not os.path.exists(key):
            subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key],
                           check=True)
            os.chmod(key, 0o600)
        with open(daemon.path, encoding="utf-8") as file:
            text = file.read()
        if not both:
            text = re.sub(r'dkim "shop\.example" \{.*?\n\}\n', "", text, flags=re.S)
        text += f'dkim "ed._domainkey.shop.example" {{\n\tkey = "{key}"\n}}\n'
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def cpu(self, configuration, body):
        """Microseconds a copy."""
        path = os.path.join(self.folder, "message.eml")
        with open(path, "w", encoding="utf-8") as out:
            out.write(HEAD + body + TEXT)
        done = subprocess.run(
            [os.path.join(self.test.daemon.build, "tests", "bench", "copies"), configuration, path,
             "1", "1"], input=self.addresses, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, check=False)
        found = re.search(r"copies, ([\d.]+) us", done.stderr)
        refused = [line for line in done.stdout.splitlines() if '"verdict":"sent"' not in line]
        if not found or refused:
            raise LabError(f"copies: {done.stderr[-500:]} {refused[:1]}")
        return float(found[1])

    def run(self, rounds):
        uses = {name: USES[name] for name in self.test.plugins}
        jobs = {"signature": [(self.signed_twice, ""), (self.signed_once, "")]}
        for name, (use, instead) in uses.items():
            jobs[name] = [(self.signed_once, use), (self.signed_once, instead)]
        jobs["all of them"] = [(self.signed_once, "".join(use for use, _ in uses.values())),
                               (self.signed_once, "".join(to for _, to in uses.values()))]
        times = {name: ([], []) for name in jobs}
        for _ in range(rounds):
            for name, pair in jobs.items():
                for found, (configuration, body) in zip(times[name], pair):
                    found.append(self.cpu(configuration, body))
        return {name: statistics.median(more) - statistics.median(less)
                for name, (more, less) in times.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--contacts", type=int, default=20000)
    parser.add_argument("--products", type=int, default=2000)
    parser.add_argument("--outlets", type=int, default=200)
    parser.add_argument("--events", type=int, default=300000)
    parser.add_argument("--copies", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    try:
        with Lab() as lab:
            test = Test(lab, arguments.build, list(USES), (
                arguments.contacts, arguments.products, arguments.outlets, arguments.events))
            test.configure()
            test.load()
            bench = Bench(test, arguments.copies)
            costs = bench.run(arguments.rounds)
    except LabError as error:
        sys.exit(f"plugins.py: {error}")
    missing = [name for name in USES if name not in test.plugins]
    if missing:
        print(f"left out, since not built: {', '.join(missing)}")
    signature = costs.pop("signature")
    print(f"{bench.count} copies; microseconds of CPU a copy, and beside the RSA signature")
    print(f"  {'RSA-2048 signature':20} {signature:8.1f}")
    for name, cost in costs.items():
        print(f"  {name:20} {cost:8.1f} {cost / signature:6.2f}")
    good = costs["all of them"] <= signature / 2
    print(f"plugins: {'' if good else 'more than '}half of the signature"
          f"{' or less' if good else ''}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
