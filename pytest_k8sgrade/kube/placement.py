"""Which nodes a pod, or a DaemonSet's pods, may run on, by the rules of its spec.

A DaemonSet counts only the nodes it is allowed on, so that "all ready" says nothing
about the others: taints without a toleration, a node selector, a required affinity.
Taints that every DaemonSet tolerates by itself keep nobody out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Object = Mapping[str, Any]

_OWN = ("not-ready", "unreachable", "disk-pressure", "memory-pressure", "pid-pressure", "unschedulable")
_HOST = "network-unavailable"
"""Tolerated too by pods in the host's network."""
_EFFECTS = ("NoSchedule", "NoExecute")


@dataclass(frozen=True, slots=True)
class Barrier:
    """What keeps a DaemonSet's pods off a node: the first taint, or what its labels do not meet."""

    kind: Literal["taint", "labels"]
    text: str


def barrier(daemon_set: Object, node: Object) -> Barrier | None:
    """Why the template's pods may not run on a node; None when they may."""
    template = ((daemon_set.get("spec") or {}).get("template") or {}).get("spec") or {}
    for taint in (node.get("spec") or {}).get("taints") or []:
        own = _tolerated_by_all(template, taint)
        if taint.get("effect") in _EFFECTS and not own and not _tolerated(template, taint):
            return Barrier("taint", _taint_text(taint))
    missing = unmet_labels(template, node)
    return Barrier("labels", ",".join(missing)) if missing else None


def taint_barriers(spec: Object, node: Object) -> list[str]:
    """The taints of a node that a pod does not tolerate and that keep it out."""
    return [
        _taint_text(taint)
        for taint in (node.get("spec") or {}).get("taints") or []
        if taint.get("effect") in _EFFECTS and not _tolerated(spec, taint)
    ]


def unmet_labels(spec: Object, node: Object) -> list[str]:
    """What a pod's spec asks of labels that a node has not: by its selector, else by its affinity."""
    labels = node["metadata"].get("labels") or {}
    wanted = spec.get("nodeSelector") or {}
    missing = [f"{key}={value}" for key, value in sorted(wanted.items()) if labels.get(key) != value]
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    terms = (affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms")
    if not missing and terms is not None and not any(_term(term, node) for term in terms):
        return ["nodeAffinity"]
    return missing


def _taint_text(taint: Object) -> str:
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint['key']}{value}:{taint['effect']}"


def _tolerated_by_all(template: Object, taint: Object) -> bool:
    names = (*_OWN, _HOST) if template.get("hostNetwork") else _OWN
    return taint["key"] in [f"node.kubernetes.io/{name}" for name in names]


def _tolerated(spec: Object, taint: Object) -> bool:
    return any(_tolerates(one, taint) for one in spec.get("tolerations") or [])


def _tolerates(toleration: Object, taint: Object) -> bool:
    if toleration.get("effect") not in (None, "", taint.get("effect")):
        return False
    key, exists = toleration.get("key") or "", toleration.get("operator") == "Exists"
    if not key:
        return exists
    return bool(
        key == taint["key"] and (exists or (toleration.get("value") or "") == (taint.get("value") or ""))
    )


def _term(term: Object, node: Object) -> bool:
    labels = node["metadata"].get("labels") or {}
    fields = {"metadata.name": node["metadata"]["name"]}
    wanted = [(one, labels) for one in term.get("matchExpressions") or []]
    wanted += [(one, fields) for one in term.get("matchFields") or []]
    return bool(wanted) and all(_meets(one, have) for one, have in wanted)


def _meets(wanted: Object, have: Mapping[str, str]) -> bool:
    value, values = have.get(wanted["key"]), wanted.get("values") or []
    known = {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }
    operator = wanted["operator"]
    if operator in known:
        return known[operator]
    if value is None or not value.isdigit() or operator not in ("Gt", "Lt"):
        return False
    return int(value) > int(values[0]) if operator == "Gt" else int(value) < int(values[0])
