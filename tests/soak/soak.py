#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Many messages through one mailtailord: does it keep memory or descriptors?

    held    submissions to 1,000 recipients each, through the outbox
    single  messages to one recipient each, tailored in place by the sessions

Each worker's memory (resident, in KB) and open descriptors are noted after a fifth, after
three fifths and at the end. A leak grows all the time, an allocator that finds its size does
not, and SQLite's page caches fill for some 50,000 messages at less than 100 bytes each: it
is a fault if a worker grows by more than --bytes for each of its messages in both halves.
A build with AddressSanitizer says at its end what leaked; it is judged by that alone, since
its allocator keeps freed memory for a while."""

import argparse
import os
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
sys.path.insert(0, os.path.join(HERE, "..", "bench"))

from bench import CountingSink
from client import Client
from job import SECTION, SENDER, Job
from lab import Lab, LabError, wait_for
from testbed import Testbed

EACH = 1000
CLIENTS = 8


def resident_kb(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return int(next(line for line in file if line.startswith("VmRSS")).split()[1])


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def look(bed, kind):
    return {pid: (resident_kb(pid), descriptors(pid)) for pid, _ in bed.daemon.workers(kind)}


def hold(bed, count, number):
    """Submits `count` recipients; the contacts are the same each time."""
    for i in range(count // EACH):
        job = Job("soak", EACH, 8000)
        data = job.data.replace(b"<job-soak@", f"<held-{number}-{i}@".encode())
        with Client(bed.postfix.port) as client:
            result = client.send(SENDER, job.recipients, data)
        if not result.accepted:
            raise LabError(f"the relay says {result.last}")


def send_singles(bed, count, number):
    """On several connections at once."""
    job = Job("soak", EACH, 8000)
    errors = []

    def client(which):
        try:
            with Client(bed.postfix.port) as connection:
                for i in range(which, count, CLIENTS):
                    data = job.data.replace(b"<job-soak@", f"<single-{number}-{i}@".encode())
                    result = connection.send(SENDER, [job.recipients[i % EACH]], data)
                    if not result.accepted:
                        raise LabError(f"the relay says {result.last}")
        except Exception as error:  # whatever it is, the main thread wants to know
            errors.append(error)

    threads = [threading.Thread(target=client, args=(which,)) for which in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise LabError(errors[0])


WAYS = {"held": (hold, "outbox"), "single": (send_singles, "session")}


def soak(bed, sink, way, arguments):
    """Empty, or what is wrong."""
    submit, kind = WAYS[way]
    target = sink.count
    fifth = max(EACH, arguments.messages // 5 // EACH * EACH)
    marks, faults = [], []
    for number, count in enumerate((fifth, 2 * fifth, 2 * fifth)):
        submit(bed, count, number)
        target += count
        sink.wait_for(target, 3600)
        wait_for("the outbox to be done", lambda: not bed.daemon.outbox(), 60)
        time.sleep(1)
        marks.append(look(bed, kind))
    if not marks[0] or any(mark.keys() != marks[0].keys() for mark in marks):
        return "workers died"
    for pid in marks[0]:
        kb, fds = zip(*(mark[pid] for mark in marks))
        grown = [(kb[i + 1] - kb[i]) * 1024 * len(marks[0]) / (2 * fifth) for i in (0, 1)]
        print(f"     {way}: {kind} {pid}: {', '.join(map(str, kb))} KB after {fifth}, "
              f"{3 * fifth}, {5 * fifth} messages; {fds[0]}, {fds[1]}, {fds[2]} descriptors")
        if "asan" not in bed.daemon.sanitizers and min(grown) > arguments.bytes:
            faults.append(
                f"{kind} {pid} grows by {grown[0]:.0f} and {grown[1]:.0f} bytes a message")
        if fds[2] > fds[0] + 16:
            faults.append(f"{kind} {pid} has {fds[2]} descriptors instead of {fds[0]}")
    return "; ".join(faults)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--messages", type=int, default=20000, help="for each way")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--bytes", type=float, default=150,
                        help="growth of a worker allowed for each of its messages")
    arguments = parser.parse_args()
    failed = 0
    try:
        with Lab() as lab:
            sink = CountingSink()
            bed = Testbed(lab, arguments.build, extra=SECTION, policy=False,
                          sink_port=sink.port, settings="", level="warning")
            bed.start()
            bed.daemon.import_contacts(Job("soak", EACH).contacts())
            for way in arguments.ways:
                began = time.monotonic()
                fault = soak(bed, sink, way, arguments)
                failed += fault != ""
                print(f"{'FAIL' if fault else 'ok  '} {time.monotonic() - began:5.0f} s  {way}: "
                      f"{arguments.messages} messages" + (f": {fault}" if fault else ""))
            status = bed.stop()
            sink.stop()
            reports = bed.daemon.reports()
            if status != 0 or reports:
                print(f"FAIL mailtailord ended with {status}")
                print("".join(reports))
                failed += 1
    except LabError as error:
        print(f"FAIL soak: {error}")
        failed += 1
    print(f"soak: {len(arguments.ways) + 1 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
