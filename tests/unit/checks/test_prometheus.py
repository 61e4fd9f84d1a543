"""Prometheus: itself, its targets, ServiceMonitors at each level, data and rules."""

from __future__ import annotations

from typing import Any

import pytest

from checks import prometheus
from tests.unit.checks.api import MemoryApi, Page, look, parts, reason, share, vector
from tests.unit.checks.monitoring import monitor, operated, target, targets
from tests.unit.checks.objects import Object, condition, endpoints, namespace, service, waiting

POOL = "serviceMonitor/shop/web/0"
OLD = (200, {"status": "success", "data": {"startTime": "2026-03-01T00:00:00Z"}})
YOUNG = (200, {"status": "success", "data": {"startTime": "2026-03-02T09:59:40Z"}})


def api(*objects: Object, started: Any = OLD, ready: int = 200, **pages: Page) -> MemoryApi:
    """A stack whose Prometheus answers the given addresses below /api/v1."""
    own: dict[str, Page] = {"/-/ready": (ready, "x"), "/api/v1/status/runtimeinfo": started}
    own |= {f"/api/v1/{name}": page for name, page in pages.items()}
    return MemoryApi(*operated("Prometheus"), namespace("shop"), *objects).service("kps-prometheus", own)


def test_a_reconciled_available_and_ready_prometheus_is_up() -> None:
    """The Service is found through the pods, whatever its name."""
    assert look(prometheus.test_up, api().cluster(), namespace="monitoring").status == "met"
    assert (
        reason(look(prometheus.test_up, api(ready=503).cluster(), namespace="monitoring"))
        == "prometheus-not-ready"
    )


def test_it_is_asked_where_its_resource_says() -> None:
    """Below its route prefix, and by HTTPS where its web server has a certificate."""
    stack = MemoryApi(*operated("Prometheus", routePrefix="/prom/", web={"tlsConfig": {"cert": {}}}))
    stack.service("kps-prometheus", {"/prom/-/ready": (200, "x"), "/prom/api/v1/status/runtimeinfo": OLD})
    assert look(prometheus.test_up, stack.cluster(), namespace="monitoring").status == "met"
    asked = [path for path in stack.paths if "/proxy" in path]
    assert asked
    assert all("/services/https:kps-prometheus:9090/proxy/prom/" in path for path in asked)


@pytest.mark.parametrize(
    ("status", "expected"),
    [(401, "wants-password"), (403, "wants-password"), (404, "bad-answer"), (400, "bad-answer")],
)
def test_what_is_not_its_own_answer_says_nothing_about_it(status: int, expected: str) -> None:
    """Only 503 is Prometheus' word for being not ready."""
    seen = look(prometheus.test_up, api(ready=status).cluster(), namespace="monitoring")
    assert (seen.status, reason(seen)) == ("cannot-tell", f"prometheus-{expected}")


def broken(kind: str, why: str, observed: int = 1, pod_status: Object | None = None) -> Any:
    """One look at a Prometheus with a bad condition."""
    stack = api()
    resource = next(one for one in stack.objects if one["kind"] == "Prometheus")
    conditions = resource["status"]["conditions"]
    conditions[:] = [one for one in conditions if one["type"] != kind]
    conditions.append(condition(kind, "False" if why else "True", why, observedGeneration=observed))
    for one in stack.objects:
        if pod_status is not None and one["kind"] == "Pod":
            one["status"].update(pod_status)
        if pod_status is not None and one["kind"] == "StatefulSet":
            one["status"]["readyReplicas"] = 0
    return look(prometheus.test_up, stack.cluster(), namespace="monitoring")


def test_conditions_of_the_newest_generation_decide() -> None:
    """A refused configuration is terminal, pods name their cause, old conditions say nothing."""
    refused = broken("Reconciled", "ReconciliationFailed")
    assert (refused.status, reason(refused)) == ("hopeless", "operated-refused")
    assert reason(broken("Available", "NoPodReady")) == "operated-not-available"
    assert (
        reason(broken("Available", "NoPodReady", pod_status=waiting("ImagePullBackOff")))
        == "container-image-missing"
    )
    stack = api()
    next(one for one in stack.objects if one["kind"] == "Prometheus")["metadata"]["generation"] = 2
    seen = look(prometheus.test_up, stack.cluster(), namespace="monitoring")
    assert reason(seen) == "operated-not-reconciled"


def test_several_are_told_apart_by_name() -> None:
    """Without a name nobody knows which one is meant; without one there is nothing."""
    two = api(*operated("Prometheus", "second"))
    assert reason(look(prometheus.test_up, two.cluster(), namespace="monitoring")) == "operated-ambiguous"
    assert look(prometheus.test_up, two.cluster(), namespace="monitoring", name="kps").status == "met"
    assert reason(look(prometheus.test_up, two.cluster(), namespace="shop")) == "operated-absent"


def jobs(*active: Object, started: Any = OLD) -> Any:
    """One look at the jobs kubelet and node."""
    stack = api(targets=targets(*active), started=started)
    return look(prometheus.test_targets_up, stack.cluster(), namespace="monitoring", jobs=["kubelet", "node"])


def test_only_the_named_jobs_count() -> None:
    """Control-plane targets are down on local clusters and nobody's fault."""
    good = [target("a", "up", "kubelet"), target("b", "up", "node")]
    assert jobs(*good, target("c", "down", "etcd")).status == "met"
    seen = jobs(*good, target("d", "down", "node", "http://other"))
    assert (reason(seen), share(seen)) == ("job-targets-down", 0.5)
    assert parts(jobs(*good[:1])) == {"job/kubelet": None, "job/node": "job-without-targets"}
    assert reason(jobs(*good, target("d", "unknown", "node"))) == "job-targets-not-scraped"


def test_an_empty_answer_of_a_young_prometheus_is_not_final() -> None:
    """In its first seconds it answers success with nothing."""
    assert reason(jobs(started=YOUNG)) == "prometheus-just-started"
    assert reason(jobs()) == "job-without-targets"


ASKED = {"name": "web", "namespace": "shop"}


def test_a_monitor_is_judged_as_written() -> None:
    """The selector must fit the Service's labels, the port is a name, an interval is a duration."""
    wanted: dict[str, Any] = {**ASKED, "service_labels": {"app": "web"}, "port": "http", "interval": "0.5m"}
    good = api(monitor())
    assert look(prometheus.test_monitor_configured, good.cluster(), **wanted).status == "met"
    other = api(
        monitor(selector={"matchLabels": {"tier": "front"}}), service(meta={"labels": {"tier": "front"}})
    )
    assert look(prometheus.test_monitor_configured, other.cluster(), **wanted).status == "unmet"
    both = service(meta={"labels": {"app": "web", "tier": "front"}})
    other = api(monitor(selector={"matchLabels": {"tier": "front"}}), both)
    assert look(prometheus.test_monitor_configured, other.cluster(), **wanted).status == "met"
    wrong: list[Object] = [
        {"selector": {}},
        {"selector": {"matchLabels": {"app": "x"}}},
        {"endpoints": [{"port": "80"}]},
    ]
    for spec in wrong:
        seen = look(prometheus.test_monitor_configured, api(monitor(**spec)).cluster(), **wanted)
        assert (seen.status, share(seen) < 1) == ("unmet", True)


def loaded(*objects: Object, dropped: dict[str, int] | None = None, spec: Object | None = None) -> Any:
    """One look at why a ServiceMonitor has no target."""
    stack = api(*objects, targets=targets(dropped=dropped))
    for one in stack.objects:
        if one["kind"] == "Prometheus":
            one["spec"] = {"serviceMonitorSelector": {}, "serviceMonitorNamespaceSelector": {}} | (spec or {})
    return look(prometheus.test_monitor_loaded, stack.cluster(), **ASKED, monitoring="monitoring")


RELEASE = {"matchLabels": {"release": "kps"}}


@pytest.mark.parametrize(
    ("objects", "dropped", "spec", "expected"),
    [
        ([monitor()], None, {"serviceMonitorSelector": RELEASE}, "monitor-label-not-selected"),
        ([monitor()], {}, {"serviceMonitorSelector": None}, "monitor-label-not-selected"),
        ([monitor()], {}, {"serviceMonitorNamespaceSelector": RELEASE}, "monitor-namespace-not-selected"),
        ([monitor()], {}, {"serviceMonitorNamespaceSelector": None}, "monitor-namespace-not-selected"),
        ([monitor()], {}, {}, "monitor-not-loaded"),
        ([monitor(endpoints=[])], {}, {}, "monitor-without-endpoints"),
        (
            [monitor(selector={"matchLabels": {"app": "typo"}}), service()],
            {POOL: 2},
            {},
            "monitor-selects-no-service",
        ),
        ([monitor(endpoints=[{"port": "metrics"}]), service()], {POOL: 2}, {}, "monitor-port-unknown"),
        ([monitor(endpoints=[{"port": "80"}]), service()], {POOL: 2}, {}, "monitor-port-unknown"),
        ([monitor(), service(space="other")], {POOL: 2}, {}, "monitor-other-namespace"),
        ([monitor(), service()], {POOL: 0}, {}, "service-selects-nothing"),
        ([monitor(), service(), endpoints()], {POOL: 2}, {}, "monitor-not-reloaded"),
    ],
)
def test_why_a_monitor_selects_nothing(
    objects: list[Object], dropped: dict[str, int] | None, spec: Object, expected: str
) -> None:
    """Wrong label, wrong namespace, wrong selector, wrong port and no pods look alike in Prometheus."""
    seen = loaded(*objects, dropped=dropped, spec=spec)
    assert reason(seen) == expected
    mends_itself = expected in ("monitor-not-loaded", "monitor-not-reloaded", "service-selects-nothing")
    assert seen.status == ("unmet" if mends_itself or expected == "monitor-without-endpoints" else "hopeless")


def scraped(*active: Object, code: int = 404) -> Any:
    """One look at the targets of the monitor; the application answers /metrics with `code`."""
    stack = api(monitor(), service(), targets=targets(*active, target("serviceMonitor/shop/web/1", "up")))
    stack.service("web", {"/metrics": (code, "text")})
    return look(prometheus.test_monitor_up, stack.cluster(), **ASKED, monitoring="monitoring")


def test_a_target_that_is_down_says_what_the_application_answers() -> None:
    """404 on /metrics is told from a port where nobody listens; another pool's targets do not count."""
    own = {"service": "web", "namespace": "shop", "endpoint": "http"}
    assert scraped(target(POOL, "up")).status == "met"
    seen = scraped(target(POOL, "down", **own))
    assert (seen.status, reason(seen)) == ("hopeless", "target-answers")
    assert seen.reason is not None
    assert seen.reason.params["status"] == 404
    assert reason(scraped(target(POOL, "down", **own), code=200)) == "target-down"
    assert reason(scraped(target(POOL, "unknown", **own))) == "target-not-scraped"
    assert reason(scraped()) != "target-down"


def test_two_targets_were_asked_for() -> None:
    """A found target is not yet all of them."""
    stack = api(monitor(), targets=targets(target(POOL, "down")))
    seen = look(prometheus.test_monitor_loaded, stack.cluster(), **ASKED, monitoring="monitoring", at_least=2)
    assert reason(seen) == "monitor-too-few-targets"


@pytest.mark.parametrize(
    ("answer", "status", "expected"),
    [
        (vector("0"), "met", None),
        (vector(), "unmet", "query-metric-absent"),
        (vector("NaN"), "unmet", "query-not-a-number"),
        ((503, "Service Unavailable"), "unmet", "prometheus-not-ready"),
        ((400, {"status": "error", "errorType": "bad_data"}), "cannot-tell", "prometheus-query-refused"),
        ((200, "<html>"), "cannot-tell", "prometheus-bad-answer"),
        ((200, {"status": "success", "data": {"resultType": "scalar", "result": [0, "1"]}}), "met", None),
    ],
)
def test_data_is_a_number_of_a_ready_prometheus(answer: Any, status: str, expected: str | None) -> None:
    """Success with nothing, NaN, WAL replay and a wrong query are four different things."""
    seen = look(prometheus.test_query, api(query=answer).cluster(), namespace="monitoring", query="up")
    assert (seen.status, reason(seen)) == (status, expected)


def test_a_rule_is_loaded_when_prometheus_evaluates_it() -> None:
    """The object in Kubernetes only explains what is missing."""
    rules = [
        {"name": "Good", "health": "ok"},
        {"name": "Bad", "health": "err"},
        {"name": "New", "health": "unknown"},
    ]
    page = (200, {"status": "success", "data": {"groups": [{"name": "g", "rules": rules}]}})
    asked = ["Good", "Bad", "New", "Missing"]
    seen = look(prometheus.test_rules_loaded, api(rules=page).cluster(), namespace="monitoring", rules=asked)
    assert share(seen) == 0.25
    assert list(parts(seen).values()) == [None, "rule-fails", "rule-not-evaluated", "rule-not-written"]


def test_containers_are_known_whatever_the_way_to_cadvisor() -> None:
    """Only the chart's targets have its path as a label; without any data the target is what is missing."""

    def page(query: Any) -> Any:
        return vector("1") if query["query"].startswith("container_") else vector()

    seen = look(prometheus.test_container_metrics, api(query=page).cluster(), namespace="monitoring")
    assert seen.status == "met"
    seen = look(prometheus.test_container_metrics, api(query=vector()).cluster(), namespace="monitoring")
    assert parts(seen)["cadvisor"] == "cadvisor-not-scraped"
