"""What an earlier run has left behind: objects of ours whose time is over are cleared away.

Jobs end and go by themselves, alerts resolve by themselves. What is left when a machine
went down together with its guard is a note that says what to put back, and perhaps a Job that
its controller has not removed yet. Only what has expired is touched: a run may be going on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from pytest_k8sgrade.cluster.acting_rules import EXPIRES, MANAGED_BY, OURS, PUT_BACK, Act, delete, is_allowed
from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.outcome import Finding

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster.facade import Cluster

_KINDS: Final = (("v1", "ConfigMap"), ("batch/v1", "Job"))


class TakesBack(Protocol):
    """Undoes acts."""

    def take_back(self, act: Act) -> bool:
        """Undo something; True when there was something to undo."""


def clear(cluster: Cluster, namespace: str, sender: TakesBack) -> None:
    """Clear a namespace; what cannot be read or removed stays, and is nobody's fault."""
    for api_version, kind in _KINDS:
        try:
            found = cluster.list(api_version, kind, namespace, labels={MANAGED_BY: OURS})
            for item in found:
                _clear(cluster, namespace, kind, item, sender)
        except Finding:
            continue


def _clear(cluster: Cluster, namespace: str, kind: str, item: Mapping[str, Any], sender: TakesBack) -> None:
    metadata = item["metadata"]
    expires = parse_time((metadata.get("annotations") or {}).get(EXPIRES))
    if expires is None or expires > cluster.now:
        return
    put_back = noted(item) if kind == "ConfigMap" else None
    if put_back is not None:
        sender.take_back(put_back)
    gone = delete(kind, namespace, metadata["name"])
    if is_allowed(gone):
        sender.take_back(gone)


def note(manifest: dict[str, Any], undo: Act) -> dict[str, Any]:
    """A note of what is to be put back, should everybody else be gone."""
    return {**manifest, "data": {PUT_BACK: json.dumps(undo.told(), sort_keys=True)}}


def noted(item: Mapping[str, Any]) -> Act | None:
    """What a note says, if it is about its own namespace and something that we may do."""
    try:
        act = Act(**json.loads((item.get("data") or {})[PUT_BACK]))
    except (KeyError, TypeError, ValueError):
        return None
    own = act.namespace == item["metadata"].get("namespace")
    return act if own and act.method == "PATCH" and is_allowed(act) else None
