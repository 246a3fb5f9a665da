#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What plugins fetch over HTTP: never in a message's path, from servers that are slow, endless,
broken, or send us elsewhere; over restarts; and nothing from where it is not allowed."""

import argparse
import email
import http.server
import os
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
sys.dont_write_bytecode = True

from client import submit  # noqa: E402
from daemon import find_programs  # noqa: E402
from lab import Lab, LabError, wait_for  # noqa: E402
from testbed import Testbed  # noqa: E402
from webserver import WebServer, self_signed  # noqa: E402

HEAD = ("From: Shop <news@shop.example>\r\nX-Campaign: %s\r\nSubject: s\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\n")
SECRET = "s3cret"
HANG_S = 8


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, **fields):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.note(self)
        self.answer(201, b"got " + body)

    def do_GET(self):
        name = self.path.strip("/").split("?")[0]
        count = self.server.note(self)
        try:
            self.serve(name, count)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def serve(self, name, count):
        if name.startswith("slow"):
            self.server.leave.wait(HANG_S)
            self.answer(200, b"late")
        elif name == "huge":
            self.answer(200, b"x" * ((1 << 20) + 1))
        elif name == "most":
            self.answer(200, b"x" * (1 << 20))
        elif name == "endless":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while not self.server.leave.is_set():
                self.wfile.write(b"4000\r\n" + b"y" * 0x4000 + b"\r\n")
        elif name == "drip":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            while not self.server.leave.wait(0.2):
                self.wfile.write(b"z")
                self.wfile.flush()
        elif name == "file":
            self.answer(302, b"", Location="file:///etc/passwd")
        elif name == "near":
            self.answer(301, b"", Location="/there")
        elif name == "away":
            self.answer(302, b"", Location=f"http://127.0.0.1:{self.server.other}/there")
        elif name == "round":
            self.answer(302, b"", Location="/round")
        elif name == "flip" and count > 1:
            self.answer(500, b"broken")
        elif name == "garbage":
            self.wfile.write(b"\x00\xff garbage\r\n\r\n")
            self.close_connection = True
        else:
            self.answer(200, f"{name} {count}".encode())


class Server(WebServer):
    def __init__(self, other=None, certificate=None):
        super().__init__(Handler, certificate)
        self.other = other
        self.seen = {}
        self.secrets = {}
        self.start()

    def note(self, handler):
        name = handler.path.strip("/")
        with self.lock:
            self.seen[name] = self.seen.get(name, 0) + 1
            self.secrets[name] = handler.headers.get("X-Secret")
            return self.seen[name]


class Scene:
    def __init__(self, lab, arguments):
        self.lab = lab
        folder = lab.path("plugins")
        os.makedirs(folder, mode=0o755)
        shutil.copy(os.path.join(find_programs(arguments.build), "tests", "plugins", "fetcher.so"),
                    folder)
        shutil.copy(os.path.join(find_programs(arguments.build), "tests", "plugins", "sample.so"),
                    folder)
        certificate = self_signed(lab.path("server.pem"), "IP:127.0.0.1")
        self.other = Server()
        self.server = Server(self.other.port)
        self.tls = Server(certificate=certificate)
        self.order = lab.path("orders", "order")
        os.makedirs(lab.path("orders"))
        os.chmod(lab.path("orders"), 0o777)
        self.bed = Testbed(lab, arguments.build, policy=False, level="info")
        self.sent = 0

    def configure(self, server, allowed):
        allow = 'fetch_from = {"127.0.0.0/8"}' if allowed else ""
        return (f'plugin_path = "{self.lab.path("plugins")}"\n'
                f'plugin "fetcher" {{\n\tserver = "{server}"\n\torder = "{self.order}"\n'
                f'\t{allow}\n}}\n'
                'plugin "sample" {\n}\n'
                'campaign "fetch" {\n\tkind = "transactional"\n\tplugins = {"fetcher"}\n}\n'
                'campaign "other" {\n\tkind = "transactional"\n\tplugins = {"sample"}\n}\n')

    def reload(self, server):
        self.bed.daemon.extra = self.configure(server, True)
        self.bed.daemon.reload()

    def preview(self, template):
        path = self.lab.path("preview.eml")
        with open(path, "w", encoding="ascii") as out:
            out.write(HEAD % "fetch" + template + "\r\n")
        return self.bed.daemon.tool("preview", path, "--to", "f1@fetch.example").stdout

    def show(self, template, campaign="fetch"):
        """What a new recipient's copy says, and how long that took."""
        self.sent += 1
        address = f"f{self.sent}@fetch.example"
        began = time.monotonic()
        result = submit(self.bed.postfix.port, "news@shop.example", [address],
                        (HEAD % campaign + template + "\r\n").encode())
        if not result.accepted:
            raise LabError(f"the relay says {result.last}")
        message = self.bed.sink.wait_of(address, 1, 60)[0]
        body = email.message_from_bytes(message.data).get_payload(decode=True)
        return body.decode().strip(), time.monotonic() - began

    def becomes(self, template, wanted, seconds=30):
        """Asks until a copy says so; what the last one said otherwise."""
        until = time.monotonic() + seconds * self.bed.patience
        while True:
            said = self.show(template)[0]
            if said == wanted or (callable(wanted) and wanted(said)):
                return said
            if time.monotonic() > until:
                raise LabError(f"{template} says {said!r}")
            time.sleep(0.3)

    def wait_log(self, text, seconds=30):
        wait_for(f"the log to say {text!r}", lambda: text in self.bed.daemon.log_text(0),
                 seconds * self.bed.patience)

    def do(self, *lines):
        done = self.order + ".done"
        before = 0
        if os.path.exists(done):
            with open(done, encoding="utf-8") as file:
                before = len(file.readlines())
        with open(self.order + ".new", "w", encoding="ascii") as out:
            out.write("".join(f"{line}\n" for line in lines))
        os.chmod(self.order + ".new", 0o666)
        os.rename(self.order + ".new", self.order)

        def answers():
            if not os.path.exists(done):
                return []
            with open(done, encoding="utf-8") as file:
                return file.read().split("\n")[before:-1]

        wait_for("the task to have asked", lambda: len(answers()) >= len(lines),
                 60 * self.bed.patience)
        return answers()


def expect(what, said, wanted):
    if said != wanted:
        raise LabError(f"{what}: {said!r}, expected {wanted!r}")


def nothing_from_within(scene):
    """Loopback is nobody's to ask unless the administrator says so."""
    expect("the first copy", scene.show("{{ page.ok }}")[0], "none")
    scene.wait_log("its address is no public one")
    expect("a server that must not be asked", scene.server.seen, {})
    scene.reload(f"http://127.0.0.1:{scene.server.port}")


def answers_serve(scene):
    scene.becomes("{{ page.ok }}", lambda said: said.startswith("200 ok "))
    expect("the secret", scene.server.secrets["ok"], SECRET)
    # As long as it is asked for, it is asked again before it is stale.
    last = scene.server.seen["ok"]
    scene.becomes("{{ page.ok }}", lambda said: int(said.split()[2]) > last + 2)
    expect("the longest answer", scene.becomes("{{ page.most }}", "200 " + "x" * 100),
           "200 " + "x" * 100)


def nobody_wants_it(scene):
    """Then nobody asks the server."""
    time.sleep(3)
    before = scene.server.seen["ok"]
    time.sleep(3)
    expect("requests that nobody wants", scene.server.seen["ok"], before)


def slow_ones(scene):
    """Six that hang: copies leave at once, and neighbours of other plugins with them."""
    template = " ".join(f"{{{{ page.slow{i} }}}}" for i in range(6))
    said, seconds = scene.show(template)
    expect("what hangs", said, " ".join(["none"] * 6))
    wait_for("the server to be asked", lambda: any(name.startswith("slow")
                                                   for name in scene.server.seen), 30)
    for campaign, text in (("fetch", "{{ page.slow1 }}"), ("other", "{{ shop.hours[0] }}")):
        said, seconds = scene.show(text, campaign)
        if seconds > 3 * scene.bed.patience:
            raise LabError(f"a copy waited {seconds:.1f} s for a server that hangs")
    wait_for("four at a time to be given up", lambda: len(
        [name for name in scene.server.seen if name.startswith("slow")]) == 6, 60)
    scene.wait_log("Timeout was reached")


def bad_ones(scene):
    names = ("huge", "endless", "drip", "file", "round", "garbage")
    template = " ".join(f"{{{{ page.{name} }}}}" for name in names)
    expect("what can't be had", scene.show(template)[0], " ".join(["none"] * len(names)))
    for reason in ("longer than", "redirects to where nothing is fetched", "more than 5 redirects"):
        scene.wait_log(reason)
    wait_for("all to have been asked", lambda: all(name in scene.server.seen for name in names), 60)
    time.sleep(4)
    expect("what can't be had", scene.show(template)[0], " ".join(["none"] * len(names)))
    log = scene.bed.daemon.log_text(0)
    for secret in ("/etc/passwd", SECRET, "/huge", "/round"):
        if secret in log:
            raise LabError(f"the log shows {secret}")


def redirects(scene):
    scene.becomes("{{ page.near }}", lambda said: said.startswith("200 there "))
    expect("the secret at the same place", scene.server.secrets["there"], SECRET)
    scene.becomes("{{ page.away }}", lambda said: said.startswith("200 there "))
    expect("the secret elsewhere", scene.other.secrets["there"], None)


def the_last_good_one(scene):
    scene.becomes("{{ page.flip }}", "200 flip 1")
    scene.becomes("{{ page.flip }}", "200 flip 1 stale")
    scene.wait_log("it answers 500")
    expect("what was good once", scene.show("{{ page.flip }}")[0], "200 flip 1 stale")


def tasks_wait(scene):
    answers = scene.do("get fromtask", "post form", "get missing?x", "get flip", "get huge")
    expect("what the task got", answers, [
        "get fromtask 0 200 fromtask 1", "post form 0 201 got a=1&b=2",
        "get missing?x 0 200 missing 1", "get flip 0 500 broken", "get huge -1 0 "])
    expect("what was got for a task", scene.show("{{ page.fromtask }}")[0].split(" stale")[0],
           "200 fromtask 1")


def over_restarts(scene):
    """What was good is good, although the server is gone."""
    scene.becomes("{{ page.kept }}", lambda said: said.startswith("200 kept "))
    scene.server.stop()
    scene.bed.daemon.restart()
    said = scene.show("{{ page.kept }}")[0]
    if not said.startswith("200 kept "):
        raise LabError(f"after a restart it says {said!r}")
    said = scene.preview("{{ page.kept }} {{ page.new }}")
    if "200 kept " not in said or "none" not in said:
        raise LabError(f"a preview says {said!r}")


def certificates(scene):
    scene.reload(f"https://127.0.0.1:{scene.tls.port}")
    expect("what nobody vouches for", scene.show("{{ page.tls }}")[0], "none")
    scene.wait_log("SSL")
    expect("requests to who can't be trusted", scene.tls.seen, {})


PARTS = (nothing_from_within, answers_serve, nobody_wants_it, slow_ones, bad_ones, redirects,
         the_last_good_one, tasks_wait, over_restarts, certificates)


def run(lab, arguments):
    scene = Scene(lab, arguments)
    scene.bed.daemon.extra = scene.configure(f"http://127.0.0.1:{scene.server.port}", False)
    scene.bed.start()
    passed = failed = 0
    for part in PARTS:
        began = time.monotonic()
        try:
            part(scene)
            passed += 1
            print(f"ok   {time.monotonic() - began:5.1f} s  {part.__name__}", flush=True)
        except LabError as error:
            failed += 1
            print(f"FAIL {part.__name__}: {error}", flush=True)
    for server in (scene.other, scene.tls):
        server.stop()
    status = scene.bed.stop()
    if status != 0:
        failed += 1
        print(f"FAIL mailtailord left with {status}")
    print(f"fetch: {passed} passed, {failed} failed")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    try:
        with Lab() as lab:
            return 1 if run(lab, parser.parse_args()) else 0
    except LabError as error:
        print(f"FAIL {error}\nfetch: 0 passed, 1 failed")
        return 1


if __name__ == "__main__":
    sys.exit(main())
