"""What an active check may send: a closed list of acts, each with its method, path and shape.

Whatever is not on the list is refused before a byte is sent, so that a faulty check, or
one of somebody else's pack, can do no more than what is written here: a Job that ends by
itself, one replica more or less, alerts that resolve by themselves, and a note of what is
to be put back. This module sends nothing; `acting_sending` asks it about every act.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pytest_k8sgrade.kube.times import parse_time

MANAGED_BY: Final = "app.kubernetes.io/managed-by"
OURS: Final = "pytest-k8sgrade"
RUN: Final = "k8sgrade/run"
EXPIRES: Final = "k8sgrade/expires"
PREFIX: Final = "k8sgrade-"
ALERT_PREFIX: Final = "K8sgrade"
ALERT_RUN: Final = "k8sgrade_run"
PUT_BACK: Final = "put-back"
"""The key of a note under which it says what to put back."""

MAX_PODS: Final = 20
MAX_JOB_S: Final = 1800
MAX_TTL_S: Final = 600
MAX_ALERTS: Final = 10
MAX_ALERT: Final = timedelta(minutes=30)

_NAME: Final = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
_NAMESPACED: Final = f"/namespaces/{_NAME}"
_OWN_NAME: Final = rf"{PREFIX}[a-z0-9-]*[a-z0-9]"
_OWN: Final = re.compile(_OWN_NAME)

JSON: Final = "application/json"
JSON_PATCH: Final = "application/json-patch+json"
MERGE_PATCH: Final = "application/merge-patch+json"

Body = Any
"""A JSON document."""


@dataclass(frozen=True, slots=True)
class Act:
    """One request that changes the cluster."""

    method: str
    path: str
    body: Body
    content_type: str = JSON

    @property
    def namespace(self) -> str:
        """The namespace in which it changes something."""
        _, found, rest = self.path.partition("/namespaces/")
        return rest.partition("/")[0] if found else ""

    def told(self) -> dict[str, Body]:
        """As the guard is told of it."""
        return {
            "method": self.method,
            "path": self.path,
            "body": self.body,
            "content_type": self.content_type,
        }


def is_allowed(act: Act) -> bool:
    """Whether an act is on the list, with a body of the shape that belongs to it."""
    for method, path, content_type, fits in _RULES:
        if (act.method, act.content_type) == (method, content_type) and path.fullmatch(act.path):
            try:
                return fits(act.body)
            except (KeyError, TypeError, AttributeError, ValueError):
                return False
    return False


def _is_ours(body: Body) -> bool:
    """Whether an object bears our name, the run that made it, and the time until which it may be there."""
    metadata = body["metadata"]
    labels, expires = metadata["labels"], parse_time(metadata["annotations"][EXPIRES])
    named = _OWN.fullmatch(metadata["name"]) is not None
    return bool(named and labels[MANAGED_BY] == OURS and labels[RUN] and expires)


def _is_job(body: Body) -> bool:
    spec, pod = body["spec"], body["spec"]["template"]["spec"]
    return (
        body["kind"] == "Job"
        and _is_ours(body)
        and 0 < spec["activeDeadlineSeconds"] <= MAX_JOB_S
        and 0 <= spec["ttlSecondsAfterFinished"] <= MAX_TTL_S
        and 0 < spec["parallelism"] <= MAX_PODS
        and _is_harmless(pod)
    )


_POD_KEYS: Final = frozenset(
    {
        "automountServiceAccountToken",
        "containers",
        "enableServiceLinks",
        "restartPolicy",
        "securityContext",
        "terminationGracePeriodSeconds",
    }
)
"""A pod has no other: no volumes, no host's network, no service account."""


def _is_harmless(pod: Mapping[str, Any]) -> bool:
    contexts = [one["securityContext"] for one in pod["containers"]]
    return (
        pod.keys() <= _POD_KEYS
        and pod["automountServiceAccountToken"] is False
        and pod["securityContext"]["runAsNonRoot"] is True
        and bool(contexts)
        and all(one["allowPrivilegeEscalation"] is False and not one.get("privileged") for one in contexts)
        and all(one["resources"]["limits"]["cpu"] for one in pod["containers"])
    )


def _is_note(body: Body) -> bool:
    return body["kind"] == "ConfigMap" and _is_ours(body) and set(body["data"]) == {PUT_BACK}


def _is_parallelism(body: Body) -> bool:
    count = body["spec"]["parallelism"]
    return body == {"spec": {"parallelism": count}} and type(count) is int and 0 <= count <= MAX_PODS


def _is_one_step(body: Body) -> bool:
    """Whether replicas go from a known number to one next to it, and from no other."""
    test, replace = body
    before, after = test["value"], replace["value"]
    path = {"path": "/spec/replicas"}
    return (
        test == {"op": "test", **path, "value": before}
        and replace == {"op": "replace", **path, "value": after}
        and type(before) is type(after) is int
        and min(before, after) > 0
        and abs(before - after) == 1
    )


def _are_alerts(body: Body) -> bool:
    return isinstance(body, list) and 0 < len(body) <= MAX_ALERTS and all(_is_alert(one) for one in body)


def _is_alert(alert: Mapping[str, Any]) -> bool:
    starts, ends = parse_time(alert["startsAt"]), parse_time(alert["endsAt"])
    ours = alert["labels"]["alertname"].startswith(ALERT_PREFIX) and alert["labels"][ALERT_RUN]
    return bool(ours and starts and ends and timedelta(0) <= ends - starts <= MAX_ALERT)


_GONE: Final = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}


def _is_deletion(body: Body) -> bool:
    return bool(body == _GONE)


def _rule(
    method: str, path: str, fits: Callable[[Body], bool], content_type: str = JSON
) -> tuple[str, re.Pattern[str], str, Callable[[Body], bool]]:
    return method, re.compile(path), content_type, fits


_JOBS: Final = f"/apis/batch/v1{_NAMESPACED}/jobs"
_NOTES: Final = f"/api/v1{_NAMESPACED}/configmaps"
_RULES: Final = (
    _rule("POST", _JOBS, _is_job),
    _rule("PATCH", f"{_JOBS}/{_OWN_NAME}", _is_parallelism, MERGE_PATCH),
    _rule("DELETE", f"(?:{_JOBS}|{_NOTES})/{_OWN_NAME}", _is_deletion),
    _rule("POST", _NOTES, _is_note),
    _rule("PATCH", f"/apis/apps/v1{_NAMESPACED}/deployments/{_NAME}/scale", _is_one_step, JSON_PATCH),
    _rule(
        "POST",
        rf"/api/v1{_NAMESPACED}/services/https?:{_NAME}:[a-z0-9-]+/proxy(?:/[\w-]+){{0,3}}/api/v2/alerts",
        _are_alerts,
    ),
)


def create(manifest: Mapping[str, Any]) -> Act:
    """Make a Job or a note."""
    namespace = manifest["metadata"]["namespace"]
    return Act("POST", _folder(manifest["kind"], namespace), manifest)


def delete(kind: str, namespace: str, name: str) -> Act:
    """Delete a Job with its pods, or a note."""
    return Act("DELETE", f"{_folder(kind, namespace)}/{name}", _GONE)


def _folder(kind: str, namespace: str) -> str:
    if kind == "Job":
        return f"/apis/batch/v1/namespaces/{namespace}/jobs"
    return f"/api/v1/namespaces/{namespace}/configmaps"


def parallelism(namespace: str, job: str, pods: int) -> Act:
    """Give a running Job another number of pods."""
    path = f"{_folder('Job', namespace)}/{job}"
    return Act("PATCH", path, {"spec": {"parallelism": pods}}, MERGE_PATCH)


def scale(namespace: str, deployment: str, before: int, after: int) -> Act:
    """Set the replicas of a Deployment that has `before`; one that has not is left as it is."""
    steps = [
        {"op": "test", "path": "/spec/replicas", "value": before},
        {"op": "replace", "path": "/spec/replicas", "value": after},
    ]
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{deployment}/scale"
    return Act("PATCH", path, steps, JSON_PATCH)


def alerts(proxy_path: str, found: Sequence[Mapping[str, Any]]) -> Act:
    """Post alerts to an Alertmanager behind the service proxy; those that have ended are resolved."""
    return Act("POST", f"{proxy_path}/api/v2/alerts", [*found])


def owned(kind: str, name: str, namespace: str, run: str, expires: datetime) -> dict[str, Any]:
    """The head of an object of ours."""
    api_version = "batch/v1" if kind == "Job" else "v1"
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {MANAGED_BY: OURS, RUN: run},
            "annotations": {EXPIRES: expires.strftime("%Y-%m-%dT%H:%M:%SZ")},
        },
    }
