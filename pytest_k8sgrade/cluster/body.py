"""Reads a response's body under a size limit and a clock, unpacked by our own hand.

A compressed body is unpacked in bounded steps, so that a small answer cannot fill
the memory, and a peer that sends a byte now and then is left at the deadline.
"""

from __future__ import annotations

import time
import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import urllib3

CHUNK: Final = 64 * 1024
_STEP: Final = 256 * 1024


class TooLarge(Exception):
    """The body is larger than allowed."""


class BrokenOff(OSError):
    """The body ended before its announced end, or is not packed as it says."""


def read_body(response: urllib3.BaseHTTPResponse, *, ends: float, max_bytes: int) -> bytes:
    """The unpacked body; TimeoutError at `ends` (monotonic seconds)."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip"):
        raise BrokenOff(f"unknown content encoding {encoding}")
    announced = response.headers.get("content-length")
    unpack = _Unpacked(max_bytes) if encoding == "gzip" else _Plain(max_bytes)
    received = 0
    while packed := response.read1(CHUNK, decode_content=False):
        received += len(packed)
        unpack.feed(packed)
        if time.monotonic() > ends:
            raise TimeoutError
    if announced and announced.isdecimal() and received != int(announced):
        raise BrokenOff("shorter than announced")
    return unpack.finish()


class _Plain:
    def __init__(self, max_bytes: int) -> None:
        self._parts = bytearray()
        self._max = max_bytes

    def feed(self, data: bytes) -> None:
        self._parts += data
        if len(self._parts) > self._max:
            raise TooLarge

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
