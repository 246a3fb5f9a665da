# SPDX-License-Identifier: BSD-2-Clause
"""nginx with the conf/nginx.conf that is shipped, before the web process; and curl."""

import os
import re
import shutil
import subprocess
import time

from lab import can_connect, free_port, wait_for
from check_walk import judge_fields
from served import BROWSER, Reply, Skipped, TARGET

SHIPPED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "conf",
                       "nginx.conf")
MAIN = """\
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/shipped.conf;
}}
"""


class Nginx:
    """The shipped file, where only ports and certificates differ."""

    def __init__(self, served):
        self.port, folder = free_port(), served.lab.path("nginx")
        os.makedirs(folder, exist_ok=True)
        key = os.path.join(folder, "key.pem")
        certificate = os.path.join(folder, "certificate.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                        "/CN=t.shop.example", "-addext", "subjectAltName=DNS:t.shop.example",
                        "-keyout", key, "-out", certificate], check=True,
                       stderr=subprocess.DEVNULL)
        with open(SHIPPED, encoding="utf-8") as file:
            text = file.read()
        for old, new in ((r"127\.0\.0\.1:8025", f"127.0.0.1:{served.port}"),
                         (r"listen 443", f"listen 127.0.0.1:{self.port}"),
                         (r"listen \[::\]:443", f"listen unix:{folder}/other"),
                         (r"/etc/ssl/\S+\.pem", certificate), (r"/etc/ssl/\S+\.key", key)):
            text, count = re.subn(old, new, text)
            assert count >= 1, f"conf/nginx.conf has no {old}"
        for name, content in (("shipped.conf", text), ("nginx.conf", MAIN.format(folder=folder))):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(content)
        self.certificate, self.folder = certificate, folder
        self._process = subprocess.Popen(
            ["/usr/sbin/nginx", "-e", f"{folder}/error.log", "-p", folder, "-c",
             f"{folder}/nginx.conf"], stderr=subprocess.DEVNULL)
        wait_for("nginx", lambda: can_connect(self.port))

    def stop(self):
        self._process.terminate()
        self._process.wait()


def curl(port, certificate, path, *more):
    """What curl prints, and its exit status."""
    done = subprocess.run(
        ["curl", "-s", "-i", "--max-time", "30", "--cacert", certificate, "-A", BROWSER, "--resolve",
         f"t.shop.example:{port}:127.0.0.1", *more, f"https://t.shop.example:{port}{path}"],
        stdout=subprocess.PIPE, check=False)
    return done.stdout, done.returncode


def parsed(output):
    """The last reply."""
    for part in re.split(rb"(?=^HTTP/)", output, flags=re.M):
        head, _, body = part.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        if len(lines) > 1 and not lines[0].split()[1].startswith("1"):
            return Reply(int(lines[0].split()[1]),
                         [tuple(line.split(": ", 1)) for line in lines[1:]], body)
    return Reply(0, [], output)


def behind_nginx(served):
    if not shutil.which("/usr/sbin/nginx") or not shutil.which("curl"):
        raise Skipped("nginx or curl is not installed")
    nginx = Nginx(served)
    try:
        yield from ask_all(served, nginx)
    finally:
        nginx.stop()


def ask_all(served, nginx):
    number = 9
    ways = [(), ("--http1.1",), ("--http1.0",), ("--path-as-is",),
            ("-H", "X-Forwarded-For: 6.6.6.6"), ("-H", "Connection: close, X-Forwarded-For")]
    for more in ways:
        time.sleep(1.05)  # a token counts once in a second
        reply = parsed(curl(nginx.port, nginx.certificate, served.path("c", number), *more)[0])
        if (reply.status, reply.field("Location")) != (302, TARGET):
            yield f"curl {more}: {reply}"
        yield from judge_fields(reply, f"curl {more}")
    post = served.path("p", number)
    body = "mail=yes&track=yes"
    for more in (("-d", body), ("-d", body, "-H", "Expect: 100-continue"),
                 ("-d", body, "-H", "Transfer-Encoding: chunked"), ("-F", "mail=yes"),
                 ("-d", body, "--http1.0")):
        reply = parsed(curl(nginx.port, nginx.certificate, post, *more)[0])
        if reply.status != 200 or b"are saved" not in reply.body:
            yield f"curl {more}: {reply}"
        yield from judge_fields(reply, f"curl {more}")
    reply = parsed(curl(nginx.port, nginx.certificate, post, "-d", "a=" + "b" * 70000)[0])
    if reply.status != 413:
        yield f"a body of 70 kB: {reply}"
    for more in (("-X", "DELETE"), ("-X", "TRACE"), ("-T", "/dev/null")):
        reply = parsed(curl(nginx.port, nginx.certificate, post, *more)[0])
        if reply.status != 405:
            yield f"curl {more}: {reply}"
    head = parsed(curl(nginx.port, nginx.certificate, served.path("c", number), "-I")[0])
    if head.status != 302:
        yield f"HEAD: {head}"
    for path in ("//" + served.path("c", number)[1:], "/%2e%2e" + served.path("c", number),
                 "/a/../b", "/%00"):
        reply = parsed(curl(nginx.port, nginx.certificate, path, "--path-as-is")[0])
        if reply.field("Location") not in (None, TARGET):
            yield f"{path}: {reply}"
    clicks = [event for event in served.settled_events()
              if event["address"] == f"h{number}@http.example" and event["kind"] == "clicked"]
    # nginx makes one slash of two, and takes dots out, before it asks.
    if not len(ways) <= len(clicks) <= len(ways) + 2:
        yield f"{len(clicks)} clicks were recorded: {clicks}"
    if {event["properties"]["address"] for event in clicks} != {"127.0.0.0"}:
        yield f"addresses: {[event['properties'] for event in clicks]}"


def the_process_restarts_behind_nginx(served):
    """nginx keeps connections open to a process that is replaced: nobody notices."""
    if not shutil.which("/usr/sbin/nginx") or not shutil.which("curl"):
        raise Skipped("nginx or curl is not installed")
    nginx = Nginx(served)
    try:
        for turn in range(3):
            for _ in range(5):
                reply = parsed(curl(nginx.port, nginx.certificate, "/health")[0])
                if reply.status != 200:
                    yield f"after {turn} reloads: {reply}"
            served.daemon.reload()
            served.new_pid = served.web_pid()
    finally:
        nginx.stop()


CHECKS = [behind_nginx, the_process_restarts_behind_nginx]
