"""Kibana as a check asks it: whether it is available, and its data views.

Kibana that is available has reached Elasticsearch. Data views were called index
patterns before 8.0 and had another address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from pytest_k8sgrade.outcome import cannot_tell, too_early, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.logging import eck
from pytest_k8sgrade.services.running.backends import selected_pods
from pytest_k8sgrade.services.running.startup import is_starting
from pytest_k8sgrade.services.web import Page, Web

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

PORT = 5601
_GOOD = frozenset({"available", "green"})
"""Of Kibana 8 and of Kibana 7."""


def require_available(cluster: Cluster, web: Web) -> None:
    """Unmet unless Kibana says that it is available; with ECK its resource may say so."""
    page = web.get("/api/status")
    if page.status in (401, 403):
        resource = eck.of_service(cluster, "Kibana", web.service, web.namespace)
        if resource is not None:
            eck.require_healthy(resource)
            return
        _wants_password(web, page)
    state = _state(page)
    if state in _GOOD and page.status == 200:
        return
    if page.status == 404 and page["statusCode"] == 404:  # below another path (server.basePath)
        cannot_tell("kibana-below-a-path", seen=page.status, status=page.status, **web.where)
    service = if_readable(lambda: cluster.get("v1", "Service", web.service, web.namespace))
    pods = selected_pods(cluster, service) if service is not None else None
    say = too_early if is_starting(pods or [], cluster.now) else unmet
    say("kibana-not-available", seen=state, wanted="available", state=state, status=page.status, **web.where)


def _state(page: Page) -> Any:
    overall = (page["status"] or {}).get("overall") if isinstance(page["status"], dict) else None
    return (overall or {}).get("level") or (overall or {}).get("state")


def data_views(web: Web) -> list[str]:
    """The titles of the data views, which are the patterns of their indices."""
    page = web.get("/api/data_views")
    if page.status == 404:
        page = web.get("/api/saved_objects/_find", {"type": "index-pattern", "per_page": "1000"})
    if page.status in (401, 403):
        _wants_password(web, page)
    new, old = page["data_view"], page["saved_objects"]
    if page.status != 200 or (new is None and old is None):
        cannot_tell("kibana-bad-answer", seen=page.status, status=page.status, **web.where)
    return sorted(
        [str(one.get("title")) for one in new or []]
        + [str((one.get("attributes") or {}).get("title")) for one in old or []]
    )


def _wants_password(web: Web, page: Page) -> NoReturn:
    cannot_tell("kibana-wants-password", seen=page.status, status=page.status, **web.where)
