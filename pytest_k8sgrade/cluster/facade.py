"""The cluster as checks see it: objects, lists, raw answers and services behind the proxy.

A thin face over one view. What is not there raises `Absent` with the reason that
tells a student where to look (namespace, API group or object); what cannot be known
raises `CannotTell`. Documents are shared by all checks of a round: do not change
them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from pytest_k8sgrade.cluster.exchange import Request, Response
from pytest_k8sgrade.cluster.namesakes import explain_missing
from pytest_k8sgrade.cluster.places import Service, may_be_aggregated
from pytest_k8sgrade.cluster.reader import SecretValue
from pytest_k8sgrade.cluster.registration import explain_not_found, explain_unavailable, says_absent
from pytest_k8sgrade.cluster.resources import KNOWN, Resource, base_path, discovered, provider, segment
from pytest_k8sgrade.cluster.transport import MAX_BYTES
from pytest_k8sgrade.cluster.view import View
from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.outcome import Absent, CannotTell, absent, cannot_tell

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster.http import ServiceSession

PAGE: Final = "500"
MAX_PAGES: Final = 100


class Cluster:
    """What a check gets as its fixture `cluster`; made anew for every look."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.since: datetime | None = None

    @property
    def now(self) -> datetime:
        """The view's time by the cluster's clock, aware, in UTC."""
        return self._view.now

    @property
    def server_version(self) -> str:
        """The API server's `gitVersion`, e.g. v1.34.4."""
        return str(self._object(self.raw("/version")).get("gitVersion", ""))

    @property
    def uid(self) -> str:
        """The UID of the namespace kube-system, by which a cluster is told from others."""
        return str(self.get("v1", "Namespace", "kube-system")["metadata"].get("uid", ""))

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> dict[str, Any]:
        """The object; Absent with namespace-absent, kind-not-registered or one of `namesakes`."""
        resource = self._resource(api_version, kind)
        response = self._read(resource, resource.path(namespace, name), namespace)
        if response.status == 404:
            self._absent(resource, name, namespace, response)
        return self._named(resource, response, name, namespace)

    def _named(
        self, resource: Resource, response: Response, name: str, namespace: str | None
    ) -> dict[str, Any]:
        """The object that was asked for, and nothing else that something in front may have said."""
        document = self._object(response)
        told = (document.get("metadata") or {}).get("name")
        if told != name and (told is not None or document.get("kind") != resource.kind):
            cannot_tell("bad-response", path=response.path, code=response.status)
        return _identified(document, resource, namespace, name)

    def find(
        self, api_version: str, kind: str, name: str, namespace: str | None = None
    ) -> dict[str, Any] | None:
        """The object, or None where `get` raises Absent; what it may be instead is not looked for."""
        try:
            resource = self._resource(api_version, kind)
            response = self._read(resource, resource.path(namespace, name), namespace)
            if response.status == 404:
                self._require_known(resource, response)
                return None
        except Absent:
            return None
        return self._named(resource, response, name, namespace)

    def list(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        *,
        labels: Mapping[str, str] | str | None = None,
        fields: str | None = None,
    ) -> list[dict[str, Any]]:
        """All objects of a namespace, or of the cluster; an empty list proves nothing.

        Absent with kind-not-registered. A namespace that does not exist has an empty list.
        """
        resource = self._resource(api_version, kind)
        selected = {"limit": PAGE}
        if labels:
            selected["labelSelector"] = labels if isinstance(labels, str) else _equalities(labels)
        if fields:
            selected["fieldSelector"] = fields
        try:
            found = [*self._pages(resource, namespace, selected)]
        except Absent as finding:
            if finding.reason.id != "namespace-absent":
                raise
            return []
        wanted = labels if isinstance(labels, Mapping) else {}
        return [_identified(item, resource, namespace) for item in found if _labelled(item, wanted)]

    def raw(self, path: str, params: Mapping[str, str] | None = None) -> Response:
        """Any GET of the API server, with its status as it is."""
        return self._view.read(Request.to(path, params or {}))

    def http(
        self, service: str, namespace: str, port: str, *, scheme: str = "http", path_prefix: str = ""
    ) -> ServiceSession:
        """A requests session to a Service through the API server's proxy; see `http.ServiceSession`."""
        from pytest_k8sgrade.cluster.http import ServiceSession  # noqa: PLC0415 - requests is heavy

        place = Service(segment(namespace), segment(service), str(port), scheme)
        return ServiceSession(self, self._view, place, path_prefix)

    def secret(self, name: str, namespace: str) -> Mapping[str, bytes]:
        """A Secret's keys, with values as far as they may be seen (see `redaction`)."""
        data = self.get("v1", "Secret", name, namespace).get("data") or {}
        return {key: _decoded(value) for key, value in data.items()}

    def secret_value(self, name: str, namespace: str, key: str) -> SecretValue:
        """A handle for `ServiceSession.login`; Absent secret-key-absent when there is no such value."""
        if not self.secret(name, namespace).get(key):
            absent("secret-key-absent", namespace=namespace, name=name, key=key)
        return SecretValue(namespace, name, key)

    def held_since(self, *moments: datetime | str | None) -> None:
        """Say that the state has been as asked since the latest of these, by the cluster's own history.

        A moment that is unknown proves nothing, and then neither do the others.
        """
        known = [moment if isinstance(moment, datetime) else parse_time(moment) for moment in moments]
        proven = [moment for moment in known if moment is not None]
        self.since = max(proven) if proven and len(proven) == len(known) else None

    def _resource(self, api_version: str, kind: str) -> Resource:
        known = KNOWN.get((api_version, kind))
        if known is not None:
            return known
        response = self.raw(base_path(api_version))
        if response.status == 404:
            explain_not_found(self.raw, api_version, kind, response)
        self._require_served(api_version, base_path(api_version), response)
        resource = discovered(api_version, kind, self._object(response))
        if resource is None:
            absent("kind-not-registered", api_version=api_version, kind=kind, provider=provider(api_version))
        return resource

    def _read(
        self, resource: Resource, path: str, namespace: str | None, params: Mapping[str, str] | None = None
    ) -> Response:
        try:
            response = self.raw(path, params)
        except CannotTell as error:
            if error.reason.id == "forbidden":
                self._require_registered(resource)
                self._require_namespace(namespace if resource.namespaced else None)
            raise
        self._require_served(resource.api_version, path, response)
        return response

    def _require_registered(self, resource: Resource) -> None:
        """A limited user is refused a group that does not exist: ask discovery, which all may."""
        with suppress(CannotTell):
            response = self.raw(base_path(resource.api_version))
            if response.status == 404:
                explain_not_found(self.raw, resource.api_version, resource.kind, response)

    def _require_namespace(self, namespace: str | None) -> None:
        """A user with rights in some namespaces is refused one that does not exist: nothing is in it."""
        if namespace is not None and self._namespace_is_absent(namespace):
            absent("namespace-absent", namespace=namespace)

    def _require_served(self, api_version: str, path: str, response: Response) -> None:
        if response.status == 503 and may_be_aggregated(path):
            explain_unavailable(self.raw, api_version, response)

    def _absent(self, resource: Resource, name: str, namespace: str | None, response: Response) -> None:
        self._require_known(resource, response)
        where = namespace if resource.namespaced else None
        self._require_namespace(where)
        explain_missing(self.raw, resource, name, where)

    def _require_known(self, resource: Resource, response: Response) -> None:
        if not says_absent(response):
            explain_not_found(self.raw, resource.api_version, resource.kind, response)

    def _namespace_is_absent(self, namespace: str) -> bool:
        try:
            return says_absent(self.raw(f"/api/v1/namespaces/{segment(namespace)}"))
        except CannotTell:
            return False

    def _pages(
        self, resource: Resource, namespace: str | None, params: Mapping[str, str]
    ) -> Iterator[dict[str, Any]]:
        path, proceed = resource.path(namespace), dict[str, str]()
        for _ in range(MAX_PAGES):
            response = self._read(resource, path, namespace, {**params, **proceed})
            if response.status == 404:
                explain_not_found(self.raw, resource.api_version, resource.kind, response)
            page = self._object(response)
            if "items" not in page:
                cannot_tell("bad-response", path=path, code=response.status)
            yield from page["items"] or []
            proceed = {"continue": (page.get("metadata") or {}).get("continue") or ""}
            if not proceed["continue"]:
                return
        cannot_tell("too-large", path=path, limit_mib=MAX_BYTES // (1024 * 1024))

    def _object(self, response: Response) -> dict[str, Any]:
        document = response.json() if response.status == 200 else None
        if not isinstance(document, dict):
            cannot_tell("bad-response", path=response.path, code=response.status)
        return document


def _identified(
    document: dict[str, Any], resource: Resource, namespace: str | None, name: str | None = None
) -> dict[str, Any]:
    """The object with what the request says of it: lists leave out kinds, cut evidence may more."""
    document.setdefault("apiVersion", resource.api_version)
    document.setdefault("kind", resource.kind)
    metadata = document.setdefault("metadata", {})
    for key, value in (("name", name), ("namespace", namespace if resource.namespaced else None)):
        if value is not None:
            metadata.setdefault(key, value)
    return document


def _labelled(item: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    """Whether an item of a list has the labels that were asked for, as far as it shows any."""
    has = (item.get("metadata") or {}).get("labels")
    return has is None or all(has.get(key) == value for key, value in wanted.items())


def _equalities(labels: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value)
    except (binascii.Error, ValueError):
        return b""
