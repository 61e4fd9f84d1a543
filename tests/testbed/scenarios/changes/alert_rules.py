"""Changes to the alerts of hands-on 1: whether Prometheus loads them, and whether they can fire.

A changed PrometheusRule is loaded some 10 s later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.testbed.layers import look
from tests.testbed.layers.monitoring import NAMESPACE
from tests.testbed.scenarios.change import Change, Seen, Target, patched, register
from tests.testbed.scenarios.edits import edited, removed

if TYPE_CHECKING:
    from tests.testbed.node import Bed

Rule = dict[str, Any]
OBJECT = Target("prometheusrule", NAMESPACE, "custom-alerts")
GROUP = "application.rules"
ALERTS = {"HighHTTPRequestRate", "PodMemoryUsageHigh", "PodCPUThrottling", "HPAMaxedOut", "AlertTest"}
DROPPED = 'container_memory_usage_bytes{namespace="day5-handson"} / container_spec_memory_limit_bytes > 0.9'
MANY_TO_MANY = "kube_pod_info / on(namespace) kube_pod_info > 0.5"
FOREIGN = {"PodMemoryUsageHigh": "container_spec_memory_limit_bytes", "PodCPUThrottling": "kube_pod_info"}
"""What the changed expressions have and those of the lab have not."""


def loaded(bed: Bed) -> dict[str, Rule] | None:
    """The lab's alerts that Prometheus has loaded; None while it does not answer."""
    answer = look.get(bed, f"{look.PROMETHEUS}/api/v1/rules?type=alert")
    if answer is None:
        return None
    return {
        rule["name"]: rule
        for group in answer["data"]["groups"]
        if group["name"] == GROUP
        for rule in group["rules"]
    }


def names(bed: Bed, wanted: set[str]) -> str | None:
    """Whether exactly these alerts of the lab are loaded, and evaluated."""
    found = loaded(bed)
    if found is None or found.keys() != wanted:
        return f"alerts {found and sorted(found)}"
    waiting = [name for name, rule in found.items() if rule["health"] == "unknown"]
    return f"not evaluated: {waiting}" if waiting else None


def whole(bed: Bed) -> str | None:
    """Whether all of them are loaded and healthy, each with its own expression, and the test alert fires."""
    if (seen := names(bed, ALERTS)) is not None:
        return seen
    found = loaded(bed) or {}
    foreign = any(text in found[name]["query"] for name, text in FOREIGN.items())
    healthy = all(rule["health"] == "ok" for rule in found.values())
    severe = found["PodMemoryUsageHigh"]["labels"]["severity"] == "critical"
    firing = found["AlertTest"]["state"] == "firing"
    if healthy and severe and firing and not foreign:
        return None
    return f"alerts {[(name, rule['health'], rule['state']) for name, rule in found.items()]}"


def in_rule(alert: str, edit: Callable[[Rule], None]) -> Callable[[Rule], None]:
    """The change of the object that changes one of its alerts."""

    def change(found: Rule) -> None:
        for rule in found["spec"]["groups"][0]["rules"]:
            if rule["alert"] == alert:
                edit(rule)

    return change


def without(alert: str) -> Callable[[Rule], None]:
    """The change of the object that leaves out an alert."""

    def change(found: Rule) -> None:
        rules = found["spec"]["groups"][0]["rules"]
        found["spec"]["groups"][0]["rules"] = [rule for rule in rules if rule["alert"] != alert]

    return change


def of_rules(name: str, title: str, edit: Callable[[Rule], None], *, effect: Seen) -> Change:
    """A change of the object."""
    return edited(name, title, OBJECT, edit, effect=effect, restored=whole)


def reads(bed: Bed, alert: str, health: str) -> str | None:
    """Whether an alert was evaluated with its changed expression."""
    rule = (loaded(bed) or {}).get(alert) or {"query": "", "health": "-"}
    right = FOREIGN[alert] in rule["query"] and rule["health"] == health
    return names(bed, ALERTS) if right else f"{alert}: {rule['health']}, {rule['query']}"


def labelled(bed: Bed, alert: str, severity: str) -> str | None:
    """Whether an alert was loaded with a severity."""
    found = ((loaded(bed) or {}).get(alert) or {"labels": {}})["labels"].get("severity")
    return names(bed, ALERTS) if found == severity else f"{alert}: {found}"


register(
    patched(
        "alert-rule-label-missing",
        "PrometheusRule custom-alerts has only the label of the lab's text",
        OBJECT,
        to={"metadata": {"labels": {"release": None}}},
        back={"metadata": {"labels": {"release": "prometheus"}}},
        effect=lambda bed: names(bed, set()),
        restored=whole,
    )
)
removed(
    "alert-rule-absent",
    "PrometheusRule custom-alerts was deleted",
    OBJECT,
    effect=lambda bed: names(bed, set()),
    restored=whole,
)
of_rules(
    "alert-rule-missing",
    "The alert HPAMaxedOut is missing",
    without("HPAMaxedOut"),
    effect=lambda bed: names(bed, ALERTS - {"HPAMaxedOut"}),
)
of_rules(
    "alert-never-fired",
    "None of the alerts has fired",
    without("AlertTest"),
    effect=lambda bed: names(bed, ALERTS - {"AlertTest"}),
)
of_rules(
    "alert-rule-other-severity",
    "The alert PodMemoryUsageHigh has another severity",
    in_rule("PodMemoryUsageHigh", lambda rule: rule["labels"].update(severity="warning")),
    effect=lambda bed: labelled(bed, "PodMemoryUsageHigh", "warning"),
)
of_rules(
    "alert-rule-metric-dropped",
    "The alert PodMemoryUsageHigh reads a series that the chart drops, as in the lab's text",
    in_rule("PodMemoryUsageHigh", lambda rule: rule.update(expr=DROPPED)),
    effect=lambda bed: reads(bed, "PodMemoryUsageHigh", "ok"),
)
of_rules(
    "alert-rule-fails",
    "The expression of PodCPUThrottling matches many series to many",
    in_rule("PodCPUThrottling", lambda rule: rule.update(expr=MANY_TO_MANY)),
    effect=lambda bed: reads(bed, "PodCPUThrottling", "err"),
)
