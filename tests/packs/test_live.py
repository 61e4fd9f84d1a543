"""Tracing on a real cluster: a real Jaeger and a real collector, recorded once on the testbed.

Jaeger 1.76.0 ran as a program of its own in pods of the testbed's base image, once as Jaeger and once
with a configuration that makes it an OpenTelemetry Collector; spans were sent by OTLP. The testbed does
not build it, for that takes half an hour, so these recordings are kept and not made again: when a check
asks something new, the recording lacks it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_k8sgrade.engine import grade_evidence
from pytest_k8sgrade.prove.judge import missing

LIVE = Path(__file__).parent / "live"
UNTRACED = {"caller-traced": "service-not-traced", "called-traced": "service-not-traced"}
BLOCKED = dict.fromkeys(("jaeger-answers", "caller-traced", "called-traced", "connected"), "blocked")
LOST = {
    "reference": {},
    # The collector was restarted just before: nothing sent is early, not lost.
    "nothing-sent": {"pipeline": "otel-receives-nothing", **UNTRACED, "connected": "blocked"},
    "context-not-propagated": {"connected": "trace-not-propagated"},
    "parent-missing": {"connected": "trace-parent-missing"},
    # Jaeger still has the spans that came before.
    "debug-exporter-only": {"pipeline": "otel-without-exporter"},
    "exporter-wrong-endpoint": {"pipeline": "otel-exports-nothing"},
    # The exporter's endpoint was still the wrong one.
    "jaeger-scaled-to-zero": {
        "pipeline": "otel-exports-nothing",
        "jaeger-running": "workload-scaled-to-zero",
        **BLOCKED,
    },
    "empty": {
        "collector-running": "namespace-absent",
        "collector-healthy": "blocked",
        "pipeline": "blocked",
        "jaeger-running": "namespace-absent",
        **BLOCKED,
    },
}


@pytest.mark.parametrize("name", LOST)
def test_a_real_stack_is_graded_as_the_one_in_memory(name: str) -> None:
    """It loses exactly this, for these reasons."""
    grade = grade_evidence("tracing", LIVE / f"{name}.zip")
    assert missing(grade) == LOST[name]
    open_items = [item.id for item in grade.items if item.verdict == "ungraded"]
    assert open_items == (["pipeline"] if name == "nothing-sent" else [])


def test_every_recording_is_looked_at() -> None:
    """None lies about."""
    assert {file.stem for file in LIVE.glob("*.zip")} == set(LOST)
