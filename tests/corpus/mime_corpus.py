#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Python's email package compares what mime_corpus makes of other people's messages.

A copy must have the same parts in the same order. A part that differs must be a text
part whose text is the same; all others have the same bytes, fields and payload. As
many parts may differ as mime_corpus has replaced. With one text replaced, every other
part decodes to the same bytes, and what is signed or encrypted is the same to the byte.
Signatures that hold before hold after. Exit 77: there is no corpus.
"""

import email
import email.errors
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import mime_trees  # noqa: E402

CORPORA = os.environ.get("MAILTAILOR_CORPORA") or os.path.join(
    os.environ.get("srcdir", "."), "../shared/data")
PROGRAM = os.environ.get("MIME_CORPUS", "tests/corpus/mime_corpus")
KNOWN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mime_corpus.known")
ENCODING_FIELDS = {"content-type", "content-transfer-encoding", "mime-version"}


def corpus_files():
    for folder in sorted(os.listdir(CORPORA)):
        if not folder.startswith("eml-"):
            continue
        for where, _, names in os.walk(os.path.join(CORPORA, folder)):
            for name in sorted(names):
                yield os.path.join(where, name)


def fields(part):
    return list(part.raw_items())


def raw_payload(part):
    payload = part._payload  # get_payload() decodes 8-bit text
    return payload.encode("ascii", "surrogateescape") if isinstance(payload, str) else b""


def same(one, two):
    return fields(one) == fields(two) and raw_payload(one) == raw_payload(two)


def unflow(text, delsp):
    """RFC 3676, told from the text alone: paragraphs as (depth, words)."""
    paragraphs, current = [], None
    for line in re.sub("\r*\n", "\n", text).split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        line = line[depth:].removeprefix(" ")
        if current is not None and (current[0] != depth or line == "-- "):
            paragraphs.append(current)
            current = None
        flowed = line.endswith(" ") and line != "-- "
        words = line[:-1] if flowed and delsp else line
        current = (depth, words) if current is None else (depth, current[1] + words)
        if not flowed:
            paragraphs.append(current)
            current = None
    paragraphs += [] if current is None else [current]
    paragraphs = [(depth, words if words == "-- " else words.rstrip(" "))
                  for depth, words in paragraphs]
    while paragraphs and paragraphs[-1] == (0, ""):
        paragraphs.pop()
    return paragraphs


def text_of(part):
    text = plain_text_of(part)
    if part.get_content_type() == "text/calendar":
        return re.sub("\n+", "\n", re.sub("\n[ \t]", "", text))
    if (part.get_param("format") or "").lower() == "flowed" and \
            part.get_content_type() == "text/plain":
        return unflow(text, (part.get_param("delsp") or "").lower() == "yes")
    return text


def plain_text_of(part):
    data = part.get_payload(decode=True)
    charset = str(part.get_content_charset() or "utf-8")
    if charset == "iso-8859-1" and re.search(rb"[\x80-\x9f]", data):
        charset = "windows-1252"
    elif charset == "gb2312":
        charset = "gbk"
    # The final line end of a body that had none is ours; Python drops one where the
    # closing boundary is missing.
    return re.sub("\r+\n", "\n", data.decode(charset)).rstrip("\r\n")


def readers_agree(message):
    """Is it something that Python and GMime can be expected to read the same way?

    Python ends the header at a space before a colon, does not unfold a boundary, and takes
    characters out of quoted-printable that is none, where GMime leaves them.
    """
    separator = email.errors.MissingHeaderBodySeparatorDefect
    if any(isinstance(defect, separator) for defect in message.defects):
        return False
    for part in message.walk():
        if "\n" in (part.get_boundary() or ""):
            return False
        if str(part.get("Content-Transfer-Encoding", "")).strip().lower() == "quoted-printable":
            if re.search(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r\n|$)", raw_payload(part)):
                return False
    return True


def other_fields(part):
    return [field for field in fields(part) if field[0].lower() not in ENCODING_FIELDS]


def parameters(part):
    found = part.get_params(failobj=[("text/plain", "")])
    return [p for p in found if p[0].lower() != "charset"]


def compare(orig, copy, replaced):
    """What is wrong with the copy, as a list."""
    ours, theirs = list(copy.walk()), list(orig.walk())
    if len(ours) != len(theirs):
        return [f"{len(theirs)} parts became {len(ours)}"]
    wrong, differ = [], 0
    for number, (one, two) in enumerate(zip(theirs, ours)):
        where = f"part {number}"
        if one.get_content_type() != two.get_content_type():
            wrong.append(f"{where}: {one.get_content_type()} became {two.get_content_type()}")
        if one.is_multipart():
            if fields(one) != fields(two) or one.preamble != two.preamble:
                wrong.append(f"{where}: multipart changed")
            if (one.epilogue or "").rstrip("\r\n") != (two.epilogue or "").rstrip("\r\n"):
                wrong.append(f"{where}: epilogue changed")
            continue
        if same(one, two):
            continue
        if fields(one) == fields(two) and raw_payload(two) == raw_payload(one) + b"\r\n":
            continue
        differ += 1
        if one.get_content_type() not in mime_trees.TEXT_KINDS:
            wrong.append(f"{where}: {one.get_content_type()} is no text")
        if other_fields(one) != other_fields(two) or parameters(one) != parameters(two):
            wrong.append(f"{where}: fields changed")
        if two.get_content_charset() != "utf-8":
            wrong.append(f"{where}: charset {two.get_content_charset()}")
        payload = raw_payload(two)
        if not payload.isascii() or max(map(len, payload.split(b"\r\n"))) > 76:
            wrong.append(f"{where}: not 7-bit in lines of 76")
        try:
            if text_of(one) != text_of(two):
                wrong.append(f"{where}: text changed")
        except (UnicodeError, LookupError) as error:
            wrong.append(f"{where}: {error}")
    if differ > replaced:
        wrong.append(f"{differ} parts differ, {replaced} were replaced")
    return wrong


def decoded(part):
    """What a part holds; a relay's encoding does not count."""
    data = part.get_payload(decode=True) or b""
    if part.get_content_maintype() == "text":
        data = re.sub(rb"\r+\n", b"\n", data)
    return data.rstrip(b"\r\n")


def is_sealed(part):
    return part.get_content_type() in ("multipart/signed", "multipart/encrypted",
                                       "application/pkcs7-mime", "application/x-pkcs7-mime")


def compare_others(orig, first, replaced):
    """One text was replaced: the number of parts that hold something else, as complaints."""
    theirs, ours = list(orig.walk()), list(first.walk())
    if len(ours) != len(theirs):
        return [f"one text replaced: {len(theirs)} parts became {len(ours)}"]
    wrong, differ = [], 0
    for number, (one, two) in enumerate(zip(theirs, ours)):
        if not one.is_multipart():
            differ += decoded(one) != decoded(two)
        if is_sealed(one) and one.as_bytes().rstrip() != two.as_bytes().rstrip():
            wrong.append(f"part {number}: {one.get_content_type()} was changed")
    if differ > replaced:
        wrong.append(f"one text replaced, but {differ} parts hold something else")
    return wrong


def read_parts(path):
    """[(kind, content, text)]"""
    parts = []
    with open(path, "rb") as file:
        while kind := file.readline():
            if kind.startswith(b"sealed "):
                continue
            pieces = [file.read(int(file.readline())) for _ in range(2)]
            parts.append((kind.decode().strip(), *pieces))
    return parts


def verifies(path):
    """Does S/MIME's signature fit? Who made it does not count. None: it is no such message."""
    with open(path, "rb") as file:
        if not re.search(rb"(?i)application/(x-)?pkcs7-(signature|mime)", file.read()):
            return None
    run = subprocess.run(["openssl", "cms", "-verify", "-noverify", "-in", path],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return run.returncode == 0


SIGNED_TEXT = (b"Content-Type: multipart/mixed; boundary=in\r\n\r\n--in\r\n"
               b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
               b"\r\nGr\xc3\xbc\xc3\x9fe \r\n--in\r\nContent-Type: text/html\r\n\r\n<p>x\r\n--in--\r\n")
BESIDE = (b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\n"
          b"Content-Type: text/plain\r\n\r\nbeside\r\n--out\r\n")


def make_signed(folder):
    """Messages signed here, since what is signed in the corpus is damaged or without its key:
    detached, in one piece, and detached beside a part that may be replaced."""
    key, cert, text = (os.path.join(folder, name) for name in ("key.pem", "cert.pem", "text"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key,
                    "-out", cert, "-days", "2", "-subj", "/CN=shop.example"], check=True,
                   stderr=subprocess.DEVNULL)
    with open(text, "wb") as file:
        file.write(SIGNED_TEXT)
    paths = []
    for name, options in ("detached", []), ("opaque", ["-nodetach"]):
        paths.append(os.path.join(folder, name))
        subprocess.run(["openssl", "cms", "-sign", "-binary", "-crlfeol", "-signer", cert,
                        "-inkey", key, "-in", text, "-out", paths[-1], *options], check=True)
    with open(paths[0], "rb") as file:
        inner = re.sub(rb"(?i)^MIME-Version:.*\r?\n", b"", file.read())
    return paths, inner


def check_signed(folder):
    """How many signatures held; complaints."""
    paths, inner = make_signed(folder)
    paths.append(os.path.join(folder, "beside"))
    with open(paths[-1], "wb") as file:
        file.write(BESIDE + inner.rstrip() + b"\r\n--out--\r\n")
    run = subprocess.run([PROGRAM, folder], input="\n".join(paths) + "\n",
                         stdout=subprocess.PIPE, text=True)
    held, wrong = 0, []
    for line in run.stdout.splitlines():
        number, count, path = line.split(" ", 2)
        for kind in "orig", "copy", "first":
            made = f"{folder}/{number}.{kind}"
            if path.endswith("/beside"):
                with open(made, "rb") as file:
                    whole = file.read()
                if kind != "orig" and int(count) != 1:
                    wrong.append(f"{path}: {count} text parts, the one beside was expected")
                signed = email.message_from_bytes(whole).get_payload()[1]
                start = whole.index(b"--out\r\n", whole.index(b"--out\r\n") + 1) + 7
                assert signed.get_content_type() == "multipart/signed"
                with open(made, "wb") as file:
                    file.write(whole[start:whole.rindex(b"\r\n--out--")] + b"\r\n")
            if verifies(made):
                held += 1
            else:
                wrong.append(f"{path}: the signature does not hold ({kind})")
    return held, wrong


class Trees:
    """Messages whose trees others have written down."""

    def __init__(self):
        self.known = mime_trees.read_known(KNOWN)
        self.agreed = self.deviations = self.failures = 0

    def check(self, path, parts):
        name = os.path.relpath(path, CORPORA)
        reason = mime_trees.differs(path, parts)
        if reason is None and name in self.known:
            print(f"{name}: is as expected now; take it off {KNOWN}")
            self.failures += 1
        elif reason is not None and name not in self.known:
            print(f"{name}: {reason}")
            self.failures += 1
        elif reason is not None:
            self.deviations += 1
        elif os.path.splitext(path)[1] in (".eml", ".msg") and mime_trees.expected(path):
            self.agreed += 1


def read(path):
    with open(path, "rb") as file:
        return email.message_from_bytes(file.read())


def main():
    if not os.path.isdir(CORPORA):
        print("no corpus at", CORPORA)
        return 77
    with tempfile.TemporaryDirectory() as folder:
        held, wrong = check_signed(folder)
        for text in wrong:
            print(text)
        failures = len(wrong) + (held != 9)
        run = subprocess.run([PROGRAM, folder], input="\n".join(corpus_files()) + "\n",
                             stdout=subprocess.PIPE, text=True, errors="surrogateescape")
        failures += 0 if run.returncode == 0 else 1
        compared = texts = refused = odd = signed = 0
        trees = Trees()
        for line in run.stdout.splitlines():
            if line.startswith("refused "):
                refused += 1
                if "-v" in sys.argv:
                    print(line)
            elif not line[0].isdigit():
                print(line)
            else:
                number, count, path = line.split(" ", 2)
                trees.check(path, read_parts(f"{folder}/{number}.parts"))
                if verifies(f"{folder}/{number}.orig"):
                    signed += 1
                    for kind in "copy", "first":
                        if not verifies(f"{folder}/{number}.{kind}"):
                            print(f"{path}: the signature holds no more ({kind})")
                            failures += 1
                orig = read(f"{folder}/{number}.orig")
                if not readers_agree(orig):
                    odd += 1
                    continue
                wrong = compare(orig, read(f"{folder}/{number}.copy"), int(count))
                wrong += compare_others(orig, read(f"{folder}/{number}.first"), int(count) > 0)
                compared += 1
                texts += int(count)
                failures += bool(wrong)
                for text in wrong:
                    print(f"{path}: {text}")
    failures += trees.failures
    print(f"{trees.agreed} expected trees met, {trees.deviations} known deviations; "
          f"{signed} S/MIME signatures of the corpus still hold, and {held} of 9 made here")
    print(f"{compared} messages with {texts} text parts compared, {odd} that readers differ "
          f"about, {refused} parses refused, {failures} failures (exit {run.returncode})")
    return 1 if failures or compared == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
