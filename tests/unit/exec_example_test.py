#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The manual's lines of protocol are JSON, and the helpers that are installed as examples work."""

import http.server
import json
import os
import re
import subprocess
import sys
import threading
import time

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "plugins", "exec")


class Service(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(("About " + self.path.split("=")[1]).encode())

    def log_message(self, *_):
        pass


class Helper:
    def __init__(self, *command, **environment):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env={**os.environ, **environment})
        self.id = 0

    def ask(self, hook, contact=None, **members):
        self.id += 1
        question = {"id": self.id, "hook": hook, "name": "x", "contact": contact or {}, **members}
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert answer.pop("id") == self.id
        return answer

    def leave(self):
        self.process.stdin.close()
        assert self.process.wait(20) == 0
        self.process.stdout.close()


def manual():
    with open(os.path.join(FOLDER, "mailtailor-exec.7"), encoding="utf-8") as file:
        blocks = re.findall(r'^\{"id".*?(?=^\.Ed)', file.read(), re.M | re.S)
    lines = [json.loads(one) for block in blocks
             for one in re.split(r"\n(?=\{)", block.replace("\\e", "\\"))]
    assert [line["id"] for line in lines] == [7] + list(range(7, 14)), lines


def slow_service():
    server = http.server.HTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    helper = Helper("/usr/bin/python3", "-B", os.path.join(FOLDER, "slow-service.py"),
                    SERVICE=f"http://127.0.0.1:{server.server_port}/")
    assert helper.ask("value", {"interest": "tea"}) == {"value": None}
    until = time.monotonic() + 60
    while (answer := helper.ask("value", {"interest": "tea"})) == {"value": None}:
        assert time.monotonic() < until
        time.sleep(0.02)
    assert answer == {"value": {"teaser": "About tea"}}, answer
    helper.leave()
    server.shutdown()
    server.server_close()


def words():
    helper = Helper("/usr/bin/perl", os.path.join(FOLDER, "words.pl"))
    assert helper.ask("filter", input="one two  three", arguments=[2]) == {"value": "one two …"}
    assert helper.ask("filter", input="süß", arguments=[2]) == {"value": "süß"}
    assert helper.ask("filter", input="x", arguments=["y"]) == {"error": "words: expected a number"}
    assert helper.ask("gate", {"member": True}) == {}
    assert helper.ask("gate") == {"action": "skip", "reason": "no member"}
    helper.leave()


if __name__ == "__main__":
    for test in (manual, slow_service, words):
        test()
        print(f"ok {test.__name__}")
    sys.exit(0)
