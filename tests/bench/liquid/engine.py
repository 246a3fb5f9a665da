# SPDX-License-Identifier: BSD-2-Clause
"""Jinja2 as one of the engines that run.py compares; see ours.c for the protocol."""

import datetime
import json
import sys
import time

import jinja2

BATCH = 50

def date(text, pattern):
    return datetime.date.fromisoformat(text).strftime(pattern)


def money(amount):
    return f"${amount:,.2f}"


def shorten(text, length):
    return text if len(text) <= length else text[:length - 3] + "..."


class ItemsFirst(jinja2.Environment):
    """a.b looks at a's items before its attributes: faster where all data are dicts."""

    getattr = jinja2.Environment.getitem


def load(variant, mode, path):
    kind = ItemsFirst if variant == "items-first" else jinja2.Environment
    environment = kind(autoescape=mode == "html", keep_trailing_newline=True, auto_reload=False)
    environment.filters.update(date=date, money=money, shorten=shorten)
    with open(path, encoding="utf-8") as file:
        return environment.from_string(file.read()).render


def endless(path):
    while True:
        with open(path, encoding="utf-8") as data:
            yield from data


def run(render, lines, seconds):
    renders = wall = cpu = size = 0
    while wall < seconds * 1e9:
        batch = [json.loads(next(lines)) for _ in range(BATCH)]
        began = time.monotonic_ns(), time.process_time_ns()
        for row in batch:
            size += len(render(row))
        cpu += time.process_time_ns() - began[1]
        wall += time.monotonic_ns() - began[0]
        renders += BATCH
    print(renders, wall, cpu, size, flush=True)


def write(render, path, step, to):
    with open(path, encoding="utf-8") as data, open(to, "wb") as out:
        for number, line in enumerate(data):
            if number % step == 0:
                output = render(json.loads(line)).encode()
                out.write(b"%d %d\n%s\n" % (number, len(output), output))
    print("written", flush=True)


def main():
    variant, mode, template, data = sys.argv[1:5]
    render = load(variant, mode, template)
    lines = endless(data)
    print("ready", jinja2.__version__, flush=True)
    for line in sys.stdin:
        words = line.split()
        if words[0] == "write":
            write(render, data, int(words[1]), words[2])
        else:
            run(render, lines, float(words[1]))


main()
