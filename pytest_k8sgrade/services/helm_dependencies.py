"""The dependencies of a chart, as far as its release shows them.

Helm takes a dependency that a condition switches off out of the stored metadata. Its name and version
are then only in the lock file that `helm dependency update` wrote, which is part of the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_k8sgrade.outcome import Findings
from pytest_k8sgrade.services.helm import version_matches


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Versions by name: of those that are enabled, and of those that are locked (None without a lock)."""

    enabled: Mapping[str, str]
    locked: Mapping[str, str] | None

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Dependencies:
        """Those that a release's record shows."""
        chart = record.get("chart") or {}
        lock = chart.get("lock")
        declared = (chart.get("metadata") or {}).get("dependencies")
        return cls(_versions(declared), None if lock is None else _versions(lock.get("dependencies")))

    def is_hidden(self, name: str) -> bool:
        """Whether the record could not show it if it were declared and switched off."""
        return self.locked is None and name not in self.enabled

    def require(self, found: Findings, name: str, version: str, where: Mapping[str, Any]) -> bool:
        """Record whether it is declared, in that version (the locked one is used); whether it is at all."""
        has = (self.locked or {}).get(name) or self.enabled.get(name)
        names = sorted({*self.enabled, *(self.locked or {})})
        if not found.require(
            has is not None,
            "helm-dependency-absent",
            part=name,
            seen=names,
            wanted=name,
            dependency=name,
            found=names,
            asked=version,
            **where,
        ):
            return False
        assert has is not None
        found.require(
            version_matches(has, version),
            "helm-dependency-other-version",
            part=f"{name} version",
            seen=has,
            wanted=version,
            dependency=name,
            found=has,
            asked=version,
            **where,
        )
        return True


def _versions(entries: Any) -> dict[str, str]:
    return {str(one["name"]): str(one.get("version", "")) for one in entries or [] if one.get("name")}
