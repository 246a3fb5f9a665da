#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Renders per second of mailtailor's Liquid and of other template engines, in one run.

    fixtures    the pages of golden-liquid's benchmark_fixtures, for engines that speak Liquid
                (found through $MAILTAILOR_CORPORA; their outputs are checked)
    letter      a newsletter of 20 KB in each engine's own language: 40 outputs, 5 conditions,
                a loop over 4 offers; as text with explicit escaping, as HTML with the engine's
                own escaping, and the first without the formatting of dates

Before anything is timed, all engines have to give the same bytes for a sample of the contacts.
Then they take turns, in rounds, each in a process of its own that has compiled its template
and is warm. Contacts are parsed from JSON 50 at a time while the clock stands, by all
engines alike; only rendering is timed, by the clock and by CPU time, and whichever is
shorter counts (so threads that collect garbage cost an engine nothing). Where an engine has
several settings, the fastest is found first and takes part."""

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.abspath(os.path.join(HERE, "..", "..", ".."))
sys.path.insert(0, os.path.join(HERE, "..", "..", "lib"))

import letter
from lab import Lab, LabError

# Settings to choose from, the language of the newsletter, and how many times faster ours is
# meant to be (None: only faster).
ENGINES = {
    "ours": ([""], "liquid", None),
    "liquidjs": (["own", "own,prototypes"], "liquid", None),
    "liquidjs-plain-date": (["plain-date", "plain-date,prototypes"], "liquid", None),
    "handlebars": ([""], "handlebars", 2.5),
    "nunjucks": ([""], "jinja", 2.5),
    "jinja2": (["attributes-first", "items-first"], "jinja", 8),
    "ruby-liquid": (["ruby", "ruby,yjit"], "liquid", None),
    "ruby-liquid-c": (["c", "c,yjit"], "liquid", None),
}
JAVASCRIPT = ("liquidjs", "liquidjs-plain-date", "handlebars", "nunjucks")
LIQUID = ("ours", "liquidjs", "ruby-liquid", "ruby-liquid-c")
# Of both variants of liquidjs the faster.
LIQUIDJS_WANTED = 12
ESCAPES = ("ours", "liquidjs", "liquidjs-plain-date", "handlebars", "nunjucks", "jinja2")
SAMPLE = 200


class Workload:
    def __init__(self, name, engines, mode="text"):
        self.name = name
        self.engines = engines
        self.mode = mode
        self.templates = {}  # language -> file
        self.data = ""
        self.partials = "-"
        self.expected = None
        self.step = 1


class Engine:
    """A process that renders one template when it is told to."""

    def __init__(self, name, variant, workload, folders):
        self.name = name
        self.variant = variant
        self.workload = workload
        self.rounds = []
        language = ENGINES[name][1]
        files = [workload.mode, workload.templates[language], workload.data, workload.partials]
        self._process = subprocess.Popen(
            self._command(folders) + files, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            cwd=folders["node"] if name in JAVASCRIPT else None, text=True, bufsize=1,
            stderr=subprocess.PIPE, env=dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8", NODE_ENV="production"))
        self.version = self._line().partition(" ")[2]

    def _command(self, folders):
        if self.name == "ours":
            return [os.path.join(folders["build"], "tests/bench/liquid/ours")]
        if self.name in JAVASCRIPT:
            engine = "liquidjs" if self.name.startswith("liquidjs") else self.name
            return ["node", os.path.join(HERE, "engine.js"), engine, self.variant]
        if self.name == "jinja2":
            return ["/usr/bin/python3", "-B", os.path.join(HERE, "engine.py"), self.variant]
        kind, _, yjit = self.variant.partition(",")
        return ["ruby"] + ["--yjit"] * bool(yjit) + [os.path.join(HERE, "engine.rb"), kind]

    def _line(self):
        line = self._process.stdout.readline().strip()
        if not line:
            said = self._process.stderr.read().strip().splitlines()
            raise LabError(f"{self.name} ended with status {self._process.wait()} in "
                           f"{self.workload.name}: {said[0] if said else 'no reason given'}")
        return line

    def _ask(self, command):
        self._process.stdin.write(command + "\n")
        return self._line()

    def outputs(self, path):
        """{number of the object: bytes} of the sample."""
        self._ask(f"write {self.workload.step} {path}")
        found = {}
        with open(path, "rb") as file:
            for head in file:
                number, size = head.split()
                found[int(number)] = file.read(int(size))
                file.read(1)
        os.unlink(path)
        return found

    def run(self, seconds):
        """Renders per second of a core."""
        numbers = [int(number) for number in self._ask(f"run {seconds}").split()]
        renders, wall, cpu = numbers[:3]
        self.heap_calls = numbers[4] if len(numbers) > 4 else 0
        return renders, renders / min(wall, cpu) * 1e9

    def stop(self):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.stderr.close()
        self._process.wait()


# --- what there is ---

def note(text):
    print(text, file=sys.stderr, flush=True)


def runs(*command, cwd=None):
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, cwd=cwd, text=True, check=False)
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, str(error))


def prepare_ours(build):
    if runs("make", "-s", "-C", build, "tests/bench/liquid/ours").returncode != 0:
        raise LabError(f"{build}: make tests/bench/liquid/ours fails; "
                       "--build or $MAILTAILOR_BUILD names the folder of the build")


def prepare_node(folder):
    """'' or why engines of npm can't take part."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "node or npm is missing (contrib/packages bench installs them)"
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(HERE, name), folder)
    done = runs("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)
    if done.returncode != 0:
        return ("npm could not fetch them: this needs the network "
                f"({done.stdout.strip().splitlines()[-1:]})")
    return ""


def available(names, folders):
    """The engines of `names` that this machine has."""
    why = {}
    if set(names) & set(JAVASCRIPT):
        lacks = prepare_node(folders["node"])
        why = {name: lacks for name in JAVASCRIPT if lacks}
    packages = {"jinja2": ("python3-jinja2", "/usr/bin/python3", "-c", "import jinja2"),
                "ruby-liquid": ("ruby-liquid", "ruby", "-rliquid", "-e", "0"),
                "ruby-liquid-c": ("ruby-liquid-c", "ruby", "-rliquid/c", "-e", "0")}
    for name, (package, *probe) in packages.items():
        if name in names and runs(*probe).returncode != 0:
            why[name] = f"{package} is missing (contrib/packages bench installs it)"
    for name in names:
        if name in why:
            note(f"{name} is left out: {why[name]}")
    return [name for name in names if name not in why]


# --- workloads ---

def letters(lab, contacts):
    data = lab.path("contacts.jsonl")
    letter.write_contacts(data, contacts)
    for name, html, dates in (("letter", False, True), ("letter-no-dates", False, False),
                              ("letter-html", True, True)):
        engines = ESCAPES if html else tuple(ENGINES)
        if not dates:
            engines = tuple(engine for engine in engines if engine != "liquidjs-plain-date")
        workload = Workload(name, engines, "html" if html else "text")
        workload.data = data
        workload.step = max(contacts // SAMPLE, 1)
        for language in letter.LANGUAGES:
            path = workload.templates[language] = lab.path(f"{name}.{language}")
            with open(path, "w", encoding="utf-8") as out:
                out.write(letter.template(language, html, dates))
        yield workload


def fixtures(lab):
    corpora = os.environ.get("MAILTAILOR_CORPORA", os.path.join(TOP, "..", "shared", "data"))
    folder = os.path.join(corpora, "liquid-golden", "benchmark_fixtures")
    if not os.path.isdir(folder):
        note(f"fixtures are left out: {folder} is absent")
        return
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        workload = Workload(f"fixture-{name}", LIQUID)
        workload.partials = os.path.join(path, "templates")
        workload.templates["liquid"] = os.path.join(workload.partials, "index.liquid")
        workload.data = lab.path(f"{name}.json")
        with open(os.path.join(path, "data.json"), encoding="utf-8") as file, \
                open(workload.data, "w", encoding="utf-8") as out:
            out.write(json.dumps(json.load(file), ensure_ascii=False) + "\n")
        with open(os.path.join(path, "expected_result.txt"), "rb") as file:
            # The footer says which year it is.
            workload.expected = file.read().replace(
                b"&copy; 2025 ", time.strftime("&copy; %Y ").encode()).rstrip(b"\n")
        yield workload


# --- one workload ---

def fastest(name, workload, folders, seconds):
    """The engine with the best of its settings, warm."""
    best = None
    best_rate = 0
    for variant in ENGINES[name][0]:
        engine = Engine(name, variant, workload, folders)
        engine.run(seconds)
        _, rate = engine.run(seconds)
        if rate > best_rate:
            best, engine, best_rate = engine, best, rate
        if engine is not None:
            engine.stop()
    return best


def difference(a, b):
    at = next((i for i, pair in enumerate(zip(a, b)) if pair[0] != pair[1]), min(len(a), len(b)))
    begin = max(at - 40, 0)
    return f"at byte {at}: expected {a[begin:at + 40]!r}, got {b[begin:at + 40]!r}"


def check(engines, lab):
    """The engines whose outputs are right. Ours has to be among them."""
    right = []
    expected = None
    for engine in engines:
        outputs = engine.outputs(lab.path("outputs"))
        if engine.workload.expected is not None:
            expected = {0: engine.workload.expected}
            # Some of these files end in a line end that their templates don't have.
            outputs = {0: outputs[0].rstrip(b"\n")}
        elif expected is None:
            expected = outputs
        wrong = [number for number in expected if outputs.get(number) != expected[number]]
        if not wrong:
            right.append(engine)
            continue
        text = (f"{engine.name} gives another output in {engine.workload.name}, object "
                f"{wrong[0]}, {difference(expected[wrong[0]], outputs.get(wrong[0], b''))}")
        if engine.name == "ours" or engine.workload.expected is None:
            raise LabError(text)
        note(f"left out: {text}")
        engine.stop()
    return right


def measure(workload, names, folders, lab, arguments):
    """[(engine, renders, rates, ratios to ours)]"""
    share = arguments.seconds / arguments.rounds
    engines = []
    for name in names:
        try:
            if name in workload.engines:
                engines.append(fastest(name, workload, folders, min(share, 1)))
        except LabError as error:
            if name == "ours" or workload.expected is None:
                raise
            note(f"left out: {error}")
    engines = check(engines, lab)
    results = {engine: [0, []] for engine in engines}
    for _ in range(arguments.rounds):
        for engine in engines:
            renders, rate = engine.run(share)
            results[engine][0] += renders
            results[engine][1].append(rate)
            if engine.heap_calls:
                raise LabError(f"{workload.name}: {engine.heap_calls} allocations from the "
                               f"heap in {renders} warm renders; expected none")
    check(engines, lab)
    for engine in engines:
        engine.stop()
    ours = next((rates for engine, (_, rates) in results.items() if engine.name == "ours"), None)
    return [(engine, renders, rates,
             [a / b for a, b in zip(ours, rates)] if ours else [])
            for engine, (renders, rates) in results.items()]


# --- results ---

def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    return (f"{os.cpu_count()} x {model[1] if model else platform.machine()}, "
            f"Linux {platform.release()}, load {os.getloadavg()[0]:.1f}")


def wanted(name, rows):
    if not name.startswith("liquidjs"):
        return ENGINES[name][2] or 1
    best = max((statistics.median(rates), engine.name) for engine, _, rates, _ in rows
               if engine.name.startswith("liquidjs"))[1]
    return LIQUIDJS_WANTED if best == name else 1


def show(workload, rows):
    """Prints a table; how many engines come too close."""
    short = 0
    print(f"\n### {workload.name}\n")
    print("| engine | renders/s | lowest to highest | ours is faster by | wanted | renders |")
    print("|---|--:|--:|--:|--:|--:|")
    for engine, renders, rates, ratios in rows:
        ratio = ""
        aim = ""
        if ratios and engine.name != "ours":
            least = wanted(engine.name, rows) if workload.name.startswith("letter") else 1
            aim = f"{least:g}" if least > 1 else "> 1"
            ratio = f"{statistics.median(ratios):.1f}"
            if statistics.median(ratios) < least:
                short += 1
                aim += " TOO LITTLE"
        print(f"| {engine.name} | {statistics.median(rates):,.0f} | {min(rates):,.0f} to "
              f"{max(rates):,.0f} | {ratio} | {aim} | {renders:,} |", flush=True)
    return short


def as_json(workload, rows):
    return {"workload": workload.name, "engines": [
        {"engine": engine.name, "version": engine.version, "setting": engine.variant,
         "renders": renders, "rates": rates, "rate": statistics.median(rates),
         "ratios": ratios, "ratio": statistics.median(ratios) if ratios else None,
         "wanted": (wanted(engine.name, rows) if workload.name.startswith("letter") else 1)
         if engine.name != "ours" else None}
        for engine, renders, rates, ratios in rows]}


def run(lab, arguments):
    folders = {"build": arguments.build, "node": lab.path("node")}
    os.mkdir(folders["node"])
    if "ours" in arguments.engine:
        prepare_ours(arguments.build)
    names = available(arguments.engine, folders)
    if not arguments.json:
        print(f"machine: {machine()}")
        print("command: tests/bench/liquid/run.py " + " ".join(sys.argv[1:]))
        print(f"{arguments.contacts:,} contacts, {arguments.seconds:g} s of rendering for each "
              f"engine and workload in {arguments.rounds} rounds", flush=True)
    workloads = list(fixtures(lab)) + list(letters(lab, arguments.contacts))
    versions = {}
    results = []
    short = 0
    for workload in workloads:
        if not re.search(arguments.only, workload.name):
            continue
        rows = measure(workload, names, folders, lab, arguments)
        for engine, _, _, _ in rows:
            versions.setdefault(engine.name, {})[workload.name] = engine
        results.append(as_json(workload, rows))
        if not arguments.json:
            short += show(workload, rows)
    if arguments.json:
        print(json.dumps({"machine": machine(), "time": int(time.time()),
                          "contacts": arguments.contacts, "seconds": arguments.seconds,
                          "rounds": arguments.rounds, "workloads": results}, indent=2))
        return 0
    print()
    for name, engines in versions.items():
        any_of = next(iter(engines.values()))
        settings = sorted({engine.variant for engine in engines.values()} - {""})
        print(f"{name}: {any_of.version}"
              + (f"; settings: {' or '.join(settings)}" if settings else ""))
    return 1 if short else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.environ.get("MAILTAILOR_BUILD", TOP),
                        help="folder of the build (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--contacts", type=int, default=100000)
    parser.add_argument("--seconds", type=float, default=5,
                        help="of rendering, for each engine and workload (default: 5)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--engine", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--only", default="", metavar="REGEX", help="these workloads")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    try:
        with Lab() as lab:
            return run(lab, arguments)
    except LabError as error:
        note(f"bench-liquid: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
