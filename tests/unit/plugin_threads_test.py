#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""plugin_threads_test: values, filters and tags of our plugins on sixteen threads.

    tests/unit/plugin_threads_test.py [--only NAME]

A small shop is made up from a seed, imported and learned. Then the daemon's engine makes copies
for its contacts in one process: once on one thread, and once in four sets of four threads, which
is what four workers have, but that they share each plugin's static variables, too. Each copy has
to be the same both times. Under ThreadSanitizer (configure --with-sanitizer=thread) every race
fails the test.

To add a plugin, add a row to PLUGINS.
"""

import argparse
import getpass
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for name in ("lib", "shop"):
    sys.path.insert(0, os.path.join(os.path.dirname(HERE), name))
sys.dont_write_bytecode = True

import shop as shops  # noqa: E402
from daemon import Daemon  # noqa: E402
from lab import Lab, LabError, free_port, wait_for  # noqa: E402

# Name: parameters ($shop is the folder with the shop's files), template, has a task to wait for.
PLUGINS = {
    "sample": ("", "{{ shop.lucky }} {{ shop.city }} {{ shop.hours | join: ' ' }} {{ square['7'] }}"
               " {{ 'ab' | repeat: 3, between: '-' }} {% badge contact.city %}"
               " {{ history.count }}", None),
    "recommend": ('learn_every = "1s"',
                  "{% for p in recommend.products %}{{ p.id }} {{ p.reason }} {% endfor %}"
                  "{% assign more = 'P00010' | recommend_for: 3 %}"
                  "{% assign of = 'Pets' | recommend_in: 3 %}{{ more[0].id }} {{ of[1].id }}",
                  "models"),
    "nearest": ('outlets = "$shop/outlets.csv"\n\twithin = 20000\n\tothers = 3',
                "{{ nearest.name }} {{ nearest.distance_km }} {{ nearest.hours_today }}"
                " {{ nearest.others[1].name }}"
                "{% assign there = 'Berlin, DE' | outlets_near: 2 %} {{ there[0].name }}", None),
    "offer": ('offers = {"vip: key=$shop/offer.key valid=7d", "pool: file=$shop/pool.codes"}',
              "{{ offer.vip.code }} {{ offer.pool.code }}", None),
    "cart": ('window = "366d"', "{{ cart.total }} {{ cart.lines.size }} {{ cart.lines[0].title }}", None),
    "order": ("", "{{ order.last.total }} {{ order.last.lines.size }} {{ order.due.size }}"
              " {{ order.spent[0].total }}", None),
    "countdown": ("", "{{ '2030-01-01' | countdown }}", None),
    "lua": ('folder = "$shop/lua"', "{{ contact.city | loud }} {{ poem.line }}", None),
    "cap": ('limits = {"2 in 7d"}', "{{ contact.city }}", None),
}
SCRIPT = """\
mailtailor.filter("loud", function(text) return (text or ""):upper() .. "!" end)
mailtailor.value("poem", function(contact) return {line = "rose in " .. (contact.city or "?")} end)
"""
HEAD = ("From: news@shop.example\nTo: you@shop.example\nSubject: s\nMIME-Version: 1.0\n"
        "X-Campaign: %s\nContent-Type: text/plain; charset=utf-8\n\n%s|{{ contact.email }}\n")


class Test:
    """`plugins`: names; `sizes`: of the shop."""

    def __init__(self, lab, build, plugins, sizes=(150, 120, 30, 3000)):
        self.lab = lab
        self.daemon = Daemon(lab, build)
        self.daemon._settings.update(relay_port=free_port(), mail_log=lab.path("mail.log"),
                                     postfix_config=lab.folder, user=getpass.getuser())
        open(lab.path("mail.log"), "w", encoding="utf-8").close()
        self.folder = lab.path("shop")
        self.shop = shops.Shop(*sizes, 11)
        shops.write(self.shop, self.folder)
        self.write("pool.codes", "".join(f"POOL-{i:06}\n" for i in range(100)))
        self.write("offer.key", "0123456789abcdefghij\n")
        os.mkdir(os.path.join(self.folder, "lua"), 0o755)
        self.write("lua/loud.lua", SCRIPT)
        self.plugins = self.find(plugins)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(path, 0o640)

    def find(self, wanted):
        """Those that were built, where only we may write."""
        folder = self.lab.path("plugins")
        os.makedirs(folder, mode=0o755)
        found = []
        for name in wanted:
            for where in ("plugins", os.path.join("tests", "plugins")):
                path = os.path.join(self.daemon.build, where, f"{name}.so")
                if os.path.exists(path):
                    shutil.copy(path, folder)
                    os.chmod(os.path.join(folder, f"{name}.so"), 0o755)
                    found.append(name)
        if not found:
            raise LabError(f"there is no plugin in {self.daemon.build}/plugins")
        return found

    def configure(self):
        text = f'plugin_path = "{self.lab.path("plugins")}"\n'
        for name in self.plugins:
            parameters = PLUGINS[name][0].replace("$shop", self.folder)
            text += (f'plugin "{name}" {{\n\t{parameters}\n\tdeadline = 10s\n}}\n'
                     f'campaign "{name}" {{\n\tkind = "transactional"\n'
                     f'\tplugins = {{"{name}"}}\n}}\n')
        every = ", ".join(f'"{name}"' for name in self.plugins)
        text += (f'campaign "all" {{\n\tkind = "transactional"\n\tplugins = {{{every}}}\n}}\n')
        self.daemon.extra = text
        self.daemon.write_config()

    def learn(self):
        waiting = {name: PLUGINS[name][2] for name in self.plugins if PLUGINS[name][2]}

        def done():
            rows = self.daemon.tool("plugin", "list", "--json").stdout.splitlines()
            counters = {row["name"]: row.get("counters", {}) for row in map(json.loads, rows)}
            return all(counters.get(name, {}).get(counter, 0) > 0
                       for name, counter in waiting.items())

        if waiting:
            self.daemon.start()
            wait_for(f"{', '.join(waiting)} to have learned", done, 300, 0.2)
            self.daemon.stop()

    def copies(self, name, template, threads, workers):
        path = self.lab.path("message.eml")
        with open(path, "w", encoding="utf-8") as out:
            out.write(HEAD % (name, template))
        done = subprocess.run(
            [os.path.join(self.daemon.build, "tests", "bench", "copies"), self.daemon.path, path,
             str(threads), "1" if workers > 1 else "0", str(workers)],
            input="".join(f"{row['email']}\n" for row in self.shop.contacts), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=900,
            env=self.daemon.environment())
        if done.returncode != 0:
            raise LabError(f"{name}: exit {done.returncode}: {done.stderr[-3000:]}"
                           + "".join(self.daemon.reports())[:3000])
        return [json.loads(line) for line in done.stdout.splitlines()]

    def check(self, name, template):
        alone = self.copies(name, template, 1, 1)
        crowd = self.copies(name, template, 4, 4)
        for one, other in zip(alone, crowd, strict=True):
            if one["verdict"] != "sent":
                raise LabError(f"{name}: {one['to']}: {one['verdict']}: {one['reason']}")
            if one != other:
                raise LabError(f"{name}: one thread {one}, sixteen {other}")
        different = len({copy["text"].partition("|")[0] for copy in alone})
        print(f"ok   {name}: {len(alone)} copies, {different} different", flush=True)

    def load(self):
        for what, file in (("contacts", "contacts.csv"), ("products", "products.csv"),
                           ("events", "events.jsonl")):
            self.daemon.tool(what, "import", os.path.join(self.folder, file), seconds=600)
        self.learn()

    def run(self):
        self.configure()
        self.load()
        for name in self.plugins:
            self.check(name, PLUGINS[name][1])
        self.check("all", " ".join(PLUGINS[name][1] for name in self.plugins))
        return self.daemon.reports()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--only", help="this plugin")
    arguments = parser.parse_args()
    try:
        with Lab() as lab:
            reports = Test(lab, arguments.build,
                           [arguments.only] if arguments.only else list(PLUGINS)).run()
    except LabError as error:
        print(f"plugin_threads_test: {error}")
        return 1
    for report in reports:
        print(report[:6000])
    return 1 if reports else 0


if __name__ == "__main__":
    sys.exit(main())
