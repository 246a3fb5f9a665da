# SPDX-License-Identifier: BSD-2-Clause
"""A private Postfix in a scratch folder: own configuration, queue, log and ports.

Ports, all on 127.0.0.1 (clients may also come from 127.0.0.2, see client.py):

    port        the drop-in: one smtpd with the milter
    plain_port  the same without a milter
    split_port  the split topology: hands each recipient of a message alone (transport
                with recipient_limit=1) to a second smtpd, which has the milter

Everything is delivered to the sink; nothing is delivered locally or looked up in DNS.
The machine's own Postfix is neither read nor touched.
"""

import grp
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time

from lab import LabError, alive, can_connect, free_port, kill, processes_of, run, state_of, wait_for

DAEMONS = "/usr/lib/postfix/sbin"

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
config_directory = {folder}/etc
command_directory = /usr/sbin
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
maillog_file = {log}
maillog_file_prefixes = /
syslog_name = postfix

myhostname = relay.example
mydomain = relay.example
myorigin = relay.example
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
local_transport = error:5.1.1 nothing is delivered here
relay_domains = static:all
default_transport = smtp:[127.0.0.1]:{sink_port}
relay_transport = smtp:[127.0.0.1]:{sink_port}
split_destination_recipient_limit = 1
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtp_skip_5xx_greeting = no
smtp_tls_security_level = none
smtpd_tls_security_level = none
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_peername_lookup = no
smtputf8_enable = yes
biff = no
header_size_limit = 1024000
message_size_limit = 104857600
smtpd_recipient_limit = 200000
smtpd_recipient_overshoot_limit = 200000
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 2000
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
smtpd_recipient_restrictions = {policy}permit_mynetworks, reject_unauth_destination
smtpd_end_of_data_restrictions = {end_policy}
smtpd_milters =
milter_default_action = tempfail
milter_protocol = 6
milter_command_timeout = 120s
milter_content_timeout = 120s

queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 4s
transport_retry_time = 1s
default_destination_concurrency_failed_cohort_limit = 0
initial_destination_concurrency = 20
bounce_queue_lifetime = 1h
maximal_queue_lifetime = 1h
{settings}
"""

# The queue's folders, made here since `postfix check` takes seconds and insists on a
# postlogd of Postfix's own: mode and group as in postfix-files.
QUEUE = {
    "active": (0o700, None), "bounce": (0o700, None), "corrupt": (0o700, None),
    "defer": (0o700, None), "deferred": (0o700, None), "flush": (0o700, None),
    "hold": (0o700, None), "incoming": (0o700, None), "private": (0o700, None),
    "saved": (0o700, None), "trace": (0o700, None),
    "maildrop": (0o730, "postdrop"), "public": (0o710, "postdrop"),
}

MASTER_CF = """\
127.0.0.1:{port}   inet n - n - - smtpd
    -o smtpd_milters={milter}
127.0.0.1:{plain_port} inet n - n - - smtpd
127.0.0.1:{split_port} inet n - n - - smtpd
    -o smtpd_client_restrictions=check_client_access,cidr:{config}/split
127.0.0.1:{second_port} inet n - n - - smtpd
    -o smtpd_milters={milter}
    -o smtpd_authorized_xforward_hosts=127.0.0.0/8
pickup     unix n - n 60 1 pickup
cleanup    unix n - n - 0 cleanup
qmgr       unix n - n 300 1 qmgr
tlsmgr     unix - - n 1000? 1 tlsmgr
rewrite    unix - - n - - trivial-rewrite
bounce     unix - - n - 0 bounce
defer      unix - - n - 0 bounce
trace      unix - - n - 0 bounce
verify     unix - - n - 1 verify
flush      unix n - n 1000? 0 flush
proxymap   unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp       unix - - n - - smtp
split      unix - - n - - smtp
    -o smtp_send_xforward_command=yes
    -o disable_mime_output_conversion=yes
relay      unix - - n - - smtp
showq      unix n - n - - showq
error      unix - - n - - error
retry      unix - - n - - error
discard    unix - - n - - discard
anvil      unix - - n - 1 anvil
scache     unix - - n - 1 scache
"""


def missing():
    """Why no private Postfix can run here, or None."""
    if os.geteuid() != 0:
        return "a private Postfix needs root: its programs change to the user postfix"
    if not os.access(f"{DAEMONS}/master", os.X_OK):
        return "Postfix is not installed (package postfix)"
    try:
        pwd.getpwnam("postfix")
    except KeyError:
        return "there is no user postfix (package postfix)"
    return None


class Postfix:
    """`milter`: as in smtpd_milters. `policy_port`: a policy server that is asked about
    each recipient (see sink.py). `settings`: lines for main.cf. `own_log`: Postfix's
    postlogd writes the log, which is faster, but does not survive a kill."""

    def __init__(self, lab, sink_port, milter="", policy_port=None, settings="", own_log=False):
        reason = missing()
        if reason:
            raise LabError(reason)
        self.folder = lab.path("postfix")
        self.config = os.path.join(self.folder, "etc")
        self.queue = os.path.join(self.folder, "queue")
        self.log = os.path.join(self.folder, "mail.log")
        self.port = free_port()
        self.plain_port = free_port()
        self.split_port = free_port()
        second_port = free_port()
        self._scratch = lab.folder
        self._logger = None
        self._own_log = own_log
        check = f"check_policy_service inet:127.0.0.1:{policy_port}" if policy_port else ""
        self._make_folders()
        self._write("main.cf", MAIN_CF.format(
            folder=self.folder, log=self.log, daemons=DAEMONS, sink_port=sink_port,
            policy=check + ", " if check else "", end_policy=check, settings=settings))
        self._write("master.cf", MASTER_CF.format(
            port=self.port, plain_port=self.plain_port, split_port=self.split_port,
            second_port=second_port, milter=milter, config=self.config)
                    + ("postlog unix-dgram n - n - 1 postlogd\n" if own_log else ""))
        # Behind the second smtpd everybody is 127.0.0.1: only those whom mailtailord trusts
        # may be led there, or an outsider's campaign header would count.
        self._write("split", f"127.0.0.1/32 FILTER split:[127.0.0.1]:{second_port}\n")
        self._environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C",
                             "MT_SCRATCH": lab.folder}

    def _make_folders(self):
        owner = pwd.getpwnam("postfix")
        data = os.path.join(self.folder, "data")
        for name in (self.config, self.queue, data, os.path.join(self.queue, "pid")):
            os.makedirs(name)
        os.chown(data, owner.pw_uid, owner.pw_gid)
        for name, (mode, group) in QUEUE.items():
            path = os.path.join(self.queue, name)
            os.mkdir(path)
            os.chown(path, owner.pw_uid, grp.getgrnam(group).gr_gid if group else 0)
            os.chmod(path, mode)

    def _write(self, name, text):
        path = os.path.join(self.config, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        # Postfix waits until a file is a few seconds old, lest somebody still writes it.
        os.utime(path, (time.time() - 60, time.time() - 60))

    def start(self):
        if self._logger is None and not self._own_log:
            self._start_log()
        run([f"{DAEMONS}/master", "-c", self.config, "-w"], env=self._environment)
        wait_for("Postfix to listen", lambda: can_connect(self.port))

    def _start_log(self):
        path = os.path.join(self.queue, "public", "postlog")
        self._logger = subprocess.Popen(
            [sys.executable, "-S", os.path.join(os.path.dirname(__file__), "maillog.py"), path,
             self.log], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=self._environment)
        if self._logger.stdout.readline() != b"ready\n":
            raise LabError("the mail log's process did not start")

    def master_pid(self):
        try:
            with open(os.path.join(self.queue, "pid", "master.pid"), encoding="ascii") as file:
                pid = int(file.read())
        except (OSError, ValueError):
            return None
        return pid if alive(pid) else None

    def pids(self):
        """The master and all its children."""
        found = []
        for pid in processes_of(self._scratch):
            try:
                program = os.readlink(f"/proc/{pid}/exe")
            except OSError:
                continue
            if program.startswith(DAEMONS):
                found.append(pid)
        return found

    def stop(self):
        pid = self.master_pid()
        if pid:
            kill(pid, signal.SIGTERM)
            wait_for("Postfix to stop", lambda: not alive(pid))
        self.kill()

    def kill(self):
        """kill -9 of the master and all its children; the log's process lives on."""
        end = time.monotonic() + 10
        while True:
            left = self.pids()
            if not left:
                return
            if time.monotonic() > end:
                raise LabError("Postfix's processes can't be killed")
            for pid in left:
                kill(pid)
            time.sleep(0.01)

    def restart(self):
        self.stop()
        self.start()

    def queue_files(self):
        """Queue ids of all messages that wait or are on their way. A file that is not
        executable was never finished: nobody was told that it is a message."""
        found = []
        for name in ("maildrop", "incoming", "active", "deferred", "hold"):
            for folder, _, files in os.walk(os.path.join(self.queue, name)):
                for file in files:
                    try:
                        mode = os.stat(os.path.join(folder, file)).st_mode
                    except FileNotFoundError:
                        continue
                    if mode & 0o100:
                        found.append(file)
        return found

    def wait_empty(self, seconds=60):
        try:
            wait_for("Postfix's queue to be empty", lambda: not self.queue_files(), seconds)
        except LabError as error:
            listing = subprocess.run(["/usr/sbin/postqueue", "-c", self.config, "-p"],
                                     stdout=subprocess.PIPE, text=True, check=False,
                                     env=self._environment).stdout
            raise LabError(f"{error}\n{listing[:2000]}") from None

    def empty(self):
        """Throws away all mail that waits."""
        subprocess.run(["/usr/sbin/postsuper", "-c", self.config, "-d", "ALL"], check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       env=self._environment)

    def flush(self):
        """Deferred mail is tried again now."""
        subprocess.run(["/usr/sbin/postqueue", "-c", self.config, "-f"], check=False,
                       stderr=subprocess.DEVNULL, env=self._environment)

    def rotate(self, name, copied=False):
        """The log goes on in a new file; the old one is mail.log.NAME. `copied`: it is copied, and
        the log itself truncated. No line is lost on the way."""
        old = f"{self.log}.{name}"
        # It is made with the first line after a rotation.
        if not os.path.exists(self.log):
            return
        if not copied:
            os.rename(self.log, old)
            self._logger.send_signal(signal.SIGUSR1)
            return
        self._logger.send_signal(signal.SIGSTOP)
        wait_for("the log's process to stand still", lambda: state_of(self._logger.pid) == "T")
        shutil.copy(self.log, old)
        os.truncate(self.log, 0)
        self._logger.send_signal(signal.SIGCONT)

    def log_text(self, since=0):
        """The log from byte `since` on."""
        try:
            with open(self.log, "rb") as file:
                file.seek(since)
                return file.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""

    def log_size(self):
        try:
            return os.path.getsize(self.log)
        except OSError:
            return 0
