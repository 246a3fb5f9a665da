# SPDX-License-Identifier: BSD-2-Clause
"""Whose address is kept of a click: X-Forwarded-For counts as far as web_proxies vouch for it."""

import random
import time

LONG = ", ".join(f"203.0.113.{i % 256}" for i in range(900))

# What the proxy on 127.0.0.1 says -> the whole address; its network.
FORWARDED = [
    (None, "127.0.0.1", "127.0.0.0"),
    ("", "127.0.0.1", "127.0.0.0"),
    ("203.0.113.77", "203.0.113.77", "203.0.113.0"),
    ("6.6.6.6, 203.0.113.77", "203.0.113.77", "203.0.113.0"),  # the first is what the client says
    ("6.6.6.6,203.0.113.77 ", "203.0.113.77", "203.0.113.0"),
    ("203.0.113.77, 10.1.2.3", "203.0.113.77", "203.0.113.0"),  # a proxy of ours behind another
    ("6.6.6.6, 203.0.113.77, 10.1.2.3, 10.1.2.4", "203.0.113.77", "203.0.113.0"),
    ("10.1.2.3, 10.1.2.4", "10.1.2.3", "10.1.2.0"),  # all are ours: the first of them
    ("203.0.113.77:51234", "203.0.113.77", "203.0.113.0"),
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
    ("[2001:db8:1:2:3:4:5:6]", "2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
    ("[2001:db8:1:2:3:4:5:6]:443", "2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
    ("::ffff:203.0.113.77", "203.0.113.77", "203.0.113.0"),
    ("unknown", "127.0.0.1", "127.0.0.0"),
    ("203.0.113.77, unknown", "127.0.0.1", "127.0.0.0"),
    ("203.0.113.77, ", "127.0.0.1", "127.0.0.0"),
    ("_hidden", "127.0.0.1", "127.0.0.0"),
    ("203.0.113.777", "127.0.0.1", "127.0.0.0"),
    ("203.0.113.77/8", "127.0.0.1", "127.0.0.0"),
    ("203.0.113.77:port", "127.0.0.1", "127.0.0.0"),
    ("[203.0.113.77", "127.0.0.1", "127.0.0.0"),
    ("fe80::1%eth0", "127.0.0.1", "127.0.0.0"),
    ("0x7f.1", "127.0.0.1", "127.0.0.0"),
    ("<script>alert(1)</script>", "127.0.0.1", "127.0.0.0"),
    ("'; DROP TABLE event; --", "127.0.0.1", "127.0.0.0"),
    ("a" * 8000, "127.0.0.1", "127.0.0.0"),
    ("," * 5000, "127.0.0.1", "127.0.0.0"),
    (LONG, f"203.0.113.{899 % 256}", "203.0.113.0"),
]


def reload(served, lines):
    before = served.daemon._settings["settings"]
    served.daemon._settings["settings"] = before + lines
    try:
        served.daemon.reload()
    finally:
        served.daemon._settings["settings"] = before
    served.new_pid = served.web_pid()


def kept(served, values):
    """The address that is kept of an open with each of these fields."""
    mark = f"Mozilla/5.0 (test {random.getrandbits(60)} "
    paths = [served.path("o", number) for number in range(10, 30)]
    for i, value in enumerate(values):
        fields = {"User-Agent": f"{mark}{i})"}
        if value is not None:
            fields["X-Forwarded-For"] = value
        # A token counts once in a second.
        if i > 0 and i % len(paths) == 0:
            time.sleep(1.1)
        reply = served.ask("GET", paths[i % len(paths)], fields)
        assert reply.status == 200, reply
    served.settled_events()
    found = {}
    for event in served.events():
        agent = event["properties"].get("agent", "")
        if agent.startswith(mark):
            found[int(agent[len(mark):-1])] = event["properties"].get("address")
    return [found.get(i, "no event") for i in range(len(values))]


def compare(served, values, wanted):
    for value, address, expected in zip(values, kept(served, values), wanted):
        if address != expected:
            yield f"X-Forwarded-For: {str(value)[:80]}: {address}, expected {expected}"


PROXIES = 'web_proxies = {"127.0.0.0/8", "10.0.0.0/8"}\n'


def full_addresses(served):
    reload(served, PROXIES + "web_client = full\n")
    yield from compare(served, [row[0] for row in FORWARDED], [row[1] for row in FORWARDED])


def networks(served):
    reload(served, PROXIES + "web_client = short\n")
    yield from compare(served, [row[0] for row in FORWARDED], [row[2] for row in FORWARDED])


def no_address(served):
    reload(served, PROXIES + "web_client = none\n")
    yield from compare(served, ["203.0.113.77", None], [None, None])


def who_is_not_trusted_is_not_believed(served):
    reload(served, 'web_proxies = {"192.0.2.1/32"}\nweb_client = full\n')
    values = [row[0] for row in FORWARDED]
    yield from compare(served, values, ["127.0.0.1"] * len(values))
    # The folder's other checks go on with the usual configuration.
    reload(served, "")


CHECKS = [full_addresses, networks, no_address, who_is_not_trusted_is_not_believed]
