"""The clusters that Argo CD knows: their Secrets, and whether it reaches them.

The local cluster needs no Secret. Names of Secrets are hashed, so clusters are told by
the name and the address inside. The connection's state is told only by Argo CD's own
API, which mostly wants a login; without it, an Application that could be compared on a
cluster shows that the cluster was reached.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_k8sgrade.outcome import cannot_tell
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.gitops.argocd import (
    API_VERSION,
    TIMEOUT_S,
    Application,
    application,
    identity,
    label,
)

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]

LOCAL_SERVER, LOCAL_NAME = "https://kubernetes.default.svc", "in-cluster"
SECRET_LABEL = {"argocd.argoproj.io/secret-type": "cluster"}
API_SERVICE = "argocd-server"


@dataclass(frozen=True, slots=True)
class Destination:
    """A cluster as Argo CD knows it; `secret` is empty for the local one without a Secret."""

    name: str
    server: str
    secret: str = ""

    @property
    def loopback(self) -> bool:
        """Whether its address means, inside of a pod, the pod itself."""
        host = urlsplit(self.server).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    def is_at(self, name: str, server: str) -> bool:
        """Whether this is the cluster of that name and that address; an empty one may be any."""
        same = not server or server.rstrip("/") == self.server.rstrip("/")
        return same and (not name or name == self.name)


def registered(cluster: Cluster, namespace: str) -> list[Destination]:
    """The clusters that have a Secret, and the local one."""
    secrets = cluster.list("v1", "Secret", namespace, labels=SECRET_LABEL)
    found = [
        Destination(_value(one, "name"), _value(one, "server"), one["metadata"]["name"]) for one in secrets
    ]
    local = (
        [] if any(one.is_at("", LOCAL_SERVER) for one in found) else [Destination(LOCAL_NAME, LOCAL_SERVER)]
    )
    return [*found, *local]


def _value(secret: Object, key: str) -> str:
    try:
        return base64.b64decode((secret.get("data") or {}).get(key, "")).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def chosen(known: Sequence[Destination], name: str, server: str) -> Destination | None:
    """The cluster that a destination means; `in-cluster` is the local one under any name."""
    if name == LOCAL_NAME and not server:
        server, name = LOCAL_SERVER, ""
    return next((one for one in known if one.is_at(name, server)), None)


def destination_of(known: Sequence[Destination], app: Application) -> Destination | None:
    """The cluster that an Application deploys to, None when it is not registered."""
    name, server = app.destination.get("name", ""), app.destination.get("server", "")
    return chosen(known, name, server) if name or server else None


def server_of(cluster: Cluster, app: Application) -> str | None:
    """The address of the cluster that an Application deploys to; its name where the name is not known."""
    name, server = app.destination.get("name", ""), app.destination.get("server", "")
    if server or not name:
        return server or None
    known = [] if name == LOCAL_NAME else if_readable(lambda: registered(cluster, app.controller)) or []
    place = chosen([*known, Destination(LOCAL_NAME, LOCAL_SERVER)], name, "")
    return place.server if place is not None else name


def elsewhere(cluster: Cluster, app: Application) -> Destination | None:
    """The cluster that an Application deploys to, when it is known and not the local one."""
    known = if_readable(lambda: registered(cluster, app.controller)) or [
        Destination(LOCAL_NAME, LOCAL_SERVER)
    ]
    place = destination_of(known, app)
    return place if place is not None and not place.is_at("", LOCAL_SERVER) else None


def require_local(cluster: Cluster, app: Application) -> None:
    """CannotTell when an Application deploys to another cluster: its objects are not here to be looked at."""
    place = elsewhere(cluster, app)
    if place is not None:
        params = {"namespace": app.namespace, "name": app.name, "server": place.server}
        cannot_tell("argocd-other-cluster", seen=place.server, wanted=LOCAL_SERVER, **params)


def applications(cluster: Cluster, namespace: str) -> list[Application]:
    """The Applications of an Argo CD: those in its namespace, and those elsewhere that are its own."""
    own = [application(item) for item in cluster.list(API_VERSION, "Application", namespace)]
    listed = if_readable(lambda: cluster.list(API_VERSION, "Application")) or []
    others = [application(item) for item in listed if item["metadata"].get("namespace") != namespace]
    return own + [app for app in others if app.controller == namespace]


def sharing(cluster: Cluster, app: Application) -> dict[str, list[str]]:
    """The other Applications that manage objects of an Application on the same cluster, and which objects."""
    known = if_readable(lambda: registered(cluster, app.controller)) or []
    place, own = destination_of(known, app), {identity(one): label(one) for one in app.resources}
    found = {
        f"{one.namespace}/{one.name}": [own[each] for each in map(identity, one.resources) if each in own]
        for one in applications(cluster, app.controller)
        if (one.namespace, one.name) != (app.namespace, app.name) and destination_of(known, one) == place
    }
    return {name: common for name, common in found.items() if common}


def reached(app: Application) -> bool:
    """Whether an Application shows that its cluster was reached: it could be compared there."""
    return app.error is None and app.sync in ("Synced", "OutOfSync")


def connection_state(cluster: Cluster, namespace: str, one: Destination) -> str | None:
    """What Argo CD's API says of the connection: Successful, Failed or Unknown; None where it is not told."""
    for item in if_readable(lambda: _told(cluster, namespace)) or []:
        if one.is_at("", str(item.get("server", ""))):
            state = (item.get("connectionState") or {}).get("status")
            return str(state) if state else None
    return None


def _told(cluster: Cluster, namespace: str) -> list[Object]:
    session = cluster.http(API_SERVICE, namespace, "https", scheme="https")
    answer = session.get(session.base_url.rstrip("/") + "/api/v1/clusters", timeout=TIMEOUT_S)
    try:
        body = answer.json() if answer.status_code == 200 else None
    except ValueError:
        return []
    return list(body.get("items") or []) if isinstance(body, dict) else []
