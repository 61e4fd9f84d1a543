"""Changes to Grafana: its password, its Service, its pods, its data source and dashboards.

The stand-in reads data sources and dashboards every few seconds from ConfigMaps with the chart's
labels, as Grafana's side-cars do, and its password only when it starts.
"""

from __future__ import annotations

import base64
import http.client
import json
from typing import TYPE_CHECKING, Any

from tests.testbed.layers import look
from tests.testbed.layers.monitoring import LAB_VALUES, NAMESPACE
from tests.testbed.scenarios.change import Target, patched, register
from tests.testbed.scenarios.edits import edited, removed

if TYPE_CHECKING:
    from tests.testbed.node import Bed

NAME = "prometheus-grafana"
SECRET = Target("secret", NAMESPACE, NAME)
SERVICE = Target("service", NAMESPACE, NAME)
DEPLOYMENT = Target("deployment", NAMESPACE, NAME)
SOURCE = Target("configmap", NAMESPACE, "prometheus-kube-prometheus-grafana-datasource")
DASHBOARD = Target("configmap", NAMESPACE, "prometheus-kube-prometheus-nodes")
TITLE = "Node Exporter / Nodes"
HEALTH = f"/api/v1/namespaces/{NAMESPACE}/services/{NAME}:80/proxy/api/health"
URL = "http://prometheus-kube-prometheus-prometheus.monitoring:9090/"
WRONG_URL = "http://prometheus-server.monitoring:80/"


def encoded(text: str) -> str:
    """A value as a Secret holds it."""
    return base64.b64encode(text.encode()).decode()


def at_once(_: Bed) -> str | None:
    """For what shows as soon as the API server has it."""
    return None


def ask(bed: Bed, path: str) -> Any:
    """What Grafana answers its administrator, asked at its Service's own address."""
    found = look.get(bed, f"/api/v1/namespaces/{NAMESPACE}/services/{NAME}")
    address = found["spec"]["clusterIP"]
    connection = http.client.HTTPConnection(address, 80, timeout=10)
    connection.sock = bed.connect(address, 80)
    login = encoded(f"admin:{LAB_VALUES['grafana.adminPassword']}")
    try:
        connection.request("GET", path, headers={"Authorization": f"Basic {login}"})
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def sources(bed: Bed, *wanted: str) -> str | None:
    """Whether the data sources of type prometheus have exactly these addresses."""
    found = [one["url"] for one in ask(bed, "/api/datasources") if one["type"] == "prometheus"]
    return None if found == list(wanted) else f"data sources {found}"


def dashboards(bed: Bed, count: int) -> str | None:
    """Whether Grafana has so many dashboards of the node's title."""
    found = [one["title"] for one in ask(bed, "/api/search?type=dash-db") if one["title"] == TITLE]
    return None if len(found) == count else f"{len(found)} dashboards {TITLE}"


def answers(bed: Bed) -> str | None:
    """Whether Grafana answers through its Service."""
    return None if look.get(bed, HEALTH) else "no answer"


def silent(bed: Bed) -> str | None:
    """Whether nothing is behind Grafana's Service any more."""
    return "it still answers" if look.get(bed, HEALTH) else None


def provisioned(bed: Bed) -> str | None:
    """Whether Grafana is ready, answers, and has its data source and dashboards."""
    seen = look.ready(bed, "deployment", NAMESPACE, NAME) or answers(bed)
    return seen or sources(bed, URL) or dashboards(bed, 1)


def image_missing(bed: Bed) -> str | None:
    """Whether a pod of Grafana waits for an image that cannot be pulled."""
    path = f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector=app.kubernetes.io%2Fname%3Dgrafana"
    seen = [
        (status.get("state") or {}).get("waiting", {}).get("reason")
        for pod in (look.get(bed, path) or {"items": []})["items"]
        for status in pod["status"].get("containerStatuses") or []
    ]
    return None if {"ErrImagePull", "ImagePullBackOff"} & set(seen) else f"waiting for {seen}"


def with_other_selector(found: dict[str, Any]) -> None:
    """Let the Service select the pods of another release."""
    found["spec"]["selector"]["app.kubernetes.io/instance"] = "grafana"


def with_missing_image(found: dict[str, Any]) -> None:
    """Name an image that no registry has, and end the old pod first."""
    found["spec"]["strategy"] = {"type": "Recreate"}
    found["spec"]["template"]["spec"]["containers"][0]["image"] = "grafana/grafana:no-such-tag"


def with_wrong_url(found: dict[str, Any]) -> None:
    """Let the data source ask where no Prometheus is."""
    text = found["data"]["datasource.yaml"]
    found["data"]["datasource.yaml"] = text.replace(URL, WRONG_URL)


def without_label(label: str) -> Any:
    """An edit that takes a label away."""

    def edit(found: dict[str, Any]) -> None:
        del found["metadata"]["labels"][label]

    return edit


register(
    patched(
        "grafana-secret-wrong",
        "The Secret prometheus-grafana holds another password than Grafana was started with",
        SECRET,
        to={"data": {"admin-password": encoded("changed-later")}},
        back={"data": {"admin-password": encoded(LAB_VALUES["grafana.adminPassword"])}},
        effect=at_once,
        restored=at_once,
    )
)
removed(
    "grafana-secret-absent",
    "The Secret with Grafana's password was deleted",
    SECRET,
    effect=at_once,
    restored=at_once,
)
edited(
    "grafana-service-selects-nothing",
    "Grafana's Service selects pods that do not exist",
    SERVICE,
    with_other_selector,
    effect=silent,
    restored=answers,
)
edited(
    "grafana-image-missing",
    "Grafana's image cannot be pulled",
    DEPLOYMENT,
    with_missing_image,
    effect=lambda bed: image_missing(bed) or silent(bed),
    restored=provisioned,
)
register(
    patched(
        "grafana-without-replicas",
        "Grafana is scaled to 0",
        DEPLOYMENT,
        to={"spec": {"replicas": 0}},
        back={"spec": {"replicas": 1}},
        effect=silent,
        restored=provisioned,
    )
)
edited(
    "grafana-datasource-absent",
    "The ConfigMap of the data source lacks the label that Grafana looks for",
    SOURCE,
    without_label("grafana_datasource"),
    effect=sources,
    restored=lambda bed: sources(bed, URL),
)
edited(
    "grafana-datasource-wrong-url",
    "The data source asks where no Prometheus is",
    SOURCE,
    with_wrong_url,
    effect=lambda bed: sources(bed, WRONG_URL),
    restored=lambda bed: sources(bed, URL),
)
edited(
    "grafana-dashboard-label-missing",
    "The ConfigMap of a dashboard lacks the label that Grafana looks for",
    DASHBOARD,
    without_label("grafana_dashboard"),
    effect=lambda bed: dashboards(bed, 0),
    restored=lambda bed: dashboards(bed, 1),
)
