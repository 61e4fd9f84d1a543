"""What a certificate says of itself: whose it is, and from when until when it holds.

Only these few fields are read from its DER, which the standard library does not show.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

_COMMON_NAME: Final = bytes.fromhex("550403")
_VALIDITY, _SUBJECT = 3, 4
"""Fields of a TBSCertificate, after its version, which may be left out."""
_VERSION_TAG, _SHORT_YEAR_TAG = 0xA0, 0x17


def common_name(pem: bytes) -> str | None:
    """The common name of the subject of the first certificate; None where there is none to be read."""
    try:
        for _, names in _elements(_fields(pem)[_SUBJECT][1]):
            for _, pair in _elements(names):
                (_, kind), (_, value) = list(_elements(pair))[:2]
                if kind == _COMMON_NAME:
                    return value.decode("utf-8", errors="replace")
    except (IndexError, StopIteration, ValueError):
        return None
    return None


def validity(pem: bytes) -> tuple[datetime, datetime] | None:
    """From when until when the first certificate holds; None where that cannot be read."""
    try:
        since, until = (_moment(*one) for one in list(_elements(_fields(pem)[_VALIDITY][1]))[:2])
    except (IndexError, StopIteration, ValueError):
        return None
    return since, until


def _fields(pem: bytes) -> list[tuple[int, bytes]]:
    """The fields of the signed part, without its version."""
    body = pem.split(b"-----BEGIN CERTIFICATE-----")[1].split(b"-----END")[0]
    try:
        certificate = next(_elements(base64.b64decode(body)))[1]
    except binascii.Error as error:
        raise ValueError("no base64") from error
    fields = list(_elements(next(_elements(certificate))[1]))
    return fields[1:] if fields[0][0] == _VERSION_TAG else fields


def _moment(tag: int, content: bytes) -> datetime:
    """A UTCTime, whose years are of 1950 to 2049, or a GeneralizedTime."""
    text = content.decode("ascii")
    if tag == _SHORT_YEAR_TAG:
        text = ("19" if text[:2] >= "50" else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The DER elements (tag, content) that follow each other in `data`."""
    at = 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
        if at + length > len(data):
            raise ValueError("truncated")
        yield tag, data[at : at + length]
        at += length
