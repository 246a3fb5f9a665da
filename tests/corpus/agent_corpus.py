#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""How many machines, and how many people, are taken for machines by User-Agent alone.

Lists of others: isbot's crawlers and browsers, and crawler-user-agents. -v names who was
misjudged."""

import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CORPORA = os.environ.get("MAILTAILOR_CORPORA") or os.path.join(
    os.environ.get("srcdir", os.path.join(HERE, "..", "..")), "..", "shared", "data")
# At most so many people, at least so many machines, in percent. Machines that say they are a
# browser are for other signs to find.
PEOPLE, MACHINES = 0.5, {"isbot": 80, "crawler-user-agents": 90}


def fixture(name):
    """The list items of one of isbot's YAML files, which are plain or quoted scalars."""
    with open(os.path.join(CORPORA, "bots-isbot", "fixtures", name), encoding="utf-8") as file:
        found = re.findall(r"^\s*-\s+(.*)$", file.read(), re.M)
    return [text[1:-1] if text[:1] in "\"'" else text for text in map(str.strip, found)]


def crawlers():
    path = os.path.join(CORPORA, "bots-crawler-user-agents", "crawler-user-agents.json")
    with open(path, encoding="utf-8") as file:
        return [agent for entry in json.load(file) for agent in entry.get("instances", [])]


def judge(agents):
    """True for each that is taken for a machine."""
    text = "".join(agent.replace("\n", " ") + "\n" for agent in agents)
    done = subprocess.run(["tests/corpus/agent_corpus"], input=text, stdout=subprocess.PIPE,
                          encoding="utf-8", check=True)
    return [line != "-" for line in done.stdout.splitlines()]


def main():
    if not os.path.isdir(os.path.join(CORPORA, "bots-isbot")):
        print("no corpus at", CORPORA)
        return 77
    failed = False
    people, lists = fixture("browsers.yml"), {"isbot": fixture("crawlers.yml"),
                                              "crawler-user-agents": crawlers()}
    wrong = [agent for agent, machine in zip(people, judge(people)) if machine]
    share = 100 * len(wrong) / len(people)
    print(f"people: {len(wrong)} of {len(people)} taken for machines, {share:.2f} %")
    failed |= len(people) < 100 or share > PEOPLE
    missed = []
    for name, agents in lists.items():
        verdicts = judge(agents)
        share = 100 * sum(verdicts) / len(agents)
        print(f"machines of {name}: {sum(verdicts)} of {len(agents)} found, {share:.1f} %")
        failed |= len(agents) < 100 or share < MACHINES[name]
        missed += [agent for agent, machine in zip(agents, verdicts) if not machine]
    if "-v" in sys.argv:
        print("\n".join(["people:", *wrong, "machines:", *missed]))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
