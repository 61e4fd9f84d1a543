"""KEDA's ScaledJobs: accepted, and Jobs of their own that are complete."""

from __future__ import annotations

from typing import Any

import pytest

from checks import keda
from pytest_k8sgrade.outcome import Observation
from tests.unit.checks.api import MemoryApi, look, reason
from tests.unit.checks.objects import Object, item, namespace

LABELS = {"scaledjob.keda.sh/name": "importer"}
OWNER = {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledJob", "name": "importer", "controller": True}


def said(kind: str, status: str, why: str = "") -> Object:
    """One of KEDA's conditions, which have no times."""
    return {"type": kind, "status": status, **({"reason": why} if why else {})}


READY = said("Ready", "True", "ScaledJobReady")
IDLE = said("Active", "False", "ScalerNotActive")


def scaled(*conditions: Object, paused: str = "", last: str = "", **spec: Any) -> Object:
    """A ScaledJob."""
    notes = {"autoscaling.keda.sh/paused": paused} if paused else {}
    status: Object = {"conditions": list(conditions or [READY, IDLE])}
    own = {"triggers": [{"type": "rabbitmq", "metadata": {"host": "amqp://mq.shop:5672"}}], **spec}
    return item(
        "keda.sh/v1alpha1",
        "ScaledJob",
        "importer",
        "shop",
        meta={"annotations": notes, "creationTimestamp": "2026-03-02T08:00:00Z"},
        spec=own,
        status={**status, **({"lastActiveTime": last} if last else {})},
    )


def job(name: str, how: str, *, own: bool = True) -> Object:
    """A Job that has ended so."""
    return item(
        "batch/v1",
        "Job",
        name,
        "shop",
        meta={"labels": LABELS, "ownerReferences": [OWNER] if own else []},
        status={"conditions": [said(how, "True")]},
    )


def asked(check: Any, *objects: Object, **params: Any) -> Observation:
    """One look at the ScaledJob."""
    api = MemoryApi(namespace("shop"), *objects)
    return look(check, api.cluster(), name="importer", namespace="shop", **params)


@pytest.mark.parametrize(
    ("own", "verdict", "expected"),
    [
        (scaled(), "met", None),
        (scaled(READY, IDLE, said("Fallback", "Unknown"), said("Paused", "Unknown")), "met", None),
        (scaled(paused="true"), "unmet", "keda-job-paused"),
        (scaled(READY), "unmet", "keda-job-not-evaluated"),
        (scaled(said("Ready", "Unknown")), "unmet", "keda-job-not-evaluated"),
        (scaled(said("Ready", "False", "TriggerError"), IDLE), "unmet", "keda-job-trigger-error"),
        (scaled(said("Ready", "Unknown", "PartialTriggerError"), IDLE), "unmet", "keda-job-trigger-error"),
        (scaled(said("Ready", "False", "ScaledJobCheckFailed"), IDLE), "unmet", "keda-job-not-ready"),
        (scaled(said("Ready", "True", "SomethingNew"), IDLE), "cannot-tell", "condition-unknown"),
    ],
)
def test_ready_means_that_its_triggers_are_read(own: Object, verdict: str, expected: str | None) -> None:
    """Paused or not looked at yet, it may say Ready all the same."""
    seen = asked(keda.test_job_ready, own)
    assert (seen.status, reason(seen)) == (verdict, expected)
    assert reason(asked(keda.test_job_ready)) == "keda-job-absent"


def test_only_its_own_jobs_that_are_complete_count() -> None:
    """A Job that was started by hand proves nothing, and neither does one that failed."""
    done, failed = job("a", "Complete"), job("b", "Failed")
    check = keda.test_jobs_completed
    assert asked(check, scaled(), done).status == "met"
    assert asked(check, scaled(), done, failed).status == "met"
    assert reason(asked(check, scaled(), failed)) == "keda-jobs-failed"
    assert reason(asked(check, scaled(), job("c", "Complete", own=False))) == "keda-jobs-too-few"
    assert reason(asked(check, scaled(), done, at_least=2)) == "keda-jobs-too-few"


def test_jobs_that_are_not_kept_are_a_doubt() -> None:
    """What has been tidied away cannot be counted, once there was any activity."""
    few: Object = {"successfulJobsHistoryLimit": 0}
    was = scaled(last="2026-03-02T09:00:00Z", **few)
    seen = asked(keda.test_jobs_completed, was)
    assert (seen.status, reason(seen)) == ("cannot-tell", "keda-jobs-not-kept")
    assert reason(asked(keda.test_jobs_completed, scaled(**few))) == "keda-jobs-too-few"
