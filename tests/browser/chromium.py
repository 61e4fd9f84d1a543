"""Headless Chromium for the tests of web pages, driven over its debugging pipe: no port, no driver."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

PROGRAM = shutil.which("chromium") or shutil.which("google-chrome")
"""The browser, or None where there is none."""

_ABOVE = 10


class Browser:
    """A browser with an empty profile in a folder; ends with the `with` block."""

    def __init__(self, profile: Path) -> None:
        assert PROGRAM is not None, "no chromium or google-chrome on this machine: install one of them"
        self._number = 0
        self._events: list[dict[str, Any]] = []
        self._buffer = b""
        with _pipe() as (commands, self._write), _pipe() as (self._read, answers):
            arguments = [
                PROGRAM,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
                "--no-first-run",
                "--remote-debugging-pipe",
                f"--user-data-dir={profile}",
                "about:blank",
            ]
            silent = os.open(os.devnull, os.O_RDWR)
            actions = [(commands, 3), (answers, 4), (silent, 1), (silent, 2)]
            self._pid = os.posix_spawn(
                PROGRAM,
                arguments,
                os.environ,
                file_actions=[(os.POSIX_SPAWN_DUP2, from_, to) for from_, to in actions],
                setpgroup=0,
            )
            for descriptor in (commands, answers, silent):
                os.close(descriptor)

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it with all its processes."""
        os.killpg(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._write)
        os.close(self._read)

    def open(self, path: Path, *, width: int, height: int = 900, dark: bool = False) -> Page:
        """A file in a tab of that size, loaded."""
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = Page(self, session)
        page.prepare(width, height, "dark" if dark else "light")
        page.load(path)
        return page

    def call(self, method: str, params: dict[str, Any], session: str | None = None) -> dict[str, Any]:
        """The result of a command; what the browser reports meanwhile is kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer["error"])
                result: dict[str, Any] = answer["result"]
                return result
            self._events.append(answer)

    def wait_for(self, method: str, session: str) -> None:
        """Return when the browser has reported it."""
        while not self.events(method, session):
            self._events.append(self._message())

    def events(self, method: str, session: str) -> list[dict[str, Any]]:
        """What was reported of a kind so far."""
        found = (event for event in self._events if event.get("sessionId") == session)
        return [event["params"] for event in found if event["method"] == method]

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            more = os.read(self._read, 1 << 16)
            assert more, "the browser ended"
            self._buffer += more
        raw, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(raw)
        return message


class Page:
    """A tab."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session

    def prepare(self, width: int, height: int, scheme: str) -> None:
        """The screen it is shown on, and what is to be reported of it."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self._call("Emulation.setDeviceMetricsOverride", **size)
        self._media(scheme)

    def load(self, path: Path) -> None:
        """Show a file."""
        self._call("Page.navigate", url=path.resolve().as_uri())
        self._browser.wait_for("Page.loadEventFired", self._session)

    def evaluate(self, expression: str) -> Any:
        """The value of an expression of JavaScript."""
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def requested(self) -> list[str]:
        """The addresses of everything that the page asked for."""
        sent = self._browser.events("Network.requestWillBeSent", self._session)
        return [event["request"]["url"] for event in sent]

    def complaints(self) -> list[str]:
        """What the browser refused, warned of, or failed in."""
        logged = self._browser.events("Log.entryAdded", self._session)
        thrown = self._browser.events("Runtime.exceptionThrown", self._session)
        return [event["entry"]["text"] for event in logged] + [str(event) for event in thrown]

    def screenshot(self, path: Path) -> None:
        """All of the page, however long, as PNG."""
        answer = self._call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(answer["data"]))

    def paper(self, path: Path) -> None:
        """The page printed, as PDF."""
        path.write_bytes(base64.b64decode(self._call("Page.printToPDF")["data"]))

    def _media(self, scheme: str) -> None:
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._call("Emulation.setEmulatedMedia", features=features)

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        return self._browser.call(method, params, self._session)


@contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    """A pipe whose ends do not stand where the browser looks for its own."""
    low = os.pipe()
    reader, writer = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, _ABOVE) for end in low)
    yield reader, writer
    for end in low:
        os.close(end)
