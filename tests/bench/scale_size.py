"""A small cluster against the same one with 500 pods and 2,000 objects more, on a live bed of lab 1.

The pods and objects lie in the namespaces that the lab looks at, where they hurt most. Nothing
selects or schedules them, so that the grade stays the same; a pod is as long as a running one.
Run by `tests.bench.scale`.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.bench.__main__ import OURS, PYTEST, seconds_of
from tests.testbed import scenarios
from tests.testbed.node import Bed

PODS: Final = 500
OBJECTS: Final = 2000
ROUNDS: Final = 9
_NAMESPACES: Final = ("day5-lab", "monitoring", "argocd", "default")
_PADDING: Final = "x" * 3000
"""What spec and status of a running pod have more than those of a waiting one."""


def main() -> str:
    """Measure a bed of its own."""
    bed = scenarios.start("lab1", name="bench-size")
    try:
        with tempfile.TemporaryDirectory() as folder:
            return measure(bed, Path(folder))
    finally:
        bed.down()


def measure(bed: Bed, folder: Path) -> str:
    """Grade the bed as it is, then grown, and say how the times compare."""
    small = _times(bed, folder)
    bed.kubectl("create", "-f", "-", input=_documents(), timeout=600)
    grown = _times(bed, folder)
    lines = [f"{'lab 1, one live cluster':32}{'median s':>10}{'min':>8}{'max':>8}{'/ small':>10}"]
    for name, seconds in (("small", small), (f"+{PODS} pods, +{OBJECTS} objects", grown)):
        share = statistics.median(seconds) / statistics.median(small)
        lines.append(
            f"{name:32}{statistics.median(seconds):>10.2f}{min(seconds):>8.2f}{max(seconds):>8.2f}{share:>10.2f}"
        )
    return "\n".join(lines)


def _times(bed: Bed, folder: Path) -> list[float]:
    """Wall seconds of grades that give full marks; the first one warms up and is not counted."""
    argv = [PYTEST, *OURS, "--k8s-grade=lab1", f"--k8s-grade-kubeconfig={bed.kubeconfig}"]
    return [seconds_of(bed, "the grade", argv, folder) for _ in range(ROUNDS + 1)][1:]


def _documents() -> str:
    """All objects as one list for kubectl."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [*_pods(), *_objects()]})


def _pods() -> Iterator[dict[str, Any]]:
    container = {"name": "main", "image": "registry.example/grown:1"}
    for number in range(PODS):
        metadata = _metadata(number) | {"annotations": {"example.com/padding": _PADDING}}
        spec = {"schedulerName": "nobody", "containers": [container]}
        yield {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _objects() -> Iterator[dict[str, Any]]:
    """Services, Secrets, ConfigMaps and Deployments without pods, a quarter each."""
    template = {
        "metadata": {"labels": {"app": "grown"}},
        "spec": {"containers": [{"name": "main", "image": "registry.example/grown:1"}]},
    }
    selector = {"matchLabels": {"app": "grown"}}
    kinds: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("v1", "Service", {"spec": {"clusterIP": "None", "ports": [{"port": 80}]}}),
        ("v1", "Secret", {"stringData": {"value": "grown"}}),
        ("v1", "ConfigMap", {"data": {"value": "grown"}}),
        ("apps/v1", "Deployment", {"spec": {"replicas": 0, "selector": selector, "template": template}}),
    )
    for number in range(OBJECTS):
        version, kind, content = kinds[number % len(kinds)]
        yield {"apiVersion": version, "kind": kind, "metadata": _metadata(number // len(kinds)), **content}


def _metadata(number: int) -> dict[str, Any]:
    namespace = _NAMESPACES[number % len(_NAMESPACES)]
    return {"name": f"grown-{number}", "namespace": namespace, "labels": {"app": "grown"}}
