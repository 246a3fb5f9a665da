#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""/metrics says what was done, to the number, also over kill -9 of those who counted; promtool
reads it; and not everybody may."""

import argparse
import http.client
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
sys.dont_write_bytecode = True

from client import submit  # noqa: E402
from daemon import find_programs  # noqa: E402
from lab import Lab, LabError, free_port, kill, wait_for  # noqa: E402
from testbed import Testbed  # noqa: E402
import promtool  # noqa: E402
import tokens  # noqa: E402

PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0"
MESSAGE = """\
From: Shop <news@shop.example>\r
%sSubject: Sale\r
MIME-Version: 1.0\r
Content-Type: text/html; charset=utf-8\r
\r
<html><body><a href="https://shop.example/sale">Sale</a></body></html>\r
"""
LINE = re.compile(r'^([a-z_]+)(?:\{(.*)\})? (\S+)$')


class Scene:
    def __init__(self, lab, arguments):
        self.port = free_port()
        self.bed = Testbed(lab, arguments.build, policy=False, level="info")
        self.token_keys = self.bed.daemon.make_tokens()
        self.configure()
        self.build = find_programs(arguments.build)

    def configure(self, more=""):
        self.bed.daemon.extra = (
            f'token_keys = "{self.token_keys}"\nweb = "127.0.0.1:{self.port}"\ntracking_url = "http://127.0.0.1:{self.port}"\n'
            f'{more}'
            'campaign "spring" {\n\tunknown = "bare"\n}\n'
            'campaign "refused" {\n\tunknown = "refuse"\n}\n')

    def send(self, names, campaign):
        field = f"X-Campaign: {campaign}\r\n" if campaign else ""
        return submit(self.bed.postfix.port, "news@shop.example", names,
                      (MESSAGE % field).encode())

    def get(self, path, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path, headers={"User-Agent": PERSON, **headers})
            reply = connection.getresponse()
            return reply.status, reply.headers, reply.read().decode()
        finally:
            connection.close()

    def page(self):
        status, headers, text = self.get("/metrics")
        if status != 200 or not headers["Content-Type"].startswith("text/plain; version=0.0.4"):
            raise LabError(f"/metrics: {status} {headers['Content-Type']}")
        return text

    def values(self):
        found = {}
        for line in self.page().splitlines():
            match = None if line.startswith("#") else LINE.match(line)
            if match:
                found[match[1] + (f"{{{match[2]}}}" if match[2] else "")] = float(match[3])
        return found

    def expect(self, **wanted):
        """Numbers by the names below; waits until they are there."""
        names = {
            "sent": 'mailtailor_copies_total{campaign="spring",verdict="sent"}',
            "failed": 'mailtailor_copies_total{campaign="refused",verdict="failed"}',
            "ordinary": 'mailtailor_messages_total{way="ordinary"}',
            "in_place": 'mailtailor_messages_total{way="in_place"}',
            "outbox": 'mailtailor_messages_total{way="outbox"}',
            "refused": 'mailtailor_messages_total{way="refused"}',
            "hits": 'mailtailor_compiled_total{cache="hit"}',
            "clicks": 'mailtailor_events_total{kind="clicked",by="person"}',
            "robots": 'mailtailor_events_total{kind="clicked",by="machine"}',
            "handed": "mailtailor_hand_back_seconds_count",
            "tailored": "mailtailor_tailor_seconds_count",
            "waiting": 'mailtailor_outbox_rows{campaign="spring",state="waiting"}',
            "done": 'mailtailor_outbox_rows{campaign="spring",state="done"}',
            "paused": 'mailtailor_outbox_paused{campaign="spring"}',
            "starts": 'mailtailor_process_starts_total{process="web"}',
            "deaths": "mailtailor_process_deaths_total",
            "redirects": 'mailtailor_web_requests_total{status="3xx"}',
        }
        seen = {}

        def right():
            values = self.values()
            seen.update({name: values.get(names[name]) for name in wanted})
            return seen == wanted

        try:
            wait_for("the numbers", right, 20 * self.bed.patience, 0.2)
        except LabError as error:
            raise LabError(f"/metrics says {seen}, expected {wanted}") from error


def what_was_done(scene):
    names = [f"m{i}@metrics.example" for i in range(20)]
    scene.bed.daemon.import_contacts("email\n" + "\n".join(names) + "\n")
    scene.send(names, "spring")
    scene.bed.sink.wait_count(20, 60 * scene.bed.patience)
    scene.expect(sent=20, outbox=1, handed=20, done=20, waiting=0, paused=0)
    scene.send(["one@metrics.example"], "spring")
    scene.send(["plain@metrics.example"], None)
    scene.send(["nobody@metrics.example"], "refused")
    scene.expect(sent=21, in_place=2, ordinary=1, failed=1, outbox=1)


def clicks(scene):
    paths = []
    for i in range(5):
        message = scene.bed.sink.of(f"m{i}@metrics.example")[0]
        paths += [re.sub(r"^https?://[^/]*", "", token)
                  for token in tokens.in_message(message) if "/c/" in token][:1]
    for path in paths[:4]:
        scene.get(path)
    scene.get(paths[4], **{"User-Agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"})
    scene.expect(clicks=4, robots=1, redirects=5)


def over_deaths(scene):
    """Who counted is gone, what was counted is not."""
    before = scene.bed.daemon.workers()
    for pid, _ in before:
        kill(pid)
    wait_for("other processes", lambda: len(scene.bed.daemon.workers()) == len(before) and
             not {pid for pid, _ in before} & {pid for pid, _ in scene.bed.daemon.workers()}, 60)
    wait_for("the web process", lambda: answers(scene), 30)
    scene.expect(sent=21, clicks=4, deaths=len(before), starts=2)
    scene.send(["again@metrics.example"], "spring")
    scene.expect(sent=22)


def answers(scene):
    try:
        return scene.get("/health")[0] == 200
    except OSError:
        return False


def what_waits(scene):
    scene.bed.daemon.tool("outbox", "pause", "spring")
    scene.send(["w1@metrics.example", "w2@metrics.example"], "spring")
    scene.expect(waiting=2, paused=1)
    age = 'mailtailor_outbox_overdue_seconds{campaign="spring"}'
    first = scene.values()[age]
    time.sleep(1.1)
    if not scene.values()[age] > first + 1:
        raise LabError("what waits does not grow old")
    scene.bed.daemon.tool("outbox", "resume", "spring")
    scene.expect(waiting=0, paused=0)


def well_formed(scene):
    """Each metric has one head, histograms add up, and nothing stands twice."""
    text = scene.page()
    heads = re.findall(r"^# TYPE (\S+)", text, re.M)
    names = [line.rsplit(" ", 1)[0] for line in text.splitlines() if not line.startswith("#")]
    if len(heads) != len(set(heads)) or len(names) != len(set(names)):
        raise LabError("something stands twice")
    with open(os.path.join(HERE, "..", "..", "milter", "web", "mailtailor-metrics.7"),
              encoding="utf-8") as file:
        manual = file.read()
    missing = [head for head in heads if head not in manual]
    if missing:
        raise LabError(f"the manual does not know {missing}")
    values = scene.values()
    for name in ("tailor", "hand_back", "web_request"):
        buckets = [value for key, value in values.items()
                   if key.startswith(f"mailtailor_{name}_seconds_bucket")]
        if buckets != sorted(buckets) or \
                buckets[-1] != values[f"mailtailor_{name}_seconds_count"] or not buckets[-1]:
            raise LabError(f"{name}: {buckets}")
    if values["mailtailor_tailor_seconds_sum"] <= 0:
        raise LabError("nothing took time")


def not_for_everybody(scene):
    """Behind a proxy it is the client that counts."""
    for forwarded, wanted in (("192.0.2.7", 404), ("127.0.0.1", 200), ("10.9.9.9, 127.0.0.1", 404),
                              ("127.0.0.1, 192.0.2.7", 404)):
        status = scene.get("/metrics", **{"X-Forwarded-For": forwarded})[0]
        if status != wanted:
            raise LabError(f"for {forwarded} it answers {status}, expected {wanted}")
    scene.configure('metrics = {"192.0.2.0/24"}\n')
    scene.bed.daemon.reload()
    for forwarded, wanted in (({}, 404), ({"X-Forwarded-For": "192.0.2.7"}, 200)):
        status = scene.get("/metrics", **forwarded)[0]
        if status != wanted:
            raise LabError(f"with metrics of another network it answers {status}")
    scene.configure()
    scene.bed.daemon.reload()


def as_prometheus_reads_it(scene):
    program = promtool.find(os.path.join(scene.build, "tests"))
    if program is None:
        return "skip: promtool can't be had"
    found = promtool.complaints(program, scene.page())
    if found:
        raise LabError(f"promtool: {found}")
    if not promtool.complaints(program, scene.page() + "mailtailor_bad{ 1\n"):
        raise LabError("promtool finds nothing wrong with what is wrong")
    return None


PARTS = (what_was_done, clicks, over_deaths, what_waits, well_formed, not_for_everybody,
         as_prometheus_reads_it)


def run(lab, arguments):
    scene = Scene(lab, arguments)
    scene.bed.start()
    passed = failed = skipped = 0
    for part in PARTS:
        try:
            said = part(scene)
            skipped, passed = skipped + bool(said), passed + (not said)
            print(said or f"ok   {part.__name__}", flush=True)
        except LabError as error:
            failed += 1
            print(f"FAIL {part.__name__}: {error}", flush=True)
    status = scene.bed.stop()
    if status != 0:
        failed += 1
        print(f"FAIL mailtailord left with {status}")
    print(f"metrics: {passed} passed, {failed} failed" +
          (f", {skipped} skipped" if skipped else ""))
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    try:
        with Lab() as lab:
            return 1 if run(lab, parser.parse_args()) else 0
    except LabError as error:
        print(f"FAIL {error}\nmetrics: 0 passed, 1 failed")
        return 1


if __name__ == "__main__":
    sys.exit(main())
