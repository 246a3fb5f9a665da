#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Requests per second of the web process, beside nginx on the same machine in the same run:

    click    GET of a tracked link, which is recorded before the reply leaves
    open     GET of the invisible image, recorded as well
    302      nginx's `return 302`
    gif      nginx's static image of one dot

Each server gets one core and wrk the other; the ways take turns and the medians count. All the
while a campaign is sent, --copies a second. What is
compared is requests per second of CPU time that the server took, until all that it accepted is in
the database: what else the machine does changes both alike. Then the click path runs at half of its own rate, for
the time that 99 of 100 replies take at most; wrk has no rate of its own, so that is done by many
connections, each of which pauses at random."""

import argparse
import contextlib
import os
import re
import statistics
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

from client import submit
from lab import Lab, LabError, can_connect, children_of, free_port, wait_for
from testbed import Testbed
import tokens

RECIPIENTS = 300
MESSAGE = """\
From: Shop <news@shop.example>\r
X-Campaign: spring\r
Message-ID: <%d@shop.example>\r
Subject: Sale\r
MIME-Version: 1.0\r
Content-Type: text/html; charset=utf-8\r
\r
<html><body><a href="https://shop.example/sale?a=1&amp;b=2">Sale</a></body></html>\r
"""

NGINX = """\
daemon off;
worker_processes 1;
worker_cpu_affinity 01;
pid {folder}/pid;
error_log {folder}/error.log;
worker_rlimit_nofile 20000;
events {{ worker_connections 16384; }}
http {{
    access_log off;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        keepalive_requests 100000000;
        location /c {{ return 302 https://shop.example/sale?a=1&b=2; }}
        location /o {{ empty_gif; }}
    }}
}}
"""

# Each thread asks for all paths in turn. `pause` is the mean time between a connection's requests: at
# random, or all would ask at once.
SCRIPT = """\
local paths, at = {}, math.random(1, 1000)
for line in io.lines("@paths@") do paths[#paths + 1] = line end
local pause = @pause@
wrk.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0"
function request()
    at = at % #paths + 1
    return wrk.format("GET", paths[at])
end
function delay() return math.random(0, 2 * pause) end
"""


class Nginx:
    def __init__(self, lab):
        self.port = free_port()
        folder = lab.path("nginx")
        os.makedirs(folder)
        path = os.path.join(folder, "nginx.conf")
        with open(path, "w", encoding="ascii") as out:
            out.write(NGINX.format(folder=folder, port=self.port))
        self._process = subprocess.Popen(["/usr/sbin/nginx", "-p", folder, "-c", path],
                                         stderr=subprocess.DEVNULL)
        wait_for("nginx", lambda: can_connect(self.port))
        self.worker = children_of(self._process.pid)[0]

    def stop(self):
        self._process.terminate()
        self._process.wait()


def cpu_of(pid):
    """Seconds that the process computed so far, in user and system time."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def settled_cpu(pid):
    """The same, when it has nothing to do any more."""
    while True:
        before = cpu_of(pid)
        time.sleep(0.5)
        after = cpu_of(pid)
        if after - before < 0.02:
            return after


def pin(pid):
    for task in os.listdir(f"/proc/{pid}/task"):
        os.sched_setaffinity(int(task), {0})


class Campaign:
    """Messages to everybody, one after the other, until it is stopped."""

    def __init__(self, bed, names):
        self.bed, self.names = bed, names
        self.sent, self.going, self.fault = 0, False, None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        try:
            while self.going:
                result = submit(self.bed.postfix.port, "news@shop.example", self.names,
                                (MESSAGE % (self.sent + 1)).encode())
                if not result.accepted:
                    raise LabError(f"the relay says {result.last}")
                self.sent += len(self.names)
                self.bed.sink.wait_count(RECIPIENTS + self.sent, 120)
        except (LabError, OSError) as error:
            self.fault = error

    def __enter__(self):
        self.going = True
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.going = False
        self._thread.join()
        if self.fault:
            raise LabError(f"the campaign: {self.fault}")


class Bench:
    def __init__(self, lab, bed, arguments):
        self.lab, self.bed, self.arguments = lab, bed, arguments
        self.paths = {}

    def collect(self):
        """Real tokens: of messages that arrived."""
        self.names = names = [f"p{i}@web.example" for i in range(RECIPIENTS)]
        self.bed.daemon.import_contacts("email\n" + "\n".join(names) + "\n")
        result = submit(self.bed.postfix.port, "news@shop.example", names,
                        (MESSAGE % 0).encode())
        if not result.accepted:
            raise LabError(f"the relay says {result.last}")
        self.bed.sink.wait_count(RECIPIENTS, 60)
        found = [token for name in names for token in tokens.in_message(self.bed.sink.of(name)[0])]
        for way, letter in (("click", "/c/"), ("open", "/o/")):
            paths = [re.sub(r"^https://[^/]*", "", token) for token in found if letter in token]
            self.paths[way] = self.lab.path(way)
            with open(self.paths[way], "w", encoding="ascii") as out:
                out.write("\n".join(paths) + "\n")
        for way, path in (("302", "/c"), ("gif", "/o")):
            self.paths[way] = self.lab.path(way)
            with open(self.paths[way], "w", encoding="ascii") as out:
                out.write(path + "\n")

    def wrk(self, way, pid, port, connections, pause=0):
        """(requests per second, the same per second of CPU time, milliseconds of the 99th
        percentile)"""
        script = self.lab.path("script.lua")
        with open(script, "w", encoding="ascii") as out:
            out.write(SCRIPT.replace("@paths@", self.paths[way]).replace("@pause@", str(pause)))
        began = cpu_of(pid)
        done = subprocess.run(
            ["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}",
             f"-d{self.arguments.seconds}s", "--latency", "-s", script,
             f"http://127.0.0.1:{port}"], stdout=subprocess.PIPE, text=True, check=True)
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)", done.stdout)
        if bad:
            raise LabError(f"{way}: {bad[0]}")
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])
        count = int(re.search(r"(\d+) requests in", done.stdout)[1])
        of_cpu = count / (settled_cpu(pid) - began)
        value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout).groups()
        return rate, of_cpu, float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def measure(bed, bench, nginx, web, arguments):
    """What is too slow."""
    rates = {way: [] for way in bench.paths}
    of_cpus = {way: [] for way in bench.paths}
    campaign = Campaign(bed, bench.names) if arguments.copies else contextlib.nullcontext()
    began = time.monotonic()
    with campaign:
        for _ in range(arguments.rounds):
            for way in bench.paths:
                pid, port = ((nginx.worker, nginx.port) if way in ("302", "gif")
                             else (web, bed.daemon.web_port))
                rate, of_cpu, slowest = bench.wrk(way, pid, port, arguments.connections)
                rates[way].append(rate)
                of_cpus[way].append(of_cpu)
                print(f"{way:6} {rate:9.0f}/s {of_cpu:9.0f} per second of CPU   "
                      f"99 % within {slowest:.1f} ms", flush=True)
        median = {way: statistics.median(values) for way, values in of_cpus.items()}
        # So many connections, each of which waits a tenth of a second on average, make half of
        # the rate.
        half = max(1, int(statistics.median(rates["click"]) / 2 * 0.1))
        slowest = {}
        for way, pid, port in (("302", nginx.worker, nginx.port),
                               ("click", web, bed.daemon.web_port)):
            rate, _, slowest[way] = bench.wrk(way, pid, port, half, pause=100)
            print(f"half: {way:6} {rate:9.0f}/s   99 % within {slowest[way]:.1f} ms, "
                  f"{half} connections")
    if arguments.copies:
        print(f"campaign: {campaign.sent / (time.monotonic() - began):.0f} copies/s meanwhile")
    faults = []
    for ours, theirs in (("click", "302"), ("open", "gif")):
        ratio = median[ours] / median[theirs]
        print(f"{ours}/{theirs}: {ratio:.2f}, wanted: 0.50")
        if ratio < 0.5:
            faults.append(f"{ours} is too slow")
    # Where the campaign takes the processor away, from nginx as well.
    if slowest["click"] > max(20, 1.5 * slowest["302"]):
        faults.append("a reply takes too long at half of the load")
    return faults


def run(lab, arguments):
    bed = Testbed(lab, arguments.build, policy=False, level="info",
                  settings='tracking_url = "https://t.shop.example"\n')
    bed.daemon.extra = (f'token_keys = "{bed.daemon.make_tokens()}"\n'
                        f'campaign "spring" {{\n\trate = {arguments.copies}\n}}\n')
    bed.start()
    bench = Bench(lab, bed, arguments)
    bench.collect()
    bed.settle()
    nginx = Nginx(lab)
    web = next(pid for pid, kind in bed.daemon.workers() if kind == "web")
    pin(web)
    try:
        faults = measure(bed, bench, nginx, web, arguments)
    finally:
        nginx.stop()
    status = bed.stop()
    return faults + ([] if status == 0 else [f"mailtailord left with {status}"])


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--copies", type=int, default=100, metavar="N",
                        help="a second, of the campaign that is sent meanwhile; 0: none is "
                        "(default: %(default)s)")
    parser.add_argument("--connections", type=int, default=64)
    arguments = parser.parse_args()
    try:
        with Lab() as lab:
            faults = run(lab, arguments)
    except LabError as error:
        faults = [str(error)]
    for fault in faults:
        print(f"FAIL {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
