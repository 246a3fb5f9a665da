# SPDX-License-Identifier: BSD-2-Clause
"""The web process of a real mailtailord, with tokens that arrived in a real message, for the
checks of this folder."""

import http.client
import json
import os
import socket
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from client import submit
from lab import wait_for
from testbed import Testbed
import tokens

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0"
TARGET = "https://shop.example/sale?a=1&b=2"
RECIPIENTS = 80
MESSAGE = """\
From: Shop <news@shop.example>\r
X-Campaign: spring\r
Subject: Sale\r
MIME-Version: 1.0\r
Content-Type: text/html; charset=utf-8\r
\r
<html><body><a href="https://shop.example/sale?a=1&amp;b=2">Sale</a>\r
<a href="{{ links.unsubscribe }}">Leave</a> <a href="{{ links.preferences }}">Choose</a>\r
<a href="{{ links.view }}">See</a></body></html>\r
"""
SETTINGS = """\
tracking_url = "https://t.shop.example"
web_timeout = "2s"
machine_burst = "0s"
"""


FORM = """\
form "news" {
\ttitle = "News"
\tconsent = "I want news."
\tfields = {"first_name text:40: First name"}
\tcampaign = "confirm"
\tfrom = "news@shop.example"
\tfill_min = 0s
\tclient_rate = 100000
}
"""


class Skipped(Exception):
    """What a check wants is not here."""


class Reply:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    def field(self, name):
        """The values of a field, joined; None if it is absent."""
        found = [value for key, value in self.fields if key.lower() == name.lower()]
        return ", ".join(found) if found else None

    def __repr__(self):
        return f"{self.status} {self.fields} {self.body[:200]!r}"


class Served:
    def __init__(self, lab, build=None):
        self.lab = lab
        self.bed = Testbed(lab, build, policy=False, level="info", settings=SETTINGS)
        self.daemon = self.bed.daemon
        self.port = self.daemon.web_port
        self.patience = self.bed.patience
        # {recipient: {letter: path}}, the letter that of the path: c, o, u, p, v, h.
        self.paths = {}
        self._sentinels = []

    def start(self):
        self.daemon.extra = (f'token_keys = "{self.daemon.make_tokens()}"\n'
                             'security_contact = {"mailto:security@shop.example"}\n'
                             'campaign "spring" {\n\thoneypot = yes\n}\n'
                             'campaign "confirm" {\n\tkind = transactional\n}\n'
                             + FORM)
        self.bed.start()
        names = [f"h{i}@http.example" for i in range(RECIPIENTS)]
        self.daemon.import_contacts("email\n" + "\n".join(names) + "\n")
        assert submit(self.bed.postfix.port, "news@shop.example", names, MESSAGE.encode()).accepted
        self.bed.sink.wait_count(RECIPIENTS, 60 * self.patience)
        for name in names:
            found = [urllib.parse.urlsplit(token).path
                     for token in tokens.in_message(self.bed.sink.of(name)[0]) if "/" in token]
            self.paths[name] = {path[1]: path for path in found}
        # The last ones are for clicks that are waited for.
        self._sentinels = names[RECIPIENTS // 2:]
        self.bed.settle()

    def path(self, letter, number=0):
        return self.paths[f"h{number}@http.example"][letter]

    def web_pid(self):
        found = [pid for pid, kind in self.daemon.workers() if kind == "web"]
        return found[0] if found else None

    def memory(self):
        """Resident megabytes of the web process."""
        with open(f"/proc/{self.web_pid()}/status", encoding="ascii", errors="replace") as file:
            line = next(line for line in file if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=20 * self.patience)

    def raw(self, request, end=True):
        """All that comes back to these bytes; `end`: nothing more will be sent."""
        with self.connect() as connection:
            received = b""
            try:
                connection.sendall(request)
                if end:
                    connection.shutdown(socket.SHUT_WR)
                while chunk := connection.recv(65536):
                    received += chunk
            except OSError:
                pass  # it was ended from there
            return received

    def ask(self, method, path, fields=(), body=None):
        """Once more where it is busy: /metrics is made for one client at a time."""
        for _ in range(20):
            reply = self.ask_once(method, path, fields, body)
            if reply.status != 503:
                break
            time.sleep(0.05)
        return reply

    def ask_once(self, method, path, fields, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=30 * self.patience)
        connection.putrequest(method, path, skip_accept_encoding=True)
        fields = dict(fields)
        fields.setdefault("User-Agent", BROWSER)
        if body is not None:
            fields.setdefault("Content-Type", "application/x-www-form-urlencoded")
            fields["Content-Length"] = str(len(body))
        for name, value in fields.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        reply = connection.getresponse()
        result = Reply(reply.status, reply.getheaders(), reply.read())
        connection.close()
        return result

    def events(self):
        """[{event}] of clicks and opens and what else the web process records."""
        lines = self.daemon.tool("events", "list", "--json").stdout.splitlines()
        found = [json.loads(line) for line in lines]
        return [event for event in found
                if event["kind"] in ("clicked", "opened", "unsubscribed")]

    def settled_events(self):
        """The same, when all that came before is in the database, without the click by which that
        is known."""
        name = self._sentinels.pop()
        assert self.ask("GET", self.paths[name]["c"]).status == 302
        wait_for("a click to be recorded",
                 lambda: any(event["address"] == name for event in self.events()),
                 30 * self.patience)
        spent = set(self.paths) - {f"h{i}@http.example" for i in range(RECIPIENTS // 2)}
        return [event for event in self.events() if event["address"] not in spent]

    def still_serves(self, pid):
        """A fault, or None: the same process answers as ever."""
        if self.web_pid() != pid:
            return "the web process died"
        reply = self.ask("GET", "/health")
        return None if (reply.status, reply.body) == (200, b"ok\n") else f"then: {reply}"
