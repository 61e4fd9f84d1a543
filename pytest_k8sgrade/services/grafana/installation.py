"""Where Grafana is in a cluster, and which password it was given.

Both are found the way the installation has them: a Service of Grafana's pods, and the
Secret that their environment names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from pytest_k8sgrade.kube.selectors import selects
from pytest_k8sgrade.outcome import absent, cannot_tell
from pytest_k8sgrade.services.diagnosis import if_readable, if_recorded, require_namespace
from pytest_k8sgrade.services.helm import RELEASE_ANNOTATION
from pytest_k8sgrade.services.running import workloads

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object: TypeAlias = Mapping[str, Any]

_LABEL, _NAME = "app.kubernetes.io/name", "grafana"
_PORTS = ("grafana", 3000)
_OWN_VARIABLES = "GF_"
"""How every setting of Grafana's own begins that is given by its environment."""
_USER, _PASSWORD = "GF_SECURITY_ADMIN_USER", "GF_SECURITY_ADMIN_PASSWORD"
_DEFAULT_USER = "admin"
_DEFAULT_KEYS = {_USER: "admin-user", _PASSWORD: "admin-password"}


@dataclass(frozen=True, slots=True)
class Place:
    """The Service that leads to Grafana, and the Helm release that made it, if one did."""

    service: str
    namespace: str
    port: str
    selector: Mapping[str, str]
    release: str = ""


def place(cluster: Cluster, namespace: str, name: str = "") -> Place:
    """The Service of that name, or the one that is labelled as Grafana's or leads to its pods."""
    if name:
        service: Object = cluster.get("v1", "Service", name, namespace)
    else:
        listed = cluster.list("v1", "Service", namespace)
        found = [one for one in listed if (one["metadata"].get("labels") or {}).get(_LABEL) == _NAME]
        found = found or _leading_to_grafana(cluster, namespace, listed)
        if not found:
            require_namespace(cluster, namespace)
            absent("grafana-absent", namespace=namespace)
        service = min(found, key=lambda one: str(one["metadata"]["name"]))
    return Place(
        service=service["metadata"]["name"],
        namespace=namespace,
        port=str(_port(service["spec"].get("ports") or [])),
        selector=service["spec"].get("selector") or {},
        release=(service["metadata"].get("annotations") or {}).get(RELEASE_ANNOTATION, ""),
    )


def _leading_to_grafana(cluster: Cluster, namespace: str, services: Sequence[Object]) -> list[Any]:
    """The Services of pods with settings of Grafana: a chart may be told to use another name.

    CannotTell where the workloads may not be read: what has another name is not known to be missing.
    """
    own = [
        pod for pod in if_recorded(lambda: _templates(cluster, namespace), list[Object]()) if _is_grafana(pod)
    ]
    labels = [pod["metadata"].get("labels") for pod in own]
    return [one for one in services if any(selects(one["spec"].get("selector"), each) for each in labels)]


def _is_grafana(pod: Object) -> bool:
    return any(
        str(variable.get("name")).startswith(_OWN_VARIABLES)
        for container in pod["spec"].get("containers") or []
        for variable in container.get("env") or []
    )


def pods(cluster: Cluster, where: Place) -> list[Object]:
    """The templates of the workloads that the Service selects; empty where they cannot be read."""
    found = if_readable(lambda: _templates(cluster, where.namespace)) or []
    return [pod for pod in found if selects(where.selector, pod["metadata"].get("labels"))]


def _templates(cluster: Cluster, namespace: str) -> list[Object]:
    listed = workloads.list_all(cluster, namespace, ("Deployment", "StatefulSet"))
    return [one["spec"]["template"] for one in listed]


def _port(ports: Sequence[Object]) -> int:
    own = [one["port"] for one in ports if one.get("targetPort", one["port"]) in _PORTS]
    return int(next(iter([*own, *(one["port"] for one in ports), 80])))


def credentials(cluster: Cluster, where: Place) -> tuple[Any, Any]:
    """User and password as the environment of the pods gives them, else the Secret of the Service's name."""
    containers = [one for pod in pods(cluster, where) for one in pod["spec"].get("containers") or []]
    return _variable(cluster, where, containers, _USER), _variable(cluster, where, containers, _PASSWORD)


def _variable(cluster: Cluster, where: Place, containers: Sequence[Object], name: str) -> Any:
    given = (one for each in containers for one in each.get("env") or [] if one["name"] == name)
    variable = next(given, dict[str, Any]())
    if variable.get("value"):
        if name == _USER:
            return variable["value"]
        cannot_tell("grafana-password-not-in-secret", service=where.service, namespace=where.namespace)
    reference = (variable.get("valueFrom") or {}).get("secretKeyRef")
    reference = reference or _imported(cluster, where, containers, name)
    if reference is None:
        return _usual(cluster, where, name)
    secret, key = reference["name"], reference["key"]
    if cluster.find("v1", "Secret", secret, where.namespace) is None:
        absent("grafana-secret-absent", secret=secret, service=where.service, namespace=where.namespace)
    return cluster.secret_value(secret, where.namespace, key)


def _imported(
    cluster: Cluster, where: Place, containers: Sequence[Object], name: str
) -> Mapping[str, str] | None:
    """The key of a Secret that a container takes over as a whole (`envFrom`) and that gives a variable."""
    for source in (one for each in containers for one in each.get("envFrom") or []):
        secret, prefix = str((source.get("secretRef") or {}).get("name") or ""), source.get("prefix") or ""
        keys = if_readable(lambda: cluster.secret(secret, where.namespace)) if secret else None  # noqa: B023 - called at once
        key = next((one for one in keys or () if prefix + one == name), None)
        if key is not None:
            return {"name": secret, "key": key}
    return None


def _usual(cluster: Cluster, where: Place, name: str) -> Any:
    """What the chart's Secret has; else the user is Grafana's default, and the password is not known."""
    secret, key = where.service, _DEFAULT_KEYS[name]
    there = cluster.find("v1", "Secret", secret, where.namespace) is not None
    if there and key in cluster.secret(secret, where.namespace):
        return cluster.secret_value(secret, where.namespace, key)
    if name == _PASSWORD:
        cannot_tell(
            "grafana-password-unknown", secret=secret, service=where.service, namespace=where.namespace
        )
    return _DEFAULT_USER
