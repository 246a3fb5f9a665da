# SPDX-License-Identifier: BSD-2-Clause
"""Headless Chromium that draws HTML without a network: each page and each image comes from
here, or fails.

It is led through a pair of pipes (the DevTools protocol, messages end in NUL), so that there is
no port and no driver. Scripts don't run and nothing is animated: the same page gives the same
picture.
"""

import base64
import fcntl
import io
import itertools
import json
import os
import select
import shutil
import subprocess
import time

from lab import LabError

try:
    from PIL import Image, ImageChops
except ImportError:
    Image = None

PAGE = "http://mail.invalid/"
HEIGHT = 200  # of the window: less than any page, so that a page's own height counts
HEIGHT_MAX = 16000  # of a picture; Chromium's own ceiling is a little higher
SECONDS = 60

def missing():
    """Why nothing can be drawn here, or None."""
    if not shutil.which("chromium"):
        return "Chromium is not installed (contrib/packages pictures)"
    if Image is None:
        return "python3-pil is not installed (contrib/packages pictures)"
    return None


class Browser:
    """Use as a context."""

    def __init__(self, lab):
        # Away from 3 and 4, where Chromium wants them.
        reading, self._out = os.pipe()
        self._in, writing = os.pipe()
        theirs_in, theirs_out = (fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (reading, writing))
        os.close(reading)
        os.close(writing)
        self._pending, self._numbers = b"", itertools.count(1)
        self._html, self._images, self._asked = b"", lambda url: None, set()
        self._loaded = False
        self._process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "bash",
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
        self._call("DOM.enable")
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
        """The result; what happens meanwhile is dealt with."""
        number = self._send(method, **parameters)
        end = time.monotonic() + SECONDS
        while True:
            message = self._read(end)
            if message.get("id") == number:
                if "error" in message:
                    raise LabError(f"Chromium: {method}: {message['error'].get('message')}")
                return message["result"]
            self._take(message)

    def _take(self, message):
        """Something that Chromium says of itself."""
        if message.get("method") == "Fetch.requestPaused":
            self._answer(message["params"])
        elif message.get("method") == "Page.loadEventFired":
            self._loaded = True

    # --- pages ---

    def _answer(self, request):
        """A request of the page."""
        url, number = request["request"]["url"], request["requestId"]
        if url == PAGE:
            kind, body = "text/html; charset=utf-8", self._html
        else:
            kind, body = "image/png", self._images(url)
            self._asked.add(url)
        if body is None:
            self._send("Fetch.failRequest", requestId=number, errorReason="NameNotResolved")
            return
        if body.startswith(b"GIF"):
            kind = "image/gif"
        self._send("Fetch.fulfillRequest", requestId=number, responseCode=200,
                   responseHeaders=[{"name": "Content-Type", "value": kind}],
                   body=base64.b64encode(body).decode())

    def _load(self):
        self._loaded = False
        self._call("Page.navigate", url=PAGE)
        end = time.monotonic() + SECONDS
        while not self._loaded:
            self._take(self._read(end))

    def _capture(self, width):
        size = self._call("Page.getLayoutMetrics")["cssContentSize"]
        height = min(max(int(size["height"]), 1), HEIGHT_MAX)
        picture = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=True,
                             clip={"x": 0, "y": 0, "width": max(width, int(size["width"])),
                                   "height": height, "scale": 1})
        return Image.open(io.BytesIO(base64.b64decode(picture["data"]))).convert("RGB")

    def draw(self, html, width, images):
        """The whole page as a PIL image, and the set of addresses that it asked for. `html`: str.
        `images`: from an address to bytes (PNG or GIF), or None."""
        self._html, self._images = html.encode("utf-8", "surrogatepass"), images
        self._asked = set()
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=HEIGHT,
                   deviceScaleFactor=1, mobile=False)
        self._load()
        picture = self._capture(width)
        for _ in range(10):  # until nothing moves
            before, picture = picture, self._capture(width)
            if before.size == picture.size and before.tobytes() == picture.tobytes():
                return picture, self._asked
        raise LabError("the page does not come to rest")

    def rows_of(self, selector):
        """(top, bottom) of the element on the page that was drawn last; None: there is none."""
        root = self._call("DOM.getDocument")["root"]["nodeId"]
        node = self._call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        if not node:
            return None
        box = self._call("DOM.getBoxModel", nodeId=node)["model"]["border"]
        return round(min(box[1::2])), round(max(box[1::2]))
