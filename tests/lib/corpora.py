# SPDX-License-Identifier: BSD-2-Clause
"""Other people's HTML and messages, made into what a list tool would submit.

They are found through MAILTAILOR_CORPORA (default: ../shared/data beside the sources) and
never copied.
"""

import base64
import os
import quopri
import re
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
SENDER = "news@shop.example"
# What the last relay writes, or what says of whom a message was: a client sends none of it.
TRACES = re.compile(
    rb"(?im)^(?:received|return-path|delivered-to|x-original-to|envelope-to|dkim-signature|"
    rb"domainkey-signature|arc-[\w-]+|authentication-results|received-spf|x-campaign|from|"
    rb"bcc|message-id|mime-version|x-uidl|status|x-status|lines|content-length):.*\r\n(?:[ \t].*\r\n)*")


def folder():
    """The corpora's folder, or None."""
    path = os.environ.get("MAILTAILOR_CORPORA") or os.path.join(HERE, "../../../shared/data")
    return os.path.abspath(path) if os.path.isdir(path) else None


def files(prefix, endings=("",)):
    """Names, from the corpora's folder on, of all files below PREFIX-*; in order."""
    top, found = folder(), []
    for name in sorted(os.listdir(top)):
        if not name.startswith(prefix):
            continue
        for where, _, names in os.walk(os.path.join(top, name)):
            if "_LICENCE" not in where:
                found += [os.path.relpath(os.path.join(where, file), top) for file in names
                          if file.lower().endswith(endings) and file != "SOURCE"]
    return sorted(found)


def read(name):
    with open(os.path.join(folder(), name), "rb") as file:
        return file.read()


def read_html(name):
    """(text with LF, charset). The charset is what the file says, where that is true."""
    data = read(name).replace(b"\r\n", b"\n")
    said = re.search(rb"(?i)<meta[^>]+charset=[\"']?([\w-]+)", data)
    for charset in (said[1].decode().lower() if said else "utf-8", "utf-8", "latin-1"):
        try:
            return data.decode(charset), charset
        except (UnicodeDecodeError, LookupError):
            continue
    raise AssertionError("latin-1 decodes anything")


def png(width, height, shade):
    """A picture of two shades of grey, half and half."""
    def chunk(kind, data):
        return (len(data).to_bytes(4, "big") + kind + data
                + zlib.crc32(kind + data).to_bytes(4, "big"))

    lines = b"".join(b"\0" + bytes([shade if x < width // 2 else shade // 2
                                    for x in range(width)]) for _ in range(height))
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size + b"\x08\0\0\0\0")
            + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))


def encoded(data, encoding, text):
    """`data` with LF line ends if it is text; the result has CRLF."""
    if encoding == "base64":
        data = base64.encodebytes(data.replace(b"\n", b"\r\n") if text else data)
    elif encoding == "quoted-printable":
        data = quopri.encodestring(data)
    return data.rstrip(b"\n").replace(b"\n", b"\r\n") + b"\r\n"


def part(kind, data, encoding, more=b""):
    return (b"Content-Type: " + kind + b"\r\nContent-Transfer-Encoding: " + encoding.encode()
            + b"\r\n" + more + b"\r\n" + encoded(data, encoding, kind.startswith(b"text/")))


def multipart(kind, boundary, parts):
    mark = b"--" + boundary
    return (b"Content-Type: multipart/" + kind + b'; boundary="' + boundary + b'"\r\n\r\n'
            + b"".join(mark + b"\r\n" + one for one in parts) + mark + b"--\r\n")


def letter(name, html, charset, number=0, images=(), attachment=None, encoding=None):
    """A newsletter as a list tool writes it: multipart/alternative, the HTML in multipart/related
    if it has `images` [(Content-ID, bytes)], all in multipart/mixed with an attachment. `number`
    picks transfer encodings, so that all of them come. No line of the header names a campaign."""
    encoding = encoding or ("quoted-printable", "8bit", "base64")[number % 3]
    text = f"This is {name}.\n\nFür alle, die es ohne Bilder mögen: №{number}.\n"
    body = part(b"text/html; charset=" + charset.encode(), html.encode(charset), encoding)
    if images:
        body = multipart(b"related", b"=_related", [body] + [
            part(b"image/png", data, "base64",
                 b"Content-ID: <" + cid.encode() + b">\r\nContent-Disposition: inline\r\n")
            for cid, data in images])
    body = multipart(b"alternative", b"=_alternative", [
        part(b"text/plain; charset=utf-8", text.encode(),
             ("8bit", "base64", "quoted-printable")[number % 3]), body])
    if attachment is not None:
        body = multipart(b"mixed", b"=_mixed", [body, part(
            b"application/octet-stream", attachment, "base64",
            b'Content-Disposition: attachment; filename="data.bin"\r\n')])
    head = (f"From: The Shop <{SENDER}>\r\nTo: readers@shop.example\r\n"
            f"Subject: Letter {number} from the shop\r\nMessage-ID: <letter-{number}@shop.example>"
            "\r\nDate: Sun, 01 Mar 2026 08:00:00 +0000\r\nMIME-Version: 1.0\r\n")
    return head.encode() + body


def resubmitted(data, number):
    """Somebody's message as a client of ours would submit it: without the traces of its way,
    from our address, with a Message-ID of its own (some of the corpora share theirs). None if there is nothing left to send."""
    data = re.sub(rb"\r*\n", b"\r\n", data)
    data = re.sub(rb"\AFrom .*\r\n", b"", data)
    head, separator, body = data.partition(b"\r\n\r\n")
    if not separator or not re.match(rb"[!-9;-~]+[ \t]*:", head):
        return None
    head = TRACES.sub(b"", head + b"\r\n")
    if not body.endswith(b"\r\n"):
        body += b"\r\n"
    return (f"From: The Shop <{SENDER}>\r\nMessage-ID: <mail-{number}@shop.example>\r\n"
            "MIME-Version: 1.0\r\n".encode() + head + b"\r\n" + body)
