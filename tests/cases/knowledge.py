"""What the records of a case tell about a path, directly or by what follows from them.

Written for `server`. A namespace in which something was found is there; a group of
which an object was found is registered, one that answers 404 in plain text is not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pytest_k8sgrade.cluster.places import service_of
from pytest_k8sgrade.cluster.resources import KNOWN
from tests.cases.records import Answered

_OBJECTS: Final = re.compile(
    r"(?P<base>/api/v1|/apis/[^/]+/[^/]+)(?:/namespaces/(?P<namespace>[^/]+)(?=/[^/]))?"
    r"/(?P<plural>[^/]+)(?:/(?P<name>[^/]+))?"
)
UID: Final = "00000000-0000-4000-8000-000000000001"


@dataclass(frozen=True)
class Found:
    """The answers to a request, one after the other in time, and whence they are known."""

    id: int
    answers: tuple[Answered, ...]
    origin: str


class Knowledge:
    """All that the GETs of a case tell."""

    def __init__(self, records: Sequence[Answered]) -> None:
        self._records = [_identified(record) for record in records if record.method == "GET"]

    @property
    def longest(self) -> int:
        """The length of the longest sequence of answers to one request."""
        keys = [(one.service, one.port, one.path, tuple(sorted(one.query.items()))) for one in self._records]
        return max((keys.count(key) for key in keys), default=1)

    def find(self, path: str, query: Mapping[str, str]) -> Found | None:
        """The answers to a GET, None when no record tells anything about it."""
        recorded = self._recorded(path, query)
        if recorded:
            origin = "given" if recorded[0].given else "recorded"
            return Found(
                self._records.index(recorded[0]), tuple(_listed(one, query) for one in recorded), origin
            )
        following = self._following(path)
        return Found(-1, (following,), "follows") if following is not None else None

    def _recorded(self, path: str, query: Mapping[str, str]) -> list[Answered]:
        place = service_of(path)
        if place is None:
            own = [one for one in self._records if not one.service and one.path == path]
        else:
            rest, service = path.partition("/proxy")[2] or "/", f"{place.namespace}/{place.name}"
            own = [one for one in self._records if (one.service, one.path) == (service, rest)]
            own = [one for one in own if one.port == place.port] or own
            own = [one for one in own if _same_query(one.query.get("query"), query.get("query"))]
        best = max((_likeness(one.query, query) for one in own), default=0)
        return [one for one in own if _likeness(one.query, query) == best]

    def _following(self, path: str) -> Answered | None:
        match = _OBJECTS.fullmatch(path)
        if path == "/version":
            return _document({"gitVersion": "v1.34.4"})
        if path == "/apis" or re.fullmatch(r"/apis/[^/]+/[^/]+", path):
            return self._discovery(path)
        if match is None or service_of(path):
            return None
        if path == "/api/v1/namespaces/kube-system":
            return _document({"kind": "Namespace", "metadata": {"name": "kube-system", "uid": UID}})
        known = self._objects(match["base"], match["plural"], match["namespace"])
        if match["name"]:
            known = [one for one in known if one["metadata"].get("name") == match["name"]]
            return _document(known[0]) if known else self._namespace(path)
        return _document({"items": known}) if known else None

    def _discovery(self, path: str) -> Answered | None:
        """The groups of which objects were found, with the kinds that this product knows."""
        absent = {base for base, there in self._groups() if not there}
        there = {base for base, there in self._groups() if there} - absent
        if path == "/apis" and there | absent:
            versions = sorted(base.removeprefix("/apis/") for base in there)
            return _document({"groups": [{"versions": [{"groupVersion": version}]} for version in versions]})
        if path not in there:
            return None
        version = path.removeprefix("/apis/")
        kinds = [one for one in KNOWN.values() if one.api_version == version]
        resources = [{"name": k.plural, "kind": k.kind, "namespaced": k.namespaced} for k in kinds]
        return _document({"resources": resources})

    def _groups(self) -> list[tuple[str, bool]]:
        """Each group of the records: whether it is there, or a plain 404 says that it is not."""
        found = []
        for record in self._records:
            match = _OBJECTS.fullmatch(record.path)
            if match is None or record.service or not match["base"].startswith("/apis/"):
                continue
            if record.status == 200 or (record.status == 404 and record.text is None):
                found.append((match["base"], True))
            elif record.status == 404:
                found.append((match["base"], False))
        return found

    def _objects(self, base: str, plural: str, namespace: str | None) -> list[Mapping[str, Any]]:
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        for record in self._records:
            match = _OBJECTS.fullmatch(record.path)
            if record.service or record.status != 200 or match is None or not isinstance(record.body, dict):
                continue
            if (match["base"], match["plural"]) != (base, plural):
                continue
            for item in record.collection if record.collection is not None else [record.body]:
                where = item.get("metadata", {}).get("namespace", "")
                if namespace in (None, where) and "metadata" in item:
                    found.setdefault((where, item["metadata"].get("name", "")), item)
        return list(found.values())

    def _namespace(self, path: str) -> Answered | None:
        name = path.removeprefix("/api/v1/namespaces/")
        there = any(
            record.status == 200 and f"/namespaces/{name}/" in record.path and record.collection != []
            for record in self._records
        )
        if "/" in name or not there:
            return None
        metadata = {"name": name, "labels": {"kubernetes.io/metadata.name": name}}
        return _document({"kind": "Namespace", "metadata": metadata, "status": {"phase": "Active"}})


def _document(body: Any) -> Answered:
    document = json.loads(json.dumps(body))
    return Answered("GET", "", "", "", {}, 200, {"content-type": "application/json"}, document, given=True)


def _identified(record: Answered) -> Answered:
    """The record with what a real server always says: kinds, names, namespaces, selected labels."""
    match = _OBJECTS.fullmatch(record.path)
    if record.service or record.status != 200 or match is None or not isinstance(record.body, dict):
        return record
    body = record.body
    if record.collection is not None:
        terms = _terms(record.query.get("labelSelector", ""))
        items = [_named(item, match, None, terms) for item in body["items"]]
        return replace(record, body={**body, "items": items})
    if match["name"] and "items" not in body:
        return replace(record, body=_named(body, match, match["name"], {}))
    return record


def _named(
    item: Mapping[str, Any], match: re.Match[str], name: str | None, labels: Mapping[str, str]
) -> dict[str, Any]:
    metadata = dict(item.get("metadata") or {})
    if name is not None:
        metadata.setdefault("name", name)
    if match["namespace"] is not None:
        metadata.setdefault("namespace", match["namespace"])
    if labels:
        metadata["labels"] = {**labels, **(metadata.get("labels") or {})}
    base = match["base"]
    version = "v1" if base == "/api/v1" else base.removeprefix("/apis/")
    known = [k.kind for k in KNOWN.values() if (k.api_version, k.plural) == (version, match["plural"])]
    kind = {"kind": known[0]} if known else {}
    return {"apiVersion": version, **kind, **item, "metadata": metadata}


def _same_query(recorded: str | None, asked: str | None) -> bool:
    return recorded is None or "".join(recorded.split()) == "".join((asked or "").split())


def _likeness(recorded: Mapping[str, str], asked: Mapping[str, str]) -> int:
    """How much of the recorded query is asked for; what differs counts against it."""
    same = sum(asked.get(key) == value for key, value in recorded.items())
    return 2 * same - len(recorded)


def _listed(record: Answered, query: Mapping[str, str]) -> Answered:
    """A recorded list, less what its own labels and fields show not to be asked for."""
    if record.collection is None:
        return record
    items = [item for item in record.body["items"] if _wanted(item, query)]
    return replace(record, body={**record.body, "items": items})


def _wanted(item: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    labels = item.get("metadata", {}).get("labels")
    terms = _terms(query.get("labelSelector", ""))
    if labels is not None and any(labels.get(key) != value for key, value in terms.items()):
        return False
    fields = _terms(query.get("fieldSelector", ""))
    return all(_value(item, key) in (None, value) for key, value in fields.items())


def _terms(selector: str) -> dict[str, str]:
    """The equalities of a selector; other terms are left to the check."""
    pairs = [term.replace("==", "=").split("=", 1) for term in selector.split(",") if "=" in term]
    return {key: value for key, value in pairs if not key.endswith("!")}


def _value(item: Any, path: str) -> Any:
    for key in path.split("."):
        item = item.get(key) if isinstance(item, Mapping) else None
    return item
