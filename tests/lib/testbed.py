# SPDX-License-Identifier: BSD-2-Clause
"""Postfix, sink and mailtailord together, wired as the drop-in is."""

from daemon import Daemon
from lab import wait_for
from postfix import Postfix
from sink import Sink
from verify import Verifier


class Testbed:
    """`sink_port`: of another sink, which the caller runs. `relay_settings`: lines for Postfix's
    main.cf. Other options are Postfix's and
    Daemon's."""

    def __init__(self, lab, build=None, extra="", policy=True, own_log=False,
                 sink_port=None, relay_settings="", **daemon_options):
        self.lab = lab
        self.sink = None if sink_port else Sink(lab)
        self.daemon = Daemon(lab, build, **daemon_options)
        self.postfix = Postfix(lab, sink_port or self.sink.port, milter=self.daemon.milter,
                               policy_port=self.sink.policy_port if policy else None,
                               own_log=own_log, settings=relay_settings)
        self.daemon.use(self.postfix)
        self.daemon.extra = extra
        self.verifier = Verifier(lab, self.daemon.keys)
        # A sanitized daemon is a few times slower.
        self.patience = 4 if self.daemon.sanitizers else 1

    def start(self):
        self.daemon.start()
        self.postfix.start()

    def stop(self):
        """Orderly; returns the daemon's exit status."""
        status = self.daemon.stop()
        self.postfix.stop()
        if self.sink:
            self.sink.stop()
        return status

    def settle(self, seconds=20):
        """Until nothing moves: no row is claimed, Postfix's queue is empty."""
        wait_for("the outbox to have nothing in hand",
                 lambda: not [row for row in self.daemon.outbox() if row["state"] == "claimed"],
                 seconds * self.patience)
        self.postfix.wait_empty(seconds * self.patience)
