# SPDX-License-Identifier: BSD-2-Clause
"""The whole engine for programs in Python: engine_corpus in a scratch folder of its own."""

import email
import json
import os
import random
import re
import subprocess
import tempfile

PROGRAM = os.environ.get("ENGINE_CORPUS", "tests/corpus/engine_corpus")
CORPORA = os.environ.get("MAILTAILOR_CORPORA") or os.path.join(
    os.environ.get("srcdir", "."), "../shared/data")

BASE = "https://t.shop.example"
TOKEN = re.compile(re.escape(BASE) + r"/([a-z])/[A-Za-z0-9_-]+")
PIXEL = re.compile('<img src="' + re.escape(BASE) + '/o/[A-Za-z0-9_-]+" width="1" height="1" '
                   'alt="" border="0"(?: style="[^"]*")?>')

CONFIGURATION = f"""\
database = "mailtailor.db"
token_keys = "tokens"
tracking_url = "{BASE}"
max_headers = 10000
campaign "spring" {{ kind = transactional automatic = no }}
campaign "quiet" {{ kind = transactional automatic = no track_opens = no track_clicks = no }}
campaign "chimp" {{ kind = transactional automatic = no merge_tags = mailchimp track_opens = no }}
campaign "strict" {{ kind = transactional automatic = no charset = keep sealed = refuse to = keep }}
dkim "shop.example" {{ selector = "s1" key = "key.pem" }}
"""


class Engine:
    """`with Engine() as engine`: answers are those of engine_corpus, a dictionary for each."""

    def __enter__(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="engine")
        self.folder = self.scratch.name
        key = self.path("key.pem")
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True,
                       stderr=subprocess.DEVNULL)
        os.chmod(key, 0o600)
        self.write("mailtailor.conf", CONFIGURATION.encode())
        self.process = subprocess.Popen([PROGRAM, self.folder], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.sent = ""
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.status = self.process.wait(60)
        self.process.stdout.close()
        self.scratch.cleanup()

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)

    def ask(self, **order):
        self.sent = json.dumps(order)
        self.process.stdin.write(self.sent + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"engine_corpus ended with {self.process.wait()} at "
                               f"{self.sent[:200]}")
        return json.loads(line)

    def message(self, data, campaign="spring", crlf=True):
        """`data`: the bytes of a whole message."""
        return self.ask(message=self.write("message.eml", data), campaign=campaign, crlf=crlf)

    def render(self, address):
        return self.ask(render=address)

    def copy(self, address):
        """The copy's bytes, or None."""
        answer = self.render(address)
        return answer["copy"].encode("latin-1") if "copy" in answer else None

    def target(self, path):
        """Where the token leads, as bytes; None: it is no good."""
        answer = self.ask(decode=path)
        return answer["address"].encode("latin-1") if "address" in answer else None


def parsed(data):
    return email.message_from_bytes(data)


def utf8(latin1):
    return latin1.encode("latin-1").decode("utf-8")


def files_below(folder):
    for where, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(where, name)
            if os.path.isfile(path):
                yield path


def generator(seed, *words):
    return random.Random(f"{seed} {' '.join(map(str, words))}")
