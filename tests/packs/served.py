"""From a stack in memory to evidence: the real transport, reader and recorder look at it.

The stack stands where the connection pool of the transport is, so that retries, refusals and
redaction are the product's own. What a run would ask is asked: every item of the rubric, also
those that another one blocks.
"""

from __future__ import annotations

import io
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit

import urllib3

from pytest_k8sgrade.cluster import Cluster, Facts, Request, View, evidence_of
from pytest_k8sgrade.cluster.bounded import Workers
from pytest_k8sgrade.cluster.evidence import Evidence
from pytest_k8sgrade.cluster.reader import LiveReader
from pytest_k8sgrade.cluster.replay import ReplayReader
from pytest_k8sgrade.cluster.transport import Transport
from pytest_k8sgrade.cluster.view import Clock
from pytest_k8sgrade.outcome import Finding
from pytest_k8sgrade.rubric.load import LoadedRubric
from pytest_k8sgrade.rubric.variables import fixed_values, needed_variables, searches, substitute
from pytest_k8sgrade.run.recording import RecordedRubric, RecordedRun
from pytest_k8sgrade.run.search import Search
from pytest_k8sgrade.theory.sheet import Sheet
from tests.packs.stack import Stack
from tests.unit.checks.api import NOW, MemoryApi

SERVER = "https://in-memory.invalid:6443"
VERSION = "0"
"""Of the tool that recorded: such evidence stays the same from release to release."""


class Served:
    """The connection and its pool, answered by an API server in memory."""

    def __init__(self, api: MemoryApi) -> None:
        self.server, self.context, self.identity = SERVER, "in-memory", "student"
        self.anonymous = self.insecure = False
        self.terms = ()
        self.generation = 0
        self.pool = self
        self._api = api

    def reader(self) -> LiveReader:
        """The product's own reader over it."""
        connection: Any = self
        return LiveReader(Transport(connection, Workers()))

    def renew(self, generation: int) -> None:
        """New credentials."""
        self.generation = generation + 1

    def headers(self) -> dict[str, str]:
        """No credentials are needed here."""
        return {}

    def urlopen(self, method: str, url: str, **_options: Any) -> urllib3.HTTPResponse:
        """The answer to a GET."""
        assert method == "GET", method
        parts = urlsplit(url.removeprefix(SERVER))
        request = Request.to(f"{unquote(parts.path)}?{parts.query}" if parts.query else unquote(parts.path))
        found = self._api.read(request, 1)
        kind = "application/json" if found.is_document else "text/plain; charset=utf-8"
        headers = {**found.headers, "content-type": kind, "audit-id": "in-memory"}
        return urllib3.HTTPResponse(io.BytesIO(found.content), headers, found.status, preload_content=False)


def recorded(lab: LoadedRubric, stack: Stack) -> bytes:
    """The evidence of a stack."""
    served = Served(stack.api())
    view = View(served.reader(), Clock(NOW))
    search = Search(fixed_values(lab.rubric, {}), searches(lab.rubric, {}))
    for item in lab.rubric.items:
        with suppress(Finding):
            values = substitute(item.with_, search.values(needed_variables(item), view))
            lab.checks[item.check].function(cluster=Cluster(view), **values)
    return evidence_of(view, Facts(served.context, served.server, served.identity), _run(lab).told(), VERSION)


def handed_in(lab: LoadedRubric, sheet: Sheet) -> bytes:
    """The evidence of a sheet of answers, as it is recorded without a cluster."""
    view = View(ReplayReader(Evidence((), NOW, {})), now=NOW)
    run = _run(lab).model_copy(update={"answers": sheet})
    return evidence_of(view, Facts("", "", ""), run.told(), VERSION)


def _run(lab: LoadedRubric) -> RecordedRun:
    rubric = RecordedRubric(id=lab.rubric.id, version=lab.rubric.version, digest=lab.digest)
    return RecordedRun(rubric=rubric, started=NOW, recorded=NOW)
