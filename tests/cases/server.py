"""An API server in memory that knows what the records of a case tell, and nothing else.

A reader as the views know it. Paths are matched, other query strings tolerated; only
a PromQL expression must be the recorded one. Objects that a list shows can be asked
for alone, and the other way round. What no record tells has no answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import unquote

from pytest_k8sgrade.cluster import Request, Response
from pytest_k8sgrade.cluster.exchange import kept_headers
from pytest_k8sgrade.cluster.places import service_of
from pytest_k8sgrade.cluster.reader import Login
from pytest_k8sgrade.cluster.redaction import Redactor
from pytest_k8sgrade.outcome import CannotTell, Reason
from tests.cases.records import Answered

_OBJECTS: Final = re.compile(
    r"(?P<base>/api/v1|/apis/[^/]+/[^/]+)(?:/namespaces/(?P<namespace>[^/]+)(?=/[^/]))?/(?P<plural>[^/]+)(?:/(?P<name>[^/]+))?"
)
_STRICT: Final = ("query", "labelSelector")
UID: Final = "00000000-0000-4000-8000-000000000001"


class RecordedApi:
    """What the records tell. `moment` counts the looks: a repeated request is a sequence in time."""

    def __init__(self, records: Sequence[Answered], now: datetime, fails: Mapping[str, str]) -> None:
        self.moment = 0
        self.asked: list[tuple[str, str]] = []
        self._records = [record for record in records if record.method == "GET"]
        self._now = now
        self._fails = fails
        self._redactor = Redactor()

    @property
    def moments(self) -> int:
        """How many looks show all of it."""
        keys = [(one.service, one.path, tuple(sorted(one.query.items()))) for one in self._records]
        return max((keys.count(key) for key in keys), default=1)

    def read(self, request: Request, seconds: float) -> Response:
        """The recorded answer, one that follows from the records, or CannotTell `not-recorded`."""
        path = unquote(request.path)
        for prefix, reason in self._fails.items():
            if path.startswith(prefix):
                self._tell(request, f"fails: {reason}")
                raise CannotTell(Reason(reason, _unreached(path)))
        found = self._recorded(path, dict(request.query)) or self._following(path)
        if found is None:
            self._tell(request, "not recorded")
            raise CannotTell(Reason("not-recorded", {"path": request.path}))
        self._tell(request, "given" if found.given else "recorded")
        return self._redactor.redact(request, self._response(found, path))

    def login(self, login: Login, seconds: float) -> Response:
        """Any password is right: the cases are not about Grafana's login."""
        self.asked.append((login.key, "login"))
        return Response(200, {}, b"", login.path)

    def _tell(self, request: Request, how: str) -> None:
        self.asked.append((request.key, how))

    def _response(self, found: Answered, path: str) -> Response:
        headers = {"date": format_datetime(self._now, usegmt=True), **found.headers}
        return Response(found.status, kept_headers(headers), found.content, path)

    def _recorded(self, path: str, query: Mapping[str, str]) -> Answered | None:
        place = service_of(path)
        service = f"{place.namespace}/{place.name}" if place else ""
        rest = (path.partition("/proxy")[2] or "/") if place else path
        own = [one for one in self._records if (one.service, one.path) == (service, rest)]
        if place is not None:
            own = [one for one in own if _same_query(one.query.get("query"), query.get("query"))]
        best = max((_likeness(one.query, query) for one in own), default=0)
        fitting = [one for one in own if _likeness(one.query, query) == best]
        if not fitting:
            return None
        chosen = fitting[min(self.moment, len(fitting) - 1)]
        return chosen if chosen.collection is None else self._listed(path, query, chosen)

    def _listed(self, path: str, query: Mapping[str, str], chosen: Answered) -> Answered:
        """The recorded list, less what its own labels and fields show not to be asked for."""
        body = {**chosen.body, "items": [one for one in chosen.body["items"] if _wanted(one, query)]}
        return Answered(**{**chosen.__dict__, "body": body})

    def _following(self, path: str) -> Answered | None:
        """What the records of other requests tell about this path."""
        match = _OBJECTS.fullmatch(path)
        if path == "/version":
            return _given({"gitVersion": "v1.34.4"})
        if match is None or service_of(path):
            return None
        if path == "/api/v1/namespaces/kube-system":
            return _given({"kind": "Namespace", "metadata": {"name": "kube-system", "uid": UID}})
        known = self._objects(match["base"], match["plural"], match["namespace"])
        if match["name"]:
            known = [one for one in known if one["metadata"].get("name") == match["name"]]
            return _given(known[0]) if known else self._namespace(path)
        return _given({"items": known}) if known else None

    def _objects(self, base: str, plural: str, namespace: str | None) -> list[Mapping[str, Any]]:
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        for record in self._records:
            match = _OBJECTS.fullmatch(record.path)
            if record.service or record.status != 200 or match is None:
                continue
            if (match["base"], match["plural"]) != (base, plural) or not isinstance(record.body, dict):
                continue
            for item in record.collection if record.collection is not None else [record.body]:
                where = item.get("metadata", {}).get("namespace") or match["namespace"] or ""
                if namespace in (None, where) and "metadata" in item:
                    found.setdefault((where, item["metadata"].get("name", "")), item)
        return list(found.values())

    def _namespace(self, path: str) -> Answered | None:
        """A namespace in which a record found something is there."""
        name = path.removeprefix("/api/v1/namespaces/")
        there = any(
            record.status == 200 and f"/namespaces/{name}/" in record.path and record.collection != []
            for record in self._records
        )
        if "/" in name or not there:
            return None
        return _given({"kind": "Namespace", "metadata": {"name": name}, "status": {"phase": "Active"}})


def _given(body: Any) -> Answered:
    document = json.loads(json.dumps(body))
    return Answered("GET", "", "", {}, 200, {"content-type": "application/json"}, document, given=True)


def _unreached(path: str) -> dict[str, Any]:
    return {"endpoint": "it", "server": "https://case.invalid", "path": path, "seconds": 10, "code": 0}


def _same_query(recorded: str | None, asked: str | None) -> bool:
    return recorded is None or "".join(recorded.split()) == "".join((asked or "").split())


def _likeness(recorded: Mapping[str, str], asked: Mapping[str, str]) -> int:
    """How much of the recorded query is asked for; what differs counts against it."""
    same = sum(asked.get(key) == value for key, value in recorded.items())
    return 2 * same - len(recorded)


def _wanted(item: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    labels = item.get("metadata", {}).get("labels")
    terms = [term.split("=", 1) for term in query.get("labelSelector", "").split(",") if "=" in term]
    if labels is not None and any(labels.get(key) != value for key, value in terms):
        return False
    fields = [term.split("=", 1) for term in query.get("fieldSelector", "").split(",") if "=" in term]
    return all(_value(item, key) in (None, value) for key, value in fields)


def _value(item: Any, path: str) -> Any:
    for key in path.split("."):
        item = item.get(key) if isinstance(item, Mapping) else None
    return item
