"""Answers from an evidence file, with the clock it was recorded with.

To everything above it is a reader like the live one. A request that nobody made when
the evidence was recorded has no answer: the item becomes `ungraded`, never failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from pytest_k8sgrade.cluster.evidence import Evidence, pack, unpack
from pytest_k8sgrade.cluster.exchange import Exchange, Request, Response
from pytest_k8sgrade.cluster.facade import Cluster
from pytest_k8sgrade.cluster.reader import Login
from pytest_k8sgrade.cluster.source import Facts
from pytest_k8sgrade.cluster.view import View
from pytest_k8sgrade.outcome import CannotTell, Finding, cannot_tell

_TOOL: Final = "pytest-k8sgrade"

T = TypeVar("T")


class ReplayReader:
    """Reads recorded exchanges."""

    def __init__(self, evidence: Evidence) -> None:
        self._results = {exchange.key: exchange.result for exchange in evidence.exchanges}

    def read(self, request: Request, seconds: float) -> Response:
        """The recorded answer, or the recorded reason why there was none."""
        return self._recorded(request.key, request.target)

    def login(self, login: Login, seconds: float) -> Response:
        """The recorded status."""
        return self._recorded(login.key, login.path)

    def _recorded(self, key: str, path: str) -> Response:
        result = self._results.get(key)
        if result is None:
            cannot_tell("not-recorded", path=path)
        if isinstance(result, CannotTell):
            raise CannotTell(result.reason)
        return result


class RecordedSource:
    """The cluster as an evidence file shows it. `evidence.run` is what the recording run added."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self._reader = ReplayReader(evidence)

    @property
    def facts(self) -> Facts:
        """Context, server and identity of the recording run."""
        cluster = self.evidence.cluster
        return Facts(
            context=cluster.get("context") or "",
            server=cluster.get("server") or "",
            identity=cluster.get("identity") or "",
        )

    def view(self) -> View:
        """The recorded view; always the same."""
        return View(self._reader, now=self.evidence.now)

    def close(self) -> None:
        """Nothing is held open."""


def open_evidence(path: str | Path) -> RecordedSource:
    """The source that an evidence file is; EvidenceFault when it cannot be used."""
    return RecordedSource(unpack(path))


def evidence_of(
    view: View, facts: Facts, run: Mapping[str, Any], version: str, older: Iterable[View] = ()
) -> bytes:
    """The evidence file of a view, to be written as it is.

    `older` are views on which a verdict rests because the last one got no answer; they
    fill in what it could not tell. `run` is the caller's JSON (rubric digest, held times,
    started), `version` the tool's. The cluster's UID and version are read through the
    view, so that they are recorded too.
    """
    views, cluster = [view, *older], Cluster(view)
    told = {
        "uid": _known(lambda: cluster.uid),
        "server_version": _known(lambda: cluster.server_version),
        "context": facts.context,
        "server": facts.server,
        "identity": facts.identity,
    }
    return pack(
        Evidence(
            exchanges=tuple(_merged(views)),
            now=_time(views),
            cluster=told,
            run=run,
            tool={"name": _TOOL, "version": version},
        )
    )


def _merged(views: Iterable[View]) -> list[Exchange]:
    merged: dict[str, Exchange] = {}
    for view in views:
        for exchange in view.exchanges():
            known = merged.get(exchange.key)
            if known is None or isinstance(known.result, CannotTell):
                merged[exchange.key] = exchange
    return [merged[key] for key in sorted(merged)]


def _time(views: Iterable[View]) -> datetime | None:
    for view in views:
        with suppress(Finding):
            return view.now
    return None


def _known(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except Finding:
        return None
