"""Short ways to ask a transport, to answer it, and to bound the time that it takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from pytest_k8sgrade.cluster import Request
from pytest_k8sgrade.cluster.transport import Transport
from pytest_k8sgrade.outcome import CannotTell
from tests.unit.cluster.fake import Answer, Handler

PODS = "/api/v1/namespaces/shop/pods"


def why(transport: Transport, path: str = PODS, seconds: float = 5.0) -> CannotTell:
    """Why a path gets no answer."""
    with pytest.raises(CannotTell) as error:
        transport.get(Request.to(path), seconds=seconds)
    return error.value


def first_then(first: Answer, then: Answer) -> Callable[[Handler], Answer]:
    """A route that answers the first request in one way and all others in another."""
    asked: list[int] = []

    def route(_handler: Handler) -> Answer:
        asked.append(1)
        return first if len(asked) == 1 else then

    return route


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail when what is done inside takes longer."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds
