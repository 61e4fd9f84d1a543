"""One record of a case taken apart: whom it asks for what, and what came back.

A request is `METHOD target (remark)`; a remark that names a service says who was
asked. `given` records complete recorded ones and may not contradict them.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from pytest_k8sgrade.cluster.places import service_of
from tests.cases.loading import Record

SERVICES: Final[Mapping[str, str]] = {
    "Prometheus": "monitoring/kps-prometheus",
    "AlertManager": "monitoring/kps-alertmanager",
    "Grafana": "monitoring/kps-grafana",
    "ArgoCD API": "argocd/argocd-server",
    "Elasticsearch": "logging/elasticsearch",
    "Kibana": "logging/kibana",
    "Fluent Bit": "logging/fluent-bit",
}
"""Which Service a name in brackets is unless the replay says otherwise; ports do not matter here."""
_POD_PROXY: Final = re.compile(r"/api/v1/namespaces/[^/]+/pods/[^/]+/proxy(/.*)")
"""A pod of a named service that was asked directly stands for the service."""
_PROMETHEUS: Final = re.compile(
    r"/api/v1/(query|query_range|series|labels?|targets|rules|alerts|alertmanagers|scrape_pools|metadata|status)(/.*)?"
)
_REDACTED: Final = "REDACTED"


@dataclass(frozen=True)
class Answered:
    """A request and its answer. `service` is `namespace/name`, empty for the API server itself."""

    method: str
    service: str
    port: str
    path: str
    query: Mapping[str, str]
    status: int
    headers: Mapping[str, str]
    body: Any = None
    text: str | None = None
    given: bool = field(default=False, compare=False)

    @property
    def content(self) -> bytes:
        """The body as it goes over the wire."""
        return (self.text if self.text is not None else json.dumps(self.body)).encode()

    @property
    def collection(self) -> list[Mapping[str, Any]] | None:
        """The items of a list of objects, None for anything else."""
        items = self.body.get("items") if isinstance(self.body, dict) else None
        return items if self.status == 200 and isinstance(items, list) and not self.service else None


def answered(
    records: Sequence[Record], given: Sequence[Record], services: Mapping[str, str]
) -> list[Answered]:
    """The requests of a case with their answers, completed by what is given."""
    whereabouts = {**SERVICES, **services}
    decoded = [record["decoded"] for record in (*records, *given) if "decoded" in record]
    own = [_answered(record, whereabouts, decoded) for record in records if "request" in record]
    more = [_answered(record, whereabouts, decoded, given=True) for record in given if "request" in record]
    completed = [_completed(one, [two for two in more if _same_request(one, two)]) for one in own]
    return completed + [two for two in more if not any(_same_request(one, two) for one in own)]


def _answered(
    record: Record, services: Mapping[str, str], decoded: Sequence[Any], *, given: bool = False
) -> Answered:
    method, target, remark = [*str(record["request"]).split(None, 2), ""][:3]
    parts = urlsplit(target)
    service, port, path = _whom(parts, remark, services)
    text = record.get("body_text")
    kind = "text/plain; charset=utf-8" if text is not None else "application/json"
    headers = {"content-type": kind, **{k.lower(): v for k, v in (record.get("headers") or {}).items()}}
    return Answered(
        method=method,
        service=service,
        port=port,
        path=path,
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        status=int(record.get("status", 200)),
        headers=headers,
        body=_with_secrets(record.get("body"), decoded),
        text=text,
        given=given,
    )


def _whom(target: SplitResult, remark: str, services: Mapping[str, str]) -> tuple[str, str, str]:
    """Service, its port and the path that was asked of it."""
    path = unquote(target.path)
    place = service_of(path)
    if place is not None:
        return f"{place.namespace}/{place.name}", place.port, path.partition("/proxy")[2] or "/"
    name = remark.strip().removeprefix("(").partition(")")[0].partition(",")[0].strip()
    if _PROMETHEUS.fullmatch(path) and name not in services:
        name = "Prometheus"
    known = services.get(target.netloc or name, "")
    behind = _POD_PROXY.fullmatch(path)
    return known.partition(":")[0], known.partition(":")[2], behind[1] if known and behind else path


def _same_request(one: Answered, two: Answered) -> bool:
    return all(
        getattr(one, key) == getattr(two, key) for key in ("method", "service", "port", "path", "query")
    )


def _completed(one: Answered, given: Sequence[Answered]) -> Answered:
    body = one.body
    for more in given:
        assert more.status == one.status, f"{one.path}: a given record has another status"
        body = complete(body, more.body, one.path)
    return Answered(**{**one.__dict__, "body": body})


def complete(recorded: Any, more: Any, where: str) -> Any:
    """A document with keys that it lacks; a value that differs from the recorded one is an error."""
    if isinstance(recorded, dict) and isinstance(more, dict):
        both = {
            key: complete(recorded[key], more[key], f"{where}.{key}") for key in recorded.keys() & more.keys()
        }
        return {**more, **recorded, **both}
    if _named(recorded) and _named(more):
        extra = {one["metadata"]["name"]: one for one in more}
        old = [complete(one, extra.pop(one["metadata"]["name"], one), where) for one in recorded]
        return [*old, *extra.values()]
    assert recorded == more, f"{where}: given {more!r} contradicts {recorded!r}"
    return recorded


def _named(value: Any) -> bool:
    """Whether this is a list of objects, which are the same by their names."""
    return isinstance(value, list) and all(
        isinstance(one, dict) and "name" in one.get("metadata", {}) for one in value
    )


def _with_secrets(body: Any, decoded: Sequence[Any]) -> Any:
    """Secrets with the values that a record shows decoded packed in again."""
    if not isinstance(body, dict) or not decoded:
        return body
    if isinstance(body.get("items"), list):
        return {**body, "items": [_with_secrets(item, decoded) for item in body["items"]]}
    data, labels = body.get("data"), (body.get("metadata") or {}).get("labels") or {}
    if not isinstance(data, dict):
        return body
    shown = {key: value for one in decoded for key, value in one.items() if isinstance(value, str)}
    plain = {key: shown.get(key, _REDACTED) for key, value in data.items() if value == _REDACTED}
    values = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
    release = (labels.get("name"), labels.get("version"))
    for one in decoded:
        if "release" in data and (one.get("name"), str(one.get("version"))) == release:
            values["release"] = packed(one)
    return {**body, "data": {**data, **values}}


def packed(release: Any) -> str:
    """A release as the API shows Helm's Secret: base64 of base64 of gzip of JSON."""
    stored = base64.b64encode(gzip.compress(json.dumps(release).encode(), mtime=0))
    return base64.b64encode(stored).decode()
