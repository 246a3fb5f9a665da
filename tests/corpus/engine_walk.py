#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Other people's HTML and messages through the whole engine, and back.

    engine_walk.py [--seed N] [--mutations N] [--seconds N] [-v] [FOLDER...]

Every file of $MAILTAILOR_CORPORA, or of FOLDERs, is walked, whatever its name is: as HTML if
it holds tags, as a message if it begins with a header field. Of each there is one copy for a
contact who is not tracked, whose texts must be the same to the byte, and one with tracked
links: taking out the image and putting the author's addresses in the place of the tokens must
give back the same bytes. Each token must lead to what stood there, and html5lib has to count
the same links; a difference must be explained by a rule of RULES. Python's email package
compares the parts of messages: their number and order, the bytes of those that nobody
tailored, and to the byte what is signed or encrypted. Signatures made here must verify.

Then --mutations files are cut, swapped and garbled (by --seed), and walked as well; with
--seconds, for so long. Exit 77: there is no corpus.
"""

import argparse
import collections
import email
import email.errors
import html
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import html_corpus  # noqa: E402
import mime_corpus  # noqa: E402
from engine import BASE, CORPORA, PIXEL, TOKEN, Engine, files_below, generator, utf8  # noqa: E402

SIZE_MAX = 8 << 20
FIELD = re.compile(rb"(?:\xef\xbb\xbf)?(?:From [^\r\n]*\r?\n)?[!-9;-~]+[ \t]*:")
TAG = re.compile(rb"(?i)<(?:!doctype\s+html|html|head|body|table|tr|td|div|span|p|a|area|img|v:\w+)"
                 rb"[\s>]")
QUIET, TRACKED = "quiet@walk.example", "ada@walk.example"
CLICK = re.compile(re.escape(BASE) + "(/c/[A-Za-z0-9_-]+)")


# --- links ---

def too_long(address, text):
    """A token can't hold it; or it is static, and link_address_ok has the same ceiling."""
    return len(address.encode("utf-8", "replace")) > 2000


def control_in_it(address, text):
    """No redirect can lead to it: a Location field has no control characters."""
    return re.search("[\0-\x1f\x7f]", address) is not None


def no_host(address, text):
    """http: without a host leads nowhere, and one without two slashes to nobody knows where."""
    return re.match(r"(?i)https?:(?![/\\]{2}[^/?#\\])", address) is not None


def marked_off(address, text):
    """data-track="off" on it or around it."""
    return "data-track" in text.lower()


def in_a_template_tag(address, text):
    """To html5lib template tags are letters (html_corpus.py)."""
    return any(rule(text, ("a", address)) for rule in html_corpus.RULES)


RULES = [too_long, control_in_it, no_host, marked_off, in_a_template_tag]


def is_web(address):
    return re.match(r"(?i)https?:", address) is not None


def read_value(value):
    """An attribute's value as a browser reads an address."""
    return html_corpus.tidy(html.unescape(value))


def slow_read_value(value, quote):
    found = html_corpus.theirs(f"<a href={quote}{value}{quote} >")
    return found[0][1] if found else None


class Undo:
    """A tailored text made the original again, with what its tokens lead to."""

    def __init__(self, engine, original, tailored):
        self.engine, self.original = engine, original
        self.targets, self.wrong, self.pixels = [], [], 0
        self.cache = {}
        without, self.pixels = PIXEL.subn("", tailored)
        # An image at the end stands behind the last line end of what is in raw.
        without = without.rstrip("\r\n")
        if original == without:
            return
        pieces = CLICK.split(without)
        self.walk(pieces[0::2], pieces[1::2])

    def walk(self, segments, paths):
        at, skip = 0, 0
        for segment, path in zip(segments, paths + [None]):
            segment = segment[skip:]
            bare = not self.original.startswith(segment, at) and segment.endswith('"') and path
            if bare:
                segment = segment[:-1]
            if not self.original.startswith(segment, at):
                self.wrong.append(f"other bytes at {at}: {self.original[at:at + 40]!r} became "
                                  f"{segment[:40]!r}")
                return
            at += len(segment)
            skip = 1 if bare else 0
            if path is not None:
                at = self.value(at, path, "" if bare else self.original[at - 1:at])
        if at != len(self.original):
            self.wrong.append(f"the last {len(self.original) - at} bytes are missing")

    def value(self, at, path, quote):
        end = re.compile(r"[\s>]|\Z" if not quote else re.escape(quote) + r"|\Z")
        end = end.search(self.original, at).start()
        written = self.original[at:end]
        target = self.engine.target(path)
        if target is None:
            self.wrong.append(f"the token for {written[:60]!r} is no good")
        else:
            target = target.decode("utf-8")
            self.targets.append(target)
            if target != read_value(written) and target != slow_read_value(written, quote):
                self.wrong.append(f"{written[:80]!r} leads to {target[:80]!r}")
        return end


# --- what is walked ---

def defused(data):
    """Without template tags, in as many bytes."""
    return data.replace(b"{{", b"[[").replace(b"{%", b"[%").replace(b"*|", b"*!")


HEAD = b"From: Shop <news@shop.example>\r\nSubject: s\r\nMIME-Version: 1.0\r\n"


def html_message(data):
    """Any bytes as HTML that is read as UTF-8; base64 carries them."""
    import base64
    return (HEAD + b"Content-Type: text/html; charset=utf-8\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(data))


def as_text(data):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def from_shop(data):
    """The same message from somebody whose key we have."""
    start = re.match(rb"(?:From [^\r\n]*\r?\n)?", data).end()
    end = re.compile(rb"\r?\n\r?\n|\Z").search(data, start).start()
    header = data[start:end] + data[end:end + 2 if data[end:end + 1] == b"\r" else end + 1]
    field = rb"(?im)^from[ \t]*:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*(?:\r?\n|\Z)"
    return data[:start] + b"From: news@shop.example\r\n" + re.sub(field, b"", header) + \
        data[start + len(header):]


def plain_ends(text):
    """Line ends are LF; a CR more before one is dropped, and those at the end don't count."""
    return re.sub("\r+\n", "\n", text).rstrip("\r\n")


class Walk:
    def __init__(self, engine, options):
        self.engine, self.options = engine, options
        self.counts = collections.Counter()
        self.failures = 0
        engine.ask(contacts={QUIET: {"do_not_track": True}, TRACKED: {"first_name": "Ada"}})

    def fail(self, name, what):
        self.failures += 1
        print(f"{name}: {what}"[:1000])

    def note(self, name, what):
        if self.options.v:
            print(f"{name}: {what}"[:300])

    def prepare(self, name, data, crlf=True):
        """The message's parts, or None if it is refused."""
        answer = self.engine.message(data, crlf=crlf)
        if "error" in answer:
            self.counts["refused: " + re.sub(r".*:\d+:\d+: .*", "template", answer["error"])[:60]] += 1
            self.note(name, answer["error"])
        return answer.get("parts")

    def both(self, name):
        """The two copies' answers, or None."""
        answers = self.engine.render(QUIET), self.engine.render(TRACKED)
        for answer in answers:
            if "copy" not in answer:
                reason = answer.get("reason") or answer.get("error")
                self.counts["deferred"] += 1
                self.note(name, reason)
                return None
        return answers

    def texts(self, name, parts, answers, count_links):
        """Each text of both copies against the original's."""
        quiet, tracked = (answer["parts"] for answer in answers)
        if not len(parts) == len(quiet) == len(tracked):
            self.fail(name, f"{len(parts)} text parts became {len(quiet)} and {len(tracked)}")
            return
        for (kind, was), (_, still), (_, now) in zip(parts, quiet, tracked):
            self.counts["texts"] += 1
            was, still, now = plain_ends(was), plain_ends(still), plain_ends(now)
            if was != still:
                self.fail(name, f"{kind}: changed for one who is not tracked")
            if kind != "html":
                if was != now:
                    self.fail(name, f"{kind}: changed")
                continue
            self.html(name, utf8(was), utf8(now), count_links)

    def html(self, name, was, now, count_links):
        undo = Undo(self.engine, was, now)
        for what in undo.wrong:
            self.fail(name, what)
        self.counts["links tracked"] += len(undo.targets)
        self.counts["images"] += undo.pixels
        if undo.pixels > 1:
            self.fail(name, f"{undo.pixels} images")
        if count_links:
            self.compare_links(name, was, undo.targets)

    def compare_links(self, name, text, targets):
        rest = collections.Counter(targets)
        left_out = None
        for _, address, _ in html_corpus.theirs(text):
            if not is_web(address):
                continue
            self.counts["links counted"] += 1
            if rest[address] > 0:
                rest[address] -= 1
                continue
            rule = next((rule for rule in RULES if rule(address, text)), None)
            if rule is None and left_out is None:
                left_out = self.left_out(text)
            if rule is None and left_out == 0:
                self.fail(name, f"not tracked: {address[:200]!r}")
            elif rule is None:
                left_out -= 1
                self.counts["explained: libxml2 reads otherwise"] += 1
            else:
                self.counts[f"explained: {rule.__name__}"] += 1
        for address, count in rest.items():
            if count == 0:
                continue
            rule = next((rule for rule in RULES if rule(address, text)), None)
            if rule is None:
                self.fail(name, f"tracked, but html5lib finds no such link: {address[:200]!r}")
            else:
                self.counts[f"explained: {rule.__name__}"] += count

    def left_out(self, text):
        """Tags that libxml2 reads otherwise: better a link too few than a wrong byte."""
        path = self.engine.write("scan.html", text.encode("utf-8"))
        return self.engine.ask(scan=path)["mismatches"]

    # HTML

    def walk_html(self, name, data, count_links=True):
        self.counts["HTML documents"] += 1
        self.one_html(name, defused(data), count_links)
        if b"{{" in data or b"{%" in data:
            self.one_html(name + " in raw", b"{% raw %}" + data + b"{% endraw %}", False, data)
            if self.prepare(name, html_message(data)) is not None:
                self.both(name)

    def one_html(self, name, data, count_links, expected=None):
        data = as_text(data).encode("utf-8")
        parts = self.prepare(name, html_message(data))
        if parts is None:
            return
        if not parts:
            # Bytes that are no text in mail: the part stays as it is.
            self.counts["HTML that is no text"] += 1
            self.note(name, "no text")
        if expected is not None:
            expected = as_text(expected).encode("utf-8").decode("latin-1")
            parts = [("html", expected) for _ in parts]
        answers = self.both(name)
        if answers:
            self.texts(name, parts, answers, count_links)

    # Messages

    def walk_message(self, name, data, count_links=True):
        self.counts["messages"] += 1
        data = from_shop(defused(data))
        parts = self.prepare(name, data)
        answers = parts is not None and self.both(name)
        if not answers:
            return
        self.texts(name, parts, answers, count_links)
        crlf = re.sub(rb"(?<!\r)\n", b"\r\n", data)
        original = email.message_from_bytes(crlf)
        # To Python a lone CR ends a line, a header and a boundary.
        if re.search(rb"\r(?!\n)", crlf) or not types_are_plain(original) or \
                not mime_corpus.readers_agree(original):
            self.counts["readers differ"] += 1
            return
        copy = email.message_from_bytes(answers[1]["copy"].encode("latin-1"))
        self.compare_parts(name, original, copy)

    def compare_parts(self, name, original, copy):
        ones, twos = list(original.walk()), list(copy.walk())
        kinds = [part.get_content_type() for part in ones]
        if kinds != [part.get_content_type() for part in twos]:
            self.fail(name, f"other parts: {[part.get_content_type() for part in twos]}, expected {kinds}")
            return
        for number, (one, two) in enumerate(zip(ones, twos)):
            where = f"{name} part {number}"
            self.counts["parts compared"] += 1
            if mime_corpus.is_sealed(one):
                self.counts["sealed parts"] += 1
                if bytes_of(one) != bytes_of(two):
                    self.fail(where, f"{one.get_content_type()} was changed")
            if one.is_multipart() or mime_corpus.decoded(one) == mime_corpus.decoded(two):
                continue
            if one.defects:
                # Base64 with other letters in it: each reader makes of it what it likes.
                self.counts["damaged encodings"] += 1
                continue
            if one.get_content_type() != "text/html":
                if not same_flowed(one, two):
                    self.fail(where, f"{one.get_content_type()} holds something else")
                continue
            try:
                was, now = mime_corpus.plain_text_of(one), mime_corpus.plain_text_of(two)
            except (UnicodeError, LookupError):
                self.counts["charsets that Python does not read"] += 1
                continue
            undo = Undo(self.engine, was, now)
            for what in undo.wrong:
                self.fail(where, f"to Python: {what}")
        if fields_of(original) != fields_of(copy):
            self.fail(name, f"fields {fields_of(copy)}, expected {fields_of(original)}")


CHANGED = {"from", "to", "cc", "bcc", "resent-bcc", "date", "message-id", "return-path", "content-length",
           "dkim-signature", "arc-seal", "arc-message-signature", "arc-authentication-results",
           "list-unsubscribe", "list-unsubscribe-post", "mime-version", "content-type",
           "content-transfer-encoding", "x-campaign"}


def fields_of(message):
    """What nobody had a reason to change."""
    return [(key, value) for key, value in message.raw_items() if key.lower() not in CHANGED]


def types_are_plain(message):
    """What is no type/subtype is text to Python, and may be a multipart to others."""
    token = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
    kinds = [str(part.get("Content-Type", "text/plain")) for part in message.walk()]
    return all(re.match(rf"\s*{token}\s*/\s*{token}\s*(;|\Z)", kind) for kind in kinds)


def bytes_of(part):
    if not part.is_multipart():
        return mime_corpus.raw_payload(part).rstrip()
    return b"".join(bytes_of(child) for child in part.get_payload()) + \
        (part.get_boundary() or "").encode("utf-8", "replace")


def same_flowed(one, two):
    """A text that leaves laid out anew says the same."""
    try:
        return mime_corpus.text_of(one) == mime_corpus.text_of(two)
    except (UnicodeError, LookupError):
        return False


# --- signatures ---

TEXT = (b"Content-Type: multipart/mixed; boundary=in\r\n\r\n--in\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
        b"\r\nGr=C3=BC=C3=9Fe=20\r\n--in\r\nContent-Type: text/html\r\n\r\n"
        b"<a href=\"https://shop.example/\">x</a>\r\n--in--\r\n")


def run(*command, **how):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          stdin=None if "input" in how else subprocess.DEVNULL, **how).stdout


class Signer:
    """Keys of our own, of S/MIME and OpenPGP, in the engine's folder."""

    def __init__(self, engine):
        self.engine, self.home = engine, engine.path("gnupg")
        os.mkdir(self.home, 0o700)
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout",
            engine.path("smime.key"), "-out", engine.path("smime.pem"), "-days", "2", "-subj",
            "/CN=shop.example")
        engine.write("text", TEXT)
        try:
            self.gpg("--passphrase", "", "--quick-gen-key", "news@shop.example", "rsa2048", "sign")
            self.has_gpg = True
        except (OSError, subprocess.CalledProcessError):
            self.has_gpg = False

    def gpg(self, *command):
        return run("gpg", "--homedir", self.home, "--batch", "--pinentry-mode", "loopback",
                   "--yes", *command)

    def close(self):
        if self.has_gpg:
            subprocess.run(["gpgconf", "--homedir", self.home, "--kill", "all"], check=False)

    def smime(self, *how):
        signed = run("openssl", "cms", "-sign", "-binary", "-crlfeol", "-signer",
                     self.engine.path("smime.pem"), "-inkey", self.engine.path("smime.key"), "-in",
                     self.engine.path("text"), *how)
        return re.sub(rb"(?im)^MIME-Version:.*\r?\n", b"", signed, count=1)

    def smime_encrypted(self):
        made = run("openssl", "cms", "-encrypt", "-in", self.engine.path("text"),
                   self.engine.path("smime.pem"))
        return re.sub(rb"(?im)^MIME-Version:.*\r?\n", b"", made, count=1)

    def pgp(self):
        self.gpg("--armor", "--detach-sign", "-o", self.engine.path("text.asc"),
                 self.engine.path("text"))
        with open(self.engine.path("text.asc"), "rb") as file:
            signature = file.read()
        return (b"Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; "
                b"micalg=pgp-sha512; boundary=pgp\r\n\r\n--pgp\r\n" + TEXT +
                b"\r\n--pgp\r\nContent-Type: application/pgp-signature\r\n\r\n" +
                signature.replace(b"\n", b"\r\n") + b"--pgp--\r\n")

    def holds(self, entity):
        """Does the signature of this entity, or its decryption, come out?"""
        path = self.engine.write("entity", entity)
        if b"pgp-signature" in entity:
            start = entity.index(b"--pgp\r\n") + 7
            end = entity.index(b"\r\n--pgp", start)
            signature = email.message_from_bytes(entity).get_payload()[1].get_payload(decode=True)
            command = ["gpg", "--homedir", self.home, "--batch", "--verify",
                       self.engine.write("entity.asc", signature),
                       self.engine.write("entity.text", entity[start:end])]
        elif b"enveloped-data" in entity:
            command = ["openssl", "cms", "-decrypt", "-in", path, "-recip",
                       self.engine.path("smime.pem"), "-inkey", self.engine.path("smime.key")]
        else:
            command = ["openssl", "cms", "-verify", "-noverify", "-in", path]
        return subprocess.run(command, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False).returncode == 0

    def entities(self):
        yield "S/MIME, detached", self.smime()
        yield "S/MIME, opaque", self.smime("-nodetach")
        yield "S/MIME, encrypted", self.smime_encrypted()
        if self.has_gpg:
            yield "OpenPGP", self.pgp()


def signed_messages(walk):
    """As the whole message, and beside a part that is tailored."""
    signer = Signer(walk.engine)
    head = b"From: news@shop.example\r\nSubject: Hi {{ contact.first_name }}\r\nMIME-Version: 1.0\r\n"
    beside = (b"Content-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\nContent-Type: text/html"
              b"\r\n\r\n<a href=\"https://shop.example/\">{{ contact.first_name }}</a>\r\n--out\r\n")
    try:
        for what, entity in signer.entities():
            entity = re.sub(rb"\r?\n", b"\r\n", entity)
            for data, alone in ((head + entity, True),
                                (head + beside + entity.rstrip() + b"\r\n--out--\r\n", False)):
                answer = walk.engine.message(data)
                copy = walk.engine.copy(TRACKED) if "error" not in answer else None
                if copy is None:
                    walk.fail(what, f"nothing leaves: {answer}")
                    continue
                if alone:
                    body = copy[copy.index(b"\r\n\r\n") + 4:]
                    fields = re.findall(rb"(?im)^content-[^\r\n]*(?:\r\n[ \t][^\r\n]*)*\r\n",
                                        copy[:copy.index(b"\r\n\r\n") + 2])
                    found = b"".join(fields) + b"\r\n" + body
                else:
                    start = copy.index(b"--out\r\n", copy.index(b"--out\r\n") + 1) + 7
                    found = copy[start:copy.rindex(b"\r\n--out--")] + b"\r\n"
                    if b"Ada" not in copy or b"/c/" not in copy:
                        walk.fail(what, "the part beside it was not tailored")
                if b"Hi Ada" not in copy:
                    walk.fail(what, "the Subject was not tailored")
                if signer.holds(found):
                    walk.counts["signatures and encryption that hold"] += 1
                else:
                    walk.fail(what, f"does not hold, {'alone' if alone else 'beside a part'}")
                if signer.holds(found.replace(b"Gr=C3", b"Er=C3")) and b"Gr=C3" in found:
                    walk.fail(what, "the check can't fail")
    finally:
        signer.close()


# --- mutations ---

def cut(data, source):
    return data[:source.randrange(len(data) + 1)]


def drop(data, source):
    at = source.randrange(len(data) + 1)
    return data[:at] + data[at + source.randrange(200):]


def swap(data, source):
    some = bytearray(data)
    for _ in range(source.randrange(1, 20)):
        some[source.randrange(len(some))] = source.randrange(256)
    return bytes(some)


def twice(data, source):
    at = source.randrange(len(data))
    piece = data[at:at + source.randrange(2000)]
    other = source.randrange(len(data))
    return data[:other] + piece + data[other:]


def line_ends(data, source):
    return re.sub(rb"\r?\n", source.choice([b"\r\n", b"\n", b"\r", b"\n\n", b"\r\r\n", b" "]), data)


def some_line_ends(data, source):
    return re.sub(rb"\r?\n", lambda m: source.choice([b"\r\n", b"\n", b"\r", m.group()]), data)


def nuls(data, source):
    for _ in range(source.randrange(1, 5)):
        at = source.randrange(len(data) + 1)
        data = data[:at] + source.choice([b"\0", b"\x02", b"\x01", b"\xff", b"\xef\xbb\xbf"]) + data[at:]
    return data


def one_line(data, source):
    """A single line, sometimes of a megabyte."""
    line = re.sub(rb"[\r\n]+", b" ", data)
    return line * ((1 << 20) // (len(line) + 1) + 1) if source.random() < 0.05 else line


def markup(data, source):
    pieces = [b"<", b">", b"\"", b"'", b"<!--", b"-->", b"<![endif]-->", b"<!--[if mso]>", b"</a>",
              b"<a href=", b"<a href=https://x.example/>", b"<script>", b"</script>", b"<style>",
              b"<textarea>", b"<svg>", b"<![CDATA[", b"&", b"&#x", b"&amp", b"=", b"/>", b"<a ",
              b" href='http://y.example/&copy=1'", b"<plaintext>", b"</body>", b"<base href=x>"]
    for _ in range(source.randrange(1, 8)):
        at = source.randrange(len(data) + 1)
        data = data[:at] + source.choice(pieces) + data[at:]
    return data


MUTATIONS = [cut, drop, swap, twice, line_ends, some_line_ends, nuls, one_line, markup]


def mutated(data, source):
    for _ in range(source.randrange(1, 4)):
        if data:
            data = source.choice(MUTATIONS)(data, source)
    return data[:SIZE_MAX]


def walk_mutations(walk, documents, options):
    source = generator(options.seed, "walk")
    until = time.monotonic() + options.seconds
    number = 0
    while documents and (number < options.mutations or time.monotonic() < until):
        name, data = source.choice(documents)
        number += 1
        data = mutated(data, source)
        step = walk.walk_message if FIELD.match(data) else walk.walk_html
        before = walk.failures
        step(f"{name} (seed {options.seed}, mutation {number})", data,
             count_links=len(data) < 200000 and source.random() < 0.2)
        walk.counts["mutations"] += 1
        if walk.failures > before and options.keep:
            with open(os.path.join(options.keep, f"mutation-{options.seed}-{number}"), "wb") as file:
                file.write(data)


# --- all ---

def read_documents(folders):
    """(name, bytes) of all files, the same bytes once."""
    seen = set()
    for folder in folders:
        for path in files_below(folder):
            with open(path, "rb") as file:
                data = file.read(SIZE_MAX + 1)
            if data and len(data) <= SIZE_MAX and data not in seen:
                seen.add(data)
                yield os.path.relpath(path, os.path.dirname(folder)), data


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", default="1")
    parser.add_argument("--mutations", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("--keep", help="a folder for mutations that failed")
    parser.add_argument("-v", action="store_true")
    parser.add_argument("folders", nargs="*")
    options = parser.parse_args()
    folders = options.folders or ([CORPORA] if os.path.isdir(CORPORA) else [])
    if not folders:
        print("no corpus at", CORPORA)
        return 77
    documents = list(read_documents(folders))
    with Engine() as engine:
        walk = Walk(engine, options)
        signed_messages(walk)
        for name, data in documents:
            if FIELD.match(data):
                walk.walk_message(name, data)
            if TAG.search(data):
                walk.walk_html(name, data)
        walk_mutations(walk, documents, options)
    for what, count in sorted(walk.counts.items()):
        print(f"{count:8} {what}")
    print(f"{len(documents)} files walked, {walk.failures} failures (exit {engine.status})")
    walked = walk.counts["HTML documents"] + walk.counts["messages"]
    return 1 if walk.failures or engine.status or walked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
