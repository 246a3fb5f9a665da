# SPDX-License-Identifier: BSD-2-Clause
"""mailtailord in the scratch folder: configuration, key, database, processes, reports.

The programs come from the build folder that MAILTAILOR_BUILD names (or the caller). What
a sanitizer finds in any of their processes lands in a folder of its own and counts as a
failure of whoever asks `reports()`.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import time

from lab import LabError, alive, children_of, free_port, kill, wait_for
from verify import make_key

SUPPRESSIONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "milter",
                            "tsan.supp")

CONFIG = """\
socket = "unix:{socket}"
socket_mode = "0660"
socket_group = "postfix"
user = "{user}"
pid_file = "{folder}/run/mailtailord.pid"
database = "{folder}/db/mailtailor.db"
log = "{log}"
log_level = "{level}"
sessions = {sessions}
outbox_workers = {outbox_workers}
relay = "127.0.0.1:{relay_port}"
mail_log = {{"{mail_log}"}}
postfix_config = "{postfix_config}"
web = "127.0.0.1:{web_port}"
trusted = {{"127.0.0.1/32"}}
machine_soon = "0s"
{settings}
"""

QUICK = """\
outbox_retry_min = "1s"
outbox_retry_max = "2s"
settle_wait = "2s"
"""


def find_programs(build=None):
    """Folder with mailtailord and mailtailor; LabError if there is none."""
    build = os.path.abspath(build or os.environ.get("MAILTAILOR_BUILD", "."))
    if all(os.access(os.path.join(build, name), os.X_OK)
           for name in ("mailtailord", "mailtailor")):
        return build
    raise LabError(f"no mailtailord and mailtailor in {build}: set MAILTAILOR_BUILD to the "
                   "folder they were built in")


def sanitized(program):
    """Which sanitizers the program was built with."""
    with open(program, "rb") as file:
        image = file.read()
    return [name for name, mark in (("asan", b"__asan_init"), ("tsan", b"__tsan_init"),
                                    ("ubsan", b"__ubsan_handle")) if mark in image]


class Daemon:
    """`extra`: configuration beyond the basic lines, e.g. campaign sections; may be
    changed, then reload() or restart()."""

    def __init__(self, lab, build=None, domains=("shop.example",), settings=QUICK, level="debug",
                 sessions=2, outbox_workers=2):
        self.lab = lab
        self.build = find_programs(build)
        self.folder = lab.path("daemon")
        self.path = os.path.join(self.folder, "mailtailor.conf")
        self.log = os.path.join(self.folder, "log", "mailtailor.log")
        self.socket = os.path.join(self.folder, "milter", "milter.sock")
        self.database = os.path.join(self.folder, "db", "mailtailor.db")
        self.sanitizers = sanitized(os.path.join(self.build, "mailtailord"))
        for name in ("run", "db", "log", "milter", "reports"):
            lab.open_to_all("daemon", name)
        self.keys = {}
        for domain in domains:
            key = os.path.join(self.folder, f"{domain}.pem")
            make_key(key)
            self.keys[("mt1", domain)] = key
        self.extra = ""
        self._settings = dict(
            socket=self.socket, folder=self.folder, log=self.log, level=level,
            sessions=sessions, outbox_workers=outbox_workers, settings=settings,
            # LeakSanitizer can't look into a process that changed its user.
            user="root" if self.sanitizers else "nobody")
        self._process = None
        self.web_port = free_port()
        self._settings.update(web_port=self.web_port)

    @property
    def milter(self):
        """As Postfix's smtpd_milters wants it."""
        return f"unix:{self.socket}"

    def use(self, postfix):
        """Tailored mail goes back to this Postfix."""
        self._settings.update(relay_port=postfix.port, mail_log=postfix.log,
                              postfix_config=postfix.config)
        open(postfix.log, "a", encoding="utf-8").close()
        os.chmod(postfix.log, 0o644)

    def write_config(self, more=None):
        """`more`: what only the next start or reload is to see."""
        text = CONFIG.format(**self._settings)
        for (selector, domain), key in self.keys.items():
            text += f'dkim "{domain}" {{\n\tselector = "{selector}"\n\tkey = "{key}"\n}}\n'
        text += self.extra + (more or "")
        with open(self.path, "w", encoding="utf-8") as out:
            out.write(text)

    def environment(self):
        """For the daemon and the tool; what sanitizers say goes into a folder."""
        path = os.path.join(self.folder, "reports", "report")
        common = f"log_path={path}:exitcode=99:"
        environment = dict(os.environ)
        if self.sanitizers:
            # GLib's own allocator would hide from them who wrote where.
            environment["G_SLICE"] = "always-malloc"
        environment["ASAN_OPTIONS"] = common + "detect_leaks=1"
        environment["UBSAN_OPTIONS"] = common + "print_stacktrace=1"
        environment["LSAN_OPTIONS"] = common
        environment["TSAN_OPTIONS"] = common + f"suppressions={SUPPRESSIONS}"
        return environment

    def reports(self):
        """Texts of what the sanitizers found so far."""
        folder = os.path.join(self.folder, "reports")
        texts = []
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                text = file.read()
            if text.strip():
                texts.append(f"{name}\n{text}")
        return texts

    def make_tokens(self):
        """A file with a token key, for `token_keys`, that the daemon's user may read; its path."""
        path = os.path.join(self.lab.open_to_all("daemon", "keys"), "tokens")
        self.tool("key", "new", path)
        self.own(path)
        return path

    # --- running ---

    def own(self, path):
        """Gives a file to the daemon's user."""
        shutil.chown(path, self._settings["user"])

    def check(self, path):
        """mailtailord -n with this file."""
        return subprocess.run([os.path.join(self.build, "mailtailord"), "-n", "-c", path], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=self.environment(), check=False)

    def serving(self):
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(self.socket)
                return True
            except OSError:
                return False

    def pid(self):
        """Of the master."""
        if self._process and self._process.poll() is None:
            return self._process.pid
        return None

    def start(self):
        if not os.path.exists(self.path):
            self.write_config()
        with open(os.path.join(self.folder, "log", "stderr"), "ab") as out:
            self._process = subprocess.Popen(
                [os.path.join(self.build, "mailtailord"), "-f", "-c", self.path],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=self.environment())

        def up():
            if self._process.poll() is not None:
                raise LabError(f"mailtailord left with {self._process.returncode}\n"
                               + self.stderr_text() + self.log_text()[-3000:])
            return self.serving()

        wait_for("mailtailord to serve", up, 30)

    def stop(self, seconds=60):
        """As an administrator does. Returns the exit status."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise LabError(f"mailtailord did not stop within {seconds} s") from None
        self._process = None
        return status

    def kill(self):
        """kill -9 of the master; its workers are to notice."""
        workers = self.workers()
        kill(self._process.pid)
        self._process.wait()
        self._process = None
        wait_for("the workers to leave after their master",
                 lambda: not any(alive(pid) for pid, _ in workers), 60)

    def restart(self):
        self.stop()
        self.start()

    def workers(self, kind=None):
        """[(pid, kind)] of the master's children; kind: session, outbox, web,
        plugins."""
        master = self.pid()
        found = []
        for pid in children_of(master) if master else []:
            try:
                with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
                    name = file.read().strip()
            except OSError:
                continue
            for known in ("session", "outbox", "web", "plugins", "follower", "webhook"):
                if name == f"mt-{known}" and alive(pid) and kind in (None, known):
                    found.append((pid, known))
        return found

    def reload(self, more=None, seconds=60):
        """SIGHUP with the configuration as it is now; waits until it alone is in use."""
        self.write_config(more)
        old = self.workers()
        self.hang_up("reloaded", seconds)
        wait_for("the old workers to leave", lambda: not any(alive(pid) for pid, _ in old),
                 seconds)

    def hang_up(self, word, seconds=30):
        """SIGHUP, and the master's answer in the log."""
        since = self.log_size()
        self._process.send_signal(signal.SIGHUP)
        wait_for(f'"{word}" in the log', lambda: word in self.log_text(since), seconds)

    # --- the administrator's tool ---

    def tool(self, *arguments, input=None, check=True, seconds=120):
        """mailtailor with this configuration; CompletedProcess with text."""
        done = subprocess.run(
            [os.path.join(self.build, "mailtailor"), "-c", self.path, *arguments],
            input=input, stdin=None if input is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=seconds,
            text=True, errors="replace", env=self.environment())
        if check and done.returncode != 0:
            raise LabError(f"mailtailor {' '.join(arguments)}: exit {done.returncode}\n"
                           f"{done.stdout}{done.stderr}")
        return done

    def import_contacts(self, csv):
        path = self.lab.path("contacts.csv")
        with open(path, "w", encoding="utf-8") as out:
            out.write(csv)
        return self.tool("contacts", "import", path)

    def journal(self, campaign=None, contact=None):
        """Rows as mailtailor journal --json gives them."""
        arguments = ["journal", "--json"]
        if campaign:
            arguments += ["--campaign", campaign]
        if contact:
            arguments += ["--contact", contact]
        return read_json(self.tool(*arguments).stdout)

    def outbox(self, *arguments):
        """Rows that wait or are in hand; with "--all" the finished ones, too."""
        return read_json(self.tool("outbox", "list", "--rows", "--json", *arguments).stdout)

    # --- logs ---

    def log_size(self):
        try:
            return os.path.getsize(self.log)
        except OSError:
            return 0

    def log_text(self, since=0):
        try:
            with open(self.log, "rb") as file:
                file.seek(since)
                return file.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""

    def stderr_text(self):
        with open(os.path.join(self.folder, "log", "stderr"), encoding="utf-8",
                  errors="replace") as file:
            return file.read()


def read_json(text):
    """One array, or one object a line."""
    text = text.strip()
    if not text:
        return []
    if text.startswith("["):
        return json.loads(text)
    return [json.loads(line) for line in text.splitlines()]
