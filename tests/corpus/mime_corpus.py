#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Python's email package compares what mime_corpus makes of other people's messages.

A copy must have the same parts in the same order. A part that differs must be a text
part whose text is the same; all others have the same bytes, fields and payload. As
many parts may differ as mime_corpus has replaced. Exit 77: there is no corpus.
"""

import email
import email.errors
import os
import re
import subprocess
import sys
import tempfile

CORPORA = os.environ.get("MAILTAILOR_CORPORA") or os.path.join(
    os.environ.get("srcdir", "."), "../shared/data")
PROGRAM = os.environ.get("MIME_CORPUS", "tests/corpus/mime_corpus")
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


def text_of(part):
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
        if one.get_content_type() not in ("text/plain", "text/html"):
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


def read(path):
    with open(path, "rb") as file:
        return email.message_from_bytes(file.read())


def main():
    if not os.path.isdir(CORPORA):
        print("no corpus at", CORPORA)
        return 77
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run([PROGRAM, folder], input="\n".join(corpus_files()) + "\n",
                             stdout=subprocess.PIPE, text=True, errors="surrogateescape")
        failures = 0 if run.returncode == 0 else 1
        compared = texts = refused = odd = 0
        for line in run.stdout.splitlines():
            if line.startswith("refused "):
                refused += 1
                if "-v" in sys.argv:
                    print(line)
            elif not line[0].isdigit():
                print(line)
            else:
                number, count, path = line.split(" ", 2)
                orig = read(f"{folder}/{number}.orig")
                if not readers_agree(orig):
                    odd += 1
                    continue
                wrong = compare(orig, read(f"{folder}/{number}.copy"), int(count))
                compared += 1
                texts += int(count)
                failures += bool(wrong)
                for text in wrong:
                    print(f"{path}: {text}")
    print(f"{compared} messages with {texts} text parts compared, {odd} that readers differ "
          f"about, {refused} parses refused, {failures} failures (exit {run.returncode})")
    return 1 if failures or compared == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
