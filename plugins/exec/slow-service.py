#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A helper for mailtailor-exec(7): {{ ai.teaser }} from a service that takes its time.

    plugin "exec" {
        command = {"/usr/bin/python3", "/etc/mailtailor/slow-service.py"}
        values = {"ai"}
        attributes = {"interest"}
        environment = {"SERVICE=http://127.0.0.1:8080/teaser"}
    }

No message waits for the service. What is known is answered at once; what is not is nil, which
{{ ai.teaser | default: "News for you" }} covers, and a thread asks the service for the next one.
An answer is kept for a day.
"""

import collections
import json
import os
import queue
import sys
import threading
import time
import urllib.parse
import urllib.request

KEPT = 10000
DAY = 24 * 3600

known = collections.OrderedDict()  # interest -> (until, text)
wanted = queue.Queue(maxsize=1000)
asked = set()
lock = threading.Lock()


def ask_service():
    while True:
        interest = wanted.get()
        try:
            url = os.environ["SERVICE"] + "?" + urllib.parse.urlencode({"for": interest})
            with urllib.request.urlopen(url, timeout=30) as reply:
                text = reply.read(4096).decode("utf-8")
        except (OSError, ValueError, KeyError) as error:
            print(f"{interest}: {error}", file=sys.stderr, flush=True)
            text = None
        with lock:
            asked.discard(interest)
            if text is not None:
                known[interest] = (time.monotonic() + DAY, text)
            while len(known) > KEPT:
                known.popitem(last=False)


def teaser(interest):
    with lock:
        until, text = known.get(interest, (0, None))
        if until < time.monotonic() and interest not in asked and not wanted.full():
            asked.add(interest)
            wanted.put_nowait(interest)
        return text


def main():
    threading.Thread(target=ask_service, daemon=True).start()
    for line in sys.stdin:
        question = json.loads(line)
        answer = {"id": question["id"]}
        if question["hook"] == "value":
            text = teaser(str(question["contact"].get("interest", "")))
            answer["value"] = {"teaser": text} if text else None
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
