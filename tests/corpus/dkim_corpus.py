#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""`mailtailor dkim verify` with the material of three other implementations, offline.

mail-dkim   messages whose names say what is to be found (good_, bad_, ...), keys from FAKE_DNS.dat
dkimpy      its messages and key records, good and bad; its own verdict is what is expected, and
            messages that it signs here in all canonicalisations have to pass
flanker     canonical forms of odd messages: a signature made over the expected form has to
            verify over the message

Deviations stand in dkim_corpus.known with their reasons; one that no longer occurs is an error,
too. MAILTAILOR_CORPORA (default ../shared/data beside the source tree) is where the material is;
exit 77: it is not there.
"""

import base64
import glob
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

import dkim

HERE = os.path.dirname(os.path.abspath(__file__))
CORPORA = os.environ.get("MAILTAILOR_CORPORA") or os.path.join(HERE, "../../../shared/data")
TOOL = os.path.join(os.environ.get("MAILTAILOR_BUILD", os.getcwd()), "mailtailor")


class Run:
    def __init__(self, folder):
        self.folder = folder
        self.count = 0
        self.problems = []
        self.known, self.met = {}, set()
        with open(f"{HERE}/dkim_corpus.known", encoding="utf-8") as file:
            for line in file:
                if line.strip() and not line.startswith("#"):
                    name, result, _ = line.split(None, 2)
                    self.known[name] = result

    def verify(self, message, records, *options):
        """The verdicts of each signature."""
        dns = f"{self.folder}/dns"
        with open(dns, "w", encoding="ascii") as file:
            for name, text in records.items():
                file.write(f"{name} {text}\n")
        done = subprocess.run([TOOL, "dkim", "verify", "-", "--json", "--dns", dns, *options],
                              input=message, capture_output=True, timeout=60, check=False)
        if done.returncode not in (0, 1, 65):
            self.problems.append(f"exit {done.returncode}: {done.stderr.decode()}")
        return [json.loads(line) for line in done.stdout.decode().splitlines()]

    def expect(self, name, expected, got, why=""):
        """`expected`, `got`: "pass", "fail" or "none"."""
        self.count += 1
        if name in self.known:
            self.met.add(name)
            if self.known[name] != got or got == expected:
                self.problems.append(f"{name}: dkim_corpus.known says {self.known[name]}, "
                                     f"expected {expected}, got {got} {why}")
        elif got != expected:
            self.problems.append(f"{name}: expected {expected}, got {got} {why}")


def read(*path):
    with open(os.path.join(CORPORA, *path), "rb") as file:
        return file.read()


def overall(verdicts):
    if not verdicts:
        return "none"
    return "pass" if any(v["pass"] for v in verdicts) else "fail"


# --- mail-dkim ---

def fake_dns():
    records = {}
    for line in read("dkim-mail-dkim", "FAKE_DNS.dat").decode().splitlines():
        name, _, text = line.partition(" ")
        if name and not name.startswith("#"):
            records[name] = "SERVFAIL" if text.strip().startswith("~~") else text.strip()
    return records


def expected_by_name(name):
    if "dk_" in name and "dkim" not in name:
        return "none"  # DomainKeys, not DKIM
    return "fail" if re.match(r"bad|ignore", name) else "pass"


def mail_dkim(run):
    records = fake_dns()
    for path in sorted(glob.glob(os.path.join(CORPORA, "dkim-mail-dkim/corpus/*.txt"))):
        name = os.path.basename(path)[:-4]
        verdicts = run.verify(read("dkim-mail-dkim", "corpus", f"{name}.txt"), records, "--old")
        got = overall(verdicts)
        # No From is a message that can't be verified at all.
        got = "fail" if name == "bad_1878954" and got == "none" else got
        run.expect(f"mail-dkim/{name}", expected_by_name(name), got,
                   "; ".join(v["reason"] for v in verdicts))


# --- dkimpy ---

def by_dkimpy(message, records):
    def lookup(name, timeout=5):
        text = records.get(name.decode().rstrip("."))
        return text.encode() if text else None

    count = len(re.findall(rb"(?mi)^DKIM-Signature:", message.split(b"\r\n\r\n")[0]))
    results = []
    for i in range(count):
        try:
            good = dkim.DKIM(message).verify(i, dnsfunc=lookup)
        except (dkim.DKIMException, KeyError):
            good = False
        results.append("pass" if good else "fail")
    return results


def compare(run, name, message, records):
    message = re.sub(rb"\r?\n", b"\r\n", message)
    theirs = by_dkimpy(message, records)
    ours = run.verify(message, records)
    if len(ours) != len(theirs):
        run.problems.append(f"{name}: {len(ours)} verdicts, dkimpy has {len(theirs)}")
    for i, (mine, their) in enumerate(zip(ours, theirs)):
        run.expect(f"{name}/{i + 1}", their, "pass" if mine["pass"] else "fail", mine["reason"])
    return theirs


def record(name):
    return read("dkim-dkimpy", name).decode().strip()


def dkimpy(run):
    football = {"test._domainkey.football.example.com": record("test.txt"),
                "brisbane._domainkey.football.example.com": record("ed25519test.dns")}
    # The public half of RFC 8032's first key, which RFC 8463's example is signed with.
    rfc8463 = dict(football, **{"brisbane._domainkey.football.example.com":
                                "v=DKIM1; k=ed25519; "
                                "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="})
    compare(run, "dkimpy/rfc6376.signed", read("dkim-dkimpy", "rfc6376.signed.msg"), football)
    compare(run, "dkimpy/rfc6376.signed-rfc8463", read("dkim-dkimpy", "rfc6376.signed.msg"),
            rfc8463)
    compare(run, "dkimpy/ed25519test2", read("dkim-dkimpy", "ed25519test2.msg"),
            {"sed._domainkey.test.ex": record("eximtest.dns")})
    private = read("dkim-dkimpy", "test.private")
    good = 0
    for base in ("test.message", "test_extra.message", "rfc6376.msg"):
        message = re.sub(rb"\r?\n", b"\r\n", read("dkim-dkimpy", base))
        for canons in ((b"simple", b"simple"), (b"simple", b"relaxed"),
                       (b"relaxed", b"simple"), (b"relaxed", b"relaxed")):
            signed = dkim.sign(message, b"test", b"example.com", private,
                               canonicalize=canons) + message
            way = b"-".join(canons).decode()
            for key in ("test.txt", "test2.txt", "badk.txt", "badversion.txt", "test_bad.txt",
                        "test_tlsrpt.txt"):
                theirs = compare(run, f"dkimpy/{base}-{way}-{key}", signed,
                                 {"test._domainkey.example.com": record(key)})
                good += theirs == ["pass"]
    if good < 12:
        run.problems.append(f"dkimpy itself passes only {good} of its messages")
    no_from = read("dkim-dkimpy", "test_nofrom.message")
    run.expect("dkimpy/test_nofrom", "none", overall(run.verify(no_from, {})))


# --- flanker ---

def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True,
                          check=True).stdout


def relaxed_field(text):
    name, _, value = text.partition(b":")
    return name.strip().lower() + b":" + re.sub(rb"[ \t]+", b" ",
                                                value.replace(b"\r\n", b"")).strip()


def signature_over(form, head, body, key):
    """DKIM-Signature over canonical `head` (fields with their line ends) and `body`. The
    signature's own field is canonical in either form."""
    names = [line.partition(b":")[0].strip() for line in re.split(rb"\r\n(?![ \t])", head)
             if line.strip()]
    bh = base64.b64encode(hashlib.sha256(body).digest())
    field = (b"DKIM-Signature: v=1; a=rsa-sha256; c=" + form + b"/" + form +
             b"; d=shop.example; s=s1; h=" + b":".join(reversed(names)) + b"; bh=" + bh + b"; b=")
    own = relaxed_field(field) if form == b"relaxed" else field
    # Repeated fields are taken from the bottom up (RFC 6376 section 5.4.2).
    fields = [part + b"\r\n" for part in re.split(rb"\r\n(?![ \t])", head) if part.strip()]
    with tempfile.NamedTemporaryFile() as data:
        data.write(b"".join(reversed(fields)) + own)
        data.flush()
        value = openssl("dgst", "-sha256", "-sign", key, data.name)
    return field + base64.b64encode(value) + b"\r\n"


def flanker(run):
    key = f"{run.folder}/key.pem"
    openssl("genrsa", "-out", key, "2048")
    public = base64.b64encode(openssl("rsa", "-in", key, "-pubout", "-outform", "DER")).decode()
    records = {"s1._domainkey.shop.example": f"v=DKIM1; k=rsa; p={public}"}
    author = b"From: news@shop.example\r\n"
    for path in sorted(glob.glob(os.path.join(CORPORA, "eml-flanker/dkim/*.expected.*"))):
        form, _, number = os.path.basename(path).split(".")
        if form == "nofws":
            continue  # DomainKeys' own
        message = re.sub(rb"\r?\n", b"\r\n", read("eml-flanker", "dkim", f"email.{number}"))
        expected = re.sub(rb"\r?\n", b"\r\n", read("eml-flanker", "dkim",
                                                    f"{form}.expected.{number}"))
        if not message.strip():
            continue
        head, found, body = expected.partition(b"\r\n\r\n")
        head += b"\r\n" if found or not head.endswith(b"\r\n") else b""
        added = relaxed_field(author) + b"\r\n" if form == "relaxed" else author
        signature = signature_over(form.encode(), added + head, body, key)
        verdicts = run.verify(signature + author + message, records)
        run.expect(f"flanker/{form}.{number}", "pass", overall(verdicts),
                   "; ".join(v["reason"] for v in verdicts))
        # The same with another last word: else passing proves nothing.
        forged = run.verify(signature + author + message + b"x\r\n", records)
        if b"\r\n\r\n" in message and overall(forged) == "pass":
            run.problems.append(f"flanker/{form}.{number}: passes with another body")


def main():
    if not os.path.isdir(os.path.join(CORPORA, "dkim-dkimpy")):
        print("no corpora in", CORPORA)
        return 77
    with tempfile.TemporaryDirectory() as folder:
        run = Run(folder)
        mail_dkim(run)
        dkimpy(run)
        flanker(run)
    for name in set(run.known) - run.met:
        run.problems.append(f"{name}: in dkim_corpus.known, but there is no such case")
    print("\n".join(run.problems))
    print(f"{run.count} cases, {len(run.known)} known deviations, {len(run.problems)} problems")
    return 1 if run.problems or run.count < 150 else 0


if __name__ == "__main__":
    sys.exit(main())
