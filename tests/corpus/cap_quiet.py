#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""When quiet times end, minute by minute: the plugin cap against Python's zoneinfo.

For zones with odd rules, moments around their changes of the clock and others drawn from a seed
are given to tests/corpus/cap_quiet; here the minutes after each are tried one by one."""

import os
import random
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

ZONES = ["Europe/Berlin", "Europe/London", "America/New_York", "America/St_Johns",
         "Australia/Lord_Howe", "Pacific/Chatham", "Asia/Kathmandu", "Africa/Casablanca",
         "America/Sao_Paulo", "Asia/Gaza", "Pacific/Apia", "Antarctica/Troll", "Etc/UTC"]
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
# (days, from, until) with 0 for Monday; holidays (month, day).
RULES = [
    ([(range(7), 21 * 60, 8 * 60)], []),
    ([(range(5), 20 * 60 + 30, 7 * 60 + 15), ((5, 6), 0, 1440)], [(12, 25), (3, 29)]),
    ([(range(7), 60, 150)], []),
    ([(range(7), 135, 210), ((6,), 0, 180)], [(10, 25)]),
]


def clock(minutes):
    return f"{minutes // 60:02}:{minutes % 60:02}"


def parameters(rule):
    ranges, holidays = rule
    quiet = ", ".join('"%s %s-%s"' % (",".join(DAYS[day] for day in days), clock(begin), clock(end))
                      for days, begin, end in ranges)
    text = f"quiet = {{{quiet}}}"
    if holidays:
        text += " holidays = {" + ", ".join(f'"{m:02}-{d:02}"' for m, d in holidays) + "}"
    return text


def is_quiet(rule, local):
    ranges, holidays = rule
    minute = local.hour * 60 + local.minute
    if (local.month, local.day) in holidays:
        return True
    for days, begin, end in ranges:
        today = local.weekday() in days
        yesterday = (local.weekday() - 1) % 7 in days
        if begin < end and today and begin <= minute < end:
            return True
        if begin > end and (today and minute >= begin or yesterday and minute < end):
            return True
    return False


def first_minute(rule, zone, now):
    """The first moment from `now` that is not quiet: itself, or the begin of a minute."""
    moment = datetime.fromtimestamp(now // 1000, timezone.utc)
    if not is_quiet(rule, moment.astimezone(zone)):
        return now
    moment = moment.replace(second=0)
    while is_quiet(rule, moment.astimezone(zone)):
        moment += timedelta(minutes=1)
    return int(moment.timestamp()) * 1000


def changes(zone, year):
    """When the clock is changed: to the minute."""
    moment = datetime(year, 1, 1, tzinfo=timezone.utc)
    offset = moment.astimezone(zone).utcoffset()
    while moment.year == year:
        moment += timedelta(minutes=30)
        if moment.astimezone(zone).utcoffset() != offset:
            offset = moment.astimezone(zone).utcoffset()
            yield moment


def moments(draw, name):
    zone = ZoneInfo(name)
    for year in (2011, 2018, 2026):
        for change in changes(zone, year):
            for _ in range(12):
                yield int((change.timestamp() + draw.randint(-30 * 3600, 8 * 3600)) * 1000)
    for _ in range(20):
        yield draw.randint(1262304000000, 1798761600000)


def main():
    program = os.path.join(os.environ.get("MAILTAILOR_BUILD", "."), "tests", "corpus", "cap_quiet")
    if not os.access(program, os.X_OK):
        print(f"{program} is not there: make check builds it", file=sys.stderr)
        return 1
    draw = random.Random(5)
    asked = wrong = held = 0
    for rule in RULES:
        cases = [(name, now) for name in ZONES for now in moments(draw, name)]
        done = subprocess.run([program, parameters(rule)], check=True, capture_output=True,
                              input="".join(f"{name} {now}\n" for name, now in cases), text=True)
        answers = [int(line) for line in done.stdout.split()]
        if len(answers) != len(cases):
            print(f"expected {len(cases)} answers, got {len(answers)}: {done.stderr}")
            return 1
        for (name, now), answer in zip(cases, answers):
            wanted = first_minute(rule, ZoneInfo(name), now)
            asked += 1
            held += wanted != now
            if answer != wanted:
                wrong += 1
                print(f"{name} {datetime.fromtimestamp(now / 1000, timezone.utc)}: "
                      f"{parameters(rule)}: expected "
                      f"{datetime.fromtimestamp(wanted / 1000, timezone.utc)}, got "
                      f"{datetime.fromtimestamp(answer / 1000, timezone.utc)}")
    print(f"{asked} moments, {held} of them quiet, {wrong} wrong")
    return 1 if wrong or held < 500 else 0


if __name__ == "__main__":
    sys.exit(main())
