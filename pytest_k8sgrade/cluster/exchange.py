"""One question to the API server and its answer, as every layer passes them on.

Requests are GETs and have a key that does not depend on the order of their query;
answers keep only headers that a verdict may need, so that a cookie or a token can
reach neither a check nor an evidence file. This module sends nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode

from pytest_k8sgrade.cluster.documents import parse_json
from pytest_k8sgrade.outcome import CannotTell, cannot_tell

KEPT_HEADERS: Final = frozenset(
    {"content-type", "date", "retry-after", "location", "warning", "x-prometheus-stopping"}
)


@dataclass(frozen=True, slots=True)
class Request:
    """A GET: a path below the API server's address and a sorted query.

    `login` names the login whose cookie goes along; it is empty for everything
    but the pages of a proxied service that were asked for after a login.
    """

    path: str
    query: tuple[tuple[str, str], ...] = ()
    login: str = ""

    @classmethod
    def to(
        cls, path: str, params: Mapping[str, str] | Iterable[tuple[str, str]] = (), *, login: str = ""
    ) -> Request:
        """The request for a path, which may carry a query of its own."""
        bare, _, query = path.partition("?")
        given = params.items() if isinstance(params, Mapping) else params
        pairs = [*parse_qsl(query, keep_blank_values=True), *((str(key), str(value)) for key, value in given)]
        return cls(quote(bare, safe="/:@!$&'()*+,;=~-._%"), tuple(sorted(pairs)), login)

    @property
    def target(self) -> str:
        """Path and query as they go over the wire."""
        return f"{self.path}?{urlencode(self.query, quote_via=quote)}" if self.query else self.path

    @property
    def key(self) -> str:
        """What the cache and the evidence know it by."""
        return f"GET {self.target}" + (f" as {self.login}" if self.login else "")


@dataclass(frozen=True)
class Response:
    """An answer with its status as it is. What `json()` returns is shared: do not change it."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    path: str = field(default="", compare=False)

    @classmethod
    def of_document(cls, document: Any, like: Response) -> Response:
        """An answer like another one but with this JSON document as its body."""
        content = json.dumps(document, separators=(",", ":")).encode()
        response = cls(like.status, like.headers, content, like.path)
        response.__dict__["_parsed"] = document
        return response

    def header(self, name: str) -> str:
        """A kept header by its lower-case name, empty when there is none."""
        return self.headers.get(name, "")

    def json(self) -> Any:
        """The parsed body; CannotTell `bad-response` when it is no JSON."""
        if self._parsed is _UNREADABLE:
            cannot_tell("bad-response", path=self.path, code=self.status)
        return self._parsed

    @property
    def is_document(self) -> bool:
        """Whether the body is a JSON object or array."""
        return isinstance(self._parsed, (dict, list))

    @property
    def text(self) -> str:
        """The body as text; bytes that are no UTF-8 are replaced."""
        return self.content.decode("utf-8", errors="replace")

    @property
    def api_status(self) -> Mapping[str, Any] | None:
        """The body when it is a Status of the API server, else None."""
        if self.status < 400 or self._parsed is _UNREADABLE or not isinstance(self._parsed, dict):
            return None
        is_status = self._parsed.get("kind") == "Status" and self._parsed.get("apiVersion") == "v1"
        return self._parsed if is_status else None

    @cached_property
    def _parsed(self) -> Any:
        try:
            return parse_json(self.content)
        except (ValueError, RecursionError):
            return _UNREADABLE


_UNREADABLE: Final = object()


@dataclass(frozen=True, slots=True)
class Exchange:
    """A key and what came of it: an answer, or the reason why there is none."""

    key: str
    result: Response | CannotTell


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that may be kept; a Location loses its query, which may hold a token."""
    kept = {name.lower(): value for name, value in headers.items() if name.lower() in KEPT_HEADERS}
    if "location" in kept:
        kept["location"] = kept["location"].partition("?")[0]
    return kept
