# SPDX-License-Identifier: BSD-2-Clause
"""A private Sendmail in a scratch folder: own configuration, queue, log and port.

Debian's packages can't be installed beside Postfix, so `contrib/packages sendmail` unpacks
them only, into build-check/sendmail (or where MAILTAILOR_SENDMAIL says). Sendmail logs by
syslog(3), which knows no other place than /dev/log: it runs in a mount namespace of its own,
whose /dev holds a socket of ours.

Everything is delivered to the sink; nothing is delivered locally or looked up in DNS.
"""

import glob
import os
import signal
import subprocess
import sys

from lab import LabError, alive, can_connect, free_port, kill, processes_of, run, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
UNPACKED = os.path.join(HERE, "..", "..", "build-check", "sendmail")

# F=T: 4xx while there is no milter. Queue runs that pass over nothing, so that what was
# deferred comes again at once.
SENDMAIL_MC = """\
divert(-1)
define(`_CF_DIR_', `{cf}/')
include(`{cf}/m4/cf.m4')
VERSIONID(`private')
OSTYPE(`linux')
undefine(`confERR_TO')
define(`confDOMAIN_NAME', `relay.example')
define(`MAIL_SETTINGS_DIR', `{folder}/')
define(`ALIAS_FILE', `{folder}/aliases')
define(`HELP_FILE', `{folder}/helpfile')
define(`STATUS_FILE', `')
define(`QUEUE_DIR', `{folder}/queue')
define(`confPID_FILE', `{folder}/sendmail.pid')
define(`confSERVICE_SWITCH_FILE', `{folder}/service.switch')
define(`confCW_FILE', `-o {folder}/local-host-names')
define(`confCT_FILE', `-o {folder}/trusted-users')
define(`confCR_FILE', `-o {folder}/relay-domains')
define(`confDONT_BLAME_SENDMAIL', `TrustStickyBit,GroupWritableDirPathSafe')
define(`confDEF_USER_ID', `mail:mail')
define(`confLOG_LEVEL', `9')
define(`confMIN_QUEUE_AGE', `0')
define(`confTO_IDENT', `0')
define(`confQUEUE_LA', `1000')
define(`confREFUSE_LA', `1000')
define(`confDELAY_LA', `0')
define(`confTRY_NULL_MX_LIST', `True')
define(`confPRIVACY_FLAGS', `goaway')
define(`confMAX_DAEMON_CHILDREN', `60')
define(`SMART_HOST', `relay:[127.0.0.1]')
define(`RELAY_MAILER_ARGS', `TCP $h {sink_port}')
define(`LOCAL_MAILER_PATH', `/bin/false')
FEATURE(`no_default_msa')
FEATURE(`nocanonify')
FEATURE(`accept_unresolvable_domains')
FEATURE(`accept_unqualified_senders')
FEATURE(`nouucp', `reject')
DAEMON_OPTIONS(`Name=MTA, Family=inet, Addr=127.0.0.1, Port={port}')
{milter}
MAILER(`smtp')
LOCAL_CONFIG
"""

# Arguments: a folder, the log's socket, a file of host names, and what is to run.
IN_NAMESPACE = """
set -e
mount -t tmpfs -o size=64k,mode=755 none "$1"
for device in null zero random urandom; do
    : >"$1/$device"
    mount --bind "/dev/$device" "$1/$device"
done
ln -s "$2" "$1/log"
mount --rbind "$1" /dev
# Sendmail insists on a name with a domain.
mount --bind "$3" /etc/hosts
hostname relay.example
shift 3
exec "$@"
"""


def unpacked():
    """The folder with Debian's packages; None if there is none."""
    folder = os.path.abspath(os.environ.get("MAILTAILOR_SENDMAIL", UNPACKED))
    program = os.path.join(folder, "usr", "libexec", "sendmail", "sendmail")
    return folder if os.access(program, os.X_OK) else None


NAMESPACES = ["unshare", "--mount", "--uts", "--propagation", "private", "sh", "-c"]


def lacks():
    """Why it can't run here; None if it can."""
    if unpacked() is None:
        return "Debian's Sendmail is not unpacked; see contrib/packages sendmail"
    tried = subprocess.run(
        NAMESPACES + ["mount -t tmpfs none /mnt && : >/mnt/x && mount --bind /mnt/x /etc/hosts"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return f"no namespace with mounts of its own: {tried.stdout.strip()}" if tried.returncode \
        else None


class Sendmail:
    """`milter`: lines of conf/sendmail.mc, or none. `port`, `log` and `config` as Postfix has
    them."""

    def __init__(self, lab, sink_port, milter=""):
        self._scratch = lab.folder
        self._unpacked = unpacked()
        self.folder = lab.path("sendmail")
        self.port = free_port()
        self.log = os.path.join(self.folder, "log", "mail.log")
        self.config = ""
        for name in ("queue", "dev", "log"):
            os.makedirs(os.path.join(self.folder, name))
        os.chmod(os.path.join(self.folder, "queue"), 0o700)
        libraries = glob.glob(os.path.join(self._unpacked, "usr", "lib", "*-linux-gnu*"))
        self._environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C",
                             "LD_LIBRARY_PATH": ":".join(libraries), "MT_SCRATCH": lab.folder}
        self._program = os.path.join(self._unpacked, "usr", "libexec", "sendmail", "sendmail")
        self._cf = self._write_cf(sink_port, milter)
        self._logger = self._process = None

    def _write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def _write_cf(self, sink_port, milter):
        self._write("aliases", "postmaster: root\n")
        self._write("service.switch", "hosts files\naliases files\n")
        self._write("relay-domains", "127.0.0.1\n")
        self._write("hosts", "127.0.0.1 relay.example localhost\n")
        for name in ("helpfile", "local-host-names", "trusted-users"):
            self._write(name, "")
        source = self._write("sendmail.mc", SENDMAIL_MC.format(
            cf=os.path.join(self._unpacked, "usr", "share", "sendmail", "cf"), folder=self.folder,
            sink_port=sink_port, port=self.port, milter=milter))
        return self._write("sendmail.cf", run(["m4", source], env=self._environment))

    def start(self):
        path = os.path.join(self.folder, "log", "socket")
        self._logger = subprocess.Popen(
            [sys.executable, "-S", os.path.join(HERE, "maillog.py"), path, self.log, "relay"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=self._environment)
        if self._logger.stdout.readline() != b"ready\n":
            raise LabError("the mail log's process did not start")
        with open(os.path.join(self.folder, "log", "output"), "ab") as out:
            self._process = subprocess.Popen(
                NAMESPACES + [
                    IN_NAMESPACE, "sh", os.path.join(self.folder, "dev"), path,
                    os.path.join(self.folder, "hosts"), self._program, "-L", "sm-mta",
                    f"-C{self._cf}", "-bD", "-q1s"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=self._environment)

        def up():
            if self._process.poll() is not None:
                raise LabError(f"Sendmail left with {self._process.returncode}\n" + self.output())
            return can_connect(self.port)

        wait_for("Sendmail to listen", up, 8)

    def output(self):
        with open(os.path.join(self.folder, "log", "output"), encoding="utf-8",
                  errors="replace") as file:
            return file.read() + self.log_text()[-3000:]

    def pids(self):
        """Of all its processes."""
        found = []
        for pid in processes_of(self._scratch):
            try:
                if os.readlink(f"/proc/{pid}/exe").startswith(self._unpacked):
                    found.append(pid)
            except OSError:
                pass
        return found

    def stop(self):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()
        for pid in self.pids():
            kill(pid)
        wait_for("Sendmail to stop", lambda: not any(alive(pid) for pid in self.pids()))

    def queue_files(self):
        """Queue ids of all messages that wait or are on their way."""
        return [name[2:] for name in os.listdir(os.path.join(self.folder, "queue"))
                if name.startswith("qf")]

    def log_text(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""
