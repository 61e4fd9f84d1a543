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
from typing import TYPE_CHECKING, Any, NoReturn, cast

from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.outcome import cannot_tell, too_early, unmet
from pytest_k8sgrade.services.diagnosis import if_readable, if_recorded
from pytest_k8sgrade.services.monitoring.operated import Address, prometheus_address
from pytest_k8sgrade.services.monitoring.unoperated import direct
from pytest_k8sgrade.services.running.backends import explained
from pytest_k8sgrade.services.running.startup import is_starting

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
        """Whether the value is a number that can be compared: neither NaN nor infinite."""
        return math.isfinite(self.value)

    @property
    def text(self) -> str:
        """The value as Prometheus writes it."""
        return f"{self.value:g}".replace("nan", "NaN").replace("inf", "Inf")


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a range query."""

    at: float
    value: float


class _Judged:
    """The session that prometheus-api-client drives: the reader's, with our errors."""

    verify = True
    cert = None

    def __init__(self, cluster: Cluster, session: requests.Session, address: Address) -> None:
        self._cluster = cluster
        self._session = session
        self._address = address

    def mount(self, prefix: str, adapter: object) -> None:
        """Ignored: the library must not replace the reader's transport."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send, and turn an answer that is no data into an outcome."""
        with explained(self._cluster, self._address.service, self._address.namespace):
            response = self._session.request(*args, **kwargs)
        where = {"service": self._address.service, "namespace": self._address.namespace}
        body = _json(response)
        error = body.get("errorType", "unknown") if isinstance(body, dict) else None
        if response.status_code == 503 and error in (None, "unavailable"):
            not_ready(self._cluster, self._address, response.status_code)
        if error is None:
            no_answer(self._address, response.status_code)
        if body.get("status") != "success":
            cannot_tell("prometheus-query-refused", status=response.status_code, error=error, **where)
        return response


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def not_ready(cluster: Cluster, address: Address, status: int) -> NoReturn:
    """Say that Prometheus does not answer yet: early while its pods may still be starting."""
    where = {"service": address.service, "namespace": address.namespace}
    pods = if_readable(lambda: _pods(cluster, address))
    say = too_early if pods is None or is_starting(pods, cluster.now) else unmet
    say("prometheus-not-ready", seen=status, wanted=200, status=status, **where)


def no_answer(address: Address, status: int) -> NoReturn:
    """Say that what answers is not Prometheus, or not for us: nothing is known of it then."""
    where = {"service": address.service, "namespace": address.namespace}
    if status in (401, 403):
        cannot_tell("prometheus-wants-password", seen=status, status=status, **where)
    cannot_tell("prometheus-bad-answer", seen=status, status=status, **where)


def _pods(cluster: Cluster, address: Address) -> list[dict[str, Any]]:
    service = cluster.get("v1", "Service", address.service, address.namespace)
    selector = service["spec"].get("selector")
    return cluster.list("v1", "Pod", address.namespace, labels=selector) if selector else []


class Prometheus:
    """One Prometheus behind the service proxy."""

    def __init__(self, cluster: Cluster, address: Address) -> None:
        from prometheus_api_client import PrometheusConnect  # noqa: PLC0415 - heavy, only when asked

        self.address = address
        self._cluster = cluster
        session = cluster.http(address.service, address.namespace, address.port, scheme=address.scheme)
        self._session = session
        self._base = address.base(session.base_url)
        self._judged = _Judged(cluster, session, address)
        self._client = PrometheusConnect(url=self._base, session=self._judged, retry=False, timeout=TIMEOUT_S)

    @classmethod
    def of(cls, cluster: Cluster, namespace: str, name: str = "", service: str = "") -> Prometheus:
        """The Prometheus that the operator runs in a namespace, or the one behind a Service."""
        if service:
            return cls(cluster, direct(cluster, "Prometheus", service, namespace))
        return cls(cluster, prometheus_address(cluster, namespace, name))

    @property
    def now(self) -> datetime:
        """The cluster's time."""
        return self._cluster.now

    def query(self, promql: str) -> list[Sample]:
        """An instant query; a scalar comes back as one sample without labels."""
        self._require_whole()
        return [Sample(labels, value) for labels, value in _vector(self._client.custom_query(promql))]

    def query_range(self, promql: str, *, start: datetime, end: datetime, step_s: int) -> list[Point]:
        """The points of a query that gives one series, oldest first; of several the points of all."""
        self._require_whole()
        series = self._client.custom_query_range(promql, start, end, str(step_s))
        points = [Point(float(at), float(value)) for one in series for at, value in one["values"]]
        return sorted((p for p in points if not math.isnan(p.value)), key=lambda point: point.at)

    def targets(self, *, state: str = "active", pool: str | None = None) -> Mapping[str, Any]:
        """`activeTargets` and, unless state is active, `droppedTargetCounts` by pool."""
        self._require_whole()
        params = {"state": state} | ({"scrapePool": pool} if pool else {})
        return self.data("/api/v1/targets", params)

    def groups(self) -> Sequence[Mapping[str, Any]]:
        """The loaded rule groups."""
        self._require_whole()
        return cast("Sequence[Mapping[str, Any]]", self.data("/api/v1/rules").get("groups") or [])

    def alertmanagers(self) -> Sequence[Mapping[str, Any]]:
        """The Alertmanagers that Prometheus sends to; `url` has the pod's address."""
        return cast(
            "Sequence[Mapping[str, Any]]", self.data("/api/v1/alertmanagers").get("activeAlertmanagers") or []
        )

    def _require_whole(self) -> None:
        """CannotTell where only a part can be asked: which shard answers cannot be chosen."""
        if self.address.shards > 1:
            where = {"service": self.address.service, "namespace": self.address.namespace}
            cannot_tell("prometheus-sharded", seen=self.address.shards, shards=self.address.shards, **where)

    def data(self, path: str, params: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """The `data` of an address of the HTTP API."""
        response = self._judged.request("GET", self._base + path, params=params, timeout=TIMEOUT_S)
        return cast("Mapping[str, Any]", response.json().get("data") or {})

    def require_ready(self) -> None:
        """Unmet while Prometheus starts or replays its log: what it answers meanwhile is empty.

        It says so with 503; any other status is of somebody else, or of a wrong way to it.
        """
        with explained(self._cluster, self.address.service, self.address.namespace):
            response = self._session.get(self._base + "/-/ready", timeout=TIMEOUT_S)
        if response.status_code == 503:
            not_ready(self._cluster, self.address, response.status_code)
        if response.status_code != 200:
            no_answer(self.address, response.status_code)

    def require_configured(self) -> None:
        """Unmet when the last reload of its configuration failed: it runs on with the old one.

        CannotTell for what does not answer as Prometheus does: any server may answer a path with 200.
        """
        unknown: Mapping[str, Any] = {}
        loaded = if_recorded(lambda: self.data("/api/v1/status/runtimeinfo"), unknown)
        if loaded.get("reloadConfigSuccess") is False:
            where = {"service": self.address.service, "namespace": self.address.namespace}
            unmet("prometheus-config-refused", seen=False, wanted=True, **where)

    def started(self) -> datetime | None:
        """When the process started."""
        return parse_time(self.data("/api/v1/status/runtimeinfo").get("startTime"))

    def settled(self) -> None:
        """Unmet unless an empty answer of now is final: ready, and older than two scrapes."""
        self.require_ready()
        started = if_readable(self.started)
        if started is not None and self._cluster.now - started < YOUNG:
            age = int((self._cluster.now - started).total_seconds())
            too_early(
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
        yield series.get("metric") or {}, _value(series)


def _value(series: Mapping[str, Any]) -> float:
    """The newest value of a series of a vector or a matrix; of a histogram the number of observations."""
    pairs: list[Any] = [series[key] for key in ("value", "histogram") if key in series]
    newest = (pairs or series.get("values") or series["histograms"])[-1][1]
    return float(newest["count"] if isinstance(newest, dict) else newest)
