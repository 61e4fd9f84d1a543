"""Grafana as a check asks it: health, login, data sources, dashboards, queries.

The address and the password are found the way the installation has them: a Service
of Grafana's pods, and the Secret that the Deployment's environment names. A refused
login says nothing about the lab: the password may have been changed in the UI. Data
sources are judged by a real query, because the health address is missing or too
kind in some versions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, cast
from urllib.parse import urlsplit

from pytest_k8sgrade.kube.selectors import selects
from pytest_k8sgrade.outcome import absent, cannot_tell, unmet
from pytest_k8sgrade.services.diagnosis import if_readable, require_namespace
from pytest_k8sgrade.services.helm import RELEASE_ANNOTATION
from pytest_k8sgrade.services.running import workloads
from pytest_k8sgrade.services.running.backends import explained

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

TIMEOUT_S = 10
_LABEL, _NAME = "app.kubernetes.io/name", "grafana"
_PORTS = ("grafana", 3000)
_USER, _PASSWORD = "GF_SECURITY_ADMIN_USER", "GF_SECURITY_ADMIN_PASSWORD"
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
    """The Service of that name, or the one that is labelled as Grafana's."""
    if name:
        service = cluster.get("v1", "Service", name, namespace)
    else:
        listed = cluster.list("v1", "Service", namespace)
        found = [one for one in listed if (one["metadata"].get("labels") or {}).get(_LABEL) == _NAME]
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


def _port(ports: Sequence[Mapping[str, Any]]) -> int:
    own = [one["port"] for one in ports if one.get("targetPort", one["port"]) in _PORTS]
    return int(next(iter([*own, *(one["port"] for one in ports), 80])))


class Grafana:
    """One Grafana behind the service proxy."""

    def __init__(self, cluster: Cluster, where: Place) -> None:
        self._cluster = cluster
        self.place = where
        self._session = cluster.http(where.service, where.namespace, where.port)
        self._base = self._session.base_url.rstrip("/")
        self._prefix = self._secret = ""

    @property
    def _where(self) -> dict[str, str]:
        return {"service": self.place.service, "namespace": self.place.namespace}

    def require_healthy(self) -> None:
        """Unmet unless Grafana and its own database answer; finds the sub-path it is served from."""
        with explained(self._cluster, self.place.service, self.place.namespace):
            answer = self._get("/api/health")
        if answer.status_code in (301, 302, 307, 308):
            path = urlsplit(answer.headers.get("Location", "")).path.removeprefix(urlsplit(self._base).path)
            self._prefix = path.removesuffix("/api/health").rstrip("/")
            answer = self._get("/api/health")
        healthy = answer.status_code == 200
        database = self._document(answer, "/api/health", dict, "database")["database"] if healthy else None
        if database != "ok":
            unmet("grafana-unhealthy", seen=answer.status_code, wanted="ok", database=database, **self._where)

    def login(self) -> None:
        """A session for the administrator that the installation was given."""
        user, password = _credentials(self._cluster, self.place)
        self._secret = password.name
        answer = self._session.login(user=user, password=password, prefix=self._prefix)
        if answer.status != 200:
            self._refused(answer.status)

    def data_sources(self) -> list[Mapping[str, Any]]:
        """The data sources, with `uid`, `name`, `type`, `isDefault`."""
        return cast("list[Mapping[str, Any]]", self._read("/api/datasources", kind=list))

    def dashboards(self, title: str) -> list[Mapping[str, Any]]:
        """The dashboards with exactly that title."""
        found = self._read("/api/search", {"type": "dash-db", "query": title}, kind=list)
        return [one for one in found if one.get("title") == title and one.get("type") != "dash-folder"]

    def dashboard(self, uid: str) -> Mapping[str, Any]:
        """A dashboard's own document."""
        return cast("Mapping[str, Any]", self._read(f"/api/dashboards/uid/{uid}").get("dashboard") or {})

    def query(self, uid: str, promql: str) -> tuple[int, list[Any]]:
        """The status and the series that a Prometheus data source gives for a query."""
        path = f"/api/datasources/proxy/uid/{uid}/api/v1/query"
        answer = self._get(path, {"query": promql})
        if answer.status_code != 200:
            return answer.status_code, []
        data = self._document(answer, path, dict, "data")["data"] or {}
        return 200, list(data.get("result") or [])

    def _read(self, path: str, params: Mapping[str, str] | None = None, *, kind: type = dict) -> Any:
        answer = self._get(path, params)
        if answer.status_code == 401:
            self._refused(401)
        if answer.status_code != 200:
            unmet("grafana-refuses", seen=answer.status_code, wanted=200, path=path, **self._where)
        return self._document(answer, path, kind)

    def _document(self, answer: Any, path: str, kind: type[Any], key: str = "") -> Any:
        """The JSON of an answer; CannotTell when it is none, of another type, or without the key."""
        try:
            body = answer.json()
        except ValueError:
            body = None
        if not isinstance(body, kind) or (key and key not in body):
            cannot_tell("grafana-bad-answer", seen=answer.status_code, path=path, **self._where)
        return body

    def _refused(self, status: int) -> NoReturn:
        told = {"status": status, "secret": self._secret, **self._where}
        cannot_tell("grafana-login-refused", seen=status, wanted=200, **told)

    def _get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        return self._session.get(self._base + self._prefix + path, params=params, timeout=TIMEOUT_S)


def _credentials(cluster: Cluster, where: Place) -> tuple[Any, Any]:
    """User and password as the environment of the pods gives them, else the Secret of the Service's name."""
    listed = if_readable(lambda: workloads.list_all(cluster, where.namespace, ("Deployment", "StatefulSet")))
    pods = [one["spec"]["template"] for one in listed or []]
    own = [pod for pod in pods if selects(where.selector, pod["metadata"].get("labels"))]
    variables = {
        variable["name"]: variable
        for pod in own
        for container in pod["spec"].get("containers") or []
        for variable in container.get("env") or []
    }
    return _variable(cluster, where, variables, _USER), _variable(cluster, where, variables, _PASSWORD)


def _variable(cluster: Cluster, where: Place, variables: Mapping[str, Any], name: str) -> Any:
    variable = variables.get(name) or {}
    reference = (variable.get("valueFrom") or {}).get("secretKeyRef")
    if reference is None and variable.get("value"):
        if name == _USER:
            return variable["value"]
        cannot_tell("grafana-password-not-in-secret", service=where.service, namespace=where.namespace)
    reference = reference or {"name": where.service, "key": _DEFAULT_KEYS[name]}
    secret, key = reference["name"], reference["key"]
    if cluster.find("v1", "Secret", secret, where.namespace) is None:
        absent("grafana-secret-absent", secret=secret, service=where.service, namespace=where.namespace)
    return cluster.secret_value(secret, where.namespace, key)
