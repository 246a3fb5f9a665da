#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the miltertest scripts of this folder against a mailtailord of their own, over a
unix socket and over TCP. Prints a TAP line for each. MAILTAILORD names the daemon
(default: ./mailtailord). Arguments: names of scripts, default all."""

import glob
import os
import shutil
import subprocess
import sys

from daemon import Daemon, program

HERE = os.path.dirname(os.path.abspath(__file__))


def suppress(daemon, address):
    """By the administrator's tool, where it is built."""
    tool = program("mailtailor")
    if tool is None:
        return False
    command = [tool, "-c", f"{daemon.scratch}/mailtailor.conf", "suppress", "add", address]
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0


def run_script(daemon, path, noreply, suppressed):
    command = ["miltertest", "-D", f"socket={daemon.socket}", "-D", f"dir={HERE}",
               "-D", f"noreply={noreply}", "-D", f"script={path}", "-s", f"{HERE}/script.lua"]
    if suppressed is not None:
        command += ["-D", f"suppressed={suppressed}"]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            timeout=120, check=False)
    return result.returncode == 0, result.stdout.decode(errors="replace")


def run_all(paths, tcp, number):
    daemon = Daemon(tcp=tcp)
    kind = "tcp" if tcp else "unix"
    failed = 0
    try:
        daemon.start()
        suppressed = "gone@example.org" if suppress(daemon, "gone@example.org") else None
        for path in paths:
            before = daemon.workers()
            good, output = run_script(daemon, path, 0 if tcp else 1, suppressed)
            name = os.path.basename(path)[:-len(".lua")]
            if daemon.workers() != before:
                good, output = False, output + "a session process died\n"
            number += 1
            print(f"{'ok' if good else 'not ok'} {number} - {name} ({kind})", flush=True)
            if not good:
                failed += 1
                sys.stdout.write("".join(f"# {line}\n" for line in output.splitlines()))
        status = daemon.stop()
        number += 1
        good = status == 0 and not os.path.exists(daemon.socket.partition(":")[2])
        print(f"{'ok' if good else 'not ok'} {number} - clean stop ({kind})")
        failed += not good
    finally:
        daemon.clean(keep=failed > 0)
    return failed, number


def main():
    if shutil.which("miltertest") is None or program("mailtailord") is None:
        print("1..0 # SKIP miltertest or mailtailord is missing")
        return 77
    paths = [path for path in sorted(glob.glob(f"{HERE}/*.lua"))
             if os.path.basename(path) not in ("common.lua", "script.lua")]
    if len(sys.argv) > 1:
        paths = [path for path in paths if os.path.basename(path)[:-4] in sys.argv[1:]]
    failed, number = run_all(paths, False, 0)
    more, number = run_all(paths, True, number)
    print(f"1..{number}")
    return 1 if failed + more > 0 else 0


if __name__ == "__main__":
    sys.exit(main())
