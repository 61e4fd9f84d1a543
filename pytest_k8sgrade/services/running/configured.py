"""A workload compared with what was asked of it: replicas, container, image, port, resources.

The workload is an object of the cluster or one of a chart's manifest; `Written` says which, because
that is where a student has to correct it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_k8sgrade.kube.images import same
from pytest_k8sgrade.kube.quantity import parse_quantity
from pytest_k8sgrade.outcome import Findings
from pytest_k8sgrade.services.fields import WrittenIn, require_that
from pytest_k8sgrade.services.running.workloads import Object, pod_template


@dataclass(frozen=True, slots=True)
class Written:
    """A workload, what names it in messages, and what is said of its fields."""

    workload: Object
    subject: Mapping[str, Any]
    found: Findings
    written_in: WrittenIn = "object"

    @property
    def containers(self) -> Sequence[Object]:
        """The containers of its template."""
        return pod_template(self.workload).get("containers") or []

    def compare(self, field: str, value: object, asked: object, *, met: bool | None = None) -> bool:
        """Record a field; equality decides unless the caller has compared."""
        same_value = value == asked if met is None else met
        return require_that(
            self.found, self.subject, field, value, asked, met=same_value, written_in=self.written_in
        )


def container(written: Written, name: str, image: str = "") -> Object | None:
    """The container of that name, else of that image, else the only one; one part of the check."""
    by_name = [one for one in written.containers if name and one.get("name") == name]
    by_image = [one for one in written.containers if image and same(one.get("image", ""), image)]
    only = written.containers if len(written.containers) == 1 else []
    chosen = next(iter(by_name or by_image or only), None)
    written.found.require(
        chosen is not None,
        "container-absent",
        part="container",
        seen=[one.get("name") for one in written.containers],
        wanted=name or image,
        container=name or image or "-",
        **written.subject,
    )
    return chosen


def path_of(part: Object, kind: str = "containers") -> str:
    """How messages call a container of the template."""
    return f"spec.template.spec.{kind}[{part.get('name', '')}]"


def require_replicas(written: Written, least: int | None, most: int | None) -> None:
    """Record whether the workload asks for so many replicas."""
    if least is None and most is None:
        return
    replicas = (written.workload.get("spec") or {}).get("replicas", 1)
    inside = (least is None or replicas >= least) and (most is None or replicas <= most)
    asked = str(least) if least == most else f"{least or 0}..{most if most is not None else ''}"
    written.compare("spec.replicas", replicas, asked, met=inside)


def require_image(written: Written, part: Object, image: str) -> None:
    """Record whether a container has the image, however its reference is written."""
    if image:
        has = part.get("image", "")
        written.compare(f"{path_of(part)}.image", has, image, met=same(has, image))


def require_port(written: Written, part: Object, port: int | None, port_name: str) -> None:
    """Record whether a container declares the port, under that name."""
    if port is None:
        return
    ports = {one.get("containerPort"): one.get("name", "") for one in part.get("ports") or []}
    declared = written.compare(
        f"{path_of(part)}.ports.containerPort", port if port in ports else list(ports), port
    )
    if port_name and declared:
        written.compare(f"{path_of(part)}.ports[{port}].name", ports[port], port_name)


def require_amounts(written: Written, part: Object, side: str, asked: Mapping[str, str]) -> None:
    """Record whether a container requests, or is limited to, these amounts by value."""
    has = (part.get("resources") or {}).get(side) or {}
    for resource, amount in asked.items():
        value = has.get(resource)
        field = f"{path_of(part)}.resources.{side}.{resource}"
        written.compare(field, value, amount, met=_same_amount(value, amount))


def _same_amount(value: Any, amount: str) -> bool:
    try:
        return value is not None and parse_quantity(value) == parse_quantity(amount)
    except ValueError:
        return False
