"""A cluster in memory that can be changed: its objects, and what its services answer.

The systems of these labs cannot be had on the testbed; what their services answer here is written
after their documentation. Each change of a stack is one mutation of a lab's proofs.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.unit.checks.api import Answer, MemoryApi
from tests.unit.checks.objects import Object, condition, endpoints, item, namespace

CREATED = "2026-03-02T08:00:00Z"


@dataclass
class Stack:
    """Objects, and pages by Service and path."""

    objects: list[Object] = field(default_factory=list)
    pages: dict[tuple[str, str], Answer] = field(default_factory=dict)

    def get(self, kind: str, name: str) -> Object:
        """An object, to be changed."""
        return next(one for one in self.objects if (one["kind"], one["metadata"]["name"]) == (kind, name))

    def drop(self, *names: str) -> None:
        """Take away every object of these names, and what they answered."""
        self.objects = [one for one in self.objects if one["metadata"]["name"] not in names]
        self.pages = {key: page for key, page in self.pages.items() if key[0] not in names}

    def answer(self, service: str, pages: Mapping[str, Answer]) -> None:
        """What a Service answers at these paths."""
        self.pages |= {(service, path): page for path, page in pages.items()}

    def silence(self, service: str, *paths: str) -> None:
        """The Service no longer knows these paths."""
        self.answer(service, dict.fromkeys(paths, (404, "404 page not found")))

    def unready(self, name: str, reason: str, restarts: int = 0) -> None:
        """The pods of a workload wait for that reason; its counters and its Service's endpoints say so."""
        for one in self.objects:
            if one["kind"] == "Pod" and one["metadata"]["labels"]["app"] == name:
                (own,) = one["status"]["containerStatuses"]
                waits = {"ready": False, "restartCount": restarts, "state": {"waiting": {"reason": reason}}}
                one["status"]["containerStatuses"] = [{**own, **waits, "lastState": {}}]
                one["status"]["conditions"] = [condition("Ready", "False", "ContainersNotReady")]
            if one["kind"] in ("Deployment", "DaemonSet") and one["metadata"]["name"] == name:
                none = dict.fromkeys(("numberReady", "readyReplicas", "availableReplicas"), 0)
                one["status"] = {**one["status"], **none}
        self.nowhere(name)

    def nowhere(self, service: str) -> None:
        """Nothing is ready behind the Service."""
        self.objects = [one for one in self.objects if one["metadata"]["name"] != f"{service}-x"]
        self.pages = {key: page for key, page in self.pages.items() if key[0] != service}

    def changed(self, change: Callable[[Stack], None]) -> Stack:
        """A copy with one change."""
        other = copy.deepcopy(self)
        change(other)
        return other

    def api(self) -> MemoryApi:
        """As an API server."""
        api = MemoryApi(*self.objects)
        api.pages.update(self.pages)
        return api


def fresh() -> Stack:
    """A cluster on which nobody has done anything."""
    spaces = [namespace(name) for name in ("default", "kube-system")]
    spaces[1]["metadata"]["uid"] = "00000000-0000-4000-8000-000000000001"
    control = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}
    nodes = [node("control-plane", control), node("worker-1"), node("worker-2")]
    return Stack([*spaces, *nodes])


def node(name: str, *taints: Object) -> Object:
    """A node that is ready."""
    labels = {"kubernetes.io/hostname": name}
    status = {"conditions": [condition("Ready", "True", "KubeletReady")]}
    return item("v1", "Node", name, meta={"labels": labels}, spec={"taints": list(taints)}, status=status)


def pod(name: str, space: str, app: str, owner: Object, on: str = "worker-1") -> Object:
    """A pod that runs."""
    state = {"running": {"startedAt": CREATED}}
    image = f"example/{app}:1.0"
    status = {
        "phase": "Running",
        "startTime": CREATED,
        "conditions": [condition("Ready", "True", "")],
        "containerStatuses": [
            {"name": app, "ready": True, "restartCount": 0, "image": image, "state": state}
        ],
    }
    labels = {"app": app} | ({"pod-template-hash": "abc"} if owner["kind"] == "ReplicaSet" else {})
    meta = {"labels": labels, "ownerReferences": [{"controller": True, "uid": "1", **owner}]}
    spec = {"nodeName": on, "containers": [{"name": app, "image": image}]}
    return item("v1", "Pod", name, space, meta=meta, spec=spec, status=status)


def deployment(name: str, space: str) -> list[Object]:
    """A Deployment with one pod."""
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": name, "image": f"example/{name}:1.0"}]},
    }
    full = {
        "observedGeneration": 1,
        **dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), 1),
    }
    own = item(
        "apps/v1",
        "Deployment",
        name,
        space,
        meta={"generation": 1, "creationTimestamp": CREATED},
        spec={"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template},
        status=full,
    )
    return [own, pod(f"{name}-abc-1", space, name, {"kind": "ReplicaSet", "name": f"{name}-abc"})]


def service(name: str, space: str, **ports: int) -> list[Object]:
    """A Service with ready endpoints."""
    spec = {
        "selector": {"app": name},
        "ports": [{"name": key, "port": port, "targetPort": port} for key, port in ports.items()],
    }
    first = next(iter(ports.values()))
    return [item("v1", "Service", name, space, spec=spec), endpoints(name, space, ready=1, port=first)]
