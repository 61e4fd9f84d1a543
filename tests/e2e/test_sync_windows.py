"""Sync windows on a real Argo CD: it acts, or does not, as the grader works them out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.grader import grade
from tests.testbed.layers import look
from tests.testbed.layers.argocd import NAMESPACE, refresh
from tests.testbed.node import Bed
from tests.testbed.scenarios.change import Change, Target, applied, change
from tests.testbed.scenarios.changes.argocd import in_order, sync_status

PROJECT = Target("appproject", NAMESPACE, "default")
DEPLOYMENT = Target("deployment", "default", "web-app")
ALWAYS, NEVER = {"schedule": "* * * * *", "duration": "1h"}, {"schedule": "0 0 29 2 *", "duration": "1m"}
ALL = {"applications": ["*"]}
ANOTHER = {"kind": "deny", **ALWAYS, "applications": ["other-*"]}
RUBRIC = """
k8sgrade: 1
id: windows
version: "1"
title: {en: "Windows", ko: "창"}
pass_mark: 100%
budget: 2m
within: 20s
groups:
  - id: all
    title: {en: "All", ko: "전체"}
    items:
      - {id: synced, check: argocd.synced, with: {name: web-app, namespace: argocd}, points: 1, level: effect}
"""


def healed(bed: Bed) -> str | None:
    """Whether the number of pods is Git's again, and Argo CD content with it."""
    replicas = (DEPLOYMENT.read(bed) or {"spec": {}})["spec"].get("replicas")
    return f"{replicas} pods" if replicas == 4 else in_order(bed)


def windows(*found: dict[str, Any]) -> Change:
    """The project's windows; once they are gone Argo CD heals what has drifted."""

    def undo(bed: Bed) -> None:
        PROJECT.patch(bed, {"spec": {"syncWindows": None}})
        refresh(bed)
        look.until("healed", lambda: healed(bed), 240)

    return Change(
        name="windows",
        title="Sync windows",
        apply=lambda bed: PROJECT.patch(bed, {"spec": {"syncWindows": list(found)}}),
        settle=lambda bed: None,
        undo=undo,
    )


def synced(bed: Bed, folder: Path) -> tuple[str, str | None]:
    """The verdict on the Application and its reason; alone, because other items may block it."""
    rubric = folder / "windows.yaml"
    rubric.write_text(RUBRIC, encoding="utf-8")
    (item,) = grade(bed, folder, lab=str(rubric)).graded.items
    return item.verdict, item.reason.id if item.reason is not None else None


def drifted(bed: Bed) -> None:
    """Another number of pods than Git has, and a look of Argo CD at it."""
    DEPLOYMENT.patch(bed, {"spec": {"replicas": 4}})
    refresh(bed)


def test_open_windows_are_not_blamed(lab1_bed: Bed, tmp_path: Path) -> None:
    """Argo CD heals while they are open; what is out of sync without self-healing is so for itself.

    Before the others: Argo CD waits longer each time before it heals the same thing again.
    """
    found = [{"kind": "allow", **ALWAYS, **ALL}, {"kind": "deny", **NEVER, **ALL}, ANOTHER]
    with applied(lab1_bed, windows(*found)):
        drifted(lab1_bed)
        look.until("healed", lambda: healed(lab1_bed), 120)
    with applied(lab1_bed, windows(*found), change("application-self-heal-off")):
        drifted(lab1_bed)
        look.until("OutOfSync", lambda: sync_status(lab1_bed, "OutOfSync"), 60)
        verdict, reason = synced(lab1_bed, tmp_path)
    assert (verdict, reason) == ("failed", "argocd-out-of-sync")


@pytest.mark.parametrize(
    "found",
    [
        [{"kind": "deny", **ALWAYS, **ALL}],
        [{"kind": "allow", **NEVER, **ALL}],
        [{"kind": "allow", **ALWAYS, **ALL}, {"kind": "deny", **ALWAYS, "namespaces": ["default"]}],
    ],
    ids=["denied", "not-allowed", "denied-and-allowed"],
)
def test_a_closed_window_is_told(lab1_bed: Bed, tmp_path: Path, found: list[dict[str, Any]]) -> None:
    """Self-healing waits for the window to open, and the item says which one it is."""
    with applied(lab1_bed, windows(*found)):
        drifted(lab1_bed)
        look.until("OutOfSync", lambda: sync_status(lab1_bed, "OutOfSync"), 60)
        verdict, reason = synced(lab1_bed, tmp_path)
    assert (verdict, reason) == ("failed", "argocd-sync-window")
