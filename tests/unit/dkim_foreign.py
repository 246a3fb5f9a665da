#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Others verify our signatures: python3-dkim and opendkim-testmsg.

dkim_signer writes the messages. opendkim-testmsg only asks the DNS, so it runs in a
network of its own in which this script is the name server; where the system does not
allow that (no root), only python3-dkim is asked. Exit 77: neither is there.
"""

import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading

DOMAIN = "shop.example"
SELECTOR = "s1"
QUERY = f"{SELECTOR}._domainkey.{DOMAIN}"


def make_key(path):
    subprocess.run(["openssl", "genrsa", "-out", path, "2048"], check=True, capture_output=True)
    os.chmod(path, 0o600)
    public = subprocess.run(["openssl", "rsa", "-in", path, "-pubout"], check=True,
                            capture_output=True, text=True).stdout
    return "v=DKIM1; k=rsa; p=" + "".join(public.splitlines()[1:-1])


def by_dkimpy(message, record):
    import dkim

    def lookup(name, timeout=5):
        assert name.rstrip(b".").decode() == QUERY, name
        return record.encode()

    return dkim.verify(message, dnsfunc=lookup)


def answer(query, record):
    """One TXT record, in strings of 255."""
    end = query.index(b"\0", 12) + 5
    text = record.encode()
    data = b"".join(bytes([len(text[i:i + 255])]) + text[i:i + 255]
                    for i in range(0, len(text), 255))
    return (query[:2] + b"\x85\x80\0\1\0\1\0\0\0\0" + query[12:end] + b"\xc0\x0c\0\x10\0\1" +
            struct.pack(">IH", 60, len(data)) + data)


def serve_names(record):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))

    def loop():
        while True:
            query, client = server.recvfrom(4096)
            server.sendto(answer(query, record), client)

    threading.Thread(target=loop, daemon=True).start()


def loopback_up():
    request = struct.pack("16sh14x", b"lo", 0x1 | 0x40)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, request)


def in_own_network(folder):
    """Runs after unshare: prints a line for each message that opendkim-testmsg refuses."""
    with open(f"{folder}/record", encoding="ascii") as file:
        record = file.read()
    with open(f"{folder}/resolv.conf", "w", encoding="ascii") as file:
        file.write("nameserver 127.0.0.1\noptions timeout:2 attempts:1\n")
    subprocess.run(["mount", "--bind", f"{folder}/resolv.conf", "/etc/resolv.conf"], check=True)
    loopback_up()
    serve_names(record)
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


def main():
    signer = os.environ.get("DKIM_SIGNER", "tests/unit/dkim_signer")
    try:
        import dkim
    except ImportError:
        return 77
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        record = make_key(f"{folder}/key")
        with open(f"{folder}/record", "w", encoding="ascii") as file:
            file.write(record)
        subprocess.run([signer, f"{folder}/key", DOMAIN, SELECTOR, folder], check=True)
        names = sorted(n for n in os.listdir(folder) if n.endswith(".eml"))
        if len(names) < 15:
            failures.append(f"only {len(names)} messages")
        # A message that must not verify: else the verifiers prove nothing.
        with open(f"{folder}/plain.eml", "rb") as file:
            forged = file.read().replace(b"Hello\r\n", b"Hullo\r\n")
        with open(f"{folder}/forged.eml", "wb") as file:
            file.write(forged)
        if by_dkimpy(forged, record):
            failures.append("dkimpy accepts the forged message")
        for name in names:
            with open(f"{folder}/{name}", "rb") as file:
                message = file.read()
            if not by_dkimpy(message, record):
                failures.append(f"dkimpy refuses {name}")
            if any(len(line) > 78 for line in message[:message.index(b"\r\nFrom:")].split(b"\r\n")):
                failures.append(f"{name}: the signature has a line over 78")
        refused = by_opendkim(folder)
        if refused is not None:
            if "Bad signature" not in refused.pop("forged.eml", ""):
                failures.append("opendkim-testmsg does not call the forged message's signature bad")
            failures += [f"opendkim-testmsg refuses {line}" for line in refused.values()]
    print(f"{len(names)} messages, python3-dkim" +
          (" and opendkim-testmsg" if refused is not None else "; opendkim-testmsg not asked"))
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(in_own_network(sys.argv[2]) if sys.argv[1:2] == ["--inside"] else main())
