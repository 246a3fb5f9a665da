#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The web process among hostile and odd clients: each check_*.py of this folder against one real
mailtailord, whose tokens arrived through a real Postfix. After each check the same process still has to
answer; at the end no sanitizer may have said anything.

    run.py [--build FOLDER] [--only WORD] [--small]"""

import argparse
import glob
import importlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from served import Served, Skipped
from lab import Lab, LabError

# Few connections and few strings, where three builds run everything.
MODES = {False: {"connections": 4500, "strings": 4000}, True: {"connections": 1500, "strings": 400}}


def checks(word):
    for path in sorted(glob.glob(os.path.join(HERE, "check_*.py"))):
        module = importlib.import_module(os.path.basename(path)[:-3])
        for check in module.CHECKS:
            name = f"{module.__name__[6:]}: {check.__name__.replace('_', ' ')}"
            if word in name:
                yield name, check


def run(lab, arguments):
    served = Served(lab, arguments.build)
    served.options = MODES[arguments.small]
    served.start()
    passed = failed = skipped = 0
    for name, check in checks(arguments.only):
        pid = served.web_pid()
        try:
            faults = [fault for fault in check(served) if fault]
            # A reload makes another process, and says so.
            alive = served.still_serves(getattr(served, "new_pid", None) or pid)
            faults += [alive] if alive else []
        except Skipped as why:
            skipped += 1
            print(f"skipped {name}: {why}", flush=True)
            continue
        except (LabError, OSError, AssertionError) as error:
            faults = [f"{type(error).__name__}: {error}"]
        served.new_pid = None
        print(f"{'FAIL' if faults else 'ok'} {name}", flush=True)
        for fault in faults[:10]:
            print(f"    {fault[:600]}")
        passed, failed = passed + (not faults), failed + bool(faults)
    status = served.bed.stop()
    reports = served.daemon.reports()
    if status != 0 or reports:
        failed += 1
        print(f"FAIL mailtailord left with {status}\n" + "\n".join(reports)[:5000])
    print(f"http: {passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--only", default="", metavar="WORD")
    parser.add_argument("--small", action="store_true", help="fewer connections and strings")
    arguments = parser.parse_args()
    try:
        with Lab() as lab:
            return 1 if run(lab, arguments) else 0
    except LabError as error:
        print(f"FAIL {error}\nhttp: 0 passed, 1 failed")
        return 1


if __name__ == "__main__":
    sys.exit(main())
