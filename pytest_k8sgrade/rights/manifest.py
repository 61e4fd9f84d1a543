"""The role that gives a rubric what it needs, as a file for `kubectl apply`.

Written line by line, since what makes it worth reading are its comments: above each rule
stand the items that need it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import wrap
from typing import Final

from pytest_k8sgrade.reports.labels import Labels
from pytest_k8sgrade.rights.needs import Needs
from pytest_k8sgrade.rights.permission import PROXY, Permission
from pytest_k8sgrade.rights.subject import Holder
from pytest_k8sgrade.rubric.load import LoadedRubric

_VERBS: Final = ("get", "list", "create", "patch", "delete")
_READING: Final = frozenset({"get", "list"})
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
        return not _READING.issuperset(self.verbs) and self.resources != (PROXY,)


def head(
    lab: LoadedRubric, needs: Needs, holder: Holder, active: Sequence[str], again: str, label: Labels
) -> Iterator[str]:
    """The comment at the head of the file, a paragraph each; `again` is the command that prints it."""
    rubric = lab.rubric
    yield label("head", rubric=rubric.id, version=rubric.version, digest=lab.digest[:_DIGEST])
    yield label("comments")
    if active:
        yield label("active", active=list(active))
    if needs.unclear:
        yield label("unclear", places=list(needs.unclear))
    yield label("apply")
    yield f"  {again} | kubectl apply -f -"
    if holder.namespace:
        yield label("token")
        yield f"  kubectl create token {holder.name} -n {holder.namespace} --duration=168h |"
        yield f"    {again} --kubeconfig-out hand-in.kubeconfig"
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

    def text(self) -> str:
        """The file."""
        made = [_account(self.holder)] if self.holder.namespace else []
        parts = [[*_comment(self.head)], *made]
        parts += [[*self._role()], [*self._binding()]]
        head, *documents = ("\n".join(lines) + "\n" for lines in parts)
        return head + "---\n".join(documents)

    def _role(self) -> Iterator[str]:
        yield from _object(f"{_API}/v1", "ClusterRole", self.name)
        yield "rules:"
        for rule in rules(self.needs):
            yield from _comment([self._why(rule)], "  ")
            yield from _rule(rule)

    def _binding(self) -> Iterator[str]:
        yield from _object(f"{_API}/v1", "ClusterRoleBinding", self.name)
        yield from ("roleRef:", f"  apiGroup: {_API}", "  kind: ClusterRole", f"  name: {_scalar(self.name)}")
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
        reads = permission.verb in _READING
        place = (permission.group, permission.resource, permission.name, reads)
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


def _account(holder: Holder) -> list[str]:
    return [*_object("v1", "ServiceAccount", holder.name, holder.namespace)]


def _object(api_version: str, kind: str, name: str, namespace: str = "") -> Iterator[str]:
    yield from (f"apiVersion: {api_version}", f"kind: {kind}", "metadata:", f"  name: {_scalar(name)}")
    if namespace:
        yield f"  namespace: {_scalar(namespace)}"
    yield from ("  labels:", f"    {_LABEL}")


def _comment(lines: Sequence[str], indent: str = "") -> Iterator[str]:
    for line in lines:
        if line.startswith(" "):
            yield f"{indent}# {line}"  # a command, to be copied
        else:
            yield from (
                f"{indent}# {part}" for part in wrap(line, _WIDTH - len(indent) - 2, break_on_hyphens=False)
            )


def _list(values: Sequence[str]) -> str:
    return f"[{', '.join(map(_scalar, values))}]"


def _scalar(value: str) -> str:
    plain = _PLAIN.fullmatch(value) and value.lower() not in _NOT_TEXT
    return value if plain else json.dumps(value)
