# SPDX-License-Identifier: BSD-2-Clause
"""Headless Chromium that draws HTML without a network: each page and each image comes from
here, or fails.

It is led through a pair of pipes (the DevTools protocol, messages end in NUL), so that there is
no port and no driver. Scripts don't run and nothing is animated: the same page gives the same
picture.
"""

import base64
import itertools
import json
import os
import select
import shutil
import subprocess
import time

from lab import LabError

PAGE = "http://mail.invalid/"
HEIGHT_MAX = 16000  # of a picture; Chromium's own ceiling is a little higher
SECONDS = 60

# What each image shows where images are served: a picture with an edge, so that a shift shows.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQMAAAD+wSzIAAAABlBMVEXAwMCAgIBlc0eEAAAAEUlEQVQI12M4"
    "wPABCA8wHAAAFRgFAVkpXtAAAAAASUVORK5CYII=")
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


def missing():
    """Why nothing can be drawn here, or None."""
    if not shutil.which("chromium"):
        return "Chromium is not installed (contrib/packages pictures)"
    return None


class Browser:
    """`extra`: command line arguments. Use as a context."""

    def __init__(self, lab):
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        self._pending, self._numbers, self._events = b"", itertools.count(1), []
        self._process = subprocess.Popen(
            ["sh", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "sh",
             "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--remote-debugging-pipe", "--force-device-scale-factor=1",
             "--font-render-hinting=none", "--disable-lcd-text", "--disable-dev-shm-usage",
             "--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking",
             "--disable-component-update", "--no-first-run", "--lang=en-US",
             f"--user-data-dir={lab.path('chromium')}"],
            pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=dict(os.environ, HOME=lab.folder, XDG_CONFIG_HOME=lab.path("chromium-config"),
                     XDG_CACHE_HOME=lab.path("chromium-cache"), TZ="UTC"))
        os.close(theirs_in)
        os.close(theirs_out)
        self._session = None
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target,
                                   flatten=True)["sessionId"]
        self._call("Page.enable")
        self._call("Network.enable")
        self._call("Network.setCacheDisabled", cacheDisabled=True)
        self._call("Emulation.setScriptExecutionDisabled", value=True)
        self._call("Emulation.setEmulatedMedia", media="screen", features=[
            {"name": "prefers-reduced-motion", "value": "reduce"},
            {"name": "prefers-color-scheme", "value": "light"}])
        self._call("Animation.enable")
        self._call("Animation.setPlaybackRate", playbackRate=0)
        self._call("Fetch.enable", patterns=[{"urlPattern": "*"}])

    def close(self):
        os.close(self._out)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._in)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    # --- the protocol ---

    def _send(self, method, **parameters):
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data):]
        return number

    def _read(self, end):
        while b"\0" not in self._pending:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._in], [], [], left)[0]:
                raise LabError(f"Chromium said nothing for {SECONDS} s")
            data = os.read(self._in, 1 << 20)
            if not data:
                raise LabError("Chromium left")
            self._pending += data
        message, _, self._pending = self._pending.partition(b"\0")
        return json.loads(message)

    def _call(self, method, **parameters):
        """The result; what happens meanwhile is noted."""
        number = self._send(method, **parameters)
        end = time.monotonic() + SECONDS
        while True:
            message = self._read(end)
            if message.get("id") == number:
                if "error" in message:
                    raise LabError(f"Chromium: {method}: {message['error'].get('message')}")
                return message["result"]
            if "method" in message:
                self._events.append(message)

    # --- pages ---

    def _answer(self, request, html, images):
        """A request of the page: `images` says what an address gives, None for nothing."""
        url, number = request["request"]["url"], request["requestId"]
        if url == PAGE:
            kind, body = "text/html; charset=utf-8", html
        else:
            kind, body = "image/png", images(url)
        if body is None:
            self._send("Fetch.failRequest", requestId=number, errorReason="NameNotResolved")
            return
        if body.startswith(b"GIF"):
            kind = "image/gif"
        self._send("Fetch.fulfillRequest", requestId=number, responseCode=200,
                   responseHeaders=[{"name": "Content-Type", "value": kind}],
                   body=base64.b64encode(body).decode())

    def _load(self, html, images):
        """Returns the addresses that were asked for."""
        self._events.clear()
        self._send("Page.navigate", url=PAGE)
        asked = []
        end = time.monotonic() + SECONDS
        while True:
            message = self._events.pop(0) if self._events else self._read(end)
            method = message.get("method")
            if method == "Fetch.requestPaused":
                asked.append(message["params"]["request"]["url"])
                self._answer(message["params"], html, images)
            elif method == "Page.loadEventFired":
                return asked

    def draw(self, html, width, images):
        """PNG of the whole page, and the addresses it asked for. `html`: str. `images`: from an
        address to bytes (PNG or GIF), or None."""
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=800,
                   deviceScaleFactor=1, mobile=False)
        asked = self._load(html.encode("utf-8", "surrogatepass"), images)
        size = self._call("Page.getLayoutMetrics")["cssContentSize"]
        height = min(max(int(size["height"]), 1), HEIGHT_MAX)
        picture = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=True,
                             clip={"x": 0, "y": 0, "width": max(width, int(size["width"])),
                                   "height": height, "scale": 1})
        return base64.b64decode(picture["data"]), asked
