"""Why an object from which the operator makes scrape configurations leads to no target.

`jobs` asks for the objects that should give a job, `application` for those that should
lead to the pods of an application.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from pytest_k8sgrade.outcome import hopeless, unmet
from pytest_k8sgrade.services.monitoring import monitors, pod_monitors, sources

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]


def explain_no_target(
    cluster: Cluster, item: Object, dropped: int, monitoring: str, resource: Object | None
) -> NoReturn:
    """Tell what a loaded object does not match; `resource` is its Prometheus, where that is known."""
    if item["kind"] == sources.SERVICE_MONITOR:
        monitors.explain_no_target(cluster, item, dropped, monitoring, resource)
    if item["kind"] == sources.POD_MONITOR:
        pod_monitors.explain_no_target(cluster, item, dropped, monitoring, resource)
    fields = discoveries(item)
    where = {**sources.subject(item), "dropped": dropped, "monitoring": monitoring}
    if not fields:
        hopeless("scrape-without-source", seen=[], wanted=1, **where)
    fits = ", ".join(fields)
    sources.explain_relabelings(item, {**where, "fits": fits})
    unmet("scrape-finds-nothing", seen=0, wanted=1, fields=fits, **where)


def discoveries(item: Object) -> list[str]:
    """The fields by which a ScrapeConfig or a Probe finds its targets."""
    spec = item["spec"]
    if item["kind"] == sources.PROBE:
        return [f"spec.targets.{field}" for field, value in (spec.get("targets") or {}).items() if value]
    fields = [field for field in spec if field == "staticConfigs" or field.endswith("SDConfigs")]
    return [f"spec.{field}" for field in fields if spec[field]]


def static_hosts(item: Object) -> set[str | None]:
    """The hosts that a ScrapeConfig names itself."""
    targets = [one for each in item["spec"].get("staticConfigs") or [] for one in each.get("targets") or []]
    return {urlsplit(f"//{target}").hostname for target in targets}
