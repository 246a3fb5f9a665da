# SPDX-License-Identifier: BSD-2-Clause
"""The MTA's side of the milter protocol, for tests that need many connections or one
that lasts. Only what Postfix sends; replies come back as (letter, data)."""

import re
import socket
import struct

ACTIONS = 0x1FF
STEPS = 0x1FFFFF
NO_REPLY = {"C": 0x1000, "H": 0x2000, "M": 0x4000, "R": 0x8000, "L": 0x80, "N": 0x40000,
            "B": 0x80000}


class Lost(Exception):
    """The milter hung up."""


class Milter:
    def __init__(self, address, client="127.0.0.1", timeout=60):
        self.steps = 0
        self.edits = []
        if address.startswith("unix:"):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(timeout)
            self.sock.connect(address[5:])
        else:
            port, host = re.fullmatch(r"inet:(\d+)@(.*)", address).groups()
            self.sock = socket.create_connection((host, int(port)), timeout)
        self.send("O", struct.pack("!III", 6, ACTIONS, STEPS))
        letter, data = self.receive()
        assert letter == "O", letter
        self.steps = struct.unpack("!III", data[:12])[2]
        self.step("C", b"client.example\0" + b"4" + struct.pack("!H", 25) +
                  client.encode() + b"\0")

    def send(self, letter, data=b""):
        try:
            self.sock.sendall(struct.pack("!I", len(data) + 1) + letter.encode() + data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Lost from error

    def exactly(self, size):
        data = b""
        while len(data) < size:
            try:
                more = self.sock.recv(size - len(data))
            except ConnectionResetError as error:
                raise Lost from error
            if not more:
                raise Lost
            data += more
        return data

    def receive(self):
        size = struct.unpack("!I", self.exactly(4))[0]
        data = self.exactly(size)
        return chr(data[0]), data[1:]

    def step(self, letter, data=b""):
        self.send(letter, data)
        if self.steps & NO_REPLY.get(letter, 0):
            return "c", b""
        return self.receive()

    def macros(self, stage, **values):
        self.send("D", stage.encode() + b"".join(
            f"{name}\0{value}\0".encode() for name, value in values.items()))

    def helo(self, name="client.example"):
        return self.step("H", name.encode() + b"\0")[0]

    def envelope(self, sender, recipients, queue_id="Q"):
        self.macros("M", i=queue_id)
        self.step("M", f"<{sender}>\0".encode())
        for recipient in recipients:
            self.step("R", f"<{recipient}>\0".encode())

    def headers(self, fields):
        for name, value in fields:
            self.step("L", name.encode() + b"\0" + value.encode() + b"\0")

    def content(self, fields, body):
        """From the header to the end; returns the final reply, keeps the edits."""
        self.edits = []
        self.headers(fields)
        letter, data = self.step("N")
        if letter != "c":
            return letter, data
        for at in range(0, len(body), 65535):
            self.step("B", body[at:at + 65535])
        self.send("E")
        while True:
            letter, data = self.receive()
            if letter in "acdrty":
                return letter, data
            self.edits.append((letter, data))

    def body(self):
        return b"".join(data for letter, data in self.edits if letter == "b")

    def header(self, name):
        """The last value given to a field, or None."""
        found = None
        for letter, data in self.edits:
            if letter in "mi":
                data = data[4:]
            elif letter != "h":
                continue
            key, value = data.split(b"\0")[:2]
            if key.lower() == name.lower().encode():
                found = value.decode()
        return found

    def close(self):
        try:
            self.send("Q")
        except Lost:
            pass
        self.sock.close()


def campaign_fields(campaign="spring", number=1):
    return [("From", " Shop <news@shop.example>"), ("To", " everybody@shop.example"),
            ("Subject", " For {{ contact.email }}"), ("X-Campaign", " " + campaign),
            ("Message-ID", f" <{number}@shop.example>"), ("MIME-Version", " 1.0"),
            ("Content-Type", " text/plain; charset=utf-8")]


BODY = b"Dear {{ contact.email }},\r\n\r\nwelcome.\r\n"


def send_campaign(milter, recipient, number=1):
    """One campaign message for one recipient; raises unless it comes back tailored."""
    milter.envelope("news@shop.example", [recipient], f"Q{number}")
    letter, data = milter.content(campaign_fields(number=number), BODY)
    assert letter == "a", (letter, data)
    assert milter.header("Subject") == " For " + recipient, milter.edits
    assert milter.header("DKIM-Signature"), milter.edits
    assert milter.body() == BODY.replace(b"{{ contact.email }}", recipient.encode()), milter.body()
