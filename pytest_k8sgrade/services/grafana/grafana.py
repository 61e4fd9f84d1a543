"""Grafana as a check asks it: health, login, data sources, dashboards, queries.

A refused login says nothing about the lab: the password may have been changed in the
UI. Neither does an answer that is not Grafana's own. Data sources are judged by a real
query, because the health address is missing or too kind in some versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn, cast
from urllib.parse import urlsplit

from pytest_k8sgrade.outcome import cannot_tell, unmet
from pytest_k8sgrade.services.grafana.installation import Place, credentials
from pytest_k8sgrade.services.running.backends import explained

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

TIMEOUT_S = 10
_HEALTH, _ALIVE = "/api/health", "/healthz"
_OTHER_SCHEMA = 406
"""What the older API answers for a dashboard that only the newer one can show."""
_GROUP = "dashboard.grafana.app"
_NEWER = ("v2", "v2beta1", "v2alpha1")
"""Versions of the second schema, the newest first; Grafana converts between them."""
_MOVED = (301, 302, 307, 308)


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
            answer = self._get(_HEALTH)
        if self._moved(answer, _HEALTH):
            answer = self._get(_HEALTH)
        if answer.status_code != 200 and answer.status_code < 500:
            self._no_answer(answer.status_code, _HEALTH)
        healthy = answer.status_code == 200
        database = self._document(answer, _HEALTH, dict, "database")["database"] if healthy else None
        if database != "ok":
            unmet("grafana-unhealthy", seen=answer.status_code, wanted="ok", database=database, **self._where)

    def _moved(self, answer: Any, path: str) -> bool:
        """Take over the sub-path to which Grafana itself sends a request, however that is configured."""
        there = urlsplit(answer.headers.get("Location", "")).path.removeprefix(urlsplit(self._base).path)
        prefix = there.removesuffix(path).rstrip("/")
        if answer.status_code not in _MOVED or not there.endswith(path) or prefix == self._prefix:
            return False
        self._prefix = prefix
        return True

    def _no_answer(self, status: int, path: str) -> NoReturn:
        """Say that something else answers, or that Grafana refuses the account: nothing is known then."""
        told = {"status": status, "path": path, **self._where}
        closed = status in (401, 403) or 300 <= status < 400
        cannot_tell("grafana-closed" if closed else "grafana-bad-answer", seen=status, wanted=200, **told)

    def login(self) -> None:
        """A session for the administrator that the installation was given.

        A newer Grafana below a sub-path answers its API at the root as well, but not its login.
        """
        user, password = credentials(self._cluster, self.place)
        self._secret = password.name
        answer = self._session.login(user=user, password=password, prefix=self._prefix)
        if answer.status in _MOVED and self._moved(self._get(_ALIVE), _ALIVE):
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
        """A dashboard's own document, of the first schema or of the second."""
        path = f"/api/dashboards/uid/{uid}"
        if self._get(path).status_code == _OTHER_SCHEMA:
            return self._newer_dashboard(uid)
        return cast("Mapping[str, Any]", self._read(path).get("dashboard") or {})

    def _newer_dashboard(self, uid: str) -> Mapping[str, Any]:
        """A dashboard that is stored in the second schema; CannotTell when no version of it is served."""
        served = {str(one.get("version")) for one in self._read(f"/apis/{_GROUP}").get("versions") or []}
        version = next((one for one in _NEWER if one in served), None)
        if version is None:
            told = {"versions": sorted(served), "readable": list(_NEWER), "uid": uid, **self._where}
            cannot_tell("dashboard-of-other-schema", seen=sorted(served), **told)
        organization = self._read("/api/org").get("id")
        space = "default" if organization == 1 else f"org-{organization}"
        found = self._read(f"/apis/{_GROUP}/{version}/namespaces/{space}/dashboards/{uid}")
        return cast("Mapping[str, Any]", found.get("spec") or {})

    def panel(self, uid: str) -> Mapping[str, Any]:
        """The document of a library panel."""
        found = self._read(f"/api/library-elements/{uid}").get("result") or {}
        return cast("Mapping[str, Any]", found.get("model") or {})

    def query(self, source: Mapping[str, Any], promql: str) -> tuple[int, list[Any]]:
        """The status and the series that a Prometheus data source gives for a query.

        Before Grafana 9 data sources are reached by their number only.
        """
        status, found = self._query(f"uid/{source['uid']}", promql)
        if status == 404 and source.get("id"):
            status, found = self._query(str(source["id"]), promql)
        return status, found

    def _query(self, source: str, promql: str) -> tuple[int, list[Any]]:
        path = f"/api/datasources/proxy/{source}/api/v1/query"
        answer = self._get(path, {"query": promql})
        if answer.status_code != 200:
            return answer.status_code, []
        data = self._document(answer, path, dict, "data")["data"] or {}
        return 200, list(data.get("result") or [])

    def _read(self, path: str, params: Mapping[str, str] | None = None, *, kind: type = dict) -> Any:
        answer = self._get(path, params)
        if answer.status_code == 401:
            self._refused(401)
        if answer.status_code >= 500:
            unmet("grafana-refuses", seen=answer.status_code, wanted=200, path=path, **self._where)
        if answer.status_code != 200:
            self._no_answer(answer.status_code, path)
        return self._document(answer, path, kind)

    def _document(self, answer: Any, path: str, kind: type[Any], key: str = "") -> Any:
        """The JSON of an answer; CannotTell when it is none, of another type, or without the key."""
        try:
            body = answer.json()
        except ValueError:
            body = None
        if not isinstance(body, kind) or (key and key not in body):
            told = {"status": answer.status_code, "path": path, **self._where}
            cannot_tell("grafana-bad-answer", seen=answer.status_code, **told)
        return body

    def _refused(self, status: int) -> NoReturn:
        told = {"status": status, "secret": self._secret, **self._where}
        cannot_tell("grafana-login-refused", seen=status, wanted=200, **told)

    def _get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        return self._session.get(self._base + self._prefix + path, params=params, timeout=TIMEOUT_S)
