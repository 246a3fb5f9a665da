# SPDX-License-Identifier: BSD-2-Clause
"""Programs of npm in the versions of a lock file, in the scratch folder. They come from npm's
registry, or from npm's own cache if it has them; none of them may run anything when it comes."""

import os
import shutil
import subprocess


def install(lab, source):
    """(folder, None), or (None, why there is none). `source`: the folder with package.json and
    package-lock.json, whose other files come along."""
    if not shutil.which("node") or not shutil.which("npm"):
        return None, "node or npm is missing (contrib/packages test installs them)"
    folder = os.path.join(lab.path("npm"), os.path.basename(source))
    shutil.copytree(source, folder)
    try:
        done = subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline",
             "--fetch-retries=1"], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=180, check=False)
    except subprocess.TimeoutExpired:
        return None, "npm did not fetch them within 180 s"
    if done.returncode == 0:
        return folder, None
    last = done.stdout.strip().splitlines()[-8:]
    return None, "npm could not fetch them: this needs the network\n" + "\n".join(last)
