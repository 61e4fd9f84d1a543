"""Who the kubeconfig says we are, for the report's header; it proves nothing.

Asking the server (SelfSubjectReview) would be a POST, and this program only reads.
So the name comes from the client certificate's subject or the token's own claims,
else from the kubeconfig. Nothing of a credential but this name leaves the module.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

_COMMON_NAME: Final = bytes.fromhex("550403")
_SUBJECT: Final = 5
"""Fields of a TBSCertificate before the subject's end: version, serial, signature, issuer, validity."""


def identity(user_name: str, user: Mapping[str, Any], certificate: bytes | None) -> str:
    """The certificate's common name, the token's subject, or the kubeconfig's user name."""
    named = _common_name(certificate) if certificate else None
    if named is None and isinstance(user.get("token"), str):
        named = _token_subject(user["token"])
    return named or str(user.get("username") or user_name or "anonymous")


def _token_subject(token: str) -> str | None:
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    subject = claims.get("sub") if isinstance(claims, dict) else None
    return subject if isinstance(subject, str) else None


def _common_name(pem: bytes) -> str | None:
    try:
        body = pem.split(b"-----BEGIN CERTIFICATE-----")[1].split(b"-----END")[0]
        certificate = next(_elements(base64.b64decode(body)))[1]
        fields = list(_elements(next(_elements(certificate))[1]))
        subject = fields[_SUBJECT if fields[0][0] == 0xA0 else _SUBJECT - 1][1]
        return _find_common_name(subject)
    except (IndexError, StopIteration, binascii.Error, ValueError):
        return None


def _find_common_name(subject: bytes) -> str | None:
    for _, names in _elements(subject):
        for _, pair in _elements(names):
            (_, kind), (_, value) = list(_elements(pair))[:2]
            if kind == _COMMON_NAME:
                return value.decode("utf-8", errors="replace")
    return None


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
