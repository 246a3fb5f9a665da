# SPDX-License-Identifier: BSD-2-Clause
"""A scratch folder whose processes and files are gone when the test is.

Everything a test starts carries the folder's path in its environment (MT_SCRATCH, or
MAIL_CONFIG for Postfix's programs). A small warden process holds the other end of a
pipe: when the test ends, however it ends, the warden reads end of file, kills what
carries the path, and removes the folder.
"""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

POLL_S = 0.02


class LabError(Exception):
    """Something the test stands on did not work; says what in one sentence."""


def wait_for(what, condition, seconds=30, pause=POLL_S):
    """Returns the first true result of condition(); LabError when the time is up."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise LabError(f"waited {seconds} s for {what}")
        time.sleep(pause)


_given_ports = set()


def free_port():
    """A TCP port on 127.0.0.1 that nobody listens on, and that was not given before."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in _given_ports:
            _given_ports.add(port)
            return port


def can_connect(port, host="127.0.0.1"):
    try:
        socket.create_connection((host, port), timeout=2).close()
        return True
    except OSError:
        return False


def processes_of(folder):
    """Process ids (not our own) that were started for this scratch folder."""
    marks = (f"MT_SCRATCH={folder}".encode(), f"MAIL_CONFIG={folder}/".encode())
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as environ:
                variables = environ.read().split(b"\0")
            with open(f"/proc/{name}/stat", "rb") as stat:
                state = stat.read().rpartition(b")")[2].split()[0]
        except OSError:
            continue
        if state == b"Z":
            continue
        if any(v == marks[0] or v.startswith(marks[1]) for v in variables):
            found.append(int(name))
    return found


def children_of(pid):
    """Direct children of a process, oldest first."""
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as listing:
                found += [int(child) for child in listing.read().split()]
    except OSError:
        pass
    return sorted(found)


def state_of(pid):
    """As ps shows it: R, S, T, Z, ...; None if there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()[0].decode()
    except OSError:
        return None


def alive(pid):
    return state_of(pid) not in (None, "Z")


def kill(pid, number=signal.SIGKILL):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


class Lab:
    """The scratch folder. `keep`: leave the files (never the processes) behind."""

    def __init__(self, keep=False):
        self.folder = tempfile.mkdtemp(prefix="mailtailor-")
        os.chmod(self.folder, 0o755)  # Postfix and the daemon run as other users
        self.keep = keep
        os.environ["MT_SCRATCH"] = self.folder
        reading, self._writing = os.pipe()
        self._warden = os.fork()
        if self._warden == 0:
            os.close(self._writing)
            _warden(reading, self.folder)
        os.close(reading)
        os.set_inheritable(self._writing, False)
        atexit.register(self.close)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda n, frame: sys.exit(128 + n))

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def open_to_all(self, *names):
        """A folder that the daemon's user may write to."""
        path = self.path(*names)
        os.makedirs(path, exist_ok=True)
        os.chmod(path, 0o777)
        return path

    def close(self):
        if self._warden is None:
            return
        os.write(self._writing, b"keep" if self.keep else b"gone")
        os.close(self._writing)
        os.waitpid(self._warden, 0)
        self._warden = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def _warden(reading, folder):
    """Never returns."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    try:
        os.setsid()
        # The caller's output must reach its end although the warden lives on.
        null = os.open("/dev/null", os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        os.closerange(3, reading)
        os.closerange(reading + 1, 4096)
        last_word = b""
        while True:
            word = os.read(reading, 64)
            if not word:
                break
            last_word = word
        for _ in range(200):
            left = [pid for pid in processes_of(folder) if pid != os.getppid()]
            if not left:
                break
            for pid in left:
                kill(pid)
            time.sleep(POLL_S)
        if last_word != b"keep":
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os._exit(0)


def run(arguments, **options):
    """A command to its end; output as text. LabError with its output if it fails."""
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, text=True, errors="replace", check=False,
                          **options)
    if done.returncode != 0:
        raise LabError(f"{' '.join(arguments)}: exit {done.returncode}\n{done.stdout}")
    return done.stdout
