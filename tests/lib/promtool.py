# SPDX-License-Identifier: BSD-2-Clause
"""Prometheus's promtool, of Debian's package; the package itself is not installed, since all
else in it is a daemon."""

import glob
import os
import shutil
import subprocess


def find(folder):
    """Its path, or None where it can't be had; unpacked below `folder` if it is not installed."""
    installed = shutil.which("promtool")
    unpacked = os.path.join(folder, "prometheus")
    program = os.path.join(unpacked, "usr", "bin", "promtool")
    if installed or os.path.exists(program):
        return installed or program
    if not shutil.which("apt-get"):
        return None
    os.makedirs(unpacked, exist_ok=True)
    for attempt in (["apt-get", "download", "prometheus"], ["apt-get", "update"],
                    ["apt-get", "download", "prometheus"]):
        done = subprocess.run(attempt, cwd=unpacked, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False)
        if done.returncode == 0 and attempt[1] == "download":
            break
    packages = glob.glob(os.path.join(unpacked, "prometheus_*.deb"))
    if not packages:
        return None
    subprocess.run(["dpkg", "-x", packages[0], unpacked + ".new"], check=True)
    os.unlink(packages[0])
    os.renames(os.path.join(unpacked + ".new", "usr", "bin", "promtool"), program)
    shutil.rmtree(unpacked + ".new", ignore_errors=True)
    return program


def complaints(program, text):
    """What it finds wrong with a page of metrics; empty: nothing."""
    done = subprocess.run([program, "check", "metrics"], input=text, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.stdout.strip() if done.returncode != 0 or done.stdout.strip() else ""
