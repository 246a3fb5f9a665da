# SPDX-License-Identifier: BSD-2-Clause
"""A server on the loopback that what is tested sends requests to, with TLS or without."""

import http.server
import ssl
import subprocess
import threading


def self_signed(path, name):
    """Key and certificate in one file. `name`: as in DNS:localhost or IP:127.0.0.1. -> path"""
    certificate = path + ".crt"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=" + name.partition(":")[2], "-addext", f"subjectAltName={name}",
                    "-keyout", path, "-out", certificate], check=True, stderr=subprocess.DEVNULL)
    with open(path, "a", encoding="ascii") as out, open(certificate, encoding="ascii") as more:
        out.write(more.read())
    return path


class WebServer(http.server.ThreadingHTTPServer):
    """`leave` tells handlers that wait that it is over. start() when the subclass is ready."""

    daemon_threads = True

    def __init__(self, handler, certificate=None):
        super().__init__(("127.0.0.1", 0), handler)
        self.port = self.server_address[1]
        self.lock = threading.Lock()
        self.leave = threading.Event()
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def start(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass

    def stop(self):
        self.leave.set()
        self.shutdown()
        self.server_close()
