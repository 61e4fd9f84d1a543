"""What the code of a check asks the cluster, whatever state that is in.

The code is read, not run: a look at one cluster shows only what is asked of that one. What
each question of `cluster.facade` leads to, also when something is missing, is written here,
next to what active checks do; requests that were seen in recordings hold this list to account
(see the tests).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pytest_k8sgrade.cluster.namesakes import MANY
from pytest_k8sgrade.cluster.places import may_be_aggregated
from pytest_k8sgrade.cluster.resources import KNOWN, Resource, base_path
from pytest_k8sgrade.lint.code import value_of
from pytest_k8sgrade.rights.constants import HOLE, UNKNOWN, Values, texts
from pytest_k8sgrade.rights.parameters import annotation
from pytest_k8sgrade.rights.permission import PROXY, Permission, of_path
from pytest_k8sgrade.rights.program import Call, argument, name_of, program_of, spreads
from pytest_k8sgrade.rights.values import Evaluation
from pytest_k8sgrade.rubric.signature import ACTOR, Check

_API_VERSION: Final = re.compile(r"(?:[a-z0-9.-]+/)?v[0-9]+[a-z0-9]*")
_NAMESPACES: Final = Permission("", "namespaces", "get")
_SECRET: Final = KNOWN["v1", "Secret"]
_SERVICE: Final = KNOWN["v1", "Service"]
_SLICES: Final = KNOWN["discovery.k8s.io/v1", "EndpointSlice"]
_RULES: Final = "pytest_k8sgrade.cluster.acting_rules"

_KEPT: Final = ("ControllerRevision", "PodTemplate")

_KINDS_MADE: Final = {"Job": ("batch", "jobs"), "ConfigMap": ("", "configmaps")}
_ACTS: Final = {
    "scale": Permission("apps", "deployments/scale", "patch"),
    "parallelism": Permission("batch", "jobs", "patch"),
    "alerts": Permission("", PROXY, "create"),
}
"""What the acts of `acting_rules` need that make no object."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a check may need, and the places where its code does not show what it asks for."""

    permissions: frozenset[Permission]
    unclear: frozenset[str] = frozenset()


def reading(check: Check, given: Mapping[str, Values]) -> Reading:
    """What a check asks for when its parameters have these values."""
    program = program_of(check)
    if program is None:
        return Reading(frozenset(), frozenset({check.name}))
    evaluation = Evaluation(program, given)
    found: set[Permission] = set()
    unclear: set[str] = set()
    for method, asks in _METHODS.items():
        for call in program.calls.get(method, ()):
            for one in asks(_Question(call, evaluation)):
                if one is None:
                    unclear.add(f"{call.caller.file}:{call.node.lineno}")
                else:
                    found.add(one)
    if check.takes(ACTOR):
        found |= {Permission(group, resource, "list") for group, resource in _KINDS_MADE.values()}
    return Reading(frozenset(found), frozenset(unclear))


@dataclass(frozen=True, slots=True)
class _Question:
    """A call of a name that `Cluster` has as well; whether it is asked there is not sure yet."""

    call: Call
    evaluation: Evaluation

    def given(self, position: int, name: str) -> Values:
        """The values of an argument."""
        node = argument(self.call.node, position, name)
        return self.evaluation.of(node, self.call.caller)

    @property
    def of_a_cluster(self) -> bool:
        """Whether it is asked of something that is called a cluster, or is written to be one."""
        asked = self.call.node.func
        if not isinstance(asked, ast.Attribute):
            return False
        name = name_of(asked.value)
        written = annotation(self.call.caller.node.args, name)
        return name.endswith("cluster") or (written is not None and name_of(written) == "Cluster")

    def kinds(self, arguments: int) -> Iterator[Resource | None]:
        """The kinds that it is about, None for one that is not known; nothing where it is another call.

        `arguments` is how many it has at least.
        """
        call = self.call.node
        if len(call.args) + len(call.keywords) < arguments and not spreads(call):
            return
        versions, all_versions = texts(self.given(0, "api_version"))
        known = frozenset(one for one in versions if _API_VERSION.fullmatch(one))
        if not self.of_a_cluster and not (known == versions and all_versions and known):
            return
        if not known or not all_versions:
            yield None
        kinds, all_kinds = texts(self.given(1, "kind"))
        for version in known:
            if not all_kinds:
                yield None
                yield from _kinds_of(version)
            elif len(known) == 1:
                yield from (KNOWN.get((version, kind)) or _guessed(version, kind) for kind in kinds)
            else:
                yield from (KNOWN[version, kind] for kind in kinds if (version, kind) in KNOWN)


def _kinds_of(version: str) -> list[Resource]:
    """The kinds of a version that an object of the cluster may name; what controllers keep is none."""
    return [found for (one, kind), found in KNOWN.items() if one == version and kind not in _KEPT]


def _guessed(version: str, kind: str) -> Resource:
    """A kind that is in no table here: its plural is usually formed like this, and `rbac --check` tells."""
    return Resource(version, kind, _plural(kind.lower()), namespaced=True)


def _plural(kind: str) -> str:
    if kind.endswith(("s", "x", "ch", "sh")):
        return f"{kind}es"
    return f"{kind[:-1]}ies" if re.search("[^aeiou]y$", kind) else f"{kind}s"


Asks = Callable[[_Question], Iterable[Permission | None]]


def _needed(resource: Resource, verb: str, name: str = "") -> Permission:
    return Permission(resource.api_version.rpartition("/")[0], resource.plural, verb, name)


def _read(resource: Resource, verb: str) -> Iterator[Permission]:
    """A read, and who answers for its group where that does not answer."""
    yield _needed(resource, verb)
    if may_be_aggregated(base_path(resource.api_version)):
        yield Permission("apiregistration.k8s.io", "apiservices", "get")


def _missing(resource: Resource) -> Iterator[Permission]:
    """Where an object may be instead of where it should be, see `cluster.namesakes`."""
    if resource.namespaced:
        yield _NAMESPACES
    if resource.kind not in MANY:
        yield _needed(resource, "list")


def _get(question: _Question) -> Iterator[Permission | None]:
    for resource in question.kinds(3):
        if resource is None:
            yield None
        else:
            yield from _read(resource, "get")
            yield from _missing(resource)


def _find(question: _Question) -> Iterator[Permission | None]:
    for resource in question.kinds(3):
        yield from (None,) if resource is None else _read(resource, "get")


def _list(question: _Question) -> Iterator[Permission | None]:
    for resource in question.kinds(2):
        yield from (None,) if resource is None else _read(resource, "list")


def _raw(question: _Question) -> Iterator[Permission | None]:
    if not question.of_a_cluster:
        return
    for path in question.given(0, "path"):
        if not isinstance(path, str) or path.startswith(HOLE):
            yield None
            continue
        found = of_path(path.partition("?")[0])
        if found is not None:
            yield Permission(found.group, found.resource, found.verb)


def _secret(question: _Question) -> Iterator[Permission | None]:
    if not question.of_a_cluster:
        return
    names, whole = texts(question.given(0, "name"))
    yield from (_needed(_SECRET, "get", name) for name in (names if whole and names else ("",)))
    yield _NAMESPACES


def _http(question: _Question) -> Iterator[Permission | None]:
    """A Service behind the proxy, and why it cannot be reached, see `cluster.proxied`."""
    if question.of_a_cluster:
        yield Permission("", PROXY, "get")
        yield _needed(_SERVICE, "get")
        yield from _missing(_SERVICE)
        yield _needed(_SLICES, "list")


def _login(question: _Question) -> Iterator[Permission | None]:
    if argument(question.call.node, 9, "password") is not None:
        yield Permission("", PROXY, "create")


def _act(question: _Question) -> Iterator[Permission | None]:
    call = question.call
    named = value_of(call.node.func, call.caller.module)
    if getattr(named, "__module__", "") == _RULES:
        yield _ACTS[name_of(call.node.func)]


def _make(question: _Question) -> Iterator[Permission | None]:
    """An object of our own, which is deleted again."""
    if question.given(1, "purpose") == UNKNOWN:
        return
    for kind, (group, resource) in _KINDS_MADE.items():
        if kind in question.given(0, "kind"):
            yield from (Permission(group, resource, verb) for verb in ("create", "delete", "list"))


_METHODS: Final[Mapping[str, Asks]] = {
    "get": _get,
    "find": _find,
    "list": _list,
    "raw": _raw,
    "secret": _secret,
    "secret_value": _secret,
    "http": _http,
    "login": _login,
    "manifest": _make,
    **dict.fromkeys(_ACTS, _act),
}
