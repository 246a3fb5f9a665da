#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Recipients per second at the sink, for the same job in three ways:

    plain   single messages, no milter, by Postfix's smtp-source
    outbox  one message for all recipients through mailtailord's outbox
    split   the same message through Postfix's split topology with mailtailord behind it

All on one Postfix with the same settings and Postfix's own smtp-sink; the plain messages
are a tailored copy of the same job, so all are of one size. The ways take turns; the
medians count. The clock runs from the first byte of the client to the last message at the
sink."""

import argparse
import os
import platform
import re
import statistics
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

from client import submit
from job import SECTION, SENDER, Job
from lab import Lab, LabError, can_connect, free_port, wait_for
from testbed import Testbed

WAYS = ("plain", "outbox", "split")
# What the project wants to hold (the first is outbox/plain, the second outbox/split).
WANTED = {"plain": 0.75, "split": 1.4}


class CountingSink:
    """Postfix's smtp-sink, which prints how many messages it has."""

    def __init__(self):
        self.port = free_port()
        self.count = 0
        self.changed = threading.Condition()
        self._process = subprocess.Popen(
            ["/usr/sbin/smtp-sink", "-c", "-u", "nobody", f"127.0.0.1:{self.port}", "1000"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)
        threading.Thread(target=self._read, daemon=True).start()
        wait_for("smtp-sink", lambda: can_connect(self.port))

    def _read(self):
        rest = b""
        while True:
            data = os.read(self._process.stdout.fileno(), 65536)
            if not data:
                return
            rest = (rest + data)[-200:]
            found = re.findall(rb"mesg=(\d+)\r", rest)
            if found:
                with self.changed:
                    self.count = int(found[-1])
                    self.changed.notify_all()

    def wait_for(self, count, seconds=300):
        with self.changed:
            if not self.changed.wait_for(lambda: self.count >= count, seconds):
                raise LabError(f"smtp-sink has {self.count} of {count} messages")

    def stop(self):
        self._process.terminate()
        self._process.wait()


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "postfix"],
                             stdout=subprocess.PIPE, text=True, check=False).stdout
    return (f"{os.cpu_count()} x {model[1] if model else platform.machine()}, "
            f"Linux {platform.release()}, Postfix {version}, load {os.getloadavg()[0]:.1f}")


class Bench:
    def __init__(self, lab, bed, sink, arguments):
        self.lab = lab
        self.bed = bed
        self.sink = sink
        self.arguments = arguments
        self.number = 0
        self.sample = lab.path("sample.eml")

    def make_sample(self):
        """A tailored copy as preview shows it, with LF as smtp-source wants it."""
        job = Job("sample", 1, self.arguments.size)
        path = self.lab.path("job.eml")
        self.bed.daemon.import_contacts(job.contacts())
        with open(path, "wb") as out:
            out.write(job.data)
        done = subprocess.run(
            [os.path.join(self.bed.daemon.build, "mailtailor"), "-c", self.bed.daemon.path,
             "preview", path, "--to", job.recipients[0]], stdout=subprocess.PIPE, check=False,
            env=self.bed.daemon.environment())
        if done.returncode != 0:
            raise LabError("mailtailor preview failed")
        with open(self.sample, "wb") as out:
            out.write(done.stdout.replace(b"\r\n", b"\n"))
        return len(done.stdout)

    def plain(self, count):
        done = subprocess.run(
            ["/usr/sbin/smtp-source", "-m", str(count), "-s", str(self.arguments.sessions),
             "-F", self.sample, "-f", SENDER, "-t", f"n{self.number}@plain.example", "-N",
             f"127.0.0.1:{self.bed.postfix.plain_port}"], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise LabError(f"smtp-source: {done.stdout}")

    def one_message(self, port, job):
        result = submit(port, SENDER, job.recipients, job.data)
        if not result.accepted:
            raise LabError(f"the relay says {result.last}")

    def measure(self, way, count):
        """Recipients per second."""
        self.number += 1
        job = Job(f"b{self.number}", count, self.arguments.size)
        relay = self.bed.postfix
        if way != "plain":
            self.bed.daemon.import_contacts(job.contacts())
        target = self.sink.count + count
        began = time.monotonic()
        if way == "plain":
            self.plain(count)
        else:
            self.one_message(relay.port if way == "outbox" else relay.split_port, job)
        self.sink.wait_for(target)
        seconds = time.monotonic() - began
        relay.wait_empty()
        if way == "outbox":
            wait_for("the outbox to be done", lambda: not self.bed.daemon.outbox())
        return count / seconds


def run(lab, arguments):
    sink = CountingSink()
    bed = Testbed(lab, arguments.build, extra=SECTION, policy=False, own_log=True,
                  sink_port=sink.port, settings="", level="info", sessions=0, outbox_workers=0)
    bed.start()
    bench = Bench(lab, bed, sink, arguments)
    print(f"machine: {machine()}")
    size = bench.make_sample()
    print(f"job: {arguments.recipients} recipients, {size} bytes each, plain mail on "
          f"{arguments.sessions} connections, {arguments.repeat} repetitions")
    for way in arguments.ways:
        bench.measure(way, min(200, arguments.recipients))
    rates = {way: [] for way in arguments.ways}
    for _ in range(arguments.repeat):
        for way in arguments.ways:
            rates[way].append(bench.measure(way, arguments.recipients))
    bed.stop()
    sink.stop()
    return rates


def report(rates):
    """0 if the wanted ratios hold."""
    medians = {way: statistics.median(values) for way, values in rates.items()}
    for way, values in rates.items():
        print(f"{way:7} {medians[way]:7.0f} recipients/s   ("
              + ", ".join(f"{value:.0f}" for value in values) + ")")
    short = 0
    for way, wanted in WANTED.items():
        if "outbox" in medians and way in medians:
            ratio = medians["outbox"] / medians[way]
            short += ratio < wanted
            print(f"outbox/{way:6} {ratio:.2f}   (wanted: {wanted})"
                  + ("  TOO LITTLE" if ratio < wanted else ""))
    return 1 if short else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--recipients", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--size", type=int, default=10000, help="bytes of HTML filler")
    parser.add_argument("--sessions", type=int, default=8,
                        help="smtp-source's connections (default: as many as the outbox has)")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    arguments = parser.parse_args()
    try:
        with Lab() as lab:
            rates = run(lab, arguments)
    except LabError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return report(rates)


if __name__ == "__main__":
    sys.exit(main())
