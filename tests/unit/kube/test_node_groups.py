"""The status of Cluster Autoscaler in its two forms, and Go's times in it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pytest_k8sgrade.kube.node_groups import Area, from_document, from_text
from pytest_k8sgrade.kube.times import parse_go_time

TEXT = """\
Cluster-autoscaler status at 2026-03-02 09:59:52.869123456 +0000 UTC m=+12.5:
Cluster-wide:
  Health:      Healthy (ready=3 unready=0 (resourceUnready=0) longNotStarted=0 registered=4)
               LastProbeTime:      2026-03-02 09:59:52.869 +0000 UTC m=+12.5
               LastTransitionTime: 2026-03-02 08:00:00 +0000 UTC m=+0.1
  ScaleUp:     InProgress (ready=3 registered=4)
               LastProbeTime:      2026-03-02 09:59:52.869 +0000 UTC
  ScaleDown:   NoCandidates (candidates=0)

NodeGroups:
  Name:        pool-a
  Health:      Unhealthy (ready=1 unready=1 registered=2 cloudProviderTarget=5 (minSize=1, maxSize=5))
  ScaleUp:     Backoff (ready=1 cloudProviderTarget=5)
  ScaleDown:   CandidatesPresent (candidates=1)
               LastProbeTime:      2026-03-02 09:59:52 +0000 UTC
               LastTransitionTime: 2026-03-02 09:50:00 +0000 UTC

  Name:        https://provider.example/groups/pool-b
  Health:      Healthy (ready=1 registered=1 cloudProviderTarget=1 (minSize=1, maxSize=3))
  ScaleUp:     NoActivity (ready=1 cloudProviderTarget=1)
  ScaleDown:   NoCandidates (candidates=0)
"""
DOCUMENT = {
    "time": "2026-03-02 09:59:52.869123456 +0000 UTC m=+12.5",
    "autoscalerStatus": "Running",
    "clusterWide": {
        "health": {
            "status": "Healthy",
            "nodeCounts": {"registered": {"total": 4, "ready": 3}},
            "lastTransitionTime": "2026-03-02 08:00:00 +0000 UTC m=+0.1",
        },
        "scaleUp": {"status": "InProgress"},
        "scaleDown": {"status": "NoCandidates"},
    },
    "nodeGroups": [
        {
            "name": "pool-a",
            "health": {
                "status": "Unhealthy",
                "nodeCounts": {"registered": {"total": 2, "ready": 1}},
                "cloudProviderTarget": 5,
                "minSize": 1,
                "maxSize": 5,
            },
            "scaleUp": {"status": "Backoff"},
            "scaleDown": {
                "status": "CandidatesPresent",
                "lastTransitionTime": "2026-03-02 09:50:00 +0000 UTC",
            },
        },
        {
            "name": "https://provider.example/groups/pool-b",
            "health": {
                "status": "Healthy",
                "nodeCounts": {"registered": {"total": 1, "ready": 1}},
                "cloudProviderTarget": 1,
                "minSize": 1,
                "maxSize": 3,
            },
            "scaleUp": {"status": "NoActivity"},
            "scaleDown": {"status": "NoCandidates"},
        },
    ],
}


def test_both_forms_are_the_same_status() -> None:
    """Names may be addresses; a group at its maximum is full."""
    status = from_text(TEXT)
    assert status == from_document(DOCUMENT)
    assert [group.full for group in status.groups] == [True, False]
    assert status.written == datetime(2026, 3, 2, 9, 59, 52, 869123, tzinfo=UTC)


def test_an_autoscaler_that_starts_has_no_health() -> None:
    """Neither form has it then, and it is not taken for good."""
    text = from_text("Cluster-autoscaler status at 2026-03-02 09:59:52 +0000 UTC:\nInitializing\n")
    document = from_document({"autoscalerStatus": "Initializing", "message": "Healthy"})
    assert [(one.state, one.cluster) for one in (text, document)] == [("Initializing", Area())] * 2


@pytest.mark.parametrize("other", [None, [], "Healthy", {"clusterWide": {}}])
def test_another_document_is_an_error(other: object) -> None:
    """What is not a status says nothing."""
    with pytest.raises(ValueError, match="not a status"):
        from_document(other)


def test_another_text_is_an_error() -> None:
    """The word alone is no status."""
    with pytest.raises(ValueError, match="not a status"):
        from_text("Health: Healthy")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02 10:00:52.869 +0000 UTC", datetime(2026, 3, 2, 10, 0, 52, 869000, tzinfo=UTC)),
        ("2026-03-02 19:00:52 +0900 KST", datetime(2026, 3, 2, 10, 0, 52, tzinfo=UTC)),
        ("0001-01-01 00:00:00 +0000 UTC", None),
        ("2026-03-02T10:00:52Z", None),
        (None, None),
    ],
)
def test_times_as_go_prints_them(text: str | None, moment: datetime | None) -> None:
    """With and without a fraction, in any zone; the zero time is none."""
    assert parse_go_time(text) == moment
