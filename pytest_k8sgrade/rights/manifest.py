"""The role that gives a rubric what it needs, as a file for `kubectl apply`.

Written line by line, since what makes it worth reading are its comments: above each rule
stand the items that need it.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import wrap
from typing import Final

from pytest_k8sgrade.reports.labels import Labels
from pytest_k8sgrade.reports.text import visible
from pytest_k8sgrade.rights.needs import Needs
from pytest_k8sgrade.rights.permission import PROXY, Permission
from pytest_k8sgrade.rights.subject import Holder
from pytest_k8sgrade.rubric.load import LoadedRubric

_VERBS: Final = ("get", "list", "create", "patch", "delete")
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9./-]*")
_NOT_TEXT: Final = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
_WIDTH: Final = 100
_DIGEST: Final = len("sha256:") + 12
_API: Final = "rbac.authorization.k8s.io"
_LABEL: Final = "app.kubernetes.io/part-of: pytest-k8sgrade"


@dataclass(frozen=True, slots=True)
class Rule:
    """Resources of one group, or paths, with the verbs on them and the items that need these."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    items: tuple[str, ...]
    name: str = ""

    @property
    def changes(self) -> bool:
        """Whether it lets more than read, Grafana's login set aside."""
        return self.resources != (PROXY,) and not all(one.reads for one in of_rule(self))

    @property
    def is_sensitive(self) -> bool:
        """Whether it is worth having in a few namespaces only."""
        return any(one.is_sensitive for one in of_rule(self))


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed, as far as it decides what is needed."""

    lab: str
    overrides: tuple[str, ...] = ()
    active: tuple[str, ...] = ()
    namespaced: bool = False

    @property
    def command(self) -> str:
        """The command that prints the same rules again."""
        options = [part for setting in self.overrides for part in ("--set", setting)]
        options += [part for name in self.active for part in ("--active", name)]
        return shlex.join(["k8sgrade", "rbac", self.lab, *options, *["--namespaced"] * self.namespaced])


def head(lab: LoadedRubric, needs: Needs, holder: Holder, typed: Typed, label: Labels) -> Iterator[str]:
    """The comment at the head of the file, a paragraph each."""
    rubric = lab.rubric
    yield label("head", rubric=rubric.id, version=rubric.version, digest=lab.digest[:_DIGEST])
    yield label("comments")
    if typed.active:
        yield label("active", active=list(typed.active))
    if needs.unclear:
        yield label("unclear", places=list(needs.unclear))
    if typed.namespaced:
        yield label("namespaced", namespaces=", ".join(needs.namespaces))
    yield label("apply")
    yield f"  {typed.command} | kubectl apply -f -"
    if holder.namespace:
        yield label("token")
        yield f"  kubectl create token {holder.name} -n {holder.namespace} --duration=168h |"
        yield f"    {typed.command} --kubeconfig-out hand-in.kubeconfig"
    else:
        yield label("bind", subject=holder)


@dataclass(frozen=True, slots=True)
class Document:
    """What is to be written: for whom, under which name, and what the comments at the head say."""

    needs: Needs
    name: str
    holder: Holder
    head: Sequence[str]
    label: Labels
    namespaces: Sequence[str] = ()
    """Where sensitive rights hold; everywhere, when there are none."""

    def text(self) -> str:
        """The file."""
        comment = "".join(f"{line}\n" for line in _comment(self.head))
        return comment + "---\n".join("".join(f"{line}\n" for line in one) for one in self._documents())

    def _documents(self) -> Iterator[Iterator[str]]:
        if self.holder.namespace:
            yield _object("v1", "ServiceAccount", self.holder.name, self.holder.namespace)
        everywhere = rules(self.needs)
        if self.namespaces:
            here = [rule for rule in everywhere if rule.is_sensitive]
            everywhere = [rule for rule in everywhere if not rule.is_sensitive]
        yield self._role(self.name, everywhere)
        yield self._binding(self.name)
        if self.namespaces:
            name = f"{self.name}-in-namespaces"
            yield self._role(name, here)
            yield from (self._binding(name, namespace) for namespace in self.namespaces)

    def _role(self, name: str, allowed: Sequence[Rule]) -> Iterator[str]:
        yield from _object(f"{_API}/v1", "ClusterRole", name)
        yield "rules:" if allowed else "rules: []"
        for rule in allowed:
            yield from _comment([self._why(rule)], "  ")
            yield from _rule(rule)

    def _binding(self, name: str, namespace: str = "") -> Iterator[str]:
        """The binding of a role everywhere, or in one namespace."""
        kind = "RoleBinding" if namespace else "ClusterRoleBinding"
        yield from _object(f"{_API}/v1", kind, name, namespace)
        yield from ("roleRef:", f"  apiGroup: {_API}", "  kind: ClusterRole", f"  name: {_scalar(name)}")
        holder = self.holder
        yield from ("subjects:", f"  - kind: {holder.kind}", f"    name: {_scalar(holder.name)}")
        yield f"    namespace: {_scalar(holder.namespace)}" if holder.namespace else f"    apiGroup: {_API}"

    def _why(self, rule: Rule) -> str:
        """The items that need a rule, those that do not where they are far fewer."""
        others = [item for item in self.needs.items if item not in rule.items]
        if not rule.items:
            items = self.label("the-run")
        elif not others:
            items = self.label("every-item")
        elif len(others) * 3 < len(rule.items):
            items = self.label("every-item-but", items=", ".join(others))
        else:
            items = ", ".join(rule.items)
        note = self._note(rule)
        return f"{items} ({note})" if note else items

    def _note(self, rule: Rule) -> str:
        if rule.changes:
            return self.label("act", items=list(rule.items))
        if "secrets" in rule.resources:
            return self.label("secrets")
        if rule.resources == (PROXY,):
            return self.label("login" if "create" in rule.verbs else "proxy")
        return ""


def rules(needs: Needs) -> list[Rule]:
    """What is needed as rules: each resource in one, those of a group together that the same items need."""
    single: dict[tuple[str, str, str, bool], dict[str, set[str]]] = {}
    for permission, items in needs.permissions.items():
        place = (permission.group, permission.resource, permission.name, permission.reads)
        single.setdefault(place, {}).setdefault(permission.verb, set()).update(items)
    found = [
        Rule(group, (resource,), _in_order(verbs), _items(needs, verbs), name)
        for (group, resource, name, _), verbs in sorted(single.items())
    ]
    together = [_together([*same]) for _, same in groupby(sorted(found, key=_alike), key=_alike)]
    return sorted(together, key=lambda rule: (rule.changes, rule.group, rule.resources, rule.name))


def _in_order(verbs: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(verb for verb in _VERBS if verb in verbs)


def _items(needs: Needs, verbs: Mapping[str, set[str]]) -> tuple[str, ...]:
    wanted = set[str]().union(*verbs.values())
    return tuple(item for item in needs.items if item in wanted)


def _alike(rule: Rule) -> tuple[bool, str, str, tuple[str, ...], tuple[str, ...], bool]:
    alone = (
        rule.resources[0] if rule.resources[0] in ("secrets", PROXY) or rule.resources[0][0] == "/" else ""
    )
    return rule.changes, rule.group, alone + rule.name, rule.items, rule.verbs, rule.resources[0][0] == "/"


def _together(same: Sequence[Rule]) -> Rule:
    first = same[0]
    resources = tuple(resource for rule in same for resource in rule.resources)
    return Rule(first.group, resources, first.verbs, first.items, first.name)


def of_rule(rule: Rule) -> Iterator[Permission]:
    """The permissions that a rule gives."""
    for resource in rule.resources:
        for verb in rule.verbs:
            yield Permission(rule.group, resource, verb, rule.name)


def _rule(rule: Rule) -> Iterator[str]:
    if rule.resources[0].startswith("/"):
        yield f"  - nonResourceURLs: {_list(rule.resources)}"
    else:
        yield f"  - apiGroups: {_list([rule.group])}"
        yield f"    resources: {_list(rule.resources)}"
        if rule.name:
            yield f"    resourceNames: {_list([rule.name])}"
    yield f"    verbs: {_list(rule.verbs)}"


def _object(api_version: str, kind: str, name: str, namespace: str = "") -> Iterator[str]:
    yield from (f"apiVersion: {api_version}", f"kind: {kind}", "metadata:", f"  name: {_scalar(name)}")
    if namespace:
        yield f"  namespace: {_scalar(namespace)}"
    yield from ("  labels:", f"    {_LABEL}")


def _comment(lines: Iterable[str], indent: str = "") -> Iterator[str]:
    """Comments that end with their lines, whatever was typed into them; commands are indented and whole."""
    for line in lines:
        told = visible(line)
        if line.startswith(" "):
            yield f"{indent}# {' ' * (len(line) - len(line.lstrip()))}{told}"
        else:
            width = _WIDTH - len(indent) - 2
            yield from (f"{indent}# {part}" for part in wrap(told, width, break_on_hyphens=False))


def _list(values: Sequence[str]) -> str:
    return f"[{', '.join(map(_scalar, values))}]"


def _scalar(value: str) -> str:
    plain = _PLAIN.fullmatch(value) and value.lower() not in _NOT_TEXT
    return value if plain else json.dumps(value)
