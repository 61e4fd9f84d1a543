"""A recorded cluster, and another one for what nobody asked when it was recorded."""

from __future__ import annotations

from pytest_k8sgrade.cluster import Request, Response
from pytest_k8sgrade.cluster.reader import Login, Reader
from pytest_k8sgrade.outcome import CannotTell


class Layered:
    """Answers from `recorded` where it can, else from `rest`."""

    def __init__(self, recorded: Reader, rest: Reader) -> None:
        self._recorded = recorded
        self._rest = rest

    def read(self, request: Request, seconds: float) -> Response:
        """The recorded answer, or that of the other cluster."""
        try:
            return self._recorded.read(request, seconds)
        except CannotTell as doubt:
            if doubt.reason.id != "not-recorded":
                raise
            return self._rest.read(request, seconds)

    def login(self, login: Login, seconds: float) -> Response:
        """As recorded, or as the other cluster would."""
        try:
            return self._recorded.login(login, seconds)
        except CannotTell as doubt:
            if doubt.reason.id != "not-recorded":
                raise
            return self._rest.login(login, seconds)
