"""From when until when credentials hold, by what they say themselves.

A server that refuses them does not say why. What is told here proves nothing and refuses
nothing: it explains a refusal, and only where both clocks agree.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from pytest_k8sgrade.cluster.certificate import validity
from pytest_k8sgrade.kube.times import format_time


@dataclass(frozen=True, slots=True)
class Term:
    """The time of one credential, called as in a kubeconfig; a bound that is None bounds nothing."""

    credential: Literal["client-certificate", "token"]
    since: datetime | None
    until: datetime | None


def terms(certificate: bytes | None, authorization: str | None) -> tuple[Term, ...]:
    """The times of a client certificate and of a bearer token, where they tell them."""
    found = []
    held = validity(certificate) if certificate else None
    if held is not None:
        found.append(Term("client-certificate", *held))
    claimed = claims((authorization or "").removeprefix("Bearer "))
    bounds = _moment(claimed.get("nbf")), _moment(claimed.get("exp"))
    if any(bounds):
        found.append(Term("token", *bounds))
    return tuple(found)


def claims(token: str) -> Mapping[str, Any]:
    """What a token says in its own claims, unverified; nothing for one that is no JWT."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _moment(seconds: object) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=0)
    except (ValueError, OverflowError, OSError):
        return None


def out_of_term(held: Iterable[Term], clocks: Iterable[datetime]) -> tuple[str, dict[str, str]] | None:
    """The reason for credentials that are too old, or too new, by every clock; None for others."""
    shown = list(clocks)
    for term in held:
        if term.until is not None and all(now > term.until for now in shown):
            return "credentials-expired", {"credential": term.credential, "until": format_time(term.until)}
        if term.since is not None and all(now < term.since for now in shown):
            return "credentials-too-new", {"credential": term.credential, "since": format_time(term.since)}
    return None
