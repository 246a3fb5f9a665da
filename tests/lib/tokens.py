# SPDX-License-Identifier: BSD-2-Clause
"""Tokens in what arrived, and what `mailtailor token` says of them."""

import html
import json
import re

import verify

URL = re.compile(r"https?://[^\s<>\"')]+/(?:[couvphs]/[\w-]{40,}|t/[\w-]{40,}\.gif)")
ADDRESS = re.compile(r"[\w.-]+\+[a-zA-Z2-7]{53}@[\w.-]+")
# Arguments of one command.
BATCH = 500


def in_text(text):
    """All tokens of a text, as tracked addresses or mail addresses, in their order."""
    found = [(match.start(), match[0]) for pattern in (URL, ADDRESS)
             for match in pattern.finditer(html.unescape(text))]
    return [token for _, token in sorted(found)]


def in_message(message):
    """Of what the sink got: envelope sender, List-Unsubscribe, text and HTML."""
    texts = [message.sender, verify.header(message.data, "List-Unsubscribe") or ""]
    texts += [verify.text_of(message.data, kind) or "" for kind in ("plain", "html")]
    return [token for text in texts for token in in_text(text)]


def read(daemon, tokens):
    """What each of them says; raises LabError where one can't be read."""
    said = []
    for at in range(0, len(tokens), BATCH):
        done = daemon.tool("token", "--json", *tokens[at:at + BATCH])
        said += [json.loads(line) for line in done.stdout.splitlines()]
    return said
