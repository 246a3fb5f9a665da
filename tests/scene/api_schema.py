#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The schema of the event API against the event API: each path, method and answer of
/v1/openapi.json is walked. For each answer that the schema promises, a request is made that has to
get it, and what comes back has to be as the schema says, headers too; for each path, the methods
that it does not name have to be refused. Bodies that the schema allows have to be taken, and
some that it forbids refused.

Wants python3-jsonschema; without it nothing runs, and the test counts as skipped."""

import argparse
import gzip
import http.client
import json
import os
import re
import sqlite3
import sys
import threading
from urllib.parse import quote

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

from api import Api, Checks, Shop
from lab import Lab, LabError

try:
    import jsonschema
except ImportError:
    jsonschema = None

METHODS = ("get", "put", "post", "patch", "delete", "options", "head", "trace")
ADDRESS = "walk@shop.example"
# One body that is good for each schema of a request, and some that are not.
BODIES = {
    "Identify": [{"userId": "w1", "traits": {"email": ADDRESS, "firstName": "Wendy"}},
                 {"email": ADDRESS, "timestamp": 1769847300}],
    "Track": [{"userId": "w1", "event": "Viewed", "properties": {"a": [1, None]}},
              {"anonymousId": "a1", "event": "Viewed", "sentAt": "2026-01-31T08:15:00Z",
               "context": {"ip": "::1"}, "integrations": {"All": True}, "messageId": "m"}],
    "Page": [{"userId": "w1", "name": "Home", "category": "Shop"}, {"userId": 7}],
    "Batch": [{"batch": []}, {"sentAt": "2026-01-31T08:15:00Z", "batch": [
        {"type": "track", "userId": "w1", "event": "x"}, {"type": "page", "userId": "w1"}]}],
    "Change": [{"language": "de"}, {"time_zone": "Europe/Berlin", "attributes": {"x": None},
                                    "consent": {"state": "pending", "source": "walk"}}],
}
WRONG = {
    "Identify": [{"traits": []}, {"userId": "x", "traits": 5}],
    "Track": [{"userId": "w1"}, {"event": "x"}, {"userId": "w1", "event": "e" * 256},
              {"userId": "w1", "event": ""}, {"userId": "w1", "event": "x", "timestamp": []},
              {"userId": "w1", "event": "x", "messageId": "m" * 256}],
    "Page": [{}, {"userId": "w1", "properties": "x"}],
    "Batch": [{}, {"batch": {}}, {"batch": [{"type": "group", "userId": "w1"}]}],
    "Change": [{}, {"id": 5}, {"language": 5}, {"consent": {}}, {"attributes": None}],
}


class Walk:
    def __init__(self, shop):
        self.shop = shop
        self.document = shop.api.ask("GET", "/v1/openapi.json", key=None).json
        self.slow = shop.new_key("slow", "--rate", "1", "--scope", "write")
        self.slow_admin = shop.new_key("slow", "--rate", "1", "--scope", "admin")
        for schema in self.document["components"]["schemas"].values():
            jsonschema.Draft202012Validator.check_schema(schema)

    # --- the schema ---

    def resolve(self, value):
        while "$ref" in value:
            at = self.document
            for step in value["$ref"].removeprefix("#/").split("/"):
                at = at[step]
            value = at
        return value

    def faults(self, schema, value):
        whole = {**schema, "components": self.document["components"]}
        return [error.message[:200]
                for error in jsonschema.Draft202012Validator(whole).iter_errors(value)]

    def operations(self):
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                if method in METHODS:
                    yield path, method, operation

    @staticmethod
    def schema_name(operation):
        if "requestBody" not in operation:
            return None
        content = operation["requestBody"]["content"]["application/json"]["schema"]
        return content["$ref"].rsplit("/", 1)[1]

    def check_reply(self, operation, reply):
        promised = operation["responses"].get(str(reply.status))
        if promised is None:
            return [f"the schema knows no {reply.status}: {reply}"]
        promised = self.resolve(promised)
        faults = [f"{reply.status} without the header {name}"
                  for name in promised.get("headers", {}) if reply.headers[name] is None]
        content = promised.get("content")
        if content is None:
            return faults + (["a body that the schema does not know"] if reply.body else [])
        if reply.headers["Content-Type"] not in content:
            return faults + [f"it is {reply.headers['Content-Type']}"]
        return faults + self.faults(content[reply.headers["Content-Type"]]["schema"], reply.json)

    # --- requests ---

    def user(self, operation):
        if not operation["security"]:
            return None
        return self.shop.admin.key if operation["security"] == [{"key": []}] else self.shop.api.key

    def ask(self, path, method, operation, body=None, **more):
        path = path.replace("{address}", quote(more.pop("address", ADDRESS), safe=""))
        if body is None and "requestBody" in operation and not more.pop("empty", False):
            body = BODIES[self.schema_name(operation)][0]
        more.setdefault("key", self.user(operation))
        client = more.pop("client", self.shop.api)
        return client.ask(method.upper(), path, body, **more)

    def make(self, status, path, method, operation):
        """A request that has to be answered by this status."""
        def ask(*body, **more):
            return self.ask(path, method, operation, *body, **more)

        admin = operation["security"] == [{"key": []}]
        if status == 200:
            self.shop.daemon.tool("contacts", "set", ADDRESS, "a=b")
            return ask()
        if status == 204:
            return ask()
        if status == 400:
            return ask(b"{") if "requestBody" in operation else ask(address="no-address")
        if status == 401:
            return ask(key="wrong")
        if status == 403:
            return ask(key=self.shop.api.key if admin else self.shop.admin.key)
        if status == 404:
            return ask(address="nobody@shop.example")
        if status == 413 and operation["operationId"] == "exportContact":
            return self.large_export(ask)
        if status == 413:
            return ask(b" " * (520 * 1024) if "requestBody" in operation else b"x")
        if status == 415:
            return ask(headers={"Content-Encoding": "compress"})
        if status == 429:
            for _ in range(15):
                reply = ask(key=self.slow_admin if admin else self.slow)
                if reply.status == 429:
                    break
            return reply
        raise LabError(f"no request is known for {status}")

    def large_export(self, ask):
        """17 MB of events."""
        for turn in range(36):
            batch = [{"type": "track", "email": ADDRESS, "event": "x",
                      "messageId": f"large-{turn}-{i}", "properties": {"x": "y" * 30000}}
                     for i in range(16)]
            reply = self.shop.api.post("/v1/batch", {"batch": batch})
            if reply.status != 200 or reply.json["strangers"]:
                raise LabError(f"large batch: {reply}")
        return ask()

    def busy(self, operations):
        """All that write, while somebody else has the database for longer than they wait:
        {(path, method): the reply}"""
        replies = {}

        def ask(path, method, operation):
            client = Api(self.shop.api.port)
            body = BUSY if self.schema_name(operation) == "Batch" else None
            replies[path, method] = self.ask(path, method, operation, body, client=client)
            client.close()

        self.shop.daemon.tool("contacts", "set", ADDRESS, "a=b")
        self.shop.api.close()  # it would be silent for too long
        database = sqlite3.connect(self.shop.daemon.database, isolation_level=None)
        database.execute("BEGIN IMMEDIATE")
        threads = [threading.Thread(target=ask, args=operation) for operation in operations]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        database.execute("ROLLBACK")
        database.close()
        return replies

    # --- checks ---

    def busy_promise(self, operation, reply):
        if reply is None or reply.status != 503:
            return [f"the answer is {reply}"]
        kept = [event for event in self.shop.events() if event["id"] == "busy"]
        return self.check_reply(operation, reply) + (["it was kept"] if kept else [])

    def promise(self, path, method, operation, status):
        reply = self.make(status, path, method, operation)
        if reply.status != status:
            return [f"the answer is {reply}"]
        return self.check_reply(operation, reply)

    def bodies(self, path, method, operation):
        name = self.schema_name(operation)
        schema = {"$ref": f"#/components/schemas/{name}"}
        faults = []
        self.shop.daemon.tool("contacts", "set", ADDRESS, "a=b")
        for body in BODIES[name]:
            faults += [f"{body} is not as the schema says: {f}" for f in self.faults(schema, body)]
            for headers in ({}, {"Content-Encoding": "gzip"}):
                sent = gzip.compress(json.dumps(body).encode()) if headers else body
                reply = self.ask(path, method, operation, sent, headers=headers)
                if reply.status != 200:
                    faults.append(f"{body}: {reply}")
                faults += self.check_reply(operation, reply)
        for body in WRONG[name]:
            reply = self.ask(path, method, operation, body)
            if not 400 <= reply.status < 500:
                faults.append(f"{body} is taken: {reply}")
            faults += self.check_reply(operation, reply)
        for kind in operation["requestBody"]["content"]:
            reply = self.ask(path, method, operation, headers={"Content-Type": kind})
            if reply.status != 200:
                faults.append(f"{kind}: {reply}")
        return faults

    def other_methods(self, path, item):
        """405 and Allow, or as GET for HEAD."""
        faults = []
        known = [method for method in item if method in METHODS]
        allowed = {method.upper() for method in known} | ({"HEAD"} if "get" in known else set())
        for method in METHODS + ("brew",):
            if method in known:
                continue
            reply = self.shop.api.ask(method.upper(), path.replace("{address}", ADDRESS))
            if method == "head":
                if bool(reply.body) or ("get" in known) == (reply.status == 405):
                    faults.append(f"HEAD: {reply}")
                continue
            if reply.status != 405 or self.faults(ERROR, reply.json):
                faults.append(f"{method}: {reply}")
            elif set(re.split(", *", reply.headers["Allow"])) != allowed:
                faults.append(f"{method}: Allow is {reply.headers['Allow']}, not {allowed}")
        return faults

    def unknown_paths(self):
        faults = []
        for path in ("/v1/", "/v1/none", "/v1/batch/", "/v1/contacts", "/v1/contacts/a/b",
                     "/v1/contacts/a/export/b", "/v1//batch", "/v1/%62atch", "/v1/group",
                     "/v1/../v1/batch"):
            for method in ("GET", "POST", "BREW"):
                reply = self.shop.api.ask(method, path)
                if reply.status != 404 or self.faults(ERROR, reply.json):
                    faults.append(f"{method} {path}: {reply}")
        return faults


BUSY = {"batch": [{"type": "track", "email": ADDRESS, "event": "x", "messageId": "busy"}]}
ERROR = {"$ref": "#/components/schemas/Error"}


def walk_all(checks, walk):
    for path, item in walk.document["paths"].items():
        checks.run(f"{path}: other methods", walk.other_methods, path, item)
    checks.run("unknown paths", walk.unknown_paths)
    late, busy = [], []
    for path, method, operation in walk.operations():
        if "requestBody" in operation:
            checks.run(f"{method} {path}: bodies", walk.bodies, path, method, operation)
        for status in sorted(int(code) for code in operation["responses"]):
            if status == 503:
                # What only reads waits for nobody: there is no way to get this.
                busy += [(path, method, operation)] if method != "get" else []
            elif status == 413 and operation["operationId"] == "exportContact":
                late.append((path, method, operation, status))
            else:
                checks.run(f"{method} {path}: {status}", walk.promise, path, method, operation,
                           status)
    replies = walk.busy(busy)
    for path, method, operation in busy:
        checks.run(f"{method} {path}: 503", walk.busy_promise, operation,
                   replies.get((path, method)))
    for path, method, operation, status in late:
        walk.shop.daemon.tool("contacts", "set", ADDRESS, "a=b")
        checks.run(f"{method} {path}: {status}", walk.promise, path, method, operation, status)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    arguments = parser.parse_args()
    checks = Checks("api schema")
    if jsonschema is None:
        print("python3-jsonschema is not installed (contrib/packages test)")
        return checks.end(skipped=1)
    try:
        with Lab() as lab:
            shop = Shop(lab, arguments.build)
            walk_all(checks, Walk(shop))
            checks.run("the end", shop.faults)
    except (LabError, OSError, http.client.HTTPException, jsonschema.SchemaError) as error:
        print(f"FAIL {error}")
        checks.failed += 1
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
