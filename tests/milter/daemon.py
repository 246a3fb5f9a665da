# SPDX-License-Identifier: BSD-2-Clause
"""A mailtailord of its own in a scratch folder, for the tests of this folder."""

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

CONFIGURATION = """
socket = "{socket}"
socket_group = ""
socket_mode = "0600"
user = "{user}"
pid_file = "{scratch}/run/mailtailord.pid"
database = "{scratch}/db/mailtailor.db"
log = "{scratch}/log/mailtailord.log"
log_level = "debug"
sessions = {sessions}
outbox_workers = {outboxes}
relay = "127.0.0.1:1"
mail_log = {{ "{scratch}/log/mail.log" }}
max_message = 30m
max_recipients = 50
campaign "*" {{ }}
campaign "spring" {{ }}
campaign "members" {{ unknown = refuse }}
campaign "later" {{ unknown = defer }}
dkim "shop.example" {{ selector = "s1" key = "{scratch}/key.pem" }}
{more}
"""


def program(name):
    path = os.path.abspath(os.environ.get(name.upper(), name))
    return path if os.access(path, os.X_OK) else None


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def wait_until(what, condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


class Daemon:
    def __init__(self, tcp=False, sessions=2, outboxes=1):
        self.scratch = tempfile.mkdtemp(prefix="mailtailor-milter.")
        os.chmod(self.scratch, 0o755)
        self.user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self.socket = f"inet:{free_port()}@127.0.0.1" if tcp else f"unix:{self.scratch}/milter.sock"
        self.sessions, self.outboxes = sessions, outboxes
        self.process = None
        for folder in ("db", "log", "run"):
            os.mkdir(f"{self.scratch}/{folder}")
            if os.geteuid() == 0:
                shutil.chown(f"{self.scratch}/{folder}", self.user)
        with open(f"{self.scratch}/log/mail.log", "w", encoding="utf-8"):
            pass
        self.make_key()
        self.configure()

    def make_key(self):
        path = f"{self.scratch}/key.pem"
        subprocess.run(["openssl", "genrsa", "-out", path, "2048"], check=True,
                       stderr=subprocess.DEVNULL)
        os.chmod(path, 0o600)

    def configure(self, more=""):
        with open(f"{self.scratch}/mailtailor.conf", "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(more=more, **vars(self)))

    def command(self, *args):
        return [program("mailtailord"), "-c", f"{self.scratch}/mailtailor.conf", *args]

    def start(self, **environment):
        self.process = subprocess.Popen(self.command("-f"), env={**os.environ, **environment})
        wait_until("the daemon starts", lambda: "started" in self.log() or
                   self.process.poll() is not None)
        assert self.process.poll() is None, self.log()
        return self

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """SIGTERM; returns the exit status."""
        self.signal(signal.SIGTERM)
        return self.process.wait(40)

    def log(self):
        path = f"{self.scratch}/log/mailtailord.log"
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def workers(self, name="mt-session", master=None):
        """Process ids of the master's children of that kind."""
        found = []
        for path in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(path, encoding="utf-8") as file:
                    pid, rest = file.read().split(" (", 1)
            except OSError:
                continue
            comm, rest = rest.rsplit(") ", 1)
            state, parent = rest.split()[:2]
            if comm == name and int(parent) == (master or self.process.pid) and state != "Z":
                found.append(int(pid))
        return sorted(found)

    def clean(self, keep=False):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if keep:
            print(f"# scratch folder kept: {self.scratch}")
        else:
            shutil.rmtree(self.scratch)
