# SPDX-License-Identifier: BSD-2-Clause
"""A mail log that outlives Postfix, as the one of a syslog daemon does.

Postfix's own postlogd is a child of its master: when both are killed, lines that were
on their way are lost, and the test would see duplicates that no real machine has. So
this process owns the socket that Postfix's programs log to.

Run as: maillog.py SOCKET FILE [HOST]. SIGUSR1: the file was renamed, and a new one is begun.
With HOST it takes what syslog(3) sends: the priority goes, and the host comes behind the time.
"""

import os
import re
import signal
import socket
import sys


def begin(log):
    return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)


def plain(line, host):
    """As a syslog daemon writes it."""
    return re.sub(rb"^<\d+>(\w{3} [ \d]\d [\d:]{8}) ", rb"\1 " + host.encode() + b" ", line)


def main(path, log, host=None):
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    renamed = []
    signal.signal(signal.SIGUSR1, lambda number, frame: renamed.append(True))
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.bind(path)
    os.chmod(path, 0o666)
    out = begin(log)
    print("ready", flush=True)
    while True:
        lines = [receiver.recv(65536)]
        try:
            while len(lines) < 100:
                lines.append(receiver.recv(65536, socket.MSG_DONTWAIT))
        except BlockingIOError:
            pass
        if host:
            lines = [plain(line, host) for line in lines]
        if renamed:
            renamed.clear()
            os.close(out)
            out = begin(log)
        os.write(out, b"".join(line.rstrip(b"\n") + b"\n" for line in lines))


if __name__ == "__main__":
    main(*sys.argv[1:])
