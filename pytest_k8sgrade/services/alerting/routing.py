"""Alertmanager's configuration, parsed: where an alert goes, what inhibits it, what is wrong in it.

The running configuration comes from Alertmanager itself, the one that was asked for
from the Secret that the custom resource reads, with credentials masked but its
structure whole. Both the matchers of today and the older `match` and `match_re` are
understood. Regular expressions are anchored, as Alertmanager anchors them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_k8sgrade.cluster.plain_yaml import NotPlain, load_plain
from pytest_k8sgrade.kube.go_regex import is_expression, matches_all

Document = Mapping[str, Any]

_MATCHER = re.compile(
    r"""\s*(?:"(?P<quoted>(?:\\.|[^"\\])*)"|(?P<name>[^\s=!~,{}"]+))\s*(?P<operator>=~|!~|!=|=)\s*"""
    r"""(?:"(?P<text>(?:\\.|[^"\\])*)"|(?P<bare>[^\s,{}"]*))\s*(?:,|$)"""
)
_ESCAPED = re.compile(r'\\([\\"n])')
"""What stands for something else in a quoted value; any other backslash is one, as in `\\d`."""
_TIMES = {"group_wait", "group_interval", "repeat_interval", "mute_time_intervals", "active_time_intervals"}
_ROUTE_KEYS = {
    "receiver",
    "group_by",
    "match",
    "match_re",
    "matchers",
    "continue",
    "routes",
    "labels",
    *_TIMES,
}
_URL_KEYS = ("api_url", "url", "slack_api_url", "webhook_url")


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on an alert's labels; a label that is missing is the empty text."""

    name: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f'{self.name}{self.operator}"{self.value}"'

    def fits(self, labels: Mapping[str, str]) -> bool:
        """Whether labels meet it; ValueError for an expression that is none."""
        have = labels.get(self.name, "")
        if self.operator in ("=", "!="):
            return (have == self.value) is (self.operator == "=")
        try:
            return matches_all(self.value, have) is (self.operator == "=~")
        except ValueError as error:
            raise ValueError(f"not a regular expression: {self.value!r}") from error


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a configuration cannot be loaded: a message id, the field and its value."""

    reason: str
    field: str
    value: str


def parse(text: str | bytes) -> Document | None:
    """The configuration; None for a text that is none."""
    try:
        found = load_plain(text)
    except NotPlain:
        return None
    return found if isinstance(found, dict) else None


def matchers(route: Document, prefix: str = "") -> list[Matcher]:
    """The conditions of a route, or of an inhibition with its prefix `source_` or `target_`."""
    found = [Matcher(str(k), "=", str(v)) for k, v in (route.get(f"{prefix}match") or {}).items()]
    found += [Matcher(str(k), "=~", str(v)) for k, v in (route.get(f"{prefix}match_re") or {}).items()]
    for line in route.get(f"{prefix}matchers") or []:
        found += _written(str(line))
    return found


def _written(line: str) -> Iterator[Matcher]:
    """The conditions of one line; ValueError for what cannot be read."""
    text, at = line.strip().removeprefix("{").removesuffix("}").strip(), 0
    while at < len(text):
        match = _MATCHER.match(text, at)
        if match is None:
            raise ValueError(f"not a matcher: {line!r}")
        name, value = match["quoted"] or match["name"], match["text"]
        plain = match["bare"] if value is None else _ESCAPED.sub(_unescaped, value)
        yield Matcher(name, match["operator"], plain)
        at = match.end()


def _unescaped(match: re.Match[str]) -> str:
    return "\n" if match[1] == "n" else match[1]


def fits(route: Document, labels: Mapping[str, str], prefix: str = "") -> bool:
    """Whether labels meet all conditions."""
    return all(one.fits(labels) for one in matchers(route, prefix))


def inhibits(rule: Document, source: Mapping[str, str], target: Mapping[str, str]) -> bool:
    """Whether an inhibition holds between two alerts: never when both of them are on both sides of it."""
    sides = [fits(rule, labels, prefix) for labels in (source, target) for prefix in ("source_", "target_")]
    return sides[0] and sides[3] and not all(sides)


def taken(route: Document, labels: Mapping[str, str]) -> list[Document]:
    """The routes that an alert ends in, as Alertmanager walks the tree; the root takes everything."""
    ends: list[Document] = []
    for child in route.get("routes") or []:
        if not fits(child, labels):
            continue
        ends += taken({"receiver": route.get("receiver"), **child}, labels)
        if not child.get("continue"):
            break
    return ends or [route]


def receivers_of(config: Document, labels: Mapping[str, str]) -> list[str]:
    """The receivers that an alert with these labels goes to."""
    return list(dict.fromkeys(str(one.get("receiver")) for one in taken(config.get("route") or {}, labels)))


def routes(route: Document) -> Iterator[Document]:
    """All routes of a tree, the root first."""
    yield route
    for child in route.get("routes") or []:
        yield from routes(child)


def integrations(config: Document, receiver: str) -> list[str]:
    """The kinds of notification of a receiver, such as slack; a receiver without any delivers nothing."""
    found = [one for one in config.get("receivers") or [] if str(one.get("name")) == receiver]
    keys = {key for one in found for key, value in one.items() if key.endswith("_configs") and value}
    return sorted(key.removesuffix("_configs") for key in keys)


def receivers(config: Document) -> list[str]:
    """The names of the receivers."""
    return [str(one.get("name")) for one in config.get("receivers") or []]


def faults(config: Document) -> list[Fault]:
    """What Alertmanager would refuse, as far as the structure shows it."""
    known = receivers(config)
    found = list(_of_the_root(config.get("route") or {}))
    found += [
        Fault("alertmanager-receiver-twice", "receivers", name)
        for name in dict.fromkeys(known)
        if known.count(name) > 1
    ]
    for route in routes(config.get("route") or {}):
        receiver = route.get("receiver")
        if receiver is not None and str(receiver) not in known:
            found.append(Fault("alertmanager-receiver-undefined", "route.receiver", str(receiver)))
        unknown = sorted(str(key) for key in route.keys() - _ROUTE_KEYS)
        found += [Fault("alertmanager-field-unknown", "route", key) for key in unknown]
        found += _wrong_expressions(route, "")
    for rule in config.get("inhibit_rules") or []:
        found += [*_wrong_expressions(rule, "source_"), *_wrong_expressions(rule, "target_")]
    for receiver in config.get("receivers") or []:
        found += _without_scheme(receiver)
    return found


def _of_the_root(root: Document) -> Iterator[Fault]:
    """The root takes every alert, so it needs a receiver and may have no conditions."""
    if not root.get("receiver"):
        yield Fault("alertmanager-root-without-receiver", "route.receiver", "-")
    for key in ("match", "match_re", "matchers"):
        if root.get(key):
            yield Fault("alertmanager-root-conditions", f"route.{key}", str(root[key]))


def _wrong_expressions(document: Document, prefix: str) -> Iterator[Fault]:
    """Regular expressions that Go does not compile; conditions that we cannot read are left alone."""
    try:
        conditions = matchers(document, prefix)
    except ValueError:
        return
    for one in conditions:
        if one.operator in ("=~", "!~") and not is_expression(one.value):
            yield Fault("alertmanager-expression-invalid", f"{prefix}matchers", str(one))


def _without_scheme(receiver: Document) -> Iterator[Fault]:
    """Addresses that are none: masking keeps scheme and host of those that are."""
    for kind, entries in receiver.items():
        for entry in entries if isinstance(entries, Sequence) and kind.endswith("_configs") else []:
            for key in _URL_KEYS:
                value = entry.get(key) if isinstance(entry, dict) else None
                if value and not str(value).startswith(("http://", "https://")):
                    yield Fault(
                        "alertmanager-url-invalid",
                        f"receivers[{receiver.get('name')}].{kind}.{key}",
                        str(value),
                    )
