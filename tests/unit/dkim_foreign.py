#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Others verify our signatures: python3-dkim and opendkim-testmsg.

dkim_signer writes the messages, with an RSA key, with an Ed25519 key, and with both.
opendkim-testmsg only asks the DNS, so it runs in a
network of its own in which this script is the name server; where the system does not
allow that (no root), only python3-dkim is asked. Exit 77: neither is there.
"""

import base64
import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading

DOMAIN = "shop.example"
WAYS = {"rsa": ["rsa"], "ed25519": ["ed25519"], "both": ["rsa", "ed25519"]}


def query(selector):
    return f"{selector}._domainkey.{DOMAIN}"


def make_key(algorithm, path):
    """The record; the selector has the algorithm's name."""
    options = ["-pkeyopt", "rsa_keygen_bits:2048"] if algorithm == "rsa" else []
    subprocess.run(["openssl", "genpkey", "-algorithm", algorithm, *options, "-out", path],
                   check=True, capture_output=True)
    os.chmod(path, 0o600)
    public = subprocess.run(["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"],
                            check=True, capture_output=True).stdout
    # Ed25519: the raw key is the last 32 bytes (RFC 8410 section 4, RFC 8463 section 4.2).
    public = public[-32:] if algorithm == "ed25519" else public
    return f"v=DKIM1; k={algorithm}; p=" + base64.b64encode(public).decode()


def by_dkimpy(message, records):
    """Each signature of the message verifies."""
    import dkim

    def lookup(name, timeout=5):
        return records[name.rstrip(b".").decode()].encode()

    count = message[:message.index(b"\r\nFrom:")].count(b"DKIM-Signature:")
    try:
        return count, all(dkim.DKIM(message).verify(i, dnsfunc=lookup) for i in range(count))
    except dkim.DKIMException:
        return count, False


def answer(asked, records):
    """One TXT record, in strings of 255."""
    end = asked.index(b"\0", 12) + 5
    labels, at = [], 12
    while asked[at]:
        labels.append(asked[at + 1:at + 1 + asked[at]].decode())
        at += 1 + asked[at]
    text = records[".".join(labels)].encode()
    data = b"".join(bytes([len(text[i:i + 255])]) + text[i:i + 255]
                    for i in range(0, len(text), 255))
    return (asked[:2] + b"\x85\x80\0\1\0\1\0\0\0\0" + asked[12:end] + b"\xc0\x0c\0\x10\0\1" +
            struct.pack(">IH", 60, len(data)) + data)


def serve_names(records):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))

    def loop():
        while True:
            asked, client = server.recvfrom(4096)
            server.sendto(answer(asked, records), client)

    threading.Thread(target=loop, daemon=True).start()


def loopback_up():
    request = struct.pack("16sh14x", b"lo", 0x1 | 0x40)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, request)


def in_own_network(folder):
    """Runs after unshare: prints a line for each message that opendkim-testmsg refuses."""
    with open(f"{folder}/records", encoding="ascii") as file:
        records = json.load(file)
    with open(f"{folder}/resolv.conf", "w", encoding="ascii") as file:
        file.write("nameserver 127.0.0.1\noptions timeout:2 attempts:1\n")
    subprocess.run(["mount", "--bind", f"{folder}/resolv.conf", "/etc/resolv.conf"], check=True)
    loopback_up()
    serve_names(records)
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".eml"):
            continue
        with open(f"{folder}/{name}", "rb") as file:
            run = subprocess.run([shutil.which("opendkim-testmsg"), "-C"], stdin=file,
                                 capture_output=True, text=True, timeout=60)
        if run.returncode != 0 or run.stdout or run.stderr:
            print(name, run.returncode, (run.stdout + run.stderr).strip())
    return 0


def by_opendkim(folder):
    """The refused messages by name, or None if nobody could be asked."""
    if shutil.which("opendkim-testmsg") is None or shutil.which("unshare") is None:
        return None
    if subprocess.run(["unshare", "-n", "-m", "true"], capture_output=True).returncode != 0:
        return None
    run = subprocess.run(["unshare", "-n", "-m", sys.executable, __file__, "--inside", folder],
                         capture_output=True, text=True)
    if run.returncode != 0:
        raise SystemExit(run.stderr)
    return {line.split()[0]: line for line in run.stdout.splitlines()}


def check_way(way, folder, records, keys, failures):
    """Returns the number of messages."""
    signer = os.environ.get("DKIM_SIGNER", "tests/unit/dkim_signer")
    arguments = [word for algorithm in WAYS[way] for word in (algorithm, keys[algorithm])]
    subprocess.run([signer, folder, DOMAIN, *arguments], check=True)
    names = sorted(n for n in os.listdir(folder) if n.endswith(".eml"))
    if len(names) < 15:
        failures.append(f"{way}: only {len(names)} messages")
    # A message that must not verify: else the verifiers prove nothing.
    with open(f"{folder}/plain.eml", "rb") as file:
        forged = file.read().replace(b"Hello\r\n", b"Hullo\r\n")
    with open(f"{folder}/forged.eml", "wb") as file:
        file.write(forged)
    if by_dkimpy(forged, records)[1]:
        failures.append(f"{way}: dkimpy accepts the forged message")
    for name in names:
        with open(f"{folder}/{name}", "rb") as file:
            message = file.read()
        count, good = by_dkimpy(message, records)
        if count != len(WAYS[way]) or not good:
            failures.append(f"{way}: dkimpy refuses {name} with {count} signatures")
        if any(len(line) > 78 for line in message[:message.index(b"\r\nFrom:")].split(b"\r\n")):
            failures.append(f"{way}: {name}: the signature has a line over 78")
    with open(f"{folder}/records", "w", encoding="ascii") as file:
        json.dump(records, file)
    return len(names)


def main():
    try:
        import dkim  # noqa: F401
    except ImportError:
        return 77
    failures, total = [], 0
    with tempfile.TemporaryDirectory() as top:
        keys = {algorithm: f"{top}/{algorithm}" for algorithm in WAYS["both"]}
        records = {query(a): make_key(a, path) for a, path in keys.items()}
        for way in WAYS:
            folder = f"{top}/messages-{way}"
            os.mkdir(folder)
            total += check_way(way, folder, records, keys, failures)
            refused = by_opendkim(folder)
            if refused is not None:
                if "Bad signature" not in refused.pop("forged.eml", ""):
                    failures.append(f"{way}: opendkim-testmsg does not call the forged "
                                    "message's signature bad")
                failures += [f"{way}: opendkim-testmsg refuses {line}"
                             for line in refused.values()]
    print(f"{total} messages, python3-dkim" +
          (" and opendkim-testmsg" if refused is not None else "; opendkim-testmsg not asked"))
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(in_own_network(sys.argv[2]) if sys.argv[1:2] == ["--inside"] else main())
