"""A recorded cluster whose lists lost all they held: objects by name stay what they are.

Of an object only the status changes, as far as it tells what was selected: lists but the
conditions become empty, counters zero. `selected` and `emptied` are the keys of requests
whose answers were lists and objects of that kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pytest_k8sgrade.cluster import Request, Response
from pytest_k8sgrade.cluster.places import service_of
from pytest_k8sgrade.cluster.reader import Login, Reader
from pytest_k8sgrade.outcome import CannotTell

_KEPT: Final = frozenset({"conditions", "observedGeneration"})


class EmptiedCluster:
    """Reads what another reader has, and takes the contents out."""

    def __init__(self, recorded: Reader) -> None:
        self.selected: set[str] = set()
        self.emptied: set[str] = set()
        self._recorded = recorded

    def read(self, request: Request, seconds: float) -> Response:
        """The recorded answer without its contents; CannotTell where nothing was recorded."""
        response = self._recorded.read(request, seconds)
        if response.status != 200:
            return response
        try:
            document = response.json()
        except CannotTell:
            return response  # a page, or metrics in Prometheus' own format
        if service_of(request.path) is not None:
            emptied, told = _without_lists(document), self.selected
        elif not isinstance(document, dict):
            return response
        elif isinstance(document.get("items"), list):
            emptied, told = {**document, "items": []}, self.selected
        elif isinstance(document.get("status"), dict):
            emptied, told = {**document, "status": _emptied("status", document["status"])}, self.emptied
        else:
            return response
        if emptied == document:
            return response
        told.add(request.key)
        return Response.of_document(emptied, response)

    def login(self, login: Login, seconds: float) -> Response:
        """As recorded."""
        return self._recorded.login(login, seconds)


def _without_lists(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_lists(part) for key, part in value.items()}
    return [] if isinstance(value, list) else value


def _emptied(key: str, value: Any) -> Any:
    if key in _KEPT or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return {name: _emptied(name, part) for name, part in value.items()}
    if isinstance(value, int):
        return 0
    return [] if isinstance(value, list) else value
