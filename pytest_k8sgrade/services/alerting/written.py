"""A configuration of Alertmanager as it is written in a Secret, and how far another one runs.

Compared is what the configuration means: receivers with the ways in which they notify,
the tree of routes, the inhibitions. Values are not, because both sides hide credentials,
nor are defaults, because Alertmanager writes them out. What the operator adds from
AlertmanagerConfig objects carries their namespace and name, and is left out.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.kube.duration import parse_duration
from pytest_k8sgrade.outcome import Absent
from pytest_k8sgrade.services.alerting import routing
from pytest_k8sgrade.services.alerting.alertmanager import CONFIG_KEY, config_secret
from pytest_k8sgrade.services.alerting.routing import Document
from pytest_k8sgrade.services.diagnosis import if_readable

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

_TIMES = ("group_wait", "group_interval", "repeat_interval")
_LISTS = ("group_by", "mute_time_intervals", "active_time_intervals")


@dataclass(frozen=True, slots=True)
class Stored:
    """What a Secret holds: a configuration, or the reason why there is none.

    One that cannot be read may be broken or only have aliases, which the reader hides: a doubt.
    """

    secret: str
    config: Document | None
    reason: str = ""


def stored(cluster: Cluster, namespace: str, secret: str) -> Stored | None:
    """The configuration in a Secret; None when there is no such Secret."""
    try:
        data = cluster.secret(secret, namespace)
    except Absent:
        return None
    if CONFIG_KEY not in data:
        return Stored(secret, None, "config-secret-without-key")
    config = routing.parse(data[CONFIG_KEY])
    return Stored(secret, config, "" if config is not None else "config-unreadable")


def lacking(own: Stored, receivers: Sequence[str]) -> dict[str, str]:
    """What a Secret lacks of receivers that notify somebody and that a route leads to, by receiver."""
    if own.config is None:
        return dict.fromkeys(receivers, own.reason)
    config = own.config
    reached = {str(one.get("receiver")) for one in routing.routes(config.get("route") or {})}
    found = {}
    for receiver in receivers:
        if receiver not in routing.receivers(config):
            found[receiver] = "receiver-not-written"
        elif not routing.integrations(config, receiver):
            found[receiver] = "receiver-without-integration"
        elif receiver not in reached:
            found[receiver] = "receiver-without-route"
    return found


def why_without(cluster: Cluster, resource: Document, missing: Collection[str]) -> tuple[str, dict[str, Any]]:
    """Why Alertmanager runs without receivers: a message id, and its parameters beyond the usual ones.

    Where the Secret or its key is missing, the operator takes a configuration of its own without a word.
    """
    namespace, secret = resource["metadata"]["namespace"], config_secret(resource)
    unread = if_readable(lambda: _holding(cluster, namespace, missing)) or []
    others = sorted(name for name in unread if name != secret)
    if others:
        return "receiver-in-unread-secret", {"unread": others}
    if not (resource["spec"].get("alertmanagerConfiguration") or {}).get("name"):
        own = if_readable(lambda: [stored(cluster, namespace, secret)])
        if own == [None]:
            return "config-secret-absent", {"secrets": [secret]}
        if own and own[0] and own[0].reason == "config-secret-without-key":
            return own[0].reason, {"key": CONFIG_KEY}
    return "receiver-not-running", {}


def _holding(cluster: Cluster, namespace: str, receivers: Collection[str]) -> list[str]:
    """The Secrets with a configuration that defines one of the receivers, or that cannot be read."""
    found = []
    for one in cluster.list("v1", "Secret", namespace):
        value = (one.get("data") or {}).get(CONFIG_KEY)
        if value is None:
            continue
        try:
            config = routing.parse(base64.b64decode(value))
        except ValueError:
            config = None
        if config is None or set(routing.receivers(config)) & set(receivers):
            found.append(one["metadata"]["name"])
    return found


def differences(config: Document, running: Document) -> list[str]:
    """The fields in which the running configuration is not the one that is written."""
    wanted, found = _kinds(config), _kinds(running)
    names = sorted({one for one in wanted.keys() | found.keys() if wanted.get(one) != found.get(one)})
    fields = [f"receivers[{name}]" for name in names]
    fields += _route_differences(config.get("route") or {}, running.get("route") or {}, "route")
    added = any(_is_injected(name) for name in routing.receivers(running))
    ours, theirs = _inhibitions(config), _inhibitions(running)
    if not ours <= theirs or (not added and ours != theirs):
        fields.append("inhibit_rules")
    return fields


def _kinds(config: Document) -> dict[str, list[str]]:
    names = [name for name in routing.receivers(config) if not _is_injected(name)]
    return {name: routing.integrations(config, name) for name in names}


def _is_injected(receiver: str) -> bool:
    """Whether a receiver is of an AlertmanagerConfig: the operator calls it namespace/name/receiver."""
    return receiver.count("/") == 2


def _route_differences(wanted: Document, found: Document, path: str) -> Iterator[str]:
    ours = wanted.get("routes") or []
    theirs = [one for one in found.get("routes") or [] if not _is_injected(str(one.get("receiver")))]
    if _own(wanted) != _own(found):
        yield path
    if len(ours) != len(theirs):
        yield f"{path}.routes"
        return
    for at, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        yield from _route_differences(one, other, f"{path}.routes[{at}]")


def _own(route: Document) -> tuple[object, ...]:
    """What a route says itself, in a form that does not depend on how it is written."""
    return (
        route.get("receiver"),
        bool(route.get("continue")),
        _conditions(route),
        *(_seconds(route.get(key)) for key in _TIMES),
        *(frozenset(map(str, route.get(key) or [])) for key in _LISTS),
    )


def _conditions(document: Document, prefix: str = "") -> object:
    try:
        return frozenset(map(str, routing.matchers(document, prefix)))
    except ValueError:  # a matcher that we cannot read is compared as it is written
        return frozenset(map(str, document.get(f"{prefix}matchers") or []))


def _seconds(value: Any) -> float | str | None:
    try:
        return None if value is None else parse_duration(value)
    except ValueError:
        return str(value)


def _inhibitions(config: Document) -> set[object]:
    rules: Sequence[Mapping[str, Any]] = config.get("inhibit_rules") or []
    return {
        (
            _conditions(one, "source_"),
            _conditions(one, "target_"),
            frozenset(map(str, one.get("equal") or [])),
        )
        for one in rules
    }
