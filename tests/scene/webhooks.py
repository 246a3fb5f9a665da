#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Webhooks hear of every event, at least once and in order: from receivers that say 500, hang, cut
the connection, ask for a pause, send elsewhere, or answer without end, and over kill -9 of the
process that sends and of all of mailtailord. Each signature is verified by Python's own HMAC."""

import argparse
import base64
import hashlib
import hmac
import http.server
import json
import os
import random
import re
import ssl
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
sys.dont_write_bytecode = True

from api import Api, Checks  # noqa: E402
from client import submit  # noqa: E402
from lab import Lab, LabError, kill, wait_for  # noqa: E402
from testbed import Testbed  # noqa: E402
from webserver import WebServer, self_signed  # noqa: E402

MAIL = b"""\
From: Shop <news@shop.example>\r
X-Campaign: spring\r
Subject: Sale\r
MIME-Version: 1.0\r
Content-Type: text/plain; charset=utf-8\r
\r
Hello {{ contact.email }}\r
"""
ATTACKS = ["\"}]},{\"x\":[{", "'; DROP TABLE event; --", "<script>alert(1)</script>", "\u2028\u2029",
           "\x7f\x1b[2J", "\r\nwebhook-id: msg_forged\r\n\r\n", "{{ contact.email }}", "%s%n%99999d",
           "\U0001f4a9" * 50, "\\u0000\\", "]]>", "\ud7ff\ufffd\ufffe", "a" * 20000, "-1e999"]
HUGE = 100 << 20


def new_secret():
    return "whsec_" + base64.b64encode(os.urandom(32)).decode()


def signature(secret, name, timestamp, body):
    key = base64.b64decode(secret[len("whsec_"):])
    text = f"{name}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **fields):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.server.strange.append(f"GET {self.path}")
        self.answer(200)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            self.serve(self.server.note(self, body), body)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True

    def serve(self, mode, body):
        del body
        if mode == "hang":
            self.server.leave.wait(20)
        elif mode in ("cut", "lost"):
            self.close_connection = True
            self.connection.close()
        elif mode == "redirect":
            self.answer(302, Location=f"http://127.0.0.1:{self.server.other}/elsewhere")
        elif mode == "later":
            self.answer(429, Retry_After="2")
        elif mode == "garbage":
            self.wfile.write(b"\x00\xff no HTTP\r\n\r\n")
            self.close_connection = True
        elif mode == "huge":
            self.send_response(200)
            self.send_header("Content-Length", str(HUGE))
            self.end_headers()
            for _ in range(HUGE // 65536):
                self.wfile.write(b"x" * 65536)
                self.server.written += 65536
        elif mode.isdigit():
            self.answer(int(mode))
        else:
            self.answer(200, b'{"fine":true}')


class Receiver(WebServer):
    """`plan`: what it does to the next requests; then it takes them. What is meant to arrive counts
    for requests that were taken, also where the sender never hears of it ("lost", "huge")."""

    def __init__(self, secrets, certificate=None):
        super().__init__(Handler, certificate)
        self.secrets = secrets
        self.other = self.port
        self.plan, self.strange, self.faults = [], [], []
        self.requests = []  # (time, id, mode)
        self.bodies = {}
        self.taken = []  # ids of messages, each once, in order
        self.events = []
        self.tests = 0
        self.repeated = 0
        self.always = None
        self.written = 0
        self.signatures = 1
        self.start()

    def note(self, handler, body):
        with self.lock:
            try:
                return self.look(handler, body)
            except (ValueError, KeyError, TypeError) as error:
                self.faults.append(f"{type(error).__name__} {error}: {body[:300]!r}")
                return "500"

    def look(self, handler, body):
        name, stamp = handler.headers["webhook-id"], handler.headers["webhook-timestamp"]
        given = handler.headers["webhook-signature"].split(" ")
        if not any(hmac.compare_digest(signature(secret, name, stamp, body), one)
                   for secret in self.secrets for one in given):
            self.faults.append(f"{name}: no signature is good")
        if abs(time.time() - int(stamp)) > 60:
            self.faults.append(f"{name}: webhook-timestamp {stamp}")
        self.signatures = len(given)
        if handler.headers["Content-Type"] != "application/json":
            self.faults.append(f"Content-Type {handler.headers['Content-Type']}")
        mode = self.always or (self.plan.pop(0) if self.plan else "ok")
        self.requests.append((time.monotonic(), name, mode))
        message = json.loads(body, parse_constant=lambda word: 1 / 0)
        if message["type"] == "test":
            self.tests += 1
            return mode
        if self.bodies.setdefault(name, body) != body:
            self.faults.append(f"{name}: another body under the same id")
        if mode in ("ok", "lost", "huge"):
            self.take(name, message["data"]["events"])
        return mode

    def take(self, name, events):
        if name in self.taken:
            self.repeated += 1
            if name != self.taken[-1]:
                self.faults.append(f"{name}: repeated after another one")
            return
        self.taken.append(name)
        last = self.events[-1]["event"] if self.events else 0
        for event in events:
            if event["event"] <= last:
                self.faults.append(f"event {event['event']} after {last}")
            last = event["event"]
        self.events += events

    def names(self):
        with self.lock:
            return [event["properties"].get("n") for event in self.events if event["kind"] == "track"]

    def forget(self):
        """Before a replay."""
        with self.lock:
            self.taken, self.events = [], []

    def begin(self, *plan):
        with self.lock:
            self.plan = list(plan)


SECTION = """\
webhook "{name}" {{
	url = "{url}"
	secret_file = "{secret}"
	send_to = {{"127.0.0.0/8"}}
	retry_min = 100ms
	retry_max = 400ms
	{more}
}}
"""


class Scene:
    def __init__(self, lab, arguments):
        self.lab = lab
        self.dice = random.Random(arguments.seed)
        self.rounds = arguments.rounds
        self.told = 0
        self.secret = new_secret()
        self.files = {}
        certificate = self_signed(lab.path("server.pem"), "DNS:localhost")
        self.main, self.second, self.stuck = (Receiver([self.secret]) for _ in range(3))
        self.elsewhere = Receiver([self.secret])
        self.main.other = self.elsewhere.port
        self.tls = Receiver([self.secret], certificate)
        self.stuck.always = "hang"
        self.bed = Testbed(lab, arguments.build, policy=False, level="debug", sessions=1,
                           outbox_workers=1)
        self.daemon = self.bed.daemon
        self.patience = 60 * self.bed.patience
        # Only root may read it: the process that sends has to be given it.
        self.write_secrets(self.secret)
        self.daemon.extra = (
            'campaign "spring" {\n}\n'
            + self.section("main", self.main, "batch = 7\n\ttimeout = 1s")
            + self.section("second", self.second, 'events = {"track:Order Completed", "sent"}')
            + self.section("stuck", self.stuck, "timeout = 2s\n\tcomplain_after = 1m")
            + self.section("inner", self.elsewhere, "send_to = {}")
            + self.section("tls", self.tls, "", f"https://localhost:{self.tls.port}/hook"))
        self.bed.start()
        key = self.daemon.tool("apikey", "new", "shop", "--rate", "100000").stdout.strip()
        self.key = key
        self.api = Api(self.daemon.web_port, key)
        wait_for("the web process", self.healthy, 30)
        for i in range(5):
            reply = self.api.post("/v1/identify", {"userId": f"u{i}",
                                                   "email": f"u{i}@hook.example"})
            assert reply.status == 200, str(reply)
        wait_for("all webhooks to begin", lambda: len(self.rows()) == 5 and
                 all(row["cursor"] > 0 or row["sent"] or row["tried"] or row["state"] == "active"
                     for row in self.rows()), 30)

    def write_secrets(self, *secrets):
        path = self.lab.path("secrets")
        with open(path, "w", encoding="ascii", opener=lambda p, f: os.open(p, f, 0o600)) as out:
            out.write("# of the tests\n" + "\n".join(secrets) + "\n")
        return path

    def section(self, name, receiver, more, url=None):
        return SECTION.format(name=name, url=url or f"http://127.0.0.1:{receiver.port}/hook?k=s3cret",
                              secret=self.lab.path("secrets"), more=more)

    def healthy(self):
        try:
            return self.api.ask("GET", "/health", key=None).status == 200
        except OSError:
            return False

    def rows(self):
        out = self.daemon.tool("webhook", "list", "--json").stdout
        return [json.loads(line) for line in out.split("\n") if line]

    def row(self, name):
        return next(row for row in self.rows() if row["name"] == name)

    def tell(self, count, kind="Order Completed", **properties):
        """So many events of five contacts, by the API."""
        names = range(self.told, self.told + count)
        self.told += count
        calls = [{"type": "track", "userId": f"u{n % 5}", "event": kind, "messageId": f"m{n}",
                  "properties": {"n": n, **properties}} for n in names]
        for i in range(0, count, 50):
            while True:
                try:
                    reply = self.api.post("/v1/batch", {"batch": calls[i:i + 50]})
                    if reply.status == 200:
                        break
                    assert reply.status == 503, str(reply)
                except OSError:
                    pass
                time.sleep(0.05)

    def wait(self, receiver, title):
        wait_for(title, lambda: len(receiver.names()) >= self.told, self.patience)
        return self.check(receiver)

    def check(self, receiver):
        faults = []
        if receiver.names() != list(range(self.told)):
            faults.append(f"{len(receiver.names())} events, {self.told} were told; the first: "
                          f"{receiver.names()[:20]}")
        with receiver.lock:
            faults += receiver.faults
            receiver.faults = []
        return faults

    def senders(self):
        return [pid for pid, _ in self.daemon.workers("webhook")]


def quiet(scene):
    scene.tell(40)
    faults = scene.wait(scene.main, "40 events") + scene.wait(scene.second, "and once more")
    event = scene.main.events[-1]
    shape = {"kind": "track", "type": "Order Completed", "contact": event["contact"],
             "address": "u4@hook.example", "machine": False, "campaign": None,
             "id": "m39", "properties": {"n": 39}}
    faults += [f"{name} is {event.get(name)!r}, not {value!r}" for name, value in shape.items()
               if event.get(name) != value]
    sizes = [len(json.loads(body)["data"]["events"]) for body in scene.main.bodies.values()]
    if max(sizes) > 7:
        faults.append(f"a batch of {max(sizes)}, not 7")
    # Of identify, which came before the first look or after it, one webhook has nothing.
    if any(event["kind"] != "track" for event in scene.second.events):
        faults.append("an event that was not wanted")
    return faults


def sent(scene):
    names = [f"h{i}@hook.example" for i in range(6)]
    scene.daemon.import_contacts("email\n" + "\n".join(names) + "\n")
    result = submit(scene.bed.postfix.port, "news@shop.example", names, MAIL)
    assert result.accepted, result.last

    def arrived():
        with scene.second.lock:
            return sorted(event["address"] for event in scene.second.events
                          if event["kind"] == "sent" and event["campaign"] == "spring")

    wait_for("six copies", lambda: len(arrived()) >= 6, scene.patience)
    return [] if arrived() == sorted(names) else [f"sent: {arrived()}"]


def failures(scene):
    modes = ["500", "hang", "cut", "lost", "redirect", "503", "404", "garbage", "later"]
    scene.main.begin(*modes)
    first = len(scene.main.requests)
    scene.tell(30)
    faults = scene.wait(scene.second, "the other webhook meanwhile")
    if len(scene.main.requests) - first >= len(modes):
        faults.append("the other webhook had to wait for this one")
    wait_for("the failure to show", lambda: scene.row("main")["state"] == "failing", 20)
    faults += scene.wait(scene.main, "events after failures")
    with scene.main.lock:
        seen = scene.main.requests[first:]
    again = [name for _, name, mode in seen[:len(modes)]]
    if len(set(again)) != 1 or [mode for _, _, mode in seen[:len(modes)]] != modes:
        faults.append(f"not one batch again and again: {seen[:len(modes) + 1]}")
    if seen[len(modes)][0] - seen[len(modes) - 1][0] < 1.9:
        faults.append("Retry-After: 2 was not waited for")
    if scene.main.repeated == 0:
        faults.append("what was lost on its way did not come again")
    # The answer has to get there, and to be written down.
    wait_for("nothing to be behind", lambda: scene.row("main")["behind"] == 0, 20)
    row = scene.row("main")
    if row["state"] != "active" or row["answer"] != "HTTP 200":
        faults.append(f"list: {row}")
    for name, word in (("stuck", "Timeout"), ("inner", "send_to"), ("tls", "certificate")):
        row = scene.row(name)
        if row["state"] != "failing" or word not in row["answer"] or row["sent"] != 0:
            faults.append(f"{name}: {row}")
    if scene.elsewhere.requests or scene.elsewhere.strange:
        faults.append("a redirect was followed, or a private address asked")
    if scene.tls.requests:
        faults.append("a certificate that nobody signed was believed")
    return faults


def kills(scene):
    for turn in range(scene.rounds):
        scene.main.begin(*scene.dice.choices(["ok", "500", "lost", "cut", "hang"],
                                             [10, 1, 2, 1, 1], k=6))
        scene.tell(40)
        time.sleep(scene.dice.uniform(0, 1.2))
        if turn % 3 == 2:
            scene.daemon.kill()
            scene.daemon.start()
            scene.api.close()
            wait_for("the web process", scene.healthy, 60)
        else:
            for pid in scene.senders():
                kill(pid)
    scene.main.begin()
    faults = scene.wait(scene.main, "events over kills") + scene.wait(scene.second, "both")
    print(f"kills: {scene.told} told, {len(scene.main.requests)} requests, "
          f"{scene.main.repeated} batches taken twice", flush=True)
    return faults


def hostile(scene):
    for text in ATTACKS:
        scene.tell(1, kind=text[:200] if text[0] != "\r" else "x", v=text, **{text[:100]: [text[:50]]})
    faults = scene.wait(scene.main, "attack strings")
    with scene.main.lock:
        values = [event["properties"]["v"] for event in scene.main.events
                  if "v" in event["properties"]]
    if values != ATTACKS:
        faults.append("an attack string came out changed")
    # They were not for the other one, so its list has holes from here on.
    return faults


def huge(scene):
    def memory(pid):
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmHWM:\s+(\d+)", file.read())[1]) << 10

    pid = scene.senders()[0]
    before = memory(pid)
    scene.main.begin("huge", "huge")
    scene.tell(10)
    faults = scene.wait(scene.main, "answers of 100 MB")
    if scene.senders() != [pid]:
        faults.append("the process did not survive")
    elif not scene.daemon.sanitizers and memory(pid) - before > HUGE / 4:
        faults.append(f"it grew by {(memory(pid) - before) >> 20} MB")
    # What lies in the system's buffers counts, too.
    if not 0 < scene.main.written < HUGE / 2:
        faults.append(f"{scene.main.written >> 20} MB were read")
    return faults


def rotation(scene):
    fresh = new_secret()
    scene.write_secrets(scene.secret, fresh)
    scene.daemon.reload()
    scene.tell(3)
    faults = scene.wait(scene.main, "two secrets")
    if scene.main.signatures != 2:
        faults.append(f"{scene.main.signatures} signatures, not 2")
    for receiver in (scene.main, scene.second, scene.stuck, scene.elsewhere, scene.tls):
        receiver.secrets = [fresh]
    scene.tell(3)
    faults += scene.wait(scene.main, "the new one counts")
    scene.write_secrets(fresh)
    scene.daemon.reload()
    scene.secret = fresh
    scene.tell(3)
    faults += scene.wait(scene.main, "the old one is gone")
    if scene.main.signatures != 1:
        faults.append(f"{scene.main.signatures} signatures, not 1")
    scene.write_secrets("whsec_short")
    scene.daemon.hang_up("reload refused")
    if "expected whsec_ and 24 to 64 bytes" not in scene.daemon.log_text():
        faults.append("the log does not say what a secret looks like")
    scene.write_secrets(fresh)
    return faults


def commands(scene):
    faults = []
    done = scene.daemon.tool("webhook", "test", "main")
    if "HTTP 200" not in done.stdout or '"fine":true' not in done.stdout or not scene.main.tests:
        faults.append(f"test: {done.stdout}")
    scene.main.begin("500")
    done = scene.daemon.tool("webhook", "test", "main", check=False)
    if done.returncode != 75 or "HTTP 500" not in done.stdout:
        faults.append(f"test: {done.returncode} {done.stdout}")
    done = scene.daemon.tool("webhook", "test", "inner", check=False)
    if done.returncode == 0 or "not in the webhook's send_to" not in done.stdout:
        faults.append(f"test of a private address: {done.returncode} {done.stdout}")
    scene.daemon.tool("webhook", "pause", "main")
    time.sleep(1.2)
    scene.tell(5)
    time.sleep(1.2)
    if len(scene.main.names()) != scene.told - 5 or scene.row("main")["behind"] < 5:
        faults.append(f"paused: {scene.row('main')}")
    scene.daemon.tool("webhook", "resume", "main")
    faults += scene.wait(scene.main, "events after a pause")
    middle = scene.main.events[len(scene.main.events) // 2]["event"]
    expected = [event for event in scene.main.events if event["event"] >= middle]
    scene.main.forget()
    scene.daemon.tool("webhook", "replay", "main", "--from", str(middle))
    wait_for("the replay", lambda: len(scene.main.events) >= len(expected), scene.patience)
    if scene.main.events != expected:
        faults.append("the replay brought something else")
    scene.main.forget()
    done = scene.daemon.tool("webhook", "replay", "main", "--from", "1h")
    faults += scene.wait(scene.main, "the replay of an hour")
    done = scene.daemon.tool("webhook", "replay", "main", "--from", "99999999", check=False)
    if done.returncode == 0:
        faults.append("a replay from the future")
    return faults


def closed(scene):
    scene.main.begin("410")
    scene.tell(5)
    wait_for("410 to count", lambda: scene.row("main")["state"] == "gone", 20)
    first = len(scene.main.requests)
    time.sleep(1.5)
    faults = []
    if len(scene.main.requests) != first:
        faults.append("it was asked again after 410")
    found = json.loads(scene.daemon.tool("doctor", "--json", check=False).stdout)
    found = found["findings"] if isinstance(found, dict) else found
    if not any(one.get("check") == "webhook.state" and "410" in one.get("text", "") for one in found):
        faults.append("doctor does not tell of 410")
    scene.daemon.tool("webhook", "resume", "main")
    return faults + scene.wait(scene.main, "what waited behind 410")


def erased(scene):
    """What waits of somebody who is erased meanwhile is not told any more."""
    scene.main.always = "500"
    scene.tell(10)
    wait_for("a failure", lambda: scene.row("main")["state"] == "failing", 20)
    scene.daemon.tool("contacts", "delete", "u3@hook.example")
    scene.main.always = None
    expected = [n for n in range(scene.told) if n % 5 != 3 or n < scene.told - 10]
    wait_for("the others", lambda: len(scene.main.names()) >= len(expected), scene.patience)
    return [] if scene.main.names() == expected else ["not what was left"]


def metrics(scene):
    wanted = {'mailtailor_webhook_behind{webhook="main"}': lambda n: n == 0,
              'mailtailor_webhook_behind{webhook="stuck"}': lambda n: n > 100,
              'mailtailor_webhook_failing_seconds{webhook="main"}': lambda n: n == 0,
              'mailtailor_webhook_failing_seconds{webhook="stuck"}': lambda n: n > 1,
              'mailtailor_webhook_requests_total{result="sent"}': lambda n: n > 3,
              'mailtailor_webhook_requests_total{result="failed"}': lambda n: n > 3}
    numbers = {}

    def wrong():
        text = scene.api.ask("GET", "/metrics", key=None).body.decode()
        numbers.update(re.findall(r'^(mailtailor_webhook_\S+) (\S+)$', text, re.M))
        return [name for name, good in wanted.items()
                if name not in numbers or not good(float(numbers[name]))]

    # The master was killed, and counts from its start.
    scene.tell(30)
    faults = scene.wait(scene.main, "events to count") + scene.wait(scene.second, "both")
    try:
        wait_for("the numbers", lambda: not wrong(), 30)
    except LabError:
        faults += [f"{name} is {numbers.get(name)}" for name in wrong()]
    return faults


def ending(scene):
    scene.api.close()
    faults = []
    began = time.monotonic()
    status = scene.bed.stop()
    if status != 0:
        faults.append(f"mailtailord left with {status}")
    print(f"stopped in {time.monotonic() - began:.1f} s with a request that hangs")
    for receiver in (scene.main, scene.second, scene.stuck, scene.elsewhere, scene.tls):
        faults += receiver.faults
        receiver.stop()
    faults += [f"sanitizer: {text[:3000]}" for text in scene.daemon.reports()]
    log = scene.daemon.log_text() + scene.daemon.stderr_text()
    for word in (scene.secret, "s3cret"):
        if word in log:
            faults.append("a secret, or what an address says behind its host, is in the log")
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    checks = Checks("webhooks")
    try:
        with Lab() as lab:
            scene = Scene(lab, arguments)
            for part in (quiet, sent, failures, kills, metrics, hostile, huge, rotation, commands,
                         closed, erased, ending):
                began = time.monotonic()
                checks.run(part.__name__, part, scene)
                print(f"{part.__name__}: {time.monotonic() - began:.1f} s", flush=True)
    except LabError as error:
        print(f"FAIL {error}")
        checks.failed += 1
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
