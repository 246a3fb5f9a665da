#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""How mailtailord serves and how it is kept alive: many connections, reload, stop, crashes.
Prints a TAP line for each test. MAILTAILORD names the daemon (default: ./mailtailord).
Arguments: names of tests, default all."""

import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import traceback

from daemon import Daemon, program, wait_until
from milterclient import BODY, Lost, Milter, campaign_fields, send_campaign

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def works(daemon, recipient="ada@example.org"):
    milter = Milter(daemon.socket)
    assert milter.helo() == "c"
    send_campaign(milter, recipient)
    milter.close()


def submit(daemon, recipients, campaign="spring", body=BODY):
    """The reply to one campaign message: letter and text."""
    milter = Milter(daemon.socket)
    milter.helo()
    milter.envelope("news@shop.example", recipients)
    letter, data = milter.content(campaign_fields(campaign), body)
    milter.close()
    return letter, data.rstrip(b"\0").decode()


# --- serving ---

@test
def replies_have_codes(daemon):
    """Refused, deferred, broken and too many: what the MTA passes on to its client."""
    for recipients, campaign, body, start in (
            (["x@example.org"], "members", BODY, "550 5.7.1 "),
            (["x@example.org"], "later", BODY, "451 4."),
            (["x@example.org"], "spring", b"{% nosuchtag 100% %}\r\n", "451 4.6.0 "),
            ([f"n{i}@example.org" for i in range(51)], "spring", BODY, "451 4.3.4 "),
            (["x@example.org"], "spring", b"x" * 76 * 450000, "552 5.3.4 ")):
        letter, text = submit(daemon, recipients, campaign, body)
        assert letter == "y" and text.startswith(start), (start, letter, text)
        assert len(text) < 980 and text.isascii() and text.isprintable(), text
        assert re.fullmatch(r"[^%]*(%%[^%]*)*", text), text
    assert submit(daemon, ["a@example.org", "b@example.org"])[0] == "d"
    works(daemon)


@test
def large_message_comes_back_whole(daemon):
    """25 MB: the text is filled in, the attachment is the same byte for byte."""
    attachment = b"".join(b"QUJD" * 18 + b"%04x\r\n" % (i % 65536) for i in range(345000))
    head = b"--XX\r\nContent-Type: text/plain\r\n\r\nDear "
    tail = (b"\r\n--XX\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: "
            b"base64\r\nContent-Disposition: attachment\r\n\r\n" + attachment + b"--XX--\r\n")
    fields = campaign_fields()[:-1] + [("Content-Type", " multipart/mixed; boundary=XX")]
    milter = Milter(daemon.socket)
    milter.helo()
    milter.envelope("news@shop.example", ["ada@example.org"])
    letter, data = milter.content(fields, head + b"{{ contact.email }}" + tail)
    assert letter == "a", (letter, data)
    body = milter.body()
    assert len(tail) > 25 << 20 and body.endswith(tail)
    assert b"Dear ada@example.org" in body[:400], body[:400]
    order = "".join(letter for letter, _ in milter.edits if letter != "p")
    assert re.fullmatch("[^b]*b+", order), "header edits and body are mixed: " + order
    milter.close()


@test
def old_protocol_is_turned_away(daemon):
    """Without leading spaces, or without changes of the body, nothing passes."""
    import milterclient
    for name, value in (("STEPS", 0xFFFFF), ("ACTIONS", 0x1)):
        kept = getattr(milterclient, name)
        setattr(milterclient, name, value)
        try:
            Milter(daemon.socket)
            raise AssertionError("negotiated " + name)
        except Lost:
            pass
        finally:
            setattr(milterclient, name, kept)
    assert "milter_protocol = 6" in daemon.log()
    works(daemon)


@test
def steps_in_one_packet(daemon):
    """All steps of two messages that have no reply arrive at once."""
    milter = Milter(daemon.socket)
    milter.helo()
    for number in range(2):
        sent = []
        real, milter.send = milter.send, lambda letter, data=b"", to=sent: to.append((letter, data))
        milter.envelope("news@shop.example", [f"n{number}@example.org"])
        milter.headers(campaign_fields(number=number))
        milter.send = real
        sent.append(("N", b""))
        milter.sock.sendall(b"".join(
            (len(data) + 1).to_bytes(4, "big") + letter.encode() + data for letter, data in sent))
        assert milter.receive()[0] == "c"
        milter.sock.sendall(b"".join(
            (len(data) + 1).to_bytes(4, "big") + letter.encode() + data
            for letter, data in (("B", BODY[:10]), ("B", BODY[10:]), ("E", b""))))
        seen = []
        while not seen or seen[-1][0] not in "acdrty":
            seen.append(milter.receive())
        assert seen[-1][0] == "a", seen[-1]
        assert any(b"n%d@example.org" % number in data for _, data in seen)
    milter.close()


def journal(daemon, recipient):
    """Verdict and queue id of each journal row of that recipient."""
    with sqlite3.connect(f"file:{daemon.scratch}/db/mailtailor.db?mode=ro", uri=True) as database:
        return database.execute("SELECT verdict, queue_id, attempts FROM journal "
                                "WHERE recipient = ?", (recipient,)).fetchall()


@test
def each_copy_has_a_journal_row(daemon):
    """Sent, failed and deferred ones, with the queue id; a retry counts up."""
    works(daemon, "sent@example.org")
    submit(daemon, ["failed@example.org"], "members")
    submit(daemon, ["deferred@example.org"], "later")
    submit(daemon, ["deferred@example.org"], "later")
    rows = [journal(daemon, name + "@example.org") for name in ("sent", "failed", "deferred")]
    assert [len(row) for row in rows] == [1, 1, 1], rows
    assert len({row[0][0] for row in rows}) == 3, rows
    assert rows[0][0][1] == "Q1" and rows[1][0][1] == "Q" and rows[2][0][2] == 2, rows


@test
def same_message_again_is_held_once(daemon):
    """A client that did not hear our answer sends again: nobody gets two copies, who is new
    is added."""
    both = ["a@example.org", "b@example.org"]
    assert submit(daemon, both)[0] == "d"
    assert submit(daemon, both)[0] == "d"
    assert submit(daemon, both + ["c@example.org"])[0] == "d"
    assert re.findall(r"held .* new=(\d+)", daemon.log()) == ["2", "0", "1"], daemon.log()


def parallel(count, run):
    """Runs `run(number)` in threads; returns the errors."""
    errors = []

    def one(number):
        try:
            run(number)
        except BaseException as error:  # pylint: disable=broad-except
            errors.append(f"{number}: {type(error).__name__} {error}")

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@test
def hundred_parallel_connections(daemon):
    """100 connections that are all open at one time, three messages on each."""
    barrier = threading.Barrier(100)

    def run(number):
        milter = Milter(daemon.socket)
        milter.helo()
        barrier.wait()
        for turn in range(3):
            send_campaign(milter, f"n{number}.{turn}@example.org", number * 10 + turn)
        milter.close()

    errors = parallel(100, run)
    assert not errors, errors[:3]


# --- staying alive ---

@test
def killed_session_is_replaced(daemon):
    """kill -9 of one session: its connection is lost, others are served, a new one comes."""
    before = daemon.workers()
    assert len(before) == 2, before
    os.kill(before[0], signal.SIGKILL)
    for _ in range(20):
        works(daemon)
    wait_until("a new session", lambda: len(daemon.workers()) == 2)
    assert before[0] not in daemon.workers()
    assert "signal=KILL" in daemon.log()
    works(daemon)


@test
def crash_loop_backs_off(daemon):
    """Sessions that die at once are started again after 100 ms, 200 ms, 400 ms ..."""
    database = f"{daemon.scratch}/db/mailtailor.db"
    os.rename(database, database + ".away")
    for pid in daemon.workers():
        os.kill(pid, signal.SIGKILL)

    def pauses():
        return [int(pause) for pause in re.findall(
            r"kind=session slot=0 .*restart_ms=(\d+)", daemon.log())]

    wait_until("four restarts", lambda: len(pauses()) >= 4)
    assert pauses()[:4] == [100, 200, 400, 800], pauses()
    os.rename(database + ".away", database)
    wait_until("sessions are back", lambda: len(daemon.workers()) == 2)
    works(daemon)


@test
def signals_of_the_master_leave_sessions_alone(daemon):
    """`killall -HUP` and the terminal's ^C reach the children, too."""
    milter = Milter(daemon.socket)
    before = daemon.workers()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGHUP):
        for pid in before:
            os.kill(pid, number)
        time.sleep(0.1)
    milter.helo()
    send_campaign(milter, "ada@example.org")
    milter.close()
    assert daemon.workers() == before


@test
def bad_reload_keeps_the_old_configuration(daemon):
    """An error in the file, then a key that others can read: logged, and nothing changes."""
    before = daemon.workers()
    daemon.configure('campaign "x" { unknown = perhaps }')
    daemon.signal(signal.SIGHUP)
    wait_until("it is refused", lambda: "reload refused" in daemon.log())
    assert re.search(r"mailtailor\.conf:\d+: ", daemon.log()), daemon.log()
    daemon.configure()
    os.chmod(f"{daemon.scratch}/key.pem", 0o644)
    daemon.signal(signal.SIGHUP)
    wait_until("it is refused again", lambda: daemon.log().count("reload refused") == 2)
    assert "key.pem" in daemon.log()
    os.chmod(f"{daemon.scratch}/key.pem", 0o600)
    with open(f"{daemon.scratch}/mailtailor.conf", encoding="utf-8") as file:
        text = file.read()
    with open(f"{daemon.scratch}/mailtailor.conf", "w", encoding="utf-8") as file:
        file.write(text.replace("/db/mailtailor.db", "/db/other.db"))
    daemon.signal(signal.SIGHUP)
    wait_until("a third time", lambda: daemon.log().count("reload refused") == 3)
    assert "database can only be changed by a restart" in daemon.log()
    assert daemon.workers() == before
    works(daemon)


@test
def reload_drops_no_connection(daemon):
    """A connection and a message begun before a reload end well after it, in the old
    process; new connections see the new configuration; then the old processes leave."""
    held = Milter(daemon.socket)
    held.helo()
    half = Milter(daemon.socket)
    half.helo()
    half.envelope("news@shop.example", ["half@example.org"])
    old = daemon.workers()
    daemon.configure('campaign "autumn" { unknown = refuse }')
    daemon.signal(signal.SIGHUP)
    wait_until("it is reloaded", lambda: "reloaded" in daemon.log())
    wait_until("new sessions", lambda: len(set(daemon.workers()) - set(old)) == 2)
    time.sleep(0.5)
    assert submit(daemon, ["x@example.org"], "autumn")[0] == "y"
    letter, data = half.content(campaign_fields(), BODY)
    assert letter == "a" and half.header("Subject") == " For half@example.org", (letter, data)
    time.sleep(1.5)
    send_campaign(held, "held@example.org")
    assert set(old) & set(daemon.workers()), "nobody was drained"
    held.close()
    half.close()
    wait_until("the old sessions leave", lambda: not set(old) & set(daemon.workers()))


@test
def many_connections_during_reloads(daemon):
    """200 connections one after the other in four threads, while five reloads go on."""
    stop = threading.Event()

    def reloads():
        for _ in range(5):
            daemon.signal(signal.SIGHUP)
            time.sleep(0.4)
        stop.set()

    def run(number):
        for turn in range(50):
            milter = Milter(daemon.socket)
            milter.helo()
            time.sleep(0.03)
            send_campaign(milter, f"n{number}.{turn}@example.org", number * 100 + turn)
            milter.close()

    thread = threading.Thread(target=reloads)
    thread.start()
    errors = parallel(4, run)
    thread.join()
    assert not errors, errors[:3]
    wait_until("five reloads", lambda: daemon.log().count("reloaded") == 5)
    wait_until("only the last sessions stay", lambda: len(daemon.workers()) == 2)


@test
def outbox_slot_has_one_process(daemon):
    """At a reload the new outbox process starts after the old one has gone."""
    for _ in range(3):
        # A process gets its name a moment after the fork.
        end = time.monotonic() + 10
        while len(before := daemon.workers("mt-outbox")) != 1:
            assert time.monotonic() < end, before
        daemon.signal(signal.SIGHUP)
        end = time.monotonic() + 10
        while daemon.workers("mt-outbox") == before or not daemon.workers("mt-outbox"):
            assert len(daemon.workers("mt-outbox")) <= 1
            assert time.monotonic() < end, "the outbox process was not replaced"


@test
def stop_finishes_what_is_in_hand(daemon):
    """SIGTERM in the middle of a message: it is tailored, a new one is turned away, then
    the daemon leaves with 0."""
    milter = Milter(daemon.socket)
    milter.helo()
    milter.envelope("news@shop.example", ["ada@example.org"])
    idle = [Milter(daemon.socket) for _ in range(8)]
    daemon.signal(signal.SIGTERM)
    time.sleep(1)
    late = idle[0]
    try:
        late.helo()
        late.envelope("news@shop.example", ["late@example.org"])
        letter, data = late.content(campaign_fields(), BODY)
        assert letter == "y" and data.startswith(b"451 4.3.2 "), (letter, data)
    except Lost:
        pass
    letter, data = milter.content(campaign_fields(), BODY)
    assert letter == "a" and milter.header("Subject") == " For ada@example.org", (letter, data)
    assert daemon.process.wait(10) == 0
    assert "messages in hand" not in daemon.log()


@test
def stop_does_not_wait_for_idle_connections(daemon):
    """Clients that say nothing lose nothing."""
    idle = [Milter(daemon.socket) for _ in range(4)]
    began = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - began < 3
    assert not os.path.exists(f"{daemon.scratch}/run/mailtailord.pid")
    assert len(idle) == 4


@test
def children_leave_with_the_master(daemon):
    """kill -9 of the master: a message in hand is finished, the children leave, and the next
    daemon takes over socket and lock."""
    milter = Milter(daemon.socket)
    milter.helo()
    milter.envelope("news@shop.example", ["ada@example.org"])
    children = daemon.workers() + daemon.workers("mt-outbox")
    assert len(children) == 3, children
    daemon.signal(signal.SIGKILL)
    daemon.process.wait()
    letter, data = milter.content(campaign_fields(), BODY)
    assert letter == "a", (letter, data)
    wait_until("the children leave", lambda: not [
        pid for pid in children if os.path.exists(f"/proc/{pid}/root")])
    os.rename(f"{daemon.scratch}/log/mailtailord.log", f"{daemon.scratch}/log/before.log")
    daemon.start()
    works(daemon)


@test
def second_daemon_is_refused(daemon):
    """Same pid file: refused by the lock. Another pid file, same socket: somebody listens."""
    again = subprocess.run(daemon.command("-f"), stderr=subprocess.PIPE, timeout=30, check=False)
    assert again.returncode == os.EX_TEMPFAIL, again
    assert b"another mailtailord is running" in again.stderr, again
    with open(f"{daemon.scratch}/mailtailor.conf", encoding="utf-8") as file:
        text = file.read()
    with open(f"{daemon.scratch}/other.conf", "w", encoding="utf-8") as file:
        file.write(text.replace("/mailtailord.pid", "/other.pid"))
    again = subprocess.run([program("mailtailord"), "-c", f"{daemon.scratch}/other.conf", "-f"],
                           stderr=subprocess.PIPE, timeout=30, check=False)
    assert again.returncode == os.EX_NOPERM, again
    assert b"somebody listens there" in again.stderr, again
    works(daemon)


@test
def log_is_opened_again(daemon):
    """After the log was renamed, SIGUSR1 makes master and sessions write to a new one."""
    path = f"{daemon.scratch}/log/mailtailord.log"
    works(daemon)
    os.rename(path, path + ".1")
    daemon.signal(signal.SIGUSR1)
    wait_until("a new log", lambda: os.path.exists(path))
    time.sleep(0.3)
    for _ in range(10):
        works(daemon, "after@example.org")
    assert daemon.log().count("after@example.org") == 10
    with open(path + ".1", encoding="utf-8") as file:
        assert "after@example.org" not in file.read()


@test
def goes_to_the_background(daemon):
    """Without -f the command returns once the daemon serves; the pid file tells who."""
    assert daemon.stop() == 0
    os.unlink(f"{daemon.scratch}/log/mailtailord.log")
    subprocess.run(daemon.command(), timeout=30, check=True)
    with open(f"{daemon.scratch}/run/mailtailord.pid", encoding="utf-8") as file:
        master = int(file.read())
    try:
        works(daemon)
        assert len(daemon.workers(master=master)) == 2
        if os.geteuid() == 0:
            for pid in daemon.workers(master=master):
                assert os.stat(f"/proc/{pid}/task").st_uid in (0, 65534)
                with open(f"/proc/{pid}/status", encoding="utf-8") as file:
                    status = file.read()
                assert re.search(r"^Uid:\t65534\t65534\t65534\t65534$", status, re.M), status
                assert re.search(r"^Groups:\t65534 $", status, re.M), status
    finally:
        os.kill(master, signal.SIGTERM)
    wait_until("it leaves", lambda: not os.path.exists(f"/proc/{master}"))
    # A start that fails says so in front of the terminal.
    with open(f"{daemon.scratch}/db/mailtailor.db", "w", encoding="utf-8") as file:
        file.write("this is no database, but it is longer than a header of SQLite is. " * 20)
    failed = subprocess.run(daemon.command(), stderr=subprocess.PIPE, timeout=30, check=False)
    assert failed.returncode != 0 and b"mailtailor.db" in failed.stderr, failed


@test
def stale_socket_is_replaced(daemon):
    """A socket file that nobody serves is removed; a file of another kind is not."""
    assert daemon.stop() == 0
    path = daemon.socket[5:]
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(path)
    os.unlink(f"{daemon.scratch}/log/mailtailord.log")
    daemon.start()
    works(daemon)
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert daemon.stop() == 0
    with open(path, "w", encoding="utf-8") as file:
        file.write("precious")
    failed = subprocess.run(daemon.command("-f"), stderr=subprocess.PIPE, timeout=30, check=False)
    assert failed.returncode == os.EX_NOPERM, failed
    assert os.path.getsize(path) == 8


@test
def check_names_each_problem(daemon):
    """-n: ok, then several problems with their places; exit codes of sysexits.h."""
    def check():
        result = subprocess.run(daemon.command("-n"), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, timeout=30, check=False)
        return result.returncode, result.stdout.decode(), result.stderr.decode()

    status, out, err = check()
    assert status == 0 and out.endswith("mailtailor.conf: ok\n"), (status, out, err)
    # Marketing that can't show what it has to is no problem, but said.
    assert re.fullmatch(r'warning: \S+mailtailor\.conf:\d+: campaign "[^\n]+": marketing without a '
                        r"way to unsubscribe, [^\n]*\n", err), err
    daemon.configure('nonsense = 1\ncampaign "x" { unknown = perhaps }')
    status, out, err = check()
    assert status == os.EX_CONFIG and "ok" not in out, (status, out, err)
    assert re.search(r"mailtailor\.conf:\d+: ", err), err
    daemon.configure()
    os.chmod(f"{daemon.scratch}/key.pem", 0o640)
    status, out, err = check()
    assert status == os.EX_NOPERM and "key.pem" in err, (status, out, err)
    os.chmod(f"{daemon.scratch}/key.pem", 0o600)
    with open(f"{daemon.scratch}/mailtailor.conf", encoding="utf-8") as file:
        text = file.read()
    with open(f"{daemon.scratch}/mailtailor.conf", "w", encoding="utf-8") as file:
        file.write(text.replace("/milter.sock", "/missing/milter.sock")
                   .replace('socket_group = ""', 'socket_group = "nosuchgroup"'))
    status, out, err = check()
    assert status == os.EX_CONFIG and "nosuchgroup" in err, (status, out, err)


def run_test(function):
    daemon = Daemon()
    try:
        daemon.start()
        function(daemon)
        return None
    except Exception:  # pylint: disable=broad-except
        lines = daemon.log().splitlines()[-15:]
        return traceback.format_exc() + "\n".join(lines)
    finally:
        if daemon.process is not None and daemon.process.poll() is None:
            daemon.stop()
        daemon.clean()


def main():
    if program("mailtailord") is None or shutil.which("openssl") is None:
        print("1..0 # SKIP mailtailord or openssl is missing")
        return 77
    chosen = [function for function in TESTS
              if len(sys.argv) == 1 or function.__name__ in sys.argv[1:]]
    failed = 0
    for number, function in enumerate(chosen, 1):
        problem = run_test(function)
        print(f"{'ok' if problem is None else 'not ok'} {number} - {function.__name__}", flush=True)
        if problem is not None:
            failed += 1
            print("".join(f"# {line}\n" for line in problem.splitlines()), end="", flush=True)
    print(f"1..{len(chosen)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
