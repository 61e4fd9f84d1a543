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
from urllib.parse import parse_qsl, unquote, urlsplit

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
_PROMETHEUS: Final = re.compile(
    r"/api/v1/(query|query_range|series|labels?|targets|rules|alerts|alertmanagers|scrape_pools|metadata|status)(/.*)?"
)
_REDACTED: Final = "REDACTED"


@dataclass(frozen=True)
class Answered:
    """A request and its answer. `service` is `namespace/name`, empty for the API server itself."""

    method: str
    service: str
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
    known = {(one.method, one.service, one.path) for one in own}
    completed = [_completed(one, [two for two in more if _same_object(one, two)]) for one in own]
    return completed + [
        two
        for two in more
        if (two.method, two.service, two.path) not in known or not any(_same_object(one, two) for one in own)
    ]


def _answered(
    record: Record, services: Mapping[str, str], decoded: Sequence[Any], *, given: bool = False
) -> Answered:
    method, target, remark = [*str(record["request"]).split(None, 2), ""][:3]
    parts = urlsplit(target)
    service, path = _whom(unquote(parts.path), remark, services)
    text = record.get("body_text")
    kind = "text/plain; charset=utf-8" if text is not None else "application/json"
    headers = {"content-type": kind, **{k.lower(): v for k, v in (record.get("headers") or {}).items()}}
    return Answered(
        method=method,
        service=service,
        path=path,
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        status=int(record.get("status", 200)),
        headers=headers,
        body=_with_releases(record.get("body"), decoded),
        text=text,
        given=given,
    )


def _whom(path: str, remark: str, services: Mapping[str, str]) -> tuple[str, str]:
    place = service_of(path)
    if place is not None:
        return f"{place.namespace}/{place.name}", path.partition("/proxy")[2] or "/"
    name = remark.strip().removeprefix("(").partition(")")[0].partition(",")[0].strip()
    if name in services:
        return services[name].partition(":")[0], path
    return (services["Prometheus"].partition(":")[0], path) if _PROMETHEUS.fullmatch(path) else ("", path)


def _same_object(one: Answered, two: Answered) -> bool:
    return (one.method, one.service, one.path, dict(one.query)) == (
        two.method,
        two.service,
        two.path,
        dict(two.query),
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


def _with_releases(body: Any, decoded: Sequence[Any]) -> Any:
    """Secrets of Helm with the release that a record shows decoded packed in again."""
    if not isinstance(body, dict):
        return body
    if isinstance(body.get("items"), list):
        return {**body, "items": [_with_releases(item, decoded) for item in body["items"]]}
    data, labels = body.get("data") or {}, (body.get("metadata") or {}).get("labels") or {}
    if not isinstance(data, dict) or data.get("release") != _REDACTED:
        return body
    record = next(
        one for one in decoded if (one["name"], str(one["version"])) == (labels["name"], labels["version"])
    )
    return {**body, "data": {**data, "release": packed(record)}}


def packed(release: Any) -> str:
    """A release as the API shows Helm's Secret: base64 of base64 of gzip of JSON."""
    stored = base64.b64encode(gzip.compress(json.dumps(release).encode(), mtime=0))
    return base64.b64encode(stored).decode()
