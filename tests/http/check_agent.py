# SPDX-License-Identifier: BSD-2-Clause
"""The User-Agent is kept as it came, as far as it is UTF-8, whatever JSON makes of its characters."""

MAX = 512

AGENTS = [
    b'quotes " and \\ and \\" at the end\\',
    b'{"machine":"x"}","machine":"y',
    b"</script><script>alert(1)</script>",
    b"a\ttab",
    b"\x7f deleted",
    b"\x01 \x1f controls",
    "Grüße, 你好, \U0001f600".encode(),
    b"before \xff after",
    b"\xff",
    b"cut \xc3",
    b"overlong \xc0\x80 nul",
    b"surrogate \xed\xa0\x80",
    b"x" * MAX,
    b"x" * (MAX - 1) + "é".encode(),
    b'"' * 4000,
    b"",
]


def wanted(agent):
    """As it stands in the event; None: there is none."""
    kept = agent[:MAX]
    while True:
        try:
            return kept.decode() or None
        except UnicodeDecodeError as error:
            kept = kept[:error.start]


def opens(served, address):
    """Properties of all opens of the one address."""
    return [event["properties"] for event in served.events()
            if event["kind"] == "opened" and event["address"] == address]


def hostile_agents(served):
    first = 20
    said = {}
    for i, agent in enumerate(AGENTS):
        address = f"h{first + i}@http.example"
        before = len(opens(served, address))
        # Control characters need not be taken, but then nothing must be recorded.
        reply = served.ask("GET", served.path("o", first + i), {"User-Agent": agent})
        if reply.status == 200:
            said[address] = (agent, before)
        elif reply.status != 400:
            yield f"{agent[:40]}: {reply.status}"
    served.settled_events()
    for address, (agent, before) in said.items():
        kept = opens(served, address)
        if len(kept) != before + 1:
            yield f"{agent[:40]}: {len(kept) - before} events"
        elif wanted(agent) not in [properties.get("agent") for properties in kept]:
            yield f"{agent[:40]}: kept is {kept}"
    if len(said) < len(AGENTS) - 3:
        yield f"only {len(said)} of {len(AGENTS)} were taken"


CHECKS = [hostile_agents]
