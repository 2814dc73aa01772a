# SPDX-License-Identifier: MIT
"""A headless Chromium, spoken to in its DevTools protocol through a pair of pipes."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

SECONDS = 120  # so long an answer may take: many share the cores


class Browser:
    """One page in one browser. What it says on its console and what it asks for is kept."""

    def __init__(self, width=1680, height=1050):
        self.profile = tempfile.mkdtemp(prefix="faultline-browser-")
        from_us, self.to_browser = os.pipe()
        self.from_browser, to_us = os.pipe()
        self.process = self.launch(from_us, to_us, width, height)
        os.close(from_us)
        os.close(to_us)
        self.number = 0
        self.unread = b""
        self.session = None
        self.errors = []
        self.requests = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target,
                                 flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.window = width, height
        self.size()

    def launch(self, from_us, to_us, width, height):
        # The protocol is on descriptors 3 and 4; --no-sandbox, as root has none.
        words = ["chromium", "--headless", "--no-sandbox", "--remote-debugging-pipe",
                 "--disable-gpu", "--no-first-run", "--disable-background-networking",
                 "--disable-dev-shm-usage", f"--user-data-dir={self.profile}",
                 f"--window-size={width},{height}"]
        shell = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'
        return subprocess.Popen(["bash", "-c", shell, "browser", str(from_us), str(to_us), *words],
                                pass_fds=(from_us, to_us), stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def close(self):
        try:
            self.session = None
            self.call("Browser.close")
            self.process.wait(20)
        except (OSError, RuntimeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self.to_browser)
        os.close(self.from_browser)
        shutil.rmtree(self.profile, ignore_errors=True)

    def read(self, end):
        """The next message."""
        while b"\0" not in self.unread:
            if not select.select([self.from_browser], [], [], max(end - time.monotonic(), 0))[0]:
                raise RuntimeError("the browser does not answer")
            some = os.read(self.from_browser, 1 << 20)
            if not some:
                raise RuntimeError("the browser has ended: is chromium installed?")
            self.unread += some
        message, _, self.unread = self.unread.partition(b"\0")
        return json.loads(message)

    def note(self, event):
        method, params = event.get("method"), event.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(params["exceptionDetails"])[:2000])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.errors.append(json.dumps(params["args"])[:2000])
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.errors.append(params["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Page.javascriptDialogOpening":
            self.errors.append(f"a dialogue: {params['message']}")

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to_browser, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + SECONDS
        while True:
            answer = self.read(end)
            if answer.get("id") == self.number:
                break
            self.note(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def run(self, script):
        """The value of an expression in the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:2000])
        return answer["result"].get("value")

    def wait(self, script):
        """Until an expression is true."""
        end = time.monotonic() + SECONDS
        while not self.run(script):
            if time.monotonic() > end:
                raise RuntimeError(f"never true: {script}")
            time.sleep(0.05)

    def open(self, path):
        self.errors.clear()
        self.requests.clear()
        self.call("Page.navigate", url=path.resolve().as_uri())
        self.wait("Boolean(globalThis.faultline && faultline.ready || "
                  "document.querySelector('#trouble:not([hidden])'))")

    def size(self, width=None, height=None):
        """Of the window; without arguments, the one it began with."""
        width, height = (width, height) if width else self.window
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)

    def scheme(self, name):
        """What the system prefers: "dark" or "light"."""
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": name}])

    def mouse(self, kind, x, y, clicks=1, held=False):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, clickCount=clicks,
                  button="none" if kind == "mouseMoved" and not held else "left",
                  buttons=int(held))

    def place(self, selector):
        """Left, top, width and height of an element, scrolled to."""
        return self.run(f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
                        "e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect();"
                        "return [b.x, b.y, b.width, b.height]; })()")

    def point(self, selector, part):
        left, top, width, height = self.place(selector)
        self.mouse("mouseMoved", left + width * part, top + height / 2)

    def drag(self, selector, begin, end):
        """From one part of an element's width to another."""
        left, top, width, height = self.place(selector)
        y = top + height / 2
        self.mouse("mouseMoved", left + width * begin, y)
        self.mouse("mousePressed", left + width * begin, y, held=True)
        for part in (begin + (end - begin) / 2, end):
            self.mouse("mouseMoved", left + width * part, y, held=True)
        self.mouse("mouseReleased", left + width * end, y)

    def double_click(self, selector):
        left, top, width, height = self.place(selector)
        x, y = left + width / 2, top + height / 2
        self.mouse("mouseMoved", x, y)
        for clicks in (1, 2):
            self.mouse("mousePressed", x, y, clicks, held=True)
            self.mouse("mouseReleased", x, y, clicks)

    def press(self, key, text=""):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key,
                      **({"text": text} if text and kind == "keyDown" else {}))

    def picture(self, path, whole=False):
        self.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        more = {"captureBeyondViewport": True} if whole else {}
        data = self.call("Page.captureScreenshot", format="png", **more)["data"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(data))
