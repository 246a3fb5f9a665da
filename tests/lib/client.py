# SPDX-License-Identifier: BSD-2-Clause
"""An SMTP client as a list tool has it: pipelines, passes parameters on, tells replies."""

import re
import socket


class Reply:
    def __init__(self, code, lines):
        self.code = code
        self.text = "\n".join(lines)

    def __str__(self):
        return f"{self.code} {self.text}"

    @property
    def ok(self):
        return 200 <= self.code < 400


class Lost(Exception):
    """The server went away, or never answered."""


class Result:
    """Replies of one transaction. `data` is the one after the final dot, None if there
    was nothing to send."""

    def __init__(self, mail, recipients, data):
        self.mail = mail
        self.recipients = recipients
        self.data = data

    @property
    def last(self):
        if self.data is not None:
            return self.data
        refused = [reply for reply in self.recipients.values() if not reply.ok]
        return self.mail if not self.mail.ok else refused[-1]

    @property
    def accepted(self):
        return (self.mail.ok and self.data is not None and self.data.ok
                and all(reply.ok for reply in self.recipients.values()))


class Client:
    """`source`: our own address; the tests' outsiders come from 127.0.0.2."""

    def __init__(self, port, source="127.0.0.1", helo="client.example", timeout=120):
        try:
            self._socket = socket.create_connection(("127.0.0.1", port), timeout,
                                                    (source, 0))
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._file = self._socket.makefile("rb")
            self.greeting = self._reply()
            self.offers = self.command(f"EHLO {helo}").text
        except OSError as error:
            raise Lost(str(error)) from error

    def close(self):
        self._file.close()
        self._socket.close()

    def quit(self):
        try:
            self.command("QUIT")
        except Lost:
            pass
        self.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def _reply(self):
        lines = []
        while True:
            try:
                line = self._file.readline()
            except OSError as error:
                raise Lost(str(error)) from error
            if not line.endswith(b"\n"):
                raise Lost("the connection was lost")
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            lines.append(text[4:])
            if text[3:4] != "-":
                return Reply(int(text[:3]), lines)

    def write(self, data):
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise Lost(str(error)) from error

    def command(self, line):
        self.write(line.encode() + b"\r\n")
        return self._reply()

    def authenticate_as(self, login, address="192.0.2.10"):
        """Postfix takes it from us (XCLIENT) that the client at `address` logged in."""
        reply = self.command(f"XCLIENT ADDR={address} NAME=client.example LOGIN={login}")
        if not reply.ok:
            raise Lost(f"XCLIENT: {reply}")
        self.command("EHLO client.example")

    def send(self, sender, recipients, data, mail_parameters=""):
        """`recipients`: addresses, or (address, parameters). `data`: the message, CRLF."""
        recipients = [(r, "") if isinstance(r, str) else r for r in recipients]
        commands = [f"MAIL FROM:<{sender}> {mail_parameters}".rstrip()]
        commands += [f"RCPT TO:<{address}> {extra}".rstrip() for address, extra in recipients]
        commands.append("DATA")
        replies = []
        for i in range(0, len(commands), 100):
            part = commands[i:i + 100]
            self.write("".join(line + "\r\n" for line in part).encode())
            replies += [self._reply() for _ in part]
        told = {address: reply for (address, _), reply in zip(recipients, replies[1:-1])}
        if replies[-1].code != 354:
            if not replies[0].ok or not any(reply.ok for reply in told.values()):
                return Result(replies[0], told, None)
            return Result(replies[0], told, replies[-1])
        self.write(stuffed(data))
        return Result(replies[0], told, self._reply())


def stuffed(data):
    """The message with its dots doubled and the final one."""
    if not data.endswith(b"\r\n"):
        data += b"\r\n"
    return re.sub(rb"^\.", b"..", data, flags=re.M) + b".\r\n"


def submit(port, sender, recipients, data, mail_parameters="", source="127.0.0.1", login=None):
    """One message on a connection of its own."""
    with Client(port, source) as client:
        if login:
            client.authenticate_as(login)
        result = client.send(sender, recipients, data, mail_parameters)
        client.quit()
        return result
