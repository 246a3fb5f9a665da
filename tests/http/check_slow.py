# SPDX-License-Identifier: BSD-2-Clause
"""Clients that take their time, and many of them: the others are served meanwhile, what takes too
long is ended, and the process stays within its memory."""

import resource
import select
import socket
import time

from lab import wait_for

# web_timeout is 2 s, a whole request may take four times as long; ended within a turn more.
SILENT_S, WHOLE_S = 2, 8


def ends_within(served, first, more, pause, seconds):
    """A fault, or None: a client that sends `first` and then, each `pause`, `more`."""
    began = time.monotonic()
    with served.connect() as client:
        client.sendall(first)
        while time.monotonic() - began < seconds * served.patience + 10:
            if more:
                try:
                    client.sendall(more)
                except OSError:
                    return None
            readable, _, _ = select.select([client], [], [], pause)
            if readable:
                try:
                    if not client.recv(65536):
                        return None
                except OSError:
                    return None
    return f"{first[:40]!r}, then {more!r}: still there after {time.monotonic() - began:.0f} s"


def slow_clients_are_ended(served):
    before = len(served.settled_events())
    click = served.path("c", 7).encode()
    yield ends_within(served, b"", b"", 1, SILENT_S + 2)
    yield ends_within(served, b"GET " + click, b"", 1, SILENT_S + 2)
    yield ends_within(served, b"GET " + click + b" HTTP/1.1\r\nHost: a\r\n", b"X-A: b\r\n", 1,
                      WHOLE_S + 2)
    yield ends_within(served, b"POST " + served.path("u", 7).encode()
                      + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n", b"a", 1,
                      WHOLE_S + 2)
    after = served.settled_events()
    if len(after) != before:
        yield f"recorded: {after[before:]}"


def open_many(served, count, first):
    clients = []
    for _ in range(count):
        client = socket.socket()
        client.settimeout(60)
        client.connect(("127.0.0.1", served.port))
        client.sendall(first)
        clients.append(client)
    return clients


def thousands_wait_and_others_are_served(served):
    count = served.options["connections"]
    resource.setrlimit(resource.RLIMIT_NOFILE,
                       (min(count + 500, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),
                        resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    before, clients = served.memory(), []
    try:
        # More than web_connections, with half a header each.
        clients = open_many(served, count, b"GET /health HTTP/1.1\r\nHost: a\r\nX-A: ")
        began, slowest = time.monotonic(), 0
        for number in range(20):
            asked = time.monotonic()
            reply = served.ask("GET", served.path("c", 8))
            slowest = max(slowest, time.monotonic() - asked)
            if reply.status != 302:
                yield f"beside them: {reply}"
            time.sleep(0.1)
        grown = served.memory() - before
        print(f"    {count} connections: {slowest * 1000:.0f} ms at most beside them, "
              f"{grown:.0f} MB, {grown * 1024 / count:.0f} KB each", flush=True)
        if slowest > 10 * served.patience:
            yield f"others waited {slowest:.1f} s"
        if grown > 200 * served.patience:
            yield f"the process grew by {grown:.0f} MB"
        if time.monotonic() - began > 60 * served.patience:
            yield "20 clicks took too long"
    finally:
        for client in clients:
            client.close()

    def closed():
        return sum(1 for line in open("/proc/net/tcp", encoding="ascii")
                   if f":{served.port:04X} " in line.split()[1] + " "
                   and line.split()[3] == "01") < 20

    wait_for("the connections to be gone", closed, 30 * served.patience)


def keep_alive_under_load(served):
    """Connections that had their reply do not keep others out."""
    clients = open_many(served, min(1000, served.options["connections"]),
                        b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
    try:
        for client in clients:
            received = client.recv(4096)
            if not received.startswith(b"HTTP/1.1 200 "):
                yield f"{received[:100]!r}"
                break
        yield served.still_serves(served.web_pid())
    finally:
        for client in clients:
            client.close()


CHECKS = [slow_clients_are_ended, thousands_wait_and_others_are_served, keep_alive_under_load]
