"""An application may be scraped by a PodMonitor, a ScrapeConfig or another ServiceMonitor; if not, why."""

from __future__ import annotations

from typing import Any

import pytest

from checks import prometheus
from tests.unit.checks.api import MemoryApi, look, parts, reason
from tests.unit.checks.monitoring import monitor, operated, target, targets
from tests.unit.checks.objects import (
    APP,
    Object,
    container,
    deployment,
    endpoints,
    item,
    namespace,
    pod,
    service,
)

V1, ALPHA = "monitoring.coreos.com/v1", "monitoring.coreos.com/v1alpha1"
STARTED = (200, {"status": "success", "data": {"startTime": "2026-03-01T00:00:00Z"}})
SELECTORS: Object = {
    f"{one}Selector": {} for one in ("serviceMonitor", "podMonitor", "probe", "scrapeConfig")
}
EVERYWHERE: Object = {
    f"{one}NamespaceSelector": {} for one in ("serviceMonitor", "podMonitor", "probe", "scrapeConfig")
}
ASKED = {"name": "web", "namespace": "shop", "monitoring": "monitoring"}


def web(at: int, **spec: Any) -> Object:
    """A ready pod of the application, with an address of its own."""
    return pod(
        f"web-{at}",
        meta={"labels": APP},
        spec={"containers": [container()], **spec},
        status={
            "phase": "Running",
            "podIP": f"10.0.0.{at}",
            "podIPs": [{"ip": f"10.0.0.{at}"}],
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    )


def pod_monitor(name: str = "web", space: str = "shop", **spec: Any) -> Object:
    """A PodMonitor for the pods of the application."""
    own = {"selector": {"matchLabels": APP}, "podMetricsEndpoints": [{"port": "http"}]}
    return item(V1, "PodMonitor", name, space, spec={**own, **spec})


def scrape_config(name: str = "web", space: str = "shop", **spec: Any) -> Object:
    """A ScrapeConfig."""
    return item(ALPHA, "ScrapeConfig", name, space, spec=spec)


def probe(**spec: Any) -> Object:
    """A Probe for the application."""
    return item(V1, "Probe", "web", "shop", spec=spec)


def api(*objects: Object, active: tuple[Object, ...] = (), dropped: Any = None, **spec: Any) -> MemoryApi:
    """A stack whose Prometheus selects everything, unless `spec` says otherwise."""
    stack = MemoryApi(
        *operated("Prometheus", **{**SELECTORS, **EVERYWHERE, **spec}),
        namespace("shop"),
        namespace("other"),
        deployment(),
        service(),
        web(1),
        web(2),
        *objects,
    )
    pages: dict[str, Any] = {
        "/-/ready": (200, "x"),
        "/api/v1/status/runtimeinfo": STARTED,
        "/api/v1/targets": targets(*active, dropped=dropped or {}),
    }
    return stack.service("kps-prometheus", pages)


def scraped(at: int, pool: str = "podMonitor/shop/web/0", health: str = "up", port: int = 8080) -> Object:
    """A target at a pod's address, by which it is known here."""
    return target(pool, health, "shop/web", f"http://10.0.0.{at}:{port}/metrics")


def loaded(stack: MemoryApi, **more: Any) -> Any:
    """One look at whether Prometheus finds two pods of the application."""
    asked = {**ASKED, "at_least": 2, "application": "web", **more}
    return look(prometheus.test_monitor_loaded, stack.cluster(), **asked)


def up(stack: MemoryApi, **more: Any) -> Any:
    """One look at whether Prometheus gets the application's metrics."""
    return look(prometheus.test_monitor_up, stack.cluster(), **{**ASKED, "application": "web", **more})


@pytest.mark.parametrize("pool", ["podMonitor/shop/web/0", "scrapeConfig/shop/own", "by-hand"])
def test_any_way_counts_where_the_application_is_asked_for(pool: str) -> None:
    """Without a ServiceMonitor; where that itself is asked for, nothing else counts."""
    stack = api(
        active=(scraped(1, pool), scraped(2, pool), target("x", "down", "node", "http://10.9.9.9:9100"))
    )
    assert loaded(stack).status == "met"
    assert up(stack).status == "met"
    assert reason(loaded(stack, application="")) == "object-absent"
    assert reason(up(stack, application="")) == "object-absent"


def test_each_pod_is_asked_for() -> None:
    """Two ports of one pod are one pod; the Service's own address is none of them."""
    one = api(active=(scraped(1), scraped(1, port=9090)))
    assert reason(loaded(one)) == "monitor-too-few-targets"
    found = [why for why in parts(up(one)).values() if why]
    assert found == ["pod-not-scraped"]
    own = target("scrapeConfig/shop/web", "up", "web", "http://web.shop.svc:80/metrics")
    seen = up(api(active=(own,)))
    assert [one for one in parts(seen).values() if one] == ["pod-not-scraped", "pod-not-scraped"]
    twice = [target("serviceMonitor/shop/web/0", "up", "web", f"http://10.0.0.1:{at}/") for at in (1, 2)]
    assert reason(loaded(api(monitor(), active=tuple(twice)), application="")) == "monitor-too-few-targets"


def test_what_another_way_gets_heals_a_target_that_is_down() -> None:
    """An exporter beside the application may be scraped by a PodMonitor; a pod that it lacks stays lost."""
    broken = [scraped(at, "serviceMonitor/shop/web/0", "down") for at in (1, 2)]
    assert up(api(monitor(), active=(*broken, scraped(1, port=9113), scraped(2, port=9113)))).status == "met"
    half = up(api(monitor(), active=(*broken, scraped(1, port=9113))))
    assert parts(half) == {
        "http://10.0.0.1:9113/metrics": None,
        "http://10.0.0.2:8080/metrics": "target-down",
    }
    assert reason(up(api(monitor(), active=tuple(broken)))) == "target-down"


def test_pods_in_the_network_of_their_node_are_not_known_by_its_address() -> None:
    """What else runs on the node has the same one."""
    stack = api(active=(scraped(1, "node"), scraped(2, "node")))
    for one in stack.objects:
        if one["kind"] == "Pod" and one["metadata"]["name"].startswith("web-"):
            one["spec"]["hostNetwork"] = True
    assert reason(loaded(stack)) == "object-absent"


POOL = "podMonitor/shop/web/0"
RELEASE = {"matchLabels": {"release": "kps"}}


@pytest.mark.parametrize(
    ("objects", "dropped", "spec", "expected"),
    [
        ([pod_monitor()], {}, {"podMonitorSelector": RELEASE}, "monitor-label-not-selected"),
        ([pod_monitor()], {}, {"podMonitorNamespaceSelector": RELEASE}, "monitor-namespace-not-selected"),
        ([pod_monitor()], {}, {}, "monitor-not-loaded"),
        ([pod_monitor(podMetricsEndpoints=[])], {}, {}, "monitor-without-endpoints"),
        ([pod_monitor(selector={"matchLabels": {"app": "typo"}})], {POOL: 2}, {}, "monitor-selects-no-pod"),
        ([pod_monitor(podMetricsEndpoints=[{"port": "metrics"}])], {POOL: 2}, {}, "monitor-pod-port-unknown"),
        ([pod_monitor(podMetricsEndpoints=[{"portNumber": 1}])], {POOL: 2}, {}, "monitor-pod-port-unknown"),
        ([pod_monitor(podMetricsEndpoints=[{"portNumber": 8080}])], {POOL: 2}, {}, "monitor-not-reloaded"),
        (
            [pod_monitor(podMetricsEndpoints=[{"port": "http", "relabelings": [{"action": "Drop"}]}])],
            {POOL: 2},
            {},
            "monitor-relabelings-drop",
        ),
        (
            [pod_monitor(namespaceSelector={"matchNames": ["other"]})],
            {POOL: 0},
            {},
            "monitor-other-namespace",
        ),
        (
            [pod_monitor(space="other", namespaceSelector={"any": True})],
            {"podMonitor/other/web/0": 0},
            {"ignoreNamespaceSelectors": True},
            "monitor-other-namespace",
        ),
        ([scrape_config()], {}, {"scrapeConfigSelector": RELEASE}, "monitor-label-not-selected"),
        ([scrape_config()], {"scrapeConfig/shop/web": 0}, {}, "scrape-without-source"),
        (
            [scrape_config(kubernetesSDConfigs=[{"role": "Pod"}])],
            {"scrapeConfig/shop/web": 3},
            {},
            "scrape-finds-nothing",
        ),
        (
            [scrape_config("own", staticConfigs=[{"targets": ["web.shop.svc:80"]}])],
            {},
            {"scrapeConfigSelector": None},
            "monitor-label-not-selected",
        ),
        ([monitor("own", selector={"matchLabels": APP})], {}, {}, "monitor-not-loaded"),
        ([monitor("own", selector={"matchLabels": {"app": "x"}})], {}, {}, "object-absent"),
        ([probe(targets={})], {"probe/shop/web": 0}, {}, "object-absent"),
    ],
)
def test_why_another_object_leads_to_nothing(
    objects: list[Object], dropped: dict[str, int], spec: Object, expected: str
) -> None:
    """Where there is no such ServiceMonitor, what is meant for the application is told; a Probe is not."""
    assert reason(loaded(api(*objects, dropped=dropped, **spec))) == expected


def test_a_service_monitor_elsewhere_is_told_as_such() -> None:
    """With or without targets of its own; one of another name that leads to others is not to blame."""
    elsewhere = monitor("web", space="other")
    assert reason(loaded(api(elsewhere))) == "object-elsewhere"
    theirs = target("serviceMonitor/other/theirs/0", "up", "other/web", "http://10.0.7.1:8080/metrics")
    alike = api(monitor("theirs", space="other"), active=(theirs,))
    assert reason(loaded(alike)) == "object-absent"


def test_a_pod_monitor_without_pods_tells_what_keeps_them() -> None:
    """The workload has none, or none of them has started."""
    stack = api(pod_monitor(), dropped={POOL: 0})
    stack.objects = [one for one in stack.objects if not one["metadata"]["name"].startswith("web-")]
    for one in stack.objects:
        if one["kind"] == "Deployment":
            one["spec"]["replicas"] = 0
            one["status"] = {"observedGeneration": 1}
    assert reason(loaded(stack)) == "workload-scaled-to-zero"


@pytest.mark.parametrize(
    ("given", "job", "spec", "expected"),
    [
        (pod_monitor(), "shop/web", {"podMonitorSelector": RELEASE}, "monitor-label-not-selected"),
        (pod_monitor(), "shop/web", {}, "monitor-not-reloaded"),
        (pod_monitor(jobLabel="app"), "web", {}, "monitor-not-reloaded"),
        (pod_monitor(), "other/web", {}, "job-without-monitor"),
        (scrape_config(jobName="own"), "own", {}, "scrape-without-source"),
        (scrape_config(), "scrapeConfig/shop/web", {}, "scrape-without-source"),
        (scrape_config(jobName="own"), "scrapeConfig/shop/web", {}, "job-without-monitor"),
        (
            probe(jobName="ping", targets={"staticConfig": {"static": ["web"]}}),
            "ping",
            {},
            "scrape-finds-nothing",
        ),
        (probe(), "probe/shop/web", {"probeSelector": None}, "monitor-label-not-selected"),
    ],
)
def test_a_job_is_explained_by_what_gives_it(given: Object, job: str, spec: Object, expected: str) -> None:
    """Each kind names its jobs in its own way."""
    stack = api(given, monitor("else", selector={"matchLabels": {"app": "else"}}), **spec)
    seen = look(prometheus.test_targets_up, stack.cluster(), namespace="monitoring", jobs=[job])
    assert reason(seen) == expected


def test_a_service_monitor_that_may_not_look_elsewhere_is_told_so() -> None:
    """`ignoreNamespaceSelectors` leaves only its own namespace."""
    stack = api(
        monitor(space="other", namespaceSelector={"matchNames": ["shop"]}),
        dropped={"serviceMonitor/other/web/0": 0},
        ignoreNamespaceSelectors=True,
    )
    seen = loaded(stack, namespace="other", application="")
    assert (seen.status, reason(seen)) == ("hopeless", "monitor-other-namespace")


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        (9999, "monitor-pod-port-unknown"),
        ("metrics", "monitor-pod-port-unknown"),
        (8080, "monitor-not-reloaded"),
    ],
)
def test_a_target_port_must_be_declared_by_a_container(port: Any, expected: str) -> None:
    """Prometheus takes it from the pods, not from what listens there."""
    stack = api(
        monitor(endpoints=[{"targetPort": port}]), endpoints(), dropped={"serviceMonitor/shop/web/0": 2}
    )
    assert reason(loaded(stack, application="")) == expected
    stack.broken.add("/api/v1/namespaces/shop/pods")
    assert reason(loaded(stack, application="")) == "monitor-not-reloaded"
