# SPDX-License-Identifier: BSD-2-Clause
"""What a message says: DKIM by verifiers that are not ours, text and header decoded."""

import base64
import email
import email.policy
import os
import re
import subprocess

import dkim

from lab import LabError, run

HERE = os.path.dirname(os.path.abspath(__file__))
TEMPLATE_TAG = re.compile(r"\{\{|\{%")


def make_key(path, bits=2048):
    run(["openssl", "genrsa", "-traditional", "-out", path, str(bits)])
    os.chmod(path, 0o600)


def public_record(path):
    """The TXT record for a private key."""
    der = subprocess.run(["openssl", "rsa", "-in", path, "-pubout", "-outform", "DER"],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    return "v=DKIM1; k=rsa; p=" + base64.b64encode(der).decode()


class Verifier:
    """`keys`: {(selector, domain): PEM file}."""

    def __init__(self, lab, keys):
        self._lab = lab
        self._preload = None
        self.records = {f"{selector}._domainkey.{domain}": public_record(path)
                        for (selector, domain), path in keys.items()}

    def _txt(self, name, timeout=5):
        record = self.records.get(name.decode().rstrip(".").lower())
        return record.encode() if record else None

    def python(self, data):
        """None if there is a signature and all of them verify with python3-dkim, else why
        not."""
        count = len(email.message_from_bytes(data).get_all("DKIM-Signature") or [])
        if count == 0:
            return "there is no DKIM-Signature"
        for i in range(count):
            try:
                if not dkim.DKIM(data).verify(i, dnsfunc=self._txt):
                    return f"python3-dkim says that signature {i + 1} is bad"
            except dkim.DKIMException as error:
                return f"python3-dkim: {error}"
        return None

    def opendkim(self, data):
        """The same by opendkim-testmsg, which reads the keys from a file."""
        if self._preload is None:
            self._preload = self._lab.path("fake_dns.so")
            run(["cc", "-O1", "-shared", "-fPIC", "-o", self._preload,
                 os.path.join(HERE, "fake_dns.c")])
            with open(self._lab.path("fake_dns.txt"), "w", encoding="ascii") as out:
                for name, record in self.records.items():
                    out.write(f"{name} {record}\n")
        done = subprocess.run(["/usr/sbin/opendkim-testmsg", "-C"], input=data, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(
                                  os.environ, LD_PRELOAD=self._preload,
                                  MT_FAKE_DNS=self._lab.path("fake_dns.txt")))
        if done.returncode == 0:
            return None
        return done.stdout.decode("utf-8", "replace").strip() or f"exit {done.returncode}"

    def check(self, data):
        """None if both verifiers are content."""
        return self.python(data) or self.opendkim(data)


def parse(data):
    return email.message_from_bytes(data, policy=email.policy.SMTP)


def header(data, name):
    """The decoded value of the first such field, or None."""
    value = parse(data)[name]
    return None if value is None else str(value)


def headers(data, name):
    return [str(value) for value in parse(data).get_all(name) or []]


def split(data):
    """Header section (with its last CRLF) and body, as bytes."""
    head, separator, body = data.partition(b"\r\n\r\n")
    return (head + b"\r\n", body) if separator else (data, b"")


def raw_fields(data):
    """[(name, field as it stands, folded)] of the header section."""
    fields = []
    for line in split(data)[0].split(b"\r\n")[:-1]:
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1] = (fields[-1][0], fields[-1][1] + b"\r\n" + line)
        else:
            fields.append((line.partition(b":")[0].decode("ascii", "replace"), line))
    return fields


def without_received(data):
    """The message without the Received fields that the last hops put on top."""
    for name, field in raw_fields(data):
        if name.lower() != "received":
            break
        data = data[len(field) + 2:]
    return data


def text_of(data, kind):
    """The decoded text of the first part of this type ("html" or "plain"), or None."""
    for part in parse(data).walk():
        if part.get_content_type() == f"text/{kind}" and not part.is_attachment():
            payload = part.get_payload(decode=True) or b""
            return payload.decode(part.get_content_charset("ascii"), "replace").replace(
                "\r\n", "\n")
    return None


def attachment(data, name):
    """The decoded bytes of the part with this file name or Content-ID, or None."""
    for part in parse(data).walk():
        if name in (part.get_filename(), (part["Content-ID"] or "").strip().strip("<>")):
            return part.get_payload(decode=True)
    return None


def everything(data):
    """All that a reader or a filter could see, decoded: for what must not be in there."""
    seen = [data.decode("utf-8", "replace")]
    message = parse(data)
    seen += [f"{name}: {value}" for name, value in message.items()]
    for part in message.walk():
        if part.get_content_maintype() == "text":
            payload = part.get_payload(decode=True) or b""
            try:
                seen.append(payload.decode(part.get_content_charset("utf-8"), "replace"))
            except LookupError:
                seen.append(payload.decode("latin-1"))
    return "\n".join(seen)


def template_left(data):
    """The place of a template tag in the message, or None."""
    found = TEMPLATE_TAG.search(text := everything(data))
    return text[max(0, found.start() - 40):found.start() + 40] if found else None


def require(verdict, what):
    if verdict:
        raise LabError(f"{what}: {verdict}")
