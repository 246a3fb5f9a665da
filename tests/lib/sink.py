# SPDX-License-Identifier: BSD-2-Clause
"""The sink as the tests see it: starts the process, tells it rules, reads what came."""

import json
import os
import subprocess
import sys

from lab import LabError, free_port, wait_for


class Message:
    """What the sink got in one transaction: `data` byte for byte, and the envelope."""

    def __init__(self, folder, record):
        self.path = os.path.join(folder, record["file"])
        self.size = record["size"]
        self.time = record["time"]
        self.sender = record["sender"]
        self.mail_parameters = record["mail"]
        self.recipients = [address for address, _ in record["recipients"]]
        self.recipient_parameters = {address.lower(): parameters
                                     for address, parameters in record["recipients"]}
        self.extra = {}

    @property
    def data(self):
        with open(self.path, "rb") as file:
            return file.read()


class Sink:
    def __init__(self, lab):
        self.folder = lab.path("sink")
        os.makedirs(self.folder)
        self.port = free_port()
        self.policy_port = free_port()
        self.messages = []
        self._by_recipient = {}
        self._read_to = 0
        self._process = subprocess.Popen(
            [sys.executable, "-S", os.path.join(os.path.dirname(__file__), "sink_server.py"),
             self.folder, str(self.port), str(self.policy_port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._expect_ok()

    def _expect_ok(self):
        if self._process.stdout.readline() != b"ok\n":
            raise LabError("the sink's process died")

    def _tell(self, **command):
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        self._process.stdin.flush()
        self._expect_ok()

    def answer(self, address, text, times=None, at="rcpt"):
        """For RCPT of this address (or at the message's end) `text`, e.g. "450 4.2.0 busy",
        "slow 3 250 2.1.5 ok", "drop". at: rcpt, end; relay-rcpt, relay-end: the answer that
        Postfix itself gives to the hand-back."""
        self._tell(do="answer", address=address, text=text, times=times, at=at)

    def offer_not(self, *extensions):
        self._tell(do="offer", **{"not": list(extensions)})

    def forget(self):
        """No rules any more, all extensions offered."""
        self._tell(do="forget")

    def refresh(self):
        """Reads what is new; all messages so far."""
        path = os.path.join(self.folder, "index")
        with open(path, "rb") as file:
            file.seek(self._read_to)
            text = file.read()
        whole = text[:text.rfind(b"\n") + 1]
        self._read_to += len(whole)
        for line in whole.splitlines():
            message = Message(self.folder, json.loads(line))
            self.messages.append(message)
            for address in message.recipients:
                self._by_recipient.setdefault(address.lower(), []).append(message)
        return self.messages

    def answers(self, times=False):
        """{address: what was said to it in each attempt}; "drop" for a lost connection. `times`:
        when, instead of what."""
        found = {}
        with open(os.path.join(self.folder, "answers"), encoding="utf-8") as file:
            for line in file:
                record = json.loads(line)
                found.setdefault(record["to"].lower(), []).append(
                    record["time" if times else "answer"])
        return found

    def of(self, address):
        self.refresh()
        return self._by_recipient.get(address.lower(), [])

    def wait_of(self, address, count=1, seconds=30):
        """At least so many messages for this address."""
        wait_for(f"{count} message(s) for {address} at the sink",
                 lambda: len(self.of(address)) >= count, seconds)
        return self.of(address)

    def wait_count(self, count, seconds=120):
        try:
            wait_for(f"{count} messages at the sink", lambda: len(self.refresh()) >= count,
                     seconds)
        except LabError as error:
            raise LabError(f"{error}; there are {len(self.messages)}") from None
        return self.messages

    def stop(self):
        self._process.stdin.close()
        self._process.wait()
