"""Prometheus as a check asks it: queries, targets, rules, scrape pools, Alertmanagers.

Queries go through prometheus-api-client, everything it lacks through the same
session, which is the reader's. The library's own adapter and its retries are kept
out: they would leave the recorded way to the cluster. An empty answer is returned
as it is; whether it is final is asked of `settled`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.outcome import cannot_tell, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.operated import Address, prometheus_address

if TYPE_CHECKING:
    import requests

    from pytest_k8sgrade.cluster import Cluster

TIMEOUT_S = 10
YOUNG = timedelta(seconds=60)
"""Below this age an empty answer says nothing: no target was scraped twice yet."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One series of an instant query; `value` may be NaN or infinite."""

    labels: Mapping[str, str]
    value: float

    @property
    def number(self) -> bool:
        """Whether the value is a number that can be compared."""
        return not math.isnan(self.value)


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a range query."""

    at: float
    value: float


class _Judged:
    """The session that prometheus-api-client drives: the reader's, with our errors."""

    verify = True
    cert = None

    def __init__(self, session: requests.Session, name: str, namespace: str) -> None:
        self._session = session
        self._name = name
        self._namespace = namespace

    def mount(self, prefix: str, adapter: object) -> None:
        """Ignored: the library must not replace the reader's transport."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send, and turn an answer that is no data into an outcome."""
        response = self._session.request(*args, **kwargs)
        where = {"service": self._name, "namespace": self._namespace}
        if response.status_code == 503:
            unmet("prometheus-not-ready", seen=503, wanted=200, **where)
        try:
            body = response.json()
        except ValueError:
            cannot_tell("prometheus-bad-answer", seen=response.status_code, **where)
        if not isinstance(body, dict) or body.get("status") != "success":
            error = body.get("errorType") if isinstance(body, dict) else None
            cannot_tell(
                "prometheus-query-refused", status=response.status_code, error=error or "unknown", **where
            )
        return response


class Prometheus:
    """One Prometheus behind the service proxy."""

    def __init__(self, cluster: Cluster, address: Address) -> None:
        from prometheus_api_client import PrometheusConnect  # noqa: PLC0415 - heavy, only when asked

        self.address = address
        self._cluster = cluster
        session = cluster.http(address.service, address.namespace, address.port)
        self._session = session
        self._base = session.base_url.rstrip("/")
        self._judged = _Judged(session, address.service, address.namespace)
        self._client = PrometheusConnect(url=self._base, session=self._judged, retry=False, timeout=TIMEOUT_S)

    @classmethod
    def of(cls, cluster: Cluster, namespace: str, name: str = "") -> Prometheus:
        """The Prometheus that the operator runs in a namespace."""
        return cls(cluster, prometheus_address(cluster, namespace, name))

    def query(self, promql: str) -> list[Sample]:
        """An instant query; a scalar comes back as one sample without labels."""
        return [Sample(labels, value) for labels, value in _vector(self._client.custom_query(promql))]

    def query_range(self, promql: str, *, start: datetime, end: datetime, step_s: int) -> list[Point]:
        """The points of a query that gives one series, oldest first; of several the points of all."""
        series = self._client.custom_query_range(promql, start, end, str(step_s))
        points = [Point(float(at), float(value)) for one in series for at, value in one["values"]]
        return sorted((p for p in points if not math.isnan(p.value)), key=lambda point: point.at)

    def targets(self, *, state: str = "active", pool: str | None = None) -> Mapping[str, Any]:
        """`activeTargets` and, unless state is active, `droppedTargetCounts` by pool."""
        params = {"state": state} | ({"scrapePool": pool} if pool else {})
        return self.data("/api/v1/targets", params)

    def groups(self) -> Sequence[Mapping[str, Any]]:
        """The loaded rule groups."""
        return cast("Sequence[Mapping[str, Any]]", self.data("/api/v1/rules").get("groups") or [])

    def alertmanagers(self) -> Sequence[Mapping[str, Any]]:
        """The Alertmanagers that Prometheus sends to; `url` has the pod's address."""
        return cast(
            "Sequence[Mapping[str, Any]]", self.data("/api/v1/alertmanagers").get("activeAlertmanagers") or []
        )

    def data(self, path: str, params: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """The `data` of an address of the HTTP API."""
        response = self._judged.request("GET", self._base + path, params=params, timeout=TIMEOUT_S)
        return cast("Mapping[str, Any]", response.json().get("data") or {})

    def require_ready(self) -> None:
        """Unmet while Prometheus starts or replays its log: what it answers meanwhile is empty."""
        response = self._session.get(self._base + "/-/ready", timeout=TIMEOUT_S)
        if response.status_code != 200:
            unmet(
                "prometheus-not-ready",
                seen=response.status_code,
                wanted=200,
                service=self.address.service,
                namespace=self.address.namespace,
            )

    def started(self) -> datetime | None:
        """When the process started."""
        return parse_time(self.data("/api/v1/status/runtimeinfo").get("startTime"))

    def settled(self) -> None:
        """Unmet unless an empty answer of now is final: ready, and older than two scrapes."""
        self.require_ready()
        started = if_readable(self.started)
        if started is not None and self._cluster.now - started < YOUNG:
            age = int((self._cluster.now - started).total_seconds())
            unmet(
                "prometheus-just-started",
                seen=age,
                wanted=int(YOUNG.total_seconds()),
                service=self.address.service,
                namespace=self.address.namespace,
                age_s=age,
            )


def _vector(result: Any) -> Iterator[tuple[Mapping[str, str], float]]:
    if result and not isinstance(result[0], dict):
        yield {}, float(result[1])
        return
    for series in result or []:
        yield series.get("metric") or {}, float(series["value"][1])
