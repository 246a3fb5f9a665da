#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""One message to 1,000 recipients arrives as 1,000 different messages: each verifies with
python3-dkim and with opendkim-testmsg, none holds a template tag, each recipient sees only
their own data, and the journal has 1,000 rows."""

import argparse
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

from client import submit
from job import CAMPAIGN, SECTION, SENDER, Job
from lab import Lab, LabError
from testbed import Testbed


def faults_of(bed, job):
    """All that is wrong, as sentences."""
    count = len(job.recipients)
    faults = []
    bodies = set()
    for i, address in enumerate(job.recipients):
        messages = bed.sink.of(address)
        if len(messages) != 1:
            faults.append(f"{address} has {len(messages)} messages")
            continue
        bodies.add(messages[0].data)
        fault = job.fault_of(i, messages[0], bed.verifier.check)
        if fault:
            faults.append(f"{address}: {fault}")
    if len(bed.sink.messages) != count:
        faults.append(f"{len(bed.sink.messages)} messages arrived")
    if len(bodies) != count:
        faults.append(f"only {len(bodies)} of the messages are different")
    rows = bed.daemon.journal(CAMPAIGN)
    sent = {row["recipient"] for row in rows if row["verdict"] == "sent"}
    if len(rows) != count or sent != set(job.recipients):
        faults.append(f"the journal has {len(rows)} rows, {len(sent)} recipients are sent")
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--recipients", type=int, default=1000)
    arguments = parser.parse_args()
    job = Job("thousand", arguments.recipients)
    try:
        with Lab() as lab:
            bed = Testbed(lab, arguments.build, extra=SECTION, policy=False)
            bed.start()
            bed.daemon.import_contacts(job.contacts())
            began = time.monotonic()
            result = submit(bed.postfix.port, SENDER, job.recipients, job.data)
            if not result.accepted:
                raise LabError(f"the relay says {result.last}")
            answered = time.monotonic() - began
            bed.sink.wait_count(arguments.recipients, 120 * bed.patience)
            seconds = time.monotonic() - began
            bed.settle()
            faults = faults_of(bed, job)
            status = bed.stop()
            if status != 0:
                faults.append(f"mailtailord left with {status}")
            faults += bed.daemon.reports()
    except LabError as error:
        faults = [str(error)]
    else:
        print(f"submitted in {answered:.2f} s, all of them at the sink after {seconds:.2f} s")
    for fault in faults[:20]:
        print(f"FAIL {fault}")
    print(f"thousand: {0 if faults else 1} passed, {1 if faults else 0} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
