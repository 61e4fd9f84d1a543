"""What the API server's Pod Security admission says to pods: asked by server-side dry runs.

A namespace per level and version enforces the standard. `python -m tests.e2e.admission BED` writes the
answers of a running bed to `admission.json`, so that tests without a cluster have them too.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pytest_k8sgrade.kube.pod_security import Standard
from tests.e2e.pod_specs import SPECS
from tests.testbed.node import Bed, attach

ANSWERS = Path(__file__).with_name("admission.json")
STANDARDS: tuple[Standard, ...] = ("baseline", "restricted")
VERSIONS = ("v1.18", "v1.24", "v1.30", "v1.33", "v1.34")
LABEL = "pod-security.kubernetes.io"
DRY = "dryRun=All"


@dataclass(frozen=True)
class Place:
    """A namespace that enforces a level, and warns of it, in one version of the standard."""

    standard: Standard
    version: str

    @property
    def name(self) -> str:
        """The namespace."""
        return f"{self.standard}-{self.version.replace('.', '-')}"

    @property
    def object(self) -> dict[str, Any]:
        """The namespace with its labels."""
        levels = {f"{LABEL}/{mode}": self.standard for mode in ("enforce", "warn")}
        versions = {f"{LABEL}/{mode}-version": self.version for mode in ("enforce", "warn")}
        return {"metadata": {"name": self.name, "labels": levels | versions}}


@contextmanager
def enforcing(bed: Bed) -> Iterator[list[Place]]:
    """All places, each with its service account; deleted again in the end."""
    places = [Place(standard, version) for standard in STANDARDS for version in VERSIONS]
    try:
        for place in places:
            bed.api.post("/api/v1/namespaces", place.object)
        for place in places:
            bed.wait(f"account in {place.name}", partial(_has_account, bed, place.name), 60)
        yield places
    finally:
        names = [place.name for place in places]
        bed.kubectl("delete", "namespace", "--ignore-not-found", "--wait=false", *names)


def _has_account(bed: Bed, namespace: str) -> bool:
    return bed.api.raw("GET", f"/api/v1/namespaces/{namespace}/serviceaccounts/default")[0] == 200


def admitted(bed: Bed, method: str, path: str, body: Any) -> bool:
    """Whether the API server takes it; any answer but yes and the admission's no is a fault of the test."""
    status, text = bed.api.raw(method, f"{path}?{DRY}", body)
    if status in (200, 201):
        return True
    message = json.loads(text)["message"]
    if status != 403 or "violates PodSecurity" not in message:
        raise AssertionError(message)
    return False


def answers(bed: Bed, places: list[Place], name: str) -> dict[str, bool]:
    """Where one of the pods is admitted, by place."""
    return {
        place.name: admitted(bed, "POST", f"/api/v1/namespaces/{place.name}/pods", SPECS[name])
        for place in places
    }


def main(name: str) -> None:
    """Write the answers of a running bed."""
    bed = attach(name)
    try:
        with enforcing(bed) as places:
            found = {spec: answers(bed, places, spec) for spec in SPECS}
        server = bed.api.get("/version")["gitVersion"]
    finally:
        bed.close()
    lines = [f"{json.dumps(spec)}: {json.dumps(told)}" for spec, told in found.items()]
    ANSWERS.write_text(
        f'{{"server": {json.dumps(server)}, "pods": {{\n' + ",\n".join(lines) + "\n}}\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main(sys.argv[1])
