"""Reads a response's body under a size limit and a clock, unpacked by our own hand.

A compressed body is unpacked in bounded steps, so that a small answer cannot fill
the memory, and a peer that sends a byte now and then is left at the deadline. Large
bodies are read one at a time, and what is given up is let go of at once: the error that
tells of it may be remembered for as long as the round lasts.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import urllib3

CHUNK: Final = 64 * 1024
LARGE: Final = 4 * 1024 * 1024
"""Bytes from which on a body waits for another large one; the biggest list of a lab has about 2 MiB."""
_STEP: Final = 256 * 1024
_ONE_AT_A_TIME: Final = threading.Lock()


class TooLarge(Exception):
    """The body is larger than allowed."""


class BrokenOff(OSError):
    """The body ended before its announced end, or is not packed as it says."""


def read_body(response: urllib3.BaseHTTPResponse, *, ends: float, max_bytes: int) -> bytes:
    """The unpacked body; TimeoutError at `ends` (monotonic seconds)."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip"):
        raise BrokenOff(f"unknown content encoding {encoding}")
    unpack = _Unpacked(max_bytes) if encoding == "gzip" else _Plain(max_bytes)
    with unpack.reading(ends):
        received = 0
        while packed := response.read1(CHUNK, decode_content=False):
            received += len(packed)
            unpack.feed(packed)
            if time.monotonic() > ends:
                raise TimeoutError
        announced = response.headers.get("content-length")
        if announced and announced.isdecimal() and received != int(announced):
            raise BrokenOff("shorter than announced")
        return unpack.finish()


class _Plain:
    def __init__(self, max_bytes: int) -> None:
        self._parts = bytearray()
        self._max = max_bytes
        self._ends = 0.0
        self._is_large = False

    @contextmanager
    def reading(self, ends: float) -> Iterator[None]:
        self._ends = ends
        try:
            yield
        finally:
            self._parts.clear()
            if self._is_large:
                _ONE_AT_A_TIME.release()

    def feed(self, data: bytes) -> None:
        self._parts += data
        if len(self._parts) > self._max:
            raise TooLarge
        if len(self._parts) > LARGE and not self._is_large:
            self._is_large = _ONE_AT_A_TIME.acquire(timeout=max(0.0, self._ends - time.monotonic()))
            if not self._is_large:
                raise TimeoutError

    def finish(self) -> bytes:
        return bytes(self._parts)


class _Unpacked(_Plain):
    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes)
        self._zip = zlib.decompressobj(wbits=31)

    def feed(self, data: bytes) -> None:
        try:
            while data:
                super().feed(self._zip.decompress(data, _STEP))
                data = self._zip.unconsumed_tail
        except zlib.error as error:
            raise BrokenOff("not gzip") from error

    def finish(self) -> bytes:
        if self._parts and not self._zip.eof:
            raise BrokenOff("gzip ends too early")
        return super().finish()
