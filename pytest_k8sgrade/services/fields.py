"""One field of an object compared with what was asked, as one part of a check.

Missing and different are told apart, because the hint differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_k8sgrade.outcome import Findings


def require_equal(
    findings: Findings,
    subject: Mapping[str, Any],
    field: str,
    found: object,
    asked: object,
    *,
    weight: float = 1.0,
) -> bool:
    """Record whether a field has the value; `subject` gives kind, namespace and name."""
    return require_that(findings, subject, field, found, asked, met=found == asked, weight=weight)


def require_that(
    findings: Findings,
    subject: Mapping[str, Any],
    field: str,
    found: object,
    asked: object,
    *,
    met: bool,
    weight: float = 1.0,
) -> bool:
    """Record a field whose comparison was made by the caller."""
    return findings.require(
        met,
        "field-missing" if found is None else "field-differs",
        part=field,
        seen=found,
        wanted=asked,
        weight=weight,
        field=field,
        found=found,
        asked=asked,
        **subject,
    )
