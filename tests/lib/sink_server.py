# SPDX-License-Identifier: BSD-2-Clause
"""The sink's process: an SMTP server that keeps what it gets, and Postfix's policy server.

Each message becomes a file NUMBER.eml, byte for byte as it came (dots unstuffed), and
then one line of JSON in the file index: who reads the index finds the file complete.

What was said to each recipient for good, in one attempt, is a line of JSON in the file answers:
to, answer, time.

Commands come as lines of JSON on standard input, each answered by a line "ok"; at end of
file the process leaves. Answers for a recipient, by SMTP or as a policy, are lists that
are used up from the front: [[text, how often], ...], where how often null is for ever.
"""

import asyncio
import json
import os
import socket
import sys
import time

EXTENSIONS = ["PIPELINING", "SIZE 104857600", "8BITMIME", "SMTPUTF8", "DSN",
              "ENHANCEDSTATUSCODES"]


class Rules:
    """Answers by address; `*` is for everybody."""

    def __init__(self):
        self.answers = {}

    def add(self, address, text, times):
        self.answers.setdefault(address.lower(), []).append([text, times])

    def clear(self):
        self.answers.clear()

    def next(self, address):
        for key in (address.lower(), "*"):
            pending = self.answers.get(key)
            if not pending:
                continue
            text, times = pending[0]
            if times is not None:
                pending[0][1] -= 1
                if pending[0][1] <= 0:
                    pending.pop(0)
            return text
        return None


class Store:
    def __init__(self, folder):
        self.folder = folder
        self.number = 0
        self.index = open(os.path.join(folder, "index"), "ab", buffering=0)
        self.answers = open(os.path.join(folder, "answers"), "ab", buffering=0)

    def note(self, address, answer):
        record = {"to": address, "answer": answer, "time": time.time()}
        self.answers.write(json.dumps(record).encode() + b"\n")

    def put(self, envelope, data):
        self.number += 1
        name = f"{self.number:06d}.eml"
        with open(os.path.join(self.folder, name), "wb") as out:
            out.write(data)
        record = dict(envelope, file=name, size=len(data), time=time.time())
        self.index.write(json.dumps(record).encode() + b"\n")
        return self.number


def split_path(text):
    """`<a@b> NAME=value ...` -> address, parameters."""
    text = text.strip()
    if not text.startswith("<") or ">" not in text:
        return None, ""
    address, _, parameters = text[1:].partition(">")
    return address, parameters.strip()


class Session(asyncio.Protocol):
    """One client. Answers go out together when the client's bytes are used up, which is
    what pipelining is for."""

    def __init__(self, server):
        self.server = server
        self.pending = bytearray()
        self.body = None
        self.out = []
        self.waiting = False
        self.reset()
        self.helo = ""

    def reset(self):
        self.sender = None
        self.mail_parameters = ""
        self.recipients = []

    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.write(b"220 sink.example ESMTP\r\n")

    def data_received(self, data):
        self.pending += data
        self.work()

    def work(self):
        while not self.waiting and not self.transport.is_closing():
            if self.body is not None:
                if not self.take_body():
                    break
                continue
            end = self.pending.find(b"\r\n")
            if end < 0:
                break
            line = bytes(self.pending[:end])
            del self.pending[:end + 2]
            self.command(line.decode("utf-8", "surrogateescape"))
        if self.out and not self.waiting:
            self.transport.write(b"".join(self.out))
            self.out = []

    def reply(self, text):
        """Words before the code: `slow 2.5 250 ok` waits, `drop` loses the connection."""
        if text.startswith("slow "):
            _, seconds, text = text.split(" ", 2)
            self.waiting = True
            asyncio.get_running_loop().call_later(float(seconds), self.resume, text)
            return
        if text == "drop":
            self.out = []
            self.transport.abort()
            return
        self.out.append(text.encode("utf-8", "surrogateescape") + b"\r\n")

    def resume(self, text):
        self.waiting = False
        self.reply(text)
        self.work()

    def take_body(self):
        """True once the final dot is there."""
        start = max(0, self.searched - 4)
        if start == 0 and self.pending.startswith(b".\r\n"):
            end, after = 0, 3
        else:
            end = self.pending.find(b"\r\n.\r\n", start)
            if end < 0:
                self.searched = len(self.pending)
                return False
            end, after = end + 2, end + 5
        data = bytes(self.pending[:end])
        del self.pending[:after]
        self.body = None
        if data.startswith(b"."):
            data = data[1:]
        data = data.replace(b"\r\n.", b"\r\n")
        self.finish(data)
        return True

    def finish(self, data):
        for address, _ in self.recipients:
            answer = self.server.at_end.next(address)
            if answer and not answer.startswith(("2", "slow ")):
                for each, _ in self.recipients:
                    self.server.store.note(each, answer)
                self.reset()
                self.reply(answer)
                return
        number = self.server.store.put({
            "helo": self.helo, "sender": self.sender, "mail": self.mail_parameters,
            "recipients": self.recipients}, data)
        for address, _ in self.recipients:
            self.server.store.note(address, "250 2.0.0 Ok")
        self.reset()
        self.reply(f"250 2.0.0 Ok: {number}")

    def command(self, line):
        verb, _, rest = line.partition(" ")
        verb = verb.upper()
        if verb in ("EHLO", "LHLO"):
            self.helo = rest
            lines = ["sink.example"] + self.server.offers
            for i, text in enumerate(lines):
                self.reply(f"250{'-' if i + 1 < len(lines) else ' '}{text}")
        elif verb == "HELO":
            self.helo = rest
            self.reply("250 sink.example")
        elif verb == "MAIL" and rest.upper().startswith("FROM:"):
            self.reset()
            self.sender, self.mail_parameters = split_path(rest[5:])
            self.reply("250 2.1.0 Ok" if self.sender is not None else "501 5.1.7 Bad path")
        elif verb == "RCPT" and rest.upper().startswith("TO:"):
            self.rcpt(*split_path(rest[3:]))
        elif verb == "DATA":
            if not self.recipients:
                self.reply("554 5.5.1 No valid recipients")
            else:
                self.body, self.searched = True, 0
                self.reply("354 Go on")
        elif verb == "RSET":
            self.reset()
            self.reply("250 2.0.0 Ok")
        elif verb == "NOOP":
            self.reply("250 2.0.0 Ok")
        elif verb == "QUIT":
            self.transport.write(b"".join(self.out) + b"221 2.0.0 Bye\r\n")
            self.out = []
            self.transport.close()
        else:
            self.reply("502 5.5.2 Not here")

    def rcpt(self, address, parameters):
        if self.sender is None or address is None:
            self.reply("503 5.5.1 MAIL first")
            return
        answer = self.server.at_rcpt.next(address) or "250 2.1.5 Ok"
        if answer.startswith("2") or " 2" in answer[:12]:
            self.recipients.append([address, parameters])
        else:
            self.server.store.note(address, answer)
        self.reply(answer)


class Policy(asyncio.Protocol):
    """Postfix's policy protocol. Rules count for our own hand-back alone (its EHLO name
    ends in mailtailor.invalid): what a campaign's client submits passes."""

    def __init__(self, server):
        self.server = server
        self.pending = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.pending += data
        while b"\n\n" in self.pending:
            request, _, self.pending = self.pending.partition(b"\n\n")
            fields = dict(line.split("=", 1) for line in request.decode(
                "utf-8", "surrogateescape").split("\n") if "=" in line)
            self.transport.write(f"action={self.action(fields)}\n\n".encode())

    def action(self, fields):
        if not fields.get("helo_name", "").lower().endswith(".mailtailor.invalid"):
            return "DUNNO"
        at_end = fields.get("protocol_state") == "END-OF-MESSAGE"
        rules = self.server.relay_at_end if at_end else self.server.relay_at_rcpt
        return rules.next(fields.get("recipient", "")) or "DUNNO"


class Server:
    def __init__(self, folder):
        self.store = Store(folder)
        self.offers = list(EXTENSIONS)
        self.at_rcpt, self.at_end = Rules(), Rules()
        self.relay_at_rcpt, self.relay_at_end = Rules(), Rules()

    def obey(self, command):
        do = command["do"]
        if do == "offer":
            self.offers = [text for text in EXTENSIONS if text.split()[0] not in command["not"]]
        elif do == "answer":
            rules = {"rcpt": self.at_rcpt, "end": self.at_end, "relay-rcpt": self.relay_at_rcpt,
                     "relay-end": self.relay_at_end}[command["at"]]
            rules.add(command["address"], command["text"], command["times"])
        elif do == "forget":
            self.offers = list(EXTENSIONS)
            for rules in (self.at_rcpt, self.at_end, self.relay_at_rcpt, self.relay_at_end):
                rules.clear()


async def serve(folder, port, policy_port):
    server = Server(folder)
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    await loop.create_server(lambda: Session(server), "127.0.0.1", port, backlog=1000)
    await loop.create_server(lambda: Policy(server), "127.0.0.1", policy_port, backlog=1000)
    commands = b""

    def on_input():
        nonlocal commands
        data = os.read(0, 65536)
        if not data:
            loop.remove_reader(0)
            done.set_result(None)
            return
        commands += data
        while b"\n" in commands:
            line, _, commands = commands.partition(b"\n")
            server.obey(json.loads(line))
            os.write(1, b"ok\n")

    loop.add_reader(0, on_input)
    os.write(1, b"ok\n")
    await done


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
