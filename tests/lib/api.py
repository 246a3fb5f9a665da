# SPDX-License-Identifier: BSD-2-Clause
"""A client of the event API, and a mailtailord that serves it."""

import base64
import http.client
import json
import traceback

from lab import LabError, wait_for
from testbed import Testbed

# Shows what lies in the cart.
CART = """\
plugin "cart" {{
	file = "{build}/plugins/cart.so"
}}
campaign "reminder" {{
	plugins = {{"cart"}}
}}
"""
REMINDER = """\
From: Shop <news@shop.example>
To: shopper@shop.example
X-Campaign: reminder
Subject: Your cart
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

{% if cart %}{% for line in cart.lines %}{{ line.quantity | round }} x {{ line.title }}
{% endfor %}{% else %}no cart{% endif %}
"""

KEEP = object()  # the client's own key


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __str__(self):
        return f"{self.status} {self.body[:300]!r}"


class Api:
    """`key`: sent as the user name of basic authentication, unless a request says otherwise."""

    def __init__(self, port, key=None, timeout=60):
        self.port, self.key, self.timeout = port, key, timeout
        self._connection = None

    def ask(self, method, path, body=None, key=KEEP, headers=None):
        """`body`: bytes as they are, else JSON. The connection is used again."""
        headers = dict(headers or {})
        key = self.key if key is KEEP else key
        if key is not None:
            headers["Authorization"] = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
            if not isinstance(body, bytes):
                body = json.dumps(body).encode()
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                          timeout=self.timeout)
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            reply = Reply(answer.status, answer.headers, answer.read())
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        if answer.headers.get("Connection", "").lower() == "close":
            self.close()
        return reply

    def post(self, path, body, **more):
        return self.ask("POST", path, body, **more)

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Shop:
    """mailtailord alone, without Postfix: `api` has a key of scope write, `admin` one of that
    scope. `settings` and `sections` are lines of configuration, in which {build} is the folder
    with the programs and {keys} a file with a token key."""

    def __init__(self, lab, build=None, settings="", sections=""):
        self.daemon = Testbed(lab, build, policy=False, level="debug", sessions=1,
                              outbox_workers=1, settings=settings).daemon
        self.daemon.extra = sections.format(build=self.daemon.build,
                                            keys=self.daemon.make_tokens())
        self.daemon.start()
        self.keys = []
        # Tests ask faster than shops.
        self.api = Api(self.daemon.web_port, self.new_key("shop", "--rate", "100000"))
        self.admin = Api(self.daemon.web_port,
                         self.new_key("crm", "--scope", "admin", "--rate", "100000"))
        wait_for("the web process", self.healthy, 30)

    def healthy(self):
        try:
            return self.api.ask("GET", "/health", key=None).status == 200
        except (OSError, http.client.HTTPException):
            return False

    def new_key(self, *arguments):
        key = self.daemon.tool("apikey", "new", *arguments).stdout.strip()
        self.keys.append(key)
        return key

    def events(self, *arguments):
        out = self.daemon.tool("events", "list", "--json", *arguments).stdout
        # Not by splitlines: U+2028 may stand in a text.
        return [json.loads(line) for line in out.split("\n") if line]

    def reminder(self, address):
        """The text that tells this contact of the cart; wants CART."""
        path = self.daemon.lab.path("reminder.eml")
        with open(path, "w", encoding="utf-8") as out:
            out.write(REMINDER)
        return self.daemon.tool("preview", path, "--to", address, "--text").stdout

    def faults(self):
        """Stops it: how it left, what sanitizers said, and keys where none may be."""
        for client in (self.api, self.admin):
            client.close()
        status = self.daemon.stop()
        faults = [f"mailtailord left with {status}"] if status != 0 else []
        faults += [f"sanitizer: {text[:3000]}" for text in self.daemon.reports()]
        log = self.daemon.log_text() + self.daemon.stderr_text()
        with open(self.daemon.database, "rb") as file:
            database = file.read()
        for key in self.keys:
            if key in log:
                faults.append("a key is in the log")
            if key.encode() in database:
                faults.append("a key is in the database")
        return faults


class Checks:
    """Counts what holds; a check that raises counts as one that does not."""

    def __init__(self, name):
        self.name, self.passed, self.failed = name, 0, 0

    def run(self, title, check, *arguments):
        try:
            faults = check(*arguments)
        except (AssertionError, LabError, OSError, http.client.HTTPException, ValueError,
                KeyError, IndexError) as error:
            place = traceback.extract_tb(error.__traceback__)[1]
            faults = [f"line {place.lineno}: {place.line}: {type(error).__name__} {error}"]
        faults = faults or []
        self.passed += not faults
        self.failed += bool(faults)
        for fault in faults:
            print(f"FAIL {title}: {fault}", flush=True)

    def end(self, skipped=0):
        print(f"{self.name}: {self.passed} passed, {self.failed} failed"
              + (f", {skipped} skipped" if skipped else ""))
        return 1 if self.failed else 0
